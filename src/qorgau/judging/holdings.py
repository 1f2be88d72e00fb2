"""What is held where: the writes of personal data, the first of each field and of each store."""

from __future__ import annotations

from collections.abc import Iterable

from qorgau.flow.arrivals import Arrival
from qorgau.judging.rules import KEPT, confidence


def writes(arrivals: Iterable[Arrival]) -> list[Arrival]:
    """The calls that store personal data, in the order of modules and lines."""
    found = [
        arrival
        for arrival in arrivals
        if arrival.kind == "storage" and not arrival.concern and stored_fields(arrival)
    ]
    return sorted(found, key=lambda arrival: (arrival.unit, arrival.at))


def stored_fields(arrival: Arrival) -> frozenset[str]:
    """The fields that a call stores, cut ones and mere guesses aside."""
    return frozenset(
        taint.field
        for taint in arrival.taints
        if (taint.kept is None or taint.kept > KEPT) and confidence(taint, arrival).rank > 0
    )


def first_writes(arrivals: Iterable[Arrival]) -> dict[str, Arrival]:
    """The first call that stores each field."""
    found: dict[str, Arrival] = {}
    for arrival in writes(arrivals):
        for field in sorted(stored_fields(arrival)):
            found.setdefault(field, arrival)
    return found
