"""Loggers that carry values: what is no longer bound is no longer written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import held_data, inheritance
from qorgau.flow.heap import DATA, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, Value, join_all, of_const

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
            for taint in held_data.contents(m, f, obj.parts.get(f"@{name}", BOTTOM), u.at)
        }
        held = Value(held_data.held(m, f, obj, u.at), opaque=True)
        left = held.with_(
            taints=frozenset(taint for taint in held.taints if taint.field not in fields | gone)
        )
        results.append(m.new(f, u.at, Obj("library", type=obj.type, parts={DATA: left}), "unbound"))
    return join_all(results)


ADAPTER = "logging.LoggerAdapter."


LOGURU = "loguru.logger."


def adapted(m: Machine, f: Frame, u: Use) -> Use:
    """A call of a logger with what is really written: what an adapter makes of it, what lazy arguments give."""
    if u.dotted.startswith(ADAPTER):
        return _processed(m, f, u)
    return _evaluated(m, f, u) if u.dotted.startswith(LOGURU) and _is_lazy(m, f, u.receiver) else u


def _is_lazy(m: Machine, f: Frame, logger: Value) -> bool:
    """Whether a logger was made by ``opt(lazy=True)``."""
    told = [m.obj(f, loc).parts.get("@lazy", BOTTOM).constant() for loc in logger.locs()]
    return any(constant is not None and constant.value is True for constant in told)


def _evaluated(m: Machine, f: Frame, u: Use) -> Use:
    """The functions that are given in place of values are called when the record is written."""
    positional = [m.call(f, value, Args(), u.at) if value.refs else value for value in u.args.positional]
    keywords = {
        name: m.call(f, value, Args(), u.at) if value.refs else value
        for name, value in u.args.keywords.items()
    }
    return replace(u, args=Args(positional, keywords, u.args.star, list(u.args.double)))


def _processed(m: Machine, f: Frame, u: Use) -> Use:
    """What an adapter with a ``process`` of its own logs: the message and the keywords that this gives back."""
    at = 1 if u.dotted.endswith(".log") else 0
    loc = u.receiver.single()
    obj = f.state.obj(loc) if isinstance(loc, Loc) else None
    if loc is None or obj is None or obj.cls is None or len(u.args.positional) <= at:
        return u
    process = inheritance.method(m, f, loc, obj, "process", u.at)
    if process is None:
        return u
    keywords = m.new(f, u.at, Obj("dict", info="exact"), "keywords")
    for name, value in u.args.keywords.items():
        m.set_item(f, keywords, of_const(name), value, u.at)
    made = m.call(f, process, Args([u.args.positional[at], keywords]), u.at)
    message, kept = (m.item(f, made, of_const(index), u.at) for index in range(2))
    positional = [*u.args.positional[:at], message, *u.args.positional[at + 1 :]]
    given = Args(positional, m.exact_dict(f, kept) or {}, u.args.star, list(u.args.double))
    return replace(u, receiver=BOTTOM, args=given)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {"unbind": _unbind}
