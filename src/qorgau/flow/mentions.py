"""What a function mentions: words that may stand for data, and functions that it may call.

Told from names alone, without running anything; imports and definitions of its module say which
function a name means. It is a guess on the safe side: too many rather than too few.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from qorgau import ir
from qorgau.linking import Program, Unit, walk

COMMON = 12
"""An attribute that more functions than this go by says nothing of which one is meant."""

MOST_WORDS = 200
"""Words of one text that are looked at: names of columns in SQL, keys, templates."""

SPECIAL = frozenset(("__init__", "__call__", "__new__", "__post_init__", "__enter__", "__aenter__"))
"""Methods that run when a class is called, or what it makes is."""

_WORDS = re.compile(r"[^\W\d][\w-]*")
_SQL = re.compile(
    r"\bselect\b.*\bfrom\b|\b(?:insert|merge|select\b.*)\s+into\b|\bupdate\b.*\bset\b|\bdelete\s+from\b"
    r"|\bcopy\b.*\b(?:from|to)\b|\b(?:create|alter)\s+table\b|\bunload\b|\bvalues\s*\(",
    re.IGNORECASE | re.DOTALL,
)
_PLACES = re.compile(r"[{(:$.\[\"'@]\s*([^\W\d][\w-]*)")
"""The names of places in a template: ``{email}``, ``%(email)s``, ``:email``, ``$email``, ``"email": ...``."""

Place = tuple[str, int]
"""A function: its module and its number there."""

Found = tuple[Unit, ir.Function]


class Mentions:
    """Answers of a whole program, each found once."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.functions: dict[str, list[Found]] = {}
        self._defined: dict[str, dict[str, list[Found]]] = {}
        self._imported: dict[str, dict[str, tuple[str, str]]] = {}
        self._words: dict[Place, dict[str, None]] = {}
        self._tables: dict[str, dict[str, list[Found]]] = {}
        for unit in program.files:
            self._collect(unit)
        self._tables = {unit.name: self._tabled(unit) for unit in program.files}

    def _collect(self, unit: Unit) -> None:
        defined = self._defined[unit.name] = {}
        imported = self._imported[unit.name] = {}
        for node in walk(unit.module.body):
            match node:
                case ir.Function(name=name):
                    self.functions.setdefault(name, []).append((unit, node))
                    defined.setdefault(name, []).append((unit, node))
                case ir.Class(name=name, body=body):
                    made = [(unit, inner) for inner in _methods(body) if inner.name in SPECIAL]
                    self.functions.setdefault(name, []).extend(made)
                    defined.setdefault(name, []).extend(made)
                case ir.Import(names=names):
                    imported.update(
                        (item.asname or item.name.partition(".")[0], (item.name, "")) for item in names
                    )
                case ir.ImportFrom(module=module, level=level, names=names):
                    source = unit.absolute(module, level)
                    imported.update((item.asname or item.name, (source, item.name)) for item in names)
                case ir.Assign(targets=targets, value=ir.Name(id=meant) | ir.Attribute(attr=meant)):
                    imported.update(
                        (target.id, ("", meant)) for target in targets if isinstance(target, ir.Name)
                    )

    def _tabled(self, unit: Unit) -> dict[str, list[Found]]:
        """The tables of functions at the top of a module: ``EXPORTS = {"clients": export_clients}``."""
        tables: dict[str, list[Found]] = {}
        for statement in unit.module.body:
            match statement:
                case ir.Assign(targets=targets, value=ir.Dict() | ir.Sequence() as value):
                    named = [node.id for node in walk(value) if isinstance(node, ir.Name)]
                    held = [found for name in dict.fromkeys(named) for found in self._meant(unit, name)]
                    names = [target.id for target in targets if isinstance(target, ir.Name)] if held else []
                    tables.update((name, held) for name in names)
        return tables

    def all(self) -> Iterator[Found]:
        """Every function of the program, methods and inner functions too."""
        for found in self._defined.values():
            for functions in found.values():
                yield from functions

    def meant(self, unit: Unit, function: ir.Function) -> Iterator[str]:
        """Its words, and what names imported under another name are called where they come from."""
        imported = self._imported[unit.name]
        for word in self.words(unit, function):
            yield word
            if word in imported:
                yield imported[word][1]

    def words(self, unit: Unit, function: ir.Function) -> Mapping[str, None]:
        """Names, attributes, keywords, and the words of texts that may name data."""
        place = (unit.name, function.at)
        found = self._words.get(place)
        if found is None:
            found = self._words[place] = {parameter.name: None for parameter in function.parameters}
            for part in (function.parameters, function.decorators, function.returns, function.body):
                found.update(words_of(part))
        return found

    def library_calls(self, unit: Unit, function: ir.Function) -> Iterator[str]:
        """The dotted names of what it calls of other modules, as far as imports tell them."""
        imported = self._imported[unit.name]
        for node in walk(function.body):
            match node:
                case ir.Call(function=ir.Name(id=name)) if name in imported:
                    yield ".".join(part for part in imported[name] if part)
                case ir.Call(function=ir.Attribute(value=ir.Name(id=name), attr=attr)) if name in imported:
                    yield ".".join(part for part in (*imported[name], attr) if part)

    def callees(self, unit: Unit, function: ir.Function) -> Iterator[Found]:
        """The functions of the program that it may call, or hand on to be called."""
        for node in walk((function.parameters, function.decorators, function.body)):
            if isinstance(node, ir.Name):
                yield from self._meant(unit, node.id)
            elif isinstance(node, ir.Attribute):
                yield from self._attribute(unit, node)

    def _meant(self, unit: Unit, name: str) -> list[Found]:
        source = self._imported[unit.name].get(name)
        if source is not None:
            module, original = source
            if original and self._is_ours(unit, module):
                there = self._in(self._program.proper(module), original)
                return there if there is not None else self._few(original)
            return self._few(original) if not module else []
        return self._in(unit.name, name) or []

    def _in(self, module: str, name: str) -> list[Found] | None:
        """The functions that a name at the top of a module means, or that its table holds; None if unknown."""
        found = self._defined.get(module, {}).get(name)
        return found if found is not None else self._tables.get(module, {}).get(name)

    def _attribute(self, unit: Unit, node: ir.Attribute) -> list[Found]:
        if isinstance(node.value, ir.Name):
            source = self._imported[unit.name].get(node.value.id)
            if source is not None and source[0]:
                module = ".".join(part for part in source if part)
                there = self._defined.get(self._program.proper(module))
                if there is not None:
                    return there.get(node.attr, [])
                if not self._is_ours(unit, source[0]):
                    return []
            if node.value.id in ("self", "cls"):
                own = self._defined[unit.name].get(node.attr)
                if own is not None:
                    return own
        return self._few(node.attr)

    def _is_ours(self, unit: Unit, module: str) -> bool:
        package = unit.package
        return self._program.has(module) or (bool(package) and self._program.has(f"{package}.{module}"))

    def _few(self, name: str) -> list[Found]:
        found = self.functions.get(name, [])
        return found if len(found) <= COMMON else []


def _methods(body: tuple[ir.Stmt, ...]) -> Iterator[ir.Function]:
    return (statement.function for statement in body if isinstance(statement, ir.Define))


def words_of(part: object) -> dict[str, None]:
    """Names, attributes, keywords below a node, and what its texts name: keys, columns, places of templates."""
    names: dict[str, None] = {}
    described: ir.Expr | None = None
    for node in walk(part):
        match node:
            case ir.Evaluate(value=ir.Const() as described):
                continue
            case ir.Const() if node is described:
                continue
            case ir.Name(id=name) | ir.Attribute(attr=name) | ir.Argument(keyword=str(name)):
                names[name] = None
            case ir.Const(value=str(text)):
                names.update(dict.fromkeys(_named_in(text)))
    return names


def _named_in(text: str) -> list[str]:
    """Sentences for people name no data, although they speak of it."""
    if len(text.split()) == 1 or _SQL.search(text):
        return _WORDS.findall(text)[:MOST_WORDS]
    return _PLACES.findall(text)[:MOST_WORDS] + _listed(text)


def _listed(text: str) -> list[str]:
    """The names of a list in one text: ``"iin phone"``, ``"iin, phone"``, the rows of a CSV file's head."""
    words = re.split(r"[\s,;|]+", text.strip())
    return words if len(words) <= 3 or ("," in text and all(map(_WORDS.fullmatch, words))) else []
