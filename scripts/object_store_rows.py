"""The clouds whose object stores rclone knows: how to read rclone's file, and the forms of their hosts.

Forms that rclone's endpoints show need no source of their own: ``regions_object_stores.py`` checks that
every endpoint of the file fits one. A comment gives the source of the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from regions_common import EUROPEAN_UNION, Host, Region

# Clouds with a file of their own; the others share `object-stores.toml`.
OWN_FILES = frozenset(
    {
        "alibaba",
        "digitalocean",
        "hetzner",
        "huawei",
        "ibm",
        "linode",
        "ovh",
        "scaleway",
        "tencent",
        "vultr",
        "wasabi",
    }
)


@dataclass(frozen=True)
class Store:
    """One cloud. ``ids`` finds the region in a key of rclone's file, ``place`` the place in its text."""

    provider: str
    name: str
    hosts: tuple[Host, ...]
    file: str = ""
    ids: str = "(.+)"
    place: str = "(.+)"
    # Keys of the file that are no single place, and stay unknown.
    skipped: frozenset[str] = frozenset()
    catalogue: str = ""
    # The second source's ids, in small letters, that rclone's file writes otherwise.
    renamed: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    extra: tuple[Region, ...] = ()
    corrections: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    sources: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The provider's file in rclone's repository."""
        return f"backend/s3/provider/{self.file}.yaml"


def _hosts(*patterns: str) -> tuple[Host, ...]:
    return tuple(Host(pattern) for pattern in patterns)


def _buckets(*endpoints: str) -> tuple[Host, ...]:
    """Endpoints, and the same with the bucket before them."""
    return tuple(Host(pattern) for each in endpoints for pattern in (each, f"*.{each}"))


def _silent(*patterns: str, why: str = "the host does not say where") -> tuple[Host, ...]:
    return tuple(Host(pattern, known=False, why=why) for pattern in patterns)


def _crossing(region: str) -> tuple[Host, ...]:
    """IBM's endpoints in one place of several that hold the data: the data is in all of them."""
    endpoint = f"s3.*.{region}.cloud-object-storage.appdomain.cloud"
    return (Host(endpoint, region), Host(f"*.{endpoint}", region))


STORES = (
    Store(
        "alibaba",
        "Alibaba Cloud",
        (
            *_buckets("oss-{region}.aliyuncs.com", "oss-{region}-internal.aliyuncs.com"),
            *_buckets("s3.oss-{region}.aliyuncs.com"),
            Host("*.{region}.aliyuncs.com", why="regional_endpoint_pattern of aliyun-python-sdk-core"),
            *_silent("oss-accelerate*.aliyuncs.com", "*.rds.aliyuncs.com", "*.aliyuncs.com"),
        ),
        file="Alibaba",
        ids=r"oss-((?!accelerate).+)\.aliyuncs\.com",
        place=r".*\((.+)\)",
        sources=("PyPI aliyun-python-sdk-core 2.16.1, data/endpoints.json (hosts of APIs)",),
    ),
    Store(
        "digitalocean",
        "DigitalOcean",
        (
            *_buckets("{region}.digitaloceanspaces.com", "{region}.cdn.digitaloceanspaces.com"),
            *_silent("*.db.ondigitalocean.com", "*.ondigitalocean.app"),
        ),
        file="DigitalOcean",
        ids=r"(\w+)\.digitaloceanspaces\.com",
        place=r"DigitalOcean Spaces (.+) \d",
        catalogue="digitalocean",
    ),
    Store(
        "hetzner",
        "Hetzner",
        (
            *_buckets("{region}.your-objectstorage.com"),
            *_silent("*.your-storagebox.de", "*.your-server.de"),
        ),
        file="Hetzner",
        ids=r"(\w+)(?:\.your-objectstorage\.com)?",
        catalogue="hetzner",
    ),
    Store(
        "huawei",
        "Huawei Cloud",
        (
            *_buckets("obs.{region}.myhuaweicloud.com", "obs.{region}.myhuaweicloud.eu"),
            Host("*.{region}.myhuaweicloud.com", why="endpoints in the package of every service"),
            Host("*.{region}.myhuaweicloud.eu", why="endpoints in the package of every service"),
            *_silent("*.myhuaweicloud.com"),
        ),
        file="HuaweiOBS",
        ids=r"(?:obs\.)?([a-z0-9-]+)(?:\.myhuaweicloud\.com)?",
        place=r"\w+(?: \w+)?-(.+?)\d*",
        extra=(Region("eu-west-101", (), "in the domain myhuaweicloud.eu; no source names the country"),),
        sources=("PyPI huaweicloudsdkobs 3.1.219, v1/region/obs_region.py (hosts, .eu)",),
    ),
    Store(
        "ibm",
        "IBM Cloud",
        (
            *_buckets("s3.{region}.cloud-object-storage.appdomain.cloud"),
            *_buckets("s3.private.{region}.cloud-object-storage.appdomain.cloud"),
            *_crossing("us"),
            *_crossing("eu"),
            *_crossing("ap"),
            Host("*.{region}.codeengine.appdomain.cloud", why="https://cloud.ibm.com/docs/codeengine"),
            *_silent("*.databases.appdomain.cloud", "*.appdomain.cloud"),
        ),
        file="IBMCOS",
        ids=r"s3\.(?:private\.)?((?!ap|eu\b(?!-))[a-z0-9-]+)\.cloud-object-storage\.appdomain\.cloud",
        place=r"(?:(US) .+|(.+) Single Site.+|\w+ Region (DE|Japan|Australia).+|(Great Britain).+)",
        extra=(
            Region("eu", ("DE", "IT", "NL"), "Frankfurt, Milan and Amsterdam, as rclone's file names them"),
            Region("ap", ("HK", "JP", "KR"), "Tokyo, Hong Kong and Seoul, as rclone's file names them"),
        ),
    ),
    Store(
        "linode",
        "Akamai Cloud (Linode)",
        (*_buckets("{region}.linodeobjects.com"), *_silent("*.linodedb.net")),
        file="Linode",
        ids=r"([a-z0-9-]+)\.linodeobjects\.com",
        place=r".+, (\w\w) \(.+\)",
        catalogue="linode",
    ),
    Store(
        "ovh",
        "OVHcloud",
        (
            *_buckets("s3.{region}.io.cloud.ovh.net", "s3.{region}.io.cloud.ovh.us"),
            *_buckets("s3.{region}.perf.cloud.ovh.net", "s3.{region}.cloud.ovh.net"),
            *_buckets("storage.{region}.cloud.ovh.net"),
            *_silent("*.database.cloud.ovh.net"),
        ),
        file="OVHcloud",
        ids=r"(?:s3\.)?([a-z0-9-]+)(?:\.io\.cloud\.ovh\.(?:net|us))?",
        place=r"(?:OVHcloud )?(.+?)(?: \(.+\))?",
        catalogue="ovh",
    ),
    Store(
        "scaleway",
        "Scaleway",
        (*_buckets("s3.{region}.scw.cloud"), *_hosts("*.{region}.scw.cloud"), *_silent("*.scw.cloud")),
        file="Scaleway",
        ids=r"(?:s3\.)?([a-z]+-[a-z]+)(?:\.scw\.cloud)?",
        place=r"(.+?)(?: Endpoint)?",
        catalogue="scaleway",
    ),
    Store(
        "tencent",
        "Tencent Cloud",
        (
            *_buckets("cos.{region}.myqcloud.com", "cos.{region}.tencentcos.cn"),
            *_hosts("*.{region}.tencentcloudapi.com"),
            *_silent("*.cos.accelerate.myqcloud.com", "cos.accelerate.myqcloud.com"),
            *_silent("*.sql.tencentcdb.com", "*.myqcloud.com", "*.tencentcloudapi.com"),
        ),
        file="TencentCOS",
        ids=r"cos\.((?!accelerate).+)\.myqcloud\.com",
        place=r"(.+?)(?: \(China\))? Region",
        sources=("https://cloud.tencent.com/document/product/416/6479 (hosts of APIs)",),
    ),
    Store(
        "vultr",
        "Vultr",
        (*_buckets("{region}.vultrobjects.com"), *_silent("*.vultrdb.com")),
        catalogue="vultr",
        codes={name: (f"{name}1",) for name in ("ewr", "ams", "sgp")},
        extra=(
            Region("sjc1", (), "a cluster of object storage; no source gives its country"),
            Region("blr1", (), "a cluster of object storage; no source gives its country"),
            Region("del1", (), "a cluster of object storage; no source gives its country"),
        ),
    ),
    Store(
        "wasabi",
        "Wasabi",
        (
            *_buckets("s3.{region}.wasabisys.com"),
            Host("s3.wasabisys.com", "us-east-1"),
            Host("*.s3.wasabisys.com", "us-east-1"),
        ),
        file="Wasabi",
        ids=r"s3(?:\.([a-z0-9-]+))?\.wasabisys\.com",
        place=r".*\((.+)\).*",
        extra=(Region("us-east-1", ("US",), "s3.wasabisys.com: US East 1 (N. Virginia)"),),
    ),
    Store(
        "arvancloud",
        "ArvanCloud",
        _buckets("s3.{region}.arvanstorage.ir"),
        file="ArvanCloud",
        ids=r"s3\.(.+)\.arvanstorage\.ir",
        place=r".*(Iran).*",
    ),
    Store(
        "backblaze",
        "Backblaze B2",
        (*_buckets("s3.{region}.backblazeb2.com"), *_silent("*.backblazeb2.com")),
        extra=(
            Region("us-west-002", ("US",), "US West (Sacramento)"),
            Region("us-west-004", (), "no source gives its place"),
            Region("us-east-005", (), "no source gives its place"),
            Region("eu-central-003", (), "no source gives its place"),
            Region("ca-east-006", (), "no source gives its place"),
        ),
        sources=("https://readme.hex.pm/backblaze_regions/0.1.0",),
    ),
    Store(
        "bizfly",
        "Bizfly Cloud",
        _buckets("{region}.ss.bfcplatform.vn"),
        file="BizflyCloud",
        ids=r"(\w+)(?:\.ss\.bfcplatform\.vn)?",
        place=r"(.+?)(?: endpoint)?",
    ),
    Store(
        "chinamobile",
        "China Mobile Ecloud",
        _buckets("eos-{region}.cmecloud.cn"),
        file="ChinaMobile",
        ids=r"eos-([a-z0-9-]+)\.cmecloud\.cn",
        place=r".*\b(China)\b.*",
    ),
    Store(
        "cloudflare",
        "Cloudflare R2",
        (
            Host("*.eu.r2.cloudflarestorage.com", "eu"),
            Host("*.us.r2.cloudflarestorage.com", "us"),
            Host("*.fedramp.r2.cloudflarestorage.com", "us", why="FedRAMP is for the United States"),
            *_silent("*.r2.cloudflarestorage.com", why="the bucket stands near whoever made it"),
            *_silent("*.r2.dev", "*.workers.dev", "*.pages.dev", why="served from everywhere"),
        ),
        extra=(
            Region("eu", EUROPEAN_UNION, "jurisdiction of the European Union"),
            Region("us", ("US",), "jurisdiction of the United States"),
        ),
        sources=(
            "https://developers.cloudflare.com/r2/reference/data-location/",
            "https://developers.cloudflare.com/changelog/post/2026-08-17-r2-us-jurisdiction/",
        ),
    ),
    Store(
        "fastly",
        "Fastly Object Storage",
        _buckets("{region}.object.fastlystorage.app"),
        file="Fastly",
        ids=r"([a-z0-9-]+)(?:\.object\.fastlystorage\.app)?",
        place=r"(AU|JP|UK|US) .+",
        skipped=frozenset({"eu-central", "eu-south-1", "eu-west-1"}),
    ),
    Store(
        "gcore",
        "Gcore",
        _buckets("{region}.cloud.gcore.lu"),
        extra=(
            Region("s-ed1", ("LU",), "Luxembourg"),
            Region("s-drc2", ("US",), "Chicago"),
            Region("s-sgc1", ("SG",), "Singapore"),
            Region("s-nhn2", ("KR",), "Incheon"),
            Region("s-darz", ("DE",), "Darmstadt"),
        ),
        sources=("https://gcore.com/support/articles/360002112138",),
    ),
    Store(
        "idrive",
        "IDrive e2",
        _buckets("s3.{region}.idrivee2.com"),
        extra=(
            Region("us-west-1", ("US",), "Oregon", ("or-1",)),
            Region("us-west-2", ("US",), "Los Angeles", ("la-1",)),
            Region("us-west-3", ("US",), "San Jose", ("sj-1",)),
            Region("us-southwest-1", ("US",), "Phoenix", ("ph-1",)),
            Region("us-midwest-1", ("US",), "Chicago", ("ch-1",)),
            Region("us-central-1", ("US",), "Dallas", ("da-1",)),
            Region("us-east-1", ("US",), "Virginia", ("va-1",)),
            Region("us-southeast-1", ("US",), "Miami", ("mi-1",)),
            Region("ca-east-1", ("CA",), "Montreal", ("ca-1",)),
            Region("eu-west-1", ("IE",), "Ireland", ("ir-1",)),
            Region("eu-west-2", ("GB",), "London", ("uk-1",)),
            Region("eu-west-3", ("GB",), "London-2", ("uk-2",)),
        ),
        sources=("https://www.idrive.com/s3-storage-e2/e2-endpoint-urls",),
    ),
    Store(
        "impossiblecloud",
        "Impossible Cloud",
        _buckets("{region}.storage.impossibleapi.net"),
        file="ImpossibleCloud",
        ids=r"([a-z0-9-]+)(?:\.storage\.impossibleapi\.net)?",
    ),
    Store(
        "intercolo",
        "Intercolo",
        _buckets("{region}.i3storage.com"),
        file="Intercolo",
        ids=r"([a-z-]+)(?:\.i3storage\.com)?",
    ),
    Store(
        "ionos",
        "IONOS Cloud",
        _buckets("s3.{region}.ionoscloud.com"),
        file="IONOS",
        ids=r"(?:s3\.)?([a-z0-9-]+)(?:\.ionoscloud\.com)?",
    ),
    Store(
        "liara",
        "Liara",
        _buckets("storage.{region}.liara.space"),
        file="Liara",
        ids=r"storage\.(\w+)\.liara\.space",
        place=r".*(Iran).*",
    ),
    Store(
        "lyvecloud",
        "Seagate Lyve Cloud",
        _hosts("s3.{region}.*.lyve.seagate.com", "*.s3.{region}.*.lyve.seagate.com"),
        file="LyveCloud",
        ids=r"s3\.([a-z0-9-]+)\.\{account_name\}\.lyve\.seagate\.com",
        place=r".+ - (.+)",
    ),
    Store(
        "magalu",
        "Magalu Cloud",
        _buckets("{region}.magaluobjects.com"),
        file="Magalu",
        ids=r"([a-z0-9-]+)\.magaluobjects\.com",
        place=r".+\((BR)\).*",
    ),
    Store(
        "mega",
        "MEGA S4",
        _buckets("s3.{region}.megas4.com"),
        file="Mega",
        ids=r"s3\.([a-z0-9-]+)\.megas4\.com",
        place=r"Mega S4 (.+) \d",
    ),
    Store(
        "outscale",
        "OUTSCALE",
        _buckets("oos.{region}.outscale.com"),
        file="Outscale",
        ids=r"(?:oos\.)?([a-z0-9-]+)(?:\.outscale\.com)?",
        place=r"(?:SecNumCloud, )?(?:Outscale .+\()?(.+?)\)?",
    ),
    Store(
        "petabox",
        "Petabox",
        (*_buckets("s3.{region}.petabox.io"), Host("s3.petabox.io", "us-east-1")),
        file="Petabox",
        ids=r"(?:s3\.)?([a-z]+-[a-z0-9-]+)(?:\.petabox\.io)?",
        place=r".*\((.+)\)",
    ),
    Store(
        "qiniu",
        "Qiniu",
        _buckets("s3-{region}.qiniucs.com"),
        file="Qiniu",
        ids=r"s3-(.+)\.qiniucs\.com",
        place=r"\w+ (China) Endpoint \d",
        skipped=frozenset({"us-north-1", "ap-southeast-1", "ap-northeast-1"}),
    ),
    Store(
        "rabata",
        "Rabata",
        _buckets("s3.{region}.rabata.io"),
        file="Rabata",
        ids=r"(?:s3\.)?([a-z0-9-]+)(?:\.rabata\.io)?",
        place=r".*\((.+)\)",
    ),
    Store(
        "rackcorp",
        "RackCorp",
        (*_buckets("{region}.s3.rackcorp.com"), *_silent("s3.rackcorp.com")),
        file="RackCorp",
        ids=r"((?!s3|global)[a-z0-9-]+)(?:\.s3\.rackcorp\.com)?",
        place=r"(?:(Australia|USA) \((?:All states|AnyCast|Anycast)\)|.+\((.+)\)).*",
    ),
    Store(
        "storj",
        "Storj",
        _silent("gateway.storjshare.io", "*.storjshare.io", why="rclone: Global Hosted Gateway"),
        file="Storj",
        ids="(?!)",
    ),
    Store(
        "synology",
        "Synology C2",
        _buckets("{region}.s3.synologyc2.net"),
        file="Synology",
        ids=r"([a-z]+-\d+)(?:\.s3\.synologyc2\.net)?",
        place=r"(?:(US) (?:Region|Endpoint) \d|Asia \((.+)\)|(TW) Endpoint \d)",
        skipped=frozenset({"eu-001", "eu-002"}),
    ),
    Store(
        "ucloud",
        "UCloud US3",
        _buckets("s3-{region}.ufileos.com"),
        file="us3",
        ids=r"s3-(.+)\.ufileos\.com",
    ),
)
