"""What the engine itself knows of builtins and of the standard library's higher-order functions.

Rows of ``rules/libraries`` name these by ``does``; builtins are listed here. Each behaviour
gets the evaluated call and gives its result.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import containers, keys, masks, objects, origins, raising, scalars, started, texts
from qorgau.flow.constants import HOLE, Const, const
from qorgau.flow.facts import CHECKS, common_facts
from qorgau.flow.heap import Key, Obj, join_objects
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame, Iteration
from qorgau.flow.state import Renaming
from qorgau.flow.taints import Taint, Taints, Trace, merge_taints
from qorgau.flow.uses import Use
from qorgau.flow.values import (
    BOTTOM,
    NO_REFS,
    OPAQUE,
    UNKNOWN,
    Bound,
    External,
    SuperOf,
    Value,
    join,
    join_all,
    of_const,
    of_ref,
    stamp,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

__all__ = ["BEHAVIOURS", "BUILTINS", "Use"]

MAX_ROWS = 24
"""Rows of a product of known collections that are kept apart."""


def _clean(m: Machine, f: Frame, u: Use) -> Value:
    return OPAQUE


def _len(m: Machine, f: Frame, u: Use) -> Value:
    value = u.arg(0)
    iteration = None
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    if obj is not None and obj.kind in ("list", "tuple") and obj.length is not None and not value.unknown:
        return of_const(obj.length)
    if obj is not None and obj.kind == "dict" and obj.info == "exact":
        return of_const(len(obj.items()))
    constant = value.constant()
    if constant is not None and isinstance(constant.value, str) and "\0" not in constant.value:
        return of_const(len(constant.value))
    if obj is not None and obj.cls is not None:
        method = objects.method(m, f, loc, obj, "__len__", u.at) if loc is not None else None
        if method is not None:
            m.call(f, method, Args(), u.at)
    del iteration
    return OPAQUE


def _bool(m: Machine, f: Frame, u: Use) -> Value:
    value = u.arg(0)
    yes, no = m.truth(f, value, True), m.truth(f, value, False)
    if yes is None and no is not None:
        return of_const(False)
    if no is None and yes is not None:
        return of_const(True)
    return Value(opaque=True, when_true=yes, when_false=no)


def _text(m: Machine, f: Frame, u: Use) -> Value:
    if not u.args.positional and not u.args.keywords:
        return of_const("")
    return m.text(f, u.arg(0, "object"), u.at)


def _repr(m: Machine, f: Frame, u: Use) -> Value:
    return m.text(f, u.arg(0), u.at, representation=True)


def _format(m: Machine, f: Frame, u: Use) -> Value:
    return m.formatted(f, u.arg(0), u.arg(1) if len(u.args.positional) > 1 else of_const(""), u.at)


def _number(m: Machine, f: Frame, u: Use) -> Value:
    value = scalars.plain(m, f, u.arg(0))
    constant = value.constant()
    kind = u.dotted.rpartition(".")[2]
    if constant is not None and isinstance(constant.value, str | int | float):
        try:
            return of_const(int(constant.value) if kind == "int" else float(constant.value))
        except (ValueError, OverflowError):
            return OPAQUE if HOLE in str(constant.value) else raising.fail(f, "ValueError")
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    if loc is not None and obj is not None and obj.cls is not None:
        method = objects.method(m, f, loc, obj, f"__{kind}__", u.at)
        if method is not None:
            return m.call(f, method, Args(), u.at)
    return texts.made_of([value.with_(refs=NO_REFS)])


def _divmod(m: Machine, f: Frame, u: Use) -> Value:
    """Quotient and remainder, each with the digits of the number."""
    made = texts.made_of([value.with_(refs=NO_REFS) for value in u.args.positional])
    return m.sequence(f, u.at, "tuple", [made, made], None, "divided")


def _distinct(items: Sequence[Value]) -> list[Value]:
    """The items of a set: equal constants are one."""
    found: dict[object, Value] = {}
    for index, item in enumerate(items):
        constant = item.constant()
        found.setdefault(index if constant is None else constant, item)
    return list(found.values())


def _sequence(kind: str) -> Callable[[Machine, Frame, Use], Value]:
    def build(m: Machine, f: Frame, u: Use) -> Value:
        if not u.args.positional:
            return m.sequence(f, u.at, kind, [], None)
        iteration = m.iterate(f, u.arg(0), u.at)
        if iteration.items is not None:
            items = _distinct(iteration.items) if kind == "set" else iteration.items
            return m.sequence(f, u.at, kind, items, None)
        return m.new(f, u.at, Obj(kind, rest=iteration.each))

    return build


def _dict(m: Machine, f: Frame, u: Use) -> Value:
    made = m.new(f, u.at, Obj("dict", info="exact"))
    loc = made.locs()[0]
    for value in [*u.args.positional[:1], *u.args.double]:
        containers.update(m, f, loc, value, u.at)
    for name, value in u.args.keywords.items():
        m.set_item(f, made, of_const(name), value, u.args.ats.get(name, u.at))
    return made


def _defaultdict(m: Machine, f: Frame, u: Use) -> Value:
    made = _dict(m, f, Use(u.dotted, u.receiver, u.args.rest(1), u.at))
    if u.args.positional:
        loc = made.locs()[0]
        if u.args.positional[0].refs:
            m.write(f, loc, m.obj(f, loc).put(containers.MISSING, u.args.positional[0]), strong=True)
    return made


def _mapping_of(m: Machine, f: Frame, u: Use) -> Value:
    """``Counter(x)``, ``ChainMap(a, b)``: a dict of what the arguments hold."""
    made = m.new(f, u.at, Obj("dict", info="exact"))
    loc = made.locs()[0]
    for value in reversed(u.args.positional):
        if u.dotted.endswith("Counter"):
            iteration = m.iterate(f, value, u.at)
            obj = m.obj(f, loc)
            keys = join(obj.parts.get(containers.KEYS, BOTTOM), iteration.each)
            m.write(f, loc, replace(obj.put(containers.KEYS, keys), rest=OPAQUE, info=None), strong=True)
        else:
            containers.update(m, f, loc, value, u.at)
    for name, value in u.args.keywords.items():
        m.set_item(f, made, of_const(name), value, u.at)
    return made


def _getattr(m: Machine, f: Frame, u: Use) -> Value:
    owner, name, default = u.arg(0), keys.plain(f, u.arg(1)), u.arg(2)
    known = name.texts()
    if not known or name.unknown or name.opaque:
        fields = [v for loc in owner.locs() for v in _attributes(f, loc)]
        return join_all([_untold(m, f, owner), default, *fields])
    if not default.is_bottom and all(objects.lacks(m, f, owner, text) for text in known):
        return default
    result = join_all([m.attribute(f, owner, text, u.at) for text in known])
    if default.is_bottom:
        return result
    return result if _is_set(m, f, owner, known) else join(result, default)


def _plain_attribute(m: Machine, f: Frame, u: Use) -> Value:
    """``object.__getattribute__(x, name)``: past what the class itself does on reading."""
    names = u.arg(1).texts()
    return join_all([m.attribute(f, u.arg(0), name, u.at) for name in names]) if names else UNKNOWN


def _untold(m: Machine, f: Frame, owner: Value) -> Value:
    """What an attribute of unknown name can be besides those that are known: of a made object there is none."""
    made = {loc for loc in owner.locs() if m.obj(f, loc).kind == "instance"}
    others = owner.with_(refs={ref: held for ref, held in owner.refs.items() if ref not in made})
    return Value(m.contents(f, others), unknown=True)


def _attributes(f: Frame, loc: Loc) -> list[Value]:
    obj = f.state.obj(loc)
    if obj is None:
        return []
    return [
        part for key, part in obj.parts.items() if isinstance(key, str) and not key.startswith(("$", "@"))
    ]


def _is_set(m: Machine, f: Frame, owner: Value, names: list[str]) -> bool:
    loc = owner.single()
    obj = f.state.obj(loc) if loc is not None else None
    return obj is not None and all(name in obj.parts for name in names)


def _setattr(m: Machine, f: Frame, u: Use) -> Value:
    names = u.arg(1).texts()
    if names and u.dotted.endswith("__setattr__"):
        for name in names:
            objects.put_attribute(m, f, u.arg(0), name, u.arg(2))
    elif names:
        for name in names:
            m.set_attribute(f, u.arg(0), name, u.arg(2), u.at)
    else:
        for loc in u.arg(0).locs():
            obj = m.obj(f, loc)
            m.write(f, loc, replace(obj, rest=join(obj.rest, u.arg(2))), strong=True)
    return of_const(None)


def _delattr(m: Machine, f: Frame, u: Use) -> Value:
    for name in u.arg(1).texts():
        m.delete_attribute(f, u.arg(0), name, u.at)
    return of_const(None)


def _hasattr(m: Machine, f: Frame, u: Use) -> Value:
    known = u.arg(1).texts()
    absent = bool(known) and all(objects.lacks(m, f, u.arg(0), text) for text in known)
    return of_const(False) if absent else OPAQUE


def _vars(m: Machine, f: Frame, u: Use) -> Value:
    if not u.args.positional:
        return UNKNOWN
    return m.attribute(f, u.arg(0), "__dict__", u.at)


def _isinstance(m: Machine, f: Frame, u: Use) -> Value:
    answer = m.is_instance(f, u.arg(0), u.arg(1))
    return OPAQUE if answer is None else of_const(answer)


def _super(m: Machine, f: Frame, u: Use) -> Value:
    if len(u.args.positional) >= 2:
        cls = u.arg(0).single()
        return of_ref(SuperOf(cls, u.arg(1))) if cls is not None else UNKNOWN
    frame = f
    closure = frame.closure
    owner = m.owner_of(f)
    if closure is None or owner is None:
        return UNKNOWN
    return of_ref(SuperOf(owner, frame.receiver))


def _map(m: Machine, f: Frame, u: Use) -> Value:
    function = u.arg(0, "func")
    iterations = [m.iterate(f, value, u.at) for value in u.args.positional[1:]]
    if not iterations:
        return UNKNOWN
    if all(i.items is not None and len(i.items) <= 12 for i in iterations):
        results: list[Value] = []
        passes = f.passes
        count = min(len(i.items or ()) for i in iterations)
        for index in range(count):
            f.passes = (*passes, index)
            results.append(m.call(f, function, Args([(i.items or ())[index] for i in iterations]), u.at))
        f.passes = passes
        return m.sequence(f, u.at, "generator", results, None, "map")
    result = m.repeated(f, lambda: m.call(f, function, Args([i.each for i in iterations]), u.at))
    return m.new(f, u.at, Obj("generator", rest=result), "map")


def _filter(m: Machine, f: Frame, u: Use) -> Value:
    rejects = u.dotted.endswith(("filterfalse", "filter_false"))
    function = u.arg(0, "predicate" if rejects else "function")
    iteration = m.iterate(f, u.arg(1, "iterable"), u.at)
    if iteration.items is not None and len(iteration.items) <= 12:
        kept: list[Value] = []
        exact = True
        for item in iteration.items:
            chosen, sure = _chosen(m, f, function, item, u.at, not rejects)
            exact = exact and sure
            if chosen is not None:
                kept.append(chosen)
        if exact:
            return m.sequence(f, u.at, "generator", kept, None, "filter")
        return m.new(f, u.at, Obj("generator", rest=join_all(kept)), "filter")
    chosen, _ = _chosen(m, f, function, iteration.each, u.at, not rejects)
    return m.new(f, u.at, Obj("generator", rest=chosen or BOTTOM), "filter")


def _chosen(
    m: Machine, f: Frame, function: Value, item: Value, at: int, wanted: bool
) -> tuple[Value | None, bool]:
    """An item that a predicate lets through, with what its being true (or false) implies."""
    answer = item if function.constant() is not None else m.call(f, function, Args([item]), at)
    yes, no = m.truth(f, answer, wanted), m.truth(f, answer, not wanted)
    if yes is None:
        return None, True
    return stamp(item, yes), no is None


def _reduce(m: Machine, f: Frame, u: Use) -> Value:
    function = u.arg(0, "function")
    iteration = m.iterate(f, u.arg(1, "iterable"), u.at)
    total = u.arg(2, "initial")
    items = list(iteration.items) if iteration.items is not None and len(iteration.items) <= 12 else None
    if items is not None:
        if total.is_bottom:
            if not items:
                return BOTTOM
            total = items.pop(0)
        passes = f.passes
        for index, item in enumerate(items):
            f.passes = (*passes, index)
            total = m.call(f, function, Args([total, item]), u.at)
        f.passes = passes
        return total
    total = iteration.each if total.is_bottom else total
    for _ in range(3):
        after = join(total, m.call(f, function, Args([total, iteration.each]), u.at))
        if after == total:
            break
        total = after
    return total


def _sorted(m: Machine, f: Frame, u: Use) -> Value:
    iteration = m.iterate(f, u.arg(0, "iterable"), u.at)
    key = u.args.keywords.get("key")
    if key is not None and key.refs:
        m.call(f, key, Args([iteration.each]), u.at)
    return m.new(f, u.at, Obj("list", rest=iteration.each), "sorted")


def _reversed(m: Machine, f: Frame, u: Use) -> Value:
    loc = u.arg(0).single()
    obj = f.state.obj(loc) if loc is not None else None
    own = (
        objects.method(m, f, loc, obj, "__reversed__", u.at) if loc is not None and obj is not None else None
    )
    if own is not None:
        return m.call(f, own, Args(), u.at)
    iteration = m.iterate(f, u.arg(0), u.at)
    if iteration.items is not None:
        return m.sequence(f, u.at, "list", iteration.items[::-1], None, "reversed")
    return m.new(f, u.at, Obj("list", rest=iteration.each), "reversed")


def _extreme(m: Machine, f: Frame, u: Use) -> Value:
    key = u.args.keywords.get("key")
    values = list(u.args.positional)
    if len(values) == 1:
        values = [m.iterate(f, values[0], u.at).each]
    if key is not None and key.refs:
        m.call(f, key, Args([join_all(values)]), u.at)
    default = u.args.keywords.get("default")
    return join_all([*values, *([default] if default is not None else [])])


def _zip(m: Machine, f: Frame, u: Use) -> Value:
    iterations = [_column(m, f, value, index, u.at) for index, value in enumerate(u.args.positional)]
    if not u.args.star.is_bottom:
        inner = m.iterate(f, u.args.star, u.at)
        given = [m.iterate(f, of_ref(loc), u.at).items for loc in u.args.star.locs()]
        widths = {len(items) for items in given if items is not None}
        if given and all(items is not None for items in given) and len(widths) == 1:
            # ``zip(*pairs)``: each place of the rows becomes a column.
            columns = [
                join_all(items[index] for items in given if items is not None) for index in range(*widths)
            ]
            made = [
                m.new(f, u.at, Obj("tuple", rest=column), f"column{index}")
                for index, column in enumerate(columns)
            ]
            return m.sequence(f, u.at, "generator", made, None, "zip")
        row = m.new(f, u.at, Obj("tuple", rest=inner.each), "row")
        return m.new(f, u.at, Obj("list", rest=row), "zip")
    if iterations and all(i.items is not None for i in iterations) and len(iterations[0].items or ()) <= 16:
        rows = [
            m.sequence(f, u.at, "tuple", list(row), None, f"row{index}")
            for index, row in enumerate(zip(*(i.items or () for i in iterations), strict=False))
        ]
        return m.sequence(f, u.at, "generator", rows, None, "zip")
    row = m.sequence(f, u.at, "tuple", _abreast([i.each for i in iterations]), None, "row")
    return m.new(f, u.at, Obj("generator", rest=row), "zip")


def _abreast(columns: list[Value]) -> list[Value]:
    """Items of one place: what was made of another item of a collection in the row was made of the one beside it."""
    singles = [loc for column in columns if (loc := column.single()) is not None and _is_element(loc)]
    parents = [loc.parent for loc in singles]
    beside = {loc.parent: loc for loc in singles if parents.count(loc.parent) == 1}
    if not beside:
        return columns

    def change(loc: Loc) -> Loc:
        return beside.get(loc.parent, loc) if _is_element(loc) else loc

    renaming = Renaming(change)
    return [renaming.value(column) for column in columns]


def _is_element(loc: Loc) -> bool:
    return isinstance(loc.label, tuple) and loc.label[:1] == ("element",)


def _column(m: Machine, f: Frame, value: Value, index: int, at: int) -> Iteration:
    """What one of several collections gives: two of the same class have items of their own."""
    passes, f.passes = f.passes, (*f.passes, index) if index else f.passes
    iteration = m.iterate(f, value, at)
    f.passes = passes
    return iteration


def _enumerate(m: Machine, f: Frame, u: Use) -> Value:
    iteration = m.iterate(f, u.arg(0, "iterable"), u.at)
    if iteration.items is not None and len(iteration.items) <= 16:
        pairs = [
            m.sequence(f, u.at, "tuple", [of_const(index), item], None, f"pair{index}")
            for index, item in enumerate(iteration.items)
        ]
        return m.sequence(f, u.at, "generator", pairs, None, "enumerate")
    pair = m.sequence(f, u.at, "tuple", [OPAQUE, iteration.each], None, "pair")
    return m.new(f, u.at, Obj("generator", rest=pair), "enumerate")


def _iter(m: Machine, f: Frame, u: Use) -> Value:
    value = u.arg(0)
    if len(u.args.positional) > 1:
        return m.new(f, u.at, Obj("generator", rest=m.call(f, value, Args(), u.at)))
    iteration = m.iterate(f, value, u.at)
    if iteration.items is not None:
        return m.sequence(f, u.at, "generator", iteration.items, None, "iter")
    return m.new(f, u.at, Obj("generator", rest=iteration.each), "iter")


def _next(m: Machine, f: Frame, u: Use) -> Value:
    value, default = u.arg(0), u.arg(1)
    results: list[Value] = []
    for ref, facts in value.refs.items():
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if isinstance(ref, Loc) and obj is not None and obj.kind in containers.SEQUENCES:
            results.append(stamp(m.advance_generator(f, ref, u.at), facts))
        elif isinstance(ref, Loc) and obj is not None and obj.cls is not None:
            method = objects.method(m, f, ref, obj, "__next__", u.at)
            found = (
                m.call(f, method, Args(), u.at)
                if method is not None
                else m.iterate(f, of_ref(ref), u.at).each
            )
            results.append(found)
        else:
            results.append(m.iterate(f, Value(refs={ref: facts}, unknown=True), u.at).each)
    if not value.refs:
        results.append(m.iterate(f, value, u.at).each)
    sure = default.is_bottom
    return join_all([*results, *([] if sure else [default])])


def _range(m: Machine, f: Frame, u: Use) -> Value:
    numbers = [value.constant() for value in u.args.positional]
    if numbers and all(n is not None and isinstance(n.value, int) for n in numbers):
        try:
            values = range(*(int(str(n.value)) for n in numbers if n is not None))
        except (ValueError, TypeError):
            return m.new(f, u.at, Obj("list", rest=OPAQUE), "range")
        if len(values) <= 12:
            return m.sequence(f, u.at, "list", [of_const(number) for number in values], None, "range")
    return m.new(f, u.at, Obj("list", rest=OPAQUE), "range")


def _partial(m: Machine, f: Frame, u: Use) -> Value:
    if not u.args.positional:
        return UNKNOWN
    function, *given = u.args.positional
    parts: dict[Key, Value] = {"$function": function}
    parts.update({f"$p{index}": value for index, value in enumerate(given)})
    parts.update({f"$k{name}": value for name, value in u.args.keywords.items()})
    if not u.args.star.is_bottom:
        parts["$star"] = u.args.star
    if u.args.double:
        parts["$double"] = join_all(u.args.double)
    info = (len(given), tuple(u.args.keywords))
    kind = "partialmethod" if u.dotted.endswith("partialmethod") else "partial"
    return m.new(f, u.at, Obj(kind, parts=parts, info=info), "partial")


def _property(m: Machine, f: Frame, u: Use) -> Value:
    """``property(fget, fset)`` without a decorator."""
    parts: dict[Key, Value] = {
        name: given
        for index, name in enumerate(("fget", "fset", "fdel"))
        if not (given := u.arg(index, name)).is_bottom and given.refs
    }
    return m.new(f, u.at, Obj("property", parts=parts), "property")


def _import_string(m: Machine, f: Frame, u: Use) -> Value:
    """``import_string("package.module.name")``: what goes by that name."""
    results: list[Value] = []
    for text in u.arg(0, "import_name").texts():
        module, _, name = text.replace(":", ".").rpartition(".")
        results.append(m.import_name(f, module, name, u.at) if module else m.import_module(f, name))
    return join_all(results) if results else UNKNOWN


def _bind_arguments(m: Machine, f: Frame, u: Use) -> Value:
    """``signature.bind(*args, **kwargs)``: what was given by position, and by name."""
    rest = None if u.args.star.is_bottom else u.args.star
    given = m.sequence(f, u.at, "tuple", list(u.args.positional), rest, "bound-args")
    named = m.new(f, u.at, Obj("dict", info="exact"), "bound-kwargs")
    for double in u.args.double:
        containers.update(m, f, named.locs()[0], double, u.at)
    for name, value in u.args.keywords.items():
        m.set_item(f, named, of_const(name), value, u.at)
    everything = m.new(f, u.at, Obj("dict", rest=join_all([m.iterate(f, given, u.at).each, named])), "bound")
    parts: dict[Key, Value] = {"args": given, "kwargs": named, "arguments": everything}
    return m.new(f, u.at, Obj("library", type="inspect.BoundArguments", parts=parts), "bind")


def _identity(m: Machine, f: Frame, u: Use) -> Value:
    return u.arg(0)


def _cast(m: Machine, f: Frame, u: Use) -> Value:
    """``cast(Client, value)``: the same value; of a class of the project, if nothing else is known of it."""
    value = u.arg(1)
    cls, loc = u.arg(0).single(), value.single()
    held = f.state.obj(cls) if cls is not None else None
    if loc is not None and held is not None and held.kind == "class":
        obj = m.obj(f, loc)
        if obj.kind == "unknown" and obj.cls is None and not obj.type:
            m.write(f, loc, replace(obj, cls=cls), strong=True)
    return value


def _returns_identity(m: Machine, f: Frame, u: Use) -> Value:
    """Decorator factories that give the function back: ``wraps(f)``, ``lru_cache()``."""
    return of_ref(External("qorgau.identity"))


def _copy(m: Machine, f: Frame, u: Use) -> Value:
    return copied(m, f, u.arg(0), u.at, deep=u.dotted.endswith("deepcopy"))


def copied(
    m: Machine, f: Frame, value: Value, at: int, *, deep: bool, made: dict[str, tuple[Loc, Obj]] | None = None
) -> Value:
    """A copy: new objects with the same parts. ``made`` are those that the same call has made already."""
    made = {} if made is None else made
    results: list[Value] = []
    for ref, facts in value.refs.items():
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if obj is None or obj.kind in ("function", "class", "module") or not isinstance(ref, Loc):
            results.append(Value(refs={ref: facts}))
            continue
        own = "__deepcopy__" if deep else "__copy__"
        if obj.kind == "instance" and obj.cls is not None:
            hook = objects.class_part(m, f, obj.cls, own)
            if hook is not None:
                args = Args([m.new(f, at, Obj("dict", info="exact"), "memo")] if deep else [])
                answered = m.call(f, objects.bind(m, f, hook, of_ref(ref), at), args, at)
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


def _itemgetter(m: Machine, f: Frame, u: Use) -> Value:
    parts: dict[Key, Value] = {Const("int", i): value for i, value in enumerate(u.args.positional)}
    made = Obj("made", type="itemgetter", parts=parts, length=len(parts), info=(f.unit, u.at))
    return m.new(f, u.at, made, "getter")


def _attrgetter(m: Machine, f: Frame, u: Use) -> Value:
    parts: dict[Key, Value] = {Const("int", i): value for i, value in enumerate(u.args.positional)}
    made = Obj("made", type="attrgetter", parts=parts, length=len(parts), info=(f.unit, u.at))
    return m.new(f, u.at, made, "getter")


def _methodcaller(m: Machine, f: Frame, u: Use) -> Value:
    parts: dict[Key, Value] = {Const("int", i): value for i, value in enumerate(u.args.positional)}
    parts.update({f"$k{name}": value for name, value in u.args.keywords.items()})
    made = Obj("made", type="methodcaller", parts=parts, length=len(u.args.positional))
    return m.new(f, u.at, made, "getter")


def call_made(m: Machine, f: Frame, obj: Obj, args: Args, at: int) -> Value:
    """Call an ``itemgetter``, ``attrgetter`` or ``methodcaller``."""
    target = args.get(0) or BOTTOM
    keys = [value for _, value in obj.items()]
    if obj.type == "constantly":
        return join_all(keys)
    if obj.type == "methodcaller":
        names = keys[0].texts() if keys else []
        keywords = {str(k)[2:]: v for k, v in obj.parts.items() if isinstance(k, str) and k.startswith("$k")}
        return join_all([m.call_method(f, target, name, Args(keys[1:], keywords), at) for name in names])
    found: list[Value] = []
    for key in keys:
        if obj.type == "itemgetter":
            found.append(_named_at(f, m.item(f, target, key, at), obj, at))
            continue
        value = BOTTOM
        for text in key.texts():
            step = target
            for name in text.split("."):
                step = m.attribute(f, step, name, at)
            value = join(value, step)
        found.append(_named_at(f, value, obj, at))
    return found[0] if len(found) == 1 else m.sequence(f, at, "tuple", found, None, "got")


def _named_at(f: Frame, value: Value, getter: Obj, at: int) -> Value:
    """What a getter reads has its source where the getter names it."""
    if not isinstance(getter.info, tuple):
        return value
    unit, place = getter.info

    def source(taint: Taint) -> Taint:
        last = taint.trace
        if last is None or last.parent is not None or last.unit is not f.unit or last.at != at:
            return taint
        return replace(
            taint, trace=Trace(Trace(None, unit, place, last.note), f.unit, at, "read by the getter")
        )

    return value.map_taints(source)


def _chain(m: Machine, f: Frame, u: Use) -> Value:
    values = list(u.args.positional)
    if u.dotted.endswith("from_iterable"):
        outer = m.iterate(f, values[0], u.at)
        values = list(outer.items) if outer.items is not None else [outer.each]
    iterations = [m.iterate(f, value, u.at) for value in values]
    if all(i.items is not None for i in iterations) and not u.dotted.endswith("merge"):
        return m.sequence(f, u.at, "generator", [x for i in iterations for x in i.items or ()], None, "chain")
    return m.new(f, u.at, Obj("generator", rest=join_all(i.each for i in iterations)), "chain")


def _elements(m: Machine, f: Frame, u: Use) -> Value:
    each = join_all(m.iterate(f, value, u.at).each for value in u.args.positional[:1])
    return m.new(f, u.at, Obj("generator", rest=each), "elements")


def _item_function(m: Machine, f: Frame, u: Use) -> Value:
    """``operator.getitem(a, b)``, ``setitem`` and ``delitem``."""
    name = u.dotted.rpartition(".")[2]
    if name == "setitem":
        m.set_item(f, u.arg(0), u.arg(1), u.arg(2), u.at)
    elif name == "delitem":
        m.delete_item(f, u.arg(0), u.arg(1), u.at)
    else:
        return m.item(f, u.arg(0), u.arg(1), u.at)
    return of_const(None)


def _heap(m: Machine, f: Frame, u: Use) -> Value:
    """Functions of ``heapq`` and ``bisect`` on a list: they keep it ordered, so that positions say nothing."""
    name, heap, item = u.dotted.rpartition(".")[2], u.arg(0), u.arg(1)
    taken = m.iterate(f, heap, u.at).each
    for loc in heap.locs():
        obj = m.obj(f, loc)
        if obj.kind in containers.SEQUENCES:
            m.write(f, loc, containers.loosened(obj, item), strong=True)
        elif not item.is_bottom:
            m.call_method(f, of_ref(loc), "append", Args([item]), u.at)
    if name in ("heappop", "heapreplace"):
        return taken
    return join(taken, item) if name == "heappushpop" else of_const(None)


def _best(m: Machine, f: Frame, u: Use) -> Value:
    """``heapq.nlargest(n, items, key=)``: some of the items."""
    each = m.iterate(f, u.arg(1, "iterable"), u.at).each
    key = u.args.keywords.get("key")
    if key is not None and key.refs:
        m.call(f, key, Args([each]), u.at)
    return m.new(f, u.at, Obj("list", rest=each), "best")


def _compress(m: Machine, f: Frame, u: Use) -> Value:
    """``itertools.compress(data, selectors)``: the items whose selector is true, where that is known."""
    data, chosen = m.iterate(f, u.arg(0, "data"), u.at), m.iterate(f, u.arg(1, "selectors"), u.at)
    if data.items is None or chosen.items is None:
        return _elements(m, f, u)
    kept: list[Value] = []
    for item, selector in zip(data.items, chosen.items, strict=False):
        if m.truth(f, selector, True) is None:
            continue
        if m.truth(f, selector, False) is not None:
            return _elements(m, f, u)
        kept.append(item)
    return m.sequence(f, u.at, "generator", kept, None, "compress")


def _repeat(m: Machine, f: Frame, u: Use) -> Value:
    return m.new(f, u.at, Obj("generator", rest=u.arg(0, "object")), "repeat")


def _tee(m: Machine, f: Frame, u: Use) -> Value:
    """``tee(items, n)``: the items once more, ``n`` times."""
    count = u.arg(1, "n").constant()
    number = count.value if count is not None and isinstance(count.value, int) else 2
    iteration = m.iterate(f, u.arg(0), u.at)
    made = [
        m.new(f, u.at, Obj("generator", rest=iteration.each), f"tee{index}")
        for index in range(min(number, 8))
    ]
    return m.sequence(f, u.at, "tuple", made, None, "tees")


def _chosen_item(m: Machine, f: Frame, u: Use) -> Value:
    """``random.choice(items)``: one of the items itself."""
    return m.iterate(f, u.arg(0, "seq"), u.at).each


def _islice(m: Machine, f: Frame, u: Use) -> Value:
    iteration = m.iterate(f, u.arg(0), u.at)
    bounds = [value.constant() for value in u.args.positional[1:]]
    numbers = [b.value for b in bounds if b is not None and isinstance(b.value, int | None)]
    if iteration.items is not None and 0 < len(numbers) == len(bounds) <= 3 and 0 not in numbers[2:]:
        items = iteration.items[slice(*numbers)]
        return m.sequence(f, u.at, "generator", items, None, "islice")
    return _elements(m, f, u)


def _takewhile(m: Machine, f: Frame, u: Use) -> Value:
    return _filter(m, f, u)


def _groups(m: Machine, f: Frame, u: Use) -> Value:
    each = m.iterate(f, u.arg(0), u.at).each
    function = u.arg(1, "key")
    key = m.call(f, function, Args([each]), u.at) if function.refs else each
    group = m.new(f, u.at, Obj("generator", rest=each), "group")
    pair = m.sequence(f, u.at, "tuple", [key, group], None, "pair")
    return m.new(f, u.at, Obj("generator", rest=pair), "groups")


def _starmap(m: Machine, f: Frame, u: Use) -> Value:
    iteration = m.iterate(f, u.arg(1), u.at)
    results: list[Value] = []
    passes = f.passes
    for index, item in enumerate(iteration.items if iteration.items is not None else (iteration.each,)):
        f.passes = (*passes, index)
        row = m.iterate(f, item, u.at)
        args = row.as_args()
        results.append(m.call(f, u.arg(0), args, u.at))
    f.passes = passes
    if iteration.items is not None:
        return m.sequence(f, u.at, "generator", results, None, "starmap")
    return m.new(f, u.at, Obj("generator", rest=join_all(results)), "starmap")


def _product(m: Machine, f: Frame, u: Use) -> Value:
    """``itertools.product(a, b)``: rows that have an item of each, in the order of the arguments."""
    if "repeat" in u.args.keywords or not u.args.star.is_bottom:
        return _combinations(m, f, u)
    columns = [m.iterate(f, value, u.at) for value in u.args.positional]
    known = [column.items for column in columns if column.items is not None]
    if len(known) == len(columns) and math.prod(len(items) for items in known) <= MAX_ROWS:
        return _rows(m, f, u, itertools.product(*known))
    row = m.sequence(f, u.at, "tuple", [column.each for column in columns], None, "row")
    return m.new(f, u.at, Obj("generator", rest=row), "product")


def _combinations(m: Machine, f: Frame, u: Use) -> Value:
    items = m.iterate(f, u.arg(0), u.at).items if len(u.args.positional) <= 2 else None
    count = (u.args.get(1, "r") or BOTTOM).constant()
    name = u.dotted.rpartition(".")[2]
    if items is not None and 0 < len(items) <= MAX_ROWS:
        if name == "pairwise":
            return _rows(m, f, u, itertools.pairwise(items))
        if count is not None and isinstance(count.value, int) and len(items) ** count.value <= MAX_ROWS:
            if name == "combinations":
                return _rows(m, f, u, itertools.combinations(items, count.value))
            if name == "permutations":
                return _rows(m, f, u, itertools.permutations(items, count.value))
    each = join_all(m.iterate(f, value, u.at).each for value in u.args.positional)
    row = m.new(f, u.at, Obj("tuple", rest=each), "row")
    return m.new(f, u.at, Obj("generator", rest=row), "combinations")


def _rows(m: Machine, f: Frame, u: Use, rows: Iterable[tuple[Value, ...]]) -> Value:
    made = [m.sequence(f, u.at, "tuple", row, None, f"row{index}") for index, row in enumerate(rows)]
    return m.sequence(f, u.at, "generator", made, None, "rows")


def _accumulate(m: Machine, f: Frame, u: Use) -> Value:
    each = m.iterate(f, u.arg(0), u.at).each
    function = u.arg(1, "func")
    if function.refs:
        each = join(each, m.call(f, function, Args([each, each]), u.at))
    return m.new(f, u.at, Obj("generator", rest=each), "accumulate")


# Concurrency: what is started runs, its result is found in the task


def _gather(m: Machine, f: Frame, u: Use) -> Value:
    results = [m.awaited(f, value, u.at) for value in u.args.positional]
    if not u.args.star.is_bottom:
        return m.new(
            f, u.at, Obj("list", rest=join(join_all(results), m.awaited(f, u.args.star, u.at))), "gather"
        )
    return m.sequence(f, u.at, "list", results, None, "gather")


def future(m: Machine, f: Frame, result: Value, at: int) -> Value:
    """A task or future with its result."""
    return m.new(f, at, Obj("future", parts={"$result": result}), "future")


def _task(m: Machine, f: Frame, u: Use) -> Value:
    coroutine = u.arg(0, "coro")
    task = future(m, f, m.awaited(f, coroutine, u.at), u.at)
    started.handed(f, coroutine, task)
    return task


def _run(m: Machine, f: Frame, u: Use) -> Value:
    return m.awaited(f, u.arg(0, "main"), u.at)


def _working(m: Machine, f: Frame, function: Value, args: Args, at: int) -> Value:
    """The future of a function that an executor runs."""
    result = started.aside(m, f, function, args, at)
    working = future(m, f, result, at)
    started.remember(f, function, args, at, result)
    started.handed(f, result, working)
    return working


def _run_function(m: Machine, f: Frame, u: Use) -> Value:
    return m.awaited(f, m.call(f, u.arg(0, "func"), u.args.rest(1), u.at), u.at)


def _to_sync(m: Machine, f: Frame, u: Use) -> Value:
    """``async_to_sync(function)``: awaited where it is called."""
    runs = of_ref(External("anyio.from_thread.run"))
    return _partial(m, f, replace(u, dotted="functools.partial", args=Args([runs, *u.args.positional])))


def _submit(m: Machine, f: Frame, u: Use) -> Value:
    return _working(m, f, u.arg(0, "fn"), u.args.rest(1), u.at)


def _run_in_executor(m: Machine, f: Frame, u: Use) -> Value:
    return _working(m, f, u.arg(1, "func"), u.args.rest(2), u.at)


def _executor_map(m: Machine, f: Frame, u: Use) -> Value:
    return _map(m, f, u)


LATER_OPTIONS = frozenset(("context", "using", "robust"))
"""Keywords of what calls a function later that are none of the function's."""


def _call_later(m: Machine, f: Frame, u: Use) -> Value:
    values = u.args.positional
    function = u.args.keywords.get("python_callable")
    if function is not None and function.refs:
        _call_with(m, f, u, function, u.args.keywords.get("op_args"), u.args.keywords.get("op_kwargs"))
        return OPAQUE
    for index, value in enumerate(values):
        if any(isinstance(ref, Bound | Loc) and _callable_ref(f, ref) for ref in value.refs):
            keywords = {name: v for name, v in u.args.keywords.items() if name not in LATER_OPTIONS}
            given = [*_next_message(m, f, u), *values[index + 1 :]]
            m.call(f, value, Args(given, keywords, u.args.star, list(u.args.double)), u.at)
            break
    return OPAQUE


def _next_message(m: Machine, f: Frame, u: Use) -> list[Value]:
    """What a bot gives the function that waits for the user's next message."""
    if not u.dotted.startswith("telebot."):
        return []
    message = m.unknown(f, u.at, frozenset(), origins.REQUEST)
    m.write(f, message.locs()[0], Obj("library", type="telebot.types.Message"), strong=True)
    return [message]


def _call_with(
    m: Machine, f: Frame, u: Use, function: Value, items: Value | None, names: Value | None
) -> None:
    """Call a function with a list of arguments and a dict of keywords, as an operator does later."""
    row = m.iterate(f, items, u.at) if items is not None and items.refs else None
    args = Args()
    if row is not None:
        args = row.as_args()
    exact = m.exact_dict(f, names) if names is not None else None
    args.keywords.update(exact or {})
    if names is not None and names.refs and exact is None:
        args.double.append(names)
    m.call(f, function, args, u.at)


def _callable_ref(f: Frame, ref: object) -> bool:
    if isinstance(ref, Bound):
        return True
    obj = f.state.obj(ref) if isinstance(ref, Loc) else None
    return obj is not None and obj.kind in ("function", "partial", "class")


def _import(m: Machine, f: Frame, u: Use) -> Value:
    results: list[Value] = []
    for text in u.arg(0, "name").texts():
        package = u.arg(1, "package").texts()
        if text.startswith(".") and package:
            level = len(text) - len(text.lstrip("."))
            base = package[0].split(".")
            text = ".".join([*base[: len(base) - level + 1], text.lstrip(".")])
        results.append(m.import_module(f, text))
    return join_all(results) if results else UNKNOWN


def _open_text(m: Machine, f: Frame, u: Use) -> Value:
    initial = u.arg(0, "initial_value")
    return m.new(f, u.at, Obj("library", type="io.StringIO", parts={"$data": initial}), "buffer")


REWOUND = "$rewound"
"""The part of a buffer that has what it held when it was last set back to its start."""


def _seek(m: Machine, f: Frame, u: Use) -> Value:
    """``buffer.seek(0)``: what it holds from here on is all of it, until more is written."""
    place, whence = u.arg(0, "offset").constant(), u.args.get(1, "whence")
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        start = place is not None and place.value == 0 and whence is None
        m.write(f, loc, obj.put(REWOUND, obj.parts.get("$data", BOTTOM) if start else BOTTOM), strong=True)
    return OPAQUE


def _truncate(m: Machine, f: Frame, u: Use) -> Value:
    """``buffer.truncate(0)`` and ``truncate()`` at its start empty it; else some of what it holds is kept."""
    size = u.args.get(0, "pos")
    known = size.constant() if size is not None else None
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        held = obj.parts.get("$data", BOTTOM)
        at_start = size is None and not held.is_bottom and obj.parts.get(REWOUND) == held
        empties = at_start or (known is not None and known.value == 0)
        if empties and not loc.old and len(u.receiver.refs) == 1:
            m.write(f, loc, obj.put("$data", BOTTOM), strong=True)
    return OPAQUE


def _keyed_put(m: Machine, f: Frame, u: Use) -> Value:
    """``store.set(section, option, value)``: read back under the same keys."""
    *names, value = [*u.args.positional, *u.args.keywords.values()] or [BOTTOM]
    key = _joined_key(m, f, names)
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        strong = key is not None and not loc.old and len(u.receiver.refs) == 1
        if key is None:
            obj = replace(obj, rest=join(obj.rest, value))
        else:
            obj = obj.put(key, value if strong else join(obj.parts.get(key, BOTTOM), value))
        held = join(obj.parts.get("$data", BOTTOM), value)
        m.write(f, loc, obj.put("$data", held), strong=True)
    return of_const(None)


def _keyed_get(m: Machine, f: Frame, u: Use) -> Value:
    """``store.get(section, option)``: what was put there, else what the store came with."""
    key = _joined_key(m, f, u.args.positional)
    found = [m.unknown(f, u.at, frozenset(), "entry")]
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        if key is None:
            found += [obj.rest, *(part for _, part in obj.items())]
        elif key in obj.parts:
            found = [obj.parts[key]]
        else:
            found.append(obj.rest)
    result = join_all(found)
    last = u.args.positional[-1].constant() if u.args.positional else None
    name = str(last.value) if last is not None else ""
    return m.named(f, result, name, u.receiver, u.at, key=True) if name else result


def _joined_key(m: Machine, f: Frame, names: Sequence[Value]) -> Const | None:
    known = [name.constant() for name in names]
    return Const("tuple", tuple(known)) if known and all(one is not None for one in known) else None


def _made_of_keywords(m: Machine, f: Frame, u: Use) -> Value:
    """``SimpleNamespace(...)``, ``User(...)``: an object of that class whose attributes are the keywords."""
    made = m.new(f, u.at, Obj("library", type=u.dotted), "namespace")
    for name, value in u.args.keywords.items():
        m.set_attribute(f, made, name, value, u.at)
    for double in u.args.double:
        exact = m.exact_dict(f, double)
        for name, value in (exact or {}).items():
            m.set_attribute(f, made, name, value, u.at)
    return made


def _suppress(m: Machine, f: Frame, u: Use) -> Value:
    return of_ref(External("contextlib.suppress()"))


def _closing(m: Machine, f: Frame, u: Use) -> Value:
    return u.arg(0)


def _queue_put(m: Machine, f: Frame, u: Use) -> Value:
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        m.write(f, loc, obj.put("$data", join(obj.parts.get("$data", BOTTOM), u.arg(0, "item"))), strong=True)
    return of_const(None)


def _re_sub(m: Machine, f: Frame, u: Use) -> Value:
    shift = 1 if u.receiver.refs else 0
    replacement, subject = u.arg(1 - shift, "repl"), u.arg(2 - shift, "string")
    if any(_callable_ref(f, ref) for ref in replacement.refs):
        found = m.unknown(f, u.at, subject.taints, "match")
        replacement = m.call(f, replacement, Args([found]), u.at)
        whole = any(taint.kept is None for taint in replacement.taints)
        told = ["*"] if not whole and (replacement.taints or not replacement.unknown) else []
    else:
        told = replacement.texts() if not replacement.unknown and not replacement.opaque else []
    patterns = [u.arg(0, "pattern")] if not shift else [_part_of(f, loc, "@0") for loc in u.receiver.locs()]
    known = [text for pattern in patterns for text in pattern.texts()]
    subject = masks.masked(m, subject, [] if any(p.unknown or p.opaque for p in patterns) else known, told)
    return texts.made_of([subject.with_(refs=NO_REFS), replacement.with_(refs=NO_REFS)])


def _re_subn(m: Machine, f: Frame, u: Use) -> Value:
    """``re.subn``: the text, and how many places were changed."""
    return m.sequence(f, u.at, "tuple", [_re_sub(m, f, u), OPAQUE], None, "subn")


def _part_of(f: Frame, loc: Loc, name: str) -> Value:
    obj = f.state.obj(loc)
    return obj.parts.get(name, UNKNOWN) if obj is not None else UNKNOWN


def _fromkeys(m: Machine, f: Frame, u: Use) -> Value:
    """``dict.fromkeys(keys, value)``"""
    made = m.new(f, u.at, Obj("dict", info="exact"))
    value = u.arg(1, "value") if len(u.args.positional) > 1 or "value" in u.args.keywords else of_const(None)
    iteration = m.iterate(f, u.arg(0, "iterable"), u.at)
    for key in iteration.items if iteration.items is not None else (iteration.each,):
        m.set_item(f, made, key, value, u.at)
    return made


def _maketrans(m: Machine, f: Frame, u: Use) -> Value:
    """``str.maketrans("abc", "***")``: a dict of characters, where the texts are known."""
    given = [value.constant() for value in u.args.positional]
    texts_given = [one.value for one in given if one is not None and isinstance(one.value, str)]
    if len(texts_given) != len(u.args.positional) or HOLE in "".join(texts_given) or not texts_given:
        return _renumbered_table(m, f, u)
    try:
        table = str.maketrans(*texts_given)
    except (ValueError, TypeError):
        return raising.fail(f, "ValueError")
    parts: dict[Key, Value] = {
        const(sign): of_const(chr(other) if isinstance(other, int) else other)
        for sign, other in table.items()
    }
    return m.new(f, u.at, Obj("dict", parts=parts, info="exact"), "table")


def _renumbered_table(m: Machine, f: Frame, u: Use) -> Value:
    """``str.maketrans({"a": "*"})``: characters as keys become their numbers."""
    loc = u.arg(0).single()
    obj = f.state.obj(loc) if loc is not None and len(u.args.positional) == 1 else None
    if obj is None or obj.kind != "dict" or obj.info != "exact":
        return OPAQUE
    parts: dict[Key, Value] = {}
    for key, value in obj.items():
        sign = key.value
        parts[const(ord(sign)) if isinstance(sign, str) and len(sign) == 1 else key] = value
    return m.new(f, u.at, Obj("dict", parts=parts, info="exact"), "table")


def _constantly(m: Machine, f: Frame, u: Use) -> Value:
    """``weakref.ref(x)``: something that gives the object when it is called."""
    parts: dict[Key, Value] = {Const("int", 0): u.arg(0)}
    return m.new(f, u.at, Obj("made", type="constantly", parts=parts, length=1), "reference")


def _pieces(m: Machine, f: Frame, u: Use) -> Value:
    """``re.findall``, ``re.split``, ``match.groups()``: a list whose items are parts of the text."""
    given = u.args.get(0 if u.receiver.refs else 1, "string")
    whole = u.receiver if given is None else given
    taints = m.contents(f, whole)
    note = f"through {u.dotted.rpartition('.')[2]}()"
    taints = frozenset(taint.stepped(f.unit, u.at, note) for taint in taints)
    return m.new(f, u.at, Obj("list", rest=Value(taints, unknown=whole.unknown, opaque=True)), "pieces")


_PLACES = re.compile(r"\$(?:\$|([a-z_]\w*)|\{([a-z_]\w*)\})", re.IGNORECASE)
"""The names in a ``string.Template``; ``$$`` stands for the sign itself."""


def _template(m: Machine, f: Frame, u: Use) -> Value:
    template = BOTTOM
    for loc in u.receiver.locs():
        parts = m.obj(f, loc).parts
        template = join(template, parts.get("@template") or parts.get("@0") or parts.get("template", BOTTOM))
    values = list(u.args.all())
    wanted = template.constant()
    if wanted is not None and isinstance(wanted.value, str):
        names = [name for groups in _PLACES.findall(wanted.value) for name in groups if name]
        mappings = [*u.args.positional[:1], *u.args.double]
        values = [u.args.keywords[name] for name in names if name in u.args.keywords]
        asked = [of_const(name) for name in names if name not in u.args.keywords]
        values += [m.item(f, mapping, name, u.at) for mapping in mappings for name in asked]
    return texts.made_of([template, *(m.text(f, value, u.at) for value in values)])


def _sum(m: Machine, f: Frame, u: Use) -> Value:
    iteration = m.iterate(f, u.arg(0), u.at)
    if u.arg(1, "start").refs and any(not isinstance(ref, External) for ref in iteration.each.refs):
        inner = m.iterate(f, iteration.each, u.at)
        if iteration.each.locs() and inner.each.taints:
            return m.new(f, u.at, Obj("list", rest=inner.each), "sum")
    return OPAQUE


def _exists(m: Machine, f: Frame, u: Use) -> Value:
    """``any``/``all``: the truth of items, no datum."""
    iteration = m.iterate(f, u.arg(0), u.at)
    items, whole = iteration.items, u.dotted.endswith("all")
    if items is None:
        # What holds when each item is true (or false) holds of each thing that the items were made of.
        told = frozenset(fact for fact in m.truth(f, iteration.each, whole) or () if fact.kind in CHECKS)
        of_each = Renaming(lambda loc: objects.each_of(loc) or loc).facts(told)
        return OPAQUE.with_(when_true=of_each) if whole else OPAQUE.with_(when_false=of_each)
    # All are true, or none is: that needs every item. One that decides is enough for the other answer.
    every = [m.truth(f, item, whole) for item in items]
    one = [m.truth(f, item, not whole) for item in items]
    if any(facts is None for facts in every):
        return of_const(not whole)
    needed = frozenset().union(*(facts for facts in every if facts is not None))
    possible = [facts for facts in one if facts is not None]
    if not possible:
        return stamp(of_const(whole), needed)
    enough = reduce(common_facts, possible)
    return Value(opaque=True, when_true=needed if whole else enough, when_false=enough if whole else needed)


def _input(m: Machine, f: Frame, u: Use) -> Value:
    return m.unknown(f, u.at, frozenset(), "input")


def _slice(m: Machine, f: Frame, u: Use) -> Value:
    """``slice(lower, upper, step)``: bounds that are kept until something is cut by them."""
    none = of_const(None)
    given = u.args.positional if len(u.args.positional) > 1 else [none, *u.args.positional]
    parts: dict[Key, Value] = {Const("int", place): bound for place, bound in enumerate(given[:3])}
    return m.new(f, u.at, Obj("library", type=containers.SLICE, parts=parts), "slice")


def _locals(m: Machine, f: Frame, u: Use) -> Value:
    parts: dict[Key, Value] = {const(name): value for name, value in m.local_variables(f).items()}
    return m.new(f, u.at, Obj("dict", parts=parts), "locals")


def _globals(m: Machine, f: Frame, u: Use) -> Value:
    return m.attribute(f, m.import_module(f, f.unit.name), "__dict__", u.at)


def _json_dumps(m: Machine, f: Frame, u: Use) -> Value:
    """Text that remembers what it was made of, so that ``loads`` gives the keys back."""
    value = u.arg(0, "obj")
    convert = converter(m, f, u)
    if convert is not None:
        return Value(converted(m, f, value, convert, u.at), unknown=value.unknown, opaque=True)
    taints = m.contents(f, value)
    refs = {ref: facts for ref, facts in value.refs.items() if isinstance(ref, Loc)}
    text = m.new(f, u.at, Obj("library", type="json.text", parts={"$of": value}), "json")
    held = text.refs if refs else NO_REFS
    return Value(taints, refs=held, unknown=value.unknown and not refs, opaque=True)


def converter(m: Machine, f: Frame, u: Use) -> Value | None:
    """What turns objects that JSON does not know into others: ``default=``, or the method of ``cls=``."""
    default = u.args.keywords.get("default")
    if default is not None and default.refs:
        return default
    encoder = u.args.keywords.get("cls")
    for loc in encoder.locs() if encoder is not None else ():
        if objects.class_part(m, f, loc, "default") is not None:
            made = m.new(f, u.at, Obj("instance", cls=loc), "encoder")
            return m.attribute(f, made, "default", u.at)
    return None


def converted(m: Machine, f: Frame, value: Value, convert: Value, at: int, depth: int = 0) -> Taints:
    """What a text of a value carries when ``convert`` is asked about its objects."""
    found = list(value.taints)
    for ref in value.refs:
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if obj is None or not isinstance(ref, Loc):
            continue
        if obj.kind == "dict" or obj.kind in containers.SEQUENCES:
            parts = [*(part for _, part in obj.items()), obj.rest, *containers.spreads(obj)]
            for part in parts if depth < 6 else ():
                found += converted(m, f, part, convert, at, depth + 1)
        elif ("$row" in obj.parts or "$element" in obj.parts) and depth < 6:
            found += converted(m, f, m.iterate(f, of_ref(ref), at).each, convert, at, depth + 1)
        elif obj.cls is not None and depth < 6:
            found += converted(m, f, m.call(f, convert, Args([of_ref(ref)]), at), convert, at, depth + 3)
        else:
            found += m.contents(f, of_ref(ref))
    return merge_taints(found)


def _json_loads(m: Machine, f: Frame, u: Use) -> Value:
    value = u.arg(0, "s")
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is not None and obj.type == "json.text":
            return copied(m, f, obj.parts["$of"], u.at, deep=True)
    taints = value.taints
    return m.unknown(f, u.at, taints, origins.marked("json", origins.of_held(f, value)))


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "accumulate": _accumulate,
    "attrgetter": _attrgetter,
    "call-later": _call_later,
    "chain": _chain,
    "chain-map": _mapping_of,
    "classmethod": _identity,
    "clean": _clean,
    "closing": _closing,
    "combinations": _combinations,
    "compress": _compress,
    "copy": _copy,
    "counter": _mapping_of,
    "cycle": _elements,
    "deepcopy": _copy,
    "defaultdict": _defaultdict,
    "deque": _sequence("list"),
    "dict": _dict,
    "elements": _elements,
    "enumerate": _enumerate,
    "executor-map": _executor_map,
    "filter": _filter,
    "constantly": _constantly,
    "format": _format,
    "fromkeys": _fromkeys,
    "gather": _gather,
    "getattr": _getattr,
    "groupby": _groups,
    "hasattr": _hasattr,
    "heap": _heap,
    "best": _best,
    "identity": _identity,
    "cast": _cast,
    "import-module": _import,
    "import-string": _import_string,
    "isinstance": _isinstance,
    "islice": _islice,
    "item-function": _item_function,
    "itemgetter": _itemgetter,
    "keyed-get": _keyed_get,
    "keyed-put": _keyed_put,
    "iter": _iter,
    "json-dumps": _json_dumps,
    "json-loads": _json_loads,
    "list": _sequence("list"),
    "maketrans": _maketrans,
    "map": _map,
    "methodcaller": _methodcaller,
    "next": _next,
    "ordered-dict": _dict,
    "bind-arguments": _bind_arguments,
    "partial": _partial,
    "plain-attribute": _plain_attribute,
    "pieces": _pieces,
    "product": _product,
    "queue-put": _queue_put,
    "re-sub": _re_sub,
    "re-subn": _re_subn,
    "reduce": _reduce,
    "repeat": _repeat,
    "tee": _tee,
    "choice": _chosen_item,
    "reversed": _reversed,
    "run": _run,
    "run-function": _run_function,
    "run-in-executor": _run_in_executor,
    "set": _sequence("set"),
    "setattr": _setattr,
    "made-of-keywords": _made_of_keywords,
    "sorted": _sorted,
    "starmap": _starmap,
    "staticmethod": _identity,
    "stringio": _open_text,
    "submit": _submit,
    "to-sync": _to_sync,
    "super": _super,
    "suppress": _suppress,
    "takewhile": _takewhile,
    "task": _task,
    "template-substitute": _template,
    "tuple": _sequence("tuple"),
    "seek": _seek,
    "truncate": _truncate,
    "vars": _vars,
    "wraps": _returns_identity,
    "zip": _zip,
}

BUILTINS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "abs": _identity,
    "all": _exists,
    "any": _exists,
    "ascii": _repr,
    "bool": _bool,
    "callable": _clean,
    "classmethod": _identity,
    "delattr": _delattr,
    "dict": _dict,
    "dir": _clean,
    "slice": _slice,
    "divmod": _divmod,
    "enumerate": _enumerate,
    "filter": _filter,
    "float": _number,
    "format": _format,
    "frozenset": _sequence("set"),
    "getattr": _getattr,
    "hasattr": _hasattr,
    "id": _clean,
    "input": _input,
    "int": _number,
    "isinstance": _isinstance,
    "issubclass": _clean,
    "iter": _iter,
    "aiter": _iter,
    "anext": _next,
    "len": _len,
    "list": _sequence("list"),
    "globals": _globals,
    "locals": _locals,
    "map": _map,
    "max": _extreme,
    "min": _extreme,
    "next": _next,
    "property": _property,
    "range": _range,
    "repr": _repr,
    "reversed": _reversed,
    "round": _identity,
    "set": _sequence("set"),
    "setattr": _setattr,
    "sorted": _sorted,
    "staticmethod": _identity,
    "str": _text,
    "sum": _sum,
    "super": _super,
    "tuple": _sequence("tuple"),
    "vars": _vars,
    "zip": _zip,
    "__import__": _import,
}
