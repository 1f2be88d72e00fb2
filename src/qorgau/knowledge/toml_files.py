"""Reads the TOML files of ``qorgau.rules`` and of a team's own folders, with errors that name the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
import tomli

T = TypeVar("T")

_WHERE = re.compile(r" - at `(\$[^`]*)`$")
# The decoder speaks of its own classes; who wrote the file knows keys.
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_MISSING = re.compile(r"Object missing required field `(.*)`")


class _Entry(Protocol):
    """What a package's resource and a path have in common."""

    @property
    def name(self) -> str: ...
    def is_dir(self) -> bool: ...
    def read_bytes(self) -> bytes: ...
    def iterdir(self) -> Iterator[_Entry]: ...


class RuleFileError(Exception):
    """A file of rules that says something wrong: ``file``, ``key`` (may be empty) and a sentence."""

    def __init__(self, file: str, key: str, problem: str) -> None:
        self.file = file
        self.key = key
        self.problem = problem
        where = f"{file}: {key}" if key else file
        super().__init__(f"{where}: {problem}")


def packaged_texts(folder: str) -> Iterator[tuple[str, str]]:
    """Name and text of every TOML file in ``rules/<folder>``, in the order of their names."""
    return _texts(files("qorgau.rules") / folder, f"rules/{folder}")


def folder_texts(folder: Path, shown: str) -> Iterator[tuple[str, str]]:
    """Name and text of every TOML file in a folder of ``extend-rules``, which people see as ``shown``.

    Raises ``RuleFileError`` when a file cannot be read or is not UTF-8.
    """
    return _texts(folder, shown)


def _texts(folder: _Entry, shown: str) -> Iterator[tuple[str, str]]:
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.name.endswith(".toml"):
            name = f"{shown}/{entry.name}"
            try:
                yield name, entry.read_bytes().decode("utf-8-sig")
            except OSError as error:
                raise RuleFileError(name, "", f"cannot be read: {(error.strerror or '').lower()}") from error
            except UnicodeDecodeError as error:
                raise RuleFileError(name, "", "is not UTF-8") from error


def parse(text: str, file: str) -> dict[str, Any]:
    """The table a TOML text says; ``RuleFileError`` where it is not TOML."""
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise RuleFileError(file, "", f"is not TOML: {error}") from error


def decode(table: dict[str, Any], into: type[T], file: str) -> T:
    """The table as a frozen value of ``into``; ``RuleFileError`` with the key path where it doesn't fit."""
    try:
        return msgspec.convert(table, into)
    except msgspec.ValidationError as error:
        problem = str(error)
        found = _WHERE.search(problem)
        key = found.group(1).removeprefix("$").removeprefix(".") if found else ""
        raise RuleFileError(file, key, _in_words(_WHERE.sub("", problem))) from error


def _in_words(problem: str) -> str:
    return _MISSING.sub(r'the key "\1" is required', _UNKNOWN.sub(r'there is no key "\1"', problem))
