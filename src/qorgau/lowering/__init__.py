"""LibCST trees become the small language here."""

from qorgau.lowering.front import lower
from qorgau.lowering.limits import LoweringError
from qorgau.lowering.places import spans

__all__ = ["LoweringError", "lower", "spans"]
