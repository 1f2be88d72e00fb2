"""From numbers back to places in a text: only in files with findings, and there in the statements that hold them."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from qorgau import ir
from qorgau.lowering.front import parse
from qorgau.lowering.functions import top_level
from qorgau.lowering.limits import read_by_python
from qorgau.lowering.state import CLASS_ROOM, Lowering, Place

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def spans(text: str, numbers: frozenset[int], starts: Sequence[int]) -> dict[int, ir.Span]:
    """Where the nodes of these numbers stand. The text must be one that ``lower`` took.

    ``starts`` are the numbers with which the statements at the top of the file begin (``ir.Module.starts``).
    LibCST's position provider costs several times the parse, so it sees only the statements that matter.
    """
    pieces = _pieces(text)
    if len(pieces) != len(starts):
        return _spans_of(text, numbers, None)
    wanted: dict[int, list[int]] = {}
    for number in sorted(numbers):
        wanted.setdefault(bisect_right(starts, number) - 1, []).append(number)
    found: dict[int, ir.Span] = {}
    for index, inner in wanted.items():
        first = starts[index]
        count = starts[index + 1] - first if index + 1 < len(starts) else None
        line, piece = pieces[index]
        held = _spans_of(piece, frozenset(number - first for number in inner), count)
        if not held:
            return _spans_of(text, numbers, None)
        found.update((number + first, _lower_by(span, line)) for number, span in held.items())
    return found


def _pieces(text: str) -> list[tuple[int, str]]:
    """The statements at the top of a file: lines before each, and its text to where the next begins.

    What stands on one line is one, as in LibCST. None at all where this Python does not read the text.
    """
    begins: list[int] = []
    end = -1
    for statement in _top(text):
        decorators = getattr(statement, "decorator_list", ())
        line = min((statement.lineno, *(decorator.lineno for decorator in decorators))) - 1
        if line != end:
            begins.append(line)
        end = (statement.end_lineno or statement.lineno) - 1
    lines = _LINE.findall(text)
    return [(line, "".join(lines[line:end])) for line, end in pairwise([*begins, len(lines)])]


def _top(text: str) -> Sequence[ast.stmt]:
    try:
        return read_by_python(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


def _spans_of(text: str, numbers: frozenset[int], count: int | None) -> dict[int, ir.Span]:
    """Where the numbers stand in a text; nothing where it is no whole of ``count`` numbers after all."""
    wrapper = MetadataWrapper(parse(text), unsafe_skip_copy=True)
    positions = wrapper.resolve(PositionProvider)
    low = Lowering()
    for _ in top_level(low, wrapper.module.body):
        pass
    if count is not None and not 0 <= count - len(low.places) < CLASS_ROOM:
        return {}
    return {number: _span(low.places[number], positions) for number in sorted(numbers)}


def _span(place: Place, positions: Mapping[cst.CSTNode, CodeRange]) -> ir.Span:
    first, last = place if isinstance(place, tuple) else (place, place)
    start, end = positions[first].start, positions[last].end
    return ir.Span(start.line, start.column + 1, end.line, end.column + 1)


def _lower_by(span: ir.Span, lines: int) -> ir.Span:
    return ir.Span(span.line + lines, span.column, span.end_line + lines, span.end_column)
