"""SQL that a call runs: what its text writes goes to a storage, what it selects comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow.behaviours import Use
from qorgau.flow.machine import Frame
from qorgau.flow.values import Value
from qorgau.knowledge.rows import Query

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def run(m: Machine, f: Frame, use: Use, row: Query) -> Value:
    """The rows that a statement gives."""
    return m.unknown(f, use.at, frozenset(), "rows")
