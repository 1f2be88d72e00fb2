"""Loggers that carry values: what is no longer bound is no longer written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import naming
from qorgau.flow.machine import Frame
from qorgau.flow.strings import DATA
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, Obj, Value, join_all

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def _unbind(m: Machine, f: Frame, u: Use) -> Value:
    """``log.unbind("email")``: the logger without what stands under these names."""
    names = [text for value in u.args.positional for text in value.texts()]
    fields = {field for name in names for field in m.policy.fields_of(name)}
    results: list[Value] = []
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        gone = {
            taint.field
            for name in names
            for taint in naming.contents(m, f, obj.parts.get(f"@{name}", BOTTOM), u.at)
        }
        held = Value(naming.held(m, f, obj, u.at), opaque=True)
        left = held.with_(
            taints=frozenset(taint for taint in held.taints if taint.field not in fields | gone)
        )
        results.append(m.new(f, u.at, Obj("library", type=obj.type, parts={DATA: left}), "unbound"))
    return join_all(results)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {"unbind": _unbind}
