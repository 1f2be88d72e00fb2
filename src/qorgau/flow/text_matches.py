"""Regular expressions on texts that were put together: which data are in which group of a match.

The pattern is tried on the text with a usual value of each field in its holes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from qorgau.flow import masks, text_pieces
from qorgau.flow.constants import HOLE, NONE, const, fields_of, glued, with_fields
from qorgau.flow.heap import Key, Obj
from qorgau.flow.machine import Frame
from qorgau.flow.texts import MAX_TEXT
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, Value, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

GROUPS = frozenset(("re.Match.group", "re.Match.__getitem__", "re.Match.groups", "re.Match.groupdict"))
LISTS = frozenset(("re.findall", "re.split", "re.Pattern.findall", "re.Pattern.split"))
WAYS = ("fullmatch", "match", "search")
"""How a pattern is tried: a match that was found is the strictest that there is."""

ORDINARY = ("abc", "12", "Abc def")
"""What stands in a hole with no personal data, or with data of no usual form."""

LONGEST = 300
"""Characters of a text, and of a pattern, that are tried."""


def told(m: Machine, f: Frame, u: Use) -> Value | None:
    """What a call gives of such a text; None for other calls, and where it is not told."""
    if u.dotted in GROUPS:
        return _group(m, f, u)
    return _list(m, f, u) if u.dotted in LISTS else None


def _group(m: Machine, f: Frame, u: Use) -> Value | None:
    loc = u.receiver.single()
    obj = f.state.obj(loc) if loc is not None else None
    tried = _tried(m, f, obj) if obj is not None else None
    if tried is None or u.args.double or not u.args.star.is_bottom:
        return None
    whole, filled, match = tried
    pieces = [_piece(whole, filled, match.span(place)) for place in range(len(match.groups()) + 1)]
    names = {index: name for name, index in match.re.groupindex.items()}
    if u.dotted.endswith("groups"):
        return m.sequence(f, u.at, "tuple", pieces[1:], None, "groups")
    if u.dotted.endswith("groupdict"):
        parts: dict[Key, Value] = {const(name): pieces[index] for index, name in names.items()}
        return m.new(f, u.at, Obj("dict", parts=parts, info="exact"), "groups")
    asked = [value.constant() for value in u.args.positional or [of_const(0)]]
    numbers = match.re.groupindex
    wanted = [one.value for one in asked if one is not None]
    places = [numbers.get(one, -1) if isinstance(one, str) else one for one in wanted]
    found = [pieces[place] for place in places if isinstance(place, int) and 0 <= place < len(pieces)]
    if len(found) != len(asked):
        return None
    return found[0] if len(found) == 1 else m.sequence(f, u.at, "tuple", found, None, "groups")


def _tried(m: Machine, f: Frame, obj: Obj) -> tuple[Value, _Filled, re.Match[str]] | None:
    """The text of a match, as it was filled, and the match with that."""
    maker = obj.parts.get("$part-of", BOTTOM).single()
    pattern = obj.parts.get("@0", BOTTOM)
    whole = obj.parts.get("@1", BOTTOM)
    if maker is not None:
        made = f.state.obj(maker)
        pattern, whole = made.parts.get("@0", BOTTOM) if made is not None else BOTTOM, pattern
    known = pattern.constant()
    if known is None or not isinstance(known.value, str) or "@2" in obj.parts or "@flags" in obj.parts:
        return None
    for way in WAYS:
        for filled in _fillings(m, whole):
            match = _run(known.value, filled.text, way)
            if match is not None:
                return whole, filled, match
    return None


def _run(pattern: str, text: str, way: str) -> re.Match[str] | None:
    if len(pattern) > LONGEST:
        return None
    try:
        found: re.Match[str] | None = getattr(re, way)(pattern, text)
    except (re.error, RecursionError, OverflowError):
        return None
    return found


class _Filled:
    """A text with values in its holes."""

    def __init__(self, m: Machine, text: str, turn: int) -> None:
        self.pieces: list[tuple[int, int, str]] = []
        """Where each part starts and ends, and what it is: a constant, or a hole with its fields."""
        fields = iter(fields_of(text))
        start = 0
        filled = ""
        for part in re.split(f"({HOLE})", str(text)):
            held = next(fields) if part == HOLE else NONE
            value = _usual(m, held, turn) if part == HOLE else part
            filled += value
            self.pieces.append((start, len(filled), with_fields(part, (held,)) if part == HOLE else part))
            start = len(filled)
        self.text = filled


def _usual(m: Machine, fields: frozenset[str], turn: int) -> str:
    form = masks.form_of(m, next(iter(fields))) if len(fields) == 1 else ""
    pairs = masks.FORMS.get(form)
    return pairs[turn % len(pairs)][0] if pairs else ORDINARY[turn]


def _fillings(m: Machine, whole: Value) -> Iterator[_Filled]:
    found = text_pieces.texts_of(whole)
    if found is None or len(found) != 1 or len(found[0]) > LONGEST:
        return
    for turn in range(len(ORDINARY)):
        yield _Filled(m, found[0], turn)


def _piece(whole: Value, filled: _Filled, span: tuple[int, int]) -> Value:
    """What a part of a filled text is made of."""
    lower, upper = span
    if lower < 0:
        return of_const(None)
    taken: list[str] = []
    for start, end, part in filled.pieces:
        if max(start, lower) < min(end, upper):
            taken.append(part if HOLE in part else part[max(lower - start, 0) : upper - start])
    return text_pieces.of_text(whole, glued(taken, MAX_TEXT))


def _list(m: Machine, f: Frame, u: Use) -> Value | None:
    """``re.findall`` and ``re.split``, where the pattern has at most one group and none."""
    method = u.dotted.startswith("re.Pattern.")
    loc = u.receiver.single() if method else None
    obj = f.state.obj(loc) if loc is not None else None
    if method and (obj is None or "@1" in obj.parts or "@flags" in obj.parts):
        return None
    pattern = (obj.parts.get("@0", BOTTOM) if obj is not None else u.arg(0, "pattern")).constant()
    whole = u.arg(0 if method else 1, "string")
    if pattern is None or not isinstance(pattern.value, str) or len(u.args.all()) != (1 if method else 2):
        return None
    for filled in _fillings(m, whole):
        spans = _spans(pattern.value, filled.text, u.dotted.endswith("split"))
        if spans:
            items = [_piece(whole, filled, span) for span in spans]
            return m.sequence(f, u.at, "list", items, None, "pieces")
    return None


def _spans(pattern: str, text: str, between: bool) -> list[tuple[int, int]]:
    """Where the pieces of a text are that a pattern finds, or that are between what it finds."""
    if len(pattern) > LONGEST:
        return []
    try:
        compiled = re.compile(pattern)
        found = list(compiled.finditer(text))
    except (re.error, RecursionError, OverflowError):
        return []
    if compiled.groups > (0 if between else 1) or not found:
        return []
    if not between:
        return [match.span(compiled.groups) for match in found]
    starts = [0, *(match.end() for match in found)]
    ends = [*(match.start() for match in found), len(text)]
    return list(zip(starts, ends, strict=True))
