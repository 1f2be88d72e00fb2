"""One file a format; a format is found by being here.

A format is a module with ``render(report, view) -> str``. It knows a report and the text of the files
that were scanned; it refuses to know how a finding was made. The modules do not import each other.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from typing import cast

import msgspec

from qorgau.findings import Report
from qorgau.knowledge.pages import Page
from qorgau.source import SourceText, cell_at


class View(msgspec.Struct, frozen=True):
    """What a format may look at beside the report.

    ``source`` gives the text of a file by the path that findings name, None where it cannot be had
    any more; ``pages`` gives the rule pages by code. Both are called only when they are needed.
    """

    source: Callable[[str], SourceText | None]
    pages: Callable[[], Mapping[str, Page]]
    color: bool = False

    def cell(self, path: str, line: int) -> tuple[int, int] | None:
        """For a notebook: the number of the cell that ``line`` is in, and the line within the cell."""
        text = self.source(path) if path.endswith(".ipynb") else None
        return None if text is None else cell_at(text, line)

    def place(self, path: str, line: int, column: int) -> str:
        """``path:line:column``; for notebooks the cell and the line in it, as Ruff writes them."""
        cell = self.cell(path, line)
        if cell is None:
            return f"{path}:{line}:{column}"
        return f"{path}:cell {cell[0]}:{cell[1]}:{column}"


Render = Callable[[Report, View], str]


def formats() -> tuple[str, ...]:
    """The names of the formats, in alphabetical order."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def renderer(name: str) -> Render:
    """The ``render`` of the format ``name``. Raises ModuleNotFoundError where there is no such format."""
    module = importlib.import_module(f"{__name__}.{name}")
    return cast(Render, module.render)


def printable(text: str) -> str:
    """``text`` in one line and without control characters, which could rewrite a terminal."""
    if text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in "\t\n\r\v\f":
        return " "
    if character.isprintable() or character == "\u00a0":
        return character
    return character.encode("ascii", "backslashreplace").decode("ascii") if character > "~" else "\ufffd"
