"""What the placeholders of a statement of SQL stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from qorgau.flow.constants import const
from qorgau.flow.machine import Frame
from qorgau.flow.sql_text import (
    FormatField,
    HoleNumber,
    NamedParameter,
    Parameter,
    Placeholder,
    Streamed,
)
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, Value, join_all, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


PLACEHOLDERS = (Parameter, NamedParameter)


class Given(msgspec.Struct, frozen=True):
    """What a statement's placeholders stand for."""

    positional: tuple[Value, ...]
    rest: Value
    named: Value
    text: Value


def given_values(m: Machine, f: Frame, use: Use, text: Value, parameters: list[Value], spread: bool) -> Given:
    if spread:
        return Given(tuple(parameters), BOTTOM, BOTTOM, text)
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
    return Given(tuple(positional), join_all(rest), join_all(named), text)


def _is_sequence(m: Machine, f: Frame, value: Value) -> bool:
    return any(m.obj(f, loc).kind in ("list", "tuple", "generator") for loc in value.locs())


def _holds_rows(m: Machine, f: Frame, value: Value) -> bool:
    """Whether a list is one of rows (``execute(insert, [{...}, {...}])``)."""
    if not any(m.obj(f, loc).kind in ("list", "generator") for loc in value.locs()):
        return False
    each = m.iterate(f, value, 0).each
    return any(m.obj(f, loc).kind in ("dict", "tuple", "list") for loc in each.locs())


def argument_of(
    m: Machine, f: Frame, use: Use, given: Given, placeholder: Placeholder | Streamed, column: str
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
