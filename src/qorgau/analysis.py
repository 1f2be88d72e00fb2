"""What is found in what was gathered: select, lower, link, follow, judge, settle."""

from __future__ import annotations

from collections.abc import Mapping

from qorgau import __version__, compiled, ir, source
from qorgau.collector import seldom_collecting
from qorgau.config import Settings
from qorgau.deep import with_room
from qorgau.findings import Report
from qorgau.flow.epochs import follow
from qorgau.flow.policy import Policy
from qorgau.flow.spellings import respelled
from qorgau.gathering import Gathered, Request, is_judged
from qorgau.judging import claims, literals, statements, verdicts
from qorgau.judging.making import located, made_of
from qorgau.judging.purposes import Purposes
from qorgau.judging.rules import Judge
from qorgau.judging.settling import Made, Surroundings, settle
from qorgau.knowledge import pages as rule_pages
from qorgau.knowledge.pages import Facts, Page
from qorgau.knowledge.regulation import enumerable_of, in_force, load_regulation
from qorgau.linking import Program, Unit
from qorgau.parsing import Broken, lower_all, places
from qorgau.source import SourceFile, SourceText


def analyse(request: Request, given: Gathered) -> Report:
    """Find and judge. Raises RuleFileError for broken rules."""
    lowered = _lower(given.texts, request)
    return with_room(lambda: _follow_and_judge(request, given, *lowered))


def _follow_and_judge(
    request: Request, given: Gathered, units: list[Unit], broken: list[tuple[SourceFile, Broken]]
) -> Report:
    regulation = load_regulation(request.settings.regulation)
    settings = in_force(request.settings, regulation)
    pages = rule_pages.load_pages()
    codes = rule_pages.chosen(pages, settings.select, settings.ignore)
    texts = given.texts
    program = _link(units, given)
    spelled = respelled(settings, (unit.file for unit in program.files))
    policy = Policy(
        spelled,
        {name: spec.names or () for name, spec in settings.fields.items()},
        enumerable_of(settings, regulation),
        tuple(settings.home or ()),
        compiled.catalog(request.store, given.extra),
        compiled.regions(request.store),
    )
    with seldom_collecting():
        followed = follow(policy, program)
    judge = Judge(settings, regulation.owners, Purposes(settings, program, request.cwd))
    wanted = {name for name, unit in program.units.items() if is_judged(request, unit.file)}
    judged = [
        verdict
        for arrival in followed.arrivals
        if arrival.unit in wanted
        for verdict in judge.verdicts(arrival)
        if verdict.code in codes
    ]

    def positions(unit: str, numbers: frozenset[int]) -> Mapping[int, ir.Span]:
        held = program.units[unit]
        return places(texts[held.file].text, held.module, numbers, request.store)

    stated = [
        claim
        for claim in statements.claims(request.settings, regulation, followed)
        if claim.unit in wanted and claim.code in codes
    ]
    found, said = verdicts.grouped(judged, settings), claims.grouped(stated, settings)
    spots = located([*verdicts.nodes(found), *((unit, at) for unit, at, _ in said)], positions)
    made = verdicts.findings(found, settings, pages, program, spots)
    made += claims.findings(said, settings, pages, program, spots)
    if "PD900" in codes:
        made += [_syntax_error(file, error, pages["PD900"], settings) for file, error in broken]
    if "PD504" in codes:
        for unit in units:
            if is_judged(request, unit.file):
                text, page = texts[unit.file].text, pages["PD504"]
                made += literals.findings(unit.display, text, page, settings.regulation, policy.fields_of)
    around = Surroundings(
        settings=settings,
        cwd=request.cwd,
        texts={file.display: text.text for file, text in texts.items() if is_judged(request, file)},
        pages=pages,
        selected=codes,
        baseline=request.baseline,
    )
    return Report(
        version=__version__,
        files_scanned=sum(is_judged(request, file) for file in given.files),
        findings=settle(made, around),
        errors=(*given.problems, *followed.failures),
        statistics=followed.counts,
    )


def _lower(
    texts: Mapping[SourceFile, SourceText], request: Request
) -> tuple[list[Unit], list[tuple[SourceFile, Broken]]]:
    outcomes = lower_all(
        [text.text for text in texts.values()], request.store, request.hands, request.progress
    )
    units: list[Unit] = []
    broken: list[tuple[SourceFile, Broken]] = []
    for file, outcome in zip(texts, outcomes, strict=True):
        if outcome.module is not None:
            units.append(Unit(file.module, file, outcome.module))
        elif outcome.broken is not None and file.wanted:
            broken.append((file, outcome.broken))
    return units, broken


def _syntax_error(file: SourceFile, error: Broken, page: Page, settings: Settings) -> Made:
    facts = Facts(reason=error.message)
    span = ir.Span(error.line, error.column, error.line, error.column + 1)
    finding = made_of(page, facts, settings.regulation, file.display, span)
    return Made(finding, "")


def _link(units: list[Unit], given: Gathered) -> Program:
    lowered = {unit.file: unit for unit in units}
    names = source.by_module([file for file in given.files if file in lowered])
    own = source.own_names(names)
    nearer = source.nearer_names(own)
    program = {file: Unit(name, file, lowered[file].module, nearer.get(file)) for file, name in own.items()}
    tables = {
        path: source.parse_settings(path, text, given.environment)
        for path, text in given.settings_files.items()
    }
    return Program({name: program[file] for name, file in names.items()}, given.environment, tables)
