"""Methods of lists, tuples, dicts, sets and iterators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import keys, memberships, ordering, waiting
from qorgau.flow.constants import const
from qorgau.flow.container_operators import chosen, shared, united
from qorgau.flow.containers import (
    SEQUENCES,
    appended,
    delete_item,
    each,
    entries_of,
    get_item,
    items_of,
    keys_of,
    loosened,
    put_item,
    renumbered,
    sequence,
    shortened,
    spreads,
    update,
)
from qorgau.flow.facts import Facts
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.values import (
    BOTTOM,
    OPAQUE,
    Bound,
    Builtin,
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


PARENTS = "$parents"
"""The part of a ``ChainMap`` that is the one which it is a child of."""

COUNTS = "$counts"
"""The part of ``itertools.count()`` that is the number which it gives next."""

VIEWS = frozenset(("keys", "values", "items"))
"""Methods of dicts that show what is in the dict when they are looked at."""


# Methods


def method(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, args: Args, at: int) -> Value | None:
    """A method of a builtin container; None when it has no such method."""
    if obj.kind == "dict":
        return _dict_method(m, f, loc, obj, name, args, at)
    if obj.kind in SEQUENCES:
        return _sequence_method(m, f, loc, obj, name, args, at)
    return None


def _sequence_method(
    m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, args: Args, at: int
) -> Value | None:
    strong = not loc.old
    first = args.get(0) or BOTTOM
    none = of_const(None)
    items = items_of(obj)
    if name in ("append", "add", "appendleft"):
        if name == "add":
            m.hashed(f, first, at)
        if name == "appendleft" and items is not None and strong:
            m.write(f, loc, shortened(renumbered(obj, [first, *items]), left=False), strong=True)
        else:
            m.write(f, loc, shortened(appended(obj, first, strong), left=True), strong=True)
        return none
    if name in (
        "extend",
        "update",
        "extendleft",
        "difference_update",
        "intersection_update",
        "symmetric_difference_update",
    ):
        if name in ("difference_update", "intersection_update"):
            left_over = chosen(m, f, of_ref(loc), first, name == "intersection_update", at)
            if left_over is not None and strong and len(args.positional) == 1:
                m.write(f, loc, renumbered(obj, left_over), strong=True)
            return none
        for value in args.all():
            iteration = m.iterate(f, value, at)
            obj = m.obj(f, loc)
            if iteration.items is not None and strong and obj.length is not None:
                for item in iteration.items:
                    obj = appended(obj, item, strong)
            else:
                obj = loosened(obj, iteration.each)
            m.write(f, loc, shortened(obj, left=True), strong=True)
        return none
    if name == "insert":
        position = first.constant()
        value = args.get(1) or BOTTOM
        if items is not None and strong and position is not None and isinstance(position.value, int):
            changed = list(items)
            changed.insert(position.value, value)
            m.write(f, loc, renumbered(obj, changed), strong=True)
        else:
            m.write(f, loc, loosened(obj, value), strong=True)
        return none
    if name in ("pop", "popleft"):
        return _pop(m, f, loc, obj, name, args, strong, items)
    if name in ("remove", "discard"):
        index = _place_of(items, first) if items is not None and strong else None
        if items is not None and index is not None:
            kept = list(items)
            del kept[index]
            m.write(f, loc, renumbered(obj, kept), strong=True)
            return none
        in_hand = keys.in_hand(obj, first) if strong else None
        parts = {key: part for key, part in obj.parts.items() if key != in_hand}
        m.write(f, loc, replace(obj, parts=parts) if in_hand is not None else loosened(obj), strong=True)
        return none
    if name == "clear":
        if strong:
            m.write(f, loc, Obj(obj.kind, obj.cls, length=0), strong=True)
        return none
    if name == "sort":
        _sort(m, f, loc, obj, items if strong else None, args, at)
        return none
    if name in ("reverse", "rotate"):
        steps = first.constant() if args.positional else const(1)
        if name == "reverse" and items is not None and strong:
            m.write(f, loc, renumbered(obj, items[::-1]), strong=True)
        elif name == "rotate" and items and strong and steps is not None and isinstance(steps.value, int):
            shift = steps.value % len(items)
            m.write(
                f, loc, renumbered(obj, [*items[-shift:], *items[:-shift]] if shift else items), strong=True
            )
        elif name != "reverse" or items is None:
            m.write(f, loc, loosened(obj), strong=True)
        return none
    if name in ("copy", "__iter__"):
        return m.new(f, at, replace(obj), "copy") if name == "copy" else of_ref(loc)
    if name in ("index", "count", "__contains__"):
        m.looked_for(f, first, of_ref(loc), at)
        place = _first_place(items, first) if name == "index" and len(args.positional) == 1 else None
        return OPAQUE if place is None else of_const(place)
    if name in ("__len__", "issubset", "issuperset", "isdisjoint"):
        return OPAQUE
    if name in ("union", "symmetric_difference"):
        op = "|" if name == "union" else "^"
        either = united(m, f, of_ref(loc), first, op, at) if len(args.positional) == 1 else None
        if either is not None:
            return sequence(m, f, at, obj.kind, either, None)
        values = [m.iterate(f, value, at).each for value in args.all()]
        return m.new(f, at, Obj(obj.kind, rest=join_all([each(obj), *values])))
    if name in ("intersection", "difference"):
        left_over = chosen(m, f, of_ref(loc), first, name == "intersection", at)
        if left_over is not None and len(args.positional) == 1:
            return sequence(m, f, at, obj.kind, left_over, None)
        common = name == "intersection" and len(args.positional) == 1
        return m.new(f, at, Obj(obj.kind, rest=shared(m, f, of_ref(loc), first, common, at)))
    if name in ("__getitem__",):
        return get_item(m, f, loc, obj, first, at)
    if name in ("throw", "athrow"):
        return m.throw_into(f, loc, obj, first, at)
    if name in ("send", "__next__", "asend", "__anext__"):
        return (
            m.resume(f, loc, obj, first, at) if name in ("send", "asend") else m.advance_generator(f, loc, at)
        )
    if name in ("close", "aclose"):
        return none
    return None


def _place_of(items: Sequence[Value], wanted: Value) -> int | None:
    """Where a list surely has a value: the same constant, or the same one object."""
    for index, item in enumerate(items):
        same = item.constant() is not None and item.constant() == wanted.constant()
        if same or (item.single() is not None and item.single() == wanted.single()):
            return index
        if _one_method(item) is not None and _one_method(item) == _one_method(wanted):
            return index
    return None


def _first_place(items: Sequence[Value] | None, wanted: Value) -> int | None:
    """Where a list has a constant first, where each item before that is another or somebody's datum."""
    constant = wanted.constant()
    for index, item in enumerate(items or () if constant is not None else ()):
        if item.constant() == constant:
            return index
        if item.constant() is None and not item.taints:
            return None
    return None


def _one_method(value: Value) -> Ref | None:
    """The method of one object that a value is."""
    ref = next(iter(value.refs)) if len(value.refs) == 1 and not value.consts else None
    bound = isinstance(ref, Bound | Builtin) and ref.receiver.single() is not None
    return ref if bound else None


def _pop(
    m: Machine,
    f: Frame,
    loc: Loc,
    obj: Obj,
    name: str,
    args: Args,
    strong: bool,
    items: tuple[Value, ...] | None,
) -> Value:
    index = -1 if name == "pop" else 0
    given = args.get(0)
    if given is not None:
        constant = given.constant()
        if constant is None or not isinstance(constant.value, int):
            m.write(f, loc, loosened(obj), strong=True)
            return each(obj)
        index = constant.value
    if items is not None and strong and obj.kind != "set" and -len(items) <= index < len(items):
        kept = list(items)
        taken = kept.pop(index)
        m.write(f, loc, renumbered(obj, kept), strong=True)
        return taken
    m.write(f, loc, loosened(obj), strong=True)
    return each(obj)


def _sort(
    m: Machine, f: Frame, loc: Loc, obj: Obj, items: Sequence[Value] | None, args: Args, at: int
) -> None:
    ordered = ordering.in_order(m, f, items, args, at)
    if ordered is not None:
        m.write(f, loc, renumbered(m.obj(f, loc), ordered), strong=True)
        return
    key = args.keywords.get("key")
    if key is not None:
        m.call(f, key, Args([each(obj)]), at)
    m.write(f, loc, loosened(obj), strong=True)


def next_item(m: Machine, f: Frame, loc: Loc, at: int) -> Value:
    """``next(iterator)``: the first item, which is then used up."""
    obj = m.obj(f, loc)
    number = obj.parts[COUNTS].constant() if COUNTS in obj.parts and not loc.old else None
    if number is not None and isinstance(number.value, int):
        m.write(f, loc, obj.put(COUNTS, of_const(number.value + 1)), strong=True)
        return of_const(number.value)
    items = items_of(obj)
    if items and not loc.old and obj.kind == "generator":
        m.write(f, loc, renumbered(obj, items[1:]), strong=True)
        return items[0]
    return each(obj)


def _dict_method(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, args: Args, at: int) -> Value | None:
    strong = not loc.old
    none = of_const(None)
    key = args.get(0) or BOTTOM
    if name == "setdefault" and (answers := memberships.answers(key)):
        return _by_answer(m, f, loc, answers, args, at)
    if name in ("get", "pop", "setdefault", "__getitem__"):
        default = args.get(1, "default")
        found = m.item(f, of_ref(loc), key, at)
        obj = m.obj(f, loc)
        constant = keys.constant_key(m, f, key)
        sure = constant is not None and constant in obj.parts and strong and not obj.parts[constant].is_bottom
        if name == "pop":
            m.write(f, loc, delete_item(m, f, loc, obj, key, strong), strong=True)
        if name == "setdefault":
            given = default if default is not None else none
            if not sure:
                m.set_item(f, of_ref(loc), key, join(found, given), at)
                return join(found, given)
            return found
        if sure or name == "__getitem__":
            return found
        if default is None:
            default = none if name == "get" else BOTTOM
        return join(found, default)
    if name == "update":
        for value in [*args.positional, *args.double]:
            update(m, f, loc, value, at)
        for keyword, value in args.keywords.items():
            m.set_item(f, of_ref(loc), of_const(keyword), value, args.ats.get(keyword, at))
        return none
    if name in VIEWS:
        waiting.watch(m, f, at, name, loc, lambda: _view(m, f, m.obj(f, loc), name, at))
        return _view(m, f, obj, name, at)
    if name == "popitem":
        return _popitem(m, f, loc, obj, args, at)
    if name in ("copy", "new_child"):
        made = m.new(f, at, replace(obj), "copy")
        for value in args.positional if name == "new_child" else ():
            update(m, f, made.locs()[0], value, at)
        if name == "new_child":
            child = made.locs()[0]
            m.write(f, child, m.obj(f, child).put(PARENTS, of_ref(loc)), strong=True)
        return made
    if name == "clear":
        if strong:
            m.write(f, loc, replace(obj, parts={}, rest=BOTTOM, info="exact"), strong=True)
        return none
    if name in ("__len__", "__contains__", "total"):
        return OPAQUE
    if name == "most_common":
        pair = sequence(m, f, at, "tuple", [keys_of(m, f, obj).each, OPAQUE], None, "counted")
        return m.new(f, at, Obj("list", rest=pair))
    if name == "elements":
        return m.new(f, at, Obj("list", rest=keys_of(m, f, obj).each))
    if name == "move_to_end":
        _move(m, f, loc, obj, args)
        return none
    if name == "__setitem__":
        m.write(f, loc, put_item(m, f, loc, obj, key, args.get(1) or BOTTOM, strong), strong=True)
        return none
    if name == "__delitem__":
        m.write(f, loc, delete_item(m, f, loc, obj, key, strong), strong=True)
        return none
    return None


def _by_answer(
    m: Machine, f: Frame, loc: Loc, answers: Sequence[tuple[Value, Facts]], args: Args, at: int
) -> Value:
    """``setdefault(agreed(person), [])``: under each answer lies something of its own, with what the answer says."""
    default = args.get(1, "default") or of_const(None)
    given = default.single()
    found: list[Value] = []
    for number, (answer, said) in enumerate(answers):
        own = m.new(f, at, m.obj(f, given), f"default{number}") if given is not None else default
        one = m.call_method(f, of_ref(loc), "setdefault", Args([answer, own]), at)
        found.append(stamp(one, said))
    return join_all(found)


def _view(m: Machine, f: Frame, obj: Obj, name: str, at: int) -> Value:
    """``d.keys()``, ``d.values()``, ``d.items()``"""
    if name == "keys":
        iteration = keys_of(m, f, obj, at)
        if iteration.items is not None:
            return sequence(m, f, at, "list", iteration.items, None, "keys")
        return m.new(f, at, Obj("list", rest=iteration.each), "keys")
    if name == "values":
        if obj.info == "exact":
            return sequence(m, f, at, "list", [v for _, v in obj.items() if not v.is_bottom], None, "values")
        held = [m.item(f, spread, OPAQUE, at) for spread in spreads(obj)]
        return m.new(f, at, Obj("list", rest=join_all([each(obj), *held])), "values")
    pairs = [
        sequence(m, f, at, "tuple", [k, v], None, f"pair{index}")
        for index, (k, v) in enumerate(entries_of(m, f, obj, at))
    ]
    if obj.info == "exact":
        return sequence(m, f, at, "list", pairs, None, "items")
    return m.new(f, at, Obj("list", rest=join_all(pairs)), "items")


def _move(m: Machine, f: Frame, loc: Loc, obj: Obj, args: Args) -> None:
    """``OrderedDict.move_to_end(key, last=True)``"""
    moved = keys.constant_key(m, f, args.get(0, "key") or BOTTOM)
    last = args.get(1, "last")
    end = last.constant() if last is not None else const(True)
    if moved is None or moved not in obj.parts or end is None or loc.old:
        return
    others = {key: part for key, part in obj.parts.items() if key != moved}
    one: dict[Key, Value] = {moved: obj.parts[moved]}
    parts = {**others, **one} if end.value else {**one, **others}
    m.write(f, loc, replace(obj, parts=parts), strong=True)


def _popitem(m: Machine, f: Frame, loc: Loc, obj: Obj, args: Args, at: int) -> Value:
    """The pair that was put last (or first, for ``OrderedDict.popitem(last=False)``)."""
    entries = entries_of(m, f, obj, at)
    last = args.get(0, "last")
    end = last.constant() if last is not None else None
    known = [key for key, value in obj.items() if not value.is_bottom]
    if obj.info == "exact" and not loc.old and known and (last is None or end is not None):
        index = 0 if end is not None and not end.value else -1
        parts = {key: part for key, part in obj.parts.items() if key != known[index]}
        m.write(f, loc, replace(obj, parts=parts), strong=True)
        return sequence(m, f, at, "tuple", list(entries[index]), None)
    return sequence(m, f, at, "tuple", [join_all([k for k, _ in entries]), each(obj)], None)
