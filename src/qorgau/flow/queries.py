"""SQL that a call runs: what its text writes goes to a storage, what it selects comes back as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import (
    built_statements,
    declarations,
    deployment,
    erasure,
    held_data,
    orm,
    sinks,
    stores,
    used,
)
from qorgau.flow.call_sites import site_of
from qorgau.flow.declared_types import ELEMENTS
from qorgau.flow.heap import Key, Obj
from qorgau.flow.machine import Args, Frame
from qorgau.flow.placeholders import given_values
from qorgau.flow.places import Site
from qorgau.flow.query_rows import ONE, ROWS, SCALAR, SCALARS, rows_method
from qorgau.flow.query_writes import copy_out, record_writes
from qorgau.flow.references import arguments
from qorgau.flow.selections import selected_rows
from qorgau.flow.sql_text import (
    parse_sql,
)
from qorgau.flow.taints import merge_taints
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, Value, join_all
from qorgau.knowledge.rows import Query

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


WRITTEN = frozenset(("Insert", "Update"))


def run(m: Machine, f: Frame, use: Use, row: Query) -> Value:
    """Judge what a statement writes; the rows that it gives."""
    statements = arguments(m, f, use, row.statement)
    parameters = [value for text in row.parameters for value in arguments(m, f, use, text)]
    spread = any(".." in text or text == "*" for text in row.parameters)
    site = deployment.complete(m, f, use.dotted, use.receiver, site_of(m, f, use, row.place), use.at)
    results: list[Value] = []
    for value in statements:
        for loc in value.locs():
            obj = m.obj(f, loc)
            if built_statements.TEXT in obj.parts:
                given = [
                    *parameters,
                    *([obj.parts[built_statements.VALUES]] if built_statements.VALUES in obj.parts else []),
                ]
                results += _run_text(m, f, use, obj.parts[built_statements.TEXT], given, spread, site)
            elif obj.type.rpartition(".")[2] in WRITTEN:
                _run_built(m, f, use, obj, parameters, site)
                results.append(_rows(m, f, use, obj, site))
            elif orm.ROW in obj.parts or ELEMENTS in obj.parts:
                results.append(_rows(m, f, use, obj, site))
        results += _run_text(m, f, use, value, parameters, spread, site)
    name = use.dotted.rpartition(".")[2]
    if results and name in ONE | SCALAR | SCALARS:
        rows = join_all(results)
        asked = "scalars" if name in SCALARS else name
        return rows_method(m, f, Use(f"{ROWS}.{asked}", rows, Args(), use.at))
    result = join_all(results) if results else m.unknown(f, use.at, frozenset(), "rows")
    return _placed(m, f, use, row, result)


def _placed(m: Machine, f: Frame, use: Use, row: Query, result: Value) -> Value:
    """Put the rows where the call leaves them: in its result, or in the cursor."""
    given = BOTTOM
    for target in row.to:
        if target == "result":
            given = result
            continue
        for value in arguments(m, f, use, target):
            for loc in value.locs():
                obj = m.obj(f, loc)
                held = [m.obj(f, rows).parts.get(orm.ROW, BOTTOM) for rows in result.locs()]
                m.write(f, loc, obj.put(orm.ROW, join_all(held)), strong=True)
            if given.is_bottom:
                given = value
    return given if not given.is_bottom else result


# Texts


def _run_text(
    m: Machine, f: Frame, use: Use, text: Value, parameters: list[Value], spread: bool, site: Site
) -> list[Value]:
    given = given_values(m, f, use, text, parameters, spread)
    results: list[Value] = []
    for sql in text.texts():
        if not any(letter.isspace() for letter in sql):
            continue
        parsed = parse_sql(sql)
        erasure.statement(m, f, use, parsed, given.positional, site)
        used.selected(m, f, parsed)
        declarations.of_statement(m, f, use.at, parsed)
        record_writes(m, f, use, parsed, given, site)
        copy_out(m, f, use, parsed, given)
        if parsed.columns:
            results.append(selected_rows(m, f, use, parsed, given, site))
    if text.taints and not text.consts:
        sinks.record_storage(m, f, use.at, use.dotted, site, text.taints)
    return results


def _rows(m: Machine, f: Frame, use: Use, obj: Obj, site: Site) -> Value:
    """The rows of a statement that was built: objects or tuples of the chosen columns."""
    item = orm.item_of(m, f, obj, use.at, "row")
    parts: dict[Key, Value] = {} if item is None else {orm.ROW: item}
    return m.new(
        f, use.at, Obj("library", type=ROWS, parts=parts, info=None if site.is_empty else site), "rows"
    )


def _run_built(m: Machine, f: Frame, use: Use, obj: Obj, parameters: list[Value], site: Site) -> None:
    """``insert(Client).values(...)`` and ``execute(insert(Client), rows)``."""
    values = [
        *([obj.parts[built_statements.VALUES]] if built_statements.VALUES in obj.parts else []),
        *parameters,
    ]
    taints = [taint for value in values for taint in held_data.contents(m, f, value, use.at)]
    if taints:
        store = stores.of_call(m, f, use.dotted, site, obj.parts.get(ELEMENTS, BOTTOM), Args())
        about = [*values, *_table(obj)]
        sinks.record_storage(m, f, use.at, use.dotted, site, merge_taints(taints), about, store=store)


def _table(obj: Obj) -> list[Value]:
    """The classes that a built statement speaks of."""
    return [part for part in obj.parts.values() if part.locs()]
