"""Templates whose text is known: what is rendered carries what the text names, not all it could name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from qorgau.flow import held_data
from qorgau.flow.heap import DATA
from qorgau.flow.machine import Frame
from qorgau.flow.taints import NO_TAINTS, Taint, merge_taints
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, Value, join, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

MARKED = re.compile(r"\{\{(.*?)\}\}|\{%-?\s*for\s+(\w+)\s+in\s+([\w.]+)", re.DOTALL)
PATH = re.compile(r"(?<![\w.\"'])([A-Za-z_]\w*)((?:\.\w+|\[['\"]\w+['\"]\])*)")
MAX_PATHS = 100
"""Names of one template that are looked up."""


def _render(m: Machine, f: Frame, u: Use) -> Value:
    """``Template("{{ client.phone }}").render(client=client)``"""
    told = [m.obj(f, loc).parts.get(DATA, BOTTOM) for loc in u.receiver.locs()]
    texts = [text for value in told for text in value.texts()]
    context = _context(m, f, u)
    found: list[Taint] = [taint for value in told for taint in value.taints]
    if texts and not any(value.unknown for value in told):
        values = [value for text in texts for value in _named(m, f, u, text, context)]
    else:
        values = [*u.args.all()]
    note = "through render()"
    for value in values:
        found += [taint.stepped(f.unit, u.at, note) for taint in held_data.contents(m, f, value, u.at)]
    return Value(merge_taints(found) if found else NO_TAINTS, opaque=True)


def _context(m: Machine, f: Frame, u: Use) -> dict[str, Value]:
    context = {
        name: m.named(f, value, name, BOTTOM, u.args.ats.get(name, u.at), key=True, put=True)
        for name, value in u.args.keywords.items()
    }
    for value in (*u.args.positional, *u.args.double):
        context.update(m.exact_dict(f, value) or {})
    return context


def _named(m: Machine, f: Frame, u: Use, text: str, context: dict[str, Value]) -> Iterator[Value]:
    """What the text shows of its context; loops over its parts included."""
    known = dict(context)
    dicts = [value for value in (*u.args.positional, *u.args.double) if value.refs]
    for shown, variable, collection in list(MARKED.findall(text))[:MAX_PATHS]:
        if variable:
            head = PATH.match(collection)
            if head is not None:
                known[variable] = m.iterate(f, _read(m, f, u, head, known, dicts), u.at).each
        for path in PATH.finditer(shown.partition("|")[0]):
            yield _read(m, f, u, path, known, dicts)


def _read(
    m: Machine, f: Frame, u: Use, path: re.Match[str], known: dict[str, Value], dicts: list[Value]
) -> Value:
    name, rest = path.groups()
    value = known.get(name, BOTTOM)
    if value.is_bottom:
        for mapping in dicts:
            value = join(value, m.item(f, mapping, of_const(name), u.at))
    for step in re.findall(r"\w+", rest):
        value = _part(m, f, value, step, u.at)
    return value


def _part(m: Machine, f: Frame, value: Value, name: str, at: int) -> Value:
    """An attribute or a key, as templates read both."""
    if any((obj := f.state.obj(loc)) is not None and obj.kind in ("dict", "row") for loc in value.locs()):
        return m.item(f, value, of_const(name), at)
    return m.attribute(f, value, name, at)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {"render-template": _render}
