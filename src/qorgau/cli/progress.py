"""How far the scan is, in one line of the terminal that is wiped when it ends."""

from __future__ import annotations

import time
from types import TracebackType

import click

_WIPE = "\r\x1b[2K"
_PAUSE = 0.1
"""Seconds between two drawings; drawing more often costs time and is not seen."""


class Progress:
    """Called with a step, how much of it is done and how much there is; draws on stderr if ``on``."""

    def __init__(self, on: bool) -> None:
        self._on = on
        self._drawn = False
        self._next = 0.0

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._drawn:
            click.echo(_WIPE, err=True, nl=False, color=True)

    def __call__(self, step: str, done: int, total: int) -> None:
        """Draw it, unless it was drawn a moment ago."""
        now = time.monotonic()
        if self._on and now >= self._next:
            self._next = now + _PAUSE
            self._drawn = True
            amount = f" {done}/{total}" if total else ""
            click.echo(f"{_WIPE}{step}{amount}", err=True, nl=False, color=True)
