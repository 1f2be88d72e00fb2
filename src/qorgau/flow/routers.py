"""Django's database routers: which alias a model's rows are written to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from qorgau.flow import modules
from qorgau.flow.declared_types import ELEMENTS
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.values import BOTTOM, Value, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def written_to(m: Machine, f: Frame, routers: Value, receiver: Value, at: int) -> tuple[frozenset[str], bool]:
    """The aliases that ``db_for_write`` names for the model of a call, and whether that is all.

    ``routers`` is ``DATABASE_ROUTERS``: dotted names, classes or objects. The first that answers counts.
    """
    model = _model(f, receiver)
    if model is None or routers.is_bottom:
        return frozenset(), False
    found: set[str] = set()
    for router in _routers(m, f, routers, at):
        answer = m.attribute(f, router, "db_for_write", at)
        if not any(isinstance(ref, Loc) or hasattr(ref, "function") for ref in answer.refs):
            continue
        alias = m.call(f, answer, Args([of_ref(model)]), at)
        found |= {text for text in alias.texts() if text}
        may_pass = alias.is_bottom or alias.unknown or any(c.value is None for c in alias.consts)
        if not may_pass:
            return frozenset(found), True
    return frozenset(found), False


def _model(f: Frame, receiver: Value) -> Loc | None:
    """The class of the object that is saved, or of a manager's or queryset's rows."""
    for loc in receiver.locs():
        obj = f.state.obj(loc)
        if obj is None:
            continue
        if obj.kind == "class":
            return loc
        if obj.cls is not None:
            return obj.cls
        for cls in obj.parts.get(ELEMENTS, BOTTOM).locs():
            return cls
    return None


def _routers(m: Machine, f: Frame, routers: Value, at: int) -> Iterator[Value]:
    listed = m.iterate(f, routers, at)
    for value in listed.items if listed.items is not None else (listed.each,):
        for text in value.texts():
            made = _made(m, f, text, at)
            if made is not None:
                yield made
        for loc in value.locs():
            obj = f.state.obj(loc)
            yield (
                m.call(f, of_ref(loc), Args(), at) if obj is not None and obj.kind == "class" else of_ref(loc)
            )


def _made(m: Machine, f: Frame, dotted: str, at: int) -> Value | None:
    """An object of the class of the program that a setting names."""
    cls = named_class(m, f, dotted, at)
    return m.call(f, cls, Args(), at) if cls is not None else None


def named_class(m: Machine, f: Frame, dotted: str, at: int) -> Value | None:
    """The class of the program that goes by a dotted name, None where there is none."""
    module, _, name = dotted.rpartition(".")
    if not module or not m.program.has(module):
        return None
    module = m.program.proper(module)
    modules.ensure(m, module)
    if not modules.has_part(m, f, module, name):
        return None
    value = modules.module_part(m, f, modules.module_loc(module), name, at)
    classes = [loc for loc in value.locs() if (obj := f.state.obj(loc)) is not None and obj.kind == "class"]
    return of_ref(classes[0]) if classes else None
