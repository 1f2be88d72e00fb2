"""Operators and comparisons on abstract values."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qorgau.flow import (
    buffers,
    inheritance,
    keys,
    members,
    scalars,
    text_slices,
    text_templates,
    texts,
)
from qorgau.flow.constants import Const, const
from qorgau.flow.facts import CHECKS, Facts, common_facts
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args
from qorgau.flow.taints import NO_TAINTS
from qorgau.flow.values import NO_CONSTS, NO_REFS, OPAQUE, Bound, Value, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine
    from qorgau.flow.machine import Frame


INVOKED = "invoke"
"""The method by which parts of a chain are run."""

DUNDER = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "truediv",
    "//": "floordiv",
    "%": "mod",
    "**": "pow",
    "@": "matmul",
    "&": "and",
    "|": "or",
    "^": "xor",
    "<<": "lshift",
    ">>": "rshift",
}
FOLD: dict[str, Callable[[Any, Any], object]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": lambda a, b: a << b if b < 64 else None,
    ">>": operator.rshift,
    "**": lambda a, b: a**b if 0 <= b < 64 and abs(a) < 1024 else None,
}
NUMBERS = ("int", "float", "bool")
CONTAINERS = ("list", "tuple", "set", "dict", "generator")


def binary(m: Machine, f: Frame, op: str, left: Value, right: Value, at: int) -> Value:
    """``left op right``."""
    result = m.operator_method(f, DUNDER.get(op, ""), left, right, at)
    if result is None and (left.refs or right.refs):
        result = members.combined(m, f, op, left, right)
        left, right = (keys.plain(f, scalars.plain(m, f, side)) for side in (left, right))
    if result is None and (left.refs or right.refs):
        result = m.column_operator(f, op, left, right, at)
    if result is not None:
        return result
    result = _of_library(m, f, op, left, right, at)
    if result is not None:
        return result
    if _kinds(f, left) & set(CONTAINERS) or (op == "|" and left.locs() and "dict" in _kinds(f, right)):
        combined = m.combine_containers(f, op, left, right, at)
        if combined is not None:
            return combined
    buckets = _buckets(right) if op == "%" and left.taints and not left.is_text() else None
    if buckets is not None:
        return text_slices.lumped(left, buckets)
    if op == "%" and (left.is_text() or not left.consts):
        if left.is_text():
            return text_templates.percent(m, f, left, right, at)
        return texts.made_of([left, m.text(f, right, at)])
    if op == "+" and (left.is_text() or right.is_text()):
        return texts.concat([left, right])
    if op == "/" and (left.is_text() or right.is_text()):
        return texts.concat([left, of_const("/"), right])
    folded = _fold(op, left, right)
    if folded is not None:
        return folded
    if op == "*" and any(side.constant() == Const("int", 0) for side in (left, right)):
        # Nothing is left of a text or number.
        return OPAQUE
    result = texts.made_of([left, right])
    if op in ("&", "|"):
        yes = _combined(op == "&", m.truth(f, left, True), m.truth(f, right, True))
        no = _combined(op == "|", m.truth(f, left, False), m.truth(f, right, False))
        return result.with_(when_true=yes, when_false=no)
    return result


def _kinds(f: Frame, value: Value) -> set[str]:
    return {obj.kind for loc in value.locs() if (obj := f.state.obj(loc)) is not None}


def _buckets(right: Value) -> int | None:
    """The most that a known modulus leaves of a number; None where it isn't known."""
    if not plain(right):
        return None
    numbers = [abs(c.value) for c in right.consts if c.type == "int" and isinstance(c.value, int) and c.value]
    return max(numbers) if len(numbers) == len(right.consts) else None


def is_sure(left: Value, right: Value) -> bool:
    """Whether two operands are known constants of one sort, so that it is plain what an operator does."""
    for kinds in (NUMBERS, ("str",)):
        if all(
            side.consts
            and not (side.refs or side.unknown or side.opaque or side.taints)
            and all(c.type in kinds for c in side.consts)
            for side in (left, right)
        ):
            return True
    return False


def divides_by_zero(op: str, left: Value, right: Value) -> bool:
    """Whether an operator divides numbers by what is surely zero."""
    known = right.constant()
    return op in ("/", "//", "%") and known is not None and known.value == 0 and not left.is_text()


def _combined(both: bool, left: Facts | None, right: Facts | None) -> Facts:
    """What the truth of conditions joined by ``&`` or ``|`` says: of checks only, for rows of tables as well."""
    one, other = (frozenset(fact for fact in facts or () if fact.kind in CHECKS) for facts in (left, right))
    return one | other if both else common_facts(one, other)


def _fold(op: str, left: Value, right: Value) -> Value | None:
    fold = FOLD.get(op)
    if fold is None or not left.consts or not right.consts or left.taints or right.taints:
        return None
    if left.refs or right.refs or len(left.consts) * len(right.consts) > 16:
        return None
    results: dict[Const, Facts] = {}
    for a, held_a in left.consts.items():
        for b, held_b in right.consts.items():
            numeric = a.type in NUMBERS and b.type in NUMBERS
            repeated = op == "*" and {a.type, b.type} <= {"str", "int"} and a.type != b.type
            if not (numeric or repeated):
                return None
            size = max((v for v in (a.value, b.value) if isinstance(v, int | float)), key=abs, default=0)
            if abs(size) > (200 if repeated else 10**12):
                return None
            try:
                value = fold(a.value, b.value)
            except (ZeroDivisionError, TypeError, OverflowError, ValueError):
                return None
            if value is None:
                return None
            key = const(value)
            held = held_a | held_b
            results[key] = results[key] & held if key in results else held
    unknown, opaque = left.unknown or right.unknown, left.opaque or right.opaque
    if len(results) == 1 and not unknown and not opaque:
        single = of_const(next(iter(results)).value)
        return single.with_(consts=results)
    return Value(NO_TAINTS, results, NO_REFS, unknown, opaque)


def _of_library(m: Machine, f: Frame, op: str, left: Value, right: Value, at: int) -> Value | None:
    """An operator that rows know of a library's object (``Path("out") / name``)."""
    for receiver, other, method in (
        (left, right, DUNDER.get(op, "")),
        (right, left, "r" + DUNDER.get(op, "")),
    ):
        loc = receiver.single()
        obj = f.state.obj(loc) if loc is not None else None
        if obj is not None and obj.type and m.policy.catalog.returns(f"{obj.type}.__{method}__") is not None:
            return m.library_call(
                f, f"{obj.type}.__{method}__", Value(receiver.taints, refs=receiver.refs), Args([other]), at
            )
    return None


def overloaded(m: Machine, f: Frame, name: str, left: Value, right: Value | None, at: int) -> Value | None:
    """The result of ``__name__`` of a class of the project, or of the other side's ``__rname__``."""
    if not name:
        return None
    results: list[Value] = []
    for receiver, other, method in ((left, right, f"__{name}__"), (right, left, f"__r{name}__")):
        for loc in receiver.locs() if receiver is not None else ():
            obj = f.state.obj(loc)
            if obj is None or obj.cls is None:
                continue
            found = inheritance.class_part(m, f, obj.cls, method)
            if found is not None:
                bound = [of_ref(Bound(ref, of_ref(loc))) for ref in found.refs if isinstance(ref, Loc)]
                results += [m.call(f, one, Args([other] if other is not None else []), at) for one in bound]
        if results:
            return join_all(results)
    return _chain(m, f, left, right) if name == "or" and right is not None else None


def _chain(m: Machine, f: Frame, left: Value, right: Value) -> Value | None:
    """``prompt | model | parser``: what is invoked in the end goes where the one of them goes that sends."""
    for side in (left, right):
        for loc in side.locs():
            obj = f.state.obj(loc)
            if obj is not None and obj.kind == "library" and obj.type:
                if m.policy.catalog.rows(f"{obj.type}.{INVOKED}").sinks:
                    return of_ref(loc)
    return None


def augment(m: Machine, f: Frame, op: str, current: Value, value: Value, at: int) -> Value:
    """``current op= value``: lists and sets change in place."""
    result = overloaded(m, f, "i" + DUNDER.get(op, ""), current, value, at)
    if result is not None:
        return result
    kinds = {obj.kind for loc in current.locs() if (obj := f.state.obj(loc)) is not None}
    if op == "+" and buffers.is_buffer(f, current):
        m.call_method(f, current, "extend", Args([value]), at)
        return current
    method = {("list", "+"): "extend", ("set", "|"): "update", ("dict", "|"): "update"}
    for kind in kinds:
        name = method.get((kind, op))
        if name is not None and len(kinds) == 1 and not current.consts:
            m.call_method(f, current, name, Args([value]), at)
            return current
    return binary(m, f, op, current, value, at)


def unary(m: Machine, f: Frame, op: str, value: Value, at: int) -> Value:
    """``-value``, ``+value`` or ``~value``."""
    names = {"-": "neg", "+": "pos", "~": "invert"}
    result = m.operator_method(f, names[op], value, None, at)
    if result is None and op == "~" and value.refs:
        result = m.column_operator(f, op, value, value, at)
    if result is not None:
        return result
    constant = value.constant()
    if constant is not None and isinstance(constant.value, int | float):
        number = constant.value
        if op == "-":
            return of_const(-number)
        if op == "+":
            return of_const(+number)
        if isinstance(number, int):
            return of_const(~number)
    if op == "~":
        # Django's Q and column expressions negate with ~: what held when true holds when false.
        return value.with_(
            when_true=value.when_false, when_false=value.when_true, consts=NO_CONSTS, opaque=True
        )
    return texts.made_of([value])


def plain(value: Value) -> bool:
    return bool(value.consts) and not (value.unknown or value.opaque or value.refs or value.taints)
