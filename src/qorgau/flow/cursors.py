"""Cursors, connections and sessions of which nothing is known but that they are given SQL.

A function that takes a ``cursor`` from nobody known still runs the statements in its text: what they
select comes back, what they write goes to a storage whose country can't be told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import built_statements, orm, queries, query_rows
from qorgau.flow.machine import Args, Frame
from qorgau.flow.sql_text import parse_sql
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, Value
from qorgau.knowledge.rows import Query

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

RUN = frozenset(
    [
        "execute",
        "executemany",
        "execute_many",
        "fetch",
        "fetchrow",
        "fetchval",
        "fetch_all",
        "fetch_one",
        "fetch_val",
        "query",
        "exec",
        "iterate",
    ]
)
"""Methods that run a statement, of drivers that are all alike in this (PEP 249, asyncpg, databases)."""

FETCH = frozenset(("fetchone", "fetchall", "fetchmany", "fetch_one", "fetch_all"))
KINDS = frozenset(("select", "insert", "update", "delete", "ddl", "copy-out"))
MADE = "cursor"
"""The name under which such calls are known."""


def method(m: Machine, f: Frame, own: Value, name: str, args: Args, at: int) -> Value | None:
    """What a method of an unknown object gives that runs SQL or hands on rows; None for others."""
    if name in FETCH and not args.positional and _has_rows(m, f, own):
        return query_rows.fetch(m, f, Use(f"{MADE}.{name}", own, args, at))
    if name not in RUN or not args.positional or not _is_sql(m, f, args.positional[0]):
        return None
    listed = len(args.positional) == 2 and _is_collection(m, f, args.positional[1])
    parameters = ("1", "parameters", "params", "values") if listed or len(args.positional) < 2 else ("1..",)
    row = Query(calls=(), statement="0", parameters=parameters, to=("result", "self"))
    return queries.run(m, f, Use(f"{MADE}.{name}", own, args, at), row)


def _has_rows(m: Machine, f: Frame, own: Value) -> bool:
    return any(orm.ROW in m.obj(f, loc).parts for loc in own.locs())


def _is_sql(m: Machine, f: Frame, value: Value) -> bool:
    texts = list(value.texts())
    for loc in value.locs():
        texts += m.obj(f, loc).parts.get(built_statements.TEXT, BOTTOM).texts()
    return any(_is_statement(text) for text in texts)


def _is_statement(text: str) -> bool:
    return any(letter.isspace() for letter in text.strip()) and parse_sql(text).kind in KINDS


def _is_collection(m: Machine, f: Frame, value: Value) -> bool:
    return any(
        m.obj(f, loc).kind in ("list", "tuple", "dict", "generator", "unknown") for loc in value.locs()
    )
