"""The packaged knowledge of libraries and places: read and checked once, then kept in the cache as values.

Reading and checking hundreds of files takes several times as long as loading what came of it.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from qorgau.cache import Store, of_knowledge, recalled
from qorgau.knowledge.libraries import Catalog
from qorgau.knowledge.library_files import LibraryFile, library_files
from qorgau.knowledge.region_files import Provider, read_packaged
from qorgau.knowledge.regions import Regions
from qorgau.knowledge.rows import Library


class Knowledge(msgspec.Struct, frozen=True, array_like=True):
    """What the packaged files of libraries and regions say; ``domains`` are countries by their domain."""

    libraries: tuple[Library, ...]
    providers: tuple[Provider, ...]
    domains: dict[str, str]


def catalog(store: Store, extra: tuple[tuple[str, str], ...]) -> Catalog:
    """All library models, those of a team's own files last: their names and texts. Raises ``LibraryError``."""
    if not extra:
        return _packaged_catalog(store)
    theirs = tuple(LibraryFile(name, text, always=True).library() for name, text in extra)
    return Catalog((*_knowledge(store).libraries, *theirs))


@lru_cache(maxsize=1)
def regions(store: Store) -> Regions:
    """The packaged table of regions and hosts. Raises ``RegionsError``."""
    known = _knowledge(store)
    return Regions(known.providers, known.domains)


# What is packaged does not change while the program runs; tests and servers check many times.
@lru_cache(maxsize=1)
def _packaged_catalog(store: Store) -> Catalog:
    return Catalog(_knowledge(store).libraries)


@lru_cache(maxsize=1)
def _knowledge(store: Store) -> Knowledge:
    key = of_knowledge() if store.keeps else ""
    kept = recalled(store, "knowledge", key, Knowledge)
    if kept is not None:
        return kept
    libraries = tuple(file.library() for file in library_files(()))
    providers, domains = read_packaged()
    known = Knowledge(libraries, tuple(map(_plain, providers)), domains)
    if key:
        store.put("knowledge", key, msgspec.msgpack.encode(known))
    return known


def _plain(each: Provider) -> Provider:
    """The provider without what its file says of itself."""
    return Provider(**{name: getattr(each, name) for name in Provider.__struct_fields__})
