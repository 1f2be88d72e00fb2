"""The order in which findings are reported."""

from __future__ import annotations

from collections.abc import Iterable

from qorgau.findings import Finding


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings by path, line, column and code (spec section 1); those alike in all four keep their order."""
    return tuple(
        sorted(findings, key=lambda finding: (finding.path, finding.line, finding.column, finding.code))
    )
