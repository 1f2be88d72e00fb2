"""Argument references of rows against the arguments of one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow.constants import const
from qorgau.flow.machine import Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, Value, join_all, of_const, of_ref
from qorgau.knowledge.references import Reference, parse_target

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

CONSTRUCTED = "@"
"""What a library's object was constructed with is kept under this and the argument's name."""


def arguments(m: Machine, f: Frame, use: Use, text: str, named: frozenset[str] = frozenset()) -> list[Value]:
    """The values that a reference means; none where the call does not give them.

    ``named`` are the keywords that the row mentions elsewhere, for ``**``.
    """
    reference = parse_target(text)
    found = _found(m, f, use, reference, named)
    whole = ".".join(reference.tail)
    if len(reference.tail) > 1 and any(_has_key(f, value, whole) for value in found):
        return [_step(m, f, use, value, whole) for value in found]
    for step in reference.tail:
        found = [_step(m, f, use, value, step) for value in found]
    return found


def _has_key(f: Frame, value: Value, name: str) -> bool:
    """Whether a dict has a key with dots (``bootstrap.servers``)."""
    return any((obj := f.state.obj(loc)) is not None and const(name) in obj.parts for loc in value.locs())


def _found(m: Machine, f: Frame, use: Use, reference: Reference, named: frozenset[str]) -> list[Value]:
    args = use.args
    if reference.receiver:
        return [use.receiver]
    if reference.keywords:
        given = [
            m.named(f, value, name, BOTTOM, args.ats.get(name, use.at), put=True)
            for name, value in args.keywords.items()
            if name not in named
        ]
        return [*given, *args.double]
    if reference.rest:
        start = reference.position or 0
        return [*args.positional[start:], *([] if args.star.is_bottom else [args.star])]
    position, keyword = reference.position, reference.keyword
    if position is not None and position < len(args.positional):
        return [args.positional[position]]
    if keyword is not None and keyword in args.keywords:
        given_at = args.ats.get(keyword, use.at)
        return [m.named(f, args.keywords[keyword], keyword, BOTTOM, given_at, put=True)]
    found: list[Value] = []
    if position is not None and not args.star.is_bottom:
        found.append(args.star)
    if keyword is not None:
        found += [m.item(f, double, of_const(keyword), use.at) for double in args.double]
    return [value for value in found if not value.is_bottom]


def _step(m: Machine, f: Frame, use: Use, value: Value, name: str) -> Value:
    """An attribute, a key, or what a library's object was constructed with."""
    parts: list[Value] = []
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is not None and obj.kind == "dict":
            parts.append(m.item(f, Value(refs={loc: frozenset()}), of_const(name), use.at))
        elif obj is not None and f"{CONSTRUCTED}{name}" in obj.parts:
            parts.append(obj.parts[f"{CONSTRUCTED}{name}"])
            if f.state.obj(loc.child(name)) is not None:
                parts.append(of_ref(loc.child(name)))
        elif obj is not None and obj.kind != "unknown":
            # What an attribute of a library's object was filled with in place stands beside it.
            child = loc.child(name)
            filled = of_ref(child) if f.state.obj(child) is not None else BOTTOM
            parts.append(obj.parts.get(name, filled))
        else:
            parts.append(m.attribute(f, Value(refs={loc: frozenset()}, unknown=True), name, use.at))
    return join_all(parts)


def one(m: Machine, f: Frame, use: Use, reference: Reference) -> str | None:
    """The constant text of an argument, None where it isn't one."""
    found = _found(m, f, use, reference, frozenset())
    constant = join_all(found).constant()
    return constant.value if constant is not None and isinstance(constant.value, str) else None
