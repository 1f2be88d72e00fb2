"""What runs around the handlers of an application: middleware, and guards that run before them.

Middleware is given a function that goes on to the handler. Where that is called, the handler runs in the
state that the middleware has reached: a check of consent in it counts (spec section 5). So its call ends the
path with ``REACHED``, which nothing but the handler catches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import applications, inheritance, raising
from qorgau.flow.applications import Layer
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Closure, Frame
from qorgau.flow.state import State
from qorgau.flow.values import BOTTOM, UNKNOWN, External, Value, of_ref
from qorgau.linking import Unit

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

CONTINUE = "qorgau.Continue"
REACHED = "builtins.GeneratorExit"
"""The exception that ends a path at the handler: one that ``except Exception`` lets pass, and nobody raises."""

GOING_ON = frozenset(("call_next", "handler", "get_response", "next", "next_handler", "app", "receive_next"))
METHODS = ("dispatch", "__call__")
DJANGO = ("django.", "rest_framework.")
ASKED = "$asked"
"""The part of a view that says that its ``dispatch`` is run up to the handler."""

MAX_LAYERS = 6
"""Layers that are run before one handler."""


def before(m: Machine, f: Frame, closure: Closure, request: Value) -> None:
    """Go through the middleware and the guards that apply to a handler."""
    program = applications.of_program(m)
    made = Loc(f.ctx, ("param", closure.unit.name, closure.function.at, "connection"))
    request = request if request.refs else of_ref(made, unknown=True)
    around = [*program.layers(closure, "middleware")][:MAX_LAYERS]
    for layer in reversed(around):
        _through(m, f, m.evaluate_in(f, layer.unit, _target(m, f, layer)), request)
    for unit, name in _of_django(m, closure)[:MAX_LAYERS]:
        _through(m, f, m.quiet(f, ir.Name(closure.function.at, name), unit), request)
    for layer in [*program.layers(closure, "guards")][:MAX_LAYERS]:
        _guard(m, f, layer, request)
    # Whom a request belongs to that the handler does not see is not told.
    f.state.facts = frozenset(
        fact._replace(subject=None) if fact.subject is not None and made in fact.subject.ancestors() else fact
        for fact in f.state.facts
    )


# Middleware


def _target(m: Machine, f: Frame, layer: Layer) -> ir.Expr:
    """The function, class or object: of ``Middleware(ConsentMiddleware, ...)`` the class."""
    node = layer.node
    if isinstance(node, ir.Call) and node.arguments:
        made = m.quiet(f, node.function, layer.unit)
        if any(isinstance(ref, External) and ref.dotted.endswith("Middleware") for ref in made.refs):
            return node.arguments[0].value
    return node


def _through(m: Machine, f: Frame, target: Value, request: Value) -> None:
    """Run one middleware up to the handler; one that never gets there is left out of account."""
    for ref in target.locs():
        up_to_handler(m, f, partial(_call, m, f, ref, request))


def up_to_handler(m: Machine, f: Frame, run: Callable[[], object]) -> None:
    """Run what is around a handler: the frame's state is the one in which it goes on to the handler."""
    held, f.state = f.state, f.state.copy()
    raises, f.raises = f.raises, []
    handlers, f.handlers = f.handlers, []
    run()
    reached = [state for state in f.raises if _is_reached(state)]
    f.raises, f.handlers, f.state = raises, handlers, held
    if reached:
        f.state = reached[0]
        for other in reached[1:]:
            f.state = m.join_states(f.state, other)
        f.state.env.pop(raising.EXCEPTION, None)


def _is_reached(state: State) -> bool:
    raised = state.env.get(raising.EXCEPTION)
    return raised is not None and any(
        isinstance(ref, External) and ref.dotted == REACHED for ref in raised.refs
    )


def _call(m: Machine, f: Frame, ref: Loc, request: Value) -> None:
    obj = f.state.obj(ref)
    if obj is None:
        return
    if isinstance(obj.info, Closure):
        m.call(f, of_ref(ref), _arguments(obj.info, request), obj.info.function.at)
        return
    made = m.call(f, of_ref(ref), Args([_going_on()]), 0) if obj.kind == "class" else of_ref(ref)
    for loc in made.locs():
        held = f.state.obj(loc)
        for name in METHODS if held is not None and held.cls is not None else ():
            method = inheritance.class_part(m, f, held.cls, name) if held is not None and held.cls else None
            closure = _closure_of(f, method)
            if method is not None and closure is not None:
                bound = inheritance.bind(m, f, method, of_ref(loc), closure.function.at)
                m.call(f, bound, _arguments(closure, request, own=True), closure.function.at)
                return


def _closure_of(f: Frame, function: Value | None) -> Closure | None:
    loc = function.single() if function is not None else None
    obj = f.state.obj(loc) if loc is not None else None
    return obj.info if obj is not None and isinstance(obj.info, Closure) else None


def _going_on() -> Value:
    return of_ref(External(CONTINUE))


def _arguments(closure: Closure, request: Value, *, own: bool = False) -> Args:
    """What a framework gives middleware: the request or event, and how to go on."""
    given = Args()
    event = request
    for parameter in closure.function.parameters[own:]:
        if parameter.kind in ("*", "**"):
            continue
        goes_on = parameter.name in GOING_ON
        given.positional.append(_going_on() if goes_on else event)
        if not goes_on:
            event = UNKNOWN
    return given


def _of_django(m: Machine, closure: Closure) -> list[tuple[Unit, str]]:
    """Those in the settings, for a view of Django: all but its own."""
    parameters = [parameter.name for parameter in closure.function.parameters]
    if "request" not in parameters[:2]:
        return []
    own = closure.function.qualname.partition(".")[0]
    return [each for each in of_settings(m) if each != (closure.unit, own)]


def of_settings(m: Machine) -> list[tuple[Unit, str]]:
    """The classes and functions of the project in ``MIDDLEWARE`` of the settings."""
    if m.of_settings is None:
        m.of_settings = list(_named_in_settings(m))
    return m.of_settings


def _named_in_settings(m: Machine) -> Iterator[tuple[Unit, str]]:
    for module in m.program.settings_modules:
        unit = m.program.units[module]
        for statement in unit.module.body:
            if isinstance(statement, ir.Assign) and _is_middleware(statement.targets):
                for element in statement.value.elements if isinstance(statement.value, ir.Sequence) else ():
                    dotted = element.value if isinstance(element, ir.Const) else None
                    owner, _, name = dotted.rpartition(".") if isinstance(dotted, str) else ("", "", "")
                    if owner in m.program.units:
                        yield m.program.units[owner], name


def _is_middleware(targets: tuple[ir.Expr, ...]) -> bool:
    return any(isinstance(target, ir.Name) and target.id == "MIDDLEWARE" for target in targets)


# Guards


def _guard(m: Machine, f: Frame, layer: Layer, request: Value) -> None:
    """A function that raises where it lets nobody through (Litestar)."""
    before = f.state.copy()
    for ref in m.evaluate_in(f, layer.unit, layer.node).locs():
        closure = _closure_of(f, of_ref(ref))
        if closure is not None:
            given = Args([request, *[UNKNOWN] * (len(closure.function.parameters) - 1)])
            m.awaited(f, m.call(f, of_ref(ref), given, closure.function.at), closure.function.at)
    if not f.state.reachable:
        f.state = before


def leads_on(f: Frame, receiver: Value, args: Args) -> bool:
    """Whether the library's own ``dispatch`` is called on a view whose project's own is run up to the handler."""
    views = [value.single() for value in (receiver, *args.positional[:1])]
    objs = [f.state.obj(loc) for loc in views if loc is not None]
    return any(obj is not None and ASKED in obj.parts for obj in objs)


def go_on(f: Frame) -> Value:
    """The call that leads to the handler."""
    raising.leave(f, of_ref(External(REACHED)))
    return BOTTOM
