"""Generators that are sent something: ``yield`` gives what ``send`` brought, in the order in which it came.

The body runs when the generator is made, with nothing known of what will be sent. Each ``send`` runs it
again from its start: its yields give what was sent so far, and at the next one it stops. Where the order
is not told (in a loop, after paths have met) every yield gives anything that was sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import activations, container_methods, containers, contexts, raising
from qorgau.flow.constants import Const
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import NOT_BEGUN, SENDS, Args, Closure, Frame, Resumable, Script
from qorgau.flow.state import State, bottom_like
from qorgau.flow.values import BOTTOM, OPAQUE, External, Value, join, join_all, of_const, of_ref
from qorgau.linking import walk

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

MAX_SENT = 8
"""Values that were sent to one generator up to which their order is told."""

YIELDS = "$yields"
"""The variable that counts the yields which a body has passed."""


def _is_heard(m: Machine, closure: Closure) -> bool:
    """Whether the body of a generator uses what is sent to it, or lets another generator have it."""
    place = (closure.unit.name, closure.function.at)
    known = m.listening.get(place)
    if known is None:
        nodes = list(walk(closure.function.body))
        unheard = {id(node.value) for node in nodes if isinstance(node, ir.Evaluate)}
        known = m.listening[place] = any(
            isinstance(node, ir.YieldFrom) or (isinstance(node, ir.Yield) and id(node) not in unheard)
            for node in nodes
        )
    return known


def advance(m: Machine, f: Frame, loc: Loc, at: int) -> Value:
    """``next(generator)``: nothing is sent."""
    obj = m.obj(f, loc)
    item = container_methods.next_item(m, f, loc, at)
    if not isinstance(obj.info, Resumable):
        return item
    if not _is_heard(m, obj.info.closure):
        note(m, f, loc, m.obj(f, loc), history_of(obj, of_const(None)))
        return item
    given = send(m, f, loc, m.obj(f, loc), of_const(None), at)
    return item if given.is_bottom else given


def send(m: Machine, f: Frame, loc: Loc, obj: Obj, sent: Value, at: int) -> Value:
    """``generator.send(value)``: run the body again with what was sent as the results of its yields."""
    info = obj.info
    if not isinstance(info, Resumable):
        return containers.each(obj)
    if f.depth >= activations.MAX_DEPTH or m.active_count(info.closure) >= activations.MAX_RECURSION:
        return join(containers.each(obj), sent)
    history = None if loc.old else history_of(obj, sent)
    if history is None:
        anything = join_all([sent, *(part for key, part in obj.parts.items() if _holds_sent(key))])
        m.write(f, loc, obj.put(SENDS, OPAQUE).put(f"{SENDS}0", anything), strong=True)
        inner = _begun(m, f, info, at)
        inner.sent = anything
        run_body(m, inner, info)
        take_over(m, f, ways_out(inner))
        return join_all([*inner.yields, containers.each(obj)])
    note(m, f, loc, obj, history)
    return _played(m, f, info, Script(history), at)


def throw(m: Machine, f: Frame, loc: Loc, obj: Obj, thrown: Value, at: int) -> Value:
    """``generator.throw(exception)``: it is raised by the yield at which the body stands."""
    info = obj.info
    count = obj.parts.get(SENDS, NOT_BEGUN).constant()
    earlier = _sent(obj, count.value) if count is not None and isinstance(count.value, int) else None
    if not isinstance(info, Resumable) or earlier is None or loc.old or f.depth >= activations.MAX_DEPTH:
        return containers.each(obj)
    m.write(f, loc, obj.put(SENDS, OPAQUE), strong=True)
    return _played(m, f, info, Script(earlier, contexts.instances(m, f, thrown, at)), at)


def note(m: Machine, f: Frame, loc: Loc, obj: Obj, history: tuple[Value, ...] | None) -> None:
    """Remember what was sent."""
    noted = obj.put(SENDS, OPAQUE if history is None else of_const(len(history)))
    if history:
        noted = noted.put(f"{SENDS}{len(history) - 1}", history[-1])
    m.write(f, loc, noted, strong=True)


def _played(m: Machine, f: Frame, info: Resumable, script: Script, at: int) -> Value:
    return play(m, f, info, _begun(m, f, info, at), script, at)


def play(m: Machine, f: Frame, info: Resumable, inner: Frame, script: Script, at: int) -> Value:
    """Run a body by a script: what it yields where it stops."""
    inner.script = script
    run_body(m, inner, info)
    left = ways_out(inner)
    if f.handlers and left and not script.stops and not inner.yields:
        take_over(m, f, left)
        return stopped(m, f, join_all(value for _, value in left), at)
    take_over(m, f, [*script.stops, *left])
    return join_all([*(value for _, value in script.stops), *inner.yields])


def stopped(m: Machine, f: Frame, given: Value, at: int) -> Value:
    """An iterator is at its end: ``StopIteration``, which holds what a generator's ``return`` gave."""
    error = m.call(f, of_ref(External("builtins.StopIteration")), Args([given]), at)
    for loc in error.locs():
        m.write(f, loc, m.obj(f, loc).put("value", given), strong=True)
    raising.leave(f, error)
    return BOTTOM


def _holds_sent(key: Key) -> bool:
    return isinstance(key, str) and key.startswith(SENDS) and key != SENDS


def history_of(obj: Obj, sent: Value) -> tuple[Value, ...] | None:
    """All that was sent, in order, with this last; None where that is not told."""
    count = obj.parts.get(SENDS, NOT_BEGUN).constant()
    if count is None or not isinstance(count.value, int) or count.value >= MAX_SENT:
        return None
    told = _sent(obj, count.value)
    if count.value < 0 and sent.constant() == Const("NoneType", None):
        return ()
    return (*told, sent) if told is not None else None


def _sent(obj: Obj, count: int) -> tuple[Value, ...] | None:
    earlier = [obj.parts.get(f"{SENDS}{index}") for index in range(count)]
    told = tuple(value for value in earlier if value is not None)
    return told if len(told) == len(earlier) else None


def _begun(m: Machine, f: Frame, info: Resumable, at: int) -> Frame:
    closure = info.closure
    ctx = Loc(f.ctx, ("call", f.unit.name, at, closure.function.at, *f.passes))
    return activations.activate(m, closure, dict(info.bound), ctx, f.state, f.depth + 1, f.state.facts)


def run_body(m: Machine, inner: Frame, info: Resumable) -> None:
    m.enter_function(info.closure)
    m.execute(inner, info.closure.function.body)
    m.leave_function(info.closure)


def ways_out(inner: Frame) -> list[tuple[State, Value]]:
    """The states in which a body was left, or in which it may stand at a yield."""
    ends = [*inner.returns, (inner.state, of_const(None))]
    if inner.yield_state is not None:
        ends.append((inner.yield_state, BOTTOM))
    return [end for end in ends if end[0].reachable]


def take_over(m: Machine, f: Frame, ends: list[tuple[State, Value]]) -> None:
    """What the body did to objects has been done."""
    if ends:
        joined = ends[0][0]
        for other, _ in ends[1:]:
            joined = m.join_states(joined, other)
        f.state.heap.update(joined.heap)


def at_yield(m: Machine, f: Frame, value: Value) -> Value:
    """What ``yield value`` gives: the next of what was sent; after the last the body stops here."""
    script = f.script
    if script is None:
        m.yielded(f, value)
        if f.thrown.is_bottom:
            return f.sent
        raising.leave(f, f.thrown)
        return BOTTOM
    place = _place(f.state)
    if place is None:
        script.lost = True
        m.yielded(f, value)
        return join_all([OPAQUE, *script.sent])
    if place < len(script.sent):
        f.state.env[YIELDS] = of_const(place + 1)
        if script.around is not None and place == len(script.sent) - 1:
            _go_on(f.state, script.around)
        return script.sent[place]
    if script.thrown is not None and place == len(script.sent):
        f.state.env[YIELDS] = of_const(place + 1)
        raising.leave(f, script.thrown)
        return BOTTOM
    if script.whole:
        f.state.env[YIELDS] = of_const(place + 1)
        m.yielded(f, value)
        return of_const(None)
    if f.state.reachable:
        script.stops.append((f.state, contexts.as_yielded(f, value)))
    f.state = bottom_like(f.state)
    return BOTTOM


def _go_on(state: State, around: State) -> None:
    """A body that was run again up to where it stood goes on with the objects as they are now."""
    for loc in list(state.heap):
        current = around.obj(loc)
        if current is not None:
            state.heap[loc] = current


def _place(state: State) -> int | None:
    """How many yields were passed on the way here, where all ways passed as many."""
    known = state.env.get(YIELDS, of_const(0)).constant()
    return known.value if known is not None and isinstance(known.value, int) else None


def at_delegation(m: Machine, f: Frame, value: Value, at: int) -> Value | None:
    """What ``yield from generator`` gives where the other one hears what is sent; None where it need not."""
    script, loc = f.script, value.single()
    obj = f.state.obj(loc) if isinstance(loc, Loc) else None
    place = _place(f.state)
    if script is None or place is None or obj is None or not isinstance(obj.info, Resumable):
        return None
    if not _is_heard(m, obj.info.closure) or f.depth >= activations.MAX_DEPTH:
        return None
    inner = _begun(m, f, obj.info, at)
    inner.script = heard = Script(script.sent[place:], around=script.around, whole=script.whole)
    run_body(m, inner, obj.info)
    script.lost = script.lost or heard.lost
    for given in inner.yields:
        m.yielded(f, given, many=heard.lost)
    before = f.state.copy()
    if heard.stops:
        take_over(m, f, heard.stops)
        script.stops.append((f.state, join_all(value for _, value in heard.stops)))
    ends = ways_out(inner)
    if not ends:
        f.state = bottom_like(before)
        return BOTTOM
    f.state = before
    take_over(m, f, ends)
    passed = [_place(state) for state, _ in ends]
    f.state.env[YIELDS] = join_all(OPAQUE if count is None else of_const(place + count) for count in passed)
    return join_all(value for _, value in ends)
