"""PD401: declared fields that look personal and are not on the List (paragraph 5 of the Rules)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qorgau.findings import Confidence
from qorgau.flow.arrivals import Declaration
from qorgau.judging.claims import Claim
from qorgau.knowledge.regulation import Regulation, dictionary_of
from qorgau.names import fold

OF_THINGS = frozenset(("contact", "location"))
"""Categories of data that a branch, a shop or a server has of its own."""

WRAPPINGS = frozenset(
    (
        "base", "create", "data", "details", "dto", "form", "in", "info", "model", "out", "read", "request",
        "response", "row", "schema", "serializer", "update",
    )
)  # fmt: skip
"""Last words in the names of classes that say what the class is for, not what it is about."""


def undeclared(declarations: Iterable[Declaration], regulation: Regulation) -> Iterator[Claim]:
    """A claim for each declaration whose name the dictionary knows and no field of the List covers."""
    known = dictionary_of(regulation)
    for declaration in declarations:
        if declaration.fields:
            continue
        name = next((each for each in (declaration.name, *declaration.columns) if fold(each) in known), None)
        if name is not None:
            own = known[fold(name)].category in OF_THINGS and _is_institution(declaration.owner, regulation)
            yield Claim(
                "PD401",
                declaration.unit,
                declaration.at,
                (name,),
                Confidence.LOW if own else Confidence.MEDIUM,
                f"{name} is declared by {declaration.owner}",
                model=declaration.owner,
            )


def _is_institution(owner: str, regulation: Regulation) -> bool:
    """Whether a class is named for a thing, whatever it is besides (``BranchSerializer``)."""
    words = fold(owner).split("_")
    while len(words) > 1 and words[-1] in WRAPPINGS:
        words.pop()
    return words[-1] in regulation.institutions
