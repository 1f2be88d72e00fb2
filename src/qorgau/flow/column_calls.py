"""Columns of SQLAlchemy that are renamed or computed: ``Client.phone.label("contact")``, ``func.upper(Client.fio)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import built_statements, query_writes
from qorgau.flow.heap import Key, Obj
from qorgau.flow.machine import Frame
from qorgau.flow.sql_functions import SLICES, effect_of
from qorgau.flow.sql_statement import ColumnRef, Effect, Part
from qorgau.flow.taints import merge_taints
from qorgau.flow.text_slices import KEPT
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, Value, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

FUNCTIONS = "sqlalchemy.func."
WRAPPERS = frozenset(
    f"sqlalchemy.{name}" for name in ("cast", "type_coerce", "distinct", "desc", "asc", "case", "extract")
)
COLUMNS = (built_statements.COLUMN, built_statements.COMPUTED, built_statements.DECLARED)
SAME = frozenset(("asc", "desc", "collate", "distinct", "self_group", "cast"))
"""Methods of a column that leave it as it is."""


def called(m: Machine, f: Frame, use: Use) -> Value | None:
    """What a method of a column, or a function of columns, is; None for other calls."""
    name = use.dotted.rpartition(".")[2]
    if use.dotted.startswith((f"{built_statements.COLUMN}.", f"{built_statements.COMPUTED}.")):
        if name == "label":
            return labelled(m, f, use)
        return use.receiver if name in SAME else None
    if not use.dotted.startswith(FUNCTIONS) and use.dotted not in WRAPPERS:
        return None
    if m.policy.catalog.rows(use.dotted).clean or not any(
        _is_column(m, f, value) for value in use.args.positional
    ):
        return None
    effect = _effect(use, name)
    taints = [
        changed
        for index, value in enumerate(use.args.positional)
        for taint in built_statements.selected(m, f, use, value, index).taints
        if (changed := query_writes.after(m, taint, Part(ColumnRef(""), effect, f"func.{name}"))) is not None
    ]
    return _computed(m, f, use, Value(merge_taints(taints), opaque=True), BOTTOM)


def labelled(m: Machine, f: Frame, use: Use) -> Value:
    """A column under another name."""
    return _computed(m, f, use, built_statements.selected(m, f, use, use.receiver, 0), use.arg(0, "name"))


def is_of_table(m: Machine, f: Frame, value: Value) -> bool:
    """Whether something is a column of a ``Table`` (``people.c.fio``)."""
    for loc in value.locs():
        if any(
            (obj := f.state.obj(one)) is not None and obj.type == built_statements.TABLE
            for one in loc.ancestors()
        ):
            return True
    return False


def _is_column(m: Machine, f: Frame, value: Value) -> bool:
    return any(m.obj(f, loc).type in COLUMNS for loc in value.locs()) or is_of_table(m, f, value)


def _computed(m: Machine, f: Frame, use: Use, value: Value, name: Value) -> Value:
    parts: dict[Key, Value] = {
        built_statements.COMPUTED_VALUE: value,
        "@name": name if name.texts() else of_const(""),
    }
    return m.new(f, use.at, Obj("library", type=built_statements.COMPUTED, parts=parts), "computed")


def _effect(use: Use, name: str) -> Effect:
    """What the function leaves of its columns."""
    if name.lower() in SLICES:
        constant = (use.args.positional[-1].constant()) if len(use.args.positional) > 1 else None
        count = constant.value if constant is not None else None
        return ("kept", count) if isinstance(count, int) and count <= KEPT else ""
    return effect_of(name)
