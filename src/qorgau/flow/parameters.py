"""What the parameters of a function get in a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import (
    containers,
)
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Closure, Frame
from qorgau.flow.values import (
    BOTTOM,
    OPAQUE,
    Value,
    join,
    of_const,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def bind_parameters(
    m: Machine, f: Frame, obj: Obj, closure: Closure, args: Args, at: int
) -> dict[str, Value]:
    """The value of each parameter of a call; names of fields say what unknown values carry."""
    function = closure.function
    bound: dict[str, Value] = {}
    position = 0
    keywords = dict(args.keywords)
    doubles = list(args.double)
    for parameter in function.parameters:
        name = parameter.name
        value: Value
        source: int | str = name
        if parameter.kind == "*":
            rest = args.positional[position:]
            value = m.sequence(f, at, "tuple", rest, args.star, f"*{name}")
            bound[name] = value
            position = len(args.positional)
            continue
        if parameter.kind == "**":
            bound[name] = _keywords(m, f, keywords, doubles, at, name)
            continue
        given: Value | None = None
        if parameter.kind != "keyword" and position < len(args.positional):
            given, source = args.positional[position], position
            position += 1
        elif name in keywords and parameter.kind != "positional":
            given = keywords.pop(name)
        if given is None:
            value = BOTTOM
            if not args.star.is_bottom and parameter.kind != "keyword":
                value = join(value, _of_star(f, args.star, name))
            for double in doubles:
                value = join(value, m.item(f, double, of_const(name), at))
            default = obj.parts.get(f"$default:{name}")
            if value.is_bottom or (default is not None and not value.taints):
                value = join(
                    value, default if default is not None else (OPAQUE if value.is_bottom else BOTTOM)
                )
        else:
            value = given
        bound[name] = _arrived(m, f, closure, parameter, value, args.ats.get(source, at))
    return bound


def _of_star(f: Frame, star: Value, name: str) -> Value:
    """What one parameter gets of ``*unknown``: of an unknown object a part of its own, not the same for all."""
    refs = {
        ref.child(name) if isinstance(ref, Loc) and f.state.obj(ref) is None else ref: facts
        for ref, facts in star.refs.items()
    }
    return star.with_(refs=refs) if refs else star


def _arrived(m: Machine, f: Frame, closure: Closure, parameter: ir.Parameter, value: Value, at: int) -> Value:
    value = m.parameter_named(f, closure, parameter, value)
    if value.taints:
        note = f"passed to {closure.function.name}() as {parameter.name}"
        value = value.map_taints(lambda taint: taint.stepped(f.unit, at, note))
    return value


def _keywords(
    m: Machine, f: Frame, keywords: dict[str, Value], doubles: list[Value], at: int, name: str
) -> Value:
    made = m.new(f, at, Obj("dict", info="exact"), f"**{name}")
    loc = made.locs()[0]
    for keyword, value in keywords.items():
        m.set_item(f, made, of_const(keyword), value, at)
    for double in doubles:
        containers.update(m, f, loc, double, at)
    return made
