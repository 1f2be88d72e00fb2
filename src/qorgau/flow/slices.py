"""Slices of lists as targets: ``items[1:3] = others`` and ``del items[1:]``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qorgau.flow import buffers, containers
from qorgau.flow.heap import DATA, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.values import BOTTOM, Value

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def put(m: Machine, f: Frame, owner: Value, bounds: Sequence[Value | None], value: Value, at: int) -> None:
    """``owner[lower:upper:step] = value``"""
    iteration = m.iterate(f, value, at)
    for loc in owner.locs():
        obj = m.obj(f, loc)
        if buffers.is_buffer(f, owner) and not any(bounds) and not loc.old:
            m.write(f, loc, obj.put(DATA, buffers.held(m, f, value, at)), strong=True)
            continue
        if obj.kind not in containers.SEQUENCES:
            m.call_method(f, Value(refs={loc: frozenset()}), "extend", Args([value]), at)
            continue
        new = _replaced(owner, loc, obj, bounds, iteration.items, iteration.each)
        m.write(f, loc, containers.loosened(obj, iteration.each) if new is None else new, strong=True)


def delete(m: Machine, f: Frame, owner: Value, bounds: Sequence[Value | None], at: int) -> None:
    """``del owner[lower:upper:step]``"""
    for loc in owner.locs():
        obj = m.obj(f, loc)
        if buffers.is_buffer(f, owner) and not any(bounds):
            m.call_method(f, owner, "clear", Args(), at)
        elif obj.kind in containers.SEQUENCES:
            new = _replaced(owner, loc, obj, bounds, (), BOTTOM)
            m.write(f, loc, containers.loosened(obj) if new is None else new, strong=True)


def _replaced(
    owner: Value,
    loc: Loc,
    obj: Obj,
    bounds: Sequence[Value | None],
    items: Sequence[Value] | None,
    each: Value,
) -> Obj | None:
    """The list after the change; None where its items are no longer known by position."""
    numbers = containers.numbers_of(bounds)
    whole = all(bound is None for bound in bounds)
    if len(owner.refs) != 1 or loc.old or numbers is None:
        return None
    if items is None:
        return Obj(obj.kind, obj.cls, rest=each) if whole else None
    held = containers.items_of(obj)
    if whole:
        return containers.renumbered(obj, items)
    if held is None:
        return None
    changed: list[Value | None] = list(held)
    if numbers[2] not in (None, 1):
        places = range(len(changed))[slice(*numbers)]
        if items and len(items) != len(places):
            return None
        for index, place in enumerate(places):
            changed[place] = items[index] if items else None
    else:
        changed[slice(*numbers)] = items
    return containers.renumbered(obj, [item for item in changed if item is not None])
