"""The object that a generic view is about: of the view's model, and let through by its permissions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import gates, objects
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, UNKNOWN, Value, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def _object(m: Machine, f: Frame, u: Use) -> Value:
    """``self.get_object()``: a row of ``get_queryset()``, ``queryset`` or ``model``."""
    view = u.receiver.single()
    obj = f.state.obj(view) if view is not None else None
    found = _of_view(m, f, obj.cls, u) if obj is not None and obj.cls is not None else None
    if found is None:
        found = m.unknown_call(f, "get_object", u.receiver, u.args, u.at)
    gates.permitted(m, f, u.receiver, found, u.at)
    return found


def _of_view(m: Machine, f: Frame, cls: Loc, u: Use) -> Value | None:
    method = objects.class_part(m, f, cls, "get_queryset")
    rows = BOTTOM
    if method is not None:
        rows = m.call(f, objects.bind(m, f, method, u.receiver, u.at), Args(), u.at)
    elif (declared := objects.class_part(m, f, cls, "queryset")) is not None:
        rows = declared
    elif (model := objects.class_part(m, f, cls, "model")) is not None:
        for loc in model.locs():
            made = m.fresh(f, u.at, "row")
            f.state.heap[made] = Obj("unknown", cls=loc)
            return of_ref(made, unknown=True)
    each = m.iterate(f, rows, u.at).each if rows.locs() else BOTTOM
    return each if any(m.obj(f, loc).cls is not None for loc in each.locs()) else None


def _checked(m: Machine, f: Frame, u: Use) -> Value:
    """``self.check_object_permissions(request, client)``"""
    gates.permitted(m, f, u.receiver, u.arg(1, "obj"), u.at)
    return UNKNOWN


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "view-object": _object,
    "object-permissions": _checked,
}
