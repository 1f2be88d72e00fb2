"""Signals of Django around a deletion: their receivers delete what goes with a row (paragraph 25 of the Rules)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from qorgau import ir
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.values import External, Value, of_ref
from qorgau.linking import Unit, walk

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

DELETED = frozenset(("django.db.models.signals.pre_delete", "django.db.models.signals.post_delete"))
RECEIVER = "django.dispatch.receiver"


class Receiver(NamedTuple):
    """A function that is called when a row is deleted: of any model, or of ``sender``."""

    unit: Unit
    function: ir.Expr
    sender: ir.Expr | None


def deleted(m: Machine, f: Frame, models: frozenset[str], at: int) -> None:
    """Call the receivers of the deletion of rows of these models, inside what deletes them."""
    for receiver in of_program(m):
        if receiver in m.signalled:
            continue
        for sender in _senders(m, f, receiver, models):
            m.signalled.add(receiver)
            instance = f.place(at, f"deleted {sender}")
            m.write(f, instance, Obj("unknown", cls=sender), strong=True)
            given = {"sender": of_ref(sender), "instance": of_ref(instance, unknown=True)}
            for loc in m.quiet(f, receiver.function, receiver.unit).locs():
                m.perhaps(f, partial(m.call, f, of_ref(loc), Args(keywords=given), at))
            m.signalled.discard(receiver)


def of_program(m: Machine) -> tuple[Receiver, ...]:
    """The functions that the program connects to the deletion of rows."""
    if m.receivers is None:
        m.receivers = tuple(_receivers(m, m.frame_of_program()))
    return m.receivers


def _senders(m: Machine, f: Frame, receiver: Receiver, models: frozenset[str]) -> list[Loc]:
    """The models in hand that a receiver is connected to."""
    told = (
        m.quiet(f, receiver.sender, receiver.unit).locs() if receiver.sender is not None else list(m.classes)
    )
    return [cls for cls in told if (info := m.class_info(f, cls)) is not None and info.dotted in models]


def _receivers(m: Machine, f: Frame) -> Iterator[Receiver]:
    for unit in sorted(m.program.files, key=lambda each: each.name):
        for node in walk(unit.module.body):
            if isinstance(node, ir.Define):
                yield from _decorated(m, f, unit, node.function)
            elif isinstance(node, ir.Call) and isinstance(node.function, ir.Attribute) and node.arguments:
                if node.function.attr == "connect" and _is_deletion(m.quiet(f, node.function.value, unit)):
                    yield Receiver(unit, node.arguments[0].value, _keyword(node, "sender"))


def _decorated(m: Machine, f: Frame, unit: Unit, function: ir.Function) -> Iterator[Receiver]:
    for decorator in function.decorators:
        if not isinstance(decorator, ir.Call) or not decorator.arguments:
            continue
        names = {ref.dotted for ref in m.quiet(f, decorator.function, unit).refs if isinstance(ref, External)}
        first = decorator.arguments[0].value
        listed = first.elements if isinstance(first, ir.Sequence) else (first,)
        if RECEIVER in {m.policy.catalog.canonical(name) for name in names}:
            if any(_is_deletion(m.quiet(f, signal, unit)) for signal in listed):
                name = ir.Name(function.at, function.qualname)
                yield Receiver(unit, name, _keyword(decorator, "sender"))


def _is_deletion(signal: Value) -> bool:
    return any(isinstance(ref, External) and ref.dotted in DELETED for ref in signal.refs)


def _keyword(node: ir.Call, name: str) -> ir.Expr | None:
    return next((argument.value for argument in node.arguments if argument.keyword == name), None)
