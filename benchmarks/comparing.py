"""Qorgau beside Semgrep, Bandit and LibCST's parser, on one project: cold, warm, and one changed file."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from benchmarks import projects
from benchmarks.timing import Command, Run, middle, ratios, table

HERE = Path(__file__).resolve().parent

COLD, ONE_JOB, WARM, CHANGED = (
    "qorgau, cold",
    "qorgau, cold, one job",
    "qorgau, warm",
    "qorgau, one changed file",
)
SEMGREP, BANDIT, PARSE = "semgrep", "bandit", "libcst parses all"
SEMGREP_FILE, BANDIT_FILE, PARSE_FILE = "semgrep, one file", "bandit, one file", "libcst parses one file"

PAIRS = (
    (COLD, SEMGREP),
    (COLD, BANDIT),
    (COLD, PARSE),
    (ONE_JOB, SEMGREP),
    (WARM, COLD),
    (WARM, SEMGREP),
    (CHANGED, PARSE_FILE),
    (CHANGED, SEMGREP_FILE),
    (CHANGED, BANDIT_FILE),
)


@dataclass(frozen=True)
class Place:
    """Where the comparison is made: two copies of the project in ``work``, of which one is changed from run to run."""

    work: Path
    file: Path
    """The file that is changed, relative to the project."""

    @property
    def still(self) -> Path:
        return self.work / "still"

    @property
    def moving(self) -> Path:
        return self.work / "moving"


def prepare(project: Path, work: Path, file: Path | None) -> Place:
    """Copy the project twice. The changed file is ``file``, else the middle one by size of those with fields."""
    place = Place(work, file or _middle_file(project))
    for target in (place.still, place.moving):
        projects.copy(project, target)
        (target / ".semgrepignore").touch()  # Semgrep's own would leave out tests
        (target / "setup.cfg").touch()  # the sign of a project: without one, a single file has no context
    return place


def commands(place: Place, tools: Path | None, config: Path) -> list[Command]:
    """All that can be timed: the tools that are not installed are left out."""
    found = [*_ours(place, config), *_parser(place)]
    if semgrep := shutil.which("semgrep", path=tools):
        found += _semgrep(semgrep, place)
    if bandit := shutil.which("bandit", path=tools):
        found += _bandit(bandit, place)
    return found


def _ours(place: Place, config: Path) -> list[Command]:
    check = (
        *(sys.executable, "-m", "qorgau", "check", "--config", str(config), "--quiet", "--no-progress"),
        *("--exit-zero", "--output-format", "json"),
    )

    def cache(name: str) -> tuple[tuple[str, str]]:
        return (("QORGAU_CACHE_DIR", str(place.work / name)),)

    def forget() -> None:
        shutil.rmtree(place.work / "cold", ignore_errors=True)

    change = _changing(place.moving / place.file)
    return [
        Command(COLD, (*check, "."), place.still, cache("cold"), forget),
        Command(ONE_JOB, (*check, "--jobs", "1", "."), place.still, cache("cold"), forget),
        Command(WARM, (*check, "."), place.still, cache("warm")),
        Command(CHANGED, (*check, str(place.file)), place.moving, cache("changed"), change),
    ]


def _parser(place: Place) -> list[Command]:
    parse = (sys.executable, "-m", "benchmarks.libcst_parse")
    jobs = str(os.cpu_count() or 1)
    return [
        Command(PARSE, (*parse, str(place.still), jobs), HERE.parent),
        Command(PARSE_FILE, (*parse, str(place.moving / place.file)), HERE.parent),
    ]


def _semgrep(program: str, place: Place) -> list[Command]:
    scan = (
        *(program, "scan", "--metrics=off", "--disable-version-check", "--quiet", "--jobs", "1", "--json"),
        # By its defaults it would see less than the others.
        *("--no-git-ignore", "--max-target-bytes", "0", "--config", str(HERE / "semgrep.yml")),
    )
    return [
        Command(SEMGREP, (*scan, "."), place.still),
        Command(SEMGREP_FILE, (*scan, str(place.file)), place.moving),
    ]


def _bandit(program: str, place: Place) -> list[Command]:
    scan = (program, "--quiet", "--format", "json")
    return [
        Command(BANDIT, (*scan, "--recursive", "."), place.still),
        Command(BANDIT_FILE, (*scan, str(place.file)), place.moving),
    ]


def told(taken: dict[str, list[Run]]) -> str:
    """Two tables: what each command took, and the ratios."""
    rows = [(name, *_figures(middle(runs))) for name, runs in taken.items()]
    pairs = [pair for pair in PAIRS if taken.keys() >= set(pair)]
    compared = [(f"{one} / {other}", *_figures(ratios(taken[one], taken[other]))) for one, other in pairs]
    return "\n\n".join(
        (
            table(("command", "CPU, s", "wall, s", "largest process, MB"), rows),
            table(("ratio", "CPU", "wall", "memory"), compared),
        )
    )


def _figures(run: Run) -> Sequence[str]:
    return [f"{figure:.3g}" for figure in (run.cpu, run.wall, run.memory)]


def _changing(file: Path) -> Callable[[], None]:
    """Puts another function at the end of the file each time."""
    text = file.read_text(encoding="utf-8")
    numbers = count(1)

    def change() -> None:
        added = f"\n\ndef added_{next(numbers)}(value):\n    return value\n"
        file.write_text(text + added, encoding="utf-8")

    return change


def _middle_file(project: Path) -> Path:
    carrying = sorted(
        (source for source in projects.read(project) if source.carries), key=lambda source: source.lines
    )
    return carrying[len(carrying) // 2].path
