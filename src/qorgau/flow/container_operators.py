"""Operators on containers: ``+``, ``*`` and the operations of sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import keys
from qorgau.flow.containers import sequence, update
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.values import (
    Value,
    join,
    join_all,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def combine(m: Machine, f: Frame, op: str, left: Value, right: Value, at: int) -> Value | None:
    """``+``, ``*``, ``|``, ``&``, ``-`` on containers."""
    sides = (left, right) if op == "|" else (left,)
    kinds = {obj.kind for side in sides for loc in side.locs() if (obj := f.state.obj(loc)) is not None}
    if "dict" in kinds:
        if op != "|":
            return None
        made = m.new(f, at, Obj("dict", info="exact"), "merged")
        for value in (left, right):
            update(m, f, made.locs()[0], value, at)
        return made
    kind = sorted(kinds)[0]
    if op == "*":
        iteration, times = m.iterate(f, left, at), right.constant()
        if iteration.items is not None and times is not None and isinstance(times.value, int):
            if 0 <= len(iteration.items) * times.value <= 64:
                return sequence(m, f, at, kind, iteration.items * times.value, None, "repeated")
        return m.new(f, at, Obj(kind, rest=iteration.each), "repeated")
    if op in ("+", "|", "^"):
        either = united(m, f, left, right, op, at) if kind == "set" else None
        if either is not None:
            return sequence(m, f, at, kind, either, None, "sum")
        first, second = m.iterate(f, left, at), m.iterate(f, right, at)
        if first.items is not None and second.items is not None and op == "+":
            return sequence(m, f, at, kind, [*first.items, *second.items], None, "sum")
        return m.new(f, at, Obj(kind, rest=join(first.each, second.each)), "sum")
    if op == "&" and m.iterate(f, right, at).items == ():
        return m.new(f, at, Obj(kind, length=0), "sum")
    if op in ("-", "&"):
        left_over = chosen(m, f, left, right, op == "&", at)
        if left_over is not None:
            return sequence(m, f, at, kind, left_over, None, "sum")
        return m.new(f, at, Obj(kind, rest=shared(m, f, left, right, op == "&", at)), "sum")
    return None


def chosen(m: Machine, f: Frame, left: Value, right: Value, wanted: bool, at: int) -> list[Value] | None:
    """The items of a set that are (or are not) in another collection; None where not all of both are known."""
    items, others = m.iterate(f, left, at).items, m.iterate(f, right, at).items
    if items is None or others is None:
        return None
    known = [keys.constant_key(m, f, item) for item in items]
    asked = [keys.constant_key(m, f, item) for item in others]
    if None in known or None in asked:
        return None
    return [item for item, key in zip(items, known, strict=True) if (key in asked) is wanted]


def is_set(f: Frame, loc: Loc) -> bool:
    """Whether something is a set, of whose items nobody knows which comes first."""
    obj = f.state.obj(loc)
    return obj is not None and obj.kind == "set"


def shared(m: Machine, f: Frame, left: Value, right: Value, common: bool, at: int) -> Value:
    """An item of ``left & right`` (``common``) or ``left - right``; what is in a list of constants is one of them."""
    if common:
        others = m.iterate(f, right, at).items
        if others and all(keys.constant_key(m, f, item) is not None for item in others):
            return join_all(others)
    return m.iterate(f, left, at).each


def united(m: Machine, f: Frame, left: Value, right: Value, op: str, at: int) -> list[Value] | None:
    """The items of ``left | right`` or ``left ^ right``; None where not all of both are known."""
    added = chosen(m, f, right, left, False, at)
    kept = (
        None
        if added is None
        else m.iterate(f, left, at).items
        if op == "|"
        else chosen(m, f, left, right, False, at)
    )
    return None if added is None or kept is None else [*kept, *added]
