"""The door of the tables: what the core of the engine asks of an object that ``is_tabular``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qorgau.flow import (
    frame_access,
    frame_conditions,
    frame_groups,
    frame_indexing,
    frame_names,
    frame_rows,
    frames,
)
from qorgau.flow.constants import Const
from qorgau.flow.frame_types import (
    GROUP,
    GUESSED,
    INDEXER,
    INDEXERS,
    OWNER,
    TABLE,
    TELLING,
    WRITTEN_BY_COLUMNS,
    WRITTEN_WITH_INDEX,
)
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame, Iteration
from qorgau.flow.values import OPAQUE, Value, join, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


CHOOSING = frozenset(("difference", "drop", "isin", "intersection"))
"""Methods of the names of columns that choose some of them."""


SELECTING = frozenset(("select", "filter"))
"""Methods by which an object is a table if they are given names of columns."""


ALIASES = {
    "parallel_apply": "apply",
    "parallel_map": "map",
    "progress_apply": "apply",
    "progress_applymap": "map",
    "progress_map": "map",
}
"""Methods that other libraries give to tables and columns (tqdm, pandarallel), by what they do."""


def item(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, at: int) -> Value:
    """``object[key]``"""
    if frame_rows.is_row(obj):
        return frame_rows.item(m, f, loc, obj, key, at)
    if obj.kind == INDEXER:
        return frame_indexing.indexed(m, f, obj, key, at)
    if obj.kind == GROUP:
        return frame_groups.item(m, f, loc, obj, key, at)
    if frames.is_table(obj):
        return frame_access.item(m, f, loc, obj, key, at)
    return frame_indexing.column_item(m, f, loc, obj, key, at)


def set_item(
    m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, value: Value, at: int, strong: bool
) -> None:
    """``object[key] = value``"""
    if obj.kind == INDEXER:
        frame_indexing.set_indexed(m, f, obj, key, value, at, strong)
    elif frames.is_table(obj):
        frame_access.set_item(m, f, loc, obj, key, value, at, strong)
    elif frames.is_column(obj):
        cell = frames.cell_of(m, f, value, at)
        held = frames.element(m, f, obj, at)
        m.write(f, loc, obj.put("$data", cell if held.is_bottom else join(held, cell)), strong=True)


def delete_item(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value) -> None:
    """``del object[key]``"""
    if frames.is_table(obj):
        frame_access.drop(m, f, loc, obj, key)


def iterate(m: Machine, f: Frame, loc: Loc, obj: Obj, at: int) -> Iteration:
    """What iterating over it gives."""
    if frame_rows.is_row(obj):
        return frame_rows.iterate(m, f, obj, at)
    if obj.kind == GROUP:
        return frame_groups.iterate(m, f, obj, at)
    if frames.is_table(obj):
        return frame_access.iterate(m, f, loc, obj, at)
    return frame_access.iterate_column(m, f, obj, at)


def attribute(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, at: int) -> Value | None:
    """``object.name``; None where the library's rows say what it is."""
    if frame_rows.is_row(obj):
        return frame_rows.attribute(m, f, loc, obj, name, at)
    if obj.kind == GROUP:
        if m.policy.catalog.rows(f"{obj.type}.{name}"):
            return None
        return frame_groups.item(m, f, loc, obj, of_const(name), at)
    return frame_access.attribute(m, f, loc, obj, name, at)


def set_attribute(
    m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, value: Value, at: int, strong: bool
) -> bool:
    """``object.name = value``; False where that is no part of a table."""
    return frame_access.set_attribute(m, f, loc, obj, name, value, at, strong)


def sliced(
    m: Machine, f: Frame, loc: Loc, obj: Obj, bounds: Sequence[int | None], known: bool, at: int
) -> Value:
    """``object[1:5]``"""
    if frame_rows.is_row(obj):
        return m.new(f, at, Obj("list", rest=frame_rows.iterate(m, f, obj, at).each), "part of row")
    if obj.kind == GROUP:
        return of_ref(loc)
    return frame_indexing.sliced(m, f, loc, obj, bounds, known, at)


def names_method(m: Machine, f: Frame, obj: Obj, name: str, args: Args, at: int) -> Value | None:
    """A method of the names of a table's columns: what chooses some of them; None for other methods."""
    if frame_names.COLUMN_NAMES not in obj.parts or not args.positional or name not in CHOOSING:
        return None
    names, _ = frame_names.names_in(m, f, args.positional[0], at)
    return frame_names.choice(m, f, names, at, without=name in ("difference", "drop"))


def method(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, args: Args, at: int) -> Value | None:
    """A method that no row knows; None where it is that of a dict or of the library's type."""
    if frame_rows.is_row(obj):
        return frame_rows.method(m, f, loc, obj, name, args, at)
    if obj.kind == TABLE and not obj.type:
        return _guessed(m, f, loc, name, args, at)
    if name in ALIASES:
        return m.library_call(f, f"{obj.type}.{ALIASES[name]}", of_ref(loc), args, at)
    return OPAQUE if obj.kind == INDEXER else None


def _guessed(m: Machine, f: Frame, loc: Loc, name: str, args: Args, at: int) -> Value | None:
    """A method of a table of which it is not known whose it is: the first library that has such a method."""
    for type_ in GUESSED:
        if m.policy.catalog.rows(f"{type_}.{name}"):
            return m.library_call(f, f"{type_}.{name}", of_ref(loc), args, at)
    return None


def telling(m: Machine, f: Frame, loc: Loc, obj: Obj | None, name: str, args: Args, at: int) -> Value | None:
    """A method of an unknown object that only tables have; None for other methods."""
    if obj is not None and (obj.kind != "unknown" or obj.cls is not None or obj.type):
        return None
    if name not in TELLING and not (name in SELECTING and _names_fields(m, f, args, at)):
        if name != "query" or not _asks_for_consent(m, args):
            return None
    frame_access.become_table(m, f, loc)
    return _guessed(m, f, loc, name, args, at)


def _names_fields(m: Machine, f: Frame, args: Args, at: int) -> bool:
    """Whether a list of names, or several names, are given, fields among them: ``select(["iin", "city"])``."""
    lists = [value for value in args.positional if _is_sequence(f, value)]
    names = [name for value in args.positional for name in frame_names.names_in(m, f, value, at)[0]]
    if not lists and (len(names) < 2 or any(value.refs for value in args.positional)):
        return False
    return any(m.policy.fields_of(str(name.value)) for name in names)


def _asks_for_consent(m: Machine, args: Args) -> bool:
    """Whether one text is given in which a flag of consent is asked for: ``query("consent_given and age > 18")``."""
    texts = args.positional[0].texts() if len(args.positional) == 1 else []
    return any(m.policy.consent_attribute((word,)) for text in texts for word in re.findall(r"\w+", text))


def as_written(m: Machine, f: Frame, dotted: str, receiver: Value, args: Args, at: int) -> Value:
    """What a table writes of itself: the columns that are named, and without its index where that is left out."""
    columns = args.keywords.get("columns")
    if columns is not None and columns.refs and dotted in WRITTEN_BY_COLUMNS:
        receiver = m.item(f, receiver, columns, at)
    index = args.keywords.get("index")
    if index is not None and dotted in WRITTEN_WITH_INDEX and index.constant() == Const("bool", False):
        return frames.without_index(m, f, receiver, at)
    return receiver


def _is_sequence(f: Frame, value: Value) -> bool:
    return any(
        (obj := f.state.obj(loc)) is not None and obj.kind in frames.ELEMENTS_OF for loc in value.locs()
    )


def chosen(m: Machine, f: Frame, loc: Loc, obj: Obj | None, key: Value, at: int) -> Value | None:
    """``thing[["iin", "phone"]]`` and ``thing[thing["agreed"]]`` of an unknown object; None for other keys."""
    if obj is not None and (obj.kind != "unknown" or obj.cls is not None or obj.type):
        return None
    if frame_conditions.asks(key, loc):
        frame_access.become_table(m, f, loc)
        return frame_access.item(m, f, loc, m.obj(f, loc), key, at)
    indexer = indexer_of_unknown(m, f, loc, obj, key)
    if indexer is not None:
        return frame_indexing.indexed(m, f, indexer, key, at)
    return frame_access.columns_of_unknown(m, f, loc, key, at)


def indexer_of_unknown(m: Machine, f: Frame, loc: Loc, obj: Obj | None, key: Value) -> Obj | None:
    """``thing.loc`` where it is given rows and columns: then the unknown object that has it is a table."""
    owner = loc.parent
    if owner is None or loc.label not in INDEXERS or not frame_indexing.is_pair(f, key):
        return None
    if any(held is not None and held.kind != "unknown" for held in (obj, f.state.obj(owner))):
        return None
    frame_access.become_table(m, f, owner)
    return Obj(INDEXER, type=str(loc.label), parts={OWNER: of_ref(owner)})
