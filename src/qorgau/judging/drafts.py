"""What was judged, before it is worded and placed: it names nodes, not lines, and so outlives other comments."""

from __future__ import annotations

import msgspec

from qorgau.findings import Confidence, Problem, Sink
from qorgau.knowledge.pages import Facts
from qorgau.parsing import Broken


class Spot(msgspec.Struct, frozen=True, array_like=True):
    """A step of a trace: a node of a file (by the path that is shown) and what happens there."""

    path: str
    at: int
    note: str


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A finding at a node of a file: ``facts`` fill its message, ``function`` is the qualified name around it."""

    code: str
    path: str
    at: int
    facts: Facts
    confidence: Confidence
    fields: tuple[str, ...]
    sink: Sink | None
    trace: tuple[Spot, ...]
    function: str
    group: str | None = None


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found in a program, whichever of its files are asked about.

    ``broken`` are the files (by the path that is shown) that are no Python, ``failures`` mistakes of the engine,
    ``doubts`` what the configuration lists that is nowhere in the program.
    """

    drafts: tuple[Draft, ...]
    broken: tuple[tuple[str, Broken], ...]
    failures: tuple[Problem, ...]
    statistics: dict[str, int]
    doubts: tuple[str, ...] = ()
