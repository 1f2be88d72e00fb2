"""What the engine finds: personal data that arrived at a sink, what erasure does, what is declared.

These are plain values; what they mean under the regulation is judged elsewhere.
"""

from __future__ import annotations

import msgspec

from qorgau.flow.facts import Facts
from qorgau.flow.locations import Loc
from qorgau.flow.taints import Taints

HOME = "home"
FOREIGN = "foreign"
UNKNOWN_PLACE = "unknown"
NOWHERE = "nowhere"
"""Standings of a destination: in a home country, in another, untold, or no place at all (a log)."""

UNTOLD = "…"
"""What stands in a name that is shown for the parts of it that the code doesn't tell."""


class Destination(msgspec.Struct, frozen=True):
    """Where data goes.

    ``shown`` is what people know the place by (host, bucket, path, vendor). ``standing`` is one
    of the words above, ``country`` the ISO 3166 code behind it. ``name`` is the storage, recipient
    or export of the configuration; ``purpose``, ``public`` and ``mirror`` are what that says.
    ``key`` is the key of ``[storages.*]`` under which a storage goes by what is shown, "" where none does.
    """

    standing: str = NOWHERE
    shown: str = ""
    country: str = ""
    name: str = ""
    purpose: str = ""
    public: bool = False
    mirror: bool = False
    key: str = ""


class Store(msgspec.Struct, frozen=True):
    """Where a call puts data or takes it from. ``models`` are dotted names of classes of the project."""

    family: str = ""
    names: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()

    @property
    def is_told(self) -> bool:
        """Whether it is known which store it is."""
        return bool(self.family or self.models)


NO_STORE = Store()


class Arrival(msgspec.Struct, frozen=True):
    """One call that personal data reached. ``kind`` is ``storage``, ``transfer``, ``export`` or ``log``.

    ``at`` numbers the call in module ``unit``; ``function`` is the qualified name around it.
    ``facts`` held on every path to it; ``taints`` are the data, each with what it carries of its own.
    ``concern`` is empty for data that is handed on as such; ``url`` says that it stands in the path or query of
    a URL, ``transport`` that the connection is not protected, for a ``reason``. ``about_consent``: what is
    written is the record of consent itself; ``linked``: the address of its source goes with the data.
    ``same`` lists pairs of identities that stand for one subject, ``others`` objects that are another
    person than the one of their class that they were reached from. ``holding`` lists objects that were checked,
    each with whose data it holds. ``items`` are objects at a place of a collection of objects of one class: each
    place has another. ``store`` is what a storage keeps the data in.
    """

    unit: str
    at: int
    kind: str
    call: str
    function: str
    destination: Destination
    taints: Taints
    facts: Facts
    confidence: str = "high"
    same: tuple[tuple[Loc, Loc], ...] = ()
    others: tuple[Loc, ...] = ()
    holding: tuple[tuple[Loc, Loc], ...] = ()
    items: tuple[Loc, ...] = ()
    concern: str = ""
    reason: str = ""
    about_consent: bool = False
    linked: bool = False
    store: Store = NO_STORE


class Erased(msgspec.Struct, frozen=True):
    """One thing that erasure does.

    ``kind``: ``deleted``, ``marked`` (a mark of deletion is set) or ``emptied`` (data is overwritten).
    ``by`` are the functions of erasure on the way here, ``function`` the one that it stands in. ``store`` is
    what it is done to; where that cannot be told, ``words`` are the names in the code of it. ``names`` are the
    attributes that are set.
    """

    kind: str
    by: frozenset[str]
    unit: str
    at: int
    function: str
    store: Store = NO_STORE
    words: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


class Declaration(msgspec.Struct, frozen=True):
    """A field that a class or a table declares.

    ``owner`` is the class or table by its short name, ``dotted`` by its full one. ``columns`` are the names
    under which it is kept or read where these are others. ``stored``: it is part of a row. ``fields`` are
    those of the List that it carries.
    """

    unit: str
    at: int
    owner: str
    dotted: str
    name: str
    columns: tuple[str, ...]
    fields: tuple[str, ...]
    stored: bool = False
