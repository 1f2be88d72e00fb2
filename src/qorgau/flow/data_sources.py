"""Where a datum first appears, and how its trace tells of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.findings import Confidence
from qorgau.flow.locations import Loc, is_activation, made_at
from qorgau.flow.taints import Taint, Trace
from qorgau.linking import Unit

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def source(
    m: Machine, unit: Unit, at: int, field: str, confidence: Confidence, subject: Loc | None, note: str
) -> Taint:
    """A datum where it first appears; how it was collected is told by what it is read from."""
    return Taint(field, confidence, subject, origin=m.origin_of(subject), trace=Trace(None, unit, at, note))


def birth(m: Machine, loc: Loc, unit: Unit, at: int) -> tuple[Unit, int]:
    """Where an unknown object came to be, as a place in the code."""
    for ancestor in loc.ancestors():
        made = made_at(ancestor)
        found = m.program.units.get(made[0]) if made is not None else None
        if made is not None and found is not None and not is_activation(ancestor):
            return found, made[1]
    return unit, at


MANY = ("s", "people", "children")
"""How the names of what is many end."""


def label_of(loc: Loc) -> str:
    """A short name for an unknown object, for traces."""
    if isinstance(loc.label, str):
        return loc.label
    if isinstance(loc.label, tuple) and loc.label and loc.label[0] == "param":
        return str(loc.label[-1])
    return "the object"
