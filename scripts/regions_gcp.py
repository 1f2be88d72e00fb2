"""Makes ``rules/regions/gcp.toml``.

Regions and countries are codecarbon's table of Google's carbon data, compared with the second
source, which also has the regions that codecarbon lacks. Multi-regions are Google's own
descriptions of them, resolved through the regions they are made of.

Usage: python scripts/regions_gcp.py CODECARBON-WHEEL CLONE-OF-mcp-server-cloud-regions DATE TARGET
"""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from pathlib import Path

from regions_common import (
    EUROPEAN_UNION,
    Host,
    Region,
    Table,
    agreed,
    catalogue,
    catalogue_source,
    countries_by_name,
    package_source,
    write,
)

_IMPACT = "codecarbon/data/cloud/impact.csv"
_MISSPELLED = {"me-cenrtal1": "me-central1"}
_CORRECTIONS = {"asia-east2": ("HK", "ISO 3166 has Hong Kong on its own; codecarbon says CHN")}

# https://docs.cloud.google.com/storage/docs/locations,
# https://firebase.google.com/docs/firestore/locations
_MADE_OF = {
    "asia1": ("asia-northeast1", "asia-northeast2"),
    "eur3": ("europe-west1", "europe-west4"),
    "eur4": ("europe-north1", "europe-west4"),
    "eur5": ("europe-west1", "europe-west2"),
    "eur7": ("europe-west2", "europe-west3"),
    "eur8": ("europe-west3", "europe-west6"),
    "nam4": ("us-central1", "us-east1"),
    "nam5": ("us-central1",),
}

_HOSTS = (
    Host("*:{region}:*", why="Cloud SQL connection names, project:region:instance"),
    Host("{region}-*.cloudfunctions.net"),
    Host("*.{region}.run.app"),
    Host("{region}-docker.pkg.dev"),
    Host("{region}-*.googleapis.com", why="regional APIs: Vertex AI, Pub/Sub, Document AI, ..."),
    Host("*.{region}.rep.googleapis.com", why="regional endpoints: Cloud Storage, BigQuery, ..."),
    Host("*.{region}.firebasedatabase.app"),
    Host("*.{region}.hosted.app"),
    Host("*.{region}.gke.goog"),
    Host(
        "*.{region}.sql.goog",
        why="https://docs.cloud.google.com/sql/docs/mysql/configure-dns",
    ),
    Host("{region}.gcr.io", why="https://docs.cloud.google.com/container-registry/docs/pushing-and-pulling"),
    Host(
        "*.firebaseio.com",
        "us-central1",
        why="https://firebase.google.com/docs/database/web/start: this form is for us-central1 only",
    ),
    Host("storage.googleapis.com", known=False, why="the bucket can stand in any region"),
    Host("*.storage.googleapis.com", known=False, why="the bucket can stand in any region"),
    Host("storage.cloud.google.com", known=False, why="the bucket can stand in any region"),
    Host("firebasestorage.googleapis.com", known=False, why="the bucket can stand in any region"),
    Host("*.firebasestorage.app", known=False, why="the bucket can stand in any region"),
    Host("*.googleapis.com", known=False, why="global APIs: BigQuery, Firestore, Pub/Sub, ..."),
    Host("*.appspot.com", known=False, why="the host holds a code that Google does not explain"),
    Host("*.a.run.app", known=False, why="the host holds a code that Google does not explain"),
    Host("*.web.app", known=False, why="served from everywhere"),
    Host("*.firebaseapp.com", known=False, why="served from everywhere"),
)


def main(wheel: Path, second: Path, date: str, target: Path) -> None:
    """Reads the sources and writes the table."""
    names = countries_by_name()
    with zipfile.ZipFile(wheel) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read(_IMPACT).decode("utf-8-sig"))))
    first = {_MISSPELLED.get(row["region"], row["region"]): row for row in rows if row["provider"] == "gcp"}
    other = catalogue(second, "gcp")
    regions = []
    for region in sorted({*first, *other}):
        row = first.get(region)
        country = names[row["countryIsoCode"]] if row else None
        countries = agreed(region, country, other.get(region), _CORRECTIONS)
        regions.append(Region(region, countries, row["city"] if row else ""))
    write(
        Table(
            "gcp",
            "Google Cloud",
            (
                f"PyPI {wheel.name}, {_IMPACT}",
                catalogue_source(second),
                package_source("pycountry", "databases/iso3166-1.json"),
                "https://docs.cloud.google.com/storage/docs/locations (multi-regions, hosts)",
            ),
            date,
            "scripts/regions_gcp.py",
            (*regions, *_multi_regions({region.id: region.countries for region in regions})),
            _HOSTS,
        ),
        target,
    )


def _multi_regions(countries: dict[str, tuple[str, ...]]) -> list[Region]:
    """A multi-region stands in every country that one of its regions can stand in."""
    union = {code for codes in countries.values() for code in codes if code in EUROPEAN_UNION}
    asia = {code for region, codes in countries.items() if region.startswith("asia-") for code in codes}
    made = {name: {code for part in parts for code in countries[part]} for name, parts in _MADE_OF.items()}
    wide = {"eu": union, "us": {"US"}, "asia": asia}
    places = {"eu": "European Union", "us": "United States", "asia": "Asia"}
    return [
        *(Region(name, tuple(sorted(codes)), places[name]) for name, codes in wide.items()),
        *(Region(name, tuple(sorted(codes)), " and ".join(_MADE_OF[name])) for name, codes in made.items()),
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
