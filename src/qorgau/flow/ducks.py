"""Methods and properties of the program that ask for consent, on objects whose class is not known.

``client.demand()`` of an argument without annotation: where one class of the program has a method of that
name, and it speaks of a check of the configuration, that method is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from qorgau import ir
from qorgau.flow import bodies
from qorgau.flow.facts import CHECKS, NO_FACTS, Facts
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Closure, Frame
from qorgau.flow.values import Bound, Value
from qorgau.linking import walk

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


class Ducks(NamedTuple):
    """The functions of methods and of properties by their names.

    ``persons`` are the methods of persons that the configuration lists, by their last names: ``Guest.accepts``.
    """

    methods: dict[str, Loc]
    properties: dict[str, Loc]
    persons: dict[str, tuple[str, ...]]


NONE = Ducks({}, {}, {})


def of_program(m: Machine) -> Ducks:
    """Those of the program; none while its modules are still being run."""
    if m.initializing:
        return NONE
    if m.ducks is None:
        m.ducks = _found(m)
    return m.ducks


def method(m: Machine, f: Frame, receiver: Value, name: str, args: Args, at: int) -> Value | None:
    """What a method of an unknown object gives that is one of the program's; None for others."""
    function = of_program(m).methods.get(name)
    if function is None:
        return None
    return m.call(f, Value(refs={Bound(function, receiver): NO_FACTS}), args, at)


def asked_of_person(m: Machine, name: str) -> tuple[str, ...]:
    """The methods of persons that check, of this name, which that of an unknown object is taken for."""
    return of_program(m).persons.get(name, ())


def told(m: Machine, f: Frame, loc: Loc, name: str, at: int) -> Facts:
    """The checks that hold where an attribute of an unknown object is true, which is a property of the program's."""
    function = of_program(m).properties.get(name)
    if function is None:
        return NO_FACTS
    before, f.state = f.state, f.state.copy()
    receiver = Value(refs={loc: NO_FACTS}, unknown=True)
    answer = m.call(f, Value(refs={Bound(function, receiver): NO_FACTS}), Args(), at)
    found = (m.truth(f, answer, True) or NO_FACTS) if f.state.reachable else NO_FACTS
    f.state = before
    return frozenset(fact for fact in found if fact.kind in CHECKS)


def _found(m: Machine) -> Ducks:
    words = m.policy.asking
    methods: dict[str, set[Loc]] = {}
    properties: dict[str, set[Loc]] = {}
    names: dict[str, int] = {}
    for cls in m.classes if words else ():
        obj = m.base.get(cls)
        for name, part in obj.parts.items() if obj is not None else ():
            if isinstance(name, str) and not name.startswith(("_", "$", "@")):
                names[name] = names.get(name, 0) + 1
                for kind, function in _functions(m, part):
                    kept = methods if kind == "function" else properties
                    if _mentions(m, function, words) and name not in words:
                        kept.setdefault(name, set()).add(function)
    persons = {name: _of_persons(m, patterns) for name, patterns in m.policy.asking_methods.items()}
    return Ducks(_single(methods, names), _single(properties, names), persons)


def _of_persons(m: Machine, patterns: Iterable[str]) -> tuple[str, ...]:
    """The patterns whose class in the program has personal data: what it is asked, persons are asked."""
    return tuple(
        pattern
        for pattern in patterns
        if any(_is_person(m, cls) for cls in m.classes.named(pattern.split(".")[-2]))
    )


def _is_person(m: Machine, cls: Loc) -> bool:
    info = m.base[cls].info if cls in m.base else None
    for base in info.order if isinstance(info, ClassInfo) else ():
        obj = m.base.get(base)
        own = obj.info.declared if obj is not None and isinstance(obj.info, ClassInfo) else ()
        set_up = [name for _, body in bodies.methods(m, obj) for name in body.assigned] if obj else []
        if any(m.policy.fields_of(name) for name in (*own, *set_up)):
            return True
    return False


def _single(found: dict[str, set[Loc]], names: dict[str, int]) -> dict[str, Loc]:
    return {name: next(iter(locs)) for name, locs in found.items() if len(locs) == 1 and names[name] == 1}


def _functions(m: Machine, part: Value) -> Iterator[tuple[str, Loc]]:
    for loc in part.locs():
        obj = m.base.get(loc)
        if obj is not None and obj.kind == "function":
            if isinstance(obj.info, Closure) and obj.info.binding == "plain":
                yield "function", loc
        elif obj is not None and obj.kind == "property":
            yield from (("property", getter) for getter in _getters(obj))


def _getters(obj: Obj) -> Iterator[Loc]:
    if "fget" in obj.parts:
        yield from obj.parts["fget"].locs()


def _mentions(m: Machine, function: Loc, words: frozenset[str]) -> bool:
    obj = m.base.get(function)
    body = obj.info.function.body if obj is not None and isinstance(obj.info, Closure) else ()
    for node in walk(body):
        match node:
            case ir.Name(id=name) | ir.Attribute(attr=name):
                if name in words:
                    return True
    return False
