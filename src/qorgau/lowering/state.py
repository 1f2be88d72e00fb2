"""What is remembered while a file is lowered: numbers, depth and scopes."""

from __future__ import annotations

from typing import Any, TypeAlias

import libcst as cst

from qorgau.lowering.scopes import Frame

DEEPEST = 400
"""Levels of nesting that are lowered; what reads the result may recurse over it."""

ROOM = 256
"""Functions and classes of modules and of classes begin and end at multiples of this number.

A change within one of them then mostly leaves the numbers of all others as they are, and with them what is known
of these. A function has some 60 to 100 numbers.
"""

CLASS_ROOM = 16 * ROOM
"""The same for classes of modules: one more method, or one more function before them, mostly leaves them in place."""

Place: TypeAlias = "cst.CSTNode | tuple[cst.CSTNode, cst.CSTNode]"
"""Where a number stands: a node, or from the start of one node to the end of another."""


class TooDeepError(Exception):
    """More than ``DEEPEST`` constructs stand within one another."""


class Lowering:
    """The state of lowering one file. ``places[at]`` is what the number ``at`` was given to."""

    __slots__ = ("depth", "frame", "places")

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.depth = 0
        self.frame = Frame("module", "")

    def number(self, place: Place) -> int:
        """Give out the next number, for a construct that holds no others."""
        places = self.places
        places.append(place)
        return len(places) - 1

    def leave_room(self, place: Place, room: int = ROOM) -> None:
        """Let the next number be a multiple of ``room``; those left out are given to ``place``."""
        self.places += [place] * (-len(self.places) % room)

    def enter(self, place: Place) -> int:
        """Give out the next number and go one level down; the caller goes up again (``depth -= 1``).

        Raises TooDeepError beyond ``DEEPEST`` levels.
        """
        depth = self.depth + 1
        if depth > DEEPEST:
            raise TooDeepError
        self.depth = depth
        places = self.places
        places.append(place)
        return len(places) - 1


class Table(dict[type, Any]):
    """What lowers a node, by its class; ``fallback`` for classes that are not known."""

    __slots__ = ("fallback",)

    def __init__(self, fallback: Any) -> None:
        super().__init__()
        self.fallback = fallback

    def __missing__(self, key: type) -> Any:
        return self.fallback
