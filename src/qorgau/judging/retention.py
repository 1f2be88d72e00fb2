"""PD605: stored fields without a term of storage (paragraph 15 of the Rules)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qorgau.config import Settings
from qorgau.findings import Confidence
from qorgau.flow.arrivals import Arrival, Declaration
from qorgau.judging.claims import Claim, at_call
from qorgau.judging.holdings import first_writes


def undeclared(
    settings: Settings, declarations: Iterable[Declaration], arrivals: Iterable[Arrival]
) -> Iterator[Claim]:
    """A claim for each field of ``[fields]`` with no ``retention``, where it is stored."""
    wanted = {name for name, field in settings.fields.items() if field.retention is None}
    yield from at_fields("PD605", wanted, declarations, arrivals, "has no term of storage")


def at_fields(
    code: str, wanted: set[str], declarations: Iterable[Declaration], arrivals: Iterable[Arrival], note: str
) -> Iterator[Claim]:
    """Claims about stored fields: at the fields of models, else at the first call that stores them."""
    declared: set[str] = set()
    for declaration in declarations:
        fields = tuple(field for field in declaration.fields if field in wanted)
        if declaration.stored and fields:
            declared.update(fields)
            yield Claim(
                code,
                declaration.unit,
                declaration.at,
                fields,
                Confidence.HIGH,
                f"{', '.join(fields)} of {declaration.owner} {note}",
                model=declaration.owner,
            )
    for field, arrival in first_writes(arrivals).items():
        if field in wanted and field not in declared:
            yield at_call(code, arrival, (field,), f"{field} is stored here and {note}")
