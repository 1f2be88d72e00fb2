"""Signals and events: who is connected to one is called when it is sent.

A signal is an object of the library, or a name that an emitter or the whole program knows. Its
receivers are kept as a part of that object, so that what a module connects when it is imported is
called by any function that sends.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from qorgau.flow import registries
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.taints import NO_TAINTS
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, Builtin, Value, join, join_all, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

RECEIVERS = "$receivers"
"""The part of a signal that is all who are connected to it; with ``:name`` of an emitter's event."""

MAX_RECEIVERS = 6
"""Functions connected to one signal that are called when it is sent; others are analysed on their own."""

CONNECTING = frozenset(("signal-connect", "event-connect", "signal-receiver"))
"""What connects a function to a signal, also when it is its decorator."""


def decorate(m: Machine, f: Frame, does: str, target: Value, args: Args | None, function: Value) -> None:
    """``@signal.connect``, ``@receiver(signal)``, ``@emitter.on("event")``"""
    if does == "signal-receiver":
        for value in args.positional[:1] if args is not None else ():
            _connect(m, f, _signals(m, f, value), RECEIVERS, function)
        return
    for ref in target.refs:
        if isinstance(ref, Builtin):
            name = _event(args.get(0, "event")) if does == "event-connect" and args is not None else ""
            _connect(m, f, ref.receiver.locs(), RECEIVERS + name, function)


def _signals(m: Machine, f: Frame, value: Value) -> list[Loc]:
    """One signal or a list of them."""
    found = [loc for loc in value.locs() if m.obj(f, loc).kind == "library"]
    return found or m.iterate(f, value, 0).each.locs()


def _event(value: Value | None) -> str:
    texts = value.texts() if value is not None else []
    return f":{texts[0]}" if len(texts) == 1 else ""


def _connect(m: Machine, f: Frame, signals: list[Loc], part: str, function: Value) -> None:
    for loc in signals:
        obj = m.obj(f, loc)
        m.write(f, loc, obj.put(part, join(obj.parts.get(part, BOTTOM), function)), strong=True)


def _send(m: Machine, f: Frame, signals: list[Loc], part: str, args: Args, at: int) -> Value:
    """Call who is connected: pairs of each and what it gave."""
    pairs: list[Value] = []
    for loc in signals:
        receivers = [(ref, facts) for ref, facts in m.obj(f, loc).parts.get(part, BOTTOM).refs.items()]
        for index, (ref, facts) in enumerate(receivers[:MAX_RECEIVERS]):
            answer = m.perhaps(f, partial(m.call, f, Value(refs={ref: facts}), args, at))
            pairs.append(m.sequence(f, at, "tuple", [of_ref(ref), answer], None, f"answer{index}"))
        if len(receivers) > MAX_RECEIVERS:
            m.count("receivers of signals left out")
    # Who else is connected is not known; what they give is nothing that was sent.
    others = [m.unknown(f, at, NO_TAINTS, label) for label in ("receiver", "given")]
    pairs.append(m.sequence(f, at, "tuple", others, None))
    return m.sequence(f, at, "list", [], join_all(pairs), "sent")


def _no_decorator(m: Machine, f: Frame, u: Use) -> Value:
    """``receiver(signal)`` where it is no decorator."""
    return OPAQUE


def _signal_connect(m: Machine, f: Frame, u: Use) -> Value:
    _connect(m, f, u.receiver.locs(), RECEIVERS, u.arg(0, "receiver"))
    return u.arg(0, "receiver")


def _signal_send(m: Machine, f: Frame, u: Use) -> Value:
    """``signal.send(sender, **kwargs)``: a receiver gets the same; Django's also the signal itself."""
    keywords = dict(u.args.keywords)
    positional = list(u.args.positional)
    if u.dotted.startswith("django."):
        keywords.setdefault("sender", positional[0] if positional else OPAQUE)
        keywords["signal"] = u.receiver
        positional = []
    elif not positional:
        positional = [keywords.pop("_sender", OPAQUE)]
    given = Args(positional, keywords, u.args.star, list(u.args.double), dict(u.args.ats))
    return _send(m, f, u.receiver.locs(), RECEIVERS, given, u.at)


def _event_connect(m: Machine, f: Frame, u: Use) -> Value:
    """``emitter.on("event", function)``; without the function it is a decorator."""
    function = u.arg(1, "f")
    _connect(m, f, u.receiver.locs(), RECEIVERS + _event(u.arg(0, "event")), function)
    return function


def _event_send(m: Machine, f: Frame, u: Use) -> Value:
    part = RECEIVERS + _event(u.arg(0, "event"))
    _send(m, f, u.receiver.locs(), part, u.args.rest(1), u.at)
    return OPAQUE


def _topic_connect(m: Machine, f: Frame, u: Use) -> Value:
    """``pub.subscribe(function, "topic")``"""
    _connect(m, f, [_topics(m)], RECEIVERS + _event(u.arg(1, "topicName")), u.arg(0, "listener"))
    return OPAQUE


def _topic_send(m: Machine, f: Frame, u: Use) -> Value:
    part = RECEIVERS + _event(u.arg(0, "topicName"))
    _send(m, f, [_topics(m)], part, u.args.rest(1), u.at)
    return OPAQUE


def _topics(m: Machine) -> Loc:
    return registries.shared(m, "pubsub.pub")


def _named_signal(m: Machine, f: Frame, u: Use) -> Value:
    """``signal("paid")``: the same object wherever it is asked for by this name."""
    names = u.arg(0, "name").texts()
    if len(names) != 1:
        return m.unknown(f, u.at, frozenset(), "signal")
    return of_ref(registries.shared(m, "blinker.Signal", names[0]))


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "event-connect": _event_connect,
    "event-send": _event_send,
    "named-signal": _named_signal,
    "signal-connect": _signal_connect,
    "signal-receiver": _no_decorator,
    "signal-send": _signal_send,
    "topic-connect": _topic_connect,
    "topic-send": _topic_send,
}
