"""Calls and attributes of libraries, by the rows of the catalogue (docs/library-models.md)."""

from __future__ import annotations

import builtins
import re
import string
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import (
    ambient,
    bound_loggers,
    column_calls,
    consent,
    containers,
    depersonalizers,
    deployment,
    downloads,
    environment,
    erasure,
    folding,
    frame_expression_calls,
    frame_types,
    lookups,
    managers,
    middleware,
    naming,
    origins,
    orm,
    places,
    protocols,
    provenance,
    queries,
    query_texts,
    raising,
    records,
    redirects,
    registries,
    routers,
    saved,
    scalars,
    schemas,
    sessions,
    setting_files,
    sinks,
    strings,
    tasks,
    used,
)
from qorgau.flow.classes import ELEMENTS
from qorgau.flow.facts import NO_FACTS
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Frame
from qorgau.flow.places import Site
from qorgau.flow.references import arguments, one
from qorgau.flow.taints import ORIGINS, merge_taints
from qorgau.flow.texts import of_call
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, Builtin, External, Ref, Value, join, join_all, of_const, of_ref
from qorgau.knowledge import rows as rows_of
from qorgau.knowledge.libraries import CallRows, filled_type
from qorgau.knowledge.references import parse_target

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

DICT = "builtins.dict"
"""The type of an attribute that is a dict of the program's own making."""

BUFFERS = frozenset(("io.StringIO", "io.BytesIO"))
"""Files in memory: what is written there is exported when they are handed out."""

_STUB = re.compile(r"[\w.]*_pb2_grpc\.\w+Stub\b")
"""A class that is generated for gRPC outside the project; the name of its file is the generator's."""

PRINT = "builtins.print"
CONSTANTS: dict[str, object] = {
    "typing.TYPE_CHECKING": False,
    "typing_extensions.TYPE_CHECKING": False,
    "string.digits": string.digits,
    "string.ascii_letters": string.ascii_letters,
    "string.ascii_lowercase": string.ascii_lowercase,
    "string.ascii_uppercase": string.ascii_uppercase,
    "string.punctuation": string.punctuation,
}
"""Names of libraries whose value decides what runs, or what a table of characters covers."""


def call(m: Machine, f: Frame, dotted: str, receiver: Value, args: Args, at: int) -> Value:
    """The result of a library's function, constructor or method, and what it does on the way."""
    dotted = m.policy.catalog.canonical(dotted)
    if "_pb2_grpc." in dotted:
        dotted = _STUB.sub("grpc.Stub", dotted)
    if not raising.is_safe(dotted, args):
        m.risk()
    owner = receiver if receiver.refs else None
    if dotted == middleware.CONTINUE or (
        dotted.endswith(".dispatch") and middleware.leads_on(f, receiver, args)
    ):
        return middleware.go_on(f)
    erasure.library_call(m, f, dotted, receiver, args, at)
    used.looked_up(m, f, dotted, args)
    answered = consent.configured(m, f, [dotted], owner, args, at, None)
    if answered is not None:
        return answered
    dotted = queries.as_relation(dotted)
    if (
        dotted in frame_types.WRITTEN_BY_COLUMNS
        and "columns" in args.keywords
        and args.keywords["columns"].refs
    ):
        receiver = m.item(f, receiver, args.keywords["columns"], at)
    if dotted.startswith(queries.ROWS + "."):
        return queries.rows_method(m, f, Use(dotted, receiver, args, at))
    column = column_calls.called(m, f, Use(dotted, receiver, args, at))
    if column is not None:
        return column
    if dotted.startswith(orm.COLUMN + ".") and dotted.endswith((".is_", ".is_not", ".isnot")):
        return orm.column_test(m, f, Use(dotted, receiver, args, at))
    rows = m.policy.catalog.rows(dotted)
    use = Use(dotted, receiver, args, at, rows.behaviour)
    use, answer = downloads.rows_written(m, f, use)
    if answer is not None:
        return answer
    if dotted == PRINT and _to_file(m, f, use):
        return of_const(None)
    own = saved.by_own_method(m, f, use)
    if own is not None:
        return own
    use = bound_loggers.adapted(m, f, use)
    _sinks(m, f, use, rows)
    if not f.state.reachable:
        return BOTTOM
    given = protocols.asked(m, f, use)
    if given is not None or not f.state.reachable:
        return BOTTOM if given is None else given
    if dotted.startswith("builtins."):
        found = _builtin(m, f, use, rows)
        if found is not None:
            return origins.kept(m, f, found, use.args.positional, at) if found.unknown else found
    looked_up = lookups.look_up(m, f, use, rows) or setting_files.loaded(m, f, use)
    read = looked_up if looked_up is not None else query_texts.parsed_query(m, f, use)
    if read is not None:
        return read
    result = lookups.named(m, f, use, _result(m, f, use, rows))
    setting_files.mark(m, f, use, result)
    return result


def _to_file(m: Machine, f: Frame, use: Use) -> bool:
    """``print(..., file=f)`` writes to the file, unless that is the standard output or error stream."""
    target = use.args.keywords.get("file")
    if target is None or not target.locs() or any(isinstance(ref, External) for ref in target.refs):
        return False
    shown = strings.message_of(m, f, Args(list(use.args.positional), {}, use.args.star), use.at)
    m.call_method(f, target, "write", Args([shown]), use.at)
    return True


def _builtin(m: Machine, f: Frame, use: Use, rows: CallRows) -> Value | None:
    name = use.dotted.partition(".")[2]
    folded = folding.builtin(m, f, name, use.args) if name in folding.PURE else None
    if folded is not None:
        return folded
    unbound = _unbound(m, f, name, use) if "." in name else None
    if unbound is not None:
        return unbound
    known = m.builtins.get(name)
    if known is not None:
        return known(m, f, use)
    kind = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, BaseException):
        return _new_exception(m, f, use)
    if isinstance(kind, type) and name == "object":
        return m.new(f, use.at, Obj("instance"), "object")
    return None


def _unbound(m: Machine, f: Frame, name: str, use: Use) -> Value | None:
    """``dict.get(row, key)``: a builtin container's method called through its class."""
    kind, _, method = name.partition(".")
    if method == "__new__" and any(m.class_info(f, cls) is not None for cls in use.arg(0).locs()):
        return records.bare(m, f, use.args, use.at)
    loc = use.arg(0).single() if use.args.positional else None
    obj = f.state.obj(loc) if loc is not None else None
    if loc is None or obj is None or kind not in ("dict", "list", "set") or obj.kind != kind:
        return None
    if method == "__setitem__" and len(use.args.positional) > 2:
        new = containers.put_item(m, f, loc, obj, use.arg(1), use.arg(2), not loc.old)
        m.write(f, loc, new, strong=True)
        return of_const(None)
    return containers.method(m, f, loc, obj, method, use.args.rest(1), use.at)


def _new_exception(m: Machine, f: Frame, use: Use) -> Value:
    obj = raising.described(m, f, Obj("library", type=use.dotted), use.args, use.at)
    if use.dotted.endswith("ExceptionGroup") and len(use.args.positional) > 1:
        obj = obj.put("exceptions", use.args.positional[1])
    return m.new(f, use.at, obj, "exception")


def _sinks(m: Machine, f: Frame, use: Use, rows: CallRows) -> None:
    for row in rows.sinks:
        if not _fits(m, f, use, row.when):
            continue
        named = _named_keywords(row)
        values = [value for text in row.data for value in arguments(m, f, use, text, named)]
        place = site_of(m, f, use, row.place) if row.url else None
        if place is not None:
            asked = [value for text in row.url for value in arguments(m, f, use, text, named)]
            sinks.url(m, f, use, row, asked, place)
        if row.kind == "log":
            values += ambient.surrounding(m, f, use.dotted)
        if "**" in row.data and use.args.double:
            values += orm.spread(m, f, use)
        if not any(value.taints or value.refs for value in values):
            continue
        place = place or site_of(m, f, use, row.place)
        site = deployment.complete(m, f, use.dotted, use.receiver, place, use.at, values)
        if row.local:
            texts, untold = places.paths(arguments(m, f, use, row.local))
            if texts or untold:
                site = replace(
                    site,
                    files=texts or site.files,
                    untold=site.untold | {"files"} if untold or not texts else site.untold,
                )
        sinks.library(m, f, use, row, values, site)


def _named_keywords(row: rows_of.Sink) -> frozenset[str]:
    texts = [
        *row.data,
        *row.url,
        row.local,
        row.verify,
        *row.place.host,
        *row.place.region,
        *row.place.bucket,
    ]
    texts += [*row.place.database, *row.place.address]
    return frozenset(text.rpartition(":")[2].partition(".")[0] for text in texts if text)


def _fits(m: Machine, f: Frame, use: Use, when: rows_of.When | None) -> bool:
    if when is None:
        return True
    values = arguments(m, f, use, when.argument)
    if not values or all(value.is_bottom for value in values):
        return when.missing
    value = join_all(values)
    if value.unknown or value.opaque or value.refs or not value.consts:
        return True
    return any(re.fullmatch(when.matches, str(c.value)) for c in value.consts)


def site_of(m: Machine, f: Frame, use: Use, place: rows_of.Place) -> Site:
    """The place that a row's call speaks of: its own arguments, then what it inherits, then the receiver's."""
    untold: set[str] = set()
    parts: dict[str, frozenset[str]] = {}
    built: list[Value] = []
    for part, references in (
        ("hosts", place.host),
        ("regions", place.region),
        ("buckets", place.bucket),
        ("databases", place.database),
        ("files", place.path),
    ):
        given = [value for text in references for value in arguments(m, f, use, text)]
        if part == "hosts":
            given = [listed for value in given for listed in places.listed(m, f, value, use.at)]
        placed = [value for value in given if part == "hosts" and not site_of_value(f, value).is_empty]
        built += placed
        texts, unknown = places.told(value for value in given if value not in placed)
        parts[part] = frozenset(map(place.full_host, texts)) if part == "hosts" else texts
        if unknown:
            untold.add(part)
    site = Site(
        place.provider,
        hosts=parts["hosts"],
        regions=parts["regions"],
        buckets=parts["buckets"],
        databases=parts["databases"],
        files=parts["files"],
        untold=frozenset(untold),
        remote=place.remote,
    )
    for value in built:
        site = site.merged(site_of_value(f, value))
    for text in place.inherit:
        for value in arguments(m, f, use, text):
            site = site.merged(site_of_value(f, value)).merged(places.of_urls(value))
    site = site.merged(site_of_value(f, use.receiver))
    named, _ = places.told(value for text in place.address for value in arguments(m, f, use, text))
    site = site.named_by(named) if named else site
    return (
        site if site.says("hosts") or not place.default else replace(site, hosts=frozenset((place.default,)))
    )


def site_of_value(f: Frame, value: Value) -> Site:
    """The place of the library object that a value is."""
    site = places.EMPTY
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is not None and isinstance(obj.info, Site):
            site = site.merged(obj.info)
        elif obj is not None and obj.type in BUFFERS:
            site = site.merged(Site(memory=True))
    return site


def _result(m: Machine, f: Frame, use: Use, rows: CallRows) -> Value:
    if rows.behaviour is not None:
        behaviour = m.behaviours.get(rows.behaviour.does)
        if behaviour is not None:
            return behaviour(m, f, use)
    if frame_expression_calls.makes_expression(rows):
        return frame_expression_calls.call(m, f, use, rows, lambda used: _by_rows(m, f, used, rows))
    return _by_rows(m, f, use, rows)


def _by_rows(m: Machine, f: Frame, use: Use, rows: CallRows) -> Value:
    if rows.depersonalizer is not None:
        return depersonalizers.apply(m, f, use, rows.depersonalizer)
    if rows.clean is not None:
        return typed(m, f, use, rows.clean.type) if rows.clean.type else OPAQUE
    if rows.source is not None and rows.returns is None:
        return _source(m, f, use, rows.source)
    if rows.query is not None:
        return queries.run(m, f, use, rows.query)
    passed = [_pass(m, f, use, row) for row in rows.passes]
    if rows.returns is not None:
        made = _returned(m, f, use, rows.returns, rows.source.kind if rows.source is not None else "")
        return join_all([made, *passed]) if passed else made
    if passed:
        return join_all(passed)
    if rows.sinks:
        returned = next((row.returned for row in rows.sinks if row.returned), "")
        origin = _of_answer(m, f, use, rows)
        if returned:
            return typed(m, f, use, returned, origin=origin)
        return m.unknown(f, use.at, frozenset(), origins.marked("answer", origin))
    return m.unknown_call(f, use.dotted.rpartition(".")[2], use.receiver, use.args, use.at)


def _of_answer(m: Machine, f: Frame, use: Use, rows: CallRows) -> str:
    """What the answer to a request is: of a public source, of an own service, or nothing of that kind."""
    sent = [row for row in rows.sinks if row.kind == "transfer" and row.place.host]
    return places.origin(m.policy, site_of(m, f, use, sent[0].place)) if sent else ""


def typed(
    m: Machine, f: Frame, use: Use, type_name: str, site: Site = places.EMPTY, origin: str = ""
) -> Value:
    """A new object of a library's type that carries nothing."""
    kind = filled_type(type_name, lambda reference: one(m, f, use, reference))
    if kind is None:
        return m.unknown(f, use.at, frozenset(), origins.marked("typed", origin))
    made = Obj("library", type=kind, info=site if not site.is_empty else None)
    return m.new(f, use.at, made, origins.marked("typed", origin))


def _returned(m: Machine, f: Frame, use: Use, row: rows_of.Returns, source: str = "") -> Value:
    site = deployment.of_made(m, f, use.dotted, site_of(m, f, use, row.place))
    carried = [value for text in row.carries for value in arguments(m, f, use, text)]
    origin = next((found for value in carried if (found := origins.of_held(f, value))), source)
    made = typed(m, f, use, row.type, site, origin)
    if row.registers and not site.is_empty:
        registries.register(m, f, use.dotted, site.databases, made)
    elif use.dotted.endswith(registries.ENGINES):
        registries.keep(m, f, "sqlalchemy", made)
    loc = made.locs()[0]
    obj = m.obj(f, loc)
    parts: dict[Key, Value] = {f"@{index}": value for index, value in enumerate(use.args.positional)}
    parts.update({f"@{name}": value for name, value in use.args.keywords.items()})
    if row.elements:
        parts[ELEMENTS] = of_ref(External(row.elements))
    if carried:
        parts[strings.DATA] = join_all(carried)
    wholes = [value for text in row.place.inherit for value in arguments(m, f, use, text) if value.locs()]
    if wholes:
        parts["$part-of"] = join_all(wholes)
    parts.update(registries.binds_of(f, use.receiver))
    info = site if not site.is_empty else None
    m.write(f, loc, replace(obj, parts={**obj.parts, **parts}, info=info), strong=True)
    headers = parts.get("@headers", parts.get("@2", BOTTOM))
    if headers.refs and downloads.is_response(m, f, obj):
        redirects.made(m, f, loc, headers, use.at)
    return made


def _source(m: Machine, f: Frame, use: Use, row: rows_of.Source) -> Value:
    held = next(
        (found for value in (use.receiver, *use.args.all()) if (found := origins.of_held(f, value))), ""
    )
    label = row.kind if row.kind in ORIGINS else "outside"
    if held and (
        label == origins.PUBLIC or (label == "outside" and (use.receiver.refs or row.kind == "file"))
    ):
        label = origins.marked("outside", held)
    made = m.unknown(f, use.at, frozenset(), label)
    if row.type:
        m.write(f, made.locs()[0], Obj("library", type=row.type), strong=True)
    return orm.chosen_documents(m, f, use, made, bool(row.type)) if row.kind == "query" else made


def _pass(m: Machine, f: Frame, use: Use, row: rows_of.Pass) -> Value:
    values = [value for text in row.data for value in arguments(m, f, use, text)]
    result = BOTTOM
    for target in row.to:
        if target == "result":
            result = join(result, _passed(m, f, use, values))
        else:
            for value in arguments(m, f, use, target):
                hold(m, f, value, values)
    return OPAQUE if result.is_bottom else result


def _passed(m: Machine, f: Frame, use: Use, values: list[Value]) -> Value:
    """What passes through a known call: the data, no constant; an unknown object where one came in."""
    taints = [taint for value in values for taint in naming.contents(m, f, value, use.at)]
    note = f"through {use.dotted.rpartition('.')[2]}()"
    passed = merge_taints(of_call(taint).stepped(f.unit, use.at, note) for taint in taints)
    origin = origins.of_values(values)
    if not any(value.unknown for value in values):
        # What a parser made of a page is no unknown object, but what is read from it is unknown text.
        origin = next((told for value in values if (told := origins.of_held(f, value)) in ORIGINS), "")
    if origin or any(value.unknown for value in values):
        label = provenance.LINK if use.dotted in provenance.JOINS else "passed"
        return m.unknown(f, use.at, passed, origins.marked(label, origin))
    return Value(passed, opaque=True)


def hold(m: Machine, f: Frame, target: Value, values: list[Value]) -> None:
    """A library's object keeps data that a call puts into it; what it is a part of keeps it as well."""
    for loc in target.locs():
        obj = f.state.obj(loc) or Obj("unknown")
        held = join_all([obj.parts.get(strings.DATA, BOTTOM), *values])
        m.write(f, loc, obj.put(strings.DATA, held), strong=True)
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
        described = routers.options(m, f, loc)
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
    data = Value(naming.held(m, f, obj, at))
    given = obj.parts.get(f"@{name}")
    if obj.type == queries.ROWS and not obj.parts.get(orm.ROW, BOTTOM).is_bottom:
        return m.attribute(f, obj.parts[orm.ROW], name, at)
    row = m.policy.catalog.attribute(f"{obj.type}.{name}")
    child = loc.child(name)
    if row is None:
        rows = m.policy.catalog.rows(f"{obj.type}.{name}")
        if rows:
            return of_ref(Builtin(of_ref(loc), name))
        if given is not None and not given.is_bottom and obj.type.partition(".")[0] != "builtins":
            return join(given, Value(data.taints))
        return Value(data.taints, refs={child: NO_FACTS}, unknown=True)
    if row.clean:
        return OPAQUE
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
        return call(m, f, dotted, BOTTOM, Args([key]), at)
    constant = key.constant()
    return of_ref(Loc(Loc(None, ("attribute", ref.dotted)), ("item", constant)), unknown=True)


def typed_item(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, at: int) -> Value | None:
    """An item of a library's object: of the type of its elements, or by its ``__getitem__`` row."""
    dotted = f"{obj.type}.__getitem__"
    if m.policy.catalog.rows(dotted):
        return call(m, f, dotted, of_ref(loc), Args([key]), at)
    if obj.type == queries.ROWS:
        row = obj.parts.get(orm.ROW, BOTTOM)
        constant = key.constant()
        if constant is not None and isinstance(constant.value, int):
            return join(row, m.item(f, row, key, at)) if not row.is_bottom else None
        return m.item(f, row, key, at) if not row.is_bottom else None
    data = Value(naming.held(m, f, obj, at)) if strings.DATA in obj.parts else None
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
        if strings.DATA in obj.parts:
            parts[strings.DATA] = obj.parts[strings.DATA]
        f.state.heap[element] = Obj("library", type=kind, parts=parts, info=obj.info)


def item_set(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, new: Value, at: int) -> None:
    """``object[key] = new`` on a library's object: by its ``__setitem__`` row, else it keeps the data."""
    if downloads.header_set(m, f, loc, obj, key, new, at) or not obj.type:
        return
    dotted = f"{obj.type}.__setitem__"
    if m.policy.catalog.rows(dotted):
        call(m, f, dotted, of_ref(loc), Args([key, new]), at)
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
