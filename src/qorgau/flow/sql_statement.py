"""What the text of a SQL statement says: plain frozen values.

They name columns, tables and placeholders only. Which of them are personal data, and what is
put in a placeholder, is not known here.
"""

from __future__ import annotations

from typing import Literal as OneOf
from typing import TypeAlias

import msgspec

HOLE = "\0"
"""Stands in a SQL text for a part that is not known, such as a value put in by an f-string."""

Kind: TypeAlias = OneOf[
    "select", "insert", "update", "delete", "copy-out", "copy-in", "ddl", "call", "other", "unknown"
]

Effect: TypeAlias = "str | tuple[str, int]"
"""What a SQL function leaves of a datum: ``""`` all of it, ``"reversible"``, ``"hash"`` (plain, no key),
``"irreversible"``, ``"clean"`` (nothing), or ``("kept", n)``: a slice of ``n`` characters."""


class Parameter(msgspec.Struct, frozen=True):
    """A positional parameter, counted from 0: the first ``%s`` or ``?``, ``$1``, ``:1`` or ``?1``."""

    index: int


class NamedParameter(msgspec.Struct, frozen=True):
    """``%(name)s``, ``:name``, ``@name``, ``$name`` or ClickHouse's ``{name:Type}``, without its marks."""

    name: str


class HoleNumber(msgspec.Struct, frozen=True):
    """An unknown part of the text, counted from 0 in the order of the text (comments included)."""

    index: int


class FormatField(msgspec.Struct, frozen=True):
    """A field of ``str.format`` or of a template left in the text: ``{}`` (numbered from "0"), ``{name}``,
    ``${name}``, ``{{ name }}``. It can stand for a value, a name or a clause, like a hole."""

    key: str


Placeholder: TypeAlias = "Parameter | NamedParameter | HoleNumber | FormatField"


class Literal(msgspec.Struct, frozen=True):
    """A constant of the text. ``kind``: ``text``, ``number``, ``boolean``, ``null`` or ``default``."""

    text: str
    kind: str = "text"


class ColumnRef(msgspec.Struct, frozen=True):
    """A column of a table; ``*`` is a whole row. ``table`` is the table's own name (not its alias), with
    its schema if written, and None where it cannot be told. ``excluded`` and the alias of the row being
    inserted stay as they are."""

    name: str
    table: str | None = None


Origin: TypeAlias = "ColumnRef | Placeholder"


class Part(msgspec.Struct, frozen=True):
    """One column or placeholder whose datum is in the result of an expression.

    ``effect`` is what is left of it, ``call`` the function that did so (or the outermost function).
    ``joined`` is what else went into the same hash: a secret among them makes it a keyed one.
    ``key`` is the key it stands under in a JSON object that the statement builds.
    """

    origin: Origin
    effect: Effect = ""
    call: str = ""
    joined: tuple[Origin, ...] = ()
    key: str = ""


def weakest(parts: tuple[Part, ...]) -> Effect:
    """What is left of the least changed part; ``clean`` where there is none."""
    return min((part.effect for part in parts), key=strength, default="clean")


def strength(effect: Effect) -> tuple[int, int]:
    """Orders effects from ``""`` (nothing is hidden) to ``clean`` (all is)."""
    if isinstance(effect, tuple):
        return (2, -effect[1])
    return ({"": 0, "reversible": 1, "hash": 3, "irreversible": 4}.get(effect, 5), 0)


class Expression(msgspec.Struct, frozen=True):
    """A value made of several things or by a function. Without parts it carries nothing."""

    parts: tuple[Part, ...] = ()

    @property
    def effect(self) -> Effect:
        """What is left of the least changed part."""
        return weakest(self.parts)

    @property
    def parameters(self) -> tuple[Placeholder, ...]:
        """The placeholders in it."""
        return tuple(part.origin for part in self.parts if not isinstance(part.origin, ColumnRef))


class Streamed(msgspec.Struct, frozen=True):
    """The value at this place of each row of what is written: a ``COPY ... FROM`` stream, or the rows that
    ``source`` stands for (``VALUES %s``)."""

    position: int
    source: Placeholder | None = None


Value: TypeAlias = "Placeholder | Literal | ColumnRef | Expression | Streamed"


class Write(msgspec.Struct, frozen=True):
    """A value put in a column. ``column`` is empty where it is known by ``position`` only (an INSERT without
    a column list), ``*`` where whole rows are written, and holds a hole where the name does."""

    column: str
    value: Value
    table: str = ""
    position: int = 0


class Column(msgspec.Struct, frozen=True):
    """A column that the statement yields, by its output name; ``*`` is all the columns of a table.

    ``parts`` are the columns and placeholders that it carries; ``dropped`` the names that
    ``* EXCEPT (...)`` leaves out.
    """

    name: str
    parts: tuple[Part, ...] = ()
    dropped: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the columns that it carries, each once."""
        names = [part.origin.name for part in self.parts if isinstance(part.origin, ColumnRef)]
        return tuple(dict.fromkeys(names))

    @property
    def source(self) -> str | None:
        """The one column it stands for; None if there is none or there are several."""
        return self.sources[0] if len(self.sources) == 1 else None

    @property
    def table(self) -> str | None:
        """The one table it comes from; None if it cannot be told."""
        tables = {part.origin.table for part in self.parts if isinstance(part.origin, ColumnRef)}
        return next(iter(tables)) if len(tables) == 1 else None

    @property
    def effect(self) -> Effect:
        """What is left of the least changed part."""
        return weakest(self.parts)

    @property
    def call(self) -> str:
        """The function it went through, empty if none."""
        return next((part.call for part in self.parts if part.call), "")


Fact: TypeAlias = "bool | int | float | str | Placeholder | ColumnRef | tuple[object, ...] | None"


class Condition(msgspec.Struct, frozen=True):
    """Something that holds for every row that the statement yields or touches.

    ``op`` is ``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``is``, ``is not`` or ``in`` (a tuple). A bare
    column is ``is True``, a negated one ``is False``. ``table`` is the column's, None if it cannot be told.
    ``exists``: it holds of a row that goes with the yielded one (EXISTS, IN (SELECT ...)).
    """

    column: str
    op: str
    value: Fact
    table: str | None = None
    exists: bool = False


class Statement(msgspec.Struct, frozen=True):
    """What a SQL text does.

    Several statements in one text are seen as one: ``kind``, ``destination``, ``into`` and ``procedure``
    of the first that has one, ``columns`` and ``conditions`` of the first that yields rows (else of the
    first that has conditions), all writes and tables.

    ``tables`` are written, deleted from or defined; ``read_tables`` only read. ``selectors`` are the
    placeholders whose value is neither stored nor yielded; ``fragments`` the holes and fields that stand
    for a name or a whole clause. ``destination`` is where a copy goes (or comes from, for ``copy-in``):
    a path, URL, program or STDOUT/STDIN. ``into`` is the table that SELECT INTO or CREATE TABLE AS makes,
    ``declared`` the columns that CREATE or ALTER TABLE declares, ``procedure`` what CALL or EXEC calls (its
    arguments are writes without a table). ``parsed`` is false where only the words of the text were read.
    """

    kind: Kind = "unknown"
    columns: tuple[Column, ...] = ()
    writes: tuple[Write, ...] = ()
    tables: tuple[str, ...] = ()
    read_tables: tuple[str, ...] = ()
    selectors: tuple[Placeholder, ...] = ()
    fragments: tuple[Placeholder, ...] = ()
    placeholders: tuple[Placeholder, ...] = ()
    conditions: tuple[Condition, ...] = ()
    destination: str = ""
    into: str = ""
    declared: tuple[str, ...] = ()
    procedure: str = ""
    parsed: bool = False

    @property
    def star(self) -> tuple[str, ...]:
        """The tables of which all columns are yielded; ``""`` for one that is not known."""
        return tuple(
            part.origin.table or ""
            for column in self.columns
            if column.name == "*"
            for part in column.parts
            if isinstance(part.origin, ColumnRef)
        )
