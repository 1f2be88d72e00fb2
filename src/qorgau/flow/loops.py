"""Loops: passes are repeated until nothing changes, or counted where constants decide how many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import (
    buffers,
    indexed,
    keys,
    sweeps,
)
from qorgau.flow.comprehensions import MAX_UNROLLED
from qorgau.flow.facts import ANSWERS, CHECKS, NO_FACTS, Facts, told_of, without
from qorgau.flow.heap import Obj
from qorgau.flow.iteration import each_of
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame, LoopExits
from qorgau.flow.state import Renaming, State, age, bottom_like, said_of, widen
from qorgau.flow.targets import bind
from qorgau.flow.values import BOTTOM, Value, join
from qorgau.linking import walk

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


MAX_PASSES = 8
"""Passes of a loop after which it is given up (counted); constants are widened after three."""

WIDEN_AFTER = 3


def run_while(m: Machine, f: Frame, node: ir.While) -> None:
    entered: list[Facts] = []
    waiting: list[State] = []
    shared = _asks_others(f, node.test)

    def enter() -> State:
        held = f.state.facts
        yes, no = m.decide(f, node.test)
        entered[:] = [yes.facts - held]
        waiting[:] = [yes.copy()] if shared and not no.reachable else []
        f.state = yes
        return no

    def passed(state: State, made: Sequence[Loc]) -> None:
        # The next time the test is another one, whatever came of it before.
        over = frozenset(fact for fact in entered[0] if fact.kind in ANSWERS)
        state.facts = state.facts - over

    early = _counted(m, f, node)
    if early is None:
        return
    loop(m, f, enter, node.body, node.orelse, passed)
    for state in early:
        f.state = m.join_states(f.state, state)
    if waiting and not f.state.reachable:
        # A loop that would never end waits for what another thread or task does.
        f.state = waiting[0]
        m.execute(f, node.orelse)


def _asks_others(f: Frame, test: ir.Expr) -> bool:
    """Whether a condition asks for something that code outside this function can change."""
    for node in walk(test):
        if isinstance(node, ir.Attribute | ir.Subscript | ir.Call):
            return True
        if isinstance(node, ir.Name) and (f.kind == "module" or node.id not in f.locals):
            return True
    return False


def _counted(m: Machine, f: Frame, node: ir.While) -> list[State] | None:
    """Go through the passes of a loop that constants decide; None when that ends it.

    Otherwise the loop goes on from the state reached, and the states that left it by ``break`` are given.
    """
    breaks: list[State] = []
    if f.script is None and not _counts(m, f, node):
        return breaks
    passes = f.passes
    for index in range(MAX_UNROLLED):
        before = f.state.copy()
        yes, no = m.decide(f, node.test)
        if yes.reachable and no.reachable:
            f.state = before
            break
        if not yes.reachable:
            f.state, f.passes = no, passes
            m.execute(f, node.orelse)
            for state in breaks:
                f.state = m.join_states(f.state, state)
            return None
        f.state, f.passes = yes, (*passes, index)
        exits = LoopExits()
        f.loops.append(exits)
        m.execute(f, node.body)
        for state in exits.continues:
            f.state = m.join_states(f.state, state)
        f.loops.pop()
        breaks += exits.breaks
        if not f.state.reachable:
            f.passes = passes
            for state in breaks:
                f.state = m.join_states(f.state, state)
            return None
        if breaks:
            break
    f.passes = passes
    return breaks


def _counts(m: Machine, f: Frame, node: ir.While) -> bool:
    """Whether a loop changes a variable that is a known number or truth before it, or asks a call each time."""
    test = node.test.operand if isinstance(node.test, ir.Unary) else node.test
    if isinstance(test, ir.Compare):
        test = test.left
        if isinstance(test, ir.Name) and _is_told(f, test.id):
            return True
    if isinstance(test, ir.Name | ir.Attribute) and _is_counted(m, f, test):
        return True
    if isinstance(test, ir.Call) or (isinstance(test, ir.Walrus) and isinstance(test.value, ir.Call)):
        return True
    for statement in node.body:
        targets: tuple[ir.Expr, ...] = ()
        if isinstance(statement, ir.Augment):
            targets = (statement.target,)
        elif isinstance(statement, ir.Assign):
            targets = statement.targets
        for target in _single(targets):
            if isinstance(target, ir.Name):
                known = _variable(f, target.id).constant()
                if known is not None and isinstance(known.value, int | float | bool):
                    return True
    return False


def _is_told(f: Frame, name: str) -> bool:
    """Whether a variable is one member of an enumeration or one known object: passes may go from one to the next."""
    loc = _variable(f, name).single()
    if loc is None or _variable(f, name).unknown:
        return False
    obj = f.state.obj(loc)
    return keys.is_member(loc) or (obj is not None and obj.kind == "instance")


def _is_counted(m: Machine, f: Frame, test: ir.Name | ir.Attribute) -> bool:
    """Whether what a loop asks is one collection of which it is known how many items it has."""
    loc = m.evaluate(f, test).single()
    obj = f.state.obj(loc) if loc is not None and not loc.old else None
    return obj is not None and (
        (obj.kind in ("list", "set") and obj.length is not None)
        or (obj.kind == "dict" and obj.info == "exact")
    )


def _single(targets: Iterable[ir.Expr]) -> Iterator[ir.Expr]:
    """Targets without the tuples and lists around them."""
    for target in targets:
        if isinstance(target, ir.Sequence):
            yield from _single(target.elements)
        else:
            yield target


def _variable(f: Frame, name: str) -> Value:
    held = f.state.obj(f.loc) if f.loc is not None else None
    return (held.parts.get(name) if held is not None else f.state.env.get(name)) or BOTTOM


def run_for(m: Machine, f: Frame, node: ir.For) -> None:
    iterable = m.evaluate(f, node.iterable)
    before = f.state.copy()
    iteration = m.iterate(f, iterable, node.at)
    if iteration.items is not None and len(iteration.items) <= MAX_UNROLLED:
        _unrolled(m, f, node, iteration.items)
        return
    if iteration.each.is_bottom:
        m.execute(f, node.orelse)
        return
    # Each pass asks an iterator of the project itself: what asking changes is no business of the first look.
    f.state = before
    iterator = m.iterator(f, iterable, node.at)
    walk = indexed.begin(m, f, node)
    sweep = sweeps.begin(m, f, node.at, node.body, iterable, iteration.each) if walk is None else None
    replaced = buffers.overwriting(m, f, node, indexed.collection_of(node)) if walk is None else None
    elements: list[Loc] = []

    def enter() -> State:
        held = f.state.facts
        each, done = m.advance(f, iterator, node.at)
        if walk is not None:
            each = indexed.take(m, f, walk, node.at)
        elif sweep is not None:
            each = sweeps.take(m, f, sweep, each)
        elements[:] = each.locs()[:1] if len(each.refs) == 1 else []
        gained = f.state.facts - held
        forget_pass(f, each)
        f.state.facts = f.state.facts | gained
        bind(m, f, node.target, each)
        return done

    swept: list[Obj] = []
    of_all: Facts = NO_FACTS

    def passed(state: State, made: Sequence[Loc]) -> None:
        nonlocal of_all
        of_all = _of_all(m, state, elements)
        swept[:] = sweeps.left(state, elements, made)
        if walk is not None:
            indexed.passed(state, walk)

    def leave() -> None:
        if walk is not None:
            indexed.finish(f, walk)
        elif sweep is not None:
            sweeps.finish(f, sweep)
        elif swept and not sweeps.has_break(node.body):
            sweeps.remember(m, f, iterable, swept[0])
        if replaced is not None:
            buffers.overwritten(m, f, replaced)
        if f.state.reachable:
            f.state.facts = f.state.facts | of_all

    loop(m, f, enter, node.body, node.orelse, passed, leave)


def _of_all(m: Machine, state: State, elements: Sequence[Loc]) -> Facts:
    """What every pass of a loop has checked of its item, as facts of all items of the collection."""
    each = each_of(m, elements[0]) if elements else None
    if each is None:
        return NO_FACTS
    return said_of((fact for fact in state.facts if fact.kind in CHECKS), elements[0], each)


def forget_pass(f: Frame, each: Value) -> None:
    """What was checked of an item in an earlier pass is not checked of the next one, which has the same identity."""
    again = frozenset(loc for loc in each.locs() if loc.old or is_item(loc))
    if not again:
        return

    def is_of(loc: Loc) -> bool:
        return any(step in again for step in loc.ancestors())

    f.state.facts = without(f.state.facts, is_of)
    for name, value in f.state.env.items():
        if _answers_of(value, is_of):
            f.state.env[name] = value.with_(
                when_true=None if value.when_true is None else without(value.when_true, is_of),
                when_false=None if value.when_false is None else without(value.when_false, is_of),
            )


def _answers_of(value: Value, is_of: Callable[[Loc], bool]) -> bool:
    """Whether a variable keeps what a check said of an item."""
    if value.refs or not (value.when_true or value.when_false):
        return False
    said = [*(value.when_true or ()), *(value.when_false or ())]
    return any(fact.kind in CHECKS and is_of(loc) for fact in said for loc in told_of(fact))


def is_item(loc: Loc) -> bool:
    """Whether an object is one of many that an iteration gives."""
    return isinstance(loc.label, tuple) and bool(loc.label) and str(loc.label[0]).startswith("element")


def _unrolled(m: Machine, f: Frame, node: ir.For, items: Sequence[Value]) -> None:
    passes = f.passes
    exits = LoopExits()
    f.loops.append(exits)
    for index, item in enumerate(items):
        if not f.state.reachable:
            break
        f.passes = (*passes, index)
        bind(m, f, node.target, item)
        exits.continues = []
        m.execute(f, node.body)
        for state in exits.continues:
            f.state = m.join_states(f.state, state)
    f.passes = passes
    f.loops.pop()
    m.execute(f, node.orelse)
    for state in exits.breaks:
        f.state = m.join_states(f.state, state)


def loop(
    m: Machine,
    f: Frame,
    enter: Callable[[], State],
    body: Sequence[ir.Stmt],
    orelse: Sequence[ir.Stmt],
    passed: Callable[[State, Sequence[Loc]], None] | None = None,
    leave: Callable[[], None] | None = None,
) -> None:
    """Repeat until nothing changes. ``enter`` starts a pass and gives the state in which the loop is done."""
    invariant = f.state
    mark_yields = len(f.yields)
    breaks: list[State] = []
    done = invariant
    for number in range(MAX_PASSES):
        exits = LoopExits()
        f.loops.append(exits)
        f.state = invariant.copy()
        mark = len(m.made)
        done = enter()
        m.execute(f, body)
        for state in exits.continues:
            f.state = m.join_states(f.state, state)
        f.loops.pop()
        made = m.made[mark:]
        breaks += exits.breaks
        _age_yields(f, mark_yields, made, bool(exits.breaks))
        if not f.state.reachable:
            break
        if passed is not None:
            passed(f.state, made)
        after = m.join_states(invariant, age(f.state, made, invariant))
        if number >= WIDEN_AFTER:
            after = widen(invariant, after)
        if after.same(invariant):
            break
        invariant = after
    else:
        m.count("loops cut off")
        f.state = invariant.copy()
        mark = len(m.made)
        done = enter()
    if len(f.yields) != mark_yields:
        f.yields_exact = False
    f.state = done
    if leave is not None:
        leave()
    m.execute(f, orelse)
    for state in breaks:
        f.state = m.join_states(f.state, state)


def _age_yields(f: Frame, mark: int, made: Sequence[Loc], broke: bool) -> None:
    """What a pass yielded refers to objects of a pass that is over; after ``break`` also of the last one."""
    for index in range(mark, len(f.yields)):
        old = f.yields[index]
        new = aged(old, made)
        f.yields[index] = join(old, new) if broke else new


def repeated(m: Machine, f: Frame, run: Callable[[], Value]) -> Value:
    """The result of something that runs any number of times: what it made is of earlier passes."""
    before = f.state.copy()
    mark = len(m.made)
    value = run()
    made = m.made[mark:]
    f.state = m.join_states(before, age(f.state, made, before))
    return aged(value, made)


def aged(value: Value, made: Iterable[Loc]) -> Value:
    """A value in which the objects of a pass have become those of earlier passes."""
    fresh = frozenset(made)
    return Renaming(lambda loc: loc.aged() if loc in fresh else loc).value(value) if fresh else value


def run_break(m: Machine, f: Frame, node: ir.Break) -> None:
    if f.loops:
        f.loops[-1].breaks.append(f.state)
    f.state = bottom_like(f.state)


def run_continue(m: Machine, f: Frame, node: ir.Continue) -> None:
    if f.loops:
        f.loops[-1].continues.append(f.state)
    f.state = bottom_like(f.state)
