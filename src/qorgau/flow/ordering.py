"""``sorted``, ``list.sort``, ``min`` and ``max`` of items whose order constants decide."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cmp_to_key
from itertools import permutations
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import class_fields
from qorgau.flow.constants import HOLE, Const
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.values import Value

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

MAX_ORDERED = 12
"""Items of a collection up to which their order is told."""

Rank = tuple["Const | Rank | None", ...]
"""What an item is compared by: one constant, or those of a tuple; None for what is not known."""


class _Undecided(Exception):
    """Two items of which nobody can tell which comes first."""


def in_order(
    m: Machine, f: Frame, items: Sequence[Value] | None, args: Args, at: int
) -> tuple[Value, ...] | None:
    """The items in the order of their keys, as the keywords ``key`` and ``reverse`` ask; None where it is not told.

    The function of the keys is called for each item.
    """
    key, turned = args.keywords.get("key"), args.keywords.get("reverse")
    down = turned.constant() if turned is not None else Const("bool", False)
    if items is None or len(items) > MAX_ORDERED or down is None:
        return None
    ranks: list[Rank] = []
    passes = f.passes
    for index, item in enumerate(items):
        f.passes = (*passes, index)
        asked = m.call(f, key, Args([item]), at) if key is not None and key.refs else item
        ranks.append((_rank(m, f, asked, at),))
    f.passes = passes
    own = _own_order(m, f, items, at) if key is None else None
    if own is not None:
        return own[::-1] if down.value else own
    key_of = cmp_to_key(_compare)
    try:
        places = sorted(range(len(items)), key=lambda place: key_of(ranks[place]), reverse=bool(down.value))
    except _Undecided:
        return None
    return tuple(items[place] for place in places)


def _own_order(m: Machine, f: Frame, items: Sequence[Value], at: int) -> tuple[Value, ...] | None:
    """The order that ``__lt__`` of the items' class gives, where it says so of each pair that is asked."""
    if any(item.single() is None for item in items):
        return None
    less: dict[tuple[int, int], bool] = {}
    for one, other in permutations(range(len(items)), 2):
        answer = m.operator_method(f, "lt", items[one], items[other], at)
        known = answer.constant() if answer is not None else None
        if known is None:
            return None
        less[one, other] = bool(known.value)

    def compared(one: int, other: int) -> int:
        return less[other, one] - less[one, other]

    return tuple(items[place] for place in sorted(range(len(items)), key=cmp_to_key(compared)))


def _rank(m: Machine, f: Frame, value: Value, at: int) -> Const | Rank | None:
    constant = value.constant()
    if constant is not None:
        return constant if HOLE not in str(constant.value) else None
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None and not value.consts and not value.unknown else None
    items = m.iterate(f, value, at).items if obj is not None and obj.kind in ("tuple", "list") else None
    if obj is not None and obj.kind == "instance" and obj.cls is not None:
        items = _compared_fields(m, f, value, obj.cls, at)
    return tuple(_rank(m, f, item, at) for item in items) if items is not None else None


def _compared_fields(m: Machine, f: Frame, value: Value, cls: Loc, at: int) -> tuple[Value, ...] | None:
    """The fields by which objects of a ``@dataclass(order=True)`` are compared; None for other classes."""
    info = m.class_info(f, cls)
    options = (
        argument
        for decorator in (info.node.decorators if info is not None else ())
        if isinstance(decorator, ir.Call)
        for argument in decorator.arguments
    )
    ordered = any(
        one.keyword == "order" and isinstance(one.value, ir.Const) and one.value.value is True
        for one in options
    )
    if info is None or not ordered or not set(info.marks) & class_fields.DATA_CLASSES:
        return None
    names = [
        name
        for name in m.declared_fields(f, cls)
        if not class_fields.is_off(class_fields.declaration(m, f, cls, name), "compare")
    ]
    return tuple(m.attribute(f, value, name, at) for name in names)


def _compare(one: Rank, other: Rank) -> int:
    """Less than, equal to, or greater than zero, as the first ranks come before the others."""
    for left, right in zip(one, other, strict=False):
        if isinstance(left, Const) and isinstance(right, Const):
            found = _compare_constants(left, right)
        elif not isinstance(left, Const | None) and not isinstance(right, Const | None):
            found = _compare(left, right)
        else:
            raise _Undecided
        if found:
            return found
    return len(one) - len(other)


def _compare_constants(left: Const, right: Const) -> int:
    if left == right:
        return 0
    if left.type == right.type == "str":
        return -1 if str(left.value) < str(right.value) else 1
    one, other = left.value, right.value
    if isinstance(one, int | float) and isinstance(other, int | float):
        return (one > other) - (one < other)
    raise _Undecided
