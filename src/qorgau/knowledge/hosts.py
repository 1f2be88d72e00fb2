"""Host names in URLs, DSNs and settings, and which of them are at home by their form alone.

Text may contain ``HOLE`` where a part of it is not known. This room knows how addresses are
written; which provider or country a host belongs to is told by ``regions``.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from functools import cache

import msgspec

HOLE = "\0"
IN_MEMORY = ":memory:"
"""What SQLite, DuckDB and Qdrant call a database of the process itself."""

_FILE_SCHEMES = frozenset(
    {"sqlite", "sqlite3", "pysqlite", "duckdb", "file", "memory", "locmem", "cache", "dummy"}
)
_BUCKET_SCHEMES = frozenset(
    {
        "s3",
        "s3a",
        "s3n",
        "gs",
        "gcs",
        "abfs",
        "abfss",
        "wasb",
        "wasbs",
        "az",
        "adl",
        "oss",
        "obs",
        "cos",
        "b2",
    }
)
# Of these, `container@account.host/path` names the host; `s3://key:secret@bucket` does not.
_HOST_AFTER_CONTAINER = frozenset({"abfs", "abfss", "wasb", "wasbs", "az", "adl"})
# Addresses that may hold an `@` after the host; elsewhere what stands before it may be a password.
_WEB = frozenset({"", "http", "https", "ws", "wss"})
# Drivers of these connect to this machine when the URL names no host.
_LOCAL_BY_DEFAULT = frozenset(
    {
        "postgres",
        "postgresql",
        "psql",
        "mysql",
        "mariadb",
        "redis",
        "rediss",
        "mongodb",
        "amqp",
        "pyamqp",
        "kafka",
    }
)
# Schemes whose authority is no host but whose service is known.
_SERVICES = {"bigquery": "bigquery.googleapis.com", "sqs": "sqs.amazonaws.com"}
_PRIVATE_ENDINGS = (
    ".localhost",
    ".local",
    ".localdomain",
    ".internal",
    ".intranet",
    ".lan",
    ".home.arpa",
    ".svc",
)
_PRIVATE_NETWORKS = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/32",
            "10.0.0.0/8",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "::/128",
            "::1/128",
            "fc00::/7",
            "fe80::/10",
        ),
    )
)
_SOCKET_FOLDERS = ("/run/", "/var/run/", "/var/lib/", "/tmp/")

_URL = re.compile(r"(?:jdbc:)?(?P<scheme>[A-Za-z\0][\w+.\-\0]*):(?://)(?P<rest>.*)", re.DOTALL)
_PLACEHOLDER = re.compile(r"\$?\{[^{}]*\}|%\([^)]*\)s|%s|<[^<>]*>|\$[A-Za-z_]\w*")
_CLOUD_SQL = re.compile(
    r"(?:/cloudsql/)?(?P<name>(?:[\w.\-\0]+:)?[\w\-\0]+:(?:[a-z]+-[a-z]+\d+|\0):[\w\-\0]+)(?:/\.s\.PGSQL\.\d+)?"
)
_KEYED_HOST = re.compile(
    r"(?:^|[\s;(,])(?:host|hostaddr|server|data source|addr)\s*=\s*(?:'([^']*)'|([^\s;)']+))", re.IGNORECASE
)
# `user:pass/word@`, as drivers read it: a password may hold anything, but `host:5432/` is no password.
_CREDENTIALS = re.compile(r"[^:/@?#]*:(?!\d*[/?#;,])[^@]*@")
_ORACLE = re.compile(r"jdbc:oracle:\w+:[^@]*@(?://)?(?P<rest>.+)", re.DOTALL)
# Azure's connection strings: `Endpoint=sb://...;`, `BlobEndpoint=https://...;`, `AccountName=...;`.
_ENDPOINT = re.compile(r"(?:^|;)\s*\w*endpoint\s*=\s*(\w+://[^;]+)", re.IGNORECASE)
_ACCOUNT = re.compile(r"(?:^|;)\s*accountname\s*=\s*([^;]+)", re.IGNORECASE)
_SUFFIX = re.compile(r"(?:^|;)\s*endpointsuffix\s*=\s*([^;]+)", re.IGNORECASE)
# Elastic Cloud's id: a name, and "host$cluster$dashboards" in base64.
_CLOUD_ID = re.compile(r"[^:/@]*:(?P<packed>[A-Za-z0-9+/]{16,}={0,2})")
_BARE = re.compile(r"(?P<name>[\w.\-\0]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[\d\0]+))?(?P<path>/.*)?", re.DOTALL)
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")
_LABEL = re.compile(r"[\w-]+")


class Host(msgspec.Struct, frozen=True):
    """Where a URL, a DSN or a setting points.

    ``name`` is the host in lower case, a unix socket's path, or a Cloud SQL connection name; it is
    empty when the text names a file (``is_file``) or only a bucket of an object store (``bucket``,
    ``s3://bucket/key``). ``others`` are further hosts of the same text. ``path`` keeps its holes.
    """

    scheme: str = ""
    name: str = ""
    path: str = ""
    is_file: bool = False
    bucket: str = ""
    others: tuple[str, ...] = ()


def host_of(text: str) -> Host | None:
    """The host a text points to; None when it names none, or when nothing of the host is known.

    Understands URLs, SQLAlchemy and JDBC URLs, several hosts, ``key=value`` DSNs, Azure's connection
    strings, ``host:port``, ``/cloudsql/project:region:instance`` and unix sockets. A path without a
    scheme is no host.
    """
    text = text.strip()
    if text == IN_MEMORY:
        return Host(scheme="memory", is_file=True)
    cloud_sql = _CLOUD_SQL.fullmatch(text)
    if cloud_sql:
        return Host(scheme="cloudsql", name=cloud_sql["name"])
    elastic = _of_cloud_id(text)
    if elastic is not None:
        return elastic
    oracle = _ORACLE.fullmatch(text)
    if oracle:
        return _of_oracle(oracle["rest"])
    url = _URL.match(text)
    if url:
        scheme = url["scheme"].lower()
        return _of_url("" if HOLE in scheme else scheme, url["rest"])
    if text.startswith("//"):
        return _of_url("", text[2:])
    keyed = _of_keys(text)
    if keyed is not None or "=" in text:
        return keyed
    if text.startswith(_SOCKET_FOLDERS) or (text.startswith("/") and text.endswith(".sock")):
        return Host(scheme="unix", name=text)
    return _of_bare(text)


def _of_cloud_id(text: str) -> Host | None:
    """The host behind the id of a deployment of Elastic Cloud."""
    packed = _CLOUD_ID.fullmatch(text)
    if packed is None:
        return None
    try:
        unpacked = base64.b64decode(packed["packed"], validate=True).decode("ascii")
    except ValueError:
        return None
    domain, _, rest = unpacked.partition("$")
    cluster = rest.partition("$")[0]
    return Host(scheme="https", name=_name(f"{cluster}.{domain}")) if cluster and "." in domain else None


def host_of_path(path: str) -> Host | None:
    """The remote place of a path argument: None for a path of this machine, whatever its form."""
    if "://" not in path:
        return None
    host = host_of(path)
    return None if host is None or host.is_file else host


def is_local(name: str) -> bool:
    """Whether a host is at home by its form.

    Loopback, private and link-local addresses, unix sockets, names without a dot, and the
    private endings (RFC 6761, 6762, 8375; ``.internal``, ``.lan``).
    """
    name = name.strip().lower().rstrip(".")
    if name.startswith("/"):
        return not name.startswith("/cloudsql/")
    name = name.strip("[]")
    address = _address(name.replace(HOLE, "1") if set(name) <= set("0123456789.\0") else name)
    if address is not None:
        return any(address in network for network in _PRIVATE_NETWORKS if network.version == address.version)
    if name.endswith(_PRIVATE_ENDINGS):
        return True
    return _LABEL.fullmatch(name) is not None


def is_address(name: str) -> bool:
    """Whether a host is written as an IPv4 or IPv6 address."""
    return _address(name.strip("[]")) is not None


def host_matches(pattern: str, name: str) -> bool:
    """Whether a glob such as ``*.example.com`` fits a host; ``*`` also stands for what is not known."""
    return _glob(pattern.lower()).fullmatch(name.lower()) is not None


@cache
def _glob(pattern: str) -> re.Pattern[str]:
    parts = (
        ".*" if part == "*" else "." if part == "?" else re.escape(part)
        for part in re.split(r"([*?])", pattern)
    )
    return re.compile("".join(parts), re.DOTALL)


def _of_url(scheme: str, rest: str) -> Host | None:
    base = scheme.partition("+")[0]
    if base in _FILE_SCHEMES:
        return Host(scheme=scheme, path=rest.removeprefix("/"), is_file=True)
    if "unix" in scheme.split("+") or scheme.endswith("+socket"):
        return Host(scheme=scheme, name="/" + _decoded(rest).partition("?")[0].lstrip("/"))
    authority, path = _parted(base, _PLACEHOLDER.sub(HOLE, rest))
    user, _, hosts = authority.rpartition("@")
    if base in _BUCKET_SCHEMES:
        if user and base in _HOST_AFTER_CONTAINER:
            return Host(scheme=scheme, name=_name(hosts), path=path, bucket=user)
        return Host(scheme=scheme, path=path, bucket=hosts)
    if base in _SERVICES:
        if hosts.count(".") > 1:
            return Host(scheme=scheme, name=_name(hosts), path=path)
        return Host(scheme=scheme, name=_SERVICES[base], path=path, bucket=_known(hosts))
    if hosts.startswith("("):
        described = _of_keys(hosts)
        return described and msgspec.structs.replace(described, scheme=scheme)
    names = tuple(name for name in map(_name, hosts.split(",")) if _known(name))
    if names:
        first = _snowflake(names[0]) if base == "snowflake" else names[0]
        return Host(scheme=scheme, name=first, path=path, others=names[1:])
    if hosts:
        return None
    return _of_query(scheme, base, path)


def _parted(base: str, rest: str) -> tuple[str, str]:
    """The authority of a URL, and what comes after it."""
    credentials = None if base in _WEB else _CREDENTIALS.match(rest)
    end = re.compile(r"[/?#;]").search(rest, credentials.end() if credentials else 0)
    return (rest[: end.start()], rest[end.start() :]) if end else (rest, "")


def _of_oracle(rest: str) -> Host | None:
    """The host of ``jdbc:oracle:thin:@db.example.com:1521:orcl``, or of a descriptor there."""
    if rest.startswith("("):
        return _of_keys(rest)
    name = _name(_PLACEHOLDER.sub(HOLE, re.split(r"[:/?]", rest)[0]))
    return Host(scheme="oracle", name=name) if _known(name) else None


def _of_query(scheme: str, base: str, path: str) -> Host | None:
    """The host of a URL without one: in its query (``?host=``, ``?odbc_connect=``), or the driver's own."""
    query = path.partition("?")[2]
    for part in re.split(r"[&;]", query):
        key, _, value = part.partition("=")
        value = _decoded(value.replace("+", " "))
        if key == "odbc_connect":
            return _of_keys(value)
        if key in ("host", "unix_sock", "unix_socket") and value:
            found = host_of(value)
            return found and msgspec.structs.replace(found, scheme=scheme, path=path)
    return Host(scheme=scheme, name="localhost", path=path) if base in _LOCAL_BY_DEFAULT else None


def _of_keys(text: str) -> Host | None:
    """The host of ``host=db.example.com dbname=x``, of an ODBC string, or of an Oracle descriptor."""
    endpoint = _ENDPOINT.search(text)
    if endpoint:
        return host_of(endpoint[1])
    filled = _PLACEHOLDER.sub(HOLE, text)
    found = [first or second for first, second in _KEYED_HOST.findall(filled)]
    if not found:
        account, suffix = _ACCOUNT.search(filled), _SUFFIX.search(filled)
        if account and suffix:
            return Host(scheme="https", name=_name(f"{account[1].strip()}.blob.{suffix[1].strip()}"))
        local = re.search(r"(?:^|\s)dbname\s*=", text) and HOLE not in text
        return Host(scheme="postgresql", name="localhost") if local else None
    values = [value.strip() for value in ",".join(found).split(",")]
    cloud_sql = _CLOUD_SQL.fullmatch(values[0])
    if cloud_sql:
        return Host(scheme="cloudsql", name=cloud_sql["name"])
    names = [
        _name(value.removeprefix("tcp:").partition("\\")[0])
        for value in values
        if value and not value.isdigit()  # `Server=host,1433`
    ]
    names = [name for name in names if _known(name)]
    return Host(name=names[0], others=tuple(names[1:])) if names else None


def _of_bare(text: str) -> Host | None:
    text = _PLACEHOLDER.sub(HOLE, text)
    found = [_BARE.fullmatch(part.strip()) for part in text.split(",")]
    matches = [match for match in found if match]
    if len(matches) != len(found):
        return None
    names = tuple(name for name in (_name(match["name"]) for match in matches) if _known(name))
    first = matches[0]
    # What is not known at the start may be all of the host: `f"{base}send.php"`, `f"{base}.json"`.
    after = names[0].rpartition(HOLE)[2] if names and names[0].startswith(HOLE) else ""
    if after and (after[0] not in ".-" or "." not in after.strip(".-")):
        return None
    # `reports/may.csv` is a path; `example.com/x` and `db:5432/x` are hosts.
    if not names or (first["path"] and "." not in names[0] and not first["port"] and names[0] != "localhost"):
        return None
    return Host(name=names[0], path=first["path"] or "", others=names[1:])


def _name(text: str) -> str:
    """The host of ``host:port`` in lower case; empty when it cannot be one."""
    text = _decoded(text.strip()).lower()
    if text.startswith("/"):
        return text
    if text.startswith("["):
        return text[1:].partition("]")[0]
    if _address(text) is None:
        text = text.partition(":")[0]
    text = text.rstrip(".")
    return "" if re.search(r"[\s/\\?#@\"']", text) else text


def _known(name: str) -> str:
    """The name, or nothing when it is made of holes."""
    return name if name.strip(HOLE + ".-_:") else ""


def _snowflake(account: str) -> str:
    ending = ".snowflakecomputing.com"
    return account if account.endswith((ending, ".snowflakecomputing.cn")) else account + ending


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _decoded(text: str) -> str:
    """Percent escapes of ASCII characters undone; others stay, hosts don't hold them."""
    return _PERCENT.sub(lambda found: chr(int(found[1], 16)) if int(found[1], 16) < 0x80 else found[0], text)
