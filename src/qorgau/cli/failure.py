"""How the program says that it cannot do the job: one sentence on stderr and exit status 2."""

from __future__ import annotations

from typing import IO, Any

import click


class Failure(click.ClickException):
    """What keeps the program from doing its job, in a sentence (or a sentence a line)."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it on stderr."""
        for line in self.message.splitlines():
            click.echo(f"qorgau: error: {line}", file=file, err=True)


def unexpected(error: Exception) -> str:
    """The sentence for an error that nobody foresaw.

    A file is named where the error has one, or a note (``__notes__``) that says what was being read.
    """
    said = " ".join(str(error).split())
    what = f"{type(error).__name__}: {said}" if said else type(error).__name__
    notes = [str(note) for note in getattr(error, "__notes__", ())]
    where = f" ({'; '.join(notes)})" if notes else ""
    return (
        f"a mistake in qorgau itself, {what}{where}; "
        "please report it with what QORGAU_DEBUG=1 adds to this message"
    )
