"""Bytes that change in place: ``bytearray``, and the views of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import texts
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, NO_REFS, OPAQUE, Value, join, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

TYPE = "builtins.bytearray"
DATA = "$data"


def held(m: Machine, f: Frame, value: Value, at: int) -> Value:
    """The bytes in a value: of a buffer what it holds, of a list its numbers."""
    found = (
        [value.with_(refs=NO_REFS)] if value.taints or value.consts or value.unknown or value.opaque else []
    )
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is not None and obj.type == TYPE:
            found.append(obj.parts.get(DATA, BOTTOM))
        elif obj is not None and obj.kind in ("list", "tuple", "generator"):
            found.append(m.iterate(f, of_ref(loc), at).each.with_(refs=NO_REFS))
        else:
            found.append(Value(m.contents(f, of_ref(loc)), unknown=True))
    return join_all(found)


def is_buffer(f: Frame, value: Value) -> bool:
    """Whether a value is a ``bytearray`` and nothing else."""
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None and not value.consts else None
    return obj is not None and obj.type == TYPE


def _bytearray(m: Machine, f: Frame, u: Use) -> Value:
    data = held(m, f, u.arg(0), u.at) if u.args.positional else of_const(b"")
    return m.new(f, u.at, Obj("library", type=TYPE, parts={DATA: data}), "bytearray")


def _bytes(m: Machine, f: Frame, u: Use) -> Value:
    if not u.args.positional:
        return of_const(b"")
    data = held(m, f, u.arg(0), u.at)
    return data if len(u.arg(0).refs) <= 1 else texts.made_of([data])


def _memoryview(m: Machine, f: Frame, u: Use) -> Value:
    """A view of a buffer is the buffer; of bytes it is the bytes."""
    return u.arg(0)


def method(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, args: Args, at: int) -> Value | None:
    """A method of a buffer; None when buffers have no such method."""
    data = obj.parts.get(DATA, BOTTOM)
    first = args.get(0) or BOTTOM
    if name in ("extend", "append", "insert", "__iadd__"):
        given = args.get(1) or BOTTOM if name == "insert" else first
        put(m, f, loc, held(m, f, given, at))
        return of_const(None)
    if name == "clear":
        m.write(f, loc, obj.put(DATA, of_const(b"") if not loc.old else data), strong=True)
        return of_const(None)
    if name in ("pop", "remove", "reverse", "release", "count", "index", "find"):
        return OPAQUE
    if name in ("copy", "tobytes", "tolist", "cast", "toreadonly"):
        return data
    return texts.method(m, f, data.with_(refs=NO_REFS), name, args, at)


def put(m: Machine, f: Frame, loc: Loc, data: Value) -> None:
    """More bytes at the end, or somewhere in it."""
    obj = m.obj(f, loc)
    joined = texts.made_of([obj.parts.get(DATA, BOTTOM), data.with_(refs=NO_REFS)])
    m.write(f, loc, obj.put(DATA, joined), strong=True)


def join_item(m: Machine, f: Frame, loc: Loc, new: Value) -> None:
    """``buffer[i] = byte`` or ``buffer[:] = data``"""
    obj = m.obj(f, loc)
    m.write(f, loc, obj.put(DATA, join(obj.parts.get(DATA, BOTTOM), new.with_(refs=NO_REFS))), strong=True)


BUILTINS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "bytearray": _bytearray,
    "bytes": _bytes,
    "memoryview": _memoryview,
}
