"""Exceptions on their way: which handler takes what, and what goes on outwards.

A path that a ``raise`` ended carries its exception in ``$exception``. A path that ended because
any call may raise carries none: its exception can be of every class.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import strings
from qorgau.flow.facts import NO_FACTS, Facts
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.state import State, bottom_like
from qorgau.flow.uses import Use
from qorgau.flow.values import (
    BOTTOM,
    NO_CONSTS,
    External,
    Ref,
    Value,
    of_ref,
)
from qorgau.linking import walk

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


EXCEPTION = "$exception"
"""The variable that holds what a path was ended by."""

HANDLED = "$handled"
"""The variable that holds what the handler being run has caught: a bare ``raise`` raises it again."""

SHOWN = "$shown"
"""The variable that is what of the exception being handled is known, also where it can be another."""

RAISING = (ir.Call, ir.Subscript, ir.Binary, ir.Await, ir.Import, ir.ImportFrom, ir.Yield, ir.Assert)
EXITS = ("SystemExit", "KeyboardInterrupt", "GeneratorExit", "BaseException", "BaseExceptionGroup")


SAFE = frozenset(
    f"builtins.{name}"
    for name in (
        *(
            "print",
            "len",
            "str",
            "repr",
            "isinstance",
            "issubclass",
            "list",
            "dict",
            "tuple",
            "set",
            "frozenset",
        ),
        *(
            "bool",
            "range",
            "enumerate",
            "zip",
            "reversed",
            "type",
            "id",
            "callable",
            "hasattr",
            "super",
            "object",
        ),
    )
)
"""Builtins that are taken not to raise."""

RISKY_METHODS = frozenset(
    ("remove", "index", "pop", "popitem", "popleft", "__getitem__", "send", "__next__", "throw")
)
"""Methods of builtin containers that raise where something is not there."""


def is_safe(dotted: str, args: Args) -> bool:
    """Whether a call of a library is taken not to raise: making an exception is one such."""
    kind = (
        getattr(builtins, dotted.removeprefix("builtins."), None) if dotted.startswith("builtins.") else None
    )
    if dotted.startswith("builtins.") and args.positional and not args.keywords:
        # What fails with constants fails for certain, and says so itself.
        if all(value.constant() is not None for value in args.positional):
            return True
    return dotted in SAFE or (isinstance(kind, type) and issubclass(kind, BaseException))


def may_raise(statement: ir.Stmt) -> bool:
    """Whether a simple statement can raise by itself; compound ones are asked statement by statement."""
    if isinstance(statement, ir.If | ir.While):
        return _can(statement.test)
    if isinstance(statement, ir.For):
        return _can(statement.iterable)
    if isinstance(statement, ir.With):
        return any(_can(item.context) for item in statement.items)
    if isinstance(statement, ir.Raise):
        return _raise_may_raise(statement)
    if isinstance(statement, ir.Try | ir.Match | ir.Define | ir.Class):
        return False
    return any(isinstance(node, RAISING) for node in walk(statement))


def _can(node: ir.Expr) -> bool:
    return any(isinstance(inner, RAISING) for inner in walk(node))


def _raise_may_raise(statement: ir.Raise) -> bool:
    """Making the exception itself counts as safe, what is computed for it doesn't."""
    made = statement.exception
    if isinstance(made, ir.Call):
        return _can(made.function) or any(_can(argument.value) for argument in made.arguments)
    return made is not None and _can(made)


def because(f: Frame, error: Value, cause: Value) -> None:
    """``raise error from cause``"""
    for loc in error.locs():
        obj = f.state.obj(loc)
        if obj is not None and obj.kind != "class":
            f.state.heap[loc] = obj.put(CAUSE, cause)


def is_exception(m: Machine, name: str) -> bool:
    """Whether a library's class is an exception."""
    kind = getattr(builtins, name.removeprefix("builtins."), None)
    if isinstance(kind, type):
        return issubclass(kind, BaseException)
    if any(
        base in ("builtins.Exception", "builtins.BaseException") for base in m.policy.catalog.ancestry(name)
    ):
        return True
    return name.rpartition(".")[2].endswith(("Error", "Exception"))


def described(m: Machine, f: Frame, obj: Obj, args: Args, at: int) -> Obj:
    """An exception object with its text and ``args``, as ``BaseException`` keeps them."""
    given = m.sequence(f, at, "tuple", args.positional, args.star, "args")
    return obj.put(strings.MESSAGE, strings.message_of(m, f, Args(args.positional, {}, args.star), at)).put(
        "args", given
    )


def leave(f: Frame, value: Value = BOTTOM) -> None:
    """End the path here and hand its state to the innermost handler."""
    if f.state.reachable:
        state = f.state
        state.env = dict(state.env)
        state.env[EXCEPTION] = value
        (f.handlers[-1] if f.handlers else f.raises).append(state)
    f.state = bottom_like(f.state)


def fail(f: Frame, name: str) -> Value:
    """End the path with a builtin exception."""
    leave(f, of_ref(External(f"builtins.{name}")))
    return BOTTOM


def _never_returns(m: Machine, f: Frame, u: Use) -> Value:
    """``sys.exit()``, ``abort()``: the path ends with an exception."""
    name = (
        "builtins.SystemExit"
        if u.dotted.rpartition(".")[2] in ("exit", "quit", "_exit")
        else f"{u.dotted}.raised"
    )
    leave(f, of_ref(External(name)))
    return BOTTOM


def _handled_text(m: Machine, f: Frame, use: Use) -> Value:
    """``traceback.format_exc()``: the text of the exception that is being handled."""
    shown = f.state.env.get(SHOWN, BOTTOM)
    return strings.text(m, f, shown, use.at).with_(consts=NO_CONSTS, opaque=True)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "handled-text": _handled_text,
    "raise": _never_returns,
}


# Handlers


def kinds_of(m: Machine, f: Frame, kind: Value, at: int) -> Value:
    """The classes that ``except kind`` names: one, or those of a tuple."""
    refs: dict[Ref, Facts] = {}
    unknown = kind.unknown
    for ref in kind.refs:
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if obj is not None and obj.kind in ("tuple", "list", "set"):
            each = m.iterate(f, Value(refs={ref: NO_FACTS}), at).each
            refs.update(each.refs)
            unknown = unknown or each.unknown
        else:
            refs[ref] = NO_FACTS
    return Value(refs=refs, unknown=unknown)


def is_kind(m: Machine, f: Frame, ref: Ref, kinds: Value) -> bool | None:
    """Whether an exception (or exception class) is of one of the classes, if that is certain."""
    answers = [_is_one(m, f, ref, kind) for kind in kinds.refs]
    if True in answers:
        return True
    return None if None in answers or kinds.unknown or not answers else False


def _is_one(m: Machine, f: Frame, ref: Ref, kind: Ref) -> bool | None:
    order, libraries, sure = _classes(m, f, ref)
    if isinstance(kind, Loc):
        if kind in order:
            return True
        obj = f.state.obj(kind)
        return False if sure and obj is not None and obj.kind == "class" else None
    if not isinstance(kind, External):
        return None
    wanted = m.policy.catalog.canonical(kind.dotted)
    above = {base for name in libraries for base in m.policy.catalog.ancestry(name)} | set(libraries)
    if wanted in above:
        return True
    if wanted in ("builtins.Exception", "builtins.BaseException") and libraries:
        exits = [name for name in libraries if name.removeprefix("builtins.") in EXITS]
        return not exits or wanted == "builtins.BaseException"
    return False if sure and all(name.startswith("builtins.") for name in libraries) else None


def _classes(m: Machine, f: Frame, ref: Ref) -> tuple[tuple[Loc, ...], tuple[str, ...], bool]:
    """The project's and the libraries' classes of an exception, and whether these are all."""
    if isinstance(ref, External):
        return (), (m.policy.catalog.canonical(ref.dotted),), True
    obj = f.state.obj(ref) if isinstance(ref, Loc) else None
    if obj is None or not isinstance(ref, Loc):
        return (), (), False
    cls = ref if obj.kind == "class" else obj.cls
    info = m.class_info(f, cls) if cls is not None else None
    if info is not None:
        return info.order, info.libraries, not info.opaque_base and obj.kind in ("class", "instance")
    return (), ((obj.type,) if obj.type else ()), obj.kind == "library" and bool(obj.type)


def split(
    m: Machine, f: Frame, states: Sequence[State], kinds: Value | None
) -> tuple[list[State], list[State]]:
    """The paths that a handler takes, and those that go on to the next one."""
    if kinds is None:
        return list(states), []
    taken: list[State] = []
    left: list[State] = []
    held = f.state
    for state in states:
        raised = state.env.get(EXCEPTION)
        if raised is None or not raised.refs:
            taken.append(state)
            left.append(state)
            continue
        f.state = state
        answers = {ref: is_kind(m, f, ref, kinds) for ref in raised.refs}
        for group, refused in ((taken, False), (left, True)):
            refs = {ref: facts for ref, facts in raised.refs.items() if answers[ref] is not refused}
            if refs:
                one = state.copy()
                one.env[EXCEPTION] = raised.with_(refs=refs)
                group.append(one)
    f.state = held
    return taken, left


def caught(m: Machine, f: Frame, states: Sequence[State], kinds: Value | None, at: int) -> Value:
    """Enter a handler: the joined state, and what ``as`` binds there."""
    state = states[0]
    for other in states[1:]:
        state = m.join_states(state, other)
    f.state = state.copy()
    raised = f.state.env.pop(EXCEPTION, BOTTOM)
    anything = any(EXCEPTION not in one.env or not one.env[EXCEPTION].refs for one in states)
    bound = m.exception(f, raised, kinds if kinds is not None else BOTTOM, at, elsewhere=anything)
    f.state.env[HANDLED] = raised if not anything else BOTTOM
    f.state.env[SHOWN] = raised
    return bound


def run_handler(m: Machine, f: Frame, handler: ir.Handler, bound: Value) -> None:
    """Run the body of a handler that was entered, with its name bound."""
    if handler.name is not None:
        m.store(f, handler.name, bound, handler.at)
    m.execute(f, handler.body)
    f.state.env.pop(HANDLED, None)
    f.state.env.pop(SHOWN, None)
    if handler.name is not None and f.state.reachable:
        m.unbind(f, handler.name)


@contextmanager
def swallowed(f: Frame) -> Iterator[None]:
    """What is raised within goes no further: a framework takes it, or it was a trial."""
    f.handlers.append([])
    try:
        yield
    finally:
        f.handlers.pop()


def outwards(f: Frame, states: Iterable[State]) -> None:
    """What no handler takes goes to the next ``try`` around, or out of the function."""
    for state in states:
        if f.handlers:
            f.handlers[-1].append(state)
        elif EXCEPTION in state.env:
            f.raises.append(state)


CAUSE = "$cause"
"""The part of an exception that it was raised from."""
