"""From a parsed SQL statement to what it writes, reads and yields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlglot import exp

from qorgau.flow.sql_columns import Parts, Relation, Rows, Scope, arg
from qorgau.flow.sql_parser import BROKEN
from qorgau.flow.sql_queries import Queries
from qorgau.flow.sql_statement import (
    HOLE,
    Column,
    ColumnRef,
    Condition,
    Expression,
    Kind,
    Literal,
    Part,
    Placeholder,
    Statement,
    Streamed,
    Value,
    Write,
)
from qorgau.flow.sql_tokens import marks_in, unmarked

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

_CHANGED = frozenset(("inserted", "deleted"))
"""What T-SQL calls the new and the old rows in its OUTPUT clause."""


def read_tree(tree: Expr, places: tuple[Placeholder, ...], bare_values: bool) -> Statement | None:
    """What a tree says; None if it is no statement. ``bare_values``: a placeholder stands for all rows."""
    reader = _Statements(places, bare_values)
    try:
        return reader.statement(tree)
    except BROKEN:
        return None


class _Statements(Queries):
    def __init__(self, places: tuple[Placeholder, ...], bare_values: bool) -> None:
        super().__init__(places)
        self.bare_values = bare_values
        self.writes: list[Write] = []
        self.tables: list[str] = []
        self.declared: list[str] = []
        self.into = ""

    def statement(self, tree: Expr) -> Statement | None:
        kind = _kind(tree)
        if kind is None:
            return None
        rows = self.rows_of(tree, Scope({}))
        if self.into and kind in ("select", "ddl"):
            kind, rows = "insert", Rows((), rows.conditions)
        return Statement(
            kind=kind,
            columns=rows.columns,
            writes=tuple(dict.fromkeys(self.writes)),
            tables=tuple(dict.fromkeys((*self.tables, *(each.table for each in self.writes if each.table)))),
            read_tables=tuple(dict.fromkeys(self.read)),
            fragments=tuple(dict.fromkeys(self.named)),
            conditions=rows.conditions,
            into=self.into,
            declared=tuple(dict.fromkeys(self.declared)),
            parsed=True,
        )

    def rows_of(self, node: Expr, scope: Scope) -> Rows:
        match node:
            case exp.Insert():
                return self._insert(node, scope)
            case exp.Update():
                return self._update(node, scope)
            case exp.Delete():
                return self._delete(node, scope)
            case exp.Merge():
                return self._merge(node, scope)
            case exp.Create():
                return self._create(node, scope)
            case exp.Drop() | exp.TruncateTable() | exp.Alter():
                named = [self.table(each) for each in node.find_all(exp.Table) if each.name]
                self.tables += named[:1] if isinstance(node, exp.Alter) else named
                self.declared += [self.name(each.name) for each in node.find_all(exp.ColumnDef)]
                return Rows()
        rows = self.query(node, scope)
        self._select_into(node, rows)
        return rows

    def _select_into(self, node: Expr, rows: Rows) -> None:
        clause = node.args.get("into")
        table = clause.this if clause is not None else None
        if isinstance(table, exp.Table) and not isinstance(table.this, exp.Parameter):
            self._made(table, rows)

    def _made(self, node: exp.Table, rows: Rows) -> None:
        """A table made of the rows of a query."""
        self.into = self._written(node)
        for position, column in enumerate(rows.columns):
            self.writes.append(Write(column.name, _value(column.parts), self.into, position))

    def _written(self, node: Expr) -> str:
        if not isinstance(node, exp.Table):
            return ""
        name = self.table(node)
        self.tables.append(name)
        return name

    def _insert(self, node: exp.Insert, outer: Scope) -> Rows:
        scope = self.with_queries(node, outer)
        target = node.this
        names: list[str] = []
        if isinstance(target, exp.Schema | exp.Tuple):
            names = [self.name(each.name) for each in target.expressions]
            target = target.this
        table = self._written(target)
        scope = Scope(scope.queries, {table.rpartition(".")[2].lower(): Relation(table)}, scope)
        source = node.expression
        conditions: tuple[Condition, ...] = ()
        if isinstance(source, exp.Values | exp.Tuple):
            for row in source.expressions if isinstance(source, exp.Values) else [source]:
                self._row(row.expressions if isinstance(row, exp.Tuple) else [row], names, table, scope)
        elif source is not None:
            rows = self.query(source, Scope(scope.queries, outer=outer))
            conditions = rows.conditions
            self._from_rows(rows, names, table)
        conflict = node.args.get("conflict")
        if conflict is not None:
            self._assignments(conflict.expressions, table, scope)
        return Rows(self._returned(node, scope, table), conditions)

    def _row(self, values: list[Expr], names: list[str], table: str, scope: Scope) -> None:
        if len(values) == 1 and (self.bare_values or len(names) > 1):
            parts = self.parts(values[0], scope)
            place = _value(parts)
            if not isinstance(place, Literal | ColumnRef | Expression | Streamed):
                for position, name in enumerate(names or ["*"]):
                    self.writes.append(Write(name, Streamed(position, place), table, position))
                return
        for position, each in enumerate(values):
            name = names[position] if position < len(names) else (HOLE if HOLE in names else "")
            self.writes.append(Write(name, self.value(each, scope), table, position))

    def _from_rows(self, rows: Rows, names: list[str], table: str) -> None:
        columns = rows.columns
        starred = next((index for index, column in enumerate(columns) if column.name == "*"), len(columns))
        for position, column in enumerate(columns):
            known = position < len(names) and position < starred
            name = names[position] if known else ("*" if column.name == "*" else "")
            if not (names and position >= starred):
                self.writes.append(Write(name, _value(column.parts), table, position))
        if starred < len(columns):
            rest = _value(tuple(part for column in columns[starred:] for part in column.parts))
            for position in range(starred, len(names)):
                self.writes.append(Write(names[position], rest, table, position))

    def _assignments(self, nodes: Iterable[Expr], table: str, scope: Scope) -> None:
        for node in nodes:
            if not isinstance(node, exp.EQ | exp.PropertyEQ):
                self.writes.append(Write("", self.value(node, scope), table))
                continue
            to = node.this
            if isinstance(to, exp.Tuple):
                self._several(node, table, scope)
                continue
            owner = scope.relation(to.table) if isinstance(to, exp.Column) and to.table else None
            value = self.value(node.expression, scope)
            self.writes.append(Write(self.name(to.name), value, owner.table if owner else table))

    def _several(self, node: Expr, table: str, scope: Scope) -> None:
        """``SET (a, b) = (x, y)`` or of a query."""
        names = [self.name(each.name) for each in node.this.expressions]
        source = node.expression
        values: list[Value]
        if isinstance(source, exp.Query):
            values = [_value(column.parts) for column in self.query(source, scope).columns]
        else:
            values = [self.value(each, scope) for each in source.expressions or [source]]
        for position, (name, value) in enumerate(zip(names, values, strict=False)):
            self.writes.append(Write(name, value, table, position))

    def _update(self, node: exp.Update, outer: Scope) -> Rows:
        scope, conditions = self._touched(node, outer)
        source = arg(node, "from")
        if source is not None:
            conditions += self.relate(source.this, scope)
        table = self._target(node.this, scope)
        self._assignments(node.expressions, table, scope)
        return self._where(node, scope, conditions, table)

    def _delete(self, node: exp.Delete, outer: Scope) -> Rows:
        scope, conditions = self._touched(node, outer)
        for each in node.args.get("using") or ():
            conditions += self.relate(each, scope)
        named = node.args.get("tables") or [node.this]
        tables = [self._target(each, scope) for each in named if isinstance(each, exp.Table)]
        return self._where(node, scope, conditions, tables[0] if tables else "")

    def _touched(self, node: Expr, outer: Scope) -> tuple[Scope, list[Condition]]:
        scope = self.with_queries(node, outer)
        inner = Scope(scope.queries, outer=scope)
        before = len(self.read)
        held = self.relate(node.this, inner) if isinstance(node.this, exp.Table) else []
        if not node.args.get("tables"):
            del self.read[before : before + 1]
        return inner, held

    def _target(self, node: Expr, scope: Scope) -> str:
        """The table behind a name that can be an alias: ``UPDATE c SET ... FROM clients c``."""
        if not isinstance(node, exp.Table):
            return ""
        own = self.table(node)
        others = (relation.table for alias, relation in scope.relations.items() if alias == own.lower())
        name = next((table for table in others if table), own)
        self.tables.append(name)
        return name

    def _where(self, node: Expr, scope: Scope, conditions: list[Condition], table: str) -> Rows:
        clause = node.args.get("where")
        if clause is not None:
            conditions = conditions + self.conditions(clause.this, scope)
        return Rows(self._returned(node, scope, table), tuple(dict.fromkeys(conditions)))

    def _returned(self, node: Expr, scope: Scope, table: str) -> tuple[Column, ...]:
        clause = node.args.get("returning")
        if clause is None:
            return ()
        changed = Scope(scope.queries, {each: Relation(table) for each in _CHANGED}, scope)
        columns: list[Column] = []
        for each in clause.expressions:
            tables = {column.table.lower() for column in each.find_all(exp.Column)}
            columns += self.column(each, changed if tables & _CHANGED else scope)
        return tuple(columns)

    def _merge(self, node: exp.Merge, outer: Scope) -> Rows:
        scope, _ = self._touched(node, outer)
        table = self._target(node.this, scope)
        own = dict(scope.relations)
        self.relate(node.args["using"], scope)
        rows = Scope(scope.queries, {k: v for k, v in scope.relations.items() if k not in own}, scope)
        whens = node.args.get("whens")
        for when in whens.expressions if whens is not None else node.expressions:
            then = when.args.get("then")
            if isinstance(then, exp.Update):
                self._assignments(then.expressions, table, scope)
            elif isinstance(then, exp.Insert):
                names = [self.name(each.name) for each in then.this.expressions] if then.this else []
                given = then.expression
                values = given.expressions if isinstance(given, exp.Tuple) else [given]
                self._row([each for each in values if isinstance(each, exp.Expression)], names, table, rows)
        return Rows(self._returned(node, scope, table))

    def _create(self, node: exp.Create, outer: Scope) -> Rows:
        scope = self.with_queries(node, outer)
        target = node.this.this if isinstance(node.this, exp.Schema | exp.Index) else node.this
        self.declared += [self.name(each.name) for each in node.find_all(exp.ColumnDef)]
        stored = node.args.get("kind") == "TABLE" or node.find(exp.MaterializedProperty) is not None
        if isinstance(node.expression, exp.Query):
            rows = self.query(node.expression, scope)
            if stored and isinstance(target, exp.Table):
                self._made(target, rows)
                return rows
        if isinstance(target, exp.Table):
            self._written(target)
        return Rows()

    def value(self, node: Expr, scope: Scope) -> Value:
        """What is written: a constant, a placeholder, a column, or what is made of them."""
        match node:
            case exp.Literal() if not marks_in(node.name, self.places):
                return Literal(str(node.this), "text" if node.is_string else "number")
            case exp.Neg() if isinstance(node.this, exp.Literal):
                return Literal("-" + node.this.name, "number")
            case exp.Boolean():
                return Literal(str(bool(node.this)).lower(), "boolean")
            case exp.Null():
                return Literal("null", "null")
            case exp.Cast() | exp.Paren():
                return self.value(node.this, scope)
            case exp.Var() | exp.Column() if node.name.upper() == "DEFAULT":
                return Literal("default", "default")
            case exp.Column() if node.this.args.get("quoted") and not node.table:
                if not marks_in(node.name, self.places):
                    return ColumnRef(unmarked(node.name))
        return _value(self.parts(node, scope))


def _value(parts: Parts) -> Value:
    if len(parts) == 1 and parts[0] == Part(parts[0].origin):
        return parts[0].origin
    return Expression(parts)


def _kind(tree: Expr) -> Kind | None:
    match tree:
        case exp.Query() | exp.Values():
            return "select"
        case exp.Insert() | exp.Merge():
            return "insert"
        case exp.Update():
            return "update"
        case exp.Delete() | exp.TruncateTable():
            return "delete"
        case exp.Create() | exp.Drop() | exp.Alter():
            return "ddl"
    return None
