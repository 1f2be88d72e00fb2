"""Arguments whose class Django's registration tells: a signal's instance, an admin's objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow.declared_types import ELEMENTS
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Closure, Frame
from qorgau.flow.values import of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

RECEIVER = "django.dispatch.receiver"
ADMIN = "django.contrib.admin.ModelAdmin"
QUERYSET = "django.db.models.QuerySet"


def described(m: Machine, f: Frame, closure: Closure, name: str) -> Obj | None:
    """What an argument of a function that Django calls is; None where its registration says nothing."""
    if name == "instance" and RECEIVER in closure.marks:
        return _of_model(_sender(m, f, closure))
    if name in ("queryset", "obj") and closure.owner is not None:
        model = _registered(m, f, closure.owner)
        if model is not None and name == "queryset":
            return Obj("library", type=QUERYSET, parts={ELEMENTS: of_ref(model)})
        return _of_model(model)
    return None


def _of_model(model: Loc | None) -> Obj | None:
    return Obj("unknown", cls=model) if model is not None else None


def _sender(m: Machine, f: Frame, closure: Closure) -> Loc | None:
    for decorator in closure.function.decorators:
        for argument in decorator.arguments if isinstance(decorator, ir.Call) else ():
            if argument.keyword == "sender":
                return _class(m, f, m.quiet(f, argument.value, closure.unit).single())
    return None


def _registered(m: Machine, f: Frame, owner: Loc) -> Loc | None:
    """The model of an admin class: of ``@admin.register(Model)``, or its ``model``."""
    info = m.class_info(f, owner)
    if info is None or ADMIN not in (
        name for library in info.libraries for name in m.policy.catalog.ancestry(library)
    ):
        return None
    for decorator in info.node.decorators:
        for argument in decorator.arguments[:1] if isinstance(decorator, ir.Call) else ():
            found = _class(m, f, m.quiet(f, argument.value, info.unit).single())
            if found is not None:
                return found
    held = f.state.obj(owner)
    model = held.parts.get("model") if held is not None else None
    return _class(m, f, model.single()) if model is not None else None


def _class(m: Machine, f: Frame, loc: Loc | None) -> Loc | None:
    return loc if loc is not None and m.class_info(f, loc) is not None else None
