"""Regions of the configuration that no table has: the country is not told, and nobody sees why."""

from __future__ import annotations

from collections.abc import Iterator

from qorgau.config import RecipientSpec, Settings, StorageSpec
from qorgau.config.checking import key_path
from qorgau.config.reading import nearest, quoted
from qorgau.knowledge.regions import Regions


def doubts(settings: Settings, regions: Regions) -> Iterator[str]:
    """What to warn of, one sentence each, which begins with the key. No errors: clouds get new regions."""
    tables = (("storages", settings.storages), ("recipients", settings.recipients))
    for table, specs in tables:
        for name, spec in specs.items():
            said = _doubt(spec, regions)
            if said:
                yield f"{key_path('', table, name, 'region')}: {said}"


def _doubt(spec: StorageSpec | RecipientSpec, regions: Regions) -> str:
    if spec.region is None or spec.country is not None or regions.region_reference(spec.region) is not None:
        return ""
    provider, _, _ = spec.region.partition(":")
    known = [f"{provider}:{region}" for region in regions.region_ids(provider)]
    meant = nearest(spec.region, known) if known else nearest(provider, regions.providers())
    hint = f"; did you mean {quoted(meant)}?" if meant else "; name its country"
    return f"the country of {quoted(spec.region)} is not known{hint}"
