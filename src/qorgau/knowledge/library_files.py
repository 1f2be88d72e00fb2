"""Reads and checks files of library models; the catalogue is built of what this room lets through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import msgspec

from qorgau.knowledge import rows, toml_files
from qorgau.knowledge.references import BadReference, parse_reference, parse_target, type_arguments

LibraryError = toml_files.RuleFileError

_FIRST_TABLE = re.compile(r"^\[", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_][\w-]*)*(?:\.\*)?")
_TYPE = re.compile(r"[A-Za-z_]\w*(?:\.(?:[A-Za-z_][\w-]*|\{[^{}]+\}))*")
_COUNTRY = re.compile(r"[A-Z]{2}")
_KINDS = {
    "sink": ("storage", "transfer", "export", "log"),
    "source": ("request", "public", "file", "query"),
}
_EFFECTS = ("irreversible", "reversible", "hash")
_CONFIDENCES = ("high", "medium", "low")
_TABLES = ("sink", "returns", "source", "passes", "clean", "depersonalizer", "behaviour", "query")


class _Head(msgspec.Struct, frozen=True):
    packages: tuple[str, ...]


class LibraryFile:
    """One file: its packages are known at once, its rows are decoded when asked for."""

    def __init__(self, name: str, text: str, always: bool) -> None:
        """``always`` is for a team's own files, which count whatever the project imports."""
        self.name = name
        self.always = always
        self._text = text

    @cached_property
    def packages(self) -> frozenset[str]:
        """The top-level import names it speaks of, read from what stands before the first table."""
        first = _FIRST_TABLE.search(self._text)
        head = toml_files.parse(self._text[: first.start()] if first else self._text, self.name)
        return frozenset(toml_files.decode(head, _Head, self.name).packages)

    def library(self) -> rows.Library:
        """Its rows, decoded and checked. Raises ``LibraryError``."""
        return self._library

    @cached_property
    def _library(self) -> rows.Library:
        table = toml_files.parse(self._text, self.name)
        if "passes" in table:
            raise LibraryError(self.name, "passes", "the table is called `pass`")
        if "pass" in table:
            table["passes"] = table.pop("pass")
        try:
            library = toml_files.decode(table, rows.Library, self.name)
        except LibraryError as error:
            raise LibraryError(self.name, _as_written(error.key), error.problem) from error
        for key, problem in _problems(library):
            raise LibraryError(self.name, _as_written(key), problem)
        return library

    def mentioned_packages(self) -> set[str]:
        """Top-level names of the types, bases and alias targets of its rows."""
        library = self.library()
        names = [base for each in library.type for base in each.bases]
        names += [name for each in library.returns for name in (each.type, each.elements)]
        names += [each.type for each in library.attribute] + [each.returned for each in library.sink]
        names += library.aliases.values()
        return {name.partition(".")[0] for name in names if name}


def library_files(extra: tuple[Path, ...]) -> tuple[LibraryFile, ...]:
    """All packaged files by name, then those of the folders in their order."""
    own = [LibraryFile(name, text, False) for name, text in toml_files.packaged_texts("libraries")]
    return (*own, *team_files(extra))


def team_files(folders: tuple[Path, ...]) -> tuple[LibraryFile, ...]:
    """The files of a team's own folders (``extend-rules``), in the order of the folders."""
    return tuple(
        LibraryFile(name, text, True)
        for folder in folders
        for name, text in toml_files.folder_texts(folder, folder.as_posix())
    )


def _as_written(key: str) -> str:
    return re.sub(r"^passes\b", "pass", key)


def _problems(library: rows.Library) -> Iterator[tuple[str, str]]:
    """Key path and sentence for everything in it that decodes but cannot be meant."""
    for table in _TABLES:
        for index, row in enumerate(getattr(library, table)):
            key = f"{table}[{index}]"
            yield from (
                (f"{key}.calls", _not_a_name(name)) for name in row.calls if not _NAME.fullmatch(name)
            )
            yield from _bad_references(key, row)
            yield from _bad_words(key, table, row)
    for index, attribute in enumerate(library.attribute):
        yield from (
            (f"attribute[{index}].names", _not_a_name(name))
            for name in attribute.names
            if not _NAME.fullmatch(name) or "." not in name
        )
    yield from _bad_types(library)
    yield from _contradictions(library)


def _not_a_name(name: str) -> str:
    return f"`{name}` is no dotted name"


def _bad_references(key: str, row: rows.Row) -> Iterator[tuple[str, str]]:
    texts: list[tuple[str, str]] = []
    for field in ("data", "url", "carries", "parameters"):
        texts += [(field, text) for text in getattr(row, field, ())]
    for field in ("local", "verify", "key", "statement"):
        texts += [(field, text) for text in (getattr(row, field, ""),) if text]
    place = getattr(row, "place", None)
    if place is not None:
        for field in ("host", "region", "bucket", "database", "path", "inherit"):
            texts += [(f"place.{field}", text) for text in getattr(place, field)]
    when = getattr(row, "when", None)
    if when is not None:
        texts.append(("when.argument", when.argument))
    for field, text in texts:
        try:
            parse_reference(text)
        except BadReference as error:
            yield f"{key}.{field}", str(error)
    for text in getattr(row, "to", ()):
        try:
            parse_target(text)
        except BadReference as error:
            yield f"{key}.to", str(error)


def _bad_words(key: str, table: str, row: rows.Row) -> Iterator[tuple[str, str]]:
    allowed = _KINDS.get(table)
    kind = getattr(row, "kind", "")
    if allowed and kind not in allowed:
        yield f"{key}.kind", f"`{kind}` is none of {', '.join(allowed)}"
    if isinstance(row, rows.Depersonalizer) and row.effect not in _EFFECTS:
        yield f"{key}.effect", f"`{row.effect}` is none of {', '.join(_EFFECTS)}"
    if isinstance(row, rows.Sink):
        if row.country and not _COUNTRY.fullmatch(row.country):
            yield f"{key}.country", f"`{row.country}` is no ISO 3166 alpha-2 code"
        if row.confidence not in _CONFIDENCES:
            yield f"{key}.confidence", f"`{row.confidence}` is none of {', '.join(_CONFIDENCES)}"
        if row.when is not None:
            try:
                re.compile(row.when.matches)
            except re.error as error:
                yield f"{key}.when.matches", f"is no regular expression: {error}"


def _bad_types(library: rows.Library) -> Iterator[tuple[str, str]]:
    named = [(f"returns[{index}].type", each.type) for index, each in enumerate(library.returns)]
    named += [(f"returns[{index}].elements", each.elements) for index, each in enumerate(library.returns)]
    named += [(f"sink[{index}].returned", each.returned) for index, each in enumerate(library.sink)]
    named += [(f"attribute[{index}].type", each.type) for index, each in enumerate(library.attribute)]
    named += [(f"type[{index}].name", each.name) for index, each in enumerate(library.type)]
    named += [
        (f"type[{index}].bases", base) for index, each in enumerate(library.type) for base in each.bases
    ]
    for key, name in named:
        if name and not _TYPE.fullmatch(name):
            yield key, f"`{name}` is no type"
            continue
        try:
            type_arguments(name)
        except BadReference as error:
            yield key, str(error)


def _contradictions(library: rows.Library) -> Iterator[tuple[str, str]]:
    said: dict[tuple[str, str], str] = {}
    for table in ("returns", "clean", "source", "depersonalizer", "behaviour", "query"):
        for index, row in enumerate(getattr(library, table)):
            for name in row.calls:
                key = f"{table}[{index}]"
                first = said.setdefault((table, name), key)
                if first != key:
                    yield key, f"`{name}` is already in {first}"
    for (table, name), key in said.items():
        clean = said.get(("clean", name))
        if table == "depersonalizer" and clean:
            yield key, f"`{name}` is already in {clean}: a result is clean or transformed, not both"
    for index, row in enumerate(library.passes):
        for name in row.calls:
            clean = said.get(("clean", name))
            if "result" in row.to and clean:
                problem = f"`{name}` is already in {clean}: a result is clean or carries, not both"
                yield f"passes[{index}]", problem
    yield from _double_sinks(library)


def _double_sinks(library: rows.Library) -> Iterator[tuple[str, str]]:
    """Two sinks of one call that hand on the same argument under the same condition, logs aside."""
    seen: dict[tuple[str, str, rows.When | None, bool], str] = {}
    for index, row in enumerate(library.sink):
        for name in row.calls:
            for data in row.data:
                key = f"sink[{index}]"
                first = seen.setdefault((name, data, row.when, row.kind == "log"), key)
                if first != key:
                    yield key, f"`{name}` already hands on `{data}` in {first}"
