"""Containers that begin empty and that other code fills: a module's table of clients, a repository's items.

What the program keeps in them when a function reads them isn't known from their first value, so they
hold unknown things, of the class that their annotation names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau import ir
from qorgau.flow import bodies, declared_types
from qorgau.flow.facts import NO_FACTS
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.values import OPAQUE, Value
from qorgau.linking import Unit, walk

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

KINDS = frozenset(("dict", "list", "set"))


def is_empty(obj: Obj | None) -> bool:
    """Whether an object is a container with nothing in it."""
    return (
        obj is not None
        and obj.kind in KINDS
        and obj.cls is None
        and obj.rest.is_bottom
        and not any(True for _ in obj.parts)
    )


def handed_over(m: Machine, f: Frame, values: list[Value]) -> None:
    """What is empty and given to code that is not followed may be filled there, with what nobody can tell."""
    for value in values:
        for loc in value.locs():
            obj = f.state.obj(loc)
            if obj is not None and is_empty(obj):
                m.write(f, loc, replace(obj, rest=OPAQUE, length=None, info=None), strong=True)


def opened(m: Machine, f: Frame, node: ir.Annotated, value: Value) -> Value:
    """An empty container given to an attribute or a module's variable: what it holds is told by its annotation."""
    lasting = isinstance(node.target, ir.Attribute) or f.kind in ("module", "class")
    loc = value.single()
    if not lasting or loc is None or value.unknown or not is_empty(f.state.obj(loc)):
        return value
    described = declared_types.annotated_object(m, f, node.annotation, f.unit)
    if described is None:
        return value
    f.state.heap[loc] = described
    return Value(refs={loc: NO_FACTS}, unknown=True)


def open_modules(m: Machine) -> None:
    """Once all modules have run: what is still empty in their variables may be filled while functions run."""
    filled = {name for unit in m.program.units.values() for name in _filled(unit)}
    for loc, obj in list(m.base.items()):
        if obj.kind == "cell" and loc.label in filled:
            _open(m, obj.rest)
        elif obj.kind == "instance" and obj.cls is not None:
            cls = m.base.get(obj.cls)
            for name in filled_in(m, cls) if cls is not None else ():
                _open(m, obj.parts.get(name))


def _open(m: Machine, value: Value | None) -> None:
    loc = value.single() if value is not None else None
    held = m.base.get(loc) if loc is not None else None
    if loc is not None and held is not None and is_empty(held):
        # What functions put there says whether it is unknown: tokens that they make are not.
        each = Value(refs={loc.child(("item", None)): NO_FACTS})
        m.base[loc] = Obj(held.kind, rest=each)


def _filled(unit: Unit) -> Iterator[str]:
    for node in walk(unit.module.body):
        yield from bodies.filled_by(node)


def filled_in(m: Machine, cls: Obj) -> dict[str, None]:
    """The attributes that methods of a class put something into."""
    return {name: None for _, body in bodies.methods(m, cls) for name in body.filled}


def held_of(m: Machine, value: Value | None, heap: dict[Loc, Obj]) -> bool:
    """Whether a value is an empty container, in a state or in what modules left."""
    loc = value.single() if value is not None else None
    return loc is not None and is_empty(heap.get(loc) or m.base.get(loc))
