"""How a finding is made of its rule's page, and where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from qorgau import ir
from qorgau.findings import Confidence, Finding, Severity, Sink, Step
from qorgau.judging.drafts import Draft
from qorgau.knowledge.pages import Facts, Page

Spans = Callable[[str, frozenset[int]], Mapping[int, ir.Span]]
"""Positions of nodes of a file (by its shown path), found only where they are asked for."""

_Places = Mapping[tuple[str, int], ir.Span]
"""Where nodes stand, by file and number."""


class Made(msgspec.Struct, frozen=True):
    """A finding, what filled its message, and the function around it (qualified; empty at a module's top)."""

    finding: Finding
    function: str
    facts: Facts = Facts()


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


def made(drafts: Iterable[Draft], pages: Mapping[str, Page], regulation: str, spans: Spans) -> list[Made]:
    """The findings of drafts, where their nodes stand now, in no particular order and without fingerprints."""
    chosen = list(drafts)
    places = _located(chosen, spans)
    return [
        Made(_finding(draft, pages[draft.code], regulation, places), draft.function, draft.facts)
        for draft in chosen
    ]


def _finding(draft: Draft, page: Page, regulation: str, places: _Places) -> Finding:
    steps = ((spot, places[spot.path, spot.at]) for spot in draft.trace)
    return made_of(
        page,
        draft.facts,
        regulation,
        draft.path,
        places[draft.path, draft.at],
        confidence=draft.confidence,
        fields=draft.fields,
        sink=draft.sink,
        # Several nodes begin at one place: a chain of calls, and what it is called on.
        trace=tuple(
            dict.fromkeys(Step(spot.path, span.line, span.column, spot.note) for spot, span in steps)
        ),
        group=draft.group,
    )


def _located(drafts: Iterable[Draft], spans: Spans) -> _Places:
    """Where all their nodes stand; each file is asked for once."""
    wanted: dict[str, set[int]] = {}
    for draft in drafts:
        wanted.setdefault(draft.path, set()).add(draft.at)
        for spot in draft.trace:
            wanted.setdefault(spot.path, set()).add(spot.at)
    return {
        (path, at): span
        for path, numbers in sorted(wanted.items())
        for at, span in spans(path, frozenset(numbers)).items()
    }
