"""One JSON object, for programs (spec section 8). What is suppressed stays in it, marked."""

from __future__ import annotations

import json

import msgspec

from qorgau.findings import Finding, Report
from qorgau.reports import View

_NOT_SHOWN = ("help", "group", "suppressed", "justification")


def render(report: Report, view: View) -> str:
    """The report as an indented object. ``justification`` is there when ``suppressed`` is not null."""
    document = {
        "version": 1,
        "tool": {"name": "qorgau", "version": report.version},
        "files_scanned": report.files_scanned,
        "findings": [_finding(finding) for finding in report.findings],
        "errors": [msgspec.to_builtins(problem) for problem in report.errors],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _finding(finding: Finding) -> dict[str, object]:
    entry = {key: value for key, value in msgspec.to_builtins(finding).items() if key not in _NOT_SHOWN}
    entry["suppressed"] = finding.suppressed and finding.suppressed.value
    if finding.suppressed is not None:
        entry["justification"] = finding.justification
    return entry
