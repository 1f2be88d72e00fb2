"""What the conditions of look-ups imply of each row that they let through."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import TYPE_CHECKING

from qorgau.flow import checks, consent, memberships
from qorgau.flow.checks import MOMENTS, Check, affirms
from qorgau.flow.facts import NO_FACTS, Fact, Facts, join_facts
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.orm import ITEM, class_of_items
from qorgau.flow.state import Renaming
from qorgau.flow.uses import Use
from qorgau.flow.values import OPAQUE, Value, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


OWNER = "$whose"
"""The part of a row of consents that stands for whoever it is about."""

ARRANGING = frozenset(
    [
        "order_by",
        "group_by",
        "distinct",
        "options",
        "values",
        "values_list",
        "annotate",
        "only",
        "defer",
        "load_only",
        "join",
        "outerjoin",
        "add_columns",
        "with_entities",
        "select_from",
        "returning",
        "correlate",
        "execution_options",
        "union",
        "union_all",
    ]
)
"""Methods whose arguments are no conditions."""


# Conditions


def conditions(m: Machine, f: Frame, use: Use) -> Facts:
    """What the conditions of a look-up imply of each item: keywords, ``Q`` objects and column expressions."""
    facts: set[Fact] = set()
    owners = _classes(m, f, use)
    for name, value in use.args.keywords.items():
        facts |= looked_up(m, name, value, owners)
        facts |= _by_key(m, f, name, value, use.at)
    if use.dotted.rpartition(".")[2] in ARRANGING:
        return frozenset(facts)
    for value in use.args.positional:
        found = m.truth(f, value, True)
        facts |= {_of_item(m, f, fact) for fact in found or () if fact.kind in ("consent", "blocked")}
    return frozenset(facts)


def _classes(m: Machine, f: Frame, use: Use) -> list[str]:
    """The names of the models whose rows are looked up."""
    objs = [(loc, f.state.obj(loc)) for loc in use.receiver.locs()]
    classes = [loc if obj.kind == "class" else class_of_items(obj) for loc, obj in objs if obj is not None]
    return [name for cls in classes if cls is not None for name in consent.names_of_class(m, f, cls)]


def looked_up(m: Machine, name: str, value: Value, owners: Iterable[str] = ()) -> set[Fact]:
    """``consent_given=True``, ``client__consent_given=True``, ``consent_given__exact=True``.

    ``owners`` are names of the model: its rows can be the consents of those whom they are about.
    """
    constant = value.constant()
    if constant is None:
        return set()
    path = [part for part in name.split("__") if part not in ("exact", "iexact")]
    wanted = constant.value is True or affirms(constant.value)
    if path[-1] == "isnull":
        path.pop()
        wanted = constant.value is False and path[-1].endswith(MOMENTS)
    depth = m.policy.consent_attribute(tuple(path))
    if wanted and not depth and len(path) == 1:
        ways = [owner for owner in owners if m.policy.consent_attribute((owner, *path))]
        return {Fact("consent", ITEM.child(OWNER), Check(f"{ways[0]}.{path[0]}"), True)} if ways else set()
    if not depth or not wanted:
        return set()
    subject = ITEM
    for part in path[: len(path) - depth]:
        subject = subject.child(part)
    return {Fact("consent", subject, Check(".".join(path[-depth:])), True)}


def of_relation(m: Machine, use: Use, relation: Loc) -> Facts:
    """``person.consents.filter(transfer=True)``: what holds of a person, if there is such a row."""
    if not isinstance(relation.label, str) or relation.parent is None:
        return NO_FACTS
    found: set[Fact] = set()
    for name, value in use.args.keywords.items():
        found |= looked_up(m, f"{relation.label}__{name}", value)
    return frozenset(fact._replace(subject=relation.parent) for fact in found if fact.subject == ITEM)


def _by_key(m: Machine, f: Frame, name: str, value: Value, at: int) -> Facts:
    """``pk__in=allowed``, ``client_id=key``: what was checked of those whose keys these are."""
    if not value.refs:
        return NO_FACTS
    many = name.endswith("__in")
    keys = m.iterate(f, value, at).each if many else value
    return memberships.told(keys, subject_of(name.removesuffix("__in")))


def subject_of(name: str) -> Loc:
    """Whom the key belongs to that a row is looked up by: the row itself, or what it leads to."""
    *path, last = (part for part in name.split("__") if part != "exact")
    subject = ITEM
    for part in path if memberships.is_key_name(last) else (*path, last.removesuffix("_id")):
        subject = subject.child(part)
    return subject


def _of_item(m: Machine, f: Frame, fact: Fact) -> Fact:
    """A fact told of the class (``Client.consent_given``) is one of each of its items."""
    subject = fact.subject
    if subject is None:
        return fact

    def change(loc: Loc) -> Loc:
        obj = f.state.obj(loc)
        return ITEM if obj is not None and obj.kind == "class" else loc

    return fact._replace(subject=Renaming(change).loc(subject))


def condition(m: Machine, f: Frame, use: Use) -> Value:
    """``Q(consent_given=True)``: a condition as a value, whose truth implies facts."""
    made = m.new(f, use.at, Obj("library", type=use.dotted), "condition")
    return made.with_(
        when_true=conditions(m, f, use), when_false=excluded(m, f, use), unknown=False, opaque=True
    )


def both(m: Machine, f: Frame, use: Use) -> Value:
    """``and_(a, b)``"""
    facts = [m.truth(f, value, False) for value in use.args.positional]
    return OPAQUE.with_(
        when_true=conditions(m, f, use), when_false=reduce(join_facts, facts, None) or NO_FACTS
    )


def either(m: Machine, f: Frame, use: Use) -> Value:
    """``or_(a, b)``"""
    facts: Facts | None = None
    for value in use.args.positional:
        facts = join_facts(facts, m.truth(f, value, True))
    no = [m.truth(f, value, False) or NO_FACTS for value in use.args.positional]
    return OPAQUE.with_(when_true=facts or NO_FACTS, when_false=NO_FACTS.union(*no))


def negation(m: Machine, f: Frame, use: Use) -> Value:
    """``not_(a)``"""
    value = use.arg(0)
    return OPAQUE.with_(when_true=value.when_false or NO_FACTS, when_false=value.when_true or NO_FACTS)


def column_test(m: Machine, f: Frame, use: Use) -> Value:
    """``Client.consent_given.is_(True)``: the truth of the column."""
    wanted = use.arg(0).constant()
    column = use.receiver
    if wanted is not None and wanted.value is None:
        # A moment at which consent was given: there is one.
        given = checks.of_flag(column.when_true, None, differs=True)
        return OPAQUE.with_(when_true=given if use.dotted.endswith(("isnot", "is_not")) else NO_FACTS)
    if wanted is None or not isinstance(wanted.value, bool):
        return OPAQUE
    negated = use.dotted.endswith(("isnot", "is_not", "__ne__"))
    yes, no = column.when_true or NO_FACTS, column.when_false or NO_FACTS
    if wanted.value is negated:
        yes, no = no, yes
    return OPAQUE.with_(when_true=yes, when_false=no)


def excluded(m: Machine, f: Frame, use: Use) -> Facts:
    """What is left by leaving out: with one condition, what its being false implies."""
    facts: set[Fact] = set()
    if len(use.args.positional) == 1 and not use.args.keywords:
        told = m.truth(f, use.args.positional[0], False) or ()
        return frozenset(_of_item(m, f, fact) for fact in told if fact.kind in ("consent", "blocked"))
    for name, value in use.args.keywords.items():
        constant = value.constant()
        if constant is not None and constant.value is False and len(use.args.keywords) == 1:
            facts |= looked_up(m, name, of_const(True))
    return frozenset(facts)
