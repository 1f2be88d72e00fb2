"""Responses that send a browser to another address by their ``Location`` header (PD503)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qorgau.flow import sinks, transport
from qorgau.flow.arrivals import Destination
from qorgau.flow.constants import const
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.values import BOTTOM, External, Value, join_all, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

LOCATION = "location"
SPELLED = ("Location", "location", "LOCATION")
STATUS = frozenset(("status", "status_code", "code"))
STATUS_PARTS = ("status_code", "status", "@status", "@status_code", "@code")
STATUS_POSITIONS = {"starlette": "@1", "flask": "@1", "werkzeug": "@1", "django": "@2"}
OK = 200
NAMED = frozenset(("MOVED_PERMANENTLY", "FOUND", "SEE_OTHER", "TEMPORARY_REDIRECT", "PERMANENT_REDIRECT"))
"""Members of ``http.HTTPStatus`` that send a browser elsewhere."""

_KEPT = "$location:"
_CODE = re.compile(r"(?:HTTP_)?3\d\d(?:\D.*)?", re.DOTALL)


def made(m: Machine, f: Frame, loc: Loc, headers: Value, at: int) -> None:
    """A response is made with these headers."""
    for inner in headers.locs():
        held = f.state.obj(inner)
        given = [held.parts.get(const(name), BOTTOM) for name in SPELLED] if held is not None else []
        addressed(m, f, loc, join_all(given), at)


def addressed(m: Machine, f: Frame, loc: Loc, address: Value, at: int) -> None:
    """A response is given an address: it is requested where the status, now or later, is one of a redirect."""
    if address.is_bottom:
        return
    obj = m.obj(f, loc)
    if _redirects(obj):
        _requested(m, f, obj, address, at, f.unit.name)
    else:
        m.write(f, loc, obj.put(f"{_KEPT}{f.unit.name}:{at}", address), strong=True)


def status_set(m: Machine, f: Frame, obj: Obj, new: Value) -> None:
    """``response.status_code = 302``: the address that was given before is requested."""
    if not _is_redirect(new):
        return
    for key, address in obj.parts.items():
        if isinstance(key, str) and key.startswith(_KEPT):
            unit, _, at = key.removeprefix(_KEPT).rpartition(":")
            _requested(m, f, obj, address, int(at), unit)


def _requested(m: Machine, f: Frame, obj: Obj, address: Value, at: int, unit: str) -> None:
    taints = transport.in_url(m, f, [address], at)
    if taints:
        sinks.record(m, f, at, "transfer", obj.type, Destination(), taints, concern="url", unit=unit)


def _redirects(obj: Obj) -> bool:
    position = STATUS_POSITIONS.get(obj.type.partition(".")[0], "")
    told = (obj.parts[name] for name in (*STATUS_PARTS, position) if name in obj.parts)
    return _is_redirect(next(told, of_const(OK)))


def _is_redirect(status: Value) -> bool:
    """Whether a status can be one of a redirect: a number, ``"302 FOUND"``, or a constant of a library."""
    names = [ref.dotted.rpartition(".")[2] for ref in status.refs if isinstance(ref, External)]
    if any(_CODE.match(str(c.value)) for c in status.consts):
        return True
    return any(_CODE.match(name) or name in NAMED for name in names)
