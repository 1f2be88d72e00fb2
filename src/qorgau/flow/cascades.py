"""Which rows go with which: foreign keys and relations that delete what hangs on a row.

Read from the expressions of class bodies and table definitions; nothing is run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from qorgau import ir
from qorgau.flow.declarations import classes, info_of
from qorgau.flow.flags import named_statements
from qorgau.flow.machine import ClassInfo
from qorgau.flow.node_names import spelling
from qorgau.linking import Unit, walk
from qorgau.names import fold

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

KEYS = frozenset(
    ("ForeignKey", "OneToOneField", "ForeignKeyField", "ReferenceField", "ParentalKey", "GenericForeignKey")
)
RELATIONS = frozenset(("relationship", "Relationship"))
TARGETS = ("to", "model", "model_name", "document_type", "column", "foreign_key", "argument")
RULES = ("on_delete", "ondelete", "reverse_delete_rule")
RELATED = ("related_name", "backref", "back_populates")


class Links(msgspec.Struct):
    """What hangs on what, by the short names of classes and tables."""

    owners: dict[str, set[str]] = msgspec.field(default_factory=dict)
    called: dict[str, set[str]] = msgspec.field(default_factory=dict)

    def gone_with(self, info: ClassInfo) -> frozenset[str]:
        """The models and tables whose deletion takes the rows of a class along."""
        return frozenset(self.owners.get(info.node.name, ()))

    def words(self, info: ClassInfo) -> frozenset[str]:
        """What the rows of a class are called in other code: its own name, and those of relations to it."""
        name = fold(info.node.name)
        return frozenset(
            (name, f"{name}s", f"{name}_set", f"{fold(info.node.name.lower())}_set")
        ) | frozenset(self.called.get(info.node.name, ()))


def links(m: Machine) -> Links:
    """The foreign keys and relations of all models."""
    found = Links()
    for _, _, info in classes(m):
        for cls in info.order:
            base = info_of(m, cls)
            for name, statement in named_statements(base.node.body) if base is not None else ():
                _read(found, info, name, statement)
    return found


def _read(found: Links, info: ClassInfo, name: str, statement: ir.Assign | ir.Annotated) -> None:
    own = info.node.name
    for call in _calls(statement.value):
        head = _head(call)
        if head in KEYS or _option(call, "foreign_key") is not None:
            found.called.setdefault(own, set()).update(_related(call))
            if _deletes(call, info):
                found.owners.setdefault(own, set()).update(_targets(call))
        elif head in RELATIONS:
            targets = _targets(call) or (
                _named(statement.annotation) if isinstance(statement, ir.Annotated) else set()
            )
            for target in targets:
                found.called.setdefault(target, set()).add(name)
                if _cascades(call):
                    found.owners.setdefault(target, set()).add(own)
            if any(_head(inner) == "backref" and _cascades(inner) for inner in _calls(call)):
                found.owners.setdefault(own, set()).update(targets)


def of_call(unit: Unit, at: int) -> frozenset[str]:
    """The tables that the foreign keys in a table definition take the rows along with."""
    node = unit.calls.get(at)
    keys = [call for call in _calls(node) if _head(call) in KEYS and _rule(call) == "CASCADE"]
    return frozenset(target for call in keys for target in _targets(call))


def _calls(node: ir.Expr | None) -> Iterator[ir.Call]:
    return (inner for inner in walk(node) if isinstance(inner, ir.Call)) if node is not None else iter(())


def _head(call: ir.Call) -> str:
    return spelling(call.function).rpartition(".")[2]


def _option(call: ir.Call, *names: str) -> ir.Expr | None:
    return next((argument.value for argument in call.arguments if argument.keyword in names), None)


def _rule(call: ir.Call) -> str:
    """The rule for deletions that a foreign key gives, in capitals; empty for none."""
    given = _option(call, *RULES)
    positional = [argument.value for argument in call.arguments if argument.keyword is None]
    if given is None and len(positional) > 1:
        given = positional[1]
    if isinstance(given, ir.Const):
        return str(given.value).upper()
    return spelling(given).rpartition(".")[2].upper() if given is not None else ""


def _deletes(call: ir.Call, info: ClassInfo) -> bool:
    rule = _rule(call)
    # Tortoise deletes along unless it is told otherwise.
    by_default = not rule and any(library.startswith("tortoise.") for library in info.libraries)
    return rule == "CASCADE" or by_default


def _cascades(call: ir.Call) -> bool:
    given = _option(call, "cascade", "cascade_delete")
    if not isinstance(given, ir.Const):
        return False
    words = {word.strip() for word in str(given.value).split(",")}
    return given.value is True or bool(words & {"all", "delete", "delete-orphan"})


def _targets(call: ir.Call) -> set[str]:
    """The class or table that a key or relation leads to."""
    positional = [argument.value for argument in call.arguments if argument.keyword is None]
    given = _option(call, *TARGETS) or (positional[0] if positional else None)
    return _named(given) if given is not None else set()


def _named(node: ir.Expr) -> set[str]:
    """Names in an expression or annotation: of ``"crm.Client"``, ``"clients.id"`` each part."""
    found: set[str] = set()
    for inner in walk(node):
        if isinstance(inner, ir.Name):
            found.add(inner.id)
        elif isinstance(inner, ir.Attribute):
            found.add(inner.attr)
        elif isinstance(inner, ir.Const) and isinstance(inner.value, str):
            found.update(part for part in inner.value.replace("[", ".").replace("]", ".").split(".") if part)
    return found


def _related(call: ir.Call) -> Iterator[str]:
    given = _option(call, *RELATED)
    if isinstance(given, ir.Const) and isinstance(given.value, str):
        yield given.value
