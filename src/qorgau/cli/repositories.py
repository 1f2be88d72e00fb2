"""Paths of several repositories in one command: which belong together."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path


def by_repository(paths: Sequence[Path], cwd: Path) -> tuple[tuple[Path, ...], ...]:
    """The paths in groups, in their order: one for each git repository where they lie in several.

    They stay together where one of them lies in none, or where a repository lies in another one.
    """
    groups: dict[Path, list[Path]] = {}
    for path in paths:
        top = _top(Path(os.path.abspath(cwd / path)))  # noqa: PTH100 - Path.resolve follows links
        if top is None:
            return (tuple(paths),)
        groups.setdefault(top, []).append(path)
    if any(one in other.parents for one in groups for other in groups):
        return (tuple(paths),)
    return tuple(map(tuple, groups.values()))


def _top(place: Path) -> Path | None:
    return next((folder for folder in (place, *place.parents) if os.path.lexists(folder / ".git")), None)
