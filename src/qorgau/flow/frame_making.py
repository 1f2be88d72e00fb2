"""Where tables come from: values of the program, files whose columns are told, rows of queries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import (
    class_records,
    frame_columns,
    frame_conditions,
    frames,
    origins,
    places,
    queries,
    query_rows,
)
from qorgau.flow.constants import Const, const
from qorgau.flow.frame_access import with_names
from qorgau.flow.frame_names import names_in
from qorgau.flow.frame_types import TABLES
from qorgau.flow.frames import Table, cell_of, is_column, is_table, joined, read, written
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.sites import Site
from qorgau.flow.taints import ORIGINS
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, UNKNOWN, Value, join_all, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

CHOOSING = ("usecols", "columns")
NAMING = ("names", "new_columns")
TYPING = ("dtype", "converters", "parse_dates", "schema_overrides", "dtypes", "schema", "na_values")
"""Arguments of readers that mention columns by name without choosing among them."""

BUILT = frozenset(
    [
        "DataFrame",
        "LazyFrame",
        "GeoDataFrame",
        "from_records",
        "from_dict",
        "from_dicts",
        "json_normalize",
        "from_pandas",
        "from_arrow",
        "from_numpy",
        "createDataFrame",
    ]
)


ARROW = frozenset(("table", "record_batch", "from_pydict", "from_pylist", "from_arrays"))


def make(m: Machine, f: Frame, u: Use) -> Value:
    """A table made of values, read from a file, or selected from a database."""
    type_ = _type(m, u)
    name = u.dotted.rpartition(".")[2]
    if name in BUILT or (name in ARROW and u.dotted.startswith("pyarrow.")):
        return _built(m, f, u, type_)
    query = m.policy.catalog.rows(u.dotted).query
    if query is not None:
        return _in_pieces(m, f, u, _queried(m, f, u, type_, queries.run(m, f, u, query)))
    found = _read(m, f, u, type_)
    if name == "read_html":
        return m.new(f, u.at, Obj("list", rest=found), "tables of a page")
    return _in_pieces(m, f, u, found)


def _type(m: Machine, u: Use) -> str:
    rows = m.policy.catalog.rows(u.dotted)
    for row in (rows.returns, rows.source):
        if row is not None and row.type in TABLES:
            return row.type
    return "polars.DataFrame" if u.dotted.startswith("polars.") else "pandas.DataFrame"


def _put(m: Machine, f: Frame, u: Use, table: Table, loc: Loc) -> Value:
    f.state.heap[loc] = written(table)
    m.made.append(loc)
    return of_ref(loc)


def _in_pieces(m: Machine, f: Frame, u: Use, table: Value) -> Value:
    """With ``chunksize`` or ``iterator`` the tables come one by one; of several sheets, by name."""
    pieces = [u.args.keywords.get(name) for name in ("chunksize", "iterator", "batch_size", "iter_batches")]
    given = [value.constant() for value in pieces if value is not None]
    if any(constant is None or constant.value not in (None, False) for constant in given):
        return m.new(f, u.at, Obj("generator", rest=table), "chunks")
    sheets = u.arg(1, "sheet_name")
    if "excel" in u.dotted and _several(f, sheets):
        return m.new(f, u.at, Obj("dict", rest=table), "sheets")
    return table


def _several(f: Frame, sheets: Value) -> bool:
    listed = any((obj := f.state.obj(loc)) is not None and obj.kind == "list" for loc in sheets.locs())
    return listed or (sheets.constant() is not None and sheets.constant() == const(None))


# Read from outside


def _read(m: Machine, f: Frame, u: Use, type_: str) -> Value:
    """An open table, of the columns that the arguments choose, name or mention."""
    loc = f.place(u.at, _origin(m, f, u) or "table")
    table = Table(type_, open=True)
    for argument in (*NAMING, *CHOOSING):
        value = u.args.keywords.get(argument)
        if value is None:
            continue
        names, exact = names_in(m, f, value, u.at)
        names = [name for name in names if name.type == "str"]
        if exact and names:
            columns = {name: frames.raw(m, f.unit, u.at, loc, name) for name in names}
            table = Table(type_, columns)
    if table.open:
        table = table.mapped(_mentioned(m, f, u, loc))
    converters = u.args.keywords.get("converters", BOTTOM)
    for each in converters.locs():
        for name, function in m.obj(f, each).items():
            cell = frames.raw(m, f.unit, u.at, loc, name)
            table = table.put(name, frame_columns.applied(m, f, function, cell, Args(), u.at))
    made = _put(m, f, u, table, loc)
    return _index_column(m, f, u, made)


def _origin(m: Machine, f: Frame, u: Use) -> str:
    """How what is read was collected: as its source says, or as what it is read from (an uploaded file)."""
    source = m.policy.catalog.source(u.dotted)
    if source is not None and source.kind in ORIGINS:
        return source.kind
    for value in u.args.positional[:1]:
        found = origins.of_held(f, value) or places.origin(m.policy, Site(hosts=frozenset(value.texts())))
        if found in ORIGINS:
            return found
    return ""


def _mentioned(m: Machine, f: Frame, u: Use, loc: Loc) -> dict[Const, Value]:
    found: dict[Const, Value] = {}
    for argument in TYPING:
        value = u.args.keywords.get(argument, BOTTOM)
        for name in names_in(m, f, value, u.at)[0]:
            if name.type == "str" and m.policy.fields_of(str(name.value)):
                found[name] = frames.raw(m, f.unit, u.at, loc, name)
    return found


def _index_column(m: Machine, f: Frame, u: Use, made: Value) -> Value:
    value = u.args.keywords.get("index_col", BOTTOM)
    names = [name for name in names_in(m, f, value, u.at)[0] if name.type == "str"]
    for loc in made.locs():
        index = {str(name.value): frames.column_of(m, f, loc, name, u.at) for name in names}
        if index:
            table = read(m.obj(f, loc)).without(names)
            frames.store(m, f, loc, replace(table, index=index))
    return made


def _queried(m: Machine, f: Frame, u: Use, type_: str, rows: Value) -> Value:
    """The table that the rows of a query are."""
    loc = f.place(u.at, "table")
    found = [_of_rows(m, f, of_ref(ref, unknown=rows.unknown), loc, u.at) for ref in rows.locs()]
    tables = [table for table in found if table is not None]
    table = joined(tables) if tables else Table(type_, open=True)
    made = _put(m, f, u, replace(table, type=type_), loc)
    return _index_column(m, f, u, made)


def _of_query(m: Machine, f: Frame, u: Use) -> Value:
    """``connection.sql(...).df()``: the rows of a query as a table."""
    rows = query_rows.fetch(m, f, u)
    type_ = "polars.DataFrame" if u.dotted.endswith(".pl") else "pandas.DataFrame"
    return _queried(m, f, u, type_, rows)


# Made of values


def _built(m: Machine, f: Frame, u: Use, type_: str) -> Value:
    loc = f.place(u.at, "table")
    data = u.arg(0, "data")
    table = columns_from(m, f, data, loc, u.at)
    names = _given_names(m, f, u)
    if u.dotted.endswith("from_arrays") and names is not None:
        arrays = m.iterate(f, data, u.at).items or ()
        columns = {name: cell_of(m, f, array, u.at) for name, array in zip(names, arrays, strict=False)}
        table, names = Table(type_, columns), None
    if names is not None:
        table = _with_columns(m, f, loc, replace(table, type=type_), names, u.at)
    index = u.args.keywords.get("index", BOTTOM)
    if index.refs and type_.startswith("pandas."):
        held = index.texts() or [""]
        table = replace(table, index={held[0]: cell_of(m, f, index, u.at)})
    return _put(m, f, u, replace(table, type=type_), loc)


def _given_names(m: Machine, f: Frame, u: Use) -> list[Const] | None:
    value = next(filter(None, map(u.args.keywords.get, ("columns", "schema", "names"))), None)
    place = 2 if u.dotted == "pandas.DataFrame" else 1
    if value is None and len(u.args.positional) > place:
        value = u.args.positional[place]
    if value is None:
        return None
    names, exact = names_in(m, f, value, u.at)
    return names if exact and names else None


def _with_columns(m: Machine, f: Frame, loc: Loc, table: Table, names: list[Const], at: int) -> Table:
    """Columns chosen by name where the data has names, given names where it has none."""
    if any(name in table.columns for name in names) or (
        table.columns and all(n.type == "str" for n in table.columns)
    ):
        columns = {name: table.columns.get(name, OPAQUE if not table.open else table.rest) for name in names}
        return replace(table, columns=columns, rest=BOTTOM, open=False)
    if not table.columns and not table.open and table.rest.is_bottom:
        return replace(table, columns=dict.fromkeys(names, OPAQUE))
    numbered = sorted(
        (name for name in table.columns if isinstance(name.value, int)), key=lambda name: str(name.value)
    )
    if len(numbered) == len(names):
        return with_names(m, f, loc, replace(table, open=False, rest=BOTTOM), names, at)
    held = join_all([table.rest, *table.columns.values()])
    cells = dict.fromkeys(names, held if not held.is_bottom else UNKNOWN)
    owner = of_ref(loc)
    named = {name: frames.named_cell(m, f, cell, name, owner, at) for name, cell in cells.items()}
    return replace(table, columns=named, rest=BOTTOM, open=False)


def columns_from(m: Machine, f: Frame, data: Value, loc: Loc, at: int) -> Table:
    """The table that a constructor makes of a mapping, of rows, of another table or of something unknown."""
    tables: list[Table] = []
    for ref in data.locs():
        obj = f.state.obj(ref)
        if obj is not None and is_table(obj):
            tables.append(read(obj))
        elif obj is not None and is_column(obj):
            names = frames.names_of_column(obj) or ["0"]
            tables.append(Table("", {const(name): frames.element(m, f, obj, at) for name in names}))
        elif obj is not None and obj.kind == "dict":
            tables.append(_of_mapping(m, f, obj, loc, at))
        else:
            tables += _of_rows_in(m, f, of_ref(ref, unknown=data.unknown), loc, at)
    if data.taints and not tables:
        tables.append(Table("", rest=Value(data.taints, opaque=True)))
    if not tables:
        return Table("", open=data.unknown)
    return joined(tables)


def _of_mapping(m: Machine, f: Frame, obj: Obj, loc: Loc, at: int) -> Table:
    owner = of_ref(loc)
    columns = {
        name: frames.named_cell(m, f, _listed(m, f, part, at), name, owner, at)
        for name, part in obj.items()
        if not part.is_bottom
    }
    rest = BOTTOM if obj.rest.is_bottom else _listed(m, f, obj.rest, at)
    return Table("", columns, {}, rest)


def _listed(m: Machine, f: Frame, value: Value, at: int) -> Value:
    """The cell of a column given as a list, a series, an iterable of the program or one value."""
    opaque = [loc for loc in value.locs() if f.state.obj(loc) is None and value.unknown and not value.taints]
    if opaque:
        return m.iterate(f, value, at).each
    return cell_of(m, f, value, at)


def _of_rows_in(m: Machine, f: Frame, rows: Value, loc: Loc, at: int) -> list[Table]:
    iteration = m.iterate(f, rows, at)
    items = (
        iteration.items if iteration.items is not None and len(iteration.items) <= 12 else (iteration.each,)
    )
    found = [table for item in items if (table := _of_rows(m, f, item, loc, at)) is not None]
    return (
        found
        if found or iteration.items == ()
        else [Table("", rest=_scalar(iteration.each), open=rows.unknown)]
    )


def _scalar(value: Value) -> Value:
    return Value(value.taints, opaque=True) if value.taints else BOTTOM


def _of_rows(m: Machine, f: Frame, row: Value, loc: Loc, at: int) -> Table | None:
    """The table of rows that are like one: dicts, tuples, objects of a class, rows of a query."""
    tables: list[Table] = []
    for ref, facts in row.refs.items():
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if not isinstance(ref, Loc):
            continue
        table = _of_row(m, f, ref, obj, row, loc, at)
        if table is not None:
            own = frame_conditions.of_person(table, [ref], loc)
            renamed = frozenset(fact._replace(subject=loc) if fact.subject == ref else fact for fact in facts)
            tables.append(frames.stamped(own, renamed) if renamed else own)
    if row.taints and not tables:
        tables.append(Table("", {const(0): Value(row.taints, opaque=True)}))
    return joined(tables) if tables else None


def _of_row(m: Machine, f: Frame, ref: Loc, obj: Obj | None, row: Value, loc: Loc, at: int) -> Table | None:
    if obj is None:
        return Table("", open=True) if row.unknown else None
    if obj.type.rpartition(".")[2] == "Rows":
        inner = obj.parts.get("$row", BOTTOM)
        return _of_rows(m, f, inner, loc, at) if inner.refs else Table("", open=True)
    if obj.kind == "dict":
        columns = {
            name: frames.named_cell(m, f, part, name, of_ref(loc), at)
            for name, part in obj.items()
            if not part.is_bottom
        }
        return Table("", columns, {}, obj.rest, open=obj.info != "exact" and obj.rest.unknown)
    if obj.kind in ("tuple", "list", "set"):
        items = m.iterate(f, of_ref(ref), at)
        if items.items is None:
            return Table("", rest=items.each)
        return Table("", {const(index): item for index, item in enumerate(items.items)})
    columns = {key: part for key, part in obj.parts.items() if isinstance(key, Const) and key.type == "str"}
    if obj.cls is not None:
        columns.update(_of_object(m, f, ref, obj, at))
    return Table("", columns, {}, obj.rest, open=obj.kind == "unknown" and not columns)


def _of_object(m: Machine, f: Frame, ref: Loc, obj: Obj, at: int) -> Iterable[tuple[Const, Value]]:
    only = obj.parts.get("$only")
    allowed = set(only.texts()) if only is not None else None
    for name, _ in class_records.record(m, f, ref):
        if allowed is None or name in allowed:
            yield const(name), m.attribute(f, of_ref(ref, unknown=obj.kind == "unknown"), name, at)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {"frame": make, "frame-of-rows": _of_query}
