"""What a library is told once and uses everywhere: connections of an ORM, configurations of Flask and Celery.

A registry is an object of the program's state, so that what a function registers holds for all
others. Its parts are aliases and the clients or settings behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeGuard

from msgspec.structs import replace

from qorgau.flow import inheritance, modules, places
from qorgau.flow.call_sites import site_of_row
from qorgau.flow.constants import const
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.places import Site
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, Bound, Value, join, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

DEFAULT = "default"
REGISTRY = "registry"
BINDS = "$binds"
MADE = "$made"
ENGINES = ("create_engine", "create_async_engine")
SESSION_CLASS = "$class"
DJANGO = "django.conf:settings"


def shared(m: Machine, kind: str, name: str = "") -> Loc:
    """The one object of a type, or of this name, that a program has: ``app.config``, ``celery.conf``, a registry."""
    loc = Loc(None, ("shared", kind, name) if name else ("shared", kind))
    m.open(loc, Obj("library", type=kind))
    return loc


def _registry(m: Machine, library: str) -> Loc:
    loc = Loc(None, ("library", library))
    m.open(loc, Obj("library", type=REGISTRY))
    return loc


def register(m: Machine, f: Frame, dotted: str, aliases: Iterable[str], client: Value) -> None:
    """A library is told where to go: its later calls without a client of their own go there."""
    loc = _registry(m, dotted.partition(".")[0])
    held = f.state.obj(loc) or Obj("library", type=REGISTRY)
    for alias in tuple(aliases) or (DEFAULT,):
        before = held.parts.get(alias, BOTTOM)
        held = held.put(alias, client if before.is_bottom or f.kind == "module" else join(before, client))
    f.state.heap[loc] = held


def keep(m: Machine, f: Frame, library: str, client: Value) -> None:
    """A client that a program makes, beside the others of its library: see ``sole``."""
    loc = _registry(m, library)
    held = f.state.obj(loc) or Obj("library", type=REGISTRY)
    known = held.parts.get(MADE, BOTTOM)
    f.state.heap[loc] = held.put(MADE, join(known, client))


def sole(m: Machine, f: Frame, library: str) -> Site:
    """The place of the only client of a library that a program makes; nothing where there are several."""
    held = f.state.obj(_registry(m, library))
    made = held.parts.get(MADE, BOTTOM) if held is not None else BOTTOM
    sites = {place_of(f, of_ref(loc)) for loc in made.locs()}
    return next(iter(sites)) if len(sites) == 1 else places.EMPTY


def registered(m: Machine, f: Frame, library: str, alias: str = DEFAULT) -> Site:
    """The place that a library was told under an alias: any of those it was told on different paths."""
    held = f.state.obj(_registry(m, library))
    found = held.parts.get(alias) if held is not None else None
    return place_of(f, found) if found is not None else places.EMPTY


def place_of(f: Frame, value: Value) -> Site:
    """Where the client stands that a value is, or one of those that it can be."""
    sites: list[Site] = []
    for loc in sorted(value.locs(), key=repr):
        obj = f.state.obj(loc)
        if obj is None:
            continue
        behind = obj.parts.get("$client")
        if behind is not None:
            sites.append(place_of(f, behind))
        else:
            sites.append(obj.info if isinstance(obj.info, Site) else places.EMPTY)
    if not sites:
        return places.EMPTY
    site = sites[0]
    for other in sites[1:]:
        site = site.either(other)
    return site


# Rows that register


def _register(m: Machine, f: Frame, use: Use) -> Value:
    """A call that connects a library: its place is that of the row."""
    site = site_of_row(m, f, use)
    client = m.new(f, use.at, Obj("library", type="client", info=site), "client")
    register(m, f, use.dotted, site.databases, client)
    return client


def _placed(m: Machine, f: Frame, use: Use) -> Value:
    """``sessionmaker.configure(bind=...)``, ``database.init(...)``: the receiver stands there from now on."""
    site = site_of_row(m, f, replace(use, receiver=BOTTOM))
    for loc in use.receiver.locs():
        obj = m.obj(f, loc)
        before = obj.info if isinstance(obj.info, Site) else places.EMPTY
        m.write(f, loc, replace(obj, info=site.merged(before)), strong=True)
    return use.receiver


def _behind(m: Machine, f: Frame, use: Use) -> Value:
    """``proxy.initialize(database)``: the receiver stands for another object."""
    client = use.arg(0, "obj")
    for loc in use.receiver.locs():
        m.write(f, loc, m.obj(f, loc).put("$client", client), strong=True)
    return use.receiver


def _tortoise(m: Machine, f: Frame, use: Use) -> Value:
    """``Tortoise.init``: a URL, or a dict of connections by alias."""
    config = use.args.keywords.get("config", BOTTOM)
    if config.is_bottom and not use.dotted.endswith("register_tortoise"):
        config = use.arg(0)
    connections = _entry(m, f, config, "connections", use.at)
    aliases: dict[str, Value] = {}
    for loc in connections.locs():
        obj = f.state.obj(loc)
        for key in obj.items() if obj is not None and obj.kind == "dict" else ():
            name = key[0]
            aliases[str(getattr(name, "value", name))] = m.item(
                f, of_ref(loc), of_const(getattr(name, "value", "")), use.at
            )
    url = use.args.keywords.get("db_url", BOTTOM)
    if not url.is_bottom:
        aliases[DEFAULT] = url
    found: list[Value] = []
    for alias, value in aliases.items():
        credentials = _entry(m, f, value, "credentials", use.at)
        engine = _entry(m, f, value, "engine", use.at)
        host = _entry(m, f, credentials, "host", use.at)
        texts, untold = places.told([host if credentials.locs() else value])
        site = Site(hosts=texts, untold=frozenset(("hosts",)) if untold else frozenset())
        if any(text.endswith("sqlite") for text in engine.texts()):
            site = Site("local")
        client = m.new(f, use.at, Obj("library", type="client", info=site), f"tortoise {alias}")
        register(m, f, use.dotted, (alias,), client)
        found.append(client)
    if found and DEFAULT not in aliases:
        register(m, f, use.dotted, (DEFAULT,), join_all(found))
    return OPAQUE


def _entry(m: Machine, f: Frame, value: Value, name: str, at: int) -> Value:
    dicts = [loc for loc in value.locs() if (obj := f.state.obj(loc)) is not None and obj.kind == "dict"]
    return join_all(m.item(f, of_ref(loc), of_const(name), at) for loc in dicts)


# Configurations


def _put(m: Machine, f: Frame, target: Value, name: str, value: Value) -> None:
    for loc in target.locs():
        obj = m.obj(f, loc)
        m.write(f, loc, obj.put(const(name), value), strong=True)


def _update(m: Machine, f: Frame, use: Use) -> Value:
    """``config.update(NAME=...)``, ``from_mapping``: of keywords and dicts."""
    for value in (*use.args.positional, *use.args.double):
        for loc in value.locs():
            obj = f.state.obj(loc)
            for key, part in obj.items() if obj is not None and obj.kind == "dict" else ():
                _put(m, f, use.receiver, str(getattr(key, "value", key)), part)
    for name, value in use.args.keywords.items():
        _put(m, f, use.receiver, name, value)
    return OPAQUE


def _from_object(m: Machine, f: Frame, use: Use) -> Value:
    """``config.from_object(Settings)``: attributes of a class, an object or a module, also by name."""
    target = use.receiver
    if use.dotted.startswith("celery."):
        target = of_ref(shared(m, "celery.app.utils.Settings"))
    given = use.arg(0, "obj")
    for value in [given, *(_by_name(m, f, text, use.at) for text in given.texts())]:
        for loc in value.locs():
            for name, part in _attributes(m, f, loc, use.at):
                _put(m, f, target, name, part)
    return OPAQUE


def _by_name(m: Machine, f: Frame, text: str, at: int) -> Value:
    """``package.module`` or ``package.module.Class`` (also with a colon)."""
    if text == DJANGO:
        return BOTTOM
    dotted = text.replace(":", ".")
    if m.program.has(dotted):
        return modules.import_module(m, f, dotted)
    module, _, name = dotted.rpartition(".")
    return modules.import_name(m, f, module, name, at) if module and m.program.has(module) else BOTTOM


def _attributes(m: Machine, f: Frame, loc: Loc, at: int) -> list[tuple[str, Value]]:
    obj = f.state.obj(loc)
    if obj is None:
        return []
    if obj.kind == "module":
        return [
            (name, m.module_part(f, loc, name, at)) for name in modules.names_of(m, f, loc) if name[:1] != "_"
        ]
    if obj.kind == "dict":
        return [(str(getattr(key, "value", key)), part) for key, part in obj.items()]
    cls = loc if obj.kind == "class" else obj.cls
    info = m.class_info(f, cls) if cls is not None else None
    holders = [*(info.order if info is not None else ()), loc]
    names: dict[str, None] = {}
    for holder in holders:
        held = f.state.obj(holder)
        names.update({name: None for name in (held.parts if held is not None else ()) if _is_public(name)})
    return [(name, m.attribute(f, of_ref(loc), name, at)) for name in names]


def _is_public(name: Key) -> TypeGuard[str]:
    return isinstance(name, str) and not name.startswith(("_", "$", "@"))


def _set_default(m: Machine, f: Frame, use: Use) -> Value:
    """``config.setdefault(name, value)``"""
    for text in use.arg(0).texts():
        if setting(f, use.receiver, text).is_bottom:
            _put(m, f, use.receiver, text, use.arg(1))
    return _get(m, f, use)


def _get(m: Machine, f: Frame, use: Use) -> Value:
    """``config.get(name, default)``"""
    found = [setting(f, use.receiver, text) for text in use.arg(0).texts()]
    known = join_all(found)
    if not known.is_bottom:
        return known
    default = use.arg(1)
    return join(default, OPAQUE) if not default.is_bottom else OPAQUE


def setting(f: Frame, target: Value, name: str) -> Value:
    """What a configuration holds under a name, whether it was set as a key or as an attribute."""
    found: list[Value] = []
    for loc in target.locs():
        obj = f.state.obj(loc)
        if obj is not None:
            found += [obj.parts[key] for key in (const(name), name) if key in obj.parts]
    return join_all(found)


# SQLAlchemy's binds


def binds_of(f: Frame, receiver: Value) -> dict[Key, Value]:
    """The binds that a session takes over from its factory."""
    found: dict[Key, Value] = {}
    for loc in receiver.locs():
        obj = f.state.obj(loc)
        if obj is None or not obj.type.startswith("sqlalchemy."):
            continue
        for kept, given in ((BINDS, "@binds"), (SESSION_CLASS, "@class_")):
            for key in (kept, given):
                if key in obj.parts:
                    found.setdefault(kept, obj.parts[key])
    return found


def bound(m: Machine, f: Frame, receiver: Value, data: list[Value], at: int) -> Site:
    """The place of the engines that a session's ``binds`` or ``get_bind`` name for what it is given."""
    engines: list[Value] = []
    for loc in receiver.locs():
        obj = f.state.obj(loc)
        classes = obj.parts.get(SESSION_CLASS, BOTTOM).locs() if obj is not None else []
        for cls in [*classes, *([obj.cls] if obj is not None and obj.cls is not None else [])]:
            chooser = inheritance.class_part(m, f, cls, "get_bind")
            for function in chooser.locs() if chooser is not None else ():
                engines.append(m.call(f, of_ref(Bound(function, of_ref(loc))), Args(), at))
        binds = obj.parts.get(BINDS, obj.parts.get("@binds", BOTTOM)) if obj is not None else BOTTOM
        for table in binds.locs():
            held = f.state.obj(table)
            if held is not None and held.kind == "dict":
                engines += _of_classes(m, f, held, data)
    return place_of(f, join_all(engines))


def _of_classes(m: Machine, f: Frame, binds: Obj, data: list[Value]) -> list[Value]:
    """The engines of the classes of some objects; where none of them is a key, any engine can be meant."""
    classes = set(classes_of(m, f, data))
    named = [engine for key, engine in binds.items() if key.value in classes]
    return named or [binds.rest, *(engine for _, engine in binds.items())]


def classes_of(m: Machine, f: Frame, data: list[Value]) -> list[Loc]:
    """The classes of objects, their bases included; of lists, those of their items."""
    found: list[Loc] = []
    for value in data:
        for loc in value.locs():
            obj = f.state.obj(loc)
            if obj is not None and obj.kind in ("list", "tuple", "set"):
                found += classes_of(m, f, [*obj.parts.values(), obj.rest])
                continue
            cls = loc if obj is not None and obj.kind == "class" else obj.cls if obj is not None else None
            info = m.class_info(f, cls) if cls is not None else None
            found += info.order if info is not None else ()
    return found


def class_setting(m: Machine, f: Frame, receiver: Value, outer: str, key: str, at: int) -> Value:
    """``class Meta: database = ...`` or ``meta = {"db_alias": ...}`` of a model or one of its bases."""
    for cls in classes_of(m, f, [receiver]):
        obj = f.state.obj(cls)
        for loc in obj.parts.get(outer, BOTTOM).locs() if obj is not None else ():
            inner = f.state.obj(loc)
            if inner is not None and inner.kind == "dict":
                found = inner.parts.get(const(key), BOTTOM)
            else:
                found = inheritance.class_part(m, f, loc, key) or BOTTOM
            if not found.is_bottom:
                return found
    return BOTTOM


def class_part_texts(m: Machine, f: Frame, cls: Loc, name: str) -> list[str]:
    """The texts that an attribute of a class can be."""
    found = inheritance.class_part(m, f, cls, name)
    return found.texts() if found is not None else []


def element_classes(f: Frame, receiver: Value) -> Value:
    """A model's class, from an object, a manager or a queryset of it."""
    found: list[Value] = []
    for loc in receiver.locs():
        obj = f.state.obj(loc)
        part = obj.parts.get("$element") if obj is not None else None
        found.append(part if part is not None else of_ref(loc))
    return join_all(found)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "config-from-object": _from_object,
    "config-get": _get,
    "config-set-default": _set_default,
    "config-update": _update,
    "place": _placed,
    "proxy": _behind,
    "register": _register,
    "tortoise-init": _tortoise,
}
