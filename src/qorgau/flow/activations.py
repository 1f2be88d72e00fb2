"""Activations of functions: the frame in which a body runs, and what it did once it has run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import (
    branches,
    garbage,
    signatures,
)
from qorgau.flow.constants import Const
from qorgau.flow.facts import NO_FACTS, Facts, without
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import NOT_BEGUN, SENDS, Closure, Frame, Resumable
from qorgau.flow.memo import Outcome
from qorgau.flow.state import State
from qorgau.flow.values import (
    BOTTOM,
    OPAQUE,
    Value,
    join_all,
    of_const,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


MAX_DEPTH = 28
"""Calls within calls that are followed; deeper ones count as unknown."""

MAX_RECURSION = 4
"""Activations of one function at a time before a recursive call gives up its numbers, and then is cut off."""

CONTEXT = "contextlib.contextmanager"
"""The mark of a generator function that ``with`` runs in two parts."""


def activate(
    m: Machine, closure: Closure, bound: dict[str, Value], ctx: Loc, entry: State, depth: int, facts: Facts
) -> Frame:
    """A frame for a function's body with its parameters bound, where these ``facts`` of the caller hold."""
    function = closure.function
    state = entry.called(facts | closure.facts)
    shared = function.at in closure.unit.nesting
    loc = Loc(ctx, ("frame", function.at)) if shared else None
    frame = Frame(
        closure.unit,
        state,
        ctx,
        kind="function",
        closure=closure,
        scopes=closure.scopes,
        loc=loc,
        depth=depth,
    )
    if loc is not None:
        variables: dict[Key, Value] = {}
        variables.update(bound)
        state.heap[loc] = Obj("frame", parts=variables)
        frame.scopes = (loc, *closure.scopes)
        m.made.append(loc)
    else:
        state.env.update(bound)
    frame.entered = bound
    if bound:
        first = next(iter(bound.values()))
        if closure.owner is not None and closure.binding in ("plain", "class", "property"):
            frame.receiver = first
    return frame


def conclude(m: Machine, inner: Frame, closure: Closure, entry: State) -> Outcome:
    """What an executed body did, relative to the state in which it was entered."""
    ends = list(inner.returns)
    if inner.state.reachable:
        ends.append((inner.state, of_const(None)))
    outcome = Outcome()
    if ends or closure.function.is_generator:
        if not ends and inner.yield_state is not None:
            # A generator that never ends: it stops at one of its yields.
            ends = [(inner.yield_state, of_const(None))]
        elif not ends:
            ends = [(inner.state, of_const(None))]
        value = branches.meet(m, inner, ends)
        outcome.returns = any(state.reachable for state, _ in ends)
        value = signatures.answered(m, inner, closure, value)
        if closure.function.is_generator:
            later = _back_to_yield(inner) if CONTEXT in closure.marks else ()
            value = _generator(m, inner, closure, value, later)
        outcome.value = value
        outcome.changed = _changed(entry, inner, inner.state, value)
        gained = inner.state.facts - entry.facts - closure.facts
        if gained:
            # What a function made and let go of is nobody's business; what it hands out stays checked.
            out = garbage.mentioned([value], outcome.changed)
            outcome.gained = without(
                gained,
                lambda loc: _is_inner(loc, inner.ctx) and not any(step in out for step in loc.ancestors()),
            )
        outcome.lost = inner.entry_facts - closure.facts - inner.state.facts
    for state in inner.raises:
        if state.reachable:
            facts = state.facts - entry.facts - closure.facts
            exception = state.env.get("$exception", BOTTOM)
            outcome.raised.append((_changed(entry, inner, state, exception), facts, exception))
    return outcome


def _is_inner(loc: Loc, ctx: Loc) -> bool:
    return any(ancestor == ctx for ancestor in loc.ancestors())


def _changed(entry: State, inner: Frame, state: State, value: Value) -> dict[Loc, Obj]:
    """The objects that a body made or changed and that something outside still refers to."""
    changed = {loc: obj for loc, obj in state.heap.items() if entry.heap.get(loc) is not obj}
    return garbage.wanted(changed, inner.ctx, [value, *inner.entered.values()])


def _back_to_yield(inner: Frame) -> tuple[tuple[Loc, Obj, Obj], ...]:
    """Leave the objects as they are at the yield: inside ``with`` they have not changed any further yet."""
    then, last = inner.yield_state, inner.state
    if then is None or not last.reachable:
        return ()
    changes = [
        (loc, held, obj)
        for loc, obj in last.heap.items()
        if (held := then.heap.get(loc)) is not None and held is not obj and loc != inner.loc
    ]
    for loc, held, _ in changes:
        last.heap[loc] = held
    return tuple(changes)


def _generator(
    m: Machine, inner: Frame, closure: Closure, returned: Value, later: tuple[tuple[Loc, Obj, Obj], ...]
) -> Value:
    items = inner.yields
    parts: dict[Key, Value] = {"$return": returned, SENDS: NOT_BEGUN}
    exact = inner.yields_exact and len(items) <= 32
    if exact:
        parts.update({Const("int", index): item for index, item in enumerate(items)})
    obj = Obj(
        "generator",
        parts=parts,
        rest=BOTTOM if exact else join_all(items),
        length=len(items) if exact else None,
        info=Resumable(closure, tuple(inner.entered.items()), inner.yield_facts or NO_FACTS, later),
    )
    return m.new(inner, closure.function.at, obj, "generator")


def throw(m: Machine, f: Frame, info: Resumable, error: Value, at: int) -> None:
    """``generator.throw(error)``: run the body again with the exception raised where it yields.

    What it does to objects on the way is left out: all before the ``yield`` has been done.
    """
    before = f.state.copy()
    _run_again(m, f, info, at, OPAQUE, error)
    f.state = before


def _run_again(
    m: Machine, f: Frame, info: Resumable, at: int, sent: Value, thrown: Value = BOTTOM
) -> Frame | None:
    """The frame of a generator's body after another run; None where that would go too deep."""
    closure = info.closure
    ctx = Loc(f.ctx, ("call", f.unit.name, at, closure.function.at, *f.passes))
    if f.depth >= MAX_DEPTH or m.active_count(closure) >= MAX_RECURSION:
        return None
    m.enter_function(closure)
    inner = activate(m, closure, dict(info.bound), ctx, f.state, f.depth + 1, f.state.facts)
    inner.sent, inner.thrown = sent, thrown
    m.execute(inner, closure.function.body)
    m.leave_function(closure)
    return inner
