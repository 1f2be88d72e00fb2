"""Decorators of functions and classes: what they make of what they are put on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import (
    activations,
    closures,
    dispatch,
    inheritance,
    signals,
)
from qorgau.flow.class_fields import UNPRINTED
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Closure, Frame
from qorgau.flow.node_names import spelling
from qorgau.flow.values import BOTTOM, Bound, External, Value, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


METHOD_DECORATOR = "django.utils.decorators.method_decorator"
VIEWS = frozenset(
    ("flask.views.View", "flask.views.MethodView", "quart.views.MethodView", "sanic.views.HTTPMethodView")
)
"""Classes of views whose ``decorators`` go around their handlers."""

HANDLERS = frozenset(
    ["get", "post", "put", "patch", "delete", "head", "options", "form_valid", "form_invalid"]
)
"""Methods of a view that its ``dispatch`` calls."""


# Decorators


def decorator_names(m: Machine, f: Frame, decorator: ir.Expr, value: Value) -> list[str]:
    """The dotted names that a decorator goes by."""
    names: list[str] = []
    for ref in value.refs:
        if isinstance(ref, External):
            names.append(m.policy.catalog.canonical(ref.dotted))
        else:
            names += m.names_of(f, ref)
    spelled = spelling(decorator)
    if not names and spelled:
        names.append(spelled)
    return names


ACCESSORS = frozenset(("setter", "getter", "deleter"))
IN_QUERIES = frozenset(("expression", "comparator", "update_expression"))
"""Decorators with which a property says what it is in a query; read through an object it stays what it was."""


def decorated(
    m: Machine, f: Frame, decorator: ir.Expr, value: Value, loc: Loc, function: ir.Function
) -> Value:
    """A function after one of its decorators."""
    if isinstance(decorator, ir.Attribute) and decorator.attr in ACCESSORS | IN_QUERIES:
        owner = m.evaluate(f, decorator.value)
        for ref in owner.locs():
            obj = f.state.obj(ref)
            if obj is not None and obj.kind == "property":
                if decorator.attr in IN_QUERIES:
                    return of_ref(ref)
                part = {"setter": "fset", "getter": "fget", "deleter": "fdel"}[decorator.attr]
                return m.new(f, function.at, obj.put(part, value), "property")
    called = isinstance(decorator, ir.Call)
    head = decorator.function if isinstance(decorator, ir.Call) else decorator
    target = m.evaluate(f, head)
    names = decorator_names(m, f, head, target)
    if METHOD_DECORATOR in names and isinstance(decorator, ir.Call):
        for inner in _adapted(decorator):
            value = decorated(m, f, inner, value, loc, function)
        return value
    if any(m.policy.is_consent_decorator(name) for name in names):
        args = m.evaluate_arguments(f, decorator) if isinstance(decorator, ir.Call) else Args()
        _guard(m, f, loc, names, args, target)
        return value
    for name in names:
        does = m.behaviour_of(name)
        if does in signals.CONNECTING:
            given = m.evaluate_arguments(f, decorator) if isinstance(decorator, ir.Call) else None
            signals.decorate(m, f, does, target, given, value)
        if does == "wraps" and isinstance(decorator, ir.Call):
            wrapped = m.evaluate_arguments(f, decorator).get(0, "wrapped")
            if wrapped is not None and wrapped.refs:
                m.write(f, loc, m.obj(f, loc).put("__wrapped__", wrapped), strong=True)
        applied = _apply_builtin(m, f, name, does, value, loc, function)
        if applied is not None:
            return applied
    if isinstance(head, ir.Attribute) and head.attr == "register":
        if dispatch.register(m, f, m.evaluate(f, head.value), decorator, value, loc, function):
            return value
    if any(_is_own_decorator(f, ref) for ref in target.refs):
        factory = m.evaluate(f, decorator) if called else target
        if factory.refs:
            result = m.decorate(f, factory, value, decorator.at)
            if any(not isinstance(ref, Loc) or f.state.obj(ref) is not None for ref in result.refs):
                return result
        m.marked(f, loc, tuple(names), value)
        return value
    if called and isinstance(decorator, ir.Call):
        m.evaluate_arguments(f, decorator)
        m.decorator_arguments()
    m.marked(f, loc, tuple(names), value)
    return value


def _adapted(decorator: ir.Call) -> list[ir.Expr]:
    """The decorators that ``method_decorator`` is given, innermost first."""
    first = decorator.arguments[0].value if decorator.arguments else None
    if isinstance(first, ir.Sequence):
        return list(reversed(first.elements))
    return [first] if first is not None else []


def _decorate_methods(m: Machine, f: Frame, decorator: ir.Call, loc: Loc) -> None:
    """``method_decorator(decorator, name="post")`` on a class: the method it names; ``dispatch`` calls them all."""
    named = m.evaluate_arguments(f, decorator).get(1, "name")
    names = named.texts() if named is not None else []
    parts = m.obj(f, loc).parts
    if "dispatch" in names and "dispatch" not in parts:
        names = [name for name in parts if isinstance(name, str) and name in HANDLERS]
    _decorate_named(m, f, _adapted(decorator), loc, names)


def decorate_view(m: Machine, f: Frame, node: ir.Class, libraries: Iterable[str], loc: Loc) -> None:
    """``decorators = [...]`` of a view class: all handlers run behind them, the last one outermost."""
    if not any(base in VIEWS for name in libraries for base in m.policy.catalog.ancestry(name)):
        return
    listed = [
        statement.value
        for statement in node.body
        if isinstance(statement, ir.Assign)
        and any(isinstance(target, ir.Name) and target.id == "decorators" for target in statement.targets)
    ]
    for value in listed:
        if isinstance(value, ir.Sequence):
            names = [name for name in m.obj(f, loc).parts if isinstance(name, str) and name in HANDLERS]
            _decorate_named(m, f, value.elements, loc, names)


def _decorate_named(
    m: Machine, f: Frame, decorators: Iterable[ir.Expr], loc: Loc, names: Iterable[str]
) -> None:
    """Put what decorators make of methods in the place of the methods."""
    parts = m.obj(f, loc).parts
    for name in names:
        for ref in parts[name].locs() if name in parts else ():
            closure = m.obj(f, ref).info
            if isinstance(closure, Closure):
                value = of_ref(ref)
                for inner in decorators:
                    value = decorated(m, f, inner, value, ref, closure.function)
                m.finished(f, closure.function, value, ref)
                m.write(f, loc, m.obj(f, loc).put(name, value), strong=True)


def _is_own_decorator(f: Frame, ref: object) -> bool:
    """Whether a decorator is the project's own code, whose effect is known by running it."""
    if isinstance(ref, Bound):
        return True
    obj = f.state.obj(ref) if isinstance(ref, Loc) else None
    return obj is not None and (obj.kind in ("function", "class", "partial") or obj.kind == "instance")


def _guard(m: Machine, f: Frame, loc: Loc, names: list[str], args: Args, target: Value) -> None:
    """A configured consent decorator: inside the function there is consent."""
    fact = m.consent_fact(f, names, args, target)
    obj = m.obj(f, loc)
    if isinstance(obj.info, Closure):
        closures.rebind(f, loc, facts=obj.info.facts | {fact})


def _apply_builtin(
    m: Machine, f: Frame, name: str, does: str, value: Value, loc: Loc, function: ir.Function
) -> Value | None:
    if name == "builtins.staticmethod" or does == "staticmethod":
        closures.rebind(f, loc, binding="static")
        return value
    if name == "builtins.classmethod" or does == "classmethod":
        closures.rebind(f, loc, binding="class")
        return value
    if does == "computed-field" and all(m.obj(f, ref).kind == "property" for ref in value.locs()):
        return value
    if name == "builtins.property" or does in ("property", "cached-property", "computed-field"):
        kept = inheritance.CACHED if does == "cached-property" else None
        return m.new(f, function.at, Obj("property", parts={"fget": value}, info=kept), "property")
    if does == "contextmanager" or name in ("contextlib.contextmanager", "contextlib.asynccontextmanager"):
        held = m.obj(f, loc).info
        if isinstance(held, Closure):
            closures.rebind(f, loc, marks=(*held.marks, activations.CONTEXT))
        return value
    if does == "declared-attribute":
        # What the function gives is the attribute of each class; of which one cannot matter here.
        return m.call(f, value, Args([of_ref(m.fresh(f, function.at, "cls"), unknown=True)]), function.at)
    if does == "singledispatch" or name in ("functools.singledispatch", "functools.singledispatchmethod"):
        return dispatch.make(m, f, name, value, function.at)
    if does == "column-function":
        return m.library_call(f, name, BOTTOM, Args([value]), function.at)
    if does in ("identity", "wraps") or name in (
        "abc.abstractmethod",
        "typing.overload",
        "typing.override",
        "functools.cache",
        "functools.lru_cache",
    ):
        return value
    return None


def decorate_class(m: Machine, f: Frame, decorator: ir.Expr, value: Value, loc: Loc) -> Value:
    head = decorator.function if isinstance(decorator, ir.Call) else decorator
    target = m.evaluate(f, head)
    names = decorator_names(m, f, head, target)
    if METHOD_DECORATOR in names and isinstance(decorator, ir.Call):
        _decorate_methods(m, f, decorator, loc)
        return value
    if any(m.policy.is_consent_decorator(name) for name in names):
        args = m.evaluate_arguments(f, decorator) if isinstance(decorator, ir.Call) else Args()
        for part in m.obj(f, loc).parts.values():
            for ref in part.locs():
                obj = f.state.obj(ref)
                if obj is not None and obj.kind == "function":
                    _guard(m, f, ref, names, args, target)
        return value
    if any(_is_own_decorator(f, ref) for ref in target.refs):
        factory = m.evaluate(f, decorator) if isinstance(decorator, ir.Call) else target
        result = m.call(f, factory, Args([value]), decorator.at)
        return result if result.refs and not result.unknown else value
    if isinstance(decorator, ir.Call):
        arguments = m.evaluate_arguments(f, decorator)
        m.decorator_arguments()
        shown = arguments.keywords.get("repr")
        if shown is not None and (known := shown.constant()) is not None and known.value is False:
            names = [*names, UNPRINTED]
    m.mark_class(f, loc, tuple(names))
    return value
