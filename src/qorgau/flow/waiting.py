"""What a variable holds for later: generators, coroutines and views of dicts are about what is there when it is used.

Only what a statement assigns to one local variable waits, and only until the next statement of the same
block that mentions the variable; where none does, until the end of the block. What nothing uses never runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Closure, Frame, Waiting
from qorgau.flow.values import Value
from qorgau.linking import walk

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

IDLE = frozenset(("close", "aclose", "name", "daemon", "is_alive", "cr_running", "gi_running", "setDaemon"))
"""Attributes of generators, coroutines and threads that do not set them going."""

STEPS = frozenset(("send", "__next__"))
"""Methods that ask a generator for one value."""

ASKING = frozenset(("isinstance", "type", "id", "callable", "iscoroutine", "isgenerator", "isawaitable"))
"""Functions that ask what something is."""


def expect(f: Frame, node: ir.Assign) -> None:
    """A statement is about to be run: what it assigns may come to wait."""
    f.assigning = tuple(_pairs(node)) if f.kind != "class" and len(node.targets) == 1 else ()


def _pairs(node: ir.Assign) -> Iterator[tuple[ir.Name, ir.Expr]]:
    target, value = node.targets[0], node.value
    if isinstance(target, ir.Name):
        if isinstance(value, ir.Call | ir.Comprehension):
            yield target, value
    elif isinstance(target, ir.Sequence) and isinstance(value, ir.Sequence):
        for one, other in zip(target.elements, value.elements, strict=False):
            if isinstance(one, ir.Name) and isinstance(other, ir.Call | ir.Comprehension):
                yield one, other


def can_wait(m: Machine, f: Frame, at: int, called: str = "") -> bool:
    """Whether what is made at a node, by a call of what goes by a name, is all that a local variable gets."""
    target = _target(f, at)
    if target is None or f.script is not None or _called(target[1]) != called:
        return False
    return target[0].id not in _shared(m, f)


def _target(f: Frame, at: int) -> tuple[ir.Name, ir.Expr] | None:
    return next((pair for pair in f.assigning if pair[1].at == at), None)


def _called(node: ir.Expr) -> str:
    function = node.function if isinstance(node, ir.Call) else None
    return function.attr if isinstance(function, ir.Attribute) else getattr(function, "id", "")


def is_lazy(closure: Closure) -> bool:
    """Whether a call of a function runs nothing of it yet."""
    function = closure.function
    return (function.is_generator or function.is_async) and not function.decorators


def hold(
    m: Machine, f: Frame, at: int, run: Callable[[], Value], begin: Callable[[], Value] | None = None
) -> Value:
    """Let something wait for its use; what stands for it until then holds nothing.

    ``begin`` makes a generator of which nothing has run, for where it is asked for its values one by one.
    """
    wait(f, at, run).begin = begin
    return m.new(f, at, Obj("generator", length=0), "waiting")


def watch(m: Machine, f: Frame, at: int, method: str, loc: Loc, show: Callable[[], Value]) -> None:
    """A view of a dict is looked at again where it is used, if the dict has changed by then."""
    if can_wait(m, f, at, method):
        wait(f, at, show, shown=loc, held=f.state.obj(loc))


def wait(
    f: Frame, at: int, run: Callable[[], Value], shown: Loc | None = None, held: Obj | None = None
) -> Waiting:
    """The variable that gets what is made at a node keeps this for later."""
    found = _target(f, at)
    assert found is not None
    target = found[0]
    f.assigning = tuple(pair for pair in f.assigning if pair is not found)
    f.waiting[:] = [one for one in f.waiting if one.name != target.id]
    one = Waiting(target.id, target.at, run, shown, held)
    f.waiting.append(one)
    return one


def before(m: Machine, f: Frame, statement: ir.Stmt, mark: int) -> None:
    """Run what a statement uses of what waits since ``mark``; what it replaces is forgotten."""
    for one in f.waiting[mark:]:
        if _replaces(statement, one.name):
            f.waiting.remove(one)
        elif next(_uses(statement, one.name), None) is not None and not _begin(m, f, one, statement):
            _run(m, f, one)


def settle(m: Machine, f: Frame, mark: int, body: Sequence[ir.Stmt]) -> None:
    """A block has come to its end: what is used outside of it runs now."""
    left = f.waiting[mark:]
    for one in left:
        if f.state.reachable and (one.shown is not None or f.kind == "module" or _is_used(m, f, one, body)):
            _run(m, f, one)
    f.waiting[mark:] = []


def _begin(m: Machine, f: Frame, one: Waiting, statement: ir.Stmt) -> bool:
    """Whether a statement does no more than ask a generator for its next value; it is begun, if it was not."""
    if one.begin is None or f.kind == "module" or not _is_step(statement, one.name):
        return False
    if one.stepped is None:
        f.assigning = ()
        made = one.begin()
        one.stepped = made.single()
        m.store(f, one.name, made, one.at)
    return one.stepped is not None


def _is_step(statement: ir.Stmt, name: str) -> bool:
    steps: set[int] = set()
    for inner in walk(statement):
        if isinstance(inner, ir.While | ir.For | ir.Comprehension | ir.Function | ir.Class):
            return False
        if isinstance(inner, ir.Call):
            function = inner.function
            if isinstance(function, ir.Attribute) and function.attr in STEPS:
                steps.add(id(function.value))
            elif isinstance(function, ir.Name) and function.id == "next" and inner.arguments:
                steps.add(id(inner.arguments[0].value))
    return all(id(use) in steps for use in _uses(statement, name))


def _run(m: Machine, f: Frame, one: Waiting) -> None:
    if one.stepped is not None:
        m.finish_generator(f, one.stepped, one.at)
        f.waiting.remove(one)
        return
    if one.shown is None:
        if one in f.waiting:
            f.waiting.remove(one)
    elif f.state.obj(one.shown) is one.held:
        return
    else:
        one.held = f.state.obj(one.shown)
    f.assigning = ()
    value = one.run()
    if f.state.reachable:
        m.store(f, one.name, value, one.at)


def _replaces(statement: ir.Stmt, name: str) -> bool:
    return (
        isinstance(statement, ir.Assign)
        and any(isinstance(target, ir.Name) and target.id == name for target in statement.targets)
        and next(_uses(statement.value, name), None) is None
    )


def _uses(node: object, name: str) -> Iterator[ir.Name]:
    """The places where a variable is used otherwise than to ask what it is."""
    idle: set[int] = set()
    for inner in walk(node):
        if isinstance(inner, ir.Name):
            if inner.id == name and id(inner) not in idle:
                yield inner
        elif isinstance(inner, ir.Attribute):
            if inner.attr in IDLE:
                idle.add(id(inner.value))
        elif isinstance(inner, ir.Compare):
            if set(inner.ops) <= {"is", "is not"}:
                idle.update(id(part) for part in (inner.left, *inner.rights))
        elif isinstance(inner, ir.Call):
            if _called(inner) in ASKING:
                idle.update(id(argument.value) for argument in inner.arguments)
        elif isinstance(inner, ir.Delete):
            idle.update(id(target) for target in inner.targets)


def _place(f: Frame) -> tuple[str, int]:
    return (f.unit.name, f.closure.function.at if f.closure is not None else -1)


def _body(f: Frame) -> object:
    return f.closure.function.body if f.closure is not None else f.unit.module.body


def _is_used(m: Machine, f: Frame, one: Waiting, block: Sequence[ir.Stmt]) -> bool:
    """Whether a function uses a variable at all, besides where it is assigned; what has begun, outside of the block."""
    body = _body(f)
    targets = {id(target) for node in walk(body) if isinstance(node, ir.Assign) for target in node.targets}
    if one.stepped is not None:
        targets.update(id(node) for node in _uses(block, one.name))
    return any(id(node) not in targets for node in _uses(body, one.name))


def _shared(m: Machine, f: Frame) -> frozenset[str]:
    """The names that functions within this one mention, or that are not its own."""
    place = _place(f)
    known = m.shared_names.get(place)
    if known is None:
        inner = (node for node in walk(_body(f)) if isinstance(node, ir.Function | ir.Class))
        names = {name.id for one in inner for name in walk(one) if isinstance(name, ir.Name)}
        if f.closure is not None:
            names.update((*f.closure.function.globals, *f.closure.function.nonlocals))
        known = m.shared_names[place] = frozenset(names)
    return known
