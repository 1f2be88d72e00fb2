"""Module names: under which dotted name the project's own code imports a file.

A folder below a source root gives one part of the name, with or without ``__init__.py``
(namespace packages, PEP 420). Source roots are those configured, and found by themselves:
the project's root; folders with ``manage.py``; and, outside packages, ``src`` and ``lib`` (unless
beside modules) and folders that are installed or deployed by themselves (``pyproject.toml``, ``setup.py`` ...).
"""

# Paths are strings on the way down: pathlib costs more than the walk, and its resolve() follows links.
# ruff: noqa: PTH119, PTH120, PTH122, PTH208

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Set

import msgspec

from qorgau.source.values import SourceFile

_ROOT_NAMES = frozenset({"src", "lib"})
_ROOT_MARKERS = frozenset({"setup.py", "setup.cfg", "pyproject.toml", "requirements.txt", "Pipfile"})
_PACKAGE = "__init__.py"
_DJANGO = "manage.py"


class Place(msgspec.Struct, frozen=True):
    """What a folder gives to the names of its files.

    ``parts`` are the packages above a module in it, ``others`` the same counted from source
    roots farther out. ``in_package`` says that an ``__init__.py`` stands here or above, up to
    the source root; ``given`` that the source root is a configured one.
    """

    parts: tuple[str, ...] = ()
    others: tuple[tuple[str, ...], ...] = ()
    in_package: bool = False
    given: bool = False


class Namer:
    """Names the files below one project root. ``base`` and ``source_roots`` are absolute paths."""

    def __init__(self, base: str, source_roots: Set[str], *, marked: bool) -> None:
        """``marked`` says that ``base`` is known to be a project's root, not just some folder."""
        self._roots = source_roots
        self._listings: dict[str, Set[str]] = {}
        self._places: dict[str, Place] = {}
        self._base = base if marked else self._above_packages(base)

    def note(self, folder: str, names: Set[str]) -> None:
        """Remember what ``folder`` holds, so that it need not be looked up again."""
        self._listings[folder] = names

    def module(self, folder: str, file_name: str) -> tuple[str, tuple[str, ...]]:
        """The dotted name of a file in ``folder``, and its further names."""
        place = self._place(folder)
        stem = _part(file_name.removesuffix(os.path.splitext(file_name)[1]) or file_name)
        tail = () if file_name == _PACKAGE else (stem,)
        # A package that is itself the root has no name from within: the folder's is what others see.
        parts = place.parts + tail or (_part(os.path.basename(folder)) or stem,)
        others = (".".join(other + tail) for other in place.others)
        return ".".join(parts), tuple(other for other in others if other)

    def _place(self, folder: str) -> Place:
        pending = []
        while folder not in self._places:
            parent = os.path.dirname(folder)
            if folder == self._base or parent == folder:
                self._places[folder] = self._base_place(folder)
                break
            pending.append(folder)
            folder = parent
        place = self._places[folder]
        for below in reversed(pending):
            place = self._places[below] = self._below(below, place)
        return place

    def _base_place(self, folder: str) -> Place:
        if _PACKAGE not in self._names(folder):
            return Place(given=folder in self._roots)
        return Place(
            others=((_part(os.path.basename(folder)),),), in_package=True, given=folder in self._roots
        )

    def _below(self, folder: str, parent: Place) -> Place:
        name = _part(os.path.basename(folder))
        outward = tuple((*other, name) for other in parent.others)
        if folder in self._roots:
            return Place(others=(*outward, (*parent.parts, name)), given=True)
        package = _PACKAGE in self._names(folder)
        if not parent.given and self._is_root(folder, name, package, parent):
            return Place(others=(*outward, (*parent.parts, name)), in_package=package)
        return Place((*parent.parts, name), outward, package or parent.in_package, parent.given)

    def _is_root(self, folder: str, name: str, package: bool, parent: Place) -> bool:
        names = self._names(folder)
        if _DJANGO in names:
            return True
        # The root's own __init__.py is often a stray one: only packages below it close the search.
        if package or (parent.in_package and parent.parts):
            return False
        if not _ROOT_MARKERS.isdisjoint(names):
            return True
        # A folder of that name among modules is one of them (dags/lib beside dags/load.py).
        return name in _ROOT_NAMES and not (parent.parts and self._has_modules(os.path.dirname(folder)))

    def _has_modules(self, folder: str) -> bool:
        return any(name.endswith(".py") for name in self._names(folder))

    def _above_packages(self, folder: str) -> str:
        while _PACKAGE in self._names(folder) and os.path.dirname(folder) != folder:
            folder = os.path.dirname(folder)
        return folder

    def _names(self, folder: str) -> Set[str]:
        if folder not in self._listings:
            try:
                self._listings[folder] = frozenset(os.listdir(folder))
            except OSError:
                self._listings[folder] = frozenset()
        return self._listings[folder]


def by_module(files: Iterable[SourceFile]) -> dict[str, SourceFile]:
    """Which file a dotted name means; every file has one at least.

    Where several claim one name: what can be imported before notebooks, a package before a
    module (as Python does), then the program before its tests, wanted files before context,
    and the first by path. Further names (``aliases``) yield to names proper. A file that is left
    without any is called by its path.
    """
    ordered = sorted(files, key=_precedence)
    found: dict[str, SourceFile] = {}
    for file in ordered:
        found.setdefault(file.module, file)
    for file in ordered:
        for alias in file.aliases:
            found.setdefault(alias, file)
    named = set(found.values())
    for file in ordered:
        if file not in named:
            name = ".".join(map(_part, file.display.split("/")))
            while name in found:
                name += "_"
            found[name] = file
    return found


def own_names(named: Mapping[str, SourceFile]) -> dict[SourceFile, str]:
    """What each file of ``by_module`` calls itself: its module's name, or where another has that, a further one."""
    own: dict[SourceFile, str] = {}
    for name, file in named.items():
        own.setdefault(file, name)
    return own


def nearer_names(own: Mapping[SourceFile, str]) -> dict[SourceFile, Mapping[str, str]]:
    """What else names mean in files of a project within the project, where both have a module of that name.

    ``polar`` means ``server.polar`` in ``server/``, if ``sdk/`` has the module that is called ``polar``.
    """
    within: dict[str, dict[str, str]] = {}
    for file, name in own.items():
        if name != file.module:
            for home in _homes(file):
                if name == f"{home}.{file.module}":
                    within.setdefault(home, {})[file.module] = name
    if not within:
        return {}
    return {file: names for file in own for home in _homes(file) if (names := within.get(home)) is not None}


def _homes(file: SourceFile) -> Iterator[str]:
    """The dotted names of its source root, as seen from others farther out."""
    for alias in file.aliases:
        if alias.endswith(f".{file.module}"):
            yield alias[: -len(file.module) - 1]


def _precedence(file: SourceFile) -> tuple[bool, bool, bool, bool, str]:
    return file.is_notebook, not file.is_package, file.is_test, not file.wanted, file.display


def _part(name: str) -> str:
    """A file's or folder's name as one part of a dotted name."""
    return printable(name).replace(".", "_")


def printable(text: str) -> str:
    """A name from the file system with bytes that are not UTF-8 replaced, so that it can be printed."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
