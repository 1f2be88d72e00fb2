"""Objects of libraries: what their attributes and items are, what they keep, and what a class has from theirs."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import (
    downloads,
    environment,
    flask_routes,
    held_data,
    managers,
    model_options,
    orm,
    places,
    query_rows,
    raising,
    records,
    registries,
    row_methods,
    scalars,
    schemas,
    sessions,
    tasks,
)
from qorgau.flow.call_sites import site_of
from qorgau.flow.declared_types import ELEMENTS
from qorgau.flow.facts import NO_FACTS
from qorgau.flow.heap import DATA, Key, Obj
from qorgau.flow.library_data import hold
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Frame
from qorgau.flow.places import Site
from qorgau.flow.references import arguments
from qorgau.flow.taints import ORIGINS
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, Builtin, External, Value, join, of_const, of_ref
from qorgau.knowledge import rows as rows_of
from qorgau.knowledge.references import parse_target

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


DICT = "builtins.dict"
"""The type of an attribute that is a dict of the program's own making."""
CONSTANTS: dict[str, object] = {
    "typing.TYPE_CHECKING": False,
    "typing_extensions.TYPE_CHECKING": False,
    "six.PY2": False,
    "six.PY3": True,
    "sys.version_info.major": 3,
    "string.digits": string.digits,
    "string.ascii_letters": string.ascii_letters,
    "string.ascii_lowercase": string.ascii_lowercase,
    "string.ascii_uppercase": string.ascii_uppercase,
    "string.punctuation": string.punctuation,
}
"""Names of libraries whose value decides what runs, or what a table of characters covers."""


# Attributes and items


def attribute(m: Machine, f: Frame, ref: External, name: str, at: int, found: External | None) -> Value:
    """``library.name``: a typed object, what a request fills, or a name to go on with."""
    dotted = m.policy.catalog.canonical(found.dotted if found is not None else f"{ref.dotted}.{name}")
    if dotted in CONSTANTS:
        return of_const(CONSTANTS[dotted])
    settings = environment.setting(m, f, dotted, at)
    if settings is not None:
        return settings
    row = m.policy.catalog.attribute(dotted)
    if row is None:
        if found is None and _holds_data(m, ref.dotted, name):
            return of_ref(Loc(None, ("attribute", ref.dotted)).child(name), unknown=True)
        return of_ref(External(dotted))
    if row.clean:
        return OPAQUE
    label = row.source if row.source in ORIGINS else "attribute"
    loc = Loc(None, (label, dotted))
    if row.type and f.state.obj(loc) is None:
        f.state.heap[loc] = Obj("library", type=row.type)
    return of_ref(loc, unknown=True)


def _holds_data(m: Machine, owner: str, name: str) -> bool:
    """Whether an attribute named for a field is read from an object of a library that nothing is known of.

    Modules of known libraries hold functions, and attributes of classes stand for columns; an object
    that an unknown module keeps (``from crm import client``) is read like any other.
    """
    last = owner.rpartition(".")[2]
    return (
        "." in owner
        and last.islower()
        and not name.isupper()
        and bool(m.policy.fields_of(name))
        and not m.policy.catalog.knows_package(owner.partition(".")[0])
    )


def class_attribute(m: Machine, f: Frame, loc: Loc, library: str, name: str, at: int) -> Value:
    """An attribute that a class of the project has from a library's (``Client.objects``)."""
    row = m.policy.catalog.attribute(f"{library}.{name}")
    child = loc.child(name)
    if name == "_meta" and orm.is_model(m, f, loc):
        described = model_options.options(m, f, loc)
        if described is not None:
            return described
    if row is not None and row.type:
        elements: dict[Key, Value] = {ELEMENTS: of_ref(loc)}
        own = managers.query_class(m, f, loc) if name == "query" else None
        f.state.heap.setdefault(child, Obj("library", own, type=row.type, parts=elements))
        return of_ref(child)
    return (
        Value(refs={Builtin(of_ref(loc), name): NO_FACTS})
        if m.policy.catalog.rows(f"{library}.{name}")
        else of_ref(child, unknown=True)
    )


def inherited_attribute(
    m: Machine, f: Frame, loc: Loc, obj: Obj, libraries: tuple[str, ...], name: str
) -> Value | None:
    """An attribute that an object of the project's class has from a library's (``self.stdout`` of a command)."""
    for library in libraries:
        row = m.policy.catalog.attribute(f"{library}.{name}")
        if row is None:
            continue
        if row.clean:
            return OPAQUE
        if row.shared:
            return of_ref(registries.shared(m, row.type))
        child = Loc(loc, (row.source, name)) if row.source in ORIGINS else loc.child(name)
        if row.type and f.state.obj(child) is None:
            f.state.heap[child] = Obj("library", type=row.type)
        return of_ref(child, unknown=True)
    return None


def typed_attribute(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, at: int) -> Value:
    """An attribute of an object of a library's type."""
    data = Value(held_data.held(m, f, obj, at))
    given = obj.parts.get(f"@{name}")
    if obj.type == query_rows.ROWS and not obj.parts.get(orm.ROW, BOTTOM).is_bottom:
        return m.attribute(f, obj.parts[orm.ROW], name, at)
    row = m.policy.catalog.attribute(f"{obj.type}.{name}")
    child = loc.child(name)
    if row is None:
        rows = m.policy.catalog.rows(f"{obj.type}.{name}")
        if rows and not row_methods.is_column(rows, name):
            return of_ref(Builtin(of_ref(loc), name))
        if given is not None and not given.is_bottom and obj.type.partition(".")[0] != "builtins":
            return join(given, Value(data.taints))
        return Value(data.taints, refs={child: NO_FACTS}, unknown=True)
    if row.clean:
        return given if given is not None and loc == flask_routes.REQUEST else OPAQUE
    if row.plain:
        return data.with_(opaque=True)
    if row.shared:
        return of_ref(registries.shared(m, row.type))
    if row.source in ORIGINS:
        child = Loc(loc, (row.source, name))
        data = data.map_taints(lambda taint: taint if taint.origin else replace(taint, origin=row.source))
    if row.type and f.state.obj(child) is None:
        parts: dict[Key, Value] = {"$part-of": of_ref(loc)}
        if ELEMENTS in obj.parts:
            parts[ELEMENTS] = obj.parts[ELEMENTS]
        info = obj.info
        if row.bucket:
            held = info if isinstance(info, Site) else places.EMPTY
            info = replace(held, buckets=held.buckets | {name})
        f.state.heap[child] = (
            Obj("dict", info="exact")
            if row.type == DICT
            else Obj("library", type=row.type, parts=parts, info=info)
        )
    return Value(data.taints, refs={child: NO_FACTS}, unknown=True)


def item(m: Machine, f: Frame, ref: External, key: Value, at: int) -> Value:
    """``library.name[key]``: an entry of the environment, or something unknown."""
    dotted = f"{ref.dotted}.__getitem__"
    if m.policy.catalog.rows(dotted):
        return m.library_call(f, dotted, BOTTOM, Args([key]), at)
    constant = key.constant()
    if ref.dotted == "sys.modules" and constant is not None and m.locate(f, str(constant.value)) is not None:
        return m.import_module(f, str(constant.value))
    if ref.dotted == "sys.version_info" and constant is not None and constant.value == 0:
        return of_const(CONSTANTS["sys.version_info.major"])
    return of_ref(Loc(Loc(None, ("attribute", ref.dotted)), ("item", constant)), unknown=True)


def typed_item(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, at: int) -> Value | None:
    """An item of a library's object: of the type of its elements, or by its ``__getitem__`` row."""
    dotted = f"{obj.type}.__getitem__"
    if m.policy.catalog.rows(dotted):
        return m.library_call(f, dotted, of_ref(loc), Args([key]), at)
    if obj.type == query_rows.ROWS:
        row = obj.parts.get(orm.ROW, BOTTOM)
        constant = key.constant()
        if constant is not None and isinstance(constant.value, int):
            return join(row, m.item(f, row, key, at)) if not row.is_bottom else None
        return m.item(f, row, key, at) if not row.is_bottom else None
    data = Value(held_data.held(m, f, obj, at)) if DATA in obj.parts else None
    element = element_type(obj)
    if element:
        child = loc.child(("item", key.constant()))
        if f.state.obj(child) is None:
            f.state.heap[child] = Obj("library", type=element, parts={"$part-of": of_ref(loc)}, info=obj.info)
        return Value(data.taints if data is not None else frozenset(), refs={child: NO_FACTS}, unknown=True)
    if data is not None and data.taints:
        return Value(data.taints, unknown=True, refs={loc.child(("item", key.constant())): NO_FACTS})
    return None


def element_type(obj: Obj) -> str:
    """The library type of an object's elements; empty for none."""
    part = obj.parts.get(ELEMENTS)
    for ref in part.refs if part is not None else ():
        if isinstance(ref, External):
            return ref.dotted
    return ""


def element_class(f: Frame, obj: Obj) -> Loc | None:
    """The class of the project that an object's elements are of."""
    part = obj.parts.get(ELEMENTS)
    for ref in part.refs if part is not None else ():
        if isinstance(ref, Loc):
            return ref
    return None


def describe_element(m: Machine, f: Frame, loc: Loc, obj: Obj, element: Loc, at: int) -> None:
    """Record the class or type of an item of a collection."""
    cls, kind = element_class(f, obj), element_type(obj)
    if cls is None and obj.cls is not None and not kind and orm.is_model(m, f, loc):
        # A row has no items: what a relation gives is many of them.
        cls = obj.cls
    parts: dict[Key, Value] = {}
    if cls is not None:
        if "$only" in obj.parts:
            parts["$only"] = obj.parts["$only"]
        f.state.heap[element] = Obj("unknown", cls=cls, parts=parts)
    elif kind:
        parts["$part-of"] = of_ref(loc)
        if DATA in obj.parts:
            parts[DATA] = obj.parts[DATA]
        f.state.heap[element] = Obj("library", type=kind, parts=parts, info=obj.info)


def item_set(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, new: Value, at: int) -> None:
    """``object[key] = new`` on a library's object: by its ``__setitem__`` row, else it keeps the data."""
    if downloads.header_set(m, f, loc, obj, key, new, at) or not obj.type:
        return
    dotted = f"{obj.type}.__setitem__"
    if m.policy.catalog.rows(dotted):
        m.library_call(f, dotted, of_ref(loc), Args([key, new]), at)
    elif new.taints or new.refs:
        hold(m, f, of_ref(loc), [new])


def attribute_set(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, new: Value, at: int) -> None:
    """``object.name = new`` on a library's object: what it is a part of keeps the data as well."""
    if downloads.is_response(m, f, obj):
        downloads.attribute_set(m, f, loc, obj, name, new, at)
    if obj.cls is not None:
        sessions.changed(m, f, loc, name, new)
    if obj.type and (new.taints or new.refs):
        whole = obj.parts.get("$part-of")
        if whole is not None:
            hold(m, f, whole, [new])


# Classes of the project that inherit from a library's


def initialize(m: Machine, f: Frame, receiver: Value, libraries: list[str], args: Args, at: int) -> None:
    """A library's ``__init__`` on an object of the project's class: exceptions keep their text, clients their place."""
    for loc in receiver.locs():
        obj = m.obj(f, loc)
        if obj.kind == "dict" or obj.kind in ("list", "set"):
            records.fill(m, f, of_ref(loc), args, at)
            continue
        if schemas.kind_of(m, tuple(libraries)):
            schemas.given(m, f, loc, args, at)
            continue
        for library in libraries:
            if raising.is_exception(m, library):
                m.write(f, loc, raising.described(m, f, obj, args, at), strong=True)
                return
            if any(name in tasks.STARTED for name in m.policy.catalog.ancestry(library)):
                tasks.BEHAVIOURS["thread"](m, f, Use(library, BOTTOM, args, at))
                return
            if downloads.extends_response(m, library):
                downloads.initialized(m, f, loc, library, args, at)
                return
            row = m.policy.catalog.returns(library)
            if row is not None:
                use = Use(library, BOTTOM, args, at)
                site = site_of(m, f, use, row.place)
                m.write(f, loc, replace(obj, info=site if not site.is_empty else obj.info), strong=True)
                _keep_arguments(m, f, loc, use, row)
                return
        for name, value in args.keywords.items():
            if not name.startswith("_"):
                m.set_attribute(f, of_ref(loc), name, value, at)
        if libraries and any(value.taints or value.refs for value in args.positional):
            hold(m, f, of_ref(loc), args.positional)


def _keep_arguments(m: Machine, f: Frame, loc: Loc, use: Use, row: rows_of.Returns) -> None:
    """An object keeps what its library's class carries under the names of the arguments (``adapter.extra``)."""
    for text in row.carries:
        name = parse_target(text).keyword
        given = arguments(m, f, use, text)
        hold(m, f, of_ref(loc), given)
        for value in given if name else ():
            m.set_attribute(f, of_ref(loc), str(name), value, use.at)


def constructed(m: Machine, f: Frame, cls: Loc, info: ClassInfo, made: Value, args: Args, at: int) -> None:
    """A new object whose class has no ``__init__`` of its own."""
    if info.libraries and any(
        raising.is_exception(m, name) or m.policy.catalog.returns(name) for name in info.libraries
    ):
        keywords = {} if m.takes_fields(f, cls) else args.keywords
        initialize(m, f, made, list(info.libraries), Args(list(args.positional), keywords, args.star), at)
    elif info.libraries and not m.takes_fields(f, cls) and any(v.taints or v.refs for v in args.positional):
        if not any(scalars.is_one(m, f, f.state.obj(loc)) for loc in made.locs()):
            hold(m, f, made, args.positional)
