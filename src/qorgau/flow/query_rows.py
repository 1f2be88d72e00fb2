"""Rows of queries: how they are fetched, and what of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import orm, row_dicts
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, Value, join, join_all, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


ROWS = "qorgau.Rows"
"""The type of what a query gives: iterated, indexed and fetched from, and read like its only row."""

RELATION = "duckdb.DuckDBPyRelation"
OF_RELATION = frozenset(
    ("df", "to_df", "pl", "show", "write_csv", "to_csv", "write_parquet", "to_parquet", "fetchnumpy")
)

ONE = frozenset(["fetchone", "first", "one", "one_or_none", "fetchrow", "next", "fetch_one", "__next__"])
SCALAR = frozenset(["scalar", "scalar_one", "scalar_one_or_none", "fetchval", "fetch_val"])


SCALARS = frozenset(("scalars", "stream_scalars"))
"""Methods of sessions that give the first column of each row."""


def fetch(m: Machine, f: Frame, use: Use) -> Value:
    """``fetchone``, ``fetchall`` of a cursor: the rows of its last query."""
    results: list[Value] = []
    single = use.dotted.rpartition(".")[2] in ONE | SCALAR or (
        use.row is not None and use.row.does == "fetch-one"
    )
    for loc in use.receiver.locs():
        row = m.obj(f, loc).parts.get(orm.ROW)
        if row is None:
            continue
        results.append(
            row if single else m.new(f, use.at, Obj("library", type=ROWS, parts={orm.ROW: row}), "rows")
        )
    return join_all(results) if results else m.unknown(f, use.at, frozenset(), "row" if single else "rows")


def as_relation(dotted: str) -> str:
    """The name of a method of rows that only a relation of DuckDB has; else the name itself."""
    owner, _, name = dotted.rpartition(".")
    return f"{RELATION}.{name}" if owner == ROWS and name in OF_RELATION else dotted


def rows_method(m: Machine, f: Frame, use: Use) -> Value:
    """A method of rows: one of them, a column of one, or the rows again."""
    name = use.dotted.rpartition(".")[2]
    rows = [m.obj(f, loc).parts.get(orm.ROW, BOTTOM) for loc in use.receiver.locs()]
    row = join_all(rows)
    if name in ONE:
        return join(row, of_const(None)) if not row.is_bottom else m.unknown(f, use.at, frozenset(), "row")
    if name in SCALAR:
        return join(_first_column(m, f, row, use.at), of_const(None))
    if name == "keys":
        listed = [row_dicts.names(m, f, m.obj(f, loc), use.at) or OPAQUE for loc in use.receiver.locs()]
        return join_all(listed)
    if name in ("rowcount", "close", "aclose"):
        return OPAQUE
    if name == "scalars" and not row.is_bottom:
        column = _first_column(m, f, row, use.at)
        return m.new(f, use.at, Obj("library", type=ROWS, parts={orm.ROW: column}), "scalars")
    if name in ("get", "__getitem__") and use.args.positional:
        return m.item(f, row, use.args.positional[0], use.at)
    if name in ("items", "values", "_asdict", "_mapping", "dict"):
        return m.call_method(f, row, name, use.args, use.at)
    return use.receiver


def _first_column(m: Machine, f: Frame, row: Value, at: int) -> Value:
    """The only column of a row; an object selected as a whole is it itself."""
    found: list[Value] = []
    for ref, facts in row.refs.items():
        obj = m.obj(f, ref) if isinstance(ref, Loc) else None
        if isinstance(ref, Loc) and obj is not None and (obj.kind == "row" or obj.kind in ("tuple", "list")):
            found.append(m.item(f, Value(refs={ref: facts}), of_const(0), at))
        else:
            found.append(Value(refs={ref: facts}, unknown=row.unknown))
    return join_all(found) if found else row


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {"fetch-all": fetch, "fetch-one": fetch}
