"""Objects of classes that extend ``str``, ``bytes`` or a number: what they hold is what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow.heap import DATA, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.values import BOTTOM, NO_REFS, Value, join_all, stamp

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

SCALARS = frozenset(("builtins.str", "builtins.bytes", "builtins.int", "builtins.float"))


def extends(m: Machine, f: Frame, cls: Loc) -> bool:
    """Whether a class extends a text or a number and is no enumeration."""
    info = m.class_info(f, cls)
    if info is None or not SCALARS & set(info.libraries):
        return False
    return not any(library.startswith("enum.") or library.endswith("Choices") for library in info.libraries)


def made(m: Machine, f: Frame, obj: Obj, args: Args, at: int) -> Obj:
    """A new object of such a class, with what it was made of; other objects as they are."""
    if obj.cls is None or not args.positional or not extends(m, f, obj.cls):
        return obj
    given = plain(m, f, args.positional[0])
    return obj.put(DATA, m.text(f, given, at) if given.refs else given)


def is_one(m: Machine, f: Frame, obj: Obj | None) -> bool:
    """Whether an object is one of such a class."""
    return (
        obj is not None
        and obj.kind == "instance"
        and obj.cls is not None
        and DATA in obj.parts
        and extends(m, f, obj.cls)
    )


def plain(m: Machine, f: Frame, value: Value) -> Value:
    """A value in which such objects are the texts and numbers that they hold."""
    found = [(loc, obj) for loc in value.locs() if is_one(m, f, obj := f.state.obj(loc))]
    if not found:
        return value
    gone = {loc for loc, _ in found}
    others = {ref: facts for ref, facts in value.refs.items() if ref not in gone}
    held = [stamp(obj.parts[DATA], value.refs[loc]) for loc, obj in found if obj is not None]
    left = value.with_(refs=others or NO_REFS)
    return join_all([*([] if left.is_bottom else [left]), *held]) if held else BOTTOM
