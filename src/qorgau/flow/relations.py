"""Relations between models: what an attribute leads to, also from the other side.

``user = relationship("User", backref="visits")`` gives visits a user, and users visits. What a relation is of
is read off the class that declares it; the other side is noted when that class comes to be.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import declared_types
from qorgau.flow.declared_types import ELEMENTS
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import ClassInfo, Frame
from qorgau.flow.values import BOTTOM, Value, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

RELATIONSHIP = "sqlalchemy.orm.relationship"
QUERY = "sqlalchemy.orm.Query"
MANAGER = "django.db.models.Manager"
ONE_TO_ONE = "django.db.models.OneToOneField"
MANY_TO_MANY = "django.db.models.ManyToManyField"
KEYS = frozenset(("django.db.models.ForeignKey", MANY_TO_MANY, ONE_TO_ONE))
DYNAMIC = frozenset(("dynamic", "write_only", "dynamic_loader"))
"""Values of ``lazy`` with which a relation is a query of its rows."""

FILE_FIELD = "django.db.models.FileField"
FIELD_FILE = "django.db.models.fields.files.FieldFile"


def related(m: Machine, f: Frame, part: Value, info: ClassInfo, owner: Loc) -> Obj | None:
    """What an attribute of a row is that its class declares as a relation or a file; None for other columns."""
    for ref in part.locs():
        obj = f.state.obj(ref)
        if obj is None or obj.kind != "library":
            continue
        if FILE_FIELD in m.policy.catalog.ancestry(obj.type):
            storage: dict[Key, Value] = {"$storage": obj.parts["@storage"]} if "@storage" in obj.parts else {}
            return Obj("library", type=FIELD_FILE, parts=storage)
        to = _target(obj)
        if to is None:
            continue
        found = declared_types.of_classes(m, f, to)
        for text in to.texts():
            if text == "self":
                found = Obj("unknown", cls=owner)
            else:
                found = found or declared_types.named_object(m, f, text.rpartition(".")[2], info.unit)
                found = found or m.class_by_name(text)
        if obj.type == MANY_TO_MANY and found is not None and found.cls is not None:
            return _managed(found.cls)
        if obj.type.endswith(("ManyToManyField", "relationship[]")):
            return declared_types.collection(m, f, found)
        return _queried(found) if found is not None and _is_dynamic(obj) else found
    return None


def _managed(cls: Loc) -> Obj:
    """The manager through which Django gives the many rows of a relation."""
    return Obj("library", type=MANAGER, parts={ELEMENTS: of_ref(cls)})


def _target(obj: Obj) -> Value | None:
    return obj.parts.get("@to") or obj.parts.get("@argument") or obj.parts.get("@0")


def _is_dynamic(obj: Obj) -> bool:
    return obj.type == RELATIONSHIP and bool(DYNAMIC & set(obj.parts.get("@lazy", BOTTOM).texts()))


def _queried(row: Obj) -> Obj:
    return Obj("library", type=QUERY, parts={ELEMENTS: of_ref(row.cls)}) if row.cls is not None else row


def note(m: Machine, f: Frame, loc: Loc, info: ClassInfo) -> None:
    """Note what a new class gives to the models that its relations lead to."""
    for name, part in m.obj(f, loc).parts.items():
        if not isinstance(name, str):
            continue
        for ref in part.locs():
            obj = f.state.obj(ref)
            if obj is not None and obj.kind == "library" and (obj.type == RELATIONSHIP or obj.type in KEYS):
                for target in _targets(m, f, obj):
                    for back, seen in _back(f, obj, info, loc):
                        m.reverse.setdefault((target, back), seen)


def _targets(m: Machine, f: Frame, obj: Obj) -> Iterator[str]:
    """The short names of the classes that a relation leads to."""
    to = _target(obj) or BOTTOM
    for text in to.texts():
        yield text.rpartition(".")[2]
    for loc in to.locs():
        info = m.class_info(f, loc)
        if info is not None:
            yield info.node.name


def _back(f: Frame, obj: Obj, info: ClassInfo, owner: Loc) -> Iterator[tuple[str, Obj]]:
    """The names under which the other side sees the rows of a class, and what it sees."""
    row = Obj("unknown", cls=owner)
    if obj.type == RELATIONSHIP:
        given = obj.parts.get("@backref", BOTTOM)
        for name in given.texts():
            yield name, row
        for loc in given.locs():
            made = f.state.obj(loc) or Obj("unknown")
            for name in made.parts.get("@0", BOTTOM).texts():
                yield name, _queried(row) if _is_dynamic(made) else row
        return
    if obj.type == ONE_TO_ONE:
        yield from ((name, row) for name in _related_names(obj, info.node.name.lower()))
        return
    many = _managed(owner)
    yield from ((name, many) for name in _related_names(obj, f"{info.node.name.lower()}_set"))


def _related_names(obj: Obj, default: str) -> list[str]:
    given = obj.parts.get("@related_name")
    return [name for name in given.texts() if name.isidentifier()] if given is not None else [default]


def seen_from(m: Machine, f: Frame, info: ClassInfo, name: str) -> Obj | None:
    """What rows of a class see of another's under a name (``user.visits``); None for other attributes."""
    if not m.reverse:
        return None
    for base in info.order:
        base_info = m.class_info(f, base)
        found = m.reverse.get((base_info.node.name, name)) if base_info is not None else None
        if found is not None:
            return replace(found)
    return None
