"""JSON: a text that remembers what it was made of, so that reading it gives the keys back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import containers, objects, origins, texts
from qorgau.flow.copying import copied
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.taints import Taints, merge_taints
from qorgau.flow.uses import Use
from qorgau.flow.values import (
    NO_REFS,
    Value,
    of_ref,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def dumps(m: Machine, f: Frame, u: Use) -> Value:
    """Text that remembers what it was made of, so that ``loads`` gives the keys back."""
    value = u.arg(0, "obj")
    convert = converter(m, f, u)
    if convert is not None:
        return Value(converted(m, f, value, convert, u.at), unknown=value.unknown, opaque=True)
    taints = m.contents(f, value)
    refs = {ref: facts for ref, facts in value.refs.items() if isinstance(ref, Loc)}
    text = m.new(f, u.at, Obj("library", type="json.text", parts={"$of": value}), "json")
    held = text.refs if refs else NO_REFS
    return Value(taints, refs=held, unknown=value.unknown and not refs, opaque=True)


def converter(m: Machine, f: Frame, u: Use) -> Value | None:
    """What turns objects that JSON does not know into others: ``default=``, or the method of ``cls=``."""
    default = u.args.keywords.get("default")
    if default is not None and default.refs:
        return default
    encoder = u.args.keywords.get("cls")
    for loc in encoder.locs() if encoder is not None else ():
        if objects.class_part(m, f, loc, "default") is not None:
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
    value = u.arg(0, "s")
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is not None and obj.type == "json.text":
            return copied(m, f, obj.parts["$of"], u.at, deep=True)
    # What a text says is no part of the text: an item of it can be all of the datum.
    taints = frozenset(texts.of_call(taint) for taint in value.taints)
    return m.unknown(f, u.at, taints, origins.marked("json", origins.of_held(f, value)))


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "json-dumps": dumps,
    "json-loads": loads,
}
