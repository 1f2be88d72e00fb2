"""The classes of a program as they come to be: by what they inherit from, and by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qorgau.flow.locations import Loc
from qorgau.flow.machine import ClassInfo


class ClassIndex:
    """Every class once, in the order in which they were defined.

    A large program asks for subclasses and names thousands of times: nothing here looks at all classes.
    """

    def __init__(self) -> None:
        self._all: dict[Loc, None] = {}
        self._below: dict[Loc, list[Loc]] = {}
        self._named: dict[str, list[Loc]] = {}
        self._of_library: dict[str, list[Loc]] = {}

    def add(self, loc: Loc, info: ClassInfo) -> None:
        """A class came to be."""
        if loc in self._all:
            return
        self._all[loc] = None
        self._named.setdefault(info.node.name, []).append(loc)
        for base in info.order:
            if base is not loc:
                self._below.setdefault(base, []).append(loc)
        for library in info.libraries:
            self._of_library.setdefault(library, []).append(loc)

    def __iter__(self) -> Iterator[Loc]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def below(self, cls: Loc) -> Sequence[Loc]:
        """The classes that inherit from one, directly or not."""
        return self._below.get(cls, ())

    def of_library(self, name: str) -> Sequence[Loc]:
        """The classes that inherit from a library's class, directly or not, by its dotted name."""
        return self._of_library.get(name, ())

    def named(self, name: str) -> Sequence[Loc]:
        """The classes of this name, in whatever module."""
        return self._named.get(name, ())
