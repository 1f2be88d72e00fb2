"""Operators and comparisons on abstract values."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any

from qorgau.flow import (
    buffers,
    checks,
    containers,
    inheritance,
    keys,
    members,
    memberships,
    scalars,
    texts,
    versions,
)
from qorgau.flow.constants import HOLE, Const, const
from qorgau.flow.facts import CHECKS, NO_FACTS, Fact, Facts, common_facts
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args
from qorgau.flow.taints import NO_TAINTS
from qorgau.flow.values import NO_CONSTS, NO_REFS, OPAQUE, Bound, External, Value, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine
    from qorgau.flow.machine import Frame

INVOKED = "invoke"
"""The method by which parts of a chain are run."""

DUNDER = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "truediv",
    "//": "floordiv",
    "%": "mod",
    "**": "pow",
    "@": "matmul",
    "&": "and",
    "|": "or",
    "^": "xor",
    "<<": "lshift",
    ">>": "rshift",
}
COMPARISONS = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
FOLD: dict[str, Callable[[Any, Any], object]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": lambda a, b: a << b if b < 64 else None,
    ">>": operator.rshift,
}
TESTS: dict[str, Callable[[Any, Any], object]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "is": lambda a, b: a is b or (type(a) is type(b) and a == b),
    "is not": lambda a, b: not (a is b or (type(a) is type(b) and a == b)),
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
}
POSITIVE = {"!=": "==", "is not": "is", "not in": "in", ">=": "<", ">": "<="}
NUMBERS = ("int", "float", "bool")
CONTAINERS = ("list", "tuple", "set", "dict", "generator")


def binary(m: Machine, f: Frame, op: str, left: Value, right: Value, at: int) -> Value:
    """``left op right``."""
    result = m.operator_method(f, DUNDER.get(op, ""), left, right, at)
    if result is None and (left.refs or right.refs):
        result = members.combined(m, f, op, left, right)
        left, right = scalars.plain(m, f, left), scalars.plain(m, f, right)
    if result is None and (left.refs or right.refs):
        result = m.column_operator(f, op, left, right, at)
    if result is not None:
        return result
    result = _of_library(m, f, op, left, right, at)
    if result is not None:
        return result
    kinds = {obj.kind for loc in left.locs() if (obj := f.state.obj(loc)) is not None}
    if kinds & set(CONTAINERS):
        combined = m.combine_containers(f, op, left, right, at)
        if combined is not None:
            return combined
    buckets = _buckets(right) if op == "%" and left.taints and not left.is_text() else None
    if buckets is not None:
        return texts.lumped(left, buckets)
    if op == "%" and (left.is_text() or not left.consts):
        if left.is_text():
            return texts.percent(m, f, left, right, at)
        return texts.made_of([left, m.text(f, right, at)])
    if op == "+" and (left.is_text() or right.is_text()):
        return texts.concat([left, right])
    if op == "/" and (left.is_text() or right.is_text()):
        return texts.concat([left, of_const("/"), right])
    folded = _fold(op, left, right)
    if folded is not None:
        return folded
    result = texts.made_of([left, right])
    if op in ("&", "|"):
        yes = _combined(op == "&", m.truth(f, left, True), m.truth(f, right, True))
        no = _combined(op == "|", m.truth(f, left, False), m.truth(f, right, False))
        return result.with_(when_true=yes, when_false=no)
    return result


def _buckets(right: Value) -> int | None:
    """The most that a known modulus leaves of a number; None where it isn't known."""
    if not _plain(right):
        return None
    numbers = [abs(c.value) for c in right.consts if c.type == "int" and isinstance(c.value, int) and c.value]
    return max(numbers) if len(numbers) == len(right.consts) else None


def is_sure(left: Value, right: Value) -> bool:
    """Whether two operands are known constants of one sort, so that it is plain what an operator does."""
    for kinds in (NUMBERS, ("str",)):
        if all(
            side.consts
            and not (side.refs or side.unknown or side.opaque or side.taints)
            and all(c.type in kinds for c in side.consts)
            for side in (left, right)
        ):
            return True
    return False


def divides_by_zero(op: str, left: Value, right: Value) -> bool:
    """Whether an operator divides numbers by what is surely zero."""
    known = right.constant()
    return op in ("/", "//", "%") and known is not None and known.value == 0 and not left.is_text()


def _combined(both: bool, left: Facts | None, right: Facts | None) -> Facts:
    """What the truth of conditions joined by ``&`` or ``|`` says: of checks only, for rows of tables as well."""
    one, other = (frozenset(fact for fact in facts or () if fact.kind in CHECKS) for facts in (left, right))
    return one | other if both else common_facts(one, other)


def _fold(op: str, left: Value, right: Value) -> Value | None:
    fold = FOLD.get(op)
    if fold is None or not left.consts or not right.consts or left.taints or right.taints:
        return None
    if left.refs or right.refs or len(left.consts) * len(right.consts) > 16:
        return None
    results: dict[Const, Facts] = {}
    for a, held_a in left.consts.items():
        for b, held_b in right.consts.items():
            numeric = a.type in NUMBERS and b.type in NUMBERS
            repeated = op == "*" and {a.type, b.type} <= {"str", "int"} and a.type != b.type
            if not (numeric or repeated):
                return None
            size = max((v for v in (a.value, b.value) if isinstance(v, int | float)), key=abs, default=0)
            if abs(size) > (200 if repeated else 10**12):
                return None
            try:
                value = fold(a.value, b.value)
            except (ZeroDivisionError, TypeError, OverflowError, ValueError):
                return None
            if value is None:
                return None
            key = const(value)
            held = held_a | held_b
            results[key] = results[key] & held if key in results else held
    unknown, opaque = left.unknown or right.unknown, left.opaque or right.opaque
    if len(results) == 1 and not unknown and not opaque:
        single = of_const(next(iter(results)).value)
        return single.with_(consts=results)
    return Value(NO_TAINTS, results, NO_REFS, unknown, opaque)


def _of_library(m: Machine, f: Frame, op: str, left: Value, right: Value, at: int) -> Value | None:
    """An operator that rows know of a library's object (``Path("out") / name``)."""
    for receiver, other, method in (
        (left, right, DUNDER.get(op, "")),
        (right, left, "r" + DUNDER.get(op, "")),
    ):
        loc = receiver.single()
        obj = f.state.obj(loc) if loc is not None else None
        if obj is not None and obj.type and m.policy.catalog.returns(f"{obj.type}.__{method}__") is not None:
            return m.library_call(
                f, f"{obj.type}.__{method}__", Value(receiver.taints, refs=receiver.refs), Args([other]), at
            )
    return None


def overloaded(m: Machine, f: Frame, name: str, left: Value, right: Value | None, at: int) -> Value | None:
    """The result of ``__name__`` of a class of the project, or of the other side's ``__rname__``."""
    if not name:
        return None
    results: list[Value] = []
    for receiver, other, method in ((left, right, f"__{name}__"), (right, left, f"__r{name}__")):
        for loc in receiver.locs() if receiver is not None else ():
            obj = f.state.obj(loc)
            if obj is None or obj.cls is None:
                continue
            found = inheritance.class_part(m, f, obj.cls, method)
            if found is not None:
                bound = [of_ref(Bound(ref, of_ref(loc))) for ref in found.refs if isinstance(ref, Loc)]
                results += [m.call(f, one, Args([other] if other is not None else []), at) for one in bound]
        if results:
            return join_all(results)
    return _chain(m, f, left, right) if name == "or" and right is not None else None


def _chain(m: Machine, f: Frame, left: Value, right: Value) -> Value | None:
    """``prompt | model | parser``: what is invoked in the end goes where the one of them goes that sends."""
    for side in (left, right):
        for loc in side.locs():
            obj = f.state.obj(loc)
            if obj is not None and obj.kind == "library" and obj.type:
                if m.policy.catalog.rows(f"{obj.type}.{INVOKED}").sinks:
                    return of_ref(loc)
    return None


def augment(m: Machine, f: Frame, op: str, current: Value, value: Value, at: int) -> Value:
    """``current op= value``: lists and sets change in place."""
    result = overloaded(m, f, "i" + DUNDER.get(op, ""), current, value, at)
    if result is not None:
        return result
    kinds = {obj.kind for loc in current.locs() if (obj := f.state.obj(loc)) is not None}
    if op == "+" and buffers.is_buffer(f, current):
        m.call_method(f, current, "extend", Args([value]), at)
        return current
    method = {("list", "+"): "extend", ("set", "|"): "update", ("dict", "|"): "update"}
    for kind in kinds:
        name = method.get((kind, op))
        if name is not None and len(kinds) == 1 and not current.consts:
            m.call_method(f, current, name, Args([value]), at)
            return current
    return binary(m, f, op, current, value, at)


def unary(m: Machine, f: Frame, op: str, value: Value, at: int) -> Value:
    """``-value``, ``+value`` or ``~value``."""
    names = {"-": "neg", "+": "pos", "~": "invert"}
    result = m.operator_method(f, names[op], value, None, at)
    if result is None and op == "~" and value.refs:
        result = m.column_operator(f, op, value, value, at)
    if result is not None:
        return result
    constant = value.constant()
    if constant is not None and isinstance(constant.value, int | float):
        number = constant.value
        if op == "-":
            return of_const(-number)
        if op == "+":
            return of_const(+number)
        if isinstance(number, int):
            return of_const(~number)
    if op == "~":
        # Django's Q and column expressions negate with ~: what held when true holds when false.
        return value.with_(
            when_true=value.when_false, when_false=value.when_true, consts=NO_CONSTS, opaque=True
        )
    return texts.made_of([value])


def _plain(value: Value) -> bool:
    return bool(value.consts) and not (value.unknown or value.opaque or value.refs or value.taints)


NO_TRUTHS = frozenset(("dict", "list", "tuple", "set", "instance", "function", "class", "module"))
"""Kinds of objects that are no number."""


def _is_no_truth(f: Frame, value: Value) -> bool:
    """Whether a value is surely a collection or an object of the program, which equals neither true nor false."""
    if not value.refs or value.unknown or value.opaque or value.consts or value.taints:
        return False
    objs = [f.state.obj(ref) if isinstance(ref, Loc) else None for ref in value.refs]
    return all(obj is not None and obj.kind in NO_TRUTHS for obj in objs)


def compare(m: Machine, f: Frame, op: str, left: Value, right: Value, at: int) -> Value:
    """The truth of one comparison; its result never carries data."""
    result = m.operator_method(f, COMPARISONS.get(op, ""), left, right, at)
    if result is None and op in ("==", "!=") and left.refs:
        result = m.column_choice(f, op, left, right, at)
    if result is not None:
        return result
    if _plain(left) and _plain(right):
        decided = _compare_constants(op, left, right)
        if decided is not None:
            return decided
    decided = _compare_rows(m, f, op, left, right) or _compare_members(f, op, left, right)
    if decided is not None:
        return decided
    if op in ("in", "not in"):
        own = m.operator_method(f, "contains", right, left, at) if right.refs else None
        if own is not None:
            yes, no = m.truth(f, own, True), m.truth(f, own, False)
            return _decided(yes, no) if op == "in" else _decided(no, yes)
        m.looked_for(f, left, right, at)
        member = m.contains(f, right, left)
        if member is None:
            member = members.contained(m, f, left, right)
        if member is not None:
            return of_const(member if op == "in" else not member)
        if left.refs and (let_in := memberships.let_in(left, containers.kept(f, right))):
            return _decided(let_in, NO_FACTS) if op == "in" else _decided(NO_FACTS, let_in)
    positive = POSITIVE.get(op, op)
    inverted = op in POSITIVE
    constant = right.constant()
    if constant is not None and positive in ("is", "=="):
        if constant.value is True or constant.value is False:
            if _is_no_truth(f, left):
                return of_const(inverted)
            yes, no = m.truth(f, left, True), m.truth(f, left, False)
            if (constant.value is False) is not inverted:
                yes, no = no, yes
            if not (left.unknown and constant.value is False):
                # A text that is true does not equal True: both may be.
                return Value(opaque=True, when_true=yes, when_false=no) if left.taints else _decided(yes, no)
            agreed = frozenset(fact for fact in m.truth(f, left, True) or () if fact.kind in CHECKS)
            if agreed:
                # A flag of consent is true or false: where it isn't false, it is true.
                return _decided(agreed, NO_FACTS) if inverted else _decided(NO_FACTS, agreed)
        if constant.value is None:
            never = left.refs and not (left.unknown or left.opaque or left.consts)
            if never and all(m.is_object(f, ref) for ref in left.refs):
                return of_const(inverted)
            held = _alternative_facts(left, constant)
            if held is not None:
                is_none, not_none = held
                return _decided(not_none, is_none) if inverted else _decided(is_none, not_none)
    if constant is not None and left.consts and not left.unknown and not left.opaque and positive == "==":
        held = _alternative_facts(left, constant)
        if held is not None:
            same, other = held
            return _decided(other, same) if inverted else _decided(same, other)
    flag = _flag(m, f, left, op, right, at)
    loc = left.single()
    detail: object = None
    if loc is not None and constant is not None and HOLE not in str(constant.value):
        detail = (positive, constant)
        if (version := versions.of(f.state, loc)) is not None:
            detail = (positive, constant, version)
    elif loc is not None and (other_loc := right.single()) is not None:
        if other_loc == loc and positive in ("is", "==") and not left.unknown:
            return of_const(not inverted)
        if positive == "is" and not (left.unknown or right.unknown or left.consts or right.consts):
            if _are_apart(f, loc, other_loc):
                return of_const(inverted)
        detail = (positive, other_loc)
    if loc is not None and detail is not None:
        yes_fact, no_fact = Fact("test", loc, detail, not inverted), Fact("test", loc, detail, inverted)
        yes, no = flag
        return Value(opaque=True, when_true=yes | {yes_fact}, when_false=no | {no_fact})
    return OPAQUE if flag == (NO_FACTS, NO_FACTS) else _decided(*flag)


def _flag(m: Machine, f: Frame, left: Value, op: str, right: Value, at: int) -> tuple[Facts, Facts]:
    """The checks that hold where a flag is compared with a constant, or is one of some, and where it is not."""
    facts = m.truth(f, left, True)
    if not any(fact.kind in CHECKS for fact in facts or ()):
        return NO_FACTS, NO_FACTS
    if op in ("in", "not in"):
        items = m.iterate(f, right, at).items if right.refs else None
        known = [item.constant() for item in items or ()]
        listed = bool(known) and all(one is not None and checks.affirms(one.value) for one in known)
        yes, no = checks.of_flag(facts, listed), NO_FACTS
    elif (constant := right.constant()) is None or POSITIVE.get(op, op) not in ("==", "is"):
        return NO_FACTS, NO_FACTS
    else:
        yes = checks.of_flag(facts, constant.value)
        no = checks.of_flag(facts, constant.value, differs=True)
    return (no, yes) if op in POSITIVE else (yes, no)


def _compare_rows(m: Machine, f: Frame, op: str, left: Value, right: Value) -> Value | None:
    """Tuples and lists of constants are compared item by item."""
    a, b = keys.row(m, f, left), keys.row(m, f, right)
    if a is None or b is None or type(a) is not type(b) or op not in COMPARISONS:
        return None
    try:
        return of_const(bool(TESTS[op](a, b)))
    except TypeError:
        return None


def _compare_members(f: Frame, op: str, left: Value, right: Value) -> Value | None:
    """Members of an enumeration are compared by identity; those that are texts or numbers also by value."""
    if POSITIVE.get(op, op) not in ("is", "==") or not (_known(left) and _known(right)):
        return None
    if not any(keys.is_member(ref) or _is_class(f, ref) for ref in (*left.refs, *right.refs)):
        return None
    yes: list[Facts] = []
    no: list[Facts] = []
    for a, held_a in (*left.refs.items(), *left.consts.items()):
        for b, held_b in (*right.refs.items(), *right.consts.items()):
            answer = _same_member(f, a, b)
            if answer is None:
                return None
            (yes if answer else no).append(held_a | held_b)
    if op in POSITIVE:
        yes, no = no, yes
    return _decided(_common(yes) if yes else None, _common(no) if no else None)


def _known(value: Value) -> bool:
    return not (value.unknown or value.opaque or value.taints)


def _same_member(f: Frame, a: object, b: object) -> bool | None:
    """Whether two alternatives are equal, if one of them is a member; None where that isn't certain."""
    if _is_class(f, a) and _is_class(f, b):
        return a == b
    if isinstance(a, Loc) and isinstance(b, Loc):
        both = keys.is_member(a) and keys.is_member(b)
        return a == b if both else None
    member, other = (a, b) if isinstance(a, Loc) else (b, a)
    if not isinstance(member, Loc) or not isinstance(other, Const) or not keys.is_member(member):
        return None
    held = keys.of_member(f, member)
    if held is None:
        return None
    return held.value == other.value and keys.is_plain(f, member)


def _is_class(f: Frame, ref: object) -> bool:
    """Whether a reference is one class: of the program, or a builtin one."""
    if isinstance(ref, External):
        return ref.dotted.startswith("builtins.")
    obj = f.state.obj(ref) if isinstance(ref, Loc) and not ref.old else None
    return obj is not None and obj.kind == "class"


def _are_apart(f: Frame, first: Loc, second: Loc) -> bool:
    """Whether two locations are surely two objects: both were made here, each once."""
    objs = [f.state.obj(loc) for loc in (first, second)]
    return (
        first != second
        and not (first.old or second.old)
        and all(obj is not None and obj.kind in (*CONTAINERS, "instance") for obj in objs)
    )


def _decided(yes: Facts | None, no: Facts | None) -> Value:
    if yes is None and no is not None:
        return of_const(False)
    if no is None and yes is not None:
        return of_const(True)
    return Value(opaque=True, when_true=yes, when_false=no)


def _alternative_facts(value: Value, constant: Const) -> tuple[Facts | None, Facts | None] | None:
    """The facts where the value is the constant, and where it is another of its alternatives."""
    if constant not in value.consts:
        if value.unknown or value.opaque:
            return None
        return None, _common([*value.consts.values(), *value.refs.values()])
    same: Facts | None = value.consts[constant]
    if value.unknown or value.opaque:
        return same if not value.unknown else frozenset(), frozenset()
    others = [held for c, held in value.consts.items() if c != constant] + list(value.refs.values())
    others += [taint.facts for taint in value.taints]
    return same, _common(others) if others else None


def _common(facts: list[Facts]) -> Facts:
    return reduce(common_facts, facts) if facts else frozenset()


def _compare_constants(op: str, left: Value, right: Value) -> Value | None:
    yes: list[Facts] = []
    no: list[Facts] = []
    for a, held_a in left.consts.items():
        for b, held_b in right.consts.items():
            if HOLE in str(a.value) or HOLE in str(b.value):
                return None
            if (
                op in ("is", "is not")
                and a.type not in ("NoneType", "bool")
                and b.type not in ("NoneType", "bool")
            ):
                return None
            try:
                outcome = TESTS[op](a.value, b.value)
            except TypeError:
                return None
            (yes if outcome else no).append(held_a | held_b)
    if not yes:
        return of_const(False)
    if not no:
        return of_const(True)
    return Value(opaque=True, when_true=_common(yes), when_false=_common(no))


def narrow(value: Value, op: str, right: Value, truth: bool) -> Value:
    """What is left of a variable after a comparison with a constant came out ``truth``."""
    constant = right.constant()
    if constant is None:
        return _narrow_member(value, op, right, truth)
    positive = POSITIVE.get(op, op)
    if op in POSITIVE and op not in (">", ">="):
        truth = not truth
    if positive not in ("==", "is"):
        return value
    if truth:
        if constant.value is None:
            return value.with_(
                consts={c: h for c, h in value.consts.items() if c == constant} or {constant: frozenset()},
                taints=NO_TAINTS,
                refs=NO_REFS,
                unknown=False,
                opaque=False,
            )
        if constant in value.consts and not value.unknown:
            return value.with_(
                consts={constant: value.consts[constant]}, refs=NO_REFS, taints=NO_TAINTS, opaque=False
            )
        # What equals a text of the program's own is that text, whoever it came from.
        return value.with_(taints=NO_TAINTS) if value.taints and constant.value != "" else value
    if constant in value.consts:
        return value.with_(consts=value.constants_where(lambda c: c != constant))
    return value


def _narrow_member(value: Value, op: str, right: Value, truth: bool) -> Value:
    """A variable after it was compared with a member of an enumeration."""
    ref = next(iter(right.refs), None)
    if ref is None or len(right.refs) != 1 or right.consts or right.unknown or not keys.is_member(ref):
        return value
    positive = POSITIVE.get(op, op)
    if positive not in ("is", "==") or ref not in value.refs:
        return value
    if (op in POSITIVE) is truth:
        return value.with_(refs={other: held for other, held in value.refs.items() if other != ref})
    return value.with_(refs={ref: value.refs[ref]}, consts=NO_CONSTS, opaque=False)
