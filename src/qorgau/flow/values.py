"""Abstract values: what the engine knows of one thing at one point of a program.

One value answers all questions at once: which personal fields it carries and how they
were transformed, which constant it is, which objects, functions or classes it can be,
whether part of it comes from outside what is known, and which facts hold when it is true.
All values are immutable and hashable; joins are associative, commutative and idempotent
(those of facts up to ``MAX_ALTERNATIVES``, beyond which they give up what was told apart).

The lattice is finite for a given program: fields, facts, allocation sites and contexts are
finite, and sets of constants are cut off at ``MAX_CONSTANTS``, for good (``TOO_MANY``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeAlias, TypedDict, TypeVar
from weakref import WeakValueDictionary

import msgspec
from msgspec.structs import replace

from qorgau.findings import Confidence

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from qorgau.flow.shapes import Shape
    from qorgau.linking import Unit

MAX_CONSTANTS = 12
"""More alternatives than this make a value an unknown constant."""

MAX_SUBJECTS = 12
"""Of more subjects than this, in more ways than this, one value does not tell whose a field is."""

MAX_REFS = 48
"""More objects than this are not told apart as what one value can be: it can be any, and these."""

HOLE = "\0"
"""Stands for the unknown part of a partly known text, as in ``https://\\0.api.example.com``."""


class Loc:
    """The identity of an abstract object: where, and in which context, it came to be.

    ``parent`` and ``label`` place it: an attribute or element of an unknown object is a
    child of that object, so that reading it twice gives the same identity. ``old`` marks
    what an earlier pass of a loop made: it stands for many objects, the others for one. ``origin``
    is what its place says of how its data was collected, once somebody has asked (``origins.of_loc``).
    """

    __slots__ = ("__weakref__", "_parts", "_text", "label", "old", "origin", "parent")

    _known: ClassVar[WeakValueDictionary[tuple[object, bool], Loc]] = WeakValueDictionary()
    _parts: dict[tuple[object, bool], Loc]
    _text: str | None
    origin: str | None
    parent: Loc | None
    label: object
    old: bool

    def __new__(cls, parent: Loc | None, label: object, old: bool = False) -> Loc:
        """The part of ``parent`` with this label: always the same object, as long as somebody holds it.

        So identity is equality, and looking one up costs what looking up an address costs: the engine
        does little else.
        """
        known = cls._known if parent is None else parent._parts
        found = known.get((label, old))
        if found is not None:
            return found
        self = super().__new__(cls)
        self.parent = parent
        self.label = label
        self.old = old
        self._text = None
        self.origin = None
        self._parts = {}
        known[label, old] = self
        return self

    def __repr__(self) -> str:
        if self._text is None:
            inner = f"{self.parent!r}/{self.label}" if self.parent else str(self.label)
            self._text = inner + ("~" if self.old else "")
        return self._text

    def child(self, label: object) -> Loc:
        """The identity of a part of this object."""
        return Loc(self, label)

    def aged(self) -> Loc:
        """The identity of its like from earlier passes of a loop."""
        return self if self.old else Loc(self.parent, self.label, True)

    def ancestors(self) -> Iterable[Loc]:
        """This object, then what it is a part of, outwards."""
        loc: Loc | None = self
        while loc is not None:
            yield loc
            loc = loc.parent


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

MAX_FACTS = 12
"""Of a value that is there under more conditions than this only the checks among them are remembered."""

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


TOLD = ("param", "element", "self", "request", "row", "one", "entity", "column", "item-of", "of-row")
"""How objects come to be of which it can be told that they are two: not by an unknown call."""


CONTEXTS = frozenset(("call", "root", "init"))
"""First words of the labels of activations: of a function, of a root, of a module."""


def is_activation(loc: Loc) -> bool:
    """Whether a location identifies an activation rather than an object."""
    return isinstance(loc.label, tuple) and bool(loc.label) and loc.label[0] in CONTEXTS


def is_context(loc: Loc) -> bool:
    """Whether a location stands for an activation of a function, and so does all around it."""
    return (
        isinstance(loc.label, tuple)
        and len(loc.label) >= 3
        and is_activation(loc)
        and (loc.parent is None or is_context(loc.parent))
    )


def outermost(loc: Loc) -> Loc:
    """The object that a part belongs to, or a part of that, and so on."""
    root = loc
    for step in loc.ancestors():
        if is_context(step):
            break
        root = step
    return root


def made_at(loc: Loc) -> tuple[str, int] | None:
    """The module and the node at which an object was made, or an activation began."""
    label = loc.label
    if (
        isinstance(label, tuple)
        and len(label) >= 3
        and isinstance(label[1], str)
        and isinstance(label[2], int)
    ):
        return label[1], label[2]
    return None


def is_told(loc: Loc) -> bool:
    """Whether it can be told which object it is: not of what an unknown call gave."""
    root = outermost(loc)
    kind = root.label[0] if isinstance(root.label, tuple) and root.label else root.label
    return isinstance(kind, str) and kind.startswith(TOLD)


def without(facts: Facts, gone: Callable[[Loc], bool]) -> Facts:
    """The facts that speak of no object that is gone."""
    return frozenset(fact for fact in facts if not any(gone(loc) for loc in told_of(fact)))


class Trace:
    """The steps of a datum, newest first, as a linked list shared between values.

    All are equal: how a datum came here is no part of which datum it is.
    """

    __slots__ = ("at", "depth", "note", "parent", "unit")

    def __init__(self, parent: Trace | None, unit: Unit, at: int, note: str) -> None:
        self.parent = parent
        self.unit = unit
        self.at = at
        self.note = note
        self.depth: int = parent.depth + 1 if parent else 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trace)

    def __hash__(self) -> int:
        return 0

    def steps(self) -> list[Trace]:
        """From the source to the newest step."""
        found: list[Trace] = []
        step: Trace | None = self
        while step is not None:
            found.append(step)
            step = step.parent
        return found[::-1]


class Reversal(NamedTuple):
    """A transformation that can be undone: which call, why, and what to use instead."""

    call: str
    why: str
    instead: str


class _Datum(msgspec.Struct, frozen=True):
    """What tells taints apart."""

    field: str
    confidence: Confidence
    subject: Loc | None = None
    reversal: Reversal | None = None
    kept: int | None = None
    calls: int = 0
    origin: str = ""
    facts: Facts = NO_FACTS
    slice: object = None
    salted: bool = False
    within: bool = False


class Taint(_Datum, frozen=True, kw_only=True):
    """One personal field in a value.

    ``kept`` is how many characters constant slices left of it (None: all). ``subject`` is the
    object it was read from. ``facts`` held whenever the value has it. ``calls`` counts the
    unknown calls on its way (up to 2). ``origin`` says how it was collected (``request``,
    ``public``) or is empty. ``salted``: it was joined with a secret. ``within``: unknown code made the value of
    something that has the datum in it, so that a part of the value hardly is the datum. The trace tells no
    taints apart.
    """

    trace: Trace

    def makeup(self) -> tuple[object, ...]:
        """All that tells taints apart but whose they are and the facts that hold: what became of which datum."""
        return (
            self.field,
            self.confidence,
            self.reversal,
            self.kept,
            self.calls,
            self.origin,
            self.slice,
            self.salted,
            self.within,
        )

    def stepped(self, unit: Unit, at: int, note: str) -> Taint:
        """The same datum one step further."""
        last = self.trace
        if last is not None and last.unit is unit and last.at == at:
            return self
        return replace(self, trace=Trace(last, unit, at, note))


ORIGINS = ("request", "public")
"""Ways in which a datum is collected that rules tell apart (``Taint.origin``)."""

Taints: TypeAlias = frozenset[Taint]
NO_TAINTS: Taints = frozenset()


class Const(NamedTuple):
    """A known constant; the type keeps ``1``, ``1.0`` and ``True`` apart."""

    type: str
    value: object


Consts: TypeAlias = Mapping[Const, Facts]
"""Constants, each with the facts that hold where the value is that constant."""

NO_CONSTS: Consts = {}

TOO_MANY: Consts = MappingProxyType({})
"""No constants because there were too many: known by its identity, and joined with any others it stays.

Without it a constant that comes after the cut would be kept, and a value would depend on the order of joins.
"""


def const(value: object) -> Const:
    """The constant for a Python value."""
    return Const(type(value).__name__, value)


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


def merge_taints(taints: Iterable[Taint]) -> Taints:
    """Taints that differ only in their facts become one, with the facts common to them."""
    merged: dict[object, Taint] = {}
    for taint in taints:
        key = (taint.subject, taint.makeup())
        other = merged.get(key)
        if other is None:
            merged[key] = taint
        elif other is not taint:
            first = min(other, taint, key=_trace_order)
            merged[key] = replace(first, facts=common_facts(other.facts, taint.facts))
    if len(merged) > MAX_SUBJECTS:
        return _lumped(merged.values())
    return frozenset(merged.values())


def _lumped(taints: Iterable[Taint]) -> Taints:
    """The same data without telling apart whose it is, where one field is there of too many."""
    by_field: dict[str, list[Taint]] = {}
    for taint in taints:
        by_field.setdefault(taint.field, []).append(taint)
    found: list[Taint] = []
    for same in by_field.values():
        if len(same) <= MAX_SUBJECTS:
            found += same
            continue
        lumps: dict[object, Taint] = {}
        for taint in same:
            key = taint.makeup()
            other = lumps.get(key)
            first = taint if other is None else min(other, taint, key=_trace_order)
            facts = taint.facts if other is None else common_facts(other.facts, taint.facts)
            lumps[key] = replace(first, subject=None, facts=facts)
        found += lumps.values()
    return frozenset(found)


def _trace_order(taint: Taint) -> list[tuple[str, int]]:
    """Shorter traces first, then by place: the choice must not depend on the order of sets."""
    if taint.trace is None:
        return []
    return [("", taint.trace.depth), *((step.unit.name, step.at) for step in taint.trace.steps())]


def join_facts(left: Facts | None, right: Facts | None) -> Facts | None:
    """What both imply; None (impossible) is the neutral element."""
    if left is None:
        return right
    if right is None:
        return left
    return common_facts(left, right)


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


def checks_of(facts: Facts) -> Facts:
    """The facts without the truths of unknown values."""
    if all(fact.kind not in ANSWERS for fact in facts):
        return facts
    return frozenset(fact for fact in facts if fact.kind not in ANSWERS)


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


Key: TypeAlias = "str | Const"
"""A part of an object: the name of an attribute, or the constant of an item."""


class Obj(msgspec.Struct, frozen=True):
    """An abstract object.

    ``kind``: ``dict``, ``list``, ``tuple``, ``set``, ``instance`` (of a class of the project),
    ``library`` (of a library's type), ``function``, ``class``, ``module``, ``unknown``, ``frame``,
    ``generator`` ... ``cls`` is the class's location, ``type`` the library type's dotted name.
    ``parts`` are what is known by name or key, ``rest`` the join of what has no known key, and
    ``length`` how many items a sequence has, if known. ``info`` belongs to the kind.
    """

    kind: str
    cls: Loc | None = None
    type: str = ""
    parts: Mapping[Key, Value] = msgspec.field(default_factory=dict)
    rest: Value = BOTTOM
    length: int | None = None
    info: object = None

    def put(self, key: Key, value: Value) -> Obj:
        """With a part replaced."""
        parts = dict(self.parts)
        parts[key] = value
        return replace(self, parts=parts)

    def item(self, index: int) -> Value | None:
        """The item of a sequence at a known index, counted from the front."""
        return self.parts.get(Const("int", index))

    def items(self) -> list[tuple[Const, Value]]:
        """The parts that are items, in the order they were put."""
        return [(key, value) for key, value in self.parts.items() if isinstance(key, Const)]


Name = TypeVar("Name", Loc, str)


def one_of(left: Name | None, right: Name | None) -> Name | None:
    """What is known of either side; of two answers the first by name, so that order does not matter."""
    if left == right or not right:
        return left
    return min(left, right, key=repr) if left else right


def join_objects(left: Obj, right: Obj) -> Obj:
    """The least object that covers both; what one lacks can be absent."""
    if left is right:
        return left
    keys = dict.fromkeys([*left.parts, *right.parts])
    parts: dict[Key, Value] = {}
    for key in keys:
        a, b = left.parts.get(key), right.parts.get(key)
        if a is not None and b is not None:
            parts[key] = join(a, b)
        else:
            only, other = (a, right) if a is not None else (b, left)
            assert only is not None
            parts[key] = only if other.kind not in ("unknown", "library") else join(only, UNKNOWN_PART)
    return Obj(
        left.kind if left.kind == right.kind else "unknown",
        one_of(left.cls, right.cls),
        one_of(left.type, right.type) or "",
        parts,
        join(left.rest, right.rest),
        left.length if left.length == right.length else None,
        left.info if left.info == right.info else (left.info or right.info),
    )


UNKNOWN_PART = Value(unknown=True)
