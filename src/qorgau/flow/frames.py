"""Tables of pandas, polars and pyspark: columns by name, what selecting, dropping and changing them leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow.behaviours import Use
from qorgau.flow.machine import Frame, Iteration
from qorgau.flow.values import UNKNOWN, Loc, Obj, Value

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def item(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, at: int) -> Value:
    """``table[key]``"""
    return UNKNOWN


def set_item(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, new: Value, at: int) -> None:
    """``table[key] = new``"""


def drop(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value) -> None:
    """``del table[key]``"""


def iterate(m: Machine, f: Frame, loc: Loc, obj: Obj, at: int) -> Iteration:
    """What iterating over a table gives."""
    return Iteration(None, UNKNOWN)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {}
