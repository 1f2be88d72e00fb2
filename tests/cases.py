"""Literate cases: Markdown whose code says in its margin what is found in it (docs/cases.md).

The room knows how a page is read, how its margin is compared with a report, and how many of the
expectations hold. It refuses to know how a report comes about. ``python -m tests.cases`` scores pages.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple, cast

import msgspec

from qorgau.findings import Finding, Report

CONFIG = "qorgau.toml"
ADDS = "# adds"
HEADER = ("topic", "recall", "precision", "must", "must not", "twins", "failing")

Kind = Literal["source", "finding", "missing", "spurious"]
Check = Callable[[Path], Report]

_FENCE = re.compile(r"(?P<ticks>`{3,})(?P<info>[^`]*)")
_MARK = re.compile(r"#\s*(?P<kind>source|finding|missing|spurious):\s*(?P<text>[^#]*)")
_EXPECTED = re.compile(r"(?P<code>PD\d{3})(?:\[(?P<fields>[^\]]*)\])?")


class CaseError(Exception):
    """A page that can't be read as cases; the message names the page and the line."""


class Mark(msgspec.Struct, frozen=True):
    """One assertion of the margin. A source has one field and no code; fields None stands for any."""

    kind: Kind
    path: str
    line: int
    code: str
    fields: frozenset[str] | None

    def holds_for(self, finding: Finding) -> bool:
        """Whether this mark speaks of the finding."""
        place = (self.path, self.line, self.code) == (finding.path, finding.line, finding.code)
        return place and (self.fields is None or self.fields == frozenset(finding.fields))


class Case(msgspec.Struct, frozen=True):
    """A small program, its configuration and what is to be found in it."""

    page: str
    line: int
    topic: str
    heading: str
    config: str
    files: tuple[tuple[str, str], ...]
    marks: tuple[Mark, ...]

    @property
    def name(self) -> str:
        """``topic::heading``, the case's name on a command line."""
        return f"{self.topic}::{self.heading}"

    @property
    def twins(self) -> str:
        """What the case and its twin share: the heading up to its last colon."""
        return self.heading.rpartition(":")[0] or self.heading

    @property
    def must_report(self) -> bool:
        """Whether something should be reported, be it a known miss."""
        return any(mark.kind in ("finding", "missing") for mark in self.marks)

    def write(self, folder: Path) -> None:
        """Lay the program and its configuration out in a folder."""
        for path, text in (*self.files, (CONFIG, self.config)):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")


class Outcome(msgspec.Struct, frozen=True):
    """What became of a case: what its margin says wrongly, and the counts for the score."""

    case: Case
    complaints: tuple[str, ...]
    hits: int = 0
    missed: int = 0
    false_alarms: int = 0
    crashed: bool = False

    @property
    def right(self) -> bool:
        """Whether all that should be reported is, or, where nothing should be, nothing is."""
        wrong = self.missed if self.case.must_report else self.false_alarms
        return not wrong and not self.crashed

    def __str__(self) -> str:
        head = f"{self.case.page}:{self.case.line}: {self.case.heading}"
        return "\n".join((head, *(f"  {line}" for text in self.complaints for line in text.splitlines())))


class _Block(NamedTuple):
    line: int
    language: str
    path: str
    text: str


def read_folder(folder: Path) -> tuple[Case, ...]:
    """The cases of all pages of a folder, or of one page. Raises CaseError."""
    pages = [folder] if folder.is_file() else sorted(folder.rglob("*.md"))
    return tuple(case for page in pages if page.name != "README.md" for case in read_page(page))


def read_page(page: Path) -> tuple[Case, ...]:
    """The cases of one Markdown page, in its order. Raises CaseError."""
    return parse(page.read_text(encoding="utf-8"), page.as_posix())


def parse(text: str, page: str) -> tuple[Case, ...]:
    """The cases in the text of a page; ``page`` names it in messages. Raises CaseError."""
    default = ""
    cases: dict[str, Case] = {}
    for line, heading, blocks in _sections(text, page):
        if not heading:
            default = "".join(_configuration(blocks, page))
        elif heading in cases:
            raise CaseError(f"{page}:{line}: a second case is called {heading!r}")
        else:
            cases[heading] = _case(page, line, heading, blocks, default)
    return tuple(cases.values())


def _sections(text: str, page: str) -> Iterator[tuple[int, str, list[_Block]]]:
    line, heading, blocks = 1, "", list[_Block]()
    ticks, info, start, body = "", "", 0, list[str]()
    for number, content in enumerate(text.splitlines(), 1):
        fence = _FENCE.fullmatch(content)
        if ticks:
            if content.strip() == ticks:
                language, _, path = info.partition(" ")
                blocks.append(_Block(start, language, path.strip(), "".join(body)))
                ticks = ""
            else:
                body.append(content + "\n")
        elif fence:
            ticks, info, start, body = fence["ticks"], fence["info"].strip(), number, []
        elif content.startswith("## "):
            yield line, heading, blocks
            line, heading, blocks = number, content[3:].strip(), []
    if ticks:
        raise CaseError(f"{page}:{start}: the block is not closed")
    yield line, heading, blocks


def _configuration(blocks: Iterable[_Block], page: str) -> Iterator[str]:
    for block in blocks:
        if block.path or block.language != "toml":
            raise CaseError(f"{page}:{block.line}: before the first case stands only its configuration")
        yield block.text


def _case(page: str, line: int, heading: str, blocks: list[_Block], config: str) -> Case:
    files: dict[str, str] = {}
    for block in blocks:
        if block.path:
            place = PurePosixPath(block.path)
            if block.path in files or place.is_absolute() or ".." in place.parts:
                raise CaseError(f"{page}:{block.line}: {block.path!r} is there twice or no path of a case")
            files[block.path] = block.text
        elif block.language == "toml":
            config = config + block.text if block.text.startswith(ADDS) else block.text
        else:
            raise CaseError(f"{page}:{block.line}: the block names no file")
    if not files:
        raise CaseError(f"{page}:{line}: the case {heading!r} has no file")
    marks = tuple(mark for path, text in files.items() for mark in _marks(path, text, f"{page}:{line}"))
    _refuse_loose_sources(marks, f"{page}:{line}")
    return Case(page, line, Path(page).stem, heading, config, tuple(files.items()), marks)


def _marks(path: str, text: str, place: str) -> Iterator[Mark]:
    for line, content in enumerate(text.splitlines(), 1):
        for found in _MARK.finditer(content):
            kind = cast(Kind, found["kind"])
            for part in found["text"].split("," if kind == "source" else ";"):
                yield _mark(kind, path, line, part.strip(), place)


def _mark(kind: Kind, path: str, line: int, text: str, place: str) -> Mark:
    if kind == "source":
        if not text.isidentifier():
            raise CaseError(f"{place}: {path}:{line}: {text!r} is not the name of a field")
        return Mark(kind, path, line, "", frozenset((text,)))
    found = _EXPECTED.fullmatch(text)
    if found is None:
        raise CaseError(f"{place}: {path}:{line}: {text!r} is not written CODE[field, field]")
    fields = found["fields"]
    names = None if fields is None else frozenset(name.strip() for name in fields.split(",") if name.strip())
    return Mark(kind, path, line, found["code"], names)


def _refuse_loose_sources(marks: tuple[Mark, ...], place: str) -> None:
    # Without an end to its flow nothing could ever prove such a mark wrong.
    ends = [mark.fields for mark in marks if mark.kind != "source"]
    for mark in marks:
        field = "".join(mark.fields or ())
        if mark.kind == "source" and not any(fields is None or field in fields for fields in ends):
            raise CaseError(f"{place}: {mark.path}:{mark.line}: no mark says where {field} arrives")


def compare(case: Case, report: Report) -> Outcome:
    """Hold a report against the margin of its case."""
    findings = report.counting
    due = [mark for mark in case.marks if mark.kind in ("finding", "missing")]
    hits = sum(any(mark.holds_for(finding) for finding in findings) for mark in due)
    alarms = sum(not any(mark.holds_for(finding) for mark in due) for finding in findings)
    complaints = (
        *(f"{problem.path}: could not be scanned: {problem.message}" for problem in report.errors),
        *_line_complaints(case, findings),
        *_source_complaints(case, findings),
    )
    return Outcome(case, complaints, hits, len(due) - hits, alarms)


def _line_complaints(case: Case, findings: Sequence[Finding]) -> Iterator[str]:
    ends = [mark for mark in case.marks if mark.kind != "source"]
    places = {(mark.path, mark.line) for mark in ends} | {(f.path, f.line) for f in findings}
    for path, line in sorted(places):
        marks = [mark for mark in ends if (mark.path, mark.line) == (path, line)]
        here = [finding for finding in findings if (finding.path, finding.line) == (path, line)]
        stale = [mark for mark in marks if any(map(mark.holds_for, here)) == (mark.kind == "missing")]
        promised = [mark for mark in marks if mark.kind != "missing"]
        if stale or any(not any(mark.holds_for(finding) for mark in promised) for finding in here):
            yield "\n".join(
                (
                    f"{path}:{line}: {_source_line(case, path, line)}",
                    f"  expected: {'; '.join(map(_shown_mark, promised)) or 'nothing'}",
                    f"  actual:   {'; '.join(map(_shown_finding, here)) or 'nothing'}",
                    *(f"  {_advice(mark)}" for mark in stale if mark.kind != "finding"),
                )
            )


def _advice(mark: Mark) -> str:
    if mark.kind == "missing":
        return f"the known miss {_shown_mark(mark)} is reported now: write finding"
    return f"the known false alarm {_shown_mark(mark)} is no longer reported: take the mark away"


def _source_complaints(case: Case, findings: Sequence[Finding]) -> Iterator[str]:
    for mark in case.marks:
        if mark.kind != "source":
            continue
        field = "".join(mark.fields or ())
        traces = [finding.trace for finding in findings if field in finding.fields]
        steps = [(step.path, step.line) for trace in traces for step in trace]
        # A finding that is not there is the business of its own mark.
        if traces and (mark.path, mark.line) not in steps:
            went = ", ".join(f"{path}:{line}" for path, line in dict.fromkeys(steps)) or "nowhere"
            yield "\n".join(
                (
                    f"{mark.path}:{mark.line}: {_source_line(case, mark.path, mark.line)}",
                    f"  expected: the trace of {field} passes here",
                    f"  actual:   it goes by {went}",
                )
            )


def _shown_mark(mark: Mark) -> str:
    return mark.code if mark.fields is None else f"{mark.code}[{', '.join(sorted(mark.fields))}]"


def _shown_finding(finding: Finding) -> str:
    shown = f"{finding.code}[{', '.join(sorted(finding.fields))}]"
    return f"{shown} ({finding.confidence.value})"


def _source_line(case: Case, path: str, line: int) -> str:
    lines = dict(case.files).get(path, "").splitlines()
    return lines[line - 1].partition("  # ")[0].strip() if line <= len(lines) else ""


def run(case: Case, folder: Path, check: Check) -> Outcome:
    """Write a case to an empty folder, check it there and compare."""
    case.write(folder)
    return compare(case, check(folder))


def run_all(cases: Iterable[Case], check: Check) -> Iterator[Outcome]:
    """Outcomes in order, each in a folder of its own; a crash is an outcome too."""
    with tempfile.TemporaryDirectory() as scratch:
        for number, case in enumerate(cases):
            folder = Path(scratch) / str(number)
            folder.mkdir()
            try:
                yield run(case, folder, check)
            except Exception as error:  # one broken case must not hide the score of the others
                tail = "".join(traceback.format_exception(error)[-3:]).rstrip()
                due = sum(mark.kind in ("finding", "missing") for mark in case.marks)
                yield Outcome(case, (tail,), missed=due, crashed=True)


def check_with_qorgau(folder: Path) -> Report:
    """The report of the program itself on a folder that holds a case."""
    # Here, so that the format can be read and tested without the engine.
    from qorgau import config, pipeline

    settings = config.load(folder, folder, None)
    return pipeline.check(pipeline.Request(paths=(folder,), settings=settings, cwd=folder))


def score(outcomes: Sequence[Outcome]) -> str:
    """A table: recall and precision of findings, cases and twins by topic, with a last line for all."""
    rows: list[tuple[str, ...]] = [HEADER]
    topics = dict.fromkeys(outcome.case.topic for outcome in outcomes)
    for topic in topics:
        rows.append(_row(topic, [outcome for outcome in outcomes if outcome.case.topic == topic]))
    if len(topics) != 1:
        rows.append(_row("all", outcomes))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join((row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:]))) for row in rows
    )


def _row(topic: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    hits = sum(outcome.hits for outcome in outcomes)
    due = hits + sum(outcome.missed for outcome in outcomes)
    reported = hits + sum(outcome.false_alarms for outcome in outcomes)
    twins: dict[tuple[str, str], bool] = {}
    for outcome in outcomes:
        key = (outcome.case.page, outcome.case.twins)
        twins[key] = twins.get(key, True) and outcome.right
    return (
        topic,
        _share(hits, due),
        _share(hits, reported),
        _held([outcome.right for outcome in outcomes if outcome.case.must_report]),
        _held([outcome.right for outcome in outcomes if not outcome.case.must_report]),
        _held(list(twins.values())),
        str(sum(bool(outcome.complaints) for outcome in outcomes)),
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


def _held(results: Sequence[bool]) -> str:
    return f"{sum(results)}/{len(results)}"


def main(arguments: Sequence[str] | None = None, check: Check = check_with_qorgau) -> int:
    """Score pages, list what fails, or lay cases out. 0 if all margins are true, 2 without any case."""
    parser = argparse.ArgumentParser(prog="python -m tests.cases", description=main.__doc__)
    parser.add_argument("paths", nargs="+", type=Path, metavar="PAGE|FOLDER")
    parser.add_argument("--score", action="store_true", help="print the table (the default)")
    parser.add_argument("--failures", action="store_true", help="print each case that fails, and why")
    parser.add_argument("--only", action="append", metavar="TOPIC", help="only pages of this name")
    parser.add_argument("--case", default="", metavar="SUBSTRING", help="only cases whose name has this")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="only lay the cases out as folders")
    chosen = parser.parse_args(arguments)
    cases = [
        case
        for path in chosen.paths
        for case in read_folder(path)
        if (not chosen.only or case.topic in chosen.only) and chosen.case.lower() in case.name.lower()
    ]
    if not cases:
        sys.stderr.write("no case is chosen\n")
        return 2
    if chosen.write:
        for case in cases:
            case.write(chosen.write / f"{case.topic}-{case.line}")
        return 0
    outcomes = list(run_all(cases, check))
    failed = [outcome for outcome in outcomes if outcome.complaints]
    if chosen.failures:
        sys.stdout.write("".join(f"{outcome}\n\n" for outcome in failed))
    if chosen.score or not chosen.failures:
        sys.stdout.write(score(outcomes) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
