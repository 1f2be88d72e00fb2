"""Addresses that are put together: what is joined to one stays at its host."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from qorgau.flow import provenance, texts
from qorgau.flow.machine import Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import HOLE, Value, join_all, merge_taints, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def _joined(m: Machine, f: Frame, u: Use) -> Value:
    """``urljoin(base, url)``: an address itself where ``url`` is one, else what it is at the host of ``base``."""
    base, url = u.arg(0, "base"), u.arg(1, "url")
    taints = merge_taints([*base.taints, *url.taints])
    made = m.unknown(f, u.at, taints, provenance.LINK)
    bases = [text for text in base.texts() if "://" in text and text.partition("://")[2].strip("/")]
    if not bases or len(bases) != len(base.texts()):
        return made
    known = [text for text in url.texts() if HOLE not in text]
    found = [of_const(urljoin(one, text)) for one in bases for text in known if HOLE not in one]
    if len(found) != len(bases) * max(len(url.texts()), 1) or url.unknown:
        at_host = [
            of_const(one.partition("://")[0] + "://" + one.partition("://")[2].partition("/")[0])
            for one in bases
        ]
        found.append(texts.concat([join_all(at_host), of_const("/" + HOLE)]))
    consts = join_all(found).consts
    return Value(made.taints, consts, made.refs, unknown=True)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {"urljoin": _joined}
