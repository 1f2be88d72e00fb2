"""From arrivals to verdicts: which codes a sink gets, for which fields (spec sections 4 and 5).

Each predicate looks at one arrival and the data in it; nothing here walks code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qorgau.config import Settings
from qorgau.findings import Confidence
from qorgau.flow.arrivals import FOREIGN, UNKNOWN_PLACE, Arrival
from qorgau.flow.checks import BY_KEY, Check
from qorgau.flow.facts import Either, Fact, Facts
from qorgau.flow.origins import PUBLIC, REQUEST
from qorgau.flow.taints import Taint, trace_order
from qorgau.judging.people import Match, People
from qorgau.judging.purposes import Purposes

KEPT = 4
"""Characters of a datum that may be left without it being the datum (spec section 5)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One code for one arrival, with the data that it is about and what the message needs."""

    code: str
    arrival: Arrival
    taints: tuple[Taint, ...]
    check: str = ""
    checked: str = ""
    purpose: str = ""


class Judge:
    """What the settings make of arrivals."""

    def __init__(self, settings: Settings, owners: Iterable[str], purposes: Purposes) -> None:
        self._settings = settings
        self._purposes = purposes
        self._people = People(owners)

    def verdicts(self, arrival: Arrival) -> Iterator[Verdict]:
        """All that is wrong with one arrival."""
        held = tuple(sorted((t for t in arrival.taints if not _is_cut(t)), key=_order))
        if not held:
            return
        place = arrival.destination
        if arrival.concern:
            yield Verdict("PD503" if arrival.concern == "url" else "PD502", arrival, held)
            return
        yield from self._beyond_purpose(arrival, held)
        match arrival.kind:
            case "storage" if place.mirror:
                yield from self._consent(arrival, held)
                yield from self._blocking(arrival, held)
                yield from self._sourceless(arrival, held)
            case "storage":
                yield from self._collection(arrival, held)
                yield from self._sourceless(arrival, held)
                if place.standing == FOREIGN:
                    yield Verdict("PD101", arrival, held)
                elif place.standing == UNKNOWN_PLACE:
                    yield Verdict("PD102", arrival, held)
            case "transfer":
                yield from self._consent(arrival, held)
                yield from self._blocking(arrival, held)
            case "export":
                yield from self._export(arrival, held)
                yield from self._blocking(arrival, held)
                yield from self._sourceless(arrival, held)
            case "log":
                yield Verdict("PD501", arrival, held)

    def _beyond_purpose(self, arrival: Arrival, held: tuple[Taint, ...]) -> Iterator[Verdict]:
        """PD402: fields used for what is not among their purposes."""
        found: dict[str, list[Taint]] = {}
        for taint in held:
            allowed = self._purposes.allowed(taint.field)
            purpose = self._purposes.of_use(arrival, taint) if allowed else ""
            if purpose and purpose not in allowed:
                found.setdefault(purpose, []).append(taint)
        for purpose, taints in found.items():
            yield Verdict("PD402", arrival, tuple(taints), purpose=purpose)

    def _collection(self, arrival: Arrival, held: tuple[Taint, ...]) -> Iterator[Verdict]:
        """PD204: what a user sent is stored, and no check of consent was made on some path.

        Who is asked need not be told by what was sent: a form has no owner yet. So a check of somebody
        counts here, but not one of another pass of a loop.
        """
        if arrival.about_consent:
            return
        unasked = tuple(t for t in held if t.origin == REQUEST and self._lacks(arrival, t)[0] == "none")
        if unasked:
            yield Verdict("PD204", arrival, unasked)

    def _sourceless(self, arrival: Arrival, held: tuple[Taint, ...]) -> Iterator[Verdict]:
        """PD604: what was taken from a public source goes on without the link to it."""
        published = tuple(t for t in held if t.origin == PUBLIC)
        if published and not arrival.linked:
            yield Verdict("PD604", arrival, published)

    def _export(self, arrival: Arrival, held: tuple[Taint, ...]) -> Iterator[Verdict]:
        plain = tuple(t for t in held if t.reversal is None)
        undone = tuple(t for t in held if t.reversal is not None)
        if plain:
            yield Verdict("PD301", arrival, plain)
        if undone:
            yield Verdict("PD302", arrival, undone)
        if arrival.destination.public:
            yield from self._consent(arrival, held)

    def _blocking(self, arrival: Arrival, held: tuple[Taint, ...]) -> Iterator[Verdict]:
        """PD603: what goes out though nobody asked whether its processing is suspended."""
        if not self._settings.blocking.checks:
            return
        unasked = tuple(t for t in held if not self._is_free(arrival, t, arrival.facts | t.facts))
        if unasked:
            yield Verdict("PD603", arrival, unasked)

    def _is_free(self, arrival: Arrival, taint: Taint, facts: Facts) -> bool:
        """Whether a check of blocking came out false for the subject of a datum on every path."""
        for fact in facts:
            if fact.kind != "blocked" or fact.holds:
                continue
            if isinstance(fact.detail, Either):
                if all(self._is_free(arrival, taint, way) for way in fact.detail.ways):
                    return True
                continue
            match = self._people.match(taint, fact.subject, arrival)
            if match is Match.SAME or (match is Match.UNTOLD and fact.detail != BY_KEY):
                return True
        return False

    def _consent(self, arrival: Arrival, held: tuple[Taint, ...]) -> Iterator[Verdict]:
        """The one code of the family for the data that no fitting check covers."""
        reasons: dict[str, list[Taint]] = {}
        wrong: dict[str, Fact] = {}
        for taint in held:
            code, fact = self._lacks(arrival, taint)
            if code:
                reasons.setdefault(code, []).append(taint)
                if fact is not None:
                    wrong.setdefault(code, fact)
        if not reasons:
            return
        place = arrival.destination
        missing = "PD203" if place.public else "PD202" if place.standing == FOREIGN else "PD201"
        failing = tuple(taint for taints in reasons.values() for taint in taints)
        code = min((code for code in reasons if code != "none"), default=missing)
        found = wrong.get(code)
        check = found.detail if found is not None else None
        yield Verdict(
            code,
            arrival,
            tuple(sorted(failing, key=_order)),
            check.name if isinstance(check, Check) else "",
            ", ".join(check.purposes) if isinstance(check, Check) and code == "PD205" else "",
        )

    def _lacks(self, arrival: Arrival, taint: Taint) -> tuple[str, Fact | None]:
        """Why no check covers a datum: a code of the wrong check, ``none``, or nothing where one does."""
        return self._best(arrival, taint, arrival.facts | taint.facts)

    def _best(self, arrival: Arrival, taint: Taint, facts: Facts) -> tuple[str, Fact | None]:
        """What the checks of one path come to: one that fits is enough (spec section 4)."""
        outcomes = [
            self._worst(arrival, taint, fact.detail)
            if isinstance(fact.detail, Either)
            else (self._fits(arrival, taint, fact, fact.detail), fact)
            for fact in sorted(facts, key=repr)
            if fact.kind == "consent" and fact.holds and isinstance(fact.detail, Check | Either)
        ]
        # The empty code sorts first, ``none`` after all codes.
        return min(outcomes, key=lambda pair: pair[0], default=("none", None))

    def _worst(self, arrival: Arrival, taint: Taint, either: Either) -> tuple[str, Fact | None]:
        """What several paths come to, each with checks of its own: each must fit."""
        ways = sorted(either.ways, key=lambda way: repr(sorted(way, key=repr)))
        outcomes = [self._best(arrival, taint, way) for way in ways]
        missing = [pair for pair in outcomes if pair[0] == "none"]
        wrong = [pair for pair in outcomes if pair[0] not in ("", "none")]
        return next(iter([*missing, *wrong]), ("", None))

    def _fits(self, arrival: Arrival, taint: Taint, fact: Fact, check: Check) -> str:
        match = self._people.match(taint, fact.subject, arrival)
        if match is Match.STALE or (check.by_key and match is Match.UNTOLD):
            return "none"
        if match is Match.OTHER:
            return "PD206"
        purpose = arrival.destination.purpose
        if purpose and any(asked != purpose for asked in check.purposes):
            return "PD205"
        if self._settings.operator == "state" and not check.state_service:
            return "PD207"
        return ""


def _is_cut(taint: Taint) -> bool:
    return taint.kept is not None and taint.kept <= KEPT


def confidence(taint: Taint, arrival: Arrival) -> Confidence:
    """How sure it is that this datum arrives: what two unknown calls handed on is unsure."""
    if taint.calls > 1:
        return Confidence.LOW
    return min(taint.confidence, Confidence(arrival.confidence), key=lambda each: each.rank)


def _order(taint: Taint) -> tuple[object, ...]:
    return (taint.field, -taint.confidence.rank, taint.calls, trace_order(taint))
