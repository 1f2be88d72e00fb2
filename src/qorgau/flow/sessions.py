"""SQLAlchemy's sessions: an object that is already in one and is changed is written by the commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import deployment, orm, places, registries, row_keys, sinks, stores
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.row_keys import Written
from qorgau.flow.taints import NO_TAINTS
from qorgau.flow.uses import Use
from qorgau.flow.values import OPAQUE, Ref, Value, join, join_all

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

ADDED = "$added"
DIRTY = "$dirty"
LIBRARIES = ("sqlalchemy.", "sqlmodel.", "flask_sqlalchemy.")


def changed(m: Machine, f: Frame, loc: Loc, name: str, new: Value) -> None:
    """An attribute of an object was written: of one that a session has, a later commit stores it."""
    obj = f.state.obj(loc)
    if obj is None or obj.cls is None or not (new.taints or new.refs):
        return
    if obj.kind != "unknown" and ADDED not in obj.parts:
        return
    info = m.class_info(f, obj.cls)
    if info is None or not any(library.startswith(LIBRARIES) for library in info.libraries):
        return
    new = _without_rows(m, f, new, row_keys.is_key(m, f, obj.cls, name))
    if orm.is_model(m, f, loc) and (new.taints or new.refs):
        before = obj.parts.get(DIRTY)
        m.write(f, loc, obj.put(DIRTY, new if before is None else join(before, new)), strong=True)


def _without_rows(m: Machine, f: Frame, value: Value, is_key: bool) -> Value:
    """What is stored of a value: of a row that is in the database already, its key.

    ``is_key``: the attribute is declared to lead to another row, whatever else is known of the value.
    """
    left = {ref: facts for ref, facts in value.refs.items() if not _is_stored(m, f, ref)}
    if is_key:
        new = {ref: facts for ref, facts in left.items() if _is_new(f, ref)}
        return value.with_(refs=new, taints=NO_TAINTS)
    if len(left) == len(value.refs):
        return value
    return value.with_(refs=left) if left else value.with_(refs=left, taints=NO_TAINTS)


def _is_new(f: Frame, ref: Ref) -> bool:
    obj = f.state.obj(ref) if isinstance(ref, Loc) else None
    return obj is not None and obj.kind == "instance"


def _is_stored(m: Machine, f: Frame, ref: Ref) -> bool:
    obj = f.state.obj(ref) if isinstance(ref, Loc) else None
    if obj is None or not isinstance(ref, Loc) or (obj.kind != "unknown" and ADDED not in obj.parts):
        return False
    return orm.is_model(m, f, ref)


def _add(m: Machine, f: Frame, use: Use) -> Value:
    """``session.add(obj)``: what the object holds was written by this call."""
    for value in (*use.args.positional, *use.args.keywords.values()):
        for loc in _objects(f, value):
            obj = f.state.obj(loc)
            if obj is not None:
                parts = {key: part for key, part in obj.parts.items() if key != DIRTY}
                m.write(
                    f,
                    loc,
                    Obj(obj.kind, obj.cls, obj.type, parts, obj.rest, obj.length, obj.info).put(
                        ADDED, OPAQUE
                    ),
                    strong=True,
                )
    return OPAQUE


def _merge(m: Machine, f: Frame, use: Use) -> Value:
    """``session.merge(obj)``: the object itself, written by this call."""
    _add(m, f, use)
    given = use.arg(0, "instance")
    return OPAQUE if given.is_bottom else given


def _objects(f: Frame, value: Value) -> list[Loc]:
    found: list[Loc] = []
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is not None and obj.cls is not None:
            found.append(loc)
        elif obj is not None and obj.kind in ("list", "tuple", "set"):
            found += [inner for part in (*obj.parts.values(), obj.rest) for inner in part.locs()]
    return found


def _commit(m: Machine, f: Frame, use: Use) -> Value:
    """``session.commit()`` and ``flush()``: the changes since the objects were loaded or added."""
    dirty = {
        loc: obj for loc, obj in f.state.heap.items() if DIRTY in obj.parts and not obj.parts[DIRTY].is_bottom
    }
    if not dirty:
        return OPAQUE
    data = join_all(obj.parts[DIRTY] for _, obj in sorted(dirty.items(), key=lambda pair: repr(pair[0])))
    taints = sinks.gather(m, f, [data], use.at, Written())
    if taints:
        site = registries.place_of(f, use.receiver) if use.receiver.locs() else places.EMPTY
        objects = [Value(refs={loc: frozenset()}) for loc in sorted(dirty, key=repr)]
        site = deployment.complete(m, f, use.dotted, use.receiver, site, use.at, objects)
        store = stores.of_call(m, f, use.dotted, site, use.receiver, Args(objects))
        sinks.record_storage(m, f, use.at, use.dotted, site, taints, objects, store=store)
    for loc, obj in dirty.items():
        parts = {key: part for key, part in obj.parts.items() if key != DIRTY}
        f.state.heap[loc] = Obj(obj.kind, obj.cls, obj.type, parts, obj.rest, obj.length, obj.info)
    return OPAQUE


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "session-add": _add,
    "session-merge": _merge,
    "session-commit": _commit,
}
