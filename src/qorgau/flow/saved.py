"""What forms and serializers of a model do and give back when they save: an object of that model."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import class_fields, inheritance, registries, schemas
from qorgau.flow.constants import Const
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, Value, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


MODEL_SAVE = "rest_framework.serializers.ModelSerializer.save"


def _saved(m: Machine, f: Frame, use: Use) -> Value:
    """``form.save()``, ``serializer.save()``: an object of ``class Meta: model``, read by its attributes.

    A serializer that says itself how it creates or updates is asked.
    """
    made = [
        result
        for loc in use.receiver.locs()
        if (obj := f.state.obj(loc)) is not None
        and (result := _by_serializer(m, f, use, loc, obj)) is not None
    ]
    if made and f.state.reachable:
        return join_all(made)
    new = _new(m, f, use)
    if new is None:
        held = m.contents(f, join_all([use.receiver, *use.args.all()]))
        return m.unknown(f, use.at, held, "saved")
    return new


def _by_serializer(m: Machine, f: Frame, use: Use, loc: Loc, obj: Obj) -> Value | None:
    """What ``create(validated_data)`` or ``update(instance, validated_data)`` of a serializer give; None without."""
    info = m.class_info(f, obj.cls) if obj.cls is not None else None
    if info is None or schemas.kind_of(m, info.libraries) != schemas.SERIALIZER or obj.kind != "instance":
        return None
    instance = _instance(obj)
    found = inheritance.method(m, f, loc, obj, _method(obj), use.at)
    if found is None:
        return None
    data = schemas.loaded(m, f, loc, obj, use.at)
    for name, value in use.args.keywords.items():
        m.set_item(f, data, of_const(name), value, use.at)
    given = [data] if instance.is_bottom else [instance, data]
    return m.call(f, found, Args(given), use.at)


def by_own_method(m: Machine, f: Frame, use: Use) -> Value | None:
    """``serializer.save()`` of a serializer that says itself how it creates or updates: no write of its own."""
    if use.dotted != MODEL_SAVE:
        return None
    found = [(loc, f.state.obj(loc)) for loc in use.receiver.locs()]
    own = [
        (loc, obj)
        for loc, obj in found
        if obj is not None
        and obj.cls is not None
        and inheritance.class_part(m, f, obj.cls, _method(obj)) is not None
    ]
    if not own or len(own) < len(found):
        return None
    made = [_by_serializer(m, f, use, loc, obj) for loc, obj in own]
    return join_all([value for value in made if value is not None]) if any(made) else None


def _method(obj: Obj) -> str:
    """Which of its methods a serializer saves with."""
    return "create" if _instance(obj).is_bottom else "update"


def _instance(obj: Obj) -> Value:
    """The row that a serializer was made for; ``BOTTOM`` for a new one."""
    return obj.parts.get("@instance", obj.parts.get("@0", BOTTOM))


def _populated(m: Machine, f: Frame, use: Use) -> Value:
    """``form.populate_obj(client)``: each field's data becomes the attribute of its name."""
    target = use.arg(0, "obj")
    for loc in _forms(m, f, use.receiver):
        cls = m.obj(f, loc).cls
        for name in class_fields.declared_fields(m, f, cls) if cls is not None else ():
            field = m.attribute(f, of_ref(loc), name, use.at)
            m.set_attribute(f, target, name, m.attribute(f, field, "data", use.at), use.at)
    return OPAQUE


def _taken_over(m: Machine, f: Frame, use: Use) -> Value:
    """``user.sqlmodel_update(data)``: the object takes the values of a dict or of another object as its own."""
    _take(m, f, use.receiver, [*use.args.positional, *use.args.keywords.values()], use.at)
    return use.receiver


def _created(m: Machine, f: Frame, use: Use) -> Value:
    """``super().create(validated_data)`` of a serializer: a new object of its model."""
    target = _new(m, f, use)
    if target is None:
        return m.unknown(f, use.at, m.contents(f, use.arg(0, "validated_data")), "saved")
    _take(m, f, target, [use.arg(0, "validated_data")], use.at)
    return target


def _updated(m: Machine, f: Frame, use: Use) -> Value:
    """``super().update(instance, validated_data)`` of a serializer: the instance."""
    _take(m, f, use.arg(0, "instance"), [use.arg(1, "validated_data")], use.at)
    return use.arg(0, "instance")


def _new(m: Machine, f: Frame, use: Use) -> Value | None:
    """An object of ``class Meta: model`` of which nothing is known; None without such a class."""
    models = registries.class_setting(m, f, use.receiver, "Meta", "model", use.at).locs()
    if not models:
        return None
    loc = m.fresh(f, use.at, "saved")
    for cls in models:
        f.state.heap[loc] = Obj("unknown", cls=cls)
    return of_ref(loc, unknown=True)


def _take(m: Machine, f: Frame, target: Value, values: list[Value], at: int) -> None:
    """Each key of a dict and each attribute of an object becomes an attribute of ``target``."""
    for value in values:
        for loc in value.locs():
            obj = f.state.obj(loc)
            if obj is None or obj.kind == "class":
                continue
            names = {
                str(key.value) if isinstance(key, Const) else key: part for key, part in obj.parts.items()
            }
            for name, part in sorted(names.items()):
                if not name.startswith(("$", "@")):
                    m.set_attribute(f, target, name, part, at)
            unread = class_fields.declared_fields(m, f, obj.cls) if obj.kind == "unknown" and obj.cls else ()
            for name in unread:
                if name not in names:
                    m.set_attribute(f, target, name, m.attribute(f, of_ref(loc, unknown=True), name, at), at)


def _forms(m: Machine, f: Frame, value: Value) -> list[Loc]:
    """The forms of classes of the project, whichever way they were reached."""
    found = [(loc, f.state.obj(loc)) for loc in value.locs()]
    return [loc for loc, obj in found if obj is not None and obj.cls is not None and obj.kind != "class"]


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "saved-model": _saved,
    "populated-form": _populated,
    "serializer-create": _created,
    "serializer-update": _updated,
    "take-over": _taken_over,
}
