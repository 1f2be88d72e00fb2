"""Ignore files: what git leaves out, decided entry by entry on the way down.

``pathspec`` turns patterns into matchers. It decides about files, given all files; whoever
walks from the top and never enters an ignored folder must instead ask about each entry
alone, as git does: a pattern that only matches a folder above says nothing about the entry.
The rules are those of https://git-scm.com/docs/gitignore. The user's global ignore file is
left aside, so that two machines see the same project.
"""

# Paths are strings on the way down: pathlib costs more than the walk, and its resolve() follows links.
# ruff: noqa: PTH118, PTH120, PTH206

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import pathspec

_GLOB_CHARACTERS = frozenset("*?[\\")


class _Matcher(Protocol):
    def match_file(self, file: str) -> object | None:
        """A match of a path relative to the ignore file, or None."""


class _Pattern:
    """One line of an ignore file."""

    __slots__ = ("_folders", "_matcher", "_parents", "_tail", "ignores", "index", "literal", "unanchored")

    def __init__(self, line: str, matcher: _Matcher, ignores: bool, index: int) -> None:
        body = line.rstrip().removeprefix("!").removeprefix("\\")
        while body.startswith(("**/", "/**/")):
            body = body.partition("**/")[2]
        name = body.rstrip("/")
        self.index = index
        self.ignores = ignores
        self.unanchored = "/" not in name
        plain = self.unanchored and not _GLOB_CHARACTERS.intersection(line) and " " not in line
        # With its final slash, if it has one: then it is about folders alone.
        self.literal = body if plain else None
        self._tail = body.endswith(("/**", "/**/"))
        self._folders = body.endswith("/")
        self._parents = "**" not in body
        self._matcher = matcher

    def matches_name(self, name: str) -> bool:
        """For a pattern without a slash: whether it matches this last part of a path."""
        return self._matcher.match_file(name) is not None

    def matches_path(self, path: str) -> bool:
        """For a pattern with a slash: whether it matches this path itself, not a folder above it."""
        if self._folders and not path.endswith("/"):
            return False
        # "a/**" is about what is inside a, not about a: asked without the slash that marks a folder.
        if self._matcher.match_file(path.rstrip("/") if self._tail else path) is None:
            return False
        if not self._parents:
            return True
        above = path.rstrip("/").rpartition("/")[0]
        return not above or self._matcher.match_file(above + "/") is None


class IgnoreRules:
    """The patterns of one ignore file, the last that matches deciding."""

    __slots__ = ("_anchored", "_by_name", "_literal", "_named")

    def __init__(self, lines: Iterable[str]) -> None:
        """Take the lines of an ignore file. A line that is no pattern is passed over, as git does."""
        patterns = list(_patterns(lines))
        named = [pattern for pattern in patterns if pattern.unanchored]
        self._literal = {pattern.literal: pattern for pattern in named if pattern.literal is not None}
        self._named = [pattern for pattern in reversed(named) if pattern.literal is None]
        self._anchored = [pattern for pattern in reversed(patterns) if not pattern.unanchored]
        self._by_name: dict[str, _Pattern | None] = {}

    def decide(self, path: str, is_folder: bool) -> bool | None:
        """Whether ``path``, relative to the ignore file and with ``/``, is ignored.

        Returns True for ignored, False for taken back in with ``!``, None where no line speaks of it.
        """
        name = path.rpartition("/")[2]
        mark = "/" if is_folder else ""
        best = self._last_named(name, name + mark)
        for pattern in self._anchored:
            if best is not None and pattern.index < best.index:
                break
            if pattern.matches_path(path + mark):
                best = pattern
                break
        return None if best is None else best.ignores

    def _last_named(self, name: str, marked: str) -> _Pattern | None:
        if marked in self._by_name:
            return self._by_name[marked]
        best = self._literal.get(name)
        marked_best = self._literal.get(marked)
        if best is None or (marked_best is not None and marked_best.index > best.index):
            best = marked_best
        for pattern in self._named:
            if best is not None and pattern.index < best.index:
                break
            if pattern.matches_name(marked):
                best = pattern
                break
        self._by_name[marked] = best
        return best


class Layer:
    """An ignore file and the folder it speaks for."""

    __slots__ = ("_rules", "_start", "folder")

    def __init__(self, folder: str, rules: IgnoreRules) -> None:
        self.folder = folder
        self._rules = rules
        self._start = len(folder.rstrip(os.sep)) + 1

    def decide(self, path: str, is_folder: bool) -> bool | None:
        """As ``IgnoreRules.decide``, for an absolute path below ``folder``."""
        relative = path[self._start :]
        return self._rules.decide(relative if os.sep == "/" else relative.replace(os.sep, "/"), is_folder)

    def rejects(self, path: str) -> bool:
        """Whether the folder ``path``, or one between it and ``folder``, is ignored."""
        while len(path) > self._start:
            if self.decide(path, is_folder=True):
                return True
            path = os.path.dirname(path)
        return False


def ignored(path: str, is_folder: bool, layers: tuple[Layer, ...]) -> bool:
    """Whether the layers, the nearest last, leave the entry out."""
    return bool(decision(path, is_folder, layers))


def decision(path: str, is_folder: bool, layers: tuple[Layer, ...]) -> bool | None:
    """What the nearest layer that speaks of the entry says."""
    for layer in reversed(layers):
        verdict = layer.decide(path, is_folder)
        if verdict is not None:
            return verdict
    return None


def read_ignore_file(path: str) -> IgnoreRules:
    """The rules of the ignore file at ``path``. Raises OSError when it cannot be read."""
    data = Path(path).read_bytes().removeprefix(b"\xef\xbb\xbf")
    # File names reach us with the same escapes for bytes that are not UTF-8.
    return IgnoreRules(data.decode("utf-8", "surrogateescape").replace("\r\n", "\n").split("\n"))


def layers_above(folder: str) -> Iterator[Layer]:
    """The ignore files that hold for ``folder`` from outside it: those of its repository, the top first.

    Nothing without a repository. Files that cannot be read are passed over: they lie outside the scan.
    """
    top = _repository(folder)
    if top is None:
        return
    places = [(top, os.path.join(_git_folder(top), "info", "exclude"))]
    below = [part for part in os.path.relpath(folder, top).split(os.sep) if part != os.curdir]
    between = [os.path.join(top, *below[:depth]) for depth in range(len(below))]
    places.extend((place, os.path.join(place, ".gitignore")) for place in between)
    for place, path in places:
        try:
            yield Layer(place, read_ignore_file(path))
        except OSError:
            continue


def _patterns(lines: Iterable[str]) -> Iterator[_Pattern]:
    for index, line in enumerate(lines):
        try:
            compiled = list(pathspec.GitIgnoreSpec.from_lines([line]).patterns)
        except ValueError:
            continue
        for matcher in compiled:
            if matcher.include is not None:
                yield _Pattern(line, matcher, matcher.include, index)


def _repository(folder: str) -> str | None:
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def _git_folder(top: str) -> str:
    """The folder that holds ``info/exclude``: ``.git``, or where a work tree's ``.git`` file leads."""
    git = os.path.join(top, ".git")
    try:
        link = Path(git).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return git
    private = os.path.join(top, link.removeprefix("gitdir:").strip())
    try:
        common = Path(private, "commondir").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return private
    return os.path.normpath(os.path.join(private, common.strip()))
