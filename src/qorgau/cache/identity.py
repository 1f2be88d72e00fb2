"""What results rest on besides their input: the program's own files, Python, and the libraries it uses.

The files' contents count, not the version alone: an editable install changes without it, and a
build machine installs the same version anew for each run.
"""

# Plain strings and os.scandir: this is read in every run.
# ruff: noqa: PTH123, PTH208

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from pathlib import Path

import qorgau
from qorgau.cache.store import digest

_LIBRARIES = ("libcst", "msgspec", "pathspec", "sqlglot", "tomli")
_OWN = Path(qorgau.__file__).parent
_ENDINGS = (".py", ".toml", ".md")


@cache
def of_lowering() -> str:
    """What the lowered form of a text depends on."""
    return digest((*_surroundings(), _digest_of(_OWN / "lowering"), (_OWN / "ir.py").read_bytes()))


@cache
def of_knowledge() -> str:
    """What the compiled form of the packaged rules depends on."""
    folders = (_OWN / "knowledge", _OWN / "config", *_rules())
    return digest((*_surroundings(), *map(_digest_of, folders)))


@cache
def of_program() -> str:
    """What findings depend on."""
    return digest((*_surroundings(), *map(_digest_of, (_OWN, *_rules()))))


def _rules() -> Iterator[Path]:
    rules = resources.files("qorgau.rules")
    if isinstance(rules, Path):
        yield rules


def _surroundings() -> Iterator[bytes]:
    yield qorgau.__version__.encode()
    yield f"{sys.implementation.cache_tag} {sys.version} {sys.byteorder}".encode()
    yield from (library.encode() for library in _libraries(_LIBRARIES, sys.path))


def _libraries(names: Iterable[str], path: Iterable[str]) -> list[str]:
    """``name-version`` of each library, read from the names of the folders that installers leave.

    importlib.metadata says the same and costs as much as the rest of a run in which nothing changed.
    """
    found: dict[str, str] = {}
    for folder in path:
        for entry in _listed(folder or os.curdir):
            if entry.endswith((".dist-info", ".egg-info")):
                name = entry.partition("-")[0].lower()
                found.setdefault(name, entry)
    return [found.get(name) or _version(name) for name in names]


def _version(name: str) -> str:
    from importlib import metadata

    try:
        return f"{name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return name


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


@cache
def _digest_of(folder: Path) -> bytes:
    return digest(_contents(folder)).encode()


def _contents(folder: Path) -> Iterator[bytes]:
    """The names and contents of the program's files in a folder and those below it, sorted."""
    waiting = [str(folder)]
    while waiting:
        place = waiting.pop()
        with os.scandir(place) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
        for entry in entries:
            if entry.is_dir():
                waiting.append(entry.path)
            elif entry.name.endswith(_ENDINGS):
                yield os.fsencode(entry.path)[len(os.fsencode(folder)) :]
                with open(entry.path, "rb") as stream:
                    yield stream.read()
