"""Adjacent strings, f-strings and t-strings."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from qorgau import ir
from qorgau.lowering.expressions import EXPRESSIONS
from qorgau.lowering.state import Lowering
from qorgau.lowering.strings import string_value, text_value


class _Parts:
    """The parts of one joined string; neighbouring texts become one constant."""

    __slots__ = ("low", "parts", "place", "texts")

    def __init__(self, low: Lowering) -> None:
        self.low = low
        self.parts: list[ir.Expr] = []
        self.texts: list[str] = []
        self.place: cst.CSTNode | None = None

    def text(self, place: cst.CSTNode, value: str) -> None:
        if value:
            self.place = self.place or place
            self.texts.append(value)

    def formatted(
        self, node: cst.FormattedStringExpression | cst.TemplatedStringExpression, raw: bool
    ) -> None:
        low = self.low
        if node.equal is not None:
            self.text(node, _self_documenting(node))
        self.flush()
        at = low.enter(node)
        value = EXPRESSIONS[type(node.expression)](low, node.expression)
        spec = None
        if node.format_spec is not None:
            number = low.enter(node)
            spec = ir.Joined(number, joined(low, node.format_spec, raw))
            low.depth -= 1
        conversion = node.conversion or ""
        if node.equal is not None and not conversion and spec is None:
            conversion = "r"
        low.depth -= 1
        self.parts.append(ir.Formatted(at, value, conversion, spec))

    def flush(self) -> None:
        if self.place is not None:
            self.parts.append(ir.Const(self.low.number(self.place), "".join(self.texts)))
            self.texts.clear()
            self.place = None

    def add(self, contents: Iterable[cst.CSTNode], raw: bool) -> None:
        for part in contents:
            if isinstance(part, (cst.FormattedStringText, cst.TemplatedStringText)):
                text = part.value.replace("{{", "{").replace("}}", "}")
                self.text(part, text_value(text, raw))
            elif isinstance(part, (cst.FormattedStringExpression, cst.TemplatedStringExpression)):
                self.formatted(part, raw)


def joined(low: Lowering, contents: Iterable[cst.CSTNode], raw: bool) -> tuple[ir.Expr, ...]:
    """Lower the contents of one f-string or of a format specification."""
    parts = _Parts(low)
    parts.add(contents, raw)
    parts.flush()
    return tuple(parts.parts)


def _self_documenting(node: cst.FormattedStringExpression | cst.TemplatedStringExpression) -> str:
    """Return the text that ``{value=}`` puts before the value."""
    bare = node.with_changes(conversion=None, format_spec=None)
    return cst.Module([]).code_for_node(bare)[1:-1]


def formatted_string(low: Lowering, node: cst.FormattedString) -> ir.Expr:
    at = low.enter(node)
    parts = joined(low, node.parts, "r" in node.start.lower())
    low.depth -= 1
    return ir.Joined(at, parts)


def template_string(low: Lowering, node: cst.TemplatedString) -> ir.Expr:
    at = low.enter(node)
    parts = joined(low, node.parts, "r" in node.start.lower())
    low.depth -= 1
    return ir.Joined(at, parts, True)


def concatenated(low: Lowering, node: cst.ConcatenatedString) -> ir.Expr:
    """Lower adjacent strings: one constant where all are literal, else one ``Joined``."""
    pieces: list[cst.CSTNode] = []
    rest: cst.CSTNode = node
    while isinstance(rest, cst.ConcatenatedString):
        pieces.append(rest.left)
        rest = rest.right
    pieces.append(rest)
    values = [string_value(piece.value) for piece in pieces if isinstance(piece, cst.SimpleString)]
    if len(values) == len(pieces):
        return _constant(low, node, values)
    at = low.enter(node)
    parts = _Parts(low)
    is_template = False
    for piece in pieces:
        if isinstance(piece, cst.SimpleString):
            value = string_value(piece.value)
            parts.text(piece, value if isinstance(value, str) else value.decode("latin-1"))
        elif isinstance(piece, (cst.FormattedString, cst.TemplatedString)):
            is_template = is_template or isinstance(piece, cst.TemplatedString)
            parts.add(piece.parts, "r" in piece.start.lower())
    parts.flush()
    low.depth -= 1
    return ir.Joined(at, tuple(parts.parts), is_template)


def _constant(low: Lowering, node: cst.ConcatenatedString, values: list[str | bytes]) -> ir.Expr:
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) == len(values):
        return ir.Const(low.number(node), "".join(texts))
    return ir.Const(low.number(node), b"".join([value for value in values if isinstance(value, bytes)]))


EXPRESSIONS.update(
    {
        cst.ConcatenatedString: concatenated,
        cst.FormattedString: formatted_string,
        cst.TemplatedString: template_string,
    }
)
