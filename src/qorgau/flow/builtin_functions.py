"""Builtin functions of one value or of a collection as a whole: texts, numbers, sums, extremes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import TYPE_CHECKING

from qorgau.flow import containers, inheritance, ordering, raising, scalars, texts
from qorgau.flow.constants import HOLE, Const
from qorgau.flow.facts import CHECKS, Fact, common_facts, told_of
from qorgau.flow.heap import Key, Obj
from qorgau.flow.iteration import each_of
from qorgau.flow.machine import Args, Frame
from qorgau.flow.state import Renaming
from qorgau.flow.uses import Use
from qorgau.flow.values import (
    NO_REFS,
    OPAQUE,
    Value,
    join,
    join_all,
    of_const,
    stamp,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def _clean(m: Machine, f: Frame, u: Use) -> Value:
    return OPAQUE


def _len(m: Machine, f: Frame, u: Use) -> Value:
    value = u.arg(0)
    iteration = None
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    if obj is not None and obj.kind in ("list", "tuple") and obj.length is not None and not value.unknown:
        return of_const(obj.length)
    if obj is not None and obj.kind == "dict" and obj.info == "exact":
        return of_const(len(obj.items()))
    constant = value.constant()
    if constant is not None and isinstance(constant.value, str) and "\0" not in constant.value:
        return of_const(len(constant.value))
    if obj is not None and obj.cls is not None:
        method = inheritance.method(m, f, loc, obj, "__len__", u.at) if loc is not None else None
        if method is not None:
            m.call(f, method, Args(), u.at)
    del iteration
    return OPAQUE


def _bool(m: Machine, f: Frame, u: Use) -> Value:
    value = u.arg(0)
    yes, no = m.truth(f, value, True), m.truth(f, value, False)
    if yes is None and no is not None:
        return of_const(False)
    if no is None and yes is not None:
        return of_const(True)
    return Value(opaque=True, when_true=yes, when_false=no)


def _text(m: Machine, f: Frame, u: Use) -> Value:
    if not u.args.positional and not u.args.keywords:
        return of_const("")
    return m.text(f, u.arg(0, "object"), u.at)


def _repr(m: Machine, f: Frame, u: Use) -> Value:
    return m.text(f, u.arg(0), u.at, representation=True)


def _format(m: Machine, f: Frame, u: Use) -> Value:
    return m.formatted(f, u.arg(0), u.arg(1) if len(u.args.positional) > 1 else of_const(""), u.at)


def _number(m: Machine, f: Frame, u: Use) -> Value:
    value = scalars.plain(m, f, u.arg(0))
    constant = value.constant()
    kind = u.dotted.rpartition(".")[2]
    if constant is not None and isinstance(constant.value, str | int | float):
        try:
            return of_const(int(constant.value) if kind == "int" else float(constant.value))
        except (ValueError, OverflowError):
            return OPAQUE if HOLE in str(constant.value) else raising.fail(f, "ValueError")
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    if loc is not None and obj is not None and obj.cls is not None:
        method = inheritance.method(m, f, loc, obj, f"__{kind}__", u.at)
        if method is not None:
            return m.call(f, method, Args(), u.at)
    return texts.made_of([value.with_(refs=NO_REFS)])


def _divmod(m: Machine, f: Frame, u: Use) -> Value:
    """Quotient and remainder, each with the digits of the number."""
    made = texts.made_of([value.with_(refs=NO_REFS) for value in u.args.positional])
    return m.sequence(f, u.at, "tuple", [made, made], None, "divided")


def _extreme(m: Machine, f: Frame, u: Use) -> Value:
    key = u.args.keywords.get("key")
    values = list(u.args.positional)
    given: Sequence[Value] | None = values
    if len(values) == 1:
        iteration = m.iterate(f, values[0], u.at)
        given, values = iteration.items, [iteration.each]
    chosen = _first(m, f, u, given) if u.args.star.is_bottom else None
    if chosen is not None:
        return chosen
    if key is not None and key.refs:
        m.call(f, key, Args([join_all(values)]), u.at)
    default = u.args.keywords.get("default")
    return join_all([*values, *([default] if default is not None else [])])


def _first(m: Machine, f: Frame, u: Use, items: Sequence[Value] | None) -> Value | None:
    """The least or the greatest item where constants tell their order."""
    down = of_const(u.dotted.endswith("max"))
    asked = Args(keywords={"reverse": down, **({"key": key} if (key := u.args.keywords.get("key")) else {})})
    ordered = ordering.in_order(m, f, items, asked, u.at)
    return ordered[0] if ordered else None


def _range(m: Machine, f: Frame, u: Use) -> Value:
    numbers = [value.constant() for value in u.args.positional]
    if numbers and all(n is not None and isinstance(n.value, int) for n in numbers):
        try:
            values = range(*(int(str(n.value)) for n in numbers if n is not None))
        except (ValueError, TypeError):
            return m.new(f, u.at, Obj("list", rest=OPAQUE), "range")
        if len(values) <= 12:
            return m.sequence(f, u.at, "list", [of_const(number) for number in values], None, "range")
    return m.new(f, u.at, Obj("list", rest=OPAQUE), "range")


def _sum(m: Machine, f: Frame, u: Use) -> Value:
    iteration, start = m.iterate(f, u.arg(0), u.at), u.arg(1, "start")
    if not start.locs() or not iteration.each.locs():
        return OPAQUE
    lists = [m.iterate(f, one, u.at).items for one in (start, *(iteration.items or ()))]
    if iteration.items is not None and all(items is not None for items in lists):
        return m.sequence(f, u.at, "list", [item for items in lists for item in items or ()], None, "sum")
    inner = m.iterate(f, iteration.each, u.at).each
    return m.new(f, u.at, Obj("list", rest=join(inner, m.iterate(f, start, u.at).each)), "sum")


def _exists(m: Machine, f: Frame, u: Use) -> Value:
    """``any``/``all``: the truth of items, no datum."""
    iteration = m.iterate(f, u.arg(0), u.at)
    items, whole = iteration.items, u.dotted.endswith("all")
    if items is None:
        # What holds when each item is true (or false) holds of each thing that the items were made of.
        told = frozenset(fact for fact in m.truth(f, iteration.each, whole) or () if fact.kind in CHECKS)
        of_each = Renaming(lambda loc: each_of(m, loc) or loc).facts(told)
        if whole:
            return OPAQUE.with_(when_true=of_each)
        # One is true: what its truth says of others than the items holds, whichever it is.
        others = frozenset(fact for fact in m.truth(f, iteration.each, True) or () if _is_of_others(fact))
        return OPAQUE.with_(when_true=others, when_false=of_each)
    # All are true, or none is: that needs every item. One that decides is enough for the other answer.
    every = [m.truth(f, item, whole) for item in items]
    one = [m.truth(f, item, not whole) for item in items]
    if any(facts is None for facts in every):
        return of_const(not whole)
    needed = frozenset().union(*(facts for facts in every if facts is not None))
    possible = [facts for facts in one if facts is not None]
    if not possible:
        return stamp(of_const(whole), needed)
    enough = reduce(common_facts, possible)
    return Value(opaque=True, when_true=needed if whole else enough, when_false=enough if whole else needed)


def _is_of_others(fact: Fact) -> bool:
    """Whether a check was about something that is no item of a collection."""
    told = [step for loc in told_of(fact) for step in loc.ancestors()]
    items = (
        step for step in told if isinstance(step.label, tuple) and str(step.label[0]).startswith("element")
    )
    return fact.kind in CHECKS and bool(told) and next(items, None) is None


def _input(m: Machine, f: Frame, u: Use) -> Value:
    return m.unknown(f, u.at, frozenset(), "input")


def _slice(m: Machine, f: Frame, u: Use) -> Value:
    """``slice(lower, upper, step)``: bounds that are kept until something is cut by them."""
    none = of_const(None)
    given = u.args.positional if len(u.args.positional) > 1 else [none, *u.args.positional]
    parts: dict[Key, Value] = {Const("int", place): bound for place, bound in enumerate(given[:3])}
    return m.new(f, u.at, Obj("library", type=containers.SLICE, parts=parts), "slice")


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "clean": _clean,
    "format": _format,
}

BUILTINS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "all": _exists,
    "any": _exists,
    "ascii": _repr,
    "bool": _bool,
    "callable": _clean,
    "dir": _clean,
    "divmod": _divmod,
    "float": _number,
    "format": _format,
    "id": _clean,
    "input": _input,
    "int": _number,
    "issubclass": _clean,
    "len": _len,
    "max": _extreme,
    "min": _extreme,
    "range": _range,
    "repr": _repr,
    "slice": _slice,
    "str": _text,
    "sum": _sum,
}
