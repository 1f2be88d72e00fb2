"""What is said on stderr when the scan is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from qorgau.findings import Finding, Report, Severity


def summary(report: Report) -> str:
    """One sentence: what was found, in how many files, and what did not count."""
    counting = report.counting
    where = f"in {_counted(report.files_scanned, 'file')}"
    held = Counter(finding.suppressed for finding in report.findings if finding.suppressed is not None)
    tail = ""
    if held:
        ways = ", ".join(f"{held[why]} by {why.value}" for why in sorted(held, key=lambda why: why.value))
        tail = f"; {held.total()} suppressed ({ways})"
    if not counting:
        return f"Nothing to report {where}{tail}."
    return f"Found {_counted(len(counting), 'finding')} {_weights(counting)} {where}{tail}."


def statistics(report: Report) -> Iterator[str]:
    """Lines: how often each code was found, most often first, then what the run counted."""
    found = Counter((finding.code, finding.name) for finding in report.counting)
    width = max((len(str(number)) for number in found.values()), default=1)
    for (code, name), number in sorted(found.items(), key=lambda item: (-item[1], item[0])):
        yield f"{number:>{width}}  {code}  {name}"
    for name, number in sorted(report.statistics.items()):
        yield f"{name}: {number}"


def _weights(findings: tuple[Finding, ...]) -> str:
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    parts = [
        _counted(number, noun) for number, noun in ((errors, "error"), (len(findings) - errors, "warning"))
    ]
    return f"({', '.join(parts)})"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
