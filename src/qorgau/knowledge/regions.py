"""Which country a region or a host stands in: ``rules/regions/*.toml`` as one table.

Nothing is guessed: what no file says is unknown, and an empty tuple of countries says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from qorgau.knowledge import toml_files
from qorgau.knowledge.hosts import HOLE, Host, host_matches, host_of, host_of_path, is_local

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

RegionsError = toml_files.RuleFileError

_DOMAINS_FILE = "tlds.toml"
# `eu-central-1a`, `europe-west3-b`, `kz1-a`: a zone is its region and one letter.
_ZONE = re.compile(r"(.*\d)-?[a-z]")
_PIECE = re.compile(r"(\*|\{region\})")
_ANY_REGION = r"[^.:/]+"


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One region: its countries (ISO 3166 alpha-2, none when unknown) and other ids it goes by."""

    id: str
    countries: tuple[str, ...] = ()
    place: str = ""
    codes: tuple[str, ...] = ()


class HostPattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hosts of a provider: ``{region}`` in the pattern or ``region`` say where; ``known = false``, nobody does."""

    pattern: str
    region: str = ""
    known: bool = True


class RegionFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of ``rules/regions``: a provider, where its figures are from, its regions and hosts."""

    provider: str
    name: str
    sources: tuple[str, ...]
    date: str
    script: str = ""
    region: tuple[Region, ...] = ()
    host: tuple[HostPattern, ...] = ()


class Domains(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``tlds.toml``: country-code domains, without those that everybody uses."""

    sources: tuple[str, ...]
    date: str
    script: str
    generic: tuple[str, ...]
    countries: dict[str, str]


class HostPlace(msgspec.Struct, frozen=True):
    """Whose host it is and where it stands; no ``countries`` when that cannot be told from the name."""

    provider: str
    region: str | None = None
    countries: tuple[str, ...] = ()


class Regions:
    """Every region and host pattern. Build it with ``load``; it does not change afterwards."""

    __slots__ = ("_by_ending", "_compiled", "_domains", "_ids", "_places")

    def __init__(self, files: Iterable[RegionFile], domains: dict[str, str]) -> None:
        """``domains`` are country-code top-level domains and their countries."""
        shelf = tuple(files)
        self._domains = domains
        self._ids: dict[str, dict[str, Region]] = {}
        self._by_ending: dict[str, list[tuple[str, HostPattern]]] = {}
        self._compiled: dict[tuple[str, str], re.Pattern[str]] = {}
        self._places: dict[str, HostPlace | None] = {}
        for file in shelf:
            ids = self._ids.setdefault(file.provider, {})
            for region in file.region:
                ids.update(dict.fromkeys((name.lower() for name in (*region.codes, region.id)), region))
            for host in file.host:
                self._by_ending.setdefault(_ending(host.pattern), []).append((file.provider, host))
        for patterns in self._by_ending.values():
            patterns.sort(key=lambda each: (-len(_PIECE.sub("", each[1].pattern)), each[1].pattern))

    @classmethod
    def load(cls) -> Regions:
        """The packaged table. Raises ``RegionsError`` that names file and key."""
        files = []
        domains: dict[str, str] = {}
        for name, text in toml_files.packaged_texts("regions"):
            table = toml_files.parse(text, name)
            if name.endswith(f"/{_DOMAINS_FILE}"):
                domains = toml_files.decode(table, Domains, name).countries
            else:
                files.append(_checked(toml_files.decode(table, RegionFile, name), name))
        return cls(files, domains)

    def providers(self) -> tuple[str, ...]:
        """The providers with a table of their own, sorted."""
        return tuple(sorted(self._ids))

    def region_ids(self, provider: str) -> tuple[str, ...]:
        """The region ids of a provider, sorted; none for an unknown one."""
        return tuple(sorted({region.id for region in self._ids.get(provider, {}).values()}))

    def country_of_region(self, provider: str | None, region: str) -> tuple[str, ...]:
        """The countries a region or zone stands in; none when unknown.

        Without a provider, those of every provider that has a region of this name.
        """
        found = [
            each
            for name in ([provider] if provider else self._ids)
            if (each := self._region(name, region)) is not None
        ]
        if not all(each.countries for each in found):
            return ()
        return tuple(dict.fromkeys(country for each in found for country in each.countries))

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
        """The country of a host's country-code domain; None for generic ones (``.com``, ``.io``) and addresses.

        Evidence for a recipient's country only, never for a storage's.
        """
        _, dot, last = name.lower().rstrip(".").rpartition(".")
        return self._domains.get(last) if dot and HOLE not in last else None

    def _region(self, provider: str, name: str) -> Region | None:
        ids = self._ids.get(provider, {})
        name = name.strip().lower()
        zone = _ZONE.fullmatch(name)
        return ids.get(name) or ids.get(name.replace(" ", "")) or (ids.get(zone[1]) if zone else None)

    def _search(self, name: str) -> HostPlace | None:
        unplaced: HostPlace | None = None
        for provider, host in self._candidates(name):
            found = self._pattern(provider, host).fullmatch(name)
            if found is None:
                continue
            place = self._place(provider, host, found.groupdict().get("region"))
            if place.countries:
                return place
            unplaced = unplaced or place
        return unplaced or self._by_known_ending(name)

    def _candidates(self, name: str) -> Iterator[tuple[str, HostPattern]]:
        for provider, host in self._by_ending.get(_ending(name), ()):
            if name.endswith(_PIECE.split(host.pattern)[-1]):
                yield provider, host

    def _place(self, provider: str, host: HostPattern, captured: str | None) -> HostPlace:
        region = self._region(provider, host.region or captured or "")
        return HostPlace(provider, region.id, region.countries) if region else HostPlace(provider)

    def _by_known_ending(self, name: str) -> HostPlace | None:
        """The provider of a host whose last known part, after a hole, all its patterns end with."""
        known = name.rpartition(HOLE)[2]
        if known == name or "." not in known.strip("."):
            return None
        providers = {provider for provider, host in self._candidates(known) if host.pattern.endswith(known)}
        return HostPlace(providers.pop()) if len(providers) == 1 else None

    def _pattern(self, provider: str, host: HostPattern) -> re.Pattern[str]:
        found = self._compiled.get((provider, host.pattern))
        if found is None:
            # Known ids first: in `europe-west3-shop.cloudfunctions.net` the text does not say where the id ends.
            ids = sorted(self._ids[provider], key=len, reverse=True) if "{region}" in host.pattern else []
            region = f"(?P<region>{'|'.join((*map(re.escape, ids), _ANY_REGION))})"
            parts = (
                {"*": ".*", "{region}": region}.get(part, re.escape(part))
                for part in _PIECE.split(host.pattern)
            )
            found = self._compiled[provider, host.pattern] = re.compile("".join(parts), re.DOTALL)
        return found


def _ending(name: str) -> str:
    """What patterns are filed under: the last two labels; ``:`` for Cloud SQL connection names."""
    return ":" if ":" in name else ".".join(name.rsplit(".", 2)[-2:])


def _checked(file: RegionFile, name: str) -> RegionFile:
    ids = {each for region in file.region for each in (region.id, *region.codes)}
    for index, host in enumerate(file.host):
        problem = ""
        if host.region and host.region not in ids:
            problem = f"`{host.region}` is no region of this file"
        elif host.known and not host.region and "{region}" not in host.pattern:
            problem = "says neither `{region}`, nor `region`, nor `known = false`"
        elif _PIECE.search(_ending(host.pattern)) and ":" not in host.pattern:
            problem = "the last two labels must be written out"
        if problem:
            raise RegionsError(name, f"host[{index}]", problem)
    return file
