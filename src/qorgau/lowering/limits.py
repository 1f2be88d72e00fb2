"""Texts that are nested too deeply for the parser: refused before it begins.

LibCST's time and memory grow with the square of the depth of an expression, with the cube of that of
brackets, and its stack can overflow, which nothing can catch. Python's own parser stops early, and is fast.
"""

from __future__ import annotations

import ast
import re
import warnings
from itertools import accumulate

MOST_BRACKETS = 200
"""Brackets within one another that Python reads: MAXLEVEL in CPython's Parser/lexer/state.h."""

MOST_LINKS = 3_000
"""Links of one chain (``a.b.c``, ``a + b + c``, ``f()()()``): what CPython 3.11 and 3.12 take."""

MOST_WITHIN = 1_000
"""Expressions within one another otherwise. Lowering stops earlier; this many cost the parser a second."""

LONG = 2_000
"""Characters of a line, or from a bracket to its end, below which no expression is so deep."""

_TOKENS = re.compile(
    r"#[^\n]*"
    r'|"""(?:[^"\\]|\\.|"(?!""))*"""'
    r"|'''(?:[^'\\]|\\.|'(?!''))*'''"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'(?:[^'\\\n]|\\.)*'"
    r"|[(\[{]|[)\]}]",
    re.DOTALL,
)


class LoweringError(Exception):
    """A file that can't be lowered: ``message`` (one sentence), ``line`` and ``column`` from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message, line, column)
        self.message = message
        self.line = line
        self.column = column


def refuse_deep(text: str) -> None:
    """Raise LoweringError for a text that no parser should be given."""
    if _longest_brackets(text) >= LONG or _has_long_line(text):
        _refuse_deep_expressions(text)


def read_by_python(text: str) -> ast.Module:
    """What Python itself reads in a text. Raises SyntaxError, ValueError, MemoryError or RecursionError as it does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _longest_brackets(text: str) -> int:
    """The characters between the brackets that are furthest apart. Raises LoweringError where too many are open."""
    depth = start = longest = 0
    for found in _TOKENS.finditer(text):
        mark = found[0]
        if mark in "([{":
            if depth == 0:
                start = found.start()
            depth += 1
            if depth > MOST_BRACKETS:
                before = text[: found.start()]
                column = found.start() - before.rfind("\n")
                message = f"has more than {MOST_BRACKETS} brackets within one another"
                raise LoweringError(message, before.count("\n") + 1, column)
        elif mark in ")]}" and depth:
            depth -= 1
            if depth == 0:
                longest = max(longest, found.start() - start)
    return max(longest, len(text) - start) if depth else longest


def _has_long_line(text: str) -> bool:
    begin = 0
    while begin + LONG < len(text):
        end = text.rfind("\n", begin, begin + LONG)
        # Lines that are joined by backslashes are counted, not measured.
        if end < 0:
            return True
        begin = end + 1
    return text.count("\\\n") > LONG // 10


def _refuse_deep_expressions(text: str) -> None:
    try:
        tree = read_by_python(text)
    except (MemoryError, RecursionError):
        raise LoweringError("is nested more deeply than Python can read", 1, 1) from None
    except (SyntaxError, ValueError):
        return  # the parser tells, or knows newer syntax
    starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    stack: list[tuple[ast.AST, int, int]] = [(statement, 0, 0) for statement in tree.body]
    while stack:
        node, links, within = stack.pop()
        if isinstance(node, ast.stmt | ast.expr) and links + within + _length(node, starts) <= MOST_WITHIN:
            continue  # each level takes a character at least
        if links > MOST_LINKS or within > MOST_WITHIN:
            kind = "links in one chain" if links > MOST_LINKS else "expressions within one another"
            most = MOST_LINKS if links > MOST_LINKS else MOST_WITHIN
            raise LoweringError(f"has more than {most} {kind}", getattr(node, "lineno", 1), 1)
        linked = _linked(node)
        inner = within + isinstance(node, ast.expr)
        for child in ast.iter_child_nodes(node):
            stack.append((child, links + 1, within) if child is linked else (child, links, inner))


def _length(node: ast.stmt | ast.expr, starts: list[int]) -> int:
    end, column = node.end_lineno or node.lineno, node.end_col_offset or 0
    return starts[end - 1] + column - starts[node.lineno - 1] - node.col_offset


def _linked(node: ast.AST) -> ast.AST | None:
    """The part of an expression that comes before it in a chain."""
    match node:
        case ast.BinOp(left=before) | ast.Call(func=before):
            return before
        case ast.Attribute(value=before) | ast.Subscript(value=before):
            return before
    return None
