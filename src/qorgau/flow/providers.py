"""Providers of a container (dependency-injector): what they make is made when they are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, UNKNOWN, External, Value, join_all, of_ref
from qorgau.linking import Unit

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

PROVIDER = "dependency_injector.providers.Provider"
WIRING = "dependency_injector.wiring.Provide"
MADE = "$made"
GIVEN = "@given "
VALUE = "$value of"
MAX_NESTED = 8


def _provider(m: Machine, f: Frame, u: Use) -> Value:
    """``providers.Factory(Service, store=store)``"""
    parts: dict[Key, Value] = {MADE: u.arg(0)}
    parts.update({f"{GIVEN}{index}": value for index, value in enumerate(u.args.positional[1:])})
    parts.update({f"{GIVEN}{name}": value for name, value in u.args.keywords.items()})
    if u.dotted.endswith(".Object"):
        parts[VALUE] = u.arg(0)
    return m.new(f, u.at, Obj("library", type=PROVIDER, parts=parts), "provider")


def _provide(m: Machine, f: Frame, u: Use) -> Value:
    """``container.service()``"""
    made = [provided(m, f, loc, u.at, u.args) for loc in u.receiver.locs()]
    return join_all(made) if made else UNKNOWN


def provided(m: Machine, f: Frame, loc: Loc, at: int, extra: Args | None = None, depth: int = 0) -> Value:
    """What a provider gives: its arguments are provided first."""
    obj = m.obj(f, loc)
    if VALUE in obj.parts:
        return obj.parts[VALUE]
    args = Args()
    for name, value in obj.parts.items():
        if isinstance(name, str) and name.startswith(GIVEN) and depth < MAX_NESTED:
            given = _resolved(m, f, value, at, depth)
            told = name.removeprefix(GIVEN)
            if told.isdigit():
                args.positional.append(given)
            else:
                args.keywords[told] = given
    if extra is not None:
        args.positional += extra.positional
        args.keywords.update(extra.keywords)
    return m.awaited(f, m.call_apart(f, obj.parts.get(MADE, BOTTOM), at, loc, args), at)


def _resolved(m: Machine, f: Frame, value: Value, at: int, depth: int) -> Value:
    found = [
        provided(m, f, loc, at, None, depth + 1)
        if (obj := f.state.obj(loc)) is not None and obj.type == PROVIDER
        else of_ref(loc, unknown=value.unknown)
        for loc in value.locs()
    ]
    return join_all(found) if found else value


def wired(m: Machine, f: Frame, unit: Unit, node: ir.Expr, at: int) -> Value | None:
    """``Provide[Container.service]`` as a parameter's default; None for other defaults."""
    if not isinstance(node, ir.Subscript):
        return None
    marker = m.quiet(f, node.value, unit)
    if not any(isinstance(ref, External) and ref.dotted == WIRING for ref in marker.refs):
        return None
    found = [
        provided(m, f, loc, at)
        for loc in m.quiet(f, node.index, unit).locs()
        if (obj := f.state.obj(loc)) is not None and obj.type == PROVIDER
    ]
    return join_all(found) if found else None


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {"provider": _provider, "provide": _provide}
