"""Lists, tuples, dicts, sets and generators: items, iteration and methods.

Items with known keys or positions are kept apart; what has no known key is joined in ``rest``.
A dict with ``info`` ``"exact"`` has no other keys than its parts; a sequence with a ``length``
has its items at positions 0 to length - 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import keys, mappings, memberships, naming, scalars, text_pieces, text_slices
from qorgau.flow.constants import Const
from qorgau.flow.frame_types import is_tabular
from qorgau.flow.heap import MAYBE, Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame, Iteration
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

STORED = "$stored"
"""Marks a dict that was a row of a query: reading it is reading what is stored."""

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


LONGEST = "$longest"
"""The part of a deque that says how many items it may have."""


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


def shortened(obj: Obj, *, left: bool) -> Obj:
    """A deque with no more items than it may have; those at the ``left`` go first, or those at the right."""
    longest = obj.parts[LONGEST].constant() if LONGEST in obj.parts else None
    items = items_of(obj)
    if longest is None or not isinstance(longest.value, int) or items is None or len(items) <= longest.value:
        return obj
    return renumbered(obj, items[len(items) - longest.value :] if left else items[: longest.value])


def appended(obj: Obj, new: Value, strong: bool, exact: bool = True) -> Obj:
    """The sequence after ``append(new)``."""
    if strong and exact and obj.length is not None and obj.length < 64:
        return replace(obj.put(Const("int", obj.length), new), length=obj.length + 1)
    if strong and exact and obj.length is None:
        return replace(obj, rest=join(obj.rest, new))
    return loosened(obj, new)


def update(m: Machine, f: Frame, loc: Loc, value: Value, at: int) -> None:
    """``dict.update(value)``: a dict, pairs, or something unknown."""
    target = of_ref(loc)
    value = mappings.as_dict(m, f, value, at)
    for ref, facts in value.refs.items():
        source = f.state.obj(ref) if isinstance(ref, Loc) else None
        owner = _shown_by(m, f, ref, source) if isinstance(ref, Loc) and source is not None else None
        if owner is not None:
            ref = m.namespace(f, owner, at).locs()[0]
            source = f.state.obj(ref)
        if ref == loc:
            continue
        if source is not None and source.kind == "row":
            source = mapping_of(source)
        if isinstance(ref, Loc) and source is not None and source.kind == "dict":
            for key, part in source.items():
                if not part.is_bottom:
                    m.set_item(f, target, keys.value_of(m, f, key, at), stamp(part, facts), at)
            if STORED in source.parts:
                m.write(f, loc, m.obj(f, loc).put(STORED, OPAQUE), strong=True)
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


def _shown_by(m: Machine, f: Frame, loc: Loc, obj: Obj) -> Loc | None:
    """The object whose fields these are: that of a ``__dict__``, or a model of pydantic, which gives its pairs."""
    if obj.kind == "attributes" and isinstance(obj.info, Loc):
        return obj.info
    shows = obj.kind in ("instance", "unknown") and obj.cls is not None and m.is_model_of_fields(f, obj.cls)
    return loc if shows else None


def _with_spreads(obj: Obj, source: Obj) -> Obj:
    """A dict with what was put as a whole into another that is put into it."""
    for name, part in source.parts.items():
        if isinstance(name, str) and name.startswith("$spread"):
            obj = obj.put(name, join(obj.parts.get(name, BOTTOM), part))
    return obj


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
    if (
        constant is not None
        and container.taints
        and (told := text_pieces.has(container, constant)) is not None
    ):
        return told
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


def leading(f: Frame, value: Value) -> list[Value]:
    """The first items of a list that are there on every path, where not all of its items are known."""
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    if obj is None or obj.kind != "list":
        return []
    unsure = obj.parts.get(MAYBE, BOTTOM).consts
    found: list[Value] = []
    while (place := Const("int", len(found))) in obj.parts and place not in unsure:
        found.append(obj.parts[place])
    return found


def perhaps(f: Frame, value: Value, name: str, part: Value) -> Value:
    """An entry of a dict that is given as arguments: a flag that is there on some paths only is not told."""
    constant = part.constant()
    if constant is None or not isinstance(constant.value, bool):
        return part
    objs = [f.state.obj(loc) for loc in value.locs()]
    unsure = any(
        obj is not None and Const("str", name) in obj.parts.get(MAYBE, BOTTOM).consts for obj in objs
    )
    return part.with_(opaque=True) if unsure else part


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
        cut = text_pieces.cut(plain, numbers) if known else None
        cut = cut or text_slices.slice_text(plain, numbers, known)
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
    """The columns of a row of a query, in order."""
    return tuple(value for key, value in row.items() if key.type == "int")


def named_columns(row: Obj) -> list[tuple[str, Value]]:
    """The columns of a row with their names, which stand before them; no name for one that has none."""
    found: list[tuple[str, Value]] = []
    name = ""
    for key, value in row.items():
        if key.type == "int":
            found.append((name, value))
        name = str(key.value) if key.type == "str" else ""
    return found


def mapping_of(row: Obj) -> Obj:
    """A row of a query as a dict: its columns by their names."""
    parts: dict[Key, Value] = {
        key: part
        for key, part in row.parts.items()
        if (key.type == "str" if isinstance(key, Const) else key.startswith(("$", "@")))
    }
    unnamed = [part for name, part in named_columns(row) if not name]
    return Obj(
        "dict", parts={**parts, STORED: OPAQUE}, rest=join_all(unnamed), info=None if unnamed else "exact"
    )


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
