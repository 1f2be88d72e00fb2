"""Which purpose code serves: ``[purposes]`` by file, ``recipients.*.purpose`` by recipient (paragraphs 5, 18)."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import pathspec

from qorgau.config import Settings
from qorgau.flow.arrivals import Arrival
from qorgau.flow.taints import Taint
from qorgau.linking import Program


class Purposes:
    """What the configuration says of purposes, asked for single data at single sinks."""

    def __init__(self, settings: Settings, program: Program, cwd: Path) -> None:
        self._settings = settings
        self._program = program
        self._root = str(settings.root or cwd)
        # The longer a pattern, the more it says: `src/bank/marketing/**` of what `src/bank/**` speaks of as well.
        self._files = [
            (pathspec.GitIgnoreSpec.from_lines([pattern]), purpose)
            for pattern, purpose in sorted(
                settings.purposes.items(), key=lambda item: (-len(item[0]), item[0])
            )
        ]
        self.of_unit: Callable[[str], str] = lru_cache(maxsize=None)(self._of_unit)

    def _of_unit(self, unit: str) -> str:
        path = os.path.relpath(self._program.units[unit].file.path, self._root).replace(os.sep, "/")
        return next((purpose for files, purpose in self._files if files.match_file(path)), "")

    def of_use(self, arrival: Arrival, taint: Taint) -> str:
        """The purpose for which a datum is used: of the recipient, else of the sink's file, else of the code
        nearest to the sink that the datum came through; empty where none is told."""
        if arrival.destination.purpose:
            return arrival.destination.purpose
        if not self._files:
            return ""
        steps = [step.unit.name for step in reversed(taint.trace.steps())] if taint.trace is not None else []
        return next((purpose for unit in (arrival.unit, *steps) if (purpose := self.of_unit(unit))), "")

    def allowed(self, field: str) -> tuple[str, ...]:
        """The purposes that a field may be used for; empty where the configuration names none."""
        spec = self._settings.fields.get(field)
        return spec.purposes if spec is not None else ()
