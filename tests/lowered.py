"""What texts are lowered to, unpacked: what tests of those who do the lowering compare."""

from __future__ import annotations

from collections.abc import Sequence

from qorgau.cache import NOWHERE, Store
from qorgau.deep import with_room
from qorgau.hands import ALONE, Hands
from qorgau.parsing import Outcome, Progress, lower_all


def outcomes(
    texts: Sequence[str], store: Store = NOWHERE, hands: Hands = ALONE, progress: Progress | None = None
) -> list[Outcome]:
    """The outcome of each text."""
    lowered = lower_all(texts, store, hands, progress)
    return with_room(lambda: [one.outcome for one in lowered])
