"""Rows and documents whose keys the call names: ``csv.DictReader(file, names)``, projections of MongoDB."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from qorgau.flow import origins
from qorgau.flow.call_sites import site_of_row
from qorgau.flow.constants import Const, const
from qorgau.flow.heap import DATA, Key, Obj
from qorgau.flow.library_data import typed
from qorgau.flow.machine import Frame
from qorgau.flow.orm import MANY, ROW
from qorgau.flow.uses import Use
from qorgau.flow.values import OPAQUE, Value, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

READER = "csv.DictReader"
IDENTIFIER = "_id"
"""The key that MongoDB gives unless it is left out."""


def made(m: Machine, f: Frame, names: Sequence[str], at: int, origin: str = "") -> Value:
    """A row with these keys and no others, whose values come from outside."""
    loc = m.fresh(f, at, origins.marked("row", origin))
    whole = of_ref(loc, unknown=True)
    parts: dict[Key, Value] = {const(name): m.item(f, whole, of_const(name), at) for name in names}
    m.write(f, loc, Obj("dict", parts={**parts, MANY: OPAQUE}, info="exact"), strong=True)
    return of_ref(loc)


def projected(m: Machine, f: Frame, use: Use) -> list[str]:
    """The keys that a projection chooses (``{"phone": 1}``, ``["phone"]``); none where it leaves out or isn't known."""
    given = use.arg(1, "projection")
    exact = m.exact_dict(f, given) if given.refs else None
    if exact is None:
        listed = m.iterate(f, given, use.at).items if given.refs else None
        names = [text for value in listed or () for text in value.texts()]
        return [IDENTIFIER, *names] if names else []
    shown = {name: value.constant() for name, value in exact.items()}
    kept = [name for name, flag in shown.items() if flag is not None and flag.value in (1, True)]
    if not kept or any(flag is None for flag in shown.values()) or set(shown) - {*kept, IDENTIFIER}:
        return []
    return kept if IDENTIFIER in shown else [IDENTIFIER, *kept]


def _dict_reader(m: Machine, f: Frame, u: Use) -> Value:
    """``csv.DictReader(file, fieldnames=[...])``: each row has these keys."""
    file, fields = u.arg(0, "f"), u.arg(1, "fieldnames")
    origin = origins.of_held(f, file)
    reader = typed(m, f, u, READER, site_of_row(m, f, u), origin)
    obj = m.obj(f, reader.locs()[0]).put(DATA, file)
    listed = m.iterate(f, fields, u.at).items if fields.refs else None
    names = [value.constant() for value in listed or ()]
    known = [str(name.value) for name in names if isinstance(name, Const)]
    if known and len(known) == len(names) and not file.taints:
        obj = obj.put(ROW, made(m, f, known, u.at, origin))
    m.write(f, reader.locs()[0], obj, strong=True)
    return reader


def _values_of_key(m: Machine, f: Frame, u: Use) -> Value:
    """``collection.distinct("phone")``: the values under a key."""
    whole = m.unknown(f, u.at, frozenset(), "documents")
    return m.new(f, u.at, Obj("list", rest=m.item(f, whole, u.arg(0, "key"), u.at)), "values of key")


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "dict-reader": _dict_reader,
    "values-of-key": _values_of_key,
}
