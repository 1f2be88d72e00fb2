"""Expressions of columns (``pl.col``, ``F.col``): what they make of a table that they are used on.

An expression is evaluated where it is written, on the columns that its names say: their data is marked
with the column it stands for (``standing_for``). Where the expression is used on a table, that is
replaced by what the table really has in the column, with what the expression did to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from qorgau.findings import Confidence
from qorgau.flow import frame_columns, frames, texts
from qorgau.flow.behaviours import Use
from qorgau.flow.frame_types import EXPRESSIONS
from qorgau.flow.frames import NAMES, cell_of, column, column_of, names_in, names_of_column, read
from qorgau.flow.machine import Args, Frame
from qorgau.flow.strings import DATA
from qorgau.flow.values import (
    BOTTOM,
    NO_REFS,
    OPAQUE,
    Const,
    External,
    Fact,
    Loc,
    Obj,
    Reversal,
    Taint,
    Trace,
    Value,
    const,
    join_all,
    merge_taints,
    of_const,
    of_ref,
)
from qorgau.knowledge.libraries import CallRows

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine
    from qorgau.flow.sql_text import Part

ANY = "*"
"""The name that stands for every column of a table."""

SOME = "$column"
"""The field of what stands in a column whose name is no field: replaced wherever the expression is used."""

COLUMNS_OF = Loc(None, ("columns",))
"""Stands for the table that an expression will be used on."""

NAMED = frozenset(("col", "column", "by_name", "element"))
WILD = frozenset(("all", "exclude", "string", "matches", "starts_with", "contains", "nth"))
LITERAL = frozenset(("lit", "expr", "when", "udf", "pandas_udf", "format_string"))
JOINING = frozenset(("concat", "concat_ws", "concat_str", "format", "format_string"))
PIECES = {"substring": 0, "substr": 0, "left": 1, "right": 2, "slice": 0, "head": 1, "tail": 2}
FUNCTION = "column-function"


def standing_for(name: str) -> Loc:
    """The subject of data that stands for a column."""
    return Loc(COLUMNS_OF, ("item", const(name)))


def stands_for(taint: Taint) -> str | None:
    """The column that a datum of an expression stands for; None for data of its own."""
    subject = taint.subject
    if subject is None or subject.parent != COLUMNS_OF or not isinstance(subject.label, tuple):
        return None
    name = getattr(subject.label[1], "value", None)
    return name if isinstance(name, str) else None


def column_named(
    m: Machine, f: Frame, at: int, names: Sequence[str], type_: str, label: str = "expression"
) -> Value:
    """``col(name)``"""
    cells = [_placeholder(m, f, at, name) for name in names]
    made = column(m, f, at, join_all(cells) if cells else OPAQUE, names, type_, label)
    if len(names) == 1:
        from qorgau.flow import consent

        return consent.attribute(m, f, made, names[0], of_ref(COLUMNS_OF))
    return made


def _placeholder(m: Machine, f: Frame, at: int, name: str) -> Value:
    subject = standing_for(name)
    fields = m.policy.fields_of(name) or (SOME,)
    taints = frozenset(
        Taint(
            field, Confidence.MEDIUM, subject, trace=Trace(None, f.unit, at, f"{field} is the column {name}")
        )
        for field in fields
    )
    return Value(taints, unknown=True)


# Used on a table


def resolved(m: Machine, f: Frame, loc: Loc, values: Iterable[Value], at: int) -> list[tuple[Const, Value]]:
    """The columns that arguments of ``select`` and its like make of a table: names, lists and expressions."""
    found: list[tuple[Const, Value]] = []
    for value in values:
        found += _resolved(m, f, loc, value, at, len(found))
    return found


def _resolved(
    m: Machine, f: Frame, loc: Loc, value: Value, at: int, number: int
) -> list[tuple[Const, Value]]:
    found: list[tuple[Const, Value]] = []
    for constant in value.consts:
        found += _by_name(m, f, loc, constant, at)
    for ref in value.locs():
        obj = f.state.obj(ref)
        if obj is None:
            continue
        if obj.kind in frames.ELEMENTS_OF:
            iteration = m.iterate(f, of_ref(ref), at)
            found += resolved(
                m, f, loc, iteration.items if iteration.items is not None else [iteration.each], at
            )
        elif obj.kind == "dict":
            found += [(name, cell_on(m, f, loc, part, name, at)) for name, part in obj.items()]
        elif frames.is_column(obj):
            for name in _outputs(f, loc, obj, number):
                found.append(
                    (name, cell_on(m, f, loc, of_ref(ref), name, at, several=len(names_of_column(obj)) > 1))
                )
    if value.taints and not found:
        found.append((const(f"column{number}"), cell_on(m, f, loc, value, const(""), at)))
    return found


def _by_name(m: Machine, f: Frame, loc: Loc, name: Const, at: int) -> list[tuple[Const, Value]]:
    if name.value == ANY:
        table = read(m.obj(f, loc))
        return [(known, table.columns[known]) for known in table.known()]
    return [(name, column_of(m, f, loc, name, at))]


def _outputs(f: Frame, loc: Loc, obj: Obj, number: int) -> list[Const]:
    names = names_of_column(obj) or [f"column{number}"]
    if ANY in names:
        held = f.state.obj(loc)
        return read(held).known() if held is not None else []
    return [const(name) for name in names]


def cell_on(
    m: Machine, f: Frame, loc: Loc, value: Value, name: Const, at: int, *, several: bool = False
) -> Value:
    """What an expression makes of a table, for one of the columns it makes (of ``several``, only its own)."""
    cell = cell_of(m, f, value, at)
    taints: list[Taint] = []
    opaque = cell.opaque
    for taint in cell.taints:
        source = stands_for(taint)
        if source is None:
            taints.append(taint)
            continue
        if several and source not in (name.value, ANY):
            continue
        real = column_of(m, f, loc, const(source) if source != ANY else name, at)
        opaque = opaque or not real.unknown
        taints += [_done_to(found, taint) for found in real.taints]
    return Value(
        merge_taints(taints),
        cell.consts,
        cell.refs,
        cell.unknown and not cell.taints,
        opaque or bool(cell.taints),
    )


def _done_to(found: Taint, by: Taint) -> Taint:
    """A datum of a table after what an expression does to what stands for it."""
    trace = found.trace
    for step in by.trace.steps()[1:] if by.trace is not None else ():
        trace = Trace(trace, step.unit, step.at, step.note)
    return replace(
        found,
        reversal=found.reversal or by.reversal,
        kept=found.kept if found.kept is not None else by.kept,
        slice=found.slice if found.kept is not None else by.slice,
        calls=min(found.calls + by.calls, 2),
        facts=found.facts | by.facts,
        salted=found.salted or by.salted,
        trace=trace,
    )


# Made by calls


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
    for loc in result.locs():
        obj = m.obj(f, loc)
        if cell is not None:
            obj = obj.put(DATA, cell)
        m.write(f, loc, obj.put(NAMES, _names(m, f, used, name, function)), strong=True)
    return result


def _columns(m: Machine, f: Frame, u: Use, name: str, type_: str) -> Value:
    if name in WILD:
        return column_named(m, f, u.at, [ANY], type_)
    names = [str(constant.value) for value in u.args.all() for constant in names_in(m, f, value, u.at)[0]]
    return column_named(m, f, u.at, names, type_)


def _with_columns(m: Machine, f: Frame, u: Use, name: str, type_: str) -> Use:
    """Texts among the arguments of a function are names of columns."""
    if name in LITERAL or (name == "otherwise" and "pyspark" in u.dotted):
        return u
    kind = "polars.Expr" if "polars" in u.dotted else "pyspark.sql.Column"
    given: list[Value] = []
    for index, value in enumerate(u.args.positional):
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
    from qorgau.flow.references import arguments

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


def of_sql(m: Machine, f: Frame, text: str, at: int) -> list[Value]:
    """The expressions that the text of a SQL select list stands for."""
    from qorgau.flow.sql_text import ColumnRef, parse_sql

    made: list[Value] = []
    for position, each in enumerate(parse_sql(f"SELECT {text} FROM t").columns):
        taints: list[Taint] = []
        for part in each.parts:
            if isinstance(part.origin, ColumnRef):
                stands = _placeholder(m, f, at, part.origin.name)
                taints += [
                    left for taint in stands.taints if (left := _left_by_sql(m, taint, part)) is not None
                ]
        cell = Value(merge_taints(taints), opaque=True)
        made.append(
            column(m, f, at, cell, [each.name or f"column{position}"], "pyspark.sql.Column", f"sql{position}")
        )
    return made


def _left_by_sql(m: Machine, taint: Taint, part: Part) -> Taint | None:
    """What a function of SQL leaves of a datum."""
    if part.effect == "":
        return taint
    if isinstance(part.effect, tuple):
        return replace(taint, kept=part.effect[1], slice=("sql", part.call))
    if part.effect == "reversible":
        return replace(taint, reversal=Reversal(part.call, "it can be undone", "a keyed hash"))
    if part.effect == "hash" and m.policy.is_enumerable(taint.field) and not part.joined:
        why = "so few values exist that all can be tried"
        return replace(taint, reversal=Reversal(part.call, why, "a keyed hash"))
    return None


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


def conditions(m: Machine, f: Frame, u: Use) -> frozenset[Fact]:
    """What the conditions of ``filter`` imply of each row: expressions, SQL or query texts, keywords."""
    facts: set[Fact] = set()
    for value in u.args.all():
        facts |= set(m.truth(f, value, True) or ())
        for text in value.texts():
            facts |= _text_conditions(m, text)
    for name, value in u.args.keywords.items():
        if value.constant() == Const("bool", True) and m.policy.consent_attribute((name,)):
            facts |= _consent(name)
    return frozenset(facts)


def _text_conditions(m: Machine, text: str) -> set[Fact]:
    from qorgau.flow.sql_text import parse_sql

    statement = parse_sql(f"SELECT * FROM t WHERE {text.replace('==', '=')}")
    found: set[Fact] = set()
    for condition in statement.conditions:
        held = condition.op in ("=", "is") and condition.value in (True, 1) and not condition.exists
        if held and m.policy.consent_attribute((condition.column,)):
            found |= _consent(condition.column)
    return found


def _consent(name: str) -> set[Fact]:
    from qorgau.flow.checks import Check

    return {Fact("consent", COLUMNS_OF, Check(name), True)}


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {FUNCTION: function_of_columns}
