"""Loops that change every item of a collection: what a whole loop did, all items have had done.

The items of a list whose length isn't known share one abstract object. While a loop goes over them, the
item in hand is an object of its own, so that a masked key is masked; when the loop has gone through, the
shared object becomes what the passes left. Loops with ``break`` may leave items out and are not treated so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from qorgau import ir
from qorgau.flow import containers, origins
from qorgau.flow.constants import Const
from qorgau.flow.facts import NO_FACTS
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.orm import MANY, ROW
from qorgau.flow.state import Renaming, State
from qorgau.flow.values import Value
from qorgau.linking import walk

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

SEQUENCES = ("list", "tuple", "set", "generator")
CHANGED = ("dict", "list", "instance", "unknown", "row")
OWNING = ("dict", "instance")
DEEPEST, MOST = 3, 24
"""How deep what items hold is taken in hand as well, and how many objects of it."""

EACH = "$swept"
"""The part of an unknown collection that remembers what a loop made of each of its items."""


class Sweep(msgspec.Struct, frozen=True):
    """A loop over a collection: what stands for all items, for the item in hand, and what all were before.

    The first of ``objects`` is the item itself, the others are the objects within: ``item["person"]``.
    """

    objects: tuple[tuple[Loc, Loc, Obj], ...]


def begin(
    m: Machine, f: Frame, at: int, body: Sequence[ir.Stmt], iterable: Value, each: Value
) -> Sweep | None:
    """The sweep that a loop is; None where items are not shared or may be left out."""
    collection = iterable.single()
    held = f.state.obj(collection) if collection is not None else None
    one = shared(each) or _row(f, each)
    if one is None or held is None or has_break(body):
        return None
    if ROW not in held.parts and held.kind not in SEQUENCES:
        return None
    obj = f.state.obj(one)
    if obj is None or obj.kind not in CHANGED or containers.items_of(held) is not None:
        return None
    within = enumerate(islice(_within(f, obj, 0), MOST))
    inner = tuple((loc, f.place(at, f"within-hand {index}"), held) for index, (loc, held) in within)
    hand = f.place(at, origins.marked("element-in-hand", origins.of_loc(one)))
    return Sweep(((one, hand, obj), *inner))


def _within(f: Frame, obj: Obj, depth: int) -> Iterator[tuple[Loc, Obj]]:
    """The objects that stand for what all items hold, in the order in which they are met."""
    for part in obj.parts.values() if depth < DEEPEST and obj.kind in OWNING else ():
        one = shared(part)
        held = f.state.obj(one) if one is not None else None
        if one is not None and held is not None and held.kind in OWNING:
            yield one, held
            yield from _within(f, held, depth + 1)


def shared(each: Value) -> Loc | None:
    """The one object that stands for all items of a collection; None where they are something else as well."""
    refs = list(each.refs)
    if len(refs) != 1 or each.consts or each.unknown or each.taints:
        return None
    return refs[0] if isinstance(refs[0], Loc) and refs[0].old else None


def _row(f: Frame, each: Value) -> Loc | None:
    """What stands for all rows of a query; None for other items."""
    one = each.single()
    obj = f.state.obj(one) if one is not None else None
    return one if obj is not None and MANY in obj.parts else None


def take(m: Machine, f: Frame, sweep: Sweep, each: Value) -> Value:
    """The item in hand of a new pass: as all items were before the loop."""
    into = {loc: hand for loc, hand, _ in sweep.objects}
    renaming = Renaming(lambda loc: into.get(loc, loc))
    for _, hand, before in sweep.objects:
        f.state.heap[hand] = renaming.obj(before)
        m.made.append(hand)
    shared_by_all, in_hand, _ = sweep.objects[0]
    refs = {
        in_hand if ref == shared_by_all else ref: renaming.facts(facts) for ref, facts in each.refs.items()
    }
    return each.with_(refs=refs)


def finish(f: Frame, sweep: Sweep) -> None:
    """After the loop: all items are as its passes left them."""
    if not f.state.reachable:
        return
    back = {hand.aged(): loc for loc, hand, _ in sweep.objects}
    renaming = Renaming(lambda loc: back.get(loc, loc))
    for aged, loc in back.items():
        swept = f.state.obj(aged)
        if swept is not None:
            f.state.heap[loc] = renaming.obj(swept)


def has_break(body: Sequence[ir.Stmt]) -> bool:
    """Whether a loop's body can leave items out."""
    return any(isinstance(inner, ir.Break) for statement in body for inner in walk(statement))


# Collections from outside


def left(state: State, elements: Sequence[Loc], made: Sequence[Loc]) -> list[Obj]:
    """The item of a pass as the pass left it; what the pass made belongs to the past."""
    obj = state.obj(elements[0]) if elements else None
    if obj is None or obj.kind != "unknown":
        return []
    fresh = frozenset(made)
    return [Renaming(lambda loc: loc.aged() if loc in fresh else loc).obj(obj)]


def remember(m: Machine, f: Frame, iterable: Value, swept: Obj) -> None:
    """After a loop over an unknown collection: the parts that its passes set, for when it is read again."""
    collection = iterable.single()
    held = f.state.obj(collection) if collection is not None else None
    if collection is None or (held is not None and held.kind != "unknown"):
        return
    parts: dict[Key, Value] = {
        key: part
        for key, part in swept.parts.items()
        if isinstance(key, Const) or not key.startswith(("$", "@"))
    }
    if parts:
        snapshot = collection.child(EACH)
        f.state.heap[snapshot] = Obj("unknown", parts=parts)
        m.write(
            f, collection, (held or Obj("unknown")).put(EACH, Value(refs={snapshot: NO_FACTS})), strong=True
        )


def recall(f: Frame, obj: Obj | None, element: Loc) -> None:
    """An item of an unknown collection, with what an earlier loop made of all of them."""
    part = obj.parts.get(EACH) if obj is not None else None
    for snapshot in part.locs() if part is not None else ():
        known = f.state.obj(snapshot)
        if known is not None:
            now = f.state.obj(element) or Obj("unknown")
            f.state.heap[element] = Obj(
                now.kind, now.cls, now.type, {**now.parts, **known.parts}, now.rest, info=now.info
            )
