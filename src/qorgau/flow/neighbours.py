"""Items beside the one in hand: of ``people[i]`` and ``people[i + 1]`` it is told that they are two."""

from __future__ import annotations

from qorgau import ir
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.state import Renaming
from qorgau.flow.values import Value

STEPS = ("+", "-")


def beside(f: Frame, index: ir.Expr, key: Value, found: Value) -> Value:
    """What lies at ``i + 1`` of a collection whose places are not known: not what lies at ``i``."""
    step = _step(index) if key.constant() is None else None
    if step is None or len(found.refs) != 1 or found.consts:
        return found
    one = next(iter(found.refs))
    if not isinstance(one, Loc) or one.parent is None or not _is_any(one):
        return found
    other = Loc(one.parent, ("element-beside", one.label, *step), one.old)
    known = f.state.obj(one)
    if known is not None and f.state.obj(other) is None:
        f.state.heap[other] = known
    return Renaming(lambda loc: other if loc == one else loc).value(found)


def _step(index: ir.Expr) -> tuple[str, object] | None:
    """How far from a variable an index is: ``i + 1``."""
    if not isinstance(index, ir.Binary) or index.op not in STEPS:
        return None
    if not isinstance(index.left, ir.Name) or not isinstance(index.right, ir.Const):
        return None
    return (index.op, index.right.value)


def _is_any(loc: Loc) -> bool:
    """Whether a location stands for any item of a collection, or for one of an unknown place."""
    label = loc.label
    if not isinstance(label, tuple) or not label:
        return False
    return label == ("item", None) or str(label[0]).startswith("element")
