"""Work that others do: processes of this machine, or the workers behind any executor.

What they leave undone, for whatever reason, is done by whoever asked, where a mistake shows itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import msgspec

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future
else:
    # Imported where it is used: a run in which nothing changed has no use for it.
    Executor: TypeAlias = Any

K = TypeVar("K")
T = TypeVar("T")

_AHEAD = 3
"""Tasks handed out for each process, so that none waits and little is left when a run is ended."""


class Hands(msgspec.Struct, frozen=True):
    """Who works: ``jobs`` processes of this machine, or those behind ``executor``.

    An executor's workers need this very version of the program, of LibCST and of Python.
    """

    jobs: int = 1
    executor: Executor | None = None

    @property
    def several(self) -> bool:
        """Whether there is anyone besides this process."""
        return self.executor is not None or self.jobs > 1


ALONE = Hands()


@contextmanager
def workers(hands: Hands) -> Iterator[Executor | None]:
    """The executor, or new processes that end with the block; None where the system has no means for them."""
    if hands.executor is not None:
        yield hands.executor
        return
    pool = _pool(hands.jobs)
    try:
        yield pool
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)


def handed_out(
    task: Callable[..., T], errands: Iterable[tuple[K, tuple[Any, ...]]], executor: Executor, jobs: int
) -> Iterator[tuple[K, T]]:
    """Results of ``task`` as they come, each with what its errand is called; those that failed are left out.

    An errand is a name and the arguments; they are asked for as there is room for them.
    """
    from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, wait

    waiting = iter(errands)
    running: dict[Future[T], K] = {}
    while True:
        while len(running) < max(jobs, 1) * _AHEAD and (errand := next(waiting, None)) is not None:
            name, arguments = errand
            try:
                running[executor.submit(task, *arguments)] = name
            except BrokenExecutor:
                waiting = iter(())
        if not running:
            return
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            name = running.pop(future)
            if not future.cancelled() and future.exception() is None:
                yield name, future.result()


def _pool(jobs: int) -> Executor | None:
    """Fresh processes, as forked ones would share our threads' locks. None where the system has no means."""
    try:
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin)
    except (ImportError, OSError, NotImplementedError):
        return None


def _begin() -> None:
    """In a worker: an interrupt is the parent's to act upon."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
