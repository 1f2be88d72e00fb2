"""All that is wrong with what a program declares, keeps and erases, as claims."""

from __future__ import annotations

from collections.abc import Iterator

from qorgau.config import Settings
from qorgau.flow.epochs import Followed
from qorgau.judging import declared, retention, unused
from qorgau.judging.claims import Claim
from qorgau.judging.destruction import Destruction
from qorgau.knowledge.regulation import Regulation


def claims(settings: Settings, regulation: Regulation, followed: Followed) -> Iterator[Claim]:
    """The claims about a program; ``settings`` as they were written, before the regulation filled them in."""
    if settings.fields:
        yield from declared.undeclared(followed.declarations, regulation)
        yield from retention.undeclared(settings, followed.declarations, followed.arrivals)
        yield from unused.unused(settings, followed.declarations, followed.arrivals, followed.used)
    if settings.erasure.functions:
        destruction = Destruction(followed.models, followed.erased)
        yield from destruction.unreached(followed.arrivals)
        yield from destruction.hidden()
