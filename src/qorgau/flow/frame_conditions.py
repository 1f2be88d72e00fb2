"""What conditions on the rows of a table imply of the data in it, and whose data a row holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow.facts import CHECKS, NO_FACTS, Facts
from qorgau.flow.heap import DATA, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.taints import Taint, merge_taints
from qorgau.flow.values import BOTTOM, Value

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

from qorgau.flow.frames import Table, each_cell, is_column, new, told

LEFT = "$left"
"""The part of a table, or of its index, that tells what holds of the rows that its last choice left out."""


def filtered(m: Machine, f: Frame, table: Table, condition: Value) -> Table:
    """The rows for which a condition is true: what it implies of a row holds of its data."""
    facts = implied(m, f, condition)
    return holding(table, facts) if facts else table


def rows(m: Machine, f: Frame, at: int, table: Table, condition: Value, label: str) -> Value:
    """A table of the rows for which a condition is true, which tells what holds of the others."""
    made = new(m, f, at, filtered(m, f, table, condition), label)
    left = implied(m, f, condition, False)
    for loc in made.locs() if left else ():
        m.write(f, loc, m.obj(f, loc).put(LEFT, Value(opaque=True, when_true=left)), strong=True)
    return made


def as_index(m: Machine, f: Frame, table: Obj, index: Value) -> Value:
    """The index of a table, which tells what holds of the rows that are not in it."""
    left = table.parts.get(LEFT)
    if left is None:
        return index
    for loc in index.locs():
        m.write(f, loc, m.obj(f, loc).put(LEFT, left), strong=True)
    return index


def asks(condition: Value, loc: Loc) -> bool:
    """Whether a condition asks for consent by a part of this object: ``thing["agreed"]``, where it is a table."""
    told = (condition.when_true or NO_FACTS) | (condition.when_false or NO_FACTS)
    return any(fact.subject is loc and fact.kind in CHECKS for fact in told)


def implied(m: Machine, f: Frame, condition: Value, truth: bool = True) -> Facts:
    """What holds of the rows for which a condition is true: of a column, what its values' truth implies."""
    facts = m.truth(f, condition, truth) or NO_FACTS
    for loc in condition.locs():
        obj = f.state.obj(loc)
        if is_column(obj) and obj is not None and len(condition.refs) == 1:
            facts |= m.truth(f, obj.parts.get(DATA, BOTTOM), truth) or NO_FACTS
    return facts


def agreed(m: Machine, f: Frame, groups: Table) -> Facts:
    """What the truth of the one key of groups implies of all in a group."""
    cells = list(groups.index.values())
    truth = m.truth(f, cells[0], True) if len(cells) == 1 else None
    return frozenset(fact for fact in truth or () if fact.kind in CHECKS)


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
