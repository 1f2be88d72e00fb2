"""Texts: concatenation, formatting and the methods of ``str`` and ``bytes``.

Constants are folded, with holes for what is unknown; personal data passes through, and
constant slices are remembered by how many characters they keep (spec section 5: at most
four characters together are depersonalized).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from qorgau.flow.constants import HOLE, Const, Holed, const, glued, with_fields
from qorgau.flow.facts import NO_FACTS, Facts, common_facts
from qorgau.flow.locations import Loc
from qorgau.flow.taints import Taint, Taints, merge_taints
from qorgau.flow.text_slices import KEPT, keep
from qorgau.flow.values import NO_CONSTS, External, Value

PIECES = ("pieces",)
"""Marks a datum in what a library's call gave: it need not be a text, so that its items are no characters."""

MAX_TEXT = 4000
MAX_COMBINATIONS = 16


def combine(taint_sets: Iterable[Taints]) -> Taints:
    """The taints of something made of several parts: slices of one datum add up.

    Slices in one part are alternatives of different paths, of which the longest counts.
    """
    parts = [taint_set for taint_set in taint_sets if taint_set]
    taints = [taint for part in parts for taint in part]
    if not any(taint.kept is not None for taint in taints):
        return merge_taints(taints)
    whole = [taint for taint in taints if taint.kept is None]
    sums: dict[object, dict[object, Taint]] = {}
    for part in parts:
        longest: dict[object, Taint] = {}
        slices = [taint for taint in part if taint.kept is not None]
        for taint in sorted(slices, key=lambda each: (-(each.kept or 0), str(each.slice))):
            longest.setdefault((taint.field, taint.subject), taint)
        for group, taint in longest.items():
            sums.setdefault(group, {}).setdefault(taint.slice, taint)
    for distinct in sums.values():
        first = min(distinct.values(), key=lambda taint: str(taint.slice))
        if len(distinct) == 1:
            whole.append(first)
            continue
        kept = sum(taint.kept or 0 for taint in distinct.values())
        pieces = tuple(sorted(str(piece) for piece in distinct))
        whole.append(replace(first, kept=kept if kept <= KEPT else None, slice=pieces))
    return merge_taints(whole)


def alternatives(value: Value) -> list[tuple[str, Facts]]:
    """The texts a value can be, with a hole where it can be something unknown."""
    found = [
        (c.value if isinstance(c.value, str) else str(c.value), facts)
        for c, facts in value.consts.items()
        if c.type != "bytes"
    ]
    found += [
        (c.value.decode("utf-8", "replace"), facts)
        for c, facts in value.consts.items()
        if isinstance(c.value, bytes)
    ]
    # What is not known of a text that was put together is in its holes.
    holed = any(HOLE in text for text, _ in found)
    uncertain = bool(value.refs) or ((value.unknown or bool(value.taints)) and not holed)
    if uncertain or value.opaque:
        # Nobody means the word "None" to be in a text.
        found = [(text, facts) for text, facts in found if text != "None" or const(None) not in value.consts]
    if uncertain or not found:
        found.append((HOLE, NO_FACTS))
    return found


def concat(parts: Sequence[Value], whole: Sequence[Value] = ()) -> Value:
    """The text made of parts in order; ``whole`` are the things whose texts they are, where that is known."""
    choices = [_told(part, alternatives(part)) for part in parts]
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > MAX_COMBINATIONS:
        choices = [
            choice if len(choice) == 1 else _told(part, [(HOLE, NO_FACTS)])
            for part, choice in zip(parts, choices, strict=True)
        ]
    consts: dict[Const, Facts] = {}
    for combination in itertools.product(*choices):
        text = glued([piece for piece, _ in combination], MAX_TEXT)
        facts = frozenset().union(*(held for _, held in combination)) if combination else NO_FACTS
        key = const(text)
        consts[key] = common_facts(consts[key], facts) if key in consts else facts
    return made_of(parts, consts, whole)


def _told(part: Value, texts: list[tuple[str, Facts]]) -> list[tuple[str, Facts]]:
    """The texts that a part can be, with its fields in those holes of which nothing is known yet."""
    if not part.taints:
        return texts
    fields = frozenset(taint.field for taint in part.taints)
    return [
        (text if isinstance(text, Holed) else with_fields(text, (fields,) * text.count(HOLE)), facts)
        for text, facts in texts
    ]


def made_of(
    parts: Sequence[Value], consts: dict[Const, Facts] | None = None, whole: Sequence[Value] = ()
) -> Value:
    """A value computed from others: it carries what they carry."""
    known = {c: facts for c, facts in (consts or {}).items() if str(c.value) != HOLE}
    holes = any(isinstance(c.value, str) and HOLE in c.value for c in (consts or {})) or not consts
    unknown = holes and any(part.unknown for part in parts)
    opaque = not unknown and (holes or any(part.opaque for part in parts))
    return Value(combine(_salted(parts, whole or parts)), known or NO_CONSTS, {}, unknown, opaque)


def _salted(parts: Sequence[Value], whole: Sequence[Value]) -> Iterable[Taints]:
    """The taints of each part; a datum joined with something untold that is no part of its subject is salted."""
    tainted = [part for part in parts if part.taints]
    if not tainted:
        return ()
    secrets = [
        {_root(loc) for loc in thing.locs()}
        for part, thing in zip(parts, whole, strict=True)
        if not part.taints and (part.unknown or part.opaque or _is_setting(part))
    ]
    if not secrets:
        return [part.taints for part in tainted]

    def salted(taint: Taint) -> Taint:
        root = _root(taint.subject)
        return (
            taint if taint.salted or all(root in roots for roots in secrets) else replace(taint, salted=True)
        )

    return [frozenset(salted(taint) for taint in part.taints) for part in tainted]


def _is_setting(part: Value) -> bool:
    """Whether a value is a setting of Django that no settings module of the project gives."""
    return any(
        isinstance(ref, External) and ref.dotted.startswith("django.conf.settings.") for ref in part.refs
    )


def _root(loc: Loc | None) -> Loc | None:
    while loc is not None and loc.parent is not None and isinstance(loc.label, str):
        loc = loc.parent
    return loc


def formatted(value: Value, spec: Value) -> Value:
    """A value formatted with a spec; a precision (``.4``) keeps that many characters."""
    for text in spec.texts():
        match = re.fullmatch(r".*\.(\d+)s?", text)
        if match and int(match[1]) <= KEPT:
            return keep(value, int(match[1]), ("spec", text))
    return value


def of_call(taint: Taint) -> Taint:
    """A datum in the result of a library's call that passes it on, as a whole or in pieces."""
    whole = taint.slice is None and taint.kept is None
    return replace(taint, slice=PIECES) if whole else taint
