"""What functions ask of a program as a whole, and not of any object in particular.

Two programs with like overviews differ in functions and in objects of modules only: what looked at none of these
is the same in both (``earlier``).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import TypeVar

import msgspec

from qorgau import ir
from qorgau.flow import applications, bodies, colleagues, declared_types, deletions, ducks, gates, middleware
from qorgau.flow.declarations import info_of
from qorgau.flow.frozen import digest_of
from qorgau.flow.heap import Obj
from qorgau.flow.interpreter import Interpreter
from qorgau.flow.locations import Loc
from qorgau.flow.machine import ClassInfo
from qorgau.flow.modules import names_in, text_of
from qorgau.flow.values import Ref, Value
from qorgau.flow.watched import Place
from qorgau.linking import Unit

Asked = TypeVar("Asked")


class Overview(msgspec.Struct):
    """A program after its modules have run.

    ``names`` are those by which functions and classes are known, ``asked`` the classes that unknown objects are taken
    for by what they are asked for by (``colleagues``), ``classes`` what is read off their methods. ``near`` are the
    functions that can matter (``relevance``), ``bare`` is what each module says besides functions and classes,
    ``defined`` the names of these. All else is for comparison only.
    """

    names: dict[Ref, tuple[str, ...]]
    asked: dict[Loc, Loc]
    classes: dict[Loc, Hashable]
    near: frozenset[Place]
    bare: dict[str, str]
    defined: dict[str, tuple[str, ...]]
    wrapped: dict[Place, Value]
    reverse: dict[tuple[str, str], Obj]
    told: Hashable


def overview(m: Interpreter) -> Overview:
    """The overview of a program. ``m`` has run its modules, and nothing else yet."""
    return Overview(
        names={ref: tuple(names) for ref, names in m.exports.items()},
        asked=_asked(m),
        classes={cls: _made_of(m, obj, info) for cls, obj, info in _classes(m)},
        near=m.near(),
        bare={unit.name: digest_of(_bare(unit)) for unit in m.program.files},
        defined={unit.name: _defined(unit) for unit in m.program.files},
        wrapped=dict(m.wrapped),
        reverse=dict(m.reverse),
        told=tuple(_told(m)),
    )


def _asked(m: Interpreter) -> dict[Loc, Loc]:
    found = colleagues.of_program(m)
    named = {colleagues.name_of_class(label): cls for label, cls in found.named.items()}
    having = {colleagues.name_of_method(name): cls for name, cls in found.having.items()}
    return {**named, **having}


def _told(m: Interpreter) -> Iterator[Hashable]:
    yield m.is_selective
    for cls, _, info in _classes(m):
        held = [one for one in info.node.body if not isinstance(one, ir.Define)]
        yield (cls, info.order, info.libraries, info.declared, info.opaque_base, info.marks, digest_of(held))
    yield tuple((cls, name, digest_of(node)) for (cls, name), node in m.annotations.items())
    yield tuple((module, *stars) for module, stars in m.star_imports.items())
    yield tuple(m.metaclasses)
    yield tuple(sorted(m.scheduled))
    yield tuple(gates.befores(m))
    yield digest_of(_plain(applications.of_program(m).parts()))
    yield digest_of(_plain(deletions.of_program(m))) if m.policy.erases and m.program.units else ""
    yield digest_of(_plain(middleware.of_settings(m)))
    yield digest_of(_plain(ducks.of_program(m)))


def _classes(m: Interpreter) -> Iterator[tuple[Loc, Obj, ClassInfo]]:
    for cls in m.classes:
        obj = m.base.unwatched(cls)
        if obj is not None and isinstance(obj.info, ClassInfo):
            yield cls, obj, obj.info


def _made_of(m: Interpreter, obj: Obj, info: ClassInfo) -> Hashable:
    """What is read off the methods of a class without calling them."""
    held = [(body.assigned, body.filled) for _, body in bodies.methods(m, obj)]
    return digest_of([list(map(str, obj.parts)), held, declared_types.set_up_by(info)])


def _bare(unit: Unit) -> list[ir.Stmt]:
    """What else stands in a module than functions and classes, which are objects of it as well."""
    return [one for one in unit.module.body if not isinstance(one, ir.Define | ir.Class)]


def _defined(unit: Unit) -> tuple[str, ...]:
    definitions = (
        one.function if isinstance(one, ir.Define) else one
        for one in unit.module.body
        if isinstance(one, ir.Define | ir.Class)
    )
    return tuple(one.name for one in definitions)


def _plain(what: object) -> object:
    """Tuples, dicts and nodes of code, with modules by their names and locations by their texts."""
    if isinstance(what, Unit):
        return what.name
    if isinstance(what, Loc):
        return repr(what)
    if isinstance(what, dict):
        return [(_plain(key), _plain(held)) for key, held in what.items()]
    if isinstance(what, tuple | list):
        return [_plain(each) for each in what]
    return what


# What differs


def differing(
    before: Overview, now: Overview, m: Interpreter
) -> tuple[frozenset[Loc], frozenset[Place]] | None:
    """The locations and the functions of which something else is known than before; None where all may be other."""
    if before.told != now.told or before.reverse != now.reverse or before.bare.keys() != now.bare.keys():
        return None
    locs: set[Loc] = set()
    for ref in _unlike(before.names, now.names):
        if not isinstance(ref, Loc):
            return None
        locs.add(ref)
    locs.update(_unlike(before.asked, now.asked))
    for cls in _unlike(before.classes, now.classes):
        info = info_of(m, cls)
        locs.update((cls, *m.classes.below(cls), *(info.order if info is not None else ())))
    places = set(_unlike(before.wrapped, now.wrapped))
    for place in before.near ^ now.near:
        around = _around(m, place)
        places.add(around)
        if around in m.functions:
            locs.add(m.functions[around])
    changed = {name for name, said in now.bare.items() if before.bare[name] != said}
    locs.update(map(text_of, changed))
    locs.update(map(names_in, (*changed, *_unlike(before.defined, now.defined))))
    locs.update(loc for place, loc in m.functions.items() if place[0] in changed)
    return frozenset(locs), frozenset(places)


def _unlike(before: Mapping[Asked, object], now: Mapping[Asked, object]) -> list[Asked]:
    return [key for key in {**before, **now} if before.get(key) != now.get(key)]


def _around(m: Interpreter, place: Place) -> Place:
    """The function of a module or a class that a function stands in: the last that begins before it."""
    unit, at = place
    begins = [number for name, number in m.functions if name == unit and number <= at]
    return (unit, max(begins, default=at))
