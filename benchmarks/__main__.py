"""``python -m benchmarks compare PROJECT`` and ``python -m benchmarks grow PROJECT`` (docs/benchmarks.md)."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import comparing, growing, projects
from benchmarks.timing import FailedCommand, in_turn

CONFIG = Path(__file__).resolve().parent / "qorgau.toml"


def main() -> None:
    """Measure and print Markdown; what is under way goes to stderr."""
    options = _parser().parse_args()
    with tempfile.TemporaryDirectory(dir=options.work) as work:
        try:
            print(
                _compared(options, Path(work)) if options.what == "compare" else _grown(options, Path(work))
            )
        except FailedCommand as error:
            sys.exit(str(error))


def _compared(options: argparse.Namespace, work: Path) -> str:
    place = comparing.prepare(options.project.resolve(), work, options.file)
    found = comparing.commands(place, options.tools, options.config.resolve())
    if options.only:
        found = [command for command in found if command.name.startswith(tuple(options.only))]
    head = f"{projects.lines_of(place.still):,} lines; {options.runs} runs; the changed file is {place.file}"
    return f"{head}\n\n{comparing.told(in_turn(found, options.runs, _tell))}"


def _grown(options: argparse.Namespace, work: Path) -> str:
    points = growing.measure(
        options.project.resolve(),
        work,
        options.config.resolve(),
        options.sizes,
        [share / 100 for share in options.shares],
        options.runs,
        _tell,
    )
    return growing.shown(points)


def _tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    kinds = parser.add_subparsers(dest="what", required=True)
    compare = kinds.add_parser("compare", help="Qorgau beside Semgrep, Bandit and LibCST's parser")
    compare.add_argument(
        "--tools", type=Path, metavar="FOLDER", help="where semgrep and bandit are installed"
    )
    compare.add_argument("--file", type=Path, help="the file that is changed, relative to the project")
    compare.add_argument("--only", nargs="+", metavar="NAME", help="only commands whose names begin so")
    grow = kinds.add_parser("grow", help="time and memory over sizes and shares of personal data")
    grow.add_argument("--sizes", type=_size, nargs="+", default=[50_000, 500_000, 5_000_000], metavar="LINES")
    grow.add_argument("--shares", type=float, nargs="+", default=[5, 20, 60], metavar="PERCENT")
    for kind, runs in ((compare, 5), (grow, 1)):
        kind.add_argument("project", type=Path, help="the folder of a real project")
        kind.add_argument(
            "--config", type=Path, default=CONFIG, help="of Qorgau, in place of benchmarks/qorgau.toml"
        )
        kind.add_argument("--runs", type=int, default=runs, help="that count; one more before them does not")
        kind.add_argument(
            "--work", type=Path, metavar="FOLDER", help="where projects are put while they are measured"
        )
    return parser


def _size(text: str) -> int:
    """Lines: 50000, 50k or 5M."""
    unit = {"k": 1_000, "M": 1_000_000}.get(text[-1:], 1)
    return int(float(text.rstrip("kM")) * unit)


if __name__ == "__main__":
    main()
