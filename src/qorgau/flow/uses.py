"""One call of a library's function, as behaviours get it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from qorgau.flow.machine import Args
from qorgau.flow.values import BOTTOM, Value

if TYPE_CHECKING:
    from qorgau.knowledge.rows import Behaviour


class Use(msgspec.Struct, frozen=True):
    """One call of a library function: its name, receiver and arguments."""

    dotted: str
    receiver: Value
    args: Args
    at: int
    row: Behaviour | None = None

    def arg(self, index: int, name: str = "") -> Value:
        """An argument by position or keyword, ``BOTTOM`` where it isn't given."""
        found = self.args.get(index, name)
        return BOTTOM if found is None else found
