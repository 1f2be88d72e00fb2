"""``except*``: each handler takes its share of what was raised, the rest goes on to the next one and outwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau import ir
from qorgau.flow import raising
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.state import State, bottom_like
from qorgau.flow.values import BOTTOM, Ref, Value, join, join_all, stamp

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

HELD = "exceptions"
"""The part of a group that holds its exceptions."""


def handle(m: Machine, f: Frame, handler: ir.Handler, caught: list[State]) -> State:
    """Run a handler for its share of what was raised; the state in which nothing is left over.

    ``caught`` keeps the paths on which something is: behind the handler, and beside it.
    """
    if not caught or handler.type is None:
        return bottom_like(f.state)
    untold = [state for state in caught if not _is_told(state)]
    raised = _entered(m, f, caught, handler.at)
    kinds = raising.kinds_of(m, f, m.evaluate(f, handler.type), handler.at)
    answers = {
        ref: raising.is_kind(m, f, ref, kinds)
        for one in _leaves(m, f, raised, handler.at)
        for ref in one.refs
    }
    sure = set() if untold else _sure(_leaves(m, f, raised, handler.at), raised, answers)
    rest = _share(m, f, raised, lambda ref: answers[ref] is not True, handler.at, "rest")
    taken = _share(m, f, raised, lambda ref: answers[ref] is not False, handler.at, "taken")
    beside = f.state.copy()
    if untold:
        taken = join(taken, m.exception(f, BOTTOM, kinds, handler.at))
    if not taken.is_bottom:
        _run(m, f, handler, _grouped(m, f, [taken], handler.at, "group"))
    behind = f.state if not taken.is_bottom else bottom_like(beside)
    ways = [behind] if True in sure and behind.reachable else [behind, beside]
    caught[:] = [*untold, *_left(ways, rest)]
    return bottom_like(behind) if False in sure else behind


def _is_told(state: State) -> bool:
    """Whether a path was ended by an exception that is known."""
    return bool(state.env.get(raising.EXCEPTION, BOTTOM).refs)


def _entered(m: Machine, f: Frame, caught: Sequence[State], at: int) -> Value:
    """Go on where the paths meet: what was raised, as far as it is known."""
    state = caught[0]
    for other in caught[1:]:
        state = m.join_states(state, other)
    f.state = state.copy()
    f.state.env.pop(raising.EXCEPTION, None)
    raised = join_all(one.env[raising.EXCEPTION] for one in caught if _is_told(one))
    return m.exception(f, raised, BOTTOM, at, elsewhere=False) if raised.refs else BOTTOM


def _inner(f: Frame, ref: Ref) -> Value | None:
    """The exceptions of a group; None for an exception by itself."""
    obj = f.state.obj(ref) if isinstance(ref, Loc) else None
    return obj.parts.get(HELD) if obj is not None else None


def _items(m: Machine, f: Frame, inner: Value, at: int) -> Sequence[Value]:
    held = m.iterate(f, inner, at)
    return held.items if held.items is not None else (held.each,)


def _leaves(m: Machine, f: Frame, value: Value, at: int) -> Iterator[Value]:
    """The exceptions that are no groups, however deep they stand."""
    for ref, facts in value.refs.items():
        inner = _inner(f, ref)
        if inner is None:
            yield value if len(value.refs) == 1 else Value(refs={ref: facts})
        else:
            for item in _items(m, f, inner, at):
                yield from _leaves(m, f, item, at)


def _sure(leaves: Iterator[Value], raised: Value, answers: dict[Ref, bool | None]) -> set[bool | None]:
    """What surely holds of some exception: that a handler takes it (true), that it does not (false)."""
    if len(raised.refs) != 1 or raised.unknown:
        return set()
    return {answers[ref] for one in leaves if len(one.refs) == 1 and not one.unknown for ref in one.refs}


def _share(m: Machine, f: Frame, value: Value, chooses: Callable[[Ref], bool], at: int, label: str) -> Value:
    """The part of what was raised that is chosen: groups with those of their exceptions, or nothing."""
    kept: list[Value] = []
    for ref, facts in value.refs.items():
        inner = _inner(f, ref)
        if inner is None:
            kept += [Value(refs={ref: facts})] if chooses(ref) else []
            continue
        items = enumerate(_items(m, f, inner, at))
        shares = [_share(m, f, item, chooses, at, f"{label}.{index}") for index, item in items]
        shares = [one for one in shares if not one.is_bottom]
        if shares:
            kept.append(stamp(_grouped(m, f, shares, at, label, of=ref), facts))
    return join_all(kept)


def _grouped(
    m: Machine, f: Frame, exceptions: Sequence[Value], at: int, label: str, of: Ref | None = None
) -> Value:
    """A group of exceptions, of the class of the group that they were a part of; groups stay as they are."""
    if of is None and all(_inner(f, ref) is not None for one in exceptions for ref in one.refs):
        return join_all(exceptions)
    whole = f.state.obj(of) if isinstance(of, Loc) else None
    held = m.sequence(f, at, "tuple", exceptions, None, f"{label}-held")
    made = Obj("library", type="builtins.ExceptionGroup", parts={HELD: held})
    if whole is not None:
        made = replace(made, kind=whole.kind, type=whole.type, cls=whole.cls)
    return m.new(f, at, made, label)


def _run(m: Machine, f: Frame, handler: ir.Handler, bound: Value) -> None:
    f.state.env[raising.HANDLED] = bound
    raising.run_handler(m, f, handler, bound)


def _left(ways: Sequence[State], rest: Value) -> Iterator[State]:
    """The paths on which something is left over."""
    for way in ways:
        if way.reachable and not rest.is_bottom:
            going = way.copy()
            going.env[raising.EXCEPTION] = rest
            yield going
