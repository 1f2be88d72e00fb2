"""Masks: what is left of a datum whose characters are replaced by a pattern, or one by one.

What a pattern leaves is found out by trying it on made-up values of the datum's usual forms. Both
values of a pair have the same form and no character in common, so that what differs between their
results is what is left of the datum.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import text_slices
from qorgau.flow.constants import HOLE
from qorgau.flow.facts import Facts
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.taints import Taint, Taints
from qorgau.flow.values import External, Ref, Value
from qorgau.names import fold

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

CHARACTER = ("character",)
"""Marks a datum that is one character of a text."""

MAX_PATTERN = 120
"""Characters of a pattern that is tried."""

FORMS: dict[str, tuple[tuple[str, str], ...]] = {
    "phone": (
        ("+77012345678", "+79987654321"),
        ("87012345678", "89987654321"),
        ("7012345678", "9987654321"),
        ("+7 701 234 56 78", "+7 998 765 43 21"),
        ("+7 (701) 234-56-78", "+7 (998) 765-43-21"),
    ),
    "number": (("870512300123", "918623411234"),),
    "card": (
        ("4400430212345678", "5511541323456789"),
        ("4400 4302 1234 5678", "5511 5413 2345 6789"),
        ("KZ86125KZT5004100", "KZ97236LAU6115211"),
    ),
    "document": (("N12345678", "M23456789"), ("123456789", "234567890")),
    "email": (("aibek.n@mail.test", "bolat.k@post.site"),),
    "name": (("Абвгд Ежзик", "Лмноп Рстуф"), ("Abcde Fghij", "Klmno Pqrst"), ("Абвгд", "Лмноп")),
    "date": (("1987-05-12", "2096-14-23"), ("12.05.1987", "23.14.2096")),
    "place": (("Abai st. 12, 5", "Ufcl pn. 34, 6"),),
}
WORDS = {
    "phone": ("phone", "tel", "telephone", "mobile", "msisdn", "telefon", "cell", "whatsapp"),
    "number": ("iin", "inn", "bin", "snils", "ssn", "rnn"),
    "card": ("card", "pan", "iban", "account"),
    "document": ("passport", "udostoverenie", "license", "licence", "document", "doc"),
    "email": ("email", "mail", "pochta"),
    "name": ("name", "fio", "surname", "lastname", "firstname", "familiya", "otchestvo", "patronymic"),
    "date": ("birth", "birthday", "birthdate", "dob", "date"),
    "place": ("address", "adres", "street"),
}
TEXTUAL = frozenset(("phone", "number", "card", "document", "email", "name"))
"""Forms of data that are texts and nothing else."""

NO_DIGITS = frozenset(("name",))
NO_LETTERS = frozenset(("phone", "number", "date"))
TESTS = {"isdigit": NO_LETTERS, "isdecimal": NO_LETTERS, "isnumeric": NO_LETTERS, "isalpha": NO_DIGITS}
"""Tests of a character, and the data that hold nothing where the test fails."""

TESTED = frozenset((*TESTS, "isalnum"))

BUILTIN = "builtins."
OTHER_CLASSES = frozenset(("bool", "int", "float", "dict", "list", "tuple", "set", "frozenset"))


def form_of(m: Machine, field: str) -> str:
    """The usual form of a field's values, by its names; empty where they don't tell."""
    spec = m.policy.settings.fields.get(field)
    return _form(field, tuple(spec.names or ()) if spec is not None else ())


@lru_cache(maxsize=512)
def _form(field: str, names: tuple[str, ...]) -> str:
    for name in (field, *names):
        words = set(fold(name.strip("*_ ")).split("_"))
        for form, known in WORDS.items():
            if words & set(known):
                return form
    return ""


def characters_of(m: Machine, field: str) -> str | None:
    """The signs in a field as it is usually written, besides letters and digits; None where its names don't tell."""
    form = form_of(m, field)
    return "".join(sign for sign in FORMS[form][0][0] if not sign.isalnum()) if form else None


@lru_cache(maxsize=1024)
def left(pattern: str, replacement: str, form: str) -> int | None:
    """How many characters of a datum a replacement leaves; None where that can't be told."""
    if len(pattern) > MAX_PATTERN or HOLE in pattern or HOLE in replacement:
        return None
    return _most(lambda text: re.sub(pattern, replacement, text), form)


@lru_cache(maxsize=256)
def left_by_table(table: tuple[tuple[int, str | None], ...], form: str) -> int | None:
    """How many characters of a datum ``str.translate`` leaves; None where that can't be told."""
    return _most(lambda text: text.translate(dict(table)), form)


def _most(change: Callable[[str], str], form: str) -> int | None:
    counts = [_tried(change, pairs) for pairs in _pairs(form)]
    return None if any(count is None for count in counts) else max(count or 0 for count in counts)


def _pairs(form: str) -> list[tuple[tuple[str, str], ...]]:
    return [FORMS[form]] if form else list(FORMS.values())


def _tried(change: Callable[[str], str], pairs: tuple[tuple[str, str], ...]) -> int | None:
    """The least that is left of values of one form: a pattern is written for the form in use."""
    best: int | None = None
    for one, other in pairs:
        try:
            results = change(one), change(other)
        except (re.error, IndexError, RecursionError):
            return None
        if len(results[0]) == len(results[1]):
            count = sum(a != b for a, b in zip(*results, strict=True))
            best = count if best is None else min(best, count)
    return best


def masked(m: Machine, subject: Value, patterns: list[str], replacements: list[str]) -> Value:
    """What ``re.sub`` leaves of the data in a text; all of it where pattern or replacement isn't known."""
    if not subject.taints or not patterns or not replacements:
        return subject

    def cut(taint: Taint) -> Taint | None:
        form = form_of(m, taint.field)
        counts = [left(pattern, text, form) for pattern in patterns for text in replacements]
        if taint.reversal is not None or any(count is None for count in counts):
            return taint
        most = max(count or 0 for count in counts)
        if most == 0:
            return None
        kept = text_slices.keep(Value(frozenset((taint,))), most, ("pattern", *patterns)).taints
        return next(iter(kept))

    changed = subject.map_taints(cut)
    # What is masked is known: no name makes a datum of it again.
    return changed if changed.taints else changed.with_(opaque=True, unknown=False)


def translated(m: Machine, f: Frame, subject: Value, table: Value) -> Value:
    """The data of a text that ``str.translate`` with a known table covers are gone; others stay as they were."""
    loc = table.single()
    obj = f.state.obj(loc) if loc is not None else None
    if obj is None or obj.kind != "dict" or obj.info != "exact":
        return subject
    known: list[tuple[int, str | None]] = []
    for key, value in obj.items():
        constant = value.constant()
        if not isinstance(key.value, int) or constant is None or not isinstance(constant.value, str | None):
            return subject
        known.append((key.value, constant.value))
    return subject.map_taints(
        lambda taint: None if left_by_table(tuple(known), form_of(m, taint.field)) == 0 else taint
    )


def characters(taints: Taints) -> Taints:
    """The data of a text's single characters."""
    return frozenset(
        replace(taint, slice=CHARACTER) if taint.slice is None and taint.kept is None else taint
        for taint in taints
    )


def test_of(signs: Value) -> str:
    """The test that asking for a character ``in`` a text is; empty for none (``c in "0123456789"``)."""
    constant = signs.constant()
    if constant is None or not isinstance(constant.value, str):
        return ""
    known = set(constant.value)
    return "isdigit" if known >= set(string.digits) and not any(sign.isalpha() for sign in known) else ""


def of_character(m: Machine, value: Value, test: str, truth: bool) -> Value:
    """A character after ``isdigit()`` and the like: a sign between the digits of a phone is no datum."""
    if test == "isalnum":
        holding: frozenset[str] | None = None if truth else frozenset(FORMS) | {""}
    elif truth:
        holding = NO_DIGITS if TESTS[test] is NO_LETTERS else NO_LETTERS
    else:
        holding = TESTS[test]
    if holding is None:
        return value
    return value.map_taints(
        lambda taint: None if taint.slice == CHARACTER and form_of(m, taint.field) in holding else taint
    )


def of_class(m: Machine, f: Frame, value: Value, kinds: Sequence[object], truth: bool) -> Value:
    """A datum after ``isinstance``: a phone or a name is a text, so what is none is no phone."""
    if not value.taints or not _is_plain(f, value):
        return value
    names = {kind.dotted.removeprefix(BUILTIN) for kind in kinds if isinstance(kind, External)}
    if len(names) != len(kinds) or not (names <= OTHER_CLASSES if truth else "str" in names):
        return value
    left = value.map_taints(
        lambda taint: None if form_of(m, taint.field) in TEXTUAL and not taint.calls else taint
    )
    if left.taints:
        return left
    # Nothing of it is left but what is known to be something else.
    known: dict[Ref, Facts] = {
        ref: facts
        for ref, facts in value.refs.items()
        if isinstance(ref, Loc) and (obj := f.state.obj(ref)) is not None and obj.kind != "unknown"
    }
    return left.with_(refs=known, unknown=False, opaque=True)


def _is_plain(f: Frame, value: Value) -> bool:
    """Whether nothing shows a value to be an object with parts of its own."""
    objects = [f.state.obj(loc) for loc in value.locs()]
    return not any(obj is not None and obj.kind == "unknown" and (obj.parts or obj.cls) for obj in objects)
