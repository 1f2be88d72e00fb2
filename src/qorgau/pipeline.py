"""The whole story of a run: discover, read, lower, link, follow, judge."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path

import msgspec

from qorgau import ir, source
from qorgau.config import Settings
from qorgau.findings import Confidence, Finding, Problem, Report, Severity
from qorgau.flow.policy import Policy
from qorgau.flow.roots import follow
from qorgau.judging import verdicts
from qorgau.judging.baseline import Baseline
from qorgau.judging.rules import Judge
from qorgau.judging.settling import Made, Surroundings, settle
from qorgau.knowledge import pages as rule_pages
from qorgau.knowledge.libraries import Catalog
from qorgau.knowledge.pages import Facts, Page
from qorgau.knowledge.regions import Regions
from qorgau.knowledge.regulation import enumerable_of, in_force, load_regulation
from qorgau.linking import Program, Unit
from qorgau.lowering import LoweringError, lower, spans
from qorgau.source import SourceError, SourceFile

STACK = 512 * 1024 * 1024
DEPTH = 200_000
"""Deeply nested code is followed by recursion: the analysis runs in a thread with room for it."""

Progress = Callable[[str, int, int], None]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to check. ``paths`` are files and folders, ``cwd`` what shown paths are relative to.

    ``since`` are the only files that are judged, if given. ``progress`` is told the step's name,
    how far it is and how far it goes.
    """

    paths: tuple[Path, ...]
    settings: Settings
    cwd: Path
    since: frozenset[Path] | None = None
    progress: Progress | None = None
    baseline: Baseline | None = None


def check(request: Request) -> Report:
    """Scan and report. Raises SourceError for a path that cannot be read, RuleFileError for broken rules."""
    outcome: list[Report] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(_check(request))
        except BaseException as error:
            failure.append(error)

    limit, size = sys.getrecursionlimit(), threading.stack_size()
    sys.setrecursionlimit(DEPTH)
    threading.stack_size(STACK)
    try:
        thread = threading.Thread(target=run, name="qorgau", daemon=True)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
        sys.setrecursionlimit(limit)
    if failure:
        raise failure[0]
    return outcome[0]


def _check(request: Request) -> Report:
    regulation = load_regulation(request.settings.regulation)
    settings = in_force(request.settings, regulation)
    pages = rule_pages.load_pages()
    codes = rule_pages.chosen(pages, settings.select, settings.ignore)
    found = source.discover(
        request.paths,
        root=settings.root or source.find_root(request.paths[0]),
        cwd=request.cwd,
        exclude=settings.exclude,
        source_roots=settings.source_roots,
    )
    texts, problems = _read(
        found.files, [Problem(p.path, p.message, p.line, p.column) for p in found.problems]
    )
    units, broken = _lower(texts, request.progress)
    program = _link(units, found.files, found.root)
    base = settings.root or request.cwd
    folders = tuple(base / folder for folder in settings.extend_rules)
    catalog = Catalog.load(None, folders) if folders else _packaged_catalog()
    policy = Policy(
        settings,
        {name: spec.names or () for name, spec in settings.fields.items()},
        enumerable_of(settings, regulation),
        tuple(settings.home or ()),
        catalog,
        _packaged_regions(),
    )
    followed = follow(policy, program)
    judge = Judge(settings, regulation.owners)
    wanted = {name for name, unit in program.units.items() if _is_judged(request, unit.file)}
    judged = [
        verdict
        for arrival in followed.arrivals
        if arrival.unit in wanted
        for verdict in judge.verdicts(arrival)
        if verdict.code in codes
    ]

    def positions(unit: str, numbers: frozenset[int]) -> Mapping[int, ir.Span]:
        return spans(texts[program.units[unit].file].text, numbers)

    made = verdicts.findings(judged, settings, pages, program, positions)
    if "PD900" in codes:
        made += [_syntax_error(file, error, pages["PD900"], settings) for file, error in broken]
    around = Surroundings(
        settings=settings,
        cwd=request.cwd,
        texts={file.display: text.text for file, text in texts.items() if _is_judged(request, file)},
        pages=pages,
        selected=codes,
        baseline=request.baseline,
    )
    return Report(
        version=version("qorgau"),
        files_scanned=sum(_is_judged(request, file) for file in found.files),
        findings=settle(made, around),
        errors=tuple(problems),
        statistics=followed.counts,
    )


@cache
def _packaged_catalog() -> Catalog:
    """What is packaged does not change while the program runs; tests and servers check many times."""
    return Catalog.load()


@cache
def _packaged_regions() -> Regions:
    return Regions.load()


def _is_judged(request: Request, file: SourceFile) -> bool:
    return file.wanted and (request.since is None or file.path in request.since)


def _read(
    files: tuple[SourceFile, ...], problems: list[Problem]
) -> tuple[dict[SourceFile, source.SourceText], list[Problem]]:
    texts: dict[SourceFile, source.SourceText] = {}
    for file in files:
        try:
            texts[file] = source.read(file)
        except SourceError as error:
            problem = error.problem
            if file.wanted:
                problems.append(Problem(problem.path, problem.message, problem.line, problem.column))
    return texts, problems


def _lower(
    texts: Mapping[SourceFile, source.SourceText], progress: Progress | None
) -> tuple[list[Unit], list[tuple[SourceFile, LoweringError]]]:
    units: list[Unit] = []
    broken: list[tuple[SourceFile, LoweringError]] = []
    for number, (file, text) in enumerate(texts.items()):
        if progress is not None:
            progress("reading", number, len(texts))
        try:
            units.append(Unit(file.module, file, lower(text.text)))
        except LoweringError as error:
            if file.wanted:
                broken.append((file, error))
    return units, broken


def _syntax_error(file: SourceFile, error: LoweringError, page: Page, settings: Settings) -> Made:
    facts = Facts(reason=error.message)
    finding = Finding(
        code=page.code,
        name=page.name,
        severity=Severity(page.severity),
        confidence=Confidence.HIGH,
        path=file.display,
        line=error.line,
        column=error.column,
        end_line=error.line,
        end_column=error.column + 1,
        message=page.message_for(facts),
        fields=(),
        regulation=settings.regulation,
        paragraphs=page.paragraphs,
        sink=None,
        trace=(),
        fingerprint="",
        help=page.help_for(facts),
    )
    return Made(finding, "")


def _link(units: list[Unit], files: tuple[SourceFile, ...], root: Path) -> Program:
    lowered = {unit.file: unit for unit in units}
    names = source.by_module([file for file in files if file in lowered])
    inner = {folder for file in files for folder in file.path.parents if root in folder.parents}
    environment = source.read_environment((root, *sorted(inner)))
    return Program({name: lowered[file] for name, file in names.items()}, environment)
