"""Persons found again by their keys: ``client.id in allowed``, ``answers[client.id]``.

What a check said of the persons whose keys a collection holds, it said of the one whose key is looked for.
"""

from __future__ import annotations

from functools import reduce

from qorgau.flow.facts import CHECKS, NO_FACTS, Fact, Facts, common_facts
from qorgau.flow.locations import Loc
from qorgau.flow.values import Value


def let_in(key: Value, kept: Value) -> Facts:
    """The checks that hold where ``key`` is one of those ``kept``: what all whose keys these are went through."""
    looked_for = key.single()
    if looked_for is None or not kept.refs or kept.consts:
        return NO_FACTS
    found: list[Facts] = []
    for ref, held in kept.refs.items():
        person = _person(ref, looked_for) if isinstance(ref, Loc) else None
        if person is None:
            return NO_FACTS
        found.append(_said_of(held, *person))
    return reduce(common_facts, found)


def answered(key: Value, kept: Value, answer: Value) -> Value:
    """What lies under ``key`` where answers lie under the keys of persons: an answer about that person."""
    looked_for = key.single()
    if (
        looked_for is None
        or not answer.when_true
        or not any(fact.kind in CHECKS for fact in answer.when_true)
    ):
        return answer
    persons = [_person(ref, looked_for) if isinstance(ref, Loc) else None for ref in kept.refs]
    if len(persons) != 1 or persons[0] is None:
        return answer
    one, other = persons[0]
    return answer.with_(when_true=answer.when_true | _said_of(answer.when_true, one, other))


def _person(kept: Loc, looked_for: Loc) -> tuple[Loc, Loc] | None:
    """Whose key was kept and whose is looked for; None where they are keys of different kinds."""
    if kept.parent is None or looked_for.parent is None:
        return None
    if isinstance(kept.label, str) and kept.label == looked_for.label:
        return kept.parent, looked_for.parent
    return (
        (kept, looked_for)
        if _is_item(kept) and _is_item(looked_for) and kept.parent is looked_for.parent
        else None
    )


def _is_item(loc: Loc) -> bool:
    return isinstance(loc.label, tuple) and loc.label[:1] == ("element",)


def _said_of(facts: Facts, one: Loc, other: Loc) -> Facts:
    return frozenset(
        Fact(fact.kind, other, fact.detail, fact.holds)
        for fact in facts
        if fact.kind in CHECKS and fact.subject is one
    )
