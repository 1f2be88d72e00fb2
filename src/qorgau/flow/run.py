"""What one run over a program shares: its budget, what is under way, what it has met, the objects that it makes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sized

from qorgau import ir
from qorgau.flow import (
    behaviours,
    containers,
    erasure,
    origins,
)
from qorgau.flow.applications import Applications
from qorgau.flow.bodies import Body
from qorgau.flow.calls import Active
from qorgau.flow.class_index import ClassIndex
from qorgau.flow.colleagues import Colleagues
from qorgau.flow.deletions import Receiver
from qorgau.flow.ducks import Ducks
from qorgau.flow.facts import Facts, checks_of
from qorgau.flow.found import Found, Placed, share, tell
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Closure, Frame
from qorgau.flow.memo import Remembered
from qorgau.flow.places import Site
from qorgau.flow.policy import Policy
from qorgau.flow.relevance import Relevance
from qorgau.flow.state import State
from qorgau.flow.taints import Taints
from qorgau.flow.values import Ref, Value, of_ref
from qorgau.flow.watched import Watched
from qorgau.linking import Program, Unit

BUDGET = 4_000
"""Statements that a call, with all calls within, may take before the rest of it is given up (counted)."""

MAX_SHOWN = 24
"""Objects that are looked into for data when asking whether a call is worth following."""

SELECTIVE_BUDGET = 300
"""The same where only what can matter is followed: most of what a root leads to is a root as well."""


class Run:
    """One run over a program. ``found`` is what the code being followed has found, ``counts`` what was given up."""

    def __init__(self, policy: Policy, program: Program) -> None:
        self.policy = policy
        self.program = program
        self.behaviours = behaviours.BEHAVIOURS
        self.builtins = behaviours.BUILTINS
        self.base = Watched()
        self.initializing: dict[str, Frame] = {}
        self.star_imports: dict[str, list[str]] = {}
        self.memo: OrderedDict[object, Remembered] = OrderedDict()
        self.active: dict[object, Active] = {}
        self.running: dict[tuple[str, int], int] = {}
        self.epoch = 0
        self.made: list[Loc] = []
        self.raising: dict[tuple[str, int], bool] = {}
        self.by_characters: dict[tuple[str, int, int | str], bool] = {}
        self.records: dict[Loc, list[tuple[str, str]]] = {}
        self.held_records: dict[Loc, list[tuple[str, str]]] = {}
        self.annotations: dict[tuple[Loc, str], ir.Expr] = {}
        self.exports: dict[Ref, dict[str, None]] = {}
        self.functions: dict[tuple[str, int], Loc] = {}
        self.metaclasses: dict[Loc, None] = {}
        self.defining: list[Loc] = []
        self.classes = ClassIndex()
        self.combined: dict[tuple[Loc, Loc, int], bool] = {}
        self.assigned: dict[tuple[Loc, int], frozenset[str]] = {}
        self.flags: dict[Loc, frozenset[str]] = {}
        self.reverse: dict[tuple[str, str], Obj] = {}
        self.overriders: dict[tuple[Loc, str, int], tuple[Loc, ...]] = {}
        self.bodies: dict[tuple[str, int], Body] = {}
        self.listening: dict[tuple[str, int], bool] = {}
        self.shared_names: dict[tuple[str, int], frozenset[str]] = {}
        self.reached: set[tuple[str, int]] = set()
        self.collections: dict[Loc, Loc] = {}
        self.scheduled: frozenset[str] = frozenset()
        self.set_up: dict[Loc, dict[str, ir.Expr]] = {}
        self.shared_clients: dict[str, Obj] = {}
        self.clientless: set[tuple[Loc, int]] = set()
        self.placed: dict[Placed, Site | Value] = {}
        self.applications: Applications | None = None
        self.befores: list[Loc] | None = None
        self.ducks: Ducks | None = None
        self.colleagues: Colleagues | None = None
        self.receivers: tuple[Receiver, ...] | None = None
        self.signalled: set[Receiver] = set()
        self.of_settings: list[tuple[Unit, str]] | None = None
        self.wrapped: dict[tuple[str, int], Value] = {}
        self._origins: dict[Loc, str] = {}
        self.counts: dict[str, int] = {}
        self.risks = 0
        self.decorating = False
        self._relevance = Relevance(policy, program)
        self._budget = SELECTIVE_BUDGET if self._relevance.is_selective else BUDGET
        self.found = self.finding()

    # What a run gave up and how far it went

    def count(self, what: str, times: int = 1) -> None:
        """Note that something was given up or saved, for ``--statistics``."""
        self.counts[what] = self.counts.get(what, 0) + times

    def finding(self) -> Found:
        """What a call or a root is going to find, within its budget."""
        return Found(BUDGET if self.initializing else self._budget)

    def spent(self) -> bool:
        """Whether the code being followed has run for too long, which one more statement adds to."""
        self.found.steps += 1
        self.found.own += 1
        return self.found.is_cut

    def spent_on_calls(self) -> bool:
        """Whether the calls of the code being followed have used up its budget, which one more adds to."""
        self.found.steps += 1
        return self.found.is_poor

    def _shows_data(self, f: Frame, value: Value) -> bool:
        """Whether a value carries data itself or in its parts, and of dicts and lists in theirs.

        Other objects are not looked into any deeper, nor more than ``MAX_SHOWN`` of them: this is asked of
        every call.
        """
        if value.taints:
            return True
        waiting = value.locs()
        for number, loc in enumerate(waiting):
            obj = f.state.obj(loc)
            if obj is None:
                continue
            if obj.rest.taints or any(part.taints for part in obj.parts.values()):
                return True
            if number < MAX_SHOWN and (obj.kind == "dict" or obj.kind in containers.SEQUENCES):
                waiting += [inner for part in (*obj.parts.values(), obj.rest) for inner in part.locs()]
        return False

    def matters(self, closure: Closure) -> bool:
        """Whether a function is worth analysing with nothing known to reach it."""
        return self.policy.is_erasure(closure.dotted) or self._relevance.matters(
            closure.unit, closure.function
        )

    def is_called_back(self, closure: Closure) -> bool:
        """Whether a function that unknown code is given, and no data with it, is followed there and then.

        While modules are imported, frameworks are given all that they will call later. It is followed
        later, on its own, as is what a decorator puts in the place of a function; only what is written inside
        of other functions that they are given is seen here alone.
        """
        if self.initializing and self.is_selective:
            return not self.decorating and self._relevance.tells(closure.unit, closure.function)
        return self.matters(closure)

    @property
    def is_selective(self) -> bool:
        """Whether the program is so large that only what can matter is analysed."""
        return self._relevance.is_selective

    def near(self) -> frozenset[tuple[str, int]]:
        """The functions that can matter, where the program is so large that only these are followed."""
        return self._relevance.near

    def readers(self, names: frozenset[str]) -> frozenset[tuple[str, int]]:
        """The functions that mention one of these names."""
        return self._relevance.readers(names)

    def abandon(self) -> None:
        """Forget what was under way, after it came to an unexpected end."""
        self.active.clear()
        self.running.clear()
        self.initializing.clear()
        self.base.leave_all()
        self.decorating = False

    def is_worthwhile(self, f: Frame, closure: Closure, args: Args) -> bool:
        """Whether a call is followed: always in small programs, else only where it can matter."""
        unit, function = closure.unit, closure.function
        if self._relevance.matters(unit, function) or self._relevance.is_small(unit, function):
            return True
        if self._relevance.makes_client(unit, function) or erasure.by(f) or f.kind in ("module", "class"):
            # What is called at the top of a module makes what the module defines: decorators, factories.
            return True
        if any(self._shows_data(f, value) for value in args.all()) or self._captures(f, closure):
            return True
        self.count("calls passed over")
        return False

    def _captures(self, f: Frame, closure: Closure) -> bool:
        """Whether a function took along what can matter from around it: data, or the function that it stands for."""
        around = (scope for loc in closure.scopes if (scope := f.state.obj(loc)) is not None)
        return any(
            self._shows_data(f, part) or any(self._is_relevant(f, loc) for loc in part.locs())
            for scope in around
            for part in scope.parts.values()
        )

    def _is_relevant(self, f: Frame, loc: Loc) -> bool:
        obj = f.state.obj(loc)
        info = obj.info if obj is not None else None
        return isinstance(info, Closure) and self._relevance.matters(info.unit, info.function)

    def told(self, facts: Facts) -> Facts:
        """Those facts that a function hears from its caller: in large programs checks only.

        With the truth of every unknown value no two calls are alike, and each would be analysed anew.
        """
        return checks_of(facts) if self.is_selective else facts

    def any_assumed(self) -> bool:
        """Whether a call being analysed rests on an assumption about a recursive one."""
        return any(active.used for active in self.active.values())

    def active_count(self, closure: Closure) -> int:
        """How many activations of a function are being analysed."""
        return self.running.get((closure.unit.name, closure.function.at), 0)

    def enter_function(self, closure: Closure) -> None:
        """One more activation of a function."""
        key = (closure.unit.name, closure.function.at)
        self.running[key] = self.running.get(key, 0) + 1
        self.base.enter(key)

    def leave_function(self, closure: Closure) -> None:
        """One activation of a function less."""
        self.running[closure.unit.name, closure.function.at] -= 1
        self.base.leave()

    def extent(self) -> tuple[int, ...]:
        """How much is known that only the bodies of modules tell, where no function defines a class."""
        tables: tuple[Sized, ...] = (
            self.annotations,
            self.exports,
            self.functions,
            self.metaclasses,
            self.classes,
            self.reverse,
            self.star_imports,
            self.wrapped,
        )
        return tuple(map(len, tables))

    def frame_of_program(self) -> Frame:
        """A frame in which what stands in no function can be looked up. Of a program without modules there is none."""
        unit = next(iter(self.program.units.values()))
        return Frame(unit, State(self.base), Loc(None, ("root", "program", 0)), kind="root")

    # What all activations tell one another

    def open(self, loc: Loc, obj: Obj) -> None:
        """An object of the whole program comes to be, unless it is there: what is done to it lasts."""
        self.base.setdefault(loc, obj)
        self.found.opened.setdefault(loc, obj)

    def tell(self, found: Found) -> None:
        """What somebody found about the places of clients, everybody knows."""
        for place, told in found.placed.items():
            tell(self.placed, place, told)
        for name, client in found.clients.items():
            share(self.shared_clients, name, client)

    def tell_place(self, place: Placed, told: Site | Value) -> None:
        """Objects of a class have a client that stands there, or this text, under this name."""
        self.found.asked[place] = None
        for places in (self.placed, self.found.placed):
            tell(places, place, told)

    def place_of(self, place: Placed) -> Site | Value | None:
        """What was told of an attribute of the objects of a class."""
        self.found.asked[place] = None
        return self.placed.get(place)

    def share_client(self, name: str, client: Obj) -> None:
        """An application keeps a client under this name."""
        self.found.asked[name] = None
        for clients in (self.shared_clients, self.found.clients):
            share(clients, name, client)

    def shared_client(self, name: str) -> Obj | None:
        """The client that an application keeps under a name."""
        self.found.asked[name] = None
        return self.shared_clients.get(name)

    # Objects

    def obj(self, f: Frame, loc: Loc) -> Obj:
        """The object at a location; an unknown one where nothing is known."""
        return f.state.obj(loc) or Obj("unknown")

    def write(self, f: Frame, loc: Loc, obj: Obj, *, strong: bool) -> None:
        """Put an object at a location."""
        f.state.heap[loc] = obj

    def new(self, f: Frame, at: int, obj: Obj, label: str = "new") -> Value:
        """A new object made at a node."""
        loc = f.place(at, label)
        f.state.heap[loc] = obj
        self.made.append(loc)
        return of_ref(loc)

    def fresh(self, f: Frame, at: int, label: str) -> Loc:
        """The identity of an unknown object that appears at a node."""
        return self.anew(f, f.place(at, label))

    def anew(self, f: Frame, loc: Loc) -> Loc:
        """A location at which something unknown appears: what was known of it before is forgotten."""
        f.state.heap.pop(loc, None)
        if f.state.base.get(loc) is not None:
            f.state.heap[loc] = Obj("unknown")
        self.made.append(loc)
        return loc

    def unknown(self, f: Frame, at: int, taints: Taints, label: str) -> Value:
        """A value from outside that carries some data."""
        return Value(taints, refs={self.fresh(f, at, label): frozenset()}, unknown=True)

    def origin_of(self, subject: Loc | None) -> str:
        """How what is read from an object was collected: ``request``, ``public`` or nothing."""
        if subject is None:
            return ""
        found = self._origins.get(subject)
        if found is None:
            told = origins.of_loc(subject)
            found = self._origins[subject] = told if told != origins.OWN else ""
        return found
