"""The small language of many texts: looked up in the cache, or lowered here or by other processes.

LibCST is imported only where a text has to be lowered. What comes out does not depend on who did it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count

import msgspec

from qorgau import ir
from qorgau.cache import NOWHERE, Store, decoded, digest, of_lowering, pack, recalled, unpack
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


class Lowered:
    """A text in the small language, packed as long as nobody asks for more than its form."""

    __slots__ = ("_data", "_outcome", "text")

    def __init__(self, text: str, data: bytes | None, outcome: Outcome | None = None) -> None:
        """Of a text: its encoded outcome if it can be encoded, and the outcome itself if it is known."""
        self.text = text
        self._data = data
        self._outcome = outcome

    @property
    def form(self) -> bytes:
        """The same for texts that are lowered to the same, whatever their lines and comments, where that is kept."""
        return self.text.encode("utf-8", "surrogatepass") if self._data is None else self._data

    @property
    def outcome(self) -> Outcome:
        """The text in the small language, or why it cannot be. Deep ones need ``with_room``."""
        if self._outcome is None:
            self._outcome = decoded(self._data, Outcome) or _lowered(self.text)
        return self._outcome

    @property
    def starts(self) -> tuple[int, ...]:
        """The numbers with which the lines at the top of the text begin; none where it is no Python."""
        module = self.outcome.module
        return () if module is None else module.starts


def lower_all(
    texts: Sequence[str], store: Store = NOWHERE, hands: Hands = ALONE, progress: Progress | None = None
) -> list[Lowered]:
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

    def lowered_here(number: int) -> Lowered:
        tell()
        outcome = _lowered(texts[number])
        made = _encoded(outcome) if keys else None
        if made is not None:
            store.put("lowered", keys[number], made)
        return Lowered(texts[number], made, outcome)

    lowered = [Lowered(text, known) for text, known in zip(texts, data, strict=True)]
    left = [number for number in missing if data[number] is None]
    for number, one in zip(left, with_room(lambda: [lowered_here(each) for each in left]), strict=True):
        lowered[number] = one
    return lowered


def places(lowered: Lowered, numbers: frozenset[int], store: Store = NOWHERE) -> Mapping[int, ir.Span]:
    """Where the nodes of these numbers stand in a text, which is Python."""
    key = _key(lowered.text) if store.keeps else ""
    known = recalled(store, "places", key, dict[int, ir.Span]) or {}
    if not numbers <= known.keys():
        from qorgau.lowering import spans

        known |= with_room(lambda: spans(lowered.text, numbers, lowered.starts))
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
