"""Which functions can matter to a flow at all, told from the names in them and in what they call.

Large roots are not followed into code that mentions no personal field, no check, no client of a
storage: what such a call gives is unknown, and nothing is lost but the constants it may return.
"""

from __future__ import annotations

from functools import cached_property

from qorgau import ir
from qorgau.flow.policy import Policy
from qorgau.linking import Program, Unit, walk

COMMON = 12
"""A name that more functions than this go by says nothing of which one is meant."""

LONGEST = 60


class Relevance:
    """Answers are remembered; names are looked up only when the first question is asked."""

    def __init__(self, policy: Policy, program: Program) -> None:
        self._policy = policy
        self._program = program
        self._answers: dict[tuple[str, int], bool] = {}

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
            names = _mentioned(body)
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

    def _is_telling(self, unit: Unit, name: str) -> bool:
        return (
            bool(self._policy.fields_of(name))
            or name in self._policy.watched
            or name in self._clients(unit)
        )

    def _clients(self, unit: Unit) -> frozenset[str]:
        found = self._imported.get(unit.name)
        if found is None:
            found = self._imported[unit.name] = frozenset(_imports_of(unit, self._policy.catalog.placing_packages))
        return found

    @cached_property
    def _imported(self) -> dict[str, frozenset[str]]:
        return {}

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
                        if isinstance(statement, ir.Define) and statement.function.name in ("__init__", "__call__"):
                            found.setdefault(node.name, []).append((unit, statement.function))
        return found


def _mentioned(function: ir.Function) -> dict[str, None]:
    names: dict[str, None] = {parameter.name: None for parameter in function.parameters}
    for node in walk(function.body):
        match node:
            case ir.Name(id=name) | ir.Attribute(attr=name) | ir.Argument(keyword=str(name)):
                names[name] = None
            case ir.Const(value=str(text)) if len(text) <= LONGEST:
                names[text] = None
    return names


def _imports_of(unit: Unit, packages: frozenset[str]) -> list[str]:
    found: list[str] = []
    for node in walk(unit.module.body):
        if isinstance(node, ir.Import):
            for item in node.names:
                top = item.name.partition(".")[0]
                if top in packages:
                    found.append(item.asname or top)
        elif isinstance(node, ir.ImportFrom) and node.level == 0 and node.module.partition(".")[0] in packages:
            found += [item.asname or item.name for item in node.names]
    return found
