"""What a check of consent was, and when it ends: its variable is bound anew, its flag is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from qorgau.flow import held_data
from qorgau.flow.facts import CHECKS, NO_FACTS, Fact, Facts, told_of, without
from qorgau.flow.locations import Loc, is_told
from qorgau.flow.machine import Frame
from qorgau.flow.values import BOTTOM, Value
from qorgau.names import fold

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


class Check(msgspec.Struct, frozen=True):
    """The detail of a fact of consent: which check it was, for which purposes, and by which service.

    ``purposes`` are what the check can have been asked for; empty where it names none or it cannot be told.
    """

    name: str
    purposes: tuple[str, ...] = ()
    state_service: bool = False
    by_attribute: bool = False
    by_key: bool = False
    """It was about an object that was loaded by this key, and holds of what else the key loads."""


BY_KEY = "by key"
"""The detail of a fact of blocking that was asked about an object which this key loads."""

AFFIRMATIVE = frozenset(
    ["1", "true", "t", "yes", "y", "on", "ok", "granted", "given", "agreed", "accepted", "approved", "active"]
)
"""Texts that say of a flag that it is set."""

MOMENTS = ("_at", "_on", "_date", "_time", "_timestamp")
"""Ends of names of flags that say when something was given: any moment means that it was."""


def affirms(value: object) -> bool:
    """Whether a flag that equals this constant is set."""
    return value in (True, 1) or (isinstance(value, str) and value.strip().lower() in AFFIRMATIVE)


def of_flag(facts: Facts | None, wanted: object, *, differs: bool = False) -> Facts:
    """The checks that hold where a flag equals a constant, or ``differs`` from it, given what its truth implies."""
    checks = frozenset(fact for fact in facts or () if fact.kind in CHECKS)
    if wanted is None:
        return frozenset(fact for fact in checks if differs and is_moment(fact))
    if differs:
        return checks if wanted in (False, 0) else NO_FACTS
    return checks if affirms(wanted) else NO_FACTS


def is_moment(fact: Fact) -> bool:
    """Whether a check asks for the moment at which consent was given."""
    return isinstance(fact.detail, Check) and fold(fact.detail.name).endswith(MOMENTS)


def overwritten(m: Machine, f: Frame, name: str, value: Value) -> None:
    """A variable is bound anew: the checks of its old object end, unless something holds or came of it.

    Where the new object is told to be another one, the checks go on to speak of the old: of another subject.
    """
    before = m.peek(f, name)
    gone = before.single() if before is not None else None
    if gone is None or not any(gone in loc.ancestors() for fact in f.state.facts for loc in told_of(fact)):
        return
    new = value.single()
    if new is not None and is_told(new):
        return
    others = [other for other_name, other in m.local_variables(f).items() if other_name != name]
    if not any(_comes_of(m, f, kept, gone) for kept in (value, *others)):
        f.state.facts = without(f.state.facts, lambda loc: gone in loc.ancestors())


def _comes_of(m: Machine, f: Frame, value: Value, gone: Loc) -> bool:
    """Whether a value is an object, a part of it, was made from it or holds its data."""
    related = {gone, *gone.ancestors()}
    for loc in value.locs():
        obj = f.state.obj(loc)
        made_from = obj.parts.get("@key", BOTTOM).locs() if obj is not None else []
        if any(
            step in related
            for origin in (loc, *made_from)
            for step in origin.ancestors()
            if step.parent is not None
        ):
            return True
    return any(
        taint.subject is not None and gone in taint.subject.ancestors()
        for taint in held_data.contents(m, f, value, 0)
    )


def unset(facts: Facts, loc: Loc, name: str) -> Facts:
    """The facts that are left when an attribute is written: the old value of a flag says nothing."""
    return frozenset(
        fact
        for fact in facts
        if not (
            isinstance(fact.detail, Check)
            and fact.detail.by_attribute
            and fold(fact.detail.name.rpartition(".")[2]) == fold(name)
            and any(step == fact.subject for step in loc.ancestors())
        )
    )
