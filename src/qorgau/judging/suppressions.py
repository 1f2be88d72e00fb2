"""``# qorgau: ignore[PD201] reason``: what such comments hold back, and which are idle (spec section 7)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import msgspec

from qorgau import ir
from qorgau.findings import Finding, Suppression
from qorgau.judging.comments import Comment, comments_in
from qorgau.judging.fingerprints import Identity, fingerprints
from qorgau.judging.making import made_of
from qorgau.judging.ordering import in_order
from qorgau.knowledge.pages import Facts, Page

MARK = "qorgau:"
UNUSED = "PD901"
UNEXPLAINED = "PD902"
FIRST_LINES = 10
"""``ignore-file`` counts in these first lines of a file."""

_DIRECTIVE = re.compile(
    r"#+\s*qorgau:\s*(?P<kind>ignore-file|ignore)(?![\w-])\s*(?:\[(?P<codes>[^\]]*)\])?(?P<reason>.*)"
)
# A comment may hold the directives of several tools, each beginning with its own "#".
_TOOLS = re.compile(
    r"#+\s*(?:qorgau:|(?:noqa|nosec|nosemgrep|pragma)\b|(?:type|fmt|isort|mypy|pylint|pyright|ruff):|pyre-)"
)
_AROUND_REASON = " \t-\u2013\u2014:,#"


class Directive(msgspec.Struct, frozen=True):
    """One suppression in a file. ``reason`` is empty where none is given."""

    line: int
    column: int
    end_column: int
    text: str
    codes: tuple[str, ...]
    reason: str
    whole_file: bool
    alone: bool


class Judge(msgspec.Struct, frozen=True):
    """What is needed to report on suppressions themselves.

    ``selected`` are the codes that are judged in this run, whole; ``pages`` all that there are.
    """

    pages: Mapping[str, Page]
    selected: Collection[str]
    regulation: str


def parse(text: str) -> tuple[Directive, ...]:
    """The suppressions in the text of a file, notebooks as their joined text; none in most files."""
    if MARK not in text:
        return ()
    return tuple(
        directive
        for comment in comments_in(text)
        if MARK in comment.text
        for directive in _directives(comment)
    )


def apply(
    findings: Iterable[Finding], directives: Mapping[str, Sequence[Directive]], judge: Judge
) -> tuple[Finding, ...]:
    """The findings, marked where a comment of their file suppresses them, with PD901 and PD902, in order.

    ``directives`` are those of each judged file, by the path that findings name. Findings that are
    already marked stay as they are; a comment that covers one counts as used all the same. What is of
    too low a confidence to be shown should be dropped afterwards, lest its suppression be called unused.
    """
    run = _Run(directives)
    marked = [run.marked(finding) for finding in findings]
    unexplained = [
        (path, directive, Facts(codes=directive.codes))
        for path, directive in run.all()
        if not directive.reason and not _outside(directive)
    ]
    marked += [run.marked(finding) for finding in _reported(UNEXPLAINED, unexplained, judge)]
    # Whether a comment about PD901 is used is known only when the other PD901 are there.
    idle = list(run.idle(judge, about_unused=False))
    marked += [run.marked(finding) for finding in _reported(UNUSED, idle, judge)]
    told = [(path, directive) for path, directive, _ in idle]
    last = [entry for entry in run.idle(judge, about_unused=True) if entry[:2] not in told]
    return in_order([*marked, *_reported(UNUSED, last, judge)])


class _Run:
    """The suppressions of a run and which of their codes held something back."""

    def __init__(self, directives: Mapping[str, Sequence[Directive]]) -> None:
        self._directives = directives
        self._used: set[tuple[str, int, int, str]] = set()

    def all(self) -> Iterator[tuple[str, Directive]]:
        """Every suppression with its path."""
        for path in sorted(self._directives):
            for directive in self._directives[path]:
                yield path, directive

    def marked(self, finding: Finding) -> Finding:
        """The finding as the comments leave it. All that cover it are used, the nearest gives the reason."""
        covering = [
            directive
            for directive in self._directives.get(finding.path, ())
            if _covers(directive, finding) and self._use(finding, directive)
        ]
        if not covering or finding.suppressed is not None:
            return finding
        nearest = min(covering, key=lambda directive: directive.whole_file)
        return msgspec.structs.replace(
            finding, suppressed=Suppression.COMMENT, justification=nearest.reason or None
        )

    def _use(self, finding: Finding, directive: Directive) -> bool:
        codes = [code for code in directive.codes if finding.code.startswith(code)]
        self._used.update((finding.path, directive.line, directive.column, code) for code in codes)
        return bool(codes)

    def idle(self, judge: Judge, about_unused: bool) -> Iterator[tuple[str, Directive, Facts]]:
        """The suppressions with codes that held back nothing, and which those are.

        With ``about_unused`` only codes that could hold back PD901 are looked at, else only the others.
        """
        for path, directive in self.all():
            codes = tuple(
                code
                for code in directive.codes
                if UNUSED.startswith(code) == about_unused
                and (path, directive.line, directive.column, code) not in self._used
                and _all_judged(code, judge)
            )
            if codes or (not directive.codes and not about_unused):
                yield path, directive, Facts(codes=codes, reason=_why_idle(directive, codes, judge))


def _covers(directive: Directive, finding: Finding) -> bool:
    if finding.code in (UNUSED, UNEXPLAINED) and (finding.line, finding.column) == (
        directive.line,
        directive.column,
    ):
        return False  # no suppression excuses itself
    if directive.whole_file:
        return not _outside(directive)
    on_line = directive.line in (finding.line, finding.end_line)
    return on_line or (directive.alone and directive.line == finding.line - 1)


def _outside(directive: Directive) -> bool:
    return directive.whole_file and directive.line > FIRST_LINES


def _all_judged(code: str, judge: Judge) -> bool:
    """Whether all the codes that ``code`` stands for are judged; so is one that stands for none."""
    return all(known in judge.selected for known in judge.pages if known.startswith(code))


def _why_idle(directive: Directive, codes: tuple[str, ...], judge: Judge) -> str | None:
    if not directive.codes:
        return "it names no code"
    if _outside(directive):
        return f"ignore-file counts only in the first {FIRST_LINES} lines"
    unknown = [code for code in codes if not any(known.startswith(code) for known in judge.pages)]
    return f"there is no code {', '.join(unknown)}" if unknown else None


def _directives(comment: Comment) -> Iterator[Directive]:
    starts = [found.start() for found in _TOOLS.finditer(comment.text)]
    for start, end in pairwise([*starts, len(comment.text)]):
        text = comment.text[start:end].rstrip()
        found = _DIRECTIVE.match(text)
        if found is None:
            continue
        reason = found["reason"].strip(_AROUND_REASON)
        codes = (code.strip().upper() for code in (found["codes"] or "").split(","))
        yield Directive(
            line=comment.line,
            column=comment.column + start,
            end_column=comment.column + start + len(text),
            text=text,
            codes=tuple(dict.fromkeys(code for code in codes if code)),
            reason=reason if any(character.isalnum() for character in reason) else "",
            whole_file=found["kind"] == "ignore-file",
            alone=comment.alone,
        )


def _reported(code: str, entries: Sequence[tuple[str, Directive, Facts]], judge: Judge) -> Iterator[Finding]:
    page = judge.pages.get(code)
    if page is None or code not in judge.selected:
        return
    prints = fingerprints(
        Identity(code, path, "", directive.text.lstrip("# "), facts.codes)
        for path, directive, facts in entries
    )
    for (path, directive, facts), mark in zip(entries, prints, strict=True):
        span = ir.Span(directive.line, directive.column, directive.line, directive.end_column)
        yield made_of(page, facts, judge.regulation, path, span, fingerprint=mark)
