"""Room for deep recursion: nested code is lowered and followed by functions that call themselves."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

STACK = 512 * 1024 * 1024
DEPTH = 200_000
"""Bytes of stack and levels of recursion that work is given; the stack is taken only as it is used."""

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
            outcome.append(work())
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
