"""Where personal data comes from: names, classes and records (spec section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from qorgau import ir
from qorgau.findings import Confidence
from qorgau.flow import flags, origins, row_keys, validators
from qorgau.flow.constants import Const
from qorgau.flow.facts import NO_FACTS, Facts
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc, is_activation, made_at
from qorgau.flow.machine import ClassInfo, Closure, Frame
from qorgau.flow.row_keys import Written
from qorgau.flow.taints import NO_TAINTS, ORIGINS, Taint, Taints, Trace, merge_taints
from qorgau.flow.values import Value, join_all, of_const
from qorgau.linking import Unit
from qorgau.names import fold

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

MAX_HELD = 3
"""How deep records within objects within objects are looked for."""

LOOK_UPS = frozenset(
    ("get", "find", "load", "fetch", "lookup", "look", "search", "select", "query", "retrieve", "filter")
)
"""First words of the names of calls that give what their arguments select."""

CONDITIONS = frozenset(("filter", "filter_by", "where", "having", "exclude", "and_where", "or_where"))
"""Methods of queries whose arguments choose rows: the rows do not hold them (spec section 3)."""

BESIDE = frozenset(
    ("id", "pk", "status", "status_code", "ok", "error", "errors", "reason", "created_at", "updated_at")
)
"""Attributes of what unknown code gives that tell of it, not what it holds."""

WHOLE = frozenset(
    """
    text content contents data body json value values result results message messages payload html xml string output
    rows items lines record records document documents raw bytes encoded serialized rendered
    """.split()  # noqa: SIM905
)
"""Parts of what unknown code gives that are all it made, in another form."""

FOUND = "@found"
"""The part that marks the answer of an unknown look-up."""

ROWS = ("list", "tuple", "set")
"""Kinds of objects that hold several rows."""

INNER = ("$", "@")
"""Parts of objects whose names begin so are the engine's own: places, defaults, spreads."""


def source(
    m: Machine, unit: Unit, at: int, field: str, confidence: Confidence, subject: Loc | None, note: str
) -> Taint:
    """A datum where it first appears; how it was collected is told by what it is read from."""
    return Taint(field, confidence, subject, origin=m.origin_of(subject), trace=Trace(None, unit, at, note))


def _bare(
    m: Machine, unit: Unit, at: int, field: str, confidence: Confidence, value: Value, note: str
) -> Taint:
    """A datum that is read from nobody: of several objects that it can be, each can tell its origin."""
    subject = bare_subject(value)
    taint = source(m, unit, at, field, confidence, subject, note)
    if subject is not None:
        return taint
    told = origins.of_value(value)
    return taint if told == origins.OWN else replace(taint, origin=told)


def named(
    m: Machine,
    f: Frame,
    value: Value,
    name: str,
    owner: Value,
    at: int,
    *,
    key: bool = False,
    put: bool = False,
) -> Value:
    """A part of ``owner`` read from or put under ``name``: what the name says of an unknown value."""
    if value.unknown and not put and _is_worn(value) and m.policy.fields_of(name):
        value = value.with_(taints=NO_TAINTS)
    value = _surer(m, value, name)
    if not value.unknown or value.taints:
        if put and not key and value.taints and flags.is_part(m, f, owner, name):
            return value.with_(taints=NO_TAINTS)
        configured = _configured(m, f, value, name, owner, at, put) if value.unknown and not put else None
        return configured if configured is not None else value
    configured = _configured(m, f, value, name, owner, at, put)
    if configured is not None:
        return configured
    fields = m.policy.fields_of(name)
    if not fields or _is_code(f, value) or (not key and flags.is_part(m, f, owner, name)):
        return value
    note = f"{fields[0]} is {'put under' if put else 'read from'} {'key ' if key else ''}{name}"
    if put:
        taints = [_bare(m, f.unit, at, field, Confidence.MEDIUM, value, note) for field in fields]
        return value.with_(taints=merge_taints(taints))
    taints = []
    owners: list[tuple[Loc | None, Facts]] = [
        (ref, held) for ref, held in owner.refs.items() if isinstance(ref, Loc)
    ]
    for subject, facts in owners or [(None, NO_FACTS)]:
        known = subject is not None and is_record(m, f, subject, fields)
        confidence = Confidence.HIGH if known else Confidence.MEDIUM
        found = [source(m, f.unit, at, field, confidence, subject, note) for field in fields]
        taints += [replace(taint, facts=facts) for taint in found] if facts else found
    told = origins.of_value(value)
    if told not in ORIGINS and any(ref is not None and _is_filled(m, f, ref) for ref, _ in owners):
        told = origins.REQUEST
    if told in ORIGINS:
        # What was read tells itself that a user sent it (``handler.get_argument("phone")``).
        taints = [taint if taint.origin else replace(taint, origin=told) for taint in taints]
    return value.with_(taints=merge_taints(taints))


def _is_filled(m: Machine, f: Frame, loc: Loc) -> bool:
    """Whether an object is a form: its ``data`` is what a user sent, and so is each of its fields."""
    obj = f.state.obj(loc)
    info = m.class_info(f, obj.cls) if obj is not None and obj.cls is not None else None
    rows = (
        [m.policy.catalog.attribute(f"{library}.data") for library in info.libraries]
        if info is not None
        else []
    )
    return any(row is not None and row.source == origins.REQUEST for row in rows)


def _surer(m: Machine, value: Value, name: str) -> Value:
    """A datum known by a variable's name only is surer under a key, keyword or parameter of the same name."""
    if not any(taint.confidence is Confidence.LOW for taint in value.taints):
        return value
    fields = m.policy.fields_of(name)
    return value.map_taints(
        lambda taint: (
            replace(taint, confidence=Confidence.MEDIUM)
            if taint.confidence is Confidence.LOW and taint.field in fields
            else taint
        )
    )


def bare_subject(value: Value) -> Loc | None:
    """The subject of a datum that is read from nobody: itself."""
    loc = value.single()
    return loc.child("$value") if loc is not None else None


def looks_up(name: str) -> bool:
    """Whether the name of an unknown call says that its arguments only select what it gives."""
    return fold(name).partition("_")[0] in LOOK_UPS


def of_part(f: Frame, value: Value, name: str = "") -> Taints:
    """What a named part of a value has of the data that the value carries.

    What unknown code made of a datum may be the datum, but its key, its state and its class are not.

    ``repository.find(iin)`` may give the iin back, but the ``id`` and ``status`` of what was found by it
    hardly are the iin: a look-up is followed by a part of its answer, and that is one step too many.
    So is any part of what was made of something that only holds the datum: ``then(order).webhook``.
    """
    if name.startswith("__"):
        return NO_TAINTS
    if not any(taint.calls for taint in value.taints):
        return value.taints
    told = fold(name)
    less = told in BESIDE or is_found(f, value)
    small = bool(name) and told not in WHOLE
    return merge_taints(
        replace(taint, calls=2) if taint.calls and (less or (small and taint.within)) else taint
        for taint in value.taints
    )


def is_found(f: Frame, value: Value) -> bool:
    """Whether a value is the answer of an unknown look-up."""
    found = [f.state.obj(loc) for loc in value.locs()]
    return bool(found) and all(obj is not None and FOUND in obj.parts for obj in found)


def _is_worn(value: Value) -> bool:
    return bool(value.taints) and all(taint.calls > 1 for taint in value.taints)


def _is_code(f: Frame, value: Value) -> bool:
    """Functions, classes and modules are no data, whatever their name."""
    if not value.refs:
        return False
    for ref in value.refs:
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if isinstance(ref, Loc) and (
            obj is None or obj.kind not in ("function", "class", "module", "property")
        ):
            return False
    return True


def _configured(
    m: Machine, f: Frame, value: Value, name: str, owner: Value, at: int, put: bool
) -> Value | None:
    """An exact class attribute of the configuration, whatever its name."""
    if not m.policy.attributes:
        return None
    for loc in owner.locs():
        for dotted in class_names(m, f, loc):
            field = m.policy.attribute_field(f"{dotted}.{name}")
            if field is not None:
                note = f"{field} is {'put into' if put else 'read from'} {name}"
                taint = source(m, f.unit, at, field, Confidence.HIGH, loc, note)
                taint = replace(taint, facts=owner.refs[loc]) if owner.refs[loc] else taint
                return value.with_(taints=merge_taints([*value.taints, taint]))
    return None


def class_names(m: Machine, f: Frame, loc: Loc) -> list[str]:
    """The dotted names of an object's class and its bases."""
    obj = f.state.obj(loc)
    if obj is None:
        return []
    cls = loc if obj.kind == "class" else obj.cls
    if cls is None:
        return [obj.type] if obj.type else []
    names: list[str] = []
    info = m.class_info(f, cls)
    for base in info.order if info is not None else ():
        base_info = m.class_info(f, base)
        if base_info is not None:
            names.append(base_info.dotted)
    return names


def is_record(m: Machine, f: Frame, loc: Loc, fields: tuple[str, ...]) -> bool:
    """Whether an object's class is known to hold one of the fields."""
    held = record(m, f, loc)
    return any(field in fields for _, field in held)


def record(m: Machine, f: Frame, loc: Loc) -> list[tuple[str, str]]:
    """Attributes and fields of an object as a whole: configured records and declared names."""
    obj = f.state.obj(loc)
    if obj is None or obj.cls is None:
        return []
    info = m.class_info(f, obj.cls)
    if info is None:
        return []
    return class_record(m, f, obj.cls, info)


def is_configured_record(m: Machine, f: Frame, cls: Loc) -> bool:
    """Whether the configuration calls a class, or one it inherits from, a record."""
    info = m.class_info(f, cls)
    bases = [m.class_info(f, base) for base in info.order] if info is not None else []
    return any(base is not None and m.policy.record_fields(base.dotted) is not None for base in bases)


def class_record(m: Machine, f: Frame, cls: Loc, info: ClassInfo) -> list[tuple[str, str]]:
    """The pairs of attribute and field that objects of a class carry as a whole."""
    cached = m.records.get(cls)
    if cached is not None:
        return cached
    declared = m.declared_fields(f, cls)
    said = flags.of_class(m, f, cls)
    pairs: list[tuple[str, str]] = []
    for name in declared:
        fields = m.policy.fields_of(name) if name not in said else ()
        for base in info.order:
            base_info = m.class_info(f, base)
            field = m.policy.attribute_field(f"{base_info.dotted}.{name}") if base_info is not None else None
            if field is not None:
                fields = (field,)
        pairs += [(name, field) for field in fields]
    for base in info.order:
        base_info = m.class_info(f, base)
        configured = m.policy.record_fields(base_info.dotted) if base_info is not None else None
        if configured is not None:
            if not configured:
                configured = tuple(m.policy.settings.fields)
            covered = {field for _, field in pairs}
            pairs = [pair for pair in pairs if pair[1] in configured]
            pairs += [(field, field) for field in configured if field not in covered]
    m.records[cls] = pairs
    return pairs


def parameter_named(m: Machine, f: Frame, closure: Closure, parameter: ir.Parameter, value: Value) -> Value:
    """What reaches a parameter, with what its name and annotation say of unknown values."""
    if parameter.annotation is not None and value.unknown:
        m.describe(f, value, parameter.annotation, closure.unit)
    if value.unknown and not value.taints:
        fields = m.policy.fields_of(parameter.name)
        if not fields and closure.owner is not None and closure.function.name != "__init__":
            names = validators.value_names(m, f, closure, parameter)
            fields = tuple(field for name in names for field in m.policy.fields_of(name))
        if fields and not _is_code(f, value):
            note = f"{fields[0]} is the parameter {parameter.name}"
            taints = frozenset(
                _bare(m, closure.unit, parameter.at, field, Confidence.MEDIUM, value, note)
                for field in fields
            )
            return value.with_(taints=taints)
    return _surer(m, value, parameter.name)


def variable_named(m: Machine, f: Frame, name: str, value: Value, at: int) -> Value:
    """What a variable named for a field says of a value from outside."""
    if not value.unknown or value.taints:
        return value
    fields = m.policy.fields_of(name)
    if not fields or _is_code(f, value):
        return value
    note = f"{fields[0]} is the variable {name}"
    return value.with_(
        taints=frozenset(_bare(m, f.unit, at, field, Confidence.LOW, value, note) for field in fields)
    )


def held(m: Machine, f: Frame, obj: Obj, at: int) -> Taints:
    """What a library's object holds and hands on, also where it holds other objects."""
    data = obj.parts.get("$data")
    if data is None:
        return NO_TAINTS
    return contents(m, f, data, at) if data.refs else data.taints


def contents(m: Machine, f: Frame, value: Value, at: int, written: Written | None = None) -> Taints:
    """Everything personal that a value holds, however deep: what a sink receives.

    ``written``: rows of tables are stored, so that a row refers to another by its key only.
    """
    gathering = _Gathering(at, list(value.taints), set(), written)
    _collect(m, f, value, gathering, written.only if written is not None else None)
    return merge_taints(gathering.found) if gathering.found else NO_TAINTS


class _Gathering(NamedTuple):
    """What is found of one value, and what counts."""

    at: int
    found: list[Taint]
    seen: set[Loc]
    written: Written | None


def _collect(
    m: Machine, f: Frame, value: Value, gathering: _Gathering, only: frozenset[str] | None = None
) -> None:
    for ref, facts in value.refs.items():
        if not isinstance(ref, Loc) or ref in gathering.seen:
            continue
        gathering.seen.add(ref)
        obj = f.state.obj(ref)
        if obj is None or obj.kind in ("function", "class", "module", "cell", "frame", "partial", "property"):
            continue
        if only is not None and obj.kind in ROWS:
            _collect(m, f, join_all([obj.rest, *(part for _, part in obj.items())]), gathering, only)
            continue
        if only is not None:
            obj = _narrowed(obj, only)
        before = len(gathering.found)
        _collect_object(m, f, ref, obj, facts, gathering, only)
        if facts:
            found = gathering.found
            found[before:] = [replace(taint, facts=taint.facts | facts) for taint in found[before:]]


def _narrowed(obj: Obj, only: frozenset[str]) -> Obj:
    parts: dict[Key, Value] = {
        key: part for key, part in obj.parts.items() if key in only or key in ("$row", "$element")
    }
    parts["$only"] = join_all([of_const(name) for name in sorted(only)])
    return replace(obj, parts=parts)


def _collect_object(
    m: Machine,
    f: Frame,
    ref: Loc,
    obj: Obj,
    facts: Facts,
    gathering: _Gathering,
    only: frozenset[str] | None,
) -> None:
    at, found, _, written = gathering
    if obj.kind == "unknown":
        found.extend(_record_taints(m, f, ref, obj, at))
    if obj.kind in ("library", "unknown") and ("$row" in obj.parts or _has_items(f, obj)):
        item = m.iterate(f, Value(refs={ref: NO_FACTS}), at).each
        found.extend(item.taints)
        _collect(m, f, item, gathering, only)
    if obj.kind == "attributes" and isinstance(obj.info, Loc):
        _collect(m, f, Value(refs={obj.info: facts}), gathering)
    for key, part in obj.parts.items():
        if (
            isinstance(key, str)
            and key.startswith(INNER)
            and not key.startswith(("$spread", "$keys", "$data"))
        ):
            continue
        if written is not None and row_keys.is_column(obj, key, written):
            if isinstance(key, str) and obj.cls is not None and row_keys.is_key(m, f, obj.cls, key):
                continue
            part = row_keys.without_rows(m, f, part)
        found.extend(part.taints)
        if part.refs and not (isinstance(key, str) and _is_relation(f, part)):
            _collect(m, f, part, gathering)
    found.extend(obj.rest.taints)
    _collect(m, f, obj.rest, gathering)


def _has_items(f: Frame, obj: Obj) -> bool:
    """Whether a queryset's items are objects of a class of the project."""
    part = obj.parts.get("$element")
    return part is not None and bool(part.locs())


def leaves(m: Machine, f: Frame, value: Value, at: int, depth: int = 0) -> list[Taints]:
    """The contents of a value part by part: what stands side by side in a row is sent together."""
    found = [value.taints] if value.taints else []
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is None or obj.kind not in ("dict", "list", "tuple", "instance") or depth > 4:
            found.append(contents(m, f, Value(refs={loc: NO_FACTS}), at))
            continue
        for key, part in obj.parts.items():
            if isinstance(key, Const) or not key.startswith(INNER):
                found += leaves(m, f, part, at, depth + 1)
        found += leaves(m, f, obj.rest, at, depth + 1) if not obj.rest.is_bottom else []
    return found


def _is_relation(f: Frame, part: Value) -> bool:
    """A bound service or function in an attribute is no datum of its object."""
    return all(
        not isinstance(ref, Loc)
        or ((obj := f.state.obj(ref)) is not None and obj.kind in ("function", "class"))
        for ref in part.refs
    )


def held_records(m: Machine, f: Frame, cls: Loc, above: tuple[Loc, ...] = ()) -> list[tuple[str, str]]:
    """Attributes of a class that hold records, with the fields of these; a row holds only their keys."""
    cached = m.held_records.get(cls)
    if cached is not None:
        return cached
    info = m.class_info(f, cls)
    pairs: dict[tuple[str, str], None] = {}
    holds = info is not None and m.holds_data(f, cls) and not m.is_model(f, cls)
    if holds and cls not in above and len(above) < MAX_HELD:
        for name in m.declared_fields(f, cls):
            for inner in m.classes_held(f, cls, name):
                inner_info = m.class_info(f, inner)
                if inner_info is None or inner == cls:
                    continue
                fields = [field for _, field in class_record(m, f, inner, inner_info)]
                fields += [field for _, field in held_records(m, f, inner, (*above, cls))]
                pairs.update({(name, field): None for field in fields})
    if not above:
        m.held_records[cls] = list(pairs)
    return list(pairs)


def _record_taints(m: Machine, f: Frame, loc: Loc, obj: Obj, at: int) -> list[Taint]:
    pairs = record(m, f, loc)
    if obj.cls is not None:
        pairs = [*pairs, *held_records(m, f, obj.cls)]
    if not pairs:
        return []
    narrowed = obj.parts.get("$only")
    allowed = set(narrowed.texts()) if narrowed is not None else None
    unit, place = birth(m, loc, f.unit, at)
    taints: list[Taint] = []
    for name, field in pairs:
        if name in obj.parts or (allowed is not None and name not in allowed):
            continue
        note = f"{field} is part of {label_of(loc)}"
        taints.append(source(m, unit, place, field, Confidence.HIGH, loc, note))
    return taints


def birth(m: Machine, loc: Loc, unit: Unit, at: int) -> tuple[Unit, int]:
    """Where an unknown object came to be, as a place in the code."""
    for ancestor in loc.ancestors():
        made = made_at(ancestor)
        found = m.program.units.get(made[0]) if made is not None else None
        if made is not None and found is not None and not is_activation(ancestor):
            return found, made[1]
    return unit, at


def subjects_of_parts(obj: Obj) -> list[Loc]:
    """Whose data stands in the parts of an object."""
    found = {
        taint.subject: None
        for name, part in obj.parts.items()
        if not (isinstance(name, str) and name.startswith(("$", "@")))
        for taint in sorted(part.taints, key=repr)
        if taint.subject is not None
    }
    return list(found)


def label_of(loc: Loc) -> str:
    """A short name for an unknown object, for traces."""
    if isinstance(loc.label, str):
        return loc.label
    if isinstance(loc.label, tuple) and loc.label and loc.label[0] == "param":
        return str(loc.label[-1])
    return "the object"
