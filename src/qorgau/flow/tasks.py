"""Work that runs elsewhere: futures, executors, threads, processes, and callbacks that wait for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import futures, inheritance, iterating, modules, promises, started, streams, waiting
from qorgau.flow.heap import DATA, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Closure, Frame
from qorgau.flow.started import RESULT
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, UNKNOWN, Value, join, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

CALLBACKS = "$callbacks"
"""The part of a future that has the functions which wait for its result."""
CLEAN = frozenset(
    [
        "done",
        "cancel",
        "cancelled",
        "running",
        "get_name",
        "set_name",
        "get_loop",
        "uncancel",
        "cancelling",
        "ready",
        "successful",
    ]
)
JOB = "celery.result.AsyncResult"
JOBS = {"rq": "rq.job.Job", "arq": "arq.jobs.Job"}
OPTIONS = frozenset(
    (
        *(
            "job_timeout",
            "timeout",
            "result_ttl",
            "ttl",
            "failure_ttl",
            "description",
            "depends_on",
            "job_id",
        ),
        *("at_front", "meta", "retry", "on_success", "on_failure", "on_stopped", "pipeline", "repeat"),
    )
)
"""Options of a job of RQ, which are none of its function's arguments; those of arq begin with ``_``."""

CONNECTION = "multiprocessing.connection.Connection"
QUEUE = "multiprocessing.queues.Queue"

STARTED = ("threading.Thread", "multiprocessing.Process")


def future_method(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, args: Args, at: int) -> Value | None:
    """A method of a task or future; None when futures have no such method."""
    if name in ("result", "get"):
        return obj.parts.get(RESULT, OPAQUE)
    if name == "add_done_callback":
        return _called_back(m, f, of_ref(loc), args, at)
    if name == "then":
        return promises.then(m, f, obj.parts.get(RESULT, OPAQUE), args, at)
    if name == "catch":
        return promises.catch(m, f, of_ref(loc), args, at)
    if name == "set_result":
        m.write(
            f,
            loc,
            obj.put(RESULT, join(obj.parts.get(RESULT, BOTTOM), args.get(0, "result") or BOTTOM)),
            strong=True,
        )
        return of_const(None)
    if name in ("wait", "set_exception", "remove_done_callback"):
        return of_const(None)
    if name in CLEAN or name == "exception":
        return OPAQUE
    return None


def _called_back(m: Machine, f: Frame, future: Value, args: Args, at: int) -> Value:
    callback = args.get(0, "fn") or BOTTOM
    if callback.refs:
        before = f.state.copy()
        m.call(f, callback, Args([future]), at)
        f.state = m.join_states(before, f.state)
    return of_const(None)


def _done_callback(m: Machine, f: Frame, u: Use) -> Value:
    """``add_done_callback`` of a library's future: the function gets the future, now or when it has a result."""
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        others = obj.parts.get(CALLBACKS, BOTTOM)
        m.write(f, loc, obj.put(CALLBACKS, join(others, u.arg(0, "fn"))), strong=True)
    return _called_back(m, f, u.receiver, u.args, u.at)


def _settled(m: Machine, f: Frame, u: Use) -> Value:
    """``set_result`` and ``set_exception`` of a library's future: the functions that wait for it are called."""
    streams.put_in_queue(m, f, u)
    for loc in u.receiver.locs():
        callbacks = m.obj(f, loc).parts.get(CALLBACKS)
        if callbacks is not None:
            _called_back(m, f, of_ref(loc), Args([callbacks]), u.at)
    return of_const(None)


def _futures(m: Machine, f: Frame, u: Use) -> Value:
    """``as_completed(futures)`` gives the futures; ``wait(futures)`` those done and those that are not."""
    each = m.iterate(f, u.arg(0, "fs"), u.at).each
    made = m.new(f, u.at, Obj("list", rest=each), "futures")
    if u.dotted.endswith(".wait"):
        other = m.new(f, u.at, Obj("list", rest=each), "pending")
        return m.sequence(f, u.at, "tuple", [made, other], None, "waited")
    return made


def _apply(m: Machine, f: Frame, u: Use) -> Value:
    """``pool.apply(f, args, kwds)`` gives the result, ``apply_async`` something that has it."""
    function, given, keywords = u.arg(0, "func"), u.arg(1, "args"), u.arg(2, "kwds")
    result = m.call(f, function, unpacked(m, f, given, keywords, u.at), u.at)
    callback = u.args.keywords.get("callback")
    if callback is not None and callback.refs:
        m.call(f, callback, Args([result]), u.at)
    return futures.future(m, f, result, u.at) if u.dotted.endswith("async") else result


def _map_async(m: Machine, f: Frame, u: Use) -> Value:
    run = iterating.starmap if "starmap" in u.dotted else iterating.map_items
    mapped = run(m, f, u)
    iteration = m.iterate(f, mapped, u.at)
    listed = m.sequence(
        f, u.at, "list", iteration.items or [], None if iteration.items is not None else iteration.each
    )
    return futures.future(m, f, listed, u.at)


def unpacked(m: Machine, f: Frame, given: Value, keywords: Value, at: int) -> Args:
    """The arguments in ``args=(...)`` and ``kwargs={...}``."""
    args = Args()
    if given.refs or given.unknown:
        row = m.iterate(f, given, at)
        args = row.as_args()
    exact = m.exact_dict(f, keywords) if keywords.refs else None
    args.keywords.update(exact or {})
    if keywords.refs and exact is None:
        args.double.append(keywords)
    return args


def _thread(m: Machine, f: Frame, u: Use) -> Value:
    """``Thread(target=f, args=(...))``: the function runs at once, or where its variable is next used."""
    timer = u.dotted.endswith("Timer")
    target = u.arg(1, "function" if timer else "target")
    given = u.arg(2 if timer else 3, "args")
    keywords = u.arg(3 if timer else 4, "kwargs")
    arguments = unpacked(m, f, given, keywords, u.at)
    thread = m.new(f, u.at, Obj("library", type=u.dotted, parts={RESULT: OPAQUE}), "thread")
    if not target.refs or u.at in f.unit.dropped:
        # A thread that nothing holds is never started.
        return thread

    def run() -> Value:
        result = started.aside(m, f, target, arguments, u.at)
        for loc in thread.locs():
            m.write(f, loc, m.obj(f, loc).put(RESULT, result), strong=True)
        _remember(f, target, arguments, u.at, thread)
        return thread

    if waiting.can_wait(m, f, u.at, u.dotted.rpartition(".")[2]):
        waiting.wait(f, u.at, run)
        return thread
    return run()


def _remember(f: Frame, callee: Value, args: Args, at: int, thread: Value) -> None:
    result = Value(opaque=True)
    started.remember(f, callee, args, at, result)
    started.handed(f, result, thread)


def _start(m: Machine, f: Frame, u: Use) -> Value:
    """``start`` of a project's thread class calls its ``run``."""
    for loc in u.receiver.locs():
        obj = f.state.obj(loc)
        run = (
            inheritance.method(m, f, loc, obj, "run", u.at)
            if obj is not None and obj.cls is not None
            else None
        )
        if run is not None:
            m.perhaps(f, partial(m.call, f, run, Args(), u.at))
            _remember(f, run, Args(), u.at, of_ref(loc))
    return of_const(None)


def _join(m: Machine, f: Frame, u: Use) -> Value:
    started.joined(m, f, u.receiver)
    return of_const(None)


def _queue_get(m: Machine, f: Frame, u: Use) -> Value:
    result = join_all(m.obj(f, loc).parts.get(DATA, BOTTOM) for loc in u.receiver.locs())
    return UNKNOWN if result.is_bottom else result


def _pipe(m: Machine, f: Frame, u: Use) -> Value:
    """``Pipe()``: what is sent into one end comes out of the other."""
    ways = [m.new(f, u.at, Obj("library", type=QUEUE), f"way{index}") for index in range(2)]
    ends = [
        m.new(f, u.at, Obj("library", type=CONNECTION, parts={"$in": into, "$out": out}), f"end{index}")
        for index, (into, out) in enumerate((ways, reversed(ways)))
    ]
    return m.sequence(f, u.at, "tuple", ends, None, "pipe")


def _pipe_send(m: Machine, f: Frame, u: Use) -> Value:
    for loc in u.receiver.locs():
        out = m.obj(f, loc).parts.get("$out", BOTTOM)
        streams.put_in_queue(m, f, replace(u, receiver=out))
    return of_const(None)


def _pipe_receive(m: Machine, f: Frame, u: Use) -> Value:
    ways = join_all(m.obj(f, loc).parts.get("$in", BOTTOM) for loc in u.receiver.locs())
    return _queue_get(m, f, replace(u, receiver=ways))


def _context_run(m: Machine, f: Frame, u: Use) -> Value:
    return m.call(f, u.arg(0, "callable"), u.args.rest(1), u.at)


def _queued(m: Machine, f: Frame, u: Use) -> Value:
    """``queue.enqueue(f, *args)``, ``send_task("tasks.f", args=[...])``: a worker runs the function.

    What was checked before holds for it, as for any caller's callee.
    """
    last = u.dotted.rpartition(".")[2]
    first = 1 if last in ("enqueue_in", "enqueue_at") else 0
    named = {"enqueue_call": "func", "send_task": "name", "signature": "varies", "enqueue_job": "function"}
    function = _function_of(m, f, u.arg(first, named.get(last, "f")), u.at)
    if function.refs:
        if last in ("enqueue_call", "send_task", "signature"):
            given = unpacked(m, f, u.arg(1, "args"), u.arg(2, "kwargs"), u.at)
        else:
            given = _job_arguments(m, f, u, u.args.rest(first + 1))
        if last == "enqueue_job":
            given.positional.insert(0, UNKNOWN)
        m.perhaps(f, lambda: m.call(f, function, given, u.at))
    return m.new(f, u.at, Obj("library", type=JOBS.get(u.dotted.partition(".")[0], JOB)), "job")


def _job_arguments(m: Machine, f: Frame, u: Use, args: Args) -> Args:
    """What the function is given: not the options of the job."""
    if "args" in args.keywords or "kwargs" in args.keywords:
        return unpacked(m, f, args.keywords.get("args", BOTTOM), args.keywords.get("kwargs", BOTTOM), u.at)
    own = {name: value for name, value in args.keywords.items() if name not in OPTIONS and name[:1] != "_"}
    return Args(list(args.positional), own, args.star, list(args.double))


def _function_of(m: Machine, f: Frame, value: Value, at: int) -> Value:
    """A function, or the one of the program that goes by a name."""
    if value.refs:
        return value
    names = [text.rpartition(".") for text in value.texts()]
    return join_all(function_named(m, f, module, name, at) for module, _, name in names)


def function_named(m: Machine, f: Frame, module: str, name: str, at: int) -> Value:
    """The function of a module, else the only one of the program that goes by a name."""
    part = _own_function(m, f, module, name, at) if module and m.program.has(module) else None
    if part is not None:
        return part
    places = sorted(unit.name for unit in m.program.files)
    parts = [part for place in places if (part := _own_function(m, f, place, name, at)) is not None]
    return parts[0] if len(parts) == 1 else BOTTOM


def _own_function(m: Machine, f: Frame, module: str, name: str, at: int) -> Value | None:
    module = m.program.proper(module)
    modules.ensure(m, module)
    if not modules.has_part(m, f, module, name):
        return None
    part = modules.module_part(m, f, modules.module_loc(module), name, at)
    for loc in part.locs():
        obj = f.state.obj(loc)
        closure = obj.info if obj is not None else None
        if isinstance(closure, Closure) and closure.unit.name == module:
            return part
    return None


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "apply": _apply,
    "done-callback": _done_callback,
    "future-settled": _settled,
    "futures": _futures,
    "map-async": _map_async,
    "pipe": _pipe,
    "pipe-receive": _pipe_receive,
    "pipe-send": _pipe_send,
    "queue-get": _queue_get,
    "queued": _queued,
    "thread": _thread,
    "thread-join": _join,
    "thread-start": _start,
    "to-thread": _context_run,
}
