"""Functions that Django calls when a row is deleted (``@receiver(post_delete, sender=Client)``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import calls
from qorgau.flow.machine import Args, Closure, Frame
from qorgau.flow.values import External, Loc, Obj, Value, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

RECEIVER = "django.dispatch.receiver"
SIGNALS = ("pre_delete", "post_delete")


def row_deleted(m: Machine, f: Frame, models: frozenset[str], at: int) -> None:
    """Run what is to happen when rows of these models go; it is code of the deletion."""
    for loc in list(m.functions.values()):
        obj = m.base.get(loc)
        closure = obj.info if obj is not None else None
        if not isinstance(closure, Closure) or RECEIVER not in closure.marks:
            continue
        for decorator in closure.function.decorators:
            for sender in _senders(m, f, closure, decorator):
                info = m.class_info(f, sender)
                if info is not None and info.dotted in models and not m.active_count(closure):
                    row = m.fresh(f, at, "deleted row")
                    f.state.heap[row] = Obj("unknown", cls=sender)
                    keywords = {
                        "sender": of_ref(sender),
                        "instance": Value(refs={row: frozenset()}, unknown=True),
                    }
                    calls.call(m, f, of_ref(loc), Args(keywords=keywords), at)


def _senders(m: Machine, f: Frame, closure: Closure, decorator: ir.Expr) -> list[Loc]:
    """The models whose deletion a decorator waits for."""
    if not isinstance(decorator, ir.Call):
        return []
    found: list[Loc] = []
    waits = False
    for argument in decorator.arguments:
        value = m.quiet(f, argument.value, closure.unit)
        if argument.keyword == "sender":
            found += value.locs()
        elif argument.keyword in (None, "signal"):
            each = m.iterate(f, value, decorator.at).each if value.locs() else value
            waits = waits or any(
                isinstance(ref, External) and ref.dotted.endswith(SIGNALS) for ref in each.refs
            )
    return found if waits else []
