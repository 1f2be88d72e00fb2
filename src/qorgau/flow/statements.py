"""What statements do to the state, and where control goes.

Paths that leave a block early are kept with their states: ``return`` in the frame, ``break``
and ``continue`` with the innermost loop, exceptions with the innermost ``try``. ``finally``
runs once for each way out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import (
    buffers,
    checks,
    containers,
    contexts,
    exception_groups,
    exits,
    filled,
    indexed,
    patterns,
    raising,
    slices,
    sweeps,
)
from qorgau.flow.expressions import MAX_UNROLLED
from qorgau.flow.facts import ANSWERS, CHECKS, NO_FACTS, Fact, Facts, without
from qorgau.flow.heap import Obj
from qorgau.flow.iteration import each_of
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame, Iteration, LoopExits
from qorgau.flow.state import Renaming, State, age, bottom_like, said_of, widen
from qorgau.flow.values import BOTTOM, NO_REFS, OPAQUE, UNKNOWN, Value, join, of_const
from qorgau.linking import walk

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

MAX_PASSES = 8
"""Passes of a loop after which it is given up (counted); constants are widened after three."""

WIDEN_AFTER = 3


def execute(m: Machine, f: Frame, body: Sequence[ir.Stmt]) -> None:
    """Run statements in order until the frame's state is unreachable."""
    for statement in body:
        if not f.state.reachable:
            m.skipped(f, statement)
            continue
        if f.handlers and m.may_raise(f, statement):
            _run_risky(m, f, statement)
        else:
            EXECUTORS[type(statement)](m, f, statement)
        if m.spent(f):
            return


def _run_risky(m: Machine, f: Frame, statement: ir.Stmt) -> None:
    """Run a statement that can raise: the state before it goes to the handlers, if anything in it may."""
    before, caught, risks = f.state.copy(), f.handlers[-1], m.risks
    whole = isinstance(statement, ir.If | ir.While | ir.For | ir.With)
    if whole:
        caught.append(before)
    EXECUTORS[type(statement)](m, f, statement)
    if m.risks != risks and not whole:
        caught.append(before)


def _evaluate(m: Machine, f: Frame, node: ir.Evaluate) -> None:
    m.evaluate(f, node.value)


def _assign(m: Machine, f: Frame, node: ir.Assign) -> None:
    value = _flag(m, f, node, m.evaluate(f, node.value))
    for target in node.targets:
        bind(m, f, target, value)


def _flag(m: Machine, f: Frame, node: ir.Assign, value: Value) -> Value:
    """A truth that is kept in a variable: two tests of the variable come out alike."""
    known = value.unknown or value.consts or value.refs or value.taints or not value.opaque
    if known or value.when_true != NO_FACTS or value.when_false != NO_FACTS:
        return value
    if not isinstance(node.value, ir.Compare | ir.Boolean | ir.Unary | ir.Call):
        return value
    loc = m.fresh(f, node.at, "flag")
    yes, no = (frozenset((Fact("true", loc, None, truth),)) for truth in (True, False))
    return value.with_(when_true=yes, when_false=no)


def _annotated(m: Machine, f: Frame, node: ir.Annotated) -> None:
    if node.value is not None:
        value = filled.opened(m, f, node, m.evaluate(f, node.value))
        bind(m, f, node.target, m.annotated(f, value, node.annotation))
    if isinstance(node.target, ir.Name) and f.kind in ("class", "module"):
        m.declare(f, node.target.id, node.annotation, node.value is not None)


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
    if any(containers.is_set(f, loc) for loc in value.locs()):
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
        elif items is None and value.refs and not starred:
            bind(m, f, element, m.item(f, value, of_const(index), element.at))
        else:
            bind(m, f, element, iteration.each)


def _augment(m: Machine, f: Frame, node: ir.Augment) -> None:
    target = node.target
    if isinstance(target, ir.Name):
        current = m.load(f, target.id, target.at)
    elif isinstance(target, ir.Attribute):
        current = m.attribute(f, m.evaluate(f, target.value), target.attr, target.at)
    elif isinstance(target, ir.Subscript) and not isinstance(target.index, ir.Slice):
        current = m.item(f, m.evaluate(f, target.value), m.evaluate(f, target.index), target.at)
    else:
        current = UNKNOWN
    value = m.evaluate(f, node.value)
    changed = m.augment(f, node.op, current, value, node.at)
    bind(m, f, target, changed)


def _delete(m: Machine, f: Frame, node: ir.Delete) -> None:
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


def _return(m: Machine, f: Frame, node: ir.Return) -> None:
    value = m.evaluate(f, node.value) if node.value is not None else of_const(None)
    if f.state.reachable:
        f.returns.append((f.state, value))
    f.state = bottom_like(f.state)


def _raise(m: Machine, f: Frame, node: ir.Raise) -> None:
    value = (
        m.evaluate(f, node.exception)
        if node.exception is not None
        else f.state.env.get(raising.HANDLED, BOTTOM)
    )
    if node.cause is not None:
        raising.because(f, value, m.evaluate(f, node.cause))
    if node.exception is not None:
        m.raised(f, value, node.at)
    raising.leave(f, value)


def _assert(m: Machine, f: Frame, node: ir.Assert) -> None:
    yes, no = m.decide(f, node.test)
    if node.message is not None and no.reachable:
        f.state = no
        m.raised(f, m.evaluate(f, node.message), node.at)
        no = f.state
    f.state = no
    raising.leave(f)
    f.state = yes


def _if(m: Machine, f: Frame, node: ir.If) -> None:
    yes, no = m.decide(f, node.test)
    open_ended = yes.reachable and no.reachable
    mark = len(f.yields)
    if not (yes.reachable and no.reachable) and _is_type_checking(node.test):
        # What only a type checker imports is what annotations speak of.
        f.state = no if no.reachable else yes
        unreached = node.orelse if yes.reachable else node.body
        execute(
            m, f, [statement for statement in unreached if isinstance(statement, ir.Import | ir.ImportFrom)]
        )
        yes, no = (yes, f.state) if no.reachable else (f.state, no)
    f.state = yes
    execute(m, f, node.body)
    after = f.state
    f.state = no
    execute(m, f, node.orelse)
    f.state = m.join_states(after, f.state)
    if open_ended and len(f.yields) != mark:
        f.yields_exact = False


def _is_type_checking(test: ir.Expr) -> bool:
    if isinstance(test, ir.Unary) and test.op == "not":
        return _is_type_checking(test.operand)
    name = test.attr if isinstance(test, ir.Attribute) else test.id if isinstance(test, ir.Name) else ""
    return name == "TYPE_CHECKING"


def _while(m: Machine, f: Frame, node: ir.While) -> None:
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
        execute(m, f, node.orelse)


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
    if f.script is None and not _counts(f, node):
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
            execute(m, f, node.orelse)
            for state in breaks:
                f.state = m.join_states(f.state, state)
            return None
        f.state, f.passes = yes, (*passes, index)
        exits = LoopExits()
        f.loops.append(exits)
        execute(m, f, node.body)
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


def _counts(f: Frame, node: ir.While) -> bool:
    """Whether a loop changes a variable that is a known number or truth before it, or asks a call each time."""
    if isinstance(node.test, ir.Call) or (
        isinstance(node.test, ir.Unary) and isinstance(node.test.operand, ir.Call)
    ):
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


def _for(m: Machine, f: Frame, node: ir.For) -> None:
    iterable = m.evaluate(f, node.iterable)
    before = f.state.copy()
    iteration = m.iterate(f, iterable, node.at)
    if iteration.items is not None and len(iteration.items) <= MAX_UNROLLED:
        _unrolled(m, f, node, iteration.items)
        return
    if iteration.each.is_bottom:
        execute(m, f, node.orelse)
        return
    # Each pass asks an iterator of the project itself: what asking changes is no business of the first look.
    f.state = before
    iterator = m.iterator(f, iterable, node.at)
    walk = indexed.begin(m, f, node)
    sweep = sweeps.begin(m, f, node, iterable, iteration.each) if walk is None else None
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
    if again:
        f.state.facts = without(f.state.facts, lambda loc: any(step in again for step in loc.ancestors()))


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
        execute(m, f, node.body)
        for state in exits.continues:
            f.state = m.join_states(f.state, state)
    f.passes = passes
    f.loops.pop()
    execute(m, f, node.orelse)
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
        execute(m, f, body)
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
    execute(m, f, orelse)
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


def _break(m: Machine, f: Frame, node: ir.Break) -> None:
    if f.loops:
        f.loops[-1].breaks.append(f.state)
    f.state = bottom_like(f.state)


def _continue(m: Machine, f: Frame, node: ir.Continue) -> None:
    if f.loops:
        f.loops[-1].continues.append(f.state)
    f.state = bottom_like(f.state)


def _try(m: Machine, f: Frame, node: ir.Try) -> None:
    if node.final:
        exits.guarded(m, f, lambda: _try_body(m, f, node), lambda _: execute(m, f, node.final))
    else:
        _try_body(m, f, node)


def _try_body(m: Machine, f: Frame, node: ir.Try) -> None:
    if not node.handlers:
        execute(m, f, node.body)
        execute(m, f, node.orelse)
        return
    caught: list[State] = []
    f.handlers.append(caught)
    risks = m.risks
    execute(m, f, node.body)
    f.handlers.pop()
    if any(_takes_errors(handler) for handler in node.handlers):
        m.risks = risks
    if f.state.reachable:
        execute(m, f, node.orelse)
    after = f.state
    if caught:
        mark = len(f.yields)
        for handler in node.handlers:
            handle = exception_groups.handle if node.is_star else _handle
            after = m.join_states(after, handle(m, f, handler, caught))
        if len(f.yields) != mark:
            f.yields_exact = False
        raising.outwards(f, caught)
    f.state = after


def _handle(m: Machine, f: Frame, handler: ir.Handler, caught: list[State]) -> State:
    """Run a handler over the paths that it takes, which ``caught`` loses; the state after it."""
    f.state = caught[0].copy() if caught else bottom_like(f.state)
    kinds = None
    if handler.type is not None and caught:
        kinds = raising.kinds_of(m, f, m.evaluate(f, handler.type), handler.at)
    taken, left = raising.split(m, f, caught, kinds)
    caught[:] = left if not _catches_all(handler) else []
    if not taken:
        return bottom_like(f.state)
    bound = raising.caught(m, f, taken, kinds, handler.at)
    if handler.name is not None:
        m.store(f, handler.name, bound, handler.at)
    execute(m, f, handler.body)
    f.state.env.pop(raising.HANDLED, None)
    if handler.name is not None and f.state.reachable:
        m.unbind(f, handler.name)
    return f.state


def _takes_errors(handler: ir.Handler) -> bool:
    return _catches_all(handler) or (isinstance(handler.type, ir.Name) and handler.type.id == "Exception")


def _catches_all(handler: ir.Handler) -> bool:
    return handler.type is None or (isinstance(handler.type, ir.Name) and handler.type.id == "BaseException")


def _with(m: Machine, f: Frame, node: ir.With) -> None:
    _with_items(m, f, node, 0)


def _with_items(m: Machine, f: Frame, node: ir.With, index: int) -> None:
    """Enter the managers from ``index`` on, run the block, leave them."""
    if index == len(node.items):
        execute(m, f, node.body)
        return
    item = node.items[index]
    before = f.state.facts
    context = m.evaluate(f, item.context)
    value, token = m.enter(f, context, item.context.at)
    token = contexts.inside(token, f.state.facts - before)
    if item.target is not None:
        bind(m, f, item.target, value)

    def leave(failed: bool = False) -> None:
        m.leave(f, context, token, node.at, failed)

    if token.swallows or contexts.acts(m, f, context, node.at):
        swallows = token.swallows
        exits.guarded(
            m, f, lambda: _with_items(m, f, node, index + 1), leave, swallows=swallows, quiet=not swallows
        )
    else:
        _with_items(m, f, node, index + 1)
        leave()


def _define(m: Machine, f: Frame, node: ir.Define) -> None:
    m.store(f, node.function.name, m.function(f, node.function, decorate=True), node.at)


def _class(m: Machine, f: Frame, node: ir.Class) -> None:
    m.store(f, node.name, m.define_class(f, node), node.at)


def _import(m: Machine, f: Frame, node: ir.Import) -> None:
    for name in node.names:
        module = m.import_module(f, name.name)
        if not module.locs():
            m.risk()
        if name.asname is not None:
            m.store(f, name.asname, module, node.at)
        else:
            top = name.name.partition(".")[0]
            m.store(f, top, m.import_module(f, top), node.at)


def _import_from(m: Machine, f: Frame, node: ir.ImportFrom) -> None:
    dotted = f.unit.absolute(node.module, node.level)
    if not dotted:
        _import_siblings(m, f, node)
        return
    if not m.import_module(f, dotted).locs():
        m.risk()
    for name in node.names:
        if name.name == "*":
            m.import_star(f, dotted, node.at)
        else:
            m.store(f, name.asname or name.name, m.import_name(f, dotted, name.name, node.at), node.at)


def _import_siblings(m: Machine, f: Frame, node: ir.ImportFrom) -> None:
    """``from . import b`` at the top of what is scanned, which may be a part of a package."""
    for name in node.names:
        if name.name != "*":
            m.store(f, name.asname or name.name, m.import_module(f, name.name), node.at)


def _nothing(m: Machine, f: Frame, node: ir.Stmt) -> None:
    """``pass``, and declarations that were taken in when the function was lowered."""


def _type_alias(m: Machine, f: Frame, node: ir.TypeAliasing) -> None:
    m.store(f, node.name, OPAQUE, node.at)


def _match(m: Machine, f: Frame, node: ir.Match) -> None:
    subject = m.evaluate(f, node.subject)
    mark = len(f.yields)
    # No case matched so far; or the last one did, but its guard refused.
    missed, refused = f.state, bottom_like(f.state)
    after = bottom_like(f.state)
    for case, before in zip(node.cases, (None, *node.cases), strict=False):
        again = before is not None and patterns.alike(case.pattern, before.pattern)
        if not again:
            missed, refused = m.join_states(missed, refused), bottom_like(missed)
        # Only what a guard refused matches the pattern before that guard once more.
        f.state = (refused if again else missed).copy()
        if not f.state.reachable:
            continue
        yes, no = patterns.match(m, f, case.pattern, subject, node.subject)
        missed, refused = m.join_states(missed, no) if again else no, bottom_like(no)
        if case.guard is not None and yes.reachable:
            f.state = yes
            yes, refused = m.decide(f, case.guard)
        f.state = yes
        execute(m, f, case.body)
        after = m.join_states(after, f.state)
    f.state = m.join_states(after, m.join_states(missed, refused))
    if len(f.yields) != mark:
        f.yields_exact = False


def _unknown(m: Machine, f: Frame, node: ir.Unknown) -> None:
    m.count(f"unknown construct {node.construct}")
    execute(m, f, node.body)


EXECUTORS: dict[type, Callable[..., None]] = {
    ir.Evaluate: _evaluate,
    ir.Assign: _assign,
    ir.Annotated: _annotated,
    ir.Augment: _augment,
    ir.Delete: _delete,
    ir.Return: _return,
    ir.Raise: _raise,
    ir.Assert: _assert,
    ir.If: _if,
    ir.While: _while,
    ir.For: _for,
    ir.Try: _try,
    ir.With: _with,
    ir.Define: _define,
    ir.Class: _class,
    ir.Import: _import,
    ir.ImportFrom: _import_from,
    ir.Global: _nothing,
    ir.Nonlocal: _nothing,
    ir.Pass: _nothing,
    ir.Break: _break,
    ir.Continue: _continue,
    ir.TypeAliasing: _type_alias,
    ir.Match: _match,
    ir.Unknown: _unknown,
}
