"""Rows of tables: dicts whose columns are attributes too, tuples and records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import containers, frame_conditions, frame_names, frames, origins
from qorgau.flow.constants import Const, const
from qorgau.flow.facts import NO_FACTS
from qorgau.flow.frame_types import ROW
from qorgau.flow.frames import Table
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame, Iteration
from qorgau.flow.state import Renaming
from qorgau.flow.values import BOTTOM, OPAQUE, UNKNOWN, Builtin, Value, join, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

SAME = frozenset(
    [
        "copy",
        "fillna",
        "dropna",
        "astype",
        "replace",
        "rename",
        "sort_index",
        "sort_values",
        "infer_objects",
        "where",
        "mask",
    ]
)
PLAIN = frozenset(["to_dict", "_asdict", "asDict", "to_json"])
WRITING = frozenset(["to_csv", "to_json", "to_excel", "to_pickle"])
"""Methods that write a row by itself where they are given a path."""


def personal(f: Frame, table: Table, sources: Iterable[Loc], person: Loc) -> Table:
    """The columns of one row: the data of the person that the row is about."""
    subjects = {taint.subject for cell in table.cells() for taint in cell.taints if taint.subject is not None}
    olds = {each for each in subjects if frames.is_table(f.state.obj(each)) or _is_of_many(each)}
    return frame_conditions.of_person(table, {*sources, *olds}, person)


def _is_of_many(subject: Loc) -> bool:
    """Whether a subject stands for those of many passes of a loop: of which one a row is, is not told."""
    return any(step.old for step in subject.ancestors())


def row(
    m: Machine, f: Frame, at: int, table: Table, sources: Iterable[Loc], label: str, shift: int = 0
) -> Value:
    """A row by column names; ``shift`` is how many positions stand before its columns (the index)."""
    sources = tuple(sources)
    label = origins.marked(label, next((found for each in sources if (found := origins.of_loc(each))), ""))
    loc = f.place(at, label)
    own = personal(f, table, sources, loc)
    parts: dict[Key, Value] = {ROW: of_const(shift)}
    for name, cell in own.columns.items():
        parts[name] = _identified(loc, name, cell)
    index = join_all([*own.index.values(), OPAQUE])
    parts[frames.INDEX] = index
    closed = not own.open and own.rest.is_bottom
    obj = Obj(
        "dict",
        parts=parts,
        rest=BOTTOM if closed else join(own.rest, UNKNOWN),
        info="exact" if closed else None,
    )
    made = m.new(f, at, obj, label)
    known = frozenset(fact._replace(subject=loc) for fact in table.holds)
    return made.with_(refs={loc: known}) if known else made


def _identified(loc: Loc, name: Const, cell: Value) -> Value:
    """An unknown cell is a part of its row."""
    if cell.is_bottom:
        return OPAQUE
    if not cell.unknown:
        return cell
    return cell.with_(refs={loc.child(("item", name)): NO_FACTS})


def record(m: Machine, f: Frame, at: int, table: Table, sources: Iterable[Loc], label: str) -> Value:
    """A row as a plain dict."""
    made = row(m, f, at, table, sources, label)
    loc = made.locs()[0]
    obj = m.obj(f, loc)
    m.write(f, loc, replace(obj, parts=frames.items_of(obj)), strong=True)
    return made


def of_all(m: Machine, f: Frame, row: Value) -> Value:
    """A row that stands for all rows of a list, so that what one pass of a loop does to it is done to one."""
    loc = row.locs()[0]
    past = loc.aged()
    renaming = Renaming(lambda other: past if other is loc else other)
    f.state.heap[past] = renaming.obj(f.state.heap.pop(loc))
    m.made.append(past)
    return renaming.value(row)


def sequence_row(
    m: Machine, f: Frame, at: int, table: Table, sources: Iterable[Loc], kind: str, label: str
) -> Value:
    """A row by position."""
    own = personal(f, table, sources, f.place(at, label))
    items = [OPAQUE if cell.is_bottom else cell for cell in own.columns.values()]
    closed = not own.open and own.rest.is_bottom
    return m.sequence(f, at, kind, items, None if closed else join(own.rest, UNKNOWN), label)


# What the engine's core asks of a row


def item(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, at: int) -> Value:
    """``row[key]``, by name or by position."""
    constant = key.constant()
    if constant is None:
        return containers.each(obj)
    if constant in obj.parts:
        return obj.parts[constant]
    if isinstance(constant.value, int):
        return _by_position(obj, constant.value)
    if obj.info == "exact":
        return OPAQUE
    return join(obj.rest, of_ref(loc.child(("item", constant)), unknown=True))


def _by_position(obj: Obj, position: int) -> Value:
    shift = obj.parts[ROW].constant()
    offset = shift.value if shift is not None and isinstance(shift.value, int) else 0
    cells = [cell for _, cell in obj.items()]
    if position == 0 and offset:
        return obj.parts.get(frames.INDEX, OPAQUE)
    place = position if position < 0 else position - offset
    if obj.info == "exact" and -len(cells) <= place < len(cells):
        return cells[place]
    return join_all([*cells, obj.rest])


def attribute(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, at: int) -> Value:
    """``row.name``"""
    if const(name) in obj.parts:
        return obj.parts[const(name)]
    if name == "Index" or name == "name":
        return obj.parts.get(frames.INDEX, OPAQUE)
    if name in ("values", "index", "keys") or name in SAME or name in PLAIN or name.startswith("to"):
        return of_ref(Builtin(of_ref(loc), name))
    return item(m, f, loc, obj, of_const(name), at)


def iterate(m: Machine, f: Frame, obj: Obj, at: int) -> Iteration:
    """The values of a row in order."""
    shift = obj.parts[ROW].constant()
    before = [obj.parts.get(frames.INDEX, OPAQUE)] if shift is not None and shift.value else []
    cells = [*before, *(cell for _, cell in obj.items())]
    return Iteration(tuple(cells) if obj.info == "exact" else None, join_all([*cells, obj.rest]))


def method(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, args: Args, at: int) -> Value | None:
    """A method of a row; None where it is that of a dict."""
    if name in WRITING and (args.positional or args.keywords):
        return m.library_call(f, f"pandas.Series.{name}", of_ref(loc), args, at)
    if name in PLAIN:
        plain = replace(obj, parts={key: part for key, part in obj.parts.items() if isinstance(key, Const)})
        made = m.new(f, at, plain, "plain row")
        return Value(m.contents(f, made), opaque=True) if name == "to_json" else made
    if name in SAME:
        return m.new(f, at, obj, "same row")
    if name in ("drop", "pop") and args.positional:
        names, _ = frame_names.names_in(m, f, args.positional[0], at)
        rest = {key: part for key, part in obj.parts.items() if key not in names}
        if name == "drop":
            return m.new(f, at, replace(obj, parts=rest), "dropped from row")
        return None
    if name in ("tolist", "to_list", "_values", "to_numpy", "unique"):
        return m.new(f, at, Obj("list", rest=iterate(m, f, obj, at).each), "values of row")
    if name == "to_frame":
        columns = {key: part for key, part in obj.parts.items() if isinstance(key, Const)}
        return frames.new(m, f, at, Table("pandas.DataFrame", columns, rest=obj.rest), "frame of row")
    if name in ("isna", "notna", "isnull", "notnull", "count", "sum", "mean", "any", "all"):
        return OPAQUE
    if name in ("apply", "map", "agg") and args.positional:
        cells: dict[Key, Value] = {
            key: m.call(f, args.positional[0], Args([part]), at) for key, part in obj.items()
        }
        return m.new(f, at, replace(obj, parts={**obj.parts, **cells}), "mapped row")
    return None


def is_row(obj: Obj | None) -> bool:
    """Whether an object is a row of a table."""
    return obj is not None and obj.kind == "dict" and ROW in obj.parts
