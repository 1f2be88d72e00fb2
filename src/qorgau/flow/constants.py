"""Constants that a value is known to be."""

from __future__ import annotations

from typing import NamedTuple

MAX_CONSTANTS = 12
"""More alternatives than this make a value an unknown constant."""

HOLE = "\0"
"""Stands for the unknown part of a partly known text, as in ``https://\\0.api.example.com``."""


class Const(NamedTuple):
    """A known constant; the type keeps ``1``, ``1.0`` and ``True`` apart."""

    type: str
    value: object


def const(value: object) -> Const:
    """The constant for a Python value."""
    return Const(type(value).__name__, value)
