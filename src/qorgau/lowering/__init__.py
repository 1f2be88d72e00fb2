"""LibCST trees become the small language here."""

from qorgau.lowering.front import LoweringError, lower, spans

__all__ = ["LoweringError", "lower", "spans"]
