"""Calls that make expressions of columns: ``pl.col``, ``F.sha2``, functions of the project."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import frame_columns, frames, masks, texts
from qorgau.flow.constants import Const
from qorgau.flow.frame_names import names_in
from qorgau.flow.frame_types import EXPRESSIONS
from qorgau.flow.frames import NAMES, cell_of, column, names_of_column
from qorgau.flow.heap import DATA, Obj
from qorgau.flow.machine import Args, Frame
from qorgau.flow.references import arguments
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, NO_REFS, OPAQUE, External, Value, join_all, of_const, of_ref
from qorgau.knowledge.libraries import CallRows

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

from qorgau.flow.frame_expressions import ANY, EXCEPT, column_named, of_sql

NAMED = frozenset(("col", "column", "by_name", "element"))


WILD = frozenset(("all", "exclude", "string", "matches", "starts_with", "contains", "nth"))


LITERAL = frozenset(("lit", "expr", "when", "udf", "pandas_udf", "format_string"))


JOINING = frozenset(("concat", "concat_ws", "concat_str", "format", "format_string"))


OF_ONE = frozenset(
    """
    regexp_replace regexp_extract regexp_extract_all regexp_substr translate lpad rpad split date_format to_date
    to_timestamp substring_index from_json encode decode
    """.split()  # noqa: SIM905
)
"""Functions of one column: other texts among their arguments are patterns, signs and formats."""


PIECES = {"substring": 0, "substr": 0, "left": 1, "right": 2, "slice": 0, "head": 1, "tail": 2}


FUNCTION = "column-function"


def makes_expression(rows: CallRows) -> bool:
    """Whether the rows of a call say that it gives an expression."""
    types = [row.type for row in (rows.returns, rows.clean, rows.depersonalizer) if row is not None]
    return any(type_ in EXPRESSIONS for type_ in types)


def call(m: Machine, f: Frame, u: Use, rows: CallRows, by_rows: Callable[[Use], Value]) -> Value:
    """A call that gives an expression: by its rows, with the names and columns that it speaks of."""
    owner, _, name = u.dotted.rpartition(".")
    type_ = (
        rows.returns.type
        if rows.returns is not None
        else "polars.Expr"
        if owner.startswith("polars")
        else "pyspark.sql.Column"
    )
    function = owner not in EXPRESSIONS and not owner.endswith((".str", ".dt"))
    if function and (name in NAMED or name in WILD):
        return _columns(m, f, u, name, type_)
    if name == "expr" and owner.startswith("pyspark"):
        return _of_text(m, f, u)
    used = _with_columns(m, f, u, name, type_) if function or owner.endswith(("When", "Then")) else u
    result = by_rows(used)
    cell = _cell_by_rows(m, f, used, rows, name)
    if name == "regexp_replace" and cell is not None:
        cell = masks.masked(m, cell, u.arg(1, "pattern").texts(), u.arg(2, "replacement").texts())
    before = frame_columns.column_value(f, u.receiver)
    for loc in result.locs():
        obj = m.obj(f, loc)
        if cell is not None:
            obj = obj.put(DATA, cell)
        if before is not None and EXCEPT in before.parts:
            obj = obj.put(EXCEPT, before.parts[EXCEPT])
        m.write(f, loc, obj.put(NAMES, _names(m, f, used, name, function)), strong=True)
    return result


def _columns(m: Machine, f: Frame, u: Use, name: str, type_: str) -> Value:
    names = [str(constant.value) for value in u.args.all() for constant in names_in(m, f, value, u.at)[0]]
    if name in WILD:
        made = column_named(m, f, u.at, [ANY], type_)
        for loc in made.locs() if name == "exclude" and names else ():
            left_out = join_all(of_const(text) for text in names)
            m.write(f, loc, m.obj(f, loc).put(EXCEPT, left_out), strong=True)
        return made
    return column_named(m, f, u.at, names, type_)


def _with_columns(m: Machine, f: Frame, u: Use, name: str, type_: str) -> Use:
    """Texts among the arguments of a function are names of columns."""
    if name in LITERAL or (name == "otherwise" and "pyspark" in u.dotted):
        return u
    kind = "polars.Expr" if "polars" in u.dotted else "pyspark.sql.Column"
    given: list[Value] = []
    for index, value in enumerate(u.args.positional):
        if index and name in OF_ONE:
            given.append(value)
            continue
        names, exact = names_in(m, f, value, u.at)
        listed = [str(constant.value) for constant in names if constant.type == "str"]
        is_names = (
            exact and bool(listed) and len(listed) == len(names) and not _holds_columns(m, f, value, u.at)
        )
        given.append(column_named(m, f, u.at, listed, kind, f"argument{index}") if is_names else value)
    return replace(u, args=Args(given, u.args.keywords, u.args.star, u.args.double, u.args.ats))


def _holds_columns(m: Machine, f: Frame, value: Value, at: int) -> bool:
    if frame_columns.column_value(f, value) is not None:
        return True
    lists = [loc for loc in value.locs() if m.obj(f, loc).kind in frames.ELEMENTS_OF]
    return any(frame_columns.column_value(f, m.iterate(f, of_ref(loc), at).each) is not None for loc in lists)


def _cell_by_rows(m: Machine, f: Frame, u: Use, rows: CallRows, name: str) -> Value | None:
    """The cell of what a ``returns`` row makes of the columns it carries; None for other rows."""
    if rows.returns is None or rows.clean is not None or rows.depersonalizer is not None:
        return None
    carried = [value for text in rows.returns.carries for value in arguments(m, f, u, text)]
    cells = [cell_of(m, f, value, u.at).with_(refs=NO_REFS) for value in carried]
    if name in JOINING:
        return texts.made_of(cells)
    if name in PIECES and cells:
        receiver = cell_of(m, f, u.receiver, u.at) if u.receiver.refs else BOTTOM
        own = not receiver.is_bottom
        numbers = [
            constant.value if (constant := value.constant()) is not None else "?"
            for value in u.args.positional
        ]
        numbers = numbers if own else numbers[1:]
        if (
            "pyspark" in u.dotted
            and PIECES[name] == 0
            and numbers
            and isinstance(numbers[0], int)
            and numbers[0] > 0
        ):
            numbers[0] -= 1
        return frame_columns.piece(
            (receiver if own else cells[0]).with_(refs=NO_REFS), PIECES[name], numbers, lengths=True
        )
    return join_all(cells) if cells else None


def _names(m: Machine, f: Frame, u: Use, name: str, function: bool) -> Value:
    """The names of what a call makes: those given, those of the receiver, those of the first column."""
    if name in ("alias", "name") and u.args.positional:
        return join_all(of_const(text) for text in u.args.positional[0].texts())
    sources = [u.args.positional[0]] if function and u.args.positional else [u.receiver]
    for source in sources:
        held = frame_columns.column_value(f, source)
        if held is not None and NAMES in held.parts:
            return held.parts[NAMES]
        if function and source.refs:
            names, _ = names_in(m, f, source, u.at)
            if names:
                return of_const(str(names[0].value))
    return BOTTOM


def _of_text(m: Machine, f: Frame, u: Use) -> Value:
    """``F.expr("upper(iin) AS name")``"""
    found = [made for text in u.arg(0, "str").texts() for made in of_sql(m, f, text, u.at)]
    return found[0] if found else column(m, f, u.at, OPAQUE, [], "pyspark.sql.Column")


def function_of_columns(m: Machine, f: Frame, u: Use) -> Value:
    """``udf(function)``: a function of the cells of the columns that it is called with."""
    given = u.arg(0, "f")
    if not given.refs:
        return of_ref(External("qorgau.identity"))
    return m.new(f, u.at, Obj("made", type=FUNCTION, parts={Const("int", 0): given}, length=1), "udf")


def call_function(m: Machine, f: Frame, obj: Obj, args: Args, at: int) -> Value:
    """A function of columns called with columns: what it makes of a cell of each."""
    function = obj.parts[Const("int", 0)]
    columns = [
        column_named(m, f, at, value.texts(), "pyspark.sql.Column", f"of{index}") if value.texts() else value
        for index, value in enumerate(args.positional)
    ]
    cells = [cell_of(m, f, value, at) for value in columns]
    result = m.repeated(f, lambda: m.call(f, function, Args(cells), at))
    held = next(
        (found for value in columns if (found := frame_columns.column_value(f, value)) is not None), None
    )
    names = names_of_column(held) if held is not None else []
    return column(m, f, at, result, names, "pyspark.sql.Column", "called")


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {FUNCTION: function_of_columns}
