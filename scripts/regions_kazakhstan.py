"""Makes ``rules/regions/kazakhstan.toml``: the clouds that have a region in Kazakhstan, with their others.

Selectel's and Servercore's pools are those of rclone's provider files and of their own documentation;
VK Cloud's regions and hosts those of its documentation, whose files are searched for each host; Yandex
Cloud's those of its documentation. The country is said by the source itself, by city or by name.

Usage: python scripts/regions_kazakhstan.py CLONE-OF-rclone CLONE-OF-vk-docs-public DATE TARGET
"""

from __future__ import annotations

import sys
from pathlib import Path

from object_store_model import Store
from object_store_places import country_of_place, places_of, rows_of
from regions_common import Host, Region, Vendor, git_source, git_text, write_vendors

_SCRIPT = "scripts/regions_kazakhstan.py"
_VK = "vk-cs/docs-public"
_VK_REGIONS = "docs/en/tools-for-using-services/account/concepts/regions/regions.md"
_VK_BUCKETS = "docs/en/networks/cdn/troubleshooting/no-bucket/no-bucket.md"
_VK_ENDPOINTS = "docs/en/tools-for-using-services/api/rest-api/endpoints/endpoints.md"
_VK_OLD = "docs/en/networks/vnet/how-to-guides/s3-service-net/s3-service-net.md"

_YANDEX = Vendor(
    "yandex",
    "Yandex Cloud",
    (
        "GitHub yandex-cloud/docs 0423c802d936, ru/overview/concepts/region.md (regions, zones, storage)",
        "GitHub yandex-cloud/docs 08af681a1bc0, ru/overview/concepts/geo-scope.md (data centres)",
        "https://yandex.cloud/ru-kz/docs/api-design-guide/concepts/endpoints (hosts of APIs)",
    ),
    (
        Region("kz1", ("KZ",), "Kazakhstan"),
        Region("ru-central1", ("RU",), "Vladimir, Ryazan, Moscow and Kaluga regions", ("rc1",)),
    ),
    (
        Host("*.yandexcloud.kz", "kz1", why="storage, databases, APIs, functions: the domain of the region"),
        Host(
            "*.yandexcloud.net", "ru-central1", why="storage, databases, functions: the domain of the region"
        ),
        Host("*.cloud.yandex.net", "ru-central1", why="APIs and message queues of the region"),
        Host("*.cloud.yandex.ru", "ru-central1"),
    ),
)
_PS_CLOUD = Vendor(
    "pscloud",
    "PS Cloud Services",
    (
        "https://sphera.kz/public_offer-en (Internet Company PS, of Kazakhstan)",
        "https://s3.ps.kz in public configurations that name Kazakhstan's PS.kz as its owner",
    ),
    (Region("kz-1", ("KZ",), "Kazakhstan"),),
    (Host("s3.ps.kz", "kz-1"), Host("*.s3.ps.kz", "kz-1")),
)
_SELECTEL = Store(
    "selectel",
    "Selectel",
    (
        Host("s3.{region}.storage.selcloud.ru"),
        Host("*.s3.{region}.storage.selcloud.ru"),
        Host("swift.{region}.storage.selcloud.ru", why="https://docs.selectel.ru/en/api/urls"),
        Host("{region}.cloud.api.selcloud.ru", why="https://docs.selectel.ru/en/api/urls"),
        Host("{region}.dbaas.selcloud.ru", why="https://docs.selectel.ru/en/api/urls"),
        Host("{region}.mks.selcloud.ru", why="https://docs.selectel.ru/en/api/urls"),
        Host("*.dbaas.selcloud.ru", known=False, why="hosts of databases do not say their pool"),
        Host("*.selstorage.ru", known=False, why="public domains of buckets do not say their pool"),
        Host("*.selcloud.ru", known=False, why="pools stand in Russia, Kazakhstan and Uzbekistan"),
    ),
    file="Selectel",
    ids=r"(?:s3\.)?([a-z]+-\d)(?:\.storage\.selcloud\.ru)?",
)
_SERVERCORE = Store(
    "servercore",
    "Servercore",
    (
        Host("s3.{region}.srvstorage.kz"),
        Host("*.s3.{region}.srvstorage.kz"),
        Host("s3.{region}.srvstorage.uz"),
        Host("*.s3.{region}.srvstorage.uz"),
        Host("*.servercore.com", known=False, why="the host does not say its pool"),
    ),
    file="Servercore",
    ids=r"(?:s3\.)?([a-z]+-\d)(?:\.(?:storage\.selcloud\.ru|srvstorage\.[a-z]+))?",
)


def main(rclone: Path, vk: Path, date: str, target: Path) -> None:
    """Reads the sources and writes the tables."""
    saint_petersburg = country_of_place("St. Petersburg")
    pools = tuple(
        # https://docs.selectel.ru/en/api/urls lists it under St. Petersburg.
        Region(name, (saint_petersburg,) if saint_petersburg else (), "St. Petersburg")
        for name in ("ru-9",)
    )
    vendors = (
        _YANDEX,
        _vk(vk),
        _pools(_SELECTEL, rclone, "https://docs.selectel.ru/en/api/urls", pools),
        _pools(_SERVERCORE, rclone, "https://docs.servercore.com/api/urls", ()),
        _PS_CLOUD,
    )
    notes = (
        "No public names of hosts were found for Kazteleport, QazCloud and Freedom Cloud: configuration.",
        "A domain is not the country of a storage: hosts under .ru and .com stand in Kazakhstan.",
    )
    write_vendors(vendors, date, _SCRIPT, target, notes)


def _pools(store: Store, clone: Path, documentation: str, more: tuple[Region, ...]) -> Vendor:
    regions = [
        Region(name, (country,) if country else (), place)
        for name, (place, country) in places_of(store, clone).items()
    ]
    text = " ".join(key for key, _ in rows_of(store, clone))
    if "s3.kz-1." not in text:
        raise SystemExit(f"{store.provider}: rclone names no host in Kazakhstan")
    sources = (git_source(clone, "rclone/rclone", store.path), documentation)
    return Vendor(
        store.provider,
        store.name,
        sources,
        tuple(sorted((*regions, *more), key=lambda each: each.id)),
        store.hosts,
    )


def _vk(clone: Path) -> Vendor:
    """VK Cloud. Raises ``SystemExit`` when its documentation no longer names a region or a host."""
    texts = [git_text(clone, path) for path in (_VK_REGIONS, _VK_BUCKETS, _VK_ENDPOINTS, _VK_OLD)]
    for word in (
        *("Moscow", "Kazakhstan", "https://kz.cloud.vk.com"),
        *("hb.vkcloud-storage.ru", "hb.ru-msk.vkcloud-storage.ru", "hb.kz-ast.vkcloud-storage.ru"),
        *("infra.mail.ru", "msk.cloud.vk.com"),
    ):
        if not any(word in text for text in texts):
            raise SystemExit(f"{_VK} no longer names {word}")
    return Vendor(
        "vkcloud",
        "VK Cloud",
        (
            git_source(clone, _VK, _VK_REGIONS),
            git_source(clone, _VK, _VK_BUCKETS) + " (hosts of storage)",
            git_source(clone, _VK, _VK_ENDPOINTS) + " (hosts of APIs)",
        ),
        (Region("kz-ast", ("KZ",), "Kazakhstan"), Region("ru-msk", ("RU",), "Moscow")),
        (
            Host("hb.{region}.vkcloud-storage.ru"),
            Host("*.hb.{region}.vkcloud-storage.ru"),
            Host("hb.vkcloud-storage.ru", "ru-msk", why="the common domain stands for Moscow"),
            Host("*.hb.vkcloud-storage.ru", "ru-msk"),
            Host("hb.{region}.bizmrg.com", why="the domain before vkcloud-storage.ru, as its docs still say"),
            Host("*.hb.{region}.bizmrg.com"),
            Host("hb.{region}.vkcs.cloud", why="the domain between the two"),
            Host("*.hb.{region}.vkcs.cloud"),
            Host("hb.bizmrg.com", "ru-msk", why="the common domain stands for Moscow"),
            Host("*.hb.bizmrg.com", "ru-msk"),
            Host("hb.vkcs.cloud", "ru-msk", why="the common domain stands for Moscow"),
            Host("*.hb.vkcs.cloud", "ru-msk"),
            Host("*.kz.cloud.vk.kz", "kz-ast"),
            Host("kz.cloud.vk.kz", "kz-ast", why="console and APIs"),
            Host("kz.cloud.vk.com", "kz-ast", why="console and APIs"),
            Host("kz.infra.mail.ru", "kz-ast", why="OpenStack's APIs"),
            Host("msk.cloud.vk.com", "ru-msk", why="console and APIs"),
            Host("infra.mail.ru", "ru-msk", why="OpenStack's APIs"),
            Host("public.infra.mail.ru", "ru-msk", why="OpenStack's APIs"),
        ),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
