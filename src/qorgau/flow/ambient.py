"""What surrounds the code that runs: context variables, and contexts whose values every record of a logger has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import registries
from qorgau.flow.heap import DATA, Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.references import arguments
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, UNKNOWN, Value, join, join_all, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

BEFORE = "$before"
"""The part of a token or a context that is what held before it."""

EVER = "$ever"
"""The part of a context variable that is all it was ever set to: what another entry point may find."""

CONTEXT = "loguru.context"
"""The type of a context of a logger, and of the one object that says in which contexts the code runs."""


# Context variables


def _set(m: Machine, f: Frame, u: Use) -> Value:
    """``variable.set(value)`` gives a token that knows what was there before."""
    before: list[Value] = []
    single = u.receiver.single()
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        held = obj.parts.get(DATA, BOTTOM)
        before.append(held)
        new = u.arg(0, "value")
        told = new if single is not None and not loc.old else join(held, new)
        changed = obj.put(DATA, told).put(EVER, join(obj.parts.get(EVER, BOTTOM), new))
        m.write(f, loc, changed, strong=True)
    parts: dict[Key, Value] = {BEFORE: join_all(before), "var": u.receiver}
    return m.new(f, u.at, Obj("library", type="contextvars.Token", parts=parts), "token")


def _get(m: Machine, f: Frame, u: Use) -> Value:
    found: list[Value] = []
    shared = f.state.modules()
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        held = obj.parts.get(DATA, BOTTOM)
        if shared.get(loc) is obj:
            # Nothing that runs here has set it: somebody else may have, around it.
            held = join(held, obj.parts.get(EVER, BOTTOM))
        found.append(held if not held.is_bottom else obj.parts.get("@default", BOTTOM))
    result = join_all([*found, u.arg(0, "default")])
    return UNKNOWN if result.is_bottom else result


def _reset(m: Machine, f: Frame, u: Use) -> Value:
    """``variable.reset(token)``"""
    before = [
        held for loc in u.arg(0, "token").locs() if (held := m.obj(f, loc).parts.get(BEFORE)) is not None
    ]
    for loc in u.receiver.locs():
        if before and not loc.old:
            m.write(f, loc, m.obj(f, loc).put(DATA, join_all(before)), strong=True)
    return of_const(None)


# Contexts of loggers


def _context(m: Machine, f: Frame, u: Use) -> Value:
    """``logger.contextualize(phone=...)``: what it holds is written with each record in its block."""
    data = join_all([*arguments(m, f, u, "**"), *u.args.double])
    return m.new(f, u.at, Obj("library", type=CONTEXT, parts={DATA: data}), "context")


def enter(m: Machine, f: Frame, loc: Loc) -> Value:
    """Enter a context of a logger."""
    around = registries.shared(m, CONTEXT)
    held, obj = m.obj(f, around), m.obj(f, loc)
    before = held.parts.get(DATA, BOTTOM)
    m.write(f, loc, obj.put(BEFORE, before), strong=True)
    m.write(f, around, held.put(DATA, join(before, obj.parts.get(DATA, BOTTOM))), strong=True)
    return of_const(None)


def leave(m: Machine, f: Frame, loc: Loc) -> None:
    """Leave it: what it held is written no more."""
    around = registries.shared(m, CONTEXT)
    before = m.obj(f, loc).parts.get(BEFORE, BOTTOM)
    m.write(f, around, m.obj(f, around).put(DATA, before), strong=True)


def surrounding(m: Machine, f: Frame, dotted: str) -> list[Value]:
    """What is written with a record of a logger because it is written here."""
    if not dotted.startswith("loguru."):
        return []
    data = m.obj(f, registries.shared(m, CONTEXT)).parts.get(DATA, BOTTOM)
    return [] if data.is_bottom else [data]


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "context-variable-get": _get,
    "context-variable-reset": _reset,
    "context-variable-set": _set,
    "logger-context": _context,
}
