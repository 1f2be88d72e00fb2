"""Methods that choose, drop, rename, add and join the columns of tables, or leave them as they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import (
    frame_columns,
    frame_conditions,
    frame_expressions,
    frame_names,
    frame_rows,
    frames,
)
from qorgau.flow.checks import affirms
from qorgau.flow.constants import Const, const
from qorgau.flow.facts import NO_FACTS, Facts
from qorgau.flow.frame_access import set_item, with_names
from qorgau.flow.frame_names import names_in
from qorgau.flow.frame_rows import is_row
from qorgau.flow.frame_types import COLUMNS, GROUPS, TABLES
from qorgau.flow.frames import Table, column_of, is_column, is_table, joined, new, read, store
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, Value, is_true, join, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

FILTERS = frozenset(("filter", "where", "remove", "query"))


def last(u: Use) -> str:
    """The method's own name."""
    return u.dotted.rpartition(".")[2]


def result_type(m: Machine, u: Use, type_: str) -> str:
    """The type of a result: as the rows say, else that of the receiver."""
    row = m.policy.catalog.returns(u.dotted)
    if row is not None and (row.type in TABLES or row.type in COLUMNS or row.type in GROUPS):
        return row.type
    return type_


def finished(m: Machine, f: Frame, u: Use, loc: Loc, table: Table, label: str) -> Value:
    """The result of a method: a new table, or nothing where it changes its table (``inplace=True``)."""
    if not is_true(u.args.keywords.get("inplace")):
        return new(m, f, u.at, replace(table, type=result_type(m, u, table.type)), label)
    before = read(m.obj(f, loc))
    store(m, f, loc, joined([before, table]) if loc.old else table)
    return of_const(None)


def on_tables(m: Machine, f: Frame, u: Use, change: Callable[[Loc, Table], Table], label: str) -> Value:
    """A method that makes a table of a table; of anything else nothing is known."""
    results: list[Value] = []
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        if is_table(obj):
            results.append(finished(m, f, u, loc, change(loc, read(obj)), label))
        elif obj.type in GROUPS:
            results.append(
                new(m, f, u.at, replace(change(loc, read(obj)), type=result_type(m, u, obj.type)), label)
            )
    return join_all(results) if results else m.unknown_call(f, last(u), u.receiver, u.args, u.at)


# The same columns


def same(m: Machine, f: Frame, u: Use) -> Value:
    """Rows chosen or ordered, gaps filled, the index made or undone."""
    results: list[Value] = []
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        if is_row(obj):
            found = frame_rows.method(m, f, loc, obj, last(u), u.args, u.at)
            results.append(found if found is not None else of_ref(loc))
        elif is_column(obj):
            made = frame_columns.same(m, f, u, obj)
            results.append(made)
        elif is_table(obj):
            results.append(finished(m, f, u, loc, _same_table(m, f, u, loc, read(obj)), "same"))
        elif obj.type in GROUPS:
            results.append(_of_groups(m, f, u, obj))
    return join_all(results) if results else m.unknown_call(f, last(u), u.receiver, u.args, u.at)


def _same_table(m: Machine, f: Frame, u: Use, loc: Loc, table: Table) -> Table:
    name = last(u)
    if name == "set_index":
        return _indexed(m, f, u, loc, table)
    if name == "reset_index":
        return _unindexed(m, f, u, table)
    if name == "set_axis" and u.arg(1, "axis").constant() in (const(1), const("columns")):
        names, exact = names_in(m, f, u.arg(0, "labels"), u.at)
        return with_names(m, f, loc, table, names, u.at) if exact else table
    if name in FILTERS:
        return frame_conditions.holding(table, frame_expressions.conditions(m, f, u))
    if name in ("fillna", "fill_null", "replace"):
        extra = join_all(frames.cell_of(m, f, value, u.at) for value in u.args.all())
        return replace(table, rest=join(table.rest, Value(extra.taints))) if extra.taints else table
    return table


def _indexed(m: Machine, f: Frame, u: Use, loc: Loc, table: Table) -> Table:
    names, _ = names_in(m, f, u.arg(0, "keys"), u.at)
    index = dict(table.index) if is_true(u.args.keywords.get("append")) else {}
    index.update({str(name.value): column_of(m, f, loc, name, u.at) for name in names})
    kept = u.args.keywords.get("drop")
    table = replace(read(m.obj(f, loc)), index=index)
    return table if kept is not None and kept.constant() == Const("bool", False) else table.without(names)


def _unindexed(m: Machine, f: Frame, u: Use, table: Table) -> Table:
    if is_true(u.args.keywords.get("drop")):
        return replace(table, index={})
    names = u.args.keywords.get("names")
    renamed = [str(name.value) for name in names_in(m, f, names, u.at)[0]] if names is not None else []
    levels = list(table.index.items())
    columns = {
        const(renamed[number] if number < len(renamed) else name or "index"): cell
        for number, (name, cell) in enumerate(levels)
    }
    others = {name: cell for name, cell in table.columns.items() if name not in columns or not cell.is_bottom}
    return replace(table, columns={**columns, **others}, index={})


def _of_groups(m: Machine, f: Frame, u: Use, obj: Obj) -> Value:
    """Rows of groups as they are: the first or last of each."""
    table = read(replace(obj, kind="frame-table"))
    type_ = result_type(m, u, obj.type)
    if type_ in COLUMNS:
        held = Obj("library", type=type_, parts=frame_columns_parts(table))
        return m.new(f, u.at, held, "of groups")
    name = u.arg(0, "name").constant()
    if last(u) == "get_group" and name is not None and affirms(name.value):
        table = frame_conditions.holding(table, frame_conditions.agreed(m, f, table))
    return new(m, f, u.at, replace(table, type=type_), "of groups")


def frame_columns_parts(table: Table) -> dict[str | Const, Value]:
    """The parts of the one column that is left of groups."""
    parts: dict[str | Const, Value] = {f"{frames.INDEX}{name}": cell for name, cell in table.index.items()}
    parts["$data"] = join_all(table.columns.values())
    if table.known():
        parts[frames.NAMES] = join_all(of_const(str(name.value)) for name in table.known())
    return parts


# Columns chosen, dropped, named anew


def select(m: Machine, f: Frame, u: Use) -> Value:
    """``select``, ``selectExpr``, ``filter(items=...)``, ``reindex``, ``get``."""
    if last(u) == "get":
        return m.item(f, u.receiver, u.arg(0, "key"), u.at)
    return on_tables(m, f, u, lambda loc, table: _selected(m, f, u, loc, table), "selected")


def _selected(m: Machine, f: Frame, u: Use, loc: Loc, table: Table) -> Table:
    if last(u) in ("select", "select_seq", "selectExpr"):
        given = [*u.args.positional, *([] if u.args.star.is_bottom else [u.args.star])]
        if last(u) == "selectExpr":
            texts = [text for value in given for text in texts_of(m, f, value, u.at)]
            given = frame_expressions.of_sql(m, f, ", ".join(texts), u.at)
        columns = dict(frame_expressions.resolved(m, f, loc, given, u.at))
        for name, value in u.args.keywords.items():
            columns[const(name)] = frame_expressions.cell_on(
                m, f, loc, _as_column(m, f, value, u.at), const(name), u.at
            )
        for value in given:
            left_out = frame_expressions.all_but(m, f, value, u.at)
            if left_out is not None:
                whole = read(m.obj(f, loc)).without(left_out)
                return replace(whole, columns={**whole.columns, **columns})
        return Table(table.type, columns, table.index, holds=table.holds)
    if last(u) == "reindex":
        wanted = u.args.keywords.get("columns", BOTTOM)
    else:
        wanted = u.arg(0, "items")
        like, regex = u.arg(1, "like").texts(), u.arg(2, "regex").texts()
        if like or regex:
            kept = [name for name in table.known() if _is_like(str(name.value), like, regex)]
            return Table(
                table.type, {name: table.columns[name] for name in kept}, table.index, table.rest, table.open
            )
    if wanted.is_bottom:
        return table
    names, exact = names_in(m, f, wanted, u.at)
    return frame_names.selected(m, f, loc, names, u.at) if exact else table


def texts_of(m: Machine, f: Frame, value: Value, at: int) -> list[str]:
    return [str(name.value) for name in names_in(m, f, value, at)[0]]


def _as_column(m: Machine, f: Frame, value: Value, at: int) -> Value:
    """In ``select(name="column")`` a text is a column's name."""
    return (
        frame_expressions.column_named(m, f, at, value.texts(), "polars.Expr", "named")
        if value.texts()
        else value
    )


def _is_like(name: str, like: list[str], regex: list[str]) -> bool:
    if any(text in name for text in like):
        return True
    try:
        return any(re.search(text, name) for text in regex)
    except re.error:
        return True


def drop(m: Machine, f: Frame, u: Use) -> Value:
    """``drop``: columns, unless rows are named; of those that were chosen by a condition the others are left."""
    left = _left(m, f, u)

    def change(loc: Loc, table: Table) -> Table:
        return frame_conditions.holding(table.without(_dropped(m, f, u)), left)

    return on_tables(m, f, u, change, "dropped")


def _left(m: Machine, f: Frame, u: Use) -> Facts:
    """What holds of the rows that are left: ``table.drop(table[~table.agreed].index)``."""
    given = u.arg(0, "labels") if u.args.positional or "labels" in u.args.keywords else u.arg(2, "index")
    loc = given.single()
    left = m.obj(f, loc).parts.get(frame_conditions.LEFT) if loc is not None else None
    return (left.when_true or NO_FACTS) if left is not None else NO_FACTS


def _dropped(m: Machine, f: Frame, u: Use) -> list[Const]:
    if not u.dotted.startswith(("pandas.", "geopandas.", "dask.")):
        given = [*u.args.positional, *([] if u.args.star.is_bottom else [u.args.star])]
        return [name for value in given for name in names_in(m, f, value, u.at)[0]]
    axis = u.arg(1, "axis").constant()
    columns = u.arg(3, "columns")
    if columns.is_bottom and axis in (const(1), const("columns")):
        columns = u.arg(0, "labels")
    return names_in(m, f, columns, u.at)[0]


# Columns added


def assign(m: Machine, f: Frame, u: Use) -> Value:
    """``assign``, ``insert``, ``with_columns``, ``withColumn``."""
    name = last(u)
    if name in ("insert", "insert_column", "replace_column"):
        return _inserted(m, f, u)
    return on_tables(m, f, u, lambda loc, table: _assigned(m, f, u, loc, table), "assigned")


def _inserted(m: Machine, f: Frame, u: Use) -> Value:
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        if not is_table(obj):
            continue
        if last(u) == "insert":
            set_item(m, f, loc, obj, u.arg(1, "column"), u.arg(2, "value"), u.at, not loc.old)
        else:
            for name, cell in frame_expressions.resolved(m, f, loc, [u.arg(1, "column")], u.at):
                store(m, f, loc, read(m.obj(f, loc)).put(name, cell))
    return of_const(None) if last(u) == "insert" else u.receiver


def _assigned(m: Machine, f: Frame, u: Use, loc: Loc, table: Table) -> Table:
    given = dict(u.args.keywords)
    extra: list[Value] = list(u.args.positional)
    if last(u) == "withColumn":
        extra = []
        given = {text: u.arg(1, "col") for text in u.arg(0, "colName").texts()}
    if not u.args.star.is_bottom:
        extra.append(u.args.star)
    made = dict(frame_expressions.resolved(m, f, loc, extra, u.at))
    current = of_ref(loc)
    for name, value in given.items():
        if _is_function(f, value):
            value = m.call(f, value, Args([_snapshot(m, f, u, loc, made, name)]), u.at)
        elif value.texts() and u.dotted.startswith("polars."):
            value = _as_column(m, f, value, u.at)
        cell = frame_expressions.cell_on(m, f, loc, value, const(name), u.at)
        made[const(name)] = frames.named_cell(m, f, cell, const(name), current, u.at)
    result = read(m.obj(f, loc))
    for key, cell in made.items():
        result = result.put(key, frames.named_cell(m, f, cell, key, current, u.at))
    for value in u.args.double:
        result = replace(result, rest=join(result.rest, frames.cell_of(m, f, value, u.at)))
    return result


def _is_function(f: Frame, value: Value) -> bool:
    return any(
        (obj := f.state.obj(loc)) is not None and obj.kind in ("function", "partial") for loc in value.locs()
    )


def _snapshot(m: Machine, f: Frame, u: Use, loc: Loc, made: dict[Const, Value], name: str) -> Value:
    """The table that a function of ``assign`` gets: with the columns that stand before its own."""
    return new(m, f, u.at, read(m.obj(f, loc)).mapped(made), f"before {name}")


# Tables joined


# One column, or everything moved about


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "frame-assign": assign,
    "frame-drop": drop,
    "frame-same": same,
    "frame-select": select,
}
