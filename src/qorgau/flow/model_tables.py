"""The tables of models, as the models or their framework name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow.locations import Loc
from qorgau.flow.machine import ClassInfo

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def table_names(m: Machine, cls: Loc) -> frozenset[str]:
    """The tables of a model: as it says, or as Django calls it."""
    obj = m.base.get(cls)
    if obj is None:
        return frozenset()
    names = set(obj.parts["__tablename__"].texts()) if "__tablename__" in obj.parts else set()
    for meta in obj.parts["Meta"].locs() if "Meta" in obj.parts else ():
        inner = m.base.get(meta)
        if inner is not None and "db_table" in inner.parts:
            names.update(inner.parts["db_table"].texts())
    info = obj.info
    if isinstance(info, ClassInfo) and not names:
        app = info.unit.name.split(".")[-2:-1]
        names.add("_".join([*app, info.node.name.lower()]))
    return frozenset(names)
