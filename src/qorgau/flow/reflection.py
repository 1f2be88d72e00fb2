"""Code that looks at itself: ``getattr``, ``vars``, ``super``, ``locals``, imports of names that are texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import attribute_changes, containers, inheritance, keys
from qorgau.flow.constants import const
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Closure, Frame
from qorgau.flow.parameters import bind_parameters
from qorgau.flow.raising import EXCEPTION
from qorgau.flow.state import State
from qorgau.flow.taints import merge_taints
from qorgau.flow.uses import Use
from qorgau.flow.values import (
    BOTTOM,
    OPAQUE,
    UNKNOWN,
    SuperOf,
    Value,
    join,
    join_all,
    of_const,
    of_ref,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def _getattr(m: Machine, f: Frame, u: Use) -> Value:
    owner, name, default = u.arg(0), keys.plain(f, u.arg(1)), u.arg(2)
    known = name.texts()
    if not known or name.unknown or name.opaque:
        fields = [v for loc in owner.locs() for v in _attributes(f, loc)]
        fields += [m.attribute(f, owner, text, u.at) for text in known]
        return join_all([_untold(m, f, owner), default, *fields])
    if not default.is_bottom and all(inheritance.lacks(m, f, owner, text) for text in known):
        return default
    if default.is_bottom:
        return join_all([m.attribute(f, owner, text, u.at) for text in known])
    refused: list[State] = []
    f.handlers.append(refused)
    result = join_all([m.attribute(f, owner, text, u.at) for text in known])
    f.handlers.pop()
    for state in refused:
        # What the class itself says of an attribute that it does not have is answered by the default.
        state.env.pop(EXCEPTION, None)
        f.state = m.join_states(f.state, state)
    if refused:
        return join(result, default)
    return result if _is_set(m, f, owner, known) else join(result, default)


def _plain_attribute(m: Machine, f: Frame, u: Use) -> Value:
    """``object.__getattribute__(x, name)``: past what the class itself does on reading."""
    names = u.arg(1).texts()
    return join_all([m.attribute(f, u.arg(0), name, u.at) for name in names]) if names else UNKNOWN


def _untold(m: Machine, f: Frame, owner: Value) -> Value:
    """What an attribute of unknown name can be besides those that are known: of a made object there is none.

    It is any of the fields: a part of it, or an item of what all attributes are put into, is hardly each of them.
    """
    made = {loc for loc in owner.locs() if m.obj(f, loc).kind == "instance"}
    others = owner.with_(refs={ref: held for ref, held in owner.refs.items() if ref not in made})
    found = (
        replace(taint, calls=max(taint.calls, 1), within=True) if taint not in owner.taints else taint
        for taint in m.contents(f, others)
    )
    return Value(merge_taints(found), unknown=True)


def _attributes(f: Frame, loc: Loc) -> list[Value]:
    obj = f.state.obj(loc)
    if obj is None:
        return []
    return [
        part for key, part in obj.parts.items() if isinstance(key, str) and not key.startswith(("$", "@"))
    ]


def _is_set(m: Machine, f: Frame, owner: Value, names: list[str]) -> bool:
    loc = owner.single()
    obj = f.state.obj(loc) if loc is not None else None
    return obj is not None and all(name in obj.parts for name in names)


def _setattr(m: Machine, f: Frame, u: Use) -> Value:
    names = u.arg(1).texts()
    if names and u.dotted.endswith("__setattr__"):
        for name in names:
            attribute_changes.put_attribute(m, f, u.arg(0), name, u.arg(2))
    elif names:
        for name in names:
            m.set_attribute(f, u.arg(0), name, u.arg(2), u.at)
    else:
        for loc in u.arg(0).locs():
            obj = m.obj(f, loc)
            m.write(f, loc, replace(obj, rest=join(obj.rest, u.arg(2))), strong=True)
    return of_const(None)


def _delattr(m: Machine, f: Frame, u: Use) -> Value:
    for name in u.arg(1).texts():
        m.delete_attribute(f, u.arg(0), name, u.at)
    return of_const(None)


def _hasattr(m: Machine, f: Frame, u: Use) -> Value:
    known = u.arg(1).texts()
    absent = bool(known) and all(inheritance.lacks(m, f, u.arg(0), text) for text in known)
    return of_const(False) if absent else OPAQUE


def _vars(m: Machine, f: Frame, u: Use) -> Value:
    if not u.args.positional:
        return UNKNOWN
    return m.attribute(f, u.arg(0), "__dict__", u.at)


def _isinstance(m: Machine, f: Frame, u: Use) -> Value:
    answer = m.is_instance(f, u.arg(0), u.arg(1))
    return OPAQUE if answer is None else of_const(answer)


def _super(m: Machine, f: Frame, u: Use) -> Value:
    if len(u.args.positional) >= 2:
        cls = u.arg(0).single()
        return of_ref(SuperOf(cls, u.arg(1))) if cls is not None else UNKNOWN
    frame = f
    closure = frame.closure
    owner = m.owner_of(f)
    if closure is None or owner is None:
        return UNKNOWN
    return of_ref(SuperOf(owner, frame.receiver))


def _import_string(m: Machine, f: Frame, u: Use) -> Value:
    """``import_string("package.module.name")``: what goes by that name."""
    results: list[Value] = []
    for text in u.arg(0, "import_name").texts():
        module, _, name = text.replace(":", ".").rpartition(".")
        results.append(m.import_name(f, module, name, u.at) if module else m.import_module(f, name))
    return join_all(results) if results else UNKNOWN


def _bind_arguments(m: Machine, f: Frame, u: Use) -> Value:
    """``signature.bind(*args, **kwargs)``: what was given by position, and by name."""
    rest = None if u.args.star.is_bottom else u.args.star
    given = m.sequence(f, u.at, "tuple", list(u.args.positional), rest, "bound-args")
    named = m.new(f, u.at, Obj("dict", info="exact"), "bound-kwargs")
    for double in u.args.double:
        containers.update(m, f, named.locs()[0], double, u.at)
    for name, value in u.args.keywords.items():
        m.set_item(f, named, of_const(name), value, u.at)
    everything = _by_name(m, f, u)
    if everything is None:
        held = join_all([m.iterate(f, given, u.at).each, named])
        everything = m.new(f, u.at, Obj("dict", rest=held), "bound")
    parts: dict[Key, Value] = {"args": given, "kwargs": named, "arguments": everything}
    return m.new(f, u.at, Obj("library", type="inspect.BoundArguments", parts=parts), "bind")


def _by_name(m: Machine, f: Frame, u: Use) -> Value | None:
    """What each parameter gets, where it is known whose signature it is."""
    loc = u.receiver.single()
    signature = f.state.obj(loc) if loc is not None else None
    function = signature.parts.get("@0", BOTTOM).single() if signature is not None else None
    obj = f.state.obj(function) if function is not None else None
    if obj is None or not isinstance(obj.info, Closure):
        return None
    parts: dict[Key, Value] = {
        const(name): value for name, value in bind_parameters(m, f, obj, obj.info, u.args, u.at).items()
    }
    return m.new(f, u.at, Obj("dict", parts=parts, info="exact"), "bound")


def _import(m: Machine, f: Frame, u: Use) -> Value:
    results: list[Value] = []
    for text in u.arg(0, "name").texts():
        package = [one for one in u.arg(1, "package").texts() if one != "__main__"]
        if text.startswith(".") and package:
            level = len(text) - len(text.lstrip("."))
            base = package[0].split(".")
            text = ".".join([*base[: len(base) - level + 1], text.lstrip(".")])
        results.append(m.import_module(f, text))
    return join_all(results) if results else UNKNOWN


def _locals(m: Machine, f: Frame, u: Use) -> Value:
    parts: dict[Key, Value] = {const(name): value for name, value in m.local_variables(f).items()}
    return m.new(f, u.at, Obj("dict", parts=parts), "locals")


def _globals(m: Machine, f: Frame, u: Use) -> Value:
    return m.attribute(f, m.import_module(f, f.unit.name), "__dict__", u.at)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "bind-arguments": _bind_arguments,
    "getattr": _getattr,
    "hasattr": _hasattr,
    "import-module": _import,
    "import-string": _import_string,
    "isinstance": _isinstance,
    "plain-attribute": _plain_attribute,
    "setattr": _setattr,
    "super": _super,
    "vars": _vars,
}

BUILTINS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "__import__": _import,
    "delattr": _delattr,
    "getattr": _getattr,
    "globals": _globals,
    "hasattr": _hasattr,
    "isinstance": _isinstance,
    "locals": _locals,
    "setattr": _setattr,
    "super": _super,
    "vars": _vars,
}
