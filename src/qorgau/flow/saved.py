"""What forms and serializers of a model give back when they save: an object of that model."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import registries
from qorgau.flow.behaviours import Use
from qorgau.flow.machine import Frame
from qorgau.flow.values import Obj, Value, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def _saved(m: Machine, f: Frame, use: Use) -> Value:
    """``form.save()``, ``serializer.save()``: an object of ``class Meta: model``, read by its attributes."""
    loc = m.fresh(f, use.at, "saved")
    for cls in registries.class_setting(m, f, use.receiver, "Meta", "model", use.at).locs():
        f.state.heap[loc] = Obj("unknown", cls=cls)
    return of_ref(loc, unknown=True)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {"saved-model": _saved}
