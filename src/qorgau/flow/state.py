"""The state of an abstract run at one point: variables, objects and the facts that hold.

Joining two states keeps facts that hold in both. What only one of them establishes is not
lost: values that differ are stamped with the facts of the side they come from, so that a
datum chosen by a check stays known to be checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from msgspec.structs import replace

from qorgau.flow.constants import Const
from qorgau.flow.facts import NO_FACTS, Either, Fact, Facts, checks_of, common_facts, told_of, without
from qorgau.flow.heap import MAYBE, Key, Obj, join_objects, one_of
from qorgau.flow.locations import Loc
from qorgau.flow.taints import Taint, merge_taints
from qorgau.flow.values import BOTTOM, NO_CONSTS, Bound, Builtin, Ref, SuperOf, Value, join, stamp

Defaults: TypeAlias = Callable[["State", Loc, Obj, Key], Value]
"""The value of a part that an object has not been given: what reading it would find."""


class Layer:
    """The objects of a caller, seen from a call: looked up, never written."""

    __slots__ = ("below", "heap")

    def __init__(self, heap: Mapping[Loc, Obj], below: Objects) -> None:
        self.heap = heap
        self.below = below

    def get(self, loc: Loc) -> Obj | None:
        """The object at a location, the nearest caller's first."""
        below: Objects = self
        while isinstance(below, Layer):
            found = below.heap.get(loc)
            if found is not None:
                return found
            below = below.below
        return below.get(loc)


Objects: TypeAlias = "Mapping[Loc, Obj] | Layer"

COPIED = 40
"""Heaps up to this size are copied for a call; larger ones are looked up through."""


class State:
    """Variables, objects by location, facts. Copied where paths part, joined where they meet.

    ``heap`` are the objects that this activation made or changed, over ``base``: those of its
    callers and, below all, of modules.
    """

    __slots__ = ("base", "env", "facts", "heap", "reachable")

    def __init__(
        self,
        base: Objects,
        env: dict[str, Value] | None = None,
        heap: dict[Loc, Obj] | None = None,
        facts: Facts = NO_FACTS,
    ) -> None:
        self.base = base
        self.env: dict[str, Value] = {} if env is None else env
        self.heap: dict[Loc, Obj] = {} if heap is None else heap
        self.facts = facts
        self.reachable = True

    def called(self, facts: Facts) -> State:
        """The state in which a function that is called from here begins."""
        if len(self.heap) <= COPIED:
            return State(self.base, {}, dict(self.heap), facts)
        return State(Layer(self.heap, self.base), {}, {}, facts)

    def copy(self) -> State:
        """An independent copy."""
        state = State(self.base, dict(self.env), dict(self.heap), self.facts)
        state.reachable = self.reachable
        return state

    def modules(self) -> Mapping[Loc, Obj]:
        """What all activations share: the objects of modules."""
        below = self.base
        while isinstance(below, Layer):
            below = below.below
        return below

    def changed_modules(self) -> list[Loc]:
        """The objects of modules that this activation or a caller of it has changed, in a fixed order."""
        shared = self.modules()
        found = self.heap.keys() & shared.keys()
        below = self.base
        while isinstance(below, Layer):
            found |= below.heap.keys() & shared.keys()
            below = below.below
        return sorted(found, key=repr)

    def obj(self, loc: Loc) -> Obj | None:
        """The object at a location, if anything is known of it."""
        found = self.heap.get(loc)
        return found if found is not None else self.base.get(loc)

    def same(self, other: State) -> bool:
        """Whether both states say the same."""
        return (
            self.reachable == other.reachable
            and self.facts == other.facts
            and self.env == other.env
            and self.heap == other.heap
        )


FEW = 4
"""Truths of unknown values that one side of a branch may stamp on what it leaves behind."""


def _telling(facts: Facts, few: int) -> Facts:
    """The facts worth remembering of one side of a branch: checks always, truths where they are few.

    A long path knows the truth of a hundred unknown values; carried by every value that was
    changed on it they cost much and decide nothing.
    """
    return facts if len(facts) <= few else checks_of(facts)


def join_states(left: State, right: State, defaults: Defaults, few: int = FEW) -> State:
    """The least state that covers both paths; each side stamps up to ``few`` truths on what it leaves."""
    if not right.reachable:
        return left
    if not left.reachable:
        return right
    common = common_facts(left.facts, right.facts)
    of_left, of_right = _telling(left.facts - common, few), _telling(right.facts - common, few)
    joined = State(left.base, facts=common)
    joined.env = _join_maps(left.env, right.env, of_left, of_right)
    mine, theirs = left.heap, right.heap
    heap = dict(mine)
    # Most objects are the same on both sides: they are passed over at the speed of a comprehension.
    for loc, obj in [pair for pair in theirs.items() if mine.get(pair[0]) is not pair[1]]:
        other = mine.get(loc)
        if other is None:
            other = left.base.get(loc)
        if other is None:
            # An item of an earlier pass that one side has not heard of is not there.
            if obj.kind == "unknown" and not is_past_item(loc):
                other = Obj("unknown", obj.cls, obj.type)
            else:
                heap[loc] = obj
                continue
        if other is not obj:
            heap[loc] = _join_objs(left, right, loc, other, obj, of_left, of_right, defaults)
    for loc in [loc for loc in mine if loc not in theirs]:
        obj = mine[loc]
        other = right.base.get(loc)
        if other is None and obj.kind == "unknown" and not is_past_item(loc):
            other = Obj("unknown", obj.cls, obj.type)
        if other is not None and other is not obj:
            heap[loc] = _join_objs(left, right, loc, obj, other, of_left, of_right, defaults)
    joined.heap = heap
    return joined


def _join_maps(
    left: Mapping[str, Value], right: Mapping[str, Value], of_left: Facts, of_right: Facts
) -> dict[str, Value]:
    joined: dict[str, Value] = {}
    for name, value in left.items():
        other = right.get(name)
        if other is value:
            joined[name] = value
        elif other is None:
            joined[name] = stamp(value, of_left)
        elif other == value:
            joined[name] = value
        else:
            joined[name] = join(stamp(value, of_left), stamp(other, of_right))
    for name, value in right.items():
        if name not in left:
            joined[name] = stamp(value, of_right)
    return joined


def _join_objs(
    left: State,
    right: State,
    loc: Loc,
    a: Obj,
    b: Obj,
    of_left: Facts,
    of_right: Facts,
    defaults: Defaults,
) -> Obj:
    if a.kind != b.kind:
        return join_objects(a, b)
    parts: dict[Key, Value] = {}
    unsure: list[Const] = []
    derived = a.kind in ("unknown", "library", "instance", "class", "dict", "frame-table")
    for key in dict.fromkeys([*a.parts, *b.parts]):
        x, y = a.parts.get(key), b.parts.get(key)
        if x is None and derived:
            x = defaults(left, loc, a, key)
        if y is None and derived:
            y = defaults(right, loc, b, key)
        if a.kind in ("dict", "list") and isinstance(key, Const) and _is_there(x) is not _is_there(y):
            unsure.append(key)
        if x is None or y is None:
            only, facts = (x, of_left) if x is not None else (y, of_right)
            assert only is not None
            parts[key] = stamp(only, facts)
        else:
            parts[key] = x if x == y else join(stamp(x, of_left), stamp(y, of_right))
    if unsure:
        parts[MAYBE] = join(parts.get(MAYBE, BOTTOM), Value(consts=dict.fromkeys(unsure, NO_FACTS)))
    rest = a.rest if a.rest == b.rest else join(stamp(a.rest, of_left), stamp(b.rest, of_right))
    cls, type_ = one_of(a.cls, b.cls), one_of(a.type, b.type) or ""
    info = a.info if a.info == b.info or (a.kind == "dict" and b.info == a.info) else None
    if info is None and a.kind != "dict":
        info = (
            a.info.either(b.info)
            if hasattr(a.info, "either") and hasattr(b.info, "either")
            else a.info or b.info
        )
    return Obj(a.kind, cls, type_, parts, rest, a.length if a.length == b.length else None, info)


def _is_there(part: Value | None) -> bool:
    return part is not None and not part.is_bottom


def widen(old: State, new: State) -> State:
    """``new`` with the constants given up that are still changing, so that loops end."""

    def settle(before: Value | None, after: Value) -> Value:
        if before is None or before.consts == after.consts:
            return after
        return after.with_(consts=NO_CONSTS, opaque=True)

    widened = new.copy()
    for name, value in new.env.items():
        widened.env[name] = settle(old.env.get(name), value)
    for loc, obj in new.heap.items():
        before = old.heap.get(loc)
        if before is None or before is obj or before == obj:
            continue
        parts = {key: settle(before.parts.get(key), value) for key, value in obj.parts.items()}
        if len(parts) > len(before.parts) + 8:
            fresh = [key for key in parts if isinstance(key, Const) and key not in before.parts]
            rest = obj.rest
            for key in fresh:
                rest = join(rest, parts.pop(key))
            obj = replace(obj, rest=rest, length=None)
        widened.heap[loc] = replace(obj, parts=parts)
    return widened


class Renaming:
    """A change of locations, applied to whatever mentions them."""

    retraces = False
    """Whether equal values can still differ in their traces after the renaming."""

    def __init__(self, change: Callable[[Loc], Loc]) -> None:
        self._change = change
        self._locs: dict[Loc, Loc] = {}
        self._values: dict[Value, Value] = {}

    def loc(self, loc: Loc) -> Loc:
        """The new name of a location."""
        found = self._locs.get(loc)
        if found is None:
            found = self._change(loc)
            if found is loc and loc.parent is not None:
                parent = self.loc(loc.parent)
                if parent is not loc.parent:
                    found = Loc(parent, loc.label, loc.old or parent.old)
            self._locs[loc] = found
        return found

    def fact(self, fact: Fact) -> Fact:
        """A fact about the renamed subject."""
        if isinstance(fact.detail, Either):
            return fact._replace(detail=Either(frozenset(self.facts(way) for way in fact.detail.ways)))
        if fact.subject is None:
            return fact
        subject = self.loc(fact.subject)
        return fact if subject is fact.subject else fact._replace(subject=subject)

    def facts(self, facts: Facts) -> Facts:
        """All facts renamed."""
        if not facts:
            return facts
        return frozenset(self.fact(fact) for fact in facts)

    def taint(self, taint: Taint) -> Taint:
        """A taint whose subject and facts are renamed."""
        subject = self.loc(taint.subject) if taint.subject is not None else None
        facts = self.facts(taint.facts)
        if subject is taint.subject and facts == taint.facts:
            return taint
        return replace(taint, subject=subject, facts=facts)

    def ref(self, ref: Ref) -> Ref:
        """A reference to the renamed location."""
        if isinstance(ref, Loc):
            return self.loc(ref)
        if isinstance(ref, Bound):
            return Bound(self.loc(ref.function), self.value(ref.receiver))
        if isinstance(ref, Builtin):
            return Builtin(self.value(ref.receiver), ref.name)
        if isinstance(ref, SuperOf):
            return SuperOf(self.loc(ref.cls), self.value(ref.receiver))
        return ref

    def value(self, value: Value) -> Value:
        """A value that mentions the new names. Monotone, also where two names become one."""
        if not (value.refs or value.taints or value.consts or value.when_true or value.when_false):
            return value
        found = self._values.get(value)
        if found is None:
            refs: dict[Ref, Facts] = {}
            for ref, facts in value.refs.items():
                new, held = self.ref(ref), self.facts(facts)
                refs[new] = common_facts(refs[new], held) if new in refs else held
            found = Value(
                merge_taints(self.taint(taint) for taint in value.taints),
                {constant: self.facts(held) for constant, held in value.consts.items()}
                if value.consts
                else value.consts,
                refs,
                value.unknown,
                value.opaque,
                None if value.when_true is None else self.facts(value.when_true),
                None if value.when_false is None else self.facts(value.when_false),
            )
            if found == value and not self.retraces:
                found = value
            self._values[value] = found
        return found

    def obj(self, obj: Obj) -> Obj:
        """An object whose parts mention the new names."""
        parts = {key: self.value(part) for key, part in obj.parts.items()}
        rest = self.value(obj.rest)
        changed = rest is not obj.rest or any(parts[key] is not obj.parts[key] for key in parts)
        cls = self.loc(obj.cls) if obj.cls is not None else None
        info = obj.info.renamed(self) if hasattr(obj.info, "renamed") else obj.info
        if not changed and cls is obj.cls and info is obj.info:
            return obj
        return replace(obj, parts=parts, rest=rest, cls=cls, info=info)


def said_of(facts: Iterable[Fact], one: Loc, other: Loc) -> Facts:
    """The facts that speak of an object or its parts, as facts of another object."""
    told = frozenset(fact for fact in facts if any(one in loc.ancestors() for loc in told_of(fact)))
    return Renaming(lambda loc: other if loc == one else loc).facts(told) if told else told


def is_past_item(loc: Loc) -> bool:
    """Whether an object is an item that an earlier pass of a loop went over."""
    return loc.old and isinstance(loc.label, tuple) and loc.label[:1] == ("element",)


def age(state: State, made: Iterable[Loc], before: State) -> State:
    """The state after a pass of a loop: what the pass made belongs to the past.

    Facts about it die, except those that values carry as their own. What is as it was ``before``
    the pass cannot speak of what the pass made.
    """
    fresh = frozenset(made)
    if not fresh:
        return state

    renaming = Renaming(lambda loc: loc.aged() if loc in fresh else loc)
    aged = State(state.base)
    aged.reachable = state.reachable
    held = before.env
    aged.env = {
        name: value if held.get(name) is value else renaming.value(value) for name, value in state.env.items()
    }
    known = before.heap
    heap: dict[Loc, Obj] = {
        loc: obj for loc, obj in state.heap.items() if known.get(loc) is obj and loc not in fresh
    }
    for loc, obj in state.heap.items():
        if loc in heap and known.get(loc) is obj:
            continue
        new, renamed = renaming.loc(loc), renaming.obj(obj)
        other = heap.get(new)
        heap[new] = renamed if other is None else join_objects(other, renamed)
    for loc in fresh:
        # An item that a pass left as it was: later passes may change theirs.
        if is_past_item(past := loc.aged()) and loc not in state.heap:
            there = heap.get(past)
            heap[past] = Obj("unknown") if there is None else join_objects(there, Obj("unknown"))
    aged.heap = heap
    aged.facts = without(state.facts, lambda loc: renaming.loc(loc) is not loc)
    return aged


def bottom_like(state: State) -> State:
    """An unreachable state over the same base."""
    empty = State(state.base)
    empty.reachable = False
    return empty


__all__ = ["BOTTOM", "Defaults", "Renaming", "State", "age", "bottom_like", "join_states", "widen"]
