"""The configuration of a run: what the file says, and the options that overrule it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import msgspec

from qorgau import config
from qorgau.cli.failure import Failure
from qorgau.config.reading import read_code


def working_folder() -> Path:
    """The folder that the program was started in. Raises Failure where it is gone."""
    try:
        return Path.cwd()
    except OSError as error:
        raise Failure("the working folder does not exist any more") from error


def load(first: Path, cwd: Path, explicit: Path | None) -> config.Settings:
    """The configuration for a scan of ``first``. Raises Failure with all that is wrong with it."""
    try:
        return config.load(first, cwd, explicit)
    except config.ConfigError as error:
        raise Failure(str(error)) from error


def overruled(
    settings: config.Settings,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    min_confidence: str | None,
) -> config.Settings:
    """The settings with the options of the command line, which count as Ruff's do.

    ``select`` begins anew, so that the file's ``ignore`` falls with its ``select``; ``ignore`` alone is
    added to the file's.
    """
    changes: dict[str, Any] = {}
    if select:
        changes |= {"select": select, "ignore": ignore}
    elif ignore:
        changes["ignore"] = tuple(dict.fromkeys((*settings.ignore, *ignore)))
    if min_confidence is not None:
        changes["min_confidence"] = min_confidence
    return msgspec.structs.replace(settings, **changes) if changes else settings


def codes(option: str, values: Iterable[str]) -> tuple[str, ...]:
    """The codes and prefixes in an option's values. Raises UsageError with all that are none."""
    named = tuple(code.strip() for value in values for code in value.split(",") if code.strip())
    problems = [problem for problem in map(read_code, named) if problem is not None]
    if problems:
        raise click.UsageError(f"{option}: {'; '.join(problems)}")
    return named


def warn_of_doubts(settings: config.Settings) -> None:
    """Print what is odd in the configuration without being wrong."""
    for doubt in settings.doubts:
        click.echo(f"qorgau: warning: {doubt}", err=True)


def say_what_holds(found: Iterable[config.Settings]) -> None:
    """Print the doubts of each configuration, and once that somewhere there is none."""
    by_file = {settings.path: settings for settings in found}
    for settings in by_file.values():
        warn_of_doubts(settings)
    if None in by_file:
        click.echo(
            "qorgau: note: no configuration found; the fields are those of the dictionary of "
            f"{by_file[None].regulation}, and a qorgau.toml says more",
            err=True,
        )
