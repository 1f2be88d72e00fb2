"""The small language that LibCST trees are lowered to.

A module is a tree of statements and expressions without whitespace, comments,
parentheses or positions. Control flow stays structured (``If``, ``Try``,
``With``), because an interpreter of structured code gets ``finally``,
``else`` and exits exactly right without building a graph first.

Every node carries ``at``: its number within the file, in the order of
lowering. Positions are found later, and only for files that have findings,
by lowering the file once more with LibCST's position provider and looking
the number up. All nodes are frozen and serializable with msgspec.

This room knows nothing of LibCST, of files and of personal data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

if TYPE_CHECKING:
    Literal: TypeAlias = bool | int | float | str | bytes | None
else:
    # msgspec refuses a union of str and bytes, yet MessagePack itself tells them apart.
    Literal = Any


class Node(msgspec.Struct, frozen=True, array_like=True, tag=True, gc=False):
    """One construct of the small language."""

    at: int


# Expressions


class Const(Node, frozen=True, array_like=True, tag=True, gc=False):
    """A literal. Integers beyond 64 bits and complex numbers are ``Opaque``."""

    value: Literal


class Name(Node, frozen=True, array_like=True, tag=True, gc=False):
    """A name that is read, or, in a target position, bound. ``...`` is ``Name("Ellipsis")``."""

    id: str


class Attribute(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``value.attr``"""

    value: Expr
    attr: str


class Subscript(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``value[index]``; several indices are a ``Sequence`` of kind ``tuple``."""

    value: Expr
    index: Expr


class Slice(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``lower:upper:step`` as an index."""

    lower: Expr | None
    upper: Expr | None
    step: Expr | None


class Argument(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One argument of a call. ``star`` is ``""``, ``"*"`` or ``"**"``."""

    value: Expr
    keyword: str | None = None
    star: str = ""


class Call(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``function(arguments)``"""

    function: Expr
    arguments: tuple[Argument, ...]


class Binary(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``left op right``; ``op`` is spelled as in Python (``+``, ``//``, ``@`` ...)."""

    op: str
    left: Expr
    right: Expr


class Unary(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``op operand``; ``op`` is ``-``, ``+``, ``~`` or ``not``."""

    op: str
    operand: Expr


class Boolean(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``a and b and c`` or ``a or b or c``: ``op`` and at least two operands, flattened."""

    op: str
    operands: tuple[Expr, ...]


class Compare(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``left op1 right1 op2 right2``; ops as in Python (``==``, ``not in``, ``is not`` ...)."""

    left: Expr
    ops: tuple[str, ...]
    rights: tuple[Expr, ...]


class Conditional(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``body if test else orelse``"""

    test: Expr
    body: Expr
    orelse: Expr


class Starred(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``*value`` in a display or a target."""

    value: Expr


class Sequence(Node, frozen=True, array_like=True, tag=True, gc=False):
    """A display; ``kind`` is ``list``, ``tuple`` or ``set``. Also a target for unpacking."""

    kind: str
    elements: tuple[Expr, ...]


class DictItem(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``key: value``, or ``**value`` where the key is None."""

    key: Expr | None
    value: Expr


class Dict(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``{key: value, **other}``"""

    items: tuple[DictItem, ...]


class Clause(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``for target in iterable if test ...`` of a comprehension."""

    target: Expr
    iterable: Expr
    tests: tuple[Expr, ...]
    is_async: bool = False


class Comprehension(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``kind`` is ``list``, ``set``, ``dict`` or ``generator``; ``key`` is set for dicts only."""

    kind: str
    key: Expr | None
    element: Expr
    clauses: tuple[Clause, ...]


class Formatted(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``{value!conversion:spec}`` of an f-string. ``conversion`` is ``""``, ``r``, ``s`` or ``a``."""

    value: Expr
    conversion: str
    spec: Joined | None


class Joined(Node, frozen=True, array_like=True, tag=True, gc=False):
    """An f-string or t-string: ``Const`` texts and ``Formatted`` values in order.

    Adjacent literals (``"a" f"{b}"``) are joined into one.
    """

    parts: tuple[Expr, ...]
    is_template: bool = False


class Await(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``await value``"""

    value: Expr


class Yield(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``yield value``"""

    value: Expr | None


class YieldFrom(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``yield from value``"""

    value: Expr


class Walrus(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``name := value``"""

    target: str
    value: Expr


class Lambda(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``lambda parameters: body``; the function's body is one ``Return``."""

    function: Function


class Opaque(Node, frozen=True, array_like=True, tag=True, gc=False):
    """A construct this version doesn't know. Its parts are evaluated; its value is unknown."""

    construct: str
    parts: tuple[Expr, ...]


Expr: TypeAlias = (
    Const
    | Name
    | Attribute
    | Subscript
    | Slice
    | Call
    | Binary
    | Unary
    | Boolean
    | Compare
    | Conditional
    | Starred
    | Sequence
    | Dict
    | Comprehension
    | Formatted
    | Joined
    | Await
    | Yield
    | YieldFrom
    | Walrus
    | Lambda
    | Opaque
)


# Functions and classes


class Parameter(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``kind`` is ``positional`` (before ``/``), ``normal``, ``keyword``, ``*`` or ``**``."""

    at: int
    name: str
    kind: str
    annotation: Expr | None
    default: Expr | None


class Function(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A function, method or lambda.

    ``qualname`` is Python's own (``Outer.method``, ``f.<locals>.g``, ``<lambda>``).
    ``bound`` are the names that the body binds (parameters, assignments, imports,
    loop and ``except`` names, walrus targets, nested definitions), sorted, less
    those declared global or nonlocal. Names bound by comprehensions are not among them.
    """

    at: int
    name: str
    qualname: str
    parameters: tuple[Parameter, ...]
    body: tuple[Stmt, ...]
    decorators: tuple[Expr, ...]
    returns: Expr | None
    bound: tuple[str, ...]
    globals: tuple[str, ...]
    nonlocals: tuple[str, ...]
    is_async: bool
    is_generator: bool


class Keyword(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``name=value`` (or ``**value``, name None) in a class statement's parentheses."""

    name: str | None
    value: Expr


# Statements


class Evaluate(Node, frozen=True, array_like=True, tag=True, gc=False):
    """An expression as a statement. Docstrings are kept (they are constants)."""

    value: Expr


class Assign(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``targets[0] = targets[1] = value``"""

    targets: tuple[Expr, ...]
    value: Expr


class Annotated(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``target: annotation = value``"""

    target: Expr
    annotation: Expr
    value: Expr | None


class Augment(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``target op= value``; ``op`` without the equals sign."""

    target: Expr
    op: str
    value: Expr


class Delete(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``del targets``"""

    targets: tuple[Expr, ...]


class Return(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``return value``"""

    value: Expr | None


class Raise(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``raise exception from cause``"""

    exception: Expr | None
    cause: Expr | None


class Assert(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``assert test, message``"""

    test: Expr
    message: Expr | None


class If(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``if``; an ``elif`` is an ``If`` alone in ``orelse``."""

    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


class While(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``while test: body else: orelse``"""

    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


class For(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``for target in iterable: body else: orelse``"""

    target: Expr
    iterable: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]
    is_async: bool


class Handler(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``except type as name: body``"""

    at: int
    type: Expr | None
    name: str | None
    body: tuple[Stmt, ...]


class Try(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``try``; ``is_star`` for ``except*``."""

    body: tuple[Stmt, ...]
    handlers: tuple[Handler, ...]
    orelse: tuple[Stmt, ...]
    final: tuple[Stmt, ...]
    is_star: bool


class WithItem(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``context as target``"""

    context: Expr
    target: Expr | None


class With(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``with items: body``"""

    items: tuple[WithItem, ...]
    body: tuple[Stmt, ...]
    is_async: bool


class Define(Node, frozen=True, array_like=True, tag=True, gc=False):
    """A ``def`` statement."""

    function: Function


class Class(Node, frozen=True, array_like=True, tag=True, gc=False):
    """A ``class`` statement. ``bases`` may hold ``Starred``."""

    name: str
    qualname: str
    bases: tuple[Expr, ...]
    keywords: tuple[Keyword, ...]
    body: tuple[Stmt, ...]
    decorators: tuple[Expr, ...]


class ImportName(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``name as asname``; the name is dotted in ``import``, plain in ``from``; ``*`` for star."""

    name: str
    asname: str | None = None


class Import(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``import a.b as c``"""

    names: tuple[ImportName, ...]


class ImportFrom(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``from ..module import names``; ``level`` is the number of dots."""

    module: str
    level: int
    names: tuple[ImportName, ...]


class Global(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``global names``"""

    names: tuple[str, ...]


class Nonlocal(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``nonlocal names``"""

    names: tuple[str, ...]


class Pass(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``pass``"""


class Break(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``break``"""


class Continue(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``continue``"""


class TypeAliasing(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``type name = value``"""

    name: str
    value: Expr


# Patterns of ``match``


class MatchValue(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``case 1``, ``case Color.RED``, ``case None``: equal to (or is) the value."""

    value: Expr


class MatchAs(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``case pattern as name``; without a pattern a capture; without both the wildcard."""

    pattern: Pattern | None
    name: str | None


class MatchOr(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``case a | b``"""

    patterns: tuple[Pattern, ...]


class MatchStar(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``*rest`` within a sequence pattern (name None for ``*_``)."""

    name: str | None


class MatchSequence(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``case [a, *rest]``"""

    patterns: tuple[Pattern, ...]


class MatchMapping(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``case {"key": pattern, **rest}``; keys and patterns in step."""

    keys: tuple[Expr, ...]
    patterns: tuple[Pattern, ...]
    rest: str | None


class MatchClass(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``case Point(a, y=b)``: positional patterns, then names and patterns in step."""

    cls: Expr
    positional: tuple[Pattern, ...]
    names: tuple[str, ...]
    patterns: tuple[Pattern, ...]


Pattern: TypeAlias = MatchValue | MatchAs | MatchOr | MatchStar | MatchSequence | MatchMapping | MatchClass


class Case(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``case pattern if guard: body``"""

    at: int
    pattern: Pattern
    guard: Expr | None
    body: tuple[Stmt, ...]


class Match(Node, frozen=True, array_like=True, tag=True, gc=False):
    """``match subject: cases``"""

    subject: Expr
    cases: tuple[Case, ...]


class Unknown(Node, frozen=True, array_like=True, tag=True, gc=False):
    """A statement this version doesn't know; what could be lowered of it runs in order."""

    construct: str
    body: tuple[Stmt, ...]


Stmt: TypeAlias = (
    Evaluate
    | Assign
    | Annotated
    | Augment
    | Delete
    | Return
    | Raise
    | Assert
    | If
    | While
    | For
    | Try
    | With
    | Define
    | Class
    | Import
    | ImportFrom
    | Global
    | Nonlocal
    | Pass
    | Break
    | Continue
    | TypeAliasing
    | Match
    | Unknown
)


class Module(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One file. ``nodes`` is how many numbers ``at`` were given out, ``starts`` those with which each line begins.

    A line is a compound statement or all that stands on one line at the top of the file.
    """

    body: tuple[Stmt, ...]
    nodes: int
    starts: tuple[int, ...] = ()


class Span(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where a node stands: lines and columns from 1, columns in characters, the end one past the last."""

    line: int
    column: int
    end_line: int
    end_column: int
