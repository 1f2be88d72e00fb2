"""Tables of pandas, polars and pyspark: columns by name, and what reading and writing them means.

A table is an object of kind ``frame-table``. What stands in a column (any one of its cells) is a part
under the column's name; what stands in columns of unknown names is ``rest``. An open table
(``info`` is ``OPEN``) has further columns that nobody has named: reading one gives what its name says,
and shows that the table has it. A column by itself (``COLUMNS``) and an expression that makes one
(``EXPRESSIONS``) are library objects that hold their cell in ``$data`` and their names in ``$names``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from qorgau.findings import Confidence
from qorgau.flow import data_sources, naming
from qorgau.flow.constants import Const
from qorgau.flow.facts import NO_FACTS, Fact, Facts
from qorgau.flow.frame_types import COLUMNS, EXPRESSIONS, OPEN, TABLE, TABLES
from qorgau.flow.heap import DATA, Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.state import State
from qorgau.flow.taints import Taint
from qorgau.flow.values import BOTTOM, NO_REFS, OPAQUE, Ref, Value, join, join_all, of_const, stamp

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine
    from qorgau.linking import Unit

NAMES = "$names"
"""The names that a column or an expression goes by."""

INDEX = "$keys:"
"""Levels of the index: they are written with the table, but chosen by no column's name."""


HOLDS = "$holds"
"""Facts that conditions on the rows of a table imply of the person of each row."""

MADE_OF = "$made-of"
"""The tables that a variable could stand for before they were looked at as one."""

ELEMENTS_OF = ("list", "tuple", "set", "generator")


class Table(msgspec.Struct, frozen=True):
    """What is known of a table. A column that was dropped from an open table is ``BOTTOM``.

    ``holds`` are facts about the person of each row, for columns that nobody has named yet.
    """

    type: str
    columns: Mapping[Const, Value] = msgspec.field(default_factory=dict)
    index: Mapping[str, Value] = msgspec.field(default_factory=dict)
    rest: Value = BOTTOM
    open: bool = False
    holds: Facts = NO_FACTS

    def cells(self) -> list[Value]:
        """Everything that stands in it."""
        return [*self.columns.values(), *self.index.values(), self.rest]

    def put(self, name: Const, cell: Value) -> Table:
        """With a column set."""
        return replace(self, columns={**self.columns, name: cell})

    def without(self, names: Iterable[Const]) -> Table:
        """With columns dropped."""
        gone = set(names)
        columns = {name: cell for name, cell in self.columns.items() if name not in gone}
        if self.open:
            columns.update(dict.fromkeys(gone, BOTTOM))
        return replace(self, columns=columns)

    def mapped(self, cells: Mapping[Const, Value]) -> Table:
        """With other cells in its columns."""
        return replace(self, columns={**self.columns, **cells})

    def known(self) -> list[Const]:
        """The names of its columns, in order."""
        return [name for name, cell in self.columns.items() if not cell.is_bottom]


def is_table(obj: Obj | None) -> bool:
    """Whether an object is a table, whatever is known of it."""
    return obj is not None and (obj.kind == TABLE or obj.type in TABLES)


def is_column(obj: Obj | None) -> bool:
    """Whether an object is a column or an expression that makes one."""
    return obj is not None and (obj.type in COLUMNS or obj.type in EXPRESSIONS)


def read(obj: Obj) -> Table:
    """The table that an object is. One that only its type is known of is open."""
    if obj.kind != TABLE:
        held = obj.parts.get(DATA, BOTTOM)
        known = {key: part for key, part in obj.parts.items() if isinstance(key, Const)}
        return Table(obj.type, known, {}, join(obj.rest, held), open=held.is_bottom)
    index = levels_of(obj)
    held = obj.parts.get(DATA, BOTTOM)
    holds = obj.parts[HOLDS].when_true if HOLDS in obj.parts else None
    return Table(
        obj.type, dict(obj.items()), index, join(obj.rest, held), obj.info == OPEN, holds or NO_FACTS
    )


def levels_of(obj: Obj) -> dict[str, Value]:
    """The levels of the index of a table or a column, by name."""
    return {str(key)[len(INDEX) :]: part for key, part in obj.parts.items() if _is_level(key)}


def items_of(obj: Obj) -> dict[Key, Value]:
    """The items of a dict, by key."""
    return dict(obj.items())


def written(table: Table, made_of: Value | None = None) -> Obj:
    """The object of a table."""
    parts: dict[Key, Value] = dict(table.columns.items())
    parts.update({f"{INDEX}{name}": cell for name, cell in table.index.items()})
    if table.holds:
        parts[HOLDS] = Value(opaque=True, when_true=table.holds)
    if made_of is not None:
        parts[MADE_OF] = made_of
    return Obj(TABLE, type=table.type, parts=parts, rest=table.rest, info=OPEN if table.open else None)


def new(m: Machine, f: Frame, at: int, table: Table, label: str = "table") -> Value:
    """A new table."""
    return m.new(f, at, written(table), label)


def store(m: Machine, f: Frame, loc: Loc, table: Table) -> None:
    """Change a table in place."""
    old = f.state.obj(loc)
    m.write(f, loc, written(table, old.parts.get(MADE_OF) if old is not None else None), strong=True)


def tables_of(m: Machine, f: Frame, value: Value) -> list[tuple[Loc, Table]]:
    """The tables that a value can be."""
    found: list[tuple[Loc, Table]] = []
    for ref, facts in value.refs.items():
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if isinstance(ref, Loc) and obj is not None and is_table(obj):
            table = read(obj)
            found.append((ref, stamped(table, facts) if facts else table))
    return found


def without_index(m: Machine, f: Frame, value: Value, at: int) -> Value:
    """Tables and columns as they are without the levels of their index."""
    refs: dict[Ref, Facts] = {}
    for ref, facts in value.refs.items():
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if isinstance(ref, Loc) and obj is not None and levels_of(obj):
            kept = {key: part for key, part in obj.parts.items() if not _is_level(key)}
            ref = m.new(f, at, replace(obj, parts=kept), f"without index {len(refs)}").locs()[0]
        refs[ref] = facts
    return value.with_(refs=refs)


def _is_level(key: Key) -> bool:
    return isinstance(key, str) and key.startswith(INDEX)


def stamped(table: Table, facts: Facts) -> Table:
    """A table whose data is there only where these facts hold."""
    return each_cell(table, lambda cell: stamp(cell, facts))


def each_cell(table: Table, change: Callable[[Value], Value]) -> Table:
    """A table with all its cells changed."""
    return replace(
        table,
        columns={name: cell if cell.is_bottom else change(cell) for name, cell in table.columns.items()},
        index={name: change(cell) for name, cell in table.index.items()},
        rest=table.rest if table.rest.is_bottom else change(table.rest),
    )


def joined(tables: Sequence[Table]) -> Table:
    """What any of several tables can be; a column that an open one does not mention is there all the same."""
    first, *others = tables
    for other in others:
        columns = {
            name: join(first.columns.get(name, BOTTOM), other.columns.get(name, BOTTOM))
            for name in dict.fromkeys([*first.columns, *other.columns])
        }
        index = {
            name: join(first.index.get(name, BOTTOM), other.index.get(name, BOTTOM))
            for name in dict.fromkeys([*first.index, *other.index])
        }
        type_ = first.type or other.type
        rest, holds = join(first.rest, other.rest), first.holds & other.holds
        first = Table(type_, columns, index, rest, first.open or other.open, holds)
    return first


# Columns


def raw(m: Machine, unit: Unit, at: int, loc: Loc, name: Const) -> Value:
    """A column of an open table that nobody wrote: what its name says of it."""
    text = name.value if isinstance(name.value, str) else ""
    taints = frozenset(
        data_sources.source(m, unit, at, found, Confidence.MEDIUM, loc, f"{found} is the column {text}")
        for found in (m.policy.fields_of(text) if text else ())
    )
    return Value(taints, refs={loc.child(("item", name)): NO_FACTS}, unknown=True)


def default(m: Machine, state: State, loc: Loc, obj: Obj, key: Key) -> Value:
    """What a table has in a column that only the other of two paths mentions."""
    if isinstance(key, str) or obj.info != OPEN:
        return BOTTOM
    unit, at = data_sources.birth(m, loc, next(iter(m.program.units.values())), 0)
    return raw(m, unit, at, loc, key)


def column_of(m: Machine, f: Frame, loc: Loc, name: Const, at: int) -> Value:
    """The cell of a column; an open table is known to have it from now on."""
    table = read(m.obj(f, loc))
    found = table.columns.get(name)
    if found is not None:
        return OPAQUE if found.is_bottom else found
    if isinstance(name.value, str) and name.value in table.index:
        return table.index[name.value]
    if not table.open:
        return table.rest if not table.rest.is_bottom else OPAQUE
    cell = join(told(raw(m, f.unit, at, loc, name), table.holds), table.rest)
    if cell.taints:
        store(m, f, loc, table.put(name, cell))
    return cell


def column(
    m: Machine,
    f: Frame,
    at: int,
    cell: Value,
    names: Sequence[str],
    type_: str,
    label: str = "column",
    *,
    index: Mapping[str, Value] | None = None,
) -> Value:
    """A column by itself, with the index of its table."""
    parts: dict[Key, Value] = {DATA: cell}
    parts.update({f"{INDEX}{name}": level for name, level in (index or {}).items()})
    if names:
        parts[NAMES] = join_all(of_const(name) for name in names)
    return m.new(f, at, Obj("library", type=type_, parts=parts), label)


def series_type(type_: str) -> str:
    """The type of a column of a table."""
    if type_.startswith("polars."):
        return "polars.Series"
    return "pyspark.sql.Column" if type_.startswith("pyspark.") else "pandas.Series"


def names_of_column(obj: Obj) -> list[str]:
    """The names that a column goes by."""
    return obj.parts[NAMES].texts() if NAMES in obj.parts else []


def cell_of(m: Machine, f: Frame, value: Value, at: int) -> Value:
    """What stands in each cell of a column that a value is assigned to."""
    found: list[Value] = []
    for ref, facts in value.refs.items():
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        one = Value(refs={ref: facts})
        if obj is None or not isinstance(ref, Loc):
            found.append(one.with_(unknown=value.unknown))
        elif is_column(obj):
            found.append(stamp(element(m, f, obj, at), facts))
        elif is_table(obj):
            found.append(stamp(join_all(read(obj).cells()), facts))
        elif obj.kind in ELEMENTS_OF:
            each = m.iterate(f, one, at).each
            columns = any(is_column(f.state.obj(inner)) for inner in each.locs())
            found.append(cell_of(m, f, each, at) if columns else each)
        elif obj.kind == "dict":
            found.append(join_all([obj.rest, *(part for _, part in obj.items())]))
        else:
            found.append(one.with_(unknown=value.unknown))
    plain = value.with_(refs=NO_REFS)
    if not value.refs or plain.taints or plain.consts:
        found.append(plain)
    return join_all(found)


def element(m: Machine, f: Frame, obj: Obj, at: int) -> Value:
    """The cell of a column; where it holds a list, what stands in the list."""
    held = obj.parts.get(DATA, BOTTOM)
    if held.is_bottom:
        return OPAQUE
    return cell_of(m, f, held, at) if any(_is_many(f.state.obj(loc)) for loc in held.locs()) else held


def _is_many(obj: Obj | None) -> bool:
    return obj is not None and (obj.kind in ELEMENTS_OF or is_column(obj) or is_table(obj))


def named_cell(m: Machine, f: Frame, cell: Value, name: Const, owner: Value, at: int) -> Value:
    """What a column's name says of what is put into it."""
    if not isinstance(name.value, str) or not cell.unknown or cell.taints:
        return cell
    return naming.named(m, f, cell, name.value, owner, at, key=True, put=True)


# Names of columns


# Conditions on rows


def told(cell: Value, facts: Iterable[Fact]) -> Value:
    """A cell of whose person these facts hold."""

    def known(taint: Taint) -> Taint:
        own = frozenset(Fact(fact.kind, taint.subject, fact.detail, fact.holds) for fact in facts)
        return replace(taint, facts=taint.facts | own)

    return cell.map_taints(known) if facts else cell
