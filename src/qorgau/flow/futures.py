"""Tasks and futures of event loops and executors, and calls that are made later."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import origins, started
from qorgau.flow.functional import callable_ref, partial_of
from qorgau.flow.heap import Obj
from qorgau.flow.iterating import mapped
from qorgau.flow.machine import Args, Frame
from qorgau.flow.taints import NO_TAINTS
from qorgau.flow.uses import Use
from qorgau.flow.values import (
    OPAQUE,
    Builtin,
    External,
    Value,
    join,
    join_all,
    of_ref,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


# Concurrency: what is started runs, its result is found in the task


def _gather(m: Machine, f: Frame, u: Use) -> Value:
    started.settle(m, f, [one for one in f.started if one.handle is None])
    given = [
        started.gathered(m, f, value, u.args.ats.get(index)) for index, value in enumerate(u.args.positional)
    ]
    results = [m.awaited(f, value, u.at) for value in given]
    if not u.args.star.is_bottom:
        return m.new(
            f, u.at, Obj("list", rest=join(join_all(results), m.awaited(f, u.args.star, u.at))), "gather"
        )
    return m.sequence(f, u.at, "list", results, None, "gather")


def future(m: Machine, f: Frame, result: Value, at: int) -> Value:
    """A task or future with its result."""
    return m.new(f, at, Obj("future", parts={"$result": result}), "future")


def _task(m: Machine, f: Frame, u: Use) -> Value:
    coroutine = u.arg(0, "coro")
    task = future(m, f, m.awaited(f, coroutine, u.at), u.at)
    started.handed(f, coroutine, task)
    return task


def _run(m: Machine, f: Frame, u: Use) -> Value:
    return m.awaited(f, u.arg(0, "main"), u.at)


def _working(m: Machine, f: Frame, function: Value, args: Args, at: int) -> Value:
    """The future of a function that an executor runs."""
    result = started.aside(m, f, function, args, at)
    working = future(m, f, result, at)
    started.remember(f, function, args, at, result)
    started.handed(f, result, working)
    return working


def _run_function(m: Machine, f: Frame, u: Use) -> Value:
    return m.awaited(f, m.call(f, u.arg(0, "func"), u.args.rest(1), u.at), u.at)


def _to_sync(m: Machine, f: Frame, u: Use) -> Value:
    """``async_to_sync(function)``: awaited where it is called."""
    runs = of_ref(External("anyio.from_thread.run"))
    return partial_of(m, f, replace(u, dotted="functools.partial", args=Args([runs, *u.args.positional])))


def _submit(m: Machine, f: Frame, u: Use) -> Value:
    return _working(m, f, u.arg(0, "fn"), u.args.rest(1), u.at)


def _run_in_executor(m: Machine, f: Frame, u: Use) -> Value:
    return _working(m, f, u.arg(1, "func"), u.args.rest(2), u.at)


def _executor_map(m: Machine, f: Frame, u: Use) -> Value:
    return mapped(m, f, u)


LATER_OPTIONS = frozenset(("context", "using", "robust"))
"""Keywords of what calls a function later that are none of the function's."""


def _call_later(m: Machine, f: Frame, u: Use) -> Value:
    values = u.args.positional
    function = u.args.keywords.get("python_callable")
    if function is not None and function.refs:
        _call_with(m, f, u, function, u.args.keywords.get("op_args"), u.args.keywords.get("op_kwargs"))
        return OPAQUE
    for index, value in enumerate(values):
        if any(isinstance(ref, Builtin) or callable_ref(f, ref) for ref in value.refs):
            keywords = {name: v for name, v in u.args.keywords.items() if name not in LATER_OPTIONS}
            given = [*_next_message(m, f, u), *values[index + 1 :]]
            m.call(f, value, Args(given, keywords, u.args.star, list(u.args.double)), u.at)
            break
    return OPAQUE


def _next_message(m: Machine, f: Frame, u: Use) -> list[Value]:
    """What a bot gives the function that waits for the user's next message."""
    if not u.dotted.startswith("telebot."):
        return []
    message = m.unknown(f, u.at, frozenset(), origins.REQUEST)
    m.write(f, message.locs()[0], Obj("library", type="telebot.types.Message"), strong=True)
    return [message]


def _call_with(
    m: Machine, f: Frame, u: Use, function: Value, items: Value | None, names: Value | None
) -> None:
    """Call a function with a list of arguments and a dict of keywords, as an operator does later."""
    row = m.iterate(f, items, u.at) if items is not None and items.refs else None
    args = Args()
    if row is not None:
        args = row.as_args()
    exact = m.exact_dict(f, names) if names is not None else None
    args.keywords.update(exact or {})
    if names is not None and names.refs and exact is None:
        args.double.append(names)
    # The scheduler adds what it knows of the run: parameters that nothing else is given for get it.
    args.double.append(m.unknown(f, u.at, NO_TAINTS, "context"))
    m.call(f, function, args, u.at)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "call-later": _call_later,
    "executor-map": _executor_map,
    "gather": _gather,
    "run": _run,
    "run-function": _run_function,
    "run-in-executor": _run_in_executor,
    "submit": _submit,
    "task": _task,
    "to-sync": _to_sync,
}
