"""``match`` patterns: what they bind, and the states where they match and where they don't."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import branches, comparisons
from qorgau.flow.constants import Const
from qorgau.flow.heap import Obj
from qorgau.flow.machine import Frame
from qorgau.flow.state import State
from qorgau.flow.values import BOTTOM, External, Value, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

BUILTIN_CLASSES = frozenset(("str", "int", "float", "bool", "bytes", "list", "dict", "tuple", "set"))


def match(
    m: Machine, f: Frame, pattern: ir.Pattern, subject: Value, node: ir.Expr | None
) -> tuple[State, State]:
    """The states in which the pattern matched (names bound) and in which it didn't."""
    before = f.state
    if isinstance(pattern, ir.MatchAs):
        return _capture(m, f, pattern, subject, node)
    if isinstance(pattern, ir.MatchValue):
        return _value(m, f, pattern, subject, node)
    if isinstance(pattern, ir.MatchOr):
        yes, no = _unreachable(before), before
        for one in pattern.patterns:
            f.state = no.copy()
            matched, no = match(m, f, one, subject, node)
            yes = m.join_states(yes, matched)
        return yes, no
    no = before.copy()
    f.state = before.copy()
    certain: bool | None
    if isinstance(pattern, ir.MatchSequence):
        certain = _sequence(m, f, pattern, subject)
    elif isinstance(pattern, ir.MatchMapping):
        certain = _mapping(m, f, pattern, subject)
    elif isinstance(pattern, ir.MatchClass):
        certain = _class(m, f, pattern, subject)
    else:
        certain = None
    yes = f.state
    if certain is False:
        yes.reachable = False
    if certain is True:
        no.reachable = False
    return yes, no


def alike(one: object, other: object) -> bool:
    """Whether two patterns, or parts of them, are written the same."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    if not isinstance(one, ir.Node):
        return type(one) is type(other) and one == other
    names = [name for name in one.__struct_fields__ if name != "at"]
    return type(one) is type(other) and all(alike(getattr(one, n), getattr(other, n)) for n in names)


def _unreachable(state: State) -> State:
    result = state.copy()
    result.reachable = False
    return result


def _capture(
    m: Machine, f: Frame, pattern: ir.MatchAs, subject: Value, node: ir.Expr | None
) -> tuple[State, State]:
    if pattern.pattern is None:
        no = _unreachable(f.state)
        yes = f.state.copy()
    else:
        yes, no = match(m, f, pattern.pattern, subject, node)
    if pattern.name is not None and yes.reachable:
        f.state = yes
        value = subject
        if isinstance(pattern.pattern, ir.MatchClass):
            value = m.narrow_class(f, subject, m.evaluate(f, pattern.pattern.cls))
        m.store(f, pattern.name, value, pattern.at)
        yes = f.state
    return yes, no


def _value(
    m: Machine, f: Frame, pattern: ir.MatchValue, subject: Value, node: ir.Expr | None
) -> tuple[State, State]:
    right = m.evaluate(f, pattern.value)
    constant = right.constant()
    op = "is" if constant is not None and constant.type in ("bool", "NoneType") else "=="
    outcome = comparisons.compare(m, f, op, subject, right, pattern.at)
    yes = branches.with_facts(f.state, branches.truth_facts(m, f, outcome, True))
    no = branches.with_facts(f.state, branches.truth_facts(m, f, outcome, False))
    if isinstance(node, ir.Name):
        branches.narrow_variable(
            m, f, node.id, yes, no, lambda value, truth: comparisons.narrow(value, op, right, truth)
        )
    return yes, no


def _all(m: Machine, f: Frame, pairs: list[tuple[ir.Pattern, Value]], certain: bool | None) -> bool | None:
    """Match all pairs in the frame's state; whether that is certain."""
    for pattern, value in pairs:
        yes, no = match(m, f, pattern, value, None)
        f.state = yes
        if not yes.reachable:
            return False
        if no.reachable:
            certain = None
    return certain


def _is_scalar(m: Machine, f: Frame, subject: Value) -> bool:
    """Whether a value is surely no collection: a constant, or a datum whose field says that it is a text."""
    if subject.consts and not subject.refs and not subject.unknown:
        return True
    return bool(subject.taints) and m.is_instance(f, subject, of_ref(External("builtins.list"))) is False


def _sequence(m: Machine, f: Frame, pattern: ir.MatchSequence, subject: Value) -> bool | None:
    if _is_scalar(m, f, subject):
        return False
    kinds = {obj.kind for loc in subject.locs() if (obj := f.state.obj(loc)) is not None}
    if kinds and kinds <= {"dict", "set"}:
        return False
    iteration = m.iterate(f, subject, pattern.at)
    stars = [i for i, p in enumerate(pattern.patterns) if isinstance(p, ir.MatchStar)]
    items = iteration.items
    if items is None:
        pairs: list[tuple[ir.Pattern, Value]] = []
        for index, one in enumerate(pattern.patterns):
            if isinstance(one, ir.MatchStar):
                _bind_star(m, f, one, [], iteration.each)
            elif not stars and subject.refs:
                pairs.append((one, m.item(f, subject, of_const(index), one.at)))
            else:
                pairs.append((one, iteration.each))
        return _all(m, f, pairs, None)
    if not stars:
        if len(items) != len(pattern.patterns):
            return False
        return _all(m, f, list(zip(pattern.patterns, items, strict=True)), True)
    head = stars[0]
    tail = len(pattern.patterns) - head - 1
    if len(items) < head + tail:
        return False
    star = pattern.patterns[head]
    assert isinstance(star, ir.MatchStar)
    _bind_star(m, f, star, list(items[head : len(items) - tail]), BOTTOM)
    pairs = list(zip(pattern.patterns[:head], items[:head], strict=True))
    if tail:
        pairs += list(zip(pattern.patterns[-tail:], items[-tail:], strict=True))
    return _all(m, f, pairs, True)


def _bind_star(m: Machine, f: Frame, star: ir.MatchStar, items: list[Value], rest: Value) -> None:
    if star.name is not None:
        m.store(f, star.name, m.sequence(f, star.at, "list", items, rest), star.at)


def _mapping(m: Machine, f: Frame, pattern: ir.MatchMapping, subject: Value) -> bool | None:
    if _is_scalar(m, f, subject):
        return False
    loc = subject.single()
    obj = f.state.obj(loc) if loc is not None else None
    if obj is not None and obj.kind in ("list", "tuple", "set"):
        return False
    exact = obj is not None and obj.kind == "dict" and obj.info == "exact"
    certain: bool | None = True if exact else None
    pairs: list[tuple[ir.Pattern, Value]] = []
    for key_node, one in zip(pattern.keys, pattern.patterns, strict=True):
        key = m.evaluate(f, key_node)
        if exact and obj is not None and key.constant() not in obj.parts:
            return False
        pairs.append((one, m.item(f, subject, key, one.at)))
    if pattern.rest is not None:
        made = m.new(f, pattern.at, Obj("dict", info="exact"), "rest")
        m.call_method(f, made, "update", m.arguments([subject]), pattern.at)
        for key_node in pattern.keys:
            m.delete_item(f, made, m.evaluate(f, key_node), pattern.at)
        m.store(f, pattern.rest, made, pattern.at)
    return _all(m, f, pairs, certain)


def _class(m: Machine, f: Frame, pattern: ir.MatchClass, subject: Value) -> bool | None:
    cls = m.evaluate(f, pattern.cls)
    builtin = isinstance(pattern.cls, ir.Name) and pattern.cls.id in BUILTIN_CLASSES
    certain = _is_instance(m, f, subject, cls, pattern)
    if certain is False:
        return False
    narrowed = subject if builtin else m.narrow_class(f, subject, cls)
    pairs: list[tuple[ir.Pattern, Value]] = []
    if builtin:
        pairs += [(one, subject) for one in pattern.positional]
    elif pattern.positional:
        names = m.match_args(f, cls)
        for index, one in enumerate(pattern.positional):
            if index < len(names):
                pairs.append((one, m.attribute(f, narrowed, names[index], one.at)))
            else:
                pairs.append((one, Value(subject.taints, unknown=True)))
    for name, one in zip(pattern.names, pattern.patterns, strict=True):
        pairs.append((one, m.attribute(f, narrowed, name, one.at)))
    return _all(m, f, pairs, certain)


def _is_instance(m: Machine, f: Frame, subject: Value, cls: Value, pattern: ir.MatchClass) -> bool | None:
    if isinstance(pattern.cls, ir.Name) and pattern.cls.id in BUILTIN_CLASSES:
        constant: Const | None = subject.constant()
        if constant is not None:
            return constant.type == pattern.cls.id
        kinds = {obj.kind for loc in subject.locs() if (obj := f.state.obj(loc)) is not None}
        if subject.refs and not subject.unknown and kinds:
            if kinds == {pattern.cls.id}:
                return True
            if pattern.cls.id not in kinds and kinds <= {"dict", "list", "tuple", "set", "instance"}:
                return False
        return None
    return m.is_instance(f, subject, cls)
