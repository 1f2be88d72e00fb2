"""What a framework runs before a function that it calls, and what has held once the function runs.

Permission classes, tests of a view, ``dispatch`` of a class, functions before a request, dependencies
of a route and filters of a handler run first, with what the function itself will get; the function
is reached where they let it through (spec section 5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from functools import reduce
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau import ir
from qorgau.flow import (
    admission,
    applications,
    branches,
    cleaning,
    conversions,
    flask_routes,
    inheritance,
    injection,
    middleware,
)
from qorgau.flow.annotations import alias_of
from qorgau.flow.constants import const
from qorgau.flow.facts import Facts
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Closure, Frame
from qorgau.flow.permissions import (
    PERMISSIONS,
    ask,
    assigned,
    common,
    keyword,
    method_named,
    of_view,
    permissions,
    told_permissions,
)
from qorgau.flow.values import UNKNOWN, External, Value, join_all, of_const, of_ref
from qorgau.linking import Unit

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


BEFORE = ("before_request", "before_app_request", "on_request", "middleware")
FRAMEWORKS = frozenset(("flask", "sanic"))
APPLICATIONS = ("flask.Flask", "sanic.Sanic")
PREPARING = ("setup", "initial", "check_permissions", "prepare")
"""Methods of a view that run before its handlers."""

SERIALIZER = "rest_framework.serializers."
SERIALIZER_OF = "serializer_class"
SAVING = ("create", "update")
"""Methods of a serializer that a view calls once the data is valid."""

ADDRESS = "kwargs"
"""The attribute of a view that holds the parts of its address."""

TESTS = "django.contrib.auth.decorators.user_passes_test"
TEST_MIXIN = "django.contrib.auth.mixins.UserPassesTestMixin"
EVENTS = frozenset(("request", "event", "message", "callback", "callback_query", "query", "update"))
"""Names under which handlers are given what their middleware has seen before them."""

FILTERS = ("func", "filters")
"""Keywords of a handler's decorator under which its filter is given."""

DISPATCHING = ("dispatch", "dispatch_request")
"""Methods of a view that call its handlers: Django's, and those of Flask's views of methods."""

MAX_GATES = 12
MAX_INCLUDED = 4
"""Routers that are gone through from a route to the application."""


def run(m: Machine, f: Frame, closure: Closure, cls: Loc | None, args: Args) -> None:
    """Run what comes before a function; the frame's state is the one in which the function starts."""
    own = args.positional[1:] if cls is not None else args.positional
    request = own[0] if own else UNKNOWN
    middleware.before(m, f, closure, _request_of(closure, args))
    if closure.function.decorators:
        _before_request(m, f, closure, request)
        for decorator in closure.function.decorators:
            if isinstance(decorator, ir.Call):
                _decorator(m, f, closure.unit, decorator, request)
    if cls is not None:
        _class(m, f, closure, cls, args, request)
        if closure.function.name in SAVING:
            _serializer(m, f, cls, args, closure.function.at)
    for value in (*own, *args.keywords.values()):
        admission.received(m, f, value)
        cleaning.received(m, f, value, closure.function.at)
        conversions.received(m, f, value, closure.function.at)


def _request_of(closure: Closure, args: Args) -> Value:
    """The request or event, where a handler asks for it by its name."""
    for parameter, value in zip(closure.function.parameters, args.positional, strict=False):
        if parameter.name in EVENTS:
            return value
    return next((value for name, value in args.keywords.items() if name in EVENTS), UNKNOWN)


def _unanswered(m: Machine, f: Frame, answer: Value) -> None:
    """Go on where a function before a request gave no answer of its own."""
    nothing = answer.consts.get(const(None))
    allowed = branches.with_facts(f.state, m.truth(f, answer, False) if nothing is None else nothing)
    if allowed.reachable:
        f.state = allowed


def _allow(m: Machine, f: Frame, answer: Value) -> None:
    """Go on where an answer is true."""
    allowed = branches.with_facts(f.state, m.truth(f, answer, True))
    if allowed.reachable:
        f.state = allowed


# Decorators


def _names(value: Value) -> list[str]:
    return [ref.dotted for ref in value.refs if isinstance(ref, External)]


def _decorator(m: Machine, f: Frame, unit: Unit, node: ir.Call, request: Value) -> None:
    names = [m.policy.catalog.canonical(name) for name in _names(m.quiet(f, node.function, unit))]
    spelled = (
        node.function.attr if isinstance(node.function, ir.Attribute) else getattr(node.function, "id", "")
    )
    positional = [
        argument.value for argument in node.arguments if argument.keyword is None and not argument.star
    ]
    keywords = {argument.keyword: argument.value for argument in node.arguments if argument.keyword}
    if TESTS in names and positional:
        user = m.attribute(f, request, "user", node.at)
        _allow(m, f, ask(m, f, m.evaluate_in(f, unit, positional[0]), Args([user]), node.at))
    elif spelled == PERMISSIONS and positional:
        permissions(m, f, unit, positional[0], request, UNKNOWN)
    if PERMISSIONS in keywords:
        permissions(m, f, unit, keywords[PERMISSIONS], request, UNKNOWN)
    _dependencies(m, f, unit, node)
    if isinstance(node.function, ir.Attribute):
        _of_router(m, f, unit, node.function.value)
        for filtering in (*positional, *(keywords[name] for name in FILTERS if name in keywords)):
            _filter(m, f, m.evaluate_in(f, unit, filtering), request, node.at)


def _of_router(m: Machine, f: Frame, unit: Unit, node: ir.Expr, depth: int = 0) -> None:
    """What the router of a route was made with, and what it is included with (``include_router``)."""
    owner, found = alias_of(m, node, unit)
    made = found if isinstance(found, ir.Call) else applications.of_program(m).made(unit, node)
    if made is not None:
        _dependencies(m, f, owner, made)
    inclusions = applications.of_program(m).inclusions
    if depth >= MAX_INCLUDED or not inclusions:
        return
    router = set(m.quiet(f, node, unit).locs())
    before, ways = f.state, []
    for other, call in inclusions:
        included = call.arguments[0].value
        if router & set(m.quiet(f, included, other).locs()) and isinstance(call.function, ir.Attribute):
            f.state = before.copy()
            _dependencies(m, f, other, call)
            _of_router(m, f, other, call.function.value, depth + 1)
            ways.append(f.state)
    f.state = reduce(m.join_states, ways) if ways else before


def _dependencies(m: Machine, f: Frame, unit: Unit, node: ir.Call) -> None:
    """``dependencies=[Depends(require_consent)]`` of a route or of its router."""
    for argument in node.arguments:
        if argument.keyword == "dependencies" and isinstance(argument.value, ir.Sequence):
            for element in argument.value.elements:
                if isinstance(element, ir.Call) and injection.is_dependency(m, f, element, unit):
                    injection.dependency(m, f, unit, element, element.at)


def _filter(m: Machine, f: Frame, value: Value, event: Value, at: int) -> None:
    """A filter of a handler, an object or a function of the project, is asked with the event."""
    for ref in value.refs:
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if obj is None or not isinstance(ref, Loc):
            continue
        if obj.kind == "function" or (
            obj.cls is not None and inheritance.class_part(m, f, obj.cls, "__call__") is not None
        ):
            _allow(m, f, ask(m, f, of_ref(ref), Args([event]), at))


def _before_request(m: Machine, f: Frame, closure: Closure, request: Value) -> None:
    """Flask's and Sanic's functions before a request of the same blueprint; one that answers ends the request."""
    frameworks = {mark.partition(".")[0] for mark in closure.marks} & FRAMEWORKS
    if not frameworks:
        return
    if m.policy.asking:
        flask_routes.asked(m, f, closure)
    owners = {loc for owner in _owners(closure) for loc in m.quiet(f, owner, closure.unit).locs()}
    asked = 0
    for loc in [*befores(m), *_nested(f)]:
        obj = m.base.get(loc) or f.state.obj(loc)
        before = obj.info if obj is not None else None
        if not isinstance(before, Closure) or not _is_before(before, frameworks):
            continue
        if asked < MAX_GATES and _concerns(m, f, before, owners):
            asked += 1
            _unanswered(m, f, ask(m, f, of_ref(loc), _event(before, request), before.function.at))
    for unit, call in applications.of_program(m).registered:
        if asked < MAX_GATES and _is_of(m, f, unit, call, owners):
            asked += 1
            function = m.quiet(f, call.arguments[0].value, unit)
            given = [obj.info for loc in function.locs() if (obj := f.state.obj(loc)) is not None]
            if len(given) == 1 and isinstance(given[0], Closure):
                _unanswered(m, f, ask(m, f, function, _event(given[0], request), call.at))


def befores(m: Machine) -> list[Loc]:
    """The functions of modules and classes that are marked to run before requests, or about them."""
    if m.befores is None:
        objs = ((loc, m.base.unwatched(loc)) for loc in m.functions.values())
        m.befores = [
            loc
            for loc, obj in objs
            if obj is not None and isinstance(obj.info, Closure) and _is_before(obj.info, FRAMEWORKS)
        ]
    return m.befores


def _nested(f: Frame) -> list[Loc]:
    """The functions that a function has defined so far, which makes an application and its handlers."""
    held = f.state.heap.items() if f.kind == "function" else ()
    return [loc for loc, obj in held if obj.kind == "function" and isinstance(obj.info, Closure)]


def _is_of(m: Machine, f: Frame, unit: Unit, call: ir.Call, owners: set[Loc]) -> bool:
    """Whether ``blueprint.before_request(check)`` is about a blueprint, or about the whole application."""
    if not isinstance(call.function, ir.Attribute):
        return False
    asked = m.quiet(f, call.function.value, unit).locs()
    made = [obj.type for loc in asked if (obj := f.state.obj(loc)) is not None]
    local = applications.of_program(m).made(unit, call.function.value)
    made += _names(m.quiet(f, local.function, unit)) if local is not None else []
    whole = call.function.attr == "before_app_request" or any(name in APPLICATIONS for name in made)
    return whole or bool(owners & set(asked))


def _is_before(closure: Closure, frameworks: Set[str]) -> bool:
    """Whether a function runs before requests: of middleware, which is for answers too, that for requests."""
    if not any(
        mark.rpartition(".")[2] in BEFORE and mark.partition(".")[0] in frameworks for mark in closure.marks
    ):
        return False
    kinds = [
        argument.value.value
        for decorator in closure.function.decorators
        if isinstance(decorator, ir.Call)
        for argument in decorator.arguments[:1]
        if isinstance(argument.value, ir.Const)
    ]
    return kinds in ([], ["request"])


def _event(closure: Closure, request: Value) -> Args:
    return Args([request]) if closure.function.parameters else Args()


def _owners(closure: Closure) -> Iterator[ir.Expr]:
    for decorator in closure.function.decorators:
        head = decorator.function if isinstance(decorator, ir.Call) else decorator
        if isinstance(head, ir.Attribute):
            yield head.value


def _concerns(m: Machine, f: Frame, before: Closure, owners: set[Loc]) -> bool:
    wholes = ("before_app_request", *(f"{name}.before_request" for name in APPLICATIONS))
    if any(mark.endswith(wholes) for mark in before.marks):
        return True
    for owner in _owners(before):
        for loc in m.quiet(f, owner, before.unit).locs():
            obj = f.state.obj(loc)
            if loc in owners or (obj is not None and obj.type in APPLICATIONS):
                return True
    return False


# Classes


ACTIONS = {
    **{name: (name,) for name in ("list", "retrieve", "create", "update", "partial_update", "destroy")},
    "perform_create": ("create",),
    "perform_update": ("update", "partial_update"),
    "perform_destroy": ("destroy",),
}
"""The actions for which a view set's own methods run."""

VIEW_SETS = "rest_framework.viewsets."


def _act(m: Machine, f: Frame, view: Value, info: ClassInfo, name: str) -> None:
    """A view set knows which action it runs: ``self.action``."""
    loc = view.single()
    if loc is None or not any(library.startswith(VIEW_SETS) for library in info.libraries):
        return
    action = join_all(of_const(each) for each in ACTIONS.get(name, (name,)))
    if "action" not in m.obj(f, loc).parts:
        m.write(f, loc, m.obj(f, loc).put("action", action), strong=True)


def _class(m: Machine, f: Frame, closure: Closure, cls: Loc, args: Args, request: Value) -> None:
    info = m.class_info(f, cls)
    view = args.positional[0] if args.positional else UNKNOWN
    name = closure.function.name
    if (
        info is None
        or name.startswith("__")
        or (not m.is_entry_method(info, name) and name not in _actions(closure))
    ):
        return
    loc = view.single()
    if loc is not None and request.refs and "request" not in m.obj(f, loc).parts:
        m.write(f, loc, m.obj(f, loc).put("request", request), strong=True)
    _address(m, f, view, closure, args)
    if name in ACTIONS or not m.is_entry_method(info, name):
        _act(m, f, view, info, name)
    told = told_permissions(m, f, cls, view, name, request, closure.function.at)
    own = any(keyword(decorator, PERMISSIONS) is not None for decorator in closure.function.decorators)
    for base in info.order if not told and not own else ():
        base_info = m.class_info(f, base)
        node = assigned(base_info.node.body, PERMISSIONS) if base_info is not None else None
        if node is not None and base_info is not None:
            permissions(m, f, base_info.unit, node, request, view)
            break
    at = closure.function.at
    if TEST_MIXIN in info.libraries and name != "test_func":
        test = method_named(m, f, cls, view, "test_func", at)
        if test is not None:
            _allow(m, f, ask(m, f, test, Args(), at))
    for preparing in PREPARING:
        method = method_named(m, f, cls, view, preparing, at)
        if method is not None and name not in (preparing, "dispatch"):
            ask(m, f, method, Args([request]) if preparing != "prepare" else Args(), at)
    if name not in DISPATCHING:
        _dispatch(m, f, cls, view, args, closure)


def _address(m: Machine, f: Frame, view: Value, closure: Closure, args: Args) -> None:
    """``self.kwargs`` of a view: the parts of the address, which its handler is given by name."""
    loc, named = view.single(), dict(_captured(closure, args))
    if loc is None or not named or ADDRESS in m.obj(f, loc).parts:
        return
    parts: dict[Key, Value] = {const(name): value for name, value in named.items()}
    made = m.new(f, closure.function.at, Obj("dict", parts=parts, rest=UNKNOWN), ADDRESS)
    m.write(f, loc, m.obj(f, loc).put(ADDRESS, made), strong=True)


def _actions(closure: Closure) -> Sequence[str]:
    """The own name of a method that a decorator makes an entry (``@action``)."""
    return [closure.function.name] if closure.marks else []


def _dispatch(m: Machine, f: Frame, cls: Loc, view: Value, args: Args, closure: Closure) -> None:
    """``dispatch`` of the project: the handler runs in the state in which it calls the library's own."""
    at = closure.function.at
    found = ((name, method_named(m, f, cls, view, name, at)) for name in DISPATCHING)
    name, method = next(((name, each) for name, each in found if each is not None), ("", None))
    loc = view.single()
    if method is None or loc is None:
        return
    given = Args(list(args.positional[1:2]), dict(_captured(closure, args)), UNKNOWN, [UNKNOWN])
    if name != "dispatch":
        given = Args(star=UNKNOWN, double=[UNKNOWN])
    m.write(f, loc, m.obj(f, loc).put(middleware.ASKED, of_const(True)), strong=True)
    middleware.up_to_handler(m, f, lambda: m.call(f, method, given, at))
    obj = m.obj(f, loc)
    parts = {name: part for name, part in obj.parts.items() if name != middleware.ASKED}
    m.write(f, loc, replace(obj, parts=parts), strong=True)


def _captured(closure: Closure, args: Args) -> Iterator[tuple[str, Value]]:
    """What a view is given besides the request: the parts of the address, by their names."""
    for parameter, value in zip(closure.function.parameters[2:], args.positional[2:], strict=False):
        if parameter.kind not in ("*", "**"):
            yield parameter.name, value


def _serializer(m: Machine, f: Frame, cls: Loc, args: Args, at: int) -> None:
    """A serializer saves what its validators, and the permissions of all views that use it, have let through."""
    info = m.class_info(f, cls)
    if info is None or not any(name.startswith(SERIALIZER) for name in info.libraries):
        return
    for loc in args.positional[0].locs() if args.positional else ():
        f.state.facts = f.state.facts | admission.of_form(m, f, loc, info)
    ways: list[Facts] = []
    for view in m.classes:
        part = m.obj(f, view).parts.get(SERIALIZER_OF)
        if part is not None and cls in part.locs():
            ways.append(of_view(m, f, view, at))
    if ways:
        f.state.facts = f.state.facts | common(ways)
