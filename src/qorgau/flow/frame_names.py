"""Names of columns: which ones a value names, and what chooses some of the columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qorgau.flow.constants import HOLE, Const, const
from qorgau.flow.frame_types import CHOICE
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.values import OPAQUE, Value, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

from qorgau.flow.frames import NAMES, Table, column_of, is_column, names_of_column, read

COLUMN_NAMES = "$columns"
"""Marks the list of the names of a table's columns."""


def names_in(
    m: Machine, f: Frame, value: Value, at: int, outer: frozenset[Loc] = frozenset()
) -> tuple[list[Const], bool]:
    """The columns that a value names, and whether it surely names no other.

    ``outer`` are the sequences that it is part of: one that holds itself names nothing more.
    """
    found = [c for c in value.consts if c.value is not None and HOLE not in str(c.value)]
    exact = not (value.unknown or value.opaque or value.taints) and len(found) == len(value.consts)
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is None:
            exact = False
        elif loc in outer:
            continue
        elif obj.kind in ("list", "tuple", "set", "generator"):
            iteration = m.iterate(f, of_ref(loc), at)
            for item in iteration.items if iteration.items is not None else (iteration.each,):
                names, sure = names_in(m, f, item, at, outer | {loc})
                found += names
                exact = exact and sure
        elif obj.kind == "dict":
            found += [key for key, part in obj.items() if not part.is_bottom]
            exact = exact and obj.info == "exact"
        elif is_column(obj) and NAMES in obj.parts:
            found += [const(name) for name in names_of_column(obj)]
        else:
            exact = False
    return list(dict.fromkeys(found)), exact


def names_value(m: Machine, f: Frame, table: Table, at: int) -> Value:
    """``table.columns``"""
    names = [of_const(name.value) for name in table.known()]
    certain = not table.open and table.rest.is_bottom
    made = m.sequence(f, at, "list", names, None if certain else OPAQUE, "columns")
    for loc in made.locs():
        m.write(f, loc, m.obj(f, loc).put(COLUMN_NAMES, OPAQUE), strong=True)
    return made


def choice(m: Machine, f: Frame, names: Sequence[Const], at: int, *, without: bool) -> Value:
    """What chooses columns by name: these only, or all but these (``columns.difference([...])``)."""
    held = join_all(of_const(name.value) for name in names)
    return m.new(f, at, Obj(CHOICE, type="without" if without else "only", parts={NAMES: held}), "choice")


def choice_of(f: Frame, value: Value) -> Obj | None:
    """The choice of columns that a value is; None for other values."""
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    return obj if obj is not None and obj.kind == CHOICE else None


def chosen(m: Machine, f: Frame, loc: Loc, made: Obj, at: int) -> Table:
    """A table of the columns that are chosen."""
    names = [const(text) for text in made.parts[NAMES].texts()]
    return read(m.obj(f, loc)).without(names) if made.type == "without" else selected(m, f, loc, names, at)


def selected(m: Machine, f: Frame, loc: Loc, names: Sequence[Const], at: int) -> Table:
    """A table of these columns only."""
    columns = {name: column_of(m, f, loc, name, at) for name in names}
    table = read(m.obj(f, loc))
    return Table(table.type, columns, table.index, holds=table.holds)


def is_selection(f: Frame, key: Value) -> bool:
    """Whether a key is a list of names, not one name or a condition."""
    objects = [f.state.obj(loc) for loc in key.locs()]
    return any(obj is not None and obj.kind in ("list", "tuple", "set") for obj in objects)
