"""The names that a node spells: all of a dotted expression, or the last."""

from __future__ import annotations

from qorgau import ir


def spelling(node: ir.Expr) -> str:
    """A dotted expression as text; empty for other expressions."""
    if isinstance(node, ir.Name):
        return node.id
    if isinstance(node, ir.Attribute):
        inner = spelling(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    if isinstance(node, ir.Call):
        return spelling(node.function)
    return ""
