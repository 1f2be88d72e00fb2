"""What the words of a SQL text tell where no parser reads it whole.

It looks for the clauses of the common statements and is content with less: columns are taken by
name, tables from after FROM and JOIN, and no condition is told.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from qorgau.flow.sql_functions import SLICES, composed, effect_of, words
from qorgau.flow.sql_statement import (
    HOLE,
    Column,
    ColumnRef,
    Effect,
    Expression,
    Literal,
    Part,
    Placeholder,
    Statement,
    Streamed,
    Value,
    Write,
)
from qorgau.flow.sql_tokens import Token, marks_in, unmarked

Tokens = tuple[Token, ...]

_CLAUSES = words(
    """
    select from where values set returning output group order limit having union on using join inner
    left right full cross into offset fetch for window except intersect insert update delete
    """
)
_NOT_COLUMNS = _CLAUSES | words(
    """
    as distinct all and or not null true false case when then else end is in like between asc desc
    interval over partition by top cast text varchar char int integer bigint numeric date timestamp
    default
    """
)
_CONSTRAINTS = ("constraint", "primary", "unique", "foreign", "check", "key", "index", "like", "exclude")
_SELECTING = words(
    """
    where having on limit offset order group using fetch
    """
)


def read_words(tokens: Tokens, places: tuple[Placeholder, ...]) -> Statement:
    """What a statement does as far as its words show; ``unknown`` if they show nothing."""
    clauses = list(_clauses(tokens))
    first = next((word for word, _ in clauses if word), "")
    match first:
        case "insert":
            statement = _insert(clauses, places)
        case "update":
            statement = _update(clauses, places)
        case "delete":
            tables = _tables([*clauses[:1], *(each for each in clauses if each[0] == "from")])
            statement = Statement(kind="delete", tables=tables[:1])
        case "select":
            statement = Statement(kind="select")
        case _ if tokens and tokens[0].is_word("create", "alter", "drop"):
            return _definition(tokens)
        case _:
            statement = Statement()
    read = _tables([each for each in clauses if each[0] in ("from", "join")])
    selects = _body(clauses, "select") if first != "insert" else None
    yielded = _body(clauses, "returning") or _body(clauses, "output") or selects or ()
    table = read[0] if len(read) == 1 else (statement.tables[0] if statement.tables else None)
    return replace(
        statement,
        columns=tuple(_column(item, table, places) for item in items(yielded)) if first else (),
        read_tables=tuple(name for name in read if name not in statement.tables),
        fragments=_fragments(tokens, places, statement),
    )


def _definition(tokens: Tokens) -> Statement:
    """CREATE, ALTER or DROP: the name after the last word of the head, and what columns are declared."""
    heads = ("table", "view", "index", "exists", "only")
    starts = [index for index, token in enumerate(tokens[:8]) if token.is_word(*heads)]
    table = leading_name(tokens[starts[-1] + 1 :]) if starts else ""
    created = bool(starts) and tokens[0].is_word("create") and tokens[starts[0]].is_word("table")
    columns = items(next(iter(_groups(tokens)), ())) if created else []
    declared = [leading_name(item) for item in columns if not item[0].is_word(*_CONSTRAINTS)]
    return Statement(
        kind="ddl", tables=(table,) if table else (), declared=tuple(name for name in declared if name)
    )


def _clauses(tokens: Tokens) -> Iterator[tuple[str, Tokens]]:
    """The statement by its keywords outside of parentheses: each with what follows it."""
    word, start, depth = "", 0, 0
    for index, token in enumerate(tokens):
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "op" else 0
        called = token.is_word("left", "right") and index + 1 < len(tokens) and tokens[index + 1].text == "("
        if depth <= 0 and token.kind == "word" and token.text.lower() in _CLAUSES and not called:
            if index > start or word:
                yield word, tokens[start:index]
            word, start = token.text.lower(), index + 1
    yield word, tokens[start:]


def _body(clauses: list[tuple[str, Tokens]], word: str) -> Tokens | None:
    return next((body for each, body in clauses if each == word), None)


def items(tokens: Tokens) -> list[Tokens]:
    """What stands between the commas outside of parentheses."""
    items: list[Tokens] = []
    start = depth = 0
    for index, token in enumerate(tokens):
        if token.kind == "op":
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            if token.text == "," and depth == 0:
                items.append(tokens[start:index])
                start = index + 1
    items.append(tokens[start:])
    return [item for item in items if item]


def _groups(tokens: Tokens) -> list[Tokens]:
    """The contents of the outermost parentheses."""
    groups: list[Tokens] = []
    depth = start = 0
    for index, token in enumerate(tokens):
        if token.kind != "op" or token.text not in ("(", ")"):
            continue
        if token.text == "(":
            start = index + 1 if depth == 0 else start
            depth += 1
        elif depth > 0:
            depth -= 1
            if depth == 0:
                groups.append(tokens[start:index])
    return groups


def leading_name(tokens: Tokens) -> str:
    """The name at the beginning: words, dots and holes that stand together."""
    name = ""
    for token in tokens:
        joined = not name or token.glued
        if not joined or not (token.kind in ("word", "quoted", "hole") or token.text == "."):
            break
        name += HOLE if token.kind == "hole" else unmarked(token.text).strip('"`')
    return name


def _tables(clauses: list[tuple[str, Tokens]]) -> tuple[str, ...]:
    names: list[str] = []
    for word, body in clauses:
        for item in items(body) if word == "from" else [body]:
            names.append(leading_name(tuple(token for token in item if not token.is_word("only", "lateral"))))
    return tuple(dict.fromkeys(name for name in names if name))


def _insert(clauses: list[tuple[str, Tokens]], places: tuple[Placeholder, ...]) -> Statement:
    target = _body(clauses, "into") or ()
    table = leading_name(tuple(token for token in target if not token.is_word("table")))
    columns = [leading_name(item) for item in items(next(iter(_groups(target)), ()))]
    writes: list[Write] = []
    values = _body(clauses, "values")
    if values is not None:
        rows = _groups(values)
        if not rows and (not values or values[0].place >= 0):
            # ``VALUES %s``, and ``VALUES`` alone where the driver is given the rows (ClickHouse).
            source = places[values[0].place] if values else None
            named = enumerate(columns or ["*"])
            writes += [Write(name, Streamed(index, source), table, index) for index, name in named]
        for row in rows:
            writes += _row([item_value(item, places) for item in items(row)], columns, table)
    else:
        read = _tables([each for each in clauses if each[0] == "from"])
        selected = items(_body(clauses, "select") or ())
        chosen = [_column(item, read[0] if read else None, places) for item in selected]
        writes += _row([_simple(column.parts) for column in chosen], columns, table)
    for body in (body for word, body in clauses if word in ("set", "update")):
        writes += _assignments(body, table, places)
    return Statement(kind="insert", tables=(table,) if table else (), writes=tuple(writes))


def _row(values: list[Value], columns: list[str], table: str) -> list[Write]:
    alone = values[0] if len(values) == 1 < len(columns) else None
    if alone is not None and not isinstance(alone, Literal | ColumnRef | Expression | Streamed):
        return [Write(name, Streamed(index, alone), table, index) for index, name in enumerate(columns)]
    beyond = HOLE if HOLE in columns else ""
    return [
        Write(columns[index] if index < len(columns) else beyond, value, table, index)
        for index, value in enumerate(values)
    ]


def _update(clauses: list[tuple[str, Tokens]], places: tuple[Placeholder, ...]) -> Statement:
    table = leading_name(_body(clauses, "update") or ())
    writes = _assignments(_body(clauses, "set") or (), table, places)
    return Statement(kind="update", tables=(table,) if table else (), writes=tuple(writes))


def _assignments(tokens: Tokens, table: str, places: tuple[Placeholder, ...]) -> list[Write]:
    writes: list[Write] = []
    for item in items(tokens):
        signs = [index for index, token in enumerate(item) if token.text == "=" and token.kind == "op"]
        if not signs:
            alone = len(item) == 1 and item[0].place >= 0
            writes += [Write("", places[item[0].place], table)] if alone else []
            continue
        sign = signs[0]
        name = leading_name(item[:sign]).rpartition(".")[2]
        if name:
            writes.append(Write(name, item_value(item[sign + 1 :], places), table))
    return writes


def item_value(item: Tokens, places: tuple[Placeholder, ...]) -> Value:
    if len(item) == 1:
        token = item[0]
        if token.kind == "text" and not marks_in(token.text, places):
            return Literal(token.text)
        if token.kind == "number":
            return Literal(token.text, "number")
        if token.is_word("null", "default"):
            return Literal(token.text.lower(), token.text.lower())
        if token.is_word("true", "false"):
            return Literal(token.text.lower(), "boolean")
    return _simple(_parts(item, None, places))


def _simple(parts: tuple[Part, ...]) -> Value:
    return parts[0].origin if len(parts) == 1 and parts[0] == Part(parts[0].origin) else Expression(parts)


def _column(item: Tokens, table: str | None, places: tuple[Placeholder, ...]) -> Column:
    item = tuple(token for index, token in enumerate(item) if index or not token.is_word("distinct", "all"))
    alias = _alias(item)
    expression = item[: -2 if len(item) > 2 and item[-2].is_word("as") else -1] if alias else item
    parts = _parts(expression, table, places)
    if expression and expression[-1].text == "*" and len(expression) in (1, 3):
        return Column("*", (Part(ColumnRef("*", table)),))
    name = alias or (leading_name(expression).rpartition(".")[2] if len(parts) == 1 else "")
    return Column(name, parts)


def _alias(item: Tokens) -> str:
    if len(item) < 2 or item[-1].kind not in ("word", "quoted"):
        return ""
    before = item[-2]
    if before.is_word("as") or before.kind in ("word", "quoted") or before.text == ")":
        return "" if item[-1].text.lower() in _NOT_COLUMNS else unmarked(item[-1].text).strip('"`')
    return ""


def _parts(item: Tokens, table: str | None, places: tuple[Placeholder, ...]) -> tuple[Part, ...]:
    """The columns and placeholders of an expression, changed by the functions around them."""
    functions: list[tuple[Effect, str]] = []
    found: list[Part] = []
    for index, token in enumerate(item):
        before = item[index - 1] if index else None
        after = item[index + 1] if index + 1 < len(item) else None
        if token.text == "(" and token.kind == "op":
            name = before.text.lower() if before is not None and before.kind == "word" else ""
            functions.append((_effect(name, item[index:]), name))
        elif token.text == ")" and token.kind == "op" and functions:
            functions.pop()
        origins: list[ColumnRef | Placeholder] = []
        if token.place >= 0:
            origins = [places[token.place]]
        elif token.kind in ("text", "quoted") and marks_in(token.text, places):
            origins = list(marks_in(token.text, places))
        elif _is_column(token, before, after):
            origins = [ColumnRef(unmarked(token.text).strip('"`'), table)]
        effect: Effect = ""
        for outer, _ in reversed(functions):
            effect = composed(effect, outer)
        call = next((name for outer, name in reversed(functions) if outer == effect and name), "")
        found += [Part(origin, effect, call) for origin in origins if effect != "clean"]
    return tuple(dict.fromkeys(found))


def _effect(name: str, rest: Tokens) -> Effect:
    """What a function leaves; of a slice, the last number before its parenthesis closes."""
    if name not in SLICES:
        return effect_of(name) if name else ""
    group = next(iter(_groups(rest)), ())
    arguments = items(group)
    last = arguments[-1] if len(arguments) > 1 else ()
    if len(last) == 1 and last[0].text.isdecimal() and (name in ("left", "right") or len(arguments) == 3):
        return ("kept", int(last[0].text))
    return ""


def _is_column(token: Token, before: Token | None, after: Token | None) -> bool:
    if token.kind not in ("word", "quoted") or token.text.lower() in _NOT_COLUMNS:
        return False
    called = after is not None and after.text in ("(", ".")
    return not called and (before is None or before.text != "::")


def _fragments(
    tokens: Tokens, places: tuple[Placeholder, ...], statement: Statement
) -> tuple[Placeholder, ...]:
    """The holes that are neither written nor compared nor quoted: names and clauses."""
    used = {origin for write in statement.writes for origin in written_places(write.value)}
    found: list[Placeholder] = []
    selecting = False
    for token in tokens:
        if token.kind == "word" and token.text.lower() in _CLAUSES:
            selecting = token.text.lower() in _SELECTING
        if token.kind == "hole" and not selecting and places[token.place] not in used:
            found.append(places[token.place])
    return tuple(found)


def written_places(value: Value) -> tuple[Placeholder, ...]:
    """The placeholders whose datum is in a written value."""
    match value:
        case Literal() | ColumnRef():
            return ()
        case Expression():
            return value.parameters
        case Streamed():
            return (value.source,) if value.source is not None else ()
        case _:
            return (value,)
