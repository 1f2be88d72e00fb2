"""The identities of abstract objects: where, and in which context, each came to be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar
from weakref import WeakValueDictionary


class Loc:
    """The identity of an abstract object: where, and in which context, it came to be.

    ``parent`` and ``label`` place it: an attribute or element of an unknown object is a
    child of that object, so that reading it twice gives the same identity. ``old`` marks
    what an earlier pass of a loop made: it stands for many objects, the others for one. ``origin``
    is what its place says of how its data was collected, once somebody has asked (``origins.of_loc``).
    """

    __slots__ = ("__weakref__", "_parts", "_text", "label", "old", "origin", "parent")

    _known: ClassVar[WeakValueDictionary[tuple[object, bool], Loc]] = WeakValueDictionary()
    _parts: dict[tuple[object, bool], Loc]
    _text: str | None
    origin: str | None
    parent: Loc | None
    label: object
    old: bool

    def __new__(cls, parent: Loc | None, label: object, old: bool = False) -> Loc:
        """The part of ``parent`` with this label: always the same object, as long as somebody holds it.

        So identity is equality, and looking one up costs what looking up an address costs: the engine
        does little else.
        """
        known = cls._known if parent is None else parent._parts
        found = known.get((label, old))
        if found is not None:
            return found
        self = super().__new__(cls)
        self.parent = parent
        self.label = label
        self.old = old
        self._text = None
        self.origin = None
        self._parts = {}
        known[label, old] = self
        return self

    def __repr__(self) -> str:
        if self._text is None:
            inner = f"{self.parent!r}/{self.label}" if self.parent else str(self.label)
            self._text = inner + ("~" if self.old else "")
        return self._text

    def child(self, label: object) -> Loc:
        """The identity of a part of this object."""
        return Loc(self, label)

    def aged(self) -> Loc:
        """The identity of its like from earlier passes of a loop."""
        return self if self.old else Loc(self.parent, self.label, True)

    def ancestors(self) -> Iterable[Loc]:
        """This object, then what it is a part of, outwards."""
        loc: Loc | None = self
        while loc is not None:
            yield loc
            loc = loc.parent


TOLD = ("param", "element", "self", "request", "row", "one", "entity", "column", "item-of", "of-row")
"""How objects come to be of which it can be told that they are two: not by an unknown call."""


CONTEXTS = frozenset(("call", "root", "init"))
"""First words of the labels of activations: of a function, of a root, of a module."""


def is_activation(loc: Loc) -> bool:
    """Whether a location identifies an activation rather than an object."""
    return isinstance(loc.label, tuple) and bool(loc.label) and loc.label[0] in CONTEXTS


def is_context(loc: Loc) -> bool:
    """Whether a location stands for an activation of a function, and so does all around it."""
    return (
        isinstance(loc.label, tuple)
        and len(loc.label) >= 3
        and is_activation(loc)
        and (loc.parent is None or is_context(loc.parent))
    )


def outermost(loc: Loc) -> Loc:
    """The object that a part belongs to, or a part of that, and so on."""
    root = loc
    for step in loc.ancestors():
        if is_context(step):
            break
        root = step
    return root


def made_at(loc: Loc) -> tuple[str, int] | None:
    """The module and the node at which an object was made, or an activation began."""
    label = loc.label
    if (
        isinstance(label, tuple)
        and len(label) >= 3
        and isinstance(label[1], str)
        and isinstance(label[2], int)
    ):
        return label[1], label[2]
    return None


def is_told(loc: Loc) -> bool:
    """Whether it can be told which object it is: not of what an unknown call gave."""
    root = outermost(loc)
    kind = root.label[0] if isinstance(root.label, tuple) and root.label else root.label
    return isinstance(kind, str) and kind.startswith(TOLD)


def is_element(loc: Loc) -> bool:
    """Whether a location is an item of an unknown collection in one pass of a loop."""
    return isinstance(loc.label, tuple) and loc.label[:1] == ("element",)
