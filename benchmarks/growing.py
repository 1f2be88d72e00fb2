"""How time and memory grow with the code, and with the share of it that carries personal data."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from benchmarks import projects
from benchmarks.timing import Command, Run, in_turn, middle, table


@dataclass(frozen=True)
class Point:
    """A made project, cold, and what it took."""

    size: projects.Size
    run: Run


def measure(
    project: Path,
    work: Path,
    config: Path,
    sizes: Sequence[int],
    shares: Sequence[float],
    runs: int,
    told: Callable[[str], None],
) -> list[Point]:
    """A point for each size and share; the made projects are removed as soon as they are measured."""
    sources = projects.read(project)
    points = []
    for lines, share in product(sizes, shares):
        place = work / f"{lines}-{share:.0%}"
        told(f"making {place.name}")
        size = projects.make(sources, place, lines, share)
        check = (sys.executable, "-m", "qorgau", "check", "--config", str(config), "--quiet", "--no-progress")
        command = Command(place.name, (*check, "--no-cache", "--exit-zero", "."), place)
        points.append(Point(size, middle(in_turn([command], runs, told, warm_up=runs > 1)[command.name])))
        shutil.rmtree(place)
    return points


def shown(points: Sequence[Point]) -> str:
    """A table of the points, with the time of a thousand carrying lines, and what a plain line costs of that."""
    rows = [
        (
            f"{point.size.lines:,}",
            f"{point.size.carrying / point.size.lines:.0%}",
            f"{point.run.cpu:.1f}",
            f"{point.run.wall:.1f}",
            f"{point.run.memory:.0f}",
            f"{1000 * point.run.cpu / point.size.carrying:.3f}",
        )
        for point in points
    ]
    head = ("lines", "carrying", "CPU, s", "wall, s", "MB", "CPU, s, for 1,000 carrying lines")
    return "\n\n".join((table(head, rows), *_plain_lines(points)))


def _plain_lines(points: Sequence[Point]) -> list[str]:
    """Of each size with several shares: what plain lines cost, of what carrying ones do."""
    said = []
    for lines in sorted({point.size.lines for point in points}):
        same = sorted(
            (point for point in points if point.size.lines == lines), key=lambda one: one.size.carrying
        )
        if len(same) > 1:
            said.append(
                f"{lines:,} lines: a plain line costs {_plain_cost(same[0], same[-1]):.0%} of a carrying one"
            )
    return said


def _plain_cost(low: Point, high: Point) -> float:
    """By the two points' CPU: what is left where no line carries, divided by what is there where all do."""
    slope = (high.run.cpu - low.run.cpu) / (high.size.carrying - low.size.carrying)
    plain = low.run.cpu - slope * low.size.carrying
    return plain / (plain + slope * low.size.lines)
