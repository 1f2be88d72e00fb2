"""From the text of a file to the small language, and back from numbers to places."""

from __future__ import annotations

import ast
import re
import warnings

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

# Imported for what they add to the tables of expressions and statements.
from qorgau import ir
from qorgau.lowering import patterns as _patterns  # noqa: F401
from qorgau.lowering import statements as _statements  # noqa: F401
from qorgau.lowering import texts as _texts  # noqa: F401
from qorgau.lowering.functions import statements
from qorgau.lowering.state import Lowering, Place, TooDeepError


class LoweringError(Exception):
    """A file that can't be lowered: ``message`` (one sentence), ``line`` and ``column`` from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message, line, column)
        self.message = message
        self.line = line
        self.column = column


def parse(text: str) -> cst.Module:
    try:
        return cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise LoweringError(error.message, error.raw_line, error.raw_column + 1) from None


def lower(text: str) -> ir.Module:
    low = Lowering()
    body = statements(low, parse(text).body)
    return ir.Module(body, len(low.places))
