"""The files of ``rules/regions``: what a provider's file may say, checked as a whole.

A file tells of one provider, or of several in ``[[vendor]]`` tables of the same form. Each names its
sources (two where two could be had), its date and the script that made it. ``tlds.toml`` tells which
country the last part of a domain name stands for.

``region`` and ``{region}`` say where a host stands. ``seat`` says which country the company behind
the hosts is in, and is evidence for a recipient only.
"""

from __future__ import annotations

import re

import msgspec

from qorgau.config.countries import COUNTRIES
from qorgau.knowledge import toml_files

RegionsError = toml_files.RuleFileError

PIECE = re.compile(r"(\*|\{region\})")
_DOMAINS_FILE = "tlds.toml"


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One region: its countries (ISO 3166 alpha-2, none when unknown) and other ids it goes by."""

    id: str
    countries: tuple[str, ...] = ()
    place: str = ""
    codes: tuple[str, ...] = ()


class HostPattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hosts of a provider, ``*`` standing for anything.

    ``{region}`` in the pattern or ``region`` say where they stand: ids of the provider, or of the one
    that ``regions`` names (a database service that runs in AWS). ``known = false``: the name tells nobody.
    """

    pattern: str
    region: str = ""
    regions: str = ""
    known: bool = True


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One provider: where its figures are from, the country of its ``seat``, its regions and hosts.

    Only companies that are recipients have a ``seat``; a cloud has none, what it holds is its customers'.
    """

    provider: str
    name: str
    sources: tuple[str, ...]
    seat: str = ""
    region: tuple[Region, ...] = ()
    host: tuple[HostPattern, ...] = ()


class RegionFile(Provider, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file of ``rules/regions`` that tells of one provider."""

    date: str
    script: str = ""


class VendorFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of ``rules/regions`` that tells of several providers."""

    date: str
    script: str
    vendor: tuple[Provider, ...]


class Domains(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``tlds.toml``: country-code domains, without those that everybody uses."""

    sources: tuple[str, ...]
    date: str
    script: str
    generic: tuple[str, ...]
    countries: dict[str, str]


def ending(name: str) -> str:
    """What patterns are filed under: the last two labels; ``:`` for Cloud SQL connection names."""
    return ":" if ":" in name else ".".join(name.rsplit(".", 2)[-2:])


def read_packaged() -> tuple[list[Provider], dict[str, str]]:
    """The providers and the countries of domains that the packaged files tell of.

    Raises ``RegionsError`` that names file and key.
    """
    found: list[tuple[Provider, str, str]] = []
    domains: dict[str, str] = {}
    for name, text in toml_files.packaged_texts("regions"):
        if name.endswith(f"/{_DOMAINS_FILE}"):
            domains = read_domains(text, name).countries
        else:
            found.extend(read_providers(text, name))
    names = {each.provider for each, _, _ in found}
    for each, name, key in found:
        _check_references(each, names, name, key)
    return [each for each, _, _ in found], domains


def read_providers(text: str, file: str) -> list[tuple[Provider, str, str]]:
    """The providers a file tells of, each with the file and the key it stands at.

    Raises ``RegionsError`` that names file and key.
    """
    table = toml_files.parse(text, file)
    if "vendor" not in table:
        return [(_checked(toml_files.decode(table, RegionFile, file), file, ""), file, "")]
    vendors = toml_files.decode(table, VendorFile, file).vendor
    keys = (f"vendor[{index}]." for index in range(len(vendors)))
    return [(_checked(each, file, key), file, key) for each, key in zip(vendors, keys, strict=True)]


def read_domains(text: str, file: str) -> Domains:
    """What ``tlds.toml`` tells. Raises ``RegionsError`` that names file and key."""
    found = toml_files.decode(toml_files.parse(text, file), Domains, file)
    for domain, country in found.countries.items():
        if country not in COUNTRIES:
            raise RegionsError(file, f"countries.{domain}", f"`{country}` is no country code of ISO 3166")
        if domain in found.generic:
            raise RegionsError(file, f"countries.{domain}", "is listed in `generic` too")
    return found


def _checked(each: Provider, file: str, key: str) -> Provider:
    ids = {name for region in each.region for name in (region.id, *region.codes)}
    if each.seat and each.seat not in COUNTRIES:
        raise RegionsError(file, f"{key}seat", f"`{each.seat}` is no country code of ISO 3166")
    for index, region in enumerate(each.region):
        for country in region.countries:
            if country not in COUNTRIES:
                problem = f"`{country}` is no country code of ISO 3166"
                raise RegionsError(file, f"{key}region[{index}].countries", problem)
    for index, host in enumerate(each.host):
        problem = _problem_of(host, ids, bool(each.seat))
        if problem:
            raise RegionsError(file, f"{key}host[{index}]", problem)
    return each


def _problem_of(host: HostPattern, ids: set[str], has_seat: bool) -> str:
    """What is wrong with a host's row, if anything; one that tells no place needs a company that has one."""
    tells = host.region or "{region}" in host.pattern
    if host.region and not host.regions and host.region not in ids:
        return f"`{host.region}` is no region of this provider"
    if host.regions and not tells:
        return "says whose regions, but neither `{region}` nor `region`"
    if not host.known and tells:
        return "says where and `known = false`"
    if host.known and not tells and not has_seat:
        return "says neither `{region}`, nor `region`, nor `known = false`"
    if PIECE.search(ending(host.pattern)) and ":" not in host.pattern:
        return "the last two labels must be written out"
    return ""


def _check_references(each: Provider, names: set[str], file: str, key: str) -> None:
    for index, host in enumerate(each.host):
        if host.regions and host.regions not in names:
            raise RegionsError(file, f"{key}host[{index}].regions", f"there is no provider `{host.regions}`")
