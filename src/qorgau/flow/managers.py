"""Managers and querysets that a project writes itself: of which model they are, and what they select.

A class attribute ``agreed = AgreedManager()`` gives each model a manager of its own; a project's
``get_queryset`` says what it starts from, and methods of a project's queryset class run as code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import inheritance
from qorgau.flow.declared_types import ELEMENTS
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import Value, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

MANAGER = "django.db.models.Manager"
QUERYSET = "django.db.models.QuerySet"
QUERY = "sqlalchemy.orm.Query"
QUERY_CLASS = "query_class"
"""The attribute by which a model of Flask-SQLAlchemy says of what class its queries are."""

START = "get_queryset"


def is_manager(m: Machine, f: Frame, obj: Obj) -> bool:
    """Whether an object is a manager or queryset, of a library's class or of one of the project's."""
    return any(
        base in (QUERYSET, QUERY) for name in _types(m, f, obj) for base in m.policy.catalog.ancestry(name)
    )


def _types(m: Machine, f: Frame, obj: Obj) -> list[str]:
    info = m.class_info(f, obj.cls) if obj.cls is not None else None
    return [*([obj.type] if obj.type else []), *(info.libraries if info is not None else ())]


def of_model(m: Machine, f: Frame, model: Loc, name: str, ref: Loc) -> Loc | None:
    """The manager that a model has under a name; None where the class attribute is no manager."""
    obj = f.state.obj(ref)
    if obj is None or obj.kind == "class" or ELEMENTS in obj.parts or not is_manager(m, f, obj):
        return None
    own = model.child(name)
    if f.state.obj(own) is None:
        f.state.heap[own] = replace(
            obj.put(ELEMENTS, of_ref(model)), kind="library", type=obj.type or MANAGER
        )
    return own


def query_of(m: Machine, f: Frame, model: Loc, name: str) -> Loc | None:
    """The query of a model that is annotated with a class of queries (``query: OwnQuery``); None for others."""
    described = m.declared_class(f, model, name)
    return _query(m, f, model, name, described) if described is not None else None


def query_class(m: Machine, f: Frame, model: Loc) -> Loc | None:
    """The class of the project that a model's queries are of, by its ``query_class``."""
    found = inheritance.class_part(m, f, model, QUERY_CLASS)
    return next((loc for loc in found.locs() if m.class_info(f, loc) is not None), None) if found else None


def _query(m: Machine, f: Frame, model: Loc, name: str, described: Obj) -> Loc | None:
    if not is_manager(m, f, described):
        return None
    own = model.child(name)
    kinds = [kind for kind in _types(m, f, described) if QUERY in m.policy.catalog.ancestry(kind)]
    if f.state.obj(own) is None:
        f.state.heap[own] = replace(
            described.put(ELEMENTS, of_ref(model)), kind="library", type=kinds[0] if kinds else QUERYSET
        )
    return own


def started(m: Machine, f: Frame, use: Use, loc: Loc, obj: Obj) -> list[tuple[Loc, Obj]] | None:
    """What a manager of the project starts from, by its ``get_queryset``; None where it has none."""
    if obj.cls is None or use.dotted.endswith("." + START) or _runs(m, f, obj):
        return None
    found = inheritance.class_part(m, f, obj.cls, START)
    if found is None or obj.type == QUERYSET:
        return None
    result = m.call(f, inheritance.bind(m, f, found, of_ref(loc), use.at), Args(), use.at)
    return [(inner, made) for inner in result.locs() if (made := f.state.obj(inner)) is not None]


def _runs(m: Machine, f: Frame, obj: Obj) -> bool:
    """Whether ``get_queryset`` of the manager is what is being run."""
    return f.closure is not None and f.closure.function.name == START


def as_manager(m: Machine, f: Frame, use: Use) -> Value:
    """``ClientQuerySet.as_manager()``: a manager with the methods of the class."""
    cls = use.receiver.single()
    return m.new(f, use.at, Obj("library", cls=cls, type=MANAGER), "manager")


def from_queryset(m: Machine, f: Frame, use: Use) -> Value:
    """``Manager.from_queryset(ClientQuerySet)``: a class whose objects have the methods of the queryset."""
    return use.arg(0, "queryset_class")


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "as-manager": as_manager,
    "from-queryset": from_queryset,
}
