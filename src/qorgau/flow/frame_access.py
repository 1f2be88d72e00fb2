"""What reading, writing and iterating over a table means: by key, by attribute and by ``loc``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import consent, frame_conditions, frame_names, frame_rows, frames
from qorgau.flow.constants import HOLE, Const, const
from qorgau.flow.facts import NO_FACTS
from qorgau.flow.frame_names import is_selection, names_in, selected
from qorgau.flow.frame_types import COLUMNS, INDEXER, INDEXERS, OWNER, TEXTS
from qorgau.flow.frames import (
    MADE_OF,
    Table,
    cell_of,
    column,
    column_of,
    is_column,
    is_table,
    joined,
    named_cell,
    new,
    read,
    series_type,
    store,
    tables_of,
    written,
)
from qorgau.flow.heap import DATA, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame, Iteration
from qorgau.flow.values import BOTTOM, OPAQUE, Builtin, Value, join, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def item(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, at: int) -> Value:
    """``table[key]``: one column, some columns, or the rows for which a condition is true."""
    table = read(obj)
    made = frame_names.choice_of(f, key)
    if made is not None:
        return new(m, f, at, frame_names.chosen(m, f, loc, made, at), "chosen")
    constant = key.constant()
    if constant is not None and constant.value is not None and HOLE not in str(constant.value):
        cell = _consenting(m, f, loc, constant, column_of(m, f, loc, constant, at))
        return column(m, f, at, cell, [str(constant.value)], series_type(table.type), index=table.index)
    if key.consts and not key.refs and not key.unknown and not key.opaque:
        cell = join_all(column_of(m, f, loc, name, at) for name in key.consts)
        return column(m, f, at, cell, key.texts(), series_type(table.type), index=table.index)
    if is_selection(f, key):
        names, exact = names_in(m, f, key, at)
        if exact or names:
            chosen = selected(m, f, loc, names, at)
            return new(m, f, at, chosen if exact else joined([chosen, read(m.obj(f, loc))]), "chosen")
    return frame_conditions.rows(m, f, at, table, key, "filtered")


def _consenting(m: Machine, f: Frame, loc: Loc, name: Const, cell: Value) -> Value:
    """The cell of a column that stands for consent, by configuration."""
    return consent.attribute(m, f, cell, str(name.value), of_ref(loc))


def set_item(
    m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, value: Value, at: int, strong: bool
) -> None:
    """``table[key] = value``"""
    names, exact = names_in(m, f, key, at)
    table = read(obj)
    cells = _cells_for(m, f, names, value, at)
    if not exact:
        extra = join_all(cells.values()) if cells else cell_of(m, f, value, at)
        store(m, f, loc, replace(table, rest=join(table.rest, extra)))
        return
    for name, cell in cells.items():
        named = named_cell(m, f, cell, name, of_ref(loc), at)
        for other in (loc, *_made_of(obj)):
            sure = strong and other == loc
            old = BOTTOM if sure else column_of(m, f, other, name, at)
            store(m, f, other, read(m.obj(f, other)).put(name, join(old, named)))


def _made_of(obj: Obj) -> list[Loc]:
    return obj.parts[MADE_OF].locs() if MADE_OF in obj.parts else []


def _cells_for(m: Machine, f: Frame, names: Sequence[Const], value: Value, at: int) -> dict[Const, Value]:
    """The cell for each column that a value is assigned to: of several, column by column."""
    found = tables_of(m, f, value)
    if found and len(names) > 1:
        sources = [table.known() for _, table in found]
        if all(len(source) == len(names) for source in sources):
            return {
                name: join_all(
                    table.columns[source[index]] for (_, table), source in zip(found, sources, strict=True)
                )
                for index, name in enumerate(names)
            }
        if all(name in table.columns for name in names for _, table in found):
            return {name: join_all(table.columns[name] for _, table in found) for name in names}
    cell = cell_of(m, f, value, at)
    return dict.fromkeys(names, cell)


def drop(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value) -> None:
    """``del table[key]``"""
    names, _ = names_in(m, f, key, 0)
    if not loc.old:
        store(m, f, loc, read(obj).without(names))


def iterate(m: Machine, f: Frame, loc: Loc, obj: Obj, at: int) -> Iteration:
    """Iterating over a table gives the names of its columns; polars gives the columns themselves."""
    table = read(obj)
    if table.type.startswith("polars."):
        columns = [
            column(m, f, at, table.columns[name], [str(name.value)], "polars.Series", f"column{position}")
            for position, name in enumerate(table.known())
        ]
        return Iteration(tuple(columns) if not table.open else None, join_all(columns) if columns else OPAQUE)
    names = [of_const(name.value) for name in table.known()]
    if table.open or not table.rest.is_bottom:
        return Iteration(None, join_all([*names, OPAQUE]))
    return Iteration(tuple(names), join_all(names))


def iterate_column(m: Machine, f: Frame, obj: Obj, at: int) -> Iteration:
    """The values of a column, or the levels of an index."""
    return Iteration(None, frames.element(m, f, obj, at))


def unified(m: Machine, f: Frame, value: Value, at: int) -> Value | None:
    """Several tables that a variable can stand for, as one that can be changed for sure; None for others."""
    if not all(isinstance(ref, Loc) and is_table(f.state.obj(ref)) for ref in value.refs):
        return None
    found = tables_of(m, f, value)
    names = [name for _, table in found for name in table.columns]
    filled: list[Table] = []
    for loc, table in found:
        missing = [name for name in dict.fromkeys(names) if table.open and name not in table.columns]
        filled.append(table.mapped({name: column_of(m, f, loc, name, at) for name in missing}))
    loc = f.place(at, "unified")
    if loc in value.refs:
        loc = f.place(at, "unified again")
    f.state.heap[loc] = written(joined(filled), Value(refs=dict.fromkeys(value.refs, NO_FACTS)))
    m.made.append(loc)
    return value.with_(refs={loc: NO_FACTS})


# Attributes


def attribute(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, at: int) -> Value | None:
    """``table.name``, ``column.name``: None where the library's rows say what it is."""
    if obj.kind == INDEXER:
        return None
    if name in INDEXERS:
        indexer = Obj(INDEXER, type=name, parts={OWNER: of_ref(loc)})
        return m.new(f, at, indexer, name)
    if is_column(obj):
        return _column_attribute(m, f, loc, obj, name, at)
    return _table_attribute(m, f, loc, obj, name, at)


def _table_attribute(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, at: int) -> Value | None:
    table = read(obj)
    if name == "columns":
        return frame_names.names_value(m, f, table, at)
    if name in ("values", "array"):
        row = frame_rows.sequence_row(m, f, at, table, [loc], "tuple", "values row")
        return m.new(f, at, Obj("list", rest=row), "values")
    if name == "index":
        cell = join_all([*table.index.values(), OPAQUE])
        made = column(m, f, at, cell, list(table.index), "pandas.Series", "index")
        return frame_conditions.as_index(m, f, obj, made)
    if name == "T":
        return new(m, f, at, Table(table.type, rest=join_all(table.cells()), open=table.open), "transposed")
    if const(name) in table.columns:
        cell = _consenting(m, f, loc, const(name), column_of(m, f, loc, const(name), at))
        return column(m, f, at, cell, [name], series_type(table.type), index=table.index)
    if m.policy.catalog.rows(f"{table.type}.{name}"):
        known = m.policy.catalog.attribute(f"{table.type}.{name}")
        if known is not None and known.type and not known.clean:
            # What writes or shows a table holds it (``df.write``, ``df.style``).
            return m.new(f, at, Obj("library", type=known.type, parts={DATA: of_ref(loc)}), name)
        if known is not None:
            return None
        return of_ref(Builtin(of_ref(loc), name))
    if name.startswith("_"):
        return None
    cell = _consenting(m, f, loc, const(name), column_of(m, f, loc, const(name), at))
    return column(m, f, at, cell, [name], series_type(table.type), index=table.index)


def _column_attribute(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, at: int) -> Value | None:
    accessor = f"{obj.type}.{name}"
    if accessor in TEXTS:
        held = Obj("library", type=accessor, parts={**obj.parts, DATA: frames.element(m, f, obj, at)})
        return m.new(f, at, held, name)
    if name in ("values", "array", "T"):
        return of_ref(loc)
    if name == "index":
        levels = [
            part for key, part in obj.parts.items() if isinstance(key, str) and key.startswith(frames.INDEX)
        ]
        return column(m, f, at, join_all([*levels, OPAQUE]), [], "pandas.Series", "index")
    if name == "name" and obj.type in COLUMNS:
        return obj.parts.get(frames.NAMES, OPAQUE)
    return None


def set_attribute(
    m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, value: Value, at: int, strong: bool
) -> bool:
    """``table.columns = [...]``, ``table.name = value``; False where it is no part of a table."""
    if not is_table(obj):
        return False
    if name == "columns":
        _rename_all(m, f, loc, value, at)
    elif name == "index":
        store(m, f, loc, replace(read(obj), index={"": cell_of(m, f, value, at)}))
    elif const(name) in read(obj).columns or m.policy.fields_of(name):
        set_item(m, f, loc, obj, of_const(name), value, at, strong)
    return True


def _rename_all(m: Machine, f: Frame, loc: Loc, value: Value, at: int) -> None:
    names, exact = names_in(m, f, value, at)
    if exact and names:
        store(m, f, loc, with_names(m, f, loc, read(m.obj(f, loc)), names, at))


def with_names(m: Machine, f: Frame, loc: Loc, table: Table, names: Sequence[Const], at: int) -> Table:
    """A table whose columns get these names in order."""
    known = table.known()
    if not table.open and table.rest.is_bottom and len(known) == len(names):
        cells = dict(zip(names, (table.columns[name] for name in known), strict=True))
    else:
        other = join_all(table.columns[name] for name in known) if not table.open else BOTTOM
        cells = {name: join_all([frames.raw(m, f.unit, at, loc, name), table.rest, other]) for name in names}
    return Table(
        table.type,
        {name: named_cell(m, f, cell, name, of_ref(loc), at) for name, cell in cells.items()},
        table.index,
    )


# Rows and cells: table.loc[rows, columns], table.iloc[0], table[1:5], column[0]


# Unknown objects that are used as tables


def columns_of_unknown(m: Machine, f: Frame, loc: Loc, key: Value, at: int) -> Value | None:
    """``thing[["iin", "phone"]]``: what takes a list of names is a table; None for other keys."""
    if not is_selection(f, key):
        return None
    names, exact = names_in(m, f, key, at)
    if not exact or not names or any(name.type != "str" for name in names):
        return None
    owner = of_ref(loc, unknown=True)
    columns = {name: m.item(f, owner, of_const(name.value), at) for name in names}
    return new(m, f, at, Table("", columns), "chosen of unknown")


def become_table(m: Machine, f: Frame, loc: Loc) -> None:
    """An unknown object turns out to be a table by a method that only tables have."""
    obj = f.state.obj(loc)
    owner = of_ref(loc)
    parts = obj.items() if obj is not None else []
    columns = {name: named_cell(m, f, cell, name, owner, at=0) for name, cell in parts}
    rest = obj.rest if obj is not None else BOTTOM
    m.write(f, loc, written(Table("", columns, {}, rest, open=True)), strong=True)
