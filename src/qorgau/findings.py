"""What the program says: findings, their steps and the report as plain frozen values.

Nothing here knows how a finding was made or how it will be shown.
"""

from __future__ import annotations

import enum

import msgspec


class Severity(str, enum.Enum):
    """How a finding weighs (spec section 4)."""

    ERROR = "error"
    WARNING = "warning"


class Confidence(str, enum.Enum):
    """How sure the analyser is that personal data is involved (spec section 3)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for low, 1 for medium, 2 for high."""
        return ("low", "medium", "high").index(self.value)


class Suppression(str, enum.Enum):
    """Why a finding does not count for the exit status (spec section 7)."""

    COMMENT = "comment"
    BASELINE = "baseline"
    EXEMPTION = "exemption"


class Step(msgspec.Struct, frozen=True):
    """One step of a trace. Lines and columns start at 1."""

    path: str
    line: int
    column: int
    note: str


class Sink(msgspec.Struct, frozen=True):
    """Where the data arrived. ``kind`` is ``storage``, ``transfer``, ``export`` or ``log``.

    ``destination`` is what is known of the place (host, bucket, path, vendor) and
    ``country`` an ISO 3166 alpha-2 code; both None where unknown.
    """

    kind: str
    call: str
    destination: str | None
    country: str | None


class Finding(msgspec.Struct, frozen=True):
    """One finding, in the order of the JSON output (spec section 8).

    ``suppressed`` and ``justification`` say why it does not count, if it doesn't.
    ``help`` is what to do about it, in one sentence; ``group`` joins findings that
    one line of configuration would settle (PD102) and is None otherwise.
    """

    code: str
    name: str
    severity: Severity
    confidence: Confidence
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    message: str
    fields: tuple[str, ...]
    regulation: str
    paragraphs: tuple[str, ...]
    sink: Sink | None
    trace: tuple[Step, ...]
    fingerprint: str
    suppressed: Suppression | None = None
    justification: str | None = None
    help: str = ""
    group: str | None = None


class Problem(msgspec.Struct, frozen=True):
    """Something that kept a file or a folder from being scanned (the JSON's ``errors``)."""

    path: str
    message: str
    line: int | None = None
    column: int | None = None


class Report(msgspec.Struct, frozen=True):
    """The outcome of one run: findings in order of path, line, column and code.

    ``doubts`` are what to warn of: names of the configuration that nothing in the program has.
    """

    version: str
    files_scanned: int
    findings: tuple[Finding, ...]
    errors: tuple[Problem, ...]
    statistics: dict[str, int] = {}
    doubts: tuple[str, ...] = ()

    @property
    def counting(self) -> tuple[Finding, ...]:
        """The findings that are neither suppressed nor exempted."""
        return tuple(finding for finding in self.findings if finding.suppressed is None)
