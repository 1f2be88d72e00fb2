"""What conditions on the rows of a table imply of the data in it, and whose data a row holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow.facts import NO_FACTS, Facts
from qorgau.flow.heap import DATA
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.taints import Taint, merge_taints
from qorgau.flow.values import BOTTOM, Value

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

from qorgau.flow.frames import Table, each_cell, is_column, told


def filtered(m: Machine, f: Frame, table: Table, condition: Value) -> Table:
    """The rows for which a condition is true: what it implies of a row holds of its data."""
    facts = implied(m, f, condition)
    return holding(table, facts) if facts else table


def implied(m: Machine, f: Frame, condition: Value) -> Facts:
    """What holds of the rows for which a condition is true: of a column, what its values' truth implies."""
    facts = m.truth(f, condition, True) or NO_FACTS
    for loc in condition.locs():
        obj = f.state.obj(loc)
        if is_column(obj) and obj is not None and len(condition.refs) == 1:
            facts |= m.truth(f, obj.parts.get(DATA, BOTTOM), True) or NO_FACTS
    return facts


def holding(table: Table, facts: Facts) -> Table:
    """A table of each of whose rows these facts hold: a check of a column is one of the row's person."""
    kept = [fact for fact in facts if fact.kind in ("consent", "blocked")]
    if not kept:
        return table

    known = replace(table, holds=table.holds | frozenset(kept))
    return each_cell(known, lambda cell: told(cell, kept))


def of_person(table: Table, old: Iterable[Loc], person: Loc) -> Table:
    """A table whose data is of one person: ``old`` are the tables and rows it was read from."""
    olds = frozenset(old)

    def change(taint: Taint) -> Taint:
        subject = person if taint.subject is None or taint.subject in olds else taint.subject
        facts = frozenset(
            fact._replace(subject=person) if fact.subject in olds else fact for fact in taint.facts
        )
        return replace(taint, subject=subject, facts=facts)

    return each_cell(table, lambda cell: cell.with_(taints=merge_taints(map(change, cell.taints))))
