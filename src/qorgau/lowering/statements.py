"""Statements other than definitions and ``match``."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from qorgau import ir
from qorgau.lowering.expressions import EXPRESSIONS, expression, optional, target
from qorgau.lowering.functions import STATEMENTS, suite
from qorgau.lowering.operators import AUGMENTED
from qorgau.lowering.state import Lowering

LONG_ELIF = 100
"""Branches of one ``if`` from which it is written as a ``match`` of guards, to stay flat."""


def evaluate(low: Lowering, node: cst.Expr) -> ir.Stmt:
    places = low.places
    at = len(places)
    places.append(node)
    value = node.value
    return ir.Evaluate(at, EXPRESSIONS[type(value)](low, value))


def assign(low: Lowering, node: cst.Assign) -> ir.Stmt:
    places = low.places
    at = len(places)
    places.append(node)
    targets: list[ir.Expr] = []
    for one in node.targets:
        targets.append(target(low, one.target))
    value = node.value
    return ir.Assign(at, tuple(targets), EXPRESSIONS[type(value)](low, value))


def annotated(low: Lowering, node: cst.AnnAssign) -> ir.Stmt:
    at = low.number(node)
    bound = node.target
    # A bare annotation of a name in parentheses doesn't make it local.
    is_target = node.value is not None or not bound.lpar
    lowered = target(low, bound) if is_target else expression(low, bound)
    annotation = expression(low, node.annotation.annotation)
    return ir.Annotated(at, lowered, annotation, optional(low, node.value))


def augment(low: Lowering, node: cst.AugAssign) -> ir.Stmt:
    at = low.number(node)
    lowered = target(low, node.target)
    return ir.Augment(at, lowered, AUGMENTED[type(node.operator)], expression(low, node.value))


def delete(low: Lowering, node: cst.Del) -> ir.Stmt:
    at = low.number(node)
    one = node.target
    if isinstance(one, cst.Tuple) and not one.lpar:
        return ir.Delete(at, tuple([target(low, element.value) for element in one.elements]))
    return ir.Delete(at, (target(low, one),))


def returning(low: Lowering, node: cst.Return) -> ir.Stmt:
    at = low.number(node)
    return ir.Return(at, optional(low, node.value))


def raising(low: Lowering, node: cst.Raise) -> ir.Stmt:
    at = low.number(node)
    exception = optional(low, node.exc)
    return ir.Raise(at, exception, expression(low, node.cause.item) if node.cause is not None else None)


def asserting(low: Lowering, node: cst.Assert) -> ir.Stmt:
    at = low.number(node)
    test = expression(low, node.test)
    return ir.Assert(at, test, optional(low, node.msg))


def passing(low: Lowering, node: cst.Pass) -> ir.Stmt:
    return ir.Pass(low.number(node))


def breaking(low: Lowering, node: cst.Break) -> ir.Stmt:
    return ir.Break(low.number(node))


def continuing(low: Lowering, node: cst.Continue) -> ir.Stmt:
    return ir.Continue(low.number(node))


def global_names(low: Lowering, node: cst.Global) -> ir.Stmt:
    names = tuple([item.name.value for item in node.names])
    if low.frame.kind != "module":
        low.frame.globals.update(names)
    return ir.Global(low.number(node), names)


def nonlocal_names(low: Lowering, node: cst.Nonlocal) -> ir.Stmt:
    names = tuple([item.name.value for item in node.names])
    low.frame.nonlocals.update(names)
    return ir.Nonlocal(low.number(node), names)


def dotted(node: cst.CSTNode | None) -> str:
    """Return the dotted name of an imported module, empty where there is none."""
    names: list[str] = []
    while isinstance(node, cst.Attribute):
        names.append(node.attr.value)
        node = node.value
    if isinstance(node, cst.Name):
        names.append(node.value)
    return ".".join(reversed(names))


def _imported(low: Lowering, aliases: Sequence[cst.ImportAlias]) -> tuple[ir.ImportName, ...]:
    names: list[ir.ImportName] = []
    for alias in aliases:
        name = dotted(alias.name)
        asname = alias.asname.name if alias.asname is not None else None
        renamed = asname.value if isinstance(asname, cst.Name) else None
        low.frame.bound.add(renamed or name.partition(".")[0])
        names.append(ir.ImportName(name, renamed))
    return tuple(names)


def importing(low: Lowering, node: cst.Import) -> ir.Stmt:
    return ir.Import(low.number(node), _imported(low, node.names))


def importing_from(low: Lowering, node: cst.ImportFrom) -> ir.Stmt:
    at = low.number(node)
    listed = node.names
    names = (ir.ImportName("*"),) if isinstance(listed, cst.ImportStar) else _imported(low, listed)
    return ir.ImportFrom(at, dotted(node.module), len(node.relative), names)


def type_alias(low: Lowering, node: cst.TypeAlias) -> ir.Stmt:
    at = low.number(node)
    low.frame.bound.add(node.name.value)
    return ir.TypeAliasing(at, node.name.value, expression(low, node.value))


def branch(low: Lowering, node: cst.If) -> ir.Stmt:
    branches = [node]
    last = node.orelse
    while isinstance(last, cst.If):
        branches.append(last)
        last = last.orelse
    if len(branches) > LONG_ELIF:
        return _guards(low, branches, last)
    depth = low.depth
    opened: list[tuple[int, ir.Expr, tuple[ir.Stmt, ...]]] = []
    for one in branches:
        at = low.enter(one)
        test = expression(low, one.test)
        opened.append((at, test, suite(low, one.body)))
    orelse = suite(low, last.body) if last is not None else ()
    low.depth = depth
    while True:
        at, test, body = opened.pop()
        statement = ir.If(at, test, body, orelse)
        if not opened:
            return statement
        orelse = (statement,)


def _guards(low: Lowering, branches: list[cst.If], last: cst.Else | None) -> ir.Stmt:
    """Write ``if a: ... elif b: ... else: ...`` as ``match True: case _ if a: ... case _: ...``."""
    first = branches[0]
    at = low.enter(first)
    subject = ir.Const(low.number(first), True)
    cases: list[ir.Case] = []
    for one in branches:
        number = low.number(one)
        anything = ir.MatchAs(low.number(one), None, None)
        guard = expression(low, one.test)
        cases.append(ir.Case(number, anything, guard, suite(low, one.body)))
    if last is not None:
        number = low.number(last)
        anything = ir.MatchAs(low.number(last), None, None)
        cases.append(ir.Case(number, anything, None, suite(low, last.body)))
    low.depth -= 1
    return ir.Match(at, subject, tuple(cases))


def loop_while(low: Lowering, node: cst.While) -> ir.Stmt:
    at = low.enter(node)
    test = expression(low, node.test)
    body = suite(low, node.body)
    orelse = suite(low, node.orelse.body) if node.orelse is not None else ()
    low.depth -= 1
    return ir.While(at, test, body, orelse)


def loop_for(low: Lowering, node: cst.For) -> ir.Stmt:
    at = low.enter(node)
    bound = target(low, node.target)
    iterable = expression(low, node.iter)
    body = suite(low, node.body)
    orelse = suite(low, node.orelse.body) if node.orelse is not None else ()
    low.depth -= 1
    return ir.For(at, bound, iterable, body, orelse, node.asynchronous is not None)


def handler(low: Lowering, node: cst.ExceptHandler | cst.ExceptStarHandler) -> ir.Handler:
    """Lower one ``except`` clause."""
    at = low.number(node)
    caught = optional(low, node.type)
    name = node.name.name if node.name is not None else None
    bound = name.value if isinstance(name, cst.Name) else None
    if bound is not None:
        low.frame.bound.add(bound)
    return ir.Handler(at, caught, bound, suite(low, node.body))


def trying(low: Lowering, node: cst.Try | cst.TryStar) -> ir.Stmt:
    at = low.enter(node)
    body = suite(low, node.body)
    handlers = tuple([handler(low, one) for one in node.handlers])
    orelse = suite(low, node.orelse.body) if node.orelse is not None else ()
    final = suite(low, node.finalbody.body) if node.finalbody is not None else ()
    low.depth -= 1
    return ir.Try(at, body, handlers, orelse, final, isinstance(node, cst.TryStar))


def context(low: Lowering, node: cst.With) -> ir.Stmt:
    at = low.enter(node)
    items: list[ir.WithItem] = []
    for item in node.items:
        manager = expression(low, item.item)
        bound = target(low, item.asname.name) if item.asname is not None else None
        items.append(ir.WithItem(manager, bound))
    body = suite(low, node.body)
    low.depth -= 1
    return ir.With(at, tuple(items), body, node.asynchronous is not None)


STATEMENTS.update(
    {
        cst.AnnAssign: annotated,
        cst.Assert: asserting,
        cst.Assign: assign,
        cst.AugAssign: augment,
        cst.Break: breaking,
        cst.Continue: continuing,
        cst.Del: delete,
        cst.Expr: evaluate,
        cst.For: loop_for,
        cst.Global: global_names,
        cst.If: branch,
        cst.Import: importing,
        cst.ImportFrom: importing_from,
        cst.Nonlocal: nonlocal_names,
        cst.Pass: passing,
        cst.Raise: raising,
        cst.Return: returning,
        cst.Try: trying,
        cst.TryStar: trying,
        cst.TypeAlias: type_alias,
        cst.While: loop_while,
        cst.With: context,
    }
)
# PEP 810, from LibCST 1.9: the same fields as their eager twins.
if hasattr(cst, "LazyImport"):
    STATEMENTS.update({cst.LazyImport: importing, cst.LazyImportFrom: importing_from})
