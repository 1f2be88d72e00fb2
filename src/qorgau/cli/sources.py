"""The text of scanned files, read again where a report shows lines of them."""

from __future__ import annotations

import os
from pathlib import Path

from qorgau.source import SourceError, SourceFile, SourceText, read


class Sources:
    """Texts by the path that findings name; each is read once, and None where it is gone."""

    def __init__(self, cwd: Path) -> None:
        self._cwd = cwd
        self._texts: dict[str, SourceText | None] = {}

    def __call__(self, path: str) -> SourceText | None:
        """The text of the file, as the scan read it."""
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def _read(self, path: str) -> SourceText | None:
        file = SourceFile(
            # Shown paths are text; names of files are whatever bytes the system takes them for.
            path=self._cwd / os.fsdecode(path.encode("utf-8", "surrogatepass")),
            display=path,
            module="",
            is_package=False,
            is_test=False,
            wanted=True,
            is_notebook=path.endswith(".ipynb"),
        )
        try:
            return read(file)
        except SourceError:
            return None
