"""What modules hold, and which functions looked at what of it.

In the next round only those functions are followed again that looked at something which has changed since: what
a function does rests on its code, on what it is given and on what it looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Set
from typing import TypeVar, overload

from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc

Other = TypeVar("Other")

Place = tuple[str, int]
"""A function, by its module and its node."""


class Watched(dict[Loc, Obj]):
    """Objects by location. What is asked for with ``get`` is noted for the function that is entered."""

    __slots__ = ("_entered", "_looked_at", "_seen")

    def __init__(self) -> None:
        super().__init__()
        self._looked_at: dict[Place, set[Loc]] = {}
        self._entered: list[set[Loc]] = []
        self._seen: set[Loc] = set()

    @overload
    def get(self, loc: Loc, default: None = None, /) -> Obj | None: ...

    @overload
    def get(self, loc: Loc, default: Obj, /) -> Obj: ...

    @overload
    def get(self, loc: Loc, default: Other, /) -> Obj | Other: ...

    def get(self, loc: Loc, default: object = None, /) -> object:
        """The object at a location, or the default; that it was asked for is noted, also where there is none."""
        self._seen.add(loc)
        return dict.get(self, loc, default)

    def enter(self, place: Place) -> None:
        """From now on what is asked for is noted for this function."""
        self._entered.append(self._seen)
        self._seen = self._looked_at.setdefault(place, set())

    def leave(self) -> None:
        """The function entered last is left: what is asked for is noted for the one around it again."""
        self._seen = self._entered.pop()

    def leave_all(self) -> None:
        """No function is entered any more."""
        self._entered.clear()
        self._seen = set()

    def unwatched(self, loc: Loc) -> Obj | None:
        """The object at a location, for those of whom it is known otherwise what they rest on."""
        return dict.get(self, loc)

    def looked_at(self, place: Place) -> Set[Loc]:
        """What a function looked at since the program began."""
        return self._looked_at.get(place, frozenset())

    def note(self, what: Loc) -> None:
        """Note that the function looked at something that is no object, but goes by a location of its own."""
        self._seen.add(what)

    def places(self) -> Collection[Place]:
        """The functions that looked at anything."""
        return self._looked_at.keys()

    def looked(self, place: Place, locs: Iterable[Loc]) -> None:
        """Note that a function looked at these locations, when it was followed before."""
        self._looked_at.setdefault(place, set()).update(locs)

    def readers(self, locs: Collection[Loc]) -> frozenset[Place]:
        """The functions that looked at one of these locations since the program began."""
        return frozenset(place for place, seen in self._looked_at.items() if not seen.isdisjoint(locs))
