"""Calls of what is not known: what is given goes on to the result, and functions of the project may be called back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qorgau.flow import (
    applications,
    calls,
    consent,
    containers,
    filled,
    handing,
    memberships,
    naming,
    origins,
    provenance,
    unknown_loggers,
    unknown_queries,
    used,
    versions,
)
from qorgau.flow.facts import NO_FACTS, Facts
from qorgau.flow.heap import DATA, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Closure, Frame
from qorgau.flow.taints import Taint, merge_taints
from qorgau.flow.values import (
    BOTTOM,
    OPAQUE,
    Bound,
    Ref,
    Value,
    join,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


MAX_CALLBACKS = 3


def unknown_call(
    m: Machine,
    f: Frame,
    name: str,
    callee: Value,
    args: Args,
    at: int,
    *,
    known: bool = False,
    checked: bool = False,
) -> Value:
    """The result of an unknown call. ``callee`` is what it is called on; ``known`` for code of the project."""
    m.risk()
    if name and not checked:
        answered = consent.configured(m, f, [name], callee, args, at, None)
        if answered is not None:
            return answered
    named = {
        keyword: m.named(f, value, keyword, BOTTOM, args.ats.get(keyword, at), put=True)
        for keyword, value in args.keywords.items()
    }
    given = Args(args.positional, named, args.star, args.double).all()
    note = f"through {name}()" if name else "through an unknown call"
    chooses = not known and name in naming.CONDITIONS and bool(callee.refs)
    passed = [
        taint.stepped(f.unit, at, note)
        for value in ((callee,) if chooses else (callee, *given))
        for taint in handing.handed(m, f, value, at, on_it=value is callee, known=known)
    ]
    filled.handed_over(m, f, given)
    if not known:
        used.handed(m, f, name, given)
        versions.change(m, f, name, callee, given, at)
        _hold_unknown(m, f, callee, [] if chooses else given)
        passed += _call_back(m, f, given, passed, at)
    if not f.state.reachable:
        return BOTTOM
    label = provenance.LINK if provenance.gives_link(name, given) else "result"
    label = unknown_loggers.RESULT if unknown_loggers.is_logger(name) else label
    label = origins.marked(label, origins.of_call(name, callee, given))
    result = m.unknown(f, at, merge_taints(passed), label)
    _remember_arguments(m, f, result, callee, given)
    if not known:
        result = _found(m, f, result, name, callee, args, given, at)
        _remember_functions(m, f, result, args)
    if not known and result.taints and naming.looks_up(name):
        for loc in result.locs():
            m.write(f, loc, (f.state.obj(loc) or Obj("unknown")).put(naming.FOUND, OPAQUE), strong=True)
    return result


def _hold_unknown(m: Machine, f: Frame, callee: Value, given: list[Value]) -> None:
    carried = [value for value in given if value.taints or any(isinstance(ref, Loc) for ref in value.refs)]
    if not carried:
        return
    for loc in callee.locs():
        obj = f.state.obj(loc) or Obj("unknown")
        if obj.kind not in ("unknown", "library", "instance") or loc in m.base:
            # What the whole program shares (an application, a session, a signal) is given too much by
            # too many to be said to hold it.
            continue
        taints = [
            taint for value in carried for taint in handing.handed(m, f, value, 0, on_it=False, known=False)
        ]
        if not taints:
            continue
        held = join(obj.parts.get(DATA, BOTTOM), Value(merge_taints(taints), unknown=True))
        m.write(f, loc, obj.put(DATA, held), strong=True)


def _call_back(m: Machine, f: Frame, given: list[Value], taints: list[Taint], at: int) -> list[Taint]:
    """Functions of the project that unknown code is given may be called with what it was given.

    What a lambda gives is handed on: it is written where it is used (``attempt(lambda: client.phone)``).
    """
    called = 0
    passed: list[Taint] = []
    for value in given:
        for ref in value.refs:
            obj = (
                f.state.obj(ref.function if isinstance(ref, Bound) else ref)
                if isinstance(ref, Bound | Loc)
                else None
            )
            if obj is None or obj.kind not in ("function", "partial") or called >= MAX_CALLBACKS:
                continue
            if isinstance(obj.info, Closure) and not taints and not m.is_called_back(obj.info):
                m.count("callbacks without personal data")
                continue
            if isinstance(obj.info, Closure) and applications.of_program(m).is_handler(obj.info):
                # It runs behind its middleware, as an entry point.
                continue
            called += 1
            value = m.perhaps(f, partial(_called_back, m, f, ref, taints, at))
            if isinstance(obj.info, Closure) and obj.info.function.name == "<lambda>":
                passed += handing.handed(m, f, value, at, on_it=False, known=True)
    return passed


def _called_back(m: Machine, f: Frame, ref: Ref, taints: list[Taint], at: int) -> Value:
    argument = m.unknown(f, at, merge_taints(taints), "callback")
    return m.call(f, Value(refs={ref: NO_FACTS}), Args(star=argument), at)


def _remember_functions(m: Machine, f: Frame, result: Value, args: Args) -> None:
    """What is made of a function (``instrument(show)``) may be called in its place."""
    first = args.get(0)
    loc = result.single()
    if first is None or loc is None or len(args.positional) > 1:
        return
    functions: dict[Ref, Facts] = {
        ref: facts
        for ref, facts in first.refs.items()
        if isinstance(ref, Bound) or (isinstance(ref, Loc) and m.obj(f, ref).kind in ("function", "partial"))
    }
    if functions:
        m.write(f, loc, m.obj(f, loc).put(calls.WRAPS, Value(refs=functions)), strong=True)


def _found(
    m: Machine, f: Frame, result: Value, name: str, callee: Value, args: Args, given: list[Value], at: int
) -> Value:
    """What an unknown call finds by keys of persons who were checked, or by a condition that asks for consent."""
    loc = result.single()
    if loc is None:
        return result
    facts = unknown_queries.chosen(m, f, name, callee, args, at, loc)
    for value in given:
        kept = containers.kept(f, value)
        facts = facts | memberships.told(value if kept.is_bottom else kept, loc)
    return result.with_(refs={loc: facts}) if facts else result


def _remember_arguments(m: Machine, f: Frame, result: Value, callee: Value, given: list[Value]) -> None:
    """What an unknown object was made from: a check of that is a check of the object (``load(client_id)``)."""
    keys = [loc for value in given for loc in value.locs() if f.state.obj(loc) is None]
    loc = result.single()
    if keys and loc is not None:
        obj = f.state.obj(loc) or Obj("unknown")
        made_from = Value(refs=dict.fromkeys(keys[:4], NO_FACTS))
        m.write(f, loc, obj.put("@key", made_from), strong=True)
    if loc is not None and result.taints:
        rows: dict[Ref, Facts] = {
            ref: NO_FACTS
            for value in given
            for ref in value.locs()
            if m.obj(f, ref).kind in ("dict", "list", "tuple")
        }
        if rows:
            obj = f.state.obj(loc) or Obj("unknown")
            m.write(f, loc, obj.put(naming.GIVEN, Value(refs=rows)), strong=True)
