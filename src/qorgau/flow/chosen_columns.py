"""Rows of which only some columns are chosen, as dicts, tuples or single values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import row_expressions
from qorgau.flow.constants import Const
from qorgau.flow.declared_types import ELEMENTS
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.orm import ROW, class_of_items, is_model, item_of, querysets_of, texts_in
from qorgau.flow.uses import Use
from qorgau.flow.values import OPAQUE, Value, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


MAX_COLUMNS = 60
AS_TUPLES = ("with_entities", "Query.values", ".tuples", ".namedtuples")
"""Ends of the names of calls that give a row as a tuple."""


def values(m: Machine, f: Frame, use: Use) -> Value:
    """``values("iin")``, ``values_list("iin", flat=True)``: dicts or tuples of the named columns."""
    results: list[Value] = []
    for loc, obj in querysets_of(m, f, use):
        if ROW in obj.parts and use.dotted.endswith((".dicts", ".tuples", ".namedtuples")):
            results.append(of_ref(loc))
            continue
        item = item_of(m, f, obj, use.at, "of-row")
        if item is None:
            continue
        names = texts_in(use)
        if not names and not any(row_expressions.is_expression(m, f, value) for value in use.args.positional):
            names = _all_columns(m, f, use, obj, item)
        row = row_of(m, f, use, item, names)
        for key, value in use.args.keywords.items():
            if key not in ("flat", "named"):
                computed = row_expressions.value_of(m, f, value, item, use.at)
                m.set_item(f, row, of_const(key), computed, use.at)
        parts: dict[Key, Value] = {key: part for key, part in obj.parts.items() if key == ELEMENTS}
        parts[ROW] = row
        changed = Obj("library", type="django.db.models.QuerySet", parts=parts, info=obj.info)
        results.append(m.new(f, use.at, changed, f"values{len(results)}"))
        del loc
    return join_all(results) if results else m.unknown(f, use.at, frozenset(), "values")


def named_values(m: Machine, f: Frame, use: Use) -> Value | None:
    """The same of something that nothing is known of, by the names that it is given."""
    names = texts_in(use)
    if not names or not all(value.texts() for value in use.args.positional):
        return None
    item = of_ref(m.fresh(f, use.at, "of-row"), unknown=True)
    row = row_of(m, f, use, item, names)
    return m.new(f, use.at, Obj("library", type="django.db.models.QuerySet", parts={ROW: row}), "values")


def _all_columns(m: Machine, f: Frame, use: Use, obj: Obj, item: Value) -> list[str]:
    cls = class_of_items(obj)
    if use.args.keywords.keys() - {"flat", "named"} or cls is None:
        return []
    return m.declared_fields(f, cls)[:MAX_COLUMNS]


def row_of(m: Machine, f: Frame, use: Use, item: Value, names: list[str]) -> Value:
    """What one row of chosen columns is: a dict, a tuple, or the only column."""
    chosen: dict[str, Value] = {}
    if any(row_expressions.is_expression(m, f, value) for value in use.args.positional):
        for index, value in enumerate(use.args.positional):
            if row_expressions.is_expression(m, f, value):
                chosen[f"expression{index}"] = row_expressions.value_of(m, f, value, item, use.at)
            chosen.update({name: _column(m, f, item, name, use.at) for name in value.texts()})
    else:
        chosen = {name: _column(m, f, item, name, use.at) for name in names}
    if use.dotted.endswith("values_list") or use.dotted.endswith(AS_TUPLES):
        if _is_flat(use) and len(chosen) == 1:
            return next(iter(chosen.values()))
        return m.sequence(f, use.at, "tuple", list(chosen.values()), None, "row")
    row = m.new(f, use.at, Obj("dict", info="exact"), "row")
    for name, value in chosen.items():
        m.set_item(f, row, of_const(name), value, use.at)
    return row


def _is_flat(use: Use) -> bool:
    flat = use.args.keywords.get("flat")
    return flat is not None and flat.constant() != Const("bool", False)


def _column(m: Machine, f: Frame, item: Value, path: str, at: int) -> Value:
    value = item
    for name in path.split("__"):
        value = m.attribute(f, value, name, at)
    return OPAQUE if _is_row(m, f, value) else value


def _is_row(m: Machine, f: Frame, value: Value) -> bool:
    """Whether a value is another row, of which a column holds the key only."""
    return bool(value.refs) and all(isinstance(ref, Loc) and is_model(m, f, ref) for ref in value.refs)


def model_to_dict(m: Machine, f: Frame, use: Use) -> Value:
    """``model_to_dict(client, fields=[...], exclude=[...])``"""
    instance = use.arg(0, "instance")
    made = m.as_dict(f, instance, use.at)
    if use.dotted.startswith("django."):
        for loc in instance.locs():
            cls = m.obj(f, loc).cls
            for name in m.declared_fields(f, cls) if cls is not None else ():
                if _is_row(m, f, m.attribute(f, of_ref(loc), name, use.at)):
                    m.set_item(f, made, of_const(name), OPAQUE, use.at)
    return chosen_keys(m, f, made, use.arg(1, "fields"), use.arg(2, "exclude"), use.at)


def chosen_keys(m: Machine, f: Frame, made: Value, kept: Value, dropped: Value, at: int) -> Value:
    """A dict of which only some keys are kept, or some dropped, where their names are known."""
    wanted, unwanted = _listed(m, f, kept, at), _listed(m, f, dropped, at)
    for loc in made.locs():
        obj = m.obj(f, loc)
        parts = {
            key: part
            for key, part in obj.parts.items()
            if not isinstance(key, Const)
            or ((wanted is None or key.value in wanted) and (unwanted is None or key.value not in unwanted))
        }
        m.write(f, loc, replace(obj, parts=parts), strong=True)
    return made


def _listed(m: Machine, f: Frame, value: Value, at: int) -> frozenset[str] | None:
    if value.is_bottom or not value.refs:
        return None
    each = m.iterate(f, value, at).each
    if each.unknown or each.opaque:
        return None
    return frozenset(each.texts())
