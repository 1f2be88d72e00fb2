"""SARIF 2.1.0, for code scanning services.

The form is that of https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. What is suppressed
stays in it, marked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from qorgau.findings import Finding, Problem, Report, Step, Suppression
from qorgau.knowledge.pages import Facts, Page
from qorgau.reports import View

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_BASE = "%SRCROOT%"
# RFC 3986: what a path may hold as it is. The colon of a first part would be read as a scheme's.
_NOT_IN_PATH = re.compile(r"[^A-Za-z0-9._~/@!$&'()*+,;=-]")
_ABSOLUTE = re.compile(r"(?:[A-Za-z]:)?/")

Json = dict[str, object]


def render(report: Report, view: View) -> str:
    """The report as one run, with the traces as ``codeFlows``."""
    pages = view.pages()
    codes = sorted({*pages, *(finding.code for finding in report.findings)})
    index = {code: position for position, code in enumerate(codes)}
    run: Json = {
        "tool": {
            "driver": {
                "name": "Qorgau",
                "version": report.version,
                "rules": [_rule(code, pages.get(code)) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_BASE: {"description": {"text": "The folder that the scan was started in."}}},
        "invocations": [
            {
                "executionSuccessful": not report.errors,
                "toolExecutionNotifications": [_notification(problem) for problem in report.errors],
            }
        ],
        "results": [_result(finding, index, view) for finding in report.findings],
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _rule(code: str, page: Page | None) -> Json:
    if page is None:
        return {"id": code}
    paragraphs = [f"paragraph {paragraph}" for paragraph in page.paragraphs]
    return {
        "id": code,
        "name": page.name,
        "shortDescription": {"text": page.summary},
        "fullDescription": {"text": page.summary},
        "help": {"text": page.help_for(Facts())},
        "defaultConfiguration": {"level": page.severity},
        "properties": {"tags": ["privacy", page.family, *paragraphs]},
    }


def _result(finding: Finding, index: dict[str, int], view: View) -> Json:
    result: Json = {
        "ruleId": finding.code,
        "ruleIndex": index[finding.code],
        "level": finding.severity.value,
        "message": {"text": finding.message or finding.name},
        "locations": [
            _location(
                view,
                finding.path,
                {
                    "startLine": finding.line,
                    "startColumn": finding.column,
                    "endLine": finding.end_line,
                    "endColumn": finding.end_column,
                },
            )
        ],
        "partialFingerprints": {"qorgau/v1": finding.fingerprint},
        "properties": _properties(finding),
    }
    if finding.trace:
        result["codeFlows"] = [{"threadFlows": [{"locations": _flow(finding, view)}]}]
    if finding.suppressed is not None:
        result["suppressions"] = [_suppression(finding, finding.suppressed)]
    return result


def _properties(finding: Finding) -> Json:
    properties: Json = {
        "confidence": finding.confidence.value,
        "fields": list(finding.fields),
        "regulation": finding.regulation,
        "paragraphs": list(finding.paragraphs),
    }
    sink = finding.sink
    if sink is not None:
        properties["sink"] = {
            "kind": sink.kind,
            "call": sink.call,
            "destination": sink.destination,
            "country": sink.country,
        }
    return properties


def _flow(finding: Finding, view: View) -> list[Json]:
    """The steps, ending where the finding stands: viewers show the last as the sink."""
    steps: Iterable[Step] = finding.trace
    last = finding.trace[-1]
    if (last.path, last.line) != (finding.path, finding.line):
        steps = (*finding.trace, Step(finding.path, finding.line, finding.column, finding.message))
    return [
        {
            "location": {
                **_location(view, step.path, {"startLine": step.line, "startColumn": step.column}),
                "message": {"text": step.note or finding.name},
            }
        }
        for step in steps
    ]


def _suppression(finding: Finding, why: Suppression) -> Json:
    suppression: Json = {
        "kind": "inSource" if why is Suppression.COMMENT else "external",
        "status": "accepted",
        "properties": {"by": why.value},
    }
    if finding.justification:
        suppression["justification"] = finding.justification
    return suppression


def _location(view: View, path: str, region: dict[str, int]) -> Json:
    cell = view.cell(path, region["startLine"])
    if cell is None:
        return {"physicalLocation": {"artifactLocation": _artifact(path), "region": region}}
    # A line of a cell is no line of the notebook's file.
    return {
        "physicalLocation": {"artifactLocation": _artifact(path), "region": {"startLine": 1}},
        "logicalLocations": [{"fullyQualifiedName": f"cell {cell[0]}, line {cell[1]}"}],
    }


def _artifact(path: str) -> Json:
    uri = _NOT_IN_PATH.sub(
        lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace")), path
    )
    if _ABSOLUTE.match(path):
        return {"uri": "file://" + ("" if path.startswith("/") else "/") + uri}
    return {"uri": uri, "uriBaseId": _BASE}


def _notification(problem: Problem) -> Json:
    region: Json = {}
    if problem.line is not None:
        region = {"region": {"startLine": problem.line}}
        if problem.column is not None:
            region = {"region": {"startLine": problem.line, "startColumn": problem.column}}
    return {
        "level": "error",
        "message": {"text": f"{problem.path}: {problem.message}"},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(problem.path), **region}}],
    }
