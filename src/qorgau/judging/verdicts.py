"""Verdicts become drafts of findings: one per sink and code, with what its message says and its trace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from qorgau.config import Settings
from qorgau.findings import Confidence, Sink
from qorgau.flow.arrivals import UNTOLD, Arrival, Destination
from qorgau.flow.taints import Taint
from qorgau.judging.drafts import Draft, Spot
from qorgau.judging.readings import Readings
from qorgau.judging.rules import Verdict, confidence
from qorgau.knowledge.pages import Facts
from qorgau.linking import Program

SHOWN_STEPS = 40
CONSENT = ("PD205", "PD206", "PD207", "PD203", "PD202", "PD201")
"""A wrong check first, then what no check covers (spec section 4, one family a sink)."""


_Groups = dict[tuple[str, int, str], list[Verdict]]
"""Verdicts by module, node and code."""


def _grouped(verdicts: Iterable[Verdict], settings: Settings) -> _Groups:
    """The verdicts that are sure enough, together where they become one finding."""
    lowest = Confidence(settings.min_confidence)
    groups: _Groups = {}
    for verdict in verdicts:
        sure = tuple(t for t in verdict.taints if confidence(t, verdict.arrival).rank >= lowest.rank)
        if sure:
            kept = replace(verdict, taints=sure)
            key = (verdict.arrival.unit, verdict.arrival.at, verdict.code)
            groups.setdefault(key, []).append(kept)
    return _one_of_a_family(groups)


def drafts(verdicts: Iterable[Verdict], settings: Settings, program: Program) -> list[Draft]:
    """One draft for each sink and code, of the verdicts that are sure enough."""
    readings = Readings()
    return [_draft(group, settings, program, readings) for group in _grouped(verdicts, settings).values()]


def _one_of_a_family(groups: _Groups) -> _Groups:
    """A sink that several paths reach gets one code of its family, in the order of spec section 4."""
    kept: _Groups = {}
    for family in (CONSENT, ("PD101", "PD102")):
        sinks: dict[tuple[str, int], list[Verdict]] = {}
        for (unit, at, code), group in groups.items():
            if code in family:
                sinks.setdefault((unit, at), []).extend(group)
        for (unit, at), group in sinks.items():
            code = min((verdict.code for verdict in group), key=family.index)
            kept[unit, at, code] = group
    families = frozenset((*CONSENT, "PD101", "PD102"))
    kept.update({key: group for key, group in groups.items() if key[2] not in families})
    return kept


def _draft(group: list[Verdict], settings: Settings, program: Program, readings: Readings) -> Draft:
    first = group[0]
    arrival = first.arrival
    codes = [verdict.code for verdict in group]
    code = min(codes, key=_rank)
    first = next(verdict for verdict in group if verdict.code == code)
    place = first.arrival.destination
    fields = tuple(sorted({taint.field for verdict in group for taint in verdict.taints}))
    sink = Sink(arrival.kind, arrival.call, place.shown or None, place.country or None)
    undone = next((t.reversal for v in group for t in v.taints if t.reversal is not None), None)
    facts = Facts(
        fields=fields,
        home=tuple(settings.home or ()),
        sink=arrival.call,
        destination=place.shown or None,
        country=place.country or None,
        recipient=place.name if arrival.kind == "transfer" else None,
        storage=place.name if arrival.kind == "storage" else None,
        purpose=first.purpose or place.purpose or None,
        allowed=_allowed(group, settings) if code == "PD402" else (),
        check=first.check or None,
        checked=first.checked or None,
        transformation=undone.call if undone is not None else None,
        reason=arrival.reason or (undone.why if undone is not None else None),
        setting=_setting(place, arrival, program) if code == "PD102" else None,
    )
    return Draft(
        code=code,
        path=program.units[arrival.unit].display,
        at=arrival.at,
        facts=facts,
        confidence=max(
            (confidence(t, v.arrival) for v in group for t in v.taints), key=lambda each: each.rank
        ),
        fields=fields,
        sink=sink,
        trace=_trace(group, program, readings),
        function=group[0].arrival.function,
        group=place.shown or arrival.call if code == "PD102" else None,
    )


def _allowed(group: list[Verdict], settings: Settings) -> tuple[str, ...]:
    named = {taint.field for verdict in group for taint in verdict.taints}
    return tuple(sorted({each for field in named for each in settings.fields[field].purposes}))


def _rank(code: str) -> int:
    return (*CONSENT, "PD101", "PD102", code).index(code)


def _setting(place: Destination, arrival: Arrival, program: Program) -> str:
    """The lines of the configuration that tell a storage's country: it goes there by its host, bucket or alias.

    One of which nothing is known goes by the function that writes to it.
    """
    known = ""
    if place.key:
        known = f'{place.key} = ["{place.shown.replace(UNTOLD, "*")}"], '
    elif arrival.function:
        known = f'calls = ["{program.units[arrival.unit].name}.{arrival.function}"], '
    return f'[storages.NAME] {known}country = "KZ"'


def _trace(group: list[Verdict], program: Program, readings: Readings) -> tuple[Spot, ...]:
    """The steps of each field from its source, then the sink."""
    best: dict[str, Taint] = {}
    for verdict in group:
        for taint in verdict.taints:
            best.setdefault(taint.field, taint)
    spots: dict[Spot, None] = {}
    for field in sorted(best):
        for step in best[field].trace.steps()[-SHOWN_STEPS:]:
            spots[Spot(step.unit.display, step.at, readings.note(step, field))] = None
    arrival = group[0].arrival
    spots[Spot(program.units[arrival.unit].display, arrival.at, f"reaches {arrival.call}")] = None
    return tuple(spots)
