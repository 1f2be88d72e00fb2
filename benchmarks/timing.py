"""Whole commands, timed from outside, in turn, so that ratios hold where a machine's speed drifts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Command:
    """What is timed. ``before`` prepares each run and is not timed; ``accepts`` are the exit statuses of success."""

    name: str
    arguments: tuple[str, ...]
    cwd: Path
    variables: tuple[tuple[str, str], ...] = ()
    before: Callable[[], None] | None = None
    accepts: frozenset[int] = frozenset({0, 1})


@dataclass(frozen=True)
class Run:
    """One run: seconds of all its processes' CPU, seconds by the clock, megabytes of its largest process."""

    cpu: float
    wall: float
    memory: float

    def ratio(self, other: Run) -> Run:
        """How many times ``other`` this is, figure by figure."""
        return Run(self.cpu / other.cpu, self.wall / other.wall, self.memory / other.memory)


class FailedCommand(Exception):
    """A command that ended otherwise than it should: its time would mean nothing."""


def run(command: Command) -> Run:
    """Run it once and wait for it. Raises FailedCommand."""
    if command.before is not None:
        command.before()
    begin = time.perf_counter()
    process = subprocess.Popen(
        command.arguments,
        cwd=command.cwd,
        env=_environment(command.variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # The operating system's own account of the process, and of those it waited for.
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in command.accepts:
        raise FailedCommand(
            f"{command.name}: exit status {process.returncode}: {' '.join(command.arguments)}"
        )
    unit = 1_000_000 if sys.platform == "darwin" else 1_000
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / unit)


def in_turn(
    commands: Sequence[Command],
    runs: int,
    told: Callable[[str], None] = lambda _: None,
    warm_up: bool = True,
) -> dict[str, list[Run]]:
    """Each command's runs: one of each in every round, after a round that does not count (``warm_up``)."""
    taken: dict[str, list[Run]] = {command.name: [] for command in commands}
    for number in range(0 if warm_up else 1, runs + 1):
        for command in commands:
            told(f"round {number} of {runs}: {command.name}")
            done = run(command)
            if number:
                taken[command.name].append(done)
    return taken


def middle(runs: Sequence[Run]) -> Run:
    """The median of each figure."""
    return Run(*(median(getattr(each, name) for each in runs) for name in ("cpu", "wall", "memory")))


def ratios(one: Sequence[Run], other: Sequence[Run]) -> Run:
    """The medians of the ratios of the runs of the same rounds."""
    return middle([first.ratio(second) for first, second in zip(one, other, strict=True)])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows as Markdown."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _environment(variables: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    # As after an installation: the byte code of modules is kept.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | dict(variables)
