"""Which functions can matter to a flow at all, told from the names in them and in what they call.

Large roots are not followed into code that mentions no personal field, no check, no client of a
storage: what such a call gives is unknown, and nothing is lost but the constants it may return.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from qorgau import ir
from qorgau.flow.policy import Policy
from qorgau.linking import Program, Unit, walk

COMMON = 12
"""A name that more functions than this go by says nothing of which one is meant."""

MOST_WORDS = 200
"""Words of one text that are looked at: names of columns in SQL, keys, templates."""

CONTAINERS = frozenset(
    ("dict", "list", "set", "defaultdict", "ordereddict", "deque", "queue", "contextvar", "counter")
)
"""Calls at the top of a module that make something to keep data in."""

TABLES = frozenset(("__tablename__", "db_table", "table_name", "table"))
"""Names in a class that give its table."""

_WORDS = re.compile(r"[^\W\d][\w-]*")


class Relevance:
    """Answers are remembered; names are looked up only when the first question is asked."""

    def __init__(self, policy: Policy, program: Program) -> None:
        self._policy = policy
        self._program = program
        self._answers: dict[tuple[str, int], bool] = {}
        self._aliases: dict[str, dict[str, str]] = {}
        self._mentions: dict[tuple[str, int], dict[str, None]] = {}

    def matters(self, unit: Unit, function: ir.Function) -> bool:
        """Whether a function, or one that it may call, mentions what a flow can begin, change or need."""
        key = (unit.name, function.at)
        known = self._answers.get(key)
        if known is None:
            known = self._answers[key] = self._search(unit, function)
        return known

    def _search(self, unit: Unit, function: ir.Function) -> bool:
        waiting = [(unit, function)]
        seen = {(unit.name, function.at)}
        while waiting:
            current, body = waiting.pop()
            names = self._names(current, body)
            if any(self._is_telling(current, name) for name in names):
                return True
            for name in names:
                found = self._by_name.get(name, ())
                for other in found if len(found) <= COMMON else ():
                    key = (other[0].name, other[1].at)
                    if self._answers.get(key):
                        return True
                    if key not in seen:
                        seen.add(key)
                        waiting.append(other)
        return False

    def _names(self, unit: Unit, function: ir.Function) -> dict[str, None]:
        key = (unit.name, function.at)
        found = self._mentions.get(key)
        if found is None:
            found = self._mentions[key] = _mentioned(function)
        return found

    def _meant(self, unit: Unit, names: dict[str, None]) -> dict[str, None]:
        """The names as they are defined: those imported under another name are added."""
        aliases = self._aliases.get(unit.name)
        if aliases is None:
            aliases = self._aliases[unit.name] = _renamed(unit)
        return {**names, **{aliases[name]: None for name in names if name in aliases}}

    def _is_telling(self, unit: Unit, name: str) -> bool:
        return self._says_data(name) or name in self._shared

    def _says_data(self, name: str) -> bool:
        return bool(self._policy.fields_of(name)) or name in self._policy.watched or name in self._records

    @cached_property
    def _shared(self) -> frozenset[str]:
        """Names at the top of modules that hold data or name it: lists of columns, caches, registries."""
        found: set[str] = set()
        kept: set[str] = set()
        for name, value in self._kept_names():
            words = _words_of(value) if value is not None else {}
            (found if any(self._says_data(word) for word in words) else kept).add(name)
        for functions in self._by_name.values():
            for unit, function in functions:
                names = self._names(unit, function)
                if any(self._says_data(name) for name in names):
                    found |= kept & names.keys()
        return frozenset(found)

    def _kept_names(self) -> Iterator[tuple[str, ir.Expr | None]]:
        """Variables of modules that can keep something, with their first value; classes that have such."""
        for name, unit in self._program.units.items():
            if unit.name != name:
                continue
            for statement in unit.module.body:
                yield from _kept_in(statement)
                if isinstance(statement, ir.Class):
                    for inner in statement.body:
                        yield from ((statement.name, value) for _, value in _kept_in(inner))

    @cached_property
    def _records(self) -> frozenset[str]:
        """Names of classes whose objects hold personal data, by what their bodies and their bases say."""
        bases: dict[str, set[str]] = {}
        found: set[str] = set()
        for name, unit in self._program.units.items():
            for node in walk(unit.module.body) if unit.name == name else ():
                if isinstance(node, ir.Class):
                    bases.setdefault(node.name, set()).update(_last_names(node.bases))
                    if any(self._policy.fields_of(field) for field in _declared(node)):
                        found |= {node.name, *_tables(node)}
        grown = True
        while grown:
            more = {name for name, above in bases.items() if name not in found and above & found}
            found |= more
            grown = bool(more)
        return frozenset(found)

    @cached_property
    def _by_name(self) -> dict[str, list[tuple[Unit, ir.Function]]]:
        found: dict[str, list[tuple[Unit, ir.Function]]] = {}
        for name, unit in self._program.units.items():
            if unit.name != name:
                continue
            for node in walk(unit.module.body):
                if isinstance(node, ir.Function):
                    found.setdefault(node.name, []).append((unit, node))
                elif isinstance(node, ir.Class):
                    for statement in node.body:
                        if isinstance(statement, ir.Define) and statement.function.name in (
                            "__init__",
                            "__call__",
                        ):
                            found.setdefault(node.name, []).append((unit, statement.function))
        return found


def _mentioned(function: ir.Function) -> dict[str, None]:
    names: dict[str, None] = {parameter.name: None for parameter in function.parameters}
    for part in (function.parameters, function.decorators, function.returns, function.body):
        names.update(_words_of(part))
    return names


def _words_of(part: object) -> dict[str, None]:
    """Names, attributes, keywords, and the words of texts below a node."""
    names: dict[str, None] = {}
    for node in walk(part):
        match node:
            case ir.Name(id=name) | ir.Attribute(attr=name) | ir.Argument(keyword=str(name)):
                names[name] = None
            case ir.Const(value=str(text)):
                names.update(dict.fromkeys(_WORDS.findall(text)[:MOST_WORDS]))
    return names


def _kept_in(statement: ir.Stmt) -> Iterator[tuple[str, ir.Expr | None]]:
    """The names that a statement gives a list, a dict, nothing yet, or a text."""
    if isinstance(statement, ir.Annotated):
        targets: tuple[ir.Expr, ...] = (statement.target,)
    elif isinstance(statement, ir.Assign):
        targets = statement.targets
    else:
        return
    value = statement.value
    if value is None or isinstance(
        value, ir.Const | ir.Sequence | ir.Dict | ir.Comprehension | ir.Call | ir.Binary
    ):
        for target in targets:
            if isinstance(target, ir.Name) and (not isinstance(value, ir.Call) or _makes_container(value)):
                yield target.id, value


def _makes_container(call: ir.Call) -> bool:
    function = call.function
    name = (
        function.attr
        if isinstance(function, ir.Attribute)
        else function.id
        if isinstance(function, ir.Name)
        else ""
    )
    return name.lower() in CONTAINERS


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


def _renamed(unit: Unit) -> dict[str, str]:
    """``{name: what it stands for}`` of imports and assignments that give a function another name."""
    found: dict[str, str] = {}
    for node in walk(unit.module.body):
        if isinstance(node, ir.ImportFrom):
            found.update((item.asname, item.name) for item in node.names if item.asname)
        elif isinstance(node, ir.Assign) and isinstance(node.value, ir.Name | ir.Attribute):
            meant = node.value.id if isinstance(node.value, ir.Name) else node.value.attr
            found.update((target.id, meant) for target in node.targets if isinstance(target, ir.Name))
    return found


def _last_names(nodes: tuple[ir.Expr, ...]) -> set[str]:
    return {
        node.id if isinstance(node, ir.Name) else node.attr
        for node in nodes
        if isinstance(node, ir.Name | ir.Attribute)
    }


def _declared(node: ir.Class) -> list[str]:
    names: list[str] = []
    for statement in node.body:
        targets = (
            statement.targets
            if isinstance(statement, ir.Assign)
            else (statement.target,)
            if isinstance(statement, ir.Annotated)
            else ()
        )
        names += [target.id for target in targets if isinstance(target, ir.Name)]
    return names
