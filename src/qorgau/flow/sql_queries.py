"""What the queries of a parsed SQL text yield.

Subqueries, common table expressions and set operations are resolved to the stored columns behind
them, as far as the text tells.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace
from sqlglot import exp

from qorgau.flow.sql_columns import Relation, Rows, Scope, arg
from qorgau.flow.sql_conditions import Conditions
from qorgau.flow.sql_functions import shown
from qorgau.flow.sql_statement import Column, ColumnRef, Condition, Part
from qorgau.flow.sql_tokens import unmarked

if TYPE_CHECKING:
    from sqlglot.expressions import Expr


class Queries(Conditions):
    """Reads the queries of one parsed text."""

    def query(self, node: Expr | None, outer: Scope) -> Rows:
        """What a SELECT, a set operation, VALUES or a table yields."""
        match node:
            case exp.Subquery():
                return self.query(node.this, self.with_queries(node, outer))
            case exp.SetOperation():
                inner = self.with_queries(node, outer)
                return _united(self.query(node.this, inner), self.query(node.expression, inner), node)
            case exp.Select():
                return self._select(node, self.with_queries(node, outer))
            case exp.Values():
                return self._values(node, outer)
            case exp.Table():
                scope = Scope(outer.queries, outer=outer)
                self.relate(node, scope)
                return Rows(tuple(column for each in scope.relations.values() for column in each.star()))
        return Rows()

    def with_queries(self, node: Expr, outer: Scope) -> Scope:
        """The scope with the common table expressions of a node in sight."""
        clause = arg(node, "with")
        if clause is None:
            return outer
        scope = Scope(dict(outer.queries), outer=outer)
        known = dict(outer.queries)
        for each in clause.expressions:
            rows = Rows()
            names = [self.name(column.name) for column in _alias_columns(each)]
            if isinstance(each.this, exp.SetOperation):
                first = self.query(each.this.this, Scope(known, outer=outer))
                known[each.alias.lower()] = _renamed(first, names)
            rows = self.rows_of(each.this, Scope(known, outer=outer))
            known[each.alias.lower()] = _renamed(rows, names)
        scope.queries = known
        return scope

    def rows_of(self, node: Expr, scope: Scope) -> Rows:
        """What a query or another statement inside WITH yields; the reader of statements adds the others."""
        return self.query(node, scope)

    def _select(self, node: exp.Select, outer: Scope) -> Rows:
        scope = Scope(outer.queries, outer=outer)
        conditions: list[Condition] = []
        source = arg(node, "from")
        joins = node.args.get("joins") or []
        sides = {join.side for join in joins}
        if source is not None:
            held = self.relate(source.this, scope)
            conditions += held if not sides & {"RIGHT", "FULL"} else ()
        conditions += self.join(joins, scope)
        for lateral in node.args.get("laterals") or ():
            self.relate(lateral, scope)
        for name in ("where", "prewhere"):
            clause = node.args.get(name)
            if clause is not None:
                conditions += self.conditions(clause.this, scope)
        columns = tuple(column for each in node.expressions for column in self.column(each, scope))
        return Rows(columns, tuple(dict.fromkeys(conditions)))

    def join(self, joins: Iterable[exp.Join], scope: Scope) -> list[Condition]:
        """Puts joined relations in sight; what inner joins ask for holds for every row."""
        found: list[Condition] = []
        for join in joins:
            held = self.relate(join.this, scope)
            if join.side not in ("LEFT", "FULL"):
                found += held
            on = join.args.get("on")
            if on is not None and not join.side:
                found += self.conditions(on, scope)
        return found

    def column(self, node: Expr, scope: Scope) -> tuple[Column, ...]:
        """What one item of a select list yields: several columns for a star."""
        star = node.this if isinstance(node, exp.Column) and isinstance(node.this, exp.Star) else node
        if isinstance(star, exp.Star):
            return self._star(node, star, scope)
        inner = node.this if isinstance(node, exp.Alias) else node
        name = node.alias_or_name if isinstance(node, exp.Alias | exp.Column) else self._implicit(inner)
        name = self.name(name) if isinstance(node, exp.Alias) else unmarked(name)
        return (Column(name, self.parts(inner, scope)),)

    def _implicit(self, node: Expr) -> str:
        """The output name of an expression without an alias: that of the column in it, or of the function."""
        if isinstance(node, exp.Cast | exp.Paren | exp.Window | exp.Filter):
            return node.this.name if isinstance(node.this, exp.Column) else self._implicit(node.this)
        if isinstance(node, exp.Anonymous):
            return node.name.lower()
        if isinstance(node, exp.Func) and not isinstance(node, exp.Binary):
            return shown(node.sql_name())
        return node.name if isinstance(node, exp.Dot | exp.Column) else ""

    def _star(self, node: Expr, star: exp.Star, scope: Scope) -> tuple[Column, ...]:
        if isinstance(node, exp.Column):
            relation = scope.relation(node.table)
            columns = relation.star() if relation else (Column("*", self._column(node, scope)),)
        else:
            columns = tuple(column for each in scope.relations.values() for column in each.star())
            columns = columns or (Column("*", (Part(ColumnRef("*")),)),)
        replaced = [column for each in arg(star, "replace") or () for column in self.column(each, scope)]
        dropped = tuple(each.name for each in arg(star, "except") or ())
        away = {name.lower() for name in (*dropped, *(column.name for column in replaced))}
        if away:
            columns = tuple(
                replace(column, dropped=(*column.dropped, *sorted(away))) if column.name == "*" else column
                for column in columns
                if column.name.lower() not in away
            )
        return (*columns, *replaced)

    def _values(self, node: exp.Values, scope: Scope) -> Rows:
        columns: list[Column] = []
        for row in node.expressions:
            for position, each in enumerate(row.expressions if isinstance(row, exp.Tuple) else [row]):
                parts = self.parts(each, scope)
                if position < len(columns):
                    both = dict.fromkeys((*columns[position].parts, *parts))
                    columns[position] = replace(columns[position], parts=tuple(both))
                else:
                    columns.append(Column(f"column{position + 1}", parts))
        return Rows(tuple(columns))

    def relate(self, node: Expr, scope: Scope) -> list[Condition]:
        """Puts what stands after FROM or JOIN in sight; returns what holds for its rows."""
        names = [self.name(column.name) for column in _alias_columns(node)]
        held: list[Condition] = []
        match node:
            case exp.Table() if isinstance(node.this, exp.Func):
                parts = self.parts(node.this, scope)
                rows = Rows(tuple(Column(name, parts) for name in names) or (Column("*", parts),))
                scope.relations[(node.alias or node.this.name).lower()] = Relation(rows=rows)
            case exp.Table():
                held = self._relate_table(node, scope)
            case exp.Unnest():
                given = [Column("unnest", self.parts(each, scope)) for each in node.expressions]
                scope.relations[node.alias.lower()] = Relation(rows=_renamed(Rows(tuple(given)), names))
            case exp.Lateral():
                held = self.relate(node.this, scope)
                if isinstance(node.this, exp.Subquery) and node.alias:
                    rows = self.query(node.this, Scope(scope.queries, outer=scope))
                    scope.relations.pop("", None)
                    scope.relations[node.alias.lower()] = Relation(rows=_renamed(rows, names))
            case exp.Subquery() if isinstance(node.this, exp.Table):
                held = self.relate(node.this, scope)
            case exp.Query() | exp.Values():
                rows = self.query(node, Scope(scope.queries, outer=scope))
                held = list(rows.conditions)
                scope.relations[node.alias.lower()] = Relation(rows=_renamed(rows, names))
        return held + self.join(node.args.get("joins") or (), scope)

    def _relate_table(self, node: exp.Table, scope: Scope) -> list[Condition]:
        known = scope.queries.get(node.name.lower()) if len(node.parts) == 1 else None
        if known is not None:
            scope.relations[(node.alias or node.name).lower()] = Relation(rows=known)
            return list(known.conditions)
        name = self.table(node)
        self.read.append(name)
        scope.relations[(node.alias or node.name).lower()] = Relation(name)
        return []


def _alias_columns(node: Expr) -> list[Expr]:
    alias = node.args.get("alias")
    return (alias.args.get("columns") or []) if isinstance(alias, exp.TableAlias) else []


def _renamed(rows: Rows, names: list[str]) -> Rows:
    renamed = (replace(column, name=name) for column, name in zip(rows.columns, names, strict=False))
    return Rows((*renamed, *rows.columns[len(names) :]), rows.conditions)


def _united(left: Rows, right: Rows, node: exp.SetOperation) -> Rows:
    """Both sides by position; what holds for every row is what holds on both sides."""
    if isinstance(node, exp.Except | exp.Intersect):
        return left
    columns: list[Column] = []
    for position in range(max(len(left.columns), len(right.columns))):
        first = left.columns[position] if position < len(left.columns) else None
        second = right.columns[position] if position < len(right.columns) else None
        known = first or second
        if known is not None:
            both = dict.fromkeys([*(first.parts if first else ()), *(second.parts if second else ())])
            columns.append(replace(known, parts=tuple(both)))
    said = {(each.column, each.op, str(each.value)) for each in right.conditions}
    return Rows(
        tuple(columns),
        tuple(each for each in left.conditions if (each.column, each.op, str(each.value)) in said),
    )
