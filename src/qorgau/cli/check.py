"""``qorgau check``: scan, and tell what was found."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from qorgau import reports
from qorgau.cli import output, settings
from qorgau.cli.failure import Failure
from qorgau.cli.progress import Progress
from qorgau.cli.repositories import by_repository
from qorgau.cli.sources import Sources
from qorgau.cli.summary import statistics, summary
from qorgau.config import Settings
from qorgau.findings import Problem, Report
from qorgau.judging import baseline

if TYPE_CHECKING:
    from qorgau.gathering import Request
    from qorgau.hands import Hands

_FILE = click.Path(path_type=Path)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says, as click hands it on."""

    paths: tuple[Path, ...]
    config: Path | None
    output_format: str
    output: Path | None
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    min_confidence: str | None
    baseline: Path | None
    write_baseline: Path | None
    since: str | None
    jobs: int | None
    dask: str | None
    no_cache: bool
    fix: bool
    unsafe_fixes: bool
    exit_zero: bool
    statistics: bool
    lang: str
    quiet: bool
    no_progress: bool


class Project(msgspec.Struct, frozen=True):
    """What is checked by itself: the paths in one repository, and what holds there."""

    paths: tuple[Path, ...]
    settings: Settings


@click.command("check", short_help="Scan files and folders; the main job.")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=_FILE)
@click.option("--config", type=_FILE, metavar="FILE", help="Use this configuration and look for no other.")
@click.option(
    "--output-format",
    type=click.Choice(reports.formats()),
    default="text",
    show_default=True,
    help="How findings are written.",
)
@click.option("--output", type=_FILE, metavar="FILE", help="Write findings to FILE, not to stdout.")
@click.option(
    "--select",
    multiple=True,
    metavar="CODES",
    help="Report only these codes or prefixes, with commas; the configuration's ignore falls too.",
)
@click.option("--ignore", multiple=True, metavar="CODES", help="Do not report these codes or prefixes.")
@click.option(
    "--min-confidence", type=click.Choice(["low", "medium", "high"]), help="The least that is reported."
)
@click.option("--baseline", type=_FILE, metavar="FILE", help="Findings in this baseline do not count.")
@click.option(
    "--write-baseline",
    type=_FILE,
    metavar="FILE",
    help="Write the findings of this run to a baseline; then they do not count.",
)
@click.option(
    "--since",
    metavar="GITREF",
    help="Judge only files that differ from this commit, with the whole project as context.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Work on at most N processes (default: one for each core).",
)
@click.option("--dask", metavar="ADDRESS", help="Work on the workers of this Dask scheduler.")
@click.option("--no-cache", is_flag=True, help="Neither read nor write the cache.")
@click.option("--fix", is_flag=True, help="Repair what is safe to repair (not in this version).")
@click.option(
    "--unsafe-fixes", is_flag=True, help="Repair also where the meaning may change (not in this version)."
)
@click.option("--exit-zero", is_flag=True, help="Findings do not change the exit status.")
@click.option("--statistics", is_flag=True, help="Count findings by code, and what was given up.")
@click.option(
    "--lang",
    type=click.Choice(["en", "ru", "kk"]),
    default="en",
    show_default=True,
    help="The language of messages; this version has en.",
)
@click.option("--quiet", is_flag=True, help="Print findings and errors only.")
@click.option("--no-progress", is_flag=True, help="Do not show how far the scan is.")
def command(**values: Any) -> None:
    """Follow personal data through the files at PATH (default: the working folder).

    Paths in several git repositories are checked each with the configuration of its own; the report is one.

    Exit status: 0 nothing to report, 1 findings, 2 the job could not be done.
    """
    click.get_current_context().exit(run(Options(**values)))


def run(options: Options) -> int:
    """Scan, print, and return the exit status. Raises Failure or UsageError where that cannot be done."""
    _refuse(options)
    cwd = settings.working_folder()
    projects = [
        Project(paths, _settings(options, paths[0], cwd))
        for paths in by_repository(options.paths or (Path(),), cwd)
    ]
    if not options.quiet:
        settings.say_what_holds(project.settings for project in projects)
    known = _read_baseline(options.baseline)
    report = _checked(options, projects, cwd, known)
    if options.write_baseline is not None:
        report = _with_baseline_written(report, options.write_baseline, options.quiet)
    elif known is not None and options.since is None and not options.quiet:
        _warn_of_stale(known, report, projects, cwd)
    _print(report, options, cwd)
    return _status(report, options)


def _settings(options: Options, first: Path, cwd: Path) -> Settings:
    return settings.overruled(
        settings.load(first, cwd, options.config),
        settings.codes("--select", options.select),
        settings.codes("--ignore", options.ignore),
        options.min_confidence,
    )


def _refuse(options: Options) -> None:
    """Raise for what is not built yet, and for what could only end badly, before any work is done."""
    if options.fix or options.unsafe_fixes:
        name = "--fix" if options.fix else "--unsafe-fixes"
        raise Failure(f"{name} is not available in this version; nothing was changed")
    if options.lang != "en":
        raise Failure(f"--lang {options.lang} is not available in this version; messages are in English (en)")
    if options.write_baseline is not None and options.since is not None:
        raise click.UsageError("--write-baseline with --since would leave out the files that did not change")
    for target in (options.output, options.write_baseline):
        if target is not None:
            output.check_target(target)


def _read_baseline(path: Path | None) -> baseline.Baseline | None:
    if path is None:
        return None
    try:
        return baseline.read(path, str(path))
    except baseline.BaselineError as error:
        raise Failure(str(error)) from error


def _checked(
    options: Options, projects: Sequence[Project], cwd: Path, known: baseline.Baseline | None
) -> Report:
    since = [
        None if options.since is None else _changed(options.since, cwd / each.paths[0]) for each in projects
    ]
    # The engine is imported only now: bad usage is told at once.
    from qorgau import cache, pipeline
    from qorgau.config import ConfigError
    from qorgau.knowledge.regulation import RegulationError
    from qorgau.knowledge.toml_files import RuleFileError
    from qorgau.source import SourceError

    def store(used: Settings) -> cache.Store:
        return cache.NOWHERE if options.no_cache else cache.Store(cache.folder_for(used.root or cwd))

    drawn = sys.stderr.isatty() and not options.quiet and not options.no_progress
    try:
        with _hands(options) as hands, Progress(drawn) as progress:
            requests = [
                pipeline.Request(
                    paths=project.paths,
                    settings=project.settings,
                    cwd=cwd,
                    since=changed,
                    progress=progress,
                    baseline=known,
                    store=store(project.settings),
                    hands=hands,
                )
                for project, changed in zip(projects, since, strict=True)
            ]
            return _report(requests)
    except (SourceError, ConfigError, RegulationError, RuleFileError) as error:
        raise Failure(str(error)) from error


def _report(requests: Sequence[Request]) -> Report:
    if len(requests) == 1:
        from qorgau.pipeline import check

        return check(requests[0])
    from qorgau.projects import check_all

    return check_all(requests)


@contextmanager
def _hands(options: Options) -> Iterator[Hands]:
    """Who parses. Raises Failure where a cluster is asked for that is not there."""
    from qorgau.hands import Hands

    if options.dask is None:
        yield Hands(options.jobs or os.cpu_count() or 1)
        return
    from qorgau.clusters import ClusterError, hands_of

    try:
        with hands_of(options.dask) as hands:
            yield hands
    except ClusterError as error:
        raise Failure(str(error)) from error


def _changed(ref: str, first: Path) -> frozenset[Path]:
    from qorgau.cli.changes import changed_since

    return changed_since(ref, first)


def _with_baseline_written(report: Report, path: Path, quiet: bool) -> Report:
    fresh = baseline.of(report.findings)
    output.write_file(baseline.dump(fresh), path)
    if not quiet:
        number = len(fresh.findings)
        noun = "finding" if number == 1 else "findings"
        click.echo(f"qorgau: note: {number} {noun} written to the baseline {path}", err=True)
    return msgspec.structs.replace(report, findings=baseline.mark(report.findings, fresh))


def _warn_of_stale(known: baseline.Baseline, report: Report, projects: Sequence[Project], cwd: Path) -> None:
    from qorgau.config.shipped import known_codes
    from qorgau.knowledge.pages import chosen

    judged = [
        (
            chosen(known_codes(), project.settings.select, project.settings.ignore),
            [os.path.normpath(cwd / path) for path in project.paths],
        )
        for project in projects
    ]

    def covers(entry: baseline.Entry) -> bool:
        place = Path(os.path.normpath(cwd / entry.path))
        return any(
            entry.code in codes and any(place.is_relative_to(root) for root in roots)
            for codes, roots in judged
        )

    idle = baseline.stale(known, report.findings, covers)
    if idle:
        what = "entry of the baseline is" if len(idle) == 1 else "entries of the baseline are"
        click.echo(
            f"qorgau: warning: {len(idle)} {what} found no more; --write-baseline drops what is gone",
            err=True,
        )


def _print(report: Report, options: Options, cwd: Path) -> None:
    from qorgau.knowledge.pages import load_pages

    colored = options.output is None and output.colored()
    view = reports.View(source=Sources(cwd), pages=load_pages, color=colored)
    text = reports.renderer(options.output_format)(report, view)
    if options.output is not None:
        output.write_file(text, options.output)
    elif text:
        output.write_stdout(text)
    for line in _afterwards(report, options):
        click.echo(line, err=True)


def _afterwards(report: Report, options: Options) -> Iterator[str]:
    """What is said on stderr: what could not be read always, the rest unless it is not wanted."""
    for problem in report.errors:
        yield f"qorgau: error: {_placed(problem)}"
    if options.statistics:
        yield from statistics(report)
    if options.quiet:
        return
    for doubt in report.doubts:
        yield f"qorgau: warning: {doubt}"
    if not report.files_scanned and not report.errors and options.since is None:
        named = ", ".join(map(str, options.paths)) or "."
        yield f"qorgau: warning: there are no Python files at {named}, or they are ignored"
    yield summary(report)


def _placed(problem: Problem) -> str:
    place = problem.path
    if problem.line is not None:
        place += f":{problem.line}" + (f":{problem.column}" if problem.column is not None else "")
    return f"{place}: {problem.message}"


def _status(report: Report, options: Options) -> int:
    # What could not be read may hold anything: to call that clean would be wrong.
    if report.errors:
        return 2
    return 1 if report.counting and not options.exit_zero else 0
