"""Handlers that are defined within functions, as the routes of an application that ``create_app`` makes.

The framework calls them once the application is made. Here they run where they are registered, behind what runs
before them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import gates, injection
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Closure, Frame
from qorgau.flow.values import Value

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def registered(m: Machine, f: Frame, loc: Loc, names: tuple[str, ...], value: Value) -> None:
    """Run a nested function, or what others made of it, that a decorator of a framework makes an entry."""
    obj = f.state.obj(loc)
    closure = obj.info if obj is not None else None
    if not isinstance(closure, Closure) or f.kind != "function":
        return
    if not any(m.policy.catalog.entry_decorator(name) for name in names):
        return

    def run() -> Value:
        args = injection.unknown_arguments(m, f, closure, None)
        gates.run(m, f, closure, None, args)
        return m.call(f, value, args, closure.function.at)

    m.perhaps(f, run)
