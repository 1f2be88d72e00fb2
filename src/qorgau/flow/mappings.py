"""Objects of the program that are taken for dicts because they have ``keys`` and ``__getitem__``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow.heap import Obj
from qorgau.flow.inheritance import method
from qorgau.flow.machine import Args, Frame
from qorgau.flow.values import Value

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def as_dict(m: Machine, f: Frame, value: Value, at: int) -> Value:
    """What ``{**value}`` has of such an object, where its keys are known; every other value is itself."""
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    if loc is None or obj is None or obj.kind != "instance" or obj.cls is None:
        return value
    keys, getter = (method(m, f, loc, obj, name, at) for name in ("keys", "__getitem__"))
    if keys is None or getter is None:
        return value
    listed = m.iterate(f, m.call(f, keys, Args(), at), at).items
    if listed is None or any(key.constant() is None for key in listed):
        return value
    made = m.new(f, at, Obj("dict", info="exact"), "mapping")
    for key in listed:
        m.set_item(f, made, key, m.call(f, getter, Args([key]), at), at)
    return made
