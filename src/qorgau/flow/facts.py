"""Facts: what holds on every path to a point, and what is left of that where paths meet.

The join of facts is associative, commutative and idempotent up to ``MAX_ALTERNATIVES``, beyond which it gives up
what was told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

from qorgau.flow.constants import Const
from qorgau.flow.locations import Loc


class Fact(NamedTuple):
    """Something that holds on every path to a point.

    ``kind`` is ``consent``, ``blocked``, ``true`` (the truth of an unknown object) or ``test``
    (of a comparison). ``subject`` is the object it speaks of, None where that cannot be told.
    ``detail`` distinguishes facts of one kind: for consent, purpose and check.
    """

    kind: str
    subject: Loc | None
    detail: object
    holds: bool

    def contradicts(self, other: Fact) -> bool:
        """Whether both cannot be: the same question answered differently."""
        if self.kind != other.kind or self.kind not in ANSWERS or self.subject != other.subject:
            return False
        if self.detail == other.detail:
            return self.holds is not other.holds
        return self.holds and other.holds and _are_apart(self.detail, other.detail)


def _are_apart(first: object, second: object) -> bool:
    """Whether two tests ask for equality with different constants."""
    return (
        isinstance(first, tuple)
        and isinstance(second, tuple)
        and first[0] in ("==", "is")
        and second[0] in ("==", "is")
        and isinstance(first[1], Const)
        and isinstance(second[1], Const)
        and first[1].value != second[1].value
        and first[2:] == second[2:]
    )


Facts: TypeAlias = frozenset[Fact]
NO_FACTS: Facts = frozenset()

ANSWERS = ("true", "test")
"""Kinds of facts that tell how a question about an unknown value came out."""

CHECKS = ("consent", "blocked")
"""Kinds of facts that a check of the configuration establishes."""

MAX_ALTERNATIVES = 6
"""More ways to a point, each with checks of its own, than this are no longer told apart."""


class Either(NamedTuple):
    """The detail of a fact that paths with different checks share: on each path all facts of one of ``ways`` hold."""

    ways: frozenset[Facts]

    def __repr__(self) -> str:
        return " or ".join(sorted(repr(sorted(way, key=repr)) for way in self.ways))


def common_facts(left: Facts, right: Facts) -> Facts:
    """What holds on both of two paths: the same facts, and of different checks one or the other."""
    common = left & right
    if len(common) == len(left) or len(common) == len(right):
        return common
    for kind in CHECKS:
        one = frozenset(fact for fact in left - common if fact.kind == kind)
        other = frozenset(fact for fact in right - common if fact.kind == kind)
        if one and other:
            shared = frozenset(fact for fact in common if fact.kind == kind)
            # An alternative that is shared is multiplied out: what is joined in another order says the same.
            told = shared if any(isinstance(fact.detail, Either) for fact in shared) else NO_FACTS
            ways = _ways(one | told) | _ways(other | told)
            found = _either(kind, ways)
            if told and found:
                common = common - told
            common = common | (found or _either(kind, _ways(one) | _ways(other)))
    return common


def _ways(facts: Facts) -> frozenset[Facts]:
    """Facts of one path as its ways: more than one where an earlier join left alternatives."""
    ways: frozenset[Facts] = frozenset(
        (frozenset(fact for fact in facts if not isinstance(fact.detail, Either)),)
    )
    for fact in facts:
        if isinstance(fact.detail, Either):
            ways = frozenset(way | more for way in ways for more in fact.detail.ways)
    return ways


def _either(kind: str, ways: frozenset[Facts]) -> Facts:
    least = frozenset(way for way in ways if not any(other < way for other in ways))
    if len(least) > MAX_ALTERNATIVES or not all(least):
        return NO_FACTS
    shared = frozenset.intersection(*least)
    if len(least) == 1:
        return shared
    apart = frozenset(way - shared for way in least)
    return shared | {Fact(kind, None, Either(apart), kind != "blocked")}


def told_of(fact: Fact) -> Iterable[Loc]:
    """The objects that a fact speaks of."""
    if isinstance(fact.detail, Either):
        return [loc for way in fact.detail.ways for inner in way for loc in told_of(inner)]
    return () if fact.subject is None else (fact.subject,)


def without(facts: Facts, gone: Callable[[Loc], bool]) -> Facts:
    """The facts that speak of no object that is gone."""
    return frozenset(fact for fact in facts if not any(gone(loc) for loc in told_of(fact)))


def join_facts(left: Facts | None, right: Facts | None) -> Facts | None:
    """What both imply; None (impossible) is the neutral element."""
    if left is None:
        return right
    if right is None:
        return left
    return common_facts(left, right)


def checks_of(facts: Facts) -> Facts:
    """The facts without the truths of unknown values."""
    if all(fact.kind not in ANSWERS for fact in facts):
        return facts
    return frozenset(fact for fact in facts if fact.kind not in ANSWERS)
