"""Promises (the library ``promise``): values that functions are handed when they are there.

A promise is a future whose result is taken to be there at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import futures
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Closure, Frame
from qorgau.flow.taints import NO_TAINTS
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, UNKNOWN, Bound, Value, join

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


WAITING = frozenset(("then", "catch"))
"""Methods of promises that take functions: what for is told by their names in every library."""


def answered(m: Machine, f: Frame, receiver: Value, name: str, args: Args, at: int) -> Value | None:
    """A method of something unknown that is a promise, None where it is called like no such method.

    What the promise carries is handed to the function; only what that gives back goes on.
    """
    if name not in WAITING or not (args.positional and _are_functions(f, args.positional)):
        return None
    if name == "catch":
        return catch(m, f, receiver, args, at)
    return then(m, f, m.unknown(f, at, receiver.taints, "resolved"), args, at)


def _are_functions(f: Frame, values: list[Value]) -> bool:
    refs = [ref.function if isinstance(ref, Bound) else ref for value in values for ref in value.refs]
    objects = [f.state.obj(ref) if isinstance(ref, Loc) else None for ref in refs]
    return bool(objects) and all(obj is not None and obj.kind in ("function", "partial") for obj in objects)


def catch(m: Machine, f: Frame, promise: Value, args: Args, at: int) -> Value:
    """``promise.catch(function)``: the same promise; should it break, what the function makes of the error."""
    function = args.get(0, "did_reject") or BOTTOM
    error = m.unknown(f, at, NO_TAINTS, "error")
    if not function.refs or not _is_followed(m, f, function, error, at):
        return promise
    return join(promise, then(m, f, error, Args([function]), at))


def then(m: Machine, f: Frame, result: Value, args: Args, at: int) -> Value:
    """``promise.then(function)``: the promise of what the function makes of the result."""
    function = args.get(0, "did_fulfill") or BOTTOM
    if not function.refs or not _is_followed(m, f, function, result, at):
        return futures.future(m, f, UNKNOWN, at)
    made = m.perhaps(f, lambda: m.awaited(f, m.call(f, function, Args([result]), at), at))
    return futures.future(m, f, made, at)


def _is_followed(m: Machine, f: Frame, function: Value, result: Value, at: int) -> bool:
    """Whether a function can matter by itself, or is handed data."""
    for ref in function.refs:
        loc = ref.function if isinstance(ref, Bound) else ref
        obj = f.state.obj(loc) if isinstance(loc, Loc) else None
        if obj is None or not isinstance(obj.info, Closure) or m.is_called_back(obj.info):
            return True
    return m.contents(f, result) != NO_TAINTS


def _resolve(m: Machine, f: Frame, u: Use) -> Value:
    return futures.future(m, f, m.awaited(f, u.arg(0, "obj"), u.at), u.at)


def _all(m: Machine, f: Frame, u: Use) -> Value:
    """The promise of a list: of the results of several promises."""
    iteration = m.iterate(f, u.arg(0, "promises"), u.at)
    rest = m.awaited(f, iteration.each, u.at) if iteration.items is None else None
    results = [m.awaited(f, item, u.at) for item in iteration.items or ()]
    return futures.future(m, f, m.sequence(f, u.at, "list", results, rest, "all"), u.at)


def _load(m: Machine, f: Frame, u: Use) -> Value:
    """A loader gives what its key stands for, which is not the key."""
    found = m.unknown(f, u.at, NO_TAINTS, "loaded")
    many = u.dotted.endswith("_many")
    return futures.future(m, f, m.sequence(f, u.at, "list", [], found, "many") if many else found, u.at)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "promise-all": _all,
    "promise-load": _load,
    "promise-resolve": _resolve,
}
