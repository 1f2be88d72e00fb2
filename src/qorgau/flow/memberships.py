"""Persons found again by their keys: ``client.id in allowed``, ``answers[client.id]``, ``filter(pk__in=allowed)``.

What a check said of the persons whose keys a collection holds, it said of the one whose key is looked for.
"""

from __future__ import annotations

from functools import reduce

from qorgau.flow.facts import CHECKS, NO_FACTS, Facts, common_facts
from qorgau.flow.locations import Loc, is_element
from qorgau.flow.state import said_of
from qorgau.flow.values import Ref, Value, of_const
from qorgau.names import fold

KEYS = frozenset(("id", "pk", "uuid", "guid", "key", "iin", "code", "ref"))
"""Names of attributes that are the key of what has them."""


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
        found.append(_said_of(held, ref, *person))
    return reduce(common_facts, found)


def told(keys: Value, found: Loc) -> Facts:
    """What was checked of all whose keys these are, or who these are, as told of what is found by them."""
    if keys.consts:
        return NO_FACTS
    checked = [_told(ref, held, found) for ref, held in keys.refs.items() if isinstance(ref, Loc)]
    return reduce(common_facts, checked) if checked and len(checked) == len(keys.refs) else NO_FACTS


def _told(ref: Loc, held: Facts, found: Loc) -> Facts:
    checks = frozenset(fact for fact in held if fact.kind in CHECKS)
    if not checks:
        return NO_FACTS
    if ref.parent is None or not is_key_name(ref.label):
        return said_of(checks, ref, found)
    untold = frozenset(fact for fact in checks if fact.subject is None)
    return said_of(checks, ref, found) | said_of(checks, ref.parent, found) | untold


def told_of_column(keys: Value, column: Loc) -> Facts:
    """What was checked of all whose keys these are, as told of the class whose column is compared with them."""
    whose = subject_of_column(column)
    return told(keys, whose) if whose is not None else NO_FACTS


def subject_of_column(column: Loc) -> Loc | None:
    """Whom a column of a class is the key of: a row itself, or what it leads to; None where it is no column."""
    name, cls = name_of_column(column), column.parent
    if not name or cls is None:
        return None
    return cls if is_key_name(name) else cls.child(name.removesuffix("_id"))


def name_of_column(column: Loc) -> str:
    """The name of a column of a class; empty for everything else."""
    label = column.label
    return str(label[1]) if isinstance(label, tuple) and label[:1] == ("column",) else ""


def is_key_name(label: object) -> bool:
    """Whether an attribute is the key of the object that has it."""
    return isinstance(label, str) and fold(label) in KEYS


def answered(key: Value, kept: Value, answer: Value) -> Value:
    """What lies under ``key`` where answers lie under the keys of persons: an answer about that person."""
    looked_for = key.single()
    if looked_for is None or not answer.when_true or len(kept.refs) != 1:
        return answer
    ref = next(iter(kept.refs))
    person = _person(ref, looked_for) if isinstance(ref, Loc) else None
    said = _said_of(answer.when_true, ref, *person) if person is not None else NO_FACTS
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


def _said_of(facts: Facts, key: Ref, one: Loc, other: Loc) -> Facts:
    """What checks said of one person, or of the key of that person, as said of another."""
    return frozenset(
        fact._replace(subject=other) for fact in facts if fact.kind in CHECKS and fact.subject in (one, key)
    )


def answers(key: Value) -> list[tuple[Value, Facts]]:
    """What a key can be that a check decides, each with what it says: ``"yes" if agreed(person) else "no"``."""
    if len(key.consts) > 1 and not (key.refs or key.unknown or key.opaque or key.taints):
        if any(_is_check(facts) for facts in key.consts.values()):
            return [(Value(consts={constant: NO_FACTS}), facts) for constant, facts in key.consts.items()]
    if key.consts or key.taints or not _is_check(key.when_true):
        return []
    said = (key.when_true or NO_FACTS, key.when_false or NO_FACTS)
    return [(of_const(truth), facts) for truth, facts in zip((True, False), said, strict=True)]


def _is_check(facts: Facts | None) -> bool:
    return any(fact.kind in CHECKS for fact in facts or ())
