"""Attributes and items of objects: look-up through classes, properties and descriptors.

Reading a part of an unknown object gives a value identified by that object and the part's
name, so that the same path read twice is the same thing, and what was written to it is found.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qorgau.flow import buffers, container_methods, keys, naming, row_dicts, text_methods
from qorgau.flow.class_defaults import derived, field_default
from qorgau.flow.class_members import class_attribute
from qorgau.flow.constants import Const
from qorgau.flow.facts import NO_FACTS
from qorgau.flow.frame_types import is_tabular
from qorgau.flow.heap import DATA, Key, Obj
from qorgau.flow.inheritance import (
    CACHED,
    bind,
    class_libraries,
    class_part,
    descriptor,
    is_inside,
    is_overridden,
    super_part,
)
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Closure, Frame
from qorgau.flow.raising import CAUSE
from qorgau.flow.row_keys import is_key
from qorgau.flow.state import State
from qorgau.flow.taints import NO_TAINTS, Taints
from qorgau.flow.values import (
    BOTTOM,
    OPAQUE,
    UNKNOWN,
    Bound,
    Builtin,
    External,
    Ref,
    SuperOf,
    Value,
    join,
    join_all,
    of_const,
    of_ref,
    stamp,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


MEASURES = frozenset(("nbytes", "itemsize", "ndim", "readonly", "contiguous"))
"""Attributes of views of bytes that tell nothing of what the bytes are."""

WRAPPED = frozenset(("collections.UserDict", "collections.UserList"))
"""Classes whose ``data`` is what they hold; here the object is that itself."""

CAUSES = frozenset(("__cause__", "__context__"))


OF_TEXTS = text_methods.PASS_METHODS - {"format", "title"}
"""Methods of texts that are not likely to be attributes of something else: ``clean = phone.strip`` keeps the phone."""


def attribute(m: Machine, f: Frame, value: Value, name: str, at: int) -> Value:
    """``value.name``"""
    if name == "__class__" and not any(is_of_project(f, ref) for ref in value.refs):
        return OPAQUE
    results: list[Value] = []
    for ref, facts in value.refs.items():
        found = _attribute_of_ref(m, f, ref, name, at, value)
        results.append(stamp(found, facts))
    if not value.refs:
        if name in MEASURES:
            return OPAQUE
        results.append(_attribute_of_scalar(m, f, value, name, at))
    result = join_all(results)
    if value.taints and not _is_method(result) and not _is_clean(m, f, value, name):
        result = join(result, Value(naming.of_part(f, value, name), unknown=True, refs=result.refs))
        if value.unknown and name in OF_TEXTS:
            result = join(result, of_ref(Builtin(value, name)))
    elif value.unknown and (kept := _given_before(f, value)):
        result = join(result, Value(naming.of_part(f, value.with_(taints=kept), name)))
    return m.named(f, result, name, value, at)


def _given_before(f: Frame, value: Value) -> Taints:
    """The data that something unknown was given by calls on it: an attribute of it may show them."""
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None and is_made(loc) else None
    data = obj.parts.get(DATA) if obj is not None and obj.kind == "unknown" and not obj.type else None
    return data.taints if data is not None else NO_TAINTS


def is_made(loc: Loc) -> bool:
    """Whether an object, or what it is a part of, is what unknown code gave here."""
    while loc.parent is not None and isinstance(loc.label, str):
        loc = loc.parent
    return isinstance(loc.label, tuple) and str(loc.label[0]).startswith("result")


def is_of_project(f: Frame, ref: Ref) -> bool:
    """Whether something has a class of the project, or one that it may have."""
    obj = f.state.obj(ref) if isinstance(ref, Loc) else None
    return isinstance(ref, Bound | SuperOf) or (obj is not None and obj.cls is not None)


def _is_clean(m: Machine, f: Frame, value: Value, name: str) -> bool:
    """Whether a part is known to have nothing of the datum that the object is: of a library's object, another row."""
    if not value.refs:
        return False
    objs = [f.state.obj(ref) if isinstance(ref, Loc) else None for ref in value.refs]
    if all(obj is not None and obj.cls is not None and is_key(m, f, obj.cls, name) for obj in objs):
        return True
    rows = [m.policy.catalog.attribute(f"{obj.type}.{name}") if obj is not None else None for obj in objs]
    return all(row is not None and row.clean for row in rows)


def _is_method(value: Value) -> bool:
    return bool(value.refs) and all(isinstance(ref, Builtin | Bound) for ref in value.refs)


def _attribute_of_scalar(m: Machine, f: Frame, value: Value, name: str, at: int) -> Value:
    if name == "value" and value.is_text():
        # No text has a value: it was a member of an enumeration of texts that was a key.
        return value
    if value.unknown:
        return of_ref(f.place(at, "of").child(name), unknown=True)
    return of_ref(Builtin(value, name))


def _attribute_of_ref(m: Machine, f: Frame, ref: Ref, name: str, at: int, whole: Value) -> Value:
    if isinstance(ref, External):
        return m.library_attribute(f, ref, name, at)
    if isinstance(ref, SuperOf):
        found = super_part(m, f, ref, name)
        if found is not None:
            special = descriptor(m, f, found, ref.receiver, at)
            return special if special is not None else bind(m, f, found, ref.receiver, at)
        return of_ref(Builtin(ref.receiver, name))
    if isinstance(ref, Bound):
        if name == "__self__":
            return ref.receiver
        if name == "__func__":
            return of_ref(ref.function)
        return attribute(m, f, of_ref(ref.function), name, at)
    if isinstance(ref, Builtin):
        return UNKNOWN
    return _attribute_of_loc(m, f, ref, name, at)


def _attribute_of_loc(m: Machine, f: Frame, loc: Loc, name: str, at: int) -> Value:
    obj = f.state.obj(loc)
    if obj is None:
        return derived(m, f, loc, None, name, at)
    if is_tabular(obj):
        found = m.frame_attribute(f, loc, obj, name, at)
        if found is not None:
            return found
    if name in MEASURES and obj.type == buffers.TYPE:
        return OPAQUE
    if name in CAUSES and CAUSE in obj.parts:
        return obj.parts[CAUSE]
    if name in row_dicts.DESCRIPTIONS:
        described = row_dicts.description(m, f, obj, name, at)
        if described is not None:
            return described
    part = obj.parts.get(name)
    if obj.kind == "module" and name == "__dict__":
        namespace = loc.child("__dict__")
        m.write(f, namespace, Obj("attributes", info=loc), strong=True)
        return of_ref(namespace)
    if obj.kind == "module":
        return m.module_part(f, loc, name, at)
    if obj.kind == "class":
        return class_attribute(m, f, loc, obj, name, at)
    if obj.kind in ("function", "generator", "future", "frame"):
        return part if part is not None else _of_function(m, f, loc, obj, name)
    if obj.kind in ("list", "tuple", "set", "dict"):
        if part is not None:
            return part
        return _of_container(m, f, loc, obj, name, at)
    if obj.kind == "dispatch":
        return of_ref(Builtin(of_ref(loc), name))
    if obj.kind == "partial" and name in ("func", "args", "keywords"):
        return _of_partial(m, f, obj, name, at)
    if obj.kind == "attributes":
        return of_ref(Builtin(of_ref(loc), name))
    return _instance_attribute(m, f, loc, obj, name, at)


def _of_partial(m: Machine, f: Frame, obj: Obj, name: str, at: int) -> Value:
    """What a ``partial`` holds."""
    count, names = obj.info if isinstance(obj.info, tuple) else (0, ())
    if name == "func":
        return obj.parts["$function"]
    if name == "args":
        given = [obj.parts[f"$p{index}"] for index in range(count)]
        return m.sequence(f, at, "tuple", given, obj.parts.get("$star"), "args")
    made = m.new(f, at, Obj("dict", info="exact"), "keywords")
    for keyword in names:
        m.set_item(f, made, of_const(keyword), obj.parts[f"$k{keyword}"], at)
    return made


def _of_container(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, at: int) -> Value:
    """An attribute of a list or dict, or of an object of a class that extends one."""
    if name == "parents" and container_methods.PARENTS in obj.parts:
        return obj.parts[container_methods.PARENTS]
    if name == "data" and obj.cls is not None and WRAPPED & set(class_libraries(m, f, obj.cls)):
        return of_ref(loc)
    found = class_part(m, f, obj.cls, name) if obj.cls is not None else None
    if found is not None:
        special = descriptor(m, f, found, of_ref(loc), at)
        return special if special is not None else bind(m, f, found, of_ref(loc), at)
    getter = class_part(m, f, obj.cls, "__getattr__") if obj.cls is not None else None
    if getter is not None and not is_inside(f, "__getattr__"):
        return m.call(f, bind(m, f, getter, of_ref(loc), at), Args([of_const(name)]), at)
    return of_ref(Builtin(of_ref(loc), name))


def _of_function(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str) -> Value:
    info = obj.info
    if isinstance(info, Closure):
        if name in ("__name__", "__qualname__"):
            return of_const(info.function.name)
        if name == "__wrapped__":
            return of_ref(loc)
        if name in ("__defaults__", "__kwdefaults__"):
            return join_all([part for key, part in obj.parts.items() if str(key).startswith("$default:")])
    return of_ref(Builtin(of_ref(loc), name))


def _instance_attribute(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, at: int) -> Value:
    if name == "__dict__":
        namespace = loc.child("__dict__")
        m.write(f, namespace, Obj("attributes", info=loc), strong=True)
        return of_ref(namespace)
    if name == "__class__" and obj.cls is not None:
        return of_ref(obj.cls)
    part = obj.parts.get(name)
    if obj.cls is not None:
        asked = class_part(m, f, obj.cls, "__getattribute__") if obj.kind == "instance" else None
        if asked is not None and not is_inside(f, "__getattribute__"):
            return m.call(f, bind(m, f, asked, of_ref(loc), at), Args([of_const(name)]), at)
        found = class_part(m, f, obj.cls, name)
        if found is not None:
            if part is not None and not part.is_bottom and is_overridden(m, f, found):
                return part
            special = descriptor(m, f, found, of_ref(loc), at)
            if special is not None:
                _remember(m, f, loc, found, name, special)
                return special
            if part is None:
                bound = bind(m, f, found, of_ref(loc), at)
                return field_default(m, f, loc, obj, name, bound, at)
        elif part is None and obj.kind == "instance":
            getter = class_part(m, f, obj.cls, "__getattr__")
            if getter is not None:
                bound = bind(m, f, getter, of_ref(loc), at)
                return m.call(f, bound, Args([of_const(name)]), at)
    if part is not None and not part.is_bottom:
        return part
    if obj.type:
        own = _of_deriving(m, f, loc, obj, name)
        if own is not None:
            special = descriptor(m, f, own, of_ref(loc), at)
            return special if special is not None else bind(m, f, own, of_ref(loc), at)
        return m.typed_attribute(f, loc, obj, name, at)
    if obj.cls is not None and name not in m.declared_fields(f, obj.cls):
        inherited = m.inherited_attribute(f, loc, obj, class_libraries(m, f, obj.cls), name, at)
        if inherited is not None:
            return inherited
    return derived(m, f, loc, obj, name, at)


def _remember(m: Machine, f: Frame, loc: Loc, found: Value, name: str, value: Value) -> None:
    """An object of a class of the project alone keeps what a cached property gave."""
    obj, one = f.state.obj(loc), found.single()
    held = f.state.obj(one) if one is not None else None
    if held is None or held.info != CACHED or obj is None or obj.kind != "instance" or loc.old:
        return
    if obj.cls is not None and not class_libraries(m, f, obj.cls):
        m.write(f, loc, obj.put(name, value), strong=True)


def _of_deriving(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str) -> Value | None:
    """A member that the program's own kind of a framework's object has, such as its class of sessions.

    The framework makes the object, of the class that the program derives from the library's for it; where
    several such classes have a member of that name, it is not told which is meant.
    """
    if not (isinstance(loc.label, tuple) and loc.label[0] == "attribute"):
        return None
    found = (class_part(m, f, cls, name) for cls in m.classes.of_library(obj.type))
    members = {part: None for part in found if part is not None}
    return next(iter(members)) if len(members) == 1 else None


PLAIN = frozenset(("dict", "list", "tuple", "set"))
"""Kinds of objects that a class attribute can be without doing something of its own when it is read."""


def _of_class(state: State, loc: Loc, obj: Obj, key: Key) -> Value:
    """What an object has from its class under a name, or a class from those above it, where that is data."""
    cls = state.obj(obj.cls) if obj.kind == "instance" and obj.cls is not None else obj
    info = cls.info if cls is not None else None
    if not isinstance(key, str) or key.startswith(("$", "@")) or not isinstance(info, ClassInfo):
        return BOTTOM
    for base in info.order:
        held = state.obj(base) if base != loc else None
        part = held.parts.get(key) if held is not None else None
        if part is not None:
            kinds = {one.kind for ref in part.locs() if (one := state.obj(ref)) is not None}
            return part if kinds <= PLAIN and len(part.locs()) == len(part.refs) else BOTTOM
    return BOTTOM


SHARED = frozenset(("registry", "flask.Config", "celery.app.utils.Settings"))
"""Types of objects that hold what a program is set up with: what nobody wrote into them is not there."""


def default_part(state: State, loc: Loc, obj: Obj, key: Key) -> Value:
    """What reading a part gives that was never written: for joins of states."""
    if obj.kind in ("instance", "class"):
        return _of_class(state, loc, obj, key)
    if obj.type in SHARED:
        return BOTTOM
    if obj.kind in ("unknown", "library"):
        if isinstance(key, Const):
            return Value(refs={loc.child(("item", key)): NO_FACTS}, unknown=True)
        if key.startswith(("$", "@")):
            return BOTTOM
        return Value(refs={loc.child(key): NO_FACTS}, unknown=True)
    if obj.kind == "dict" and isinstance(key, Const) and key.type != keys.PLACE and obj.info != "exact":
        return obj.rest
    return BOTTOM


def names_in(values: Iterable[Value]) -> list[str]:
    """Texts among values, in order: names of attributes, columns, fields."""
    return [text for value in values for text in value.texts()]
