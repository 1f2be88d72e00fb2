"""Modules import each other in one direction only, so that each can be imported first."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import qorgau

ROOT = Path(qorgau.__file__).parent


def modules_below(root: Path) -> dict[str, Path]:
    """The modules of a package by their dotted names."""
    found = {}
    for path in root.rglob("*.py"):
        parts = path.relative_to(root.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def run_on_import(body: list[ast.stmt]) -> Iterator[ast.ImportFrom | ast.Import]:
    """The imports that run while a module is imported: neither within functions nor for type checkers only."""
    for statement in body:
        if isinstance(statement, ast.ImportFrom | ast.Import):
            yield statement
        elif isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test):
            yield from run_on_import(statement.orelse)
        elif not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            for part in ("body", "orelse", "finalbody"):
                yield from run_on_import(getattr(statement, part, []))


def imported(tree: ast.Module, modules: dict[str, Path]) -> set[str]:
    """The modules of the package that are imported while one of them is."""
    found: set[str] = set()
    for statement in run_on_import(tree.body):
        if isinstance(statement, ast.Import):
            found.update(alias.name for alias in statement.names)
        else:
            assert statement.module is not None, "relative imports are not used"
            names = {f"{statement.module}.{alias.name}" for alias in statement.names}
            # A name that is no module of its own is one of the module it is taken from.
            found |= names if names <= modules.keys() else {statement.module, *names}
    return found & modules.keys()


def graph_of(root: Path) -> dict[str, set[str]]:
    """Which modules each module of a package imports."""
    modules = modules_below(root)
    return {name: imported(ast.parse(path.read_text("utf-8")), modules) for name, path in modules.items()}


def test_no_module_leads_back_to_itself_by_its_imports() -> None:
    TopologicalSorter(graph_of(ROOT)).prepare()


def test_a_circle_is_found_and_an_import_within_a_function_makes_none(tmp_path: Path) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "orders.py").write_text("from shop import people\n")
    (package / "people.py").write_text("def orders():\n    from shop import orders\n    return orders\n")
    TopologicalSorter(graph_of(package)).prepare()
    (package / "people.py").write_text("from shop.orders import people\n")
    with pytest.raises(CycleError):
        TopologicalSorter(graph_of(package)).prepare()
