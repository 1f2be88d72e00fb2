"""Taints: the personal fields in a value, whose they are, what became of them, and the way that they came."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import msgspec
from msgspec.structs import replace

from qorgau.findings import Confidence
from qorgau.flow.facts import NO_FACTS, Facts, common_facts
from qorgau.flow.locations import Loc

if TYPE_CHECKING:
    from qorgau.linking import Unit


MAX_SUBJECTS = 12
"""Of more subjects than this, in more ways than this, one value does not tell whose a field is."""


class Trace:
    """The steps of a datum, newest first, as a linked list shared between values.

    All are equal: how a datum came here is no part of which datum it is.
    """

    __slots__ = ("at", "depth", "note", "parent", "unit")

    def __init__(self, parent: Trace | None, unit: Unit, at: int, note: str) -> None:
        self.parent = parent
        self.unit = unit
        self.at = at
        self.note = note
        self.depth: int = parent.depth + 1 if parent else 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trace)

    def __hash__(self) -> int:
        return 0

    def steps(self) -> list[Trace]:
        """From the source to the newest step."""
        found: list[Trace] = []
        step: Trace | None = self
        while step is not None:
            found.append(step)
            step = step.parent
        return found[::-1]


class Reversal(NamedTuple):
    """A transformation that can be undone: which call, why, and what to use instead."""

    call: str
    why: str
    instead: str


class _Datum(msgspec.Struct, frozen=True):
    """What tells taints apart."""

    field: str
    confidence: Confidence
    subject: Loc | None = None
    reversal: Reversal | None = None
    kept: int | None = None
    calls: int = 0
    origin: str = ""
    facts: Facts = NO_FACTS
    slice: object = None
    salted: bool = False
    within: bool = False


class Taint(_Datum, frozen=True, kw_only=True):
    """One personal field in a value.

    ``kept`` is how many characters constant slices left of it (None: all). ``subject`` is the
    object it was read from. ``facts`` held whenever the value has it. ``calls`` counts the
    unknown calls on its way (up to 2). ``origin`` says how it was collected (``request``,
    ``public``) or is empty. ``salted``: it was joined with a secret. ``within``: unknown code made the value of
    something that has the datum in it, so that a part of the value hardly is the datum. The trace tells no
    taints apart.
    """

    trace: Trace

    def makeup(self) -> tuple[object, ...]:
        """All that tells taints apart but whose they are and the facts that hold: what became of which datum."""
        return (
            self.field,
            self.confidence,
            self.reversal,
            self.kept,
            self.calls,
            self.origin,
            self.slice,
            self.salted,
            self.within,
        )

    def stepped(self, unit: Unit, at: int, note: str) -> Taint:
        """The same datum one step further."""
        last = self.trace
        if last is not None and last.unit is unit and last.at == at:
            return self
        return replace(self, trace=Trace(last, unit, at, note))


ORIGINS = ("request", "public")
"""Ways in which a datum is collected that rules tell apart (``Taint.origin``)."""

Taints: TypeAlias = frozenset[Taint]
NO_TAINTS: Taints = frozenset()


def merge_taints(taints: Iterable[Taint]) -> Taints:
    """Taints that differ only in their facts become one, with the facts common to them."""
    merged: dict[object, Taint] = {}
    for taint in taints:
        key = (taint.subject, taint.makeup())
        other = merged.get(key)
        if other is None:
            merged[key] = taint
        elif other is not taint:
            first = min(other, taint, key=trace_order)
            merged[key] = replace(first, facts=common_facts(other.facts, taint.facts))
    if len(merged) > MAX_SUBJECTS:
        return _lumped(merged.values())
    return frozenset(merged.values())


def _lumped(taints: Iterable[Taint]) -> Taints:
    """The same data without telling apart whose it is, where one field is there of too many."""
    by_field: dict[str, list[Taint]] = {}
    for taint in taints:
        by_field.setdefault(taint.field, []).append(taint)
    found: list[Taint] = []
    for same in by_field.values():
        if len(same) <= MAX_SUBJECTS:
            found += same
            continue
        lumps: dict[object, Taint] = {}
        for taint in same:
            key = taint.makeup()
            other = lumps.get(key)
            first = taint if other is None else min(other, taint, key=trace_order)
            facts = taint.facts if other is None else common_facts(other.facts, taint.facts)
            lumps[key] = replace(first, subject=None, facts=facts)
        found += lumps.values()
    return frozenset(found)


def trace_order(taint: Taint) -> list[tuple[str, int, str]]:
    """Shorter traces first, then by place: the choice must not depend on the order of sets."""
    if taint.trace is None:
        return []
    return [
        ("", taint.trace.depth, ""),
        *((step.unit.name, step.at, step.note) for step in taint.trace.steps()),
    ]
