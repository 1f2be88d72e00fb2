"""``.env`` files: the variables that a project gives itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from qorgau.source.small_files import text_of

MAX_BYTES = 256 * 1024
"""No list of settings is longer; a longer file is something else."""

_LINE = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_][\w.]*)\s*=\s*(?P<value>.*?)\s*")
_QUOTED = re.compile(r"(?P<mark>['\"`])(?P<text>.*?)(?<!\\)(?P=mark)")
_COMMENT = re.compile(r"(?:^|\s)#.*")
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::?-(?P<default>[^}]*))?\}")
# Templates hold placeholders, and what tests use says nothing of where the program runs.
_LEFT_OUT = frozenset(("example", "sample", "template", "dist", "tmpl", "test", "testing", "tests", "ci"))
_FOR_DEVELOPERS = frozenset(("dev", "development", "local", "debug"))


def read_environment(folders: Iterable[Path]) -> dict[str, str]:
    """The variables of the ``.env`` and ``.env.*`` files of folders; unreadable files count as absent.

    The first folder counts before the next; in one, ``.env`` before those of production, of other
    stages and of developers. Templates and files for tests are left out.
    """
    found: dict[str, str] = {}
    for folder in dict.fromkeys(folders):
        for path in _files(folder):
            for name, value in parse(text_of(path, MAX_BYTES), found).items():
                found.setdefault(name, value)
    return found


def parse(text: str, known: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of one file's text. ``known`` are those that ``${NAME}`` may refer to as well."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        matched = None if line.lstrip().startswith("#") else _LINE.fullmatch(line)
        if matched is None:
            continue
        quoted = _QUOTED.match(matched["value"])
        value = quoted["text"] if quoted else _COMMENT.sub("", matched["value"]).strip()
        if quoted is None or quoted["mark"] != "'":
            value = _filled(value, {**(known or {}), **found})
        found[matched["name"]] = value
    return {name: value for name, value in found.items() if value}


def _filled(value: str, known: Mapping[str, str]) -> str:
    """References replaced where they are known; others stay, so that the rest can be read."""
    return _VARIABLE.sub(lambda m: known.get(m["name"]) or m["default"] or m[0], value)


def _files(folder: Path) -> list[Path]:
    try:
        names = sorted(path.name for path in folder.glob(".env*") if path.is_file())
    except OSError:
        return []
    kept = [
        name
        for name in names
        if name == ".env" or (name.startswith(".env.") and not _LEFT_OUT & _words(name))
    ]
    return [folder / name for name in sorted(kept, key=lambda name: (_rank(name), name))]


def _words(name: str) -> set[str]:
    return set(re.split(r"[._-]", name.lower()))


def _rank(name: str) -> int:
    words = _words(name)
    if name == ".env":
        return 0
    if words & {"prod", "production"}:
        return 1
    return 3 if words & _FOR_DEVELOPERS else 2
