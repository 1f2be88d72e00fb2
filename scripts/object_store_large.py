"""The clouds with an object store and a file of their own.

Forms that rclone's endpoints show need no source of their own: ``regions_object_stores.py`` checks that
every endpoint of the file fits one. A comment or the row's ``sources`` give the source of the others.
"""

from __future__ import annotations

from object_store_model import Store, buckets, hosts, silent
from regions_common import Host, Region


def _crossing(region: str) -> tuple[Host, ...]:
    """IBM's endpoints in one place of several that hold the data: the data is in all of them."""
    endpoint = f"s3.*.{region}.cloud-object-storage.appdomain.cloud"
    return (Host(endpoint, region), Host(f"*.{endpoint}", region))


LARGE = (
    Store(
        "alibaba",
        "Alibaba Cloud",
        (
            *buckets("oss-{region}.aliyuncs.com", "oss-{region}-internal.aliyuncs.com"),
            *buckets("s3.oss-{region}.aliyuncs.com"),
            Host("*.{region}.aliyuncs.com", why="regional_endpoint_pattern of aliyun-python-sdk-core"),
            *silent("oss-accelerate*.aliyuncs.com", "*.rds.aliyuncs.com", "*.aliyuncs.com"),
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
            *buckets("{region}.digitaloceanspaces.com", "{region}.cdn.digitaloceanspaces.com"),
            *silent("*.db.ondigitalocean.com", "*.ondigitalocean.app"),
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
            *buckets("{region}.your-objectstorage.com"),
            *silent("*.your-storagebox.de", "*.your-server.de"),
        ),
        file="Hetzner",
        ids=r"(\w+)(?:\.your-objectstorage\.com)?",
        catalogue="hetzner",
    ),
    Store(
        "huawei",
        "Huawei Cloud",
        (
            *buckets("obs.{region}.myhuaweicloud.com", "obs.{region}.myhuaweicloud.eu"),
            Host("*.{region}.myhuaweicloud.com", why="endpoints in the package of every service"),
            Host("*.{region}.myhuaweicloud.eu", why="endpoints in the package of every service"),
            *silent("*.myhuaweicloud.com"),
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
            *buckets("s3.{region}.cloud-object-storage.appdomain.cloud"),
            *buckets("s3.private.{region}.cloud-object-storage.appdomain.cloud"),
            *_crossing("us"),
            *_crossing("eu"),
            *_crossing("ap"),
            Host("*.{region}.codeengine.appdomain.cloud", why="https://cloud.ibm.com/docs/codeengine"),
            *silent("*.databases.appdomain.cloud", "*.appdomain.cloud"),
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
        (*buckets("{region}.linodeobjects.com"), *silent("*.linodedb.net")),
        file="Linode",
        ids=r"([a-z0-9-]+)\.linodeobjects\.com",
        place=r".+, (\w\w) \(.+\)",
        catalogue="linode",
    ),
    Store(
        "ovh",
        "OVHcloud",
        (
            *buckets("s3.{region}.io.cloud.ovh.net", "s3.{region}.io.cloud.ovh.us"),
            *buckets("s3.{region}.perf.cloud.ovh.net", "s3.{region}.cloud.ovh.net"),
            *buckets("storage.{region}.cloud.ovh.net"),
            *silent("*.database.cloud.ovh.net"),
        ),
        file="OVHcloud",
        ids=r"(?:s3\.)?([a-z0-9-]+)(?:\.io\.cloud\.ovh\.(?:net|us))?",
        place=r"(?:OVHcloud )?(.+?)(?: \(.+\))?",
        catalogue="ovh",
    ),
    Store(
        "scaleway",
        "Scaleway",
        (*buckets("s3.{region}.scw.cloud"), *hosts("*.{region}.scw.cloud"), *silent("*.scw.cloud")),
        file="Scaleway",
        ids=r"(?:s3\.)?([a-z]+-[a-z]+)(?:\.scw\.cloud)?",
        place=r"(.+?)(?: Endpoint)?",
        catalogue="scaleway",
    ),
    Store(
        "tencent",
        "Tencent Cloud",
        (
            *buckets("cos.{region}.myqcloud.com", "cos.{region}.tencentcos.cn"),
            *hosts("*.{region}.tencentcloudapi.com"),
            *silent("*.cos.accelerate.myqcloud.com", "cos.accelerate.myqcloud.com"),
            *silent("*.sql.tencentcdb.com", "*.myqcloud.com", "*.tencentcloudapi.com"),
        ),
        file="TencentCOS",
        ids=r"cos\.((?!accelerate).+)\.myqcloud\.com",
        place=r"(.+?)(?: \(China\))? Region",
        sources=("https://cloud.tencent.com/document/product/416/6479 (hosts of APIs)",),
    ),
    Store(
        "vultr",
        "Vultr",
        (*buckets("{region}.vultrobjects.com"), *silent("*.vultrdb.com")),
        catalogue="vultr",
        codes={name: (f"{name}1",) for name in ("ewr", "ams", "sgp")},
    ),
    Store(
        "wasabi",
        "Wasabi",
        (
            *buckets("s3.{region}.wasabisys.com"),
            Host("s3.wasabisys.com", "us-east-1"),
            Host("*.s3.wasabisys.com", "us-east-1"),
        ),
        file="Wasabi",
        ids=r"s3(?:\.([a-z0-9-]+))?\.wasabisys\.com",
        place=r".*\((.+)\).*",
        extra=(Region("us-east-1", ("US",), "s3.wasabisys.com: US East 1 (N. Virginia)"),),
    ),
)
