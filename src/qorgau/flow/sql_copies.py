"""Statements that copy data to or from files, and calls of procedures: their words suffice.

COPY (PostgreSQL, DuckDB, Redshift, Snowflake), UNLOAD, SELECT ... INTO OUTFILE, EXPORT DATA, LOAD DATA,
BULK INSERT; CALL and EXEC.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from qorgau.flow.sql_fallback import item_value, items, leading_name
from qorgau.flow.sql_statement import Column, ColumnRef, Kind, Part, Placeholder, Statement, Streamed, Write
from qorgau.flow.sql_tokens import Token, marks_in, tokenize, unmarked

Tokens = tuple[Token, ...]


class Copy(msgspec.Struct, frozen=True):
    """A copy: its other end, and either the query that is copied or the columns of a table."""

    kind: Kind
    destination: str
    query: Tokens = ()
    columns: tuple[Column, ...] = ()
    writes: tuple[Write, ...] = ()
    tables: tuple[str, ...] = ()
    read_tables: tuple[str, ...] = ()
    named: tuple[Placeholder, ...] = ()


def read_copy(tokens: Tokens, places: tuple[Placeholder, ...]) -> Copy | None:
    """The copy that a statement is; None if it is none."""
    copy = _read(tokens, places)
    if copy is None:
        return None
    within = {place for token in copy.query for place in _places_of(token, places)}
    outside = [place for token in tokens for place in _places_of(token, places)]
    return replace(copy, named=tuple(place for place in outside if place not in within))


def _places_of(token: Token, places: tuple[Placeholder, ...]) -> tuple[Placeholder, ...]:
    return (places[token.place],) if token.place >= 0 else marks_in(token.text, places)


def _read(tokens: Tokens, places: tuple[Placeholder, ...]) -> Copy | None:
    first = tokens[0]
    if first.is_word("copy"):
        return _copy(tokens[1:])
    if first.is_word("unload"):
        return _unload(tokens, places)
    if first.is_word("export") and len(tokens) > 1 and tokens[1].is_word("data"):
        start = _position(tokens, "as")
        uri = next((i for i, token in enumerate(tokens) if token.is_word("uri", "overwrite_path")), None)
        query = tokens[start + 1 :] if start else ()
        return Copy("copy-out", _place(tokens[uri + 2 :]) if uri else "", query)
    if first.is_word("load", "bulk"):
        return _load(tokens)
    if first.is_word("select", "with") or first.text == "(":
        return _outfile(tokens)
    return None


def _copy(tokens: Tokens) -> Copy | None:
    snowflake = bool(tokens) and tokens[0].is_word("into")
    tokens = tokens[1:] if snowflake else tokens
    if not tokens:
        return None
    to, source = _position(tokens, "to"), _position(tokens, "from")
    if snowflake and source is not None:
        if _is_remote(tokens[0]):
            return _from_subject(tokens[source + 1 :], _place(tokens))
        return _copied_in(tokens[:source], _place(tokens[source + 1 :]))
    if to is not None and (source is None or to < source):
        return _from_subject(tokens[:to], _place(tokens[to + 1 :]))
    if source is not None:
        return _copied_in(tokens[:source], _place(tokens[source + 1 :]))
    return None


def _from_subject(subject: Tokens, destination: str) -> Copy:
    """Out of a query in parentheses or of a table, perhaps of some of its columns."""
    if subject and subject[0].text == "(":
        return Copy("copy-out", destination, _closed(subject))
    table, names = _table(subject)
    columns = tuple(Column(name, (Part(ColumnRef(name, table)),)) for name in names or ["*"])
    return Copy("copy-out", destination, columns=columns, read_tables=(table,) if table else ())


def _copied_in(subject: Tokens, source: str) -> Copy:
    table, names = _table(subject)
    writes = tuple(Write(name, Streamed(index), table, index) for index, name in enumerate(names or ["*"]))
    return Copy("copy-in", source, writes=writes, tables=(table,) if table else ())


def _table(tokens: Tokens) -> tuple[str, list[str]]:
    table = leading_name(tokens)
    opened = next((index for index, token in enumerate(tokens) if token.text == "("), None)
    names = [leading_name(item) for item in items(_closed(tokens[opened:]))] if opened is not None else []
    return table, [name for name in names if name]


def _closed(tokens: Tokens) -> Tokens:
    """What stands in the parentheses that the tokens begin with."""
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind == "op" and token.text in ("(", ")"):
            depth += 1 if token.text == "(" else -1
            if depth == 0:
                return tokens[1:index]
    return tokens[1:]


def _unload(tokens: Tokens, places: tuple[Placeholder, ...]) -> Copy | None:
    to = _position(tokens, "to")
    if to is None or len(tokens) < 2:
        return None
    subject = tokens[1:to]
    inside = _closed(subject) if subject and subject[0].text == "(" else subject
    if len(inside) == 1 and inside[0].kind == "text":
        inside = _again(inside[0].text, places)
    return Copy("copy-out", _place(tokens[to + 1 :]), inside)


def _again(text: str, places: tuple[Placeholder, ...]) -> Tokens:
    """The pieces of a statement that was quoted; its placeholders were counted already."""
    pieces: list[Token] = []
    for token in tokenize(text).tokens:
        found = marks_in(token.text, places)
        if token.kind == "word" and len(found) == 1 and unmarked(token.text) == "\0":
            token = Token("hole", token.text, token.glued, places.index(found[0]))
        if token.kind == "place":
            token = Token("word", token.text.strip(":%?$@"), token.glued)
        pieces.append(token)
    return tuple(pieces)


def _load(tokens: Tokens) -> Copy | None:
    """``LOAD DATA INFILE 'x' INTO TABLE t (columns)`` and ``BULK INSERT t FROM 'x'``."""
    if tokens[0].is_word("bulk"):
        source = _position(tokens, "from")
        return _copied_in(tokens[2:source], _place(tokens[source + 1 :])) if source else None
    path, into = _position(tokens, "infile"), _position(tokens, "into")
    if path is None or into is None:
        return None
    rest = tokens[into + 1 :]
    return _copied_in(rest[1:] if rest and rest[0].is_word("table") else rest, _place(tokens[path + 1 :]))


def _outfile(tokens: Tokens) -> Copy | None:
    """``SELECT ... INTO OUTFILE 'x' [options] FROM t``, or the clause at the end."""
    start = next((index for index, token in enumerate(tokens) if token.is_word("outfile", "dumpfile")), None)
    if start is None or not tokens[start - 1].is_word("into"):
        return None
    rest = tokens[start + 2 :]
    resumed = next((index for index, token in enumerate(rest) if token.is_word("from", "where")), len(rest))
    return Copy("copy-out", _place(tokens[start + 1 :]), (*tokens[: start - 1], *rest[resumed:]))


def _position(tokens: Tokens, word: str) -> int | None:
    """Where a word stands outside of parentheses."""
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind == "op":
            depth += {"(": 1, ")": -1}.get(token.text, 0)
        elif depth == 0 and token.is_word(word):
            return index
    return None


def _is_remote(token: Token) -> bool:
    return token.kind in ("text", "place") or token.text in ("@", "~")


def _place(tokens: Tokens) -> str:
    """The path, program, stream or stage that the tokens begin with."""
    if not tokens:
        return ""
    if tokens[0].is_word("program", "local") and len(tokens) > 1:
        tokens = tokens[1:]
    first = tokens[0]
    if first.kind == "text":
        return unmarked(first.text)
    if first.kind == "hole" or (first.kind == "place" and not first.text.startswith("@")):
        return "\0"
    text = first.text
    for token in tokens[1:]:
        if not token.glued or token.text in ("(", ",", ")"):
            break
        text += unmarked(token.text)
    return text


def read_call(tokens: Tokens, places: tuple[Placeholder, ...]) -> Statement | None:
    """``CALL p(x, y)``, ``EXEC p @a = x``: the arguments are what it writes, by name or position."""
    if tokens[0].is_word("call", "exec", "execute"):
        tokens = tokens[1:]
    name = leading_name(tokens)
    if not name or not tokens:
        return None
    opened = next((index for index, token in enumerate(tokens) if token.text == "("), None)
    after = next((index for index, token in enumerate(tokens) if index and not token.glued), len(tokens))
    given = _closed(tokens[opened:]) if opened is not None and opened <= after else tokens[after:]
    writes: list[Write] = []
    labels: list[Placeholder] = []
    for position, item in enumerate(items(given)):
        sign = next((index for index, token in enumerate(item) if token.text in ("=", "=>", ":=")), None)
        label = item[0].text.lstrip("@:") if sign is not None and sign > 0 else ""
        labels += [places[item[0].place]] if label and item[0].place >= 0 else []
        value = item_value(item[sign + 1 :] if sign is not None else item, places)
        writes.append(Write(label, value, "", position))
    return Statement(kind="call", procedure=name, writes=tuple(writes), fragments=tuple(labels), parsed=True)
