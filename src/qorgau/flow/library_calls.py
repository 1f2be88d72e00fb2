"""Calls and attributes of libraries, by the rows of the catalogue (docs/library-models.md)."""

from __future__ import annotations

import builtins
import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import (
    ambient,
    bound_loggers,
    built_statements,
    column_calls,
    column_conditions,
    consent,
    container_methods,
    containers,
    depersonalizers,
    deployment,
    documents,
    downloads,
    erasure,
    folding,
    frame_expression_calls,
    held_data,
    lookups,
    middleware,
    origins,
    places,
    protocols,
    provenance,
    queries,
    query_rows,
    query_texts,
    querysets,
    raising,
    records,
    redirects,
    registries,
    saved,
    setting_files,
    sinks,
    strings,
    text_matches,
    unknown_loggers,
    unknown_sessions,
    used,
)
from qorgau.flow.call_sites import site_of, site_of_maker
from qorgau.flow.declared_types import ELEMENTS
from qorgau.flow.heap import DATA, Key, Obj
from qorgau.flow.library_data import hold, typed
from qorgau.flow.machine import Args, Frame
from qorgau.flow.references import arguments
from qorgau.flow.taints import ORIGINS, merge_taints
from qorgau.flow.texts import of_call
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, External, Value, join, join_all, of_const, of_ref
from qorgau.knowledge import rows as rows_of
from qorgau.knowledge.libraries import CallRows
from qorgau.knowledge.references import parse_target

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


_STUB = re.compile(r"[\w.]*_pb2_grpc\.\w+Stub\b")
"""A class that is generated for gRPC outside the project; the name of its file is the generator's."""

PRINT = "builtins.print"
GETATTR = "builtins.getattr"


def call(m: Machine, f: Frame, dotted: str, receiver: Value, args: Args, at: int) -> Value:
    """The result of a library's function, constructor or method, and what it does on the way."""
    dotted = m.policy.catalog.canonical(dotted)
    if "_pb2_grpc." in dotted:
        dotted = _STUB.sub("grpc.Stub", dotted)
    if not raising.is_safe(dotted, args):
        m.risk()
    owner = receiver if receiver.refs else None
    if dotted == middleware.CONTINUE or (
        dotted.endswith((".dispatch", ".dispatch_request")) and middleware.leads_on(f, receiver, args)
    ):
        return middleware.go_on(f)
    erasure.library_call(m, f, dotted, receiver, args, at)
    used.looked_up(m, f, dotted, args)
    answered = consent.configured(m, f, [dotted], owner, args, at, None)
    if answered is not None:
        return answered
    dotted = query_rows.as_relation(dotted)
    receiver = m.frame_as_written(f, dotted, receiver, args, at)
    if dotted.startswith(query_rows.ROWS + "."):
        return query_rows.rows_method(m, f, Use(dotted, receiver, args, at))
    column = column_calls.called(m, f, Use(dotted, receiver, args, at))
    if column is not None:
        return column
    if dotted.startswith(f"{built_statements.COLUMN}."):
        tested = column_conditions.of_method(m, f, Use(dotted, receiver, args, at))
        if tested is not None:
            return tested
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
            # The name of an attribute only chooses.
            sources = use.args.positional[:1] if dotted == GETATTR else use.args.positional
            return origins.kept(m, f, found, sources, at) if found.unknown else found
    looked_up = lookups.look_up(m, f, use, rows) or setting_files.loaded(m, f, use)
    read = looked_up if looked_up is not None else query_texts.parsed_query(m, f, use)
    read = read if read is not None else text_matches.told(m, f, use)
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
    return container_methods.method(m, f, loc, obj, method, use.args.rest(1), use.at)


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
            values += querysets.spread(m, f, use)
        values += querysets.unknown_rows(m, f, use)
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


def _is_unread(f: Frame, value: Value, argument: str) -> bool:
    """Whether a part that a condition asks for (``headers.Content-Disposition``) is of something quite unknown."""
    loc = value.single()
    return (
        bool(parse_target(argument).tail)
        and loc is not None
        and f.state.obj(loc) is None
        and not value.consts
    )


def _fits(m: Machine, f: Frame, use: Use, when: rows_of.When | None) -> bool:
    if when is None:
        return True
    values = arguments(m, f, use, when.argument)
    if not values or all(value.is_bottom for value in values):
        return when.missing
    value = join_all(values)
    if value.unknown or value.opaque or value.refs or not value.consts:
        return not _is_unread(f, value, when.argument)
    return any(re.fullmatch(when.matches, str(c.value)) for c in value.consts)


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
    answered = unknown_loggers.of_library(m, f, use) or unknown_sessions.of_library(m, f, use)
    if answered is not None:
        return answered
    made = m.unknown_call(f, use.dotted.rpartition(".")[2], use.receiver, use.args, use.at)
    return documents.found_by_unknown(m, f, use, made)


def _of_answer(m: Machine, f: Frame, use: Use, rows: CallRows) -> str:
    """What the answer to a request is: of a public source, of an own service, or nothing of that kind."""
    sent = [row for row in rows.sinks if row.kind == "transfer" and row.place.host]
    return places.origin(m.policy, site_of(m, f, use, sent[0].place)) if sent else ""


def _returned(m: Machine, f: Frame, use: Use, row: rows_of.Returns, source: str = "") -> Value:
    site = deployment.of_made(m, f, use.dotted, site_of(m, f, use, row.place))
    if use.dotted.endswith(registries.ENGINES):
        site = site_of_maker(m, f, use).merged(site)
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
        parts[DATA] = join_all(carried)
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
    if row.kind == "file":
        kept = [_read_again(m, f, use, value) for value in (use.receiver, *use.args.positional[:1])]
        made = join_all([made, *kept])
    return documents.found(m, f, use, made, bool(row.type)) if row.kind == "query" else made


def _read_again(m: Machine, f: Frame, use: Use, file: Value) -> Value:
    """What was written into an open file, or into what it wraps, is read from it."""
    found = BOTTOM
    for loc in file.locs():
        parts = m.obj(f, loc).parts
        found = join(found, Value(held_data.contents(m, f, parts.get(DATA, BOTTOM), use.at)))
        whole = parts.get("$part-of")
        if whole is not None and whole.single() != loc:
            found = join(found, _read_again(m, f, use, whole))
    return found


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
    taints = [taint for value in values for taint in held_data.contents(m, f, value, use.at)]
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
