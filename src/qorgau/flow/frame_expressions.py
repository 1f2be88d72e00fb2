"""Expressions of columns (``pl.col``, ``F.col``): what they make of a table that they are used on.

An expression is evaluated where it is written, on the columns that its names say: their data is marked
with the column it stands for (``standing_for``). Where the expression is used on a table, that is
replaced by what the table really has in the column, with what the expression did to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.findings import Confidence
from qorgau.flow import consent, frame_conditions, frames, query_writes
from qorgau.flow.checks import Check
from qorgau.flow.constants import Const, const
from qorgau.flow.facts import Fact
from qorgau.flow.frame_names import names_in
from qorgau.flow.frames import cell_of, column, column_of, names_of_column, read
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.sql_text import ColumnRef, parse_sql
from qorgau.flow.taints import Taint, Trace, merge_taints
from qorgau.flow.uses import Use
from qorgau.flow.values import OPAQUE, Value, join_all, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

ANY = "*"
"""The name that stands for every column of a table."""

EXCEPT = "$except"
"""The names that an expression of every column leaves out."""

SOME = "$column"
"""The field of what stands in a column whose name is no field: replaced wherever the expression is used."""

COLUMNS_OF = Loc(None, ("columns",))
"""Stands for the table that an expression will be used on."""


def standing_for(name: str) -> Loc:
    """The subject of data that stands for a column."""
    return Loc(COLUMNS_OF, ("item", const(name)))


def stands_for(taint: Taint) -> str | None:
    """The column that a datum of an expression stands for; None for data of its own."""
    subject = taint.subject
    if subject is None or subject.parent != COLUMNS_OF or not isinstance(subject.label, tuple):
        return None
    name = getattr(subject.label[1], "value", None)
    return name if isinstance(name, str) else None


def column_named(
    m: Machine, f: Frame, at: int, names: Sequence[str], type_: str, label: str = "expression"
) -> Value:
    """``col(name)``"""
    cells = [_placeholder(m, f, at, name) for name in names]
    made = column(m, f, at, join_all(cells) if cells else OPAQUE, names, type_, label)
    if len(names) == 1:
        return consent.attribute(m, f, made, names[0], of_ref(COLUMNS_OF))
    return made


def _placeholder(m: Machine, f: Frame, at: int, name: str) -> Value:
    subject = standing_for(name)
    fields = m.policy.fields_of(name) or (SOME,)
    taints = frozenset(
        Taint(
            field, Confidence.MEDIUM, subject, trace=Trace(None, f.unit, at, f"{field} is the column {name}")
        )
        for field in fields
    )
    return Value(taints, unknown=True)


# Used on a table


def resolved(m: Machine, f: Frame, loc: Loc, values: Iterable[Value], at: int) -> list[tuple[Const, Value]]:
    """The columns that arguments of ``select`` and its like make of a table: names, lists and expressions."""
    found: list[tuple[Const, Value]] = []
    for value in values:
        found += _resolved(m, f, loc, value, at, len(found))
    return found


def _resolved(
    m: Machine, f: Frame, loc: Loc, value: Value, at: int, number: int
) -> list[tuple[Const, Value]]:
    found: list[tuple[Const, Value]] = []
    for constant in value.consts:
        found += _by_name(m, f, loc, constant, at)
    for ref in value.locs():
        obj = f.state.obj(ref)
        if obj is None:
            continue
        if obj.kind in frames.ELEMENTS_OF:
            iteration = m.iterate(f, of_ref(ref), at)
            found += resolved(
                m, f, loc, iteration.items if iteration.items is not None else [iteration.each], at
            )
        elif obj.kind == "dict":
            found += [(name, cell_on(m, f, loc, part, name, at)) for name, part in obj.items()]
        elif frames.is_column(obj):
            for name in _outputs(f, loc, obj, number):
                found.append(
                    (name, cell_on(m, f, loc, of_ref(ref), name, at, several=len(names_of_column(obj)) > 1))
                )
    if value.taints and not found:
        found.append((const(f"column{number}"), cell_on(m, f, loc, value, const(""), at)))
    return found


def all_but(m: Machine, f: Frame, value: Value, at: int) -> list[Const] | None:
    """What an argument that stands for every column (``"*"``, ``pl.exclude``) leaves out; None for others."""
    if not any(name.value == ANY for name in names_in(m, f, value, at)[0]):
        return None
    held = [obj for loc in value.locs() if (obj := f.state.obj(loc)) is not None and EXCEPT in obj.parts]
    return [const(text) for obj in held for text in obj.parts[EXCEPT].texts()]


def _by_name(m: Machine, f: Frame, loc: Loc, name: Const, at: int) -> list[tuple[Const, Value]]:
    if name.value == ANY:
        table = read(m.obj(f, loc))
        return [(known, table.columns[known]) for known in table.known()]
    return [(name, column_of(m, f, loc, name, at))]


def _outputs(f: Frame, loc: Loc, obj: Obj, number: int) -> list[Const]:
    names = names_of_column(obj) or [f"column{number}"]
    if ANY in names:
        held = f.state.obj(loc)
        left_out = obj.parts[EXCEPT].texts() if EXCEPT in obj.parts else []
        return [name for name in read(held).known() if name.value not in left_out] if held is not None else []
    return [const(name) for name in names]


def cell_on(
    m: Machine, f: Frame, loc: Loc, value: Value, name: Const, at: int, *, several: bool = False
) -> Value:
    """What an expression makes of a table, for one of the columns it makes (of ``several``, only its own)."""
    cell = cell_of(m, f, value, at)
    taints: list[Taint] = []
    opaque = cell.opaque
    for taint in cell.taints:
        source = stands_for(taint)
        if source is None:
            taints.append(taint)
            continue
        if several and source not in (name.value, ANY):
            continue
        real = column_of(m, f, loc, const(source) if source != ANY else name, at)
        opaque = opaque or not real.unknown
        taints += [_done_to(found, taint) for found in real.taints]
    return Value(
        merge_taints(taints),
        cell.consts,
        cell.refs,
        cell.unknown and not cell.taints,
        opaque or bool(cell.taints),
    )


def _done_to(found: Taint, by: Taint) -> Taint:
    """A datum of a table after what an expression does to what stands for it."""
    trace = found.trace
    for step in by.trace.steps()[1:] if by.trace is not None else ():
        trace = Trace(trace, step.unit, step.at, step.note)
    return replace(
        found,
        reversal=found.reversal or by.reversal,
        kept=found.kept if found.kept is not None else by.kept,
        slice=found.slice if found.kept is not None else by.slice,
        calls=min(found.calls + by.calls, 2),
        facts=found.facts | by.facts,
        salted=found.salted or by.salted,
        trace=trace,
    )


# Made by calls


def of_sql(m: Machine, f: Frame, text: str, at: int) -> list[Value]:
    """The expressions that the text of a SQL select list stands for."""
    made: list[Value] = []
    for position, each in enumerate(parse_sql(f"SELECT {text} FROM t").columns):
        taints: list[Taint] = []
        for part in each.parts:
            if isinstance(part.origin, ColumnRef):
                stands = _placeholder(m, f, at, part.origin.name)
                taints += [
                    left
                    for taint in stands.taints
                    if (left := query_writes.after(m, taint, part)) is not None
                ]
        cell = Value(merge_taints(taints), opaque=True)
        made.append(
            column(m, f, at, cell, [each.name or f"column{position}"], "pyspark.sql.Column", f"sql{position}")
        )
    return made


def conditions(m: Machine, f: Frame, u: Use) -> frozenset[Fact]:
    """What the conditions of ``filter`` imply of each row: expressions, SQL or query texts, keywords."""
    facts: set[Fact] = set()
    for value in u.args.all():
        facts |= frame_conditions.implied(m, f, value)
        for text in value.texts():
            facts |= _text_conditions(m, text)
    for name, value in u.args.keywords.items():
        if value.constant() == Const("bool", True) and m.policy.consent_attribute((name,)):
            facts |= _consent(name)
    return frozenset(facts)


def _text_conditions(m: Machine, text: str) -> set[Fact]:
    statement = parse_sql(f"SELECT * FROM t WHERE {text.replace('==', '=')}")
    found: set[Fact] = set()
    for condition in statement.conditions:
        held = condition.op in ("=", "is") and condition.value in (True, 1) and not condition.exists
        if held and m.policy.consent_attribute((condition.column,)):
            found |= _consent(condition.column)
    return found


def _consent(name: str) -> set[Fact]:
    return {Fact("consent", COLUMNS_OF, Check(name), True)}
