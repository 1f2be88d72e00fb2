"""Methods that join tables, move their values about, take one column out, or say where a table is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import frames, places
from qorgau.flow.constants import Const, const
from qorgau.flow.frame_names import names_in
from qorgau.flow.frame_rows import is_row
from qorgau.flow.frames import Table, is_column, is_table, joined, new, read, store
from qorgau.flow.machine import Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, Value, is_true, join_all, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

from qorgau.flow.frame_methods import last, result_type

TABLE_OPTIONS = frozenset(("dbtable", "table", "collection", "topic"))
"""The options of a writer that name the table it writes to."""


ONE_SIDED = frozenset(["semi", "anti", "left_semi", "left_anti", "leftsemi", "leftanti"])


BY_ROWS = frozenset(
    ("concat", "append", "vstack", "extend", "union", "unionAll", "unionByName", "merge_sorted")
)


def merge(m: Machine, f: Frame, u: Use) -> Value:
    """``merge``, ``join``, ``concat``: the columns of both."""
    tables: list[Table] = []
    for value in [u.receiver, *u.args.all()]:
        tables += _given_tables(m, f, u, value)
    if last(u) == "append":
        tables += _given_row(m, f, u)
    if not tables:
        return m.unknown_call(f, last(u), u.receiver, u.args, u.at)
    how = set(u.args.keywords.get("how", BOTTOM).texts())
    how |= {text for value in u.args.positional for text in value.texts()}
    type_ = result_type(m, u, tables[0].type)
    if how & ONE_SIDED:
        return new(m, f, u.at, replace(tables[0], type=type_), "joined")
    names, _ = names_in(
        m, f, join_all(u.args.keywords.get(key, BOTTOM) for key in ("on", "left_on", "right_on")), u.at
    )
    if len(tables) == 2 and last(u) not in BY_ROWS:
        tables = [*_suffixed(m, f, u, tables[0], tables[1], names)]
    made = replace(joined(tables), type=type_)
    if last(u) in ("update", "extend", "append_") or (
        last(u) == "vstack" and is_true(u.args.keywords.get("in_place"))
    ):
        for loc in u.receiver.locs():
            if is_table(m.obj(f, loc)):
                store(m, f, loc, made)
    return new(m, f, u.at, made, "joined")


def _given_tables(m: Machine, f: Frame, u: Use, value: Value) -> list[Table]:
    found = [table for _, table in frames.tables_of(m, f, value)]
    for loc in value.locs():
        obj = m.obj(f, loc)
        if obj.kind in frames.ELEMENTS_OF:
            iteration = m.iterate(f, of_ref(loc), u.at)
            for item in iteration.items if iteration.items is not None else (iteration.each,):
                found += _given_tables(m, f, u, item)
        elif obj.kind == "dict":
            for _, part in obj.items():
                found += _given_tables(m, f, u, part)
            found += _given_tables(m, f, u, obj.rest)
        elif is_column(obj):
            names = frames.names_of_column(obj) or ["0"]
            cell = frames.element(m, f, obj, u.at)
            found.append(Table("pandas.DataFrame", {const(name): cell for name in names}))
    return found


def _given_row(m: Machine, f: Frame, u: Use) -> list[Table]:
    """A row given as a dict (``table.append({...})``)."""
    held = [m.obj(f, loc) for loc in u.arg(0, "other").locs()]
    return [Table("", dict(obj.items()), {}, obj.rest) for obj in held if obj.kind == "dict"]


def _suffixed(
    m: Machine, f: Frame, u: Use, left: Table, right: Table, keys: list[Const]
) -> tuple[Table, Table]:
    """Two tables whose columns of the same name get a suffix each, where a join gives them one."""
    shared = [name for name in left.columns if name in right.columns and name not in keys]
    if left.open or right.open or not shared:
        return left, right
    if not keys and last(u) in ("merge", "merge_ordered", "merge_asof"):
        return left, right
    first, second = _suffixes(m, f, u)

    def renamed(table: Table, suffix: str) -> Table:
        columns = {
            const(f"{name.value}{suffix}") if name in shared else name: cell
            for name, cell in table.columns.items()
        }
        return replace(table, columns=columns)

    return renamed(left, first), renamed(right, second)


def _suffixes(m: Machine, f: Frame, u: Use) -> tuple[str, str]:
    given = u.args.keywords.get("suffixes")
    if given is not None:
        items = m.iterate(f, given, u.at).items or ()
        texts = [next(iter(item.texts()), "") for item in items]
        if len(texts) == 2:
            return texts[0], texts[1]
    if last(u) in ("merge", "merge_ordered", "merge_asof"):
        return "_x", "_y"
    left, right = (next(iter(u.args.keywords.get(key, BOTTOM).texts()), "") for key in ("lsuffix", "rsuffix"))
    polars = next(iter(u.args.keywords.get("suffix", BOTTOM).texts()), "_right")
    return (left, right) if left or right else ("", polars if u.dotted.startswith("polars.") else "")


def one_column(m: Machine, f: Frame, u: Use) -> Value:
    """``pop``, ``get_column``, ``to_series``, ``squeeze``."""
    results: list[Value] = []
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        if is_row(obj) or not is_table(obj):
            continue
        key = (
            u.arg(0, "item")
            if u.args.positional or "item" in u.args.keywords
            else u.args.keywords.get("name", BOTTOM)
        )
        table = read(obj)
        if last(u) in ("squeeze", "to_series"):
            names = [str(name.value) for name in table.known()]
            cell = join_all([*table.columns.values(), table.rest])
            results.append(frames.column(m, f, u.at, cell, names[:1], frames.series_type(table.type)))
            continue
        results.append(m.item(f, of_ref(loc), key, u.at))
        if last(u) in ("pop", "drop_in_place"):
            m.delete_item(f, of_ref(loc), key, u.at)
    return join_all(results) if results else m.unknown_call(f, last(u), u.receiver, u.args, u.at)


def reshape(m: Machine, f: Frame, u: Use) -> Value:
    """``melt``, ``transpose``, ``stack``: values under new names; the table carries what it did."""
    tables = [table for value in [u.receiver, *u.args.all()] for table in _given_tables(m, f, u, value)]
    if not tables:
        return m.unknown_call(f, last(u), u.receiver, u.args, u.at)
    made = joined(tables)
    kept: list[Const] = []
    for key in ("id_vars", "index", "on"):
        kept += names_in(m, f, u.args.keywords.get(key, BOTTOM), u.at)[0]
    columns = {name: made.columns[name] for name in kept if name in made.columns}
    values, exact = names_in(m, f, u.args.keywords.get("value_vars", BOTTOM), u.at)
    moved = [
        name for name in made.known() if name not in columns and (name in values or not (values and exact))
    ]
    rest = join_all([made.rest, *(made.columns[name] for name in moved)])
    table = Table(result_type(m, u, made.type), columns, made.index, rest, made.open and not values)
    if last(u) in ("add_prefix", "add_suffix"):
        text = next(iter(u.arg(0, last(u)[4:]).texts()), "")
        first = last(u) == "add_prefix"
        columns = {
            const(f"{text}{n.value}" if first else f"{n.value}{text}"): cell
            for n, cell in made.columns.items()
        }
        table = replace(made, columns=columns)
    return new(m, f, u.at, table, "reshaped")


def option(m: Machine, f: Frame, u: Use) -> Value:
    """``writer.option("url", url)``: the writer with what the option says of its place."""
    made: list[Value] = []
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        names = u.arg(0, "key").texts()
        site = obj.info if isinstance(obj.info, places.Site) else places.EMPTY
        texts, untold = places.told([u.arg(1, "value")])
        if "url" in names:
            site = places.Site(hosts=texts, untold=frozenset(("hosts",) if untold else ())).merged(site)
        if TABLE_OPTIONS & set(names):
            site = places.Site(buckets=texts, untold=frozenset(("buckets",) if untold else ())).merged(site)
        made.append(m.new(f, u.at, replace(obj, info=None if site.is_empty else site), "writer"))
    return join_all(made)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "frame-column": one_column,
    "frame-merge": merge,
    "frame-option": option,
    "frame-reshape": reshape,
}
