"""What a condition of a parsed SQL text says of every row that fulfils it.

Only what is joined by AND at the top counts; an OR says nothing for certain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace
from sqlglot import exp

from qorgau.flow.sql_columns import Columns, Scope
from qorgau.flow.sql_statement import ColumnRef, Condition, Fact
from qorgau.flow.sql_tokens import is_mark, marks_in

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

_FLIPPED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_NEGATED = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "is": "is not", "is not": "is"}
_COMPARED = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.NullSafeEQ, exp.NullSafeNEQ)


class _NotSimple(Exception):
    """A value that is no constant, placeholder or column."""


class Conditions(Columns):
    """Reads the conditions of one parsed text."""

    def conditions(self, node: Expr, scope: Scope) -> list[Condition]:
        """The simple conjuncts of a condition."""
        match node:
            case exp.And():
                return [each for part in node.flatten() for each in self.conditions(part, scope)]
            case exp.Paren():
                return self.conditions(node.this, scope)
            case exp.Not():
                return self._negated(node.this, scope)
            case exp.Predicate() if node.args.get("negate") and not isinstance(node, exp.Is):
                return []
            case exp.Exists():
                return self._of_another(node.this, scope)
            case exp.In() if node.args.get("query") is not None:
                return self._of_another(node.args["query"], scope)
            case exp.In():
                return self._one_of(node, scope)
            case exp.Predicate() if isinstance(node, _COMPARED):
                return self._compared(node, scope)
        column = self._tested(node, scope)
        return [Condition(column.name, "is", True, column.table)] if column else []

    def _negated(self, node: Expr, scope: Scope) -> list[Condition]:
        inner = node.this if isinstance(node, exp.Paren) else node
        column = self._tested(inner, scope)
        if column:
            return [Condition(column.name, "is", False, column.table)]
        if isinstance(inner, exp.Not):
            return self.conditions(inner.this, scope)
        if not isinstance(inner, exp.Predicate) or isinstance(inner, exp.Exists | exp.In):
            return []
        found = self.conditions(inner, scope)
        return [replace(each, op=_NEGATED[each.op]) for each in found if each.op in _NEGATED]

    def _of_another(self, node: Expr, scope: Scope) -> list[Condition]:
        found = self.query(node, scope).conditions
        return [replace(each, exists=True) for each in found if not isinstance(each.value, ColumnRef)]

    def _one_of(self, node: exp.In, scope: Scope) -> list[Condition]:
        column = self._tested(node.this, scope)
        try:
            values = tuple(self._value(each, scope) for each in node.expressions)
        except _NotSimple:
            return []
        return [Condition(column.name, "in", values, column.table)] if column and values else []

    def _compared(self, node: Expr, scope: Scope) -> list[Condition]:
        op = _operator(node)
        left, right = node.this, node.expression
        column = self._tested(left, scope)
        if column is None:
            column, right, op = self._tested(right, scope), left, _FLIPPED.get(op, op)
        if column is None:
            return []
        if isinstance(right, exp.Not) and op == "is":
            op, right = "is not", right.this
        elif node.args.get("negate"):
            op = _NEGATED[op]
        try:
            return [Condition(column.name, op, self._value(right, scope), column.table)]
        except _NotSimple:
            return []

    def _tested(self, node: Expr, scope: Scope) -> ColumnRef | None:
        """The column that is tested as it is, also with a false or zero default."""
        while isinstance(node, exp.Paren | exp.Cast) or _defaulted(node):
            node = node.this
        if isinstance(node, exp.JSONExtract | exp.JSONExtractScalar):
            looked_up = self.parts(node, scope)[-1:]
            return next((part.origin for part in looked_up if isinstance(part.origin, ColumnRef)), None)
        if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
            return None
        if not node.table and is_mark(node.name):
            return None
        found = self.parts(node, scope)
        if len(found) == 1 and isinstance(found[0].origin, ColumnRef) and not found[0].effect:
            return found[0].origin
        return ColumnRef(self.name(node.name))

    def _value(self, node: Expr, scope: Scope) -> Fact:
        match node:
            case exp.Paren() | exp.Cast():
                return self._value(node.this, scope)
            case exp.Boolean():
                return bool(node.this)
            case exp.Null():
                return None
            case exp.Literal() if node.is_string and not marks_in(node.name, self.places):
                return str(node.this)
            case exp.Literal() if not node.is_string:
                return _number(node.name)
            case exp.Neg() if isinstance(node.this, exp.Literal) and not node.this.is_string:
                return _number("-" + node.this.name)
            case exp.Literal() | exp.Column() if is_mark(node.name):
                return marks_in(node.name, self.places)[0]
            case exp.Column():
                column = self._tested(node, scope)
                if column is not None:
                    return column
        raise _NotSimple


def _operator(node: Expr) -> str:
    match node:
        case exp.EQ():
            return "="
        case exp.NEQ():
            return "!="
        case exp.GT():
            return ">"
        case exp.GTE():
            return ">="
        case exp.LT():
            return "<"
        case exp.LTE():
            return "<="
        case exp.NullSafeNEQ():
            return "is not"
    return "is"


def _defaulted(node: Expr) -> bool:
    """Whether it is ``coalesce(x, false)``: true only where ``x`` is."""
    if not isinstance(node, exp.Coalesce) or len(node.expressions) != 1:
        return False
    default = node.expressions[0]
    return (isinstance(default, exp.Boolean) and not default.this) or default.name == "0"


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return _decimal(text)


def _decimal(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _NotSimple from None
