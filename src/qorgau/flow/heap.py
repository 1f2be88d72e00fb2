"""Abstract objects: what the heap of a state holds at a location."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, TypeVar

import msgspec
from msgspec.structs import replace

from qorgau.flow.constants import Const
from qorgau.flow.locations import Loc
from qorgau.flow.values import BOTTOM, Value, join

Key: TypeAlias = "str | Const"
"""A part of an object: the name of an attribute, or the constant of an item."""

DATA = "$data"
"""The part of a library's object, a buffer, a file or a document that holds what was put into it."""


MAYBE = "$maybe"
"""The part of a dict or a list that tells which keys or places it has on some paths only."""


class Obj(msgspec.Struct, frozen=True):
    """An abstract object.

    ``kind``: ``dict``, ``list``, ``tuple``, ``set``, ``instance`` (of a class of the project),
    ``library`` (of a library's type), ``function``, ``class``, ``module``, ``unknown``, ``frame``,
    ``generator`` ... ``cls`` is the class's location, ``type`` the library type's dotted name.
    ``parts`` are what is known by name or key, ``rest`` the join of what has no known key, and
    ``length`` how many items a sequence has, if known. ``info`` belongs to the kind.
    """

    kind: str
    cls: Loc | None = None
    type: str = ""
    parts: Mapping[Key, Value] = msgspec.field(default_factory=dict)
    rest: Value = BOTTOM
    length: int | None = None
    info: object = None

    def put(self, key: Key, value: Value) -> Obj:
        """With a part replaced."""
        parts = dict(self.parts)
        parts[key] = value
        return replace(self, parts=parts)

    def item(self, index: int) -> Value | None:
        """The item of a sequence at a known index, counted from the front."""
        return self.parts.get(Const("int", index))

    def items(self) -> list[tuple[Const, Value]]:
        """The parts that are items, in the order they were put."""
        return [(key, value) for key, value in self.parts.items() if isinstance(key, Const)]


Name = TypeVar("Name", Loc, str)


def one_of(left: Name | None, right: Name | None) -> Name | None:
    """What is known of either side; of two answers the first by name, so that order does not matter."""
    if left == right or not right:
        return left
    return min(left, right, key=repr) if left else right


def join_objects(left: Obj, right: Obj) -> Obj:
    """The least object that covers both; what one lacks can be absent."""
    if left is right:
        return left
    keys = dict.fromkeys([*left.parts, *right.parts])
    parts: dict[Key, Value] = {}
    for key in keys:
        a, b = left.parts.get(key), right.parts.get(key)
        if a is not None and b is not None:
            parts[key] = join(a, b)
        else:
            only, other = (a, right) if a is not None else (b, left)
            assert only is not None
            parts[key] = only if other.kind not in ("unknown", "library") else join(only, UNKNOWN_PART)
    return Obj(
        left.kind if left.kind == right.kind else "unknown",
        one_of(left.cls, right.cls),
        one_of(left.type, right.type) or "",
        parts,
        join(left.rest, right.rest),
        left.length if left.length == right.length else None,
        left.info if left.info == right.info else (left.info or right.info),
    )


UNKNOWN_PART = Value(unknown=True)
