"""Attributes that are declared to be true or false: whatever their name, they hold no datum."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.values import Value
from qorgau.linking import walk

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

TYPES = frozenset(("bool", "Optional", "Mapped", "Union"))
COLUMNS = ("BooleanField", "Boolean")


def named_statements(body: tuple[ir.Stmt, ...]) -> Iterator[tuple[str, ir.Assign | ir.Annotated]]:
    """The statements of a class's body that give a name a value or an annotation."""
    for statement in body:
        if isinstance(statement, ir.Assign):
            for target in statement.targets:
                if isinstance(target, ir.Name):
                    yield target.id, statement
        elif isinstance(statement, ir.Annotated) and isinstance(statement.target, ir.Name):
            yield statement.target.id, statement
        elif isinstance(statement, ir.If):
            yield from named_statements((*statement.body, *statement.orelse))


def is_flag(statement: ir.Assign | ir.Annotated) -> bool:
    """Whether a field is declared to be true or false, by its annotation or by the column it is."""
    if isinstance(statement, ir.Annotated) and isinstance(statement.annotation, ir.Expr):
        named = {node.id for node in walk(statement.annotation) if isinstance(node, ir.Name)}
        if "bool" in named:
            return named <= TYPES
    if not isinstance(statement.value, ir.Call):
        return False
    given = [_head(argument.value) for argument in statement.value.arguments]
    return _head(statement.value).endswith(COLUMNS) or "Boolean" in given[:2]


def _head(node: ir.Expr) -> str:
    """The last name of what is called or named."""
    inner = node.function if isinstance(node, ir.Call) else node
    if isinstance(inner, ir.Attribute):
        return inner.attr
    return inner.id if isinstance(inner, ir.Name) else ""


def of_class(m: Machine, f: Frame, cls: Loc) -> frozenset[str]:
    """The attributes of a class that are declared to be true or false, those of its bases included."""
    found = m.flags.get(cls)
    if found is None:
        info = m.class_info(f, cls)
        names: set[str] = set()
        for base in reversed(info.order) if info is not None else ():
            base_info = m.class_info(f, base)
            for name, statement in named_statements(base_info.node.body) if base_info is not None else ():
                (names.add if is_flag(statement) else names.discard)(name)
        found = m.flags[cls] = frozenset(names)
    return found


def is_part(m: Machine, f: Frame, owner: Value, name: str) -> bool:
    """Whether an attribute is declared to be true or false by all that its owner can be."""
    for ref in owner.refs:
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if obj is None or obj.cls is None or name not in of_class(m, f, obj.cls):
            return False
    return bool(owner.refs)
