"""Everything personal that values hold, however deep: what sinks receive."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from qorgau.findings import Confidence
from qorgau.flow import row_keys
from qorgau.flow.class_records import held_records, record
from qorgau.flow.constants import Const
from qorgau.flow.data_sources import birth, label_of, source
from qorgau.flow.facts import NO_FACTS, Facts
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.row_keys import Written
from qorgau.flow.taints import NO_TAINTS, Taint, Taints, merge_taints
from qorgau.flow.values import Value, join_all, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


ROWS = ("list", "tuple", "set")
"""Kinds of objects that hold several rows."""

INNER = ("$", "@")
"""Parts of objects whose names begin so are the engine's own: places, defaults, spreads."""


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


def _declares_nothing(m: Machine, f: Frame, loc: Loc, obj: Obj) -> bool:
    """Whether an object from outside is of a class that is known and declares no attributes."""
    known = obj.kind == "unknown" and obj.cls is not None
    return known and not record(m, f, loc) and not (obj.cls is not None and m.declared_fields(f, obj.cls))


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
        owner = f.state.obj(obj.info)
        if owner is not None and _declares_nothing(m, f, obj.info, owner):
            # What its methods set is in it all the same.
            _collect(m, f, m.namespace(f, obj.info, at), gathering)
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
