"""Signals of blinker, and so of Flask: what is connected to one is called with what it is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow.machine import Args, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, NO_FACTS, NO_TAINTS, Bound, Builtin, Loc, Value, join, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

SIGNAL = "blinker.Signal"
RECEIVERS = "$receivers"
CONNECTING = frozenset(("connect", "connect_via"))
MAX_RECEIVERS = 6
"""Functions connected to one signal that are called when it is sent; others are analysed on their own."""


def connected(m: Machine, f: Frame, target: Value, function: Value) -> None:
    """A function is decorated with ``signal.connect`` or ``signal.connect_via(sender)``."""
    for ref in target.refs:
        if isinstance(ref, Builtin) and ref.name in CONNECTING:
            _connect(m, f, ref.receiver, function)


def _connect(m: Machine, f: Frame, signal: Value, function: Value) -> None:
    for loc in signal.locs():
        obj = f.state.obj(loc)
        if obj is not None and obj.type == SIGNAL:
            held = obj.parts.get(RECEIVERS, BOTTOM)
            m.write(f, loc, obj.put(RECEIVERS, join(held, function)), strong=True)


def _connecting(m: Machine, f: Frame, u: Use) -> Value:
    """``signal.connect(function, sender=...)``: gives the function back."""
    _connect(m, f, u.receiver, u.arg(0, "receiver"))
    return u.arg(0, "receiver")


def _sent(m: Machine, f: Frame, u: Use) -> Value:
    """``signal.send(sender, **data)``: pairs of each receiver and what it gave."""
    pairs: list[Value] = []
    for signal in u.receiver.locs():
        receivers = m.obj(f, signal).parts.get(RECEIVERS, BOTTOM)
        called = [ref for ref in receivers.refs if isinstance(ref, Bound | Loc)]
        for index, ref in enumerate(called[:MAX_RECEIVERS]):
            answer = m.call(f, of_ref(ref), _given(u), u.at)
            pairs.append(m.sequence(f, u.at, "tuple", [of_ref(ref), answer], None, f"answer{index}"))
        if len(called) > MAX_RECEIVERS:
            m.count("receivers of signals left out")
    # Who else is connected is not known; what they give is nothing that was sent.
    other = m.sequence(
        f,
        u.at,
        "tuple",
        [m.unknown(f, u.at, NO_TAINTS, "receiver"), m.unknown(f, u.at, NO_TAINTS, "given")],
        None,
    )
    return m.sequence(
        f, u.at, "list", [], Value(refs=dict.fromkeys([*_refs(pairs), *other.refs], NO_FACTS)), "sent"
    )


def _refs(values: list[Value]) -> list[Loc]:
    return [loc for value in values for loc in value.locs()]


def _given(u: Use) -> Args:
    return Args(
        list(u.args.positional[:1]), dict(u.args.keywords), u.args.star, list(u.args.double), dict(u.args.ats)
    )


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "signal-connect": _connecting,
    "signal-send": _sent,
}
