"""Python's search for cyclic garbage, which costs a large program an eighth of its time and finds next to nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = 20_000
"""Objects that are made before the young ones are looked through; Python's own figure is 700."""


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """While the block runs, garbage is looked for seldom, and never among what was there before."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(YOUNG, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
