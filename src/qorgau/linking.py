"""Modules and imports: which file a name in ``import`` means, and which modules hold a project's settings.

What a call can reach is decided by the engine from values; this room only knows the static
part: the modules of the program, how their names resolve, and which functions are nested.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from operator import attrgetter
from typing import Any, get_args, get_type_hints

import msgspec

from qorgau import ir
from qorgau.source import Setting, SourceFile

_FOR_DEVELOPERS = frozenset(
    ("dev", "develop", "development", "local", "test", "tests", "testing", "ci", "debug")
)


class Unit:
    """One module of the program: its dotted name, its file and its lowered body.

    ``nearer`` are names of modules that mean others in it than elsewhere.
    """

    def __init__(
        self, name: str, file: SourceFile, module: ir.Module, nearer: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.file = file
        self.module = module
        self.nearer = nearer or {}

    def __repr__(self) -> str:
        return f"Unit({self.name})"

    @property
    def display(self) -> str:
        """The path shown to people."""
        return self.file.display

    @property
    def is_package(self) -> bool:
        """Whether this is a package's ``__init__``."""
        return self.file.is_package

    @property
    def package(self) -> str:
        """The package that this is, or that it lies in; empty for a module at the top."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    @cached_property
    def nesting(self) -> frozenset[int]:
        """The numbers of functions that define functions, lambdas or classes within."""
        found: set[int] = set()
        for node in walk(self.module.body):
            if isinstance(node, ir.Function) and any(
                isinstance(inner, ir.Function | ir.Class) for inner in walk(node.body)
            ):
                found.add(node.at)
        return frozenset(found)

    @cached_property
    def calls(self) -> Mapping[int, ir.Call]:
        """The calls of the module by their numbers."""
        found: dict[int, ir.Call] = {}
        for node in walk(self.module.body):
            if isinstance(node, ir.Call):
                found.setdefault(node.at, node)
        return found

    @cached_property
    def statements(self) -> Mapping[int, int]:
        """For each call the number of the expression that is its statement."""
        found: dict[int, int] = {}
        for node in walk(self.module.body):
            if (
                isinstance(node, ir.Evaluate | ir.Assign | ir.Annotated | ir.Return)
                and node.value is not None
            ):
                calls = (inner for inner in walk(node.value) if isinstance(inner, ir.Call))
                found.update((call.at, node.value.at) for call in calls)
        return found

    @cached_property
    def dropped(self) -> Mapping[int, ir.Call]:
        """The calls whose result a statement drops, by their numbers."""
        return {
            node.value.at: node.value
            for node in walk(self.module.body)
            if isinstance(node, ir.Evaluate) and isinstance(node.value, ir.Call)
        }

    def absolute(self, module: str, level: int) -> str:
        """The dotted name that ``from <level dots>module import`` means here."""
        if level == 0:
            return module
        parts = self.name.split(".")
        drop = level - 1 if self.is_package else level
        parts = parts[: len(parts) - drop] if drop else parts
        return ".".join([*parts, *([module] if module else [])])


def _is_for_developers(name: str) -> bool:
    return bool(_FOR_DEVELOPERS & set(name.rpartition(".")[2].split("_")))


OF_APPS = frozenset(
    ("admin", "api", "apps", "forms", "models", "serializers", "signals", "tasks", "tests", "urls", "views")
)
"""Modules of an application of Django, which may itself be called ``settings``."""


class Program:
    """All modules by dotted name; names that are only folders count as packages."""

    def __init__(
        self,
        units: Mapping[str, Unit],
        environment: Mapping[str, str] | None = None,
        settings_files: Mapping[str, Mapping[str, Setting]] | None = None,
    ) -> None:
        """``{dotted name: module}``, a module may go by several names; the ``.env`` values and settings files."""
        self.units = dict(units)
        self.environment = dict(environment or {})
        self.settings_files = dict(settings_files or {})
        packages: set[str] = set()
        for name in self.units:
            while "." in name:
                name = name.rpartition(".")[0]
                packages.add(name)
        self._packages = frozenset(packages)

    @cached_property
    def settings_modules(self) -> tuple[str, ...]:
        """The modules that Django reads its settings from: ``settings`` or those of a package of that name.

        Where production settings stand beside those of development and tests, the former count.
        """
        found = self._settings()
        serving = [name for name in found if not _is_for_developers(name)]
        return tuple(sorted(serving or found))

    @cached_property
    def developer_settings(self) -> frozenset[str]:
        """Settings modules of development and tests that stand beside others."""
        return frozenset(self._settings()) - frozenset(self.settings_modules)

    def _settings(self) -> list[str]:
        return [
            unit.name
            for unit in self.files
            if not unit.file.is_test
            and "settings" in unit.name.split(".")[-2:]
            and unit.name.rpartition(".")[2] not in OF_APPS
        ]

    @cached_property
    def files(self) -> tuple[Unit, ...]:
        """Every module once, by the name that it calls itself, in the order of ``units``."""
        return tuple(unit for name, unit in self.units.items() if unit.name == name)

    def has(self, dotted: str) -> bool:
        """Whether the dotted name is a module or a folder of the program."""
        return dotted in self.units or dotted in self._packages

    def proper(self, dotted: str) -> str:
        """The name a module calls itself by, where it is known by several."""
        unit = self.units.get(dotted)
        return unit.name if unit is not None else dotted

    def is_folder(self, dotted: str) -> bool:
        """Whether the name is a namespace package: a folder without ``__init__``."""
        return dotted in self._packages and dotted not in self.units


def walk(node: object) -> Iterator[object]:
    """Every struct below a node or a tuple of nodes, outermost first."""
    stack: list[object] = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, tuple):
            stack.extend(reversed(current))
        elif isinstance(current, msgspec.Struct):
            yield current
            count, held = _holding(type(current))
            if count == 1:
                stack.append(held(current))
            elif count:
                stack.extend(held(current))


@cache
def _holding(kind: type[msgspec.Struct]) -> tuple[int, attrgetter[Any]]:
    """How many attributes of a kind of node can hold nodes, and what gets them, the last one first.

    A large program is walked a dozen times, and more than half of its nodes are names and constants.
    """
    hints = get_type_hints(kind)
    names = [name for name in reversed(kind.__struct_fields__) if _holds_nodes(hints[name])]
    return len(names), attrgetter(*names or ("__class__",))


def _holds_nodes(hint: object) -> bool:
    if isinstance(hint, type) and not get_args(hint):
        return issubclass(hint, msgspec.Struct)
    return any(_holds_nodes(inner) for inner in get_args(hint))
