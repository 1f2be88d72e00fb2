"""``match`` statements and their patterns."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from qorgau import ir
from qorgau.lowering.expressions import expression, optional
from qorgau.lowering.functions import STATEMENTS, suite
from qorgau.lowering.state import Lowering, Table


def unknown_pattern(low: Lowering, node: cst.CSTNode) -> ir.Pattern:
    """Lower a pattern this version doesn't know, as one that matches anything."""
    return ir.MatchAs(low.number(node), None, None)


PATTERNS = Table(unknown_pattern)


def pattern(low: Lowering, node: cst.CSTNode) -> ir.Pattern:
    """Lower one pattern; the names it captures are bound in the scope."""
    low.depth += 1
    result: ir.Pattern = PATTERNS[type(node)](low, node)
    low.depth -= 1
    return result


def _capture(low: Lowering, node: cst.Name | None) -> str | None:
    if node is None or node.value == "_":
        return None
    low.frame.bound.add(node.value)
    return node.value


def match_value(low: Lowering, node: cst.MatchValue | cst.MatchSingleton) -> ir.Pattern:
    at = low.enter(node)
    value = expression(low, node.value)
    low.depth -= 1
    return ir.MatchValue(at, value)


def match_as(low: Lowering, node: cst.MatchAs) -> ir.Pattern:
    at = low.enter(node)
    inner = pattern(low, node.pattern) if node.pattern is not None else None
    low.depth -= 1
    return ir.MatchAs(at, inner, _capture(low, node.name))


def match_or(low: Lowering, node: cst.MatchOr) -> ir.Pattern:
    at = low.enter(node)
    patterns = tuple([pattern(low, one.pattern) for one in node.patterns])
    low.depth -= 1
    return ir.MatchOr(at, patterns)


def match_star(low: Lowering, node: cst.MatchStar) -> ir.Pattern:
    return ir.MatchStar(low.number(node), _capture(low, node.name))


def match_sequence(low: Lowering, node: cst.MatchList | cst.MatchTuple) -> ir.Pattern:
    at = low.enter(node)
    patterns = _elements(low, node.patterns)
    low.depth -= 1
    return ir.MatchSequence(at, patterns)


def _elements(
    low: Lowering, nodes: Sequence[cst.MatchSequenceElement | cst.MatchStar]
) -> tuple[ir.Pattern, ...]:
    return tuple(
        [pattern(low, one.value if isinstance(one, cst.MatchSequenceElement) else one) for one in nodes]
    )


def match_mapping(low: Lowering, node: cst.MatchMapping) -> ir.Pattern:
    at = low.enter(node)
    keys: list[ir.Expr] = []
    patterns: list[ir.Pattern] = []
    for element in node.elements:
        keys.append(expression(low, element.key))
        patterns.append(pattern(low, element.pattern))
    low.depth -= 1
    return ir.MatchMapping(at, tuple(keys), tuple(patterns), _capture(low, node.rest))


def match_class(low: Lowering, node: cst.MatchClass) -> ir.Pattern:
    at = low.enter(node)
    cls = expression(low, node.cls)
    positional = _elements(low, node.patterns)
    names = tuple([keyword.key.value for keyword in node.kwds])
    patterns = tuple([pattern(low, keyword.pattern) for keyword in node.kwds])
    low.depth -= 1
    return ir.MatchClass(at, cls, positional, names, patterns)


def case(low: Lowering, node: cst.MatchCase) -> ir.Case:
    """Lower one ``case`` clause."""
    at = low.number(node)
    lowered = pattern(low, node.pattern)
    guard = optional(low, node.guard)
    return ir.Case(at, lowered, guard, suite(low, node.body))


def match(low: Lowering, node: cst.Match) -> ir.Stmt:
    at = low.enter(node)
    subject = expression(low, node.subject)
    cases = tuple([case(low, one) for one in node.cases])
    low.depth -= 1
    return ir.Match(at, subject, cases)


PATTERNS.update(
    {
        cst.MatchAs: match_as,
        cst.MatchClass: match_class,
        cst.MatchList: match_sequence,
        cst.MatchMapping: match_mapping,
        cst.MatchOr: match_or,
        cst.MatchSingleton: match_value,
        cst.MatchStar: match_star,
        cst.MatchTuple: match_sequence,
        cst.MatchValue: match_value,
    }
)
STATEMENTS[cst.Match] = match
