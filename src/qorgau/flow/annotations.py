"""What names in annotations stand for: an alias is followed to the expression that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow.modules import text_of
from qorgau.linking import Unit

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


MAX_ALIASES = 6
"""Aliases of aliases that are followed."""


def alias_of(m: Machine, node: ir.Expr, unit: Unit) -> tuple[Unit, ir.Expr]:
    """What a name in an annotation stands for: the expression that a module of the program assigns to it."""
    for _ in range(MAX_ALIASES):
        if not isinstance(node, ir.Name):
            break
        place = _binding(m, node.id, unit)
        if place is None:
            break
        unit, node = place
    return unit, node


def _binding(m: Machine, name: str, unit: Unit) -> tuple[Unit, ir.Expr] | None:
    for statement in unit.module.body:
        if isinstance(statement, ir.Assign):
            for target in statement.targets:
                if isinstance(target, ir.Name) and target.id == name:
                    return unit, statement.value
        elif isinstance(statement, ir.TypeAliasing) and statement.name == name:
            return unit, statement.value
        elif isinstance(statement, ir.ImportFrom):
            for item in statement.names:
                if (item.asname or item.name) == name:
                    other = m.program.units.get(unit.absolute(statement.module, statement.level))
                    if other is not None:
                        m.base.note(text_of(other.name))
                        return other, ir.Name(statement.at, item.name)
    return None
