"""What expressions evaluate to, and what their evaluation does to the state.

One function a construct; ``EVALUATORS`` finds it by the node's type. Conditions refine the
state: ``decide`` gives the state in which a test came out true and the one in which it was false.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import (
    comparisons,
    containers,
    mappings,
    neighbours,
    operators,
    origins,
    raising,
    started,
    texts,
    trials,
)
from qorgau.flow.branches import asked, meet, refine, restrict, truth_facts, with_facts
from qorgau.flow.comprehensions import comprehension
from qorgau.flow.facts import NO_FACTS
from qorgau.flow.heap import Obj
from qorgau.flow.machine import Args, Frame
from qorgau.flow.state import State
from qorgau.flow.values import (
    BOTTOM,
    OPAQUE,
    UNKNOWN,
    External,
    Value,
    join,
    of_const,
    of_ref,
    stamp,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


TEXTUAL = frozenset(("+", "%"))
"""Operators that put texts together, besides what they do with numbers."""


def evaluate(m: Machine, f: Frame, node: ir.Expr) -> Value:
    """The value of an expression in the frame's state, which it may change."""
    return EVALUATORS[type(node)](m, f, node)


# One function a construct


def _const(m: Machine, f: Frame, node: ir.Const) -> Value:
    return of_const(node.value)


def _name(m: Machine, f: Frame, node: ir.Name) -> Value:
    return m.load(f, node.id, node.at)


def _attribute(m: Machine, f: Frame, node: ir.Attribute) -> Value:
    value = m.evaluate(f, node.value)
    if f.handlers and value.consts and (known := value.constant()) is not None and known.value is None:
        return raising.fail(f, "AttributeError")
    return m.attribute(f, value, node.attr, node.at)


def _subscript(m: Machine, f: Frame, node: ir.Subscript) -> Value:
    value = m.evaluate(f, node.value)
    if isinstance(node.index, ir.Slice):
        bounds = [
            m.evaluate(f, part) if part is not None else None
            for part in (node.index.lower, node.index.upper, node.index.step)
        ]
        return m.slice(f, value, bounds, node.at)
    key = m.evaluate(f, node.index)
    present = containers.holds(m, f, value, key)
    if present is None:
        m.risk()
    elif not present and f.handlers:
        return raising.fail(f, containers.absence(f, value))
    return neighbours.beside(f, node.index, key, m.item(f, value, key, node.at))


def _slice(m: Machine, f: Frame, node: ir.Slice) -> Value:
    """A slice among others (``table.loc[:, "name"]``): a bare ``:`` means everything."""
    bounded = any(part is not None for part in (node.lower, node.upper, node.step))
    for part in (node.lower, node.upper, node.step):
        if part is not None:
            m.evaluate(f, part)
    return OPAQUE if bounded else of_ref(External("builtins.slice"))


def arguments(m: Machine, f: Frame, node: ir.Call) -> Args:
    """The evaluated arguments of a call; stars with known items are spread."""
    args = Args()
    for argument in node.arguments:
        value = m.evaluate(f, argument.value)
        at = argument.value.at
        if argument.star == "*":
            items = m.iterate(f, value, at)
            known = items.items if items.items is not None else containers.leading(f, value)
            if args.star is BOTTOM:
                for item in known:
                    args.ats[len(args.positional)] = at
                    args.positional.append(item)
            if items.items is None or args.star is not BOTTOM:
                args.star = join(args.star, items.each)
        elif argument.star == "**":
            value = mappings.as_dict(m, f, value, at)
            exact = m.exact_dict(f, value)
            if exact is None:
                args.double.append(value)
            else:
                for name, part in exact.items():
                    args.keywords[name] = containers.perhaps(f, value, name, part)
                    args.ats[name] = at
        elif argument.keyword is not None:
            args.keywords[argument.keyword] = value
            args.ats[argument.keyword] = at
        else:
            if args.star is not BOTTOM:
                args.star = join(args.star, value)
            else:
                args.ats[len(args.positional)] = at
                args.positional.append(value)
    return args


def _call(m: Machine, f: Frame, node: ir.Call) -> Value:
    function = node.function
    if isinstance(function, ir.Attribute):
        receiver = m.evaluate(f, function.value)
        args = arguments(m, f, node)
        result = m.call_method(f, receiver, function.attr, args, node.at)
        m.called(f, node, receiver, args)
        return trials.joined(m, f, node, result) if function.attr == "join" else result
    callee = m.evaluate(f, function)
    return m.call(f, callee, arguments(m, f, node), node.at)


def _binary(m: Machine, f: Frame, node: ir.Binary) -> Value:
    left = m.evaluate(f, node.left)
    right = m.evaluate(f, node.right)
    if not operators.is_sure(left, right):
        m.risk()
    elif operators.divides_by_zero(node.op, left, right):
        return raising.fail(f, "ZeroDivisionError")
    if node.op not in TEXTUAL:
        m.calculated(f, left)
        m.calculated(f, right)
    made = operators.binary(m, f, node.op, left, right, node.at)
    return origins.kept(m, f, made, (left, right), node.at) if made.unknown and not made.refs else made


def _unary(m: Machine, f: Frame, node: ir.Unary) -> Value:
    value = m.evaluate(f, node.operand)
    if node.op == "not":
        value = asked(m, f, value, node.at)
        yes, no = truth_facts(m, f, value, True), truth_facts(m, f, value, False)
        if yes is None and no is not None:
            return stamp(of_const(True), no)
        if no is None and yes is not None:
            return stamp(of_const(False), yes)
        return Value(opaque=True, when_true=no, when_false=yes)
    return operators.unary(m, f, node.op, value, node.at)


def _boolean(m: Machine, f: Frame, node: ir.Boolean) -> Value:
    stop_truth = node.op == "or"
    outcomes: list[tuple[State, Value]] = []
    for operand in node.operands[:-1]:
        if isinstance(operand, ir.Boolean | ir.Unary):
            yes, no = _decided(m, f, operand)
        else:
            value = m.evaluate(f, operand)
            told = asked(m, f, value, operand.at)
            before = f.state
            yes = (with_facts(before, truth_facts(m, f, told, True)), restrict(value, True))
            no = (with_facts(before, truth_facts(m, f, told, False)), restrict(value, False))
            refine(m, f, operand, yes[0], no[0])
        stop, go = (yes, no) if stop_truth else (no, yes)
        outcomes.append(stop)
        f.state = go[0]
        if not f.state.reachable:
            return meet(m, f, outcomes)
    value = m.evaluate(f, node.operands[-1])
    outcomes.append((f.state, value))
    return meet(m, f, outcomes)


def _decided(m: Machine, f: Frame, node: ir.Expr) -> tuple[tuple[State, Value], tuple[State, Value]]:
    """A nested ``and``/``or``/``not`` as an operand: its value where true and where false."""
    value = m.evaluate(f, node)
    before = f.state
    yes = with_facts(before, truth_facts(m, f, value, True))
    no = with_facts(before, truth_facts(m, f, value, False))
    return (yes, restrict(value, True)), (no, restrict(value, False))


def _compare(m: Machine, f: Frame, node: ir.Compare) -> Value:
    left = m.evaluate(f, node.left)
    result: Value | None = None
    for op, operand in zip(node.ops, node.rights, strict=True):
        right = m.evaluate(f, operand)
        m.compared(f, left)
        m.compared(f, right)
        one = comparisons.compare(m, f, op, left, right, node.at)
        result = one if result is None else _both(result, one)
        left = right
    assert result is not None
    return result


def _both(first: Value, second: Value) -> Value:
    """The truth of a chain of comparisons: all of them hold."""
    if first.when_true is None or second.when_true is None:
        return of_const(False)
    false = NO_FACTS
    if first.when_false is None or second.when_false is None:
        # One of them is never false, so that it is the other that decides.
        other = second.when_false if first.when_false is None else first.when_false
        if other is None:
            return of_const(True)
        false = other
    return Value(opaque=True, when_true=first.when_true | second.when_true, when_false=false)


def _conditional(m: Machine, f: Frame, node: ir.Conditional) -> Value:
    yes, no = m.decide(f, node.test)
    outcomes: list[tuple[State, Value]] = []
    for state, branch in ((yes, node.body), (no, node.orelse)):
        if state.reachable:
            f.state = state
            outcomes.append((state, m.evaluate(f, branch)))
            outcomes[-1] = (f.state, outcomes[-1][1])
    if not outcomes:
        f.state = yes
        return BOTTOM
    return meet(m, f, outcomes)


def _starred(m: Machine, f: Frame, node: ir.Starred) -> Value:
    return m.evaluate(f, node.value)


def _sequence(m: Machine, f: Frame, node: ir.Sequence) -> Value:
    items: list[Value] = []
    rest = BOTTOM
    for element in node.elements:
        if isinstance(element, ir.Starred):
            spread = m.iterate(f, m.evaluate(f, element.value), element.at)
            if spread.items is None or not rest.is_bottom:
                rest = join(rest, spread.each)
            else:
                items.extend(spread.items)
        else:
            value = m.evaluate(f, element)
            if rest.is_bottom:
                items.append(value)
            else:
                rest = join(rest, value)
    if node.kind == "set":
        for item in items:
            m.hashed(f, item, node.at)
    return m.sequence(f, node.at, node.kind, items, rest)


def _dict(m: Machine, f: Frame, node: ir.Dict) -> Value:
    made = m.new(f, node.at, Obj("dict", info="exact"))
    for item in node.items:
        value = m.evaluate(f, item.value)
        if item.key is None:
            m.call_method(f, made, "update", Args([value]), node.at)
        else:
            m.set_item(f, made, m.evaluate(f, item.key), value, item.value.at)
    return made


def _joined(m: Machine, f: Frame, node: ir.Joined) -> Value:
    parts: list[Value] = []
    whole: list[Value] = []
    for part in node.parts:
        if isinstance(part, ir.Formatted):
            value = m.evaluate(f, part.value)
            spec = m.evaluate(f, part.spec) if part.spec is not None else of_const("")
            parts.append(m.formatted(f, value, spec, part.at, conversion=part.conversion))
            whole.append(value)
        else:
            parts.append(m.evaluate(f, part))
            whole.append(parts[-1])
    return origins.kept(m, f, texts.concat(parts, whole), whole, node.at)


def _formatted(m: Machine, f: Frame, node: ir.Formatted) -> Value:
    return m.text(f, m.evaluate(f, node.value), node.at)


def _await(m: Machine, f: Frame, node: ir.Await) -> Value:
    before = len(f.started)
    outer, f.awaiting = f.awaiting, node.value.at
    value = m.evaluate(f, node.value)
    f.awaiting = outer
    if f.started:
        started.awaited(m, f, value, before)
    return m.awaited(f, value, node.at)


def _yield(m: Machine, f: Frame, node: ir.Yield) -> Value:
    value = m.evaluate(f, node.value) if node.value is not None else of_const(None)
    return m.at_yield(f, value)


def _yield_from(m: Machine, f: Frame, node: ir.YieldFrom) -> Value:
    value = m.evaluate(f, node.value)
    delegated = m.at_delegation(f, value, node.at)
    if delegated is not None:
        return delegated
    iteration = m.iterate(f, value, node.at)
    if iteration.items is not None:
        for item in iteration.items:
            m.at_yield(f, item)
    else:
        m.yielded(f, iteration.each, many=True)
    return m.generator_result(f, value)


def _walrus(m: Machine, f: Frame, node: ir.Walrus) -> Value:
    value = m.evaluate(f, node.value)
    m.store(f, node.target, value, node.at)
    return m.load(f, node.target, node.at)


def _lambda(m: Machine, f: Frame, node: ir.Lambda) -> Value:
    return m.function(f, node.function, decorate=False)


def _opaque(m: Machine, f: Frame, node: ir.Opaque) -> Value:
    value = UNKNOWN if node.construct not in ("Integer", "Imaginary") else OPAQUE
    for part in node.parts:
        value = join(value, m.evaluate(f, part))
    return value


EVALUATORS: dict[type, Callable[..., Value]] = {
    ir.Const: _const,
    ir.Name: _name,
    ir.Attribute: _attribute,
    ir.Subscript: _subscript,
    ir.Slice: _slice,
    ir.Call: _call,
    ir.Binary: _binary,
    ir.Unary: _unary,
    ir.Boolean: _boolean,
    ir.Compare: _compare,
    ir.Conditional: _conditional,
    ir.Starred: _starred,
    ir.Sequence: _sequence,
    ir.Dict: _dict,
    ir.Comprehension: comprehension,
    ir.Formatted: _formatted,
    ir.Joined: _joined,
    ir.Await: _await,
    ir.Yield: _yield,
    ir.YieldFrom: _yield_from,
    ir.Walrus: _walrus,
    ir.Lambda: _lambda,
    ir.Opaque: _opaque,
}
