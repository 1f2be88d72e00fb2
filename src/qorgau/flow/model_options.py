"""``Model._meta`` of Django: the names of a model, its application and its columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow.constants import Const
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import ClassInfo, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, Value, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

OPTIONS = "django.db.models.options.Options"
FIELD = "django.db.models.Field"
MODEL = "django.db.models.Model"
FIELDS = ("fields", "concrete_fields", "local_fields", "local_concrete_fields")
NAMES = ("name", "attname", "column")
PRIMARY = "id"
"""The key that a model has which declares none."""


def options(m: Machine, f: Frame, cls: Loc) -> Value | None:
    """``Model._meta``; None for classes that are not of the program."""
    info = m.class_info(f, cls)
    if info is None:
        return None
    loc = cls.child("_meta")
    if f.state.obj(loc) is None:
        parts: dict[Key, Value] = {
            "app_label": of_const(_app_label(f, cls, info)),
            "model_name": of_const(info.node.name.lower()),
            "object_name": of_const(info.node.name),
        }
        parts.update(dict.fromkeys(FIELDS, _fields(m, f, cls, info, loc)))
        f.state.heap[loc] = Obj("library", type=OPTIONS, parts=parts)
    return of_ref(loc)


def _fields(m: Machine, f: Frame, cls: Loc, info: ClassInfo, owner: Loc) -> Value:
    """What knows the name of each column; unknown where a class of a library may add some."""
    listed = owner.child(FIELDS[0])
    if set(info.libraries) != {MODEL}:
        return of_ref(listed, unknown=True)
    parts: dict[Key, Value] = {}
    for index, name in enumerate(dict.fromkeys((PRIMARY, *m.declared_fields(f, cls)))):
        field = owner.child(("field", name))
        named: dict[Key, Value] = dict.fromkeys(NAMES, of_const(name))
        f.state.heap[field] = Obj("library", type=FIELD, parts=named)
        parts[Const("int", index)] = of_ref(field)
    f.state.heap[listed] = Obj("list", parts=parts, length=len(parts))
    return of_ref(listed)


def _all_fields(m: Machine, f: Frame, u: Use) -> Value:
    """``Model._meta.get_fields()``"""
    held = join_all(m.obj(f, loc).parts.get(FIELDS[0], BOTTOM) for loc in u.receiver.locs())
    return m.unknown(f, u.at, frozenset(), "fields") if held.is_bottom else held


def _app_label(f: Frame, cls: Loc, info: ClassInfo) -> str:
    """``class Meta: app_label``, else the package that holds the models."""
    obj = f.state.obj(cls)
    for meta in obj.parts.get("Meta", BOTTOM).locs() if obj is not None else ():
        inner = f.state.obj(meta)
        for text in inner.parts.get("app_label", BOTTOM).texts() if inner is not None else ():
            return text
    package, _, last = info.unit.name.rpartition(".")
    before, models, _ = f".{info.unit.name}".partition(".models")
    return before.rpartition(".")[2] if models else package.rpartition(".")[2] or last


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {"model-fields": _all_fields}
