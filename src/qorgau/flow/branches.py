"""The truth of values, and the states after a test: where it came out true, and where it came out false."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import (
    comparisons,
    inheritance,
    keys,
    masks,
    versions,
)
from qorgau.flow.constants import Const
from qorgau.flow.facts import Fact, Facts, common_facts
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Frame
from qorgau.flow.state import State, bottom_like
from qorgau.flow.taints import NO_TAINTS
from qorgau.flow.values import (
    BOTTOM,
    NO_REFS,
    External,
    Refs,
    Value,
    join,
    of_ref,
    stamp,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


ABSENT = frozenset(("isna", "isnull", "isnan"))
PRESENT = frozenset(("notna", "notnull"))
"""Functions of libraries that tell whether a value is there at all."""


def restrict(value: Value, truth: bool, *, lasting: bool = True) -> Value:
    """The alternatives of a value that have the given truth. Monotone.

    What is false holds no datum: an empty text or None carries nothing.
    """
    consts = value.constants_where(lambda constant: _may_be(constant, truth))
    # The truth of an object is a fact of the moment (a list may be emptied); that of anything else stays.
    told = value.single() is not None if value.unknown else any(isinstance(ref, Loc) for ref in value.refs)
    lasting = lasting or not told
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
    refine(m, f, node, yes, no)
    return yes, no


def narrow_variable(
    m: Machine, f: Frame, name: str, yes: State, no: State, narrowed: Callable[[Value, bool], Value]
) -> None:
    """What is left of a variable in each outcome of a test, by its value and the truth of the test."""
    for outcome, truth in ((yes, True), (no, False)):
        if outcome.reachable:
            f.state = outcome
            value = m.peek(f, name)
            if value is not None:
                m.poke(f, name, narrowed(value, truth))


def refine(m: Machine, f: Frame, node: ir.Expr, yes: State, no: State) -> None:
    """Narrow the variable that a test speaks of, in each outcome."""
    state = f.state
    if isinstance(node, ir.Walrus):
        node = ir.Name(node.at, node.target)
    if isinstance(node, ir.Name):
        narrow_variable(m, f, node.id, yes, no, lambda value, truth: restrict(value, truth, lasting=False))
    elif isinstance(node, ir.Compare) and len(node.ops) == 1 and (name := _named(node.left)):
        f.state = state
        value = m.peek(f, name)
        if value is None:
            return
        right = m.evaluate(f, node.rights[0])
        for outcome, truth in ((yes, True), (no, False)):
            if outcome.reachable:
                narrowed = comparisons.narrow(value, node.ops[0], right, truth)
                if node.ops[0] in ("in", "not in") and truth is (node.ops[0] == "in"):
                    narrowed = _listed(m, f, value, right)
                if node.ops[0] in ("in", "not in") and (test := masks.test_of(right)):
                    narrowed = masks.of_character(m, value, test, truth is (node.ops[0] == "in"))
                if narrowed is not value:
                    f.state = outcome
                    m.poke(f, name, narrowed)
    elif isinstance(node, ir.Compare) and node.ops in (("in",), ("not in",)):
        if isinstance(node.left, ir.Attribute) and isinstance(node.left.value, ir.Name):
            f.state = state
            _refine_part(m, f, node, node.left, yes, no)
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


def _listed(m: Machine, f: Frame, value: Value, right: Value) -> Value:
    """What is one of the constants that the program lists: none of a person's data, and no other text."""
    if value.unknown and (texts := keys.texts_among(m, f, right)) is not None:
        return texts
    return value.with_(taints=NO_TAINTS) if value.taints and keys.are_constants(m, f, right) else value


def _refine_part(m: Machine, f: Frame, node: ir.Compare, left: ir.Attribute, yes: State, no: State) -> None:
    """``if column.name in SHOWN:`` narrows the attribute of something of which nothing else is known."""
    loc = m.evaluate(f, left.value).single()
    listed = yes if node.ops[0] == "in" else no
    if loc is None or not listed.reachable:
        return
    obj = listed.obj(loc) or Obj("unknown")
    if obj.kind != "unknown" or obj.cls is not None:
        return
    value = m.attribute(f, of_ref(loc, unknown=True), left.attr, left.at)
    narrowed = _listed(m, f, value, m.evaluate(f, node.rights[0]))
    if narrowed is not value:
        listed.heap[loc] = obj.put(left.attr, narrowed)


def _named(node: ir.Expr) -> str:
    """The variable that an expression is, or that it has just bound; empty for none."""
    if isinstance(node, ir.Walrus):
        return node.target
    return node.id if isinstance(node, ir.Name) else ""


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
