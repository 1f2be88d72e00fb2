"""What classes and tables declare: the fields of models, forms, serializers, dataclasses and table definitions.

Read off the classes that the run has seen, once it is over. A class declares what its body names in the way
of its framework: a column or field object of a library, or an annotation where annotations declare.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import TYPE_CHECKING

import msgspec

from qorgau import ir
from qorgau.flow.arrivals import Declaration
from qorgau.flow.class_fields import DATA_CLASSES, TYPED_DICTS
from qorgau.flow.flags import is_flag, named_statements
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc, made_at
from qorgau.flow.machine import ClassInfo, Frame
from qorgau.flow.node_names import spelling
from qorgau.flow.orm import MODELS
from qorgau.flow.sql_statement import Statement
from qorgau.flow.values import Value

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

ROWS = MODELS | {
    "mongoengine.Document",
    "mongoengine.DynamicDocument",
    "beanie.Document",
    "odmantic.Model",
    "ormar.Model",
    "gino.Gino.Model",
    "pony.orm.Entity",
}
"""Classes whose objects are kept in a database."""

ANNOTATED = TYPED_DICTS | {
    "typing.NamedTuple",
    "pydantic.BaseModel",
    "msgspec.Struct",
    "beanie.Document",
    "odmantic.Model",
    "ninja.Schema",
    "ninja.ModelSchema",
    "sqlalchemy.orm.DeclarativeBase",
    "sqlalchemy.orm.MappedAsDataclass",
    "flask_sqlalchemy.model.Model",
    "mongoengine.EmbeddedDocument",
}
"""Classes whose annotated attributes are fields."""

ASSIGNED = ROWS | {
    "mongoengine.EmbeddedDocument",
    "django.forms.BaseForm",
    "wtforms.Form",
    "wtforms.form.BaseForm",
    "flask_wtf.FlaskForm",
    "rest_framework.serializers.BaseSerializer",
    "marshmallow.Schema",
    "graphene.ObjectType",
    "graphene.InputObjectType",
    "elasticsearch.dsl.Document",
    "elasticsearch_dsl.Document",
    "ormar.Model",
}
"""Classes whose attributes are fields where an object of a library describes them."""

SETTINGS = frozenset(("pydantic_settings.BaseSettings", "pydantic.BaseSettings"))
"""Classes of what a program is configured with: whatever an e-mail address in them is, it is nobody's datum."""

DECORATED = DATA_CLASSES | {"strawberry.type", "strawberry.input", "attr.mutable", "attrs.mutable"}

FIELD_TYPES = (
    "sqlalchemy.Column",
    "sqlalchemy.orm.mapped_column",
    "django.db.models.",
    "django.forms.",
    "rest_framework.",
    "peewee.",
    "tortoise.fields.",
    "mongoengine.",
    "pony.",
    "marshmallow.",
    "wtforms.",
    "attr.",
)
"""Library objects that declare a field in any class, a mixin included."""

RELATIONS = frozenset(
    (
        "relationship", "Relationship", "backref", "dynamic_loader", "GenericRelation", "association_proxy", "property",
        "cached_property", "hybrid_property", "synonym", "classmethod", "staticmethod",
    )
)  # fmt: skip
"""Calls that declare a way to other rows, or what is worked out from a row, and no column."""

UNDECLARING = frozenset(("ClassVar", "InitVar", "KW_ONLY"))
COLUMN_NAMES = (
    "db_column",
    "column_name",
    "db_field",
    "alias",
    "data_key",
    "source_field",
    "name",
    "load_from",
)
TABLE_TYPES = frozenset(("sqlalchemy.Table",))


class Kind(msgspec.Struct, frozen=True):
    """What a class is: how it declares fields, and whether its objects are rows."""

    annotated: bool
    assigned: bool
    rows: bool


def kind_of(m: Machine, info: ClassInfo) -> Kind:
    """How a class declares its fields, by what it inherits and how it is decorated."""
    above = {name for library in info.libraries for name in m.policy.catalog.ancestry(library)}
    above |= set(info.libraries)
    if above & SETTINGS:
        return Kind(False, False, False)
    orders = [base for loc in info.order if (base := info_of(m, loc)) is not None]
    marks = {mark for base in orders for mark in base.marks}
    return Kind(
        annotated=bool(above & ANNOTATED or marks & DECORATED),
        assigned=bool(above & ASSIGNED or marks & DECORATED),
        rows=bool(above & ROWS),
    )


def classes(m: Machine) -> Iterator[tuple[Loc, Obj, ClassInfo]]:
    """The classes of modules, tests aside, in the order of their modules and lines."""
    found = [
        (loc, obj, obj.info)
        for loc, obj in m.base.items()
        if obj.kind == "class" and isinstance(obj.info, ClassInfo) and not obj.info.unit.file.is_test
    ]
    return iter(sorted(found, key=lambda each: (each[2].unit.name, each[2].node.at)))


def tables(m: Machine) -> Iterator[tuple[Loc, Obj, str]]:
    """Tables that are defined as objects (``Table("clients", metadata, Column(...))``), with their module."""
    found = [(loc, obj) for loc, obj in m.base.items() if obj.type in TABLE_TYPES and "@0" in obj.parts]
    for loc, obj in sorted(found, key=lambda pair: repr(pair[0])):
        place = made_at(loc)
        if place is not None:
            unit = m.program.units.get(place[0])
            if unit is not None and not unit.file.is_test:
                yield loc, obj, place[0]


def declared(m: Machine, stored: Container[tuple[Loc, str]]) -> tuple[Declaration, ...]:
    """All that the classes and tables of a program declare; ``stored`` says what is part of rows."""
    found: list[Declaration] = []
    for loc, obj, info in classes(m):
        kind = kind_of(m, info)
        statements = dict(named_statements(info.node.body))
        for name in info.declared:
            if not declares(m, obj, name, kind, statements.get(name)):
                continue
            node = statements.get(name)
            fields = fields_of(m, loc, info, name)
            found.append(
                Declaration(
                    info.unit.name,
                    node.at if node is not None else info.node.at,
                    info.node.name,
                    info.dotted,
                    name,
                    _columns(m, obj.parts.get(name)),
                    fields,
                    (loc, name) in stored,
                )
            )
    for _, table, unit in tables(m):
        name = next(iter(table.parts["@0"].texts()), "")
        for column, at in table_columns(m, table):
            found.append(
                Declaration(unit, at, name, f"{unit}.{name}", column, (), m.policy.fields_of(column), True)
            )
    return tuple(found)


def of_statement(m: Machine, f: Frame, at: int, parsed: Statement) -> None:
    """``CREATE TABLE`` and ``ALTER TABLE ... ADD`` as a text: the columns stand at the call that runs it."""
    if f.unit.file.is_test:
        return
    table = next(iter((*parsed.tables, parsed.into)), "")
    for name in parsed.declared:
        found = Declaration(
            f.unit.name, at, table, f"{f.unit.name}.{table}", name, (), m.policy.fields_of(name)
        )
        m.found.tables.setdefault(found)


def info_of(m: Machine, loc: Loc) -> ClassInfo | None:
    obj = m.base.get(loc)
    return obj.info if obj is not None and isinstance(obj.info, ClassInfo) else None


def declares(m: Machine, obj: Obj, name: str, kind: Kind, statement: ir.Assign | ir.Annotated | None) -> bool:
    """Whether a name in a class's body is a field of its objects."""
    value = obj.parts.get(name)
    if statement is not None and (_head(statement.value) in RELATIONS or is_flag(statement)):
        return False
    if isinstance(statement, ir.Annotated):
        if _annotation(statement.annotation) in UNDECLARING:
            return False
        if kind.annotated:
            return True
    if value is not None and any(_is_field(m, loc) for loc in value.locs()):
        return True
    if kind.assigned and isinstance(statement, ir.Assign):
        return isinstance(statement.value, ir.Call) and value is not None and not value.consts
    # A class that a call made has no body: all that was given to the call is declared.
    return statement is None and (kind.annotated or kind.assigned)


def _is_field(m: Machine, loc: Loc) -> bool:
    obj = m.base.get(loc)
    return (
        obj is not None
        and obj.kind == "library"
        and obj.type.startswith(FIELD_TYPES)
        and obj.type.rpartition(".")[2] not in RELATIONS
    )


def _head(node: ir.Expr | None) -> str:
    return spelling(node.function).rpartition(".")[2] if isinstance(node, ir.Call) else ""


def _annotation(node: ir.Expr) -> str:
    if isinstance(node, ir.Const) and isinstance(node.value, str):
        return node.value.partition("[")[0].rpartition(".")[2].strip()
    return spelling(node.value if isinstance(node, ir.Subscript) else node).rpartition(".")[2]


def _columns(m: Machine, value: Value | None) -> tuple[str, ...]:
    """The other names that a declaration gives its field: of the column, of the key."""
    names: dict[str, None] = {}
    for loc in value.locs() if value is not None else ():
        obj = m.base.get(loc)
        if obj is None or obj.kind != "library":
            continue
        for option in COLUMN_NAMES:
            part = obj.parts.get(f"@{option}")
            names.update(dict.fromkeys(part.texts() if part is not None else ()))
        if obj.type in ("sqlalchemy.Column", "sqlalchemy.orm.mapped_column") and "@0" in obj.parts:
            names.update(dict.fromkeys(obj.parts["@0"].texts()))
    return tuple(names)


def fields_of(m: Machine, loc: Loc, info: ClassInfo, name: str) -> tuple[str, ...]:
    """The fields of the List that an attribute carries, by the configuration or by its names."""
    for cls in (loc, *_heirs(m, loc)) if m.policy.may_be_attribute(name) else ():
        dotted = getattr(info_of(m, cls), "dotted", "")
        field = m.policy.attribute_field(f"{dotted}.{name}")
        if field is not None:
            return (field,)
    obj = m.base.get(loc)
    found = dict.fromkeys(m.policy.fields_of(name))
    for column in _columns(m, obj.parts.get(name)) if obj is not None else ():
        found.update(dict.fromkeys(m.policy.fields_of(column)))
    return tuple(found)


def _heirs(m: Machine, loc: Loc) -> list[Loc]:
    return [cls for cls, _, info in classes(m) if cls is not loc and loc in info.order]


def table_columns(m: Machine, table: Obj) -> Iterator[tuple[str, int]]:
    """The columns of a table that is defined as an object, with the node of each."""
    for key, part in table.parts.items():
        if not (isinstance(key, str) and key.startswith("@")):
            continue
        for loc in part.locs():
            column, place = m.base.get(loc), made_at(loc)
            if column is not None and column.type == "sqlalchemy.Column" and place is not None:
                for name in column.parts["@0"].texts()[:1] if "@0" in column.parts else ():
                    yield name, place[1]
