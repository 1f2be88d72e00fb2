"""SQL that a call runs: what its text writes goes to a storage, what it selects comes back as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from qorgau.findings import Confidence
from qorgau.flow import (
    declarations,
    deployment,
    erasure,
    naming,
    orm,
    provenance,
    sinks,
    stores,
    used,
)
from qorgau.flow.arrivals import Destination, Store
from qorgau.flow.checks import MOMENTS, Check, affirms
from qorgau.flow.constants import Const, const
from qorgau.flow.declared_types import ELEMENTS
from qorgau.flow.facts import NO_FACTS, Fact, Facts
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Frame
from qorgau.flow.model_tables import table_names
from qorgau.flow.places import Site
from qorgau.flow.references import arguments
from qorgau.flow.sql_text import (
    Column,
    ColumnRef,
    Condition,
    Expression,
    FormatField,
    HoleNumber,
    Literal,
    NamedParameter,
    Parameter,
    Part,
    Placeholder,
    Statement,
    Streamed,
    Write,
    parse_sql,
)
from qorgau.flow.stores import SQL
from qorgau.flow.taints import Reversal, Taint, Taints, merge_taints
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, Ref, Refs, Value, join, join_all, of_const, of_ref
from qorgau.knowledge.rows import Query

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


ROWS = "qorgau.Rows"
"""The type of what a query gives: iterated, indexed and fetched from, and read like its only row."""

RELATION = "duckdb.DuckDBPyRelation"
OF_RELATION = frozenset(
    ("df", "to_df", "pl", "show", "write_csv", "to_csv", "write_parquet", "to_parquet", "fetchnumpy")
)

STDOUT = "STDOUT"
"""Where a copy goes that the driver reads."""

ONE = frozenset(["fetchone", "first", "one", "one_or_none", "fetchrow", "next", "fetch_one", "__next__"])
SCALAR = frozenset(["scalar", "scalar_one", "scalar_one_or_none", "fetchval", "fetch_val"])
WRITTEN = frozenset(("Insert", "Update"))
PLACEHOLDERS = (Parameter, NamedParameter)


class _Given(msgspec.Struct, frozen=True):
    """What a statement's placeholders stand for."""

    positional: tuple[Value, ...]
    rest: Value
    named: Value
    text: Value


def run(m: Machine, f: Frame, use: Use, row: Query) -> Value:
    """Judge what a statement writes; the rows that it gives."""
    from qorgau.flow.call_sites import site_of

    statements = arguments(m, f, use, row.statement)
    parameters = [value for text in row.parameters for value in arguments(m, f, use, text)]
    spread = any(".." in text or text == "*" for text in row.parameters)
    site = deployment.complete(m, f, use.dotted, use.receiver, site_of(m, f, use, row.place), use.at)
    results: list[Value] = []
    for value in statements:
        for loc in value.locs():
            obj = m.obj(f, loc)
            if orm.TEXT in obj.parts:
                given = [*parameters, *([obj.parts[orm.VALUES]] if orm.VALUES in obj.parts else [])]
                results += _run_text(m, f, use, obj.parts[orm.TEXT], given, spread, site)
            elif obj.type.rpartition(".")[2] in WRITTEN:
                _run_built(m, f, use, obj, parameters, site)
                results.append(_rows(m, f, use, obj, site))
            elif orm.ROW in obj.parts or ELEMENTS in obj.parts:
                results.append(_rows(m, f, use, obj, site))
        results += _run_text(m, f, use, value, parameters, spread, site)
    name = use.dotted.rpartition(".")[2]
    if results and name in ONE | SCALAR:
        rows = join_all(results)
        return rows_method(m, f, Use(f"{ROWS}.{name}", rows, Args(), use.at))
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
    given = _given(m, f, use, text, parameters, spread)
    results: list[Value] = []
    for sql in text.texts():
        if not any(letter.isspace() for letter in sql):
            continue
        parsed = parse_sql(sql)
        erasure.statement(m, f, use, parsed, given.positional, site)
        used.selected(m, f, parsed)
        declarations.of_statement(m, f, use.at, parsed)
        _write(m, f, use, parsed, given, site)
        _copy_out(m, f, use, parsed, given)
        if parsed.columns:
            results.append(_selected(m, f, use, parsed, given, site))
    if text.taints and not text.consts:
        sinks.record_storage(m, f, use.at, use.dotted, site, text.taints)
    return results


def _given(m: Machine, f: Frame, use: Use, text: Value, parameters: list[Value], spread: bool) -> _Given:
    if spread:
        return _Given(tuple(parameters), BOTTOM, BOTTOM, text)
    positional: list[Value] = []
    rest: list[Value] = []
    named: list[Value] = []
    many = use.dotted.rpartition(".")[2] in ("executemany", "fetchmany", "execute_values", "execute_batch")
    for value in parameters:
        rows = [m.iterate(f, value, use.at).each] if many else [value]
        rows += [m.iterate(f, row, use.at).each for row in rows if _holds_rows(m, f, row)]
        for row in rows:
            items = m.iterate(f, row, use.at) if _is_sequence(m, f, row) else None
            if items is not None and items.items is not None and not positional:
                positional = list(items.items)
            elif items is not None:
                rest.append(items.each)
            elif row.refs:
                named.append(row)
            else:
                rest.append(row)
    return _Given(tuple(positional), join_all(rest), join_all(named), text)


def _is_sequence(m: Machine, f: Frame, value: Value) -> bool:
    return any(m.obj(f, loc).kind in ("list", "tuple", "generator") for loc in value.locs())


def _holds_rows(m: Machine, f: Frame, value: Value) -> bool:
    """Whether a list is one of rows (``execute(insert, [{...}, {...}])``)."""
    if not any(m.obj(f, loc).kind in ("list", "generator") for loc in value.locs()):
        return False
    each = m.iterate(f, value, 0).each
    return any(m.obj(f, loc).kind in ("dict", "tuple", "list") for loc in each.locs())


def _argument(
    m: Machine, f: Frame, use: Use, given: _Given, placeholder: Placeholder | Streamed, column: str
) -> Value:
    """What a placeholder stands for; named by the column where it is something unknown."""
    value = BOTTOM
    match placeholder:
        case Parameter(index):
            value = given.positional[index] if index < len(given.positional) else given.rest
            if value.is_bottom and given.named.refs:
                value = given.named
        case NamedParameter(name):
            value = _named(m, f, given.named, name, use.at) if given.named.refs else given.rest
        case HoleNumber() | FormatField():
            value = Value(given.text.taints, unknown=False, opaque=True)
        case Streamed(position, _):
            value = join_all([given.rest, *given.positional[position : position + 1], given.named])
    if column and value.unknown:
        value = m.named(f, value, column, BOTTOM, use.at, key=True, put=True)
    return value


def _named(m: Machine, f: Frame, given: Value, name: str, at: int) -> Value:
    """The value of a named placeholder; YDB's keys begin with the sign of the placeholder."""
    signed = const(f"${name}")
    if any((obj := f.state.obj(loc)) is not None and signed in obj.parts for loc in given.locs()):
        return m.item(f, given, of_const(f"${name}"), at)
    return m.item(f, given, of_const(name), at)


def _write(m: Machine, f: Frame, use: Use, parsed: Statement, given: _Given, site: Site) -> None:
    taints: list[Taint] = []
    for write in parsed.writes:
        taints += _written(m, f, use, given, write)
    if not taints:
        return
    table = next(iter(parsed.tables), parsed.into)
    named = replace(site, buckets=site.buckets or frozenset((table,))) if table else site
    linked = any(_is_linked(m, f, use, given, write) for write in parsed.writes)
    values = [*given.positional, given.rest, given.named]
    store = Store(SQL, frozenset((table,)) if table else site.buckets, hosts=site.hosts)
    sinks.record_storage(
        m, f, use.at, use.dotted, named, merge_taints(taints), values, store=store, linked=linked
    )


def _is_linked(m: Machine, f: Frame, use: Use, given: _Given, write: Write) -> bool:
    """Whether a column is named for the address of a source, and is not filled with nothing."""
    if not provenance.is_link_name(write.column):
        return False
    if isinstance(write.value, Literal):
        return "://" in write.value.text
    if isinstance(write.value, ColumnRef | Expression):
        return True
    return provenance.is_link(_argument(m, f, use, given, write.value, ""), write.column)


def _written(m: Machine, f: Frame, use: Use, given: _Given, write: Write) -> list[Taint]:
    value = write.value
    if isinstance(value, Literal):
        return []
    if isinstance(value, ColumnRef):
        return _column_taints(m, f, use, value.name, None)
    if isinstance(value, Expression):
        found: list[Taint] = []
        for part in value.parts:
            found += _part_taints(m, f, use, given, part, write.column, None)
        return found
    return list(naming.contents(m, f, _argument(m, f, use, given, value, write.column), use.at))


def _part_taints(
    m: Machine, f: Frame, use: Use, given: _Given, part: Part, column: str, subject: Loc | None
) -> list[Taint]:
    if isinstance(part.origin, ColumnRef):
        taints = _column_taints(m, f, use, part.origin.name, subject)
    else:
        taints = list(naming.contents(m, f, _argument(m, f, use, given, part.origin, column), use.at))
    return [changed for taint in taints if (changed := after(m, taint, part)) is not None]


def after(m: Machine, taint: Taint, part: Part) -> Taint | None:
    """What a function of SQL leaves of a datum."""
    effect = part.effect
    if effect == "":
        return taint
    if isinstance(effect, tuple):
        return replace(taint, kept=effect[1], slice=("sql", part.call))
    if effect == "reversible":
        return replace(taint, reversal=Reversal(part.call, "it can be undone", "a keyed hash"))
    if effect == "hash" and m.policy.is_enumerable(taint.field) and not part.joined:
        why = "so few values exist that all can be tried"
        return replace(taint, reversal=Reversal(part.call, why, "a keyed hash"))
    return None


def _column_taints(m: Machine, f: Frame, use: Use, name: str, subject: Loc | None) -> list[Taint]:
    return [
        naming.source(m, f.unit, use.at, field, Confidence.HIGH, subject, f"{field} is the column {name}")
        for field in m.policy.fields_of(name)
    ]


def _copy_out(m: Machine, f: Frame, use: Use, parsed: Statement, given: _Given) -> None:
    """``COPY ... TO 'path'``, ``SELECT ... INTO OUTFILE``: an export of the server's own."""
    if parsed.kind != "copy-out" or parsed.destination.upper() == STDOUT:
        return
    taints = _columns_taints(m, f, use, parsed, given)
    if taints:
        sinks.record(
            m, f, use.at, "export", use.dotted, Destination(shown=parsed.destination), merge_taints(taints)
        )


def _columns_taints(m: Machine, f: Frame, use: Use, parsed: Statement, given: _Given) -> list[Taint]:
    taints: list[Taint] = []
    for column in parsed.columns:
        for part in column.parts:
            taints += _part_taints(m, f, use, given, part, column.name, None)
    return taints


def copied(m: Machine, f: Frame, use: Use, text: Value, parameters: list[Value]) -> Taints:
    """The data in what a driver reads from a statement: a copy to its standard output, or a selection."""
    given = _given(m, f, use, text, parameters, False)
    found: list[Taint] = []
    for sql in text.texts():
        parsed = parse_sql(sql)
        if parsed.kind == "select" or (parsed.kind == "copy-out" and parsed.destination.upper() == STDOUT):
            found += _columns_taints(m, f, use, parsed, given)
    return merge_taints(found)


# Rows


def _selected(m: Machine, f: Frame, use: Use, parsed: Statement, given: _Given, site: Site) -> Value:
    """The rows of a query: each column by name and by position."""
    loc = m.fresh(f, use.at, "row")
    parts: dict[Key, Value] = {}
    star: Value = BOTTOM
    for position, column in enumerate(parsed.columns):
        if column.name == "*":
            star = join(star, _star(m, f, use, column, loc))
            continue
        value = _column(m, f, use, given, column, loc)
        name = column.name
        if name:
            parts[Const("str", name)] = value
            parts[name] = value
        parts[Const("int", position)] = value
    for name_, field_value in _record_parts(star):
        parts.setdefault(Const("str", name_), field_value)
        parts.setdefault(name_, field_value)
    found_by = _found_by(m, f, use, parsed, given)
    if found_by:
        parts[orm.KEY] = Value(refs=found_by)
    kind = "unknown" if any(column.name == "*" for column in parsed.columns) else "row"
    m.write(f, loc, Obj(kind, parts=parts), strong=True)
    row = of_ref(loc, unknown=kind == "unknown")
    facts = frozenset(_conditions(m, parsed, loc))
    if facts:
        row = Value(refs={loc: facts}, unknown=row.unknown)
    obj = Obj("library", type=ROWS, parts={orm.ROW: row}, info=None if site.is_empty else site)
    return m.new(f, use.at, obj, "rows")


def _found_by(m: Machine, f: Frame, use: Use, parsed: Statement, given: _Given) -> Refs:
    """What the rows of a query were looked up by: a check of the key is a check of what it finds."""
    found: dict[Ref, Facts] = {}
    for condition in parsed.conditions:
        if condition.op == "=" and not condition.exists and isinstance(condition.value, PLACEHOLDERS):
            key = _argument(m, f, use, given, condition.value, "")
            found.update((loc, NO_FACTS) for loc in key.locs())
    return found


def _column(m: Machine, f: Frame, use: Use, given: _Given, column: Column, row: Loc) -> Value:
    taints: list[Taint] = []
    for part in column.parts:
        taints += _part_taints(m, f, use, given, part, column.name, row)
    if column.parts and not taints and column.effect == "":
        found = Value(refs={row.child(column.name or "column"): NO_FACTS}, opaque=True)
        return found.with_(when_true=_asked_of(m, column, row))
    return Value(merge_taints(taints), opaque=True)


def _asked_of(m: Machine, column: Column, row: Loc) -> Facts:
    """What a column that stands for consent says of its row where it is true."""
    origins = [part.origin for part in column.parts if isinstance(part.origin, ColumnRef)]
    if len(origins) != 1 or len(column.parts) != 1 or column.parts[0].effect:
        return NO_FACTS
    origin = origins[0]
    if not m.policy.consent_attribute(_path(origin.name, origin.table)):
        return NO_FACTS
    return frozenset((Fact("consent", row, Check(origin.name, by_attribute=True), True),))


def _path(column: str, table: str | None) -> tuple[str, ...]:
    """A column with its table, as the configuration writes attributes: ``consents.transfer``."""
    return (table.rpartition(".")[2], column) if table else (column,)


def _star(m: Machine, f: Frame, use: Use, column: Column, row: Loc) -> Value:
    """``*``: all the fields of a record whose table is known."""
    taints: list[Taint] = []
    tables = {part.origin.table for part in column.parts if isinstance(part.origin, ColumnRef)}
    for cls in m.classes:
        info = m.base[cls].info if cls in m.base else None
        names = table_names(m, cls)
        if not isinstance(info, ClassInfo):
            continue
        if not names & {table.rpartition(".")[2] for table in tables if table}:
            continue
        for name, field in naming.class_record(m, f, cls, info):
            if name not in column.dropped:
                note = f"{field} is a column of {', '.join(sorted(names))}"
                taints.append(naming.source(m, f.unit, use.at, field, Confidence.HIGH, row, note))
    return Value(merge_taints(taints), opaque=True)


def _record_parts(star: Value) -> Iterable[tuple[str, Value]]:
    return [
        (taint.field, Value(frozenset((taint,)), opaque=True))
        for taint in sorted(star.taints, key=lambda t: t.field)
    ]


def _conditions(m: Machine, parsed: Statement, row: Loc) -> Iterable[Fact]:
    for condition in parsed.conditions:
        path = _path(condition.column, condition.table)
        if not condition.exists and m.policy.consent_attribute(path) and _affirms(condition):
            yield Fact("consent", row, Check(condition.column), True)


def _affirms(condition: Condition) -> bool:
    """Whether a flag is set in the rows that fulfil a condition."""
    value = condition.value
    if condition.op in ("=", "is"):
        return affirms(value)
    if condition.op in ("!=", "is not"):
        return value in (False, 0) or (value is None and condition.column.endswith(MOMENTS))
    return condition.op == "in" and isinstance(value, tuple) and bool(value) and all(map(affirms, value))


def _rows(m: Machine, f: Frame, use: Use, obj: Obj, site: Site) -> Value:
    """The rows of a statement that was built: objects or tuples of the chosen columns."""
    item = orm.item_of(m, f, obj, use.at, "row")
    parts: dict[Key, Value] = {} if item is None else {orm.ROW: item}
    return m.new(
        f, use.at, Obj("library", type=ROWS, parts=parts, info=None if site.is_empty else site), "rows"
    )


def _run_built(m: Machine, f: Frame, use: Use, obj: Obj, parameters: list[Value], site: Site) -> None:
    """``insert(Client).values(...)`` and ``execute(insert(Client), rows)``."""
    values = [*([obj.parts[orm.VALUES]] if orm.VALUES in obj.parts else []), *parameters]
    taints = [taint for value in values for taint in naming.contents(m, f, value, use.at)]
    if taints:
        store = stores.of_call(m, f, use.dotted, site, obj.parts.get(ELEMENTS, BOTTOM), Args())
        about = [*values, *_table(obj)]
        sinks.record_storage(m, f, use.at, use.dotted, site, merge_taints(taints), about, store=store)


def _table(obj: Obj) -> list[Value]:
    """The classes that a built statement speaks of."""
    return [part for part in obj.parts.values() if part.locs()]


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
    if name in ("rowcount", "keys", "close", "aclose"):
        return OPAQUE
    if name == "scalars":
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
