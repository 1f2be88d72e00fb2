"""What iterating over a value gives, step by step or all at once.

An item of an unknown collection has an identity of its own in each pass of each loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import (
    containers,
    held_data,
    masks,
    naming,
    orm,
    scalars,
    sweeps,
)
from qorgau.flow.class_defaults import is_callable
from qorgau.flow.class_members import ENUMS, class_attribute
from qorgau.flow.constants import Const
from qorgau.flow.facts import CHECKS, NO_FACTS, Facts
from qorgau.flow.frame_types import is_tabular
from qorgau.flow.heap import Obj
from qorgau.flow.inheritance import class_part, is_inside, libraries_of, method
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame, Iteration
from qorgau.flow.state import State, said_of, widen
from qorgau.flow.subscripts import tuple_items
from qorgau.flow.values import (
    BOTTOM,
    OPAQUE,
    UNKNOWN,
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


EACH = "$each"
"""The part of a collection that stands for each of its items in facts that hold of all."""


# Iteration


def iterate(m: Machine, f: Frame, value: Value, at: int) -> Iteration:
    """What iterating over a value gives."""
    items: tuple[Value, ...] | None = None
    found: list[Value] = []
    # None can't be iterated over: where it could be, the path ends.
    others = any(constant.value is not None for constant in value.consts)
    exact = len(value.refs) == 1 and not (others or value.unknown or value.taints or value.opaque)
    for ref, facts in value.refs.items():
        one = _iterate_ref(m, f, ref, at)
        facts = _of_item(facts, ref, one.each) if facts else facts
        found.append(stamp(one.each, facts))
        items = tuple(stamp(i, facts) for i in one.items) if one.items is not None and exact else None
    if not value.refs:
        constant = value.constant()
        if constant is not None and isinstance(constant.value, str) and len(constant.value) <= 16:
            letters = tuple(of_const(letter) for letter in constant.value)
            return Iteration(letters, join_all(letters))
        if value.unknown:
            found.append(of_ref(m.fresh(f, at, "element"), unknown=True))
        elif value.consts or value.opaque:
            found.append(OPAQUE)
    if value.taints:
        found.append(Value(masks.characters(naming.of_part(f, value)), unknown=True))
    return Iteration(items, join_all(found))


def _iterate_ref(m: Machine, f: Frame, ref: Ref, at: int) -> Iteration:
    if not isinstance(ref, Loc):
        return Iteration(None, of_ref(m.fresh(f, at, "element"), unknown=True))
    obj = f.state.obj(ref)
    if obj is None:
        return Iteration(None, _element(m, f, ref, None, at))
    if is_tabular(obj):
        return m.iterate_frame(f, ref, obj, at)
    if obj.cls is not None and obj.kind in ("dict", "list", "set", "tuple") and not is_inside(f, "__iter__"):
        getter = method(m, f, ref, obj, "__iter__", at)
        if getter is not None:
            return iterate(m, f, m.call(f, getter, Args(), at), at)
    if scalars.is_one(m, f, obj) and method(m, f, ref, obj, "__iter__", at) is None:
        return iterate(m, f, scalars.plain(m, f, of_ref(ref)), at)
    if obj.kind == "attributes" and isinstance(obj.info, Loc):
        return iterate(m, f, m.namespace(f, obj.info, at), at)
    if obj.kind == "dict":
        listed = containers.keys_of(m, f, obj, at)
        return Iteration(None, join(listed.each, UNKNOWN)) if containers.spreads(obj) else listed
    if obj.kind in containers.SEQUENCES:
        return Iteration(containers.items_of(obj), containers.each(obj))
    if obj.kind == "row" and (columns := containers.columns_of(obj)):
        return Iteration(columns, join_all(columns))
    if obj.kind == "class" and ENUMS & set(libraries_of(obj)):
        members = [
            class_attribute(m, f, ref, obj, name, at)
            for name, part in obj.parts.items()
            if isinstance(name, str) and not name.startswith(("_", "$")) and not is_callable(f, part)
        ]
        return Iteration(tuple(members), join_all(members))
    if obj.cls is not None:
        for name in ("__iter__", "__aiter__"):
            getter = method(m, f, ref, obj, name, at)
            if getter is not None:
                iterator = m.awaited(f, m.call(f, getter, Args(), at), at)
                if iterator.single() == ref:
                    break
                return iterate(m, f, iterator, at)
        if obj.kind in ("instance", "unknown") and m.is_model_of_fields(f, obj.cls):
            return iterate(m, f, m.call_method(f, m.as_dict(f, of_ref(ref), at), "items", Args(), at), at)
        if _is_iterator(m, f, ref, obj, at):
            return Iteration(None, _drained(m, f, ref, at))
        getter = method(m, f, ref, obj, "__getitem__", at)
        if getter is not None:
            return _by_positions(m, f, ref, obj, getter, at)
        if m.is_named_tuple(f, obj.cls):
            fields = tuple(tuple_items(m, f, ref, obj, at))
            return Iteration(fields, join_all(fields))
    return Iteration(None, _element(m, f, ref, obj, at))


MAX_ASKED = 16
"""Items that an object with ``__getitem__`` and ``__len__`` is asked for one by one."""


def _by_positions(m: Machine, f: Frame, loc: Loc, obj: Obj, getter: Value, at: int) -> Iteration:
    """The items of an object that has them by position: each where their number is told, else any."""
    length = method(m, f, loc, obj, "__len__", at)
    count = m.call(f, length, Args(), at).constant() if length is not None else None
    if count is None or not isinstance(count.value, int) or not 0 <= count.value <= MAX_ASKED:
        return Iteration(None, m.call(f, getter, Args([OPAQUE]), at))
    items = tuple(m.call(f, getter, Args([of_const(place)]), at) for place in range(count.value))
    return Iteration(items, join_all(items))


NEXT = ("__next__", "__anext__")
ROUNDS = 6
"""Times that an iterator of the project is asked before its values are given up; widened after two."""


def _is_iterator(m: Machine, f: Frame, loc: Loc, obj: Obj, at: int) -> bool:
    return obj.cls is not None and any(class_part(m, f, obj.cls, name) is not None for name in NEXT)


def next_of(m: Machine, f: Frame, loc: Loc, at: int) -> tuple[Value, list[State]]:
    """What ``__next__`` of an object gives, and the states in which it stops instead."""
    obj = m.obj(f, loc)
    stopped: list[State] = []
    for name in NEXT:
        getter = method(m, f, loc, obj, name, at) if obj.cls is not None else None
        if getter is not None:
            f.handlers.append(stopped)
            value = m.awaited(f, m.call(f, getter, Args(), at), at)
            f.handlers.pop()
            return value, stopped
    return m.iterate(f, of_ref(loc), at).each, stopped


def _drained(m: Machine, f: Frame, loc: Loc, at: int) -> Value:
    """Everything that an iterator of the project gives until it stops."""
    found = BOTTOM
    seen = f.state.copy()
    for number in range(ROUNDS):
        value, stopped = next_of(m, f, loc, at)
        found = join(found, value)
        after = f.state
        for state in stopped:
            after = m.join_states(after, state)
        after = m.join_states(seen, after)
        if number >= 2:
            after = widen(seen, after)
        done = after.same(seen)
        f.state, seen = after, after.copy()
        if done:
            break
    return found


def iterator(m: Machine, f: Frame, value: Value, at: int) -> Value:
    """``iter(value)`` where that is an object of the project with ``__next__``, else the value itself."""
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    if loc is None or obj is None or obj.cls is None or obj.kind not in ("instance", "unknown"):
        return value
    for name in ("__iter__", "__aiter__"):
        getter = method(m, f, loc, obj, name, at)
        if getter is not None:
            made = m.awaited(f, m.call(f, getter, Args(), at), at)
            return made if made.single() is not None else value
    return value


def advance(m: Machine, f: Frame, value: Value, at: int) -> tuple[Value, State]:
    """One step of an iteration: the next item, with which the state goes on, and the state where it is over."""
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    done = f.state.copy()
    if loc is None or obj is None or not _is_iterator(m, f, loc, obj, at):
        return m.iterate(f, value, at).each, done
    found, stopped = next_of(m, f, loc, at)
    for index, state in enumerate(stopped):
        done = m.join_states(done, state) if index else state
    return found, done


def _element(m: Machine, f: Frame, loc: Loc, obj: Obj | None, at: int) -> Value:
    """An item of an unknown collection: a new identity for each pass of each loop."""
    told = orm.item_of(m, f, obj, at, origin=m.origin_of(loc)) if obj is not None else None
    if told is not None:
        return _told_item(m, f, loc, told)
    element = m.anew(f, loc.child(("element", f.unit.name, at, *f.passes)))
    checked = _checked_of_all(f, loc, element)
    held = orm.told_of_items(f, obj, element)
    if checked or held:
        held = held | checked
        if obj is not None:
            m.describe_element(f, loc, obj, element, at)
            sweeps.recall(f, obj, element)
        return Value(refs={element: held}, unknown=True)
    if obj is not None:
        m.describe_element(f, loc, obj, element, at)
        sweeps.recall(f, obj, element)
        if not obj.rest.is_bottom or any(isinstance(key, Const) for key in obj.parts):
            known = join_all([obj.rest, *(part for key, part in obj.parts.items() if isinstance(key, Const))])
            return join(of_ref(element, unknown=True), known)
        carried = held_data.held(m, f, obj, at) if obj.kind == "library" else frozenset()
        if carried:
            return Value(carried, refs={element: NO_FACTS}, unknown=True)
    return of_ref(element, unknown=True)


def _told_item(m: Machine, f: Frame, collection: Loc, item: Value) -> Value:
    """An item whose class is known, with what was checked of all of them."""
    one = item.single()
    if one is None:
        return item
    m.collections[one] = collection
    sweeps.recall(f, f.state.obj(collection), one)
    checked = _checked_of_all(f, collection, one)
    return item.with_(refs={one: item.refs[one] | checked}) if checked else item


def _checked_of_all(f: Frame, collection: Loc, item: Loc) -> Facts:
    """What was checked of each item of a collection, as facts of one of them."""
    told = frozenset(fact for fact in f.state.facts if fact.kind in CHECKS and fact.subject == collection)
    whole = frozenset(fact._replace(subject=item) for fact in told)
    return said_of(f.state.facts, collection.child(EACH), item) | whole


def _of_item(facts: Facts, collection: Ref, item: Value) -> Facts:
    """What holds of all items of a collection, as what holds of the one that an iteration gives."""
    loc = item.single()
    return facts if loc is None or not isinstance(collection, Loc) else of_one(facts, collection, loc)


def of_one(facts: Facts, collection: Loc, item: Loc) -> Facts:
    """What holds of all items of a collection, as what holds of one."""
    return facts | said_of(facts, collection.child(EACH), item)


def each_of(m: Machine, loc: Loc) -> Loc | None:
    """What stands for all items of a collection, if a location is one of them."""
    if loc.parent is not None and isinstance(loc.label, tuple) and loc.label[:1] == ("element",):
        return loc.parent.child(EACH)
    collection = m.collections.get(Loc(loc.parent, loc.label))
    return collection.child(EACH) if collection is not None else None
