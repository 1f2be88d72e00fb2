"""When what is not known changes: a test before a change says nothing of the same test after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import text_methods
from qorgau.flow.facts import ANSWERS
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.state import State
from qorgau.flow.values import Value, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

CHANGED = "@changed"
"""The part of an unknown object that says where it was last changed by code that is not known."""

READING = frozenset(
    (
        *(
            "get",
            "keys",
            "items",
            "values",
            "copy",
            "count",
            "index",
            "exists",
            "first",
            "last",
            "all",
            "any",
        ),
        *(
            "filter",
            "exclude",
            "order_by",
            "find",
            "read",
            "readline",
            "readlines",
            "group",
            "groups",
            "date",
        ),
        *("time", "timestamp", "isoformat", "total", "seconds", "json", "dict", "tolist"),
    )
)
"""Methods that only look."""

READING_WORDS = frozenset(("get", "is", "has", "can", "to", "as", "find", "was", "should", "needs"))
"""First words of the names of others."""


def of(state: State, loc: Loc) -> object:
    """What tells two times of an object apart: where it, or what it is a part of, was last changed."""
    found: list[object] = []
    for step in loc.ancestors():
        obj = state.obj(step)
        mark = obj.parts.get(CHANGED) if obj is not None else None
        if mark is not None:
            found += sorted(str(constant.value) for constant in mark.consts)
    return tuple(found) or None


def change(m: Machine, f: Frame, name: str, receiver: Value, given: list[Value], at: int) -> None:
    """Unknown code ran: the object it was called on is another afterwards, and what is known to be tested too."""
    if receiver.refs and not _only_looks(name):
        for loc in receiver.locs():
            _mark(m, f, loc, at)
    if not f.state.facts:
        return
    told = {fact.subject for fact in f.state.facts if fact.kind in ANSWERS}
    for value in given:
        for loc in value.locs():
            if any(subject is not None and subject.parent == loc for subject in told):
                _mark(m, f, loc, at)


def _only_looks(name: str) -> bool:
    return (
        name in READING
        or name in text_methods.PASS_METHODS
        or name in text_methods.CLEAN_METHODS
        or name.partition("_")[0] in READING_WORDS
        or name.startswith("__")
    )


def _mark(m: Machine, f: Frame, loc: Loc, at: int) -> None:
    obj = f.state.obj(loc)
    if obj is not None and (obj.kind != "unknown" or loc in f.state.modules()):
        return
    place = ":".join(map(str, (f.unit.name, at, *f.passes)))
    m.write(f, loc, (obj or Obj("unknown")).put(CHANGED, of_const(place)), strong=True)
