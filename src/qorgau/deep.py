"""Room for deep recursion: nested code is lowered and followed by functions that call themselves."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import FunctionType
from typing import TypeVar

T = TypeVar("T")

STACK = 512 * 1024 * 1024
DEPTH = 200_000
"""Bytes of stack and levels of recursion that work is given; the stack is taken only as it is used."""

FRAMES = 4_000_000
"""Slots for values on the interpreter's own stack that are taken at once (8 bytes each, used only as needed).

CPython 3.11 and later keep frames in chunks of 16 KB and give an empty chunk back to the system at
once. Work whose depth goes up and down across the end of a chunk pays for that with each call: 150
microseconds instead of 0.04 (CPython 3.11.7). One frame that claims this much gets a chunk in which
all others fit.
"""

_NAME = "qorgau in depth"
# The limits are those of the whole process: who resets them must not do so under another's feet.
_ONE_AT_A_TIME = threading.Lock()


def with_room(work: Callable[[], T]) -> T:
    """What ``work`` returns or raises, run in a thread that may recurse deeply."""
    if threading.current_thread().name == _NAME:
        return work()
    with _ONE_AT_A_TIME:
        return _in_thread(work)


def _in_thread(work: Callable[[], T]) -> T:
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(_with_frames(work))
        except BaseException as error:
            failure.append(error)

    limit, size = sys.getrecursionlimit(), threading.stack_size()
    sys.setrecursionlimit(DEPTH)
    threading.stack_size(STACK)
    try:
        thread = threading.Thread(target=run, name=_NAME, daemon=True)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
        sys.setrecursionlimit(limit)
    if failure:
        raise failure[0]
    return outcome[0]


def _with_frames(work: Callable[[], T]) -> T:
    """What ``work`` returns, called from a frame that claims ``FRAMES``."""

    def call() -> T:
        return work()

    claiming = call.__code__.replace(co_stacksize=FRAMES)
    roomy: Callable[[], T] = FunctionType(claiming, globals(), closure=call.__closure__)
    return roomy()
