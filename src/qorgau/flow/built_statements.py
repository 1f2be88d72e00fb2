"""Statements of SQLAlchemy that are built step by step, and the columns that they speak of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import containers
from qorgau.flow.constants import Const
from qorgau.flow.declared_types import ELEMENTS
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.orm import HOLDS, MANY, ROW, facts_held, item_of
from qorgau.flow.places import Site
from qorgau.flow.row_conditions import conditions
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, Value, join, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


VALUES = "$values"
TEXT = "$text"
COLUMN = "qorgau.Column"
COMPUTED = "qorgau.Computed"
COMPUTED_VALUE = "@value"
"""The part of a renamed or computed column that holds what it is in a row."""

_TEXT_COLUMN = re.compile(r"\s*(?:\w+\.)*([^\W\d]\w*)(?:\s+as\s+\w+)?\s*", re.IGNORECASE)
"""A text that is a column, also of a table or with another name: ``text("people.iin AS code")``."""

TABLE = "sqlalchemy.Table"
DECLARED = "sqlalchemy.Column"
"""The type of a column by itself: ``column("iin")``."""


# Statements of SQLAlchemy


def statement(m: Machine, f: Frame, use: Use) -> Value:
    """A statement that is built step by step: its class, columns, values and conditions."""
    name = use.dotted.rpartition(".")[2]
    base = Obj("library")
    for loc in use.receiver.locs():
        found = m.obj(f, loc)
        if found.kind == "library":
            base = found
    row = m.policy.catalog.returns(use.dotted)
    kind = row.type if row is not None else base.type
    made = replace(base, type=kind, info=base.info if isinstance(base.info, Site) else None)
    if name == "text":
        made = made.put(TEXT, use.arg(0, "text"))
    elif name in ("select", "with_only_columns", "add_columns", "returning", "with_entities", "query"):
        made = selecting(m, f, use, made)
    elif name in ("insert", "update", "delete"):
        made = made.put(ELEMENTS, use.receiver if not use.args.positional else use.args.positional[0])
    elif name in (
        "values",
        "on_conflict_do_update",
        "on_duplicate_key_update",
        "ordered_values",
        "bindparams",
        "params",
    ):
        made = made.put(VALUES, join(made.parts.get(VALUES, BOTTOM), _given_values(m, f, use)))
    else:
        facts = conditions(m, f, use)
        if facts:
            made = made.put(HOLDS, Value(opaque=True, when_true=facts_held(made) | facts))
    return m.new(f, use.at, made, "statement")


def _given_values(m: Machine, f: Frame, use: Use) -> Value:
    row = m.new(f, use.at, Obj("dict", info="exact"), "values")
    for name, value in use.args.keywords.items():
        if name == "set_":
            containers.update(m, f, row.locs()[0], value, use.at)
        elif name not in ("index_elements", "constraint", "where", "index_where"):
            m.set_item(f, row, of_const(name), value, use.args.ats.get(name, use.at))
    positional = [value for value in use.args.positional if value.refs or value.taints]
    return join_all([row, *positional])


def selecting(m: Machine, f: Frame, use: Use, made: Obj) -> Obj:
    """``select(Client)``: objects; ``select(Client.iin, Client.phone)``: rows of these columns."""
    columns: list[Value] = []
    names: list[str] = []
    owners: dict[Loc, int] = {}
    tables = [value for value in use.args.positional or [use.receiver] if _table_columns(m, f, value)]
    if tables and len(tables) == len(use.args.positional or [use.receiver]):
        element = of_ref(m.fresh(f, use.at, "row of table"), unknown=True)
        for name in dict.fromkeys(name for value in tables for name in _table_columns(m, f, value)):
            columns.append(m.attribute(f, element, name, use.at))
            names.append(name)
        return made.put(ROW, _named_row(m, f, use, columns, names))
    for index, value in enumerate(use.args.positional):
        classes = [loc for loc in value.locs() if m.obj(f, loc).kind == "class"]
        if classes:
            if len(use.args.positional) == 1:
                return made.put(ELEMENTS, value)
            element_of = Obj("library", parts={ELEMENTS: of_ref(classes[0])})
            columns.append(item_of(m, f, element_of, use.at, f"entity{index}") or BOTTOM)
            names.append("")
            continue
        owner = _owner(m, f, value)
        columns.append(selected(m, f, use, value, owners.setdefault(owner, index) if owner else index))
        names.append(_column_name(m, f, value))
    if not columns:
        return made
    return made.put(ROW, _named_row(m, f, use, columns, names))


def _owner(m: Machine, f: Frame, value: Value) -> Loc | None:
    """The model that a column is of: columns of one model in a row are of one object."""
    loc = value.single()
    return loc.parent if loc is not None and m.obj(f, loc).type == COLUMN else None


def _named_row(m: Machine, f: Frame, use: Use, columns: list[Value], names: list[str]) -> Value:
    """A row whose columns are read by their places, their names, or as attributes."""
    parts: dict[Key, Value] = {MANY: OPAQUE}
    for index, (name, column) in enumerate(zip(names, columns, strict=True)):
        if name:
            parts[name] = column
            parts[Const("str", name)] = column
        parts[Const("int", index)] = column
    return m.new(f, use.at, Obj("row", parts=parts), "row")


def _column_name(m: Machine, f: Frame, value: Value) -> str:
    """The name of a column: of a model's, of a table's (``people.c.iin``), or the one it is given."""
    for loc in value.locs():
        obj = m.obj(f, loc)
        told = obj.parts.get("@0" if obj.type == DECLARED else "@name")
        if told is not None:
            return next(iter(told.texts()), "")
        if isinstance(loc.label, str):
            return loc.label
    return ""


def _table_columns(m: Machine, f: Frame, value: Value) -> list[str]:
    """The names of the columns that a table of SQLAlchemy Core was made with."""
    found: list[str] = []
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is None or obj.type != TABLE:
            continue
        for name, part in obj.parts.items():
            for column in part.locs() if isinstance(name, str) and name.startswith("@") else ():
                held = f.state.obj(column)
                if held is not None and held.type.endswith("Column"):
                    found += held.parts.get("@0", BOTTOM).texts()
    return found


def selected(m: Machine, f: Frame, use: Use, value: Value, index: int) -> Value:
    """What a column of a model is in a row of the statement that selects it."""
    for loc in value.locs():
        obj = m.obj(f, loc)
        name = obj.parts.get("@name")
        if obj.type == COMPUTED:
            return obj.parts[COMPUTED_VALUE]
        if TEXT in obj.parts:
            row = of_ref(m.fresh(f, use.at, f"column{index}"), unknown=True)
            columns = [
                found[1] for text in obj.parts[TEXT].texts() if (found := _TEXT_COLUMN.fullmatch(text))
            ]
            return join_all([OPAQUE, *(m.attribute(f, row, column, use.at) for column in columns)])
        if obj.type == DECLARED and "@0" in obj.parts:
            row = of_ref(m.fresh(f, use.at, f"column{index}"), unknown=True)
            return join_all(m.attribute(f, row, text, use.at) for text in obj.parts["@0"].texts())
        inner = _of_subquery(m, f, use, loc)
        if inner is not None:
            return inner
        if obj.type == COLUMN and name is not None:
            element = Loc(m.fresh(f, use.at, f"column{index}"), "row")
            f.state.heap[element] = Obj("unknown", cls=loc.parent)
            return join_all(
                [m.attribute(f, of_ref(element, unknown=True), text, use.at) for text in name.texts()]
            )
    return Value(value.taints, opaque=True)


def _of_subquery(m: Machine, f: Frame, use: Use, column: Loc) -> Value | None:
    """``subquery.c.iin``: what the inner statement selects under the name; None for other columns."""
    inner = subquery_of(f, column)
    row = item_of(m, f, inner, use.at, "of-row") if inner is not None else None
    return m.attribute(f, row, str(column.label), use.at) if row is not None else None


def subquery_of(f: Frame, column: Loc) -> Obj | None:
    """The statement that ``statement.c.iin`` is a column of; None for everything else."""
    columns = column.parent
    if columns is None or columns.parent is None or columns.label not in ("c", "columns"):
        return None
    inner = f.state.obj(columns.parent)
    known = inner is not None and inner.kind == "library" and isinstance(column.label, str)
    return inner if known else None


def column_of(f: Frame, cls: Loc, name: str) -> Value:
    """``Client.iin``: a column of a model, for statements and conditions."""
    loc = cls.child(("column", name))
    if f.state.obj(loc) is None:
        f.state.heap[loc] = Obj("library", type=COLUMN, parts={"@name": of_const(name)})
    return of_ref(loc)
