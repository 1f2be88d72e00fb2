"""From the text of a file to the small language."""

from __future__ import annotations

import ast
import re
import warnings

import libcst as cst

# Imported for what they add to the tables of expressions and statements.
from qorgau import ir
from qorgau.lowering import patterns as _patterns  # noqa: F401
from qorgau.lowering import statements as _statements  # noqa: F401
from qorgau.lowering import texts as _texts  # noqa: F401
from qorgau.lowering.functions import statements
from qorgau.lowering.state import DEEPEST, Lowering, TooDeepError

DEEPEST_BRACKETS = 200
"""Brackets within one another that Python reads: MAXLEVEL in CPython's Parser/lexer/state.h."""

_BRACKETS = re.compile(
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


def parse(text: str) -> cst.Module:
    """The tree of a text. Raises LoweringError where it is no Python."""
    _refuse_deep_brackets(text)
    try:
        return cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise _told_by_python(text) or LoweringError(
            error.message, error.raw_line, error.raw_column + 1
        ) from None


def read_by_python(text: str) -> ast.Module:
    """What Python itself reads in a text. Raises SyntaxError, ValueError, MemoryError or RecursionError as it does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _told_by_python(text: str) -> LoweringError | None:
    """What Python itself says of a text that is none: it names the place where people look for the mistake."""
    try:
        read_by_python(text)
    except SyntaxError as error:
        return LoweringError(error.msg, error.lineno or 1, max(error.offset or 1, 1))
    except (ValueError, MemoryError, RecursionError):
        return None
    return None


def _refuse_deep_brackets(text: str) -> None:
    # LibCST's time grows with the cube of the depth, and its stack can overflow, which nothing can catch.
    depth = 0
    for found in _BRACKETS.finditer(text):
        mark = found[0]
        if mark in "([{":
            depth += 1
            if depth > DEEPEST_BRACKETS:
                before = text[: found.start()]
                column = found.start() - before.rfind("\n")
                message = f"has more than {DEEPEST_BRACKETS} brackets within one another"
                raise LoweringError(message, before.count("\n") + 1, column)
        elif mark in ")]}":
            depth = max(depth - 1, 0)


def lower(text: str) -> ir.Module:
    """A file in the small language. Raises LoweringError for what is no Python, or too deeply nested."""
    low = Lowering()
    body: list[ir.Stmt] = []
    starts: list[int] = []
    try:
        for node in parse(text).body:
            starts.append(len(low.places))
            body += statements(low, (node,))
    except (TooDeepError, RecursionError):
        raise LoweringError(f"is nested more than {DEEPEST} levels deep", 1, 1) from None
    return ir.Module(tuple(body), len(low.places), tuple(starts))
