"""What following some code found, where it led, and what it took.

It belongs to the code that was followed, not to whoever was first to call it: a remembered call finds again, in
the terms of its new caller, all that it found the first time.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from qorgau.flow.arrivals import Arrival, Declaration, Erased
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.sites import Site
from qorgau.flow.values import Value, join
from qorgau.flow.watched import Place

SHARE = 2
"""What calls within took counts by one half: they are wanted by others as well, and are mostly remembered then."""


Placed: TypeAlias = tuple[Loc, str]
"""An attribute of the objects of a class."""


def tell(places: dict[Placed, Site | Value], place: Placed, told: Site | Value) -> None:
    """Add where a client of objects of a class stands, or what a text of theirs is, to what is known of others."""
    before = places.get(place)
    if before is None:
        places[place] = told
    elif isinstance(before, Site) and isinstance(told, Site):
        places[place] = before.either(told)
    elif isinstance(before, Value) and isinstance(told, Value):
        places[place] = join(before, told)


def share(clients: dict[str, Obj], name: str, client: Obj) -> None:
    """Add a client that an application keeps under a name to what is known of others of that name."""
    before, site = clients.get(name), client.info
    if before is not None and isinstance(before.info, Site) and isinstance(site, Site):
        site = before.info.either(site)
    clients[name] = Obj("library", type=client.type, info=site)


class Found(msgspec.Struct):
    """What one call, one root or the body of one module found.

    ``arrivals``, ``erased``, ``used`` and ``tables`` are for the judges: data at sinks, what erasure does, fields
    that are used, tables that statements define. ``reached`` are the functions that were followed, ``cut`` those
    of them that were not followed to their ends. ``steps`` are the statements that it took, of ``limit`` that it may
    take. ``paid`` are those that each call within took on its own, by its number: a call that comes again with
    the same is paid once. Who made it first plays no part, so that no root depends on those before it.
    ``opened`` are objects of the whole program that came to be, as they were then; ``placed`` and ``clients`` what it
    told of the places of clients (``placing``), ``asked`` what it asked or told of these, and ``wanted`` the names
    under which it asked for a client that nobody had told of.
    """

    limit: int
    arrivals: dict[Arrival, None] = msgspec.field(default_factory=dict)
    erased: dict[Erased, None] = msgspec.field(default_factory=dict)
    used: set[str] = msgspec.field(default_factory=set)
    tables: dict[Declaration, None] = msgspec.field(default_factory=dict)
    reached: set[Place] = msgspec.field(default_factory=set)
    cut: set[Place] = msgspec.field(default_factory=set)
    steps: int = 0
    own: int = 0
    paid: dict[int, int] = msgspec.field(default_factory=dict)
    opened: dict[Loc, Obj] = msgspec.field(default_factory=dict)
    placed: dict[Placed, Site | Value] = msgspec.field(default_factory=dict)
    clients: dict[str, Obj] = msgspec.field(default_factory=dict)
    asked: dict[Placed | str, None] = msgspec.field(default_factory=dict)
    wanted: set[str] = msgspec.field(default_factory=set)

    @property
    def is_cut(self) -> bool:
        """Whether it was cut short, so that what it says is not all."""
        return self.own >= self.limit

    @property
    def is_poor(self) -> bool:
        """Whether its calls have used up its budget."""
        return self.steps >= self.limit

    def add(self, inner: Found, arrivals: dict[Arrival, None]) -> None:
        """What code that it led into found, with its ``arrivals`` in the terms of its caller."""
        self.arrivals.update(arrivals)
        self.erased.update(inner.erased)
        self.used |= inner.used
        self.tables.update(inner.tables)
        self.reached |= inner.reached
        self.cut |= inner.cut
        self.opened.update(inner.opened)
        self.asked.update(inner.asked)
        self.wanted |= inner.wanted
        for place, told in inner.placed.items():
            tell(self.placed, place, told)
        for name, client in inner.clients.items():
            share(self.clients, name, client)

    def pay(self, inner: Found) -> None:
        """Bear what a call took, but for what was paid before; nothing more where there is nothing left to pay with."""
        for number, steps in inner.paid.items():
            if self.is_poor:
                return
            if number not in self.paid:
                self.paid[number] = steps
                self.steps += steps // SHARE

    def close(self, number: int) -> None:
        """The call has come to its end: what it took on its own is known under its number."""
        self.paid[number] = self.steps - sum(each // SHARE for each in self.paid.values())

    def afresh(self) -> None:
        """What follows has the whole budget again."""
        self.steps = self.own = 0
        self.paid.clear()
