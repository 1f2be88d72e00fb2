"""Query strings of URLs: parsing one gives the keys back that it was made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import depersonalizers, json_texts
from qorgau.flow.constants import const
from qorgau.flow.heap import Key, Obj
from qorgau.flow.machine import Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import UNKNOWN, Value, join, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

PARSING = frozenset(("urllib.parse.parse_qs", "urllib.parse.parse_qsl"))


def _query(m: Machine, f: Frame, u: Use) -> Value:
    """``urlencode(fields)``"""
    row = m.policy.catalog.rows(u.dotted).depersonalizer
    text = depersonalizers.apply(m, f, u, row) if row is not None else UNKNOWN
    fields = m.exact_dict(f, u.arg(0, "query")) if text.taints else None
    if fields is None:
        return text
    # Texts of the values only: an address that held the objects themselves would carry them everywhere.
    texts: dict[Key, Value] = {const(key): _as_text(m, f, value) for key, value in fields.items()}
    given = m.new(f, u.at, Obj("dict", parts=texts, info="exact"), "fields")
    return join(text, Value(refs=json_texts.remembering(m, f, given, u.at)))


def _as_text(m: Machine, f: Frame, value: Value) -> Value:
    return Value(m.contents(f, value), consts=value.consts, opaque=bool(value.refs) or value.unknown)


def parsed_query(m: Machine, f: Frame, u: Use) -> Value | None:
    """``parse_qs(query)``: each key with the list of its values; ``parse_qsl`` gives pairs.

    None for other calls, and where nobody remembers what the query was made of.
    """
    given = json_texts.made_of(f, u.arg(0, "qs")) if u.dotted in PARSING else None
    exact = m.exact_dict(f, given) if given is not None else None
    if exact is None:
        return None
    if u.dotted.endswith("qsl"):
        pairs = [
            m.sequence(f, u.at, "tuple", [of_const(key), value], None, f"pair:{key}")
            for key, value in exact.items()
        ]
        return m.sequence(f, u.at, "list", pairs, None, "pairs")
    made = m.new(f, u.at, Obj("dict", info="exact"), "parsed")
    for key, value in exact.items():
        m.set_item(f, made, of_const(key), m.sequence(f, u.at, "list", [value], None, f"values:{key}"), u.at)
    return made


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {"query-made": _query}
