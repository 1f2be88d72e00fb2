"""Objects of which nothing is known but a name: the class of the program that is likely meant by it.

``self.mailer.send_welcome(client.phone)`` in a class that is given its mailer: where the program has a class
``Mailer``, or one class alone has a method ``send_welcome``, what is called is followed with the data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from qorgau.flow import data_sources, inheritance, injection, origins, placing, raising
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Closure, Frame
from qorgau.flow.values import Value, of_ref
from qorgau.names import fold

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

MAX_ALIKE = 5
"""Classes with a method of one name that are taken for one family."""


class Colleagues(NamedTuple):
    """The classes of the program, tests aside, by their folded names and by their methods."""

    named: dict[str, Loc]
    having: dict[str, Loc]


NONE = Colleagues({}, {})


def method(
    m: Machine, f: Frame, loc: Loc | None, receiver: Value, name: str, args: Args, at: int
) -> Value | None:
    """What a method of an unknown object makes of personal data, where its class can be guessed; None elsewhere."""
    cls = _meant(m, f, loc, name)
    if cls is None or any(origins.of_loc(each) for each in receiver.locs()):
        return None
    if not any(m.contents(f, value) for value in args.all()):
        return None
    return m.call_method(f, _made(m, f, cls, at), name, args, at)


def _made(m: Machine, f: Frame, cls: Loc, at: int) -> Value:
    """An object of a class as its constructor leaves it, of which all else is unknown."""
    loc = m.fresh(f, at, "colleague")
    made = of_ref(loc)
    f.state.heap[loc] = Obj("instance", cls=cls)
    before = f.state.copy()
    initializer = inheritance.class_part(m, f, cls, "__init__")
    with raising.swallowed(f):
        for ref in initializer.locs() if initializer is not None else ():
            function = f.state.obj(ref)
            if function is not None and isinstance(function.info, Closure):
                m.call(f, of_ref(ref), injection.unknown_arguments(m, f, function.info, made), at)
    if not f.state.reachable:
        f.state = before
    obj = m.obj(f, loc)
    f.state.heap[loc] = replace(obj, kind="unknown", parts=placing.recall(m, cls, obj, f.state))
    return made.with_(unknown=True)


def _meant(m: Machine, f: Frame, loc: Loc | None, name: str) -> Loc | None:
    known = of_program(m)
    label = fold(data_sources.label_of(loc)) if loc is not None else ""
    m.base.note(name_of_class(label))
    m.base.note(name_of_method(name))
    cls = known.named.get(label) if label else None
    if cls is not None and inheritance.class_part(m, f, cls, name) is not None:
        return cls
    # A name of one word is that of too many methods of libraries.
    return known.having.get(name) if "_" in name.strip("_") else None


def name_of_class(label: str) -> Loc:
    """What the classes of a name are looked for by."""
    return Loc(None, ("named", label))


def name_of_method(name: str) -> Loc:
    """What the classes that have a method of this name are looked for by."""
    return Loc(None, ("having", name))


def of_program(m: Machine) -> Colleagues:
    """The classes of the program by the names that objects of theirs have; none while modules are being run."""
    if m.initializing:
        return NONE
    if m.colleagues is None:
        m.colleagues = _found(m)
    return m.colleagues


def _found(m: Machine) -> Colleagues:
    named: dict[str, list[Loc]] = {}
    having: dict[str, list[Loc]] = {}
    for cls in m.classes:
        obj = m.base.get(cls)
        if obj is None or not isinstance(obj.info, ClassInfo) or obj.info.unit.file.is_test:
            continue
        named.setdefault(fold(obj.info.node.name), []).append(cls)
        for name, part in obj.parts.items():
            if isinstance(name, str) and name[:1] not in "_$@" and _is_method(m, part):
                having.setdefault(name, []).append(cls)
    return Colleagues(
        {name: found[0] for name, found in named.items() if len(found) == 1},
        {name: first for name, found in having.items() if (first := _first(m, found)) is not None},
    )


def _is_method(m: Machine, part: Value) -> bool:
    for loc in part.locs():
        obj = m.base.get(loc)
        if obj is not None and isinstance(obj.info, Closure):
            return obj.kind == "function" and obj.info.binding == "plain"
    return False


def _first(m: Machine, classes: list[Loc]) -> Loc | None:
    """The class from which all the others inherit; None where they are no family."""
    if len(classes) > MAX_ALIKE:
        return None
    infos = [obj.info for cls in classes if (obj := m.base.get(cls)) is not None]
    orders = [info.order for info in infos if isinstance(info, ClassInfo)]
    return next((cls for cls in classes if all(cls in order for order in orders)), None)
