"""Work that goes on while the rest of a function runs: threads, tasks and coroutines that nobody awaited yet.

It is followed when it is started. What it works with may change after that (a queue is filled for a
consumer that waits), so it is looked at once more when it is awaited or joined, or when the function
that started it ends. What that second look adds to objects and results may have happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import garbage
from qorgau.flow.heap import Obj, join_objects
from qorgau.flow.machine import Args, Frame, Started
from qorgau.flow.values import BOTTOM, OPAQUE, Value, join, join_all

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

RESULT = "$result"
"""The part of a task that its result is."""

ROUNDS = 2
"""Times that work is looked at once more."""

MAX_STARTED = 8
"""Pieces of work of one function that are looked at once more."""


def remember(f: Frame, callee: Value, args: Args, at: int, result: Value = BOTTOM) -> None:
    """Something was started; ``result`` is what awaiting it gives."""
    if len(f.started) < MAX_STARTED:
        held = garbage.reachable([callee, *args.all()], f.state)
        f.started.append(Started(callee, args, at, result, held))


def aside(m: Machine, f: Frame, callee: Value, args: Args, at: int) -> Value:
    """Call something beside the rest of the function: it may go on for ever, or fail, without ending that."""
    before = f.state.copy()
    value = m.call(f, callee, args, at)
    if f.state.reachable:
        return value
    f.state = before
    return OPAQUE


def handed(f: Frame, result: Value, handle: Value) -> None:
    """A coroutine became a task: whoever awaits the ``handle`` awaits it."""
    for one in reversed(f.started):
        if one.result is result and one.handle is None:
            one.handle = handle.single()
            return


def awaited(m: Machine, f: Frame, value: Value, before: int) -> None:
    """``await value``, in which ``before`` pieces of work had been started: what it waits for has come to its end."""
    handles = set(value.locs())
    done = [one for one in f.started if one.result is value or one.handle in handles]
    done += [one for one in f.started[before:] if one.handle is None and one not in done]
    settle(m, f, [one for one in done if one.result is not value])
    f.started = [one for one in f.started if one not in done]


def joined(m: Machine, f: Frame, handle: Value) -> None:
    """``thread.join()``"""
    done = [one for one in f.started if one.handle is not None and one.handle in set(handle.locs())]
    settle(m, f, done)
    f.started = [one for one in f.started if one not in done]


def settle(m: Machine, f: Frame, work: list[Started]) -> None:
    """Look once more at work whose objects have changed since it was started, and let what it adds have happened.

    What one piece adds another may wait for, so that there is a second round.
    """
    for _ in range(ROUNDS):
        again = [one for one in work if any(f.state.obj(loc) is not obj for loc, obj in one.held.items())]
        if not again or not f.state.reachable or m.found.is_cut:
            return
        for one in again:
            one.held = {loc: f.state.obj(loc) for loc in one.held}
            _run_again(m, f, one)


def _run_again(m: Machine, f: Frame, one: Started) -> None:
    before, started, handlers = f.state, f.started, f.handlers
    f.state, f.started, f.handlers = before.copy(), [], []
    value = m.call(f, one.callee, one.args, one.at)
    after = f.state
    f.state, f.started, f.handlers = before, started, handlers
    if not after.reachable:
        return
    one.again = join(one.again, value)
    for loc, obj in after.heap.items():
        held = before.obj(loc)
        if held is None:
            before.heap[loc] = obj
        elif held is not obj and _says_more(held, obj):
            before.heap[loc] = join_objects(held, obj)
    waited_for = before.obj(one.handle) if one.handle is not None else None
    if waited_for is not None and RESULT in waited_for.parts and one.handle is not None:
        before.heap[one.handle] = waited_for.put(RESULT, join(waited_for.parts[RESULT], value))


def _says_more(held: Obj, obj: Obj) -> bool:
    """Whether an object holds data, or leads to objects, that it did not before."""
    known = join_all([held.rest, *held.parts.values()])
    now = join_all([obj.rest, *obj.parts.values()])
    return not (now.taints <= known.taints and now.refs.keys() <= known.refs.keys())


def gathered(m: Machine, f: Frame, value: Value, at: int | None) -> Value:
    """What a coroutine among several gives that run side by side: also what it gives after the others have run."""
    mine = [one for one in f.started if one.at == at or one.result is value]
    return join_all([value, *(one.again for one in mine)])


def finished(m: Machine, inner: Frame, outer: Frame) -> None:
    """A function has come to its end; what goes on after that is its caller's."""
    if not inner.started:
        return
    ends = [state for state, _ in inner.returns if state.reachable]
    if inner.state.reachable:
        ends.append(inner.state)
    if ends:
        state = ends[0].copy()
        for other in ends[1:]:
            state = m.join_states(state, other)
        held, inner.state = inner.state, state
        settle(m, inner, inner.started)
        inner.state = held
    outer.started += inner.started[: MAX_STARTED - len(outer.started)]
