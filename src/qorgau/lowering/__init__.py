"""LibCST trees become the small language here."""

from qorgau.lowering.front import LoweringError, lower

__all__ = ["LoweringError", "lower"]
