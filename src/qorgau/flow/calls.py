"""Calls of the project's own functions and classes.

A call is analysed with what reaches it: arguments, the objects behind them, the facts that
hold. Results are remembered (``memo``). Recursion is solved by fixpoint where the same call
comes again, and cut off, counted, where it keeps changing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from qorgau import ir
from qorgau.flow import (
    branches,
    constructing,
    dispatch,
    garbage,
    inheritance,
    raising,
    signatures,
    started,
    stepping,
    trials,
    waiting,
)
from qorgau.flow.activations import MAX_DEPTH, MAX_RECURSION, activate, conclude
from qorgau.flow.facts import CHECKS, Facts
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Closure, Frame
from qorgau.flow.memo import Canon, Outcome, Remembered, Transfer
from qorgau.flow.parameters import bind_parameters
from qorgau.flow.state import State, bottom_like
from qorgau.flow.values import (
    BOTTOM,
    NO_CONSTS,
    OPAQUE,
    UNKNOWN,
    Bound,
    Builtin,
    External,
    Ref,
    SuperOf,
    Value,
    join,
    of_ref,
    stamp,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


REMEMBERED = 4_000
"""Results of calls that are kept; the oldest goes first. What is asked for again is mostly asked for soon."""

MAX_ROUNDS = 4

WRAPS = "$wraps"
"""The part of what an unknown call gave that is the functions which it was given."""


class Active(msgspec.Struct):
    """A call being analysed: what a recursive call may assume of it, and whether one did."""

    assumed: Outcome | None = None
    used: bool = False
    place: tuple[str, int] = ("", 0)
    ctx: Loc | None = None
    canon: Canon | None = None


def call(m: Machine, f: Frame, callee: Value, args: Args, at: int) -> Value:
    """The result of calling a value: the join over everything that it can be."""
    targets = list(callee.refs.items())
    if not targets:
        return m.unknown_call(f, "", callee, args, at)
    if len(targets) == 1 and not callee.unknown:
        ref, facts = targets[0]
        _chosen_by(f, facts)
        return stamp(_call_ref(m, f, ref, args, at, callee), facts)
    f.assigning = ()
    before = f.state
    outcomes: list[tuple[State, Value]] = []
    for ref, facts in targets:
        f.state = before.copy()
        _chosen_by(f, facts)
        value = _call_ref(m, f, ref, args, at, callee)
        outcomes.append((f.state, stamp(value, facts)))
    return branches.meet(m, f, outcomes)


def _chosen_by(f: Frame, facts: Facts) -> None:
    """What is called was chosen by a check: ``{"yes": send, "no": skip}["yes" if agreed(c) else "no"](c)``."""
    checks = frozenset(fact for fact in facts if fact.kind in CHECKS)
    if checks:
        f.state.facts = f.state.facts | checks


def _call_ref(m: Machine, f: Frame, ref: Ref, args: Args, at: int, callee: Value) -> Value:
    if isinstance(ref, External):
        return m.library_call(f, ref.dotted, BOTTOM, args, at)
    if isinstance(ref, Builtin):
        return m.call_method(f, ref.receiver, ref.name, args, at)
    if isinstance(ref, SuperOf):
        return UNKNOWN
    if isinstance(ref, Bound):
        return _call_bound(m, f, ref, args, at)
    obj = f.state.obj(ref)
    if obj is None:
        return m.unknown_call(f, label_name(ref), of_ref(ref, unknown=True), args, at)
    match obj.kind:
        case "function":
            return invoke(m, f, ref, obj, args, at)
        case "class":
            return constructing.construct(m, f, ref, args, at)
        case "partial":
            return _call_partial(m, f, obj, args, at)
        case "made":
            return m.call_made(f, obj, args, at)
        case dispatch.KIND:
            return dispatch.call(m, f, obj, args, at)
    if obj.cls is not None:
        found = inheritance.method(m, f, ref, obj, "__call__", at)
        if found is not None:
            return call(m, f, found, args, at)
    if obj.type:
        return m.library_call(f, obj.type + ".__call__", of_ref(ref), args, at)
    if WRAPS in obj.parts:
        return _call_wrapped(m, f, ref, obj.parts[WRAPS], args, at)
    return m.unknown_call(f, label_name(ref), of_ref(ref, unknown=True), args, at)


def _call_wrapped(m: Machine, f: Frame, ref: Loc, wrapped: Value, args: Args, at: int) -> Value:
    """What unknown code has made of a function may call it with what it is called with."""
    value = m.perhaps(f, lambda: call(m, f, wrapped, args, at))
    return join(value, m.unknown_call(f, label_name(ref), of_ref(ref, unknown=True), args, at))


def label_name(loc: Loc) -> str:
    """The name of an unknown part, for messages and patterns of bare names."""
    return loc.label if isinstance(loc.label, str) else ""


def _call_bound(m: Machine, f: Frame, ref: Bound, args: Args, at: int) -> Value:
    obj = f.state.obj(ref.function)
    if obj is None:
        return m.unknown_call(f, "", ref.receiver, args, at)
    with_self = Args([ref.receiver, *args.positional], args.keywords, args.star, args.double)
    with_self.ats = {k + 1 if isinstance(k, int) else k: v for k, v in args.ats.items()}
    if obj.kind == "function":
        return invoke(m, f, ref.function, obj, with_self, at, receiver=ref.receiver)
    return _call_ref(m, f, ref.function, with_self, at, of_ref(ref.function))


def _call_partial(m: Machine, f: Frame, obj: Obj, args: Args, at: int) -> Value:
    held = obj.info
    assert isinstance(held, tuple)
    count, names = held
    positional = [obj.parts[f"$p{index}"] for index in range(count)]
    keywords = {name: obj.parts[f"$k{name}"] for name in names}
    merged = Args(
        [*positional, *args.positional],
        {**keywords, **args.keywords},
        join(obj.parts.get("$star", BOTTOM), args.star),
        [*([obj.parts["$double"]] if "$double" in obj.parts else []), *args.double],
    )
    merged.ats = {k + count if isinstance(k, int) else k: v for k, v in args.ats.items()}
    return call(m, f, obj.parts["$function"], merged, at)


# Functions


def invoke(
    m: Machine, f: Frame, loc: Loc, obj: Obj, args: Args, at: int, receiver: Value | None = None
) -> Value:
    """Call a function of the project."""
    closure = obj.info
    assert isinstance(closure, Closure)
    answered = m.configured_call(f, loc, closure, receiver, args, at)
    if answered is not None:
        m.risk()
        return answered
    if closure.is_coroutine and _is_dropped(f, closure, at):
        return OPAQUE
    if waiting.is_lazy(closure) and waiting.can_wait(m, f, at, closure.function.name):
        m.found.reached.add((closure.unit.name, closure.function.at))
        function = closure.function
        begin = (
            (lambda: stepping.made(m, f, loc, obj, args, at, receiver))
            if function.is_generator and not function.is_async
            else None
        )
        return waiting.hold(m, f, at, lambda: invoke(m, f, loc, obj, args, at, receiver), begin)
    closure = m.entered(f, loc, closure, receiver)
    ctx = Loc(f.ctx, ("call", f.unit.name, at, closure.function.at, *f.passes))
    depth = m.active_count(closure)
    if f.depth >= MAX_DEPTH:
        m.count("calls cut off by depth")
        return _not_followed(m, f, closure, args, at)
    if m.spent_on_calls():
        m.count("calls left out by size")
        return _not_followed(m, f, closure, args, at)
    if not m.is_worthwhile(f, closure, args):
        return _not_followed(m, f, closure, args, at)
    m.found.reached.add((closure.unit.name, closure.function.at))
    bound = bind_parameters(m, f, obj, closure, args, at)
    if depth >= MAX_RECURSION:
        uncounted = {name: _uncounted(value) for name, value in bound.items()}
        if depth == MAX_RECURSION and uncounted == bound:
            return _like_outer(m, f, closure)
        bound = uncounted
    canon = Canon(f.state, m.told(f.state.facts))
    key = canon.key(closure, [m.epoch, *(item for pair in bound.items() for item in pair)])
    remembered = m.memo.get(key)
    if depth > MAX_RECURSION and key not in m.active and remembered is None:
        return _like_outer(m, f, closure)
    if remembered is not None:
        transfer = Transfer(remembered, ctx, canon)
        outcome = transfer.outcome(remembered.outcome)
        m.found.add(remembered.found, dict.fromkeys(map(transfer.arrival, remembered.found.arrivals)))
        m.found.pay(remembered.found)
        m.count("calls remembered")
    else:
        active = m.active.get(key)
        if active is not None:
            active.used = True
            m.risk()
            if active.assumed is None:
                f.state = bottom_like(f.state)
                return BOTTOM
            assert active.ctx is not None
            assert active.canon is not None
            stand_in = Remembered(
                active.assumed, active.ctx, active.canon.locs, active.canon.traces, m.finding()
            )
            outcome = Transfer(stand_in, ctx, canon).outcome(active.assumed)
        else:
            outcome = _solve(m, f, key, canon, closure, bound, ctx, receiver)
    goes_on = closure.function.is_async and not closure.function.is_generator and at != f.awaiting
    before = f.state.copy() if goes_on and not outcome.returns else f.state
    value = trials.masked(m, f, loc, closure, args, _apply(m, f, outcome, closure, at), at)
    value = m.concluded(f, loc, closure, receiver, args, value, at)
    if goes_on:
        if not f.state.reachable:
            f.state, value = before, OPAQUE.with_()
        started.remember(f, of_ref(loc), args, at, value)
    return value


def _is_dropped(f: Frame, closure: Closure, at: int) -> bool:
    """Whether a statement makes a coroutine and never awaits it: it does not run."""
    node = f.unit.dropped.get(at)
    if node is None:
        return False
    name = node.function.attr if isinstance(node.function, ir.Attribute) else getattr(node.function, "id", "")
    return bool(name == closure.function.name)


def _not_followed(m: Machine, f: Frame, closure: Closure, args: Args, at: int) -> Value:
    """What a function gives that is not looked into: something unknown, of the class that its annotation names."""
    value = m.unknown_call(f, closure.function.name, BOTTOM, args, at, known=True)
    return signatures.promised(m, f, closure, value)


def _uncounted(value: Value) -> Value:
    """An argument of a deep recursion: a number or text that each call changes could be any."""
    if not value.consts or all(isinstance(constant.value, bool | None) for constant in value.consts):
        return value
    return value.with_(consts=NO_CONSTS, opaque=True)


def _like_outer(m: Machine, f: Frame, closure: Closure) -> Value:
    """A recursive call that is followed no deeper: it is taken to give what the call around it gives."""
    m.count("recursive calls cut off")
    m.risk()
    place = (closure.unit.name, closure.function.at)
    active = next((one for one in reversed(m.active.values()) if one.place == place), None)
    if active is None:
        return UNKNOWN
    active.used = True
    if active.assumed is None:
        f.state = bottom_like(f.state)
        return BOTTOM
    for loc, obj in active.assumed.changed.items():
        f.state.heap.setdefault(loc, obj)
    return active.assumed.value


def solve(
    m: Machine, f: Frame, closure: Closure, bound: dict[str, Value], ctx: Loc, receiver: Value | None
) -> Outcome:
    """Run a function's body with its parameters bound, as the root of an analysis."""
    canon = Canon(f.state, f.state.facts)
    return _solve(m, f, (ctx, m.epoch), canon, closure, bound, ctx, receiver)


def _solve(
    m: Machine,
    f: Frame,
    key: object,
    canon: Canon,
    closure: Closure,
    bound: dict[str, Value],
    ctx: Loc,
    receiver: Value | None,
) -> Outcome:
    active = Active(ctx=ctx, canon=canon, place=(closure.unit.name, closure.function.at))
    m.active[key] = active
    m.enter_function(closure)
    around, m.found = m.found, m.finding()
    m.found.reached.add(active.place)
    try:
        outcome = _run(m, f, closure, bound, ctx, receiver)
        for _ in range(MAX_ROUNDS):
            settled = active.assumed is not None and active.assumed.value == outcome.value
            if not active.used or settled:
                break
            active.assumed, active.used = outcome, False
            outcome = _run(m, f, closure, bound, ctx, receiver)
    finally:
        del m.active[key]
        m.leave_function(closure)
        found, m.found = m.found, around
        found.close(hash(key))
        if found.is_cut:
            # What is cut short in the middle is analysed again on its own.
            m.count("functions cut off by size")
            found.cut.add(active.place)
        around.add(found, found.arrivals)
        around.pay(found)
    if not m.any_assumed():
        m.memo[key] = Remembered(outcome, ctx, canon.locs, canon.traces, found)
        if len(m.memo) > REMEMBERED:
            m.memo.popitem(last=False)
    return outcome


def _run(
    m: Machine, f: Frame, closure: Closure, bound: dict[str, Value], ctx: Loc, receiver: Value | None
) -> Outcome:
    entry = f.state
    mark, risks = len(m.made), m.risks
    inner = activate(m, closure, bound, ctx, entry, f.depth + 1, m.told(entry.facts))
    if receiver is not None:
        inner.receiver = receiver
    if not signatures.declares(closure.function):
        m.execute(inner, closure.function.body)
    started.finished(m, inner, f)
    outcome = conclude(m, inner, closure, entry)
    outcome.risky, m.risks = m.risks != risks, risks
    if len(m.made) > mark:
        raised = [value for _, _, value in outcome.raised]
        alive = garbage.mentioned([outcome.value, *raised], outcome.changed)
        outcome.made = list(dict.fromkeys(loc for loc in m.made[mark:] if loc in alive))
        del m.made[mark:]
    return outcome


def _apply(m: Machine, f: Frame, outcome: Outcome, closure: Closure, at: int) -> Value:
    """Make the outcome of a call true in the caller's state."""
    if outcome.risky:
        m.risk()
    for changed, facts, exception in outcome.raised:
        state = f.state.copy()
        state.heap.update(changed)
        state.facts = state.facts | facts
        held, f.state = f.state, state
        raising.leave(f, exception)
        f.state = held
    m.made.extend(outcome.made)
    if not outcome.returns:
        f.state = bottom_like(f.state)
        return BOTTOM
    f.state.heap.update(outcome.changed)
    f.state.facts = (f.state.facts - outcome.lost) | outcome.gained
    value = outcome.value
    if value.taints:
        note = f"returned by {closure.function.name}()"
        value = value.map_taints(lambda taint: taint.stepped(f.unit, at, note))
    return value
