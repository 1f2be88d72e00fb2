"""The values that travel out of this room."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import msgspec

Setting: TypeAlias = "str | int | float | bool | dict[str, Setting] | list[Setting] | None"
"""What a settings file holds under one name."""


class SourceProblem(msgspec.Struct, frozen=True):
    """One thing that could not be read: ``path`` as it is shown to people, and one sentence without it.

    Lines and columns start at 1; both are None where the whole file or folder is meant.
    """

    path: str
    message: str
    line: int | None = None
    column: int | None = None


class SourceError(Exception):
    """A file or folder cannot be read at all; ``problem`` says which one and why."""

    def __init__(self, problem: SourceProblem) -> None:
        super().__init__(f"{problem.path}: {problem.message}" if problem.path else problem.message)
        self.problem = problem


class NotPythonError(SourceError):
    """A file was read, but Python would take it for no source: its bytes are no text in the encoding it has."""


class SourceFile(msgspec.Struct, frozen=True):
    """One file that may be read.

    ``display`` is ``path`` relative to the working folder, with ``/`` and always printable.
    ``wanted`` files are judged; the others are context, read only so that calls are known.
    ``aliases`` are further dotted names under which the project may import the file, because
    a folder above its source root is importable as well (``src.bank`` beside ``bank``).
    """

    path: Path
    display: str
    module: str
    is_package: bool
    is_test: bool
    wanted: bool
    is_notebook: bool
    aliases: tuple[str, ...] = ()
