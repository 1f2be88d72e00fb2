"""Rows and cells of tables by label and by place: ``table.loc[...]``, ``table[1:5]``, ``column[0]``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import frame_conditions, frame_names, frame_rows, frames
from qorgau.flow.constants import Const, const
from qorgau.flow.frame_names import is_selection, names_in, selected
from qorgau.flow.frame_types import COLUMNS, EXPRESSIONS, INDEXER, OWNER, TEXTS
from qorgau.flow.frames import (
    Table,
    cell_of,
    column,
    is_column,
    is_table,
    new,
    read,
    series_type,
    store,
)
from qorgau.flow.heap import DATA, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.text_slices import slice_text
from qorgau.flow.values import BOTTOM, OPAQUE, External, Value, join, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

from qorgau.flow.frame_access import set_item


def indexed(m: Machine, f: Frame, obj: Obj, key: Value, at: int) -> Value:
    """``table.loc[key]``"""
    owner = obj.parts[OWNER]
    rows, columns = _split_key(m, f, key, at)
    results: list[Value] = []
    for loc in owner.locs():
        held = m.obj(f, loc)
        if is_column(held):
            results.append(column_item(m, f, loc, held, key, at))
        elif is_table(held):
            results.append(_of_rows(m, f, loc, rows, columns, at, by_place=obj.type in ("iloc", "iat")))
    return join_all(results)


def _split_key(m: Machine, f: Frame, key: Value, at: int) -> tuple[Value, Value | None]:
    loc = key.single()
    obj = f.state.obj(loc) if loc is not None else None
    if obj is not None and obj.kind == "tuple" and obj.length == 2:
        return obj.parts[Const("int", 0)], obj.parts[Const("int", 1)]
    return key, None


def is_pair(f: Frame, key: Value) -> bool:
    """Whether rows and columns are asked for: ``[rows, columns]``."""
    loc = key.single()
    obj = f.state.obj(loc) if loc is not None else None
    return obj is not None and obj.kind == "tuple" and obj.length == 2


def _of_rows(
    m: Machine, f: Frame, loc: Loc, rows: Value, columns: Value | None, at: int, *, by_place: bool
) -> Value:
    made = frame_names.choice_of(f, columns) if columns is not None else None
    if made is not None:
        return new(
            m,
            f,
            at,
            frame_conditions.filtered(m, f, frame_names.chosen(m, f, loc, made, at), rows),
            "located",
        )
    table = read(m.obj(f, loc))
    names: list[Const] | None = None
    if columns is not None:
        given, exact = names_in(m, f, columns, at)
        if by_place:
            given, exact = _by_place(table, given, exact)
        names = given if exact else None
    single = _is_label(f, rows)
    chosen = table if names is None else selected(m, f, loc, names, at)
    chosen = frame_conditions.filtered(m, f, chosen, rows)
    one_column = columns is not None and not is_selection(f, columns) and columns.constant() is not None
    if single and one_column:
        return join_all(chosen.columns.values())
    if one_column and names:
        cell = join_all(chosen.columns.values())
        return column(
            m, f, at, cell, [str(name.value) for name in names], series_type(table.type), index=table.index
        )
    if single:
        return frame_rows.row(m, f, at, chosen, [loc], "row of loc")
    if columns is None:
        return frame_conditions.rows(m, f, at, table, rows, "located")
    return new(m, f, at, chosen, "located")


def _by_place(table: Table, given: list[Const], exact: bool) -> tuple[list[Const], bool]:
    known = table.known()
    if not exact or table.open or not table.rest.is_bottom:
        return [], False
    places = [name.value for name in given]
    return [known[n] for n in places if isinstance(n, int) and -len(known) <= n < len(known)], True


def _is_label(f: Frame, rows: Value) -> bool:
    constant = rows.constant()
    return constant is not None and not isinstance(constant.value, bool | None)


def set_indexed(m: Machine, f: Frame, obj: Obj, key: Value, value: Value, at: int, strong: bool) -> None:
    """``table.loc[rows, columns] = value``: all rows are written for sure only by ``[:, columns]``."""
    rows, columns = _split_key(m, f, key, at)
    for loc in obj.parts[OWNER].locs():
        held = m.obj(f, loc)
        if not is_table(held):
            continue
        table = read(held)
        target = columns
        if columns is not None and obj.type in ("iloc", "iat"):
            names, exact = _by_place(table, *names_in(m, f, columns, at))
            listed = [of_const(name.value) for name in names]
            target = m.sequence(f, at, "list", listed, None if exact else OPAQUE, "places")
        if target is None:
            cell = cell_of(m, f, value, at)
            store(m, f, loc, replace(table, rest=join(table.rest, cell)))
        else:
            set_item(m, f, loc, held, target, value, at, strong and rows == WHOLE)


WHOLE = of_ref(External("builtins.slice"))
"""What a bare ``:`` evaluates to as an index of rows."""


def sliced(
    m: Machine, f: Frame, loc: Loc, obj: Obj, bounds: Sequence[int | None], known: bool, at: int
) -> Value:
    """``table[1:5]``, ``column[:3]``; a slice of the texts of a column cuts each of them."""
    if obj.kind == INDEXER:
        owners = [(owner, m.obj(f, owner)) for owner in obj.parts[OWNER].locs()]
        return join_all(sliced(m, f, owner, held, bounds, known, at) for owner, held in owners)
    if obj.type in TEXTS:
        cut = slice_text(obj.parts.get(DATA, BOTTOM).with_(refs={}), bounds, known)
        return made_column(m, f, obj, cut, at, "sliced texts")
    if is_column(obj):
        return m.new(f, at, obj, "sliced column")
    return new(m, f, at, read(obj), "sliced")


def made_column(m: Machine, f: Frame, of: Obj, cell: Value, at: int, label: str) -> Value:
    """A column of the same names with other values; ``of`` is a column or its accessor."""
    parts = {**of.parts, DATA: cell}
    type_ = next(
        (kind for kind in (*COLUMNS, *EXPRESSIONS) if of.type in (kind, f"{kind}.str", f"{kind}.dt")), of.type
    )
    return m.new(f, at, Obj("library", type=type_, parts=parts), label)


def column_item(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, at: int) -> Value:
    """``column[key]``: one value, or the values for which a condition is true."""
    cell = frames.element(m, f, obj, at)
    if obj.type in TEXTS:
        constant = key.constant()
        index = constant.value if constant is not None and isinstance(constant.value, int) else None
        upper = None if index is None or index == -1 else index + 1
        cut = slice_text(cell.with_(refs={}), (index, upper, None), index is not None)
        return made_column(m, f, obj, cut, at, "letter")
    if obj.type in EXPRESSIONS or _is_label(f, key):
        return cell if obj.type in COLUMNS else made_column(m, f, obj, cell, at, "part")
    facts = frame_conditions.implied(m, f, key)
    held = Table("", {const("cell"): cell})
    kept = frame_conditions.holding(held, facts).columns[const("cell")] if facts else cell
    return made_column(m, f, obj, kept, at, "kept")
