"""From the text of a file to the small language."""

from __future__ import annotations

import libcst as cst

# Imported for what they add to the tables of expressions and statements.
from qorgau import ir
from qorgau.lowering import patterns as _patterns  # noqa: F401
from qorgau.lowering import statements as _statements  # noqa: F401
from qorgau.lowering import texts as _texts  # noqa: F401
from qorgau.lowering.functions import top_level
from qorgau.lowering.limits import LoweringError, read_by_python, refuse_deep
from qorgau.lowering.state import DEEPEST, Lowering, TooDeepError


def parse(text: str) -> cst.Module:
    """The tree of a text. Raises LoweringError where it is no Python."""
    refuse_deep(text)
    try:
        return cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise _told_by_python(text) or LoweringError(
            error.message, error.raw_line, error.raw_column + 1
        ) from None


def _told_by_python(text: str) -> LoweringError | None:
    """What Python itself says of a text that is none: it names the place where people look for the mistake."""
    try:
        read_by_python(text)
    except SyntaxError as error:
        return LoweringError(error.msg, error.lineno or 1, max(error.offset or 1, 1))
    except (ValueError, MemoryError, RecursionError):
        return None
    return None


def lower(text: str) -> ir.Module:
    """A file in the small language. Raises LoweringError for what is no Python, or too deeply nested."""
    low = Lowering()
    body: list[ir.Stmt] = []
    starts: list[int] = []
    try:
        for start, lowered in top_level(low, parse(text).body):
            starts.append(start)
            body += lowered
    except (TooDeepError, RecursionError):
        raise LoweringError(f"is nested more than {DEEPEST} levels deep", 1, 1) from None
    return ir.Module(tuple(body), len(low.places), tuple(starts))
