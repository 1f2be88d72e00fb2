"""One line a finding, for editors and for ``grep``: ``path:line:column: CODE message``."""

from __future__ import annotations

from qorgau.findings import Report
from qorgau.reports import View, printable


def render(report: Report, view: View) -> str:
    """The findings that count, a line each."""
    return "".join(
        f"{printable(view.place(finding.path, finding.line, finding.column))}: "
        f"{finding.code} {printable(finding.message)}\n"
        for finding in report.counting
    )
