"""What methods of a model's columns imply of each row: ``Client.agreed.is_(True)``, ``Client.id.in_(allowed)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import checks, memberships
from qorgau.flow.checks import Check
from qorgau.flow.facts import CHECKS, NO_FACTS, Fact, Facts
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.orm import ITEM, ROW, facts_held
from qorgau.flow.row_conditions import OWNER, column_test, looked_up
from qorgau.flow.state import Renaming
from qorgau.flow.uses import Use
from qorgau.flow.values import OPAQUE, Value

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def of_method(m: Machine, f: Frame, use: Use) -> Value | None:
    """The truth of a test of a column; None where its method is no test that implies anything."""
    name = use.dotted.rpartition(".")[2]
    if name in ("is_", "is_not", "isnot"):
        return column_test(m, f, use)
    if name == "in_":
        return _among(m, f, use)
    return _related(m, f, use, name) if name in ("has", "any") else None


def _among(m: Machine, f: Frame, use: Use) -> Value:
    """``Client.id.in_(allowed)``: what was checked of those whose keys these are; ``agreed.in_([True])``."""
    column = use.receiver.single()
    if column is None:
        return OPAQUE
    given = use.arg(0)
    keys = m.iterate(f, given, use.at)
    facts = memberships.told_of_column(keys.each, column) | _of_statement(m, f, given, column)
    constants = [item.constant() for item in keys.items or ()]
    if constants and all(constant is not None and checks.affirms(constant.value) for constant in constants):
        facts = facts | frozenset(fact for fact in use.receiver.when_true or () if fact.kind in CHECKS)
    return OPAQUE.with_(when_true=facts)


def _of_statement(m: Machine, f: Frame, given: Value, column: Loc) -> Facts:
    """``Client.id.in_(select(Client.id).where(Client.agreed))``: what the other statement's rows fulfil."""
    loc = given.single()
    obj = f.state.obj(loc) if loc is not None else None
    whose = memberships.subject_of_column(column)
    held = facts_held(obj) if obj is not None else NO_FACTS
    if obj is None or whose is None or not held:
        return NO_FACTS
    name = _only_column(f, obj)
    if memberships.is_key_name(name):
        return _renamed(held, ITEM, whose)
    if not name.endswith("_id"):
        return NO_FACTS
    of_owner = frozenset(fact for fact in held if _is_of_owner(m, fact))
    return _renamed(held - of_owner, ITEM.child(name.removesuffix("_id")), whose) | frozenset(
        fact._replace(subject=whose) for fact in of_owner
    )


def _renamed(facts: Facts, one: Loc, other: Loc) -> Facts:
    """The facts that speak of one object, as facts of another."""
    told = Renaming(lambda loc: other if loc == one else loc).facts(facts)
    return frozenset(fact for fact in told if fact.subject is not None and other in fact.subject.ancestors())


def _is_of_owner(m: Machine, fact: Fact) -> bool:
    """Whether a flag of a row stands for consent only as one of whoever the row is about: ``consents.transfer``."""
    if fact.subject is not None and fact.subject.label == OWNER:
        return True
    return isinstance(fact.detail, Check) and not m.policy.consent_attribute((fact.detail.name,))


def _only_column(f: Frame, statement: Obj) -> str:
    """The name of the one column that a statement selects; empty where there are others."""
    row = statement.parts[ROW].single() if ROW in statement.parts else None
    obj = f.state.obj(row) if row is not None else None
    names = (
        [key for key in obj.parts if isinstance(key, str) and key.isidentifier()] if obj is not None else []
    )
    return names[0] if len(names) == 1 else ""


def _related(m: Machine, f: Frame, use: Use, name: str) -> Value | None:
    """``Order.client.has(Client.agreed)``: the row that the relation leads to; ``Client.consents.any(...)``."""
    relation = use.receiver.single()
    whose = memberships.subject_of_column(relation) if relation is not None else None
    if relation is None or relation.parent is None or whose is None:
        return None
    owner = relation.parent
    facts: Facts = NO_FACTS
    for keyword, value in use.args.keywords.items():
        told = frozenset(looked_up(m, f"{memberships.name_of_column(relation)}__{keyword}", value))
        facts = facts | Renaming(lambda one: owner if one == ITEM else one).facts(told)
    for value in use.args.positional:
        told = m.truth(f, value, True) or NO_FACTS
        facts = facts | _told_of(m, f, told, whose if name == "has" else None, owner)
    return OPAQUE.with_(when_true=facts)


def _told_of(m: Machine, f: Frame, facts: Facts, row: Loc | None, owner: Loc) -> Facts:
    """Facts about the class of related rows: of the one row, and, of a consent that it is, about the owner."""
    renamed: Facts = NO_FACTS
    for fact in facts:
        if fact.kind in CHECKS and _is_of_owner(m, fact):
            renamed = renamed | {fact._replace(subject=owner)}
        elif fact.kind in CHECKS and row is not None:
            renamed = renamed | Renaming(lambda one: row if _is_class(f, one) else one).facts(
                frozenset((fact,))
            )
    return renamed


def _is_class(f: Frame, loc: Loc) -> bool:
    obj = f.state.obj(loc)
    return obj is not None and obj.kind == "class"
