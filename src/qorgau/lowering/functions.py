"""Functions, lambdas, classes, and the suites of statements they hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from qorgau import ir
from qorgau.lowering.expressions import EXPRESSIONS, expression, optional
from qorgau.lowering.scopes import Frame
from qorgau.lowering.state import CLASS_ROOM, ROOM, Lowering, Table


def unknown_statement(low: Lowering, node: cst.CSTNode) -> ir.Stmt:
    """Lower a statement this version doesn't know: what it holds is kept and runs in order."""
    at = low.enter(node)
    body = _statements_of(low, node)
    low.depth -= 1
    return ir.Unknown(at, type(node).__name__, tuple(body))


def _statements_of(low: Lowering, node: cst.CSTNode) -> list[ir.Stmt]:
    found: list[ir.Stmt] = []
    for child in node.children:
        if isinstance(child, cst.BaseExpression):
            found.append(ir.Evaluate(low.number(child), expression(low, child)))
        elif isinstance(child, cst.BaseSuite):
            found.extend(suite(low, child))
        else:
            found.extend(_statements_of(low, child))
    return found


STATEMENTS = Table(unknown_statement)


APART = (cst.FunctionDef, cst.ClassDef)
"""What is numbered apart from what stands beside it in a class."""


def statements(low: Lowering, nodes: Sequence[cst.CSTNode]) -> tuple[ir.Stmt, ...]:
    """Lower statements in order; a line of several simple ones becomes as many."""
    lowered: list[ir.Stmt] = []
    for node in nodes:
        if type(node) is cst.SimpleStatementLine:
            for small in node.body:
                lowered.append(STATEMENTS[type(small)](low, small))
        elif type(node) in APART and low.frame.kind == "class":
            low.leave_room(node)
            lowered.append(STATEMENTS[type(node)](low, node))
            low.leave_room(node)
        else:
            lowered.append(STATEMENTS[type(node)](low, node))
    return tuple(lowered)


def top_level(low: Lowering, nodes: Sequence[cst.CSTNode]) -> Iterator[tuple[int, tuple[ir.Stmt, ...]]]:
    """Lower the statements at the top of a module: for each the number with which it begins."""
    room = 1
    for node in nodes:
        before, room = room, _room_of(node)
        low.leave_room(node, max(before, room))
        yield len(low.places), statements(low, (node,))


def _room_of(node: cst.CSTNode) -> int:
    """What the number of a statement at the top of a module is a multiple of."""
    if isinstance(node, cst.ClassDef):
        return CLASS_ROOM
    return 1 if isinstance(node, cst.SimpleStatementLine) else ROOM


def suite(low: Lowering, node: cst.BaseSuite) -> tuple[ir.Stmt, ...]:
    """Lower the body of a compound statement."""
    return statements(low, node.body)


def _parameters(node: cst.Parameters) -> Iterator[tuple[cst.Param, str]]:
    for param in node.posonly_params:
        yield param, "positional"
    for param in node.params:
        yield param, "normal"
    if isinstance(node.star_arg, cst.Param):
        yield node.star_arg, "*"
    for param in node.kwonly_params:
        yield param, "keyword"
    if node.star_kwarg is not None:
        yield node.star_kwarg, "**"


def parameters(low: Lowering, node: cst.Parameters) -> tuple[ir.Parameter, ...]:
    """Lower parameters; defaults and annotations belong to the scope around the function."""
    lowered: list[ir.Parameter] = []
    for param, kind in _parameters(node):
        at = low.number(param.name)
        annotation = optional(low, param.annotation.annotation) if param.annotation is not None else None
        lowered.append(ir.Parameter(at, param.name.value, kind, annotation, optional(low, param.default)))
    return tuple(lowered)


def _decorators(low: Lowering, nodes: Sequence[cst.Decorator]) -> tuple[ir.Expr, ...]:
    return tuple([expression(low, node.decorator) for node in nodes])


def _function_frame(low: Lowering, qualname: str, bound: tuple[ir.Parameter, ...]) -> Frame:
    frame = Frame("function", f"{qualname}.<locals>.", low.frame)
    frame.bound.update([parameter.name for parameter in bound])
    return frame


def define(low: Lowering, node: cst.FunctionDef) -> ir.Stmt:
    at = low.enter(node)
    number = low.number(node)
    outer = low.frame
    name = node.name.value
    qualname = outer.qualname(name)
    if outer.kind == "class":
        name = outer.private(name)
    outer.bound.add(name)
    decorators = _decorators(low, node.decorators) if node.decorators else ()
    params = parameters(low, node.params)
    returns = expression(low, node.returns.annotation) if node.returns is not None else None
    frame = low.frame = _function_frame(low, qualname, params)
    body = suite(low, node.body)
    low.frame = outer
    low.depth -= 1
    function = ir.Function(
        at=number,
        name=name,
        qualname=qualname,
        parameters=params,
        body=body,
        decorators=decorators,
        returns=returns,
        bound=frame.local_names(),
        globals=tuple(sorted(frame.globals)),
        nonlocals=tuple(sorted(frame.nonlocals)),
        is_async=node.asynchronous is not None,
        is_generator=frame.is_generator,
    )
    return ir.Define(at, function)


def lambda_expression(low: Lowering, node: cst.Lambda) -> ir.Expr:
    at = low.enter(node)
    number = low.number(node)
    outer = low.frame
    qualname = f"{outer.prefix}<lambda>"
    params = parameters(low, node.params)
    frame = low.frame = _function_frame(low, qualname, params)
    body = node.body
    statement = ir.Return(low.number(body), EXPRESSIONS[type(body)](low, body))
    low.frame = outer
    low.depth -= 1
    function = ir.Function(
        at=number,
        name="<lambda>",
        qualname=qualname,
        parameters=params,
        body=(statement,),
        decorators=(),
        returns=None,
        bound=frame.local_names(),
        globals=(),
        nonlocals=(),
        is_async=False,
        is_generator=frame.is_generator,
    )
    return ir.Lambda(at, function)


def class_statement(low: Lowering, node: cst.ClassDef) -> ir.Stmt:
    at = low.enter(node)
    outer = low.frame
    name = node.name.value
    qualname = outer.qualname(name)
    outer.bound.add(name)
    decorators = _decorators(low, node.decorators) if node.decorators else ()
    bases = tuple([_base(low, arg) for arg in node.bases])
    keywords = tuple(
        [
            ir.Keyword(arg.keyword.value if arg.keyword is not None else None, expression(low, arg.value))
            for arg in node.keywords
        ]
    )
    low.frame = Frame("class", f"{qualname}.", outer)
    body = suite(low, node.body)
    low.frame = outer
    low.depth -= 1
    return ir.Class(at, name, qualname, bases, keywords, body, decorators)


def _base(low: Lowering, arg: cst.Arg) -> ir.Expr:
    if not arg.star:
        return expression(low, arg.value)
    at = low.enter(arg)
    value = expression(low, arg.value)
    low.depth -= 1
    return ir.Starred(at, value)


EXPRESSIONS[cst.Lambda] = lambda_expression
STATEMENTS.update({cst.ClassDef: class_statement, cst.FunctionDef: define})
