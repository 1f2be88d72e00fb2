"""What an earlier run over nearly the same program found, and what of it still holds.

What a root does rests on its code and that of the functions that it leads into, on what these looked at of what
modules hold (``watched``), on what was told of the places of clients, and on the program as a whole
(``overview``). Where all of that is as it was, the root does what it did. Rounds are compared one by one, so that
the result is that of a run which knows nothing of an earlier one.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping

import msgspec

from qorgau.flow import frozen
from qorgau.flow.declarations import info_of
from qorgau.flow.found import Found, Placed
from qorgau.flow.frozen import ChangedError, Code
from qorgau.flow.heap import Obj
from qorgau.flow.interpreter import Interpreter
from qorgau.flow.lasting import Left
from qorgau.flow.locations import Loc
from qorgau.flow.overview import Overview, differing, overview
from qorgau.flow.sites import Site
from qorgau.flow.taints import trace_order
from qorgau.flow.values import Value
from qorgau.flow.watched import Place

WORTH = 20
"""Of so many roots one was followed anew: then this run is written down. Until then the earlier one does as well."""

NUMBER = "L"
"""The type of numbers of locations in an array."""

CHANGED = "(another function or class)"
"""Stands in an object of the earlier run for code that is other code now: it equals nothing."""


class Done(msgspec.Struct):
    """What one root did: what was found by it, and what it left in modules.

    ``rests_on`` is what had been told of the places of clients about which it asked. ``is_whole``: it can be told
    again in a later run.
    """

    found: Found
    left: Left = msgspec.field(default_factory=list)
    rests_on: dict[Placed | str, Obj | Site | Value | None] = msgspec.field(default_factory=dict)
    is_whole: bool = True


class _Run(msgspec.Struct):
    """What was looked at in a run.

    ``locs`` are the locations of the objects of modules that any function looked at, ``objs`` these before functions
    ran, ``changes`` those that were others at the end of a round. ``looked_at`` tells for each function the numbers
    of its locations among ``locs``.
    """

    overview: Overview
    locs: tuple[Loc, ...]
    objs: tuple[Obj | None, ...]
    changes: list[dict[Loc, Obj]]
    looked_at: dict[Place, bytes]

    def numbers(self, place: Place) -> array[int]:
        """The numbers of the locations that a function looked at."""
        return array(NUMBER, self.looked_at.get(place, b""))


class _Written(msgspec.Struct, array_like=True):
    """A run as bytes: what was looked at, and what was done by the roots that each round followed, by their places."""

    run: bytes
    done: list[dict[str, bytes]]


def _name(place: Place) -> str:
    return f"{place[0]}:{place[1]}"


class Earlier:
    """Tells what still holds of an earlier run, and writes this one down for a later one."""

    def __init__(self, m: Interpreter, data: bytes | None) -> None:
        """``m`` has run its modules; ``data`` is what ``written`` gave, if there was an earlier run."""
        self._m = m
        self._code = Code(m.program, filter(None, (info_of(m, cls) for cls in m.classes)))
        self._now = overview(m)
        self._base = dict(m.base)
        self._changes: list[dict[Loc, Obj]] = []
        self._done: list[dict[str, bytes]] = []
        self._anew = 0
        self._looked: set[Place] = set()
        self._before: _Run | None = None
        self._told: list[dict[str, bytes]] = []
        self._differing: tuple[frozenset[Loc], frozenset[Place]] = (frozenset(), frozenset())
        self._stale: frozenset[Place] = frozenset()
        if data is not None:
            self._read(data)

    def _read(self, data: bytes) -> None:
        try:
            written = msgspec.msgpack.decode(data, type=_Written)
            before = frozen.loads(written.run, self._code, changed=CHANGED)
        except (msgspec.MsgspecError, ChangedError):
            return
        if not isinstance(before, _Run):
            return
        found = differing(before.overview, self._now, self._m)
        if found is not None:
            self._before, self._told, self._differing = before, written.done, found

    def begin_round(self, number: int) -> None:
        """A round begins: what modules hold is compared with what they held then."""
        self._done.append({})
        before = self._before
        if before is None or number >= len(self._told):
            self._told = []
            return
        changes: Mapping[Loc, Obj] = before.changes[number - 1] if number else {}
        locs, places = self._differing
        unwatched = self._m.base.unwatched
        others = frozenset(
            number
            for number, (loc, held) in enumerate(zip(before.locs, before.objs, strict=True))
            if loc in locs or not _is_same(changes.get(loc, held), unwatched(loc))
        )
        stale = (place for place in before.looked_at if not others.isdisjoint(before.numbers(place)))
        self._stale = frozenset(stale) | places

    def done(self, number: int, place: Place) -> Done | None:
        """What a root did in this round of the earlier run, if that still holds."""
        if self._before is None or number >= len(self._told):
            return None
        name = _name(place)
        data = self._told[number].get(name)
        if data is None or place in self._stale:
            return None
        try:
            done = frozen.loads(data, self._code)
        except ChangedError:
            return None
        if not isinstance(done, Done) or not self._stale.isdisjoint(done.found.reached):
            return None
        if any(self._known(asked) != told for asked, told in done.rests_on.items()):
            return None
        self._done[number][name] = data
        self._tell(done.found)
        return done

    def _known(self, asked: Placed | str) -> Obj | Site | Value | None:
        """What has been told by now."""
        return self._m.shared_clients.get(asked) if isinstance(asked, str) else self._m.placed.get(asked)

    def _tell(self, found: Found) -> None:
        """Let everybody know what a root told, as if it had been followed."""
        m = self._m
        for loc, obj in found.opened.items():
            m.base.setdefault(loc, obj)
        m.tell(found)
        assert self._before is not None
        locs = self._before.locs
        for place in found.reached - self._looked:
            m.base.looked(place, (locs[number] for number in self._before.numbers(place)))
        self._looked |= found.reached

    def was_done(self, number: int, place: Place, done: Done) -> None:
        """A root was followed in this round."""
        self._anew += 1
        if not done.is_whole:
            return
        try:
            self._done[number][_name(place)] = frozen.dumps(done, self._code)
        except ChangedError:
            # What has no writing is followed again.
            return

    def end_round(self) -> None:
        """A round has ended: what modules hold by now is noted."""
        base = self._m.base
        self._changes.append({loc: obj for loc, obj in base.items() if self._base.get(loc) is not obj})

    def written(self) -> bytes | None:
        """This run, for a later one; None where the earlier one does as well, and where it cannot be written."""
        if self._before is not None and self._anew * WORTH < sum(map(len, self._done)):
            return None
        base = self._m.base
        numbers: dict[Loc, int] = {}
        looked_at = {
            place: array(
                NUMBER, [numbers.setdefault(loc, len(numbers)) for loc in base.looked_at(place)]
            ).tobytes()
            for place in base.places()
        }
        run = _Run(
            overview=self._now,
            locs=tuple(numbers),
            objs=tuple(map(self._base.get, numbers)),
            changes=[{loc: obj for loc, obj in each.items() if loc in numbers} for each in self._changes],
            looked_at=looked_at,
        )
        try:
            return msgspec.msgpack.encode(_Written(frozen.dumps(run, self._code), self._done))
        except ChangedError:
            return None


def _is_same(before: Obj | None, now: Obj | None) -> bool:
    """Whether an object says the same, and its data came the same way."""
    if before is None or now is None:
        return before is now
    return before == now and all(
        _ways(part) == _ways(now.rest if key is None else now.parts[key])
        for key, part in (*before.parts.items(), (None, before.rest))
        if part.taints
    )


def _ways(value: Value) -> Iterable[object]:
    return sorted((taint.field, trace_order(taint)) for taint in value.taints)
