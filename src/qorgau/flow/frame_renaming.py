"""Columns under other names: ``rename``, ``withColumnRenamed``, ``toDF``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import (
    frames,
)
from qorgau.flow.constants import Const, const
from qorgau.flow.frame_access import with_names
from qorgau.flow.frames import Table, column_of, read
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, Value, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

from qorgau.flow.frame_methods import last, on_tables, texts_of


def rename(m: Machine, f: Frame, u: Use) -> Value:
    """``rename``, ``withColumnRenamed``, ``toDF``: columns keep what they hold."""
    return on_tables(m, f, u, lambda loc, table: _renamed(m, f, u, loc, table), "renamed")


def _renamed(m: Machine, f: Frame, u: Use, loc: Loc, table: Table) -> Table:
    if last(u) == "toDF":
        names = [const(text) for value in u.args.all() for text in texts_of(m, f, value, u.at)]
        return with_names(m, f, loc, table, names, u.at) if names else table
    if last(u) == "withColumnRenamed":
        pairs = {const(old): new_ for old in u.arg(0, "existing").texts() for new_ in u.arg(1, "new").texts()}
    else:
        axis = u.args.keywords.get("axis", BOTTOM).constant() in (const(1), const("columns"))
        mapping = u.args.keywords.get("columns", BOTTOM)
        positional = axis or not u.dotted.startswith(("pandas.", "geopandas.", "dask."))
        if mapping.is_bottom and positional:
            mapping = u.arg(0, "mapper") if axis else u.arg(0, "mapping")
        pairs = _pairs(m, f, mapping, table, u.at)
    for name in pairs:
        column_of(m, f, loc, name, u.at)
    table = read(m.obj(f, loc))
    cells = {name: column_of(m, f, loc, name, u.at) for name in pairs if table.open or name in table.columns}
    columns: dict[Const, Value] = {}
    for name, cell in table.columns.items():
        columns[const(pairs[name]) if name in pairs else name] = cell
    for name, cell in cells.items():
        target = const(pairs[name])
        columns[target] = frames.named_cell(m, f, cell, target, of_ref(loc), u.at)
        if table.open and name != target and name not in [const(new_) for new_ in pairs.values()]:
            columns[name] = BOTTOM
    return replace(table, columns=columns)


def _pairs(m: Machine, f: Frame, mapping: Value, table: Table, at: int) -> dict[Const, str]:
    """Old and new names of a mapping or of a function of names."""
    pairs: dict[Const, str] = {}
    for ref in mapping.refs:
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if obj is not None and obj.kind == "dict":
            pairs.update({key: text for key, part in obj.items() for text in part.texts()[:1]})
        elif obj is None or obj.kind == "function":
            for name in table.known():
                result = m.call(f, Value(refs={ref: frozenset()}), Args([of_const(name.value)]), at)
                if result.texts():
                    pairs[name] = result.texts()[0]
    return pairs


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {"frame-rename": rename}
