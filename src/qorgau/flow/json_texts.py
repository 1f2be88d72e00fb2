"""JSON: a text that remembers what it was made of, so that reading it gives the keys back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import containers, inheritance, origins, text_methods, texts
from qorgau.flow.constants import HOLE, Const
from qorgau.flow.copying import copied
from qorgau.flow.facts import Facts
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.taints import Taints, merge_taints
from qorgau.flow.uses import Use
from qorgau.flow.values import (
    NO_REFS,
    Ref,
    Value,
    join,
    of_const,
    of_ref,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

TEXT = "json.text"
"""The type of what stands for such a text."""

OF = "$of"
"""The part that says what a text was made of."""

SAME = frozenset(("encode", "decode", "strip"))
"""Methods that give the same document: bytes of JSON, JSON without the blanks around it."""


def dumps(m: Machine, f: Frame, u: Use) -> Value:
    """Text that remembers what it was made of, so that ``loads`` gives the keys back."""
    value = u.arg(0, "obj")
    convert = converter(m, f, u)
    if convert is not None:
        return Value(converted(m, f, value, convert, u.at), unknown=value.unknown, opaque=True)
    taints = m.contents(f, value)
    held = remembering(m, f, value, u.at)
    return Value(taints, refs=held, unknown=value.unknown and not held, opaque=True)


def remembering(m: Machine, f: Frame, value: Value, at: int) -> Mapping[Ref, Facts]:
    """The object that stands for a text made of a value, where the value has keys to be kept apart."""
    if not value.locs():
        return NO_REFS
    return m.new(f, at, Obj("library", type=TEXT, parts={OF: value}), "json").refs


def made_of(f: Frame, value: Value) -> Value | None:
    """What a text was made of, if that is remembered."""
    objs = (f.state.obj(loc) for loc in value.locs())
    return next((obj.parts[OF] for obj in objs if obj is not None and obj.type == TEXT), None)


def method(m: Machine, f: Frame, receiver: Value, name: str, args: Args, at: int) -> Value | None:
    """A method of such a text; None when texts have no such method."""
    return receiver if name in SAME else text_methods.method(m, f, receiver, name, args, at)


def converter(m: Machine, f: Frame, u: Use) -> Value | None:
    """What turns objects that JSON does not know into others: ``default=``, or the method of ``cls=``."""
    default = u.args.keywords.get("default")
    if default is not None and default.refs:
        return default
    encoder = u.args.keywords.get("cls")
    for loc in encoder.locs() if encoder is not None else ():
        if inheritance.class_part(m, f, loc, "default") is not None:
            made = m.new(f, u.at, Obj("instance", cls=loc), "encoder")
            return m.attribute(f, made, "default", u.at)
    return None


def converted(m: Machine, f: Frame, value: Value, convert: Value, at: int, depth: int = 0) -> Taints:
    """What a text of a value carries when ``convert`` is asked about its objects."""
    found = list(value.taints)
    for ref in value.refs:
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if obj is None or not isinstance(ref, Loc):
            continue
        if obj.kind == "dict" or obj.kind in containers.SEQUENCES:
            parts = [*(part for _, part in obj.items()), obj.rest, *containers.spreads(obj)]
            for part in parts if depth < 6 else ():
                found += converted(m, f, part, convert, at, depth + 1)
        elif ("$row" in obj.parts or "$element" in obj.parts) and depth < 6:
            found += converted(m, f, m.iterate(f, of_ref(ref), at).each, convert, at, depth + 1)
        elif obj.cls is not None and depth < 6:
            found += converted(m, f, m.call(f, convert, Args([of_ref(ref)]), at), convert, at, depth + 3)
        else:
            found += m.contents(f, of_ref(ref))
    return merge_taints(found)


def loads(m: Machine, f: Frame, u: Use) -> Value:
    """What a text says: what it was made of where that is remembered, else what a constant text has."""
    value = u.arg(0, "s")
    given = made_of(f, value)
    known = value.constant()
    if given is not None:
        read = copied(m, f, given, u.at, deep=True)
    elif known is not None and (parsed := _parsed(known)) is not None:
        read = _built(m, f, parsed, u.at, "json")
    else:
        # What a text says is no part of the text: an item of it can be all of the datum.
        taints = frozenset(texts.of_call(taint) for taint in value.taints)
        read = m.unknown(f, u.at, taints, origins.marked("json", origins.of_held(f, value)))
    for keyword in HOOKS:
        hook = u.args.keywords.get(keyword)
        if hook is not None and hook.refs:
            return _hooked(m, f, read, hook, keyword == HOOKS[1], u.at)
    return read


HOOKS = ("object_hook", "object_pairs_hook")
"""Functions that are given each object that is read, and give what stands for it."""

MAX_DEPTH = 6
"""Objects within objects that are given to such a function one by one."""


def _parsed(known: Const) -> dict[str, object] | list[object] | None:
    """The collection that a constant text says, None where it says none or part of the text is not known."""
    if not isinstance(known.value, str) or HOLE in known.value or len(known.value) > texts.MAX_TEXT:
        return None
    try:
        parsed = json.loads(known.value)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict | list) else None


def _built(m: Machine, f: Frame, parsed: object, at: int, label: str) -> Value:
    if isinstance(parsed, dict):
        made = m.new(f, at, Obj("dict", info="exact"), label)
        for key, part in parsed.items():
            m.set_item(f, made, of_const(key), _built(m, f, part, at, f"{label}.{key}"), at)
        return made
    if isinstance(parsed, list):
        items = [_built(m, f, part, at, f"{label}.{index}") for index, part in enumerate(parsed)]
        return m.sequence(f, at, "list", items, None, label)
    return of_const(parsed)


def _hooked(m: Machine, f: Frame, value: Value, hook: Value, pairs: bool, at: int, depth: int = 0) -> Value:
    """What a function makes of the objects in what was read, the inner ones first."""
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    if loc is None or obj is None or depth > MAX_DEPTH:
        return value
    if obj.kind in ("dict", "list"):
        parts: dict[Key, Value] = {
            key: _hooked(m, f, part, hook, pairs, at, depth + 1) for key, part in obj.parts.items()
        }
        m.write(f, loc, replace(m.obj(f, loc), parts=parts), strong=True)
    if obj.kind == "dict":
        given = m.call_method(f, value, "items", Args(), at) if pairs else value
        return m.call(f, hook, Args([given]), at)
    return join(value, m.call(f, hook, Args([value]), at)) if obj.kind == "unknown" else value


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "json-dumps": dumps,
    "json-loads": loads,
}
