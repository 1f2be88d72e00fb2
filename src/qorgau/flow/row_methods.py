"""Methods that Django gives a model for its fields: ``order.get_status_display()``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow.machine import Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import Value

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine
    from qorgau.knowledge.libraries import CallRows

METHOD = "model-method"

SHOWN = re.compile(r"get_(\w+)_display")
"""A choice by the name that people read: it tells what the field holds, and nothing else of the row."""


def is_column(rows: CallRows, name: str) -> bool:
    """Whether a name of a model of a library is no method of these: only the row for all methods speaks of it."""
    of_all = rows.behaviour is not None and rows.behaviour.does == METHOD
    return of_all and SHOWN.fullmatch(name) is None


def _of_field(m: Machine, f: Frame, u: Use) -> Value:
    """A method with no row of its own, on a row of a table."""
    name = u.dotted.rpartition(".")[2]
    shown = SHOWN.fullmatch(name)
    if shown is None:
        return m.unknown_call(f, name, u.receiver, u.args, u.at)
    value = m.attribute(f, u.receiver, shown[1], u.at)
    return Value(m.contents(f, value), opaque=True)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {METHOD: _of_field}
