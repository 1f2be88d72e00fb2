"""What statements of SQL write: the data of each column, and copies to files and drivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.findings import Confidence
from qorgau.flow import (
    data_sources,
    held_data,
    provenance,
    sinks,
)
from qorgau.flow.arrivals import Destination, Store
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.placeholders import Given, argument_of, given_values
from qorgau.flow.places import Site, table_named
from qorgau.flow.sql_text import (
    ColumnRef,
    Expression,
    Literal,
    Part,
    Statement,
    Write,
    parse_sql,
)
from qorgau.flow.stores import SQL
from qorgau.flow.taints import Reversal, Taint, Taints, merge_taints
from qorgau.flow.uses import Use
from qorgau.flow.values import Value

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


STDOUT = "STDOUT"
"""Where a copy goes that the driver reads."""


def record_writes(m: Machine, f: Frame, use: Use, parsed: Statement, given: Given, site: Site) -> None:
    taints: list[Taint] = []
    for write in parsed.writes:
        taints += _written(m, f, use, given, write)
    if not taints:
        return
    table = next(iter(parsed.tables), parsed.into)
    told = frozenset((table_named(m.policy, table),)) if table else frozenset()
    named = replace(site, buckets=site.buckets or told)
    linked = any(_is_linked(m, f, use, given, write) for write in parsed.writes)
    values = [*given.positional, given.rest, given.named]
    store = Store(SQL, frozenset((table,)) if table else site.buckets, hosts=site.hosts)
    sinks.record_storage(
        m, f, use.at, use.dotted, named, merge_taints(taints), values, store=store, linked=linked
    )


def _is_linked(m: Machine, f: Frame, use: Use, given: Given, write: Write) -> bool:
    """Whether a column is named for the address of a source, and is not filled with nothing."""
    if not provenance.is_link_name(write.column):
        return False
    if isinstance(write.value, Literal):
        return "://" in write.value.text
    if isinstance(write.value, ColumnRef | Expression):
        return True
    return provenance.is_link(argument_of(m, f, use, given, write.value, ""), write.column)


def _written(m: Machine, f: Frame, use: Use, given: Given, write: Write) -> list[Taint]:
    value = write.value
    if isinstance(value, Literal):
        return []
    if isinstance(value, ColumnRef):
        return _column_taints(m, f, use, value.name, None)
    if isinstance(value, Expression):
        found: list[Taint] = []
        for part in value.parts:
            found += part_taints(m, f, use, given, part, write.column, None)
        return found
    return list(held_data.contents(m, f, argument_of(m, f, use, given, value, write.column), use.at))


def part_taints(
    m: Machine, f: Frame, use: Use, given: Given, part: Part, column: str, subject: Loc | None
) -> list[Taint]:
    if isinstance(part.origin, ColumnRef):
        taints = _column_taints(m, f, use, part.origin.name, subject)
    else:
        taints = list(held_data.contents(m, f, argument_of(m, f, use, given, part.origin, column), use.at))
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
        data_sources.source(
            m, f.unit, use.at, field, Confidence.HIGH, subject, f"{field} is the column {name}"
        )
        for field in m.policy.fields_of(name)
    ]


def copy_out(m: Machine, f: Frame, use: Use, parsed: Statement, given: Given) -> None:
    """``COPY ... TO 'path'``, ``SELECT ... INTO OUTFILE``: an export of the server's own."""
    if parsed.kind != "copy-out" or parsed.destination.upper() == STDOUT:
        return
    taints = _columns_taints(m, f, use, parsed, given)
    if taints:
        sinks.record(
            m, f, use.at, "export", use.dotted, Destination(shown=parsed.destination), merge_taints(taints)
        )


def _columns_taints(m: Machine, f: Frame, use: Use, parsed: Statement, given: Given) -> list[Taint]:
    taints: list[Taint] = []
    for column in parsed.columns:
        for part in column.parts:
            taints += part_taints(m, f, use, given, part, column.name, None)
    return taints


def copied(m: Machine, f: Frame, use: Use, text: Value, parameters: list[Value]) -> Taints:
    """The data in what a driver reads from a statement: a copy to its standard output, or a selection."""
    given = given_values(m, f, use, text, parameters, False)
    found: list[Taint] = []
    for sql in text.texts():
        parsed = parse_sql(sql)
        if parsed.kind == "select" or (parsed.kind == "copy-out" and parsed.destination.upper() == STDOUT):
            found += _columns_taints(m, f, use, parsed, given)
    return merge_taints(found)
