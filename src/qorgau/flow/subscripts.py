"""Reading, writing and deleting items: ``value[key]``.

Reading an item of an unknown object gives a value identified by that object and the key, so that what
was written there is found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import (
    buffers,
    containers,
    keys,
    memberships,
    naming,
    placing,
    row_dicts,
    scalars,
    text_pieces,
    text_slices,
    texts,
)
from qorgau.flow.attribute_changes import delete_attribute, forget, put_attribute, set_attribute
from qorgau.flow.class_members import ENUMS, class_attribute
from qorgau.flow.constants import Const
from qorgau.flow.frame_types import is_tabular
from qorgau.flow.heap import Obj
from qorgau.flow.inheritance import bind, class_part, is_inside, libraries_of, method
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.values import (
    BOTTOM,
    OPAQUE,
    UNKNOWN,
    External,
    Ref,
    Value,
    join,
    join_all,
    of_const,
    of_ref,
    stamp,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


# Items


def item(m: Machine, f: Frame, value: Value, key: Value, at: int) -> Value:
    """``value[key]``"""
    if (answers := memberships.answers(key)) and _are_collections(f, value):
        # ``groups[agreed(person)]``: one of two, each with what the answer says.
        return join_all(stamp(item(m, f, value, each, at), said) for each, said in answers)
    key = keys.plain(f, m.as_key(f, value, key, at) if key.refs else key)
    bounds = f.state.obj(loc) if key.refs and (loc := key.single()) is not None else None
    if bounds is not None and bounds.type == containers.SLICE:
        return m.slice(f, value, [bounds.parts.get(Const("int", place)) for place in range(3)], at)
    if (sign := _sign(value, key)) is not None:
        return sign
    results: list[Value] = []
    for ref, facts in value.refs.items():
        results.append(stamp(_item_of_ref(m, f, ref, key, at, value), facts))
    if not value.refs:
        if value.unknown and not value.is_text():
            base = f.place(at, "of")
            results.append(of_ref(base.child(("item", key.constant())), unknown=True))
        else:
            results.append(_text_item(value, key))
    result = join_all(results)
    if value.taints:
        result = join(result, Value(_item_taints(f, value, key).taints, unknown=True, refs=result.refs))
    constant = key.constant()
    if constant is not None and constant.type == "str" and not _is_table(f, value):
        result = m.named(f, result, str(constant.value), value, at, key=True)
    return result


def _sign(value: Value, key: Value) -> Value | None:
    """A character of a text of which it is known where its data stand."""
    index = key.constant() if value.taints and value.consts else None
    return (
        text_pieces.character(value, index.value)
        if index is not None and isinstance(index.value, int)
        else None
    )


def _are_collections(f: Frame, value: Value) -> bool:
    objs = [f.state.obj(loc) for loc in value.locs()]
    return bool(objs) and all(obj is not None and obj.kind in ("dict", "list", "tuple") for obj in objs)


def _is_table(f: Frame, value: Value) -> bool:
    """A text has no keys; everything else can be a mapping."""
    return bool(value.consts) and not value.refs and not value.unknown


def _item_taints(f: Frame, value: Value, key: Value) -> Value:
    constant = key.constant()
    if constant is not None and constant.type == "str":
        return value.with_(taints=naming.of_part(f, value, str(constant.value)))
    if constant is not None and isinstance(constant.value, int) and all(t.calls == 0 for t in value.taints):
        if any(taint.slice == texts.PIECES for taint in value.taints):
            return value
        return text_slices.keep(value, 1, ("index", constant.value))
    return value


def _text_item(value: Value, key: Value) -> Value:
    constant, index = value.constant(), key.constant()
    if constant is not None and index is not None and isinstance(index.value, int):
        if isinstance(constant.value, str | bytes) and -len(constant.value) <= index.value < len(
            constant.value
        ):
            return of_const(constant.value[index.value])
    return OPAQUE


def _item_of_ref(m: Machine, f: Frame, ref: Ref, key: Value, at: int, whole: Value) -> Value:
    if isinstance(ref, External):
        return m.library_item(f, ref, key, at)
    if not isinstance(ref, Loc):
        return UNKNOWN
    obj = f.state.obj(ref)
    if key.refs or key.when_true or key.when_false:
        columns = m.columns_of_unknown(f, ref, obj, key, at)
        if columns is not None:
            return columns
    if obj is None:
        return _unknown_item(m, f, ref, Obj("unknown"), key, at)
    if is_tabular(obj):
        return m.frame_item(f, ref, obj, key, at)
    if obj.kind == "attributes":
        owner = obj.info
        assert isinstance(owner, Loc)
        return join_all([_own_attribute(m, f, owner, text, at) for text in key.texts()] or [UNKNOWN])
    if obj.kind == "class":
        getter = class_part(m, f, ref, "__class_getitem__")
        if ENUMS & set(libraries_of(obj)):
            return join_all([class_attribute(m, f, ref, obj, text, at) for text in key.texts()] or [UNKNOWN])
        return (
            of_ref(ref) if getter is None else m.call(f, bind(m, f, getter, of_ref(ref), at), Args([key]), at)
        )
    if obj.cls is not None and (obj.kind == "dict" or obj.kind in containers.SEQUENCES):
        own = _own_item(m, f, ref, obj, key, at)
        if own is not None:
            return own
    if obj.kind == "dict":
        found = containers.get_item(m, f, ref, obj, key, at)
        return _with_spreads(m, f, ref, obj, found, key, at)
    if obj.kind in containers.SEQUENCES:
        return containers.get_item(m, f, ref, obj, key, at)
    getter = method(m, f, ref, obj, "__getitem__", at) if obj.cls is not None else None
    if getter is not None:
        return m.call(f, getter, Args([key]), at)
    if obj.cls is not None and m.is_named_tuple(f, obj.cls):
        return _tuple_item(m, f, ref, obj, key, at)
    if scalars.is_one(m, f, obj):
        return item(m, f, scalars.plain(m, f, of_ref(ref)), key, at)
    return _unknown_item(m, f, ref, obj, key, at)


def _own_attribute(m: Machine, f: Frame, owner: Loc, name: str, at: int) -> Value:
    """``owner.__dict__[name]``: past what the class defines under the name."""
    obj = f.state.obj(owner)
    part = obj.parts.get(name) if obj is not None and obj.kind == "instance" else None
    return part if part is not None and not part.is_bottom else m.attribute(f, of_ref(owner), name, at)


def _set_own(m: Machine, f: Frame, owner: Loc, name: str, new: Value, at: int) -> None:
    obj = f.state.obj(owner)
    if obj is not None and obj.kind == "instance" and not owner.old:
        put_attribute(m, f, of_ref(owner), name, m.named(f, new, name, of_ref(owner), at, put=True))
    else:
        set_attribute(m, f, of_ref(owner), name, new, at)


def _own_item(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, at: int) -> Value | None:
    """``__getitem__`` and ``__missing__`` of a class that extends a builtin container."""
    if not is_inside(f, "__getitem__"):
        getter = method(m, f, loc, obj, "__getitem__", at)
        if getter is not None:
            return m.call(f, getter, Args([key]), at)
    nothing = obj.info == "exact" and not any(obj.items()) and obj.rest.is_bottom
    absent = nothing or m.contains(f, of_ref(loc), key) is False
    missing = method(m, f, loc, obj, "__missing__", at) if absent and obj.kind == "dict" else None
    return m.call(f, missing, Args([key]), at) if missing is not None else None


def _with_spreads(m: Machine, f: Frame, loc: Loc, obj: Obj, found: Value, key: Value, at: int) -> Value:
    """``{**unknown}["iin"]`` reads from what was spread, unless the key was set since."""
    spreads = containers.spreads(obj)
    constant = key.constant()
    if not spreads or (constant is not None and constant in obj.parts):
        return found
    results, seen, waiting = [found], {loc}, list(spreads)
    while waiting:
        spread = waiting.pop()
        others = dict(spread.refs)
        for ref in spread.locs():
            held = f.state.obj(ref)
            if held is None or held.kind != "dict" or held.cls is not None:
                continue
            # Dicts that were spread into one another are asked once.
            del others[ref]
            if ref not in seen:
                seen.add(ref)
                results.append(stamp(containers.get_item(m, f, ref, held, key, at), spread.refs[ref]))
                waiting += containers.spreads(held) if constant not in held.parts else ()
        if others or not spread.refs:
            results.append(item(m, f, spread.with_(refs=others), key, at))
    return join_all(results)


def _tuple_item(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, at: int) -> Value:
    items = tuple_items(m, f, loc, obj, at)
    constant = key.constant()
    if (
        constant is not None
        and isinstance(constant.value, int)
        and -len(items) <= constant.value < len(items)
    ):
        return items[constant.value]
    return join_all(items)


def tuple_items(m: Machine, f: Frame, loc: Loc, obj: Obj, at: int) -> list[Value]:
    """The fields of a named tuple in order."""
    assert obj.cls is not None
    return [m.attribute(f, of_ref(loc), name, at) for name in m.declared_fields(f, obj.cls)]


def _child_item(loc: Loc, key: Value) -> Loc:
    constant = key.constant()
    return loc.child(("item", constant if constant is not None else None))


def _unknown_item(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, at: int) -> Value:
    constant = key.constant()
    if constant is not None:
        part = obj.parts.get(constant)
        if part is not None:
            return part
    child = _child_item(loc, key)
    extra = [part for name, part in obj.parts.items() if isinstance(name, Const)] if constant is None else []
    element = m.element_class(f, obj)
    if element is not None and f.state.obj(child) is None:
        f.state.heap[child] = Obj("unknown", cls=element)
    kept = placing.shared(m, loc, str(constant.value)) if constant is not None else None
    if kept is not None:
        f.state.heap.setdefault(child, kept)
        return of_ref(child, unknown=True)
    if obj.type:
        typed = m.typed_item(f, loc, obj, key, at)
        if typed is not None:
            return join_all([typed, obj.rest, *extra])
    return join_all([of_ref(child, unknown=True), obj.rest, *extra])


def set_item(m: Machine, f: Frame, value: Value, key: Value, new: Value, at: int) -> None:
    """``value[key] = new``"""
    key = keys.plain(f, m.as_key(f, value, key, at) if key.refs else key)
    constant = key.constant()
    if constant is not None and constant.type == "str":
        new = m.named(f, new, str(constant.value), value, at, key=True, put=True)
    strong_one = len(value.refs) == 1 and not value.consts
    for loc in value.locs():
        strong = strong_one and not loc.old
        obj = f.state.obj(loc) or Obj("unknown")
        if obj.kind == "row":
            obj = row_dicts.become_dict(m, f, loc, obj)
        if obj.kind == "unknown" and key.refs:
            obj = m.indexer_of_unknown(f, loc, obj, key) or obj
        if obj.kind == "attributes" and isinstance(obj.info, Loc):
            for text in key.texts():
                _set_own(m, f, obj.info, text, new, at)
        elif is_tabular(obj) and obj.kind != "dict":
            m.set_frame_item(f, loc, obj, key, new, at, len(value.refs) == 1 and not loc.old)
        elif obj.kind == "dict" or obj.kind in containers.SEQUENCES:
            setter = method(m, f, loc, obj, "__setitem__", at) if obj.cls is not None else None
            if setter is not None and not is_inside(f, "__setitem__"):
                m.call(f, setter, Args([key, new]), at)
            else:
                m.write(f, loc, containers.put_item(m, f, loc, obj, key, new, strong), strong=True)
        elif obj.type == buffers.TYPE:
            buffers.join_item(m, f, loc, new)
        else:
            setter = method(m, f, loc, obj, "__setitem__", at) if obj.cls is not None else None
            if setter is not None:
                m.call(f, setter, Args([key, new]), at)
            elif constant is not None:
                placing.share(m, f, loc, str(constant.value), new)
                forget(f.state, loc, str(constant.value))
                old = obj.parts.get(constant)
                if old is None:
                    old = of_ref(_child_item(loc, key), unknown=True)
                m.write(f, loc, obj.put(constant, new if strong else join(old, new)), strong=True)
            else:
                m.write(f, loc, replace(obj, rest=join(obj.rest, new)), strong=True)
            m.item_set(f, loc, obj, key, new, at)
    for ref in value.refs:
        if isinstance(ref, External):
            m.set_library_item(f, ref, key, new, at)


def delete_item(m: Machine, f: Frame, value: Value, key: Value, at: int) -> None:
    """``del value[key]``"""
    for loc in value.locs():
        strong = len(value.refs) == 1 and not loc.old
        obj = f.state.obj(loc) or Obj("unknown")
        if obj.kind == "row":
            obj = row_dicts.become_dict(m, f, loc, obj)
        if obj.kind == "dict" or obj.kind in containers.SEQUENCES:
            m.write(f, loc, containers.delete_item(m, f, loc, obj, key, strong), strong=True)
        elif is_tabular(obj):
            m.drop_frame_columns(f, loc, obj, key)
        elif obj.kind == "attributes" and isinstance(obj.info, Loc):
            for text in key.texts():
                delete_attribute(m, f, of_ref(obj.info), text, at)
        else:
            deleter = method(m, f, loc, obj, "__delitem__", at) if obj.cls is not None else None
            constant = key.constant()
            if deleter is not None:
                m.call(f, deleter, Args([key]), at)
            elif constant is not None and strong:
                m.write(f, loc, obj.put(constant, BOTTOM), strong=True)
