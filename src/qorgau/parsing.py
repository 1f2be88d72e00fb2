"""The small language of many texts: looked up in the cache, or lowered here or by other processes.

LibCST is imported only where a text has to be lowered. What comes out does not depend on who did it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count

import msgspec

from qorgau import ir
from qorgau.cache import NOWHERE, Store, digest, of_lowering, pack, unpack
from qorgau.deep import with_room
from qorgau.hands import ALONE, Hands, handed_out, workers

Progress = Callable[[str, int, int], None]

WORTH = 500_000
"""Characters to be lowered above which processes gain more than the third of a second that they cost to start."""
_PORTION = 100_000
"""Characters that are handed to a process at once: a tenth of a second's work."""


class Broken(msgspec.Struct, frozen=True, array_like=True):
    """Why a text could not be lowered, in one sentence, and where (from 1)."""

    message: str
    line: int
    column: int


class Outcome(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A text in the small language, or why not: one of both is there."""

    module: ir.Module | None
    broken: Broken | None = None


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


def places(
    text: str, module: ir.Module, numbers: frozenset[int], store: Store = NOWHERE
) -> Mapping[int, ir.Span]:
    """Where the nodes of these numbers stand, in a text that was lowered to ``module``."""
    key = _key(text) if store.keeps else ""
    known = _known_places(store, key)
    if not numbers <= known.keys():
        from qorgau.lowering import spans

        known |= with_room(lambda: spans(text, numbers, module.starts))
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
    """What others lowered, if it is worth their while: number of the text and packed outcome."""
    if hands.executor is None and (not hands.several or sum(len(texts[each]) for each in missing) < WORTH):
        return
    errands = (
        (portion, (of_lowering(), tuple(texts[number] for number in portion)))
        for portion in _portions(texts, missing)
    )
    with workers(hands) as executor:
        if executor is not None:
            for portion, packed in handed_out(lowered_elsewhere, errands, executor, hands.jobs):
                yield from zip(portion, packed, strict=True)


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
