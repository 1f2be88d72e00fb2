"""Lists, tuples, dicts, sets and generators: items, iteration and methods.

Items with known keys or positions are kept apart; what has no known key is joined in ``rest``.
A dict with ``info`` ``"exact"`` has no other keys than its parts; a sequence with a ``length``
has its items at positions 0 to length - 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import keys, memberships, naming, ordering, scalars, texts
from qorgau.flow.constants import Const, const
from qorgau.flow.frame_types import is_tabular
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame, Iteration
from qorgau.flow.taints import NO_TAINTS
from qorgau.flow.values import (
    BOTTOM,
    NO_REFS,
    OPAQUE,
    UNKNOWN,
    Value,
    join,
    join_all,
    of_const,
    of_ref,
    stamp,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

SEQUENCES = frozenset(("list", "tuple", "set", "generator"))
SLICE = "builtins.slice"
"""The type of the bounds that ``slice(...)`` makes."""

KEYS = "$keys"
"""The part of a dict that joins its keys."""

MISSING = "$missing"
"""The part of a dict that makes the values of keys it has not (``defaultdict``)."""


def sequence(
    m: Machine, f: Frame, at: int, kind: str, items: Sequence[Value], rest: Value | None, label: str = "new"
) -> Value:
    """A new sequence with these items, followed by any number of ``rest``."""
    rest = rest or BOTTOM
    if rest.is_bottom and len(items) <= 64:
        parts: dict[Key, Value] = {Const("int", index): item for index, item in enumerate(items)}
        return m.new(f, at, Obj(kind, parts=parts, length=len(items)), label)
    return m.new(f, at, Obj(kind, rest=join_all([*items, rest])), label)


def spreads(obj: Obj) -> list[Value]:
    """What was put into a dict as a whole (``{**unknown}``)."""
    return [part for name, part in obj.parts.items() if isinstance(name, str) and name.startswith("$spread")]


def items_of(obj: Obj) -> tuple[Value, ...] | None:
    """The items of a sequence in order, if all are known."""
    if obj.length is None:
        return None
    items = [obj.parts.get(Const("int", index)) for index in range(obj.length)]
    return None if any(item is None for item in items) else tuple(i for i in items if i is not None)


def each(obj: Obj) -> Value:
    """The join of everything that a container holds by key or position."""
    return join_all([obj.rest, *(value for _, value in obj.items())])


def keys_of(m: Machine, f: Frame, obj: Obj, at: int = 0) -> Iteration:
    """The keys of a dict."""
    known = tuple(keys.value_of(m, f, key, at) for key, value in obj.items() if not value.is_bottom)
    others = obj.parts.get(KEYS, BOTTOM)
    if obj.info == "exact":
        return Iteration(known, join_all(known))
    return Iteration(None, join_all([*known, others, OPAQUE]))


def entries_of(m: Machine, f: Frame, obj: Obj, at: int = 0) -> list[tuple[Value, Value]]:
    """Keys and values of a dict; what has no known key comes last."""
    found = [(keys.value_of(m, f, key, at), value) for key, value in obj.items() if not value.is_bottom]
    if not obj.rest.is_bottom:
        found.append((join(obj.parts.get(KEYS, BOTTOM), OPAQUE), obj.rest))
    found += [(UNKNOWN, m.item(f, spread, OPAQUE, at)) for spread in spreads(obj)]
    return found


# Items


def get_item(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, at: int) -> Value:
    """``container[key]`` for one container."""
    place = keys.place_of(key) if key.refs else None
    if place is not None and place in obj.parts:
        return obj.parts[place]
    known = keys.constant_keys(m, f, key)
    if obj.kind == "dict":
        if MISSING in obj.parts and known is None:
            # What is looked up is there from now on.
            obj = obj.put(KEYS, join(obj.parts.get(KEYS, BOTTOM), key))
            m.write(f, loc, obj, strong=True)
        held = _dict_item(m, f, loc, obj, known, at)
        return memberships.answered(key, obj.parts.get(KEYS, BOTTOM), held) if key.refs else held
    items = items_of(obj)
    if known is not None and items is not None:
        found = [
            items[c.value] for c in known if isinstance(c.value, int) and -len(items) <= c.value < len(items)
        ]
        return join_all(found)
    return each(obj)


def _dict_item(m: Machine, f: Frame, loc: Loc, obj: Obj, known: list[Const] | None, at: int) -> Value:
    factory = obj.parts.get(MISSING)
    if known is None:
        if factory is not None and obj.rest.is_bottom:
            made = m.call_apart(f, factory, at, "missing")
            m.write(f, loc, replace(m.obj(f, loc), rest=made, info=None), strong=True)
            return join(each(obj), made)
        return each(obj)
    found: list[Value] = []
    for key in known:
        part = obj.parts.get(key)
        if part is not None:
            found.append(part)
        elif factory is not None:
            made = join(m.call_apart(f, factory, at, key), obj.rest)
            m.write(f, loc, m.obj(f, loc).put(key, made), strong=True)
            found.append(made)
        elif obj.info != "exact":
            name = key.value if isinstance(key.value, str) else ""
            found.append(obj.rest.with_(taints=naming.of_part(f, obj.rest, name)))
    return join_all(found)


def put_item(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, new: Value, strong: bool) -> Obj:
    """The container after ``container[key] = new``."""
    place = keys.place_of(key) if key.refs else None
    if place is not None and place in obj.parts:
        return obj.put(place, new if strong else join(obj.parts[place], new))
    constant = keys.constant_key(m, f, key)
    if obj.kind == "dict":
        if constant is not None:
            old = obj.parts.get(constant)
            if strong:
                return obj.put(constant, new)
            return obj.put(constant, new if old is None else join(old, new))
        for one in keys.constant_keys(m, f, key) or ():
            obj = obj.put(one, join(obj.parts.get(one, BOTTOM), new))
            constant = one
        if constant is not None:
            return obj
        # Any key may be meant: what is read by a known one can be the new value too.
        parts: dict[Key, Value] = {
            name: join(part, new) if isinstance(name, Const) else part for name, part in obj.parts.items()
        }
        parts[KEYS] = join(parts.get(KEYS, BOTTOM), key)
        return replace(obj, parts=parts, rest=join(obj.rest, new), info=None)
    items = items_of(obj)
    if constant is not None and isinstance(constant.value, int) and items is not None:
        index = constant.value + (len(items) if constant.value < 0 else 0)
        if 0 <= index < len(items):
            old_item = items[index]
            return obj.put(Const("int", index), new if strong else join(old_item, new))
    return loosened(obj, new)


def loosened(obj: Obj, extra: Value = BOTTOM) -> Obj:
    """A sequence whose items are no longer known by position."""
    others: dict[Key, Value] = {key: part for key, part in obj.parts.items() if not isinstance(key, Const)}
    return replace(obj, parts=others, rest=join(each(obj), extra), length=None)


def delete_item(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, strong: bool) -> Obj:
    """The container after ``del container[key]``."""
    constant = keys.constant_key(m, f, key)
    if obj.kind == "dict":
        place = keys.place_of(key) if key.refs else None
        if place is not None and strong:
            return replace(obj, parts={name: part for name, part in obj.parts.items() if name != place})
        if constant is None or not strong:
            return obj
        parts = dict(obj.parts)
        parts.pop(constant, None)
        if obj.info != "exact":
            parts[constant] = BOTTOM
        return replace(obj, parts=parts)
    items = items_of(obj)
    if constant is not None and isinstance(constant.value, int) and items is not None and strong:
        kept = list(items)
        if -len(kept) <= constant.value < len(kept):
            del kept[constant.value]
            return renumbered(obj, kept)
    return loosened(obj)


def renumbered(obj: Obj, items: Sequence[Value]) -> Obj:
    """The sequence with other items, all known by position."""
    parts: dict[Key, Value] = {key: v for key, v in obj.parts.items() if not isinstance(key, Const)}
    parts.update({Const("int", index): item for index, item in enumerate(items)})
    return replace(obj, parts=parts, rest=BOTTOM, length=len(items))


def appended(obj: Obj, new: Value, strong: bool, exact: bool = True) -> Obj:
    """The sequence after ``append(new)``."""
    if strong and exact and obj.length is not None and obj.length < 64:
        return replace(obj.put(Const("int", obj.length), new), length=obj.length + 1)
    return loosened(obj, new)


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
            m.write(f, loc, renumbered(obj, [first, *items]), strong=True)
        else:
            m.write(f, loc, appended(obj, first, strong), strong=True)
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
            m.write(f, loc, obj, strong=True)
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
        m.write(f, loc, loosened(obj), strong=True)
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
        return OPAQUE
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
        return m.new(f, at, Obj(obj.kind, rest=_shared(m, f, of_ref(loc), first, common, at)))
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
    return None


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
    items = items_of(obj)
    if items and not loc.old and obj.kind == "generator":
        m.write(f, loc, renumbered(obj, items[1:]), strong=True)
        return items[0]
    return each(obj)


def _dict_method(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, args: Args, at: int) -> Value | None:
    strong = not loc.old
    none = of_const(None)
    key = args.get(0) or BOTTOM
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
    if name == "items":
        pairs = [
            sequence(m, f, at, "tuple", [k, v], None, f"pair{index}")
            for index, (k, v) in enumerate(entries_of(m, f, obj, at))
        ]
        if obj.info == "exact":
            return sequence(m, f, at, "list", pairs, None, "items")
        return m.new(f, at, Obj("list", rest=join_all(pairs)), "items")
    if name == "popitem":
        return _popitem(m, f, loc, obj, args, at)
    if name in ("copy", "new_child"):
        made = m.new(f, at, replace(obj), "copy")
        for value in args.positional if name == "new_child" else ():
            update(m, f, made.locs()[0], value, at)
        return made
    if name == "clear":
        if strong:
            m.write(f, loc, replace(obj, parts={}, rest=BOTTOM, info="exact"), strong=True)
        return none
    if name in ("__len__", "__contains__"):
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


def update(m: Machine, f: Frame, loc: Loc, value: Value, at: int) -> None:
    """``dict.update(value)``: a dict, pairs, or something unknown."""
    target = of_ref(loc)
    for ref, facts in value.refs.items():
        source = f.state.obj(ref) if isinstance(ref, Loc) else None
        if source is not None and source.kind == "attributes" and isinstance(source.info, Loc):
            ref = m.namespace(f, source.info, at).locs()[0]
            source = f.state.obj(ref)
        if isinstance(ref, Loc) and source is not None and source.kind == "dict" and ref != loc:
            for key, part in source.items():
                if not part.is_bottom:
                    m.set_item(f, target, keys.value_of(m, f, key, at), stamp(part, facts), at)
            if source.info != "exact":
                obj = m.obj(f, loc)
                others = join(obj.parts.get(KEYS, BOTTOM), source.parts.get(KEYS, OPAQUE))
                obj = _with_spreads(obj.put(KEYS, others), source)
                m.write(f, loc, replace(obj, rest=join(obj.rest, source.rest), info=None), strong=True)
        elif isinstance(ref, Loc) and source is not None and source.kind in SEQUENCES:
            for pair in items_of(source) or (each(source),):
                first, second = (m.item(f, pair, of_const(index), at) for index in (0, 1))
                m.set_item(f, target, first, second, at)
        else:
            obj = m.obj(f, loc)
            whole = Value(refs={ref: facts}, unknown=True, taints=value.taints)
            m.write(f, loc, replace(obj.put(f"$spread{at}", whole), info=None), strong=True)
    if not value.refs and (value.unknown or value.taints):
        obj = m.obj(f, loc)
        m.write(f, loc, replace(obj, rest=join(obj.rest, value), info=None), strong=True)


def _with_spreads(obj: Obj, source: Obj) -> Obj:
    """A dict with what was put as a whole into another that is put into it."""
    for name, part in source.parts.items():
        if isinstance(name, str) and name.startswith("$spread"):
            obj = obj.put(name, join(obj.parts.get(name, BOTTOM), part))
    return obj


def combine(m: Machine, f: Frame, op: str, left: Value, right: Value, at: int) -> Value | None:
    """``+``, ``*``, ``|``, ``&``, ``-`` on containers."""
    kinds = {obj.kind for loc in left.locs() if (obj := f.state.obj(loc)) is not None}
    if "dict" in kinds:
        if op != "|":
            return None
        made = m.new(f, at, Obj("dict", info="exact"), "merged")
        for value in (left, right):
            update(m, f, made.locs()[0], value, at)
        return made
    kind = sorted(kinds)[0]
    if op == "*":
        iteration, times = m.iterate(f, left, at), right.constant()
        if iteration.items is not None and times is not None and isinstance(times.value, int):
            if 0 <= len(iteration.items) * times.value <= 64:
                return sequence(m, f, at, kind, iteration.items * times.value, None, "repeated")
        return m.new(f, at, Obj(kind, rest=iteration.each), "repeated")
    if op in ("+", "|", "^"):
        either = united(m, f, left, right, op, at) if kind == "set" else None
        if either is not None:
            return sequence(m, f, at, kind, either, None, "sum")
        first, second = m.iterate(f, left, at), m.iterate(f, right, at)
        if first.items is not None and second.items is not None and op == "+":
            return sequence(m, f, at, kind, [*first.items, *second.items], None, "sum")
        return m.new(f, at, Obj(kind, rest=join(first.each, second.each)), "sum")
    if op == "&" and m.iterate(f, right, at).items == ():
        return m.new(f, at, Obj(kind, length=0), "sum")
    if op in ("-", "&"):
        left_over = chosen(m, f, left, right, op == "&", at)
        if left_over is not None:
            return sequence(m, f, at, kind, left_over, None, "sum")
        return m.new(f, at, Obj(kind, rest=_shared(m, f, left, right, op == "&", at)), "sum")
    return None


def chosen(m: Machine, f: Frame, left: Value, right: Value, wanted: bool, at: int) -> list[Value] | None:
    """The items of a set that are (or are not) in another collection; None where not all of both are known."""
    items, others = m.iterate(f, left, at).items, m.iterate(f, right, at).items
    if items is None or others is None:
        return None
    known = [keys.constant_key(m, f, item) for item in items]
    asked = [keys.constant_key(m, f, item) for item in others]
    if None in known or None in asked:
        return None
    return [item for item, key in zip(items, known, strict=True) if (key in asked) is wanted]


def is_set(f: Frame, loc: Loc) -> bool:
    """Whether something is a set, of whose items nobody knows which comes first."""
    obj = f.state.obj(loc)
    return obj is not None and obj.kind == "set"


def _shared(m: Machine, f: Frame, left: Value, right: Value, common: bool, at: int) -> Value:
    """An item of ``left & right`` (``common``) or ``left - right``; what is in a list of constants is one of them."""
    if common:
        others = m.iterate(f, right, at).items
        if others and all(keys.constant_key(m, f, item) is not None for item in others):
            return join_all(others)
    return m.iterate(f, left, at).each


def united(m: Machine, f: Frame, left: Value, right: Value, op: str, at: int) -> list[Value] | None:
    """The items of ``left | right`` or ``left ^ right``; None where not all of both are known."""
    added = chosen(m, f, right, left, False, at)
    kept = (
        None
        if added is None
        else m.iterate(f, left, at).items
        if op == "|"
        else chosen(m, f, left, right, False, at)
    )
    return None if added is None or kept is None else [*kept, *added]


def kept(f: Frame, container: Value) -> Value:
    """What one container surely holds, of a dict its keys, and nothing else; ``BOTTOM`` where that is unknown."""
    loc = container.single()
    obj = f.state.obj(loc) if loc is not None and not container.unknown else None
    if obj is None:
        return BOTTOM
    if obj.kind == "dict":
        return obj.parts.get(KEYS, BOTTOM)
    return each(obj) if obj.kind in SEQUENCES else BOTTOM


def contains(m: Machine, f: Frame, container: Value, key: Value) -> bool | None:
    """Whether a constant is a key or item of a container, if that is certain."""
    constant, loc = keys.constant_key(m, f, key), container.single()
    if constant is None or loc is None or container.unknown:
        return None
    obj = f.state.obj(loc)
    if obj is None:
        return None
    if obj.kind == "dict" and obj.info == "exact":
        return constant in obj.parts and not obj.parts[constant].is_bottom
    items = items_of(obj)
    if items is not None and obj.kind in SEQUENCES:
        constants = [keys.constant_key(m, f, item) for item in items]
        if all(c is not None for c in constants):
            return constant in constants
    return None


def holds(m: Machine, f: Frame, container: Value, key: Value) -> bool | None:
    """Whether ``container[key]`` is there: None where that is not certain."""
    constant, loc = keys.constant_key(m, f, key), container.single()
    obj = f.state.obj(loc) if loc is not None and not container.unknown else None
    if constant is None or obj is None or container.taints or obj.cls is not None:
        return None
    if obj.kind == "dict" and obj.info == "exact" and MISSING not in obj.parts:
        if any(isinstance(part, str) and part.startswith("$spread") for part in obj.parts):
            return None
        return constant in obj.parts and not obj.parts[constant].is_bottom
    if obj.kind in ("list", "tuple") and obj.length is not None and isinstance(constant.value, int):
        return -obj.length <= constant.value < obj.length
    return None


def absence(f: Frame, container: Value) -> str:
    """The builtin exception of a key or position that is not there."""
    loc = container.single()
    obj = f.state.obj(loc) if loc is not None else None
    return "KeyError" if obj is not None and obj.kind == "dict" else "IndexError"


def exact_dict(m: Machine, f: Frame, value: Value) -> dict[str, Value] | None:
    """The entries of a dict all of whose keys are known texts."""
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    if obj is None or obj.kind != "dict" or obj.info != "exact":
        return None
    if any(key.type != "str" for key, _ in obj.items()):
        return None
    return {str(key.value): part for key, part in obj.items() if not part.is_bottom}


def slice_of(m: Machine, f: Frame, value: Value, bounds: Sequence[Value | None], at: int) -> Value:
    """``value[lower:upper:step]`` of a sequence or a text."""
    value = scalars.plain(m, f, value) if value.refs else value
    given = numbers_of(bounds)
    known = given is not None
    numbers = given if given is not None else [None, None, None]
    results: list[Value] = []
    plain = value.with_(refs=NO_REFS)
    if value.taints or value.consts or not value.refs:
        unknown_refs = {ref: held for ref, held in value.refs.items() if not _is_container(f, ref)}
        cut = texts.slice_text(plain, numbers, known)
        results.append(cut if not unknown_refs or value.taints else cut.with_(refs=unknown_refs))
    for ref, facts in value.refs.items():
        if not isinstance(ref, Loc):
            continue
        obj = f.state.obj(ref)
        if obj is not None and is_tabular(obj):
            results.append(stamp(m.frame_slice(f, ref, obj, numbers, known, at), facts))
        elif obj is not None and (obj.kind in SEQUENCES or obj.kind == "row"):
            # A row of a query has its columns at positions 0 to their number.
            items = items_of(obj) if obj.kind != "row" else columns_of(obj)
            kind = "tuple" if obj.kind == "row" else obj.kind
            if items is not None and known and numbers[2] != 0:
                made = sequence(m, f, at, kind, items[slice(*numbers)], None, "slice")
            else:
                made = m.new(f, at, Obj(kind, rest=each(obj)), "slice")
            results.append(stamp(made, facts))
        elif obj is not None and obj.cls is not None and m.is_named_tuple(f, obj.cls):
            fields = m.iterate(f, of_ref(ref), at).items or ()
            chosen = fields[slice(*numbers)] if known and numbers[2] != 0 else fields
            results.append(stamp(sequence(m, f, at, "tuple", chosen, None, "slice"), facts))
        elif not value.taints and not value.consts:
            results.append(Value(NO_TAINTS, refs={ref: facts}, unknown=True))
    return join_all(results) if results else UNKNOWN


def columns_of(row: Obj) -> tuple[Value, ...]:
    return tuple(value for key, value in row.items() if key.type == "int")


def numbers_of(bounds: Sequence[Value | None]) -> list[int | None] | None:
    """The constants of a slice; None where one of them is not known."""
    numbers: list[int | None] = []
    for bound in bounds:
        constant = bound.constant() if bound is not None else None
        if bound is None or (constant is not None and constant.value is None):
            numbers.append(None)
        elif constant is not None and isinstance(constant.value, int):
            numbers.append(int(constant.value))
        else:
            return None
    return numbers


def _is_container(f: Frame, ref: object) -> bool:
    obj = f.state.obj(ref) if isinstance(ref, Loc) else None
    return obj is not None and obj.kind in SEQUENCES | {"dict"}
