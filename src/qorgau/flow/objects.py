"""Attributes and items of objects: look-up through classes, properties and descriptors.

Reading a part of an unknown object gives a value identified by that object and the part's
name, so that the same path read twice is the same thing, and what was written to it is found.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.findings import Confidence
from qorgau.flow import (
    buffers,
    checks,
    containers,
    ducks,
    keys,
    masks,
    members,
    naming,
    orm,
    placing,
    scalars,
    sweeps,
    texts,
)
from qorgau.flow.constants import Const
from qorgau.flow.facts import ANSWERS, NO_FACTS, Facts
from qorgau.flow.frame_types import is_tabular
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Closure, Frame, Iteration
from qorgau.flow.state import State, said_of, widen
from qorgau.flow.values import (
    BOTTOM,
    NO_CONSTS,
    NO_REFS,
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
from qorgau.names import fold

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

CHOICES = frozenset(
    ("django.db.models.TextChoices", "django.db.models.IntegerChoices", "django.db.models.Choices")
)
"""Enumerations whose members are declared with a label after the value."""

ENUMS = CHOICES | {
    "enum.Enum",
    "enum.IntEnum",
    "enum.StrEnum",
    "enum.Flag",
    "enum.IntFlag",
    "strenum.StrEnum",
}
TUPLES = frozenset(("typing.NamedTuple", "collections.namedtuple"))
DECLARING_TYPES = frozenset(
    ("mapped_column", "relationship", "Column", "field", "Field", "attrib", "ib", "column_property")
)
"""Last names of what class bodies declare fields with; their values come from elsewhere."""

CAUSE = "$cause"
"""The part of an exception that it was raised from."""

CAUSES = frozenset(("__cause__", "__context__"))

UNBOUND = tuple(f"builtins.{kind}." for kind in ("dict", "list", "set", "str", "object"))
"""How methods of builtin classes are called that a class of the program takes over by name."""

EACH = "$each"
"""The part of a collection that stands for each of its items in facts that hold of all."""

OPEN_KINDS = frozenset(("unknown", "library", "instance", "tainted"))


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


OF_TEXTS = texts.PASS_METHODS - {"format", "title"}
"""Methods of texts that are not likely to be attributes of something else: ``clean = phone.strip`` keeps the phone."""


def attribute(m: Machine, f: Frame, value: Value, name: str, at: int) -> Value:
    """``value.name``"""
    if name == "__class__" and not any(_is_of_project(f, ref) for ref in value.refs):
        return OPAQUE
    results: list[Value] = []
    for ref, facts in value.refs.items():
        found = _attribute_of_ref(m, f, ref, name, at, value)
        results.append(stamp(found, facts))
    if not value.refs:
        results.append(_attribute_of_scalar(m, f, value, name, at))
    result = join_all(results)
    if value.taints and not _is_method(result) and not _is_clean(m, f, value, name):
        result = join(result, Value(naming.of_part(f, value, name), unknown=True, refs=result.refs))
        if value.unknown and name in OF_TEXTS:
            result = join(result, of_ref(Builtin(value, name)))
    return m.named(f, result, name, value, at)


def _is_of_project(f: Frame, ref: Ref) -> bool:
    """Whether something has a class of the project, or one that it may have."""
    obj = f.state.obj(ref) if isinstance(ref, Loc) else None
    return isinstance(ref, Bound | SuperOf) or (obj is not None and obj.cls is not None)


def _is_clean(m: Machine, f: Frame, value: Value, name: str) -> bool:
    """Whether a part of a library's object is known to have nothing of the datum that the object is."""
    if not value.refs:
        return False
    objs = [f.state.obj(ref) if isinstance(ref, Loc) else None for ref in value.refs]
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
            special = _descriptor(m, f, found, ref.receiver, at)
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


def _attribute_of_loc(m: Machine, f: Frame, loc: Loc, name: str, at: int) -> Value:
    obj = f.state.obj(loc)
    if obj is None:
        return _derived(m, f, loc, None, name, at)
    if is_tabular(obj):
        found = m.frame_attribute(f, loc, obj, name, at)
        if found is not None:
            return found
    if name in CAUSES and CAUSE in obj.parts:
        return obj.parts[CAUSE]
    part = obj.parts.get(name)
    if obj.kind == "module" and name == "__dict__":
        namespace = loc.child("__dict__")
        m.write(f, namespace, Obj("attributes", info=loc), strong=True)
        return of_ref(namespace)
    if obj.kind == "module":
        return m.module_part(f, loc, name, at)
    if obj.kind == "class":
        return _class_attribute(m, f, loc, obj, name, at)
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
    found = class_part(m, f, obj.cls, name) if obj.cls is not None else None
    if found is not None:
        special = _descriptor(m, f, found, of_ref(loc), at)
        return special if special is not None else bind(m, f, found, of_ref(loc), at)
    getter = class_part(m, f, obj.cls, "__getattr__") if obj.cls is not None else None
    if getter is not None and not _inside(f, "__getattr__"):
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
        if asked is not None and not _inside(f, "__getattribute__"):
            return m.call(f, bind(m, f, asked, of_ref(loc), at), Args([of_const(name)]), at)
        found = class_part(m, f, obj.cls, name)
        if found is not None:
            special = _descriptor(m, f, found, of_ref(loc), at)
            if special is not None:
                return special
            if part is None:
                bound = bind(m, f, found, of_ref(loc), at)
                return _field_default(m, f, loc, obj, name, bound, at)
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
            special = _descriptor(m, f, own, of_ref(loc), at)
            return special if special is not None else bind(m, f, own, of_ref(loc), at)
        return m.typed_attribute(f, loc, obj, name, at)
    if obj.cls is not None and name not in m.declared_fields(f, obj.cls):
        inherited = m.inherited_attribute(f, loc, obj, class_libraries(m, f, obj.cls), name, at)
        if inherited is not None:
            return inherited
    return _derived(m, f, loc, obj, name, at)


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


def _field_default(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, found: Value, at: int) -> Value:
    """A class attribute read through an object that may have its own.

    On an unknown object of the class the attribute is whatever it was set to; declarations such as
    ``models.CharField()`` describe a value, they aren't one.
    """
    described = any(_is_declaration(f, ref) for ref in found.refs)
    setting = _setting(m, f, obj, name, found, at) if obj.kind == "unknown" else None
    if setting is not None:
        return setting
    if described:
        return _derived(m, f, loc, obj, name, at)
    works = _callable(f, found) or _is_service(m, f, found) or _is_helper(m, f, obj, found)
    if obj.kind == "unknown" and not works:
        if _is_address(found) and not m.policy.fields_of(name):
            return join(found, OPAQUE)
        own = _derived(m, f, loc, obj, name, at)
        return join(own, found.with_(consts=NO_CONSTS)) if _keeps(f, found) else own
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


def _is_declaration(f: Frame, ref: Ref) -> bool:
    """Whether a class attribute declares a column or field: made by a library's class in the class body."""
    obj = f.state.obj(ref) if isinstance(ref, Loc) else None
    return (obj is not None and obj.kind == "library" and obj.type.rpartition(".")[2] in DECLARING_TYPES) or (
        obj is not None
        and obj.kind == "library"
        and obj.type.endswith(("Field", "Key", "Column", "Property"))
    )


def _callable(f: Frame, value: Value) -> bool:
    return any(
        isinstance(ref, Bound | Builtin | External)
        or (
            isinstance(ref, Loc)
            and (obj := f.state.obj(ref)) is not None
            and obj.kind in ("function", "class")
        )
        for ref in value.refs
    )


def _derived(m: Machine, f: Frame, loc: Loc, obj: Obj | None, name: str, at: int) -> Value:
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


ANNOTATED = "sqlmodel.SQLModel"
"""A library whose models declare columns by annotations, with plain defaults."""


def _class_attribute(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, at: int) -> Value:
    info = obj.info
    assert isinstance(info, ClassInfo)
    if name in ("__name__", "__qualname__"):
        return of_const(info.node.name)
    if name == "__members__":
        return OPAQUE
    if name == "_fields" and TUPLES & set(info.libraries):
        return m.sequence(f, at, "tuple", [of_const(field) for field in m.declared_fields(f, loc)], None)
    found = class_part(m, f, loc, name)
    if found is None or (not found.refs and ANNOTATED in info.libraries):
        # What stands beside an annotation is the default of a row; read from the class it is the column.
        if orm.is_model(m, f, loc) and class_part(m, f, loc, f"$a:{name}") is not None:
            query = m.query_of(f, loc, name) if found is None else None
            return of_ref(query) if query is not None else orm.column_of(f, loc, name)
    if found is None:
        found = m.of_metaclass(f, loc, name, at)
        if found is not None:
            return found
        for library in info.libraries:
            return m.library_class_attribute(f, loc, library, name, at)
        return of_ref(loc.child(name), unknown=True)
    if ENUMS & set(info.libraries) and not _callable(f, found):
        member = loc.child(("member", name))
        if CHOICES & set(info.libraries):
            labelled = iterate(m, f, found, at).items if found.locs() else None
            found = labelled[0] if labelled else found
        found = members.numbered(f, obj, info, name, found)
        if f.state.obj(member) is None:
            f.state.heap[member] = Obj(
                "instance", cls=loc, parts={"value": found, "_value_": found, "name": of_const(name)}
            )
            _set_up_member(m, f, loc, member, found, at)
        return of_ref(member)
    if found.refs and all(_is_declaration(f, ref) for ref in found.refs) and orm.is_model(m, f, loc):
        return orm.column_of(f, loc, name)
    bound: list[Value] = []
    for ref, facts in found.refs.items():
        own = m.manager_of(f, loc, name, ref) if isinstance(ref, Loc) else None
        if own is not None:
            bound.append(Value(refs={own: facts}))
            continue
        target = f.state.obj(ref) if isinstance(ref, Loc) else None
        closure = target.info if target is not None and target.kind == "function" else None
        if isinstance(ref, Loc) and isinstance(closure, Closure) and closure.binding == "class":
            bound.append(Value(refs={Bound(ref, of_ref(loc)): facts}))
        else:
            special = None
            if isinstance(ref, Loc) and target is not None and target.kind == "instance":
                special = _descriptor(m, f, of_ref(ref), of_const(None), at, owner=of_ref(loc))
            bound.append(special if special is not None else Value(refs={ref: facts}))
    if not bound:
        return found
    return join_all([found.with_(refs=NO_REFS), *bound])


def _set_up_member(m: Machine, f: Frame, cls: Loc, member: Loc, value: Value, at: int) -> None:
    """A member of an enumeration with ``__init__``: it gets the items of the member's value."""
    initializer = class_part(m, f, cls, "__init__")
    if initializer is None:
        return
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    items = containers.items_of(obj) if obj is not None and obj.kind == "tuple" else None
    m.call(f, bind(m, f, initializer, of_ref(member), at), Args(list(items) if items else [value]), at)


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


def _descriptor(
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


def lacks(m: Machine, f: Frame, value: Value, name: str) -> bool:
    """Whether an object surely has no attribute of a name: its class and all that it was given are known."""
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
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
    special = _descriptor(m, f, found, of_ref(loc), at)
    return special if special is not None else bind(m, f, found, of_ref(loc), at)


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
        if obj is not None and obj.cls is not None and obj.kind in ("instance", "unknown"):
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
        _forget(f.state, loc, name)
        if strong and not loc.old:
            m.write(f, loc, obj.put(name, kept), strong=True)
        else:
            old = obj.parts.get(name)
            if old is None and obj.kind in OPEN_KINDS:
                old = _derived(m, f, loc, obj, name, at) if obj.kind == "unknown" else BOTTOM
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
        _forget(f.state, loc, name)
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
    if setter is not None and not _inside(f, "__setattr__"):
        m.call(f, bind(m, f, setter, of_ref(loc), at), Args([of_const(name), new]), at)
        return True
    return False


def _inside(f: Frame, name: str) -> bool:
    return f.closure is not None and f.closure.function.name == name


def _forget(state: State, loc: Loc, name: str) -> None:
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
    deleter = class_part(m, f, obj.cls, "__delattr__")
    if deleter is not None and not _inside(f, "__delattr__"):
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


# Items


def item(m: Machine, f: Frame, value: Value, key: Value, at: int) -> Value:
    """``value[key]``"""
    key = keys.plain(f, m.as_key(f, value, key, at) if key.refs else key)
    bounds = f.state.obj(loc) if key.refs and (loc := key.single()) is not None else None
    if bounds is not None and bounds.type == containers.SLICE:
        return m.slice(f, value, [bounds.parts.get(Const("int", place)) for place in range(3)], at)
    results: list[Value] = []
    for ref, facts in value.refs.items():
        results.append(stamp(_item_of_ref(m, f, ref, key, at, value), facts))
    if not value.refs:
        if value.unknown and not value.is_text():
            base = f.place(at, "of")
            results.append(of_ref(base.child(("item", key.constant())), unknown=True))
        else:
            results.append(_text_item(value, key))
    result = join_all(results)
    if value.taints:
        result = join(result, Value(_item_taints(f, value, key).taints, unknown=True, refs=result.refs))
    constant = key.constant()
    if constant is not None and constant.type == "str" and not _is_table(f, value):
        result = m.named(f, result, str(constant.value), value, at, key=True)
    return result


def _is_table(f: Frame, value: Value) -> bool:
    """A text has no keys; everything else can be a mapping."""
    return bool(value.consts) and not value.refs and not value.unknown


def _item_taints(f: Frame, value: Value, key: Value) -> Value:
    constant = key.constant()
    if constant is not None and constant.type == "str":
        return value.with_(taints=naming.of_part(f, value, str(constant.value)))
    if constant is not None and isinstance(constant.value, int) and all(t.calls == 0 for t in value.taints):
        if any(taint.slice == texts.PIECES for taint in value.taints):
            return value
        return texts.keep(value, 1, ("index", constant.value))
    return value


def _text_item(value: Value, key: Value) -> Value:
    constant, index = value.constant(), key.constant()
    if constant is not None and index is not None and isinstance(index.value, int):
        if isinstance(constant.value, str | bytes) and -len(constant.value) <= index.value < len(
            constant.value
        ):
            return of_const(constant.value[index.value])
    return OPAQUE


def _item_of_ref(m: Machine, f: Frame, ref: Ref, key: Value, at: int, whole: Value) -> Value:
    if isinstance(ref, External):
        return m.library_item(f, ref, key, at)
    if not isinstance(ref, Loc):
        return UNKNOWN
    obj = f.state.obj(ref)
    if key.refs:
        columns = m.columns_of_unknown(f, ref, obj, key, at)
        if columns is not None:
            return columns
    if obj is None:
        return _unknown_item(m, f, ref, Obj("unknown"), key, at)
    if is_tabular(obj):
        return m.frame_item(f, ref, obj, key, at)
    if obj.kind == "attributes":
        owner = obj.info
        assert isinstance(owner, Loc)
        return join_all([_own_attribute(m, f, owner, text, at) for text in key.texts()] or [UNKNOWN])
    if obj.kind == "class":
        getter = class_part(m, f, ref, "__class_getitem__")
        if ENUMS & set(_libraries(obj)):
            return join_all([_class_attribute(m, f, ref, obj, text, at) for text in key.texts()] or [UNKNOWN])
        return (
            of_ref(ref) if getter is None else m.call(f, bind(m, f, getter, of_ref(ref), at), Args([key]), at)
        )
    if obj.cls is not None and (obj.kind == "dict" or obj.kind in containers.SEQUENCES):
        own = _own_item(m, f, ref, obj, key, at)
        if own is not None:
            return own
    if obj.kind == "dict":
        found = containers.get_item(m, f, ref, obj, key, at)
        return _with_spreads(m, f, ref, obj, found, key, at)
    if obj.kind in containers.SEQUENCES:
        return containers.get_item(m, f, ref, obj, key, at)
    getter = method(m, f, ref, obj, "__getitem__", at) if obj.cls is not None else None
    if getter is not None:
        return m.call(f, getter, Args([key]), at)
    if obj.cls is not None and m.is_named_tuple(f, obj.cls):
        return _tuple_item(m, f, ref, obj, key, at)
    if scalars.is_one(m, f, obj):
        return item(m, f, scalars.plain(m, f, of_ref(ref)), key, at)
    return _unknown_item(m, f, ref, obj, key, at)


def _own_attribute(m: Machine, f: Frame, owner: Loc, name: str, at: int) -> Value:
    """``owner.__dict__[name]``: past what the class defines under the name."""
    obj = f.state.obj(owner)
    part = obj.parts.get(name) if obj is not None and obj.kind == "instance" else None
    return part if part is not None and not part.is_bottom else attribute(m, f, of_ref(owner), name, at)


def _set_own(m: Machine, f: Frame, owner: Loc, name: str, new: Value, at: int) -> None:
    obj = f.state.obj(owner)
    if obj is not None and obj.kind == "instance" and not owner.old:
        put_attribute(m, f, of_ref(owner), name, m.named(f, new, name, of_ref(owner), at, put=True))
    else:
        set_attribute(m, f, of_ref(owner), name, new, at)


def _own_item(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, at: int) -> Value | None:
    """``__getitem__`` and ``__missing__`` of a class that extends a builtin container."""
    if not _inside(f, "__getitem__"):
        getter = method(m, f, loc, obj, "__getitem__", at)
        if getter is not None:
            return m.call(f, getter, Args([key]), at)
    nothing = obj.info == "exact" and not any(obj.items()) and obj.rest.is_bottom
    absent = nothing or m.contains(f, of_ref(loc), key) is False
    missing = method(m, f, loc, obj, "__missing__", at) if absent and obj.kind == "dict" else None
    return m.call(f, missing, Args([key]), at) if missing is not None else None


def _with_spreads(m: Machine, f: Frame, loc: Loc, obj: Obj, found: Value, key: Value, at: int) -> Value:
    """``{**unknown}["iin"]`` reads from what was spread, unless the key was set since."""
    spreads = containers.spreads(obj)
    constant = key.constant()
    if not spreads or (constant is not None and constant in obj.parts):
        return found
    return join_all([found, *(item(m, f, spread, key, at) for spread in spreads)])


def _libraries(obj: Obj) -> tuple[str, ...]:
    return obj.info.libraries if isinstance(obj.info, ClassInfo) else ()


def class_libraries(m: Machine, f: Frame, cls: Loc) -> tuple[str, ...]:
    """The library classes that a class inherits from."""
    info = m.class_info(f, cls)
    return info.libraries if info is not None else ()


def _tuple_item(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, at: int) -> Value:
    items = tuple_items(m, f, loc, obj, at)
    constant = key.constant()
    if (
        constant is not None
        and isinstance(constant.value, int)
        and -len(items) <= constant.value < len(items)
    ):
        return items[constant.value]
    return join_all(items)


def tuple_items(m: Machine, f: Frame, loc: Loc, obj: Obj, at: int) -> list[Value]:
    """The fields of a named tuple in order."""
    assert obj.cls is not None
    return [attribute(m, f, of_ref(loc), name, at) for name in m.declared_fields(f, obj.cls)]


def _child_item(loc: Loc, key: Value) -> Loc:
    constant = key.constant()
    return loc.child(("item", constant if constant is not None else None))


def _unknown_item(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, at: int) -> Value:
    constant = key.constant()
    if constant is not None:
        part = obj.parts.get(constant)
        if part is not None:
            return part
    child = _child_item(loc, key)
    extra = [part for name, part in obj.parts.items() if isinstance(name, Const)] if constant is None else []
    element = m.element_class(f, obj)
    if element is not None and f.state.obj(child) is None:
        f.state.heap[child] = Obj("unknown", cls=element)
    kept = placing.shared(m, loc, str(constant.value)) if constant is not None else None
    if kept is not None:
        f.state.heap.setdefault(child, kept)
        return of_ref(child, unknown=True)
    if obj.type:
        typed = m.typed_item(f, loc, obj, key, at)
        if typed is not None:
            return join_all([typed, obj.rest, *extra])
    return join_all([of_ref(child, unknown=True), obj.rest, *extra])


def set_item(m: Machine, f: Frame, value: Value, key: Value, new: Value, at: int) -> None:
    """``value[key] = new``"""
    key = keys.plain(f, m.as_key(f, value, key, at) if key.refs else key)
    constant = key.constant()
    if constant is not None and constant.type == "str":
        new = m.named(f, new, str(constant.value), value, at, key=True, put=True)
    strong_one = len(value.refs) == 1 and not value.consts
    for loc in value.locs():
        strong = strong_one and not loc.old
        obj = f.state.obj(loc) or Obj("unknown")
        if obj.kind == "attributes" and isinstance(obj.info, Loc):
            for text in key.texts():
                _set_own(m, f, obj.info, text, new, at)
        elif is_tabular(obj) and obj.kind != "dict":
            m.set_frame_item(f, loc, obj, key, new, at, len(value.refs) == 1 and not loc.old)
        elif obj.kind == "dict" or obj.kind in containers.SEQUENCES:
            setter = method(m, f, loc, obj, "__setitem__", at) if obj.cls is not None else None
            if setter is not None and not _inside(f, "__setitem__"):
                m.call(f, setter, Args([key, new]), at)
            else:
                m.write(f, loc, containers.put_item(m, f, loc, obj, key, new, strong), strong=True)
        elif obj.type == buffers.TYPE:
            buffers.join_item(m, f, loc, new)
        else:
            setter = method(m, f, loc, obj, "__setitem__", at) if obj.cls is not None else None
            if setter is not None:
                m.call(f, setter, Args([key, new]), at)
            elif constant is not None:
                placing.share(m, f, loc, str(constant.value), new)
                _forget(f.state, loc, str(constant.value))
                old = obj.parts.get(constant)
                if old is None:
                    old = of_ref(_child_item(loc, key), unknown=True)
                m.write(f, loc, obj.put(constant, new if strong else join(old, new)), strong=True)
            else:
                m.write(f, loc, replace(obj, rest=join(obj.rest, new)), strong=True)
            m.item_set(f, loc, obj, key, new, at)
    for ref in value.refs:
        if isinstance(ref, External):
            m.set_library_item(f, ref, key, new, at)


def delete_item(m: Machine, f: Frame, value: Value, key: Value, at: int) -> None:
    """``del value[key]``"""
    for loc in value.locs():
        strong = len(value.refs) == 1 and not loc.old
        obj = f.state.obj(loc) or Obj("unknown")
        if obj.kind == "dict" or obj.kind in containers.SEQUENCES:
            m.write(f, loc, containers.delete_item(m, f, loc, obj, key, strong), strong=True)
        elif is_tabular(obj):
            m.drop_frame_columns(f, loc, obj, key)
        elif obj.kind == "attributes" and isinstance(obj.info, Loc):
            for text in key.texts():
                delete_attribute(m, f, of_ref(obj.info), text, at)
        else:
            deleter = method(m, f, loc, obj, "__delitem__", at) if obj.cls is not None else None
            constant = key.constant()
            if deleter is not None:
                m.call(f, deleter, Args([key]), at)
            elif constant is not None and strong:
                m.write(f, loc, obj.put(constant, BOTTOM), strong=True)


# Iteration


def iterate(m: Machine, f: Frame, value: Value, at: int) -> Iteration:
    """What iterating over a value gives."""
    items: tuple[Value, ...] | None = None
    found: list[Value] = []
    # None can't be iterated over: where it could be, the path ends.
    others = any(constant.value is not None for constant in value.consts)
    exact = len(value.refs) == 1 and not (others or value.unknown or value.taints or value.opaque)
    for ref, facts in value.refs.items():
        one = _iterate_ref(m, f, ref, at)
        found.append(stamp(one.each, facts))
        items = tuple(stamp(i, facts) for i in one.items) if one.items is not None and exact else None
    if not value.refs:
        constant = value.constant()
        if constant is not None and isinstance(constant.value, str) and len(constant.value) <= 12:
            letters = tuple(of_const(letter) for letter in constant.value)
            return Iteration(letters, join_all(letters))
        if value.unknown:
            found.append(of_ref(m.fresh(f, at, "element"), unknown=True))
        elif value.consts or value.opaque:
            found.append(OPAQUE)
    if value.taints:
        found.append(Value(masks.characters(naming.of_part(f, value)), unknown=True))
    return Iteration(items, join_all(found))


def _iterate_ref(m: Machine, f: Frame, ref: Ref, at: int) -> Iteration:
    if not isinstance(ref, Loc):
        return Iteration(None, of_ref(m.fresh(f, at, "element"), unknown=True))
    obj = f.state.obj(ref)
    if obj is None:
        return Iteration(None, _element(m, f, ref, None, at))
    if is_tabular(obj):
        return m.iterate_frame(f, ref, obj, at)
    if obj.cls is not None and obj.kind in ("dict", "list", "set", "tuple") and not _inside(f, "__iter__"):
        getter = method(m, f, ref, obj, "__iter__", at)
        if getter is not None:
            return iterate(m, f, m.call(f, getter, Args(), at), at)
    if scalars.is_one(m, f, obj) and method(m, f, ref, obj, "__iter__", at) is None:
        return iterate(m, f, scalars.plain(m, f, of_ref(ref)), at)
    if obj.kind == "attributes" and isinstance(obj.info, Loc):
        return iterate(m, f, m.namespace(f, obj.info, at), at)
    if obj.kind == "dict":
        listed = containers.keys_of(m, f, obj, at)
        return Iteration(None, join(listed.each, UNKNOWN)) if containers.spreads(obj) else listed
    if obj.kind in containers.SEQUENCES:
        return Iteration(containers.items_of(obj), containers.each(obj))
    if obj.kind == "row" and (columns := containers.columns_of(obj)):
        return Iteration(columns, join_all(columns))
    if obj.kind == "class" and ENUMS & set(_libraries(obj)):
        members = [
            _class_attribute(m, f, ref, obj, name, at)
            for name, part in obj.parts.items()
            if isinstance(name, str) and not name.startswith(("_", "$")) and not _callable(f, part)
        ]
        return Iteration(tuple(members), join_all(members))
    if obj.cls is not None:
        for name in ("__iter__", "__aiter__"):
            getter = method(m, f, ref, obj, name, at)
            if getter is not None:
                iterator = m.awaited(f, m.call(f, getter, Args(), at), at)
                if iterator.single() == ref:
                    break
                return iterate(m, f, iterator, at)
        if obj.kind in ("instance", "unknown") and m.is_model_of_fields(f, obj.cls):
            return iterate(m, f, m.call_method(f, m.as_dict(f, of_ref(ref), at), "items", Args(), at), at)
        if _is_iterator(m, f, ref, obj, at):
            return Iteration(None, _drained(m, f, ref, at))
        getter = method(m, f, ref, obj, "__getitem__", at)
        if getter is not None:
            return Iteration(None, m.call(f, getter, Args([OPAQUE]), at))
        if m.is_named_tuple(f, obj.cls):
            fields = tuple(tuple_items(m, f, ref, obj, at))
            return Iteration(fields, join_all(fields))
    return Iteration(None, _element(m, f, ref, obj, at))


SETTINGS = frozenset(("settings", "config", "conf", "configuration", "options", "environment"))
"""Words in the names of classes whose objects hold what a program is set up with."""

NEXT = ("__next__", "__anext__")
ROUNDS = 6
"""Times that an iterator of the project is asked before its values are given up; widened after two."""


def _is_iterator(m: Machine, f: Frame, loc: Loc, obj: Obj, at: int) -> bool:
    return obj.cls is not None and any(class_part(m, f, obj.cls, name) is not None for name in NEXT)


def next_of(m: Machine, f: Frame, loc: Loc, at: int) -> tuple[Value, list[State]]:
    """What ``__next__`` of an object gives, and the states in which it stops instead."""
    obj = m.obj(f, loc)
    stopped: list[State] = []
    for name in NEXT:
        getter = method(m, f, loc, obj, name, at) if obj.cls is not None else None
        if getter is not None:
            f.handlers.append(stopped)
            value = m.awaited(f, m.call(f, getter, Args(), at), at)
            f.handlers.pop()
            return value, stopped
    return m.iterate(f, of_ref(loc), at).each, stopped


def _drained(m: Machine, f: Frame, loc: Loc, at: int) -> Value:
    """Everything that an iterator of the project gives until it stops."""
    found = BOTTOM
    seen = f.state.copy()
    for number in range(ROUNDS):
        value, stopped = next_of(m, f, loc, at)
        found = join(found, value)
        after = f.state
        for state in stopped:
            after = m.join_states(after, state)
        after = m.join_states(seen, after)
        if number >= 2:
            after = widen(seen, after)
        done = after.same(seen)
        f.state, seen = after, after.copy()
        if done:
            break
    return found


def iterator(m: Machine, f: Frame, value: Value, at: int) -> Value:
    """``iter(value)`` where that is an object of the project with ``__next__``, else the value itself."""
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    if loc is None or obj is None or obj.cls is None or obj.kind not in ("instance", "unknown"):
        return value
    for name in ("__iter__", "__aiter__"):
        getter = method(m, f, loc, obj, name, at)
        if getter is not None:
            made = m.awaited(f, m.call(f, getter, Args(), at), at)
            return made if made.single() is not None else value
    return value


def advance(m: Machine, f: Frame, value: Value, at: int) -> tuple[Value, State]:
    """One step of an iteration: the next item, with which the state goes on, and the state where it is over."""
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    done = f.state.copy()
    if loc is None or obj is None or not _is_iterator(m, f, loc, obj, at):
        return m.iterate(f, value, at).each, done
    found, stopped = next_of(m, f, loc, at)
    for index, state in enumerate(stopped):
        done = m.join_states(done, state) if index else state
    return found, done


def _element(m: Machine, f: Frame, loc: Loc, obj: Obj | None, at: int) -> Value:
    """An item of an unknown collection: a new identity for each pass of each loop."""
    told = orm.item_of(m, f, obj, at, origin=m.origin_of(loc)) if obj is not None else None
    if told is not None:
        return _told_item(m, f, loc, told)
    element = m.anew(f, loc.child(("element", f.unit.name, at, *f.passes)))
    checked = _checked_of_all(f, loc, element)
    held = orm.told_of_items(f, obj, element)
    if checked or held:
        held = held | checked
        if obj is not None:
            m.describe_element(f, loc, obj, element, at)
            sweeps.recall(f, obj, element)
        return Value(refs={element: held}, unknown=True)
    if obj is not None:
        m.describe_element(f, loc, obj, element, at)
        sweeps.recall(f, obj, element)
        if not obj.rest.is_bottom or any(isinstance(key, Const) for key in obj.parts):
            known = join_all([obj.rest, *(part for key, part in obj.parts.items() if isinstance(key, Const))])
            return join(of_ref(element, unknown=True), known)
        carried = naming.held(m, f, obj, at) if obj.kind == "library" else frozenset()
        if carried:
            return Value(carried, refs={element: NO_FACTS}, unknown=True)
    return of_ref(element, unknown=True)


def _told_item(m: Machine, f: Frame, collection: Loc, item: Value) -> Value:
    """An item whose class is known, with what was checked of all of them."""
    one = item.single()
    if one is None:
        return item
    m.collections[one] = collection
    checked = _checked_of_all(f, collection, one)
    return item.with_(refs={one: item.refs[one] | checked}) if checked else item


def _checked_of_all(f: Frame, collection: Loc, item: Loc) -> Facts:
    """What was checked of each item of a collection, as facts of one of them."""
    return said_of(f.state.facts, collection.child(EACH), item)


def each_of(m: Machine, loc: Loc) -> Loc | None:
    """What stands for all items of a collection, if a location is one of them."""
    if loc.parent is not None and isinstance(loc.label, tuple) and loc.label[:1] == ("element",):
        return loc.parent.child(EACH)
    collection = m.collections.get(Loc(loc.parent, loc.label))
    return collection.child(EACH) if collection is not None else None


SHARED = frozenset(("registry", "flask.Config", "celery.app.utils.Settings"))
"""Types of objects that hold what a program is set up with: what nobody wrote into them is not there."""


def default_part(loc: Loc, obj: Obj, key: Key) -> Value:
    """What reading a part gives that was never written: for joins of states."""
    if obj.type in SHARED:
        return BOTTOM
    if obj.kind in ("unknown", "library"):
        if isinstance(key, Const):
            return Value(refs={loc.child(("item", key)): NO_FACTS}, unknown=True)
        if key.startswith(("$", "@")):
            return BOTTOM
        return Value(refs={loc.child(key): NO_FACTS}, unknown=True)
    if obj.kind == "dict" and isinstance(key, Const) and obj.info != "exact":
        return obj.rest
    return BOTTOM


def names_in(values: Iterable[Value]) -> list[str]:
    """Texts among values, in order: names of attributes, columns, fields."""
    return [text for value in values for text in value.texts()]
