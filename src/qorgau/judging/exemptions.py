"""``[[exemptions]]``: where the law itself lifts a requirement (spec sections 2 and 7)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec
import pathspec

from qorgau.config import ExemptionSpec, Settings
from qorgau.findings import Finding, Suppression
from qorgau.judging.fingerprints import part_fingerprint
from qorgau.judging.ordering import in_order

Narrow = Callable[[Finding, tuple[str, ...]], Finding]
"""Tells a finding anew for some of its fields."""


def with_fields(finding: Finding, fields: tuple[str, ...]) -> Finding:
    """The finding for these fields, its message as it was."""
    return msgspec.structs.replace(finding, fields=fields)


def apply(
    findings: Iterable[Finding], settings: Settings, cwd: Path, narrow: Narrow = with_fields
) -> tuple[Finding, ...]:
    """The findings with those marked that an exemption covers, in order.

    An exemption that covers some fields of a finding leaves it with the others, under its own
    fingerprint, and adds a second, marked entry with those it covers. ``cwd`` is what the paths of
    findings are relative to; ``narrow`` writes the message of a part.
    """
    found = tuple(findings)
    if not settings.exemptions:
        return found
    places = _Places(settings, cwd)
    return in_order(entry for finding in found for entry in _split(finding, places, narrow))


class _Places:
    """The exemptions, and which files each is about."""

    def __init__(self, settings: Settings, cwd: Path) -> None:
        self._exemptions = [
            (exemption, pathspec.GitIgnoreSpec.from_lines(exemption.paths) if exemption.paths else None)
            for exemption in settings.exemptions
        ]
        self._root = str(settings.root or cwd)
        self._cwd = cwd
        self._relative: dict[str, str] = {}

    def for_finding(self, finding: Finding) -> Iterator[ExemptionSpec]:
        """Those that name its code and its file."""
        for exemption, files in self._exemptions:
            if finding.code.startswith(exemption.codes) and (
                files is None or files.match_file(self._below_root(finding.path))
            ):
                yield exemption

    def _below_root(self, path: str) -> str:
        if path not in self._relative:
            relative = os.path.relpath(self._cwd / path, self._root)
            self._relative[path] = relative.replace(os.sep, "/")
        return self._relative[path]


def _split(finding: Finding, places: _Places, narrow: Narrow) -> Iterator[Finding]:
    if finding.suppressed is not None:
        yield finding
        return
    left = finding
    exempted = []
    for exemption in places.for_finding(finding):
        covered = _covered(left.fields, exemption)
        if covered is None:
            continue
        if covered == left.fields:
            exempted.append(_marked(left, exemption))
            break
        rest = tuple(field for field in left.fields if field not in covered)
        part = msgspec.structs.replace(
            narrow(left, covered), fingerprint=part_fingerprint(finding.fingerprint, covered)
        )
        exempted.append(_marked(part, exemption))
        left = narrow(left, rest)
    else:
        yield left
    yield from exempted


def _covered(fields: tuple[str, ...], exemption: ExemptionSpec) -> tuple[str, ...] | None:
    """The fields that are lifted, in the order of the finding; None where it is not concerned."""
    if not exemption.fields:
        return fields
    return tuple(field for field in fields if field in exemption.fields) or None


def _marked(finding: Finding, exemption: ExemptionSpec) -> Finding:
    return msgspec.structs.replace(
        finding,
        suppressed=Suppression.EXEMPTION,
        justification=f"{exemption.basis}: {exemption.reason}",
    )
