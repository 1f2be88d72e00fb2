"""Rounds over the program: what functions leave in modules is there for all of them in the next round."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from qorgau.findings import Problem
from qorgau.flow import declarations, filled, models, modules, placing, schedules, used
from qorgau.flow.arrivals import Arrival, Declaration, Erased
from qorgau.flow.constants import Const
from qorgau.flow.facts import Facts, without
from qorgau.flow.found import Found
from qorgau.flow.heap import Obj
from qorgau.flow.interpreter import Interpreter
from qorgau.flow.locations import Loc, is_activation, outermost
from qorgau.flow.models import Model
from qorgau.flow.policy import Policy
from qorgau.flow.roots import Root, callers_first, is_entry, run
from qorgau.flow.state import Renaming, State
from qorgau.flow.values import Ref, Value
from qorgau.linking import Program, Unit

MAX_EPOCHS = 3
"""Rounds over the program while functions still change what modules hold (counted when cut off)."""

LAST_CALLS = 2
"""Calls by which what functions left in modules is told apart in small programs."""

MAX_SELECTIVE_EPOCHS = 2
"""The same for programs of which only what can matter is followed."""

PER_REQUEST = frozenset(
    f"{library}.{name}"
    for library in ("flask", "quart", "bottle", "sanic", "cherrypy", "starlette_context")
    for name in ("g", "request", "response", "websocket", "context")
)
"""Objects of libraries that are another for each request: what one leaves there no other finds.

A session is another for each user, and the next request of the same user finds what it holds.
"""


@dataclass(frozen=True, slots=True)
class Followed:
    """What a run found: data at sinks, what is declared, what erasure does; and what it gave up, by name."""

    arrivals: tuple[Arrival, ...]
    declarations: tuple[Declaration, ...]
    models: tuple[Model, ...]
    erased: tuple[Erased, ...]
    used: frozenset[str]
    counts: dict[str, int]
    failures: tuple[Problem, ...] = ()


@dataclass(slots=True)
class _Outcome:
    """What one root did: what was found by it, and what it left in modules."""

    found: Found
    left: list[tuple[Loc, Obj]] = field(default_factory=list)


def follow(policy: Policy, program: Program) -> Followed:
    """Follow personal data through a program."""
    m = Interpreter(policy, program)
    failures: dict[Problem, None] = {}
    # Django has read its settings before anything else runs: what they import is no cycle.
    for name in (*program.settings_modules, *sorted(program.units)):
        unit = program.units[name]
        if unit.name == name:
            with _survived(m, unit, "the body of the module", failures):
                modules.initialize(m, unit)
    at_import, m.reached = m.found, m.found.reached - m.found.cut
    filled.open_modules(m)
    m.scheduled = schedules.scheduled(m)
    outcomes = _rounds(m, _chosen(m), failures)
    m.found = at_import
    for outcome in outcomes.values():
        m.found.add(outcome.found, outcome.found.arrivals)
    used.by_classes(m)
    return Followed(
        tuple(m.found.arrivals),
        (*declarations.declared(m, models.stored(m)), *m.found.tables),
        models.models(m) if policy.erases else (),
        tuple(m.found.erased),
        frozenset(m.found.used),
        dict(m.counts),
        tuple(failures),
    )


@contextmanager
def _survived(m: Interpreter, unit: Unit, what: str, failures: dict[Problem, None]) -> Iterator[None]:
    """A mistake of the engine in one function costs that function only, and is told."""
    try:
        yield
    except Exception as error:
        m.abandon()
        reason = f"{type(error).__name__}: {str(error)[:200]}"
        message = (
            f"{what} could not be followed because of a mistake in qorgau itself ({reason}); the rest was"
        )
        failures[Problem(unit.display, f"{message}, please report it")] = None


def _chosen(m: Interpreter) -> list[Root]:
    order = callers_first(m)
    chosen = [root for root in order if m.matters(root.closure)]
    if len(chosen) < len(order):
        m.count("functions without personal data", len(order) - len(chosen))
    return chosen


def _rounds(m: Interpreter, order: list[Root], failures: dict[Problem, None]) -> dict[Root, _Outcome]:
    at_import = frozenset(m.reached)
    holding: dict[Root, _Outcome] = {}
    for _ in range(MAX_SELECTIVE_EPOCHS if m.is_selective else MAX_EPOCHS):
        m.reached = set(at_import)
        outcomes = _round(m, order, holding, failures)
        news = _settle(m, outcomes)
        missed = placing.missed(m)
        if not (news or missed):
            return outcomes
        m.epoch += 1
        m.memo.clear()
        stale = m.base.readers(news) | m.readers(missed)
        holding = {root: one for root, one in outcomes.items() if stale.isdisjoint(one.found.reached)}
    m.count("globals still changing")
    return outcomes


def _round(
    m: Interpreter,
    order: list[Root],
    holding: dict[Root, _Outcome],
    failures: dict[Problem, None],
) -> dict[Root, _Outcome]:
    """Follow every root that no call has reached by then; ``holding`` are outcomes of before that still hold."""
    outcomes: dict[Root, _Outcome] = {}
    for root in order:
        if root.place in m.reached and not is_entry(m, root):
            continue
        outcome = holding.get(root)
        if outcome is None:
            outcome = _Outcome(m.finding())
            with _survived(m, root.closure.unit, f"the function {root.closure.dotted}", failures):
                outcome = _outcome(m, root)
        # What it followed only in part is a root as well.
        m.reached |= outcome.found.reached
        m.reached -= outcome.found.cut - {root.place}
        outcomes[root] = outcome
    return outcomes


def _outcome(m: Interpreter, root: Root) -> _Outcome:
    m.found = m.finding()
    m.found.reached.add(root.place)
    m.memo_of_root.clear()
    m.base.enter(root.place)
    lasting = _Lasting(m)
    left = [(lasting.loc(loc), lasting.obj(obj)) for loc, obj in run(m, root) if not _is_of_one_request(loc)]
    m.base.leave()
    found = m.found
    if root.is_test:
        # Tests are no callers: what only they pass to code that is no test is not judged.
        found.arrivals = {one: None for one in found.arrivals if m.program.units[one.unit].file.is_test}
    return _Outcome(found, left)


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


def _settle(m: Interpreter, outcomes: dict[Root, _Outcome]) -> list[Loc]:
    """Let what functions did to the state of modules hold for all; the objects that are new by it."""
    changes: dict[Loc, Obj] = {}
    for outcome in outcomes.values():
        for loc, obj in outcome.left:
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
