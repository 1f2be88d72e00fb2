"""What forms and serializers of a model do and give back when they save: an object of that model."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import objects, registries, schemas
from qorgau.flow.behaviours import Use
from qorgau.flow.machine import Args, Frame
from qorgau.flow.values import BOTTOM, Loc, Obj, Value, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


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
    models = registries.class_setting(m, f, use.receiver, "Meta", "model", use.at).locs()
    if not models:
        held = m.contents(f, join_all([use.receiver, *use.args.all()]))
        return m.unknown(f, use.at, held, "saved")
    loc = m.fresh(f, use.at, "saved")
    for cls in models:
        f.state.heap[loc] = Obj("unknown", cls=cls)
    return of_ref(loc, unknown=True)


def _by_serializer(m: Machine, f: Frame, use: Use, loc: Loc, obj: Obj) -> Value | None:
    """What ``create(validated_data)`` or ``update(instance, validated_data)`` of a serializer give; None without."""
    info = m.class_info(f, obj.cls) if obj.cls is not None else None
    if info is None or schemas.kind_of(m, info.libraries) != schemas.SERIALIZER or obj.kind != "instance":
        return None
    instance = obj.parts.get("@instance", obj.parts.get("@0", BOTTOM))
    found = objects.method(m, f, loc, obj, "create" if instance.is_bottom else "update", use.at)
    if found is None:
        return None
    data = schemas.loaded(m, f, loc, obj, use.at)
    for name, value in use.args.keywords.items():
        m.set_item(f, data, of_const(name), value, use.at)
    given = [data] if instance.is_bottom else [instance, data]
    return m.call(f, found, Args(given), use.at)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {"saved-model": _saved}
