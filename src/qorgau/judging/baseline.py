"""The baseline: findings that were there before, told by fingerprint, which do not count (spec section 7)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from qorgau.findings import Finding, Suppression

VERSION = 1
JUSTIFICATION = "in the baseline"


class Entry(msgspec.Struct, frozen=True, order=True):
    """One finding that was accepted; ``path`` and ``code`` are for people and for counting."""

    path: str
    code: str
    fingerprint: str


class Baseline(msgspec.Struct, frozen=True):
    """What a baseline file holds."""

    version: int
    findings: tuple[Entry, ...]


class BaselineError(Exception):
    """A baseline cannot be used; the text is one sentence that names the file."""


def read(path: Path, shown: str) -> Baseline:
    """The baseline in the file ``path``, called ``shown`` in messages. Raises BaselineError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise BaselineError(f"{shown}: there is no such baseline; --write-baseline makes one") from error
    except OSError as error:
        raise BaselineError(f"{shown}: cannot be read: {(error.strerror or str(error)).lower()}") from error
    try:
        baseline = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=Baseline)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BaselineError(f"{shown}: is not a baseline of qorgau: {error}") from error
    if baseline.version != VERSION:
        raise BaselineError(
            f"{shown}: is a baseline of version {baseline.version}, this program reads version {VERSION}; "
            "write it anew with --write-baseline"
        )
    return baseline


def of(findings: Iterable[Finding]) -> Baseline:
    """A baseline of the findings that count, and of those that only a baseline holds back."""
    kept = {
        Entry(finding.path, finding.code, finding.fingerprint)
        for finding in findings
        if finding.suppressed in (None, Suppression.BASELINE)
    }
    return Baseline(VERSION, tuple(sorted(kept)))


def dump(baseline: Baseline) -> str:
    """The text of the file: an entry a line, sorted, so that versions compare and merge line by line."""
    lines = ",\n".join(
        "    "
        + json.dumps(
            {"path": entry.path, "code": entry.code, "fingerprint": entry.fingerprint}, ensure_ascii=False
        )
        for entry in sorted(baseline.findings)
    )
    inner = f"\n{lines}\n  " if lines else ""
    return f'{{\n  "version": {baseline.version},\n  "findings": [{inner}]\n}}\n'


def mark(findings: Iterable[Finding], baseline: Baseline) -> tuple[Finding, ...]:
    """The findings with those marked that are in the baseline and not suppressed otherwise."""
    known = {entry.fingerprint for entry in baseline.findings}
    return tuple(
        msgspec.structs.replace(finding, suppressed=Suppression.BASELINE, justification=JUSTIFICATION)
        if finding.suppressed is None and finding.fingerprint in known
        else finding
        for finding in findings
    )


def stale(
    baseline: Baseline, findings: Iterable[Finding], covers: Callable[[Entry], bool]
) -> tuple[Entry, ...]:
    """The entries that no finding answers to any more, of those that the run ``covers``."""
    there = {finding.fingerprint for finding in findings}
    return tuple(entry for entry in baseline.findings if entry.fingerprint not in there and covers(entry))
