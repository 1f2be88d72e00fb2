"""The shapes of values: what they say, with the locations that they mention taken out.

Two calls are alike when what reaches them has like shapes, and mentions locations in a like pattern
(``memo``). A shape is found once for each value, however often it is passed on.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable

from qorgau.flow.constants import Const
from qorgau.flow.facts import Either, Fact, Facts
from qorgau.flow.locations import Loc
from qorgau.flow.taints import Taint, Trace
from qorgau.flow.values import Bound, Builtin, Ref, SuperOf, Value


class Shape:
    """What a value says of no location in particular.

    ``locs`` are the locations that belong in its gaps, ``traces`` those of its data: of two that are
    equal, each in the same order.
    """

    __slots__ = ("_hash", "_says", "locs", "traces")

    def __init__(self, says: Hashable, locs: tuple[Loc, ...], traces: tuple[Trace, ...]) -> None:
        self._says = says
        self._hash = hash(says)
        self.locs = locs
        self.traces = traces

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Shape) and self._hash == other._hash and self._says == other._says


def shape_of(value: Value) -> Shape:
    """The shape of a value."""
    if value.shape is None:
        gaps = _Gaps()
        value.shape = Shape(gaps.value(value), tuple(gaps.locs), tuple(gaps.traces))
    return value.shape


class _Gaps:
    """The locations taken out of one shape, each of which has one gap wherever it is mentioned."""

    def __init__(self) -> None:
        self._numbers: dict[Loc, int] = {}
        self.traces: list[Trace] = []

    @property
    def locs(self) -> Iterable[Loc]:
        """In the order of their gaps."""
        return self._numbers

    def _loc(self, loc: Loc | None) -> int | None:
        return None if loc is None else self._numbers.setdefault(loc, len(self._numbers))

    def value(self, value: Value) -> Hashable:
        """What a value says."""
        if not (value.refs or value.taints or value.when_true or value.when_false):
            if not any(value.consts.values()):
                # It mentions nothing, so it says all itself; its hash is kept.
                return value
        return (
            tuple([self._taint(taint) for taint in sorted(value.taints, key=_order_of_taint)]),
            self._consts(value),
            tuple([(self._ref(ref), self._facts(facts)) for ref, facts in value.refs.items()]),
            value.unknown,
            value.opaque,
            self._facts(value.when_true),
            self._facts(value.when_false),
        )

    def _inner(self, value: Value) -> Hashable:
        """A value within this one: its own shape, and which gaps of this one its gaps are."""
        shape = shape_of(value)
        self.traces += shape.traces
        return (shape, *map(self._loc, shape.locs)) if shape.locs else shape

    def _taint(self, taint: Taint) -> Hashable:
        self.traces.append(taint.trace)
        return (self._loc(taint.subject), self._facts(taint.facts), taint.makeup())

    def _consts(self, value: Value) -> Hashable:
        if not any(value.consts.values()):
            return frozenset(value.consts)
        return tuple([(c, self._facts(value.consts[c])) for c in sorted(value.consts, key=_order_of_const)])

    def _ref(self, ref: Ref) -> Hashable:
        if isinstance(ref, Loc):
            return self._loc(ref)
        if isinstance(ref, Bound):
            return ("bound", self._loc(ref.function), self._inner(ref.receiver))
        if isinstance(ref, Builtin):
            return ("builtin", ref.name, self._inner(ref.receiver))
        if isinstance(ref, SuperOf):
            return ("super", self._loc(ref.cls), self._inner(ref.receiver))
        return ref

    def _facts(self, facts: Facts | None) -> Hashable:
        return _facts_said(facts, self._loc) if facts else facts


def fact_said(fact: Fact, number: Callable[[Loc], Hashable]) -> Hashable:
    """What a fact says, with a ``number`` in the place of each location."""
    if isinstance(fact.detail, Either):
        ways = sorted(fact.detail.ways, key=_order_of_way)
        return (fact.kind, frozenset([_facts_said(way, number) for way in ways]))
    subject = None if fact.subject is None else number(fact.subject)
    return (fact.kind, subject, fact.detail, fact.holds)


def _facts_said(facts: Facts, number: Callable[[Loc], Hashable]) -> Hashable:
    return frozenset([fact_said(fact, number) for fact in ordered(facts)])


def ordered(facts: Facts) -> Iterable[Fact]:
    """Facts in an order that does not change from run to run."""
    return facts if len(facts) == 1 else sorted(facts, key=_order_of_fact)


def _order_of_way(way: Facts) -> list[tuple[str, str, bool, str]]:
    return [_order_of_fact(fact) for fact in ordered(way)]


def _order_of_fact(fact: Fact) -> tuple[str, str, bool, str]:
    """Locations keep their text, so that this costs less than the text of the whole fact."""
    return (fact.kind, repr(fact.subject), fact.holds, repr(fact.detail))


def _order_of_taint(taint: Taint) -> tuple[str, str, str]:
    """Of one subject there is one taint of each makeup (``merge_taints``), so no two are alike."""
    return (taint.field, repr(taint.makeup()), repr(taint.subject))


def _order_of_const(constant: Const) -> tuple[str, str]:
    return (constant.type, repr(constant.value))
