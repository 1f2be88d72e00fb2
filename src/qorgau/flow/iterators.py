"""Iterators of ``itertools`` and their like: rows of products, groups, heaps, choices."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from qorgau.flow import container_methods, containers, memberships, ordering
from qorgau.flow.heap import Key, Obj
from qorgau.flow.machine import Args, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import (
    BOTTOM,
    Value,
    join,
    join_all,
    of_const,
    of_ref,
    stamp,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


MAX_ROWS = 24
"""Rows of a product of known collections that are kept apart."""


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


def _heap(m: Machine, f: Frame, u: Use) -> Value:
    """Functions of ``heapq`` and ``bisect`` on a list: they keep it ordered, so that positions say nothing."""
    name, heap, item = u.dotted.rpartition(".")[2], u.arg(0), u.arg(1)
    first = _exact_heap(m, f, u, name, heap, item)
    if first is not None:
        return first
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


def _exact_heap(m: Machine, f: Frame, u: Use, name: str, heap: Value, item: Value) -> Value | None:
    """A heap whose order constants tell is kept in that order, so that its least item is the first."""
    loc = heap.single()
    obj = f.state.obj(loc) if loc is not None and not loc.old else None
    items = containers.items_of(obj) if obj is not None and obj.kind == "list" else None
    if loc is None or obj is None or items is None or name not in EXACT or u.args.keywords:
        return None
    taken: Value = of_const(None)
    if name in ("heappop", "heapreplace"):
        ordered = ordering.in_order(m, f, items, Args(), u.at)
        if not ordered:
            return None
        taken, items = ordered[0], ordered[1:]
    if name != "heappop" and name != "heapify":
        items = (*items, item)
    ordered = ordering.in_order(m, f, items, Args(), u.at)
    if ordered is None:
        return None
    m.write(f, loc, containers.renumbered(obj, ordered), strong=True)
    return taken


EXACT = frozenset(("heapify", "heappush", "heappop", "heapreplace"))
"""Functions of heaps that are followed item by item."""


def _best(m: Machine, f: Frame, u: Use) -> Value:
    """``heapq.nlargest(n, items, key=)``: some of the items."""
    iteration, count = m.iterate(f, u.arg(1, "iterable"), u.at), u.arg(0, "n").constant()
    ordered = ordering.in_order(m, f, iteration.items, u.args, u.at)
    if ordered is not None and count is not None and isinstance(count.value, int):
        ordered = ordered[::-1] if u.dotted.endswith("nlargest") else ordered
        return m.sequence(f, u.at, "list", ordered[: max(count.value, 0)], None, "best")
    each = iteration.each
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


def _count(m: Machine, f: Frame, u: Use) -> Value:
    """``itertools.count(start)``: one number after the other."""
    start = u.args.get(0, "start") or of_const(0)
    steps = u.args.get(1, "step") is not None
    parts: dict[Key, Value] = {} if steps else {container_methods.COUNTS: start}
    return m.new(f, u.at, Obj("generator", parts=parts, rest=Value(start.taints, opaque=True)), "count")


def _repeat(m: Machine, f: Frame, u: Use) -> Value:
    return m.new(f, u.at, Obj("generator", rest=u.arg(0, "object")), "repeat")


def _tee(m: Machine, f: Frame, u: Use) -> Value:
    """``tee(items, n)``: the items once more, ``n`` times."""
    count = u.arg(1, "n").constant()
    number = count.value if count is not None and isinstance(count.value, int) else 2
    iteration = m.iterate(f, u.arg(0), u.at)
    made = [
        m.new(f, u.at, Obj("generator", rest=iteration.each), f"tee{index}")
        if iteration.items is None
        else m.sequence(f, u.at, "generator", iteration.items, None, f"tee{index}")
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
        _take(m, f, u.arg(0), slice(*numbers).stop)
        return m.sequence(f, u.at, "generator", items, None, "islice")
    return _elements(m, f, u)


def _take(m: Machine, f: Frame, source: Value, count: int | None) -> None:
    """The first items of an iterator are used up; all of them where no number says how many."""
    loc = source.single()
    obj = f.state.obj(loc) if loc is not None else None
    items = containers.items_of(obj) if obj is not None and obj.kind == "generator" else None
    if loc is not None and obj is not None and items is not None:
        left = () if count is None else items[count:]
        m.write(f, loc, containers.renumbered(obj, left), strong=True)


def _groups(m: Machine, f: Frame, u: Use) -> Value:
    """``itertools.groupby(items, key)``: neighbours with one key, where the items and their keys are known."""
    iteration = m.iterate(f, u.arg(0), u.at)
    function = u.arg(1, "key")
    runs = _runs(m, f, iteration.items, function, u.at)
    if runs is not None:
        made = [
            m.sequence(f, u.at, "generator", items, None, f"group{index}")
            for index, (_, items) in enumerate(runs)
        ]
        pairs = [(key, group) for (key, _), group in zip(runs, made, strict=True)]
        return _rows(m, f, u, pairs)
    each = iteration.each
    key = m.call(f, function, Args([each]), u.at) if function.refs else each
    if answers := memberships.answers(key):
        # One group has those of whom a check came out true, the other those of whom it came out false.
        return _rows(
            m,
            f,
            u,
            [
                (answer, m.new(f, u.at, Obj("generator", rest=stamp(each, said)), f"answered{number}"))
                for number, (answer, said) in enumerate(answers)
            ],
        )
    group = m.new(f, u.at, Obj("generator", rest=each), "group")
    pair = m.sequence(f, u.at, "tuple", [key, group], None, "pair")
    return m.new(f, u.at, Obj("generator", rest=pair), "groups")


def _runs(
    m: Machine, f: Frame, items: tuple[Value, ...] | None, function: Value, at: int
) -> list[tuple[Value, list[Value]]] | None:
    """Items that follow one another and have the same key; None where a key is no constant."""
    if items is None or len(items) > MAX_ROWS:
        return None
    runs: list[tuple[Value, list[Value]]] = []
    for item in items:
        key = m.call(f, function, Args([item]), at) if function.refs else item
        if key.constant() is None:
            return None
        if runs and runs[-1][0].constant() == key.constant():
            runs[-1][1].append(item)
        else:
            runs.append((key, [item]))
    return runs


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


def _zip_longest(m: Machine, f: Frame, u: Use) -> Value:
    """``zip_longest(...)``: rows as many as the longest has items; the others are filled up."""
    fill = u.args.keywords.get("fillvalue", of_const(None))
    columns = [m.iterate(f, value, u.at) for value in u.args.positional]
    known = [column.items for column in columns if column.items is not None]
    if len(known) == len(columns) and u.args.star.is_bottom and known:
        count = max(len(items) for items in known)
        if count <= MAX_ROWS:
            filled = (
                tuple(items[place] if place < len(items) else fill for items in known)
                for place in range(count)
            )
            return _rows(m, f, u, filled)
    given = [join(column.each, fill) for column in columns] if u.args.star.is_bottom else []
    rest = None if given else join(m.iterate(f, m.iterate(f, u.args.star, u.at).each, u.at).each, fill)
    row = m.sequence(f, u.at, "tuple", given, rest, "row")
    return m.new(f, u.at, Obj("generator", rest=row), "zip")


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "zip-longest": _zip_longest,
    "best": _best,
    "chain": _chain,
    "choice": _chosen_item,
    "combinations": _combinations,
    "compress": _compress,
    "count": _count,
    "cycle": _elements,
    "elements": _elements,
    "groupby": _groups,
    "heap": _heap,
    "islice": _islice,
    "product": _product,
    "repeat": _repeat,
    "tee": _tee,
}
