"""Constants that a value is known to be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

MAX_CONSTANTS = 12
"""More alternatives than this make a value an unknown constant."""

HOLE = "\0"
"""Stands for the unknown part of a partly known text, as in ``https://\\0.api.example.com``."""


NONE: frozenset[str] = frozenset()
_HOLES = re.compile(f"({HOLE}+)")


class Holed(str):
    """A text with holes of which it is known which personal fields can be in each.

    Two of them are the same when their fields are; what any other method of ``str`` gives is a plain text.
    """

    __slots__ = ("fields",)

    fields: tuple[frozenset[str], ...]
    """For each hole, in order, the fields of what fills it."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Holed) and str.__eq__(self, other) and self.fields == other.fields

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((str.__hash__(self), self.fields))

    def __repr__(self) -> str:
        return f"{str.__repr__(self)}{[sorted(each) for each in self.fields]}"


def with_fields(text: str, fields: Sequence[frozenset[str]]) -> str:
    """A text whose holes have these fields, as far as it is long enough to have them; plain where none has any."""
    known = tuple(fields[: text.count(HOLE)])
    if not any(known):
        return text
    made = Holed(text)
    made.fields = known
    return made


def fields_of(text: str) -> tuple[frozenset[str], ...]:
    """The fields in each hole of a text, in order."""
    return text.fields if isinstance(text, Holed) else (NONE,) * text.count(HOLE)


def glued(pieces: Sequence[str], longest: int) -> str:
    """The text of pieces in a row, cut off; holes side by side are one."""
    text = "".join(pieces)
    if HOLE not in text:
        return text[:longest]
    left = iter([fields for piece in pieces for fields in fields_of(piece)])
    parts = _HOLES.split(text)
    merged = [frozenset[str]().union(*_taken(left, len(run))) for run in parts[1::2]]
    return with_fields(_HOLES.sub(HOLE, text)[:longest], merged)


def _taken(left: Iterator[frozenset[str]], count: int) -> list[frozenset[str]]:
    return [next(left) for _ in range(count)]


class Const(NamedTuple):
    """A known constant; the type keeps ``1``, ``1.0`` and ``True`` apart."""

    type: str
    value: object


def const(value: object) -> Const:
    """The constant for a Python value."""
    return Const("str" if isinstance(value, Holed) else type(value).__name__, value)
