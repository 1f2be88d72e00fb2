"""Several projects in one run: each is checked by itself, whole projects at once where others can do it, and
there is one report of them all.
"""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from qorgau import __version__
from qorgau.cache import NOWHERE, of_program, pack, unpack
from qorgau.findings import Report
from qorgau.gathering import Gathered, Request
from qorgau.hands import ALONE, handed_out, workers
from qorgau.judging.ordering import in_order
from qorgau.pipeline import check, concluded, opened


def check_all(requests: Sequence[Request]) -> Report:
    """One report of projects that know nothing of each other. Raises what ``check`` raises for one of them."""
    if len(requests) == 1:
        return check(requests[0])
    reports = {number: case.report for number, case in enumerate(map(opened, requests))}
    missing = [number for number, report in reports.items() if report is None]
    reports.update(_elsewhere(requests, missing))
    return merged(reports[number] or check(request) for number, request in enumerate(requests))


def merged(reports: Iterable[Report]) -> Report:
    """The findings of all in the order of one report, and what else they say added up."""
    parts = list(reports)
    findings = (finding for part in parts for finding in part.findings)
    statistics: Counter[str] = Counter()
    for part in parts:
        statistics.update(part.statistics)
    return Report(
        version=__version__,
        files_scanned=sum(part.files_scanned for part in parts),
        findings=in_order(findings),
        errors=tuple(dict.fromkeys(error for part in parts for error in part.errors)),
        statistics=dict(statistics),
        doubts=tuple(dict.fromkeys(doubt for part in parts for doubt in part.doubts)),
    )


def analysed_elsewhere(identity: str, packed: bytes) -> bytes:
    """What a worker does: the report of what ``_packed`` made, encoded; nothing where it is another version."""
    if identity != of_program():
        return b""
    from qorgau.analysis import analyse

    request, given = pickle.loads(unpack(packed))
    return msgspec.msgpack.encode(analyse(request, given))


def _elsewhere(requests: Sequence[Request], missing: Sequence[int]) -> Iterator[tuple[int, Report]]:
    """The reports that others made; a single project is better divided by its files."""
    if len(missing) < 2 or not requests[0].hands.several:
        return
    hands, progress = requests[0].hands, requests[0].progress
    cases = {}

    def errands() -> Iterator[tuple[int, tuple[str, bytes]]]:
        for number in missing:
            # Read once more: what waits for its turn takes no room.
            case = opened(requests[number])
            cases[number] = msgspec.structs.replace(case, given=None)
            yield number, (of_program(), _packed(requests[number], case.given))

    with workers(hands) as executor:
        if executor is None:
            return
        for done, (number, answer) in enumerate(
            handed_out(analysed_elsewhere, errands(), executor, hands.jobs), 1
        ):
            if progress is not None:
                progress("projects", done, len(missing))
            if answer:
                yield number, concluded(cases[number], msgspec.msgpack.decode(answer, type=Report))


def _packed(request: Request, given: Gathered) -> bytes:
    """All that a worker needs, on whatever machine it is; the cache only where that is this one."""
    store = NOWHERE if request.hands.executor is not None else request.store
    sent = msgspec.structs.replace(request, store=store, hands=ALONE, progress=None)
    return pack(pickle.dumps((sent, given)))
