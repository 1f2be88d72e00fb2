"""Calls that make collections and plain objects: ``list(x)``, ``dict(x)``, ``Counter(x)``, ``SimpleNamespace(...)``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import container_operators, containers
from qorgau.flow.heap import Obj
from qorgau.flow.machine import Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import (
    BOTTOM,
    OPAQUE,
    Value,
    join,
    of_const,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def _distinct(items: Sequence[Value]) -> list[Value]:
    """The items of a set: equal constants are one."""
    found: dict[object, Value] = {}
    for index, item in enumerate(items):
        constant = item.constant()
        found.setdefault(index if constant is None else constant, item)
    return list(found.values())


def _sequence(kind: str) -> Callable[[Machine, Frame, Use], Value]:
    def build(m: Machine, f: Frame, u: Use) -> Value:
        if not u.args.positional:
            return m.sequence(f, u.at, kind, [], None)
        iteration = m.iterate(f, u.arg(0), u.at)
        unordered = kind != "set" and any(container_operators.is_set(f, loc) for loc in u.arg(0).locs())
        if iteration.items is not None and not (unordered and len(iteration.items) > 1):
            if kind == "set":
                m.hashed(f, iteration.each, u.at)
            items = _distinct(iteration.items) if kind == "set" else iteration.items
            return m.sequence(f, u.at, kind, items, None)
        return m.new(f, u.at, Obj(kind, rest=iteration.each))

    return build


def _deque(m: Machine, f: Frame, u: Use) -> Value:
    """``deque(items, maxlen)``"""
    made = _sequence("list")(m, f, u)
    longest = u.args.get(1, "maxlen")
    known = longest.constant() if longest is not None else None
    if known is not None and isinstance(known.value, int):
        loc = made.locs()[0]
        limited = m.obj(f, loc).put(containers.LONGEST, of_const(known.value))
        m.write(f, loc, containers.shortened(limited, left=True), strong=True)
    return made


def _dict(m: Machine, f: Frame, u: Use) -> Value:
    made = m.new(f, u.at, Obj("dict", info="exact"))
    loc = made.locs()[0]
    for value in [*u.args.positional[:1], *u.args.double]:
        containers.update(m, f, loc, value, u.at)
    for name, value in u.args.keywords.items():
        m.set_item(f, made, of_const(name), value, u.args.ats.get(name, u.at))
    return made


def _defaultdict(m: Machine, f: Frame, u: Use) -> Value:
    made = _dict(m, f, Use(u.dotted, u.receiver, u.args.rest(1), u.at))
    if u.args.positional:
        loc = made.locs()[0]
        if u.args.positional[0].refs:
            m.write(f, loc, m.obj(f, loc).put(containers.MISSING, u.args.positional[0]), strong=True)
    return made


def _mapping_of(m: Machine, f: Frame, u: Use) -> Value:
    """``Counter(x)``, ``ChainMap(a, b)``: a dict of what the arguments hold."""
    made = m.new(f, u.at, Obj("dict", info="exact"))
    loc = made.locs()[0]
    for value in reversed(u.args.positional):
        if u.dotted.endswith("Counter"):
            iteration = m.iterate(f, value, u.at)
            obj = m.obj(f, loc)
            keys = join(obj.parts.get(containers.KEYS, BOTTOM), iteration.each)
            m.write(f, loc, replace(obj.put(containers.KEYS, keys), rest=OPAQUE, info=None), strong=True)
        else:
            containers.update(m, f, loc, value, u.at)
    for name, value in u.args.keywords.items():
        m.set_item(f, made, of_const(name), value, u.at)
    return made


def _made_of_keywords(m: Machine, f: Frame, u: Use) -> Value:
    """``SimpleNamespace(...)``, ``User(...)``: an object of that class whose attributes are the keywords."""
    made = m.new(f, u.at, Obj("library", type=u.dotted), "namespace")
    for name, value in u.args.keywords.items():
        m.set_attribute(f, made, name, value, u.at)
    for double in u.args.double:
        exact = m.exact_dict(f, double)
        for name, value in (exact or {}).items():
            m.set_attribute(f, made, name, value, u.at)
    return made


def _fromkeys(m: Machine, f: Frame, u: Use) -> Value:
    """``dict.fromkeys(keys, value)``"""
    made = m.new(f, u.at, Obj("dict", info="exact"))
    value = u.arg(1, "value") if len(u.args.positional) > 1 or "value" in u.args.keywords else of_const(None)
    iteration = m.iterate(f, u.arg(0, "iterable"), u.at)
    for key in iteration.items if iteration.items is not None else (iteration.each,):
        m.set_item(f, made, key, value, u.at)
    return made


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "chain-map": _mapping_of,
    "counter": _mapping_of,
    "defaultdict": _defaultdict,
    "deque": _deque,
    "dict": _dict,
    "fromkeys": _fromkeys,
    "list": _sequence("list"),
    "made-of-keywords": _made_of_keywords,
    "ordered-dict": _dict,
    "set": _sequence("set"),
    "tuple": _sequence("tuple"),
}

BUILTINS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "dict": _dict,
    "frozenset": _sequence("set"),
    "list": _sequence("list"),
    "set": _sequence("set"),
    "tuple": _sequence("tuple"),
}
