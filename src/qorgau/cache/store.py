"""The cache's folder: one small file an entry, written whole or not at all.

Two runs may share it: an entry's name says all that it depends on, so whoever writes it writes the
same, and it appears by a rename. What is cut off or damaged fails its checksum and counts as
absent. A folder that cannot be read or written is as good as none.
"""

# Plain strings and os.scandir: a project has thousands of entries, and pathlib costs more than the look-up.
# ruff: noqa: PTH208, PTH103, PTH105, PTH108, PTH118, PTH123, PTH116, PTH120

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

FOLDER = ".qorgau_cache"
VARIABLE = "QORGAU_CACHE_DIR"
"""The folder's name in a project, and the environment variable that names another folder."""

LIMIT = 512_000_000
"""Bytes of entries that are kept: the lowered form of some 25 million lines."""
UNUSED = 30 * 24 * 3600
"""Seconds after which an entry goes that no run asked for."""
_DAY = 24 * 3600
_MUCH = 1_000_000
"""Bytes written in one run after which the folder is looked through at once, not once a day."""

_ENDING = ".z"
_SWEPT = "swept"
_NOTES = {
    ".gitignore": "# Made by Qorgau.\n*\n",
    # https://bford.info/cachedir/
    "CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n# Made by Qorgau. It may be deleted at any time.\n",
}


class _Entry(NamedTuple):
    used: float
    size: int
    path: str


def folder_for(root: Path) -> Path:
    """Where a project's cache lies: ``$QORGAU_CACHE_DIR``, else ``.qorgau_cache`` in its root."""
    named = os.environ.get(VARIABLE)
    # Files of settings for CI hand on ``~`` as it is.
    return Path(os.path.abspath(os.path.expanduser(named))) if named else root / FOLDER  # noqa: PTH100, PTH111


def digest(parts: Iterable[bytes]) -> str:
    """A name for these parts, in this order; other parts have another name."""
    made = blake2b(digest_size=20)
    for part in parts:
        made.update(b"%d:" % len(part))
        made.update(part)
    return made.hexdigest()


class Store:
    """Entries by kind and key. No method raises for what is wrong with the folder."""

    def __init__(self, folder: Path | None, limit: int = LIMIT) -> None:
        """A store in ``folder``, which is made when the first entry is kept; without one, nothing is kept."""
        self._folder = None if folder is None else str(folder)
        self._limit = limit
        self._written = 0
        self._writes = folder is not None

    @property
    def keeps(self) -> bool:
        """Whether it is worth while to make an entry."""
        return self._writes

    def get(self, kind: str, key: str) -> bytes | None:
        """What was kept; None where that is nothing, or damaged."""
        if self._folder is None:
            return None
        path = self._path(self._folder, kind, key)
        try:
            with open(path, "rb") as stream:
                data = zlib.decompress(stream.read())
                if time.time() - os.fstat(stream.fileno()).st_mtime > _DAY:
                    os.utime(path)
        except (OSError, zlib.error):
            return None
        return data

    def put(self, kind: str, key: str, data: bytes) -> None:
        """Keep ``data`` if that is possible."""
        self.put_packed(kind, key, pack(data))

    def put_packed(self, kind: str, key: str, packed: bytes) -> None:
        """Keep what ``pack`` made."""
        if self._folder is None or not self._writes:
            return
        path = self._path(self._folder, kind, key)
        try:
            if not self._written:
                _make(self._folder)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            _write(path, packed)
            self._written += len(packed)
        except OSError:
            # A full disk or a folder that cannot be written: one attempt is enough.
            self._writes = False

    def tidy(self) -> None:
        """Drop what no run has used for long, and the oldest beyond the limit; to be called after a run."""
        if self._folder is None or not self._written:
            return
        stamp = os.path.join(self._folder, _SWEPT)
        try:
            if self._written < _MUCH and time.time() - os.stat(stamp).st_mtime < _DAY:
                return
        except OSError:
            pass  # never swept
        try:
            _sweep(self._folder, self._limit)
            _write(stamp, b"")
        except OSError:
            return

    @staticmethod
    def _path(folder: str, kind: str, key: str) -> str:
        return os.path.join(folder, kind, key[:2], key[2:] + _ENDING)


NOWHERE = Store(None)
"""The store that keeps nothing."""


def pack(data: bytes) -> bytes:
    """An entry's form on the disk: a third of its size, with a checksum."""
    return zlib.compress(data, 1)


def unpack(packed: bytes) -> bytes:
    """What ``pack`` was given."""
    return zlib.decompress(packed)


def _make(folder: str) -> None:
    os.makedirs(folder, exist_ok=True)
    for name in _NOTES.keys() - set(os.listdir(folder)):
        _write(os.path.join(folder, name), _NOTES[name].encode())


def _write(path: str, data: bytes) -> None:
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "wb") as stream:
            stream.write(data)
        os.replace(temporary, path)
    except BaseException:
        _remove(temporary)
        raise


def _sweep(folder: str, limit: int) -> None:
    entries = sorted(_entries(folder), reverse=True)
    oldest = time.time() - UNUSED
    total = 0
    for entry in entries:
        total += entry.size
        if total > limit or entry.used < oldest:
            _remove(entry.path)


def _entries(folder: str) -> Iterator[_Entry]:
    """All entries, and what a run that was ended left half written."""
    for kind in _folders(folder):
        for shelf in _folders(kind):
            with os.scandir(shelf) as listing:
                for entry in listing:
                    if entry.name.endswith((_ENDING, ".tmp")):
                        status = entry.stat(follow_symlinks=False)
                        yield _Entry(status.st_mtime, status.st_size, entry.path)


def _folders(folder: str) -> list[str]:
    with os.scandir(folder) as listing:
        return [entry.path for entry in listing if entry.is_dir(follow_symlinks=False)]


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return  # another run took it away, or the folder is closed to us
