"""Comprehensions: their clauses are gone through item by item where the items are known, else as loops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau import ir
from qorgau.flow import sweeps, waiting
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.state import State, age
from qorgau.flow.values import (
    Value,
    of_ref,
    stamp,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


MAX_UNROLLED = 16
"""Iterables with more known items than this are analysed as a loop."""


def comprehension(m: Machine, f: Frame, node: ir.Comprehension) -> Value:
    """The collection or iterator that a comprehension makes; a generator that is kept runs where it is used."""
    if node.kind == "generator" and waiting.can_wait(m, f, node.at):
        # Only the generator is kept: nothing that its outermost iterable makes on the way is.
        assigning, f.assigning = f.assigning, ()
        first = m.evaluate(f, node.clauses[0].iterable)
        f.assigning = assigning
        return waiting.hold(m, f, node.at, lambda: _made(m, f, node, first))
    return _made(m, f, node, None)


def _made(m: Machine, f: Frame, node: ir.Comprehension, first: Value | None) -> Value:
    """``first`` is what the outermost clause goes through, where that was asked before."""
    kind = {"generator": "generator"}.get(node.kind, node.kind)
    made = m.new(f, node.at, Obj(kind, length=0, info="exact" if kind == "dict" else None))
    loc = made.locs()[0]
    saved = {name: f.state.env.get(name) for clause in node.clauses for name in _names(clause.target)}
    frame = f.state.obj(f.loc) if f.loc is not None and f.kind == "function" else None
    shared: dict[Key, Value] = {}
    if frame is not None:
        shared.update((name, frame.parts[name]) for name in saved if name in frame.parts)
    _clauses(m, f, node, loc, 0, True, first)
    if shared and f.loc is not None and f.state.reachable:
        after = m.obj(f, f.loc)
        f.state.heap[f.loc] = replace(after, parts={**after.parts, **shared})
    for name, value in saved.items():
        if value is None:
            f.state.env.pop(name, None)
        else:
            f.state.env[name] = value
    return made


def _names(target: ir.Expr) -> list[str]:
    if isinstance(target, ir.Name):
        return [target.id]
    if isinstance(target, ir.Starred):
        return _names(target.value)
    if isinstance(target, ir.Sequence):
        return [name for element in target.elements for name in _names(element)]
    return []


def _clauses(
    m: Machine,
    f: Frame,
    node: ir.Comprehension,
    loc: Loc,
    depth: int,
    exact: bool,
    iterable: Value | None = None,
) -> None:
    """Run the clauses from ``depth`` on and add what they give to the result at ``loc``."""
    if depth == len(node.clauses):
        _collect(m, f, node, loc, exact)
        return
    clause = node.clauses[depth]
    over = m.evaluate(f, clause.iterable) if iterable is None else iterable
    iteration = m.iterate(f, over, clause.iterable.at)
    if iteration.items is not None and len(iteration.items) <= MAX_UNROLLED:
        passes = f.passes
        for index, item in enumerate(iteration.items):
            f.passes = (*passes, index)
            _pass(m, f, node, clause, item, loc, depth, exact)
        f.passes = passes
        return
    if iteration.each.is_bottom:
        return
    handed = _hands_on(node.element, clause.target)
    sweep = sweeps.begin(m, f, clause.iterable.at, (), over, iteration.each) if handed else None
    before = f.state.copy()
    mark = len(m.made)
    each = sweeps.take(m, f, sweep, iteration.each) if sweep is not None else iteration.each
    _pass(m, f, node, clause, each, loc, depth, False)
    f.state = m.join_states(before, age(f.state, m.made[mark:], before))
    if sweep is not None:
        sweeps.finish(f, sweep)


def _hands_on(element: ir.Expr, target: ir.Expr) -> bool:
    """Whether a comprehension gives its item to a function, which may change it: ``[masked(row) for row in rows]``."""
    if not isinstance(element, ir.Call) or not isinstance(target, ir.Name):
        return False
    given = (argument.value for argument in element.arguments)
    return any(isinstance(value, ir.Name) and value.id == target.id for value in given)


def _pass(
    m: Machine,
    f: Frame,
    node: ir.Comprehension,
    clause: ir.Clause,
    item: Value,
    loc: Loc,
    depth: int,
    exact: bool,
) -> None:
    m.bind_local(f, clause.target, item)
    skipped: list[State] = []
    for test in clause.tests:
        yes, no = m.decide(f, test)
        skipped.append(no)
        f.state = yes
        if no.reachable:
            exact = False
        if not yes.reachable:
            break
    if f.state.reachable:
        _clauses(m, f, node, loc, depth + 1, exact)
    for state in skipped:
        f.state = m.join_states(f.state, state)


def _collect(m: Machine, f: Frame, node: ir.Comprehension, loc: Loc, exact: bool) -> None:
    result = of_ref(loc)
    outer = f.state.facts
    if node.key is not None:
        key = m.evaluate(f, node.key)
        value = m.evaluate(f, node.element)
        obj = f.state.obj(loc)
        m.set_item(f, result, key, value if exact else stamp(value, outer), node.element.at)
        if not exact and obj is not None:
            after = f.state.obj(loc)
            if after is not None:
                m.write(f, loc, replace(after, info=None), strong=True)
        return
    value = m.evaluate(f, node.element)
    m.append(f, result, value if exact else stamp(value, outer), exact=exact)
