"""Dicts whose entries are read as attributes as well: settings of OmegaConf, Box, Munch and the like."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow.constants import Const
from qorgau.flow.heap import Key, Obj
from qorgau.flow.machine import Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import UNKNOWN, Value, join_all

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

DEEPEST = 6


def _made(m: Machine, f: Frame, use: Use) -> Value:
    """``OmegaConf.create({...})``, ``Box({...})``, ``Munch(host="...")``"""
    given = dict(use.args.keywords)
    for value in (*use.args.positional[:1], *use.args.double):
        exact = m.exact_dict(f, value)
        if exact is None:
            return join_all([value.with_(unknown=True), *given.values()])
        given.update(exact)
    return _table(m, f, use, given, use.dotted, 0)


def _table(m: Machine, f: Frame, use: Use, entries: dict[str, Value], label: str, depth: int) -> Value:
    parts: dict[Key, Value] = {}
    for name, value in entries.items():
        inner = m.exact_dict(f, value) if depth < DEEPEST and len(value.refs) == 1 else None
        part = value if inner is None else _table(m, f, use, inner, f"{label}.{name}", depth + 1)
        parts[Const("str", name)] = part
        if name.isidentifier():
            parts[name] = part
    return m.new(f, use.at, Obj("unknown", parts=parts, rest=UNKNOWN), label)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {"attribute-dict": _made}
