"""Modules as values: running their bodies once, and finding what an import names.

A module's variables are cells of their own, so that a function that writes one global changes
one cell. Each body runs once over a fresh state; what it leaves is the base that all later
runs share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow.found import Found
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Frame
from qorgau.flow.state import State
from qorgau.flow.values import UNKNOWN, Bound, Builtin, External, Value, join, of_const, of_ref
from qorgau.linking import Unit

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


MODULE_BUDGET = 20_000
"""Statements that the body of a module may take: what it defines is wanted everywhere."""


def module_loc(dotted: str) -> Loc:
    """The identity of a module."""
    return Loc(None, ("module", dotted))


def names_in(dotted: str) -> Loc:
    """What the names that a module binds are asked for by."""
    return Loc(module_loc(dotted), ("names",))


def text_of(dotted: str) -> Loc:
    """What the statements of a module are read by that are no functions and no classes."""
    return Loc(module_loc(dotted), ("text",))


def cell(module: str, name: str) -> Loc:
    """The identity of a module's variable."""
    return Loc(module_loc(module), name)


def initialize(m: Machine, unit: Unit) -> None:
    """Run a module's body, once."""
    loc = module_loc(unit.name)
    if loc in m.base:
        return
    m.base[loc] = Obj("module", info=unit.name)
    ctx = Loc(None, ("init", unit.name))
    frame = Frame(unit, State(m.base), ctx, kind="module", loc=loc)
    m.initializing[unit.name] = frame
    frame.state.heap[cell(unit.name, "__name__")] = Obj(
        "cell", rest=join(of_const(unit.name), of_const("__main__"))
    )
    # An import runs another module in the middle of this one, or of a function: each has a budget of its
    # own, and what it defines is defined at the top of a module.
    around, m.found = m.found, Found(MODULE_BUDGET)
    active, m.active = m.active, {}
    decorating, m.decorating = m.decorating, False
    try:
        m.execute(frame, unit.module.body)
    finally:
        around.add(m.found, m.found.arrivals)
        m.found, m.active, m.decorating = around, active, decorating
    del m.initializing[unit.name]
    state = frame.state
    for other in frame.raises:
        state = m.join_states(state, other)
    if unit.name in m.program.developer_settings:
        # They change settings in place that production goes on using.
        for place, obj in state.heap.items():
            m.base.setdefault(place, obj)
    else:
        m.base.update(state.heap)


def import_module(m: Machine, f: Frame, dotted: str) -> Value:
    """``import dotted``: a module of the program, or one of a library."""
    found = m.locate(f, dotted)
    if found is None:
        return of_ref(External(m.policy.catalog.canonical(dotted)))
    ensure(m, found)
    return of_ref(module_loc(found))


def ensure(m: Machine, dotted: str) -> None:
    """Run the module and the packages around it, if they are files."""
    parts = dotted.split(".")
    for end in range(1, len(parts) + 1):
        name = ".".join(parts[:end])
        unit = m.program.units.get(name)
        if unit is not None:
            initialize(m, unit)
        elif m.program.is_folder(name):
            m.base.setdefault(module_loc(name), Obj("module", info=name))


def import_name(m: Machine, f: Frame, dotted: str, name: str, at: int) -> Value:
    """``from dotted import name``"""
    found = m.locate(f, dotted)
    if found is None:
        external = External(m.policy.catalog.canonical(f"{dotted}.{name}"))
        return m.library_attribute(f, External(m.policy.catalog.canonical(dotted)), name, at, found=external)
    ensure(m, found)
    return module_part(m, f, module_loc(found), name, at)


def import_star(m: Machine, f: Frame, dotted: str, at: int) -> None:
    """``from dotted import *``"""
    found = m.locate(f, dotted)
    if found is None:
        m.star_imports.setdefault(f.unit.name, []).append(dotted)
        return
    ensure(m, found)
    target = module_loc(found)
    cells = {
        str(loc.label): obj
        for heap in (m.base, _partial(m, found), f.state.heap)
        for loc, obj in heap.items()
        if obj.kind == "cell" and loc.parent == target
    }
    wanted = cells.get("__all__")
    names = [name for name in cells if not name.startswith("_")]
    if wanted is not None:
        listed = m.iterate(f, wanted.rest, at).items
        if listed is not None:
            names = [text for item in listed for text in item.texts()]
    for name in names:
        m.store(f, name, module_part(m, f, target, name, at), at)
    m.star_imports.setdefault(f.unit.name, []).extend(m.star_imports.get(found, []))


def names_of(m: Machine, f: Frame, loc: Loc) -> list[str]:
    """The names that a module of the program binds."""
    dotted = str(loc.label[1]) if isinstance(loc.label, tuple) else ""
    m.base.note(names_in(dotted))
    found: dict[str, None] = {}
    for heap in (m.base, _partial(m, dotted), f.state.heap):
        found.update(
            {
                str(place.label): None
                for place, obj in heap.items()
                if place.parent == loc and obj.kind == "cell"
            }
        )
    return list(found)


def _partial(m: Machine, dotted: str) -> dict[Loc, Obj]:
    frame = m.initializing.get(dotted)
    return frame.state.heap if frame is not None else {}


def module_part(m: Machine, f: Frame, loc: Loc, name: str, at: int) -> Value:
    """``module.name``"""
    label = loc.label
    dotted = str(label[1]) if isinstance(label, tuple) else ""
    place = Loc(loc, name)
    found = f.state.obj(place)
    if found is None:
        found = _partial(m, dotted).get(place)
        if found is not None and dotted in m.initializing and m.initializing[dotted] is not f:
            m.adopt(f, found.rest, m.initializing[dotted])
    if found is not None:
        return found.rest
    if m.program.has(f"{dotted}.{name}"):
        ensure(m, f"{dotted}.{name}")
        return of_ref(module_loc(m.program.proper(f"{dotted}.{name}")))
    getter = f.state.obj(Loc(loc, "__getattr__"))
    if getter is not None and not name.startswith("__"):
        return m.call(f, getter.rest, Args([of_const(name)]), at)
    for star in m.star_imports.get(dotted, []):
        return of_ref(External(m.policy.catalog.canonical(f"{star}.{name}")))
    if name == "__name__":
        return of_const(dotted)
    if dotted in m.initializing:
        # An import cycle: the name is looked up again when it is used.
        return Value(refs={place: frozenset()}, unknown=True)
    return UNKNOWN


def resolve_cells(m: Machine, f: Frame, value: Value) -> Value:
    """A value in which names taken from half-run modules are looked up again."""
    for ref in value.refs:
        if isinstance(ref, Loc) and ref.parent is not None and isinstance(ref.parent.label, tuple):
            if ref.parent.label[:1] == ("module",):
                obj = f.state.obj(ref)
                if obj is not None and obj.kind == "cell":
                    return obj.rest
    return value


def set_module_part(m: Machine, f: Frame, loc: Loc, name: str, value: Value, strong: bool) -> None:
    """Write a module's variable."""
    place = Loc(loc, name)
    old = f.state.obj(place)
    if not strong and old is not None:
        value = join(old.rest, value)
    f.state.heap[place] = Obj("cell", rest=value)


def locate(m: Machine, f: Frame, dotted: str) -> str | None:
    """The module of the program that a dotted name means from within a file.

    A script imports what lies beside it by its bare name, so that is looked for as well.
    """
    dotted = f.unit.nearer.get(dotted, dotted)
    if m.program.has(dotted):
        return m.program.proper(dotted)
    package = f.unit.package
    beside = f"{package}.{dotted}" if package else ""
    if beside and m.program.has(beside) and not m.policy.catalog.knows_package(dotted.partition(".")[0]):
        return m.program.proper(beside)
    return None


def adopt(f: Frame, value: Value, source: Frame) -> None:
    """Copy the objects behind a value from a half-run module's state into this one."""
    waiting = list(value.refs)
    seen: set[Loc] = set()
    while waiting:
        ref = waiting.pop()
        if isinstance(ref, Bound):
            waiting += [ref.function, *ref.receiver.refs]
        elif isinstance(ref, Builtin):
            waiting += ref.receiver.refs
        if not isinstance(ref, Loc) or ref in seen:
            continue
        seen.add(ref)
        obj = source.state.heap.get(ref)
        if obj is None or f.state.obj(ref) is not None:
            continue
        f.state.heap[ref] = obj
        for part in (*obj.parts.values(), obj.rest):
            waiting += part.refs
        if obj.cls is not None:
            waiting.append(obj.cls)
        if isinstance(obj.info, ClassInfo):
            waiting += obj.info.order


def has_part(m: Machine, f: Frame, dotted: str, name: str) -> bool:
    """Whether a module of the program binds a name."""
    place = cell(dotted, name)
    return f.state.obj(place) is not None or place in _partial(m, dotted)
