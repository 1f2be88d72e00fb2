"""The small language of many texts: looked up in the cache, or lowered here or by other processes.

LibCST is imported only where a text has to be lowered. What comes out does not depend on who did it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from qorgau import ir
from qorgau.cache import NOWHERE, Store, digest, of_lowering, pack, unpack
from qorgau.deep import with_room

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future
else:
    # Imported where it is used: a run in which nothing changed has no use for it.
    Executor: TypeAlias = Any

Progress = Callable[[str, int, int], None]

WORTH = 500_000
"""Characters to be lowered above which processes gain more than the third of a second that they cost to start."""
_PORTION = 100_000
"""Characters that are handed to a process at once: a tenth of a second's work."""
_AHEAD = 3
"""Portions handed out for each process, so that none waits and little is left when a run is ended."""


class Broken(msgspec.Struct, frozen=True, array_like=True):
    """Why a text could not be lowered, in one sentence, and where (from 1)."""

    message: str
    line: int
    column: int


class Outcome(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A text in the small language, or why not: one of both is there."""

    module: ir.Module | None
    broken: Broken | None = None


class Hands(msgspec.Struct, frozen=True):
    """Who lowers: ``jobs`` processes of this machine, or those behind ``executor``.

    An executor's workers need this very version of the program, of LibCST and of Python.
    """

    jobs: int = 1
    executor: Executor | None = None


ALONE = Hands()


def lower_all(
    texts: Sequence[str], store: Store = NOWHERE, hands: Hands = ALONE, progress: Progress | None = None
) -> list[Outcome]:
    """What each text is in the small language. ``progress`` is told how many are done of how many."""
    keys = [_key(text) for text in texts] if store.keeps else []
    data = [store.get("lowered", key) for key in keys] or [None] * len(texts)
    missing = [number for number, known in enumerate(data) if known is None]
    done = count(len(texts) - len(missing))

    def tell() -> None:
        if progress is not None:
            progress("reading", next(done), len(texts))

    for number, packed in _elsewhere(texts, missing, hands):
        if packed:
            tell()
            data[number] = unpack(packed)
            if keys:
                store.put_packed("lowered", keys[number], packed)

    def outcome(number: int) -> Outcome:
        known = _decoded(data[number])
        if known is None:
            tell()
            known = _lowered(texts[number])
            if keys and (made := _encoded(known)) is not None:
                store.put("lowered", keys[number], made)
        return known

    return with_room(lambda: [outcome(number) for number in range(len(texts))])


def places(text: str, numbers: frozenset[int], store: Store = NOWHERE) -> Mapping[int, ir.Span]:
    """Where the nodes of these numbers stand, in a text that could be lowered."""
    key = _key(text) if store.keeps else ""
    known = _known_places(store, key)
    if not numbers <= known.keys():
        from qorgau.lowering import spans

        known |= with_room(lambda: spans(text, numbers))
        if key:
            store.put("places", key, msgspec.msgpack.encode(known))
    return {number: known[number] for number in sorted(numbers)}


def lowered_elsewhere(identity: str, texts: tuple[str, ...]) -> tuple[bytes, ...]:
    """What a worker does: the outcomes, packed; empty bytes for what is nested too deeply to be sent.

    Nothing but those where the worker is not what ``identity`` says: another version would lower otherwise.
    """
    if identity != of_lowering():
        return (b"",) * len(texts)
    made = with_room(lambda: [_encoded(_lowered(text)) for text in texts])
    return tuple(b"" if each is None else pack(each) for each in made)


def _key(text: str) -> str:
    return digest((of_lowering().encode(), text.encode("utf-8", "surrogatepass")))


def _lowered(text: str) -> Outcome:
    from qorgau.lowering import LoweringError, lower

    try:
        return Outcome(lower(text))
    except LoweringError as error:
        return Outcome(None, Broken(error.message, error.line, error.column))


def _encoded(outcome: Outcome) -> bytes | None:
    try:
        return msgspec.msgpack.encode(outcome)
    except RecursionError:
        return None


def _decoded(data: bytes | None) -> Outcome | None:
    if data is None:
        return None
    try:
        return msgspec.msgpack.decode(data, type=Outcome)
    except (msgspec.MsgspecError, RecursionError):
        return None


def _known_places(store: Store, key: str) -> dict[int, ir.Span]:
    data = store.get("places", key) if key else None
    try:
        return {} if data is None else msgspec.msgpack.decode(data, type=dict[int, ir.Span])
    except msgspec.MsgspecError:
        return {}


def _elsewhere(texts: Sequence[str], missing: Sequence[int], hands: Hands) -> Iterator[tuple[int, bytes]]:
    """What other processes lowered, if it is worth their while: number of the text and packed outcome."""
    if hands.executor is not None:
        yield from _handed_out(texts, missing, hands.executor, hands.jobs)
    elif hands.jobs > 1 and sum(len(texts[number]) for number in missing) >= WORTH:
        pool = _pool(hands.jobs)
        if pool is not None:
            try:
                yield from _handed_out(texts, missing, pool, hands.jobs)
            finally:
                pool.shutdown(cancel_futures=True)


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


def _handed_out(
    texts: Sequence[str], missing: Sequence[int], executor: Executor, jobs: int
) -> Iterator[tuple[int, bytes]]:
    """Outcomes as they come; what a worker could not do is left out, and shows itself when it is done here."""
    from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, wait

    waiting = iter(_portions(texts, missing))
    running: dict[Future[tuple[bytes, ...]], tuple[int, ...]] = {}
    while True:
        while len(running) < max(jobs, 1) * _AHEAD and (portion := next(waiting, None)) is not None:
            given = tuple(texts[number] for number in portion)
            try:
                running[executor.submit(lowered_elsewhere, of_lowering(), given)] = portion
            except BrokenExecutor:
                waiting = iter(())
        if not running:
            return
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            portion = running.pop(future)
            if not future.cancelled() and future.exception() is None:
                yield from zip(portion, future.result(), strict=True)


def _portions(texts: Sequence[str], missing: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """The numbers of texts that go together; the largest first, lest one be left for the end."""
    portion: list[int] = []
    size = 0
    for number in sorted(missing, key=lambda number: (-len(texts[number]), number)):
        portion.append(number)
        size += len(texts[number])
        if size >= _PORTION:
            yield tuple(portion)
            portion, size = [], 0
    if portion:
        yield tuple(portion)
