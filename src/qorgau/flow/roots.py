"""Where the analysis starts: module bodies, then functions that nothing else in the program calls.

Callers come before callees, so that a function is judged with what its callers pass; only what
no analysed call reached, and what a framework calls, is analysed on its own with unknown
arguments (spec sections 3 and 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qorgau import ir
from qorgau.flow import bodies, calls, filled, gates, inheritance, parameters, placing, schedules, used
from qorgau.flow.declarations import info_of
from qorgau.flow.heap import Obj
from qorgau.flow.injection import unknown_arguments
from qorgau.flow.interpreter import Interpreter
from qorgau.flow.locations import Loc
from qorgau.flow.machine import ClassInfo, Closure, Frame
from qorgau.flow.memo import Outcome
from qorgau.flow.state import State
from qorgau.flow.values import BOTTOM, Value, join, of_ref
from qorgau.linking import walk

MAX_RECEIVERS = 6
"""Subclasses on whose objects an inherited method is analysed as well."""

ELSEWHERE = frozenset(("storage", "recipient", "export"))
TASKS = ("celery.", "dramatiq.", "rq.", "huey.", "taskiq.", "arq.")


@dataclass(frozen=True, slots=True)
class Root:
    """A function that can be analysed on its own."""

    place: tuple[str, int]
    loc: Loc
    closure: Closure
    is_test: bool


def is_entry(m: Interpreter, root: Root) -> bool:
    """Whether a framework calls the function: by a decorator, or as a method of a library's subclass."""
    catalog = m.policy.catalog
    for mark in root.closure.marks:
        if catalog.entry_decorator(mark) is not None and (
            not mark.startswith(TASKS) or schedules.on_schedule(m.scheduled, root.closure)
        ):
            return True
    info = info_of(m, root.closure.owner) if root.closure.owner is not None else None
    return info is not None and m.is_entry_method(info, root.closure.function.name)


# One root


def run(m: Interpreter, root: Root) -> Iterator[tuple[Loc, Obj]]:
    """Analyse a function with unknown arguments; what it changed of the state of modules."""
    obj = m.base.get(root.loc)
    if obj is None or not isinstance(obj.info, Closure):
        return
    start = Frame(root.closure.unit, State(m.base), Loc(None, ("root", *root.place)), kind="root")
    role = m.policy.role(m.names_of(start, root.loc))
    if role is not None and role.kind in ELSEWHERE:
        return
    for cls in _receivers(m, obj.info):
        m.found.afresh()
        m.made = []
        unit = root.closure.unit
        ctx = Loc(None, ("root", *root.place, str(cls.label) if cls is not None else ""))
        f = Frame(unit, State(m.base), ctx, kind="root", closure=None, depth=0)
        receiver = _receiver(m, f, cls, root) if cls is not None else None
        if not f.state.reachable:
            continue
        args = unknown_arguments(m, f, obj.info, receiver)
        gates.run(m, f, obj.info, cls, args)
        wrapped = m.wrapped.get(root.place)
        if wrapped is not None:
            before = f.state.copy()
            m.found.reached.discard(root.place)
            m.call(f, wrapped, args, obj.info.function.at)
            if root.place in m.found.reached:
                yield from _changes(m, [f.state.heap])
                continue
            f.state = before
        m.found.reached.add(root.place)
        bound = parameters.bind_parameters(m, f, obj, obj.info, args, obj.info.function.at)
        closure = m.entered(f, root.loc, obj.info, receiver)
        outcome = calls.solve(m, f, closure, bound, Loc(ctx, ("call", *root.place)), receiver)
        _note_answer(m, f, closure, outcome, is_entry(m, root))
        yield from _changes(m, [outcome.changed, *(state for state, _, _ in outcome.raised), f.state.heap])


def _note_answer(m: Interpreter, f: Frame, closure: Closure, outcome: Outcome, called: bool) -> None:
    """What a function that nothing in the program calls gives back is used by whoever calls it."""
    if not outcome.value.is_bottom:
        before, f.state = f.state, f.state.copy()
        f.state.heap.update(outcome.changed)
        used.answered(m, f, closure, outcome.value, called)
        f.state = before


def _changes(m: Interpreter, heaps: Iterable[dict[Loc, Obj]]) -> Iterator[tuple[Loc, Obj]]:
    for changed in heaps:
        for loc, after in changed.items():
            if loc in m.base and m.base[loc] is not after:
                yield from _with_parts(m, changed, loc, after)


def _with_parts(m: Interpreter, heap: dict[Loc, Obj], loc: Loc, obj: Obj) -> Iterator[tuple[Loc, Obj]]:
    """A changed object of a module, and the new objects that it refers to."""
    waiting, seen = [(loc, obj)], {loc}
    while waiting:
        current, held = waiting.pop()
        yield current, held
        for part in (*held.parts.values(), held.rest):
            for ref in part.locs():
                inner = heap.get(ref)
                if inner is not None and ref not in seen and ref not in m.base:
                    seen.add(ref)
                    waiting.append((ref, inner))


def _receivers(m: Interpreter, closure: Closure) -> list[Loc | None]:
    """The classes on whose objects a method is analysed: its own, and subclasses that change what it uses."""
    owner = closure.owner
    if owner is None or closure.binding == "static":
        return [None]
    found: list[Loc | None] = [owner]
    used = {node.attr for node in walk(closure.function.body) if isinstance(node, ir.Attribute)}
    for cls in m.classes.below(owner):
        obj = m.base.get(cls)
        if obj is None or closure.function.name in obj.parts:
            continue
        if used & {name for name in obj.parts if isinstance(name, str)} and len(found) < MAX_RECEIVERS:
            found.append(cls)
    return found


def _receiver(m: Interpreter, f: Frame, cls: Loc, root: Root) -> Value:
    """An object of a class as its constructor leaves it, with what other methods may have set since."""
    obj = m.base[cls]
    if root.closure.binding == "class":
        return of_ref(cls)
    self = Loc(f.ctx, ("self", root.closure.unit.name, root.closure.function.at))
    initializer = inheritance.class_part(m, f, cls, "__init__")
    if initializer is None or root.closure.function.name == "__init__":
        f.state.heap[self] = Obj("unknown", cls=cls)
        return of_ref(self)
    f.state.heap[self] = Obj("instance", cls=cls)
    for ref in initializer.locs():
        function = f.state.obj(ref)
        if function is not None and isinstance(function.info, Closure):
            args = unknown_arguments(m, f, function.info, of_ref(self))
            m.call(f, of_ref(ref), args, function.info.function.at)
    if not f.state.reachable:
        f.state = State(m.base)
        f.state.heap[self] = Obj("unknown", cls=cls)
        return of_ref(self)
    made = m.obj(f, self)
    parts = placing.recall(m, cls, made, f.state)
    for name in _set_elsewhere(m, obj):
        held = parts.get(name)
        if held is None or held.constant() is not None:
            parts[name] = join(held or BOTTOM, Value(refs={self.child(name): frozenset()}, unknown=True))
    for name in filled.filled_in(m, obj):
        if filled.held_of(m, parts.get(name), f.state.heap):
            parts[name] = Value(refs={self.child(name): frozenset()}, unknown=True)
    f.state.heap[self] = Obj(made.kind, cls, made.type, parts, made.rest, made.length, made.info)
    return of_ref(self)


def _set_elsewhere(m: Interpreter, cls: Obj) -> dict[str, None]:
    """Attributes that methods other than ``__init__`` assign."""
    return {
        name: None
        for closure, body in bodies.methods(m, cls)
        if closure.function.name != "__init__"
        for name in body.assigned
    }


# The order of roots


def callers_first(m: Interpreter) -> list[Root]:
    """All functions of modules and classes, callers before callees; tests last."""
    roots: list[Root] = []
    for place in sorted(m.functions):
        loc = m.functions[place]
        obj = m.base.get(loc)
        if obj is not None and isinstance(obj.info, Closure):
            roots.append(Root(place, loc, obj.info, obj.info.unit.file.is_test))
    by_name: dict[str, list[int]] = {}
    for index, root in enumerate(roots):
        by_name.setdefault(root.closure.function.name, []).append(index)
        info = info_of(m, root.closure.owner) if root.closure.owner is not None else None
        if info is not None and root.closure.function.name in (
            "__init__",
            "__call__",
            "__enter__",
            "__new__",
        ):
            by_name.setdefault(info.node.name, []).append(index)
    for name, index in _methods_of_given(m, roots):
        by_name.setdefault(name, []).append(index)
    callees = [_callees(root, by_name) for root in roots]
    order = [index for component in _components(callees) for index in sorted(component)]
    chosen = [roots[index] for index in reversed(order)]
    return [r for r in chosen if not r.is_test] + [r for r in chosen if r.is_test]


def _methods_of_given(m: Interpreter, roots: list[Root]) -> Iterator[tuple[str, int]]:
    """Names of classes that are made of something, with their methods: those that make one come first."""
    methods: dict[Loc, list[int]] = {}
    for index, root in enumerate(roots):
        if root.closure.owner is not None:
            methods.setdefault(root.closure.owner, []).append(index)
    for cls in m.classes:
        obj = m.base.get(cls)
        info = obj.info if obj is not None else None
        if not isinstance(info, ClassInfo):
            continue
        own = [index for base in info.order for index in methods.get(base, ())]
        if any(
            roots[index].closure.function.name == "__init__"
            and len(roots[index].closure.function.parameters) > 1
            for index in own
        ):
            yield from ((info.node.name, index) for index in own)


def _callees(root: Root, by_name: dict[str, list[int]]) -> list[int]:
    mentioned: dict[str, None] = {}
    for node in walk(root.closure.function.body):
        if isinstance(node, ir.Name):
            mentioned[node.id] = None
        elif isinstance(node, ir.Attribute):
            mentioned[node.attr] = None
    return [index for name in mentioned for index in by_name.get(name, ())]


def _components(edges: list[list[int]]) -> list[list[int]]:
    """Strongly connected components, callees first (Tarjan 1972, without recursion)."""
    number: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[list[int]] = []
    for start in range(len(edges)):
        if start in number:
            continue
        work: list[tuple[int, Iterator[int]]] = []
        number[start] = low[start] = len(number)
        stack.append(start)
        on_stack.add(start)
        work.append((start, iter(edges[start])))
        while work:
            node, rest = work[-1]
            advanced = False
            for other in rest:
                if other not in number:
                    number[other] = low[other] = len(number)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(edges[other])))
                    advanced = True
                    break
                if other in on_stack:
                    low[node] = min(low[node], number[other])
            if advanced:
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[node])
            if low[node] == number[node]:
                component: list[int] = []
                while True:
                    member = stack.pop()
                    on_stack.discard(member)
                    component.append(member)
                    if member == node:
                        break
                found.append(component)
    return found
