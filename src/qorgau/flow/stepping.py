"""Generators that are asked for their values one by one: they do no more than they must for the next.

A generator that a local variable holds waits (``waiting``). Where the next statement that mentions it only asks for a
value, its body runs up to the first ``yield``. Each further value runs it from its start once more, apart from
everything, up to the ``yield`` at which it stood, and goes on from there with the objects as they are now. Where
another statement uses the generator, what is left of it runs as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import activations, containers, resuming
from qorgau.flow.constants import Const
from qorgau.flow.facts import NO_FACTS
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import NOT_BEGUN, SENDS, Args, Closure, Frame, Resumable, Script, Waiting
from qorgau.flow.parameters import bind_parameters
from qorgau.flow.state import State
from qorgau.flow.values import BOTTOM, OPAQUE, Value, join, join_all, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

MADE_AT = "$made-at"
"""The part of a generator that is asked for its values one by one: the node that made it."""


def made(m: Machine, f: Frame, loc: Loc, function: Obj, args: Args, at: int, receiver: Value | None) -> Value:
    """A generator of which nothing has run."""
    assert isinstance(function.info, Closure)
    closure = m.entered(f, loc, function.info, receiver)
    bound = bind_parameters(m, f, function, closure, args, at)
    parts: dict[Key, Value] = {"$return": OPAQUE, SENDS: NOT_BEGUN, MADE_AT: of_const(at)}
    info = Resumable(closure, tuple(bound.items()), NO_FACTS)
    return m.new(f, at, Obj("generator", parts=parts, info=info), "stepped")


def _entry(f: Frame, loc: Loc) -> Waiting | None:
    return next((one for one in f.waiting if one.stepped == loc), None)


def advance(m: Machine, f: Frame, loc: Loc, at: int) -> Value:
    """``next(iterator)``"""
    if MADE_AT in m.obj(f, loc).parts:
        return _step(m, f, loc, of_const(None), at)
    return resuming.advance(m, f, loc, at)


def send(m: Machine, f: Frame, loc: Loc, obj: Obj, sent: Value, at: int) -> Value:
    """``generator.send(sent)``"""
    return _step(m, f, loc, sent, at) if MADE_AT in obj.parts else resuming.send(m, f, loc, obj, sent, at)


def _step(m: Machine, f: Frame, loc: Loc, sent: Value, at: int) -> Value:
    obj = m.obj(f, loc)
    info, entry = obj.info, _entry(f, loc)
    history = None if loc.old else resuming.history_of(obj, sent)
    if not isinstance(info, Resumable) or history is None or f.depth >= activations.MAX_DEPTH:
        finish(m, f, loc, at)
        return containers.each(m.obj(f, loc))
    resuming.note(m, f, loc, obj, history)
    if not history and entry is not None:
        entry.first = f.state.copy()
    inner = _begun(m, f, info, obj, entry)
    script = Script(history, around=f.state.copy() if history else None)
    value = resuming.play(m, f, info, inner, script, at)
    if script.lost:
        _settle(m, f, loc, inner)
    return value


def _begun(m: Machine, f: Frame, info: Resumable, obj: Obj, entry: Waiting | None) -> Frame:
    """The body at its start, in the state in which it was first run, if it was."""
    made_at = obj.parts[MADE_AT].constant()
    ctx = Loc(f.ctx, ("call", f.unit.name, made_at, info.closure.function.at, *f.passes))
    first: State = entry.first if entry is not None and entry.first is not None else f.state
    return activations.activate(m, info.closure, dict(info.bound), ctx, first, f.depth + 1, f.state.facts)


def finish(m: Machine, f: Frame, loc: Loc, at: int) -> None:
    """Run what is left of a generator: it holds the values that are left."""
    obj = m.obj(f, loc)
    info = obj.info
    if MADE_AT not in obj.parts or not isinstance(info, Resumable):
        return
    count = obj.parts[SENDS].constant()
    begun = resuming.history_of(obj, of_const(None)) if count is not None and count.value != -1 else ()
    inner = _begun(m, f, info, obj, _entry(f, loc) if begun else None)
    script = Script(begun or (), around=f.state.copy() if begun else None, whole=True)
    resuming.play(m, f, info, inner, script, at)
    _settle(m, f, loc, inner)


def _settle(m: Machine, f: Frame, loc: Loc, inner: Frame) -> None:
    """From now on a generator holds the values that its body has yielded."""
    if not f.state.reachable:
        return
    obj = m.obj(f, loc)
    parts = {key: part for key, part in obj.parts.items() if key != MADE_AT}
    exact = inner.yields_exact and not (inner.script is not None and inner.script.lost)
    if exact:
        parts.update({Const("int", index): item for index, item in enumerate(inner.yields)})
    returned = [value for state, value in inner.returns if state.reachable]
    parts["$return"] = join_all(returned) if returned else of_const(None)
    held = Obj(
        "generator",
        parts=parts,
        rest=BOTTOM if exact else join(obj.rest, join_all(inner.yields)),
        length=len(inner.yields) if exact else None,
        info=obj.info,
    )
    m.write(f, loc, held, strong=True)
