"""Calls that hand personal data on: what they receive, and the arrival that is recorded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import (
    held_data,
    log_messages,
    memberships,
    origins,
    places,
    provenance,
    row_calls,
    stores,
    strings,
    texts,
    transport,
)
from qorgau.flow.arrivals import NO_STORE, Arrival, Destination, Store
from qorgau.flow.constants import HOLE, Const
from qorgau.flow.facts import ANSWERS, Facts, told_of
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.places import Site
from qorgau.flow.policy import Role
from qorgau.flow.row_keys import Written
from qorgau.flow.stores import CALLS, SQL
from qorgau.flow.taints import Taint, Taints, merge_taints
from qorgau.flow.uses import Use
from qorgau.flow.values import NO_REFS, Value
from qorgau.knowledge.hosts import host_of, host_of_path

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine
    from qorgau.knowledge.rows import Sink

KINDS = {"storage": "storage", "recipient": "transfer", "export": "export"}
KEPT_FACTS = frozenset(("consent", "blocked"))


def configured(m: Machine, f: Frame, role: Role, name: str, args: Args, at: int) -> None:
    """An own function that the configuration calls a storage, a recipient or an export."""
    taints = gather(m, f, args.all(), at)
    if not taints:
        return
    settle = {
        "storage": places.named_storage,
        "recipient": places.named_recipient,
        "export": places.named_export,
    }[role.kind]
    place = settle(m.policy, role.name)
    store = Store(CALLS + role.name, frozenset((name,)))
    record(m, f, at, KINDS[role.kind], name, place, taints, values=args.all(), store=store)


def library(m: Machine, f: Frame, use: Use, row: Sink, values: list[Value], site: Site) -> None:
    """A library's call that hands on ``values`` to the place ``site``."""
    dotted, at = use.dotted, use.at
    given = values
    if row.kind == "storage":
        values = row_calls.given(m, f, use, values)
    elif row.kind == "log":
        values = log_messages.shown(m, f, use, values)
    taints = _held(m, f, use, row, values)
    if not taints:
        return
    kind = row.kind
    destination: Destination | None
    if kind in ("transfer", "storage"):
        _insecure(m, f, use, row, site, taints)
    if kind == "export":
        if site.memory:
            return
        remote = [path for path in site.files if host_of_path(path) is not None]
        if remote or site.hosts or site.remote:
            kind = "storage"
            site = site.at_paths(remote)
        elif row.local and not site.files and "files" not in site.untold:
            return
    if kind == "storage":
        destination = places.storage(m.policy, site, row.vendor)
    elif kind == "transfer":
        destination = places.recipient(m.policy, site, row.vendor, row.country)
    elif kind == "export":
        destination = places.local_file(site)
    else:
        destination = Destination(shown=row.vendor)
    if destination is not None:
        about = [use.receiver, *given]
        store = stores.of_call(m, f, dotted, site, use.receiver, use.args) if kind == "storage" else NO_STORE
        record(m, f, at, kind, dotted, destination, taints, row.confidence, values=about, store=store)


def _held(m: Machine, f: Frame, use: Use, row: Sink, values: list[Value]) -> Taints:
    """Everything personal in what a call hands on; of rows what is written of them."""
    if row.kind != "storage":
        return gather(m, f, values, use.at)
    return gather(m, f, values, use.at, row_calls.written(m, f, use))


def _insecure(m: Machine, f: Frame, use: Use, row: Sink, site: Site, taints: Taints) -> None:
    """Data that leaves over a connection that is not protected: also to own services."""
    reason = transport.weakness(m, f, use, site)
    if reason:
        place = _reached(m, site, row)
        record(
            m,
            f,
            use.at,
            row.kind,
            use.dotted,
            place,
            taints,
            row.confidence,
            concern="transport",
            reason=reason,
        )


def _reached(m: Machine, site: Site, row: Sink) -> Destination:
    """What a finding about the way says of its end: the name and the country, also of an own service."""
    found: Destination | None = (
        places.storage(m.policy, site, row.vendor)
        if row.kind == "storage"
        else places.recipient(m.policy, site, row.vendor, row.country)
    )
    return Destination(shown=found.shown, country=found.country) if found else Destination(shown=_host(site))


def _host(site: Site) -> str:
    found = [host for text in sorted(site.hosts) if (host := host_of(text)) is not None]
    return found[0].name.replace(HOLE, "…") if found else ""


def url(m: Machine, f: Frame, use: Use, row: Sink, values: list[Value], site: Site) -> None:
    """Data in the address that a call requests or redirects to."""
    taints = transport.in_url(m, f, values, use.at)
    if taints:
        place = replace(_reached(m, site, row), shown=_host(site))
        record(m, f, use.at, "transfer", use.dotted, place, taints, row.confidence, concern="url")


def record_storage(
    m: Machine,
    f: Frame,
    at: int,
    call: str,
    site: Site,
    taints: Taints,
    values: Iterable[Value] = (),
    *,
    store: Store = NO_STORE,
    linked: bool = False,
) -> None:
    """Data that a statement writes to a database."""
    place = places.storage(m.policy, site)
    told = store if store.is_told else Store(SQL, site.buckets, hosts=site.hosts)
    names = site.buckets
    record(m, f, at, "storage", call, place, taints, values=values, names=names, store=told, linked=linked)


def gather(m: Machine, f: Frame, values: list[Value], at: int, written: Written | None = None) -> Taints:
    """Everything personal in what a sink receives."""
    found: list[Taint] = []
    for value in values:
        if value.taints or value.refs:
            held = held_data.contents(m, f, value, at, written)
            found += held
            if any(taint.kept is not None for taint in held):
                found += texts.combine(held_data.leaves(m, f, value, at))
    return merge_taints(found) if found else frozenset()


def record(
    m: Machine,
    f: Frame,
    at: int,
    kind: str,
    call: str,
    destination: Destination,
    taints: Taints,
    confidence: str = "high",
    unit: str = "",
    *,
    concern: str = "",
    reason: str = "",
    values: Iterable[Value] = (),
    names: Iterable[str] = (),
    linked: bool = False,
    store: Store = NO_STORE,
) -> None:
    """Note that data arrived here, or in another module ``unit``.

    ``values`` and ``names`` are what is written and where, ``linked`` that the link to its source is among it.
    """
    facts: Facts = frozenset(fact for fact in f.state.facts if fact.kind in KEPT_FACTS)
    taints = frozenset(taint for taint in taints if not _impossible(f, taint))
    if not taints:
        return
    trimmed = merge_taints(
        replace(taint, facts=frozenset(fact for fact in taint.facts if fact.kind in KEPT_FACTS))
        for taint in taints
    )
    function = f.closure.function.qualname if f.closure is not None else ""
    arrival = Arrival(
        unit or f.unit.name,
        at,
        kind,
        call,
        function,
        destination,
        trimmed,
        facts,
        confidence,
        same=_same(m, f, trimmed, facts),
        others=_others(f, trimmed, facts),
        holding=_holding(f, trimmed, facts),
        items=_items(f, trimmed, facts),
        concern=concern,
        reason=reason,
        about_consent=_is_from(trimmed, origins.REQUEST)
        and provenance.is_consent_record(
            [*names, *store.names, *provenance.names_of(m, f, values)], function
        ),
        linked=linked or (_is_from(trimmed, origins.PUBLIC) and provenance.is_linked(m, f, values)),
        store=store,
    )
    m.found.arrivals.setdefault(arrival)


def _is_from(taints: Taints, origin: str) -> bool:
    return any(taint.origin == origin for taint in taints)


def _impossible(f: Frame, taint: Taint) -> bool:
    """Whether a datum is there only where a test came out otherwise than on every path to here."""
    known = [fact for fact in taint.facts if fact.kind in ANSWERS]
    return bool(known) and any(fact.contradicts(held) for fact in known for held in f.state.facts)


def _same(m: Machine, f: Frame, taints: Taints, facts: Facts) -> tuple[tuple[Loc, Loc], ...]:
    """Which subjects were made from which keys, so that a check of the key is a check of the object."""
    pairs: dict[tuple[Loc, Loc], None] = {}
    for subject in _subjects(taints, facts):
        for loc in subject.ancestors():
            obj = f.state.obj(loc)
            made_from = obj.parts.get("@key") if obj is not None else None
            if made_from is not None:
                pairs.update(((loc, key), None) for key in made_from.locs() if not _is_like(f, obj, key))
    return tuple(sorted(pairs, key=repr))


def _is_like(f: Frame, obj: Obj | None, key: Loc) -> bool:
    """Whether an object came out of what another of its own class has many of: ``client.friends.all()``."""
    owner = f.state.obj(key.parent) if isinstance(key.label, str) and key.parent is not None else None
    if obj is None or owner is None or memberships.is_key_name(key.label):
        return False
    return obj.cls is not None and obj.cls == owner.cls


def _holding(f: Frame, taints: Taints, facts: Facts) -> tuple[tuple[Loc, Loc], ...]:
    """Whose data the objects hold that checks were about: an object made of a row is that row's person."""
    pairs: dict[tuple[Loc, Loc], None] = {}
    for checked in _checked(taints, facts):
        obj = f.state.obj(checked)
        if obj is not None:
            pairs.update(((checked, loc), None) for loc in held_data.subjects_of_parts(obj))
    return tuple(sorted(pairs, key=repr))


def _items(f: Frame, taints: Taints, facts: Facts) -> tuple[Loc, ...]:
    """Objects of known class that stand at a place of a collection (``debts[0]``)."""
    found: set[Loc] = set()
    for subject in _subjects(taints, facts):
        for loc in subject.ancestors():
            obj = f.state.obj(loc) if _is_place(loc) else None
            if obj is not None and obj.cls is not None:
                found.add(loc)
    return tuple(sorted(found, key=repr))


def _is_place(loc: Loc) -> bool:
    """Whether an object is named by its place in a collection."""
    label = loc.label
    key = label[1] if isinstance(label, tuple) and label[:1] == ("item",) else None
    return isinstance(key, Const) and isinstance(key.value, int)


def _others(f: Frame, taints: Taints, facts: Facts) -> tuple[Loc, ...]:
    """Objects that were reached from one of their own class (``client.referred_by``), or beside one."""
    found: dict[Loc, None] = {}
    beside: dict[tuple[Loc, Loc], set[Loc]] = {}
    for subject in _subjects(taints, facts):
        seen: set[Loc] = set()
        for loc in reversed(list(subject.ancestors())):
            obj = f.state.obj(loc)
            cls = obj.cls if obj is not None else None
            if cls is None:
                continue
            if cls in seen:
                found[loc] = None
            seen.add(cls)
            if loc.parent is not None and isinstance(loc.label, str):
                beside.setdefault((cls, loc.parent), set()).add(loc)
    found.update((loc, None) for locs in beside.values() if len(locs) > 1 for loc in locs)
    return tuple(sorted(found, key=repr))


def _subjects(taints: Taints, facts: Facts) -> set[Loc]:
    """Whose data it is, and whom the checks were about."""
    return _checked(taints, facts) | {taint.subject for taint in taints if taint.subject is not None}


def _checked(taints: Taints, facts: Facts) -> set[Loc]:
    """Whom the checks were about."""
    held = [*facts, *(fact for taint in taints for fact in taint.facts)]
    return {loc for fact in held for loc in told_of(fact)}


def raised(m: Machine, f: Frame, value: Value, at: int) -> None:
    """The text of a raised exception is a log, unless its class is an answer to a request."""
    for ref in value.refs:
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if not isinstance(ref, Loc) or obj is None:
            continue
        if _is_answer(m, f, ref):
            continue
        shown = strings.text(m, f, Value(refs={ref: frozenset()}), at)
        call = obj.type.removeprefix("builtins.") or _class_name(m, f, obj.cls)
        _log(m, f, at, call or "raise", shown)
    if value.taints:
        # The message of an assertion, or an exception of an unknown class: its arguments are its text.
        _log(m, f, at, "raise" if value.refs else "assert", value.with_(refs=NO_REFS))


def _log(m: Machine, f: Frame, at: int, call: str, shown: Value) -> None:
    taints = gather(m, f, [shown], at)
    if taints:
        record(m, f, at, "log", call, Destination(), taints)


def _class_name(m: Machine, f: Frame, cls: Loc | None) -> str:
    info = m.class_info(f, cls) if cls is not None else None
    return info.node.name if info is not None else ""


def _is_answer(m: Machine, f: Frame, loc: Loc) -> bool:
    """Whether an exception becomes the response to a request (``HTTPException``)."""
    obj = m.obj(f, loc)
    names = [obj.type] if obj.type else []
    info = m.class_info(f, obj.cls) if obj.cls is not None else None
    names += info.libraries if info is not None else ()
    return any(
        m.behaviour_of(base) == "http-error" for name in names for base in m.policy.catalog.ancestry(name)
    )
