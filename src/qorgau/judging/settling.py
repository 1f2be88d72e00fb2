"""What becomes of findings once made: told apart, exempted, suppressed, held against the baseline."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import msgspec

from qorgau.config import Settings
from qorgau.findings import Finding
from qorgau.judging import baseline, exemptions, suppressions
from qorgau.judging.fingerprints import Identity, fingerprints
from qorgau.judging.making import Made
from qorgau.judging.ordering import in_order
from qorgau.knowledge.pages import Facts, Page
from qorgau.source import split_lines


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What findings are settled with.

    ``texts`` are those of all judged files by the path that findings name, also of files without
    findings: a comment in one may be idle. ``selected`` are the codes of the run, whole.
    """

    settings: Settings
    cwd: Path
    texts: Mapping[str, str]
    pages: Mapping[str, Page]
    selected: Collection[str]
    baseline: baseline.Baseline | None = None


def settle(made: Iterable[Made], around: Surroundings) -> tuple[Finding, ...]:
    """The findings with fingerprints and marks, with those about suppressions, in order."""
    told = _told_apart(made, around)
    found = exemptions.apply(told, around.settings, around.cwd, _narrowing(told, around.pages))
    directives = {path: suppressions.parse(text) for path, text in around.texts.items()}
    judge = suppressions.Judge(around.pages, around.selected, around.settings.regulation)
    found = suppressions.apply(found, {path: some for path, some in directives.items() if some}, judge)
    return found if around.baseline is None else baseline.mark(found, around.baseline)


def _told_apart(made: Iterable[Made], around: Surroundings) -> dict[Finding, Facts]:
    """The findings in order, each with its fingerprint, and the facts they were made of."""
    origins: dict[Finding, Made] = {}
    for one in made:
        origins.setdefault(one.finding, one)
    found = in_order(origins)
    lines = _Lines(around.texts)
    root = around.settings.root or around.cwd
    prints = fingerprints(
        Identity(
            code=finding.code,
            path=os.path.relpath(around.cwd / finding.path, root).replace(os.sep, "/"),
            function=origins[finding].function,
            code_line=lines.at(finding.path, finding.line),
            fields=finding.fields,
        )
        for finding in found
    )
    return {
        msgspec.structs.replace(finding, fingerprint=mark): origins[finding].facts
        for finding, mark in zip(found, prints, strict=True)
    }


def _narrowing(told: Mapping[Finding, Facts], pages: Mapping[str, Page]) -> exemptions.Narrow:
    """How a finding is told for some of its fields: in the words of its page, with the facts it was made of."""
    known = {finding.fingerprint: facts for finding, facts in told.items()}

    def narrow(finding: Finding, fields: tuple[str, ...]) -> Finding:
        part = exemptions.with_fields(finding, fields)
        page = pages.get(finding.code)
        if page is None:
            return part
        facts = msgspec.structs.replace(known[finding.fingerprint], fields=fields)
        return msgspec.structs.replace(part, message=page.message_for(facts), help=page.help_for(facts))

    return narrow


class _Lines:
    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._split: dict[str, list[str]] = {}

    def at(self, path: str, line: int) -> str:
        """The text of a line, empty where there is none."""
        if path not in self._split:
            self._split[path] = split_lines(self._texts.get(path, ""))
        lines = self._split[path]
        return lines[line - 1] if 0 < line <= len(lines) else ""
