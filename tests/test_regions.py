"""Regions and hosts as data: where real names stand, what no name tells, and the files as a whole."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import tomli

from qorgau.config.countries import COUNTRIES
from qorgau.knowledge.hosts import HOLE, host_of
from qorgau.knowledge.region_files import Provider, RegionsError, read_domains, read_packaged, read_providers
from qorgau.knowledge.regions import HostPlace, Regions

FOLDER = files("qorgau.rules") / "regions"
TABLES: dict[str, dict[str, Any]] = {
    entry.name: tomli.loads(entry.read_text("utf-8"))
    for entry in FOLDER.iterdir()
    if entry.name.endswith(".toml")
}


@pytest.fixture(scope="module")
def regions() -> Regions:
    return Regions.load()


@pytest.fixture(scope="module")
def providers() -> list[Provider]:
    return read_packaged()[0]


@pytest.mark.parametrize(
    ("provider", "region", "countries"),
    [
        ("aws", "eu-central-1", ("DE",)),
        ("aws", "eu-central-1a", ("DE",)),
        ("aws", "EU-Central-1", ("DE",)),
        ("aws", "euc1", ("DE",)),
        ("aws", "euc1-az2", ("DE",)),
        ("aws", "EU", ("IE",)),
        ("aws", "ap-east-1", ("HK",)),
        ("gcp", "europe-west3", ("DE",)),
        ("gcp", "europe-west3-b", ("DE",)),
        ("gcp", "asia-east2", ("HK",)),
        ("azure", "westeurope", ("NL",)),
        ("azure", "West Europe", ("NL",)),
        ("azure", "west-europe", ("NL",)),
        ("yandex", "kz1", ("KZ",)),
        ("yandex", "kz1-a", ("KZ",)),
        ("yandex", "ru-central1-d", ("RU",)),
        ("vkcloud", "kz-ast", ("KZ",)),
        ("selectel", "kz-1", ("KZ",)),
        ("selectel", "uz-2", ("UZ",)),
        ("oracle", "eu-frankfurt-1", ("DE",)),
        ("oracle", "fra", ("DE",)),
        ("oracle", "eu-dcc-rating-1", ()),
        ("wasabi", "eu-central-1", ("NL",)),
        ("aws", "mars-north-1", ()),
        ("nobody", "eu-central-1", ()),
        ("aws", "", ()),
    ],
)
def test_a_region_or_zone_stands_in_its_country(
    regions: Regions, provider: str, region: str, countries: tuple[str, ...]
) -> None:
    assert regions.country_of_region(provider, region) == countries


def test_a_multi_region_stands_in_every_country_it_can_stand_in(regions: Regions) -> None:
    union = regions.country_of_region("gcp", "EU")
    assert {"DE", "FI", "NL"} <= set(union)
    assert not {"KZ", "GB", "CH", "US"} & set(union)
    assert regions.country_of_region("gcp", "eur4") == ("FI", "NL")


def test_a_region_without_a_provider_is_that_of_every_cloud_that_has_it(regions: Regions) -> None:
    assert {"DE", "NL"} <= set(regions.country_of_region(None, "eu-central-1"))
    assert regions.country_of_region(None, "kz-1") == ("KZ",)
    # `de` of Sentry and `us` of Datadog are no regions of a cloud.
    assert regions.country_of_region(None, "us3") == ()


def test_what_a_configuration_calls_a_region_is_found_or_refused(regions: Regions) -> None:
    assert regions.region_reference("aws:eu-central-1") == HostPlace("aws", "eu-central-1", ("DE",))
    assert regions.region_reference("yandex:kz1") == HostPlace("yandex", "kz1", ("KZ",))
    assert regions.region_reference("aws:kz1") is None
    assert regions.region_reference("eu-central-1") is None


@pytest.mark.parametrize(
    ("name", "countries"),
    [
        ("db.x.eu-west-1.rds.amazonaws.com", ("IE",)),
        ("DB.X.EU-WEST-1.RDS.AMAZONAWS.COM.", ("IE",)),
        ("cache.abc.0001.euc1.cache.amazonaws.com", ("DE",)),
        ("s3.eu-central-1.amazonaws.com", ("DE",)),
        ("s3-eu-west-1.amazonaws.com", ("IE",)),
        ("bucket.s3.dualstack.eu-north-1.amazonaws.com", ("SE",)),
        ("sqs.eu-west-2.amazonaws.com", ("GB",)),
        ("eu-west-2.queue.amazonaws.com", ("GB",)),
        ("ec2-192-0-2-1.compute-1.amazonaws.com", ("US",)),
        ("users.auth.eu-central-1.amazoncognito.com", ("DE",)),
        ("db.x.cn-north-1.rds.amazonaws.com.cn", ("CN",)),
        ("shop:europe-west3:main", ("DE",)),
        ("example.com:shop:asia-southeast1:main", ("SG",)),
        ("europe-west3-shop.cloudfunctions.net", ("DE",)),
        ("europe-west1-aiplatform.googleapis.com", ("BE",)),
        ("0ab.1cd.europe-west4.sql.goog", ("NL",)),
        ("shop.westeurope.cloudapp.azure.com", ("NL",)),
        ("westeurope-5.in.applicationinsights.azure.com", ("NL",)),
        ("storage.yandexcloud.kz", ("KZ",)),
        ("bucket.storage.yandexcloud.kz", ("KZ",)),
        ("kz1-a-0abc.mdb.yandexcloud.kz", ("KZ",)),
        ("iam.api.yandexcloud.kz", ("KZ",)),
        ("storage.yandexcloud.net", ("RU",)),
        ("rc1a-0abc.mdb.yandexcloud.net", ("RU",)),
        ("message-queue.api.cloud.yandex.net", ("RU",)),
        ("hb.kz-ast.bizmrg.com", ("KZ",)),
        ("media.hb.kz-ast.vkcloud-storage.ru", ("KZ",)),
        ("hb.ru-msk.vkcloud-storage.ru", ("RU",)),
        ("hb.vkcloud-storage.ru", ("RU",)),
        ("s3.kz-1.storage.selcloud.ru", ("KZ",)),
        ("s3.kz-1.srvstorage.kz", ("KZ",)),
        ("s3.ru-1.storage.selcloud.ru", ("RU",)),
        ("s3.ps.kz", ("KZ",)),
        ("media.oss-eu-central-1.aliyuncs.com", ("DE",)),
        ("obs.ru-northwest-2.myhuaweicloud.com", ("RU",)),
        ("fra1.digitaloceanspaces.com", ("DE",)),
        ("media.hel1.your-objectstorage.com", ("FI",)),
        ("s3.de.io.cloud.ovh.net", ("DE",)),
        ("s3.wasabisys.com", ("US",)),
        ("s3.eu-central-1.wasabisys.com", ("NL",)),
        ("objectstorage.uk-london-1.oraclecloud.com", ("GB",)),
        ("s3.fra.eu.cloud-object-storage.appdomain.cloud", ("DE", "IT", "NL")),
        ("ep-x.eu-central-1.aws.neon.tech", ("DE",)),
        ("ep-x.gwc.azure.neon.tech", ("DE",)),
        ("aws-0-eu-west-3.pooler.supabase.com", ("FR",)),
        ("0ab-cd-us-east1.apps.astra.datastax.com", ("US",)),
        ("pkc-x.europe-west3.gcp.confluent.cloud", ("DE",)),
        ("x.es.eu-west-1.aws.found.io", ("IE",)),
        ("xy1.eu-central-1.snowflakecomputing.com", ("DE",)),
        ("xy1.west-europe.azure.snowflakecomputing.com", ("NL",)),
        ("redis-1.c2.eu-west-1-3.ec2.redns.redis-cloud.com", ("IE",)),
        ("x.frankfurt-postgres.render.com", ("DE",)),
        ("eu-central.connect.psdb.cloud", ("DE",)),
        ("o1.ingest.de.sentry.io", ("DE",)),
        ("o1.ingest.us.sentry.io", ("US",)),
        ("api.datadoghq.eu", ("DE",)),
        ("http-intake.logs.ap1.datadoghq.com", ("JP",)),
        ("eu.i.posthog.com", ("DE",)),
        ("api.dublin.ie1.twilio.com", ("IE",)),
    ],
)
def test_a_host_stands_where_its_name_says(regions: Regions, name: str, countries: tuple[str, ...]) -> None:
    place = regions.place_of_host(name)
    assert place is not None
    assert place.countries == countries


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("cluster0.abc.mongodb.net", "mongodb"),
        ("account.blob.core.windows.net", "azure"),
        ("shop.database.windows.net", "azure"),
        ("storage.googleapis.com", "gcp"),
        ("x.db.ondigitalocean.com", "digitalocean"),
        ("bucket.s3.amazonaws.com", "aws"),
        ("db.x.mars-north-1.rds.amazonaws.com", "aws"),
        ("account.r2.cloudflarestorage.com", "cloudflare"),
        ("account.snowflakecomputing.com", "snowflake"),
        ("hb.ru-xyz.vkcloud-storage.ru", "vkcloud"),
        ("c-x.rw.dbaas.selcloud.ru", "selectel"),
    ],
)
def test_a_host_that_does_not_tell_is_of_a_known_provider_and_an_unknown_place(
    regions: Regions, name: str, provider: str
) -> None:
    place = regions.place_of_host(name)
    assert place is not None
    assert (place.provider, place.region, place.countries) == (provider, None, ())


@pytest.mark.parametrize(
    "name",
    ["db.example.com", "localhost", "", "192.0.2.1", "2001:db8::1", "rds.amazonaws.com.example.test", HOLE],
)
def test_a_host_of_nobody_has_no_place(regions: Regions, name: str) -> None:
    assert regions.place_of_host(name) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (f"{HOLE}.eu-west-1.rds.amazonaws.com", ("aws", ("IE",))),
        (f"db{HOLE}.x.eu-west-1.rds.amazonaws.com", ("aws", ("IE",))),
        (f"db.x.{HOLE}.rds.amazonaws.com", ("aws", ())),
        (f"db.x.eu-west-{HOLE}.rds.amazonaws.com", ("aws", ())),
        (f"s3.{HOLE}", None),
        (f"{HOLE}.amazonaws.com", ("aws", ())),
        (f"shop:{HOLE}:main", ("gcp", ())),
        (f"{HOLE}:europe-west3:{HOLE}", ("gcp", ("DE",))),
        (f"{HOLE}.api.mailchimp.com", ("mailchimp", ())),
        (f"europe-west1{HOLE}-shop.cloudfunctions.net", ("gcp", ())),
    ],
)
def test_a_hole_stands_for_anything_and_tells_no_region(
    regions: Regions, name: str, expected: tuple[str, tuple[str, ...]] | None
) -> None:
    place = regions.place_of_host(name)
    assert (place and (place.provider, place.countries)) == expected


@pytest.mark.parametrize(
    ("name", "countries"),
    [
        ("us5.api.mailchimp.com", ("US",)),
        ("slack.com", ("US",)),
        ("graph.facebook.com", ("US",)),
        ("api.vk.com", ("RU",)),
        ("smtp.gmail.com", ("US",)),
        ("o1.ingest.de.sentry.io", ("DE",)),
        ("rest.messagebird.com", ("NL",)),
        ("api.telegram.org", ()),
        ("sms.example.kz", ("KZ",)),
        ("sms.example.ru", ("RU",)),
        ("api.example.co.uk", ("GB",)),
        ("пример.қаз", ("KZ",)),
        ("xn--e1afmkfd.xn--p1ai", ("RU",)),
        ("api.example.com", ()),
        ("api.example.io", ()),
        ("192.0.2.1", ()),
        # The cloud's domain says nothing of its customer's host.
        ("hb.ru-xyz.vkcloud-storage.ru", ()),
    ],
)
def test_a_recipient_is_where_its_host_stands_else_where_its_company_is_else_its_domain(
    regions: Regions, name: str, countries: tuple[str, ...]
) -> None:
    assert regions.countries_of_recipient(name) == countries


def test_a_seat_is_no_place_of_a_storage(regions: Regions) -> None:
    assert regions.place_of_host("slack.com") == HostPlace("slack", seat="US")
    assert regions.place_of_host(f"{HOLE}.twilio.com") == HostPlace("twilio", seat="US")


@pytest.mark.parametrize(
    "domain", ["io", "ai", "co", "me", "tv", "cc", "to", "ly", "tk", "su", "gg", "com", "eu"]
)
def test_a_domain_that_everybody_uses_tells_no_country(regions: Regions, domain: str) -> None:
    assert regions.country_of_tld(f"api.example.{domain}") is None


def test_a_domain_with_a_hole_or_alone_tells_no_country(regions: Regions) -> None:
    assert regions.country_of_tld(f"api.example.{HOLE}") is None
    assert regions.country_of_tld("kz") is None
    assert regions.country_of_tld("API.Example.KZ.") == "KZ"


def test_hosts_of_text_are_placed(regions: Regions) -> None:
    placed = {
        "postgresql://user:word@db.x.eu-west-1.rds.amazonaws.com:5432/shop": ("IE",),
        "postgresql+pg8000://user:word@/shop?unix_sock=/cloudsql/shop:europe-west3:main/.s.PGSQL.5432": (
            "DE",
        ),
        "snowflake://user:word@xy1.eu-central-1/shop": ("DE",),
        "sqs://key:word@sqs.eu-west-1.amazonaws.com/1/queue": ("IE",),
    }
    for text, countries in placed.items():
        host = host_of(text)
        assert host is not None
        place = regions.place_of_host(host.name)
        assert place is not None
        assert place.countries == countries, text


# The files as a whole.


def _vendors() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, table in TABLES.items():
        if name != "tlds.toml":
            yield from ((name, each) for each in table.get("vendor", [table]))


def test_there_are_as_many_regions_and_hosts_as_promised(providers: list[Provider]) -> None:
    assert sum(bool(region.countries) for each in providers for region in each.region) >= 400
    assert sum(len(each.host) for each in providers) >= 700
    assert {"aws", "azure", "gcp", "oracle", "alibaba", "yandex", "vkcloud", "selectel"} <= {
        each.provider for each in providers
    }


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_file_says_its_date_and_the_script_that_made_it(name: str) -> None:
    table = TABLES[name]
    assert date(2026, 1, 1) <= date.fromisoformat(table["date"])
    script = Path(__file__).parents[1] / table["script"]
    assert script.is_file()
    head = (FOLDER / name).read_text("utf-8").splitlines()[0]
    assert head == f"# Made by {table['script']}; change the script, not this file."


def test_every_provider_names_its_sources() -> None:
    for name, each in _vendors():
        assert each["sources"], (name, each["provider"])
        for source in each["sources"]:
            assert re.match(r"PyPI |GitHub |https?://|forms of hosts ", source), (name, source)


def test_figures_of_the_large_clouds_have_two_sources() -> None:
    for name in ("aws", "azure", "gcp", "oracle", "digitalocean", "hetzner", "linode", "ovh", "scaleway"):
        assert len(TABLES[f"{name}.toml"]["sources"]) >= 2, name


def test_no_provider_says_a_name_twice(providers: list[Provider]) -> None:
    assert not [name for name, count in Counter(each.provider for each in providers).items() if count > 1]
    for each in providers:
        names = [name.lower() for region in each.region for name in (region.id, *region.codes)]
        assert len(names) == len(set(names)), each.provider
        patterns = [(host.pattern, host.regions) for host in each.host]
        assert len(patterns) == len(set(patterns)), each.provider


def test_a_pattern_is_in_small_letters_and_has_no_blanks(providers: list[Provider]) -> None:
    for each in providers:
        for host in each.host:
            assert re.fullmatch(r"[a-z0-9.*{}:-]+", host.pattern), host.pattern


def test_a_region_that_several_clouds_have_is_known_in_all(providers: list[Provider]) -> None:
    clouds = [each for each in providers if not each.seat]
    counted = Counter(region.id for each in clouds for region in each.region)
    unknown = {region.id for each in clouds for region in each.region if not region.countries}
    assert not {name for name in unknown if counted[name] > 1}


def test_every_host_with_a_region_of_its_own_is_placed_by_its_own_pattern(
    regions: Regions, providers: list[Provider]
) -> None:
    for each in providers:
        for host in each.host:
            if host.region:
                place = regions.place_of_host(host.pattern.replace("*", "x"))
                assert place is not None, host.pattern
                assert (place.provider, place.countries != ()) == (each.provider, True), host.pattern


def test_nothing_of_the_machine_that_made_them_is_in_scripts_or_files() -> None:
    scripts = Path(__file__).parents[1] / "scripts"
    texts = [path.read_text("utf-8") for path in scripts.glob("*.py")]
    texts += [(FOLDER / name).read_text("utf-8") for name in TABLES]
    for text in texts:
        assert not re.search(r"(?<![\w:/.])/(?:work|tmp|home|root|usr)/", text)


# What a file may not say.

GOOD = """
provider = "cloud"
name = "Cloud"
sources = ["https://example.com"]
date = "2026-11-24"
region = [{ id = "north", countries = ["NO"] }]
"""


def test_a_file_of_one_provider_and_one_of_several_say_the_same() -> None:
    host = 'host = [{ pattern = "*.{region}.cloud.example.com" }]'
    ((one, _, _),) = read_providers(GOOD + host, "one.toml")
    body = GOOD.replace('date = "2026-11-24"\n', "") + host
    several = f'date = "2026-11-24"\nscript = "x"\n[[vendor]]{body}'
    ((other, file, key),) = read_providers(several, "several.toml")
    assert (one.provider, one.region, one.host) == (other.provider, other.region, other.host)
    assert (file, key) == ("several.toml", "vendor[0].")
    place = Regions([one], {}).place_of_host("x.north.cloud.example.com")
    assert place == HostPlace("cloud", "north", ("NO",))


def test_hosts_can_be_placed_by_the_regions_of_another_provider() -> None:
    ((cloud, _, _),) = read_providers(GOOD, "cloud.toml")
    text = GOOD.replace('"cloud"', '"base"').partition("region =")[0]
    ((base, _, _),) = read_providers(
        f'{text}host = [{{ pattern = "*.{{region}}.base.example.com", regions = "cloud" }}]', "base.toml"
    )
    table = Regions([cloud, base], {})
    assert table.place_of_host("x.north.base.example.com") == HostPlace("base", "north", ("NO",))
    assert table.place_of_host("x.south.base.example.com") == HostPlace("base")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ('host = [{ pattern = "x.example.com" }]', r"host\[0\]: says neither `\{region\}`"),
        ('host = [{ pattern = "x.example.com", region = "south" }]', "`south` is no region of this provider"),
        ('host = [{ pattern = "x.*.com", known = false }]', "the last two labels must be written out"),
        ('host = [{ pattern = "x.example.com", regions = "aws" }]', "says whose regions, but neither"),
        (
            'host = [{ pattern = "x.example.com", region = "north", known = false }]',
            "says where and `known = false`",
        ),
        ('seat = "XX"', "seat: `XX` is no country code of ISO 3166"),
        ('colour = "red"', "colour"),
    ],
)
def test_a_wrong_row_is_named_with_its_file_and_key(rows: str, message: str) -> None:
    with pytest.raises(RegionsError, match=message) as caught:
        read_providers(f"{GOOD}{rows}\n", "rules/regions/cloud.toml")
    assert caught.value.file == "rules/regions/cloud.toml"


def test_a_country_that_is_none_is_refused() -> None:
    with pytest.raises(RegionsError, match=r"region\[0\].countries: `Norway` is no country code"):
        read_providers(GOOD.replace('"NO"', '"Norway"'), "cloud.toml")


def test_a_company_with_a_seat_may_leave_the_place_of_its_hosts_open() -> None:
    ((each, _, _),) = read_providers(f'{GOOD}seat = "NO"\nhost = [{{ pattern = "x.example.com" }}]', "a.toml")
    table = Regions([each], {})
    assert table.place_of_host("x.example.com") == HostPlace("cloud", seat="NO")
    assert table.countries_of_recipient("x.example.com") == ("NO",)


def test_a_domain_is_either_generic_or_a_country_s() -> None:
    text = 'sources = []\ndate = ""\nscript = ""\ngeneric = ["io"]\n[countries]\n'
    assert read_domains(f'{text}kz = "KZ"', "tlds.toml").countries == {"kz": "KZ"}
    with pytest.raises(RegionsError, match=r"countries\.io: is listed in `generic` too"):
        read_domains(f'{text}io = "IO"', "tlds.toml")
    with pytest.raises(RegionsError, match=r"countries\.kz: `Kazakhstan` is no country code"):
        read_domains(f'{text}kz = "Kazakhstan"', "tlds.toml")


def test_every_country_of_a_domain_is_one_of_iso_3166() -> None:
    countries = TABLES["tlds.toml"]["countries"]
    assert set(countries.values()) <= COUNTRIES
    assert {
        "kz": "KZ",
        "қаз": "KZ",
        "ru": "RU",
        "рф": "RU",
        "uk": "GB",
        "de": "DE",
    }.items() <= countries.items()
