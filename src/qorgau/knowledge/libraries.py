"""What is known of libraries: ``rules/libraries/*.toml`` and folders of ``extend-rules`` as one catalogue.

A name is looked up as the dotted public path it was imported by. ``Catalog.rows`` answers with
everything the rows say of it, through aliases, base types and ``Type.*`` rows. The catalogue
knows nothing of calls, values or the project.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from qorgau.knowledge.library_files import LibraryError, LibraryFile, library_files
from qorgau.knowledge.references import (
    BadReference,
    Reference,
    filled_type,
    parse_reference,
    parse_target,
    type_arguments,
)
from qorgau.knowledge.rows import (
    Attribute,
    Behaviour,
    Clean,
    Depersonalizer,
    Entry,
    Library,
    Pass,
    Query,
    Returns,
    Sink,
    Source,
)

__all__ = [
    "EMPTY",
    "BadReference",
    "CallRows",
    "Catalog",
    "LibraryError",
    "Reference",
    "filled_type",
    "parse_reference",
    "parse_target",
    "type_arguments",
]


class CallRows(msgspec.Struct, frozen=True, gc=False):
    """All rows of one name. Falsy when nothing is known of it."""

    sinks: tuple[Sink, ...] = ()
    returns: Returns | None = None
    attribute: Attribute | None = None
    source: Source | None = None
    passes: tuple[Pass, ...] = ()
    clean: Clean | None = None
    depersonalizer: Depersonalizer | None = None
    behaviour: Behaviour | None = None
    query: Query | None = None

    def __bool__(self) -> bool:
        return self is not EMPTY


EMPTY = CallRows()

# The tables of a file whose rows speak of ``calls``, and the field of ``CallRows`` each fills.
_SEVERAL = {"sink": "sinks", "passes": "passes"}
_MANY = frozenset(_SEVERAL.values())
_SINGLE = ("returns", "source", "clean", "depersonalizer", "behaviour", "query")


class Catalog:
    """Every row by name. Build it with ``load`` or from decoded files; it does not change afterwards."""

    __slots__ = (
        "_acting",
        "_aliased",
        "_aliases",
        "_ancestries",
        "_bases",
        "_canonical",
        "_found",
        "_packages",
        "_rows",
        "entry_bases",
        "entry_decorators",
    )

    def __init__(self, libraries: Iterable[Library], packages: Iterable[str] = ()) -> None:
        """A catalogue of these libraries; where two speak of one name, the later one's table counts.

        ``packages`` are further top-level import names that are known but not among the libraries.
        """
        shelf = tuple(libraries)
        self._aliases = {old: new for library in shelf for old, new in library.aliases.items()}
        self._aliased = frozenset(old.partition(".")[0] for old in self._aliases)
        self._canonical: dict[str, str] = {}
        self._found: dict[str, CallRows] = {}
        self._packages = frozenset(packages).union(*(library.packages for library in shelf))
        self._ancestries: dict[str, tuple[str, ...]] = {}
        self._bases = {
            self.canonical(each.name): tuple(map(self.canonical, each.bases))
            for library in shelf
            for each in library.type
        }
        self._rows = self._by_name(shelf)
        self._acting = frozenset(
            name.rpartition(".")[0]
            for name, rows in self._rows.items()
            if rows.sinks or rows.query or rows.returns
        )
        entries = [entry for library in shelf for entry in library.entry]
        self.entry_decorators: Mapping[str, Entry] = {
            self.canonical(name): entry for entry in entries for name in entry.decorators
        }
        self.entry_bases: Mapping[str, Entry] = {
            self.canonical(name): entry for entry in entries for name in entry.bases
        }

    @classmethod
    def load(cls, packages: frozenset[str] | None = None, extra: tuple[Path, ...] = ()) -> Catalog:
        """The packaged models and those of the folders ``extra`` (``extend-rules``).

        With ``packages`` (top-level import names), only the files that speak of them, of
        ``builtins``, or of a type those files mention are decoded; ``knows_package`` still
        answers for all. Raises ``LibraryError``.
        """
        shelf = library_files(extra)
        known = [package for file in shelf for package in file.packages]
        return cls((file.library() for file in _wanted(shelf, packages)), known)

    def rows(self, dotted: str) -> CallRows:
        """Everything known of a function, method, constructor or attribute; ``EMPTY`` when nothing is."""
        found = self._found.get(dotted)
        if found is None:
            found = self._found[dotted] = self._look_up(self.canonical(dotted))
        return found

    def canonical(self, dotted: str) -> str:
        """The name that rows use for it: aliases resolved, the longest prefix first."""
        found = self._canonical.get(dotted)
        if found is None:
            found = self._canonical[dotted] = self._resolve(dotted)
        return found

    def bases(self, type_name: str) -> tuple[str, ...]:
        """The library classes a library class inherits from, as its rows say."""
        return self._bases.get(self.canonical(type_name), ())

    def ancestry(self, type_name: str) -> Sequence[str]:
        """A type and all it inherits from, depth first, each once."""
        known = self._ancestries.get(type_name)
        if known is None:
            found: dict[str, None] = {}
            waiting = [self.canonical(type_name)]
            while waiting:
                name = waiting.pop()
                if name not in found:
                    found[name] = None
                    waiting.extend(reversed(self._bases.get(name, ())))
            known = self._ancestries[type_name] = tuple(found)
        return known

    def entry_decorator(self, dotted: str) -> Entry | None:
        """The entry a decorator makes of a function, also where a base type has the method."""
        owner, _, method = self.canonical(dotted).rpartition(".")
        names = (f"{name}.{method}" for name in self.ancestry(owner)) if owner else iter((method,))
        return next((self.entry_decorators[name] for name in names if name in self.entry_decorators), None)

    def entry_base(self, type_name: str) -> Entry | None:
        """The entry of a library class or of the nearest class it inherits from."""
        names = self.ancestry(type_name)
        return next((self.entry_bases[name] for name in names if name in self.entry_bases), None)

    def knows_package(self, top: str) -> bool:
        """Whether a file of models speaks of this top-level import name."""
        return top in self._packages

    def has_methods(self, type_name: str) -> bool:
        """Whether a method of this type, or of one it inherits from, hands data on or gives another type."""
        return any(name in self._acting for name in self.ancestry(type_name))

    def names(self) -> Iterator[str]:
        """Every name that has a row of its own, in no particular order."""
        return iter(self._rows)

    def sinks(self, dotted: str) -> tuple[Sink, ...]:
        """Where the call hands data on."""
        return self.rows(dotted).sinks

    def returns(self, dotted: str) -> Returns | None:
        """The type and place of what the call gives."""
        return self.rows(dotted).returns

    def attribute(self, dotted: str) -> Attribute | None:
        """What an attribute ``Type.name`` holds."""
        return self.rows(dotted).attribute

    def source(self, dotted: str) -> Source | None:
        """Whether the result comes from outside."""
        return self.rows(dotted).source

    def passes(self, dotted: str) -> tuple[Pass, ...]:
        """From which arguments to where the call hands data."""
        return self.rows(dotted).passes

    def clean(self, dotted: str) -> Clean | None:
        """Whether the result carries nothing of what was given."""
        return self.rows(dotted).clean

    def depersonalizer(self, dotted: str) -> Depersonalizer | None:
        """Whether the call transforms data, and whether that can be undone."""
        return self.rows(dotted).depersonalizer

    def behaviour(self, dotted: str) -> Behaviour | None:
        """Whether the engine itself knows what the call does."""
        return self.rows(dotted).behaviour

    def _resolve(self, dotted: str) -> str:
        name = dotted
        if name.partition(".")[0] not in self._aliased:
            return name
        for _ in range(len(self._aliases) + 1):
            further = self._one_alias(name)
            if further is None:
                return name
            name = further
        return name

    def _one_alias(self, name: str) -> str | None:
        """The name by the alias of its longest prefix that has one, None where there is none."""
        prefix = name
        while prefix:
            target = self._aliases.get(prefix)
            if target is not None:
                # An alias to something below itself (`redis.client` for `redis.client.x`) holds once.
                below = f"{target}.".startswith(f"{prefix}.")
                if not (below and f"{name}.".startswith(f"{target}.")):
                    return target + name[len(prefix) :]
            prefix = prefix.rpartition(".")[0]
        return None

    def _look_up(self, dotted: str) -> CallRows:
        own = self._rows.get(dotted)
        if own is not None:
            return own
        owner, _, last = dotted.rpartition(".")
        if not owner:
            return self._rows.get(f"builtins.{last}", EMPTY)
        for pattern in (last, "*"):
            for name in self.ancestry(owner):
                found = self._rows.get(f"{name}.{pattern}")
                if found is not None:
                    return found
        return EMPTY

    def _by_name(self, shelf: tuple[Library, ...]) -> dict[str, CallRows]:
        gathered: dict[str, dict[str, Any]] = {}
        for library in shelf:
            fresh: dict[str, dict[str, Any]] = {}
            for name, field, value in _said(library):
                said = fresh.setdefault(self.canonical(name), {})
                said[field] = said[field] + value if field in said and field in _MANY else value
            for name, fields in fresh.items():
                gathered.setdefault(name, {}).update(fields)
        return {name: CallRows(**fields) for name, fields in gathered.items()}


def _said(library: Library) -> Iterator[tuple[str, str, Any]]:
    """Each name of a library with the field of ``CallRows`` that a row fills, and its value."""
    for table, field in _SEVERAL.items():
        for row in getattr(library, table):
            for name in row.calls:
                yield name, field, (row,)
    for table in _SINGLE:
        for row in getattr(library, table):
            for name in row.calls:
                yield name, table, row
    for attribute in library.attribute:
        for name in attribute.names:
            yield name, "attribute", attribute


def _wanted(shelf: tuple[LibraryFile, ...], packages: frozenset[str] | None) -> list[LibraryFile]:
    """The files that speak of these packages, and of what those files mention, in their own order."""
    if packages is None:
        return list(shelf)
    wanted: set[str] = set()
    waiting = {"builtins", *packages}
    while waiting:
        top = waiting.pop()
        for file in shelf:
            if file.name not in wanted and (top in file.packages or file.always):
                wanted.add(file.name)
                waiting |= file.mentioned_packages()
    return [file for file in shelf if file.name in wanted]
