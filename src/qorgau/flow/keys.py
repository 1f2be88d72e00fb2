"""Keys of dicts: which ones are known for certain, and what they are when they are read again.

Besides constants, members of enumerations and tuples of constants are keys of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow.constants import Const
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.values import OPAQUE, External, Ref, Value, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

PLACE = "place"
"""The kind of the object that stands for the position or key that a loop has in hand, and of it as a key."""

OBJECT = "object"
"""The type of the constant that stands for an object which is a key by its identity."""


def is_member(ref: Ref) -> bool:
    """Whether a reference is a member of an enumeration: one object for the whole program."""
    return (
        isinstance(ref, Loc) and isinstance(ref.label, tuple) and ref.label[:1] == ("member",) and not ref.old
    )


def constant_key(m: Machine, f: Frame, key: Value) -> Const | None:
    """The one key that a value is, if it is certain."""
    known = key.constant()
    if known is not None:
        return _as_key(known)
    keys = constant_keys(m, f, key)
    return keys[0] if keys is not None and len(keys) == 1 else None


def _as_key(constant: Const) -> Const:
    """``True`` and ``1.0`` are the same key as ``1``."""
    value = constant.value
    if isinstance(value, bool) or (isinstance(value, float) and value.is_integer()):
        return Const("int", int(value))
    return constant


def place_of(key: Value) -> Const | None:
    """The place that a loop has in hand, if a key is that: a key of the collection it goes over only."""
    for ref in key.refs:
        if isinstance(ref, Loc) and isinstance(ref.label, tuple) and ref.label[0] == PLACE and not ref.old:
            return Const(PLACE, ref)
    return None


def in_hand(obj: Obj, item: Value) -> Const | None:
    """The place that a loop has in hand, if a value is the item at that place of a collection."""
    wanted = item.single()
    for key, part in obj.parts.items() if wanted is not None else ():
        if isinstance(key, Const) and key.type == PLACE and part.single() == wanted:
            return key
    return None


def constant_keys(m: Machine, f: Frame, key: Value) -> list[Const] | None:
    """All keys that a value can be; None where it can be another."""
    if key.unknown or key.opaque or key.taints or (not key.consts and not key.refs):
        return None
    found = [_as_key(constant) for constant in key.consts]
    for ref in key.refs:
        one = _of_ref(m, f, ref)
        if one is None:
            return None
        found.append(one)
    return found


def _of_ref(m: Machine, f: Frame, ref: Ref) -> Const | None:
    if isinstance(ref, Loc) and is_member(ref):
        held = of_member(f, ref) if is_plain(f, ref) else None
        return Const(OBJECT, ref) if held is None else _as_key(held)
    if isinstance(ref, External):
        return Const(OBJECT, ref)
    obj = f.state.obj(ref) if isinstance(ref, Loc) else None
    if obj is None or not isinstance(ref, Loc):
        return None
    if obj.kind == "class" or (obj.kind == "function" and ref.parent is None):
        return Const(OBJECT, ref)
    if obj.kind == "tuple" and obj.length is not None:
        items = [constant_key(m, f, value) for _, value in obj.items()]
        if len(items) == obj.length and all(item is not None for item in items):
            return Const("tuple", tuple(item for item in items if item is not None))
    return None


def value_of(m: Machine, f: Frame, key: Const, at: int) -> Value:
    """The value that a known key is."""
    if key.type in (OBJECT, PLACE):
        return of_ref(key.value) if isinstance(key.value, Loc | External) else OPAQUE
    if key.type == "tuple" and isinstance(key.value, tuple):
        items = [value_of(m, f, item, at) for item in key.value if isinstance(item, Const)]
        return m.sequence(f, at, "tuple", items, None, f"key{key.value!r}")
    return of_const(key.value)


def of_member(f: Frame, ref: Ref) -> Const | None:
    """The constant that a member of an enumeration was declared with."""
    obj = f.state.obj(ref) if isinstance(ref, Loc) and is_member(ref) else None
    value = obj.parts.get("value") if obj is not None else None
    return value.constant() if value is not None else None


def plain(f: Frame, value: Value) -> Value:
    """A member of an enumeration of texts or numbers as the text or number that it is; other values as they are."""
    loc = value.single() if value.refs else None
    if loc is None or not is_member(loc) or not is_plain(f, loc):
        return value
    held = of_member(f, loc)
    return value if held is None else of_const(held.value)


def is_plain(f: Frame, ref: Loc) -> bool:
    """Whether a member equals its value: those of ``StrEnum``, ``IntEnum`` and ``class E(str, Enum)`` do."""
    obj = f.state.obj(ref)
    cls = f.state.obj(obj.cls) if obj is not None and obj.cls is not None else None
    libraries = getattr(cls.info, "libraries", ()) if cls is not None else ()
    return bool(
        {"enum.StrEnum", "enum.IntEnum", "enum.IntFlag", "builtins.str", "builtins.int"} & set(libraries)
    )


def are_constants(m: Machine, f: Frame, value: Value) -> bool:
    """Whether a value is a filled collection of nothing but constants."""
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    if obj is None or obj.kind not in ("tuple", "list", "set") or not obj.length or value.unknown:
        return False
    return all(part.constant() is not None for _, part in obj.items())


def texts_among(m: Machine, f: Frame, value: Value) -> Value | None:
    """Any one of the texts that a collection holds; None where it holds something else, or too many to be told."""
    loc = value.single()
    if loc is None or not are_constants(m, f, value):
        return None
    one = join_all(part for _, part in m.obj(f, loc).items())
    return (
        one
        if one.consts and all(isinstance(each.value, str) for each in one.consts) and not one.opaque
        else None
    )


def row(m: Machine, f: Frame, value: Value) -> tuple[object, ...] | list[object] | None:
    """The Python tuple or list that a value is, if all its items are known constants."""
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    if obj is None or obj.kind not in ("tuple", "list") or obj.length is None:
        return None
    items = [part.constant() for _, part in obj.items()]
    if len(items) != obj.length or any(item is None for item in items):
        return None
    found = [item.value for item in items if item is not None]
    return tuple(found) if obj.kind == "tuple" else found
