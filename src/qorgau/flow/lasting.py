"""What functions leave in modules: under which names it lasts, and what of it is new."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from qorgau.flow.constants import Const
from qorgau.flow.facts import Facts, without
from qorgau.flow.heap import Obj
from qorgau.flow.interpreter import Interpreter
from qorgau.flow.locations import Loc, is_activation, outermost
from qorgau.flow.state import Renaming, State
from qorgau.flow.values import Ref, Value

LAST_CALLS = 2
"""Calls by which what functions left in modules is told apart in small programs."""

PER_REQUEST = frozenset(
    f"{library}.{name}"
    for library in ("flask", "quart", "bottle", "sanic", "cherrypy", "starlette_context")
    for name in ("g", "request", "response", "websocket", "context")
)
"""Objects of libraries that are another for each request: what one leaves there no other finds.

A session is another for each user, and the next request of the same user finds what it holds.
"""

Left = list[tuple[Loc, Obj]]
"""Objects of modules as a function leaves them, and those that they refer to."""


def lasting(m: Interpreter, changes: Iterable[tuple[Loc, Obj]]) -> Left:
    """What lasts of the changes that a function made to what modules hold."""
    renaming = _Lasting(m)
    return [(renaming.loc(loc), renaming.obj(obj)) for loc, obj in changes if not _is_of_one_request(loc)]


def _is_of_one_request(loc: Loc) -> bool:
    label = outermost(loc).label
    return isinstance(label, tuple) and label[0] == "attribute" and label[1] in PER_REQUEST


class _Lasting(Renaming):
    """What functions leave in modules, named by where it was made and no longer by the calls that led there.

    One name then stands for what many runs left, and what a check said of one of them is forgotten:
    a logger that every entry point makes is one logger, not a thousand.
    """

    def __init__(self, m: Interpreter) -> None:
        super().__init__(self._named)
        self._base = m.base
        self._is_selective = m.is_selective

    def _named(self, loc: Loc) -> Loc:
        if loc.parent is None or not is_activation(loc.parent):
            return loc
        # In small programs also by the last calls that led there: one function makes objects of several classes,
        # and a constructor the parts of several objects.
        last = () if self._is_selective else tuple(_last_calls(loc.parent))
        return Loc(Loc(None, ("left", *last)), loc.label, True)

    def loc(self, loc: Loc) -> Loc:
        """The new name; what modules already hold keeps its own, although an activation made it."""
        return loc if loc in self._base else super().loc(loc)

    def facts(self, facts: Facts) -> Facts:
        """The facts that speak of what keeps its name."""
        return without(facts, lambda loc: self.loc(loc) is not loc)


def _last_calls(ctx: Loc) -> Iterator[Hashable]:
    """The calls that led to an activation, the last one first."""
    place: Loc | None = ctx
    for _ in range(LAST_CALLS):
        if place is None or not is_activation(place):
            return
        yield place.label
        place = place.parent


def settle(m: Interpreter, left: Iterable[Left]) -> list[Loc]:
    """Let what functions did to the state of modules hold for all; the objects that are new by it."""
    changes: dict[Loc, Obj] = {}
    for one in left:
        for loc, obj in one:
            held = changes.get(loc)
            changes[loc] = obj if held is None else _joined(m, loc, held, obj)
    news: list[Loc] = []
    for loc in sorted(changes, key=repr):
        before = m.base.get(loc)
        if before is None:
            m.base[loc] = changes[loc]
            continue
        after = _joined(m, loc, before, changes[loc])
        if after != before:
            m.base[loc] = after
            if not m.is_selective or _is_news(m, before, after):
                news.append(loc)
    return news


def _joined(m: Interpreter, loc: Loc, left: Obj, right: Obj) -> Obj:
    a, b = State(m.base, heap={loc: left}), State(m.base, heap={loc: right})
    return m.join_states(a, b).heap[loc]


# What is new


def _is_news(m: Interpreter, before: Obj, after: Obj) -> bool:
    """Whether an object says what could change a finding: another logger of the same kind says nothing.

    Nor does None or something unknown where nothing was: reading it gave no more before.
    """
    for key, part in (*after.parts.items(), (None, after.rest)):
        held = before.rest if key is None else before.parts.get(key)
        known = frozenset(_said_by(m, held)) if held is not None else None
        for said in _said_by(m, part):
            if known is None and _is_blank(m, said):
                continue
            if known is None or said not in known:
                return True
    return False


def _is_blank(m: Interpreter, said: Hashable) -> bool:
    """Whether it is said of something only that it is None or unknown, and of no class that holds data."""
    match said:
        case Const(type="NoneType"):
            return True
        case ("unknown", Loc() as cls, _):
            return not m.records.get(cls)
        case "unknown" | ("unknown", None, _):
            return True
    return False


def _said_by(m: Interpreter, value: Value) -> Iterator[Hashable]:
    yield from value.consts
    for taint in value.taints:
        yield (taint.field, taint.confidence, taint.reversal, taint.kept, taint.origin)
    for ref in value.refs:
        yield _kind_of(m, ref)


def _kind_of(m: Interpreter, ref: Ref) -> Hashable:
    obj = m.base.get(ref) if isinstance(ref, Loc) else None
    if obj is None or obj.kind in ("function", "class", "module"):
        return ref if obj is not None or not isinstance(ref, Loc) else "unknown"
    return (obj.kind, obj.cls, obj.type)
