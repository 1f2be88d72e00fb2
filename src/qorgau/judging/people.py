"""Whose data it is, and whom a check was about: when two objects stand for one subject (spec section 5)."""

from __future__ import annotations

import enum
from collections.abc import Iterable

from qorgau.flow.values import Loc
from qorgau.names import fold

class Match(enum.Enum):
    """Whether a check was about the subject of a datum."""

    SAME = "same"
    OTHER = "other"
    UNTOLD = "untold"


class People:
    """Compares subjects. ``owners`` are the names under which another person is reached (``guarantor``)."""

    def __init__(self, owners: Iterable[str]) -> None:
        self._owners = frozenset(owners)

    def match(self, datum: Loc | None, checked: Loc | None, same: tuple[tuple[object, object], ...]) -> Match:
        """Whether ``checked`` is the person that ``datum`` was read from.

        They are one where they are the same object, where one is a part or key of the other, or
        where one was loaded by the other (``same``). Another person reached from it is another subject.
        """
        if datum is None or checked is None:
            return Match.UNTOLD
        if _is_old(checked) and not _is_old(datum):
            return Match.OTHER
        if self._one_person(datum, checked):
            return Match.SAME
        for loaded, key in same:
            if not isinstance(loaded, Loc) or not isinstance(key, Loc):
                continue
            for left, right in ((datum, checked), (checked, datum)):
                if self._one_person(left, loaded) and self._one_person(key, right):
                    return Match.SAME
        if self._is_bare(datum) or self._is_bare(checked):
            return Match.UNTOLD
        return Match.OTHER

    def _one_person(self, left: Loc, right: Loc) -> bool:
        """Whether one is the other or a part of it, with no other person between."""
        for whole, part in ((left, right), (right, left)):
            step: Loc | None = part
            between: list[Loc] = []
            while step is not None and step != whole:
                between.append(step)
                step = step.parent
            if step is not None:
                return not any(self._is_person(loc) for loc in between)
        return False

    def _is_person(self, loc: Loc) -> bool:
        label = loc.label
        if isinstance(label, tuple) and label[:1] == ("item",):
            label = getattr(label[1], "value", None)
        return isinstance(label, str) and fold(label) in self._owners

    def _is_bare(self, loc: Loc) -> bool:
        """Whether an object is a value handed in by itself (a parameter ``phone``), of nobody known."""
        label = loc.label
        return isinstance(label, tuple) and label[:1] == ("call",)


def _is_old(loc: Loc) -> bool:
    return any(step.old for step in loc.ancestors())
