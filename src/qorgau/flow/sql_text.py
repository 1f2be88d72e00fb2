"""What a SQL statement does, from its text alone and whatever the dialect.

The text may have holes (``\\0``) and placeholders of any driver. It is parsed where it can be; where
not, its words are read (``sql_fallback``). Nothing is known here of the program around the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from msgspec.structs import replace

from qorgau.flow.sql_copies import read_call, read_copy
from qorgau.flow.sql_fallback import read_words, written_places
from qorgau.flow.sql_functions import words
from qorgau.flow.sql_statement import (
    Column,
    ColumnRef,
    Condition,
    Expression,
    FormatField,
    HoleNumber,
    Literal,
    NamedParameter,
    Parameter,
    Part,
    Placeholder,
    Statement,
    Streamed,
    Value,
    Write,
)
from qorgau.flow.sql_tokens import Token, marked, tokenize

__all__ = [
    "Column",
    "ColumnRef",
    "Condition",
    "Expression",
    "FormatField",
    "HoleNumber",
    "Literal",
    "NamedParameter",
    "Parameter",
    "Part",
    "Placeholder",
    "Statement",
    "Streamed",
    "Value",
    "Write",
    "parse_sql",
]

MAX_PARSED = 20_000
"""Longer texts (bulk inserts, dumps) are read by their words: parsing them costs too much."""
MAX_READ = 200_000
"""Of still longer texts only the beginning is read."""
MAX_DEPTH = 60
"""Texts with deeper parentheses are not given to the parser, which is recursive."""

_QUERIES = words(
    """
    select with insert update delete merge create alter drop truncate values table replace upsert
    """
)
_OTHERS = words(
    """
    begin start commit rollback savepoint release set reset show use pragma vacuum analyze explain
    describe desc grant revoke lock unlock comment listen notify refresh optimize attach detach end
    declare fetch close deallocate kill
    """
)
_TRANSACTION = frozenset(("transaction", "tran", "work", "isolation", "read", "immediate", "exclusive"))

Tokens = tuple[Token, ...]


@lru_cache(maxsize=4096)
def parse_sql(text: str) -> Statement:
    """What a SQL text does; several statements in it are seen as one (see ``Statement``).

    Never raises: a text that is no SQL is of the kind ``unknown``.
    """
    read = tokenize(text[:MAX_READ])
    found: list[Statement] = []
    for tokens in _statements(read.tokens):
        found.append(_one(tokens, read.places, len(text)))
    return _settled(_combined(found), read.places)


def _statements(tokens: Tokens) -> Iterator[Tokens]:
    """The statements of a text, without the words that only wrap them."""
    start = 0
    for index, token in enumerate((*tokens, Token("op", ";", False))):
        if token.kind == "op" and token.text == ";":
            inner = _unwrapped(tokens[start:index])
            start = index + 1
            if inner:
                yield inner


def _unwrapped(tokens: Tokens) -> Tokens:
    """Without a hole before the verb, ``BEGIN``, ``DECLARE c CURSOR FOR``, ODBC's braces and the alias of a table.

    ``(SELECT ...) t`` is how a query stands where a table is asked for.
    """
    while len(tokens) > 1:
        first, second = tokens[0], tokens[1]
        verb = second.text.lower() if second.kind == "word" else ""
        prefixed = first.kind == "hole" and verb in _QUERIES and not second.glued
        if prefixed or (first.is_word("begin") and verb not in _TRANSACTION):
            calls = len(tokens) > 2 and tokens[2].text == "(" and verb not in _QUERIES
            tokens = (first._replace(text="call"), *tokens[1:]) if calls else tokens[1:]
        elif first.text == "(" and verb in _QUERIES and tokens[-1].kind == "word":
            last = max(index for index, token in enumerate(tokens) if token.text in ("(", ")"))
            if tokens[last].text != ")" or len(tokens) - last > 3:
                break
            tokens = tokens[1:last]
        elif first.text == "{" and second.is_word("call"):
            tokens = tuple(token for token in tokens[1:] if token.text != "}")
        elif first.is_word("declare", "prepare"):
            opening = ("for",) if first.is_word("declare") else ("as", "from")
            after = next((index for index, token in enumerate(tokens) if token.is_word(*opening)), None)
            if after is None:
                break
            tokens = tokens[after + 1 :]
        else:
            break
    return tokens


def _one(tokens: Tokens, places: tuple[Placeholder, ...], length: int) -> Statement:
    copy = read_copy(tokens, places)
    if copy is None:
        return _plain(tokens, places, length)
    inner = _plain(copy.query, places, length) if copy.query else Statement(parsed=True)
    return replace(
        inner,
        kind=copy.kind,
        destination=copy.destination,
        columns=copy.columns or inner.columns,
        writes=copy.writes,
        fragments=(*inner.fragments, *copy.named),
        tables=copy.tables,
        read_tables=copy.read_tables or inner.read_tables,
    )


def _plain(tokens: Tokens, places: tuple[Placeholder, ...], length: int) -> Statement:
    """A statement that is no copy."""
    opening = next((token for token in tokens if token.text != "("), tokens[0])
    verb = opening.text.lower() if opening.kind == "word" else ""
    if verb in ("call", "exec", "execute"):
        call = read_call(tokens, places)
        if call is not None:
            return call
    if verb in _OTHERS:
        return Statement(kind="other", parsed=True)
    if verb in _QUERIES:
        parsed = _parsed(tokens, places, length)
        if parsed is not None:
            return parsed
    return read_words(_inserting(tokens), places)


def _parsed(tokens: Tokens, places: tuple[Placeholder, ...], length: int) -> Statement | None:
    if length > MAX_PARSED or _depth(tokens) > MAX_DEPTH:
        return None
    from qorgau.flow.sql_parser import parse_tree
    from qorgau.flow.sql_tree import read_tree

    text, dropped = marked(_inserting(tokens))
    tree = parse_tree(text)
    if tree is None:
        return None
    statement = read_tree(tree, places, _bare_values(tokens))
    if statement is None:
        return None
    fragments = dict.fromkeys((*statement.fragments, *(places[place] for place in sorted(dropped))))
    return replace(statement, fragments=tuple(fragments))


def _inserting(tokens: Tokens) -> Tokens:
    """``REPLACE INTO`` and ``UPSERT INTO`` as the INSERT that they are to us."""
    if len(tokens) > 1 and tokens[0].is_word("replace", "upsert") and tokens[1].is_word("into"):
        return (tokens[0]._replace(text="INSERT"), *tokens[1:])
    return tokens


def _bare_values(tokens: Tokens) -> bool:
    """Whether one placeholder without parentheses stands for all rows: ``VALUES %s``."""
    return any(token.is_word("values") and following.place >= 0 for token, following in pairwise(tokens))


def _depth(tokens: Tokens) -> int:
    depth = deepest = 0
    for token in tokens:
        if token.kind == "op" and token.text in "([":
            depth += 1
            deepest = max(deepest, depth)
        elif token.kind == "op" and token.text in ")]":
            depth -= 1
        elif token.is_word("case", "not"):
            deepest += 1
    return deepest


def _combined(found: list[Statement]) -> Statement:
    if len(found) == 1:
        return found[0]
    if not found:
        return Statement()
    main = next((each for each in found if each.kind not in ("other", "unknown")), found[0])
    yielding = next((each for each in found if each.columns), None)
    conditions = yielding or next((each for each in found if each.conditions), main)
    return Statement(
        kind=main.kind,
        columns=yielding.columns if yielding else (),
        writes=tuple(write for each in found for write in each.writes),
        tables=tuple(dict.fromkeys(name for each in found for name in each.tables)),
        read_tables=tuple(dict.fromkeys(name for each in found for name in each.read_tables)),
        fragments=tuple(dict.fromkeys(place for each in found for place in each.fragments)),
        conditions=conditions.conditions,
        destination=next((each.destination for each in found if each.destination), ""),
        into=next((each.into for each in found if each.into), ""),
        declared=tuple(dict.fromkeys(name for each in found for name in each.declared)),
        procedure=next((each.procedure for each in found if each.procedure), ""),
        parsed=all(each.parsed for each in found),
    )


def _settled(statement: Statement, places: tuple[Placeholder, ...]) -> Statement:
    """With its placeholders: those that are neither written nor yielded only select."""
    written = {place for write in statement.writes for place in written_places(write.value)}
    yielded = {part.origin for column in statement.columns for part in column.parts}
    used = written | yielded
    fragments = tuple(place for place in statement.fragments if place not in used)
    away = used | set(fragments)
    return replace(
        statement,
        placeholders=tuple(dict.fromkeys(places)),
        fragments=fragments,
        selectors=tuple(place for place in dict.fromkeys(places) if place not in away),
    )
