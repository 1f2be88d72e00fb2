"""How a finding is made of its rule's page, and where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from qorgau import ir
from qorgau.findings import Confidence, Finding, Severity, Sink, Step
from qorgau.knowledge.pages import Facts, Page

Spans = Callable[[str, frozenset[int]], Mapping[int, ir.Span]]
"""Positions of nodes of a module (by its name), found only where they are asked for."""

Places = Mapping[tuple[str, int], ir.Span]
"""Where nodes stand, by module and number."""


def made_of(
    page: Page,
    facts: Facts,
    regulation: str,
    path: str,
    span: ir.Span,
    *,
    confidence: Confidence = Confidence.HIGH,
    fields: tuple[str, ...] = (),
    sink: Sink | None = None,
    trace: tuple[Step, ...] = (),
    fingerprint: str = "",
    group: str | None = None,
) -> Finding:
    """A finding in the words of its page: ``path`` is as shown to people, ``facts`` fill the message."""
    return Finding(
        code=page.code,
        name=page.name,
        severity=Severity(page.severity),
        confidence=confidence,
        path=path,
        line=span.line,
        column=span.column,
        end_line=span.end_line,
        end_column=span.end_column,
        message=page.message_for(facts),
        fields=fields,
        regulation=regulation,
        paragraphs=page.paragraphs,
        sink=sink,
        trace=trace,
        fingerprint=fingerprint,
        help=page.help_for(facts),
        group=group,
    )


def located(nodes: Iterable[tuple[str, int]], spans: Spans) -> Places:
    """Where nodes stand, each given by its module and number; each module is asked for once."""
    wanted: dict[str, set[int]] = {}
    for unit, at in nodes:
        wanted.setdefault(unit, set()).add(at)
    return {
        (unit, at): span
        for unit, numbers in sorted(wanted.items())
        for at, span in spans(unit, frozenset(numbers)).items()
    }
