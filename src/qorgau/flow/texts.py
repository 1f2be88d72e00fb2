"""Texts: concatenation, formatting and the methods of ``str`` and ``bytes``.

Constants are folded, with holes for what is unknown; personal data passes through, and
constant slices are remembered by how many characters they keep (spec section 5: at most
four characters together are depersonalized).
"""

from __future__ import annotations

import itertools
import re
import string
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from qorgau.flow import scalars
from qorgau.flow.constants import HOLE, Const, const
from qorgau.flow.facts import NO_FACTS, Facts, common_facts
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.taints import NO_TAINTS, Reversal, Taint, Taints, merge_taints
from qorgau.flow.values import NO_CONSTS, OPAQUE, External, Value, join_all, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine
    from qorgau.flow.machine import Args, Frame

KEPT = 4
"""Characters that constant slices may keep of a datum and still leave it depersonalized."""

PIECES = ("pieces",)
"""Marks a datum in what a library's call gave: it need not be a text, so that its items are no characters."""

MAX_TEXT = 4000
MAX_COMBINATIONS = 16

CLEAN_METHODS = frozenset(
    [
        "startswith",
        "endswith",
        "find",
        "rfind",
        "index",
        "rindex",
        "count",
        "isdigit",
        "isalpha",
        "isalnum",
        "isnumeric",
        "isdecimal",
        "isspace",
        "islower",
        "isupper",
        "istitle",
        "isidentifier",
        "isprintable",
        "isascii",
        "bit_length",
        "bit_count",
        "is_integer",
        "__len__",
        "__contains__",
        "__eq__",
        "maketrans",
    ]
)
_CHANGING = frozenset(
    [
        "lower",
        "upper",
        "title",
        "capitalize",
        "casefold",
        "swapcase",
        "strip",
        "lstrip",
        "rstrip",
        "removeprefix",
        "removesuffix",
        "replace",
        "zfill",
    ]
)
ADDRESSES = frozenset(("geturl", "human_repr", "unicode_string"))
"""Methods of addresses, which are no more than their text here, that give this text."""

PASS_METHODS = _CHANGING | {
    "center",
    "ljust",
    "rjust",
    "expandtabs",
    "encode",
    "decode",
    "hex",
    "format",
    "format_map",
    "join",
    "split",
    "rsplit",
    "splitlines",
    "partition",
    "rpartition",
    "translate",
    "tobytes",
    "isoformat",
    "strftime",
}
FOLDED_METHODS = _CHANGING | {"startswith", "endswith", "find", "count", "isdigit", "isalpha"}
UNDONE = {
    "translate": "a translation table can be applied backwards",
    "hex": "the bytes are read back from their digits",
}
"""Methods that change a text so that it can be changed back, and why."""

SPLITS = frozenset(["split", "rsplit", "splitlines"])


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
    found = [(str(c.value), facts) for c, facts in value.consts.items() if c.type != "bytes"]
    found += [
        (c.value.decode("utf-8", "replace"), facts)
        for c, facts in value.consts.items()
        if isinstance(c.value, bytes)
    ]
    uncertain = value.unknown or bool(value.refs) or bool(value.taints)
    if uncertain or value.opaque:
        # Nobody means the word "None" to be in a text.
        found = [(text, facts) for text, facts in found if text != "None" or const(None) not in value.consts]
    if uncertain or not found:
        found.append((HOLE, NO_FACTS))
    return found


def concat(parts: Sequence[Value], whole: Sequence[Value] = ()) -> Value:
    """The text made of parts in order; ``whole`` are the things whose texts they are, where that is known."""
    choices = [alternatives(part) for part in parts]
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > MAX_COMBINATIONS:
        choices = [choice if len(choice) == 1 else [(HOLE, NO_FACTS)] for choice in choices]
    consts: dict[Const, Facts] = {}
    for combination in itertools.product(*choices):
        text = re.sub(f"{HOLE}+", HOLE, "".join(piece for piece, _ in combination))[:MAX_TEXT]
        facts = frozenset().union(*(held for _, held in combination)) if combination else NO_FACTS
        key = const(text)
        consts[key] = common_facts(consts[key], facts) if key in consts else facts
    return made_of(parts, consts, whole)


def made_of(
    parts: Sequence[Value], consts: dict[Const, Facts] | None = None, whole: Sequence[Value] = ()
) -> Value:
    """A value computed from others: it carries what they carry."""
    known = {c: facts for c, facts in (consts or {}).items() if c.value != HOLE}
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


def keep(value: Value, count: int, piece: object) -> Value:
    """What a constant slice of ``count`` characters leaves of a text."""

    def cut(taint: Taint) -> Taint:
        if taint.kept is not None or count > KEPT or taint.reversal is not None:
            return taint
        return replace(taint, kept=count, slice=piece)

    return value.map_taints(cut)


def lumped(value: Value, buckets: int) -> Value:
    """What is left of a number modulo ``buckets``: as much as of its last digits, and no way back from a hash."""
    count = len(str(buckets - 1))

    def cut(taint: Taint) -> Taint | None:
        if count > KEPT:
            return taint
        return None if taint.reversal is not None else replace(taint, kept=count, slice=("modulo", buckets))

    left = value.map_taints(cut)
    return Value(left.taints, unknown=value.unknown, opaque=True)


def slice_text(value: Value, bounds: Sequence[int | None], known: bool) -> Value:
    """A slice of a text. ``known``: the bounds are constants (None: left out)."""
    consts: dict[Const, Facts] = {}
    if known:
        for c, facts in value.consts.items():
            if isinstance(c.value, str | bytes) and HOLE not in str(c.value) and bounds[2] != 0:
                consts[const(c.value[slice(*bounds)])] = facts
    result = Value(value.taints, consts, {}, value.unknown, value.opaque or not consts)
    lower, upper, step = bounds
    if not known or step is not None:
        return result
    count: int | None = None
    if upper is not None and (lower is None or lower == 0) and upper >= 0:
        count = upper
    elif lower is not None and lower < 0 and upper is None:
        count = -lower
    elif lower is not None and upper is not None and (lower < 0) == (upper < 0):
        count = max(upper - lower, 0)
    return result if count is None else keep(result, count, (lower, upper))


_KEYED = re.compile(r"%\(\w+\)")
_PERCENT = re.compile(r"%%|%[-+ #0]*\d*(?P<cut>\.\d+)?(?P<code>[a-zA-Z])")


class Code(NamedTuple):
    """A ``%s`` in a template: its letter, its precision as a spec of ``format`` (``.4``), and where it stands."""

    letter: str
    spec: str
    start: int
    end: int


def codes(template: str) -> list[Code]:
    """The ``%s`` and the like in a template, in order."""
    found = [match for match in _PERCENT.finditer(template) if match["code"]]
    return [
        Code(match["code"], (match["cut"] or "") if match["code"] in "sra" else "", *match.span())
        for match in found
    ]


def percent(m: Machine, f: Frame, template: Value, value: Value, at: int) -> Value:
    """``template % value`` for texts."""
    known = template.constant()
    if known is not None and _KEYED.search(str(known.value)):
        return _percent_keys(m, f, template, value, at)
    parts = [value]
    exact: list[Value] | None = None
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is not None and obj.kind == "tuple" and obj.length is not None and len(value.refs) == 1:
            exact = [obj.parts[Const("int", index)] for index in range(obj.length)]
            parts = exact
        elif obj is not None and obj.kind == "dict":
            return _percent_keys(m, f, template, value, at)
    if exact is None and len(value.refs) <= 1:
        exact = [value]
    whole = [template, *parts]
    known_text = template.texts()[0] if len(template.texts()) == 1 and known is not None else ""
    places = codes(known_text)
    if exact is None or len(places) != len(parts):
        return made_of([template, *(m.text(f, part, at) for part in parts)], None, whole)
    start = 0
    mixed, whole = list[Value](), list[Value]()
    for part, place in zip(parts, places, strict=True):
        shown = m.text(f, part, at, representation=place.letter == "r")
        mixed += [_literal(known_text[start : place.start]), formatted(shown, of_const(place.spec))]
        whole += [mixed[-2], part]
        start = place.end
    end = _literal(known_text[start:])
    return concat([*mixed, end], [*whole, end])


def _literal(text: str) -> Value:
    return of_const(text.replace("%%", "%"))


def _percent_keys(m: Machine, f: Frame, template: Value, value: Value, at: int) -> Value:
    if template.constant() is None:
        return made_of([template, Value(m.contents(f, value))])
    keys = re.findall(r"%\((\w+)\)", str(next(iter(template.consts)).value))
    return made_of([template, *(m.text(f, m.item(f, value, of_const(key), at), at) for key in keys)])


def format_text(m: Machine, f: Frame, template: Value, args: Args, at: int) -> Value:
    """``template.format(...)``: only the arguments that the template names, if it is known."""
    known = template.constant()
    if known is None or not isinstance(known.value, str) or not args.star.is_bottom:
        return made_of([template, *(m.text(f, part, at) for part in args.all())])
    parts: list[Value] = []
    whole: list[Value] = []
    automatic = 0
    try:
        fields = list(string.Formatter().parse(known.value))
    except ValueError:
        return made_of([template, *(m.text(f, part, at) for part in args.all())])
    for literal, name, spec, conversion in fields:
        parts.append(of_const(literal))
        whole.append(parts[-1])
        if name is None:
            continue
        head, *path = re.split(r"[.\[]", name.replace("]", ""))
        if head == "":
            head, automatic = str(automatic), automatic + 1
        value = args.get(int(head)) if head.isdigit() else args.keywords.get(head)
        if value is None and args.double and not head.isdigit():
            value = join_all([m.item(f, double, of_const(head), at) for double in args.double])
        if value is None:
            return made_of([template, *(m.text(f, part, at) for part in args.all())])
        separators = re.findall(r"[.\[]", name)
        for separator, step in zip(separators, path, strict=False):
            value = (
                m.attribute(f, value, step, at)
                if separator == "."
                else m.item(f, value, of_const(int(step) if step.isdigit() else step), at)
            )
        parts.append(m.formatted(f, value, of_const(spec or ""), at, conversion=conversion or ""))
        whole.append(value)
    return concat(parts, whole)


def method(m: Machine, f: Frame, receiver: Value, name: str, args: Args, at: int) -> Value | None:
    """A method of a text; None when texts have no such method."""
    if name in CLEAN_METHODS:
        folded = _fold(receiver, name, args)
        return folded if folded is not None else OPAQUE
    if name in ADDRESSES and not args.all():
        return receiver.with_(refs={})
    if name not in PASS_METHODS:
        return None
    if name == "format":
        return format_text(m, f, receiver, args, at)
    if name == "format_map" and args.positional:
        return _format_map(m, f, receiver, args.positional[0], at)
    if name == "join" and args.positional:
        iteration = m.iterate(f, args.positional[0], at)
        if iteration.items is not None:
            parts: list[Value] = []
            for index, item in enumerate(iteration.items):
                parts += [receiver, scalars.plain(m, f, item)] if index else [scalars.plain(m, f, item)]
            return concat(parts) if parts else of_const("")
        return made_of([receiver, scalars.plain(m, f, iteration.each)])
    if name in UNDONE:
        why, instead = UNDONE[name], "a keyed hash"
        if name == "translate" and receiver.taints:
            from qorgau.flow import masks

            receiver = masks.translated(m, f, receiver, args.get(0) or OPAQUE)
        return receiver.map_taints(
            lambda taint: replace(taint, reversal=taint.reversal or Reversal(f"str.{name}", why, instead))
        ).with_(consts=NO_CONSTS, refs={}, opaque=True)
    if name in SPLITS:
        return _split(m, f, receiver, name, args, at)
    if name in ("partition", "rpartition"):
        pieces = _pieces(receiver, name, args)
        if pieces is not None:
            return m.sequence(f, at, "tuple", [of_const(piece) for piece in pieces], None)
        piece = receiver.with_(consts=NO_CONSTS, refs={}, opaque=True)
        return m.sequence(f, at, "tuple", [piece, args.get(0) or OPAQUE, piece], OPAQUE.with_(opaque=False))
    folded = _fold(receiver, name, args)
    if folded is not None:
        return folded
    others = [new for new in (args.get(1, "new"),) if new is not None] if name == "replace" else []
    if name in ("encode", "decode"):
        kept = {const(c.value): held for c, held in receiver.consts.items()}
        return receiver.with_(consts=kept, refs={})
    return made_of([receiver.with_(refs={}), *others])


def _fold(receiver: Value, name: str, args: Args) -> Value | None:
    """The constant result of a pure method on constants."""
    if name not in FOLDED_METHODS or receiver.taints or not receiver.consts or args.keywords:
        return None
    given = [value.constant() for value in args.positional]
    if any(value is None for value in given) or args.double or not args.star.is_bottom:
        return None
    results: dict[Const, Facts] = {}
    for constant, facts in receiver.consts.items():
        if not isinstance(constant.value, str):
            return None
        if HOLE in constant.value and name not in ("lower", "upper", "strip", "rstrip", "lstrip", "replace"):
            return None
        try:
            result = getattr(constant.value, name)(*(value.value for value in given if value is not None))
        except (TypeError, ValueError):
            return None
        if isinstance(result, str) and len(result) > MAX_TEXT:
            return None
        results[const(result)] = facts
    if len(results) == 1 and not (receiver.unknown or receiver.opaque):
        return of_const(next(iter(results)).value)
    return Value(NO_TAINTS, results, {}, receiver.unknown, receiver.opaque)


def _pieces(receiver: Value, name: str, args: Args) -> Sequence[object] | None:
    """What a split of a known text gives."""
    constant = receiver.constant()
    given = [value.constant() for value in args.positional]
    if constant is None or not isinstance(constant.value, str) or HOLE in constant.value:
        return None
    if any(one is None for one in given):
        return None
    try:
        pieces: Sequence[object] = getattr(constant.value, name)(*(one.value for one in given if one))
    except (TypeError, ValueError):
        return None
    return pieces


def _split(m: Machine, f: Frame, receiver: Value, name: str, args: Args, at: int) -> Value:
    pieces = _pieces(receiver, name, args)
    if pieces is not None:
        return m.sequence(f, at, "list", [of_const(piece) for piece in pieces], None)
    piece = receiver.with_(consts=NO_CONSTS, refs={}, opaque=True)
    return m.new(f, at, Obj("list", rest=piece), "split")


def _format_map(m: Machine, f: Frame, template: Value, mapping: Value, at: int) -> Value:
    known = template.constant()
    if known is None or not isinstance(known.value, str):
        return made_of([template, Value(m.contents(f, mapping))])
    parts: list[Value] = []
    try:
        fields = list(string.Formatter().parse(known.value))
    except ValueError:
        return made_of([template, Value(m.contents(f, mapping))])
    for literal, name, _spec, _conversion in fields:
        parts.append(of_const(literal))
        if name:
            head = re.split(r"[.\[]", name)[0]
            parts.append(m.text(f, m.item(f, mapping, of_const(head), at), at))
    return concat(parts)
