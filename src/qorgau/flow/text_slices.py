"""What is left of a datum in a piece of its text.

Constant slices are remembered by how many characters they keep (spec section 5: at most four characters together are
depersonalized).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from qorgau.flow.constants import HOLE, Const, const
from qorgau.flow.facts import Facts
from qorgau.flow.taints import Taint
from qorgau.flow.values import Value

KEPT = 4
"""Characters that constant slices may keep of a datum and still leave it depersonalized."""


def keep(value: Value, count: int, piece: object) -> Value:
    """What a constant slice of ``count`` characters leaves of a text."""

    def cut(taint: Taint) -> Taint:
        if taint.kept is not None or count > KEPT or taint.reversal is not None:
            return taint
        return replace(taint, kept=count, slice=piece)

    return value.map_taints(cut)


def lumped(value: Value, buckets: int) -> Value:
    """What is left of a number modulo ``buckets``: as much as of its last digits, and no way back from a hash."""
    count = len(str(buckets - 1))

    def cut(taint: Taint) -> Taint | None:
        if count > KEPT:
            return taint
        return None if taint.reversal is not None else replace(taint, kept=count, slice=("modulo", buckets))

    left = value.map_taints(cut)
    return Value(left.taints, unknown=value.unknown, opaque=True)


def slice_text(value: Value, bounds: Sequence[int | None], known: bool) -> Value:
    """A slice of a text. ``known``: the bounds are constants (None: left out)."""
    consts: dict[Const, Facts] = {}
    if known:
        for c, facts in value.consts.items():
            if isinstance(c.value, str | bytes) and HOLE not in str(c.value) and bounds[2] != 0:
                consts[const(c.value[slice(*bounds)])] = facts
    result = Value(value.taints, consts, {}, value.unknown, value.opaque or not consts)
    lower, upper, step = bounds
    if not known or step is not None:
        return result
    count: int | None = None
    if upper is not None and (lower is None or lower == 0) and upper >= 0:
        count = upper
    elif lower is not None and lower < 0 and upper is None:
        count = -lower
    elif lower is not None and upper is not None and (lower < 0) == (upper < 0):
        count = max(upper - lower, 0)
    return result if count is None else keep(result, count, (lower, upper))
