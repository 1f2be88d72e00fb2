"""Blocks that have something to do on every way out: ``finally``, and what managers do as a ``with`` block is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from qorgau.flow.machine import Frame, LoopExits
from qorgau.flow.raising import EXCEPTION
from qorgau.flow.state import State

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

MAX_APART = 4
"""Exceptions that leave one block and are told apart; more are taken together."""


def guarded(
    m: Machine,
    f: Frame,
    run: Callable[[], None],
    final: Callable[[bool], None],
    *,
    swallows: bool = False,
    quiet: bool = False,
) -> None:
    """Run a block, then ``final`` in the state of each way out, told whether an exception takes it.

    ``swallows``: after an exception the program goes on behind the block. ``quiet``: exceptions that any call
    may raise need not be followed where nothing around catches them.
    """
    returns, loops, mark = f.returns, f.loops, len(f.raises)
    inner = LoopExits()
    pending: list[State] = []
    catches = not quiet or bool(f.handlers)
    if catches:
        f.handlers.append(pending)
    f.returns = []
    if loops:
        f.loops = [*loops[:-1], inner]
    run()
    if catches:
        f.handlers.pop()
    else:
        pending = f.raises[mark:]
        del f.raises[mark:]
    f.loops = loops
    made, f.returns = f.returns, returns
    normal = f.state

    def ended(state: State, failed: bool = False) -> Iterator[State]:
        f.state = state.copy()
        final(failed)
        if f.state.reachable:
            yield f.state

    for state, value in made:
        f.returns += [(after, value) for after in ended(state)]
    if loops:
        loops[-1].breaks += [after for state in inner.breaks for after in ended(state)]
        loops[-1].continues += [after for state in inner.continues for after in ended(state)]
    failed = [after for state in _apart(m, pending) for after in ended(state, True)]
    f.state = normal
    for f.state in ended(normal) if normal.reachable else ():
        pass
    if not swallows:
        (f.handlers[-1] if f.handlers else f.raises).extend(failed)
        return
    for state in failed:
        state.env.pop(EXCEPTION, None)
        f.state = m.join_states(f.state, state)


def _apart(m: Machine, states: Sequence[State]) -> list[State]:
    """The paths that exceptions end: those of which it is known which, and one for all others."""
    known = [state for state in states if EXCEPTION in state.env]
    others = [state for state in states if EXCEPTION not in state.env]
    if len(known) > MAX_APART:
        known, others = [], list(states)
    for state in others[1:]:
        others[0] = m.join_states(others[0], state)
    return [*known, *others[:1]]
