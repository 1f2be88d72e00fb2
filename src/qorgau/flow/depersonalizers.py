"""Library calls that transform data, and whether that can be undone (spec section 5, paragraph 21)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import consent, held_data
from qorgau.flow.heap import DATA, Key, Obj
from qorgau.flow.machine import Frame
from qorgau.flow.references import arguments
from qorgau.flow.taints import Reversal, Taint, merge_taints
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, Value, join, join_all
from qorgau.knowledge.rows import Depersonalizer

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

SALTED = "$salted"
"""The part of a hash object that says it was fed a secret that is not written in the source."""


def apply(m: Machine, f: Frame, use: Use, row: Depersonalizer) -> Value:
    """What a depersonalizer or an encoder makes of the data it is given."""
    values = [value for text in row.data for value in arguments(m, f, use, text)]
    taints = [taint for value in values for taint in held_data.contents(m, f, value, use.at)]
    salted = row.effect == "hash" and (_is_keyed(m, f, use, row) or _is_salted(m, f, use, values))
    changed = merge_taints(
        _transformed(m, f, use, row, taint, salted) for taint in taints if _stays(m, row, taint, salted)
    )
    result = BOTTOM
    for target in row.to:
        if target == "result":
            result = join(result, _made(m, f, use, row, changed, salted))
        else:
            for value in arguments(m, f, use, target):
                _feed(m, f, value, changed, salted)
    return OPAQUE if result.is_bottom else result


def _stays(m: Machine, row: Depersonalizer, taint: Taint, salted: bool) -> bool:
    if row.effect == "reversible":
        return True
    return row.effect == "hash" and not salted and not taint.salted and m.policy.is_enumerable(taint.field)


def _transformed(m: Machine, f: Frame, use: Use, row: Depersonalizer, taint: Taint, salted: bool) -> Taint:
    call = use.dotted
    why = row.why or (
        "so few values exist that all can be tried" if row.effect == "hash" else "it can be undone"
    )
    reversal = Reversal(call, why, row.instead or "a keyed hash")
    return consent.reversed_by(f, use.at, taint, reversal)


def _made(
    m: Machine, f: Frame, use: Use, row: Depersonalizer, taints: frozenset[Taint], salted: bool
) -> Value:
    if not row.type:
        return Value(taints, opaque=True)
    parts: dict[Key, Value] = {
        DATA: Value(taints, opaque=True),
        SALTED: Value(opaque=salted, unknown=not salted),
    }
    return m.new(f, use.at, Obj("library", type=row.type, parts=parts), "hash")


def _feed(m: Machine, f: Frame, target: Value, taints: frozenset[Taint], salted: bool) -> None:
    for loc in target.locs():
        obj = m.obj(f, loc)
        if salted:
            obj = obj.put(SALTED, OPAQUE).put(DATA, BOTTOM)
        elif obj.parts.get(SALTED) != OPAQUE:
            obj = obj.put(DATA, join(obj.parts.get(DATA, BOTTOM), Value(taints, opaque=True)))
        m.write(f, loc, obj, strong=True)


def _is_keyed(m: Machine, f: Frame, use: Use, row: Depersonalizer) -> bool:
    if not row.key:
        return False
    given = arguments(m, f, use, row.key)
    return bool(given) and is_secret(join_all(given))


def _is_salted(m: Machine, f: Frame, use: Use, values: list[Value]) -> bool:
    """Whether the datum was joined with a secret before, or the object was fed one."""
    for loc in use.receiver.locs():
        obj = f.state.obj(loc)
        if obj is not None and obj.parts.get(SALTED) == OPAQUE:
            return True
    return any(
        not value.taints and is_secret(value) and not held_data.contents(m, f, value, use.at)
        for value in values
    )


def is_secret(value: Value) -> bool:
    """Whether a value can be a secret: it is not written in the source."""
    if value.is_bottom:
        return False
    return value.unknown or value.opaque or bool(value.refs)


CODECS = frozenset(
    (
        "rot13",
        "rot_13",
        "hex",
        "hex_codec",
        "base64",
        "base64_codec",
        "zlib",
        "zlib_codec",
        "zip",
        "bz2",
        "bz2_codec",
        "uu",
        "uu_codec",
        "quopri",
        "quopri_codec",
    )
)
"""Names of codecs that are no character encodings."""


def _codec(m: Machine, f: Frame, u: Use) -> Value:
    """``codecs.encode(text, "rot13")`` can be undone; a character encoding is no transformation at all."""
    value = u.arg(0, "obj")
    taints = held_data.contents(m, f, value, u.at)
    if not any(name.lower().replace("-", "_") in CODECS for name in u.arg(1, "encoding").texts()):
        return Value(taints, opaque=True)
    reversal = Reversal(u.dotted, "it can be decoded", "a keyed hash")
    return Value(merge_taints(consent.reversed_by(f, u.at, taint, reversal) for taint in taints), opaque=True)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {"codec": _codec}
