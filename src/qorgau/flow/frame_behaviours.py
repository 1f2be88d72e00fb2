"""What rows of the libraries of tables name by ``does``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import (
    frame_apply,
    frame_columns,
    frame_expression_calls,
    frame_groups,
    frame_making,
    frame_merging,
    frame_methods,
    frame_renaming,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine
    from qorgau.flow.machine import Frame
    from qorgau.flow.uses import Use
    from qorgau.flow.values import Value

BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    **frame_apply.BEHAVIOURS,
    **frame_columns.BEHAVIOURS,
    **frame_expression_calls.BEHAVIOURS,
    **frame_groups.BEHAVIOURS,
    **frame_making.BEHAVIOURS,
    **frame_merging.BEHAVIOURS,
    **frame_methods.BEHAVIOURS,
    **frame_renaming.BEHAVIOURS,
}
