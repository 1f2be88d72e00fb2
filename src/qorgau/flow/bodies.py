"""What the body of a function does to the attributes of objects, told from its text and only once.

A class is asked for what its methods do each time that one of them is analysed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from qorgau import ir
from qorgau.flow.heap import Obj
from qorgau.flow.machine import Closure
from qorgau.linking import walk

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

FILLING = frozenset(
    ("append", "add", "extend", "insert", "update", "setdefault", "appendleft", "put", "put_nowait", "push")
)
"""Methods that put something into a container."""


class Body(msgspec.Struct, frozen=True):
    """The attributes of ``self`` that a body assigns, and the names of containers that it puts something into."""

    assigned: tuple[str, ...]
    filled: tuple[str, ...]


def methods(m: Machine, cls: Obj) -> Iterator[tuple[Closure, Body]]:
    """The functions that a class holds itself, with what their bodies do."""
    for part in cls.parts.values():
        for ref in part.locs():
            function = m.base.get(ref)
            if function is not None and isinstance(function.info, Closure):
                yield function.info, _body(m, function.info)


def _body(m: Machine, closure: Closure) -> Body:
    place = (closure.unit.name, closure.function.at)
    known = m.bodies.get(place)
    if known is None:
        nodes = list(walk(closure.function.body))
        known = m.bodies[place] = Body(
            tuple(dict.fromkeys(name for node in nodes for name in _assigned_by(node))),
            tuple(dict.fromkeys(name for node in nodes for name in filled_by(node))),
        )
    return known


def _assigned_by(node: object) -> Iterator[str]:
    targets = list(node.targets) if isinstance(node, ir.Assign) else []
    if isinstance(node, ir.Annotated) and node.value is not None:
        targets.append(node.target)
    while targets:
        target = targets.pop(0)
        if isinstance(target, ir.Sequence):
            targets = [*target.elements, *targets]
        elif isinstance(target, ir.Attribute) and isinstance(target.value, ir.Name):
            if target.value.id == "self":
                yield target.attr


def filled_by(node: object) -> Iterator[str]:
    """The names and attributes of containers that a statement or call puts something into."""
    if isinstance(node, ir.Assign):
        for target in node.targets:
            if isinstance(target, ir.Subscript):
                yield from _name(target.value)
    elif isinstance(node, ir.Call) and isinstance(node.function, ir.Attribute):
        if node.function.attr in FILLING:
            yield from _name(node.function.value)


def _name(node: ir.Expr) -> Iterator[str]:
    if isinstance(node, ir.Name):
        yield node.id
    elif isinstance(node, ir.Attribute):
        yield node.attr
