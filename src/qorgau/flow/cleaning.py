"""What forms and serializers make of data when it is validated: ``clean_phone``, ``validate_phone``, ``clean``.

What such a method returns takes the place of what the user sent. It runs once for each form, when the form is
asked whether it is valid or for what it read, and its refusals end nothing: the form is not valid then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from qorgau.flow import admission, inheritance, raising, schemas
from qorgau.flow.constants import Const
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, Value, join_all, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

CLEANED = "$cleaned"
"""The part that marks what was read once its cleaning methods have run."""


class Methods(NamedTuple):
    """How a framework names the methods that clean, and whether it gives them what they clean."""

    of_field: str
    of_all: str
    takes: bool


METHODS = {
    schemas.FORM: Methods("clean_", "clean", takes=False),
    schemas.SERIALIZER: Methods("validate_", "validate", takes=True),
}


def cleaned(m: Machine, f: Frame, loc: Loc, at: int) -> None:
    """Let a form or serializer clean what it read; nothing for other objects, and inside of cleaning methods."""
    obj = f.state.obj(loc)
    info = m.class_info(f, obj.cls) if obj is not None and obj.cls is not None else None
    methods = METHODS.get(schemas.kind_of(m, info.libraries)) if info is not None else None
    if obj is None or methods is None or _is_inside(f, methods):
        return
    data = schemas.loaded(m, f, loc, obj, at)
    target = data.locs()[0]
    held = m.obj(f, target)
    if CLEANED in held.parts:
        return
    f.state.heap[target] = held.put(CLEANED, OPAQUE)
    for name in schemas.fields(m, f, obj):
        function = inheritance.method(m, f, loc, obj, f"{methods.of_field}{name}", at)
        if function is None:
            continue
        given = [m.item(f, data, of_const(name), at)] if methods.takes else []
        value = m.named(f, _called(m, f, function, given, at), name, data, at, key=True)
        if not value.is_bottom and not _is_choice(value):
            f.state.heap[target] = m.obj(f, target).put(Const("str", name), value)
    function = inheritance.method(m, f, loc, obj, methods.of_all, at)
    if function is not None:
        _take_over(m, f, target, _called(m, f, function, [data] if methods.takes else [], at))


def _is_inside(f: Frame, methods: Methods) -> bool:
    name = f.closure.function.name if f.closure is not None else ""
    return name == methods.of_all or name.startswith(methods.of_field)


def _is_choice(value: Value) -> bool:
    """Whether a value is one of several constants: what the user chose among them is what was sent."""
    return len(value.consts) > 1 and not (value.taints or value.refs or value.unknown)


def _called(m: Machine, f: Frame, function: Value, given: list[Value], at: int) -> Value:
    """What a cleaning method returns. What it checked holds only once the form is known to be valid."""
    before = f.state.copy()
    with raising.swallowed(f):
        value = m.call(f, function, Args(given), at)
    if not f.state.reachable:
        f.state = before
        return BOTTOM
    f.state.facts = before.facts
    return value


def _take_over(m: Machine, f: Frame, target: Loc, value: Value) -> None:
    """The dict that the last method returned is what was read."""
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None and loc != target and not value.unknown else None
    if obj is not None and obj.kind == "dict":
        f.state.heap[target] = replace(obj.put(CLEANED, OPAQUE), info=m.obj(f, target).info)


def received(m: Machine, f: Frame, value: Value, at: int) -> None:
    """A form that a framework hands over was found valid before."""
    for loc in value.locs() if len(value.refs) == 1 else ():
        cleaned(m, f, loc, at)


def attribute(
    m: Machine, f: Frame, loc: Loc, obj: Obj, libraries: tuple[str, ...], name: str, at: int
) -> Value | None:
    """An attribute that a form, schema or serializer has by its fields; None for others."""
    if name in schemas.LOADED.get(schemas.kind_of(m, libraries), ()):
        cleaned(m, f, loc, at)
        obj = m.obj(f, loc)
    return schemas.attribute(m, f, loc, obj, libraries, name, at)


def _is_valid(m: Machine, f: Frame, u: Use) -> Value:
    """``form.is_valid()``"""
    for loc in u.receiver.locs():
        cleaned(m, f, loc, u.at)
    return admission.is_valid(m, f, u)


def _all_cleaned(m: Machine, f: Frame, u: Use) -> Value:
    """``super().clean()`` of a form: all that it read."""
    found = [(loc, f.state.obj(loc)) for loc in u.receiver.locs()]
    read = [
        schemas.loaded(m, f, loc, obj, u.at) for loc, obj in found if obj is not None and obj.cls is not None
    ]
    return join_all(read) if read else OPAQUE


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "form-clean": _all_cleaned,
    "is-valid": _is_valid,
}
