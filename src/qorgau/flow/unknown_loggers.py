"""Loggers of which no class is known: a function is handed one, an application has one (``request.app.logger``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import data_sources, sinks
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.places import EMPTY
from qorgau.flow.references import arguments
from qorgau.flow.uses import Use
from qorgau.flow.values import OPAQUE, Value
from qorgau.names import fold

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

LOGGER = "structlog.stdlib.BoundLogger"
"""The kind of logger whose methods take all that those of the others do."""

WORDS = frozenset(("log", "logger"))
LEVELS = frozenset(("debug", "info", "warning", "warn", "error", "critical", "exception"))
RESULT = "logger"
"""The label of what a call gives that is named for it: ``get_logger(...)`` of a library that nothing is known of."""


def is_logger(name: str) -> bool:
    """Whether something is named as a logger is: ``audit_log``, ``getLogger``."""
    return fold(name).rpartition("_")[2] in WORDS


def method(m: Machine, f: Frame, loc: Loc, own: Value, name: str, args: Args, at: int) -> Value | None:
    """A method of something unknown that is named as a logger is; None for others."""
    made = isinstance(loc.label, tuple) and loc.label[:1] == (RESULT,)
    label = RESULT if made else data_sources.label_of(loc)
    if name not in LEVELS or not is_logger(label):
        return None
    return _logged(m, f, Use(f"{label}.{name}", own, args, at))


def of_library(m: Machine, f: Frame, use: Use) -> Value | None:
    """The same of what an unknown library has (``from core.logging import logger``)."""
    owner, _, name = use.dotted.rpartition(".")
    if name not in LEVELS or not is_logger(owner.rpartition(".")[2]):
        return None
    return _logged(m, f, use)


def _logged(m: Machine, f: Frame, use: Use) -> Value:
    for row in m.policy.catalog.rows(f"{LOGGER}.{use.dotted.rpartition('.')[2]}").sinks:
        values = [value for text in row.data for value in arguments(m, f, use, text)]
        sinks.library(m, f, use, row, values, EMPTY)
    return OPAQUE
