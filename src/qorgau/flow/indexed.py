"""Loops over the places of a collection: ``for i in range(len(rows))``, ``for key, value in table.items()``.

Where positions or keys are not known, items share one value. In such a loop the item at the place in hand is
kept apart, so that ``rows[i] = mask(rows[i])`` and ``table[key]["iin"] = mask(value["iin"])`` change that item;
when the loop has gone through, all items are what the passes left. So are those of a loop that takes items out
of the list it goes over (``for p in list(people): if not agreed(p): people.remove(p)``). Loops with ``break``
may leave items out and are not treated so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from msgspec.structs import replace

from qorgau import ir
from qorgau.flow import containers, keys, sweeps
from qorgau.flow.constants import Const
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.state import State
from qorgau.flow.values import BOTTOM, OPAQUE, Value, join, of_ref
from qorgau.linking import walk as nodes_of

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

_Node = TypeVar("_Node", bound=ir.Node)

LEFT = "$left"
"""The part of a collection that joins what the passes of a loop left at their places."""

COPIES = frozenset(("list", "tuple", "sorted", "reversed"))
SETS = frozenset(("set", "frozenset"))
REMOVING = frozenset(("remove", "discard"))


class Form(NamedTuple):
    """How a loop goes over places: the collection, its kind, and whether the target gets place and item.

    ``exact``: what the target gets is the place itself (not so for ``enumerate(rows, 1)``). ``removes``: items are
    taken out by the loop, of a collection that may be known by that only.
    """

    collection: ir.Expr
    kind: str
    pairs: bool
    exact: bool = True
    removes: bool = False

    def is_of(self, obj: Obj | None) -> bool:
        """Whether the collection is of the kind that the loop goes over."""
        return obj is not None and (obj.kind == self.kind or (self.kind == "list" and obj.kind == "set"))


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
    if collection is None or collection.old:
        return None
    if form.removes:
        _tell(m, f, collection, form.kind, node.at)
    held = f.state.obj(collection)
    if held is None or not form.is_of(held) or held.cls is not None:
        return None
    if held.rest.is_bottom or containers.spreads(held) or any(isinstance(key, Const) for key in held.parts):
        return None
    shared = sweeps.shared(held.rest)
    before = f.state.obj(shared) if shared is not None else None
    if before is None or before.kind not in sweeps.CHANGED:
        shared = before = None
    place, hand = f.place(node.at, keys.PLACE), f.place(node.at, "element-in-hand")
    return Walk(form, collection, held.rest, place, hand, shared, before)


def _tell(m: Machine, f: Frame, collection: Loc, kind: str, at: int) -> None:
    """Take something of which nothing is known for the list or dict that it is used as."""
    held = f.state.obj(collection)
    if held is None or (held.kind == "unknown" and not (held.cls or held.type or held.parts)):
        each = m.iterate(f, of_ref(collection, unknown=True), at).each
        m.write(f, collection, Obj(kind, rest=each), strong=True)


def collection_of(node: ir.For) -> ir.Expr | None:
    """The list or buffer that a loop goes over by position: ``range(len(c))``, ``enumerate(c)``."""
    form = _form(node)
    return form.collection if form is not None and form.kind == "list" and form.exact else None


def _form(node: ir.For) -> Form | None:
    form = _removing(node) or _placed(node)
    return form._replace(removes=True) if form is not None and _deletes(node, form) else form


def _removing(node: ir.For) -> Form | None:
    """A loop over a list, or over a copy of it, that takes items out of the list."""
    collection = _copied(node.iterable)
    if not isinstance(node.target, ir.Name) or not (path := _path(collection)):
        return None
    for call in _inside(node, ir.Call):
        if isinstance(call.function, ir.Attribute) and call.function.attr in REMOVING:
            if _are([argument.value for argument in call.arguments], node.target):
                if _path(call.function.value) == path:
                    return Form(collection, "list", False, removes=True)
    return None


def _copied(node: ir.Expr) -> ir.Expr:
    """What is copied: ``list(c)``, ``c[:]``, ``c.copy()``, ``[*c]``; else the node itself."""
    if isinstance(node, ir.Subscript) and isinstance(node.index, ir.Slice):
        return node.value
    if isinstance(node, ir.Sequence) and len(node.elements) == 1:
        only = node.elements[0]
        return only.value if isinstance(only, ir.Starred) else node
    if isinstance(node, ir.Call) and isinstance(node.function, ir.Attribute) and node.function.attr == "copy":
        return node.function.value
    if isinstance(node, ir.Call) and isinstance(node.function, ir.Name) and len(node.arguments) == 1:
        return node.arguments[0].value if node.function.id in COPIES | SETS else node
    return node


def _deletes(node: ir.For, form: Form) -> bool:
    """Whether a loop over the keys of a dict deletes under the key in hand."""
    target = node.target.elements[0] if isinstance(node.target, ir.Sequence) else node.target
    if form.kind != "dict" or not isinstance(target, ir.Name):
        return False
    path = _path(form.collection)
    deleted = [one for each in _inside(node, ir.Delete) for one in each.targets]
    popped = [call for call in _inside(node, ir.Call) if isinstance(call.function, ir.Attribute)]
    return any(
        isinstance(one, ir.Subscript) and _path(one.value) == path and _are([one.index], target)
        for one in deleted
    ) or any(
        isinstance(call.function, ir.Attribute)
        and call.function.attr == "pop"
        and _path(call.function.value) == path
        and _are([argument.value for argument in call.arguments[:1]], target)
        for call in popped
    )


def _inside(node: ir.For, kind: type[_Node]) -> Iterator[_Node]:
    """The nodes of one kind in the body of a loop."""
    for statement in node.body:
        for inner in nodes_of(statement):
            if isinstance(inner, kind):
                yield inner


def _are(given: Sequence[ir.Expr], target: ir.Name) -> bool:
    return len(given) == 1 and isinstance(given[0], ir.Name) and given[0].id == target.id


def _placed(node: ir.For) -> Form | None:
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
    return bool(_path(node))


def _path(node: ir.Expr) -> tuple[str, ...]:
    """The names of a path of attributes, the last one first; empty for other nodes."""
    names: list[str] = []
    while isinstance(node, ir.Attribute):
        names.append(node.attr)
        node = node.value
    return (*names, node.id) if isinstance(node, ir.Name) else ()


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
    if walk.form.removes and walk.form.kind == "list":
        return item
    named = join(held.parts.get(containers.KEYS, BOTTOM), OPAQUE)
    place = join(named, of_ref(walk.place)) if walk.form.exact else named
    return m.sequence(f, at, "tuple", [place, item], None, "pair") if walk.form.pairs else place


def passed(state: State, walk: Walk) -> None:
    """After a pass: what it left at its place is among what any other place can have."""
    held = state.obj(walk.collection)
    if held is None or (walk.key not in held.parts and not (walk.form.kind == "dict" or walk.form.removes)):
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
