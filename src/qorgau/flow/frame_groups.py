"""Groups and aggregates: keys stay what they are, of the rest only sums, counts and the like remain.

Aggregates that give values of the column (``first``, ``list``) leave the datum (spec section 5).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import consent, frame_conditions, frame_expressions, frame_rows, frames
from qorgau.flow.constants import Const, const
from qorgau.flow.frame_methods import frame_columns_parts, last, result_type
from qorgau.flow.frame_names import names_in
from qorgau.flow.frame_types import COLUMNS, GROUP, TABLE
from qorgau.flow.frames import Table, cell_of, column_of, is_column, is_table, new, read, written
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame, Iteration
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, External, Value, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

KEPT = frozenset(
    [
        "first",
        "last",
        "nth",
        "mode",
        "list",
        "set",
        "tuple",
        "unique",
        "any_value",
        "collect_list",
        "collect_set",
    ]
)
"""Aggregates whose result is one or more of the values themselves."""

FLAT = "$flat"
"""Marks groups whose keys become columns again (``as_index=False``, polars, pyspark)."""


def groupby(m: Machine, f: Frame, u: Use) -> Value:
    """``groupby``, ``group_by``, ``resample``."""
    results: list[Value] = []
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        if is_table(obj):
            results.append(_grouped(m, f, u, loc, obj))
        elif is_column(obj):
            results.append(_grouped_column(m, f, u, obj))
    return join_all(results) if results else m.unknown_call(f, last(u), u.receiver, u.args, u.at)


def _grouped(m: Machine, f: Frame, u: Use, loc: Loc, obj: Obj) -> Value:
    pandas = u.dotted.startswith(("pandas.", "geopandas.", "dask."))
    given = u.args.positional[:1] if pandas else list(u.args.positional)
    given += [u.args.keywords[name] for name in ("by", "on", "index_column") if name in u.args.keywords]
    keys = dict(
        frame_expressions.resolved(m, f, loc, [value for value in given if not _is_function(f, value)], u.at)
    )
    for name, value in u.args.keywords.items():
        if not pandas and name not in ("maintain_order", "every", "period"):
            keys[const(name)] = frame_expressions.cell_on(m, f, loc, value, const(name), u.at)
    table = read(m.obj(f, loc))
    levels = (
        table.index if "level" in u.args.keywords or any(_is_function(f, value) for value in given) else {}
    )
    asked = {name: consent.attribute(m, f, cell, str(name.value), of_ref(loc)) for name, cell in keys.items()}
    index = {**levels, **{str(name.value): cell for name, cell in asked.items()}}
    made = replace(table.without(list(keys)), index=index, type=result_type(m, u, table.type))
    flat = not pandas or u.args.keywords.get("as_index", BOTTOM).constant() == Const("bool", False)
    return _new(m, f, u.at, made, flat, "groups")


def _is_function(f: Frame, value: Value) -> bool:
    return any((obj := f.state.obj(loc)) is not None and obj.kind == "function" for loc in value.locs())


def _grouped_column(m: Machine, f: Frame, u: Use, obj: Obj) -> Value:
    names = frames.names_of_column(obj) or ["0"]
    keys = {str(index): cell_of(m, f, value, u.at) for index, value in enumerate(u.args.positional)}
    if "level" in u.args.keywords:
        keys = frames.levels_of(obj)
    table = Table(result_type(m, u, obj.type), {const(names[0]): frames.element(m, f, obj, u.at)}, keys)
    return _new(m, f, u.at, table, False, "groups of column")


def _new(m: Machine, f: Frame, at: int, table: Table, flat: bool, label: str) -> Value:
    obj = written(table)
    parts: dict[Key, Value] = {**obj.parts, FLAT: of_const(flat)}
    return m.new(f, at, replace(obj, kind=GROUP, parts=parts), label)


def groups_of(obj: Obj) -> Table:
    """The table whose groups an object is: keys in its index."""
    return read(replace(obj, kind=TABLE))


def item(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, at: int) -> Value:
    """``groups["cost"]``, ``groups[["cost", "age"]]``: the columns to aggregate."""
    table = groups_of(obj)
    names, exact = names_in(m, f, key, at)
    if not exact:
        return of_ref(loc)
    columns = {name: _column(m, f, loc, table, name, at) for name in names}
    single = key.constant() is not None
    kind = table.type.replace("DataFrameGroupBy", "SeriesGroupBy") if single else table.type
    chosen = Table(kind, columns, table.index)
    return _new(
        m, f, at, chosen, obj.parts.get(FLAT, BOTTOM).constant() == Const("bool", True), "chosen of groups"
    )


def _column(m: Machine, f: Frame, loc: Loc, table: Table, name: Const, at: int) -> Value:
    if isinstance(name.value, str) and name.value in table.index:
        return table.index[name.value]
    found = table.columns.get(name)
    if found is not None and not found.is_bottom:
        return found
    return frames.raw(m, f.unit, at, loc, name) if table.open and found is None else OPAQUE


def iterate(m: Machine, f: Frame, obj: Obj, at: int) -> Iteration:
    """``for key, group in groups``: the key and the group's rows."""
    table = groups_of(obj)
    rows = _whole(table, "pandas.DataFrame" if table.type.startswith("pandas.") else "polars.DataFrame")
    loc = f.place(at, "group")
    group = new(m, f, at, frame_rows.personal(f, rows, (), loc), "group")
    pair = m.sequence(f, at, "tuple", [_key_of(m, f, table, loc), group], None, "group pair")
    return Iteration(None, pair)


def _key_of(m: Machine, f: Frame, table: Table, group: Loc) -> Value:
    """The key of a group: where it is one flag of consent, its truth is that of all in the group."""
    key = join_all([*table.index.values(), OPAQUE])
    facts = frame_conditions.agreed(m, f, table)
    return key.with_(when_true=frozenset(fact._replace(subject=group) for fact in facts)) if facts else key


def _whole(table: Table, type_: str) -> Table:
    """The rows of groups, keys among their columns."""
    keys = {const(name): cell for name, cell in table.index.items()}
    return Table(type_, {**keys, **table.columns}, {}, table.rest, table.open)


# Aggregates


def aggregate(m: Machine, f: Frame, u: Use) -> Value:
    """``groups.sum()``, ``groups.agg(...)``, ``value_counts``, ``pivot_table``."""
    name = last(u)
    if name in ("pivot_table", "crosstab"):
        return _pivoted(m, f, u)
    results: list[Value] = []
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        if obj.kind == GROUP:
            results.append(_of_groups(m, f, u, loc, obj))
        elif is_table(obj):
            results.append(_of_table(m, f, u, loc, read(obj)))
        elif is_column(obj):
            results.append(_of_column(m, f, u, obj))
    return join_all(results) if results else OPAQUE


def _of_groups(m: Machine, f: Frame, u: Use, loc: Loc, obj: Obj) -> Value:
    name, table = last(u), groups_of(obj)
    flat = obj.parts.get(FLAT, BOTTOM).constant() == Const("bool", True)
    if name in ("agg", "aggregate"):
        columns = _specified(m, f, u, loc, obj, table)
    elif name == "size" or name == "len":
        columns = {const("size"): OPAQUE}
    elif name == "value_counts":
        keys = {str(key.value): cell for key, cell in table.columns.items()}
        table, columns = replace(table, index={**table.index, **keys}), {const("count"): OPAQUE}
    else:
        chosen = [
            each
            for value in u.args.positional
            for each in names_in(m, f, value, u.at)[0]
            if each.type == "str"
        ]
        kept = {key: _column(m, f, loc, table, key, u.at) for key in chosen} or table.columns
        columns = {key: cell if name in KEPT else OPAQUE for key, cell in kept.items()}
    type_ = result_type(m, u, obj.type)
    rest = table.rest if name in KEPT else BOTTOM
    made = Table(type_, columns, table.index, rest)
    if type_ in COLUMNS and len(columns) == 1 and not flat:
        return m.new(
            f, u.at, Obj("library", type=type_, parts=frame_columns_parts(made)), "aggregated column"
        )
    if type_ in COLUMNS:
        made = replace(made, type="polars.DataFrame" if type_.startswith("polars.") else "pandas.DataFrame")
    if flat:
        made = replace(_whole(made, made.type), rest=rest)
    return new(m, f, u.at, made, "aggregated")


def _specified(m: Machine, f: Frame, u: Use, loc: Loc, obj: Obj, table: Table) -> dict[Const, Value]:
    """The columns of ``agg``: by function, by list, by column, by name, or by expression."""
    columns: dict[Const, Value] = {}
    if not u.dotted.startswith("pandas."):
        whole = new(m, f, u.at, _whole(table, ""), "to aggregate").locs()[0]
        given = list(u.args.positional)
        mappings = [value for value in given if any(m.obj(f, each).kind == "dict" for each in value.locs())]
        columns = dict(frame_expressions.resolved(m, f, whole, [v for v in given if v not in mappings], u.at))
        for name, value in u.args.keywords.items():
            columns[const(name)] = frame_expressions.cell_on(m, f, whole, value, const(name), u.at)
        for mapping in mappings:
            columns.update(_by_column(m, f, u, loc, table, mapping))
        return columns
    spec = u.arg(0, "func")
    if any(m.obj(f, each).kind == "dict" for each in spec.locs()):
        columns.update(_by_column(m, f, u, loc, table, spec))
    elif not spec.is_bottom:
        columns.update({name: _aggregated(m, f, cell, spec, u.at) for name, cell in table.columns.items()})
    for name, value in u.args.keywords.items():
        if name in ("func", "engine", "engine_kwargs", "axis"):
            continue
        columns[const(name)] = _named(m, f, u, loc, table, value)
    return columns


def _by_column(m: Machine, f: Frame, u: Use, loc: Loc, table: Table, spec: Value) -> dict[Const, Value]:
    columns: dict[Const, Value] = {}
    for each in spec.locs():
        for name, how in m.obj(f, each).items():
            columns[name] = _aggregated(m, f, _column(m, f, loc, table, name, u.at), how, u.at)
    return columns


def _named(m: Machine, f: Frame, u: Use, loc: Loc, table: Table, value: Value) -> Value:
    """``name=("column", how)`` or ``name=NamedAgg(column=..., aggfunc=...)``."""
    for each in value.locs():
        obj = m.obj(f, each)
        if obj.kind == "tuple" and obj.length == 2:
            names, _ = names_in(m, f, obj.parts[Const("int", 0)], u.at)
            cell = join_all(_column(m, f, loc, table, name, u.at) for name in names)
            return _aggregated(m, f, cell, obj.parts[Const("int", 1)], u.at)
        if "@column" in obj.parts or "@0" in obj.parts:
            names, _ = names_in(m, f, obj.parts.get("@column", obj.parts.get("@0", BOTTOM)), u.at)
            cell = join_all(_column(m, f, loc, table, name, u.at) for name in names)
            return _aggregated(m, f, cell, obj.parts.get("@aggfunc", obj.parts.get("@1", BOTTOM)), u.at)
    only = join_all(table.columns.values())
    return _aggregated(m, f, only, value, u.at)


def _aggregated(m: Machine, f: Frame, cell: Value, how: Value, at: int) -> Value:
    """What an aggregate leaves of a column."""
    found: list[Value] = []
    for text in how.texts():
        found.append(cell if text in KEPT else OPAQUE)
    for ref in how.refs:
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if isinstance(ref, External):
            known = ref.dotted.rpartition(".")[2] in KEPT | {"list", "set", "tuple", "str"}
            found.append(cell if known else OPAQUE)
        elif obj is not None and obj.kind in frames.ELEMENTS_OF:
            iteration = m.iterate(f, of_ref(ref), at)
            hows = iteration.items if iteration.items is not None else (iteration.each,)
            found += [_aggregated(m, f, cell, each, at) for each in hows]
        else:
            group = frames.column(m, f, at, cell, [], "pandas.Series", "group column")
            result = m.call(f, Value(refs={ref: frozenset()}), Args([group]), at)
            found.append(cell_of(m, f, result, at))
    return join_all(found) if found else OPAQUE


def _of_table(m: Machine, f: Frame, u: Use, loc: Loc, table: Table) -> Value:
    """Aggregates of a whole table."""
    name, type_ = last(u), result_type(m, u, table.type)
    if name == "value_counts":
        names, exact = names_in(m, f, u.arg(0, "subset"), u.at)
        chosen = names if exact and names else table.known()
        index = {str(key.value): column_of(m, f, loc, key, u.at) for key in chosen}
        parts = frame_columns_parts(Table("pandas.Series", {const("count"): OPAQUE}, index))
        return m.new(f, u.at, Obj("library", type="pandas.Series", parts=parts), "counts")
    if name in ("agg", "aggregate"):
        obj = written(Table(table.type, table.columns, {}, table.rest, table.open))
        columns = _specified(m, f, u, loc, obj, table)
        return new(m, f, u.at, Table(type_, columns), "aggregated")
    return new(m, f, u.at, Table(type_, dict.fromkeys(table.known(), OPAQUE)), "described")


def _of_column(m: Machine, f: Frame, u: Use, obj: Obj) -> Value:
    """Aggregates of a column: the counted values are the index."""
    name, cell = last(u), frames.element(m, f, obj, u.at)
    names = frames.names_of_column(obj) or ["0"]
    if name == "value_counts":
        table = Table("", {const("count"): OPAQUE}, {names[0]: cell})
        if obj.type.startswith("polars."):
            return new(m, f, u.at, replace(_whole(table, "polars.DataFrame"), rest=BOTTOM), "counts")
        return m.new(f, u.at, Obj("library", type=obj.type, parts=frame_columns_parts(table)), "counts")
    if name in ("agg", "aggregate"):
        return _aggregated(m, f, cell, u.arg(0, "func"), u.at)
    return OPAQUE


def _pivoted(m: Machine, f: Frame, u: Use) -> Value:
    """``pivot_table(values, index, columns)`` and ``crosstab(index, columns)``: what they group by stays."""
    source = u.receiver if u.receiver.refs else u.arg(0, "data")
    shift = 0 if u.receiver.refs else 1
    if last(u) == "crosstab":
        cells = [cell_of(m, f, value, u.at) for value in (u.arg(0, "index"), u.arg(1, "columns"))]
        return new(
            m, f, u.at, Table("pandas.DataFrame", {}, {"index": cells[0], "columns": cells[1]}), "pivoted"
        )
    index: dict[str, Value] = {}
    kept: list[Value] = []
    for loc, table in frames.tables_of(m, f, source):
        for value in (u.arg(1 + shift, "index"), u.arg(2 + shift, "columns")):
            for name in names_in(m, f, value, u.at)[0]:
                index[str(name.value)] = column_of(m, f, loc, name, u.at)
        values, _ = names_in(m, f, u.arg(0 + shift, "values"), u.at)
        how = u.arg(3 + shift, "aggfunc")
        chosen = [column_of(m, f, loc, name, u.at) for name in values] or list(table.columns.values())
        kept += [_aggregated(m, f, cell, how, u.at) for cell in chosen] if not how.is_bottom else []
    return new(m, f, u.at, Table("pandas.DataFrame", {}, index, join_all(kept)), "pivoted")


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "frame-aggregate": aggregate,
    "frame-groupby": groupby,
}
