"""Copies: new objects with the same parts, shallow or deep."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import inheritance
from qorgau.flow.data_sources import MANY, label_of
from qorgau.flow.heap import Key, Obj, join_objects
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import (
    NO_REFS,
    Value,
    join_all,
    of_ref,
    stamp,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def _copy(m: Machine, f: Frame, u: Use) -> Value:
    return copied(m, f, u.arg(0), u.at, deep=u.dotted.endswith("deepcopy"))


def copied(
    m: Machine, f: Frame, value: Value, at: int, *, deep: bool, made: dict[str, tuple[Loc, Obj]] | None = None
) -> Value:
    """A copy: new objects with the same parts. ``made`` are those that the same call has made already."""
    whole, made = made is None, {} if made is None else made
    results: list[Value] = []
    for ref, facts in value.refs.items():
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if whole and isinstance(ref, Loc) and obj is None and (deep or not _is_many(ref)):
            results.append(Value(refs={of_unknown(f, ref, at): facts}, unknown=True))
            continue
        if obj is None or obj.kind in ("function", "class", "module") or not isinstance(ref, Loc):
            results.append(Value(refs={ref: facts}))
            continue
        own = "__deepcopy__" if deep else "__copy__"
        if obj.kind == "instance" and obj.cls is not None:
            hook = inheritance.class_part(m, f, obj.cls, own)
            if hook is not None:
                args = Args([m.new(f, at, Obj("dict", info="exact"), "memo")] if deep else [])
                answered = m.call(f, inheritance.bind(m, f, hook, of_ref(ref), at), args, at)
                results.append(stamp(answered, facts))
                continue
        changed = obj
        if deep:
            parts: dict[Key, Value] = {}
            for key, part in obj.parts.items():
                below = part.single() is not None and f.depth < 40 and _shallow(f, part)
                parts[key] = copied(m, f, part, at, deep=below, made=made)
            changed = replace(obj, parts=parts)
        label, other = _copy_label(ref, made)
        changed = changed if other is None else join_objects(other, changed)
        made[label] = (ref, changed)
        results.append(stamp(m.new(f, at, changed, label), facts))
    return join_all([value.with_(refs=NO_REFS), *results]) if value.refs else value


def of_unknown(f: Frame, loc: Loc, at: int) -> Loc:
    """The copy of something unknown: a part of it, so that what is told of whose it is holds of the copy."""
    copy = loc.child(("copied", f.unit.name, at))
    known = f.state.obj(loc)
    if known is not None:
        f.state.heap[copy] = known
    else:
        f.state.heap.pop(copy, None)
    return copy


def copied_by_method(f: Frame, value: Value, at: int) -> Value:
    """``row.copy()`` of something unknown; a list, by its name, goes on being the same, as do its items."""
    refs = {
        of_unknown(f, ref, at) if isinstance(ref, Loc) and not _is_many(ref) else ref: facts
        for ref, facts in value.refs.items()
    }
    return value.with_(refs=refs)


def _is_many(loc: Loc) -> bool:
    """Whether something is named for many."""
    return label_of(loc).endswith(MANY)


COPY = "copy:"
"""How the labels of copies begin."""


def _copy_label(ref: Loc, made: dict[str, tuple[Loc, Obj]]) -> tuple[str, Obj | None]:
    """A label for the copy of an object, and what the call has put there already.

    A copy of a copy is named like the first: in a loop that copies what an earlier pass copied, names
    that grow would never come to an end.
    """
    label = ref.label
    if isinstance(label, tuple) and isinstance(label[0], str) and label[0].startswith(COPY):
        return label[0], made[label[0]][1] if label[0] in made else None
    name = f"{COPY}{label!r}"
    while name in made and made[name][0] != ref:
        name = f"{name}'"
    return name, made[name][1] if name in made else None


def _shallow(f: Frame, value: Value) -> bool:
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    return obj is not None and obj.kind in ("dict", "list", "instance", "set", "tuple")


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "copy": _copy,
    "deepcopy": _copy,
}
