"""Calls of methods, by what the receiver is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import (
    attribute_changes,
    branches,
    buffers,
    class_members,
    constructing,
    container_methods,
    containers,
    dispatch,
    inheritance,
    json_texts,
    metaclasses,
    raising,
    records,
    row_dicts,
    scalars,
    tasks,
    text_methods,
)
from qorgau.flow.class_fields import TYPED_DICTS
from qorgau.flow.delayed import function_method
from qorgau.flow.facts import NO_FACTS, checks_of
from qorgau.flow.frame_types import is_tabular
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.state import State
from qorgau.flow.unknown_calls import unknown_call
from qorgau.flow.unknowns import equipped, unknown_method
from qorgau.flow.uses import Use
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
    join_all,
    of_const,
    of_ref,
    stamp,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


OF_TUPLES = {"_asdict": "asdict", "_replace": "replace"}
"""What the methods of named tuples do."""

VERBS = frozenset(("get", "post", "put", "patch", "delete", "head", "options"))
SESSIONS = frozenset(("requests.Session", "httpx.Client", "httpx.AsyncClient"))
"""Clients whose methods for a verb go through their ``request``, which a class of the program may have its own of."""


def call_method(m: Machine, f: Frame, receiver: Value, name: str, args: Args, at: int) -> Value:
    """``receiver.name(args)``: the join over everything that the receiver can be."""
    targets = list(receiver.refs.items())
    if receiver.unknown or receiver.taints:
        m.risk()
    if not targets:
        return _scalar_method(m, f, receiver, name, args, at)
    scalar = receiver.with_(refs=NO_REFS)
    plain = bool(scalar.consts) and not all(c.value is None for c in scalar.consts)
    if len(targets) == 1 and not plain:
        ref, facts = targets[0]
        return stamp(_method(m, f, ref, receiver, name, args, at), facts)
    f.assigning = ()
    before = f.state
    outcomes = []
    for ref, facts in targets:
        f.state = before.copy()
        # On the way to this receiver more is known: `(yes if agreed else no).append(client)`.
        f.state.facts = f.state.facts | checks_of(facts)
        value = _method(m, f, ref, receiver, name, args, at)
        outcomes.append((f.state, stamp(value, facts)))
    if plain:
        f.state = before.copy()
        value = _scalar_method(m, f, scalar.with_(taints=frozenset(), unknown=False), name, args, at)
        outcomes.append((f.state, value))
    return branches.meet(m, f, outcomes)


def _scalar_method(m: Machine, f: Frame, receiver: Value, name: str, args: Args, at: int) -> Value:
    if receiver.is_bottom:
        return BOTTOM
    if not receiver.unknown:
        found = text_methods.method(m, f, receiver, name, args, at)
        if found is not None:
            return found
    return unknown_method(m, f, None, None, receiver, name, args, at)


def _method(m: Machine, f: Frame, ref: Ref, receiver: Value, name: str, args: Args, at: int) -> Value:
    if isinstance(ref, External):
        return m.library_call(f, f"{ref.dotted}.{name}", BOTTOM, args, at)
    if isinstance(ref, SuperOf):
        return _super_method(m, f, ref, name, args, at)
    if isinstance(ref, Bound):
        if name in ("__func__", "__call__"):
            return m.call(f, of_ref(ref.function if name == "__func__" else ref), args, at)
        return _method(m, f, ref.function, receiver, name, args, at)
    if isinstance(ref, Builtin):
        return unknown_call(m, f, name, receiver, args, at)
    obj = f.state.obj(ref)
    if obj is None:
        return unknown_method(m, f, ref, None, receiver, name, args, at)
    if is_tabular(obj):
        answered = m.frame_method(f, ref, obj, name, args, at)
        if answered is not None:
            return answered
    part = obj.parts.get(name)
    if part is not None and not part.is_bottom and obj.kind not in ("class", "module"):
        return m.call(f, part, args, at)
    if obj.kind in ("class", "module"):
        return _static_method(m, f, ref, obj, name, args, at)
    if obj.kind == "function":
        return function_method(m, f, ref, obj, name, args, at)
    if obj.cls is not None and (obj.kind == "dict" or obj.kind in containers.SEQUENCES):
        own = inheritance.method(m, f, ref, obj, name, at)
        if own is not None:
            return m.call(f, own, args, at)
    if obj.kind == "dict" or obj.kind in containers.SEQUENCES:
        chosen = m.names_method(f, obj, name, args, at)
        if chosen is not None:
            return chosen
        if name in raising.RISKY_METHODS:
            m.risk()
        found = container_methods.method(m, f, ref, obj, name, args, at)
        return found if found is not None else unknown_method(m, f, ref, obj, receiver, name, args, at)
    if obj.kind == "row":
        found = row_dicts.method(m, f, ref, obj, name, args, at)
        if found is not None:
            return found
    if obj.kind == "future" or obj.type == buffers.TYPE:
        ask = tasks.future_method if obj.kind == "future" else buffers.method
        found = ask(m, f, ref, obj, name, args, at)
        return found if found is not None else unknown_method(m, f, ref, obj, receiver, name, args, at)
    if obj.kind == dispatch.KIND:
        return _dispatch_method(m, f, ref, obj, name, args, at)
    if obj.kind == "attributes" and isinstance(obj.info, Loc):
        return _namespace_method(m, f, obj.info, name, args, at)
    if obj.cls is not None:
        return _object_method(m, f, ref, obj, receiver, name, args, at)
    if obj.type:
        own = receiver.with_(refs={ref: NO_FACTS}, consts=NO_CONSTS, unknown=False, opaque=False)
        text = json_texts.method(m, f, own, name, args, at) if obj.type == json_texts.TEXT else None
        if text is not None:
            return text
        return m.library_call(f, f"{obj.type}.{name}", own, args, at)
    return unknown_method(m, f, ref, obj, receiver, name, args, at)


def _dispatch_method(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, args: Args, at: int) -> Value:
    """``f.register(cls, function)`` and ``f.dispatch(cls)``."""
    if name == "register" and len(args.positional) > 1:
        dispatch.add(m, f, loc, args.positional[0], args.positional[1])
        return args.positional[1]
    if name == "dispatch":
        return join_all(
            [obj.parts["$default"], *(v for k, v in obj.parts.items() if str(k).startswith("$case"))]
        )
    return UNKNOWN


def _namespace_method(m: Machine, f: Frame, owner: Loc, name: str, args: Args, at: int) -> Value:
    """A method of ``owner.__dict__``: what it changes are the attributes."""
    if name == "update":
        return _set_attributes(m, f, owner, args, at)
    fields = m.namespace(f, owner, at)
    before = m.exact_dict(f, fields)
    result = call_method(m, f, fields, name, args, at)
    after = m.exact_dict(f, fields)
    if before is not None and after is not None:
        for gone in sorted(before.keys() - after.keys()):
            m.delete_attribute(f, of_ref(owner), gone, at)
        for new in sorted(after.keys() - before.keys()):
            m.set_attribute(f, of_ref(owner), new, after[new], at)
    return result


def _set_attributes(m: Machine, f: Frame, owner: Loc, args: Args, at: int) -> Value:
    given = [m.exact_dict(f, value) or {} for value in (*args.positional, *args.double)]
    for fields in (*given, args.keywords):
        for name, value in fields.items():
            m.set_attribute(f, of_ref(owner), name, value, at)
    return of_const(None)


def _super_method(m: Machine, f: Frame, ref: SuperOf, name: str, args: Args, at: int) -> Value:
    bound = inheritance.super_part(m, f, ref, name)
    if bound is not None:
        return m.call(f, inheritance.bind(m, f, bound, ref.receiver, at), args, at)
    libraries: list[str] = []
    for loc in ref.receiver.locs():
        obj = f.state.obj(loc)
        cls = loc if obj is not None and obj.kind == "class" else obj.cls if obj is not None else None
        info = m.class_info(f, cls) if cls is not None else None
        libraries += info.libraries if info is not None else ()
    if name == "__init__":
        m.library_init(f, ref.receiver, libraries, args, at)
        return of_const(None)
    if name in ("__setattr__", "__getattribute__", "__getattr__"):
        for text in (args.get(0) or BOTTOM).texts():
            if name == "__setattr__":
                attribute_changes.put_attribute(m, f, ref.receiver, text, args.get(1) or BOTTOM)
            else:
                return m.attribute(f, ref.receiver, text, at)
        return of_const(None)
    of_type = metaclasses.by_type(m, f, ref, name, args)
    if of_type is not None:
        return of_type
    if name == "__call__" and ref.cls in m.metaclasses:
        known = [cls for cls in ref.receiver.locs() if m.class_info(f, cls) is not None]
        return join_all(constructing.make(m, f, cls, args, at) for cls in known) if known else UNKNOWN
    if name == "__new__":
        return records.bare(m, f, args, at)
    held = scalars.plain(m, f, ref.receiver)
    if held is not ref.receiver:
        return call_method(m, f, held, name, args, at)
    inherited = _container_method(m, f, ref.receiver, name, args, at)
    if inherited is not None:
        return inherited
    for library in libraries:
        return m.library_call(f, f"{library}.{name}", ref.receiver, args, at)
    if name in ("__init_subclass__", "__post_init__", "__enter__", "__exit__", "__set_name__", "__del__"):
        return OPAQUE
    return unknown_call(m, f, name, ref.receiver, args, at)


def _container_method(m: Machine, f: Frame, receiver: Value, name: str, args: Args, at: int) -> Value | None:
    """``super().append(x)`` in a class that extends a builtin container."""
    found: list[Value] = []
    for loc in receiver.locs():
        obj = f.state.obj(loc)
        if obj is None or (obj.kind != "dict" and obj.kind not in containers.SEQUENCES):
            return None
        result = container_methods.method(m, f, loc, obj, name, args, at)
        if result is None:
            return None
        found.append(result)
    return join_all(found) if found else None


def _static_method(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, args: Args, at: int) -> Value:
    """A function of a module or class."""
    info = m.class_info(f, loc)
    if info is not None and name == "_make" and class_members.TUPLES & set(info.libraries):
        row = m.iterate(f, args.get(0) or BOTTOM, at)
        given = row.as_args()
        return m.call(f, of_ref(loc), given, at)
    if info is not None and inheritance.class_part(m, f, loc, name) is None and info.libraries:
        for library in info.libraries:
            return m.library_call(f, f"{library}.{name}", of_ref(loc), args, at)
    found = m.attribute(f, of_ref(loc), name, at)
    return m.call(f, found, args, at)


def _object_method(
    m: Machine, f: Frame, loc: Loc, obj: Obj, receiver: Value, name: str, args: Args, at: int
) -> Value:
    assert obj.cls is not None
    if obj.kind == "unknown" and not _is_own(loc):
        others = m.overriding(f, obj.cls, name)
        if others:
            return _on_any(m, f, loc, obj, (obj.cls, *others), name, args, at)
    found = inheritance.method(m, f, loc, obj, name, at)
    if found is not None:
        return m.call(f, found, args, at)
    info = m.class_info(f, obj.cls)
    if info is not None and TYPED_DICTS & set(info.libraries):
        return unknown_method(m, f, loc, obj, receiver, name, args, at)
    if info is not None and name in OF_TUPLES and class_members.TUPLES & set(info.libraries):
        return records.BEHAVIOURS[OF_TUPLES[name]](m, f, Use(name, of_ref(loc), args, at))
    if info is not None and name in VERBS and SESSIONS & set(info.libraries):
        own = inheritance.method(m, f, loc, obj, "request", at)
        if own is not None:
            verb = of_const(name.upper())
            return m.call(f, own, Args([verb, *args.positional], args.keywords, args.star, args.double), at)
    if info is not None and info.libraries and scalars.is_one(m, f, obj):
        return call_method(m, f, scalars.plain(m, f, of_ref(loc)), name, args, at)
    if info is not None and info.libraries:
        known = [name_ for name_ in info.libraries if m.policy.catalog.rows(f"{name_}.{name}")]
        library = (known or list(info.libraries))[0]
        return m.library_call(f, f"{library}.{name}", Value(receiver.taints, refs={loc: NO_FACTS}), args, at)
    getter = inheritance.method(m, f, loc, obj, "__getattr__", at)
    if getter is not None:
        return m.call(f, m.call(f, getter, Args([of_const(name)]), at), args, at)
    return unknown_method(m, f, loc, obj, receiver, name, args, at)


def _is_own(loc: Loc) -> bool:
    """Whether an object is the ``self`` of a method that is analysed for each class by itself."""
    return isinstance(loc.label, tuple) and loc.label[:1] == ("self",)


def _on_any(
    m: Machine, f: Frame, loc: Loc, obj: Obj, classes: tuple[Loc, ...], name: str, args: Args, at: int
) -> Value:
    """A method of an object of which only a base class is known: any subclass may have come."""
    before = f.state
    outcomes: list[tuple[State, Value]] = []
    for cls in classes:
        f.state = before.copy()
        own = equipped(m, f, loc, obj, cls)
        found = inheritance.method(m, f, loc, m.obj(f, loc), name, at)
        if found is None:
            continue
        value = m.call(f, found, args, at)
        after = f.state.obj(loc)
        if after is not None:
            kept = {key: part for key, part in after.parts.items() if own.get(key) != part}
            f.state.heap[loc] = replace(after, cls=obj.cls, parts=kept)
        outcomes.append((f.state, value))
    return branches.meet(m, f, outcomes)
