"""What unknown code hands on to its result of what it is given (spec section 3).

It may hand on anything. A datum itself is likely to come back; of an object that has the datum, the result
as a whole is likely to have it too, a named part of the result hardly (``naming.of_part``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import containers, held_data, inheritance, origins
from qorgau.flow.heap import Obj
from qorgau.flow.machine import Frame
from qorgau.flow.taints import Taint, Taints
from qorgau.flow.values import Value

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

ASKED = ("GET", "query_params", "path_params", "view_args", "match_info")
"""Attributes that nothing but a request of a framework has."""

FAR = 2
"""As many unknown calls as make a datum one of low confidence."""


def handed(m: Machine, f: Frame, value: Value, at: int, *, on_it: bool, known: bool) -> list[Taint]:
    """The data of an argument, or of what is called on (``on_it``), one unknown call later.

    Code of the project that is not followed any further (``known``) is not said to hand on whole objects: of
    what it is given, only a datum itself is likely to come back.
    """
    held = value.taints if known else held_data.contents(m, f, value, at)
    if not held:
        return []
    whole = _itself(f, value)
    # Of a request or a context, what somebody has left in it is not what is asked for.
    far = _is_asked(value) if on_it else _is_surrounding(m, f, value)
    found: list[Taint] = []
    for taint in held:
        if on_it and taint.calls and not taint.within:
            # What an unknown object gives of the datum that it was given is one piece of unknown code.
            calls = taint.calls
        else:
            calls = FAR if far and taint not in value.taints else min(taint.calls + 1, FAR)
        found.append(replace(taint, calls=calls, within=taint.within or taint not in whole))
    return found


def hardly(value: Value) -> Value:
    """A value of which it is unlikely that it has what was only within something that unknown code was given.

    The text of an object, say, on which methods were called with whole persons.
    """
    return value.map_taints(lambda taint: replace(taint, calls=FAR) if taint.within else taint)


def _itself(f: Frame, value: Value) -> Taints:
    """What a value is, or its items are; what lies deeper is something that they have."""
    whole = value.taints
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is not None and obj.kind in containers.SEQUENCES:
            whole = whole.union(obj.rest.taints, *(part.taints for _, part in obj.items()))
    return whole


def _is_asked(value: Value) -> bool:
    """Whether a value is a request: its methods tell what was sent, not what middleware has put on it."""
    held = value.locs()
    return bool(held) and all(origins.is_request(loc) for loc in held)


def _is_surrounding(m: Machine, f: Frame, value: Value) -> bool:
    """Whether a value is only objects of which nothing is known but what was put into them, or requests."""
    held = [f.state.obj(loc) for loc in value.locs()]
    return bool(held) and all(obj is not None and (_is_bare(obj) or _is_request(m, f, obj)) for obj in held)


def _is_bare(obj: Obj) -> bool:
    return obj.kind == "unknown" and obj.cls is None and not obj.type


def _is_request(m: Machine, f: Frame, obj: Obj) -> bool:
    """Whether an object is of a framework's class of requests, or of a class of the project that is one."""
    libraries = inheritance.class_libraries(m, f, obj.cls) if obj.cls is not None else (obj.type,)
    rows = [m.policy.catalog.attribute(f"{library}.{name}") for library in libraries for name in ASKED]
    return any(row is not None and row.source == origins.REQUEST for row in rows)
