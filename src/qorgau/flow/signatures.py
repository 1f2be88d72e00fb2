"""What the annotation of a function's result says of a value from outside (spec section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow.facts import NO_FACTS
from qorgau.flow.machine import Closure, Frame
from qorgau.flow.taints import NO_TAINTS
from qorgau.flow.values import Value

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

YIELDED = frozenset(["Iterator", "Iterable", "Generator", "AsyncIterator", "AsyncIterable", "AsyncGenerator"])


def answered(m: Machine, f: Frame, closure: Closure, value: Value) -> Value:
    """The result of a function that has run: unknown objects in it are of the annotated class.

    A body that only declares (``...``, ``raise NotImplementedError``) says nothing: its result is unknown.
    """
    annotation = closure.function.returns
    if declares(closure.function):
        value = m.unknown(f, closure.function.at, NO_TAINTS, "result")
    if annotation is None or (isinstance(annotation, ir.Const) and annotation.value is None):
        return value
    if closure.function.is_generator:
        element = _element(annotation)
        for item in f.yields if element is not None else ():
            _describe(m, f, item, element, closure)
    elif value.unknown:
        _describe(m, f, value, annotation, closure)
    return value


def promised(m: Machine, f: Frame, closure: Closure, value: Value) -> Value:
    """The unknown result of a function that has not run, of the annotated class."""
    if not closure.function.is_generator:
        _describe(m, f, value, closure.function.returns, closure)
    return value


def _describe(m: Machine, f: Frame, value: Value, annotation: ir.Expr | None, closure: Closure) -> None:
    if annotation is None:
        return
    for loc in value.locs():
        m.describe(f, Value(refs={loc: NO_FACTS}, unknown=True), annotation, closure.unit)


def _element(annotation: ir.Expr) -> ir.Expr | None:
    """What an annotated iterator gives."""
    if not isinstance(annotation, ir.Subscript):
        return None
    head = annotation.value
    name = head.attr if isinstance(head, ir.Attribute) else head.id if isinstance(head, ir.Name) else ""
    if name not in YIELDED:
        return None
    inner = annotation.index
    return inner.elements[0] if isinstance(inner, ir.Sequence) else inner


def declares(function: ir.Function) -> bool:
    """Whether a body only declares what others define: ``...`` or ``raise NotImplementedError``.

    So do a body without a statement and an empty or missing result, where an annotation promises one.
    """
    told = [statement for statement in function.body if not _is_docstring(statement)]
    if function.is_generator or len(told) > 1:
        return False
    annotation = function.returns
    promises = annotation is not None and not (isinstance(annotation, ir.Const) and annotation.value is None)
    if not told:
        return promises
    return _is_empty(told[0]) or (promises and _gives_nothing(told[0]))


def _gives_nothing(statement: ir.Stmt) -> bool:
    if isinstance(statement, ir.Pass):
        return True
    if not isinstance(statement, ir.Return):
        return False
    value = statement.value
    if isinstance(value, ir.Sequence):
        return not value.elements
    if isinstance(value, ir.Dict):
        return not value.items
    return value is None or (isinstance(value, ir.Const) and value.value is None)


def _is_docstring(statement: ir.Stmt) -> bool:
    return isinstance(statement, ir.Evaluate) and isinstance(statement.value, ir.Const)


def _is_empty(statement: ir.Stmt) -> bool:
    if isinstance(statement, ir.Evaluate):
        return isinstance(statement.value, ir.Name) and statement.value.id == "Ellipsis"
    if not isinstance(statement, ir.Raise):
        return False
    raised = statement.exception
    if isinstance(raised, ir.Call) and all(isinstance(given.value, ir.Const) for given in raised.arguments):
        raised = raised.function
    return isinstance(raised, ir.Name) and raised.id == "NotImplementedError"
