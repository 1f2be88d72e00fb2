"""Which objects are still wanted after a call: what nothing refers to any more is let go.

Without this the state of a caller would grow with every temporary object of every callee, and each
join of two paths would pay for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import ClassInfo, Closure, Resumable
from qorgau.flow.state import State
from qorgau.flow.values import Bound, Builtin, Ref, SuperOf, Value

MAX_REACHED = 200
"""Objects that are looked at to tell whether something has changed."""


def wanted(changed: Mapping[Loc, Obj], inner: Loc, values: Iterable[Value]) -> dict[Loc, Obj]:
    """Those of the ``changed`` objects that outlive the activation ``inner``.

    An object that was there before stays; one that the activation made stays where a value, or an
    object that stays, refers to it or to what it is a part of.
    """
    own = {loc for loc in changed if _is_of(loc, inner)}
    if not own:
        return dict(changed)
    reached: set[Loc] = set()
    waiting: list[Loc] = []

    def visit(locs: Iterable[Loc]) -> None:
        for loc in locs:
            if loc not in reached:
                reached.add(loc)
                if loc in changed:
                    waiting.append(loc)

    for value in values:
        visit(_mentioned(value))
    for loc, obj in changed.items():
        if loc not in own:
            visit(_of_object(obj))
    while True:
        while waiting:
            visit(_of_object(changed[waiting.pop()]))
        parts = [
            loc for loc in own if loc not in reached and any(step in reached for step in loc.ancestors())
        ]
        if not parts:
            break
        visit(parts)
    return {loc: obj for loc, obj in changed.items() if loc not in own or loc in reached}


def mentioned(values: Iterable[Value], objects: Mapping[Loc, Obj]) -> set[Loc]:
    """Every location that these values and objects speak of, and the objects' own."""
    found = set(objects)
    for value in values:
        found.update(_mentioned(value))
    for obj in objects.values():
        found.update(_of_object(obj))
    return found


def reachable(values: Iterable[Value], state: State) -> dict[Loc, Obj | None]:
    """The objects that these values lead to, as they are; of very many only the nearest."""
    found: dict[Loc, Obj | None] = {}
    waiting = [loc for value in values for loc in _mentioned(value)]
    for loc in waiting:
        if loc in found:
            continue
        found[loc] = obj = state.obj(loc)
        if obj is not None and len(found) < MAX_REACHED:
            waiting += _of_object(obj)
    return found


def _is_of(loc: Loc, inner: Loc) -> bool:
    return any(step == inner for step in loc.ancestors())


def _of_object(obj: Obj) -> Iterator[Loc]:
    for part in obj.parts.values():
        yield from _mentioned(part)
    yield from _mentioned(obj.rest)
    if obj.cls is not None:
        yield obj.cls
    info = obj.info
    if isinstance(info, Loc):
        yield info
    elif isinstance(info, Closure):
        yield from _of_closure(info)
    elif isinstance(info, ClassInfo):
        yield from info.order
    elif isinstance(info, Resumable):
        yield from _of_closure(info.closure)
        for _, value in info.bound:
            yield from _mentioned(value)
        for loc, _, last in info.later:
            yield loc
            yield from _of_object(last)


def _of_closure(closure: Closure) -> Iterator[Loc]:
    yield from closure.scopes
    if closure.owner is not None:
        yield closure.owner


def _mentioned(value: Value) -> Iterator[Loc]:
    for taint in value.taints:
        if taint.subject is not None:
            yield taint.subject
    for ref in value.refs:
        yield from _of_ref(ref)


def _of_ref(ref: Ref) -> Iterator[Loc]:
    if isinstance(ref, Loc):
        yield ref
    elif isinstance(ref, Bound):
        yield ref.function
        yield from _mentioned(ref.receiver)
    elif isinstance(ref, Builtin):
        yield from _mentioned(ref.receiver)
    elif isinstance(ref, SuperOf):
        yield ref.cls
        yield from _mentioned(ref.receiver)
