"""What is found in what was gathered: lower it, judge it or remember how it was judged, and report it.

The engine is imported only where something has to be judged: what was judged holds for all texts that
are lowered to the same, whatever their comments and their lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from qorgau import __version__, ir
from qorgau.cache import digest, recalled
from qorgau.config import whereabouts
from qorgau.findings import Report
from qorgau.gathering import Gathered, Request, all_but_code, is_judged
from qorgau.judging import literals, making
from qorgau.judging.drafts import Judgement
from qorgau.judging.making import Made, made_of
from qorgau.judging.settling import Surroundings, settle
from qorgau.knowledge import pages as rule_pages
from qorgau.knowledge.pages import Facts, Page
from qorgau.knowledge.regulation import in_force, load_regulation, names_of_fields
from qorgau.names import NameMatcher
from qorgau.parsing import Broken, Lowered, lower_all, places
from qorgau.source import SourceFile


def analyse(request: Request, given: Gathered) -> Report:
    """Find and judge. Raises RuleFileError for broken rules."""
    texts = [text.text for text in given.texts.values()]
    lowered = dict(
        zip(given.texts, lower_all(texts, request.store, request.hands, request.progress), strict=True)
    )
    return _reported(request, given, lowered, _judgement(request, given, lowered))


# What was judged


def _judgement(request: Request, given: Gathered, lowered: Mapping[SourceFile, Lowered]) -> Judgement:
    key = digest(_all_that_counts(request, given, lowered)) if request.store.keeps else ""
    known = recalled(request.store, "judgements", key, Judgement)
    if known is not None:
        return known
    from qorgau.judgement import judged

    made = judged(request, given, lowered)
    if key:
        request.store.put("judgements", key, msgspec.msgpack.encode(made))
    return made


def _all_that_counts(
    request: Request, given: Gathered, lowered: Mapping[SourceFile, Lowered]
) -> Iterator[bytes]:
    """What a judgement depends on: no text, and not which of the files are asked about."""
    yield from all_but_code(request, given)
    for one in lowered.values():
        yield one.form


# What is reported of it


def _reported(
    request: Request, given: Gathered, lowered: Mapping[SourceFile, Lowered], judgement: Judgement
) -> Report:
    settings = in_force(request.settings, load_regulation(request.settings.regulation))
    pages = rule_pages.load_pages()
    codes = rule_pages.chosen(pages, settings.select, settings.ignore)
    wanted = {file.display: file for file in given.texts if is_judged(request, file)}
    named = {file.display: file for file in given.texts}

    def spans(path: str, numbers: frozenset[int]) -> Mapping[int, ir.Span]:
        return places(lowered[named[path]], numbers, request.store)

    drafts = (draft for draft in judgement.drafts if draft.path in wanted)
    made = making.made(drafts, pages, settings.regulation, spans)
    if "PD900" in codes:
        made += [
            _syntax_error(path, error, pages["PD900"], settings.regulation)
            for path, error in _no_python(request, given, judgement)
        ]
    if "PD504" in codes:
        fields_of = NameMatcher(names_of_fields(settings)).fields_of
        broken = {path for path, _ in judgement.broken}
        for path, file in wanted.items():
            if path not in broken:
                made += literals.findings(
                    path, given.texts[file].text, pages["PD504"], settings.regulation, fields_of
                )
    around = Surroundings(
        settings=settings,
        cwd=request.cwd,
        texts={path: given.texts[file].text for path, file in wanted.items()},
        pages=pages,
        selected=codes,
        baseline=request.baseline,
    )
    return Report(
        version=__version__,
        files_scanned=sum(is_judged(request, file) for file in given.files),
        findings=settle(made, around),
        errors=(*given.problems, *judgement.failures),
        statistics=judgement.statistics,
        doubts=tuple(f"{_configuration(request)}{doubt}" for doubt in judgement.doubts),
    )


def _configuration(request: Request) -> str:
    """The file that keys are in, and the table in it."""
    file, table = whereabouts(request.settings, request.cwd)
    return (f"{file}: " if file else "") + (f"{table}." if table else "")


def _no_python(request: Request, given: Gathered, judgement: Judgement) -> Iterator[tuple[str, Broken]]:
    """The judged files that are no Python, by the path that is shown, and why."""
    judged = {file.display for file in given.files if is_judged(request, file)}
    undecoded = ((file.display, why) for file, why in given.undecoded)
    return ((path, why) for path, why in (*judgement.broken, *undecoded) if path in judged)


def _syntax_error(path: str, error: Broken, page: Page, regulation: str) -> Made:
    span = ir.Span(error.line, error.column, error.line, error.column + 1)
    facts = Facts(reason=error.message)
    return Made(made_of(page, facts, regulation, path, span), "", facts)
