"""The words of a SQL text, with its placeholders told apart from everything else.

It knows quotes, comments and the ways to write a placeholder in all dialects at once, but no
grammar. For a parser it writes the text anew with every placeholder as a plain identifier
(``marked``), which any dialect takes where a value, a name or a part of a name can stand.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from qorgau.flow.sql_functions import FORMATTERS, PATCHES, words
from qorgau.flow.sql_statement import HOLE, FormatField, HoleNumber, NamedParameter, Parameter, Placeholder

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z)|(?<![^\n])\#[^\n]*|\{%.{0,400}?%\})
  | (?P<dollar>\$(?P<tag>[A-Za-z_]*)\$(?P<body>.*?)\$(?P=tag)\$)
  | (?P<text>(?:[eEnN](?='))?(?P<inner>'\\'(?!')|'(?:[^'\\]|''|\\.)*'))
  | (?P<quoted>"(?:""|[^"])*"|`[^`]*`)
  | (?P<hole>\0)
  | (?P<named>%\((?P<named_name>[^()\n]+)\)[sbtd]
        |(?<![:\w"\]\\]):(?P<colon_name>[^\W\d]\w*)
        |(?<![@\w])@(?P<at_name>[^\W\d]\w*)
        |\$(?P<dollar_name>[^\W\d]\w*)
        |\{(?P<typed_name>[^\W\d]\w*)\s*:\s*[A-Z][\w(), ]*\})
  | (?P<numbered>(?<![\w$])\$(?P<dollar_number>[1-9]\d{0,4})|(?<![:\w"\]\\]):(?P<colon_number>[1-9]\d{0,4})
        |\?(?P<mark_number>[1-9]\d{0,4}))
  | (?P<next>%[sbtd](?![\w(])|\?(?![|&?]|\s*'))
  | (?P<field>\{\{(?P<template>[^{}]{0,200})\}\}|\$\{(?P<shell>[^{}\n]*)\}
        |\{(?P<format>[\w.\[\]]*)(?:![rsa])?(?::[^{}\s]*)?\})
  | (?P<word>[^\W\d][\w$]*)
  | (?P<number>\d[\w.]*)
  | (?P<op>::|->>?|\#>>?|\|\||<=|>=|<>|!=|:=|=>|@>|<@|@@|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_INSIDE = re.compile(
    r"%%|\0|%\((?P<named>[^()\n]+)\)s|(?P<next>%s(?!\w))|\{\{(?P<template>[^{}]{0,200})\}\}|\$\{(?P<shell>\w+)\}"
    r"|\{(?P<format>[^\W\d][\w.]*|\d?)\}"
)
_DIRECTIVE = re.compile(r"%%|%\([^()\n]+\)s|%(?P<letter>[A-Za-z])")
_MARK = re.compile(r"zqx([a-j]{1,4})xqz", re.IGNORECASE)
_DIGITS = str.maketrans("0123456789", "abcdefghij")
_LETTERS = str.maketrans("abcdefghij", "0123456789")

_EXPECTING = words(
    """
    select distinct all from join into update table set where and or not on having by limit offset
    like ilike in is between as values returning case when then else top with union except intersect
    exists any some interval using call exec execute merge insert delete ignore overwrite only
    lateral over partition filter prewhere similar rlike regexp escape div mod alter add column drop
    truncate view index key copy to do replace recursive
    """
)
"""Words after which a value, a name or a list is expected, so that a hole there is one."""
_CONDITIONAL = frozenset(["where", "and", "or", "on", "having", "when", "not", "prewhere"])
_SELECTING = _CONDITIONAL | frozenset(("by", "limit", "offset"))
_COMPARISONS = words(
    """
    = < > <= >= <> != like ilike in is between
    """
)


class Token(NamedTuple):
    """A piece of a text.

    ``kind`` is ``word``, ``number``, ``text`` (a literal, ``text`` is its content), ``quoted`` (a quoted
    name), ``place`` (a parameter), ``hole`` (a hole or a field of a format) or ``op``.

    ``place`` counts placeholders; ``glued`` says that no space stands before it.
    """

    kind: str
    text: str
    glued: bool
    place: int = -1

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these words, whatever the case."""
        return self.kind == "word" and self.text.lower() in words


class _Counter(msgspec.Struct):
    places: list[Placeholder] = msgspec.field(default_factory=list)
    holes: int = 0
    positional: int = 0
    fields: int = 0

    def hole(self) -> int:
        self.holes += 1
        return self.add(HoleNumber(self.holes - 1))

    def next(self) -> int:
        self.positional += 1
        return self.add(Parameter(self.positional - 1))

    def format_field(self, key: str) -> int:
        if not key:
            key, self.fields = str(self.fields), self.fields + 1
        return self.add(FormatField(key))

    def add(self, place: Placeholder) -> int:
        self.places.append(place)
        return len(self.places) - 1


class Text(msgspec.Struct, frozen=True):
    """A SQL text in pieces, with its placeholders in order."""

    tokens: tuple[Token, ...]
    places: tuple[Placeholder, ...]


def tokenize(text: str) -> Text:
    """The pieces of a SQL text; comments are left out, but their holes are counted."""
    tokens: list[Token] = []
    counter = _Counter()
    functions: list[str] = []
    glued = False
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "op"
        if kind in ("space", "comment"):
            for _ in range(match[0].count(HOLE)):
                counter.hole()
            glued = False
            continue
        token = _token(kind, match, glued, counter, functions)
        if token.kind == "op" and token.text == "(":
            functions.append(tokens[-1].text.lower() if tokens and tokens[-1].kind == "word" else "")
        elif token.kind == "op" and token.text == ")" and functions:
            functions.pop()
        tokens.append(token)
        glued = True
    return Text(tuple(tokens), tuple(counter.places))


def _token(kind: str, match: re.Match[str], glued: bool, counter: _Counter, functions: list[str]) -> Token:
    raw = match[0]
    match kind:
        case "dollar":
            return Token("text", _inside(match["body"], counter, formatter=True), glued)
        case "text":
            content = match["inner"][1:-1].replace("\\'", "'").replace("''", "'")
            formatter = bool(functions) and (functions[-1] in FORMATTERS or functions[-1] in PATCHES)
            return Token("text", _inside(content, counter, formatter=formatter), glued)
        case "quoted":
            return Token("quoted", raw[0] + _inside(raw[1:-1], counter, formatter=False) + raw[0], glued)
        case "hole":
            return Token("hole", raw, glued, counter.hole())
        case "named":
            groups = ("named_name", "colon_name", "at_name", "dollar_name", "typed_name")
            name = next(match[group] for group in groups if match[group])
            return Token("place", raw, glued, counter.add(NamedParameter(name)))
        case "numbered":
            number = match["dollar_number"] or match["colon_number"] or match["mark_number"]
            return Token("place", raw, glued, counter.add(Parameter(int(number) - 1)))
        case "next":
            return Token("place", raw, glued, counter.next())
        case "field":
            key = match["template"] or match["shell"] or match["format"] or ""
            return Token("hole", raw, glued, counter.format_field(key.strip()))
        case _:
            return Token(kind, raw, glued)


def _inside(content: str, counter: _Counter, formatter: bool) -> str:
    """The content of a quoted text, its placeholders as marks.

    A date format such as ``%H:%i:%s`` holds other directives than ``%s``, a parameter doesn't. What a
    ``formatter`` takes has fields and directives of its own, so only holes and names count there.
    """
    if not any(sign in content for sign in ("\0", "%", "{")):
        return content
    letters = {found["letter"] for found in _DIRECTIVE.finditer(content)}
    plain = formatter or not letters <= {"s", None}

    def replaced(found: re.Match[str]) -> str:
        if found[0] == HOLE:
            return mark(counter.hole())
        if found[0] == "%%":
            return found[0]
        if found["named"]:
            return mark(counter.add(NamedParameter(found["named"])))
        if found["next"]:
            return found[0] if plain else mark(counter.next())
        key = found["template"] or found["shell"] or found["format"] or ""
        return found[0] if formatter or content == "{}" else mark(counter.format_field(key.strip()))

    return _INSIDE.sub(replaced, content)


def mark(place: int) -> str:
    """The identifier that stands for a placeholder; without digits, which parsers read as numbers."""
    return "zqx" + str(place).translate(_DIGITS) + "xqz"


def marks_in(text: str, places: tuple[Placeholder, ...]) -> tuple[Placeholder, ...]:
    """The placeholders whose marks are in a text."""
    found = (int(number.lower().translate(_LETTERS)) for number in _MARK.findall(text))
    return tuple(places[number] for number in found if number < len(places))


def is_mark(text: str) -> bool:
    """Whether a text is one mark and nothing else."""
    return _MARK.fullmatch(text) is not None


def unmarked(text: str) -> str:
    """A text with holes in place of its marks."""
    return _MARK.sub(HOLE, text) if "zqx" in text.lower() else text


def marked(tokens: tuple[Token, ...]) -> tuple[str, frozenset[int]]:
    """The text for a parser, and the placeholders left out of it because they stand for a clause.

    Those that only select (after WHERE, LIMIT and so on) are left out silently.
    """
    pieces: list[str] = []
    dropped: set[int] = set()
    clause = ""
    compared = False
    for index, token in enumerate(tokens):
        piece = _piece(token)
        if token.kind == "hole" and _after_operand(tokens, index):
            following = tokens[index + 1] if index + 1 < len(tokens) else None
            if clause in _CONDITIONAL and not compared and following and _is_operand(following):
                piece, compared = "=", True
            else:
                if clause not in _SELECTING:
                    dropped.add(token.place)
                continue
        if token.kind == "word" and (word := token.text.lower()) in _EXPECTING:
            clause = word if word not in _COMPARISONS else clause
            compared = word in _COMPARISONS or (compared and word not in _CONDITIONAL)
        elif token.kind == "op" and token.text in _COMPARISONS:
            compared = True
        pieces.append(piece if token.glued or not pieces else " " + piece)
    return "".join(pieces), frozenset(dropped)


def _piece(token: Token) -> str:
    if token.place >= 0:
        return mark(token.place)
    return "'" + token.text.replace("'", "''") + "'" if token.kind == "text" else token.text


def _is_operand(token: Token) -> bool:
    if token.kind in ("number", "text", "quoted", "place"):
        return True
    return token.kind == "op" and token.text == "("


def _after_operand(tokens: tuple[Token, ...], index: int) -> bool:
    """Whether what stands before a hole is complete, so that the hole is a clause of its own."""
    if index == 0:
        return len(tokens) > 1 and not tokens[1].glued
    before, token = tokens[index - 1], tokens[index]
    glued_after = index + 1 < len(tokens) and tokens[index + 1].glued and tokens[index + 1].text not in ",;)"
    if before.kind == "op":
        if before.text == "*":
            two = tokens[index - 2] if index > 1 else None
            return two is None or two.is_word("select", "distinct") or two.text in (".", ",")
        return before.text in (")", "]") and not glued_after
    if token.glued or glued_after:
        return before.kind == "text"
    return not (before.kind == "word" and before.text.lower() in _EXPECTING)
