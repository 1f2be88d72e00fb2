"""Which columns and placeholders an expression of a parsed SQL text carries, and how they are changed.

A column is resolved to the stored columns behind it. This module needs sqlglot, so it is imported only
where a text is about to be parsed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace
from sqlglot import exp

from qorgau.flow.sql_functions import (
    EXTREMES,
    OBJECT_FUNCTIONS,
    PATCHES,
    ROW_FUNCTIONS,
    SLICES,
    composed,
    effect_of,
    shown,
)
from qorgau.flow.sql_statement import Column, ColumnRef, Condition, Effect, Part, Placeholder
from qorgau.flow.sql_tokens import is_mark, marks_in, unmarked

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

Parts = tuple[Part, ...]


class Rows(msgspec.Struct, frozen=True):
    """What a query yields, and what holds for each of its rows."""

    columns: tuple[Column, ...] = ()
    conditions: tuple[Condition, ...] = ()


class Relation(msgspec.Struct, frozen=True):
    """Something to select from: a stored table by its name, or the rows of a query."""

    table: str = ""
    rows: Rows | None = None

    def star(self) -> tuple[Column, ...]:
        """All its columns."""
        return self.rows.columns if self.rows else (Column("*", (Part(ColumnRef("*", self.table)),)),)

    def find(self, name: str) -> Parts | None:
        """What a column of it carries, None if it has no such column or that cannot be told."""
        if self.rows is None:
            return (Part(ColumnRef(name, self.table)),)
        folded = name.lower()
        for column in self.rows.columns:
            if column.name.lower() == folded:
                return column.parts
        for column in self.rows.columns:
            dropped = {each.lower() for each in column.dropped}
            if column.name == "*" and folded not in dropped and len(column.parts) == 1:
                return tuple(Part(ColumnRef(name, table_of(part))) for part in column.parts)
        return None


class Scope(msgspec.Struct):
    """The relations in sight, by alias in lower case; ``outer`` for those of the query around."""

    queries: Mapping[str, Rows]
    relations: dict[str, Relation] = msgspec.field(default_factory=dict)
    outer: Scope | None = None

    def around(self) -> Iterator[Scope]:
        """This scope, then those around it."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer

    def relation(self, alias: str) -> Relation | None:
        """The relation of that name or alias."""
        found = (scope.relations.get(alias.lower()) for scope in self.around())
        return next((relation for relation in found if relation), None)


class Columns(ABC):
    """Reads the expressions of one parsed text.

    ``named`` gathers the placeholders that are (part of) a name, ``read`` the tables that are read.
    """

    def __init__(self, places: tuple[Placeholder, ...]) -> None:
        self.places = places
        self.named: list[Placeholder] = []
        self.read: list[str] = []

    def name(self, text: str) -> str:
        """A name with holes in place of its marks, which are noted as parts of a name."""
        self.named += marks_in(text, self.places)
        return unmarked(text)

    def table(self, node: exp.Table) -> str:
        """A table's name with its schema."""
        return ".".join(self.name(part.name) for part in node.parts if part.name)

    @abstractmethod
    def query(self, node: Expr | None, outer: Scope) -> Rows:
        """What a query yields; ``outer`` is the scope it stands in."""

    def parts(self, node: Expr | None, scope: Scope) -> Parts:
        """The columns and placeholders whose datum is in the value of an expression."""
        match node:
            case None | exp.Predicate() | exp.Connector() | exp.Not() | exp.DataType():
                return ()
            case exp.Column():
                return self._column(node, scope)
            case exp.Literal() | exp.Identifier():
                return self._marked(node.name)
            case exp.Star():
                return self._whole(scope.relations.values())
            case exp.Query():
                return tuple(part for column in self.query(node, scope).columns for part in column.parts)
            case exp.Cast() | exp.AtTimeZone() | exp.Collate() | exp.Filter() | exp.Window() | exp.Nullif():
                return self.parts(node.this, scope)
            case exp.Order() | exp.WithinGroup() | exp.Ordered() | exp.Alias():
                return self.parts(node.this, scope)
            case exp.Case():
                branches = [branch.args.get("true") for branch in node.args.get("ifs") or ()]
                return self.of_all([*branches, node.args.get("default")], scope)
            case exp.If():
                return self.of_all([node.args.get("true"), node.args.get("false")], scope)
            case exp.Bracket():
                return self.parts(node.this, scope) + self._keys(node.expressions, node.this, scope)
            case exp.JSONExtract() | exp.JSONExtractScalar() | exp.JSONBExtract() | exp.JSONBExtractScalar():
                return self.parts(node.this, scope) + self._keys([node.expression], node.this, scope)
            case exp.Dot():
                return self._dot(node, scope)
            case exp.Func():
                return self._function(node, scope)
        return self.of_all(node.iter_expressions(), scope)

    def of_all(self, nodes: Iterable[Expr | None], scope: Scope) -> Parts:
        """What several expressions carry together, each thing once."""
        return tuple(dict.fromkeys(part for node in nodes for part in self.parts(node, scope)))

    def _marked(self, text: str) -> Parts:
        return tuple(Part(place) for place in marks_in(text, self.places))

    def _whole(self, relations: Iterable[Relation]) -> Parts:
        return tuple(part for each in relations for column in each.star() for part in column.parts)

    def _column(self, node: exp.Column, scope: Scope) -> Parts:
        qualifier = ".".join(part.name for part in node.parts[:-1])
        if isinstance(node.this, exp.Star):
            relation = scope.relation(node.table)
            return self._whole([relation]) if relation else (Part(ColumnRef("*", self.name(qualifier))),)
        if not qualifier and (is_mark(node.name) or node.this.args.get("quoted")):
            inside = self._marked(node.name)
            if inside:
                return inside
        name = self.name(node.name)
        if qualifier:
            relation = scope.relation(node.table)
            if relation is not None:
                return self._found(relation, name)
            owner = "excluded" if qualifier.lower() == "excluded" else self.name(qualifier)
            return (Part(ColumnRef(name, owner)),)
        return self._unqualified(name, scope)

    def _found(self, relation: Relation, name: str) -> Parts:
        found = relation.find(name)
        return (Part(ColumnRef(name)),) if found is None else found

    def _unqualified(self, name: str, scope: Scope) -> Parts:
        whole = scope.relation(name)
        if whole is not None and whole.table.rpartition(".")[2].lower() != name.lower():
            return self._whole([whole])
        for each in scope.around():
            derived = [relation for relation in each.relations.values() if relation.rows is not None]
            for relation in derived:
                found = relation.find(name)
                if found is not None:
                    return found
            stored = [relation for relation in each.relations.values() if relation.rows is None]
            if len(stored) == 1:
                return self._found(stored[0], name)
            if stored:
                break
        return (Part(ColumnRef(name)),)

    def _keys(self, keys: Iterable[Expr], of: Expr, scope: Scope) -> Parts:
        """The keys that are looked up in a JSON or a map, as columns: ``data ->> 'iin'`` yields ``iin``."""
        table = next((table_of(part) for part in self.parts(of, scope)), None)
        found: list[Part] = []
        for key in keys:
            steps: list[Expr] = [*key.find_all(exp.JSONPathKey)] or [key]
            for step in steps:
                text = step.name if isinstance(step, exp.Literal | exp.JSONPathKey) else ""
                if isinstance(step, exp.Literal) and not step.is_string:
                    continue
                for name in text.strip("{}$.").replace(".", ",").split(","):
                    if name.strip():
                        found.append(Part(ColumnRef(self.name(name.strip()), table)))
        return tuple(found)

    def _dot(self, node: exp.Dot, scope: Scope) -> Parts:
        if isinstance(node.expression, exp.Func):
            return self.parts(node.expression, scope)
        inner = self.parts(node.this, scope)
        table = next((table_of(part) for part in inner), None)
        name = self.name(node.expression.name)
        return inner + ((Part(ColumnRef(name, table)),) if name else ())

    def _function(self, node: exp.Func, scope: Scope) -> Parts:
        anonymous = isinstance(node, exp.Anonymous)
        name = shown(node.name if anonymous else node.sql_name())
        if anonymous and name == "values":
            given = [each.name for each in node.expressions if each]
            return tuple(Part(ColumnRef(self.name(text), "excluded")) for text in given)
        if name in OBJECT_FUNCTIONS or name in PATCHES or isinstance(node, exp.Struct):
            return self._object(node, name, scope)
        arguments: list[Expr] = [each for each in node.iter_expressions() if not isinstance(each, exp.Var)]
        effect = "" if name in EXTREMES and len(arguments) > 1 else effect_of(name)
        if effect == "clean":
            return ()
        if name in ROW_FUNCTIONS:
            bare = [each.name for each in arguments if isinstance(each, exp.Column) and not each.table]
            rows = [relation for name in bare if (relation := scope.relation(name)) is not None]
            if found := self._whole(rows):
                return found
        if effect:
            datum = next((each for each in arguments if not self._constant(each)), None)
            return self._affected(self.parts(datum, scope), effect, name)
        length = _kept(name, arguments) if name in SLICES else None
        if name in SLICES and arguments:
            left: Effect = ("kept", length) if length is not None else ""
            return self._affected(self.parts(arguments[0], scope), left, name)
        return self._affected(self.of_all(arguments, scope), "", name)

    def _affected(self, inner: Parts, effect: Effect, name: str) -> Parts:
        changed: list[Part] = []
        for part in inner:
            result = composed(part.effect, effect)
            call = name if result != part.effect or not result else part.call
            joined = part.joined
            if effect == "hash":
                joined = tuple(other.origin for other in inner if other.origin != part.origin)
            changed.append(replace(part, effect=result, call=call, joined=joined))
        return tuple(changed)

    def _constant(self, node: Expr) -> bool:
        return isinstance(node, exp.Literal) and not marks_in(node.name, self.places)

    def _object(self, node: exp.Func, name: str, scope: Scope) -> Parts:
        pairs: list[tuple[Expr | None, Expr | None]] = []
        pending: list[Expr] = []
        for each in node.iter_expressions():
            if isinstance(each, exp.JSONKeyValue | exp.PropertyEQ | exp.Alias):
                key = each.args.get("alias") if isinstance(each, exp.Alias) else each.this
                pairs.append((key, each.this if isinstance(each, exp.Alias) else each.expression))
            else:
                pending.append(each)
        if name in PATCHES:
            pairs.append((None, pending.pop(0) if pending else None))
        if isinstance(node, exp.Struct):
            pairs += [(None, each) for each in pending]
        else:
            pairs += zip(pending[::2], pending[1::2], strict=False)
        found: list[Part] = []
        for key, value in pairs:
            label = unmarked(key.name).strip("{}$.").replace(",", ".").rpartition(".")[2] if key else ""
            for part in self.parts(value, scope):
                found.append(replace(part, key=part.key or label, call=part.call or name))
        return tuple(found)


def arg(node: Expr, name: str) -> Expr | None:
    """An argument whose name is a keyword of Python: some versions of sqlglot add an underscore."""
    found: Expr | None = node.args.get(name + "_", node.args.get(name))
    return found


def table_of(part: Part) -> str | None:
    """The table a part comes from."""
    return part.origin.table if isinstance(part.origin, ColumnRef) else None


def _kept(name: str, arguments: list[Expr]) -> int | None:
    """How many characters a slice keeps; None where that is not a constant."""
    numbers = [_number(each) for each in arguments[1:3]]
    if not numbers or not arguments:
        return None
    if name in ("left", "right"):
        return numbers[0] if numbers[0] is not None and numbers[0] >= 0 else None
    if len(numbers) == 2:
        return numbers[1]
    return -numbers[0] if numbers[0] is not None and numbers[0] < 0 else None


def _number(node: Expr) -> int | None:
    text = node.this.name if isinstance(node, exp.Neg) else node.name
    if not isinstance(node, exp.Literal | exp.Neg) or not text.isdecimal():
        return None
    return -int(text) if isinstance(node, exp.Neg) else int(text)
