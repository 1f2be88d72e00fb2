"""New objects of libraries, and the data that calls put into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import (
    origins,
    places,
)
from qorgau.flow.heap import DATA, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.places import Site
from qorgau.flow.references import one
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, Ref, Value, join_all
from qorgau.knowledge.libraries import filled_type

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def typed(
    m: Machine, f: Frame, use: Use, type_name: str, site: Site = places.EMPTY, origin: str = ""
) -> Value:
    """A new object of a library's type that carries nothing."""
    kind = filled_type(type_name, lambda reference: one(m, f, use, reference))
    if kind is None:
        return m.unknown(f, use.at, frozenset(), origins.marked("typed", origin))
    made = Obj("library", type=kind, info=site if not site.is_empty else None)
    return m.new(f, use.at, made, origins.marked("typed", origin))


def hold(m: Machine, f: Frame, target: Value, values: list[Value]) -> None:
    """A library's object keeps data that a call puts into it; what it is a part of keeps it as well."""
    for loc in target.locs():
        obj = f.state.obj(loc) or Obj("unknown")
        held = join_all([obj.parts.get(DATA, BOTTOM), *values])
        m.write(f, loc, obj.put(DATA, held), strong=True)
        whole = obj.parts.get("$part-of")
        if whole is not None:
            hold(m, f, _things(f, whole), values)


def _things(f: Frame, value: Value) -> Value:
    """The objects of libraries in a value: a workbook keeps what its sheets get, the path of a file doesn't."""
    objects = {ref: facts for ref, facts in value.refs.items() if _is_thing(f, ref)}
    return value.with_(refs=objects)


def _is_thing(f: Frame, ref: Ref) -> bool:
    obj = f.state.obj(ref) if isinstance(ref, Loc) else None
    return obj is not None and obj.kind != "unknown" and not obj.type.startswith("pathlib.")
