"""What a framework hands to a function that it calls: unknown arguments, what a user sent, dependencies.

``Depends(f)`` as a default or in ``Annotated`` is the result of calling ``f`` the same way, so a
dependency that asks for consent has asked before the function runs.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import (
    applications,
    containers,
    inheritance,
    options,
    origins,
    placing,
    providers,
    tasks,
    validators,
)
from qorgau.flow import given as given_by
from qorgau.flow.annotations import alias_of
from qorgau.flow.checks import Check
from qorgau.flow.constants import Const
from qorgau.flow.facts import Fact
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Closure, Frame
from qorgau.flow.values import BOTTOM, OPAQUE, UNKNOWN, External, Value, join, of_ref
from qorgau.linking import Unit

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


MAX_NESTED = 6
ASSETS = ("dagster.asset", "dagster.multi_asset")
MAX_EQUIPPED = 2

FILLED = {"serializer": "serializer_class", "form": "form_class"}
"""Parameters of a view's methods, and the attribute of the view that names their class."""

VALIDATED = "validated_data"
"""The parameter of ``create`` and ``update`` of a serializer, and the attribute that it is."""


def unknown_arguments(
    m: Machine,
    f: Frame,
    closure: Closure,
    receiver: Value | None,
    depth: int = 0,
    asking: Closure | None = None,
) -> Args:
    """Arguments for all parameters as a framework gives them; ``receiver`` for the first of a method.

    ``asking`` is the handler that a dependency is called for, which says what others there are.
    """
    args = Args()
    parameters = closure.function.parameters
    request = _request_parameters(m, closure)
    public = _public_parameters(m, closure)
    for index, parameter in enumerate(parameters):
        if index == 0 and receiver is not None:
            args.positional.append(receiver)
            continue
        if parameter.kind in ("*", "**"):
            continue
        value = _injected(m, f, closure, parameter, depth, asking or closure)
        if value is None and receiver is not None and parameter.name in FILLED:
            value = _filled(m, f, closure, parameter, receiver)
        if value is None and parameter.name == VALIDATED and closure.owner is not None:
            value = _validated(m, f, closure, parameter, closure.owner)
        if value is None:
            label = "request" if parameter.name in request else "param"
            if parameter.name in public:
                label = "public"
            loc = Loc(f.ctx, (label, closure.unit.name, parameter.at, parameter.name))
            value = of_ref(loc, unknown=True)
            told = given_by.described(m, f, closure, parameter.name)
            if told is not None:
                f.state.heap[loc] = told
                value = of_ref(loc, unknown=told.kind == "unknown")
            elif parameter.annotation is not None and depth < MAX_EQUIPPED:
                _equip(m, f, closure.unit, parameter.annotation, loc, depth)
            if label == "request" and m.policy.consent_attribute((parameter.name,)):
                # What a user says of consent in a field of a form: ``agree: bool = Form()``.
                said = Check(parameter.name, by_attribute=True)
                value = value.with_(when_true=frozenset((Fact("consent", loc, said, True),)))
            given = _default_callable(m, f, closure, parameter) or _default_setting(m, f, closure, parameter)
            if given is not None:
                value = given
            elif isinstance(parameter.default, ir.Const) and not isinstance(parameter.default.value, str):
                value = join(value, m.quiet(f, parameter.default, closure.unit))
            elif isinstance(parameter.default, ir.Name | ir.Attribute):
                default = m.quiet(f, parameter.default, closure.unit)
                value = join(value, default) if default.taints else value
        if parameter.kind == "keyword":
            args.keywords[parameter.name] = value
        else:
            args.positional.append(value)
    if any(parameter.kind == "*" for parameter in parameters):
        args.star = UNKNOWN
    if any(parameter.kind == "**" for parameter in parameters):
        spread = Loc(f.ctx, ("param", closure.unit.name, closure.function.at, "**"))
        args.double.append(of_ref(spread, unknown=True))
    return args


def _filled(m: Machine, f: Frame, closure: Closure, parameter: ir.Parameter, receiver: Value) -> Value | None:
    """The form or serializer that a view hands to its method: of its class, filled with what the user sent."""
    if parameter.name not in _request_parameters(m, closure):
        return None
    classes = inheritance.class_part(m, f, closure.owner, FILLED[parameter.name]) if closure.owner else None
    for loc in classes.locs() if classes is not None else ():
        obj = f.state.obj(loc)
        if obj is not None and obj.kind == "class":
            return _of_sent(m, f, closure, parameter, loc)
    return None


def _of_sent(m: Machine, f: Frame, closure: Closure, parameter: ir.Parameter, cls: Loc) -> Value:
    """A form or serializer of a class, made of what the user sent."""
    sent = of_ref(Loc(f.ctx, ("request", closure.unit.name, parameter.at, "data")), unknown=True)
    return m.call(f, of_ref(cls), Args(keywords={"data": sent}), parameter.at)


def _validated(m: Machine, f: Frame, closure: Closure, parameter: ir.Parameter, owner: Loc) -> Value | None:
    """What a serializer gives to its own ``create`` and ``update``: its fields, as the user sent them."""
    if not validators.is_serializer(m, f, owner):
        return None
    filled = _of_sent(m, f, closure, parameter, owner)
    return m.attribute(f, filled, VALIDATED, parameter.at)


def _equip(m: Machine, f: Frame, unit: Unit, annotation: ir.Expr, loc: Loc, depth: int) -> None:
    """An argument of a class of the project has the clients that its constructor makes."""
    m.describe(f, of_ref(loc, unknown=True), annotation, unit)
    described = f.state.obj(loc)
    if described is not None and described.cls is not None:
        equip(m, f, described.cls, loc, depth)


def equip(m: Machine, f: Frame, cls: Loc, loc: Loc, depth: int = 0) -> None:
    """Make an object that somebody else made one of a class, with the clients that its constructor makes."""
    initializer = inheritance.class_part(m, f, cls, "__init__")
    for ref in initializer.locs() if initializer is not None else ():
        obj = f.state.obj(ref)
        if obj is not None and isinstance(obj.info, Closure):
            args = unknown_arguments(m, f, obj.info, BOTTOM, depth + 1)
            placing.equip(m, f, cls, loc, Args(args.positional[1:], args.keywords, args.star, args.double))


def _default_setting(m: Machine, f: Frame, closure: Closure, parameter: ir.Parameter) -> Value | None:
    """The text or client that a parameter defaults to: a region or an address where nobody passes another.

    A parameter that is named for a field holds what callers give it.
    """
    default = options.default_of(m, f, closure, parameter)
    if default is None or m.policy.fields_of(parameter.name):
        return None
    value = m.quiet(f, default, closure.unit)
    if value.unknown or value.taints:
        return None
    if value.refs:
        clients = [
            obj for loc in value.locs() if (obj := f.state.obj(loc)) is not None and obj.kind == "library"
        ]
        return (
            value
            if len(clients) == len(value.refs) and all(obj.info is not None for obj in clients)
            else None
        )
    return join(value, OPAQUE) if any(value.texts()) else None


def _default_callable(m: Machine, f: Frame, closure: Closure, parameter: ir.Parameter) -> Value | None:
    """A function or class that a parameter defaults to: what is called where nobody passes another."""
    if not isinstance(parameter.default, ir.Name | ir.Attribute):
        return None
    value = m.quiet(f, parameter.default, closure.unit)
    for ref in value.refs:
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if not isinstance(ref, External) and (obj is None or obj.kind not in ("function", "class")):
            return None
    return value if value.refs and not value.unknown else None


def _injected(
    m: Machine, f: Frame, closure: Closure, parameter: ir.Parameter, depth: int, asking: Closure
) -> Value | None:
    """The result of the dependency that a parameter names, None where it names none."""
    if depth >= MAX_NESTED:
        return None
    for layer in applications.of_program(m).layers(asking, "dependencies"):
        for item in layer.node.items if isinstance(layer.node, ir.Dict) else ():
            if isinstance(item.key, ir.Const) and item.key.value == parameter.name:
                return _provided(m, f, asking, layer.unit, item.value, depth)
    if parameter.default is not None:
        made = providers.wired(m, f, closure.unit, parameter.default, parameter.at)
        if made is not None:
            return made
    if closure.marks and closure.marks[0].startswith(ASSETS):
        made = _asset(m, f, closure, parameter, depth)
        if made is not None:
            return made
    for unit, node in _dependency_calls(m, f, closure, parameter):
        own = None if node.arguments else _of_annotation(m, f, closure, parameter)
        found = dependency(m, f, unit, node, parameter.at, depth, own)
        if found is not None:
            return found
    return None


def _provided(m: Machine, f: Frame, asking: Closure, unit: Unit, node: ir.Expr, depth: int) -> Value | None:
    """The result of ``Provide(function)``, which a parameter asks for by its name (Litestar)."""
    if isinstance(node, ir.Call) and node.arguments:
        node = node.arguments[0].value
    for ref in m.evaluate_in(f, unit, node).locs():
        obj = f.state.obj(ref)
        if obj is not None and isinstance(obj.info, Closure):
            args = unknown_arguments(m, f, obj.info, None, depth + 1, asking)
            return _first_yield(f, m.awaited(f, m.call(f, of_ref(ref), args, node.at), node.at))
    return None


def _asset(m: Machine, f: Frame, closure: Closure, parameter: ir.Parameter, depth: int) -> Value | None:
    """The asset that a parameter of another is named for (Dagster)."""
    function = tasks.function_named(m, f, closure.unit.name, parameter.name, parameter.at)
    for loc in function.locs():
        obj = f.state.obj(loc)
        inner = obj.info if obj is not None else None
        if isinstance(inner, Closure) and inner.marks and inner.marks[0].startswith(ASSETS):
            args = unknown_arguments(m, f, inner, None, depth + 1)
            return m.awaited(f, m.call(f, function, args, parameter.at), parameter.at)
    return None


def dependency(
    m: Machine,
    f: Frame,
    unit: Unit,
    node: ir.Call,
    at: int,
    depth: int = 0,
    target: Value | None = None,
) -> Value | None:
    """The result of ``Depends(function)``, which runs first; None for one that nothing is known of."""
    if node.arguments and target is None:
        made = providers.wired(m, f, unit, node.arguments[0].value, at)
        if made is not None:
            return made
    if target is None:
        target = _asked(m, f, node.arguments[0].value, unit) if node.arguments else BOTTOM
    for ref in target.refs:
        if isinstance(ref, External) and m.policy.role([m.policy.catalog.canonical(ref.dotted)]) is not None:
            return m.awaited(f, m.call(f, of_ref(ref), Args(), at), at)
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if obj is None or not isinstance(ref, Loc):
            continue
        if isinstance(obj.info, Closure):
            args = unknown_arguments(m, f, obj.info, None, depth + 1)
            result = m.awaited(f, m.call(f, of_ref(ref), args, at), at)
            return _first_yield(f, result)
        if obj.kind == "class":
            return _constructed(m, f, ref, at, depth)
        if obj.cls is not None:
            return _called(m, f, ref, at)
    return None


def _asked(m: Machine, f: Frame, node: ir.Expr, unit: Unit) -> Value:
    """What ``Depends`` is given: a function or class by its name, or an object that is made for it."""
    return m.evaluate_in(f, unit, node) if isinstance(node, ir.Call) else m.quiet(f, node, unit)


def _of_annotation(m: Machine, f: Frame, closure: Closure, parameter: ir.Parameter) -> Value:
    return m.quiet(f, parameter.annotation, closure.unit) if parameter.annotation is not None else BOTTOM


def _constructed(m: Machine, f: Frame, cls: Loc, at: int, depth: int) -> Value:
    initializer = inheritance.class_part(m, f, cls, "__init__")
    args = Args()
    for ref in initializer.locs() if initializer is not None else ():
        obj = f.state.obj(ref)
        if obj is not None and isinstance(obj.info, Closure):
            args = unknown_arguments(m, f, obj.info, BOTTOM, depth + 1)
            args.positional = args.positional[1:]
    return m.call(f, of_ref(cls), args, at)


def _called(m: Machine, f: Frame, loc: Loc, at: int) -> Value:
    obj = m.obj(f, loc)
    found = inheritance.method(m, f, loc, obj, "__call__", at)
    return m.call(f, found, Args(star=UNKNOWN), at) if found is not None else UNKNOWN


def _first_yield(f: Frame, value: Value) -> Value:
    """A dependency that yields gives what it yields; the rest of it runs afterwards."""
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    if obj is None or obj.kind != "generator":
        return value
    return obj.parts.get(Const("int", 0)) or containers.each(obj)


def _dependency_calls(
    m: Machine, f: Frame, closure: Closure, parameter: ir.Parameter
) -> list[tuple[Unit, ir.Call]]:
    """``Depends(...)`` in a parameter's default or annotation, also behind a name (``SessionDep``)."""
    found: list[tuple[Unit, ir.Call]] = []
    unit = closure.unit
    if isinstance(parameter.default, ir.Call) and is_dependency(m, f, parameter.default, unit):
        found.append((unit, parameter.default))
    if parameter.annotation is not None:
        owner, node = alias_of(m, parameter.annotation, unit)
        if isinstance(node, ir.Subscript) and isinstance(node.index, ir.Sequence):
            for element in node.index.elements[1:]:
                if isinstance(element, ir.Call) and is_dependency(m, f, element, owner):
                    found.append((owner, element))
    return found


def is_dependency(m: Machine, f: Frame, node: ir.Call, unit: Unit) -> bool:
    """Whether a call names a dependency (``Depends``, ``Security``)."""
    target = m.quiet(f, node.function, unit)
    return any(isinstance(ref, External) and m.behaviour_of(ref.dotted) == "depends" for ref in target.refs)


def _request_parameters(m: Machine, closure: Closure) -> frozenset[str]:
    """The parameters that hold what a user sent, by the rows of the decorators."""
    parameters = [
        p.name for p in closure.function.parameters if p.name not in ("self", "cls") and not _is_header(p)
    ]
    # Who is given a request is a view: what else it is given comes from the address.
    names = {name for name in parameters[1:] if parameters[0] == "request" and m.policy.fields_of(name)}
    names |= origins.ONLY_REQUESTS.intersection(parameters)
    wanted_names: list[str] = []
    for mark in closure.marks:
        entry = m.policy.catalog.entry_decorator(mark)
        wanted_names += entry.request if entry is not None else ()
    for library in _libraries(m, closure):
        entry = m.policy.catalog.entry_base(library)
        if entry is not None and any(fnmatchcase(closure.function.name, each) for each in entry.methods):
            wanted_names += entry.request
    for wanted in wanted_names:
        if wanted == "*":
            names.update(parameters)
        elif wanted.isdigit():
            names.update(parameters[int(wanted) : int(wanted) + 1])
        else:
            names.add(wanted)
    return frozenset(names)


def _public_parameters(m: Machine, closure: Closure) -> frozenset[str]:
    """The parameters that hold what was taken from a public source: a page, an item that was made of one."""
    names = {parameter.name for parameter in closure.function.parameters}
    if closure.function.name == "process_item" and {"item", "spider"} <= names:
        return frozenset(("item",))
    found: set[str] = set()
    for library in _libraries(m, closure):
        entry = m.policy.catalog.entry_base(library)
        found.update(entry.public if entry is not None else ())
    return frozenset(found)


def _libraries(m: Machine, closure: Closure) -> tuple[str, ...]:
    """The library classes that the class of a method inherits from."""
    owner = m.base.get(closure.owner) if closure.owner is not None else None
    return owner.info.libraries if owner is not None and isinstance(owner.info, ClassInfo) else ()


def _is_header(parameter: ir.Parameter) -> bool:
    """Whether FastAPI fills a parameter from a header or a cookie: that is not what a user sends."""
    called = [node.function for node in _calls(parameter) if isinstance(node, ir.Call)]
    names = [node.attr if isinstance(node, ir.Attribute) else getattr(node, "id", "") for node in called]
    return any(name in ("Header", "Cookie") for name in names)


def _calls(parameter: ir.Parameter) -> list[ir.Expr]:
    """The default of a parameter, and what ``Annotated`` adds to its type."""
    found = [parameter.default] if parameter.default is not None else []
    annotation = parameter.annotation
    if isinstance(annotation, ir.Subscript) and isinstance(annotation.index, ir.Sequence):
        found += annotation.index.elements[1:]
    return found
