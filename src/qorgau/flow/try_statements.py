"""``try``: the states in which its body can end, and the handlers that take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import (
    exception_groups,
    exits,
    raising,
)
from qorgau.flow.machine import Frame
from qorgau.flow.state import State, bottom_like

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def run_try(m: Machine, f: Frame, node: ir.Try) -> None:
    if node.final:
        exits.guarded(m, f, lambda: _try_body(m, f, node), lambda _: m.execute(f, node.final))
    else:
        _try_body(m, f, node)


def _try_body(m: Machine, f: Frame, node: ir.Try) -> None:
    if not node.handlers:
        m.execute(f, node.body)
        m.execute(f, node.orelse)
        return
    caught: list[State] = []
    f.handlers.append(caught)
    risks = m.risks
    m.execute(f, node.body)
    f.handlers.pop()
    if any(_takes_errors(handler) for handler in node.handlers):
        m.risks = risks
    if f.state.reachable:
        m.execute(f, node.orelse)
    after = f.state
    if caught:
        mark = len(f.yields)
        for handler in node.handlers:
            handle = exception_groups.handle if node.is_star else _handle
            after = m.join_states(after, handle(m, f, handler, caught))
        if len(f.yields) != mark:
            f.yields_exact = False
        raising.outwards(f, caught)
    f.state = after


def _handle(m: Machine, f: Frame, handler: ir.Handler, caught: list[State]) -> State:
    """Run a handler over the paths that it takes, which ``caught`` loses; the state after it."""
    f.state = caught[0].copy() if caught else bottom_like(f.state)
    kinds = None
    if handler.type is not None and caught:
        kinds = raising.kinds_of(m, f, m.evaluate(f, handler.type), handler.at)
    taken, left = raising.split(m, f, caught, kinds)
    caught[:] = left if not _catches_all(handler) else []
    if not taken:
        return bottom_like(f.state)
    bound = raising.caught(m, f, taken, kinds, handler.at)
    raising.run_handler(m, f, handler, bound)
    return f.state


def _takes_errors(handler: ir.Handler) -> bool:
    return _catches_all(handler) or (isinstance(handler.type, ir.Name) and handler.type.id == "Exception")


def _catches_all(handler: ir.Handler) -> bool:
    return handler.type is None or (isinstance(handler.type, ir.Name) and handler.type.id == "BaseException")
