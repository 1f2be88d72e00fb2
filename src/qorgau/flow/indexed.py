"""Loops over the places of a collection: ``for i in range(len(rows))``, ``for key, value in table.items()``.

Where positions or keys are not known, items share one value. In such a loop the item at the place in hand is
kept apart, so that ``rows[i] = mask(rows[i])`` and ``table[key]["iin"] = mask(value["iin"])`` change that item;
when the loop has gone through, all items are what the passes left. Loops with ``break`` may leave items out
and are not treated so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from qorgau import ir
from qorgau.flow import containers, keys, sweeps
from qorgau.flow.constants import Const
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.state import State
from qorgau.flow.values import BOTTOM, OPAQUE, Value, join, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

LEFT = "$left"
"""The part of a collection that joins what the passes of a loop left at their places."""

COPIES = frozenset(("list", "tuple", "sorted", "reversed"))


class Form(NamedTuple):
    """How a loop goes over places: the collection, its kind, and whether the target gets place and item.

    ``exact``: what the target gets is the place itself (not so for ``enumerate(rows, 1)``).
    """

    collection: ir.Expr
    kind: str
    pairs: bool
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Walk:
    """A loop over places: the collection and what its items were, the place and the item in hand."""

    form: Form
    collection: Loc
    items: Value
    place: Loc
    hand: Loc
    shared: Loc | None
    before: Obj | None

    @property
    def key(self) -> Const:
        """The place in hand as a key of the collection."""
        return Const(keys.PLACE, self.place)


def begin(m: Machine, f: Frame, node: ir.For) -> Walk | None:
    """The walk that a loop is; None for other loops, and where items are known by position or key."""
    form = _form(node)
    if form is None or sweeps.has_break(node.body):
        return None
    collection = m.evaluate(f, form.collection).single()
    held = f.state.obj(collection) if collection is not None else None
    if collection is None or collection.old or held is None or held.kind != form.kind or held.cls is not None:
        return None
    if held.rest.is_bottom or containers.spreads(held) or any(isinstance(key, Const) for key in held.parts):
        return None
    shared = sweeps.shared(held.rest)
    before = f.state.obj(shared) if shared is not None else None
    if before is None or before.kind not in sweeps.CHANGED:
        shared = before = None
    place, hand = f.place(node.at, keys.PLACE), f.place(node.at, "element-in-hand")
    return Walk(form, collection, held.rest, place, hand, shared, before)


def collection_of(node: ir.For) -> ir.Expr | None:
    """The list or buffer that a loop goes over by position: ``range(len(c))``, ``enumerate(c)``."""
    form = _form(node)
    return form.collection if form is not None and form.kind == "list" and form.exact else None


def _form(node: ir.For) -> Form | None:
    call, target = node.iterable, node.target
    pairs = isinstance(target, ir.Sequence) and len(target.elements) == 2
    if not isinstance(call, ir.Call):
        return Form(call, "dict", False) if _is_path(call) and isinstance(target, ir.Name) else None
    if isinstance(call.function, ir.Name) and call.function.id in COPIES and len(call.arguments) == 1:
        inner = call.arguments[0].value
        if isinstance(inner, ir.Call):
            call = inner
        else:
            return Form(inner, "dict", False) if _is_path(inner) and isinstance(target, ir.Name) else None
    if isinstance(call.function, ir.Attribute) and not call.arguments and _is_path(call.function.value):
        method = call.function.attr
        if (method == "items" and pairs) or (method == "keys" and isinstance(target, ir.Name)):
            return Form(call.function.value, "dict", pairs)
    return _counted(call, pairs) if call is node.iterable else None


def _counted(call: ir.Call, pairs: bool) -> Form | None:
    """``range(len(c))`` and ``enumerate(c)``"""
    if not isinstance(call.function, ir.Name) or not call.arguments:
        return None
    argument = call.arguments[0].value
    if call.function.id == "enumerate" and pairs and _is_path(argument):
        return Form(argument, "list", True, len(call.arguments) == 1)
    if call.function.id == "range" and not pairs and len(call.arguments) == 1:
        length = argument if isinstance(argument, ir.Call) else None
        if length is not None and isinstance(length.function, ir.Name) and length.function.id == "len":
            measured = length.arguments[0].value if length.arguments else None
            return Form(measured, "list", False) if measured is not None and _is_path(measured) else None
    return None


def _is_path(node: ir.Expr) -> bool:
    """Whether a node is a name or a path of attributes: what is evaluated once more without effects."""
    while isinstance(node, ir.Attribute):
        node = node.value
    return isinstance(node, ir.Name)


def take(m: Machine, f: Frame, walk: Walk, at: int) -> Value:
    """What the loop's target gets in a new pass."""
    held = m.obj(f, walk.collection)
    item = walk.items
    if walk.shared is not None and walk.before is not None:
        f.state.heap[walk.hand] = walk.before
        m.made.append(walk.hand)
        item = item.with_(refs=dict(zip((walk.hand,), item.refs.values(), strict=True)))
    f.state.heap[walk.place] = Obj(keys.PLACE)
    m.made.append(walk.place)
    f.state.heap[walk.collection] = held.put(walk.key, item)
    named = join(held.parts.get(containers.KEYS, BOTTOM), OPAQUE)
    place = join(named, of_ref(walk.place)) if walk.form.exact else named
    return m.sequence(f, at, "tuple", [place, item], None, "pair") if walk.form.pairs else place


def passed(state: State, walk: Walk) -> None:
    """After a pass: what it left at its place is among what any other place can have."""
    held = state.obj(walk.collection)
    if held is None or (walk.key not in held.parts and walk.form.kind != "dict"):
        return
    # What is no longer there was deleted.
    item = held.parts.get(walk.key, BOTTOM)
    parts = {key: part for key, part in held.parts.items() if key != walk.key}
    parts[LEFT] = join(parts.get(LEFT, BOTTOM), item)
    state.heap[walk.collection] = replace(held, parts=parts, rest=join(held.rest, item))


def finish(f: Frame, walk: Walk) -> None:
    """After the loop: all items are what its passes left, unless others were added on the way."""
    held = f.state.obj(walk.collection)
    left = held.parts.get(LEFT) if held is not None else None
    if held is None or left is None:
        return
    parts = {key: part for key, part in held.parts.items() if key != LEFT}
    rest = left if held.rest == join(walk.items, left) else held.rest
    swept, aged = f.state.obj(walk.hand.aged()), walk.hand.aged()
    if walk.shared is not None and swept is not None:
        f.state.heap[walk.shared] = swept
        refs = {(walk.shared if ref == aged else ref): facts for ref, facts in rest.refs.items()}
        rest = rest.with_(refs=refs)
    f.state.heap[walk.collection] = replace(held, parts=parts, rest=rest)
