"""What pure builtins give for constants: computed, so that conditions and positions are known."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from qorgau.flow import keys
from qorgau.flow.constants import HOLE
from qorgau.flow.machine import Args, Frame
from qorgau.flow.values import Value, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

PURE = frozenset(
    ("abs", "all", "any", "bin", "chr", "divmod", "hex", "max", "min", "oct", "ord", "pow", "round", "sum")
)
"""Builtins without effects whose result for constants is a constant."""

LARGEST = 10**12
LONGEST = 400


def builtin(m: Machine, f: Frame, name: str, args: Args) -> Value | None:
    """The constant that a builtin gives; None where an argument is not known or the result is no constant."""
    if args.keywords or args.double or not args.star.is_bottom or not args.positional:
        return None
    given: list[object] = []
    for value in args.positional:
        constant = value.constant()
        held = constant.value if constant is not None else keys.row(m, f, value)
        if held is None or HOLE in str(held) or not _is_small(name, held):
            return None
        given.append(held)
    try:
        result = getattr(builtins, name)(*given)
    except (TypeError, ValueError, ArithmeticError):
        return None
    fits = isinstance(result, bool | int | float) and abs(result) <= LARGEST
    return of_const(result) if fits or (isinstance(result, str) and len(result) <= LONGEST) else None


def _is_small(name: str, held: object) -> bool:
    return name != "pow" or (isinstance(held, int | float) and abs(held) <= 64)
