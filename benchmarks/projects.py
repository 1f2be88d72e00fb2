"""Projects to measure on: a copy of a real one, and larger ones made of its code under new package names."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

FIELDS = (
    *("email", "user_email", "customer_email", "recipient_email", "phone", "phone_number"),
    *("first_name", "last_name", "full_name", "street_address_1", "street_address_2", "postal_code"),
)
"""The names in qorgau.toml and semgrep.yml beside this file."""
_NAMED = re.compile(rf"(?<![A-Za-z0-9_])({'|'.join(FIELDS)})(?![A-Za-z0-9_])")
_KEPT = (".py", ".toml", ".cfg")
_LEFT_OUT = frozenset({".git", ".venv", "node_modules", "__pycache__", ".qorgau_cache"})


def copy(project: Path, target: Path) -> None:
    """The Python files of a project and their configuration, so that all tools see the same and nothing is changed."""
    for file in _files(project, _KEPT):
        place = target / file.relative_to(project)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)


def lines_of(folder: Path) -> int:
    """Lines of Python in a folder."""
    return sum(file.read_bytes().count(b"\n") for file in _files(folder, (".py",)))


@dataclass(frozen=True)
class Source:
    """A file of the real project; it ``carries`` if it names one of FIELDS."""

    path: Path
    text: str
    lines: int
    carries: bool


@dataclass(frozen=True)
class Size:
    """How many lines a made project has, and how many of them are in files that carry personal data."""

    lines: int
    carrying: int


def read(project: Path) -> list[Source]:
    """The files of a real project, without those that cannot be decoded."""
    found = []
    for file in _files(project, (".py",)):
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        carries = _NAMED.search(text) is not None
        found.append(Source(file.relative_to(project), text, text.count("\n"), carries))
    return found


def make(sources: Sequence[Source], target: Path, lines: int, share: float) -> Size:
    """A project of about so many lines of which ``share`` are in files that carry personal data.

    Copies of the real code lie side by side, each with top-level packages of its own names, until there
    are enough. Where the real code has too large a share, its fields get other names in some files; where
    it has too small a one, files without fields are left out.
    """
    everything = sum(source.lines for source in sources)
    sparse = sum(source.lines for source in sources if source.carries) < share * everything
    size = Size(0, 0)
    for number in count(1):
        rename = _renaming(sources, f"_{number:03}")
        for source in sources:
            if size.lines >= lines:
                return size
            low = size.carrying < share * (size.lines + source.lines)
            if sparse and low and not source.carries:
                continue
            carries = source.carries and (low or sparse)
            _put(source, carries, target, rename)
            size = Size(size.lines + source.lines, size.carrying + source.lines * carries)
    raise AssertionError("count() does not end")


def _renaming(sources: Sequence[Source], ending: str) -> Callable[[str], str]:
    """Gives the top-level packages and modules of the real project another ending, wherever a text names them."""
    tops = sorted({source.path.parts[0].removesuffix(".py") for source in sources})
    named = re.compile(rf"(?<![A-Za-z0-9_.])({'|'.join(map(re.escape, tops))})(?![A-Za-z0-9_])")
    return lambda text: named.sub(rf"\g<1>{ending}", text)


def _put(source: Source, carries: bool, target: Path, rename: Callable[[str], str]) -> None:
    first, *rest = source.path.parts
    text = rename(source.text)
    if not carries:
        text = _NAMED.sub(lambda found: found[0][::-1], text)
    place = target.joinpath(rename(first), *rest)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")


def _files(folder: Path, endings: Sequence[str]) -> list[Path]:
    return sorted(
        file
        for file in folder.rglob("*")
        if file.suffix in endings
        and file.is_file()
        and not file.is_symlink()
        and _LEFT_OUT.isdisjoint(file.relative_to(folder).parts)
    )
