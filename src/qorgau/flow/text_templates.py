"""Templates of texts: ``%`` and ``format``."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, NamedTuple

from qorgau.flow.constants import Const
from qorgau.flow.texts import concat, formatted, made_of
from qorgau.flow.values import Value, join_all, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine
    from qorgau.flow.machine import Args, Frame


_KEYED = re.compile(r"%\((\w+)\)")
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


def names_in(template: str) -> list[str]:
    """The names that ``%(name)s`` in a text ask for."""
    return _KEYED.findall(template)


def _percent_keys(m: Machine, f: Frame, template: Value, value: Value, at: int) -> Value:
    if template.constant() is None:
        return made_of([template, Value(m.contents(f, value))])
    keys = names_in(str(next(iter(template.consts)).value))
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


def format_map(m: Machine, f: Frame, template: Value, mapping: Value, at: int) -> Value:
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
