"""Where a client, a session or a sink stands, and in which country that is (spec section 4).

A ``Site`` is what the code says of a place: alternatives of hosts, regions, buckets and databases.
``storage``, ``recipient`` and ``export`` settle it against configuration, catalogue and home.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from qorgau.config import ExportSpec, RecipientSpec, StorageSpec
from qorgau.flow.arrivals import FOREIGN, HOME, NOWHERE, UNKNOWN_PLACE, Destination
from qorgau.flow.policy import Policy
from qorgau.flow.values import HOLE, Value
from qorgau.knowledge.hosts import Host, host_of, is_local
from qorgau.names import glob_host, glob_text


@dataclass(frozen=True, slots=True)
class Site:
    """What code says of a place. Each set holds the alternatives of different paths.

    ``untold`` names the parts that are given, but on some path by a value that cannot be told.
    ``files`` are local paths; ``memory`` says that it is a buffer of this process.
    """

    provider: str = ""
    hosts: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    buckets: frozenset[str] = frozenset()
    databases: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    untold: frozenset[str] = frozenset()
    memory: bool = False

    def merged(self, other: Site) -> Site:
        """This place, with what it does not say taken from another (a client's from its session)."""
        return Site(
            self.provider or other.provider,
            self.hosts if self.says("hosts") else other.hosts,
            self.regions if self.says("regions") else other.regions,
            self.buckets if self.says("buckets") else other.buckets,
            self.databases if self.says("databases") else other.databases,
            self.files or other.files,
            self.untold | frozenset(part for part in other.untold if not self.says(part)),
            self.memory or other.memory,
        )

    def named_by(self, addresses: frozenset[str]) -> Site:
        """This place, with what a queue's URL or an ARN says of it."""
        urls = frozenset(text for text in addresses if "://" in text)
        regions = frozenset(region for text in addresses if (region := _arn_region(text)))
        site = replace(self, buckets=self.buckets | frozenset(_last_name(text) for text in addresses))
        if urls and not site.hosts:
            site = replace(site, hosts=urls, untold=site.untold - {"hosts"})
        return replace(site, regions=regions, untold=site.untold - {"regions"}) if regions else site

    def either(self, other: Site) -> Site:
        """This place or another: a part that only one of them gives is untold on the other's path."""
        one_sided = frozenset(
            part for part in ("hosts", "regions") if self.says(part) != other.says(part) and "local" not in self.provider
        )
        return Site(
            self.provider if self.provider == other.provider else "",
            self.hosts | other.hosts,
            self.regions | other.regions,
            self.buckets | other.buckets,
            self.databases | other.databases,
            self.files | other.files,
            self.untold | other.untold | one_sided,
            self.memory and other.memory,
        )

    def says(self, part: str) -> bool:
        """Whether a part is given, told or not."""
        return bool(getattr(self, part)) or part in self.untold

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is said."""
        return self == EMPTY


EMPTY = Site()


def _arn_region(text: str) -> str:
    """The region of ``arn:partition:service:region:account:resource``; empty for other texts."""
    parts = text.split(":")
    return parts[3] if len(parts) > 5 and parts[0] == "arn" and HOLE not in parts[3] else ""


def _last_name(text: str) -> str:
    """The queue's own name in its URL or ARN."""
    return text.rpartition("/")[2].rpartition(":")[2] or text


def told(values: Iterable[Value]) -> tuple[frozenset[str], bool]:
    """The texts of the first value that is given, and whether it can be something else as well.

    A default of the environment is known (``opaque``), something from outside is not (``unknown``).
    """
    for value in values:
        if value.is_bottom:
            continue
        texts = frozenset(text for text in value.texts() if text and text.strip(HOLE))
        texts = frozenset(text for text in texts if not _is_relative(text))
        if not texts and any(_is_relative(text) for text in value.texts()):
            continue
        none = all(c.value in (None, "") for c in value.consts)
        if not texts and none and not (value.unknown or value.opaque or value.refs or value.taints):
            continue
        return texts, value.unknown or bool(value.taints) or (not texts)
    return frozenset(), False


def _is_relative(text: str) -> bool:
    """A path of a URL (``/contacts``): what it is relative to is said elsewhere."""
    return text.startswith("/") and not text.startswith("//") and host_of(text) is None


@dataclass(frozen=True, slots=True)
class _Spot:
    """One alternative, settled: ``countries`` empty where unknown, ``local`` for own machines."""

    shown: str = ""
    countries: tuple[str, ...] = ()
    local: bool = False
    name: str = ""
    country: str = ""


def storage(policy: Policy, site: Site, vendor: str = "") -> Destination:
    """Where a write to a storage lands: of several alternatives the worst counts."""
    spots = [_configured_storage(policy, site)] if _configured_storage(policy, site) is not None else None
    found = [spot for spot in spots or _spots(policy, site) if spot is not None]
    return _worst(policy, found, vendor or site.provider)


def _configured_storage(policy: Policy, site: Site) -> _Spot | None:
    for name, spec in policy.settings.storages.items():
        if _names_storage(spec, site):
            return _Spot(_shown(site) or name, _countries(policy, spec), False, name)
    return None


def _names_storage(spec: StorageSpec, site: Site) -> bool:
    hosts = [host for text in site.hosts if (host := host_of(text)) is not None]
    if any(_host_fits(pattern, host) for pattern in spec.hosts for host in hosts):
        return True
    buckets = site.buckets | {host.bucket for host in hosts if host.bucket}
    if any(glob_text(pattern, bucket) for pattern in spec.buckets for bucket in buckets):
        return True
    return bool(site.databases & set(spec.databases))


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
    """Every alternative: by host where that tells, else by region, else unknown."""
    if site.provider == "local":
        return [_Spot(_shown(site), (), True)]
    spots: list[_Spot] = []
    by_region = _by_region(policy, site)
    for text in sorted(site.hosts):
        host = host_of(text)
        if host is None:
            spots.append(_Spot(text.replace(HOLE, "…")))
            continue
        if host.is_file:
            spots.append(_Spot(host.path or text, (), True))
            continue
        name = host.name or host.bucket
        if host.name and all(is_local(each) for each in (host.name, *host.others)):
            spots.append(_Spot(name, (), True))
            continue
        place = policy.regions.place_of_host(host.name) if host.name else None
        if place is not None and place.countries:
            spots.append(_Spot(name, place.countries))
        elif by_region:
            spots += [replace(spot, shown=name) for spot in by_region]
        else:
            spots.append(_Spot(name))
    if "hosts" in site.untold:
        spots += by_region or [_Spot(_shown(site))]
    if not site.says("hosts"):
        spots += by_region or [_Spot(_shown(site))]
    return spots


def _by_region(policy: Policy, site: Site) -> list[_Spot]:
    spots: list[_Spot] = []
    for region in sorted(site.regions):
        spots.append(_Spot(_shown(site) or region, region_countries(policy, site.provider, region)))
    if "regions" in site.untold and site.regions:
        spots.append(_Spot(_shown(site)))
    return spots


def region_countries(policy: Policy, provider: str, region: str) -> tuple[str, ...]:
    """The countries of a region: the provider's own, else those of a compatible cloud that has one of this name."""
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
            return (host.name or host.bucket if host is not None else text).replace(HOLE, "…")
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
    for text in hosts:
        host = host_of(text)
        if host is None:
            others.append(_unknown_recipient(vendor, country, policy, site, text.replace(HOLE, "…")))
        elif not _is_own(policy, host):
            others.append(_recipient_at(policy, host, vendor, country, site))
    if not hosts or "hosts" in site.untold:
        others.append(_unknown_recipient(vendor, country, policy, site, ""))
    if not others:
        return None
    return max(others, key=lambda place: (place.standing == FOREIGN, place.standing == UNKNOWN_PLACE, place.shown))


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
    shown = (host.name or host.bucket).replace(HOLE, "…")
    for name, spec in policy.settings.recipients.items():
        if any(_host_fits(pattern, host) for pattern in spec.hosts):
            return _of_spec(policy, name, spec, shown, host, country)
    countries = _host_countries(policy, host)
    if not countries and site.regions:
        countries = region_countries(policy, site.provider, min(site.regions))
    return _standing(policy, countries or ((country,) if country else ()), shown or vendor)


def _host_countries(policy: Policy, host: Host) -> tuple[str, ...]:
    place = policy.regions.place_of_host(host.name) if host.name else None
    if place is not None and place.countries:
        return place.countries
    domain = policy.regions.country_of_tld(host.name) if host.name else None
    return (domain,) if domain else ()


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
    countries = (country,) if country else ()
    if not countries and site.regions:
        countries = region_countries(policy, site.provider, min(site.regions))
    return _standing(policy, countries, shown or vendor)


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
