"""Documents that a database of documents finds, and what its filters imply of each: ``find({"agreed": True})``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from qorgau.flow import named_rows
from qorgau.flow.checks import affirms
from qorgau.flow.facts import NO_FACTS, Fact, Facts
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.orm import HOLDS, KEY, ROW, is_key, told_of
from qorgau.flow.row_conditions import looked_up
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, Ref, Value, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

PROJECTING = ("find", "find_one")
"""Methods of collections of documents that are told which keys to give."""

FINDING = {"find": True, "find_one": False, "aggregate": True}
"""Methods of what may be a collection of documents, and whether they give many."""

CURSOR = "pymongo.cursor.Cursor"
MATCH = "$match"
ORDERING = frozenset((MATCH, "$sort", "$limit", "$skip", "$sample"))
"""Stages of a pipeline that hand on documents as they are."""


def found(m: Machine, f: Frame, use: Use, made: Value, many: bool) -> Value:
    """What a call finds by a filter, with what the filter implies of it."""
    facts = _asked(m, f, use)
    loc = made.single()
    names = named_rows.projected(m, f, use) if loc is not None and use.dotted.endswith(PROJECTING) else []
    row = named_rows.made(m, f, names, use.at) if names and not facts else None
    if row is not None and loc is not None and many:
        m.write(f, loc, m.obj(f, loc).put(ROW, row), strong=True)
    elif row is not None:
        made, loc = row, row.single()
    if loc is not None and not many:
        keys: dict[Ref, Facts] = {
            key: NO_FACTS for value in use.args.positional[:1] for key in _keys_in(m, f, value)
        }
        if keys:
            m.write(f, loc, m.obj(f, loc).put(KEY, Value(refs=keys)), strong=True)
    if not facts or loc is None:
        return made
    if many:
        m.write(f, loc, m.obj(f, loc).put(HOLDS, Value(opaque=True, when_true=facts)), strong=True)
        return made
    return made.with_(refs={loc: told_of(facts, loc)})


def found_by_unknown(m: Machine, f: Frame, use: Use, made: Value) -> Value:
    """The same of a call of which only its name is known: with a flag of consent in its filter it finds documents."""
    name = use.dotted.rpartition(".")[2]
    if name not in FINDING or not use.args.positional:
        return made
    many = FINDING[name]
    if not _asked(m, f, use):
        return made if name == "aggregate" else found(m, f, use, made, many)
    loc = m.fresh(f, use.at, "documents")
    m.write(f, loc, Obj("library", type=CURSOR) if many else Obj("unknown"), strong=True)
    return found(m, f, use, Value(made.taints, refs={loc: NO_FACTS}, unknown=True), many)


def _asked(m: Machine, f: Frame, use: Use) -> Facts:
    """What the filter of a call implies of each document, or the stages of a pipeline do."""
    facts: set[Fact] = set()
    for value in (*use.args.positional[:1], use.args.keywords.get("filter", BOTTOM)):
        if use.dotted.endswith("aggregate"):
            for stage in m.iterate(f, value, use.at).items or () if value.refs else ():
                entries = m.exact_dict(f, stage) or {}
                if not entries or not ORDERING.issuperset(entries):
                    break
                facts |= _implied(m, f, entries.get(MATCH, BOTTOM), use.at)
        else:
            facts |= _implied(m, f, value, use.at)
    return frozenset(facts)


def _implied(m: Machine, f: Frame, condition: Value, at: int) -> set[Fact]:
    """``{"agreed": True}``, ``{"agreed": {"$eq": True}}``, ``{"$and": [...]}``"""
    facts: set[Fact] = set()
    for name, wanted in (m.exact_dict(f, condition) or {}).items() if condition.refs else ():
        if name == "$and":
            for part in m.iterate(f, wanted, at).items or ():
                facts |= _implied(m, f, part, at)
        elif not name.startswith("$"):
            facts |= looked_up(m, name.replace(".", "__"), _equal_to(m, f, wanted, at))
    return facts


def _equal_to(m: Machine, f: Frame, wanted: Value, at: int) -> Value:
    """What a key equals by a condition: ``{"$eq": True}``, ``{"$in": [True]}``; the value itself where it is one."""
    if not wanted.refs:
        return wanted
    entries = m.exact_dict(f, wanted) or {}
    if "$in" in entries:
        constants = [item.constant() for item in m.iterate(f, entries["$in"], at).items or ()]
        if constants and all(constant is not None and affirms(constant.value) for constant in constants):
            return of_const(True)
    return entries.get("$eq", BOTTOM)


def _keys_in(m: Machine, f: Frame, wanted: Value) -> Iterator[Loc]:
    """What a document is looked up by: the unknown values of a filter."""
    for value in (m.exact_dict(f, wanted) or {}).values() if wanted.refs else ():
        yield from (loc for loc in value.locs() if is_key(m.obj(f, loc)))


def _same(m: Machine, f: Frame, u: Use) -> Value:
    """``cursor.sort(...).limit(5)``: the same documents, or fewer."""
    return u.receiver


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {"same-documents": _same}
