"""Where personal data comes from: names, classes and records (spec section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau import ir
from qorgau.findings import Confidence
from qorgau.flow import flags, origins, validators
from qorgau.flow.class_records import class_names, record
from qorgau.flow.data_sources import source
from qorgau.flow.facts import NO_FACTS, Facts
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Closure, Frame
from qorgau.flow.taints import NO_TAINTS, ORIGINS, Taint, Taints, merge_taints
from qorgau.flow.values import Value
from qorgau.linking import Unit
from qorgau.names import fold

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


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

GIVEN = "@given"
"""The part that has the collections which unknown code was given."""

MAX_GIVEN = 3
"""Collections within collections that are searched for a key."""

FOUND = "@found"
"""The part that marks the answer of an unknown look-up."""


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
    if put:
        note = f"{fields[0]} is put under {'key ' if key else ''}{name}"
        taints = [_bare(m, f.unit, at, field, Confidence.MEDIUM, value, note) for field in fields]
        return value.with_(taints=merge_taints(taints))
    taints = []
    owners: list[tuple[Loc | None, Facts]] = [
        (ref, held) for ref, held in owner.refs.items() if isinstance(ref, Loc)
    ]
    for subject, facts in owners or [(None, NO_FACTS)]:
        known = subject is not None and is_record(m, f, subject, fields)
        confidence = Confidence.HIGH if known else Confidence.MEDIUM
        found = [
            source(m, f.unit, at, field, confidence, subject, read_note(field, name, key=key))
            for field in fields
        ]
        taints += [replace(taint, facts=facts) for taint in found] if facts else found
    told = origins.of_value(value)
    if told not in ORIGINS and any(ref is not None and _is_filled(m, f, ref) for ref, _ in owners):
        told = origins.REQUEST
    if told in ORIGINS:
        # What was read tells itself that a user sent it (``handler.get_argument("phone")``).
        taints = [taint if taint.origin else replace(taint, origin=told) for taint in taints]
    return value.with_(taints=merge_taints(taints))


def read_note(field: str, name: str, *, key: bool = False) -> str:
    """What the first step of a trace says of a datum that is a named part of something."""
    return f"{field} is read from {'key ' if key else ''}{name}"


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
    """A datum known by a variable's name only is surer under a key, keyword or parameter of the same name.

    So is one that came through unknown code.
    """
    if not any(taint.confidence is Confidence.LOW or taint.calls for taint in value.taints):
        return value
    fields = m.policy.fields_of(name)
    return value.map_taints(lambda taint: _confirmed(taint) if taint.field in fields else taint)


def _confirmed(taint: Taint) -> Taint:
    sure = Confidence.MEDIUM if taint.confidence is Confidence.LOW else taint.confidence
    return replace(taint, confidence=sure, calls=0, within=False)


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
    small = bool(name) and told not in WHOLE and not _is_given(f, value, name)
    return merge_taints(
        replace(taint, calls=2) if taint.calls and (less or (small and taint.within)) else taint
        for taint in value.taints
    )


def _is_given(f: Frame, value: Value, name: str) -> bool:
    """Whether what something was made of has the datum under a key: ``progress(rows)`` gives the rows as they are."""
    for loc in value.locs():
        place: Loc | None = loc
        while place is not None:
            obj = f.state.obj(place)
            if obj is not None and GIVEN in obj.parts:
                return _has_datum(f, obj.parts[GIVEN], name)
            place = place.parent
    return False


def _has_datum(f: Frame, rows: Value, name: str, depth: int = 0) -> bool:
    for loc in rows.locs():
        obj = f.state.obj(loc)
        if obj is None or obj.kind not in ("dict", "list", "tuple"):
            continue
        if any(key.value == name and part.taints for key, part in obj.items()):
            return True
        inner = (part for _, part in obj.items() if part.refs)
        if depth < MAX_GIVEN and any(_has_datum(f, part, name, depth + 1) for part in (*inner, obj.rest)):
            return True
    return False


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
                note = f"{field} is put into {name}" if put else read_note(field, name)
                taint = source(m, f.unit, at, field, Confidence.HIGH, loc, note)
                taint = replace(taint, facts=owner.refs[loc]) if owner.refs[loc] else taint
                return value.with_(taints=merge_taints([*value.taints, taint]))
    return None


def is_record(m: Machine, f: Frame, loc: Loc, fields: tuple[str, ...]) -> bool:
    """Whether an object's class is known to hold one of the fields."""
    held = record(m, f, loc)
    return any(field in fields for _, field in held)


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
