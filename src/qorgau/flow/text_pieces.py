"""Pieces of a text that was put together from constants and data: which of its holes are in which piece.

A separator is looked for in the constants. A datum is taken not to hold it, unless values of its field usually do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from qorgau.flow import masks
from qorgau.flow.constants import HOLE, Const, Holed, const, fields_of, with_fields
from qorgau.flow.facts import NO_FACTS
from qorgau.flow.values import Value, join_all, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine
    from qorgau.flow.machine import Args

PROSE = " \t\n.,-/@'"
"""What can stand in a datum of which nothing is known."""


def texts_of(value: Value) -> list[str] | None:
    """The texts with data in their holes that a value is; None where it is something else."""
    if not value.taints or not value.consts or value.refs:
        return None
    found = [constant.value for constant in value.consts]
    if not any(isinstance(text, Holed) for text in found):
        return None
    known = [text for text in found if isinstance(text, str)]
    return known if len(known) == len(found) else None


def of_text(whole: Value, text: str) -> Value:
    """A piece of a text: what is in its holes, and what is in no hole of the whole."""
    placed = frozenset[str]().union(
        *(fields for one in whole.consts if isinstance(one.value, str) for fields in fields_of(one.value))
    )
    own = frozenset[str]().union(*fields_of(text))
    taints = frozenset(taint for taint in whole.taints if taint.field in own or taint.field not in placed)
    if HOLE not in text:
        return of_const(text).with_(taints=taints)
    consts = {const(text): NO_FACTS} if str(text) != HOLE else {}
    return Value(taints, consts, {}, whole.unknown, not whole.unknown)


def split(m: Machine, whole: Value, name: str, args: Args) -> list[Value] | None:
    """The pieces that ``split`` and the like give, in order; None where they cannot be told."""
    found = texts_of(whole)
    given = [value.constant() for value in args.positional]
    if found is None or any(one is None for one in given) or args.double or not args.star.is_bottom:
        return None
    named = {key: value.constant() for key, value in args.keywords.items()}
    if any(one is None for one in named.values()):
        return None
    positional = [one.value for one in given if one is not None]
    keywords = {key: one.value for key, one in named.items() if one is not None}
    rows: list[list[str]] = []
    for text in found:
        try:
            pieces = getattr(str(text), name)(*positional, **keywords)
        except (TypeError, ValueError):
            return None
        row = _with_holes(text, pieces)
        if not _is_safe(m, row, name, positional, keywords):
            return None
        rows.append(row)
    if len({len(row) for row in rows}) != 1:
        return None
    return [join_all(of_text(whole, piece) for piece in column) for column in zip(*rows, strict=True)]


def _with_holes(text: str, pieces: Sequence[str]) -> list[str]:
    """Pieces in the order of a text, each with the fields of its holes."""
    fields, start = fields_of(text), 0
    result: list[str] = []
    for piece in pieces:
        count = piece.count(HOLE)
        result.append(with_fields(piece, fields[start : start + count]))
        start += count
    return result


def _is_safe(
    m: Machine, pieces: list[str], name: str, positional: list[object], keywords: dict[str, object]
) -> bool:
    """Whether no datum is cut: none holds the separator, or those that may are beyond the last cut."""
    signs = _separator(name, positional, keywords)
    if name in ("partition", "rpartition"):
        counted, most = len(pieces) == 3 and bool(pieces[1]), 1
        pieces = [pieces[0], pieces[2]] if counted else pieces
    else:
        limit = keywords.get("maxsplit", positional[1] if len(positional) > 1 else -1)
        most = limit if isinstance(limit, int) and name != "splitlines" else -1
    cut = pieces
    if most >= 0 and len(pieces) == most + 1:
        cut = pieces[1:] if name.startswith("r") else pieces[:-1]
    return not any(_may_hold(m, fields, signs) for piece in cut for fields in fields_of(piece))


def _separator(name: str, positional: list[object], keywords: dict[str, object]) -> str:
    if name == "splitlines":
        return "\n"
    given = positional[0] if positional else keywords.get("sep")
    return given if isinstance(given, str) else " "


def _may_hold(m: Machine, fields: frozenset[str], separator: str) -> bool:
    """Whether what fills a hole may hold a separator; what is no personal data is taken not to."""
    if len(fields) > 1:
        return True
    for field in fields:
        usual = masks.characters_of(m, field)
        if all(sign in (PROSE if usual is None else usual) for sign in separator):
            return True
    return False


def cut(whole: Value, bounds: Sequence[int | None]) -> Value | None:
    """``text[lower:upper]`` where both ends are in the constants before the first hole or after the last."""
    lower, upper, step = bounds
    found = texts_of(whole) if step is None else None
    if found is None:
        return None
    pieces: list[Value] = []
    for text in found:
        start, end = _offset(text, 0 if lower is None else lower), _offset(text, upper)
        if start is None or end is None:
            return None
        skipped = text[:start].count(HOLE)
        pieces.append(of_text(whole, with_fields(str(text)[start:end], fields_of(text)[skipped:])))
    return join_all(pieces)


def _offset(text: str, bound: int | None) -> int | None:
    """Where a bound is in a text as it is written with its holes; None where a hole is before it from both ends."""
    if bound is None:
        return len(text)
    if HOLE not in text:
        return max(len(text) + bound, 0) if bound < 0 else bound
    if bound < 0:
        return len(text) + bound if -bound <= len(text) - 1 - text.rindex(HOLE) else None
    return bound if bound <= text.index(HOLE) else None


def character(whole: Value, index: int) -> Value | None:
    """``text[index]`` where that is in the constants before the first hole or after the last."""
    found = texts_of(whole)
    if found is None:
        return None
    signs: list[Value] = []
    for text in found:
        start = _offset(text, index)
        if start is None or start >= len(text) or text[start] == HOLE:
            return None
        signs.append(of_text(whole, text[start]))
    return join_all(signs)


SAME_HOLES = frozenset(
    (
        "lower",
        "upper",
        "casefold",
        "swapcase",
        "strip",
        "lstrip",
        "rstrip",
        "replace",
        "removeprefix",
        "removesuffix",
    )
)
"""Methods that change the constants of a text and leave its holes where they are."""


def changed(whole: Value, name: str, args: Args) -> Value | None:
    """A text after such a method; None where it is not told what is left of its constants."""
    found = texts_of(whole) if name in SAME_HOLES else None
    given = [value.constant() for value in args.positional]
    if found is None or args.keywords or any(one is None or not isinstance(one.value, str) for one in given):
        return None
    texts = [str(one.value) for one in given if one is not None]
    result: list[Value] = []
    for text in found:
        try:
            new = getattr(str(text), name)(*texts)
        except (TypeError, ValueError):
            return None
        if new.count(HOLE) != text.count(HOLE) or not _keeps_ends(text, name, texts):
            return None
        result.append(of_text(whole, with_fields(new, fields_of(text))))
    return join_all(result)


def _keeps_ends(text: str, name: str, texts: list[str]) -> bool:
    """Whether what a method takes from the ends of a text is in its constants."""
    if name == "removeprefix":
        return _starts(text, texts[0]) is not None
    if name == "removesuffix":
        return _starts(text[::-1], texts[0][::-1]) is not None
    return True


def _starts(text: str, start: str) -> bool | None:
    """Whether a text begins with another; None where a hole decides."""
    known = str(text).partition(HOLE)[0]
    if HOLE not in text or len(known) >= len(start) or not start.startswith(known):
        return known.startswith(start)
    return None


def asked(whole: Value, name: str, args: Args) -> Value | None:
    """What ``startswith``, ``find`` and the like say of such a text, where its constants decide."""
    question = QUESTIONS.get(name)
    found = texts_of(whole) if question is not None else None
    given = args.positional[0].constant() if len(args.all()) == 1 and args.positional else None
    if found is None or question is None or given is None or not isinstance(given.value, str):
        return None
    answers = {question(text, given.value) for text in found}
    return of_const(answers.pop()) if len(answers) == 1 and None not in answers else None


def _ends(text: str, end: str) -> bool | None:
    return _starts(str(text)[::-1], end[::-1])


def _found(text: str, part: str) -> int | None:
    """Where a text has a part, if that is before its first hole."""
    place = str(text).find(part)
    return place if HOLE not in text or 0 <= place < text.index(HOLE) else None


def has(whole: Value, part: Const) -> bool | None:
    """Whether such a text has a part, where its constants decide."""
    found = texts_of(whole)
    if found is None or not isinstance(part.value, str):
        return None
    return True if all(_holds(text, part.value) for text in found) else None


def _holds(text: str, part: str) -> bool | None:
    """Whether a text has a part in its constants; None where a hole may have it."""
    if HOLE not in part and part in str(text):
        return True
    return None if HOLE in text else False


QUESTIONS: dict[str, Callable[[str, str], bool | int | None]] = {
    "startswith": _starts,
    "endswith": _ends,
    "find": _found,
    "index": _found,
    "__contains__": _holds,
}
