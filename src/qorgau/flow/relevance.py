"""Which functions can matter to a flow at all, told from the names in them and in what they call.

In large programs only these are analysed, and calls of others are not followed: what such a call
gives is unknown, and nothing is lost but the constants it may return.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from qorgau import ir
from qorgau.flow.mentions import Mentions, words_of
from qorgau.flow.policy import Policy
from qorgau.linking import Program, Unit, walk

ALL = 400
"""Programs of up to this many functions are analysed whole; in larger ones only what can matter is (counted)."""

REACH = 2
"""Calls between a function that can matter and one that mentions data or a check."""

SMALL = 4
"""Statements of a function that is followed whatever it mentions: it may give a constant or a client."""

STATEMENTS = (
    ir.Assign,
    ir.Annotated,
    ir.Augment,
    ir.Return,
    ir.Evaluate,
    ir.If,
    ir.For,
    ir.While,
    ir.Try,
    ir.With,
)

CONTAINERS = frozenset(
    ("dict", "list", "set", "defaultdict", "ordereddict", "deque", "queue", "contextvar", "counter")
)
"""Calls at the top of a module that make something to keep data in."""

MUTATORS = frozenset(
    ("append", "add", "appendleft", "extend", "insert", "update", "setdefault", "put", "put_nowait", "set")
)
"""Methods that leave something in a container."""

TABLES = frozenset(("__tablename__", "db_table", "table_name", "table"))
"""Names in a class that give its table."""


class Relevance:
    """Answers are remembered; names are looked up only when the first question is asked."""

    def __init__(self, policy: Policy, program: Program) -> None:
        self._policy = policy
        self._program = program
        self._small: dict[tuple[str, int], bool] = {}
        self._making: dict[tuple[str, int], bool] = {}

    @cached_property
    def is_selective(self) -> bool:
        """Whether the program is so large that only what can matter is analysed."""
        return sum(1 for _ in self._mentions.all()) > ALL

    def matters(self, unit: Unit, function: ir.Function) -> bool:
        """Whether a function, or one that it calls soon, mentions what a flow can begin, change or need."""
        return not self.is_selective or (unit.name, function.at) in self._near

    @property
    def near(self) -> frozenset[tuple[str, int]]:
        """The functions that can matter in a large program; none in others, where all do."""
        return self._near if self.is_selective else frozenset()

    def is_small(self, unit: Unit, function: ir.Function) -> bool:
        """Whether a function is so short that following it costs less than wondering."""
        key = (unit.name, function.at)
        known = self._small.get(key)
        if known is None:
            count = sum(isinstance(node, STATEMENTS) for node in walk(function.body))
            known = self._small[key] = count <= SMALL
        return known

    def makes_client(self, unit: Unit, function: ir.Function) -> bool:
        """Whether a function may give back, or leave in its module, what data is handed to later.

        That is a logger, a client or a connection.
        """
        key = (unit.name, function.at)
        known = self._making.get(key)
        if known is None:
            gives = any(
                isinstance(node, ir.Return) and node.value is not None for node in walk(function.body)
            )
            makes = gives and any(
                self._is_client(name) for name in self._mentions.library_calls(unit, function)
            )
            known = self._making[key] = makes or _sets_global(function)
        return known

    def _is_client(self, dotted: str) -> bool:
        row = self._policy.catalog.returns(dotted)
        return row is not None and self._policy.catalog.has_methods(row.type)

    def readers(self, names: frozenset[str]) -> frozenset[tuple[str, int]]:
        """The functions that mention one of these names, also as imported."""
        return frozenset(
            (unit.name, function.at)
            for unit, function in self._mentions.all()
            if any(name in names for name in self._mentions.meant(unit, function))
        )

    @cached_property
    def _near(self) -> frozenset[tuple[str, int]]:
        """The functions from which at most ``REACH`` calls lead to one that mentions data."""
        found = {
            (unit.name, function.at): None
            for unit, function in self._mentions.all()
            if self.tells(unit, function)
        }
        edge = list(found)
        for _ in range(REACH):
            edge = self._callers_of(edge, found)
        return frozenset(found)

    def _callers_of(
        self, places: list[tuple[str, int]], found: dict[tuple[str, int], None]
    ) -> list[tuple[str, int]]:
        more = dict.fromkeys(
            caller for place in places for caller in self._callers.get(place, ()) if caller not in found
        )
        found.update(more)
        return list(more)

    @cached_property
    def _callers(self) -> dict[tuple[str, int], list[tuple[str, int]]]:
        callers: dict[tuple[str, int], list[tuple[str, int]]] = {}
        for unit, function in self._mentions.all():
            for other, callee in self._mentions.callees(unit, function):
                callers.setdefault((other.name, callee.at), []).append((unit.name, function.at))
        return callers

    def tells(self, unit: Unit, function: ir.Function) -> bool:
        """Whether a function itself mentions data, a check, or something in which data is kept."""
        words = self._mentions.words(unit, function)
        return any(self._says_data(word) or word in self._shared for word in words)

    def _says_data(self, name: str) -> bool:
        return bool(self._policy.fields_of(name)) or name in self._policy.watched or name in self._records

    @cached_property
    def _mentions(self) -> Mentions:
        return Mentions(self._program)

    @cached_property
    def _shared(self) -> frozenset[str]:
        """Names at the top of modules that hold data or name it: lists of columns, caches, registries."""
        found: set[str] = set()
        kept: set[str] = set()
        for unit in self._program.files:
            for name, value in _bound_in(unit.module.body):
                if _lists(value) and any(self._says_data(word) for word in words_of(value)):
                    found.add(name)
            kept.update(_kept_in(unit, self._filled))
        for unit, function in self._mentions.all():
            words = self._mentions.words(unit, function)
            if any(self._says_data(word) for word in words):
                found |= kept & words.keys()
        return frozenset(found)

    @cached_property
    def _filled(self) -> frozenset[str]:
        """Names of variables and attributes in which some function puts something."""
        return frozenset(name for _, function in self._mentions.all() for name in _filled_in(function))

    @cached_property
    def _records(self) -> frozenset[str]:
        """Names of classes whose objects hold personal data, by what their bodies and their bases say."""
        bases: dict[str, set[str]] = {}
        found: set[str] = set()
        for unit in self._program.files:
            for node in walk(unit.module.body):
                if isinstance(node, ir.Class):
                    bases.setdefault(node.name, set()).update(_last_names(node.bases))
                    if any(self._policy.fields_of(field) for field, _ in _bound_in(node.body)):
                        found |= {node.name, *_tables(node)}
        grown = True
        while grown:
            more = {name for name, above in bases.items() if name not in found and above & found}
            found |= more
            grown = bool(more)
        return frozenset(found)


def _sets_global(function: ir.Function) -> bool:
    return any(isinstance(node, ir.Global) for node in function.body)


def _bound_in(body: tuple[ir.Stmt, ...]) -> Iterator[tuple[str, ir.Expr | None]]:
    """The names that the statements of a module or class bind, with their values."""
    for statement in body:
        if isinstance(statement, ir.Annotated):
            if isinstance(statement.target, ir.Name):
                yield statement.target.id, statement.value
        elif isinstance(statement, ir.Assign):
            for target in statement.targets:
                if isinstance(target, ir.Name):
                    yield target.id, statement.value


def _lists(value: ir.Expr | None) -> bool:
    """Whether a value is written out: the names in it are what it holds."""
    return isinstance(value, ir.Const | ir.Sequence | ir.Dict | ir.Comprehension | ir.Binary)


def _kept_in(unit: Unit, filled: frozenset[str]) -> Iterator[str]:
    """Names in which functions leave something: containers of modules and classes, globals that are set."""
    for name, value in _bound_in(unit.module.body):
        if name in filled and _makes_container(value):
            yield name
    for node in walk(unit.module.body):
        if isinstance(node, ir.Global):
            yield from node.names
        elif isinstance(node, ir.Class) and any(
            name in filled and _makes_container(value) for name, value in _bound_in(node.body)
        ):
            yield node.name


def _filled_in(function: ir.Function) -> Iterator[str]:
    for node in walk(function.body):
        match node:
            case ir.Call(function=ir.Attribute(attr=attr, value=held)) if attr in MUTATORS:
                yield from _last_names((held,))
            case ir.Assign(targets=targets):
                for target in targets:
                    if isinstance(target, ir.Subscript | ir.Attribute):
                        yield from _last_names((target.value,))
            case ir.Augment(target=target):
                yield from _last_names((target,))


def _makes_container(value: ir.Expr | None) -> bool:
    match value:
        case ir.Sequence(kind=kind):
            return kind != "tuple"
        case ir.Dict() | ir.Comprehension():
            return True
        case ir.Call(function=ir.Name(id=name) | ir.Attribute(attr=name)):
            return name.lower() in CONTAINERS
    return False


def _tables(node: ir.Class) -> set[str]:
    """The names of the table that a class says its objects are rows of."""
    found: set[str] = set()
    for inner in walk(node.body):
        if (
            isinstance(inner, ir.Assign)
            and isinstance(inner.value, ir.Const)
            and isinstance(inner.value.value, str)
        ):
            names = {target.id for target in inner.targets if isinstance(target, ir.Name)}
            if names & TABLES:
                found.add(inner.value.value)
    return found


def _last_names(nodes: tuple[ir.Expr, ...]) -> set[str]:
    return {
        node.id if isinstance(node, ir.Name) else node.attr
        for node in nodes
        if isinstance(node, ir.Name | ir.Attribute)
    }
