"""Bytes that change in place: ``bytearray``, and the views of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import text_methods, texts
from qorgau.flow.heap import DATA, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, NO_REFS, OPAQUE, Value, join, join_all, of_const, of_ref
from qorgau.linking import walk

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

TYPE = "builtins.bytearray"
PUT = "$put"
"""The part of a buffer that joins what was written at its positions."""


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
    return text_methods.method(m, f, data.with_(refs=NO_REFS), name, args, at)


def put(m: Machine, f: Frame, loc: Loc, data: Value) -> None:
    """More bytes at the end, or somewhere in it."""
    obj = m.obj(f, loc)
    joined = texts.made_of([obj.parts.get(DATA, BOTTOM), data.with_(refs=NO_REFS)])
    m.write(f, loc, obj.put(DATA, joined), strong=True)


def join_item(m: Machine, f: Frame, loc: Loc, new: Value) -> None:
    """``buffer[i] = byte`` or ``buffer[:] = data``"""
    obj = m.obj(f, loc)
    new = new.with_(refs=NO_REFS)
    obj = obj.put(PUT, join(obj.parts.get(PUT, BOTTOM), new))
    m.write(f, loc, obj.put(DATA, join(obj.parts.get(DATA, BOTTOM), new)), strong=True)


def overwriting(m: Machine, f: Frame, node: ir.For, collection: ir.Expr | None) -> Loc | None:
    """The buffer whose every byte a loop over its positions replaces, before the loop runs."""
    place = node.target.elements[0] if isinstance(node.target, ir.Sequence) else node.target
    if collection is None or not isinstance(place, ir.Name):
        return None
    written = (target for one in node.body if isinstance(one, ir.Assign) for target in one.targets)
    if not any(_is_place(target, collection, place.id) for target in written):
        return None
    loc = m.evaluate(f, collection).single()
    obj = f.state.obj(loc) if loc is not None and not loc.old else None
    if loc is None or obj is None or obj.type != TYPE or _leaves_out(node.body):
        return None
    m.write(f, loc, obj.put(PUT, BOTTOM), strong=True)
    return loc


def _leaves_out(body: Sequence[ir.Stmt]) -> bool:
    return any(isinstance(inner, ir.Break | ir.Continue) for one in body for inner in walk(one))


def _is_place(target: ir.Expr, collection: ir.Expr, name: str) -> bool:
    """``collection[name]``"""
    if not isinstance(target, ir.Subscript) or not isinstance(target.index, ir.Name):
        return False
    return target.index.id == name and _path(target.value) == _path(collection) != ""


def _path(node: ir.Expr) -> str:
    """A name or a path of attributes as text."""
    if isinstance(node, ir.Attribute):
        return f"{inner}.{node.attr}" if (inner := _path(node.value)) else ""
    return node.id if isinstance(node, ir.Name) else ""


def overwritten(m: Machine, f: Frame, loc: Loc) -> None:
    """After such a loop: the buffer holds what was put."""
    obj = f.state.obj(loc)
    if f.state.reachable and obj is not None:
        m.write(f, loc, obj.put(DATA, obj.parts.get(PUT, BOTTOM)), strong=True)


BUILTINS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "bytearray": _bytearray,
    "bytes": _bytes,
    "memoryview": _memoryview,
}
