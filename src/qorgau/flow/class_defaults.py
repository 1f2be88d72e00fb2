"""Attributes of a class that are read through an object: which of them hold, and which it may have replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.findings import Confidence
from qorgau.flow import (
    bodies,
    containers,
    ducks,
    placing,
)
from qorgau.flow.facts import NO_FACTS
from qorgau.flow.heap import Obj
from qorgau.flow.inheritance import class_libraries
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.values import (
    NO_CONSTS,
    OPAQUE,
    Bound,
    Builtin,
    External,
    Ref,
    Value,
    join,
)
from qorgau.names import fold

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


DECLARING_TYPES = frozenset(
    ("mapped_column", "relationship", "Column", "field", "Field", "attrib", "ib", "column_property")
)
"""Last names of what class bodies declare fields with; their values come from elsewhere."""


def field_default(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, found: Value, at: int) -> Value:
    """A class attribute read through an object that may have its own.

    On an unknown object of the class the attribute is whatever it was set to; declarations such as
    ``models.CharField()`` describe a value, they aren't one.
    """
    described = any(is_declaration(f, ref) for ref in found.refs)
    setting = _setting(m, f, obj, name, found, at) if obj.kind == "unknown" else None
    if setting is not None:
        return setting
    if described:
        return derived(m, f, loc, obj, name, at)
    works = is_callable(f, found) or _is_service(m, f, found) or _is_helper(m, f, obj, found)
    if obj.kind == "unknown" and not works:
        if _is_for_all(m, f, loc, obj, name, found):
            return found
        if _is_address(found) and not m.policy.fields_of(name):
            return join(found, OPAQUE)
        own = derived(m, f, loc, obj, name, at)
        return join(own, found.with_(consts=NO_CONSTS)) if _keeps(f, found) else own
    return found


def _is_for_all(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, found: Value) -> bool:
    """Whether a class attribute is a text or a member of an enumeration that no object is given another of.

    The object of a method that nothing calls is of its very class; any other may be of a subclass.
    """
    if obj.cls is None or found.taints or found.unknown or found.opaque or m.policy.fields_of(name):
        return False
    members = [f.state.obj(each) for each in found.locs()]
    named = bool(members) and len(members) == len(found.refs) and not found.consts
    if not (named and all(each is not None and "_value_" in each.parts for each in members)):
        if found.refs or not found.consts or any(key.type != "str" for key in found.consts):
            return False
    if not _is_of_root(loc) and m.overriding(f, obj.cls, name):
        return False
    return not m.takes_fields(f, obj.cls) and name not in assigned(m, f, obj.cls)


def _is_of_root(loc: Loc) -> bool:
    return isinstance(loc.label, tuple) and loc.label[:1] == ("self",)


def assigned(m: Machine, f: Frame, cls: Loc) -> frozenset[str]:
    """The attributes that methods of a class, of its bases and of its subclasses assign."""
    key = (cls, len(m.classes))
    found = m.assigned.get(key)
    if found is None:
        info = m.class_info(f, cls)
        around = [*(info.order if info is not None else ()), *m.classes.below(cls)]
        objs = [obj for each in around if (obj := f.state.obj(each)) is not None]
        names = (name for obj in objs for _, body in bodies.methods(m, obj) for name in body.assigned)
        found = m.assigned[key] = frozenset(names)
    return found


def _is_address(value: Value) -> bool:
    """Whether a class attribute is a URL: what objects go on using where nobody gave them another."""
    return (
        not value.refs and not value.taints and not value.unknown and any("://" in t for t in value.texts())
    )


def _keeps(f: Frame, value: Value) -> bool:
    """Whether a class attribute is data or a filled collection: what objects have that were given no other.

    What an unknown call made in the body of a class, and only its name speaks of, may as well declare a field.
    """
    if value.unknown and all(taint.confidence is Confidence.LOW for taint in value.taints):
        return False
    objs = [f.state.obj(loc) for loc in value.locs()]
    return bool(value.taints) or any(
        obj is not None and (obj.kind == "dict" or obj.kind in containers.SEQUENCES) and any(obj.items())
        for obj in objs
    )


def _setting(m: Machine, f: Frame, obj: Obj, name: str, found: Value, at: int) -> Value | None:
    """The default of a setting, read through an object of settings that somebody else made."""
    info = m.class_info(f, obj.cls) if obj.cls is not None else None
    if info is None or not SETTINGS & set(fold(info.node.name).split("_")) or m.policy.fields_of(name):
        return None
    default = m.default_of(f, found, at)
    held = m.settings_field(f, info, name, default, found, at)
    if held is None or held.unknown or held.refs or held.taints or not any(held.texts()):
        return None
    return join(held, OPAQUE)


def _is_service(m: Machine, f: Frame, value: Value) -> bool:
    """Whether a class attribute is a library's object to work with (``log = logging.getLogger()``), no datum."""
    objs = [f.state.obj(ref) if isinstance(ref, Loc) else None for ref in value.refs]
    return bool(objs) and all(
        obj is not None
        and obj.kind == "library"
        and bool(obj.type)
        and m.policy.catalog.has_methods(obj.type)
        for obj in objs
    )


def _is_helper(m: Machine, f: Frame, owner: Obj, value: Value) -> bool:
    """Whether a class attribute is an object of the project to work with (``service = Service()``), no field."""
    objs = [f.state.obj(ref) if isinstance(ref, Loc) else None for ref in value.refs]
    if not objs or owner.cls is None or m.takes_fields(f, owner.cls):
        return False
    return all(
        obj is not None
        and obj.kind == "instance"
        and obj.cls is not None
        and not m.takes_fields(f, obj.cls)
        and not class_libraries(m, f, obj.cls)
        for obj in objs
    )


def is_declaration(f: Frame, ref: Ref) -> bool:
    """Whether a class attribute declares a column or field: made by a library's class in the class body."""
    obj = f.state.obj(ref) if isinstance(ref, Loc) else None
    return (obj is not None and obj.kind == "library" and obj.type.rpartition(".")[2] in DECLARING_TYPES) or (
        obj is not None
        and obj.kind == "library"
        and obj.type.endswith(("Field", "Key", "Column", "Property"))
    )


def is_callable(f: Frame, value: Value) -> bool:
    return any(
        isinstance(ref, Bound | Builtin | External)
        or (
            isinstance(ref, Loc)
            and (obj := f.state.obj(ref)) is not None
            and obj.kind in ("function", "class")
        )
        for ref in value.refs
    )


def derived(m: Machine, f: Frame, loc: Loc, obj: Obj | None, name: str, at: int) -> Value:
    """A part that nobody set: identified by its owner and name, of the declared class if one is."""
    child = loc.child(name)
    if obj is not None and obj.cls is not None:
        named = m.annotated_class(f, obj.cls, name)
        if named is not None:
            return named
    described = m.declared_class(f, obj.cls, name) if obj is not None and obj.cls is not None else None
    if described is None and obj is not None and "$generic" in obj.parts:
        described = m.generic_part(f, obj, name)
    described = described or placing.shared(m, loc, name)
    if described is not None and f.state.obj(child) is None:
        f.state.heap[child] = described
    if (obj is None or obj.cls is None) and (facts := ducks.told(m, f, loc, name, at)):
        return Value(refs={child: NO_FACTS}, unknown=True, when_true=facts)
    return Value(refs={child: NO_FACTS}, unknown=True)


SETTINGS = frozenset(("settings", "config", "conf", "configuration", "options", "environment"))
"""Words in the names of classes whose objects hold what a program is set up with."""
