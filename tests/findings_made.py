"""Findings, reports and views for the tests of reports and of judging, all invented."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from qorgau.findings import Confidence, Finding, Problem, Report, Severity, Sink, Step
from qorgau.knowledge.pages import Page
from qorgau.reports import View
from qorgau.source import SourceText

NOTIFY = """\
import requests


def send(client):
    phone = client.phone
    requests.post(
        "https://api.example.com/send",
        json={"phone": phone},
    )
"""
PAGES = {
    page.code: page
    for page in (
        Page(
            code="PD202",
            name="cross-border-without-consent",
            severity="error",
            paragraphs=("4-4",),
            family="consent",
            summary="Personal data goes abroad without consent.",
            message="Personal data goes abroad",
            help="Ask {check|the subject} first.",
            file="PD202-cross-border-without-consent.md",
        ),
        Page(
            code="PD901",
            name="unused-suppression",
            severity="warning",
            paragraphs=(),
            family="scan",
            summary="A suppression suppresses nothing.",
            message="The suppression<< of {codes}>> suppresses nothing<<: {reason}>>",
            help="Take it away.",
            file="PD901-unused-suppression.md",
        ),
        Page(
            code="PD902",
            name="unexplained-suppression",
            severity="warning",
            paragraphs=(),
            family="scan",
            summary="A suppression has no reason.",
            message="The suppression<< of {codes}>> has no reason",
            help="Write the reason.",
            file="PD902-unexplained-suppression.md",
        ),
    )
}
SENT = Finding(
    code="PD202",
    name="cross-border-without-consent",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    path="src/notify.py",
    line=6,
    column=5,
    end_line=9,
    end_column=6,
    message="Personal data (phone) is sent to api.example.com in US with no consent",
    fields=("phone",),
    regulation="kz-395",
    paragraphs=("4-4",),
    sink=Sink("transfer", "requests.post", "api.example.com", "US"),
    trace=(
        Step("src/notify.py", 5, 13, "phone is read from client"),
        Step("src/notify.py", 6, 5, "reaches requests.post"),
    ),
    fingerprint="0123456789abcdef",
    help="Check the consent of the subject before sending.",
)
"""A transfer over four lines of ``NOTIFY``."""


def finding(
    line: int = 1,
    code: str = "PD201",
    *,
    path: str = "app.py",
    end_line: int | None = None,
    fields: tuple[str, ...] = ("phone",),
    fingerprint: str = "f",
    message: str = "Personal data is sent",
) -> Finding:
    """A finding without a trace, in whole lines."""
    return msgspec.structs.replace(
        SENT,
        code=code,
        name="a-name",
        path=path,
        line=line,
        column=1,
        end_line=line if end_line is None else end_line,
        end_column=2,
        fields=fields,
        trace=(),
        sink=None,
        fingerprint=fingerprint,
        message=message,
        help="",
    )


def report(*findings: Finding, errors: tuple[Problem, ...] = (), files: int = 3) -> Report:
    """A report of version 1.2.3."""
    return Report("1.2.3", files, findings, errors)


def view(texts: Mapping[str, str | SourceText] | None = None, *, color: bool = False) -> View:
    """A view of these files and of ``PAGES``."""
    sources = {
        path: text if isinstance(text, SourceText) else SourceText(text)
        for path, text in (texts or {"src/notify.py": NOTIFY}).items()
    }
    return View(source=sources.get, pages=lambda: PAGES, color=color)
