"""What decorators and names say of the methods of models: validators, serializers and computed fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import inheritance
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Closure, Frame
from qorgau.flow.values import BOTTOM

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

VALIDATORS = {"validator": 1, "field_validator": 1, "validates": -1}
"""Decorators that name fields, and the place of the value among the parameters (pydantic; SQLAlchemy, marshmallow)."""

OF_FIELD = "validator"
"""``@phone.validator`` of attrs: the value is the third parameter."""

SERIALIZER = "rest_framework.serializers.BaseSerializer"
SECRET = "pydantic.SecretStr"
SECRETS = frozenset((SECRET, "pydantic.SecretBytes"))
"""Types whose text hides what they hold."""


def value_names(m: Machine, f: Frame, closure: Closure, parameter: ir.Parameter) -> tuple[str, ...]:
    """The names of the fields whose value a parameter of a validator is; none for other parameters."""
    function = closure.function
    if closure.owner is None or len(function.parameters) < 2 or function.parameters[0] is parameter:
        return ()
    names: list[str] = []
    for decorator in function.decorators:
        head = decorator.function if isinstance(decorator, ir.Call) else decorator
        place = VALIDATORS.get(last(head), 0)
        if isinstance(decorator, ir.Call) and place and _is_at(function, parameter, place):
            names += texts(decorator)
        elif isinstance(head, ir.Attribute) and head.attr == OF_FIELD and isinstance(head.value, ir.Name):
            names += [head.value.id] if _is_at(function, parameter, 2) else []
    prefix, _, name = function.name.partition("_")
    if prefix == "validate" and name and not names and _is_at(function, parameter, 1):
        names += [name] if is_serializer(m, f, closure.owner) else []
    return tuple(names)


def _is_at(function: ir.Function, parameter: ir.Parameter, place: int) -> bool:
    """Whether a parameter stands at a place; -1 for the last of two or three."""
    wanted = min(len(function.parameters) - 1, 2) if place == -1 else place
    return wanted < len(function.parameters) and function.parameters[wanted] is parameter


def is_serializer(m: Machine, f: Frame, owner: Loc) -> bool:
    """Whether a class is a serializer of Django REST framework."""
    info = m.class_info(f, owner)
    libraries = info.libraries if info is not None else ()
    return any(SERIALIZER in m.policy.catalog.ancestry(library) for library in libraries)


def last(node: ir.Expr) -> str:
    """The last name of a decorator."""
    if isinstance(node, ir.Attribute):
        return node.attr
    return node.id if isinstance(node, ir.Name) else ""


def texts(decorator: ir.Call) -> list[str]:
    """The texts that a decorator is called with: names of fields."""
    values = [argument.value for argument in decorator.arguments if argument.keyword is None]
    return [value.value for value in values if isinstance(value, ir.Const) and isinstance(value.value, str)]


def methods(m: Machine, f: Frame, cls: Loc) -> Iterator[tuple[str, Loc, Closure]]:
    """The decorated methods and properties of a class and its bases."""
    info = m.class_info(f, cls)
    for base in info.order if info is not None else ():
        obj = f.state.obj(base)
        parts = obj.parts if obj is not None else {}
        for name in [key for key in parts if isinstance(key, str)]:
            for part in parts[name].locs():
                for loc in (part, *_getters(f, part)):
                    held = f.state.obj(loc)
                    if held is not None and isinstance(held.info, Closure) and held.info.function.decorators:
                        yield name, loc, held.info


def _getters(f: Frame, loc: Loc) -> list[Loc]:
    """The function of a property."""
    obj = f.state.obj(loc)
    return obj.parts.get("fget", BOTTOM).locs() if obj is not None and obj.kind == "property" else []


def _is_decorated(closure: Closure, name: str) -> ir.Expr | None:
    for decorator in closure.function.decorators:
        if last(decorator.function if isinstance(decorator, ir.Call) else decorator) == name:
            return decorator
    return None


def serializer(m: Machine, f: Frame, cls: Loc, field: str) -> Loc | None:
    """The method that says how a dump shows a field (``@field_serializer("phone")``)."""
    for _, loc, closure in methods(m, f, cls):
        decorator = _is_decorated(closure, "field_serializer")
        if isinstance(decorator, ir.Call) and {field, "*"} & set(texts(decorator)):
            return loc
    return None


def whole_serializer(m: Machine, f: Frame, cls: Loc) -> Loc | None:
    """The method that makes the whole dump (``@model_serializer``), unless it wraps the usual one."""
    for _, loc, closure in methods(m, f, cls):
        if _is_decorated(closure, "model_serializer") is not None and len(closure.function.parameters) == 1:
            return loc
    return None


def computed(m: Machine, f: Frame, cls: Loc) -> list[str]:
    """Properties that a dump shows like fields (``@computed_field``)."""
    return [
        name
        for name, _, closure in methods(m, f, cls)
        if _is_decorated(closure, "computed_field") is not None
    ]


def is_secret(obj: Obj | None) -> bool:
    """Whether an object hides its text."""
    return obj is not None and obj.type in SECRETS


def holds_secret(m: Machine, f: Frame, cls: Loc, name: str) -> bool:
    """Whether a field of a class is declared to hold something that hides its text."""
    return is_secret(m.declared_class(f, cls, name))


def takes_others(m: Machine, f: Frame, cls: Loc) -> bool:
    """Whether a model keeps arguments that it declares no fields for (``extra="allow"``)."""
    for name in ("model_config", "Config"):
        part = inheritance.class_part(m, f, cls, name)
        for loc in part.locs() if part is not None else ():
            if any("allow" in held.texts() for held in m.obj(f, loc).parts.values()):
                return True
    return False
