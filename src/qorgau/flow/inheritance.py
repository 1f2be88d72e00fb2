"""Look-up through classes: the method resolution order, binding, properties and descriptors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Closure, Frame
from qorgau.flow.values import (
    BOTTOM,
    NO_REFS,
    Bound,
    Builtin,
    External,
    SuperOf,
    Value,
    join_all,
    of_ref,
    stamp,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


UNBOUND = tuple(f"builtins.{kind}." for kind in ("dict", "list", "set", "str", "object"))
"""How methods of builtin classes are called that a class of the program takes over by name."""


def class_part(m: Machine, f: Frame, cls: Loc, name: str, after: Loc | None = None) -> Value | None:
    """A class attribute by method resolution order, starting after a class for ``super()``."""
    info = m.class_info(f, cls)
    if info is None:
        return None
    order = info.order
    if after is not None:
        order = order[order.index(after) + 1 :] if after in order else ()
    for loc in order:
        obj = f.state.obj(loc)
        if obj is not None:
            part = obj.parts.get(name)
            if part is not None and not part.is_bottom:
                return part
    return None


def super_part(m: Machine, f: Frame, ref: SuperOf, name: str) -> Value | None:
    """An attribute of the classes after the one that ``super()`` names."""
    for loc in ref.receiver.locs():
        obj = f.state.obj(loc)
        cls = loc if obj is not None and obj.kind == "class" else obj.cls if obj is not None else None
        if cls is not None:
            found = class_part(m, f, cls, name, after=ref.cls)
            if found is not None:
                return found
    return None


def bind(m: Machine, f: Frame, found: Value, receiver: Value, at: int) -> Value:
    """A class attribute as seen through an object: functions become methods."""
    bound: list[Value] = []
    for ref, facts in found.refs.items():
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if isinstance(ref, Loc) and obj is not None and obj.kind == "function":
            closure = obj.info
            binding = closure.binding if isinstance(closure, Closure) else "plain"
            if binding == "static":
                bound.append(Value(refs={ref: facts}))
            elif binding == "class":
                bound.append(Value(refs={Bound(ref, m.class_of(f, receiver)): facts}))
            elif binding == "property":
                bound.append(stamp(m.call(f, of_ref(ref), Args([receiver]), at), facts))
            else:
                bound.append(Value(refs={Bound(ref, receiver): facts}))
        elif isinstance(ref, Loc) and obj is not None and obj.kind == "dispatch" and obj.info:
            bound.append(Value(refs={Bound(ref, receiver): facts}))
        elif isinstance(ref, Loc) and obj is not None and obj.kind == "partialmethod":
            bound.append(m.bind_partial(f, ref, receiver, at))
        elif isinstance(ref, External) and ref.dotted.startswith(UNBOUND):
            bound.append(Value(refs={Builtin(receiver, ref.dotted.rpartition(".")[2]): facts}))
        else:
            bound.append(Value(refs={ref: facts}))
    return join_all([found.with_(refs=NO_REFS), *bound])


CACHED = "cached"
"""What a property has as ``info`` when its value is kept in the object: nothing but the object's own is asked then."""


def descriptor(
    m: Machine, f: Frame, found: Value, receiver: Value, at: int, owner: Value | None = None
) -> Value | None:
    """The result of a property or ``__get__``, if the class attribute has one."""
    results: list[Value] = []
    for ref in found.refs:
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if obj is None or not isinstance(ref, Loc):
            return None
        if obj.kind == "property" and owner is None:
            results.append(m.call(f, obj.parts.get("fget", BOTTOM), Args([receiver]), at))
        elif obj.kind == "instance" and obj.cls is not None:
            getter = class_part(m, f, obj.cls, "__get__")
            if getter is None:
                return None
            cls = owner if owner is not None else m.class_of(f, receiver)
            results.append(m.call(f, bind(m, f, getter, of_ref(ref), at), Args([receiver, cls]), at))
        else:
            return None
    return join_all(results) if results else None


def is_overridden(m: Machine, f: Frame, found: Value) -> bool:
    """Whether an object's own attribute goes before a class attribute that has ``__get__``: it has no ``__set__``."""
    objs = [f.state.obj(ref) if isinstance(ref, Loc) else None for ref in found.refs]
    return bool(objs) and all(obj is not None and _gives_way(m, f, obj) for obj in objs)


def _gives_way(m: Machine, f: Frame, held: Obj) -> bool:
    if held.kind == "property":
        return held.info == CACHED
    return held.kind == "instance" and held.cls is not None and class_part(m, f, held.cls, "__set__") is None


def lacks(m: Machine, f: Frame, value: Value, name: str) -> bool:
    """Whether an object surely has no attribute of a name: its class and all that it was given are known."""
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    if loc is not None and obj is not None and obj.kind == "class":
        own = m.class_info(f, loc)
        told = own is not None and not (own.opaque_base or own.libraries or m.metaclasses)
        return told and not name.startswith("__") and class_part(m, f, loc, name) is None
    if obj is None or obj.kind != "instance" or obj.cls is None or value.unknown or not obj.rest.is_bottom:
        return False
    info = m.class_info(f, obj.cls)
    if info is None or info.opaque_base or info.libraries or name in obj.parts or name.startswith("__"):
        return False
    asked = (name, "__getattr__", "__getattribute__")
    return all(class_part(m, f, obj.cls, one) is None for one in asked) and name not in m.declared_fields(
        f, obj.cls
    )


def method(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, at: int) -> Value | None:
    """A method of an object's class, bound to the object; None if the class has none."""
    part = obj.parts.get(name)
    if part is not None:
        return part
    if obj.cls is None:
        return None
    found = class_part(m, f, obj.cls, name)
    if found is None:
        return None
    special = descriptor(m, f, found, of_ref(loc), at)
    return special if special is not None else bind(m, f, found, of_ref(loc), at)


def is_inside(f: Frame, name: str) -> bool:
    return f.closure is not None and f.closure.function.name == name


def libraries_of(obj: Obj) -> tuple[str, ...]:
    return obj.info.libraries if isinstance(obj.info, ClassInfo) else ()


def class_libraries(m: Machine, f: Frame, cls: Loc) -> tuple[str, ...]:
    """The library classes that a class inherits from."""
    info = m.class_info(f, cls)
    return info.libraries if info is not None else ()
