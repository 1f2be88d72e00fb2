"""Abstract values: what the engine knows of one thing at one point of a program.

One value answers all questions at once: which personal fields it carries and how they
were transformed, which constant it is, which objects, functions or classes it can be,
whether part of it comes from outside what is known, and which facts hold when it is true.
All values are immutable and hashable; joins are associative, commutative and idempotent.

The lattice is finite for a given program: fields, facts, allocation sites and contexts are
finite, and sets of constants are cut off at ``MAX_CONSTANTS``, for good (``TOO_MANY``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypedDict, TypeVar

from msgspec.structs import replace

from qorgau.flow.constants import HOLE, MAX_CONSTANTS, Const, const
from qorgau.flow.facts import ANSWERS, NO_FACTS, Fact, Facts, checks_of, common_facts, join_facts
from qorgau.flow.locations import Loc
from qorgau.flow.taints import NO_TAINTS, Taint, Taints, merge_taints

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from qorgau.flow.shapes import Shape


MAX_REFS = 48
"""More objects than this are not told apart as what one value can be: it can be any, and these."""

MAX_FACTS = 12
"""Of a value that is there under more conditions than this only the checks among them are remembered."""


Consts: TypeAlias = Mapping[Const, Facts]
"""Constants, each with the facts that hold where the value is that constant."""

NO_CONSTS: Consts = {}

TOO_MANY: Consts = MappingProxyType({})
"""No constants because there were too many: known by its identity, and joined with any others it stays.

Without it a constant that comes after the cut would be kept, and a value would depend on the order of joins.
"""


class External(NamedTuple):
    """A module, function or class of a library, by its dotted name."""

    dotted: str


class Builtin(NamedTuple):
    """A method of a builtin type or of a library object, with its receiver."""

    receiver: Value
    name: str


class Bound(NamedTuple):
    """A method of the project with the object (or class) it is bound to."""

    function: Loc
    receiver: Value


class SuperOf(NamedTuple):
    """``super()``: attribute look-up starts after ``cls`` in the classes of the receiver."""

    cls: Loc
    receiver: Value


Ref: TypeAlias = Loc | External | Builtin | Bound | SuperOf
Refs: TypeAlias = Mapping[Ref, Facts]
NO_REFS: Refs = {}


class Changes(TypedDict, total=False):
    """The parts of a value that can be replaced."""

    taints: Taints
    consts: Consts
    refs: Refs
    unknown: bool
    opaque: bool
    when_true: Facts | None
    when_false: Facts | None


class Value:
    """What is known of a thing. ``opaque``: it can be a harmless value that isn't a known constant.

    ``unknown``: it can come from outside what is known. ``when_true`` and ``when_false`` are the
    facts implied by its truth; None means that it can never be so.
    """

    __slots__ = ("_hash", "consts", "opaque", "refs", "shape", "taints", "unknown", "when_false", "when_true")

    def __init__(
        self,
        taints: Taints = NO_TAINTS,
        consts: Consts = NO_CONSTS,
        refs: Refs = NO_REFS,
        unknown: bool = False,
        opaque: bool = False,
        when_true: Facts | None = NO_FACTS,
        when_false: Facts | None = NO_FACTS,
    ) -> None:
        self.taints = taints
        self.consts = consts
        self.refs = refs
        self.unknown = unknown
        self.opaque = opaque
        self.when_true = when_true
        self.when_false = when_false
        self._hash: int | None = None
        self.shape: Shape | None = None

    def _key(self) -> tuple[object, ...]:
        return (
            self.taints,
            frozenset(self.consts.items()) if self.consts else self.consts is TOO_MANY,
            frozenset(self.refs.items()),
            self.unknown,
            self.opaque,
            self.when_true,
            self.when_false,
        )

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(self._key())
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Value) and hash(self) == hash(other) and self._key() == other._key()

    def __repr__(self) -> str:
        parts = [t.field + ("*" if t.reversal else "") for t in sorted(self.taints, key=lambda t: t.field)]
        parts += [repr(c.value) for c in sorted(self.consts, key=repr)]
        parts += [repr(r) for r in self.refs]
        parts += [name for name, flag in (("?", self.unknown), ("_", self.opaque)) if flag]
        return "<" + " ".join(parts) + ">"

    @property
    def is_bottom(self) -> bool:
        """Whether no value at all is possible."""
        return not (self.taints or self.consts or self.refs or self.unknown or self.opaque)

    def constant(self) -> Const | None:
        """The constant it is for certain, if any."""
        if len(self.consts) == 1 and not (self.unknown or self.opaque or self.refs or self.taints):
            return next(iter(self.consts))
        return None

    def constants_where(self, holds: Callable[[Const], bool]) -> Consts:
        """The constants of which something holds; still too many where there were too many."""
        if not self.consts:
            return self.consts
        return {constant: held for constant, held in self.consts.items() if holds(constant)}

    def is_text(self) -> bool:
        """Whether a constant of it is a text or bytes."""
        return any(c.type in ("str", "bytes") for c in self.consts)

    def texts(self) -> list[str]:
        """The texts that it can be, sorted; holes stand for unknown parts."""
        return sorted(str(c.value) for c in self.consts if c.type == "str")

    def locs(self) -> list[Loc]:
        """The objects that it can be."""
        return [ref for ref in self.refs if isinstance(ref, Loc)]

    def single(self) -> Loc | None:
        """The one object that it is, if it can be no other and that object is one."""
        if len(self.refs) == 1 and not self.consts:
            ref = next(iter(self.refs))
            if isinstance(ref, Loc) and not ref.old:
                return ref
        return None

    def with_(self, **changes: Unpack[Changes]) -> Value:
        """A copy with some parts replaced."""
        return Value(
            changes.get("taints", self.taints),
            changes.get("consts", self.consts),
            changes.get("refs", self.refs),
            changes.get("unknown", self.unknown),
            changes.get("opaque", self.opaque),
            changes.get("when_true", self.when_true),
            changes.get("when_false", self.when_false),
        )

    def map_taints(self, change: Callable[[Taint], Taint | None]) -> Value:
        """A copy whose taints went through ``change``; None drops one."""
        if not self.taints:
            return self
        kept = [new for taint in self.taints if (new := change(taint)) is not None]
        return self.with_(taints=merge_taints(kept))


BOTTOM = Value()
OPAQUE = Value(opaque=True)
UNKNOWN = Value(unknown=True)


def of_const(value: object) -> Value:
    """The value of a literal, with its truth decided."""
    truth = bool(value)
    return Value(
        consts={const(value): NO_FACTS},
        when_true=NO_FACTS if truth or (isinstance(value, str) and HOLE in value) else None,
        when_false=None if truth else NO_FACTS,
    )


def of_ref(ref: Ref, *, unknown: bool = False) -> Value:
    """The value that is one object, function, class or module."""
    return Value(refs={ref: NO_FACTS}, unknown=unknown)


def is_true(value: Value | None) -> bool:
    """Whether a value is certainly True."""
    return value is not None and value.constant() == Const("bool", True)


def join(left: Value, right: Value) -> Value:
    """The least value that covers both."""
    if left is right or right.is_bottom:
        return left
    if left.is_bottom:
        return right
    if left == right:
        return left
    refs: Refs = left.refs
    unknown = left.unknown or right.unknown
    if right.refs and right.refs is not left.refs:
        joined = dict(left.refs)
        for ref, facts in right.refs.items():
            joined[ref] = common_facts(joined[ref], facts) if ref in joined else facts
        refs = joined
        if len(refs) > MAX_REFS:
            refs, unknown = dict(list(joined.items())[:MAX_REFS]), True
    opaque = left.opaque or right.opaque
    consts = left.consts
    if left.consts is TOO_MANY or right.consts is TOO_MANY:
        consts = TOO_MANY
    elif right.consts and right.consts is not left.consts:
        both = dict(left.consts)
        for constant, held in right.consts.items():
            both[constant] = common_facts(both[constant], held) if constant in both else held
        consts = both
        if len(consts) > MAX_CONSTANTS:
            consts, opaque = TOO_MANY, True
    taints = left.taints
    if right.taints and right.taints != left.taints:
        taints = merge_taints([*left.taints, *right.taints]) if left.taints else right.taints
    return Value(
        taints,
        consts,
        refs,
        unknown,
        opaque,
        join_facts(left.when_true, right.when_true),
        join_facts(left.when_false, right.when_false),
    )


def join_all(values: Iterable[Value]) -> Value:
    """The least value that covers all; ``BOTTOM`` for none."""
    result = BOTTOM
    for value in values:
        result = join(result, value)
    return result


def stamp(value: Value, facts: Facts) -> Value:
    """The same value with ``facts`` known to hold wherever it is present; what they rule out is left out.

    Monotone for plain facts.
    """
    if not facts:
        return value
    answers = _answers(facts)
    taints = value.taints
    if taints:
        taints = frozenset(
            taint if facts <= taint.facts else replace(taint, facts=_also(taint.facts, facts))
            for taint in taints
            if not _excluded(taint.facts, answers)
        )
    return Value(
        taints,
        _stamped(value.consts, facts, answers) if value.consts else value.consts,
        _stamped(value.refs, facts, answers) if value.refs else NO_REFS,
        value.unknown,
        value.opaque,
        None if value.when_true is None else _also(value.when_true, facts),
        None if value.when_false is None else _also(value.when_false, facts),
    )


def _also(held: Facts, more: Facts) -> Facts:
    """What is known with what is known besides: where that is too much, checks alone are kept."""
    facts = held | more
    if len(facts) <= MAX_FACTS:
        return facts
    return checks_of(facts)


_Answers: TypeAlias = dict[Loc | None, list[Fact]]


def _answers(facts: Facts) -> _Answers:
    """Those of the facts that others can contradict, by what they speak of."""
    found: _Answers = {}
    for fact in facts:
        if fact.kind in ANSWERS:
            found.setdefault(fact.subject, []).append(fact)
    return found


_Alternative = TypeVar("_Alternative", Const, "Ref")


def _stamped(
    held: Mapping[_Alternative, Facts], facts: Facts, answers: _Answers
) -> dict[_Alternative, Facts]:
    return {one: _also(known, facts) for one, known in held.items() if not _excluded(known, answers)}


def _excluded(held: Facts, answers: _Answers) -> bool:
    """Whether what is there on some paths only cannot be there on this one."""
    return bool(answers and held) and any(
        one.contradicts(other) for one in held for other in answers.get(one.subject, ())
    )
