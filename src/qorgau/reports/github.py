"""Workflow commands: findings as annotations of a pull request on GitHub.

The form is that of https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
"""

from __future__ import annotations

from collections.abc import Iterator

from qorgau.findings import Finding, Report
from qorgau.reports import View


def render(report: Report, view: View) -> str:
    """The findings that count, a command each."""
    return "".join(_command(finding, view) for finding in report.counting)


def _command(finding: Finding, view: View) -> str:
    properties = ",".join(f"{name}={_property(value)}" for name, value in _properties(finding, view))
    place = view.place(finding.path, finding.line, finding.column)
    text = "\n".join(part for part in (f"{place}: {finding.code} {finding.message}", finding.help) if part)
    return f"::{finding.severity.value} {properties}::{_data(text)}\n"


def _properties(finding: Finding, view: View) -> Iterator[tuple[str, str]]:
    yield "title", f"Qorgau ({finding.code} {finding.name})"
    yield "file", finding.path
    if view.cell(finding.path, finding.line) is not None:
        # A line of a cell is no line of the notebook's file; the message names the cell.
        yield "line", "1"
        return
    yield "line", str(finding.line)
    if finding.line == finding.end_line:
        # The runner refuses columns where the lines differ.
        yield "col", str(finding.column)
        yield "endLine", str(finding.end_line)
        yield "endColumn", str(finding.end_column)
    else:
        yield "endLine", str(finding.end_line)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
