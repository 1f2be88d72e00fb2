"""What statements do to the state, and where control goes.

Paths that leave a block early are kept with their states: ``return`` in the frame, ``break``
and ``continue`` with the innermost loop, exceptions with the innermost ``try``. ``finally``
runs once for each way out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import (
    contexts,
    exits,
    filled,
    patterns,
    raising,
    waiting,
)
from qorgau.flow.facts import NO_FACTS, Fact
from qorgau.flow.loops import run_break, run_continue, run_for, run_while
from qorgau.flow.machine import Frame
from qorgau.flow.state import bottom_like
from qorgau.flow.targets import bind, delete
from qorgau.flow.try_statements import run_try
from qorgau.flow.values import BOTTOM, OPAQUE, UNKNOWN, Value, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def execute(m: Machine, f: Frame, body: Sequence[ir.Stmt]) -> None:
    """Run statements in order until the frame's state is unreachable."""
    mark = len(f.waiting)
    for statement in body:
        if len(f.waiting) > mark:
            waiting.before(m, f, statement, mark)
        if not f.state.reachable:
            m.skipped(f, statement)
            continue
        if f.handlers and m.may_raise(f, statement):
            _run_risky(m, f, statement)
        else:
            EXECUTORS[type(statement)](m, f, statement)
        if m.spent():
            break
    if len(f.waiting) > mark:
        waiting.settle(m, f, mark, body)


def _run_risky(m: Machine, f: Frame, statement: ir.Stmt) -> None:
    """Run a statement that can raise: the state before it goes to the handlers, if anything in it may."""
    before, caught, risks = f.state.copy(), f.handlers[-1], m.risks
    whole = isinstance(statement, ir.If | ir.While | ir.For | ir.With)
    if whole:
        caught.append(before)
    EXECUTORS[type(statement)](m, f, statement)
    if m.risks != risks and not whole:
        caught.append(before)


def _evaluate(m: Machine, f: Frame, node: ir.Evaluate) -> None:
    m.evaluate(f, node.value)


def _assign(m: Machine, f: Frame, node: ir.Assign) -> None:
    waiting.expect(f, node)
    value = _flag(m, f, node, m.evaluate(f, node.value))
    for target in node.targets:
        bind(m, f, target, value)


def _flag(m: Machine, f: Frame, node: ir.Assign, value: Value) -> Value:
    """A truth that is kept in a variable: two tests of the variable come out alike."""
    known = value.unknown or value.consts or value.refs or value.taints or not value.opaque
    if known or value.when_true != NO_FACTS or value.when_false != NO_FACTS:
        return value
    if not isinstance(node.value, ir.Compare | ir.Boolean | ir.Unary | ir.Call):
        return value
    loc = m.fresh(f, node.at, "flag")
    yes, no = (frozenset((Fact("true", loc, None, truth),)) for truth in (True, False))
    return value.with_(when_true=yes, when_false=no)


def _annotated(m: Machine, f: Frame, node: ir.Annotated) -> None:
    if node.value is not None:
        value = filled.opened(m, f, node, m.evaluate(f, node.value))
        bind(m, f, node.target, m.annotated(f, value, node.annotation))
    if isinstance(node.target, ir.Name) and f.kind in ("class", "module"):
        m.declare(f, node.target.id, node.annotation, node.value is not None)


def _augment(m: Machine, f: Frame, node: ir.Augment) -> None:
    target = node.target
    if isinstance(target, ir.Name):
        current = m.load(f, target.id, target.at)
    elif isinstance(target, ir.Attribute):
        current = m.attribute(f, m.evaluate(f, target.value), target.attr, target.at)
    elif isinstance(target, ir.Subscript) and not isinstance(target.index, ir.Slice):
        current = m.item(f, m.evaluate(f, target.value), m.evaluate(f, target.index), target.at)
    else:
        current = UNKNOWN
    value = m.evaluate(f, node.value)
    changed = m.augment(f, node.op, current, value, node.at)
    bind(m, f, target, changed)


def _return(m: Machine, f: Frame, node: ir.Return) -> None:
    value = m.evaluate(f, node.value) if node.value is not None else of_const(None)
    if f.state.reachable:
        f.returns.append((f.state, value))
    f.state = bottom_like(f.state)


def _raise(m: Machine, f: Frame, node: ir.Raise) -> None:
    value = (
        m.evaluate(f, node.exception)
        if node.exception is not None
        else f.state.env.get(raising.HANDLED, BOTTOM)
    )
    if node.cause is not None:
        raising.because(f, value, m.evaluate(f, node.cause))
    if node.exception is not None:
        m.raised(f, value, node.at)
    raising.leave(f, value)


def _assert(m: Machine, f: Frame, node: ir.Assert) -> None:
    yes, no = m.decide(f, node.test)
    if node.message is not None and no.reachable:
        f.state = no
        m.raised(f, m.evaluate(f, node.message), node.at)
        no = f.state
    f.state = no
    raising.leave(f)
    f.state = yes


def _if(m: Machine, f: Frame, node: ir.If) -> None:
    yes, no = m.decide(f, node.test)
    open_ended = yes.reachable and no.reachable
    mark = len(f.yields)
    if not (yes.reachable and no.reachable) and _is_type_checking(node.test):
        # What only a type checker imports is what annotations speak of.
        f.state = no if no.reachable else yes
        unreached = node.orelse if yes.reachable else node.body
        execute(
            m, f, [statement for statement in unreached if isinstance(statement, ir.Import | ir.ImportFrom)]
        )
        yes, no = (yes, f.state) if no.reachable else (f.state, no)
    f.state = yes
    execute(m, f, node.body)
    after = f.state
    f.state = no
    execute(m, f, node.orelse)
    f.state = m.join_states(after, f.state)
    if open_ended and len(f.yields) != mark:
        f.yields_exact = False


def _is_type_checking(test: ir.Expr) -> bool:
    if isinstance(test, ir.Unary) and test.op == "not":
        return _is_type_checking(test.operand)
    name = test.attr if isinstance(test, ir.Attribute) else test.id if isinstance(test, ir.Name) else ""
    return name == "TYPE_CHECKING"


def _with(m: Machine, f: Frame, node: ir.With) -> None:
    _with_items(m, f, node, 0)


def _with_items(m: Machine, f: Frame, node: ir.With, index: int) -> None:
    """Enter the managers from ``index`` on, run the block, leave them."""
    if index == len(node.items):
        execute(m, f, node.body)
        return
    item = node.items[index]
    before = f.state.facts
    context = m.evaluate(f, item.context)
    value, token = m.enter(f, context, item.context.at)
    token = contexts.inside(token, f.state.facts - before)
    if item.target is not None:
        bind(m, f, item.target, value)

    def leave(failed: bool = False) -> None:
        m.leave(f, context, token, node.at, failed)

    if token.swallows or contexts.acts(m, f, context, node.at):
        swallows = token.swallows
        exits.guarded(
            m, f, lambda: _with_items(m, f, node, index + 1), leave, swallows=swallows, quiet=not swallows
        )
    else:
        _with_items(m, f, node, index + 1)
        leave()


def _define(m: Machine, f: Frame, node: ir.Define) -> None:
    m.store(f, node.function.name, m.function(f, node.function, decorate=True), node.at)


def _class(m: Machine, f: Frame, node: ir.Class) -> None:
    m.store(f, node.name, m.define_class(f, node), node.at)


def _import(m: Machine, f: Frame, node: ir.Import) -> None:
    for name in node.names:
        module = m.import_module(f, name.name)
        if not module.locs():
            m.risk()
        if name.asname is not None:
            m.store(f, name.asname, module, node.at)
        else:
            top = name.name.partition(".")[0]
            m.store(f, top, m.import_module(f, top), node.at)


def _import_from(m: Machine, f: Frame, node: ir.ImportFrom) -> None:
    dotted = f.unit.absolute(node.module, node.level)
    if not dotted:
        _import_siblings(m, f, node)
        return
    if not m.import_module(f, dotted).locs():
        m.risk()
    for name in node.names:
        if name.name == "*":
            m.import_star(f, dotted, node.at)
        else:
            m.store(f, name.asname or name.name, m.import_name(f, dotted, name.name, node.at), node.at)


def _import_siblings(m: Machine, f: Frame, node: ir.ImportFrom) -> None:
    """``from . import b`` at the top of what is scanned, which may be a part of a package."""
    for name in node.names:
        if name.name != "*":
            m.store(f, name.asname or name.name, m.import_module(f, name.name), node.at)


def _nothing(m: Machine, f: Frame, node: ir.Stmt) -> None:
    """``pass``, and declarations that were taken in when the function was lowered."""


def _type_alias(m: Machine, f: Frame, node: ir.TypeAliasing) -> None:
    m.store(f, node.name, OPAQUE, node.at)


def _match(m: Machine, f: Frame, node: ir.Match) -> None:
    subject = m.evaluate(f, node.subject)
    mark = len(f.yields)
    # No case matched so far; or the last one did, but its guard refused.
    missed, refused = f.state, bottom_like(f.state)
    after = bottom_like(f.state)
    for case, before in zip(node.cases, (None, *node.cases), strict=False):
        again = before is not None and patterns.alike(case.pattern, before.pattern)
        if not again:
            missed, refused = m.join_states(missed, refused), bottom_like(missed)
        # Only what a guard refused matches the pattern before that guard once more.
        f.state = (refused if again else missed).copy()
        if not f.state.reachable:
            continue
        yes, no = patterns.match(m, f, case.pattern, subject, node.subject)
        missed, refused = m.join_states(missed, no) if again else no, bottom_like(no)
        if case.guard is not None and yes.reachable:
            f.state = yes
            yes, refused = m.decide(f, case.guard)
        f.state = yes
        execute(m, f, case.body)
        after = m.join_states(after, f.state)
    f.state = m.join_states(after, m.join_states(missed, refused))
    if len(f.yields) != mark:
        f.yields_exact = False


def _unknown(m: Machine, f: Frame, node: ir.Unknown) -> None:
    m.count(f"unknown construct {node.construct}")
    execute(m, f, node.body)


EXECUTORS: dict[type, Callable[..., None]] = {
    ir.Evaluate: _evaluate,
    ir.Assign: _assign,
    ir.Annotated: _annotated,
    ir.Augment: _augment,
    ir.Delete: delete,
    ir.Return: _return,
    ir.Raise: _raise,
    ir.Assert: _assert,
    ir.If: _if,
    ir.While: run_while,
    ir.For: run_for,
    ir.Try: run_try,
    ir.With: _with,
    ir.Define: _define,
    ir.Class: _class,
    ir.Import: _import,
    ir.ImportFrom: _import_from,
    ir.Global: _nothing,
    ir.Nonlocal: _nothing,
    ir.Pass: _nothing,
    ir.Break: run_break,
    ir.Continue: run_continue,
    ir.TypeAliasing: _type_alias,
    ir.Match: _match,
    ir.Unknown: _unknown,
}
