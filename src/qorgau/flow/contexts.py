"""What comes and goes in order: ``with`` blocks, generators, awaited tasks, caught exceptions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from qorgau import ir
from qorgau.flow import ambient, containers, inheritance, raising, started
from qorgau.flow.facts import NO_FACTS, Facts, common_facts
from qorgau.flow.functional import partial_of
from qorgau.flow.heap import Obj, join_objects
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Closure, Frame, Resumable
from qorgau.flow.uses import Use
from qorgau.flow.values import (
    BOTTOM,
    OPAQUE,
    External,
    Value,
    join,
    join_all,
    of_const,
    of_ref,
    stamp,
)
from qorgau.linking import walk

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

CLOSING = "contextlib.closing"
THING = "$thing"
"""The type of what closes a thing, and the part that is the thing."""

GUARD = "qorgau.guard"
"""The type of what a configured ``requires`` returns: facts that hold inside its ``with`` block."""

STACKED = "$stacked"
"""The part of an ``ExitStack`` that is all it has to leave."""

HELD = "$held"
"""The part of a context manager that says which facts end when its ``with`` block is left."""

LASTING = frozenset(("consent", "blocked"))
"""Facts that travel with what a generator yields; truths of variables stay behind."""


class Entered(msgspec.Struct, frozen=True):
    """An entered ``with`` item: the facts that end with it, and whether it can keep exceptions to itself."""

    facts: Facts = NO_FACTS
    swallows: bool = False


def inside(token: Entered, gained: Facts) -> Entered:
    """An entered item whose consent ends with its block: all that making and entering it has checked."""
    checked = frozenset(fact for fact in gained if fact.kind in LASTING)
    return replace(token, facts=token.facts | checked)


def enter(m: Machine, f: Frame, context: Value, at: int) -> tuple[Value, Entered]:
    """The value that ``as`` binds, and what to undo on leaving."""
    results: list[Value] = []
    facts: Facts = NO_FACTS
    swallows = False
    for ref, held in context.refs.items():
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if isinstance(ref, External):
            swallows = swallows or ref.dotted == "contextlib.suppress()"
            results.append(of_ref(ref))
            continue
        if not isinstance(ref, Loc) or obj is None:
            results.append(Value(refs={ref: held}, unknown=context.unknown))
            continue
        if obj.kind in ("dict", "future") or obj.kind in containers.SEQUENCES - {"generator"}:
            results.append(Value(refs={ref: held}))
            continue
        if HELD in obj.parts:
            gained = (obj.parts[HELD].when_true or NO_FACTS) - f.state.facts
            facts = facts | gained
            f.state.facts = f.state.facts | gained
        if obj.type == GUARD and isinstance(obj.info, frozenset):
            facts = facts | obj.info
            results.append(of_ref(ref))
        elif obj.kind == "generator" and isinstance(obj.info, Resumable):
            gained = frozenset(fact for fact in obj.info.facts if fact not in f.state.facts)
            facts = facts | gained
            f.state.facts = f.state.facts | gained
            results.append(containers.each(obj))
            swallows = swallows or _yields_guarded(obj.info.closure.function.body)
        else:
            entered = _entered(m, f, ref, obj, at)
            results.append(stamp(entered, held))
            swallows = swallows or _swallows(m, f, obj)
    if context.taints or not context.refs:
        results.append(context)
    return join_all(results), Entered(facts, swallows)


def _entered(m: Machine, f: Frame, loc: Loc, obj: Obj, at: int) -> Value:
    for name in ("__enter__", "__aenter__"):
        found = inheritance.method(m, f, loc, obj, name, at) if obj.cls is not None else None
        if found is not None:
            return awaited(m, f, m.call(f, found, Args(), at), at)
    if obj.type == CLOSING:
        return obj.parts.get(THING, BOTTOM)
    if obj.type:
        if obj.type == ambient.CONTEXT:
            return ambient.enter(m, f, loc)
        dotted = f"{obj.type}.__enter__"
        if m.policy.catalog.returns(dotted) is not None:
            return m.library_call(f, f"{obj.type}.__enter__", of_ref(loc), Args(), at)
    return Value(refs={loc: NO_FACTS}, unknown=obj.kind == "unknown")


def _swallows(m: Machine, f: Frame, obj: Obj) -> bool:
    """Whether ``__exit__`` can return a true value."""
    found = inheritance.class_part(m, f, obj.cls, "__exit__") if obj.cls is not None else None
    for ref in found.refs if found is not None else ():
        function = f.state.obj(ref) if isinstance(ref, Loc) else None
        closure = function.info if function is not None else None
        if isinstance(closure, Closure):
            return any(_returns_true(statement) for statement in closure.function.body)
    return False


def _yields_guarded(body: Sequence[ir.Stmt]) -> bool:
    """Whether a ``contextmanager`` function yields inside a ``try`` that keeps an exception to itself."""
    return any(
        not any(isinstance(inner, ir.Raise) for inner in walk(handler.body))
        for handler in _handlers_of_yields(body)
    )


def _handlers_of_yields(body: Sequence[ir.Stmt]) -> Iterator[ir.Handler]:
    """What takes exceptions that are raised where a generator yields."""
    for node in walk(body):
        if isinstance(node, ir.Try) and any(isinstance(inner, ir.Yield) for inner in walk(node.body)):
            yield from node.handlers


def _returns_true(statement: object) -> bool:
    if not isinstance(statement, ir.Return) or statement.value is None:
        return False
    return not (isinstance(statement.value, ir.Const) and not statement.value.value)


def acts(m: Machine, f: Frame, context: Value, at: int) -> bool:
    """Whether code of the project runs when the block of a manager is left."""
    objs = [(loc, f.state.obj(loc)) for loc in context.locs()]
    return any(
        isinstance(obj.info, Resumable)
        or obj.type == ambient.CONTEXT
        or STACKED in obj.parts
        or obj.type == CLOSING
        or (obj.cls is not None and _exits(m, f, loc, obj, at))
        for loc, obj in objs
        if obj is not None
    )


def _exits(m: Machine, f: Frame, loc: Loc, obj: Obj, at: int) -> list[Value]:
    found = [inheritance.method(m, f, loc, obj, name, at) for name in ("__exit__", "__aexit__")]
    return [one for one in found if one is not None]


def leave(m: Machine, f: Frame, context: Value, token: Entered, at: int, failed: bool) -> None:
    """Leave a block, by an exception or without one: run ``__exit__``, end the block's facts."""
    for loc in context.locs():
        obj = f.state.obj(loc)
        if obj is not None and isinstance(obj.info, Resumable):
            _finish(m, f, obj.info)
            raised = f.state.env.get(raising.EXCEPTION, BOTTOM)
            if failed and raised.refs and any(_handlers_of_yields(obj.info.closure.function.body)):
                m.throw(f, obj.info, raised, at)
        for found in _exits(m, f, loc, obj, at) if obj is not None and obj.cls is not None else ():
            m.call(f, found, Args(_told(m, f, at) if failed else [of_const(None)] * 3), at)
        if obj is not None and obj.kind == "library" and f.started:
            # Pools and groups of tasks wait for what was started in them.
            started.settle(m, f, f.started)
        if obj is not None and obj.type == ambient.CONTEXT:
            ambient.leave(m, f, loc)
        if obj is not None and obj.type == CLOSING:
            m.call_method(f, obj.parts[THING], "close", Args(), at)
        if obj is not None and STACKED in obj.parts:
            _unwind(m, f, loc, at)
        if obj is not None and obj.kind in ("partial", "function"):
            m.call(f, of_ref(loc), Args([] if obj.kind == "partial" else [of_const(None)] * 3), at)
    f.state.facts = f.state.facts - token.facts


def _told(m: Machine, f: Frame, at: int) -> list[Value]:
    """What ``__exit__`` is told of an exception: its class, itself, and where it came from."""
    raised = f.state.env.get(raising.EXCEPTION, BOTTOM)
    error = exception(m, f, raised, BOTTOM, at, elsewhere=raised.is_bottom)
    return [m.class_of(f, error), error, OPAQUE]


def _finish(m: Machine, f: Frame, made: Resumable) -> None:
    """Let the rest of a ``contextmanager`` function happen; what the block changed itself may stay."""
    for loc, then, last in made.later:
        now = f.state.obj(loc)
        f.state.heap[loc] = last if now is None or now == then else join_objects(now, last)


def _stack(m: Machine, f: Frame, stack: Value, manager: Value) -> None:
    for loc in stack.locs():
        obj = m.obj(f, loc)
        m.write(f, loc, obj.put(STACKED, join(obj.parts.get(STACKED, BOTTOM), manager)), strong=True)


def _unwind(m: Machine, f: Frame, loc: Loc, at: int) -> None:
    """Leave all that a stack has entered."""
    obj = m.obj(f, loc)
    m.write(f, loc, obj.put(STACKED, BOTTOM), strong=True)
    leave(m, f, obj.parts[STACKED], Entered(), at, False)


def _push(m: Machine, f: Frame, u: Use) -> Value:
    """``stack.push(manager)``: left with the stack, but not entered."""
    _stack(m, f, u.receiver, u.arg(0, "exit"))
    return u.arg(0, "exit")


def _closing(m: Machine, f: Frame, u: Use) -> Value:
    """``closing(thing)``: ``as`` binds the thing, which is closed when the block is left."""
    return m.new(f, u.at, Obj("library", type=CLOSING, parts={THING: u.arg(0, "thing")}), "closing")


def _callback(m: Machine, f: Frame, u: Use) -> Value:
    """``stack.callback(function, *args)``: it is called with these when the stack is left."""
    _stack(m, f, u.receiver, partial_of(m, f, u))
    return u.arg(0, "callback")


def _close(m: Machine, f: Frame, u: Use) -> Value:
    """``stack.close()``"""
    for loc in u.receiver.locs():
        if STACKED in m.obj(f, loc).parts:
            _unwind(m, f, loc, u.at)
    return OPAQUE


def _pop_all(m: Machine, f: Frame, u: Use) -> Value:
    """``stack.pop_all()``: another stack takes over what is entered."""
    other = m.new(f, u.at, Obj("library", type="contextlib.ExitStack"), "stack")
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        _stack(m, f, other, obj.parts.get(STACKED, BOTTOM))
        m.write(f, loc, obj.put(STACKED, BOTTOM), strong=True)
    return other


def _enter_context(m: Machine, f: Frame, u: Use) -> Value:
    """``stack.enter_context(manager)``: what ``with manager as`` would bind."""
    _stack(m, f, u.receiver, u.arg(0, "cm"))
    value, _ = enter(m, f, u.arg(0, "cm"), u.at)
    return awaited(m, f, value, u.at) if u.dotted.endswith("async_context") else value


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "close-stack": _close,
    "close-after": _closing,
    "enter-context": _enter_context,
    "pop-stack": _pop_all,
    "push-context": _push,
    "stack-callback": _callback,
}


def awaited(m: Machine, f: Frame, value: Value, at: int) -> Value:
    """``await value``: the result of a task, what ``__await__`` gives, or the value itself."""
    results: list[Value] = []
    changed = False
    for ref, facts in value.refs.items():
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if obj is not None and "$result" in obj.parts and obj.kind == "future":
            results.append(stamp(obj.parts["$result"], facts))
            changed = True
        elif obj is not None and obj.type.endswith(".Future") and "$data" in obj.parts:
            results.append(stamp(obj.parts["$data"], facts))
            changed = True
        elif isinstance(ref, Loc) and obj is not None and obj.cls is not None:
            found = inheritance.method(m, f, ref, obj, "__await__", at) if obj.kind == "instance" else None
            generator = m.call(f, found, Args(), at) if found is not None else None
            results.append(
                generator_result(f, generator) if generator is not None else Value(refs={ref: facts})
            )
            changed = changed or found is not None
        else:
            results.append(Value(refs={ref: facts}))
    if not changed:
        return value
    return join_all([value.with_(refs={}), *results])


def yielded(m: Machine, f: Frame, value: Value, *, many: bool = False) -> None:
    """``yield value``; ``many`` for the items of an iterable whose number is not known."""
    gained = _gained(f)
    f.yields.append(stamp(value, gained))
    if many:
        f.yields_exact = False
    f.yield_state = (
        m.join_states(f.yield_state, f.state.copy()) if f.yield_state is not None else f.state.copy()
    )
    f.yield_facts = gained if f.yield_facts is None else common_facts(f.yield_facts, gained)


def as_yielded(f: Frame, value: Value) -> Value:
    """A value as who asked for it gets it: with what is known of it there."""
    return stamp(value, _gained(f))


def _gained(f: Frame) -> Facts:
    return frozenset(fact for fact in f.state.facts if fact.kind in LASTING and fact not in f.entry_facts)


def generator_result(f: Frame, value: Value) -> Value:
    """What a generator's ``return`` gives to ``yield from``."""
    results: list[Value] = []
    for loc in value.locs():
        obj = f.state.obj(loc)
        results.append(obj.parts.get("$return", OPAQUE) if obj is not None else OPAQUE)
    return join_all(results) if results else OPAQUE


def exception(m: Machine, f: Frame, raised: Value, kind: Value, at: int, elsewhere: bool = True) -> Value:
    """What ``except kind as name`` binds: what was raised here, or an object of the kind from ``elsewhere``."""
    raised = instances(m, f, raised, at)
    if not kind.is_bottom:
        raised = m.narrow_class(f, raised, kind)
    if not elsewhere and not raised.is_bottom:
        return raised
    other = m.fresh(f, at, "exception")
    for ref in kind.refs:
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if isinstance(ref, Loc) and obj is not None and obj.kind == "class":
            f.state.heap[other] = Obj("unknown", cls=ref)
        elif isinstance(ref, External):
            f.state.heap[other] = Obj("library", type=ref.dotted)
    return join(raised, of_ref(other))


def instances(m: Machine, f: Frame, raised: Value, at: int) -> Value:
    """``raise Class`` makes an object of the class."""
    results: list[Value] = []
    for ref, facts in raised.refs.items():
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if isinstance(ref, External) or (obj is not None and obj.kind == "class"):
            results.append(stamp(m.call(f, of_ref(ref), Args(), at), facts))
        else:
            results.append(Value(refs={ref: facts}))
    return join_all([raised.with_(refs={}), *results]) if results else raised
