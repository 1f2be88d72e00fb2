"""Statements whose rows a driver hands to a file or a stream: ``COPY ... TO STDOUT`` and its like."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.findings import Confidence
from qorgau.flow import data_sources, query_writes, sinks
from qorgau.flow.arrivals import Destination
from qorgau.flow.call_sites import site_of_value
from qorgau.flow.heap import DATA, Key, Obj
from qorgau.flow.machine import Args, Frame
from qorgau.flow.taints import Taints, merge_taints
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, Value, join_all

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

STREAM = "psycopg.Copy"


def _to_file(m: Machine, f: Frame, use: Use) -> Value:
    """psycopg2's ``cursor.copy_expert(sql, file)``"""
    taints = query_writes.copied(m, f, use, use.arg(0, "sql"), [])
    _write(m, f, use.arg(1, "file"), taints, use)
    return OPAQUE


def _stream(m: Machine, f: Frame, use: Use) -> Value:
    """psycopg's ``cursor.copy(statement, parameters)``: what is read from the stream are the rows."""
    taints = query_writes.copied(m, f, use, use.arg(0, "statement"), [use.arg(1, "params")])
    parts: dict[Key, Value] = {DATA: Value(taints, opaque=True)} if taints else {}
    made = Obj("library", type=STREAM, parts=parts, info=_site(m, f, use))
    return m.new(f, use.at, made, "copy")


def _query(m: Machine, f: Frame, use: Use) -> Value:
    """asyncpg's ``connection.copy_from_query(query, *args, output=...)``"""
    taints = query_writes.copied(m, f, use, use.arg(0, "query"), use.args.positional[1:])
    _write(m, f, use.args.keywords.get("output", BOTTOM), taints, use)
    return OPAQUE


def _table(m: Machine, f: Frame, use: Use) -> Value:
    """``copy_to(file, table, columns=...)``, ``copy_from_table(table, columns=..., output=...)``: chosen columns."""
    columns = use.args.keywords.get("columns", BOTTOM)
    names = join_all(m.iterate(f, Value(refs={loc: frozenset()}), use.at).each for loc in columns.locs())
    found = [
        data_sources.source(m, f.unit, use.at, field, Confidence.HIGH, None, f"{field} is the column {name}")
        for name in names.texts()
        for field in m.policy.fields_of(name)
    ]
    _write(m, f, use.args.keywords.get("output", use.arg(0, "file")), merge_taints(found), use)
    return OPAQUE


def _write(m: Machine, f: Frame, target: Value, taints: Taints, use: Use) -> None:
    """Hand rows to an open file, by its own ``write``, or to a path."""
    if not taints:
        return
    if any((obj := f.state.obj(loc)) is not None and obj.kind != "unknown" for loc in target.locs()):
        m.call_method(f, target, "write", Args([Value(taints, opaque=True)]), use.at)
    elif target.texts() or target.unknown:
        shown = next(iter(target.texts()), "")
        sinks.record(m, f, use.at, "export", use.dotted, Destination(shown=shown), taints)


def _site(m: Machine, f: Frame, use: Use) -> object:
    site = site_of_value(f, use.receiver)
    return None if site.is_empty else site


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "copy-query": _query,
    "copy-stream": _stream,
    "copy-table": _table,
    "copy-to-file": _to_file,
}
