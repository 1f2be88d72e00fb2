"""Comparisons of values, and what is left of a variable after one."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any

from qorgau.flow import (
    checks,
    containers,
    keys,
    members,
    memberships,
    versions,
)
from qorgau.flow.constants import HOLE, Const
from qorgau.flow.facts import CHECKS, NO_FACTS, Fact, Facts, common_facts
from qorgau.flow.locations import Loc
from qorgau.flow.operators import CONTAINERS, plain
from qorgau.flow.taints import NO_TAINTS
from qorgau.flow.values import NO_CONSTS, NO_REFS, OPAQUE, External, Value, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine
    from qorgau.flow.machine import Frame


COMPARISONS = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
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
ORDER = frozenset(("<", "<=", ">", ">="))
VERSION = External("sys.version_info")
OLDEST = (3, 9)
"""The oldest version that a program is taken to run on."""

POSITIVE = {"!=": "==", "is not": "is", "not in": "in", ">=": "<", ">": "<="}


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
    if op in ORDER and (left.refs or right.refs):
        left, right = keys.plain(f, left), keys.plain(f, right)
        decided = _compare_version(m, f, op, left, right)
        if decided is not None:
            return decided
    if plain(left) and plain(right):
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
        if listed := _listed_facts(m, f, left, right, at):
            return _decided(*listed) if op == "in" else _decided(*reversed(listed))
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
        if constant.value is None and positive == "==" and _is_column(left):
            agreed = checks.of_flag(m.truth(f, left, True), None, differs=True)
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
    if op == ">" and constant is not None and constant.value == 0 and not left.refs:
        # More than none: ``person.consents.filter(transfer=True).count() > 0``.
        flag = frozenset(fact for fact in m.truth(f, left, True) or () if fact.kind in CHECKS), flag[1]
    loc = left.single()
    if loc is not None and op == "==" and right.refs:
        flag = flag[0] | memberships.told_of_column(right, loc), flag[1]
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


def _compare_version(m: Machine, f: Frame, op: str, left: Value, right: Value) -> Value | None:
    """``sys.version_info >= (3, 8)``: the interpreter is none that no library runs on any more."""
    wanted = keys.row(m, f, right) if VERSION in left.refs else None
    if not isinstance(wanted, tuple) or not wanted or any(not isinstance(part, int) for part in wanted):
        return None
    return of_const(op in (">", ">=")) if wanted[:2] <= OLDEST else None


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


def _is_column(value: Value) -> bool:
    """Whether a value is the column of a model: a comparison of it is a condition."""
    loc = value.single()
    return loc is not None and isinstance(loc.label, tuple) and loc.label[:1] == ("column",)


def _listed_facts(
    m: Machine, f: Frame, left: Value, right: Value, at: int
) -> tuple[Facts | None, Facts | None] | None:
    """The facts where a value of several constants is one of those listed, and where it is none."""
    if len(left.consts) < 2 or not right.refs or left.refs or left.unknown or left.opaque or left.taints:
        return None
    items = m.iterate(f, right, at).items
    listed = [item.constant() for item in items or ()]
    if not listed or None in listed:
        return None
    among = [held for constant, held in left.consts.items() if constant in listed]
    others = [held for constant, held in left.consts.items() if constant not in listed]
    return _common(among) if among else None, _common(others) if others else None


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
