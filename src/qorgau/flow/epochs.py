"""Rounds over the program: what functions leave in modules is there for all of them in the next round."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from qorgau.findings import Problem
from qorgau.flow import declarations, filled, models, modules, placing, schedules, used
from qorgau.flow.arrivals import Arrival, Declaration, Erased
from qorgau.flow.earlier import Done, Earlier
from qorgau.flow.interpreter import Interpreter
from qorgau.flow.lasting import lasting, settle
from qorgau.flow.models import Model
from qorgau.flow.policy import Policy
from qorgau.flow.roots import Root, callers_first, is_entry, run
from qorgau.linking import Program, Unit

MAX_EPOCHS = 3
"""Rounds over the program while functions still change what modules hold (counted when cut off)."""

MAX_SELECTIVE_EPOCHS = 2
"""The same for programs of which only what can matter is followed."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What a run found: data at sinks, what is declared, what erasure does; and what it gave up, by name.

    ``kept`` is what a later run can go on from.
    """

    arrivals: tuple[Arrival, ...]
    declarations: tuple[Declaration, ...]
    models: tuple[Model, ...]
    erased: tuple[Erased, ...]
    used: frozenset[str]
    counts: dict[str, int]
    failures: tuple[Problem, ...] = ()
    kept: bytes | None = None


def follow(
    policy: Policy, program: Program, earlier: bytes | None = None, *, keeps: bool = False
) -> Followed:
    """Follow personal data through a program.

    ``earlier`` is what an earlier run over the same files with the same policy gave as ``kept``: what of it still
    holds is not followed again. ``keeps`` asks for it.
    """
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
    order = _chosen(m)
    before = Earlier(m, earlier) if keeps and program.units else None
    done = _rounds(m, order, before, failures)
    m.found = at_import
    for one in done.values():
        m.found.add(one.found, one.found.arrivals)
    used.by_classes(m)
    return Followed(
        tuple(m.found.arrivals),
        (*declarations.declared(m, models.stored(m)), *m.found.tables),
        models.models(m) if policy.erases else (),
        tuple(m.found.erased),
        frozenset(m.found.used),
        dict(m.counts),
        tuple(failures),
        before.written() if before is not None else None,
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


def _rounds(
    m: Interpreter, order: list[Root], earlier: Earlier | None, failures: dict[Problem, None]
) -> dict[Root, Done]:
    at_import, by_modules = frozenset(m.reached), [m.found]
    holding: dict[Root, Done] = {}
    for _ in range(MAX_SELECTIVE_EPOCHS if m.is_selective else MAX_EPOCHS):
        m.reached = set(at_import)
        done = _round(m, order, holding, earlier, failures)
        news = settle(m, (one.left for one in done.values()))
        if earlier is not None:
            earlier.end_round()
        anew = [one.found for root, one in done.items() if root not in holding]
        missed = placing.missed(m, [*by_modules, *anew])
        by_modules = []
        if not (news or missed):
            return done
        m.epoch += 1
        m.memo.clear()
        stale = m.base.readers(news) | m.readers(missed)
        holding = {root: one for root, one in done.items() if stale.isdisjoint(one.found.reached)}
    m.count("globals still changing")
    return done


def _round(
    m: Interpreter,
    order: list[Root],
    holding: dict[Root, Done],
    earlier: Earlier | None,
    failures: dict[Problem, None],
) -> dict[Root, Done]:
    """Follow every root that no call has reached by then; ``holding`` are those of before that still hold."""
    if earlier is not None:
        earlier.begin_round(m.epoch)
    done: dict[Root, Done] = {}
    for root in order:
        if root.place in m.reached and not is_entry(m, root):
            continue
        one = holding.get(root)
        if one is None and earlier is not None:
            one = earlier.done(m.epoch, root.place)
        if one is None:
            one = Done(m.finding(), is_whole=False)
            with _survived(m, root.closure.unit, f"the function {root.closure.dotted}", failures):
                one = _followed(m, root)
            if earlier is not None:
                earlier.was_done(m.epoch, root.place, one)
        # What it followed only in part is a root as well.
        m.reached |= one.found.reached
        m.reached -= one.found.cut - {root.place}
        done[root] = one
    return done


def _followed(m: Interpreter, root: Root) -> Done:
    m.found = m.finding()
    m.found.reached.add(root.place)
    placed, clients, known = dict(m.placed), dict(m.shared_clients), m.extent()
    m.base.enter(root.place)
    left = lasting(m, run(m, root))
    m.base.leave()
    found = m.found
    found.afresh()
    if root.is_test:
        # Tests are no callers: what only they pass to code that is no test is not judged.
        found.arrivals = {one: None for one in found.arrivals if m.program.units[one.unit].file.is_test}
    asked = {one: clients.get(one) if isinstance(one, str) else placed.get(one) for one in found.asked}
    return Done(found, left, asked, is_whole=m.extent() == known)
