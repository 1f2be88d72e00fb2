"""Functions that a queue runs elsewhere: ``delay``, ``apply_async`` and their like, and what a worker gives them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Closure, Frame
from qorgau.flow.places import Site
from qorgau.flow.unknown_calls import unknown_call
from qorgau.flow.uses import Use
from qorgau.flow.values import (
    BOTTOM,
    OPAQUE,
    UNKNOWN,
    Value,
    is_true,
    join,
    join_all,
    of_ref,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


DELAYED = frozenset(
    [
        "delay",
        "apply_async",
        "apply",
        "send",
        "send_with_options",
        "enqueue",
        "schedule",
        "spawn",
        "kiq",
        "defer",
    ]
)
"""Methods of a decorated task that run the task somewhere else with the arguments given."""

OF_CELERY = frozenset(("delay", "apply_async"))
"""Those by which a function that unknown code has decorated shows itself a task of Celery, or of its like."""

PACKED = frozenset(("apply_async", "send_with_options", "apply", "signature", "subtask"))
"""Methods of a task that take its arguments as a list and a dict."""

QUEUED = {"dramatiq.Actor": "dramatiq.Message", "celery.Task": "celery.result.AsyncResult"}
"""What a library's task gives when it is queued."""

SIGNED = frozenset(("s", "si", "signature", "subtask"))
"""Methods of a task that keep a call of it for later; in a chain the result before comes first."""


def function_method(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, args: Args, at: int) -> Value:
    """A method of a function: of a task, what runs the function elsewhere with the arguments."""
    closure = obj.info
    assert isinstance(closure, Closure)
    if name == "__call__":
        return m.call(f, of_ref(loc), args, at)
    for mark in closure.marks:
        row = m.policy.catalog.returns(mark)
        if row is not None:
            own = join(of_ref(loc), _application(m, f, closure))
            made = m.library_call(f, f"{row.type}.{name}", own, args, at)
            if name not in DELAYED and m.policy.catalog.rows(f"{row.type}.{name}"):
                if name in SIGNED:
                    _delayed(m, f, loc, closure, name, args, at)
                return made
    if name in DELAYED:
        made = OPAQUE
        if name in OF_CELERY and closure.function.decorators:
            made = m.library_call(f, f"celery.Task.{name}", of_ref(loc), args, at)
        _delayed(m, f, loc, closure, name, args, at)
        return made
    if not closure.marks and not obj.parts.get(name):
        return UNKNOWN
    return unknown_call(m, f, name, BOTTOM, args, at)


def _delayed(m: Machine, f: Frame, loc: Loc, closure: Closure, name: str, args: Args, at: int) -> None:
    """A worker runs a task with what was queued; what was checked before that holds for it."""
    given = _given(m, f, name, args, at)
    if name in SIGNED:
        missing = _required(closure) - len(given.positional) - len(given.keywords)
        given.positional[:0] = [UNKNOWN] * max(missing, 0)
    if _is_bound(closure):
        given = Args([of_ref(loc), *given.positional], given.keywords, given.star, given.double)
    m.perhaps(f, lambda: m.call(f, of_ref(loc), given, at))


def _given(m: Machine, f: Frame, name: str, args: Args, at: int) -> Args:
    """The arguments that a task runs with."""
    if name not in PACKED:
        return Args(list(args.positional), dict(args.keywords), args.star, list(args.double))
    row_values = args.get(0, "args")
    items = m.iterate(f, row_values, at) if row_values is not None else None
    given = items.as_args() if items is not None else Args()
    keywords = args.get(1, "kwargs")
    exact = m.exact_dict(f, keywords) if keywords is not None else None
    given.keywords.update(exact or {})
    if keywords is not None and exact is None:
        given.double.append(keywords)
    return given


def _of_made(m: Machine, f: Frame, u: Use) -> Value:
    """``dramatiq.actor(Deliver()).send(...)``: a task that was made by a call and not as a decorator."""
    library, _, name = u.dotted.rpartition(".")
    for loc in u.receiver.locs():
        obj = f.state.obj(loc)
        function = obj.parts.get("@0", BOTTOM) if obj is not None and obj.kind == "library" else BOTTOM
        if not function.refs:
            continue
        given = _given(m, f, name, u.args, u.at)
        if is_true(obj.parts.get("@bind") if obj is not None else None):
            given.positional.insert(0, UNKNOWN)
        m.perhaps(f, partial(m.call, f, function, given, u.at))
    return m.new(f, u.at, Obj("library", type=QUEUED[library]), "queued")


def _required(closure: Closure) -> int:
    """How many arguments a task must be given by position."""
    others = ("*", "**", "keyword")
    needed = [p for p in closure.function.parameters if p.default is None and p.kind not in others]
    return len(needed) - _is_bound(closure)


def _is_bound(closure: Closure) -> bool:
    """Whether a task gets itself as its first argument (``bind=True``)."""
    return any(
        argument.keyword == "bind" and isinstance(argument.value, ir.Const) and argument.value.value is True
        for decorator in closure.function.decorators
        if isinstance(decorator, ir.Call)
        for argument in decorator.arguments
    )


def _application(m: Machine, f: Frame, closure: Closure) -> Value:
    """The application or broker whose decorator made a function a task: its calls go where that stands."""
    found: list[Value] = []
    for decorator in closure.function.decorators:
        head = decorator.function if isinstance(decorator, ir.Call) else decorator
        if isinstance(head, ir.Attribute):
            for owner in m.quiet(f, head.value, closure.unit).locs():
                obj = f.state.obj(owner)
                if obj is not None and obj.kind == "library" and isinstance(obj.info, Site):
                    found.append(of_ref(owner))
    return join_all(found)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {"delayed": _of_made}
