"""The whole story of a run: gather what is there, and tell what was found in it before or is found in it now.

The engine, and the parser with it, are imported only where something has to be found.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from qorgau.cache import Store, digest, of_program
from qorgau.findings import Report
from qorgau.gathering import Gathered, Request, gather

__all__ = ["Request", "check"]


def check(request: Request) -> Report:
    """Scan and report. Raises SourceError for a path that cannot be read, RuleFileError for broken rules."""
    given = gather(request)
    key = digest(_all_that_counts(request, given)) if request.store.keeps else ""
    report = _remembered(request.store, key)
    if report is None:
        from qorgau.analysis import analyse

        report = analyse(request, given)
        if key:
            request.store.put("reports", key, msgspec.msgpack.encode(report))
            request.store.tidy()
    return report


def _remembered(store: Store, key: str) -> Report | None:
    data = store.get("reports", key) if key else None
    try:
        return None if data is None else msgspec.msgpack.decode(data, type=Report)
    except msgspec.MsgspecError:
        return None


def _all_that_counts(request: Request, given: Gathered) -> Iterator[bytes]:
    """What the report depends on. Anything new that the analysis reads belongs in here."""
    encoder = msgspec.msgpack.Encoder(enc_hook=str, order="deterministic")
    yield of_program().encode()
    yield encoder.encode((request.settings, request.cwd, request.since, request.baseline))
    yield encoder.encode((given.root, given.files, given.problems, given.environment, given.extra))
    yield encoder.encode(given.settings_files)
    for text in given.texts.values():
        yield text.text.encode("utf-8", "surrogatepass")
        yield encoder.encode(text.cells)
