"""Models and tables whose rows hold personal data, and what code and databases call them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from qorgau import ir
from qorgau.flow import cascades, model_tables
from qorgau.flow.declarations import (
    classes,
    declares,
    fields_of,
    info_of,
    kind_of,
    table_columns,
    tables,
)
from qorgau.flow.flags import named_statements
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc, made_at
from qorgau.flow.machine import ClassInfo
from qorgau.flow.values import Value, is_true

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

NAMING = frozenset(("collection", "table", "table_name", "db_table", "name"))
"""Settings of a model that name its table."""


class Model(msgspec.Struct, frozen=True):
    """A class or table whose rows hold personal data.

    ``name`` is its short name, ``dotted`` the full one. ``pairs`` are its attributes with the field that each
    carries; ``tables`` the names of its table; ``gone_with`` the names of models and tables whose deletion
    takes its rows along; ``words`` what code calls its rows from elsewhere.
    """

    unit: str
    at: int
    name: str
    dotted: str
    pairs: tuple[tuple[str, str], ...]
    tables: frozenset[str]
    gone_with: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()

    def is_kept_in(self, names: frozenset[str]) -> bool:
        """Whether one of these tables is that of the model.

        Of a model in no package it is not known which word Django puts before its name.
        """
        if "." in self.unit:
            return bool(names & self.tables)
        return any(name in self.tables or name.partition("_")[2] in self.tables for name in names)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that a row carries."""
        return tuple(sorted({field for _, field in self.pairs}))


def models(m: Machine) -> tuple[Model, ...]:
    """The models and tables of a program whose rows hold personal data."""
    links = cascades.links(m)
    every = tuple(classes(m))
    found: list[Model] = []
    for loc, obj, info in every:
        if not is_table(m, obj, info):
            continue
        pairs = tuple(row_pairs(m, info))
        if pairs:
            names = table_names(m, loc)
            found.append(
                Model(
                    info.unit.name,
                    info.node.at,
                    info.node.name,
                    info.dotted,
                    pairs,
                    names,
                    links.gone_with(info) | _kin(m, loc, info, every),
                    links.words(info) | names,
                )
            )
    for loc, table, unit in tables(m):
        place = made_at(loc)
        pairs = tuple(
            (column, field) for column, _ in table_columns(m, table) for field in m.policy.fields_of(column)
        )
        if pairs and place is not None:
            name = next(iter(table.parts["@0"].texts()), "")
            names = frozenset((name,))
            owners = cascades.of_call(m.program.units[unit], place[1])
            found.append(Model(unit, place[1], name, f"{unit}.{name}", pairs, names, owners, names))
    return tuple(found)


def is_table(m: Machine, obj: Obj, info: ClassInfo) -> bool:
    """Whether a class has rows of its own: a model that is neither abstract nor only a schema."""
    if not kind_of(m, info).rows or is_true(obj.parts.get("__abstract__")):
        return False
    above = {name for library in info.libraries for name in m.policy.catalog.ancestry(library)}
    if "sqlmodel.SQLModel" in above:
        bases = [info_of(m, base) for base in info.order]
        return any(
            keyword.name == "table" and isinstance(keyword.value, ir.Const) and keyword.value.value is True
            for base in bases
            if base is not None
            for keyword in base.node.keywords
        )
    return not any(
        name in ("abstract", "proxy") and is_true(value)
        for name, value in _settings(m, obj, ("Meta", "meta"))
    )


def stored(m: Machine) -> frozenset[tuple[Loc, str]]:
    """The attributes that are part of rows, each with the class that declares it."""
    found: set[tuple[Loc, str]] = set()
    for _, obj, info in classes(m):
        if not is_table(m, obj, info):
            continue
        seen: set[str] = set()
        for cls in info.order:
            base = info_of(m, cls)
            for name in base.declared if base is not None else ():
                if name not in seen:
                    seen.add(name)
                    found.add((cls, name))
    return frozenset(found)


def table_names(m: Machine, cls: Loc) -> frozenset[str]:
    """The names that the table of a model has, or may have where the framework names it."""
    obj = m.base.get(cls)
    names = set(model_tables.table_names(m, cls))
    for name, value in _settings(m, obj, ("Meta", "meta", "Settings")) if obj is not None else ():
        if name in NAMING:
            names.update(value.texts())
    return frozenset(names)


def _settings(m: Machine, obj: Obj, parts: tuple[str, ...]) -> Iterator[tuple[str, Value]]:
    """The settings of a model: of its inner class, or of the dict in the same place."""
    for part in parts:
        for loc in obj.parts[part].locs() if part in obj.parts else ():
            inner = m.base.get(loc)
            for key, value in inner.parts.items() if inner is not None else ():
                yield str(key if isinstance(key, str) else key.value), value


def row_pairs(m: Machine, info: ClassInfo) -> Iterator[tuple[str, str]]:
    """The attributes of a model's rows, its own and inherited ones, with the field that each carries."""
    seen: set[str] = set()
    kind = kind_of(m, info)
    for cls in info.order:
        base, obj = info_of(m, cls), m.base.get(cls)
        if base is None or obj is None:
            continue
        statements = dict(named_statements(base.node.body))
        for name in base.declared:
            if name not in seen and declares(m, obj, name, kind, statements.get(name)):
                seen.add(name)
                for field in fields_of(m, cls, base, name):
                    yield name, field


def _kin(
    m: Machine, loc: Loc, info: ClassInfo, every: tuple[tuple[Loc, Obj, ClassInfo], ...]
) -> frozenset[str]:
    """The models that share a row with this one because one inherits from the other: they go together."""
    found: set[str] = set()
    for other, obj, other_info in every:
        related = other in info.order or loc in other_info.order
        if other != loc and related and is_table(m, obj, other_info):
            found.add(other_info.node.name)
    return frozenset(found)
