"""Where the clients stand that objects of a class are made with somewhere in the program.

A method that nothing calls is judged on an object of its class. What the class is given where the
program makes one (a session, a bucket) is what that object has, as far as its place goes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import inheritance
from qorgau.flow.found import Found
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.places import Site
from qorgau.flow.state import State
from qorgau.flow.values import Bound, Value, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

HOLDERS = frozenset(("app", "application", "state", "ctx", "extensions"))
"""What the objects are called in which a program keeps its clients from start to end (``request.app``)."""

MAX_WITHIN = 2
"""Helpers within helpers that an object is equipped with."""

EQUIPPED = "$equipped"
"""The part of an unknown object that stands for one as its constructor leaves it."""


def remember(m: Machine, f: Frame, cls: Loc, made: Loc) -> None:
    """An object was made: note the texts and the places of clients that it holds, for its class and its bases."""
    info = m.class_info(f, cls)
    obj = f.state.obj(made)
    if info is None or obj is None or obj.kind != "instance":
        return
    for name, value in obj.parts.items():
        if not isinstance(name, str) or name[:1] in "$@":
            continue
        known = _known(f, value)
        if known is not None:
            for base in info.order:
                m.tell_place((base, name), known)


def _known(f: Frame, value: Value) -> Site | Value | None:
    """What of a value holds for other objects: where a client stands, or the text that a setting is."""
    loc = value.single()
    held = f.state.obj(loc) if loc is not None else None
    if held is not None and held.kind == "library" and isinstance(held.info, Site):
        return held.info
    if value.consts and not (value.refs or value.unknown or value.taints) and any(value.texts()):
        return Value(consts=value.consts, opaque=True)
    return None


def recall(m: Machine, cls: Loc, obj: Obj, state: State) -> dict[Key, Value]:
    """The parts of an object made of nothing known, with what objects of its class have elsewhere."""
    parts = dict(obj.parts)
    for name, value in obj.parts.items():
        known = m.place_of((cls, name)) if isinstance(name, str) else None
        loc = value.single()
        held = state.obj(loc) if loc is not None else None
        if isinstance(known, Value) and held is None and value.unknown and not value.taints:
            parts[name] = known
        elif isinstance(known, Site) and loc is not None and held is not None and held.type:
            if not isinstance(held.info, Site) or held.info.untold:
                state.heap[loc] = replace(held, kind="library", info=known)
    return parts


def equip(m: Machine, f: Frame, cls: Loc, loc: Loc, args: Args) -> None:
    """Give an object of a class that somebody else made the clients and texts that its constructor sets up.

    ``args`` are unknown arguments of the constructor. All else of the object stays unknown: whose data
    it holds is told by the object itself.
    """
    initializer = inheritance.class_part(m, f, cls, "__init__")
    made = loc.child(EQUIPPED)
    before, f.state = f.state, f.state.copy()
    f.state.heap[made] = Obj("instance", cls=cls)
    for ref in initializer.locs() if initializer is not None else ():
        m.call(f, of_ref(Bound(ref, of_ref(made))), args, 0)
    after, f.state = f.state, before
    obj = after.obj(made) if after.reachable else None
    if obj is None:
        return
    parts = _equipment(m, f, after, cls, obj, MAX_WITHIN)
    told = f.state.obj(loc)
    if told is not None and "$generic" in told.parts:
        parts["$generic"] = told.parts["$generic"]
    f.state.heap[loc] = Obj("unknown", cls=cls, parts=parts)


def _equipment(m: Machine, f: Frame, after: State, cls: Loc, obj: Obj, depth: int) -> dict[Key, Value]:
    """The clients, texts and helpers that a constructor has set up."""
    parts: dict[Key, Value] = {}
    for name, value in recall(m, cls, obj, after).items():
        made = _made(after, value)
        held = after.obj(made) if made is not None else None
        if made is not None and held is not None and held.kind == "library":
            f.state.heap[made] = Obj("library", type=held.type, info=held.info)
            parts[name] = of_ref(made)
        elif made is not None and held is not None and held.cls is not None:
            if depth and isinstance(name, str) and not m.takes_fields(f, held.cls):
                inner = _equipment(m, f, after, held.cls, held, depth - 1)
                f.state.heap[made] = Obj("unknown", cls=held.cls, parts=inner)
                parts[name] = of_ref(made, unknown=True)
        elif value.consts and any(value.texts()) and not (value.unknown or value.refs or value.taints):
            parts[name] = value
    return parts


def _made(state: State, value: Value) -> Loc | None:
    """The object that a constructor makes, also where it may be given one: ``session or requests.Session()``."""
    locs = value.locs()
    made = [loc for loc in locs if _is_made(state.obj(loc))]
    given = [state.obj(loc) for loc in locs if loc not in made]
    if len(made) != 1 or len(locs) != len(value.refs):
        return None
    return made[0] if all(obj is None or obj.kind == "unknown" for obj in given) else None


def _is_made(obj: Obj | None) -> bool:
    if obj is None:
        return False
    return bool(obj.type) if obj.kind == "library" else obj.kind == "instance" and obj.cls is not None


def share(m: Machine, f: Frame, holder: Loc, name: str, new: Value) -> None:
    """A client is put into the state of an application: it is there wherever that is read."""
    loc = new.single()
    held = f.state.obj(loc) if loc is not None else None
    if held is not None and held.kind == "library" and isinstance(held.info, Site) and _is_holder(holder):
        m.share_client(name, held)


def shared(m: Machine, holder: Loc, name: str) -> Obj | None:
    """The client that an application keeps under a name; one that is not known yet is remembered as wanted."""
    if not _is_holder(holder):
        return None
    found = m.shared_client(name)
    if found is None:
        m.found.wanted.add(name)
    return found


def _is_holder(loc: Loc) -> bool:
    label = loc.label
    name = label if isinstance(label, str) else label[-1] if isinstance(label, tuple) and label else ""
    return name in HOLDERS


def missed(m: Machine, founds: Iterable[Found]) -> frozenset[str]:
    """The names under which clients were read before they were known: what reads them is to be followed again."""
    return frozenset(name for found in founds for name in found.wanted if name in m.shared_clients)
