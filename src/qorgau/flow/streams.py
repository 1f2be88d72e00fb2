"""Texts in memory, queues and stores with keys: what is put in is read back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow.constants import Const
from qorgau.flow.heap import Obj
from qorgau.flow.machine import Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import (
    BOTTOM,
    OPAQUE,
    Value,
    join,
    join_all,
    of_const,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def _open_text(m: Machine, f: Frame, u: Use) -> Value:
    initial = u.arg(0, "initial_value")
    return m.new(f, u.at, Obj("library", type="io.StringIO", parts={"$data": initial}), "buffer")


REWOUND = "$rewound"
"""The part of a buffer that has what it held when it was last set back to its start."""


def _seek(m: Machine, f: Frame, u: Use) -> Value:
    """``buffer.seek(0)``: what it holds from here on is all of it, until more is written."""
    place, whence = u.arg(0, "offset").constant(), u.args.get(1, "whence")
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        start = place is not None and place.value == 0 and whence is None
        m.write(f, loc, obj.put(REWOUND, obj.parts.get("$data", BOTTOM) if start else BOTTOM), strong=True)
    return OPAQUE


def _truncate(m: Machine, f: Frame, u: Use) -> Value:
    """``buffer.truncate(0)`` and ``truncate()`` at its start empty it; else some of what it holds is kept."""
    size = u.args.get(0, "pos")
    known = size.constant() if size is not None else None
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        held = obj.parts.get("$data", BOTTOM)
        at_start = size is None and not held.is_bottom and obj.parts.get(REWOUND) == held
        empties = at_start or (known is not None and known.value == 0)
        if empties and not loc.old and len(u.receiver.refs) == 1:
            m.write(f, loc, obj.put("$data", BOTTOM), strong=True)
    return OPAQUE


def _keyed_put(m: Machine, f: Frame, u: Use) -> Value:
    """``store.set(section, option, value)``: read back under the same keys."""
    *names, value = [*u.args.positional, *u.args.keywords.values()] or [BOTTOM]
    key = _joined_key(m, f, names)
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        strong = key is not None and not loc.old and len(u.receiver.refs) == 1
        if key is None:
            obj = replace(obj, rest=join(obj.rest, value))
        else:
            obj = obj.put(key, value if strong else join(obj.parts.get(key, BOTTOM), value))
        held = join(obj.parts.get("$data", BOTTOM), value)
        m.write(f, loc, obj.put("$data", held), strong=True)
    return of_const(None)


def _keyed_get(m: Machine, f: Frame, u: Use) -> Value:
    """``store.get(section, option)``: what was put there, else what the store came with."""
    key = _joined_key(m, f, u.args.positional)
    found = [m.unknown(f, u.at, frozenset(), "entry")]
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        if key is None:
            found += [obj.rest, *(part for _, part in obj.items())]
        elif key in obj.parts:
            found = [obj.parts[key]]
        else:
            found.append(obj.rest)
    result = join_all(found)
    last = u.args.positional[-1].constant() if u.args.positional else None
    name = str(last.value) if last is not None else ""
    return m.named(f, result, name, u.receiver, u.at, key=True) if name else result


def _joined_key(m: Machine, f: Frame, names: Sequence[Value]) -> Const | None:
    known = [name.constant() for name in names]
    return Const("tuple", tuple(known)) if known and all(one is not None for one in known) else None


def put_in_queue(m: Machine, f: Frame, u: Use) -> Value:
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        m.write(f, loc, obj.put("$data", join(obj.parts.get("$data", BOTTOM), u.arg(0, "item"))), strong=True)
    return of_const(None)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "keyed-get": _keyed_get,
    "keyed-put": _keyed_put,
    "queue-put": put_in_queue,
    "seek": _seek,
    "stringio": _open_text,
    "truncate": _truncate,
}
