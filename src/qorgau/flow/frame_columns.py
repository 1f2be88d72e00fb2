"""Columns by themselves: methods of a series, of its texts, and operators between columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import (
    frame_conditions,
    frame_expressions,
    frame_names,
    frames,
    masks,
    memberships,
    operators,
    text_methods,
    text_slices,
    texts,
)
from qorgau.flow.constants import Const
from qorgau.flow.facts import NO_FACTS, Facts, join_facts
from qorgau.flow.frame_indexing import made_column
from qorgau.flow.frame_types import ROW
from qorgau.flow.frames import NAMES, cell_of, column, is_column
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, NO_REFS, OPAQUE, Value, join_all, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

LOGICAL = ("&", "|", "^")
SLICES = {"slice": 0, "slice_replace": 0, "head": 1, "tail": 2, "left": 1, "right": 2, "get": 3}
"""Methods of texts that cut a piece out: how their arguments say which."""


def column_value(f: Frame, value: Value) -> Obj | None:
    """The column that a value is; None for other values."""
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is not None and is_column(obj):
            return obj
    return None


def binary(m: Machine, f: Frame, op: str, left: Value, right: Value, at: int) -> Value | None:
    """An operator between columns, cell by cell; None where neither side is a column."""
    held = column_value(f, left) or column_value(f, right)
    if held is None:
        return of_names(m, f, op, left, right, at)
    if op == "~":
        cell = cell_of(m, f, left, at)
        negated = cell.with_(when_true=cell.when_false, when_false=cell.when_true)
        made = made_column(m, f, held, negated, at, "negated")
        return made.with_(when_true=left.when_false, when_false=left.when_true)
    if op in LOGICAL:
        return Value(opaque=True, when_true=_implied(m, f, op, left, right))
    cells = [cell_of(m, f, side, at).with_(refs=NO_REFS) for side in (left, right)]
    return made_column(m, f, held, operators.binary(m, f, op, cells[0], cells[1], at), at, f"column {op}")


def of_names(m: Machine, f: Frame, op: str, left: Value, right: Value, at: int) -> Value | None:
    """``columns != "iin"``, ``~columns.isin([...])``: a choice of columns; None for other operands."""
    made = frame_names.choice_of(f, left)
    if op == "~" and made is not None:
        names = [Const("str", text) for text in made.parts[NAMES].texts()]
        return frame_names.choice(m, f, names, at, without=made.type != "without")
    listed = any(frame_names.COLUMN_NAMES in m.obj(f, loc).parts for loc in left.locs())
    if op in ("==", "!=") and listed and right.texts():
        return frame_names.choice(
            m, f, [Const("str", text) for text in right.texts()], at, without=op == "!="
        )
    return None


def _implied(m: Machine, f: Frame, op: str, left: Value, right: Value) -> Facts | None:
    """What holds of the rows that a combined condition chooses."""
    first, second = frame_conditions.implied(m, f, left), frame_conditions.implied(m, f, right)
    if op != "&":
        return join_facts(first, second) if op == "|" else frozenset()
    return first | second


# Methods of a series


def same(m: Machine, f: Frame, u: Use, obj: Obj) -> Value:
    """The same values in another order or form; under another name where one is given."""
    name = u.dotted.rpartition(".")[2]
    parts = dict(obj.parts)
    if name in ("rename", "alias") and u.arg(0, "index").texts():
        parts[NAMES] = join_all(of_const(text) for text in u.arg(0, "index").texts())
    if name == "reset_index":
        return _with_index(m, f, u, obj, frames.levels_of(obj))
    if name == "where" and u.args.positional:
        facts = frame_conditions.implied(m, f, u.args.positional[0])
        parts["$data"] = frames.told(frames.element(m, f, obj, u.at), facts)
    elif name in ("fillna", "fill_null", "where", "mask", "replace", "combine_first"):
        others = [cell_of(m, f, value, u.at) for value in u.args.all()]
        held = obj.parts.get("$data", BOTTOM)
        held = _masked(m, u, held) if name == "replace" else held
        parts["$data"] = join_all([held, *(o for o in others if o.taints)])
    return m.new(f, u.at, Obj("library", type=obj.type, parts=parts), "same column")


def _with_index(m: Machine, f: Frame, u: Use, obj: Obj, levels: dict[str, Value]) -> Value:
    names = u.arg(9, "name").texts() or u.arg(9, "names").texts() or frames.names_of_column(obj) or ["0"]
    if u.args.keywords.get("drop", BOTTOM).constant() == Const("bool", True):
        parts = {key: part for key, part in obj.parts.items() if not str(key).startswith(frames.INDEX)}
        return m.new(f, u.at, Obj("library", type=obj.type, parts=parts), "without index")
    columns = {Const("str", name or "index"): cell for name, cell in levels.items()}
    columns[Const("str", names[0])] = frames.element(m, f, obj, u.at)
    return frames.new(m, f, u.at, frames.Table("pandas.DataFrame", columns), "frame of column")


def to_frame(m: Machine, f: Frame, u: Use) -> Value:
    """``column.to_frame()``"""
    held = [m.obj(f, loc) for loc in u.receiver.locs()]
    made = [_framed(m, f, u, obj) for obj in held if is_column(obj)]
    return join_all(made) if made else m.unknown_call(f, "to_frame", u.receiver, u.args, u.at)


def _framed(m: Machine, f: Frame, u: Use, obj: Obj) -> Value:
    names = u.arg(0, "name").texts() or frames.names_of_column(obj) or ["0"]
    type_ = obj.type.replace("Series", "DataFrame")
    columns = {Const("str", names[0]): frames.element(m, f, obj, u.at)}
    table = frames.Table(type_, columns, frames.levels_of(obj))
    return frames.new(m, f, u.at, table, "frame of column")


def applied(m: Machine, f: Frame, function: Value, cell: Value, extra: Args, at: int) -> Value:
    """A function, a method by name or a mapping applied to a cell."""
    mapping = [loc for loc in function.locs() if _is_mapping(f, loc)]
    if mapping:
        return join_all(cell_of(m, f, Value(refs={loc: frozenset()}), at) for loc in mapping)
    named = function.texts()
    if named and not function.refs:
        return join_all(m.call_method(f, cell, name, extra, at) for name in named)
    if not _is_callable(f, function):
        return m.unknown_call(f, "map", function, Args([cell]), at)
    args = Args([cell, *extra.positional], dict(extra.keywords), extra.star, list(extra.double))
    return m.repeated(f, lambda: m.call(f, function, args, at))


def _is_mapping(f: Frame, loc: Loc) -> bool:
    obj = f.state.obj(loc)
    return obj is not None and (obj.kind == "dict" or is_column(obj))


def _is_callable(f: Frame, function: Value) -> bool:
    return any(not isinstance(ref, Loc) or f.state.obj(ref) is not None for ref in function.refs)


def extra_arguments(m: Machine, f: Frame, u: Use, own: tuple[str, ...]) -> Args:
    """What ``apply`` hands on to its function: ``args=(...)`` and further keywords."""
    given = u.args.keywords.get("args")
    more = m.iterate(f, given, u.at) if given is not None else None
    positional = list(more.items) if more is not None and more.items is not None else []
    star = more.each if more is not None and more.items is None else BOTTOM
    keywords = {name: value for name, value in u.args.keywords.items() if name not in (*own, "args")}
    return Args(positional, keywords, star)


def text_method(m: Machine, f: Frame, u: Use) -> Value:
    """A method of the texts of a column: what it leaves of each of them."""
    results: list[Value] = []
    name = u.dotted.rpartition(".")[2]
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        cell = cell_of(m, f, obj.parts.get("$data", BOTTOM), u.at).with_(refs=NO_REFS)
        if name in ("replace", "replace_all"):
            cell = _masked(m, u, cell)
        if name in SLICES:
            cut = _piece(u, cell, SLICES[name])
        elif name == "cat":
            others = [cell_of(m, f, value, u.at) for value in u.args.all()]
            cut = texts.made_of([cell, *(other.with_(refs=NO_REFS) for other in others)])
        else:
            found = text_methods.method(m, f, cell, TEXT_NAMES.get(name, name), u.args, u.at)
            cut = cell if found is None or found.refs else found
        results.append(made_column(m, f, obj, cut, u.at, f"text {name}"))
    return join_all(results) if results else OPAQUE


def _masked(m: Machine, u: Use, cell: Value) -> Value:
    """What a replacement by pattern leaves: pandas asks for it, ``replace_all`` of polars takes it for granted."""
    asked = u.args.keywords.get("regex", BOTTOM).constant() == Const("bool", True)
    plain = u.args.keywords.get("literal", BOTTOM).constant() == Const("bool", True)
    if not asked and (plain or not u.dotted.endswith("replace_all")):
        return cell
    pattern, new = u.arg(0, "pat"), u.arg(1, "repl")
    pattern = u.args.keywords.get("pattern", u.args.keywords.get("to_replace", pattern))
    new = u.args.keywords.get("value", new)
    return masks.masked(m, cell, pattern.texts(), new.texts())


TEXT_NAMES = {
    "replace_all": "replace",
    "to_lowercase": "lower",
    "to_uppercase": "upper",
    "strip_chars": "strip",
}


def _piece(u: Use, cell: Value, how: int) -> Value:
    numbers = [value.constant() for value in u.args.positional]
    first = u.args.keywords.get("start") or u.args.keywords.get("offset") or u.args.keywords.get("n")
    second = u.args.keywords.get("stop") or u.args.keywords.get("length")
    given = [number.value if number is not None else "?" for number in numbers]
    if not given and (first is not None or second is not None):
        constant = first.constant() if first is not None else None
        given = [constant.value if constant is not None else (None if first is None else "?")]
    if len(given) == 1 and second is not None:
        constant = second.constant()
        given.append(constant.value if constant is not None else "?")
    return piece(cell, how, given, lengths="polars" in u.dotted or "pyspark" in u.dotted)


def piece(cell: Value, how: int, given: list[object], *, lengths: bool) -> Value:
    """A slice of a text: ``how`` as in ``SLICES``; with ``lengths`` the second number is a length."""
    if not given or not all(isinstance(number, int | None) for number in given):
        return text_slices.slice_text(cell, (None, None, None), False)
    first = given[0] if isinstance(given[0], int) else None
    if how == 1:
        return text_slices.slice_text(cell, (None, first, None), True)
    if how == 2:
        return text_slices.slice_text(cell, (-(first or 0), None, None), True)
    if how == 3:
        return text_slices.keep(cell, 1, ("index", first))
    second = given[1] if len(given) > 1 and isinstance(given[1], int) else None
    if lengths and second is not None:
        start = first or 0
        end = start + second
        return text_slices.slice_text(cell, (start, None if start < 0 <= end else end, None), True)
    return text_slices.slice_text(cell, (first, second, None), True)


def construct(m: Machine, f: Frame, u: Use) -> Value:
    """``Series(data)``: a column of what is given; of a dict, a row of its values."""
    polars = u.dotted.startswith("polars.")
    data = u.arg(1, "values") if polars else u.arg(0, "data")
    name = u.arg(0, "name") if polars else u.args.keywords.get("name", BOTTOM)
    if polars and data.is_bottom:
        data = u.arg(0)
    type_ = "polars.Series" if polars else "pandas.Series"
    fields = m.exact_dict(f, data)
    if fields is not None and not polars:
        parts: dict[Key, Value] = {ROW: of_const(0), frames.INDEX: OPAQUE}
        parts.update({Const("str", text): part for text, part in fields.items()})
        return m.new(f, u.at, Obj("dict", parts=parts, info="exact"), "row of values")
    cell = cell_of(m, f, data, u.at)
    made = column(m, f, u.at, OPAQUE if cell.is_bottom else cell, name.texts(), type_, "series")
    index = u.args.keywords.get("index")
    if index is not None:
        loc = made.locs()[0]
        m.write(f, loc, m.obj(f, loc).put(frames.INDEX, cell_of(m, f, index, u.at)), strong=True)
    return made


def listed(m: Machine, f: Frame, u: Use) -> Value:
    """``column.tolist()``, ``column.unique()``: the values by themselves."""
    results: list[Value] = []
    name = u.dotted.rpartition(".")[2]
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        if not is_column(obj):
            continue
        cell = frames.element(m, f, obj, u.at)
        if name in ("item", "first", "last", "pop", "get", "xs", "mode"):
            results.append(cell)
        elif name in ("items", "iteritems"):
            key = join_all([p for k, p in obj.parts.items() if str(k).startswith(frames.INDEX)] + [OPAQUE])
            pair = m.sequence(f, u.at, "tuple", [key, cell], None, "pair of column")
            results.append(m.new(f, u.at, Obj("generator", rest=pair), "items of column"))
        elif name == "to_dict":
            keys = [p for k, p in obj.parts.items() if str(k).startswith(frames.INDEX)]
            results.append(
                m.new(
                    f,
                    u.at,
                    Obj("dict", parts={"$keys": join_all([*keys, OPAQUE])}, rest=cell),
                    "dict of column",
                )
            )
        else:
            results.append(m.new(f, u.at, Obj("list", rest=cell), "values of column"))
    return join_all(results) if results else m.unknown_call(f, name, u.receiver, u.args, u.at)


def factorized(m: Machine, f: Frame, u: Use) -> Value:
    """``pandas.factorize(column)``: numbers in place of the values, and the values by themselves."""
    given = u.receiver if column_value(f, u.receiver) is not None else u.arg(0, "values")
    codes = m.new(f, u.at, Obj("list", rest=OPAQUE), "codes")
    values = m.new(f, u.at, Obj("list", rest=cell_of(m, f, given, u.at)), "values of codes")
    return m.sequence(f, u.at, "tuple", [codes, values], None, "factorized")


def among(m: Machine, f: Frame, u: Use) -> Value:
    """``column.isin(keys)``: of a key, what was checked of all whose keys these are."""
    keys = m.iterate(f, u.arg(0), u.at).each
    results: list[Value] = []
    for loc in u.receiver.locs():
        obj = m.obj(f, loc)
        names = frames.names_of_column(obj)
        facts = NO_FACTS
        if len(names) == 1 and memberships.is_key_name(names[0]):
            facts = memberships.told(keys, frame_expressions.COLUMNS_OF)
        results.append(made_column(m, f, obj, OPAQUE.with_(when_true=facts), u.at, "among"))
    return join_all(results)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "frame-among": among,
    "frame-factorized": factorized,
    "frame-of-column": to_frame,
    "frame-text": text_method,
    "frame-values": listed,
    "series": construct,
}
