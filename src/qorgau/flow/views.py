"""What a generic view is about: the rows and the object of its model, and the serializer that shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import inheritance, permissions
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, UNKNOWN, Value, join_all, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def _object(m: Machine, f: Frame, u: Use) -> Value:
    """``self.get_object()``: a row of ``get_queryset()``, ``queryset`` or ``model``."""
    view = u.receiver.single()
    obj = f.state.obj(view) if view is not None else None
    found = _of_view(m, f, obj.cls, u) if obj is not None and obj.cls is not None else None
    if found is None:
        found = m.unknown_call(f, "get_object", u.receiver, u.args, u.at)
    permissions.permitted(m, f, u.receiver, found, u.at)
    return found


def _of_view(m: Machine, f: Frame, cls: Loc, u: Use) -> Value | None:
    rows = _told(m, f, cls, u, "get_queryset", "queryset")
    if rows is None and (model := inheritance.class_part(m, f, cls, "model")) is not None:
        for loc in model.locs():
            made = m.fresh(f, u.at, "row")
            f.state.heap[made] = Obj("unknown", cls=loc)
            return of_ref(made, unknown=True)
    each = m.iterate(f, rows, u.at).each if rows is not None and rows.locs() else BOTTOM
    return each if any(m.obj(f, loc).cls is not None for loc in each.locs()) else None


def _told(m: Machine, f: Frame, cls: Loc, u: Use, method: str, attribute: str) -> Value | None:
    """What a view's class says by a method of its own, or else by an attribute."""
    own = inheritance.class_part(m, f, cls, method)
    if own is not None:
        return m.call(f, inheritance.bind(m, f, own, u.receiver, u.at), Args(), u.at)
    return inheritance.class_part(m, f, cls, attribute)


def _declared(attribute: str) -> Callable[[Machine, Frame, Use], Value]:
    """``self.get_queryset()`` of the framework gives what the class names in an attribute."""

    def given(m: Machine, f: Frame, u: Use) -> Value:
        found = [inheritance.class_part(m, f, cls, attribute) for cls in _classes(f, u.receiver)]
        known = [value for value in found if value is not None]
        return join_all(known) if known else m.unknown_call(f, f"get_{attribute}", u.receiver, u.args, u.at)

    return given


def _rows_of_model(m: Machine, f: Frame, u: Use) -> Value:
    """``self.get_queryset()`` of Django's views: what ``queryset`` names, or else all rows of ``model``."""
    found: list[Value] = []
    for cls in _classes(f, u.receiver):
        named = inheritance.class_part(m, f, cls, "queryset")
        model = inheritance.class_part(m, f, cls, "model")
        if named is not None and named.locs():
            found.append(named)
        elif model is not None and model.locs():
            found.append(m.attribute(f, model, "objects", u.at))
    return join_all(found) if found else m.unknown_call(f, "get_queryset", u.receiver, u.args, u.at)


def _serializer(m: Machine, f: Frame, u: Use) -> Value:
    """``self.get_serializer(rows, many=True)``: the view's class of serializers is called with the same."""
    found = [
        _told(m, f, cls, u, "get_serializer_class", "serializer_class") for cls in _classes(f, u.receiver)
    ]
    known = [value for value in found if value is not None and value.locs()]
    if not known:
        return m.unknown_call(f, "get_serializer", u.receiver, u.args, u.at)
    return m.call(f, join_all(known), u.args, u.at)


def _classes(f: Frame, view: Value) -> list[Loc]:
    held = (f.state.obj(loc) for loc in view.locs())
    return [obj.cls for obj in held if obj is not None and obj.cls is not None]


def _same(m: Machine, f: Frame, u: Use) -> Value:
    """``self.filter_queryset(rows)``, ``self.paginate_queryset(rows)``: the same rows, or fewer."""
    return u.arg(0, "queryset")


def _checked(m: Machine, f: Frame, u: Use) -> Value:
    """``self.check_object_permissions(request, client)``"""
    permissions.permitted(m, f, u.receiver, u.arg(1, "obj"), u.at)
    return UNKNOWN


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "view-object": _object,
    "object-permissions": _checked,
    "view-queryset": _declared("queryset"),
    "view-model-rows": _rows_of_model,
    "view-rows": _same,
    "view-serializer": _serializer,
    "view-serializer-class": _declared("serializer_class"),
}
