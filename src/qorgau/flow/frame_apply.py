"""Functions of the project applied to tables, and rows handed out one by one or all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import frame_columns, frame_rows, frames
from qorgau.flow.constants import Const, const
from qorgau.flow.frame_groups import groups_of
from qorgau.flow.frame_methods import last, result_type
from qorgau.flow.frame_rows import is_row
from qorgau.flow.frame_types import GROUP
from qorgau.flow.frames import Table, cell_of, column, is_column, is_table, new, read, series_type
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, Value, is_true, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

OWN = (
    "func",
    "axis",
    "raw",
    "result_type",
    "by_row",
    "engine",
    "na_action",
    "function",
    "return_dtype",
    "skip_nulls",
    "include_groups",
    "meta",
)
"""Keywords that are ``apply``'s own."""

ONE = frozenset(("first", "row"))


def apply(m: Machine, f: Frame, u: Use) -> Value:
    """``apply``, ``map``, ``transform``: a function of each cell, column, row or group."""
    function = u.arg(0, "func") if "func" in u.args.keywords or u.args.positional else u.arg(0, "function")
    if last(u) == "pipe" or u.dotted == "pyspark.sql.DataFrame.transform":
        given = Args([u.receiver, *u.args.positional[1:]], dict(u.args.keywords), u.args.star, u.args.double)
        return m.call(f, function, given, u.at)
    results: list[Value] = []
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        if is_row(obj):
            found = frame_rows.method(m, f, loc, obj, "apply", u.args, u.at)
            results.append(found if found is not None else OPAQUE)
        elif is_column(obj):
            results.append(_to_column(m, f, u, obj, function))
        elif obj.kind == GROUP:
            results.append(_to_groups(m, f, u, obj, function))
        elif is_table(obj):
            results.append(_to_table(m, f, u, loc, read(obj), function))
    return join_all(results) if results else m.unknown_call(f, last(u), u.receiver, u.args, u.at)


def _to_column(m: Machine, f: Frame, u: Use, obj: Obj, function: Value) -> Value:
    extra = frame_columns.extra_arguments(m, f, u, OWN)
    result = frame_columns.applied(m, f, function, frames.element(m, f, obj, u.at), extra, u.at)
    parts: dict[Key, Value] = {**obj.parts, "$data": result}
    return m.new(f, u.at, Obj("library", type=obj.type, parts=parts), "mapped")


def _to_table(m: Machine, f: Frame, u: Use, loc: Loc, table: Table, function: Value) -> Value:
    name = last(u)
    extra = frame_columns.extra_arguments(m, f, u, OWN)
    if name in ("foreach", "foreachPartition", "map_rows") or _by_rows(u):
        return _each_row(m, f, u, loc, table, function, extra)
    if name in ("mapInPandas", "applyInPandas"):
        return _whole(m, f, u, table, function, extra)
    if name in ("map", "applymap"):
        cells = {
            key: frame_columns.applied(m, f, function, cell, extra, u.at)
            for key, cell in _columns(table).items()
        }
    else:
        cells = {
            key: _of_column(m, f, u, function, key, cell, extra) for key, cell in _columns(table).items()
        }
    rest = BOTTOM if table.rest.is_bottom else frame_columns.applied(m, f, function, table.rest, extra, u.at)
    made = Table(result_type(m, u, table.type), {**table.columns, **cells}, table.index, rest, table.open)
    return new(m, f, u.at, made, "applied")


def _by_rows(u: Use) -> bool:
    axis = u.arg(1, "axis").constant()
    return last(u) == "apply" and axis in (const(1), const("columns"))


def _columns(table: Table) -> dict[Const, Value]:
    return {key: table.columns[key] for key in table.known()}


def _of_column(m: Machine, f: Frame, u: Use, function: Value, key: Const, cell: Value, extra: Args) -> Value:
    """A function that is handed each column as a whole."""
    if function.texts() and not function.refs:
        return join_all(
            OPAQUE if text not in ("lower", "upper", "strip") else cell for text in function.texts()
        )
    series = column(m, f, u.at, cell, [str(key.value)], "pandas.Series", f"column {key.value}")
    args = Args([series, *extra.positional], dict(extra.keywords), extra.star)
    result = m.repeated(f, lambda: m.call(f, function, args, u.at))
    return cell_of(m, f, result, u.at)


def _each_row(m: Machine, f: Frame, u: Use, loc: Loc, table: Table, function: Value, extra: Args) -> Value:
    def run() -> Value:
        row = frame_rows.row(m, f, u.at, table, [loc], "applied row")
        if last(u) == "foreachPartition":
            row = m.new(f, u.at, Obj("generator", rest=row), "partition")
        elif last(u) == "map_rows":
            row = frame_rows.sequence_row(m, f, u.at, table, [loc], "tuple", "applied row")
        return m.call(f, function, Args([row, *extra.positional], dict(extra.keywords), extra.star), u.at)

    result = m.repeated(f, run)
    if last(u).startswith("foreach"):
        return of_const(None)
    spread = [found for ref in result.locs() if (found := _as_columns(m, f, u, ref)) is not None]
    expanded = u.args.keywords.get("result_type", BOTTOM).texts()
    if spread and (
        expanded or any(is_row(m.obj(f, ref)) or is_column(m.obj(f, ref)) for ref in result.locs())
    ):
        return new(m, f, u.at, replace(frames.joined(spread), type=table.type), "rows applied")
    return column(m, f, u.at, cell_of_result(m, f, result), [], series_type(table.type), "row by row")


def cell_of_result(m: Machine, f: Frame, result: Value) -> Value:
    """A function's result for a row, as the cell of a column."""
    return OPAQUE if result.is_bottom else result


def _as_columns(m: Machine, f: Frame, u: Use, ref: Loc) -> Table | None:
    obj = m.obj(f, ref)
    if obj.kind == "dict":
        return Table("", dict(obj.items()), {}, obj.rest)
    if obj.kind in ("list", "tuple"):
        items = m.iterate(f, of_ref(ref), u.at)
        if items.items is not None:
            return Table("", {const(index): item for index, item in enumerate(items.items)})
        return Table("", rest=items.each)
    if is_column(obj):
        return Table("", rest=frames.element(m, f, obj, u.at))
    return None


def _whole(m: Machine, f: Frame, u: Use, table: Table, function: Value, extra: Args) -> Value:
    """A function of a whole table (``pipe``, ``applyInPandas``)."""
    handed = replace(table, type="pandas.DataFrame") if "InPandas" in last(u) else table
    argument = new(m, f, u.at, handed, "handed")
    if last(u) == "mapInPandas":
        argument = m.new(f, u.at, Obj("generator", rest=argument), "batches")
    result = m.call(f, function, Args([argument, *extra.positional], dict(extra.keywords), extra.star), u.at)
    if "InPandas" not in last(u):
        return result
    found = frames.tables_of(m, f, result) or frames.tables_of(m, f, m.iterate(f, result, u.at).each)
    made = (
        frames.joined([each for _, each in found])
        if found
        else Table("", rest=Value(m.contents(f, result), opaque=True))
    )
    return new(m, f, u.at, replace(made, type=table.type), "from pandas")


def _to_groups(m: Machine, f: Frame, u: Use, obj: Obj, function: Value) -> Value:
    """A function of each group: of its rows, or of the values of a column."""
    table = groups_of(obj)
    type_ = "polars.DataFrame" if table.type.startswith("polars.") else "pandas.DataFrame"
    single = "SeriesGroupBy" in table.type
    if function.texts() and not function.refs:
        return column(m, f, u.at, OPAQUE, [], "pandas.Series", "transformed")
    keys = {const(name): cell for name, cell in table.index.items()}
    rows = Table(type_, {**keys, **table.columns}, {}, table.rest, table.open)

    def run() -> Value:
        if single or last(u) == "transform":
            names = [str(name.value) for name in table.known()]
            handed = column(m, f, u.at, join_all(table.columns.values()), names, "pandas.Series", "group")
        else:
            handed = new(m, f, u.at, rows, "group")
        return m.call(f, function, Args([handed]), u.at)

    result = m.repeated(f, run)
    found = frames.tables_of(m, f, result)
    if found:
        made = frames.joined([each for _, each in found])
        return new(
            m, f, u.at, replace(made, type=type_, index={**table.index, **made.index}), "groups applied"
        )
    cell = cell_of(m, f, result, u.at) if not any(is_row(m.obj(f, ref)) for ref in result.locs()) else result
    index: dict[Key, Value] = {f"{frames.INDEX}{name}": key for name, key in table.index.items()}
    if last(u) == "transform":
        index = {}
    return m.new(
        f, u.at, Obj("library", type="pandas.Series", parts={**index, "$data": cell}), "groups applied"
    )


# Rows


def rows(m: Machine, f: Frame, u: Use) -> Value:
    """``itertuples``, ``iterrows``, ``to_dict``, ``collect`` and their like."""
    results: list[Value] = []
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        if is_row(obj):
            found = frame_rows.method(m, f, loc, obj, last(u), u.args, u.at)
            results.append(found if found is not None else of_ref(loc))
        elif is_table(obj):
            results.append(_rows_of(m, f, u, loc, read(obj)))
    return join_all(results) if results else m.unknown_call(f, last(u), u.receiver, u.args, u.at)


def _rows_of(m: Machine, f: Frame, u: Use, loc: Loc, table: Table) -> Value:
    name = last(u)
    sources = [loc]
    if name == "to_dict" and not table.type.startswith("polars."):
        return _to_dict(m, f, u, loc, table)
    if name == "to_dict":
        parts: dict[Key, Value] = {
            key: column(m, f, u.at, cell, [str(key.value)], "polars.Series", f"column {key.value}")
            for key, cell in _columns(table).items()
        }
        return m.new(f, u.at, Obj("dict", parts=parts, rest=table.rest), "dict of columns")
    if name == "iterrows":
        row = frame_rows.row(m, f, u.at, table, sources, "row")
        pair = m.sequence(
            f, u.at, "tuple", [join_all([*table.index.values(), OPAQUE]), row], None, "row pair"
        )
        return m.new(f, u.at, Obj("generator", rest=pair), "rows")
    if name == "itertuples":
        shift = 0 if u.arg(0, "index").constant() == Const("bool", False) else 1
        row = frame_rows.row(m, f, u.at, table, sources, "row", shift)
        return m.new(f, u.at, Obj("generator", rest=row), "rows")
    if name in ("item", "iter_slices", "partition_by"):
        part = new(m, f, u.at, table, "slice")
        return join_all(table.cells()) if name == "item" else m.new(f, u.at, Obj("list", rest=part), "slices")
    return _plain_rows(m, f, u, table, sources)


def _plain_rows(m: Machine, f: Frame, u: Use, table: Table, sources: Sequence[Loc]) -> Value:
    name = last(u)
    if name in ("collect", "take", "head", "tail", "toLocalIterator", "first"):
        row = frame_rows.row(m, f, u.at, table, sources, "row")
        single = name == "first" or (name == "head" and not u.args.positional and not u.args.keywords)
    elif name == "to_dicts" or is_true(u.args.keywords.get("named")):
        row, single = frame_rows.record(m, f, u.at, table, sources, "record"), name in ONE
    else:
        row, single = frame_rows.sequence_row(m, f, u.at, table, sources, "tuple", "tuple"), name in ONE
    if name == "rows_by_key":
        return m.new(f, u.at, Obj("dict", parts={"$keys": join_all(table.cells())}, rest=row), "rows by key")
    if single:
        return row
    return m.new(f, u.at, Obj("list", rest=frame_rows.of_all(m, f, row)), "rows")


def _to_dict(m: Machine, f: Frame, u: Use, loc: Loc, table: Table) -> Value:
    orient = next(iter(u.arg(0, "orient").texts()), "dict")
    if orient.startswith(("r", "i")):
        record = frame_rows.record(m, f, u.at, table, [loc], "record")
        if orient.startswith("i"):
            keys = join_all([*table.index.values(), OPAQUE])
            return m.new(f, u.at, Obj("dict", parts={"$keys": keys}, rest=record), "records by index")
        return m.new(f, u.at, Obj("list", rest=frame_rows.of_all(m, f, record)), "records")
    if orient in ("split", "tight"):
        row = frame_rows.sequence_row(m, f, u.at, table, [loc], "list", "data row")
        data = m.new(f, u.at, Obj("list", rest=row), "data")
        return m.new(f, u.at, Obj("dict", parts={const("data"): data, const("columns"): OPAQUE}), "split")
    parts: dict[Key, Value] = {}
    for key, cell in _columns(table).items():
        if orient.startswith("l"):
            parts[key] = m.new(f, u.at, Obj("list", rest=cell), f"list {key.value}")
        elif orient.startswith("s"):
            parts[key] = column(m, f, u.at, cell, [str(key.value)], "pandas.Series", f"series {key.value}")
        else:
            index = join_all([*table.index.values(), OPAQUE])
            parts[key] = m.new(f, u.at, Obj("dict", parts={"$keys": index}, rest=cell), f"dict {key.value}")
    closed = not table.open and table.rest.is_bottom
    return m.new(
        f,
        u.at,
        Obj("dict", parts=parts, rest=table.rest, info="exact" if closed else None),
        "dict of columns",
    )


def items(m: Machine, f: Frame, u: Use) -> Value:
    """``items()``, ``get_columns()``, ``iter_columns()``: the columns one by one."""
    results: list[Value] = []
    for _, table in frames.tables_of(m, f, u.receiver):
        each = [
            column(m, f, u.at, cell, [str(key.value)], series_type(table.type), f"column {key.value}")
            for key, cell in _columns(table).items()
        ]
        if last(u) in ("items", "iteritems"):
            each = [
                m.sequence(f, u.at, "tuple", [of_const(key.value), one], None, f"item {key.value}")
                for key, one in zip(_columns(table), each, strict=True)
            ]
        closed = not table.open and table.rest.is_bottom
        results.append(m.sequence(f, u.at, "list", each, None if closed else table.rest, "columns"))
    return join_all(results) if results else m.unknown_call(f, last(u), u.receiver, u.args, u.at)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "frame-apply": apply,
    "frame-items": items,
    "frame-rows": rows,
}
