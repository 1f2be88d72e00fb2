"""Remembered calls: a function is analysed anew only when what reaches it differs.

What reaches a call is written down in canonical form: objects are numbered in the order in
which they are met, so that two calls with like arguments have like keys. A remembered result
is carried over by renaming its objects to the caller's and by putting the caller's traces in
the place of those of the first call.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import msgspec
from msgspec.structs import replace

from qorgau.flow import origins
from qorgau.flow.arrivals import Arrival
from qorgau.flow.facts import Facts, told_of
from qorgau.flow.found import Found
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc, is_activation
from qorgau.flow.machine import Closure, Resumable
from qorgau.flow.shapes import fact_said, ordered, shape_of
from qorgau.flow.state import Renaming, State
from qorgau.flow.taints import Taint, Trace, merge_taints
from qorgau.flow.values import BOTTOM, Value


class Canon:
    """The canonical form of what reaches a call, and the numbering it rests on."""

    def __init__(self, state: State, facts: Facts) -> None:
        """The form in this ``state``, of which the function hears these ``facts``."""
        self._state = state
        self._facts_heard = facts
        self._shared = state.modules()
        self._numbers: dict[Loc, Hashable] = {}
        self._queue: list[Loc] = []
        self.locs: list[Loc] = []
        self.traces: list[Trace] = []

    def key(self, closure: Closure, values: Iterable[Hashable | Value]) -> Hashable:
        """The key of a call of ``closure`` with these arguments in the current state."""
        parts: list[Hashable] = [closure.unit.name, closure.function.at]
        parts += [self.loc(scope) for scope in closure.scopes]
        for value in values:
            if isinstance(value, Value):
                self._add(parts, value)
            else:
                parts.append(value)
        for loc in self._state.changed_modules():
            changed = self._state.obj(loc)
            if changed is not None:
                parts.append(str(loc))
                self._add_object(parts, changed)
        while self._queue:
            loc = self._queue.pop()
            obj = self._state.obj(loc)
            if obj is not None:
                parts.append(self._numbers[loc])
                self._add_object(parts, obj)
        facts = frozenset(
            fact_said(fact, self.loc)
            for fact in ordered(self._facts_heard)
            if (told := list(told_of(fact))) == [] or any(self._reaches(loc) for loc in told)
        )
        return (*parts, facts)

    def _add(self, parts: list[Hashable], value: Value) -> None:
        shape = shape_of(value)
        parts.append(shape)
        parts.extend(map(self.loc, shape.locs))
        self.traces += shape.traces

    def _add_object(self, parts: list[Hashable], obj: Obj) -> None:
        cls = None if obj.cls is None else self.loc(obj.cls)
        parts += (obj.kind, cls, obj.type, obj.length, self._info(obj.info), len(obj.parts))
        for key, part in obj.parts.items():
            parts.append(key)
            self._add(parts, part)
        self._add(parts, obj.rest)

    def _info(self, info: object) -> Hashable:
        if isinstance(info, Closure):
            return (info.unit.name, info.function.at, *map(self.loc, info.scopes))
        if isinstance(info, Resumable) and info.later:
            # What such a generator still changes has no canonical form: no two are taken for alike.
            return object()
        held: Hashable = self.loc(info) if isinstance(info, Loc) else info
        return held

    def _reaches(self, subject: Loc) -> bool:
        return any(loc in self._numbers for loc in subject.ancestors())

    def loc(self, loc: Loc) -> Hashable:
        """The number of a location; parts of objects are named by their owner."""
        found = self._numbers.get(loc)
        if found is not None:
            return found
        number: Hashable
        if loc in self._shared or self._is_static(loc):
            self._numbers[loc] = number = ("global", loc)
            return number
        if loc.parent is not None and not is_activation(loc.parent):
            number = (self.loc(loc.parent), loc.label, loc.old)
        else:
            # What a user sent is told from like objects of another origin.
            number = (len(self.locs), loc.old, origins.of_loc(loc))
            self.locs.append(loc)
        self._numbers[loc] = number
        self._queue.append(loc)
        return number

    def _is_static(self, loc: Loc) -> bool:
        obj = self._state.obj(loc)
        if obj is None:
            return False
        if obj.kind in ("class", "module"):
            return True
        return obj.kind == "function" and isinstance(obj.info, Closure) and not obj.info.scopes


class Outcome(msgspec.Struct):
    """What a call did: its result, the objects it made or changed, and the facts after it.

    ``returns`` is False when no path comes back. ``raised`` are the states in which it raised:
    changed objects, facts gained and the exception. ``risky``: something in it may raise anything.
    """

    value: Value = BOTTOM
    changed: dict[Loc, Obj] = msgspec.field(default_factory=dict)
    gained: Facts = frozenset()
    lost: Facts = frozenset()
    returns: bool = False
    raised: list[tuple[dict[Loc, Obj], Facts, Value]] = msgspec.field(default_factory=list)
    made: list[Loc] = msgspec.field(default_factory=list)
    risky: bool = False


class Remembered(msgspec.Struct):
    """An outcome with the numbering and traces of the call it was found for, and what was ``found`` on the way."""

    outcome: Outcome
    ctx: Loc
    locs: list[Loc]
    traces: list[Trace]
    found: Found


class Transfer(Renaming):
    """Carries a remembered outcome over to another call."""

    retraces = True

    def __init__(self, old: Remembered, ctx: Loc, canon: Canon) -> None:
        mapping: dict[Loc, Loc] = {old.ctx: ctx}
        mapping.update(zip(old.locs, canon.locs, strict=False))
        super().__init__(lambda loc: mapping.get(loc, loc))
        self._replaced: dict[int, Trace] = {}
        # Like calls have like shapes, and so their traces in like places.
        for trace, new in zip(old.traces, canon.traces, strict=True):
            if new is not trace:
                self._replaced.setdefault(id(trace), new)
        self._rebased: dict[int, tuple[Trace, Trace]] = {}

    def trace(self, trace: Trace) -> Trace:
        """The trace with the caller's steps before the callee's."""
        if not self._replaced:
            return trace
        found = self._rebased.get(id(trace))
        if found is not None:
            return found[1]
        new = self._replaced.get(id(trace))
        if new is None:
            new = trace
            if trace.parent is not None:
                parent = self.trace(trace.parent)
                if parent is not trace.parent:
                    new = Trace(parent, trace.unit, trace.at, trace.note)
        self._rebased[id(trace)] = (trace, new)
        return new

    def taint(self, taint: Taint) -> Taint:
        """A taint with subject, facts and trace of the new call."""
        renamed = super().taint(taint)
        if taint.trace is None:
            return renamed
        trace = self.trace(taint.trace)
        return renamed if trace is renamed.trace else replace(renamed, trace=trace)

    def arrival(self, arrival: Arrival) -> Arrival:
        """What arrived at a sink, as the new call brought it there."""
        return replace(
            arrival,
            taints=merge_taints(self.taint(taint) for taint in arrival.taints),
            facts=self.facts(arrival.facts),
            same=tuple((self.loc(one), self.loc(other)) for one, other in arrival.same),
            others=tuple(map(self.loc, arrival.others)),
            holding=tuple((self.loc(one), self.loc(other)) for one, other in arrival.holding),
            items=tuple(map(self.loc, arrival.items)),
        )

    def outcome(self, outcome: Outcome) -> Outcome:
        """The whole outcome, renamed."""
        return Outcome(
            self.value(outcome.value),
            {self.loc(loc): self.obj(obj) for loc, obj in outcome.changed.items()},
            self.facts(outcome.gained),
            self.facts(outcome.lost),
            outcome.returns,
            [
                (
                    {self.loc(loc): self.obj(obj) for loc, obj in changed.items()},
                    self.facts(facts),
                    self.value(value),
                )
                for changed, facts, value in outcome.raised
            ],
            [self.loc(loc) for loc in outcome.made],
            outcome.risky,
        )
