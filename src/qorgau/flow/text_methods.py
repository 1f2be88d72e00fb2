"""The methods of ``str`` and ``bytes``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import masks, scalars, text_pieces
from qorgau.flow.constants import HOLE, Const, const
from qorgau.flow.facts import Facts
from qorgau.flow.heap import Obj
from qorgau.flow.taints import NO_TAINTS, Reversal
from qorgau.flow.text_templates import format_map, format_text
from qorgau.flow.texts import MAX_TEXT, concat, made_of
from qorgau.flow.values import NO_CONSTS, OPAQUE, Value, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine
    from qorgau.flow.machine import Args, Frame


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


def method(m: Machine, f: Frame, receiver: Value, name: str, args: Args, at: int) -> Value | None:
    """A method of a text; None when texts have no such method."""
    if name in CLEAN_METHODS:
        folded = _fold(receiver, name, args) or text_pieces.asked(receiver, name, args)
        return folded if folded is not None else OPAQUE
    if name in ADDRESSES and not args.all():
        return receiver.with_(refs={})
    if name not in PASS_METHODS:
        return None
    if name == "format":
        return format_text(m, f, receiver, args, at)
    if name == "format_map" and args.positional:
        return format_map(m, f, receiver, args.positional[0], at)
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
        if (told := text_pieces.split(m, receiver, name, args)) is not None:
            return m.sequence(f, at, "tuple", told, None)
        piece = receiver.with_(consts=NO_CONSTS, refs={}, opaque=True)
        return m.sequence(f, at, "tuple", [piece, args.get(0) or OPAQUE, piece], OPAQUE.with_(opaque=False))
    folded = _fold(receiver, name, args) or text_pieces.changed(receiver, name, args)
    if folded is not None:
        return folded
    others: list[Value] = []
    if name == "replace":
        receiver = _without(receiver, args.get(0, "old") or OPAQUE)
        others = [new for new in (args.get(1, "new"),) if new is not None]
    if name in ("encode", "decode"):
        kept = {const(c.value): held for c, held in receiver.consts.items()}
        return receiver.with_(consts=kept, refs={})
    return made_of([receiver.with_(refs={}), *others])


def _without(text: Value, replaced: Value) -> Value:
    """A text in which each occurrence of a datum has been replaced."""
    gone = {
        (taint.field, taint.subject)
        for taint in replaced.taints
        if taint.subject is not None and taint.kept is None and taint.slice is None and taint.calls == 0
    }
    if not gone:
        return text
    return text.map_taints(
        lambda taint: None if (taint.field, taint.subject) in gone and taint.reversal is None else taint
    )


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
    if (told := text_pieces.split(m, receiver, name, args)) is not None:
        return m.sequence(f, at, "list", told, None, "split")
    piece = receiver.with_(consts=NO_CONSTS, refs={}, opaque=True)
    return m.new(f, at, Obj("list", rest=piece), "split")
