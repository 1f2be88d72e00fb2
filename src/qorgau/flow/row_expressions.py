"""Expressions over columns that a queryset computes for its rows: ``annotate(who=Upper("fio"))``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import held_data, text_slices, texts
from qorgau.flow.heap import Key, Obj
from qorgau.flow.machine import Frame
from qorgau.flow.taints import NO_TAINTS, Reversal, Taints, merge_taints
from qorgau.flow.values import BOTTOM, Value

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

COLUMN = "django.db.models.F"
LITERAL = "django.db.models.Value"
EXPRESSION = "django.db.models.Expression"
PIECE = "django.db.models.Piece"
DIGEST = "django.db.models.Digest"
EXPRESSIONS = frozenset((COLUMN, LITERAL, EXPRESSION, PIECE, DIGEST))
COMPUTED = "@computed "
"""Begins the names of parts that hold what a queryset computes."""

MAX_INNER = 8
"""How deep expressions within expressions are read."""


def told(obj: Obj, name: str, expression: Value) -> Obj:
    """A queryset that computes a further column."""
    return obj.put(COMPUTED + name, expression)


def compute(m: Machine, f: Frame, queryset: Obj, item: Value, at: int) -> None:
    """Give an item the columns that its queryset computes."""
    for key, expression in queryset.parts.items():
        if not isinstance(key, str) or not key.startswith(COMPUTED):
            continue
        name = key.removeprefix(COMPUTED)
        result = value_of(m, f, expression, item, at)
        for loc in item.locs():
            f.state.heap[loc] = m.obj(f, loc).put(name, result)


def is_expression(m: Machine, f: Frame, value: Value) -> bool:
    """Whether a value is such an expression."""
    return any(m.obj(f, loc).type in EXPRESSIONS for loc in value.locs())


def value_of(m: Machine, f: Frame, expression: Value, item: Value, at: int, depth: int = 0) -> Value:
    """What an expression is for a row."""
    found: list[Taints] = [expression.taints]
    for loc in expression.locs():
        obj = m.obj(f, loc)
        if obj.type == LITERAL:
            found.append(held_data.contents(m, f, _given(obj, "@0", "@value"), at))
        elif obj.type in EXPRESSIONS and depth < MAX_INNER:
            inner = texts.combine(
                _operand(m, f, part, item, at, depth) for key, part in obj.parts.items() if _is_operand(key)
            )
            found.append(_hashed(m, inner) if obj.type == DIGEST else _cut(obj, inner))
        else:
            found.append(held_data.contents(m, f, Value(refs={loc: frozenset()}), at))
    taints = merge_taints(taint for taints in found for taint in taints)
    return Value(taints, opaque=True)


def _is_operand(key: Key) -> bool:
    return isinstance(key, str) and (key[1:].isdigit() or key in ("@then", "@default", "@expression"))


def _operand(m: Machine, f: Frame, part: Value, item: Value, at: int, depth: int) -> Taints:
    """A text names a column; anything else is an expression or a value."""
    found: list[Taints] = [value_of(m, f, part, item, at, depth + 1).taints]
    for path in part.texts():
        column = item
        for name in path.split("__"):
            column = m.attribute(f, column, name, at)
        found.append(column.taints)
    return merge_taints(taint for taints in found for taint in taints) if any(found) else NO_TAINTS


def _cut(obj: Obj, taints: Taints) -> Taints:
    """``Left("phone", 3)``, ``Substr("phone", 1, 4)``: what so many characters leave."""
    if obj.type != PIECE:
        return taints
    given = [_given(obj, "@length"), _given(obj, "@2"), _given(obj, "@1")]
    counts = [constant.value for value in given if (constant := value.constant()) is not None]
    if "@2" not in obj.parts and "@length" not in obj.parts and "@pos" in obj.parts:
        return taints
    length = next((count for count in counts if isinstance(count, int)), None)
    return (
        text_slices.keep(Value(taints), length, ("sql", str(given))).taints if length is not None else taints
    )


def _hashed(m: Machine, taints: Taints) -> Taints:
    """``MD5("iin")``: the database hashes without a key, which a field of few values doesn't hide (paragraph 21)."""
    undone = Reversal(
        "a hash in the database", "all possible values can be hashed and compared", "a keyed hash"
    )
    return frozenset(
        replace(taint, reversal=undone) for taint in taints if m.policy.is_enumerable(taint.field)
    )


def _given(obj: Obj, *names: str) -> Value:
    return next((obj.parts[name] for name in names if name in obj.parts), BOTTOM)
