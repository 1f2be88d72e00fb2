"""Persons found again by their keys: ``client.id in allowed``, ``answers[client.id]``.

What a check said of the persons whose keys a collection holds, it said of the one whose key is looked for.
"""

from __future__ import annotations

from functools import reduce

from qorgau.flow.facts import CHECKS, NO_FACTS, Facts, common_facts
from qorgau.flow.locations import Loc, is_element
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
    if looked_for is None or not answer.when_true or len(kept.refs) != 1:
        return answer
    ref = next(iter(kept.refs))
    person = _person(ref, looked_for) if isinstance(ref, Loc) else None
    said = _said_of(answer.when_true, *person) if person is not None else NO_FACTS
    return answer.with_(when_true=answer.when_true | said) if said else answer


def _person(kept: Loc, looked_for: Loc) -> tuple[Loc, Loc] | None:
    """Whose key was kept and whose is looked for; None where they are keys of different kinds."""
    if kept.parent is None or looked_for.parent is None:
        return None
    if isinstance(kept.label, str) and kept.label == looked_for.label:
        return kept.parent, looked_for.parent
    if kept.parent is looked_for.parent and is_element(kept) and is_element(looked_for):
        return kept, looked_for
    return None


def _said_of(facts: Facts, one: Loc, other: Loc) -> Facts:
    return frozenset(
        fact._replace(subject=other) for fact in facts if fact.kind in CHECKS and fact.subject is one
    )
