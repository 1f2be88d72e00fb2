"""The whole story of a run: gather what is there, and tell what was found in it before or is found in it now.

The engine, and the parser with it, are imported only where something has to be found.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import msgspec

from qorgau.cache import digest, of_program, recalled
from qorgau.findings import Report
from qorgau.gathering import Gathered, Request, gather

__all__ = ["Case", "Request", "check", "concluded", "opened"]


class Case(msgspec.Struct, frozen=True):
    """A project that was read; ``key`` names all that its report depends on, ``report`` is there if it is known."""

    request: Request
    given: Gathered
    key: str
    report: Report | None


def check(request: Request) -> Report:
    """Scan and report. Raises SourceError for a path that cannot be read, RuleFileError for broken rules."""
    case = opened(request)
    if case.report is not None:
        return case.report
    from qorgau.analysis import analyse

    return concluded(case, analyse(request, case.given))


def opened(request: Request) -> Case:
    """Read a project, and look whether it was judged before. Raises SourceError, RuleFileError."""
    given = gather(request)
    key = digest(_all_that_counts(request, given)) if request.store.keeps else ""
    return Case(request, given, key, recalled(request.store, "reports", key, Report))


def concluded(case: Case, report: Report) -> Report:
    """The report, kept for the next run."""
    if case.key:
        case.request.store.put("reports", case.key, msgspec.msgpack.encode(report))
        case.request.store.tidy()
    return report


def _all_that_counts(request: Request, given: Gathered) -> Iterator[bytes]:
    """What the report depends on. Anything new that the analysis reads belongs in here."""
    encoder = msgspec.msgpack.Encoder(enc_hook=os.fsencode, order="deterministic")
    yield of_program().encode()
    yield encoder.encode((request.settings, request.cwd, request.since, request.baseline))
    yield encoder.encode((given.root, given.files, given.undecoded, given.problems))
    yield encoder.encode((given.environment, given.extra, given.settings_files))
    for text in given.texts.values():
        yield text.text.encode("utf-8", "surrogatepass")
        yield encoder.encode(text.cells)
