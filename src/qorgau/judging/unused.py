"""PD403: fields that are collected and kept, and used for nothing (paragraphs 5 and 10 of the Rules)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qorgau.config import Settings
from qorgau.flow.arrivals import Arrival, Declaration
from qorgau.flow.stores import QUEUES
from qorgau.judging.claims import Claim
from qorgau.judging.holdings import first_writes
from qorgau.judging.retention import at_fields


def unused(
    settings: Settings, declarations: Iterable[Declaration], arrivals: Iterable[Arrival], used: Iterable[str]
) -> Iterator[Claim]:
    """A claim for each field of ``[fields]`` that the program stores and never uses, where it is stored."""
    found = tuple(arrivals)
    sent = {
        taint.field
        for arrival in found
        if arrival.kind != "storage" or arrival.store.family in QUEUES
        for taint in arrival.taints
    }
    idle = settings.fields.keys() & first_writes(found).keys() - sent - set(used)
    yield from at_fields("PD403", set(idle), declarations, found, "is used for nothing")
