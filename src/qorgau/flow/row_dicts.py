"""Rows of queries as mappings: ``dict(row)``, ``row.items()``, rows of drivers that give dicts, names of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import container_methods, orm
from qorgau.flow.constants import Const
from qorgau.flow.containers import mapping_of, named_columns
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.values import BOTTOM, OPAQUE, Value, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

GIVING = frozenset(("_asdict", "copy"))
VIEWS = frozenset(("items", "keys", "values"))
CHANGING = frozenset(("pop", "popitem", "update", "setdefault", "clear"))
"""Methods that rows have only where the driver gives dicts."""

DESCRIPTIONS = frozenset(("description", "column_names"))
"""Attributes of cursors that name the columns of the last query (PEP 249; MySQL)."""


def method(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, args: Args, at: int) -> Value | None:
    """A method of a row that mappings have; None for others."""
    if name in GIVING and not args.all():
        return m.new(f, at, mapping_of(obj), "row as dict")
    if name in VIEWS and not args.all():
        made = m.new(f, at, mapping_of(obj), "row as dict").locs()[0]
        return container_methods.method(m, f, made, m.obj(f, made), name, args, at)
    if name in CHANGING:
        return container_methods.method(m, f, loc, become_dict(m, f, loc, obj), name, args, at)
    return None


def become_dict(m: Machine, f: Frame, loc: Loc, obj: Obj) -> Obj:
    """A row whose items are set or deleted: the driver gave a dict."""
    made = mapping_of(obj)
    m.write(f, loc, made, strong=True)
    return made


def names(m: Machine, f: Frame, holder: Obj, at: int) -> Value | None:
    """The names of the columns of the rows that a cursor or result holds; None where they are not known."""
    listed = _names(f, holder)
    return m.sequence(f, at, "list", listed, None, "names of columns") if listed else None


def description(m: Machine, f: Frame, holder: Obj, attribute: str, at: int) -> Value | None:
    """``cursor.description``: of each column its name and more; None where the columns are not known."""
    listed = _names(f, holder) if attribute in DESCRIPTIONS else []
    if attribute == "description":
        listed = [_described(m, f, name, index, at) for index, name in enumerate(listed)]
    return m.sequence(f, at, "list", listed, None, "description") if listed else None


def _described(m: Machine, f: Frame, name: Value, index: int, at: int) -> Value:
    """The entry of one column: a tuple, whose first item psycopg's has as ``name`` too."""
    parts: dict[Key, Value] = {Const("int", place): OPAQUE for place in range(7)}
    parts |= {Const("int", 0): name, "name": name}
    return m.new(f, at, Obj("tuple", parts=parts, length=7), f"column {index}")


def _names(f: Frame, holder: Obj) -> list[Value]:
    row = holder.parts.get(orm.ROW, BOTTOM).single()
    obj = f.state.obj(row) if row is not None else None
    if obj is None or obj.kind != "row":
        return []
    return [of_const(name) if name else OPAQUE for name, _ in named_columns(obj)]
