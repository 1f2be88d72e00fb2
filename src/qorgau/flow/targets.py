"""What values are bound to: names, attributes, items, slices, and targets within targets; and their deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import (
    checks,
    container_operators,
    slices,
)
from qorgau.flow.machine import Frame, Iteration
from qorgau.flow.values import NO_REFS, Value, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def bind(m: Machine, f: Frame, target: ir.Expr, value: Value) -> None:
    """Assign a value to a target of any form."""
    if isinstance(target, ir.Name):
        if f.state.facts:
            checks.overwritten(m, f, target.id, value)
        m.store(f, target.id, value, target.at)
    elif isinstance(target, ir.Attribute):
        m.set_attribute(f, m.evaluate(f, target.value), target.attr, value, target.at)
    elif isinstance(target, ir.Subscript):
        owner = m.evaluate(f, target.value)
        if isinstance(target.index, ir.Slice):
            _assign_slice(m, f, owner, target.index, value, target.at)
        else:
            m.set_item(f, owner, m.evaluate(f, target.index), value, target.at)
    elif isinstance(target, ir.Starred):
        bind(m, f, target.value, value)
    elif isinstance(target, ir.Sequence):
        unpack(m, f, target, value)


def _assign_slice(m: Machine, f: Frame, owner: Value, index: ir.Slice, value: Value, at: int) -> None:
    slices.put(m, f, owner, _bounds(m, f, index), value, at)


def _bounds(m: Machine, f: Frame, index: ir.Slice) -> list[Value | None]:
    parts = (index.lower, index.upper, index.step)
    return [m.evaluate(f, part) if part is not None else None for part in parts]


def unpack(m: Machine, f: Frame, target: ir.Sequence, value: Value) -> None:
    """``a, *b, c = value``: by position where the items are known."""
    iteration = m.iterate(f, value, target.at)
    if any(container_operators.is_set(f, loc) for loc in value.locs()):
        iteration = Iteration(None, iteration.each)
        value = value.with_(refs=NO_REFS)
    elements = target.elements
    starred = [index for index, element in enumerate(elements) if isinstance(element, ir.Starred)]
    items = iteration.items
    if items is not None and not starred and len(items) == len(elements):
        for element, item in zip(elements, items, strict=True):
            bind(m, f, element, item)
        return
    if items is not None and starred and len(items) >= len(elements) - 1:
        head = starred[0]
        tail = len(elements) - head - 1
        for element, item in zip(elements[:head], items[:head], strict=True):
            bind(m, f, element, item)
        middle = items[head : len(items) - tail]
        bind(m, f, elements[head], m.sequence(f, elements[head].at, "list", middle, None))
        if tail:
            for element, item in zip(elements[-tail:], items[-tail:], strict=True):
                bind(m, f, element, item)
        return
    for index, element in enumerate(elements):
        if isinstance(element, ir.Starred):
            bind(m, f, element, m.sequence(f, element.at, "list", [], iteration.each))
        elif items is None and value.refs:
            place = index if not starred or index < starred[0] else index - len(elements)
            bind(m, f, element, m.item(f, value, of_const(place), element.at))
        else:
            bind(m, f, element, iteration.each)


def delete(m: Machine, f: Frame, node: ir.Delete) -> None:
    for target in node.targets:
        _delete_target(m, f, target)


def _delete_target(m: Machine, f: Frame, target: ir.Expr) -> None:
    if isinstance(target, ir.Name):
        m.deleted(f, target.id, target.at)
        m.unbind(f, target.id)
    elif isinstance(target, ir.Attribute):
        m.delete_attribute(f, m.evaluate(f, target.value), target.attr, target.at)
    elif isinstance(target, ir.Subscript):
        owner = m.evaluate(f, target.value)
        if isinstance(target.index, ir.Slice):
            slices.delete(m, f, owner, _bounds(m, f, target.index), target.at)
        else:
            m.delete_item(f, owner, m.evaluate(f, target.index), target.at)
    elif isinstance(target, ir.Sequence):
        for element in target.elements:
            _delete_target(m, f, element)
