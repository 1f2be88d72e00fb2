"""What a request of Flask says of the route that it asks for: its endpoint, path and method.

What runs before handlers lets some routes by (``if request.endpoint in OPEN: return``). Which way that goes is known
for each handler by its decorators.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow.constants import HOLE
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Closure, Frame
from qorgau.flow.values import BOTTOM, Value, join_all, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

REQUEST = Loc(None, ("attribute", "flask.request"))
BLUEPRINT = "flask.Blueprint"
METHODS = frozenset(("post", "put", "patch", "delete"))
"""Decorators of routes that are asked for by one method only: ``get`` is for HEAD as well."""

_CAPTURED = re.compile(r"<[^>]*>")


def asked(m: Machine, f: Frame, closure: Closure) -> None:
    """From here on the request is one for this handler."""
    told: dict[str, list[Value]] = {}
    for decorator in closure.function.decorators:
        if isinstance(decorator, ir.Call) and isinstance(decorator.function, ir.Attribute):
            for name, value in _of_route(m, f, closure, decorator, decorator.function).items():
                told.setdefault(name, []).append(value)
    parts: dict[Key, Value] = {
        f"@{name}": join_all(values) for name, values in told.items() if not any(v.is_bottom for v in values)
    }
    if parts:
        f.state.heap[REQUEST] = Obj("library", type="flask.Request", parts=parts)


def _of_route(
    m: Machine, f: Frame, closure: Closure, decorator: ir.Call, function: ir.Attribute
) -> dict[str, Value]:
    if function.attr != "route" and function.attr not in (*METHODS, "get"):
        return {}
    owner = m.quiet(f, function.value, closure.unit).single()
    made = f.state.obj(owner) if owner is not None else None
    if made is None or not made.type.startswith("flask."):
        return {}
    keywords = {argument.keyword: argument.value for argument in decorator.arguments if argument.keyword}
    given = keywords.get("endpoint")
    names = [closure.function.name] if given is None else m.quiet(f, given, closure.unit).texts()
    told = {"endpoint": _joined(_of_blueprint(made), ".", names)}
    rule = m.quiet(f, decorator.arguments[0].value, closure.unit) if decorator.arguments else BOTTOM
    if made.type != BLUEPRINT or "@url_prefix" in made.parts:
        prefixes = made.parts["@url_prefix"].texts() if made.type == BLUEPRINT else [""]
        told["path"] = _joined(prefixes, "", [_CAPTURED.sub(HOLE, text) for text in rule.texts()])
    if function.attr in METHODS:
        told["method"] = of_const(function.attr.upper())
    return told


def _of_blueprint(made: Obj) -> list[str]:
    """What stands before the names of a blueprint's handlers: its own name."""
    return made.parts.get("@0", made.parts.get("@name", BOTTOM)).texts() if made.type == BLUEPRINT else [""]


def _joined(firsts: list[str], between: str, seconds: list[str]) -> Value:
    return join_all(of_const(f"{one}{between if one else ''}{two}") for one in firsts for two in seconds)
