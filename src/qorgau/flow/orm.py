"""Querysets, statements and rows of ORMs: of which class their items are, what was chosen, which facts hold.

A queryset or a statement is a library object whose parts say so: the class of its items, ``$row``
where columns were chosen, ``$only`` what a record is narrowed to, ``$holds`` the facts that its
conditions imply of each item (told of the placeholder ``ITEM``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qorgau.flow import origins, row_expressions
from qorgau.flow.declared_types import ELEMENTS
from qorgau.flow.facts import NO_FACTS, Facts
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.state import Renaming
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, Ref, Value, join, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


ROW = "$row"
MANY = "$many"
"""Marks an object that stands for each row of a query, or for each document."""

ONLY = "$only"
HOLDS = "$holds"
KEY = "@key"
NAMED = "@="
"""How the parts of a queryset begin that hold what it was looked up by under which name."""
ITEM = Loc(None, ("item-of",))
"""Stands for an item of a queryset in facts that hold of all its items."""

MODELS = frozenset(
    (
        "django.db.models.Model",
        "sqlalchemy.orm.DeclarativeBase",
        "sqlalchemy.orm.MappedAsDataclass",
        "sqlmodel.SQLModel",
        "flask_sqlalchemy.SQLAlchemy.Model",
        "flask_sqlalchemy.model.Model",
        "peewee.Model",
        "tortoise.models.Model",
        "tortoise.Model",
    )
)
"""Classes whose objects are rows: what such an object refers to is stored as a key, not as a whole."""

DJANGO_ROWS = "django.db.models.QuerySet"
OF_CLASSES = {"mongoengine": "mongoengine.QuerySet"}
"""What a class gives that a library's function takes for all its rows, where that is not Django's."""

LIBRARY_MODELS = frozenset(("django.contrib.auth.models.User",))
"""Models that a library brings: their objects are rows too."""


def is_model(m: Machine, f: Frame, loc: Loc) -> bool:
    """Whether an object is a row of a table, or a class of such."""
    obj = f.state.obj(loc)
    cls = loc if obj is not None and obj.kind == "class" else obj.cls if obj is not None else None
    info = m.class_info(f, cls) if cls is not None else None
    if info is None:
        return obj is not None and obj.type in LIBRARY_MODELS
    return any(base in MODELS for library in info.libraries for base in m.policy.catalog.ancestry(library))


def querysets_of(m: Machine, f: Frame, use: Use) -> list[tuple[Loc, Obj]]:
    """The querysets that a method is called on, or that a function is given (a class stands for all its rows)."""
    values = [use.receiver, *use.args.positional[:1]] if not use.receiver.locs() else [use.receiver]
    found: list[tuple[Loc, Obj]] = []
    for value in values:
        for loc in value.locs():
            obj = m.obj(f, loc)
            if obj.kind == "class":
                kind = OF_CLASSES.get(use.dotted.partition(".")[0], DJANGO_ROWS)
                found.append((loc, Obj("library", type=kind, parts={ELEMENTS: of_ref(loc)})))
            elif obj.kind == "library" or (obj.cls is not None and m.is_queryset(f, obj)):
                found += m.queryset_start(f, use, loc, obj) or [(loc, obj)]
    return found


def found_by(m: Machine, f: Frame, use: Use, source: Loc | None, obj: Obj) -> Obj:
    """A queryset or row with what it was looked up by: a check of the key is a check of what it finds."""
    found: dict[Ref, Facts] = {}
    for value in (*use.args.positional, *use.args.keywords.values()):
        found.update({loc: NO_FACTS for loc in value.locs() if is_key(m.obj(f, loc))})
        for fact in m.truth(f, value, True) or ():
            if (
                fact.kind == "test"
                and fact.holds
                and isinstance(fact.detail, tuple)
                and isinstance(fact.detail[1], Loc)
            ):
                found[fact.detail[1]] = NO_FACTS
    for name, value in use.args.keywords.items():
        key = value.single()
        if key is not None and is_key(m.obj(f, key)):
            obj = obj.put(f"{NAMED}{name}", value)
    if source is not None and isinstance(source.label, str) and source.parent is not None:
        owner = f.state.obj(source.parent)
        if owner is None or owner.kind != "class":
            found[source] = NO_FACTS
    if not found:
        return obj
    return obj.put(KEY, join(obj.parts.get(KEY, BOTTOM), Value(refs=found)))


def is_key(obj: Obj) -> bool:
    """Whether an object can stand for a row: a parameter, a person, no column and no condition."""
    return obj.kind in ("unknown", "instance")


def facts_held(obj: Obj) -> Facts:
    part = obj.parts.get(HOLDS)
    return (part.when_true or NO_FACTS) if part is not None else NO_FACTS


def class_of_items(obj: Obj) -> Loc | None:
    part = obj.parts.get(ELEMENTS)
    return next(iter(part.locs()), None) if part is not None else None


def texts_in(use: Use) -> list[str]:
    return [text for value in (*use.args.positional, use.args.star) for text in value.texts()]


def names_among(values: Iterable[Value]) -> Value:
    return join_all(values) if (values := list(values)) else of_const("")


def told_of_items(f: Frame, obj: Obj | None, element: Loc) -> Facts:
    """The facts that hold of an item because of how its collection was chosen."""
    return told_of(facts_held(obj), element) if obj is not None else NO_FACTS


def item_of(
    m: Machine, f: Frame, obj: Obj, at: int, label: str = "element", origin: str = ""
) -> Value | None:
    """One item of a queryset, of rows or of a list that was collected in a way (``origin``); None for others."""
    row = obj.parts.get(ROW)
    facts = facts_held(obj)
    if row is not None:
        # A row of columns is nobody's own object: whose the condition is cannot be told of it.
        renamed = frozenset(fact._replace(subject=None) for fact in facts)
        return Value(
            row.taints,
            row.consts,
            {ref: held | renamed for ref, held in row.refs.items()},
            row.unknown,
            row.opaque,
        )
    cls = class_of_items(obj)
    if cls is None:
        return None
    info = m.class_info(f, cls)
    named = f"{label} {info.node.name}" if info is not None else label
    element = m.fresh(f, at, origins.marked(named, origin))
    parts: dict[Key, Value] = {name: obj.parts[name] for name in (ONLY, KEY) if name in obj.parts}
    f.state.heap[element] = Obj("unknown", cls=cls, parts=parts)
    row_expressions.compute(m, f, obj, of_ref(element, unknown=True), at)
    return Value(refs={element: told_of(facts, element)}, unknown=True)


def told_of(facts: Facts, item: Loc | None) -> Facts:
    if not facts:
        return NO_FACTS
    renaming = Renaming(lambda loc: item if loc == ITEM and item is not None else loc)
    return renaming.facts(facts)
