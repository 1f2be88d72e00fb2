"""Schemas of marshmallow within schemas: by which one a field shows its part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.values import BOTTOM, Value, join_all, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def inner(m: Machine, f: Frame, outer: Obj, field: Obj, at: int, label: str) -> list[tuple[Loc, Obj]]:
    """The schemas that a nested field shows its part by: given as a class, by name, made, or by a function."""
    given = field.parts.get("@nested") or field.parts.get("@0", BOTTOM)
    options: dict[Key, Value] = {
        name: field.parts[name] for name in ("@only", "@exclude") if name in field.parts
    }
    found: list[tuple[Loc, Obj]] = []
    for text in given.texts():
        named = Obj("unknown", cls=outer.cls) if text == "self" else m.class_by_name(text)
        if named is not None and named.cls is not None:
            given = join_all([given, of_ref(named.cls)])
    for loc in given.locs():
        obj = f.state.obj(loc)
        if obj is not None and obj.kind == "function":
            loc = m.call(f, of_ref(loc), Args(), at).single() or loc
            obj = f.state.obj(loc)
        if obj is not None and obj.kind == "class":
            made = m.new(f, at, Obj("instance", cls=loc, parts=options), f"schema{len(found)} {label}")
            loc = made.locs()[0]
            obj = f.state.obj(loc)
        if obj is not None and obj.cls is not None:
            found.append((loc, obj))
    return found
