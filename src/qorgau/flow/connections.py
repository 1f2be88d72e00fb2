"""What decides over connections from elsewhere: adapters of a session, and what is set for the whole process.

Which modules run in one process is not known: what one of them sets counts in itself and, of a package, below it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, UNKNOWN, Value, join, join_all

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

ADAPTER = "$adapter"
"""The part of a session that holds what was mounted on it."""

POOL = "init_poolmanager"
"""The method in which adapters say how their connections are made."""

CONTEXT = "context"
OPENER = "opener"
DEFAULT_CONTEXTS = frozenset(("ssl._create_default_https_context", "ssl.create_default_context"))
BY_DEFAULT = ("urllib.request.", "http.client.HTTPSConnection", "xmlrpc.client.")
"""What makes its connections by the defaults of the process."""


def _mount(m: Machine, f: Frame, use: Use) -> Value:
    """``session.mount("https://", adapter)``: the adapter makes the connections from here on."""
    adapter = use.arg(1, "adapter")
    if any((obj := f.state.obj(loc)) is not None and obj.cls is not None for loc in adapter.locs()):
        m.call_method(f, adapter, POOL, Args([UNKNOWN, UNKNOWN]), use.at)
    for loc in use.receiver.locs():
        obj = m.obj(f, loc)
        m.write(f, loc, obj.put(ADAPTER, join(obj.parts.get(ADAPTER, BOTTOM), adapter)), strong=True)
    return OPAQUE


def _pool(m: Machine, f: Frame, use: Use) -> Value:
    """``super().init_poolmanager(..., ssl_context=context)``: the adapter is told how to connect."""
    given = dict(use.args.keywords)
    for value in use.args.double:
        given.update(m.exact_dict(f, value) or {})
    for loc in use.receiver.locs():
        obj = m.obj(f, loc)
        for name, value in given.items():
            obj = obj.put(f"@{name}", value)
        m.write(f, loc, obj, strong=True)
    return OPAQUE


def _install(m: Machine, f: Frame, use: Use) -> Value:
    """``urllib.request.install_opener(opener)``"""
    _put(m, f, OPENER, use.arg(0, "opener"))
    return OPAQUE


def _put(m: Machine, f: Frame, name: str, value: Value) -> None:
    loc = _defaults(f.unit.name)
    m.open(loc, Obj("library"))
    f.state.heap[loc] = (f.state.obj(loc) or Obj("library")).put(name, value)


def _defaults(module: str) -> Loc:
    return Loc(None, ("defaults", module))


def library_set(m: Machine, f: Frame, dotted: str, value: Value, at: int) -> None:
    """A program gives a library's name another value: of those that make contexts, what they make counts."""
    if dotted in DEFAULT_CONTEXTS:
        _put(m, f, CONTEXT, m.call(f, value, Args(), at))


def by_default(f: Frame, dotted: str) -> Value:
    """The context and the opener that a call goes by where it is given none."""
    if not dotted.startswith(BY_DEFAULT):
        return BOTTOM
    parts = f.unit.name.split(".")
    modules = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
    told = [held for module in modules if (held := f.state.obj(_defaults(module))) is not None]
    return join_all(held.parts.get(name, BOTTOM) for held in told for name in (CONTEXT, OPENER))


def of_adapters(obj: Obj) -> Value:
    """What was mounted on a session."""
    return obj.parts.get(ADAPTER, BOTTOM)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "installs-opener": _install,
    "mounts-adapter": _mount,
    "tells-pool": _pool,
}
