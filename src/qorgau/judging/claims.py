"""Claims: what is wrong with a declaration, a model or an erasure, and how such a claim becomes a draft.

Unlike a verdict a claim is not about data that arrived somewhere, though it may stand at such a call.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from qorgau.config import Settings
from qorgau.findings import Confidence, Sink
from qorgau.flow.arrivals import Arrival
from qorgau.judging.drafts import Draft, Spot
from qorgau.judging.rules import confidence
from qorgau.knowledge.pages import Facts
from qorgau.linking import Program


class Claim(msgspec.Struct, frozen=True):
    """One code at one node of a module.

    ``note`` is the step that the trace shows there. ``arrival`` is the call that it stands at, if any,
    ``model`` and ``function`` what the message names.
    """

    code: str
    unit: str
    at: int
    fields: tuple[str, ...]
    confidence: Confidence
    note: str
    model: str = ""
    function: str = ""
    around: str = ""
    arrival: Arrival | None = None


def at_call(code: str, arrival: Arrival, fields: Iterable[str], note: str) -> Claim:
    """A claim that stands at a call that stores data."""
    wanted = tuple(sorted(fields))
    sure = [confidence(taint, arrival) for taint in arrival.taints if taint.field in wanted]
    return Claim(
        code,
        arrival.unit,
        arrival.at,
        wanted,
        max(sure, key=lambda each: each.rank, default=Confidence.LOW),
        note,
        around=arrival.function,
        arrival=arrival,
    )


def drafts(claims: Iterable[Claim], settings: Settings, program: Program) -> list[Draft]:
    """One draft for each place and code, with all its fields, of the claims that are sure enough."""
    lowest = Confidence(settings.min_confidence)
    groups: dict[tuple[str, int, str], list[Claim]] = {}
    for claim in claims:
        if claim.confidence.rank >= lowest.rank:
            groups.setdefault((claim.unit, claim.at, claim.code), []).append(claim)
    return [_draft(group, program) for group in groups.values()]


def _draft(group: list[Claim], program: Program) -> Draft:
    first = group[0]
    path = program.units[first.unit].display
    fields = tuple(sorted({field for claim in group for field in claim.fields}))
    arrival = first.arrival
    place = arrival.destination if arrival is not None else None
    facts = Facts(
        fields=fields,
        model=first.model or None,
        function=first.function or None,
        sink=arrival.call if arrival is not None else None,
        destination=(place.shown or arrival.call if arrival is not None else None)
        if place is not None
        else None,
        storage=place.name or None if place is not None else None,
    )
    sink = (
        Sink(arrival.kind, arrival.call, place.shown or None, place.country or None)
        if arrival is not None and place is not None
        else None
    )
    return Draft(
        code=first.code,
        path=path,
        at=first.at,
        facts=facts,
        confidence=max((claim.confidence for claim in group), key=lambda each: each.rank),
        fields=fields,
        sink=sink,
        trace=tuple(dict.fromkeys(Spot(path, first.at, claim.note) for claim in group)),
        function=first.around,
    )
