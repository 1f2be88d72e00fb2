"""Writing and deleting attributes: through properties, descriptors and the methods of the class itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import (
    checks,
    placing,
)
from qorgau.flow.class_defaults import derived
from qorgau.flow.facts import ANSWERS
from qorgau.flow.frame_types import is_tabular
from qorgau.flow.heap import Obj
from qorgau.flow.inheritance import bind, class_part, is_inside
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.state import State
from qorgau.flow.values import (
    BOTTOM,
    External,
    SuperOf,
    Value,
    join,
    of_const,
    of_ref,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


OPEN_KINDS = frozenset(("unknown", "library", "instance", "tainted"))


CONTAINERS = frozenset(("dict", "list", "set", "tuple"))
"""Kinds of objects whose class may extend a builtin one."""


# Writing


def set_attribute(m: Machine, f: Frame, value: Value, name: str, new: Value, at: int) -> None:
    """``value.name = new``"""
    if name == "__class__":
        _change_class(m, f, value, new)
        return
    new = m.named(f, new, name, value, at, put=True)
    locs = value.locs()
    strong = len(value.refs) == 1 and not value.consts
    for ref in value.refs:
        if isinstance(ref, SuperOf):
            set_attribute(m, f, ref.receiver, name, new, at)
        elif isinstance(ref, External):
            m.library_set(f, f"{ref.dotted}.{name}", new, at)
    for loc in locs:
        obj, kept = f.state.obj(loc), new
        if obj is not None and obj.cls is not None and obj.kind in CONTAINERS:
            if _set_through_class(m, f, loc, obj, name, new, at):
                continue
        elif obj is not None and obj.cls is not None and obj.kind in ("instance", "unknown"):
            if _set_through_class(m, f, loc, obj, name, new, at):
                continue
            kept = m.column_kept(f, loc, obj.cls, name, new, at)
            obj = f.state.obj(loc)
        if obj is None:
            obj = Obj("unknown")
        if obj.kind == "module":
            m.set_module_part(f, loc, name, new, strong)
            continue
        if is_tabular(obj) and m.set_frame_attribute(
            f, loc, obj, name, new, at, len(value.refs) == 1 and not loc.old
        ):
            continue
        forget(f.state, loc, name)
        if strong and not loc.old:
            m.write(f, loc, obj.put(name, kept), strong=True)
        else:
            old = obj.parts.get(name)
            if old is None and obj.kind in OPEN_KINDS:
                old = derived(m, f, loc, obj, name, at) if obj.kind == "unknown" else BOTTOM
            m.write(f, loc, obj.put(name, kept if old is None else join(old, kept)), strong=True)
        placing.share(m, f, loc, name, kept)
        m.changed(f, loc, obj, name, kept, at)
    if not value.refs and value.unknown:
        m.count("writes to unknown objects")


def _change_class(m: Machine, f: Frame, value: Value, new: Value) -> None:
    """``value.__class__ = Other``"""
    cls = new.single()
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is not None and obj.cls is not None and cls is not None and m.class_info(f, cls) is not None:
            m.write(f, loc, replace(obj, cls=cls), strong=True)


def put_attribute(m: Machine, f: Frame, value: Value, name: str, new: Value) -> None:
    """``object.__setattr__(value, name, new)``: past properties and the class's own ``__setattr__``."""
    for loc in value.locs():
        forget(f.state, loc, name)
        m.write(f, loc, (f.state.obj(loc) or Obj("unknown")).put(name, new), strong=True)


def _set_through_class(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, new: Value, at: int) -> bool:
    assert obj.cls is not None
    found = class_part(m, f, obj.cls, name)
    if found is not None:
        for ref in found.refs:
            part = f.state.obj(ref) if isinstance(ref, Loc) else None
            if part is None:
                continue
            if part.kind == "property" and "fset" in part.parts:
                m.call(f, part.parts["fset"], Args([of_ref(loc), new]), at)
                return True
            if part.kind == "instance" and part.cls is not None:
                setter = class_part(m, f, part.cls, "__set__")
                if setter is not None and isinstance(ref, Loc):
                    m.call(f, bind(m, f, setter, of_ref(ref), at), Args([of_ref(loc), new]), at)
                    return True
    setter = class_part(m, f, obj.cls, "__setattr__")
    if setter is not None and not is_inside(f, "__setattr__"):
        m.call(f, bind(m, f, setter, of_ref(loc), at), Args([of_const(name), new]), at)
        return True
    return False


def forget(state: State, loc: Loc, name: str) -> None:
    """Facts that rest on an attribute end when it is written."""
    if not state.facts:
        return
    child = loc.child(name)
    state.facts = checks.unset(state.facts, loc, name)
    state.facts = frozenset(
        fact
        for fact in state.facts
        if not (
            (fact.subject == child and fact.kind in ANSWERS)
            or (fact.subject == loc and isinstance(fact.detail, tuple) and name in fact.detail)
        )
    )


def _delete_through_class(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, at: int) -> bool:
    """Run a property's deleter, ``__delete__`` or ``__delattr__``."""
    if obj.cls is None or obj.kind not in ("instance", "unknown"):
        return False
    found = class_part(m, f, obj.cls, name)
    for ref in found.refs if found is not None else ():
        part = f.state.obj(ref) if isinstance(ref, Loc) else None
        if part is not None and part.kind == "property" and "fdel" in part.parts:
            m.call(f, part.parts["fdel"], Args([of_ref(loc)]), at)
            return True
        own = class_part(m, f, part.cls, "__delete__") if part is not None and part.cls is not None else None
        if own is not None:
            m.call(f, bind(m, f, own, of_ref(ref), at), Args([of_ref(loc)]), at)
            return True
    deleter = class_part(m, f, obj.cls, "__delattr__")
    if deleter is not None and not is_inside(f, "__delattr__"):
        m.call(f, bind(m, f, deleter, of_ref(loc), at), Args([of_const(name)]), at)
        return True
    return False


def delete_attribute(m: Machine, f: Frame, value: Value, name: str, at: int) -> None:
    """``del value.name``"""
    for loc in value.locs():
        obj = f.state.obj(loc) or Obj("unknown")
        if _delete_through_class(m, f, loc, obj, name, at):
            continue
        if len(value.refs) == 1 and not loc.old:
            if obj.kind in ("unknown", "library"):
                m.write(f, loc, obj.put(name, BOTTOM), strong=True)
            elif name in obj.parts:
                parts = {key: part for key, part in obj.parts.items() if key != name}
                m.write(f, loc, replace(obj, parts=parts), strong=True)
