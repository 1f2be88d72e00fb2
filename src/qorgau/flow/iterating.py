"""Builtins that go through collections: ``map``, ``filter``, ``zip``, ``sorted``, ``next`` and their like."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import (
    container_methods,
    containers,
    inheritance,
    operators,
    ordering,
    resuming,
    sweeps,
    waiting,
)
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc, is_element
from qorgau.flow.machine import Args, Closure, Frame, Iteration
from qorgau.flow.state import Renaming
from qorgau.flow.uses import Use
from qorgau.flow.values import (
    BOTTOM,
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


MAX_ASKED = 12
"""Times that a function is asked for the next item before its items are no longer told apart."""


def map_items(m: Machine, f: Frame, u: Use) -> Value:
    """``map(function, items)``: what a local variable keeps of it runs where it is used."""
    if waiting.can_wait(m, f, u.at, "map"):
        for loc in u.arg(0, "func").locs():
            if isinstance(closure := m.obj(f, loc).info, Closure):
                m.found.reached.add((closure.unit.name, closure.function.at))
        return waiting.hold(m, f, u.at, lambda: mapped(m, f, u))
    return mapped(m, f, u)


def mapped(m: Machine, f: Frame, u: Use) -> Value:
    """What the function gives for each of the items, in order where they are told."""
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
    held = f.state.facts
    each = [i.each for i in iterations]
    sweep = sweeps.begin(m, f, u.at, (), u.args.positional[1], each[0]) if len(each) == 1 else None

    def run() -> Value:
        taken = each if sweep is None else [sweeps.take(m, f, sweep, each[0])]
        given = m.call(f, function, Args(taken), u.at)
        return stamp(given, f.state.facts - held)

    made = m.repeated(f, run)
    if sweep is not None:
        sweeps.finish(f, sweep)
    return m.new(f, u.at, Obj("generator", rest=made), "map")


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
    ordered = ordering.in_order(m, f, iteration.items, u.args, u.at)
    if ordered is not None:
        return m.sequence(f, u.at, "list", ordered, None, "sorted")
    key = u.args.keywords.get("key")
    if key is not None and key.refs:
        m.call(f, key, Args([iteration.each]), u.at)
    return m.new(f, u.at, Obj("list", rest=iteration.each), "sorted")


def _reversed(m: Machine, f: Frame, u: Use) -> Value:
    loc = u.arg(0).single()
    obj = f.state.obj(loc) if loc is not None else None
    own = (
        inheritance.method(m, f, loc, obj, "__reversed__", u.at)
        if loc is not None and obj is not None
        else None
    )
    if own is not None:
        return m.call(f, own, Args(), u.at)
    iteration = m.iterate(f, u.arg(0), u.at)
    if iteration.items is not None:
        return m.sequence(f, u.at, "list", iteration.items[::-1], None, "reversed")
    return m.new(f, u.at, Obj("list", rest=iteration.each), "reversed")


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
    iterations = _beside_numbers(m, f, u.args.positional, iterations)
    if iterations and all(i.items is not None for i in iterations) and len(iterations[0].items or ()) <= 16:
        rows = [
            m.sequence(f, u.at, "tuple", list(row), None, f"row{index}")
            for index, row in enumerate(zip(*(i.items or () for i in iterations), strict=False))
        ]
        return m.sequence(f, u.at, "generator", rows, None, "zip")
    row = m.sequence(f, u.at, "tuple", _abreast([i.each for i in iterations]), None, "row")
    return m.new(f, u.at, Obj("generator", rest=row), "zip")


def _beside_numbers(m: Machine, f: Frame, given: list[Value], iterations: list[Iteration]) -> list[Iteration]:
    """``zip(itertools.count(), items)``: as many numbers as there are items."""
    lengths = [len(one.items) for one in iterations if one.items is not None]
    for index, value in enumerate(given if lengths else ()):
        loc = value.single()
        parts = m.obj(f, loc).parts if loc is not None else {}
        start = parts.get(container_methods.COUNTS, BOTTOM).constant()
        if start is not None and isinstance(start.value, int):
            numbers = tuple(of_const(start.value + number) for number in range(min(lengths)))
            iterations[index] = Iteration(numbers, iterations[index].each)
    return iterations


def _abreast(columns: list[Value]) -> list[Value]:
    """Items of one place: what was made of another item of a collection in the row was made of the one beside it."""
    singles = [loc for column in columns if (loc := column.single()) is not None and is_element(loc)]
    parents = [loc.parent for loc in singles]
    beside = {loc.parent: loc for loc in singles if parents.count(loc.parent) == 1}
    if not beside:
        return columns

    def change(loc: Loc) -> Loc:
        return beside.get(loc.parent, loc) if is_element(loc) else loc

    renaming = Renaming(change)
    return [renaming.value(column) for column in columns]


def _column(m: Machine, f: Frame, value: Value, index: int, at: int) -> Iteration:
    """What one of several collections gives: two of the same class have items of their own."""
    passes, f.passes = f.passes, (*f.passes, index) if index else f.passes
    iteration = m.iterate(f, value, at)
    f.passes = passes
    return iteration


def _counted(start: Value, index: int) -> Value:
    """The number that ``enumerate`` gives an item."""
    if start.is_bottom:
        return of_const(index)
    first = start.constant()
    return of_const(first.value + index) if first is not None and isinstance(first.value, int) else OPAQUE


def _enumerate(m: Machine, f: Frame, u: Use) -> Value:
    iteration, start = m.iterate(f, u.arg(0, "iterable"), u.at), u.arg(1, "start")
    if iteration.items is not None and len(iteration.items) <= 16:
        pairs = [
            m.sequence(f, u.at, "tuple", [_counted(start, index), item], None, f"pair{index}")
            for index, item in enumerate(iteration.items)
        ]
        return m.sequence(f, u.at, "generator", pairs, None, "enumerate")
    pair = m.sequence(f, u.at, "tuple", [OPAQUE, iteration.each], None, "pair")
    return m.new(f, u.at, Obj("generator", rest=pair), "enumerate")


def _iter(m: Machine, f: Frame, u: Use) -> Value:
    value = u.arg(0)
    if len(u.args.positional) > 1:
        return _until(m, f, value, u.arg(1), u.at)
    loc = value.single()
    if loc is not None and m.obj(f, loc).kind == "generator":
        return value
    iteration = m.iterate(f, value, u.at)
    if iteration.items is not None:
        return m.sequence(f, u.at, "generator", iteration.items, None, "iter")
    return m.new(f, u.at, Obj("generator", rest=iteration.each), "iter")


def _until(m: Machine, f: Frame, function: Value, last: Value, at: int) -> Value:
    """``iter(function, last)``: what the function gives, until it gives the last."""
    given: list[Value] = []
    passes = f.passes
    for index in range(MAX_ASKED):
        f.passes = (*passes, index)
        value = m.call(f, function, Args(), at)
        if value.constant() is not None and value.constant() == last.constant():
            f.passes = passes
            return m.sequence(f, at, "generator", given, None, "until")
        given.append(value)
        if value.unknown or value.opaque or not f.state.reachable:
            break
    f.passes = passes
    return m.new(f, at, Obj("generator", rest=join_all(given)), "until")


def _next(m: Machine, f: Frame, u: Use) -> Value:
    value, default = u.arg(0), u.arg(1)
    results: list[Value] = []
    for ref, facts in value.refs.items():
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if isinstance(ref, Loc) and obj is not None and obj.kind in containers.SEQUENCES:
            if f.handlers and default.is_bottom and len(value.refs) == 1 and _is_over(ref, obj):
                return resuming.stopped(m, f, obj.parts.get("$return", of_const(None)), u.at)
            results.append(stamp(m.advance_generator(f, ref, u.at), facts))
        elif isinstance(ref, Loc) and obj is not None and obj.cls is not None:
            method = inheritance.method(m, f, ref, obj, "__next__", u.at)
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


def _is_over(loc: Loc, obj: Obj) -> bool:
    """Whether an iterator has surely no more items."""
    return obj.kind == "generator" and not loc.old and containers.items_of(obj) == ()


def _takewhile(m: Machine, f: Frame, u: Use) -> Value:
    """``takewhile`` and ``dropwhile``: the items before or from the first that is rejected, where that is known."""
    iteration = m.iterate(f, u.arg(1, "iterable"), u.at)
    drops = u.dotted.endswith("dropwhile")
    for index, item in enumerate(iteration.items or ()):
        chosen, sure = _chosen(m, f, u.arg(0, "predicate"), item, u.at, True)
        if not sure:
            break
        if chosen is None:
            items = (iteration.items or ())[index:] if drops else (iteration.items or ())[:index]
            return m.sequence(f, u.at, "generator", items, None, "while")
    if not drops:
        return _filter(m, f, u)
    # The rest after the first that is rejected says nothing of what the items have in common.
    return m.new(f, u.at, Obj("generator", rest=iteration.each), "while")


def starmap(m: Machine, f: Frame, u: Use) -> Value:
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


def _accumulate(m: Machine, f: Frame, u: Use) -> Value:
    iteration, function = m.iterate(f, u.arg(0), u.at), u.arg(1, "func")
    each = iteration.each
    if iteration.items and len(iteration.items) <= MAX_ASKED and u.arg(2, "initial").is_bottom:
        totals = [iteration.items[0]]
        passes = f.passes
        for index, item in enumerate(iteration.items[1:]):
            f.passes = (*passes, index)
            if function.refs:
                totals.append(m.call(f, function, Args([totals[-1], item]), u.at))
            else:
                totals.append(operators.binary(m, f, "+", totals[-1], item, u.at))
        f.passes = passes
        return m.sequence(f, u.at, "generator", totals, None, "accumulate")
    if function.refs:
        each = join(each, m.call(f, function, Args([each, each]), u.at))
    return m.new(f, u.at, Obj("generator", rest=each), "accumulate")


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "accumulate": _accumulate,
    "enumerate": _enumerate,
    "filter": _filter,
    "iter": _iter,
    "map": map_items,
    "next": _next,
    "reduce": _reduce,
    "reversed": _reversed,
    "sorted": _sorted,
    "starmap": starmap,
    "takewhile": _takewhile,
    "zip": _zip,
}

BUILTINS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "aiter": _iter,
    "anext": _next,
    "enumerate": _enumerate,
    "filter": _filter,
    "iter": _iter,
    "map": map_items,
    "next": _next,
    "reversed": _reversed,
    "sorted": _sorted,
    "zip": _zip,
}
