"""Where a client, a session or a sink stands, and in which country that is (spec section 4).

``storage``, ``recipient`` and ``export`` settle what the code says of a place (a ``Site``) against
configuration, catalogue and home.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from qorgau.config import ExportSpec, RecipientSpec, StorageSpec
from qorgau.flow import origins
from qorgau.flow.arrivals import FOREIGN, HOME, NOWHERE, UNKNOWN_PLACE, UNTOLD, Destination
from qorgau.flow.constants import HOLE
from qorgau.flow.policy import Policy
from qorgau.flow.sites import EMPTY, Site, listed, of_urls, paths, told
from qorgau.knowledge.hosts import Host, host_of, is_local
from qorgau.knowledge.regions import HostPlace
from qorgau.names import fold, glob_host, glob_text

__all__ = [
    "EMPTY",
    "Site",
    "listed",
    "local_file",
    "named_export",
    "named_recipient",
    "named_storage",
    "of_urls",
    "origin",
    "paths",
    "recipient",
    "storage",
    "told",
]


_OPEN = re.compile(
    r"(?:^|\.)(?:open-?data\b|data\.(?:e?gov|europa)\.|(?:goszakup|stat|kgd|pk)\.gov\.kz$|e-?register\."
    r"|(?:opencorporates|opensanctions|wikidata|wikipedia)\.)"
)
"""Hosts of open data and of registers that a law makes public."""


class _Spot(msgspec.Struct, frozen=True):
    """One alternative, settled: ``countries`` empty where unknown, ``local`` for own machines."""

    shown: str = ""
    countries: tuple[str, ...] = ()
    local: bool = False
    name: str = ""
    country: str = ""


def storage(policy: Policy, site: Site, vendor: str = "") -> Destination:
    """Where a write to a storage lands: of several alternatives the worst counts."""
    place = _worst(policy, _spots(policy, site), vendor or site.provider)
    return replace(place, key=_key(site, place.shown))


def _key(site: Site, shown: str) -> str:
    """The key of a storage's table in the configuration that takes a place by the name it is shown by."""
    hosts = [host for text in sorted(site.hosts) if (host := host_of(text)) is not None]
    names = {
        "buckets": [*site.buckets, *(host.bucket for host in hosts)],
        "hosts": [host.name for host in hosts],
        "databases": site.databases,
    }
    return next((key for key, known in names.items() if _is_among(shown, known)), "")


def _is_among(shown: str, names: Iterable[str]) -> bool:
    return bool(shown) and any(name.replace(HOLE, UNTOLD) == shown for name in names if name)


def _by_name(policy: Policy, site: Site) -> tuple[list[_Spot], bool]:
    """What the configuration says of buckets and databases, and whether that covers all alternatives."""
    found: list[_Spot] = []
    covered = False
    for names, part in ((site.buckets, "buckets"), (site.databases, "databases")):
        known = sorted(table_named(policy, name) if site.provider == "gcp" else name for name in names)
        said = [spec for name in known if (spec := _naming(policy, part, name)) is not None]
        found += [
            _Spot(_shown(site) or spec, _countries(policy, policy.settings.storages[spec]), False, spec)
            for spec in said
        ]
        covered = covered or (bool(said) and len(said) == len(names) and part not in site.untold)
    return found, covered


def _naming(policy: Policy, part: str, name: str) -> str | None:
    """The storage of the configuration that a bucket or a database belongs to."""
    names = (name, name.removeprefix("/").partition("/")[0])  # a path in a bucket begins with the bucket
    for spec_name, spec in policy.settings.storages.items():
        if part == "buckets" and any(glob_text(pattern, each) for pattern in spec.buckets for each in names):
            return spec_name
        if part == "databases" and name in spec.databases:
            return spec_name
    return None


def table_named(policy: Policy, name: str) -> str:
    """A table as the configuration names it: with its project and schema, without the project, or by its own name."""
    parts = name.split(".")
    ways = [".".join(parts[start:]) for start in range(len(parts))]
    return next((way for way in ways if _naming(policy, "buckets", way) is not None), name)


def _hosting(policy: Policy, host: Host) -> str | None:
    """The storage of the configuration that a host belongs to, or the bucket in its URL."""
    for name, spec in policy.settings.storages.items():
        if any(_host_fits(pattern, host) for pattern in spec.hosts):
            return name
    return _naming(policy, "buckets", host.bucket) if host.bucket else None


def _host_fits(pattern: str, host: Host) -> bool:
    return any(glob_host(pattern, name.replace(HOLE, "*")) for name in (host.name, *host.others) if name)


def _countries(policy: Policy, spec: StorageSpec | RecipientSpec) -> tuple[str, ...]:
    if spec.country:
        return (spec.country,)
    if spec.region:
        place = policy.regions.region_reference(spec.region)
        return place.countries if place is not None else ()
    return ()


def _spots(policy: Policy, site: Site) -> list[_Spot]:
    """Every alternative: by the configuration, by a host that tells, else by region, else unknown."""
    named, covered = _by_name(policy, site)
    if covered and all(spot.countries for spot in named):
        return named
    spots = _from_code(policy, site)
    if not named:
        return spots
    # A storage that the configuration only names stands where the code says.
    spots = [spot if spot.name else replace(spot, name=named[0].name) for spot in spots]
    return spots if covered else [*(spot for spot in named if spot.countries), *spots]


def _from_code(policy: Policy, site: Site) -> list[_Spot]:
    if site.provider == "local":
        return [_Spot(_shown(site), (), True)]
    by_region = _by_region(policy, site)
    spots = [spot for text in sorted(site.hosts) for spot in _at_host(policy, text, by_region)]
    if "hosts" in site.untold or not site.hosts:
        spots += by_region or [_Spot(_shown(replace(site, hosts=frozenset())))]
    return spots


def _at_host(policy: Policy, text: str, by_region: list[_Spot]) -> list[_Spot]:
    host = host_of(text)
    if host is None:
        return by_region or [_Spot(text.replace(HOLE, UNTOLD))]
    if host.is_file:
        return [_Spot(host.path or text, (), True)]
    name = host.name or host.bucket
    spec = _hosting(policy, host)
    configured = _countries(policy, policy.settings.storages[spec]) if spec is not None else ()
    if configured:
        return [_Spot(name, configured, False, spec or "")]
    if host.name and all(is_local(each) for each in (host.name, *host.others)):
        return [_Spot(name, (), True, spec or "")]
    found = [
        _Spot(each, place.countries)
        for each in (host.name, *host.others)
        if (place := _place(policy, each)) is not None
    ]
    found = found or [replace(spot, shown=name) for spot in by_region] or [_Spot(name)]
    return [replace(spot, name=spec or "") for spot in found]


def _place(policy: Policy, name: str) -> HostPlace | None:
    place = policy.regions.place_of_host(name) if name and not is_local(name) else None
    return place if place is not None and place.countries else None


def _by_region(policy: Policy, site: Site) -> list[_Spot]:
    spots: list[_Spot] = []
    for region in sorted(site.regions):
        spots.append(_Spot(_shown(site) or region, region_countries(policy, site.provider, region)))
    if "regions" in site.untold and site.regions:
        spots.append(_Spot(_shown(site)))
    return spots


def region_countries(policy: Policy, provider: str, region: str) -> tuple[str, ...]:
    """The countries of a region: the provider's own, else those of a cloud that has one of this name."""
    prefix, colon, rest = region.partition(":")
    if colon and prefix in policy.regions.providers():
        provider, region = prefix, rest
    return policy.regions.country_of_region(provider or None, region) or (
        policy.regions.country_of_region(None, region) if provider else ()
    )


def _shown(site: Site) -> str:
    for part in (site.buckets, site.hosts, site.databases, site.regions, site.files):
        for text in sorted(part):
            host = host_of(text) if part is site.hosts else None
            return (host.name or host.bucket if host is not None else text).replace(HOLE, UNTOLD)
    return ""


def _worst(policy: Policy, spots: list[_Spot], fallback: str) -> Destination:
    home = set(policy.home)
    chosen: tuple[int, _Spot, str] | None = None
    for spot in spots or [_Spot()]:
        if spot.local or home & set(spot.countries):
            rank = 0
            country = next((c for c in spot.countries if c in home), policy.home[0] if policy.home else "")
        elif spot.countries:
            rank, country = 2, spot.countries[0]
        else:
            rank, country = 1, ""
        if chosen is None or rank > chosen[0]:
            chosen = (rank, spot, country)
    assert chosen is not None
    rank, spot, country = chosen
    standing = (HOME, UNKNOWN_PLACE, FOREIGN)[rank]
    spec = policy.settings.storages.get(spot.name)
    mirror = spec is not None and spec.mirror_of is not None and standing == FOREIGN
    return Destination(standing, spot.shown or fallback, country, spot.name, mirror=mirror)


def recipient(policy: Policy, site: Site, vendor: str = "", country: str = "") -> Destination | None:
    """The third party that a transfer reaches; None where every alternative is an own service."""
    hosts = sorted(site.hosts)
    others: list[Destination] = []
    country = country or (policy.regions.seat_of(vendor) if vendor else "")
    for text in hosts:
        host = host_of(text)
        if host is None:
            others.append(_unknown_recipient(vendor, country, policy, site, text.replace(HOLE, UNTOLD)))
        elif not _is_own(policy, host):
            others.append(_recipient_at(policy, host, vendor, country, site))
    if not hosts or "hosts" in site.untold:
        named = _of_vendor(policy, vendor, country) if vendor else None
        others.append(named or _unknown_recipient(vendor, country, policy, site, ""))
    if not others:
        return None
    return max(
        others, key=lambda place: (place.standing == FOREIGN, place.standing == UNKNOWN_PLACE, place.shown)
    )


def _of_vendor(policy: Policy, vendor: str, country: str) -> Destination | None:
    """What the configuration says of a vendor whose SDK is called: by its name or its hosts."""
    known = policy.regions.hosts_of(vendor)
    for name, spec in policy.settings.recipients.items():
        overlap = any(_overlap(pattern, host) for pattern in spec.hosts for host in known)
        if overlap or fold(name) == fold(vendor):
            return _of_spec(policy, name, spec, vendor, None, country)
    return None


def _overlap(left: str, right: str) -> bool:
    return glob_host(left, right.replace("*", "x")) or glob_host(right, left.replace("*", "x"))


def _is_own(policy: Policy, host: Host) -> bool:
    if host.is_file:
        return True
    name = host.name
    if not name:
        return False
    if is_local(name) and HOLE not in name:
        return True
    return any(glob_host(pattern, name.replace(HOLE, "*")) for pattern in policy.settings.internal.hosts)


def _recipient_at(policy: Policy, host: Host, vendor: str, country: str, site: Site) -> Destination:
    shown = (host.name or host.bucket).replace(HOLE, UNTOLD)
    for name, spec in policy.settings.recipients.items():
        if any(_host_fits(pattern, host) for pattern in spec.hosts):
            return _of_spec(policy, name, spec, shown, host, country)
    countries = _host_countries(policy, host)
    if not countries and site.regions:
        countries = region_countries(policy, site.provider, min(site.regions))
    if not countries and country and _is_of(policy, vendor, host):
        countries = (country,)
    return _standing(policy, countries, shown or vendor)


def _is_of(policy: Policy, vendor: str, host: Host) -> bool:
    """Whether a host can be the vendor's: one that its SDK is pointed at elsewhere is somebody else's."""
    known = policy.regions.hosts_of(vendor)
    return not known or not host.name or any(_overlap(pattern, host.name) for pattern in known)


def _host_countries(policy: Policy, host: Host) -> tuple[str, ...]:
    return policy.regions.countries_of_recipient(host.name) if host.name else ()


def _of_spec(
    policy: Policy, name: str, spec: RecipientSpec, shown: str, host: Host | None, country: str
) -> Destination:
    countries = _countries(policy, spec)
    if not countries and host is not None:
        countries = _host_countries(policy, host)
    if not countries and country:
        countries = (country,)
    place = _standing(policy, countries, shown or name)
    return replace(place, name=name, purpose=spec.purpose or "", public=spec.public)


def _standing(policy: Policy, countries: tuple[str, ...], shown: str) -> Destination:
    if not countries:
        return Destination(UNKNOWN_PLACE, shown)
    home = next((c for c in countries if c in policy.home), None)
    return Destination(HOME if home else FOREIGN, shown, home or countries[0])


def _unknown_recipient(vendor: str, country: str, policy: Policy, site: Site, shown: str) -> Destination:
    countries: tuple[str, ...] = ()
    if site.regions:
        countries = region_countries(policy, site.provider, min(site.regions))
    return _standing(policy, countries or ((country,) if country else ()), shown or vendor)


def origin(policy: Policy, site: Site) -> str:
    """What is read from a place: of a public source (a recipient marked so, open data), or of an own service."""
    hosts = [host for text in sorted(site.hosts) if (host := host_of(text)) is not None]
    public = [spec for spec in policy.settings.recipients.values() if spec.public]
    if any(_host_fits(pattern, host) for spec in public for pattern in spec.hosts for host in hosts):
        return origins.PUBLIC
    if any(_OPEN.search(host.name) for host in hosts):
        return origins.PUBLIC
    return origins.OWN if hosts and all(_is_own(policy, host) for host in hosts) else ""


def named_recipient(policy: Policy, name: str) -> Destination:
    """The recipient of the configuration whose own function was called."""
    spec = policy.settings.recipients[name]
    host = host_of(spec.hosts[0]) if spec.hosts and "*" not in spec.hosts[0] else None
    return _of_spec(policy, name, spec, name, host, "")


def named_storage(policy: Policy, name: str) -> Destination:
    """The storage of the configuration whose own function was called."""
    spec = policy.settings.storages[name]
    return _worst(policy, [_Spot(name, _countries(policy, spec), False, name)], name)


def named_export(policy: Policy, name: str) -> Destination:
    """The export of the configuration whose own function was called."""
    spec: ExportSpec = policy.settings.exports[name]
    place = _standing(policy, (spec.country,) if spec.country else (), name)
    return replace(place, name=name, purpose=spec.purpose or "", public=spec.public)


def local_file(site: Site) -> Destination:
    """A file that is made for others."""
    return Destination(NOWHERE, _shown(replace(site, hosts=frozenset(), regions=frozenset())))
