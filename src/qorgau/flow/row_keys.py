"""What of an object goes into its row of a table: the key of another row does not bring that row along."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

from qorgau.flow.declared_types import ELEMENTS
from qorgau.flow.facts import Facts
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.values import Ref, Value

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

KEYS = (
    "django.db.models.ForeignKey",
    "django.db.models.OneToOneField",
    "tortoise.fields.ForeignKeyField",
    "tortoise.fields.OneToOneField",
    "peewee.ForeignKeyField",
    "sqlalchemy.orm.relationship",
)
"""Declarations of a column that holds the key of another row, or of the way to that row."""


class Written(NamedTuple):
    """How a storage takes what it is given: rows by their columns."""

    by_columns: bool = False
    """Whether a dict holds the columns of a row."""
    only: frozenset[str] | None = None
    """The columns that are written, where they are named."""


def is_key(m: Machine, f: Frame, cls: Loc, name: str) -> bool:
    """Whether a class declares an attribute as the key of another row."""
    return declares(m, f, cls, name, KEYS)


def declares(m: Machine, f: Frame, cls: Loc, name: str, types: Collection[str]) -> bool:
    """Whether a class declares an attribute by one of these types of libraries."""
    info = m.class_info(f, cls)
    for base in info.order if info is not None else ():
        obj = f.state.obj(base)
        part = obj.parts.get(name) if obj is not None else None
        if part is not None:
            declared = [f.state.obj(loc) for loc in part.locs()]
            return any(one is not None and one.kind == "library" and one.type in types for one in declared)
    return False


def without_rows(m: Machine, f: Frame, value: Value) -> Value:
    """A value without the rows that it can be, or can give: these are written as their keys."""
    kept: dict[Ref, Facts] = {
        ref: facts
        for ref, facts in value.refs.items()
        if not (isinstance(ref, Loc) and (m.is_model(f, ref) or _gives_rows(m, f, ref)))
    }
    return value if len(kept) == len(value.refs) else value.with_(refs=kept)


def _gives_rows(m: Machine, f: Frame, loc: Loc) -> bool:
    """Whether an object is a query of whole rows."""
    obj = f.state.obj(loc)
    if obj is None or obj.kind != "library" or "$row" in obj.parts:
        return False
    items = obj.parts.get(ELEMENTS)
    return items is not None and any(m.is_model(f, cls) for cls in items.locs())


def is_column(obj: Obj, key: Key, written: Written) -> bool:
    """Whether a part of what is written is a column."""
    if obj.kind == "dict":
        return written.by_columns and not isinstance(key, str)
    return isinstance(key, str) and obj.cls is not None
