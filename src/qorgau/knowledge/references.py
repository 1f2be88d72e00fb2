"""Argument references of library rows (``"0:url"``, ``"1.."``, ``"self"``), parsed once."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import msgspec

_REFERENCE = re.compile(
    r"(?:(?P<rest>\d+)\.\."
    r"|(?:(?P<position>\d+)(?::(?P<both>[A-Za-z_]\w*))?"
    r"|(?P<stars>\*\*?)"
    r"|(?P<name>[A-Za-z_]\w*))"
    r"(?P<tail>(?:\.[\w-]+)*))"
)
_HOLE = re.compile(r"\{([^{}]*)\}")


class BadReference(ValueError):
    """A text that is no argument reference."""


class Reference(msgspec.Struct, frozen=True):
    """Which part of a call a row speaks of.

    ``receiver`` is the object the method is called on, ``result`` what the call returns (only
    in ``to``). Else ``position`` (receiver not counted) and ``keyword`` are two ways to find one
    argument, either may be None. With ``rest`` it is every positional argument from ``position``
    on; ``keywords`` is every keyword argument not named in the row. ``tail`` are the attributes
    or keys to read from what was found.
    """

    position: int | None = None
    keyword: str | None = None
    rest: bool = False
    keywords: bool = False
    receiver: bool = False
    result: bool = False
    tail: tuple[str, ...] = ()


@cache
def parse_reference(text: str) -> Reference:
    """The reference a text stands for; ``BadReference`` with a sentence where it is none."""
    found = _REFERENCE.fullmatch(text)
    if found is None:
        raise BadReference(
            f"`{text}` is no argument reference: write a keyword, a position (`0`), both (`0:url`), "
            "`1..`, `*`, `**` or `self`, with an optional dotted tail"
        )
    if found["rest"] is not None:
        return Reference(position=int(found["rest"]), rest=True)
    tail = tuple(found["tail"].split(".")[1:])
    if found["stars"] == "*":
        return Reference(position=0, rest=True, tail=tail)
    if found["stars"] == "**":
        return Reference(keywords=True, tail=tail)
    if found["name"] == "self":
        return Reference(receiver=True, tail=tail)
    position = None if found["position"] is None else int(found["position"])
    return Reference(position=position, keyword=found["both"] or found["name"], tail=tail)


@cache
def parse_target(text: str) -> Reference:
    """As ``parse_reference``, for ``to``, where ``result`` is what the call returns."""
    return Reference(result=True) if text == "result" else parse_reference(text)


@cache
def type_arguments(type_name: str) -> tuple[Reference, ...]:
    """The references in a type such as ``boto3.client.{0:service_name}``, in order."""
    return tuple(parse_reference(text) for text in _HOLE.findall(type_name))


def filled_type(type_name: str, constant: Callable[[Reference], str | None]) -> str | None:
    """The type with each ``{reference}`` replaced by the constant it has; None when one is not known."""
    if "{" not in type_name:
        return type_name
    values = [constant(reference) for reference in type_arguments(type_name)]
    known = [value for value in values if value is not None]
    if len(known) != len(values):
        return None
    parts = iter(known)
    return _HOLE.sub(lambda _: next(parts), type_name)
