"""Functions as values: ``def`` and ``lambda``, and how a function is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau import ir
from qorgau.flow.facts import Facts
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Closure, Frame
from qorgau.flow.values import (
    Value,
    of_ref,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def define_function(m: Machine, f: Frame, function: ir.Function, decorate: bool) -> Value:
    """The value of a ``def`` or ``lambda``: defaults and decorators evaluated."""
    parts: dict[Key, Value] = {}
    for parameter in function.parameters:
        if parameter.default is not None:
            parts[f"$default:{parameter.name}"] = m.evaluate(f, parameter.default)
    owner = f.loc if f.kind == "class" else None
    scopes = f.scopes
    binding = "plain"
    if owner is not None and function.name in ("__new__", "__init_subclass__", "__class_getitem__"):
        binding = "static" if function.name == "__new__" else "class"
    closure = Closure(f.unit, function, scopes, owner, binding)
    loc = f.defining_place(function.at, "function")
    m.made.append(loc)
    f.state.heap[loc] = Obj("function", parts=parts, info=closure)
    m.defined(f, loc, closure)
    value = of_ref(loc)
    if decorate:
        for decorator in reversed(function.decorators):
            value = m.decorated(f, decorator, value, loc, function)
        m.finished(f, function, value, loc)
    return value


def rebind(
    f: Frame,
    loc: Loc,
    *,
    binding: str | None = None,
    marks: tuple[str, ...] | None = None,
    facts: Facts | None = None,
) -> None:
    """Change how a function is called: what is given of its ``Closure``."""
    obj = f.state.obj(loc)
    if obj is not None and isinstance(obj.info, Closure):
        held = obj.info
        info = replace(
            held,
            binding=held.binding if binding is None else binding,
            marks=held.marks if marks is None else marks,
            facts=held.facts if facts is None else facts,
        )
        f.state.heap[loc] = replace(obj, info=info)
