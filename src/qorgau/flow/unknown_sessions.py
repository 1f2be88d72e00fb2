"""Sessions of SQLAlchemy of which no class is known: a function is handed one, another module has made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import data_sources
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import Value, of_ref
from qorgau.names import fold

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

SESSION = "sqlalchemy.orm.Session"
NAMES = frozenset(("session", "sess", "db"))
ADDING = frozenset(("add", "add_all", "merge", "bulk_save_objects", "bulk_insert_mappings"))
"""Methods that sessions have and what else is called a session does not."""

MAKERS = frozenset(
    (
        "session_local",
        "async_session_local",
        "async_session",
        "async_session_maker",
        "session_maker",
        "session_scope",
    )
)
"""Names of what makes sessions."""


def method(m: Machine, f: Frame, loc: Loc, own: Value, name: str, args: Args, at: int) -> Value | None:
    """A method of something unknown that is named as a session is; None for others."""
    if name not in ADDING or not _is_session(data_sources.label_of(loc)) or not _gives_objects(f, args):
        return None
    return m.library_call(f, f"{SESSION}.{name}", own, args, at)


def of_library(m: Machine, f: Frame, use: Use) -> Value | None:
    """The same of what an unknown library has (``from app.db import session``), and the sessions that it makes."""
    owner, _, name = use.dotted.rpartition(".")
    if name in ADDING and _is_session(owner.rpartition(".")[2]) and _gives_objects(f, use.args):
        return m.library_call(f, f"{SESSION}.{name}", use.receiver, use.args, use.at)
    return made(m, f, name, use.args, use.at)


def made(m: Machine, f: Frame, name: str, args: Args, at: int) -> Value | None:
    """``SessionLocal()``: what a call gives that is named for making sessions; None for others."""
    if fold(name) not in MAKERS or args.all():
        return None
    loc = m.fresh(f, at, "session")
    m.write(f, loc, Obj("library", type=SESSION), strong=True)
    return of_ref(loc, unknown=True)


def _is_session(label: str) -> bool:
    name = fold(label)
    return name in NAMES or name.endswith("_session")


def _gives_objects(f: Frame, args: Args) -> bool:
    """Whether objects are given, no mere text or number: ``seen.add(phone)`` is a set's."""
    return len(args.positional) > 0 and bool(args.positional[-1].refs)
