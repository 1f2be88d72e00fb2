"""Of what a datum is read: notes of traces name the object, since the name of the part is that of the field."""

from __future__ import annotations

from qorgau import ir
from qorgau.flow.naming import read_note
from qorgau.flow.taints import Trace
from qorgau.linking import Unit, walk
from qorgau.names import fold

LONGEST = 60
"""Characters of an expression that a note shows; a longer one says less than its place does."""

_Reading = ir.Attribute | ir.Subscript | ir.Call
_Parts = tuple[ir.Expr, str, bool]
"""What is read from, the name that is read, and whether it is a key."""


class Readings:
    """The notes of steps, with what they are read from. Nodes of a file are looked up once."""

    def __init__(self) -> None:
        self._nodes: dict[Unit, dict[int, _Reading]] = {}

    def note(self, step: Trace, field: str) -> str:
        """What a step of the trace of a field says."""
        node = self._of(step.unit).get(step.at)
        parts = _parts(node) if node is not None else None
        if node is None or parts is None:
            return step.note
        owner, name, key = parts
        if step.note != read_note(field, name, key=key):
            return step.note
        shown = spelled(owner if fold(name) == field else node)
        return f"{field} is read from {shown}" if shown and len(shown) <= LONGEST else step.note

    def _of(self, unit: Unit) -> dict[int, _Reading]:
        if unit not in self._nodes:
            self._nodes[unit] = {
                node.at: node for node in walk(unit.module.body) if isinstance(node, _Reading)
            }
        return self._nodes[unit]


def _parts(node: _Reading) -> _Parts | None:
    match node:
        case ir.Attribute(value=owner, attr=name):
            return owner, name, False
        case ir.Subscript(value=owner, index=ir.Const(value=str(name))):
            return owner, name, True
        case ir.Call(
            function=ir.Attribute(value=owner), arguments=(ir.Argument(value=ir.Const(value=str(name))), *_)
        ):
            return owner, name, True
        case ir.Call(
            function=ir.Name(id="getattr"),
            arguments=(ir.Argument(value=owner), ir.Argument(value=ir.Const(value=str(name))), *_),
        ):
            return owner, name, False
    return None


def spelled(node: ir.Expr) -> str:
    """A short expression as text, without the arguments of its calls; empty where it has no name."""
    match node:
        case ir.Name(id=name):
            return name
        case ir.Attribute(value=owner, attr=name):
            return _after(owner, f".{name}")
        case ir.Subscript(value=owner, index=ir.Const(value=str() | int() as key)):
            return _after(owner, f"[{key!r}]")
        case ir.Call(function=function, arguments=arguments):
            return _after(function, "(...)" if arguments else "()")
        case ir.Await(value=inner):
            return spelled(inner)
    return ""


def _after(owner: ir.Expr, text: str) -> str:
    before = spelled(owner)
    return before + text if before else ""
