"""What statements of SQL select: rows with their columns, and the facts that their conditions imply."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qorgau.findings import Confidence
from qorgau.flow import (
    class_records,
    data_sources,
    memberships,
    orm,
)
from qorgau.flow.checks import MOMENTS, Check, affirms
from qorgau.flow.constants import Const
from qorgau.flow.facts import NO_FACTS, Fact, Facts
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import ClassInfo, Frame
from qorgau.flow.model_tables import table_names
from qorgau.flow.placeholders import PLACEHOLDERS, Given, argument_of
from qorgau.flow.places import Site
from qorgau.flow.query_rows import ROWS
from qorgau.flow.query_writes import part_taints
from qorgau.flow.sql_text import (
    Column,
    ColumnRef,
    Condition,
    Statement,
)
from qorgau.flow.taints import Taint, merge_taints
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, Ref, Refs, Value, join, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


# Rows


def selected_rows(m: Machine, f: Frame, use: Use, parsed: Statement, given: Given, site: Site) -> Value:
    """The rows of a query: each column by name and by position."""
    loc = m.fresh(f, use.at, "row")
    parts: dict[Key, Value] = {orm.MANY: OPAQUE}
    star: Value = BOTTOM
    for position, column in enumerate(parsed.columns):
        if column.name == "*":
            star = join(star, _star(m, f, use, column, loc))
            continue
        value = _column(m, f, use, given, column, loc)
        name = column.name
        if name:
            parts[Const("str", name)] = value
            parts[name] = value
        parts[Const("int", position)] = value
    for name_, field_value in _record_parts(star):
        parts.setdefault(Const("str", name_), field_value)
        parts.setdefault(name_, field_value)
    found_by = _found_by(m, f, use, parsed, given)
    if found_by:
        parts[orm.KEY] = Value(refs=found_by)
    kind = "unknown" if any(column.name == "*" for column in parsed.columns) else "row"
    m.write(f, loc, Obj(kind, parts=parts), strong=True)
    row = of_ref(loc, unknown=kind == "unknown")
    facts = frozenset(_conditions(m, parsed, loc)) | _by_keys(m, f, use, parsed, given, loc)
    if facts:
        row = Value(refs={loc: facts}, unknown=row.unknown)
    obj = Obj("library", type=ROWS, parts={orm.ROW: row}, info=None if site.is_empty else site)
    return m.new(f, use.at, obj, "rows")


def _found_by(m: Machine, f: Frame, use: Use, parsed: Statement, given: Given) -> Refs:
    """What the rows of a query were looked up by: a check of the key is a check of what it finds."""
    found: dict[Ref, Facts] = {}
    for condition in parsed.conditions:
        if condition.op == "=" and not condition.exists and isinstance(condition.value, PLACEHOLDERS):
            key = argument_of(m, f, use, given, condition.value, "")
            found.update((loc, NO_FACTS) for loc in key.locs())
    return found


def _by_keys(m: Machine, f: Frame, use: Use, parsed: Statement, given: Given, row: Loc) -> Facts:
    """``WHERE id = ?``: what was checked of whoever's key is looked for."""
    facts = NO_FACTS
    for condition in parsed.conditions:
        if condition.op == "=" and not condition.exists and memberships.is_key_name(condition.column):
            if isinstance(condition.value, PLACEHOLDERS):
                key = argument_of(m, f, use, given, condition.value, "")
                facts = facts | memberships.told(key, row)
    return facts


def _column(m: Machine, f: Frame, use: Use, given: Given, column: Column, row: Loc) -> Value:
    taints: list[Taint] = []
    for part in column.parts:
        taints += part_taints(m, f, use, given, part, column.name, row)
    if column.parts and not taints and column.effect == "":
        found = Value(refs={row.child(column.name or "column"): NO_FACTS}, opaque=True)
        return found.with_(when_true=_asked_of(m, column, row))
    return Value(merge_taints(taints), opaque=True)


def _asked_of(m: Machine, column: Column, row: Loc) -> Facts:
    """What a column that stands for consent says of its row where it is true."""
    origins = [part.origin for part in column.parts if isinstance(part.origin, ColumnRef)]
    if len(origins) != 1 or len(column.parts) != 1 or column.parts[0].effect:
        return NO_FACTS
    origin = origins[0]
    if not m.policy.consent_attribute(_path(origin.name, origin.table)):
        return NO_FACTS
    return frozenset((Fact("consent", row, Check(origin.name, by_attribute=True), True),))


def _path(column: str, table: str | None) -> tuple[str, ...]:
    """A column with its table, as the configuration writes attributes: ``consents.transfer``."""
    return (table.rpartition(".")[2], column) if table else (column,)


def _star(m: Machine, f: Frame, use: Use, column: Column, row: Loc) -> Value:
    """``*``: all the fields of a record whose table is known."""
    taints: list[Taint] = []
    tables = {part.origin.table for part in column.parts if isinstance(part.origin, ColumnRef)}
    for cls in m.classes:
        info = m.base[cls].info if cls in m.base else None
        names = table_names(m, cls)
        if not isinstance(info, ClassInfo):
            continue
        if not names & {table.rpartition(".")[2] for table in tables if table}:
            continue
        for name, field in class_records.class_record(m, f, cls, info):
            if name not in column.dropped:
                note = f"{field} is a column of {', '.join(sorted(names))}"
                taints.append(data_sources.source(m, f.unit, use.at, field, Confidence.HIGH, row, note))
    return Value(merge_taints(taints), opaque=True)


def _record_parts(star: Value) -> Iterable[tuple[str, Value]]:
    return [
        (taint.field, Value(frozenset((taint,)), opaque=True))
        for taint in sorted(star.taints, key=lambda t: t.field)
    ]


def _conditions(m: Machine, parsed: Statement, row: Loc) -> Iterable[Fact]:
    for condition in parsed.conditions:
        path = _path(condition.column, condition.table)
        if not condition.exists and m.policy.consent_attribute(path) and _affirms(condition):
            yield Fact("consent", row, Check(condition.column), True)


def _affirms(condition: Condition) -> bool:
    """Whether a flag is set in the rows that fulfil a condition."""
    value = condition.value
    if condition.op in ("=", "is"):
        return affirms(value)
    if condition.op in ("!=", "is not"):
        return value in (False, 0) or (value is None and condition.column.endswith(MOMENTS))
    return condition.op == "in" and isinstance(value, tuple) and bool(value) and all(map(affirms, value))
