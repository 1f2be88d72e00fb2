"""Enumerations that number their members: ``auto()``, and flags that ``|``, ``&`` and ``in`` work on."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import keys
from qorgau.flow.constants import Const
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import ClassInfo, Frame
from qorgau.flow.values import Value, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

AUTO = "enum.auto"
TEXTS = "enum.StrEnum"
FLAGS = frozenset(("enum.Flag", "enum.IntFlag"))
COMBINED: dict[str, Callable[[int, int], int]] = {"&": operator.and_, "|": operator.or_, "^": operator.xor}


def numbered(f: Frame, obj: Obj, info: ClassInfo, name: str, found: Value) -> Value:
    """The value that a member is declared with; what ``auto()`` gives it if that is so."""
    if not _is_auto(f, found):
        return found
    if TEXTS in info.libraries:
        return of_const(name.lower())
    highest = 0
    for other, part in obj.parts.items():
        if not isinstance(other, str) or other.startswith(("_", "$")):
            continue
        constant = part.constant()
        if _is_auto(f, part):
            highest = 1 << highest.bit_length() if FLAGS & set(info.libraries) else highest + 1
        elif constant is not None and isinstance(constant.value, int):
            highest = max(highest, constant.value)
        if other == name:
            break
    return of_const(highest)


def _is_auto(f: Frame, value: Value) -> bool:
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    return obj is not None and obj.type == AUTO


def combined(m: Machine, f: Frame, op: str, left: Value, right: Value) -> Value | None:
    """``Show.NAME | Show.PLAN`` as a number; None for other operands."""
    numbers = _numbers(m, f, left, right) if op in COMBINED else None
    return of_const(COMBINED[op](*numbers)) if numbers is not None else None


def contained(m: Machine, f: Frame, member: Value, combination: Value) -> bool | None:
    """Whether ``member in combination``; None where that is not certain, or they are no flags."""
    numbers = _numbers(m, f, member, combination)
    return None if numbers is None else numbers[0] & numbers[1] == numbers[0]


def _numbers(m: Machine, f: Frame, left: Value, right: Value) -> tuple[int, int] | None:
    """Both operands as numbers, if they are known and one of them is a flag."""
    if not (left.refs or right.refs):
        return None
    first, second = _number(m, f, left), _number(m, f, right)
    return (first, second) if first is not None and second is not None else None


def _number(m: Machine, f: Frame, value: Value) -> int | None:
    constant: Const | None = value.constant()
    if value.refs:
        loc = value.single()
        if not isinstance(loc, Loc) or not keys.is_member(loc) or loc.parent is None or value.unknown:
            return None
        info = m.class_info(f, loc.parent)
        constant = keys.of_member(f, loc) if info is not None and FLAGS & set(info.libraries) else None
    return constant.value if constant is not None and isinstance(constant.value, int) else None
