"""Queries of which nothing is known but how they are written: ``user.friends.filter(consent_given=True)``.

What an attribute has many of is asked like a manager or a query. What comes of it stays its items, so that it is
told whose they are, and what the conditions imply holds of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import row_conditions
from qorgau.flow.data_sources import MANY
from qorgau.flow.facts import NO_FACTS, Facts
from qorgau.flow.heap import Obj
from qorgau.flow.iteration import EACH, of_one
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.orm import told_of
from qorgau.flow.uses import Use
from qorgau.flow.values import Value

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

CHOOSING = frozenset(("filter", "filter_by", "where"))
WHOLE = frozenset(
    ("all", "exclude", "iterator", "order_by", "select_related", "prefetch_related", "distinct", *CHOOSING)
)
ASKING = frozenset(("exists", "aexists", "count", "acount"))
"""Methods whose answer is true where there is such an item."""

ONE = frozenset(("first", "last", "earliest", "latest"))


def of_many(m: Machine, f: Frame, name: str, callee: Value, args: Args, at: int) -> Value | None:
    """What a method gives that asks an attribute for the many that it has; None for other calls.

    What is looked up by a key is not among the many of the one that is asked: it is whoever has that key.
    """
    loc = callee.single()
    if loc is not None and name in ASKING and not args.all() and callee.when_true:
        return Value(opaque=True, when_true=callee.when_true)
    if loc is None or name not in WHOLE | ONE or not _is_many(f.state.obj(loc), loc):
        return None
    if any(value.refs or value.unknown for value in args.all()):
        return None
    if name in ONE:
        one = loc.child(("one", f.unit.name, at))
        return callee.with_(refs={one: of_one(callee.refs[loc], loc, one)})
    facts = chosen(m, f, name, callee, args, at, loc.child(EACH))
    said = row_conditions.of_relation(m, Use(name, callee, args, at), loc) if name in CHOOSING else NO_FACTS
    return callee.with_(refs={loc: callee.refs[loc] | facts}, when_true=(callee.when_true or NO_FACTS) | said)


def chosen(m: Machine, f: Frame, name: str, callee: Value, args: Args, at: int, found: Loc) -> Facts:
    """What the conditions of a method that chooses imply of all that it finds."""
    if name not in CHOOSING:
        return NO_FACTS
    return told_of(row_conditions.conditions(m, f, Use(name, callee, args, at)), found)


def _is_many(obj: Obj | None, loc: Loc) -> bool:
    """Whether something is named for many of which nothing else is known."""
    if obj is not None and (obj.kind != "unknown" or obj.cls is not None or obj.type):
        return False
    name = loc.label if isinstance(loc.label, str) else ""
    return name.endswith(MANY) and not name.endswith("ss") and loc.parent is not None
