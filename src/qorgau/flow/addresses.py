"""Addresses that are put together: what is joined to one stays at its host."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import held_data, provenance, strings, texts
from qorgau.flow.constants import HOLE
from qorgau.flow.machine import Frame
from qorgau.flow.taints import merge_taints
from qorgau.flow.uses import Use
from qorgau.flow.values import Value, join_all, of_const

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
    found = [of_const(_at(one, text)) for one in bases for text in known if HOLE not in one]
    if len(found) != len(bases) * max(len(url.texts()), 1) or url.unknown:
        found.append(texts.concat([join_all(of_const(_root(one)) for one in bases), of_const("/" + HOLE)]))
    consts = join_all(found).consts
    return Value(made.taints, consts, made.refs, unknown=True)


def _root(address: str) -> str:
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def _at(base: str, url: str) -> str:
    """What an address relative to another stands for; dots in its path stay as they are."""
    if "://" in url:
        return url
    if url.startswith("//"):
        return f"{base.partition('://')[0]}:{url}"
    if url.startswith("/"):
        return _root(base) + url
    folder = base.rpartition("/")[0] if base.count("/") > 2 else base
    return f"{folder}/{url}"


def _built(m: Machine, f: Frame, u: Use) -> Value:
    """``URL.build(scheme=..., host=..., port=..., path=..., query=...)``"""
    given = u.args.keywords
    pieces = [given.get("scheme", of_const("https")), of_const("://"), given.get("host", of_const(HOLE))]
    if "port" in given:
        pieces += [of_const(":"), strings.text(m, f, given["port"], u.at)]
    path = [strings.text(m, f, given[name], u.at) for name in PATHS if name in given]
    held = [
        Value(held_data.contents(m, f, given[name], u.at), opaque=True) for name in QUERIES if name in given
    ]
    return texts.concat([*pieces, *path, *held])


PATHS = ("path",)
QUERIES = ("query", "query_string", "fragment", "user")
"""Arguments of an address whose data is in it, and which say nothing of its host."""

BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {"url-build": _built, "urljoin": _joined}
