"""For people: each finding with its code, the way of the data, and what to do about it.

Plain when it is piped, colored on a terminal. Findings that one line of configuration would settle
(``Finding.group``) are shown together, with that line.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

import msgspec

from qorgau.findings import Finding, Report, Severity, Sink
from qorgau.reports import View, printable
from qorgau.source import split_lines

WIDEST = 160
"""Longer lines of code are shown in part, the marked place in it."""
_TAB = "    "
_WAYS = {"storage": "stored in", "transfer": "sent to", "export": "exported to", "log": "logged in"}


class Style(msgspec.Struct, frozen=True):
    """Colors by meaning, as ANSI codes; nothing where they are off."""

    on: bool

    def bold(self, text: str) -> str:
        """What the eye should land on."""
        return self._coded("1", text)

    def faint(self, text: str) -> str:
        """What is there for reference."""
        return self._coded("2", text)

    def severity(self, severity: Severity, text: str) -> str:
        """Red for errors, yellow for warnings."""
        return self._coded("1;31" if severity is Severity.ERROR else "1;33", text)

    def label(self, text: str) -> str:
        """The name of what stands after it."""
        return self._coded("36", text)

    def _coded(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.on and text else text


class Scene:
    """What a block is written from: the view, its colors, and the lines of files, split once."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.style = Style(view.color)
        self._lines: dict[str, list[str]] = {}

    def line(self, path: str, number: int) -> str:
        """The text of a line; nothing where the file is gone or has become shorter."""
        if path not in self._lines:
            text = self.view.source(path)
            self._lines[path] = [] if text is None else split_lines(text.text)
        lines = self._lines[path]
        return lines[number - 1] if 0 < number <= len(lines) else ""


def render(report: Report, view: View) -> str:
    """The findings that count, in blocks; a group stands where its first finding does."""
    scene = Scene(view)
    groups: dict[tuple[str, str | int], list[Finding]] = {}
    for position, finding in enumerate(report.counting):
        key = position if finding.group is None else finding.group
        groups.setdefault((finding.code, key), []).append(finding)
    blocks = [_block(findings, scene) for findings in groups.values()]
    return "\n".join(f"{block}\n" for block in blocks)


def _block(findings: Sequence[Finding], scene: Scene) -> str:
    lines = _single(findings[0], scene) if len(findings) == 1 else _group(findings, scene)
    return "\n".join(lines)


def _single(finding: Finding, scene: Scene) -> Iterator[str]:
    style = scene.style
    yield f"{_place(finding, scene)}: {_title(finding, style)}"
    yield f"  {printable(finding.message)}"
    yield from _code(finding, scene)
    yield from _trace(finding, scene)
    for label, text in _facts(finding):
        yield f"  {style.label(label + ':')} {printable(text)}"


def _group(findings: Sequence[Finding], scene: Scene) -> Iterator[str]:
    """One title, then each place with its line of code; the way of the data is no matter here."""
    style = scene.style
    first = findings[0]
    yield f"{_title(first, style)}: {len(findings)} places, {printable(first.group or '')}"
    for finding in findings:
        yield f"  {_place(finding, scene)}: {printable(finding.message)}"
        yield from _code(finding, scene)
    yield f"  {style.label('rule:')} {printable(_rule(first))}"
    for text in dict.fromkeys(finding.help for finding in findings if finding.help):
        yield f"  {style.label('help:')} {printable(text)}"


def _place(finding: Finding, scene: Scene) -> str:
    return scene.style.bold(printable(scene.view.place(finding.path, finding.line, finding.column)))


def _title(finding: Finding, style: Style) -> str:
    code = style.severity(finding.severity, f"{finding.code} {finding.name}")
    return f"{code} {style.faint(f'[{finding.severity.value}, confidence {finding.confidence.value}]')}"


def _facts(finding: Finding) -> Iterator[tuple[str, str]]:
    if finding.fields:
        yield "fields", ", ".join(finding.fields)
    if finding.sink is not None:
        yield _WAYS.get(finding.sink.kind, finding.sink.kind), _destination(finding.sink)
    yield "rule", _rule(finding)
    if finding.help:
        yield "help", finding.help


def _destination(sink: Sink) -> str:
    """The place, its country where one matters, and the call that reaches it."""
    matters = sink.kind in ("storage", "transfer")
    if sink.destination is None and not matters:
        return sink.call
    place = sink.destination or "an unknown place"
    if sink.country is not None or matters:
        place += f", country {sink.country or 'unknown'}"
    return f"{place} ({sink.call})"


def _rule(finding: Finding) -> str:
    if not finding.paragraphs:
        return f"qorgau rule {finding.code}"
    noun = "paragraph" if len(finding.paragraphs) == 1 else "paragraphs"
    return f"{finding.regulation}, {noun} {', '.join(finding.paragraphs)} (qorgau rule {finding.code})"


def _trace(finding: Finding, scene: Scene) -> Iterator[str]:
    style = scene.style
    if not finding.trace:
        return
    yield f"  {style.label('how it gets there:')}"
    # The line of the sink stands above; of steps in one line the first shows it.
    shown = {(finding.path, finding.line)}
    for number, step in enumerate(finding.trace, start=1):
        place = printable(scene.view.place(step.path, step.line, step.column))
        yield f"    {number}. {style.faint(place)} {printable(step.note)}"
        line = scene.line(step.path, step.line)
        if line and (step.path, step.line) not in shown:
            text = _expanded(line.strip())
            yield f"       {style.faint('|')} {text if len(text) <= WIDEST else text[: WIDEST - 1] + '…'}"
        shown.add((step.path, step.line))


def _code(finding: Finding, scene: Scene) -> Iterator[str]:
    """The first line of the sink with a caret under as much of it as the finding spans."""
    style = scene.style
    line = scene.line(finding.path, finding.line)
    if not line.strip():
        return
    start = min(finding.column - 1, len(line))
    end = finding.end_column - 1 if finding.end_line == finding.line else len(line.rstrip())
    cell = scene.view.cell(finding.path, finding.line)
    number = str(finding.line if cell is None else cell[1])
    before, marked, after = _window(line, start, max(end, start + 1))
    indent = " " * len(number)
    yield f"  {indent} {style.faint('|')}"
    yield f"  {style.faint(f'{number} |')} {before}{marked}{after}"
    carets = style.severity(finding.severity, "^" * max(1, _width(marked)))
    yield f"  {indent} {style.faint('|')} {' ' * _width(before)}{carets}"


def _window(line: str, start: int, end: int) -> tuple[str, str, str]:
    """What stands before the span, in it and after it, cut to ``WIDEST`` characters about the span."""
    before, marked, after = (_expanded(part) for part in (line[:start], line[start:end], line[end:].rstrip()))
    if len(before) + len(marked) + len(after) <= WIDEST:
        return before, marked, after
    if len(before) > WIDEST // 3:
        before = "…" + before[-WIDEST // 3 :]
    room = WIDEST - len(before)
    if len(marked) > room:
        return before, marked[: room - 1] + "…", ""
    room -= len(marked)
    return before, marked, after if len(after) <= room else after[: max(0, room - 1)] + "…"


def _expanded(code: str) -> str:
    return printable(code.replace("\t", _TAB))


def _width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
