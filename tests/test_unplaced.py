"""Regions of the configuration that no table has are told, and no others."""

from __future__ import annotations

import pytest

from qorgau.config import RecipientSpec, Settings, StorageSpec
from qorgau.judging.unplaced import doubts
from qorgau.knowledge.regions import Regions


@pytest.fixture(scope="module")
def regions() -> Regions:
    return Regions.load()


def _said(regions: Regions, region: str, country: str | None = None) -> list[str]:
    spec = StorageSpec(region=region, country=country)
    return list(doubts(Settings(storages={"archive": spec}), regions))


@pytest.mark.parametrize("region", ["aws:eu-central-1", "gcp:europe-west3", "yandex:kz1", "azure:westeurope"])
def test_a_region_that_a_table_has_is_not_doubted(regions: Regions, region: str) -> None:
    assert _said(regions, region) == []


def test_a_misspelled_region_is_told_with_what_was_meant(regions: Regions) -> None:
    assert _said(regions, "aws:eu-centrl-1") == [
        'storages.archive.region: the country of "aws:eu-centrl-1" is not known; did you mean "aws:eu-central-1"?'
    ]


def test_a_misspelled_provider_is_told_with_what_was_meant(regions: Regions) -> None:
    (said,) = _said(regions, "yandx:kz1")
    assert said.endswith('; did you mean "yandex"?')


def test_a_region_nobody_has_asks_for_its_country(regions: Regions) -> None:
    (said,) = _said(regions, "zzzzzz:qqqqqq")
    assert said.endswith('"zzzzzz:qqqqqq" is not known; name its country')


def test_a_country_beside_it_settles_the_matter(regions: Regions) -> None:
    assert _said(regions, "aws:eu-centrl-1", "DE") == []


def test_recipients_are_asked_as_well_under_the_key_as_toml_writes_it(regions: Regions) -> None:
    settings = Settings(recipients={"mail.ru": RecipientSpec(region="aws:moon")})
    (said,) = doubts(settings, regions)
    assert said.startswith('recipients."mail.ru".region: ')
