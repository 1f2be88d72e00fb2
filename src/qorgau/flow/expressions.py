"""What expressions evaluate to, and what their evaluation does to the state.

One function a construct; ``EVALUATORS`` finds it by the node's type. Conditions refine the
state: ``decide`` gives the state in which a test came out true and the one in which it was false.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau import ir
from qorgau.flow import (
    containers,
    inheritance,
    keys,
    masks,
    operators,
    origins,
    raising,
    started,
    texts,
    versions,
)
from qorgau.flow.constants import Const
from qorgau.flow.facts import Fact, Facts, common_facts
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Frame
from qorgau.flow.state import State, age, bottom_like
from qorgau.flow.taints import NO_TAINTS
from qorgau.flow.values import (
    BOTTOM,
    NO_REFS,
    OPAQUE,
    UNKNOWN,
    External,
    Refs,
    Value,
    join,
    of_const,
    of_ref,
    stamp,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

ABSENT = frozenset(("isna", "isnull", "isnan"))
PRESENT = frozenset(("notna", "notnull"))
"""Functions of libraries that tell whether a value is there at all."""

TEXTUAL = frozenset(("+", "%"))
"""Operators that put texts together, besides what they do with numbers."""

MAX_UNROLLED = 16
"""Iterables with more known items than this are analysed as a loop."""


def evaluate(m: Machine, f: Frame, node: ir.Expr) -> Value:
    """The value of an expression in the frame's state, which it may change."""
    return EVALUATORS[type(node)](m, f, node)


def restrict(value: Value, truth: bool, *, lasting: bool = True) -> Value:
    """The alternatives of a value that have the given truth. Monotone.

    What is false holds no datum: an empty text or None carries nothing.
    """
    consts = value.constants_where(lambda constant: _may_be(constant, truth))
    # The truth of an unknown object is a fact of the moment; that of anything else stays.
    lasting = lasting or not value.unknown or value.single() is None
    if truth:
        return value.with_(consts=consts, when_false=None if lasting else value.when_false)
    refs: Refs = {ref: held for ref, held in value.refs.items() if isinstance(ref, Loc)}
    never = None if lasting else value.when_true
    return value.with_(consts=consts, taints=NO_TAINTS, refs=refs, when_true=never)


def _may_be(constant: Const, truth: bool) -> bool:
    value = constant.value
    if isinstance(value, str) and "\0" in value:
        return True
    return bool(value) is truth


def truth_facts(m: Machine, f: Frame, value: Value, truth: bool) -> Facts | None:
    """The facts that hold when ``value`` has the given truth; None when it can't have it."""
    facts = value.when_true if truth else value.when_false
    if facts is None:
        return None
    if not (value.unknown or value.opaque or value.taints) and (value.consts or value.refs):
        never = _always_false if truth else _always_true
        agreeing: list[Facts] = [held for c, held in value.consts.items() if _may_be(c, truth)]
        agreeing += [held for ref, held in value.refs.items() if not never(f, ref)]
        if not agreeing:
            return None
        common = agreeing[0]
        for held in agreeing[1:]:
            common = common_facts(common, held)
        facts = facts | common
    loc = value.single()
    if loc is not None and value.unknown:
        facts = facts | {Fact("true", loc, versions.of(f.state, loc), truth)}
    return facts


def _always_true(f: Frame, ref: object) -> bool:
    if not isinstance(ref, Loc):
        return True
    obj = f.state.obj(ref)
    if obj is None:
        return False
    if obj.kind in ("function", "class", "module") or keys.is_member(ref):
        return True
    if obj.kind == "instance" and obj.cls is not None:
        return _is_plain(f, obj.cls)
    if obj.kind in ("list", "tuple", "dict", "set") and not ref.old:
        if obj.length:
            return True
        return obj.kind == "dict" and obj.info == "exact" and bool(obj.parts)
    return False


def _is_plain(f: Frame, cls: Loc) -> bool:
    """Whether objects of a class are true: neither it nor a library decides that."""
    obj = f.state.obj(cls)
    info = obj.info if obj is not None else None
    if not isinstance(info, ClassInfo) or info.opaque_base or info.libraries:
        return False
    bases = [f.state.obj(base) for base in info.order]
    return not any(base is None or name in base.parts for base in bases for name in ("__bool__", "__len__"))


def _always_false(f: Frame, ref: object) -> bool:
    if not isinstance(ref, Loc) or ref.old:
        return False
    obj = f.state.obj(ref)
    if obj is None or not obj.rest.is_bottom:
        return False
    if obj.kind in ("list", "tuple"):
        return obj.length == 0
    return obj.kind == "dict" and obj.info == "exact" and not obj.parts


def with_facts(state: State, facts: Facts | None) -> State:
    """The state once these facts are known to hold; unreachable where they can't."""
    result = state.copy()
    if facts is None or any(new.contradicts(old) for new in facts for old in state.facts):
        result.reachable = False
        return result
    result.facts = state.facts | facts
    return result


def asked(m: Machine, f: Frame, value: Value, at: int) -> Value:
    """What tells the truth of a value: for an object of the project what its ``__bool__`` or ``__len__`` gives."""
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    if loc is None or obj is None or obj.kind != "instance" or obj.cls is None or value.unknown:
        return value
    for name in ("__bool__", "__len__"):
        found = inheritance.class_part(m, f, obj.cls, name)
        if found is not None:
            return m.call(f, inheritance.bind(m, f, found, value, at), Args(), at)
    return value


def decide(m: Machine, f: Frame, node: ir.Expr) -> tuple[State, State]:
    """The states after a test: where it came out true, and where it came out false."""
    if isinstance(node, ir.Unary) and node.op == "not":
        yes, no = decide(m, f, node.operand)
        return no, yes
    if isinstance(node, ir.Boolean):
        stops: list[State] = []
        for operand in node.operands[:-1]:
            yes, no = decide(m, f, operand)
            f.state, stop = (yes, no) if node.op == "and" else (no, yes)
            stops.append(stop)
        yes, no = decide(m, f, node.operands[-1])
        for stop in stops:
            if node.op == "and":
                no = m.join_states(no, stop)
            else:
                yes = m.join_states(yes, stop)
        return yes, no
    value = m.evaluate(f, node)
    m.compared(f, value)
    value = asked(m, f, value, node.at)
    yes = with_facts(f.state, truth_facts(m, f, value, True))
    no = with_facts(f.state, truth_facts(m, f, value, False))
    yes.reachable = yes.reachable and f.state.reachable
    no.reachable = no.reachable and f.state.reachable
    _refine(m, f, node, yes, no)
    return yes, no


def _refine(m: Machine, f: Frame, node: ir.Expr, yes: State, no: State) -> None:
    """Narrow the variable that a test speaks of, in each outcome."""
    state = f.state
    if isinstance(node, ir.Walrus):
        node = ir.Name(node.at, node.target)
    if isinstance(node, ir.Name):
        for outcome, truth in ((yes, True), (no, False)):
            if outcome.reachable:
                f.state = outcome
                value = m.peek(f, node.id)
                if value is not None:
                    m.poke(f, node.id, restrict(value, truth, lasting=False))
    elif isinstance(node, ir.Compare) and len(node.ops) == 1 and isinstance(node.left, ir.Name):
        f.state = state
        value = m.peek(f, node.left.id)
        if value is None:
            return
        right = m.evaluate(f, node.rights[0])
        for outcome, truth in ((yes, True), (no, False)):
            if outcome.reachable:
                narrowed = operators.narrow(value, node.ops[0], right, truth)
                if value.taints and node.ops[0] in ("in", "not in") and truth is (node.ops[0] == "in"):
                    if keys.are_constants(m, f, right):
                        narrowed = value.with_(taints=NO_TAINTS)
                if node.ops[0] in ("in", "not in") and (test := masks.test_of(right)):
                    narrowed = masks.of_character(m, value, test, truth is (node.ops[0] == "in"))
                if narrowed is not value:
                    f.state = outcome
                    m.poke(f, node.left.id, narrowed)
    elif (
        isinstance(node, ir.Call)
        and len(node.arguments) == 1
        and isinstance(node.arguments[0].value, ir.Name)
    ):
        _refine_absence(m, f, node, node.arguments[0].value.id, yes, no)
    elif isinstance(node, ir.Call) and isinstance(node.function, ir.Name) and len(node.arguments) == 2:
        if node.function.id == "isinstance" and isinstance(node.arguments[0].value, ir.Name):
            name = node.arguments[0].value.id
            f.state = state
            value = m.peek(f, name)
            if value is not None:
                cls = m.evaluate(f, node.arguments[1].value)
                for outcome, truth in ((yes, True), (no, False)):
                    if outcome.reachable:
                        f.state = outcome
                        m.poke(f, name, m.narrow_class(f, value, cls, truth))
    elif (
        isinstance(node, ir.Call)
        and isinstance(node.function, ir.Attribute)
        and node.function.attr in masks.TESTED
        and isinstance(node.function.value, ir.Name)
    ):
        name = node.function.value.id
        f.state = state
        value = m.peek(f, name)
        for outcome, truth in ((yes, True), (no, False)):
            if value is not None and value.taints and outcome.reachable:
                f.state = outcome
                m.poke(f, name, masks.of_character(m, value, node.function.attr, truth))
    f.state = state


def _refine_absence(m: Machine, f: Frame, node: ir.Call, name: str, yes: State, no: State) -> None:
    """``pd.isna(x)``, ``math.isnan(x)``: a value that is absent holds no datum."""
    last = node.function.attr if isinstance(node.function, ir.Attribute) else getattr(node.function, "id", "")
    if last not in ABSENT and last not in PRESENT:
        return
    f.state = yes
    if not any(isinstance(ref, External) for ref in m.evaluate(f, node.function).refs):
        return
    absent = yes if last in ABSENT else no
    if absent.reachable:
        f.state = absent
        value = m.peek(f, name)
        if value is not None:
            m.poke(f, name, value.with_(taints=NO_TAINTS, refs=NO_REFS, unknown=False, opaque=True))


def meet(m: Machine, f: Frame, outcomes: list[tuple[State, Value]]) -> Value:
    """Join paths that end in a value each; the frame goes on in the joined state."""
    live = [(state, value) for state, value in outcomes if state.reachable]
    if not live:
        f.state = bottom_like(outcomes[0][0])
        return BOTTOM
    common = live[0][0].facts
    for state, _ in live[1:]:
        common = common_facts(common, state.facts)
    result = BOTTOM
    joined = live[0][0]
    for index, (state, value) in enumerate(live):
        result = join(result, stamp(value, state.facts - common) if len(live) > 1 else value)
        if index:
            joined = m.join_states(joined, state)
    f.state = joined
    return result


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
    return m.item(f, value, key, node.at)


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
            if items.items is not None and args.star is BOTTOM:
                for item in items.items:
                    args.ats[len(args.positional)] = at
                    args.positional.append(item)
            else:
                args.star = join(args.star, items.each)
        elif argument.star == "**":
            exact = m.exact_dict(f, value)
            if exact is None:
                args.double.append(value)
            else:
                for name, part in exact.items():
                    args.keywords[name] = part
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
        return result
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
            _refine(m, f, operand, yes[0], no[0])
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
        one = operators.compare(m, f, op, left, right, node.at)
        if result is None:
            result = one
        elif result.when_true is None or one.when_true is None:
            result = of_const(False)
        else:
            result = Value(opaque=True, when_true=result.when_true | one.when_true)
        left = right
    assert result is not None
    return result


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


def _comprehension(m: Machine, f: Frame, node: ir.Comprehension) -> Value:
    kind = {"generator": "generator"}.get(node.kind, node.kind)
    made = m.new(f, node.at, Obj(kind, length=0, info="exact" if kind == "dict" else None))
    loc = made.locs()[0]
    saved = {name: f.state.env.get(name) for clause in node.clauses for name in _names(clause.target)}
    frame = f.state.obj(f.loc) if f.loc is not None and f.kind == "function" else None
    shared: dict[Key, Value] = {}
    if frame is not None:
        shared.update((name, frame.parts[name]) for name in saved if name in frame.parts)
    _clauses(m, f, node, loc, 0, True)
    if shared and f.loc is not None and f.state.reachable:
        after = m.obj(f, f.loc)
        f.state.heap[f.loc] = replace(after, parts={**after.parts, **shared})
    for name, value in saved.items():
        if value is None:
            f.state.env.pop(name, None)
        else:
            f.state.env[name] = value
    return made


def _names(target: ir.Expr) -> list[str]:
    if isinstance(target, ir.Name):
        return [target.id]
    if isinstance(target, ir.Starred):
        return _names(target.value)
    if isinstance(target, ir.Sequence):
        return [name for element in target.elements for name in _names(element)]
    return []


def _clauses(m: Machine, f: Frame, node: ir.Comprehension, loc: Loc, depth: int, exact: bool) -> None:
    """Run the clauses from ``depth`` on and add what they give to the result at ``loc``."""
    if depth == len(node.clauses):
        _collect(m, f, node, loc, exact)
        return
    clause = node.clauses[depth]
    iteration = m.iterate(f, m.evaluate(f, clause.iterable), clause.iterable.at)
    if iteration.items is not None and len(iteration.items) <= MAX_UNROLLED:
        passes = f.passes
        for index, item in enumerate(iteration.items):
            f.passes = (*passes, index)
            _pass(m, f, node, clause, item, loc, depth, exact)
        f.passes = passes
        return
    if iteration.each.is_bottom:
        return
    before = f.state.copy()
    mark = len(m.made)
    _pass(m, f, node, clause, iteration.each, loc, depth, False)
    f.state = m.join_states(before, age(f.state, m.made[mark:], before))


def _pass(
    m: Machine,
    f: Frame,
    node: ir.Comprehension,
    clause: ir.Clause,
    item: Value,
    loc: Loc,
    depth: int,
    exact: bool,
) -> None:
    m.bind_local(f, clause.target, item)
    skipped: list[State] = []
    for test in clause.tests:
        yes, no = m.decide(f, test)
        skipped.append(no)
        f.state = yes
        if no.reachable:
            exact = False
        if not yes.reachable:
            break
    if f.state.reachable:
        _clauses(m, f, node, loc, depth + 1, exact)
    for state in skipped:
        f.state = m.join_states(f.state, state)


def _collect(m: Machine, f: Frame, node: ir.Comprehension, loc: Loc, exact: bool) -> None:
    result = of_ref(loc)
    outer = f.state.facts
    if node.key is not None:
        key = m.evaluate(f, node.key)
        value = m.evaluate(f, node.element)
        obj = f.state.obj(loc)
        m.set_item(f, result, key, value if exact else stamp(value, outer), node.element.at)
        if not exact and obj is not None:
            after = f.state.obj(loc)
            if after is not None:
                m.write(f, loc, replace(after, info=None), strong=True)
        return
    value = m.evaluate(f, node.element)
    m.append(f, result, value if exact else stamp(value, outer), exact=exact)


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
    ir.Comprehension: _comprehension,
    ir.Formatted: _formatted,
    ir.Joined: _joined,
    ir.Await: _await,
    ir.Yield: _yield,
    ir.YieldFrom: _yield_from,
    ir.Walrus: _walrus,
    ir.Lambda: _lambda,
    ir.Opaque: _opaque,
}
