"""Texts and numbers of the source that look like somebody's identifier (PD504)."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Iterator

import msgspec

from qorgau import ir
from qorgau.judging.making import Made, made_of
from qorgau.knowledge import numbers
from qorgau.knowledge.pages import Facts, Page

IIN, PHONE, CARD, PASSPORT = "iin", "phone", "card_number", "passport_number"

SAID = {
    IIN: "an IIN with a valid check digit",
    PHONE: "a phone number",
    CARD: "the number of a payment card",
    PASSPORT: "the number of a passport or an identity card",
}

_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_ESCAPE = re.compile(r"\\(?:[abfnrtv0'\"\\\n]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4})")
_ALONE_BEFORE, _ALONE_AFTER = r"(?<![\w.+\-])", r"(?![\w\-]|\.\d)"
_TWELVE = re.compile(rf"{_ALONE_BEFORE}\d{{12}}{_ALONE_AFTER}")
_CARD = re.compile(
    rf"{_ALONE_BEFORE}(?:\d{{14,16}}|\d{{4}}([ \-])\d{{4}}\1\d{{4}}\1\d{{4}}|3\d{{3}}([ \-])\d{{6}}\2\d{{4,5}})"
    rf"{_ALONE_AFTER}"
)
_PHONE = re.compile(
    r"(?:(?<![\w+])\+\d(?:[ \-.()]{0,2}\d){7,14}"
    r"|(?<![\w.+\-/=])(?:8[ \-]?\(?\d{3}\)?[ \-]?\d{3}[ \-]?\d{2}[ \-]?\d{2}|[78]\d{10}))(?![\w\-]|\.\d)"
)
_DOCUMENT = re.compile(r"(?<![\w.+\-])(?:N ?\d{8}|\d{9}|\d{2} ?\d{2} ?\d{6})(?![\w\-]|\.\d)")
_NAMED = re.compile(
    r"(?i)passport|pasport|udostoverenie|document_?(?:number|num|no|id)\b|doc_?(?:number|num|no)\b|id_?card|identity_?(?:card|doc)"
    r"|паспорт|удостоверени|құжат"
)
_PHONE_NAMED = re.compile(r"(?i)phone|tel|mobile|msisdn|whatsapp|viber|sms|cell|contact|телефон|моб")
_NAME_BEFORE = re.compile(
    r"([^\W\d]\w*)[\"']?\]?\s*(?::\s*[\w\[\]., |]+)?\s*(?:==|!=|:=|=|:|,)\s*[rbufRBUF]*$"
)
_CANDIDATE = re.compile(r"\d(?:[ \-().]{0,2}\d){7,}|\d[\d_]{10,}")


LONGEST = 2000
"""Longer lines are not looked at twice."""


FieldsOf = Callable[[str], tuple[str, ...]]
"""The fields of the configuration that go by a name."""


class Literal(msgspec.Struct, frozen=True):
    """Real-looking identifiers in one line of a text: of which kinds, and where (lines and columns from 1)."""

    kinds: tuple[str, ...]
    line: int
    column: int
    end_column: int


def find(text: str) -> list[Literal]:
    """The identifiers in the texts and numbers of a file that is Python."""
    lines = text.splitlines(keepends=True)
    if not any(_CANDIDATE.search(line) and _telling(line) for line in lines):
        return []
    found: list[Literal] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NUMBER:
                found += _in_number(token, lines)
            elif token.type == tokenize.STRING or tokenize.tok_name[token.type] == "FSTRING_MIDDLE":
                found += _in_string(token, lines)
    except (tokenize.TokenError, SyntaxError):
        # A newer Python's grammar: what was read so far stands.
        return found
    return found


def _telling(line: str) -> bool:
    """Whether a line can hold an identifier at all: most files have none, and are not read any further."""
    if len(line) > LONGEST:
        return True
    plain = _ESCAPE.sub(_blank, line).replace("_", "")
    if any(True for _ in _in_line(plain, "")) or any(
        numbers.is_phone(found[0]) for found in re.finditer(r"\b7\d{10}\b", plain)
    ):
        return True
    return bool(_NAMED.search(line) or "N" in line) and _DOCUMENT.search(line) is not None


def _in_number(token: tokenize.TokenInfo, lines: list[str]) -> Iterator[Literal]:
    digits = token.string.replace("_", "")
    if not digits.isdecimal():
        return
    kind = ""
    if numbers.is_iin(digits):
        kind = IIN
    elif numbers.is_card(digits):
        kind = CARD
    elif digits.startswith("7") and numbers.is_phone(digits):
        # A sum or an identifier of eleven digits is as likely, where its name speaks of no phone.
        name = _NAME_BEFORE.search(lines[token.start[0] - 1][: token.start[1]])
        kind = PHONE if name is None or _PHONE_NAMED.search(name[1]) else ""
    if kind:
        yield Literal((kind,), token.start[0], token.start[1] + 1, token.end[1] + 1)


def _in_string(token: tokenize.TokenInfo, lines: list[str]) -> Iterator[Literal]:
    """What each line of a text holds, as one."""
    first = token.start[0]
    for number, raw in enumerate(token.string.split("\n")):
        shift = token.start[1] if number == 0 else 0
        text = _ESCAPE.sub(_blank, _UUID.sub(_blank, raw))
        before = lines[first - 1][: token.start[1]] if number == 0 and first <= len(lines) else ""
        found = sorted(_in_line(text, before), key=lambda each: each[1:])
        if found:
            kinds = tuple(dict.fromkeys(kind for kind, _, _ in found))
            yield Literal(kinds, first + number, shift + found[0][1] + 1, shift + found[0][2] + 1)


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _in_line(text: str, before: str) -> Iterator[tuple[str, int, int]]:
    holds: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
        (IIN, _TWELVE, numbers.is_iin),
        (CARD, _CARD, lambda part: numbers.is_card(re.sub(r"\D", "", part))),
        (PHONE, _PHONE, numbers.is_phone),
    )
    for kind, pattern, is_one in holds:
        for match in pattern.finditer(text):
            if is_one(match[0]):
                yield kind, match.start(), match.end()
    document = _document(text, before)
    if document is not None:
        yield document


def _document(text: str, before: str) -> tuple[str, int, int] | None:
    """A passport's number is told by what it is called, or by its letter where it is all of the text."""
    name = _NAME_BEFORE.search(before)
    named = bool(name is not None and _NAMED.search(name[1]))
    for match in _DOCUMENT.finditer(text):
        called = (named and match[0] == text.strip("rbuRBU\"'")) or _NAMED.search(text[: match.start()])
        alone = text.strip("rbuRBU\"'") == match[0] and match[0].startswith("N")
        if (called or (alone and match[0][1:] not in "123456789 0")) and numbers.is_passport(match[0]):
            return PASSPORT, match.start(), match.end()
    return None


def findings(path: str, text: str, page: Page, regulation: str, fields_of: FieldsOf) -> list[Made]:
    """PD504 for a file: ``path`` is how it is shown, ``page`` what its message is made of."""
    return [_made(path, found, page, regulation, fields_of) for found in find(text)]


def _made(path: str, found: Literal, page: Page, regulation: str, fields_of: FieldsOf) -> Made:
    facts = Facts(reason=" and ".join(SAID[kind] for kind in found.kinds))
    # The fields of the configuration that such identifiers belong to, else their kinds.
    fields = tuple(sorted({(fields_of(kind) or (kind,))[0] for kind in found.kinds}))
    span = ir.Span(found.line, found.column, found.line, found.end_column)
    return Made(made_of(page, facts, regulation, path, span, fields=fields), "", facts)
