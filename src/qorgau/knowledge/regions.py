"""Which country a region or a host stands in: the files of ``region_files`` as one table.

Two kinds of evidence are kept apart. Where a host *stands* holds for storages and recipients alike.
Where the company behind a host has its seat, and a country's domain, hold for a recipient only
(``countries_of_recipient``): a company's country is not that of its servers.

Nothing is guessed: what no file says is unknown, and an empty tuple of countries says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from qorgau.knowledge.hosts import HOLE, Host, host_matches, host_of, host_of_path, is_address, is_local
from qorgau.knowledge.region_files import (
    PIECE,
    HostPattern,
    Provider,
    Region,
    RegionsError,
    ending,
    read_packaged,
)

__all__ = [
    "HOLE",
    "Host",
    "HostPlace",
    "Regions",
    "RegionsError",
    "host_matches",
    "host_of",
    "host_of_path",
    "is_local",
]

# `eu-central-1a`, `europe-west3-b`, `kz1-a`, `euc1-az2`: a zone is its region and a letter or number.
_ZONE = re.compile(r"(.*\d)(?:-?[a-z]|-az\d+)")
# `West Europe`, `west-europe`: Azure's ids as people and other services write them.
_SEPARATORS = re.compile(r"[ _-]")
_ANY_REGION = r"[^.:/]+"


class HostPlace(msgspec.Struct, frozen=True):
    """Whose host it is and where it stands; no ``countries`` when that cannot be told from the name.

    ``seat`` is the company's own country: evidence for a recipient, never for a storage.
    """

    provider: str
    region: str | None = None
    countries: tuple[str, ...] = ()
    seat: str = ""


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", name).lower()


class Regions:
    """Every region and host pattern. Build it with ``load``; it does not change afterwards."""

    __slots__ = (
        "_by_ending",
        "_company_seats",
        "_compiled",
        "_domains",
        "_hosts",
        "_ids",
        "_places",
        "_seats",
    )

    def __init__(self, providers: Iterable[Provider], domains: dict[str, str]) -> None:
        """``domains`` are country-code top-level domains and their countries."""
        self._domains = domains
        self._ids: dict[str, dict[str, Region]] = {}
        self._seats: dict[str, str] = {}
        self._company_seats: dict[str, str] = {}
        self._hosts: dict[str, tuple[str, ...]] = {}
        self._by_ending: dict[str, list[tuple[str, HostPattern]]] = {}
        self._compiled: dict[tuple[str, HostPattern, bool], re.Pattern[str]] = {}
        self._places: dict[str, HostPlace | None] = {}
        for each in providers:
            ids = self._ids.setdefault(each.provider, {})
            if each.seat:
                self._seats[each.provider] = each.seat
                self._company_seats.update(dict.fromkeys((each.provider, _plain(each.name)), each.seat))
            for region in each.region:
                ids.update(dict.fromkeys((name.lower() for name in (*region.codes, region.id)), region))
            known = tuple(PIECE.sub("*", host.pattern) for host in each.host)
            self._hosts.update(dict.fromkeys((each.provider, _plain(each.name)), known))
            for host in each.host:
                self._by_ending.setdefault(ending(host.pattern), []).append((each.provider, host))
        for patterns in self._by_ending.values():
            patterns.sort(key=lambda each: (-len(PIECE.sub("", each[1].pattern)), each[1].pattern))

    @classmethod
    def load(cls) -> Regions:
        """The packaged table. Raises ``RegionsError`` that names file and key."""
        return cls(*read_packaged())

    def providers(self) -> tuple[str, ...]:
        """The providers with a table of their own, sorted."""
        return tuple(sorted(self._ids))

    def hosts_of(self, company: str) -> tuple[str, ...]:
        """The host patterns of a company by its name; none for an unknown one."""
        return self._hosts.get(_plain(company), ())

    def seat_of(self, company: str) -> str:
        """The country of a company by its name or the first word of it (``Google Drive``); empty where unknown."""
        names = (_plain(company), _plain(company.partition(" ")[0]))
        return next((seat for name in names if (seat := self._company_seats.get(name))), "")

    def region_ids(self, provider: str) -> tuple[str, ...]:
        """The region ids of a provider, sorted; none for an unknown one."""
        return tuple(sorted({region.id for region in self._ids.get(provider, {}).values()}))

    def country_of_region(self, provider: str | None, region: str) -> tuple[str, ...]:
        """The countries a region or zone stands in; none when unknown.

        Without a provider, those of every cloud that has a region of this name.
        """
        found = [
            each
            for name in ([provider] if provider else self._ids.keys() - self._seats.keys())
            if (each := self._region(name, region)) is not None
        ]
        if not all(each.countries for each in found):
            return ()
        return tuple(sorted({country for each in found for country in each.countries}))

    def region_reference(self, text: str) -> HostPlace | None:
        """What ``aws:eu-central-1`` stands for; None when there is no such provider or region."""
        provider, _, name = text.partition(":")
        region = self._region(provider, name)
        return HostPlace(provider, region.id, region.countries) if region else None

    def place_of_host(self, name: str) -> HostPlace | None:
        """The provider and place of a host; None when no provider is known by this name.

        Holes match whatever a pattern leaves open; a region that holds one is not known.
        """
        if name not in self._places:
            self._places[name] = self._search(name.lower().rstrip("."))
        return self._places[name]

    def country_of_tld(self, name: str) -> str | None:
        """The country of a host's country-code domain; None for generic ones and addresses.

        Evidence for a recipient's country only, never for a storage's.
        """
        _, dot, last = name.lower().rstrip(".").rpartition(".")
        return self._domains.get(last) if dot and HOLE not in last else None

    def countries_of_recipient(self, name: str) -> tuple[str, ...]:
        """The countries of who answers at a host: where it stands, else the company's seat, else its domain.

        No country when nothing tells. Evidence for a recipient's country only, never for a storage's.
        """
        place = self.place_of_host(name)
        if place is not None:
            # A cloud's host stands wherever its customer chose, whatever the cloud's domain.
            return place.countries or ((place.seat,) if place.seat else ())
        country = self.country_of_tld(name)
        return (country,) if country else ()

    def _region(self, provider: str, name: str) -> Region | None:
        ids = self._ids.get(provider, {})
        name = name.strip().lower()
        zone = _ZONE.fullmatch(name)
        return ids.get(name) or ids.get(_SEPARATORS.sub("", name)) or (ids.get(zone[1]) if zone else None)

    def _search(self, name: str) -> HostPlace | None:
        if is_address(name):
            return None
        unplaced: HostPlace | None = None
        for provider, host in self._candidates(name):
            found = self._match(provider, host, name)
            if found is None:
                continue
            place = self._place(provider, host, found.groupdict().get("region"))
            if place.countries:
                return place
            unplaced = unplaced or place
        return unplaced or self._by_known_ending(name)

    def _candidates(self, name: str) -> Iterator[tuple[str, HostPattern]]:
        for provider, host in self._by_ending.get(ending(name), ()):
            if name.endswith(PIECE.split(host.pattern)[-1]):
                yield provider, host

    def _place(self, provider: str, host: HostPattern, captured: str | None) -> HostPlace:
        region = self._region(host.regions or provider, host.region or captured or "")
        seat = self._seats.get(provider, "")
        if region is None:
            return HostPlace(provider, seat=seat)
        return HostPlace(provider, region.id, region.countries, seat)

    def _by_known_ending(self, name: str) -> HostPlace | None:
        """The provider of a host whose last known part, after a hole, all its patterns end with."""
        known = name.rpartition(HOLE)[2]
        if known == name or "." not in known.strip("."):
            return None
        providers = {provider for provider, host in self._candidates(known) if host.pattern.endswith(known)}
        if len(providers) != 1:
            return None
        (provider,) = providers
        return HostPlace(provider, seat=self._seats.get(provider, ""))

    def _match(self, provider: str, host: HostPattern, name: str) -> re.Match[str] | None:
        """How a host fits a pattern; known ids are tried first.

        `europe-west3-shop.cloudfunctions.net` does not say by itself where the id ends.
        """
        if "{region}" not in host.pattern:
            return self._pattern(provider, host, known=False).fullmatch(name)
        known = self._pattern(provider, host, known=True).fullmatch(name)
        return known or self._pattern(provider, host, known=False).fullmatch(name)

    def _pattern(self, provider: str, host: HostPattern, *, known: bool) -> re.Pattern[str]:
        compiled = self._compiled.get((provider, host, known))
        if compiled is None:
            ids = sorted(self._ids.get(host.regions or provider, {}), key=len, reverse=True)
            region = "|".join(map(re.escape, ids)) if known else _ANY_REGION
            parts = (
                {"*": ".*", "{region}": f"(?P<region>{region})"}.get(part, re.escape(part))
                for part in PIECE.split(host.pattern)
            )
            compiled = self._compiled[provider, host, known] = re.compile("".join(parts), re.DOTALL)
        return compiled
