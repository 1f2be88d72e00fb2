"""LibCST trees become the small language here."""

from qorgau.lowering.front import LoweringError, lower
from qorgau.lowering.places import spans

__all__ = ["LoweringError", "lower", "spans"]
