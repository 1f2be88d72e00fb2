"""Hosts in URLs, DSNs and settings: what a text points to, and what is at home by its form."""

from __future__ import annotations

import pytest

from qorgau.knowledge.hosts import HOLE, Host, host_matches, host_of, host_of_path, is_address, is_local


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://api.example.com/v1?x=1", "api.example.com"),
        ("HTTPS://API.Example.COM:443/", "api.example.com"),
        ("//cdn.example.com/x", "cdn.example.com"),
        ("https://user@example.com", "example.com"),
        ("https://example.com/@user", "example.com"),
        ("https://example.com/?next=a@b.test", "example.com"),
        ("postgresql+psycopg2://user:word@db.example.com:5432/shop", "db.example.com"),
        ("redis://:word@cache.example.com:6379/0", "cache.example.com"),
        ("redis://cache.example.com:6379/0?x=a@b.test", "cache.example.com"),
        ("redis://[2001:db8::1]:6379/0", "2001:db8::1"),
        ("mongodb+srv://user:word@cluster0.example.com/?w=1", "cluster0.example.com"),
        ("jdbc:postgresql://db.example.com/shop", "db.example.com"),
        ("jdbc:sqlserver://db.example.com;databaseName=shop", "db.example.com"),
        ("jdbc:sqlserver://db.example.com:1433;databaseName=shop", "db.example.com"),
        ("jdbc:oracle:thin:@db.example.com:1521:shop", "db.example.com"),
        ("jdbc:oracle:thin:@//db.example.com:1521/shop", "db.example.com"),
        ("jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(HOST=db.example.com)(PORT=1521)))", "db.example.com"),
        ("oracle+oracledb://u:w@(DESCRIPTION=(ADDRESS=(HOST=db.example.com)(PORT=1521)))", "db.example.com"),
        ("host=db.example.com port=5432 dbname=shop", "db.example.com"),
        ("Driver={ODBC Driver 18};Server=tcp:db.example.com,1433;Database=shop", "db.example.com"),
        ("mssql+pyodbc:///?odbc_connect=DRIVER%3D%7BX%7D%3BSERVER%3Ddb.example.com", "db.example.com"),
        ("Endpoint=sb://queue.servicebus.windows.net/;SharedAccessKey=x", "queue.servicebus.windows.net"),
        ("BlobEndpoint=https://account.blob.core.windows.net/;X=y", "account.blob.core.windows.net"),
        (
            "DefaultEndpointsProtocol=https;AccountName=account;AccountKey=x==;EndpointSuffix=core.windows.net",
            "account.blob.core.windows.net",
        ),
        ("kafka.example.com:9092", "kafka.example.com"),
        ("db:5432", "db"),
        ("proj:europe-west3:main", "proj:europe-west3:main"),
        ("/cloudsql/proj:europe-west3:main", "proj:europe-west3:main"),
        ("snowflake://user:word@account/db", "account.snowflakecomputing.com"),
        ("/var/run/postgresql", "/var/run/postgresql"),
        ("postgresql:///shop", "localhost"),
        ("dbname=shop user=x", "localhost"),
    ],
)
def test_a_text_points_to_its_host(text: str, name: str) -> None:
    host = host_of(text)
    assert host is not None
    assert host.name == name


@pytest.mark.parametrize("word", ["w#1", "w/1", "w?1", "w@1", "a#b/c?d"])
@pytest.mark.parametrize("scheme", ["postgresql", "mysql+pymysql", "mongodb", "amqp"])
def test_a_password_with_signs_of_its_own_does_not_hide_the_host(scheme: str, word: str) -> None:
    host = host_of(f"{scheme}://user:{word}@db.example.com/shop")
    assert host is not None
    assert host.name == "db.example.com"
    assert not is_local(host.name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://bucket/key", Host("s3", "", "/key", bucket="bucket")),
        ("s3://access:secret@bucket/key", Host("s3", "", "/key", bucket="bucket")),
        (
            "abfss://container@account.dfs.core.windows.net/key",
            Host("abfss", "account.dfs.core.windows.net", "/key", bucket="container"),
        ),
        ("bigquery://project/set", Host("bigquery", "bigquery.googleapis.com", "/set", bucket="project")),
        ("sqs://access:secret@/queue", Host("sqs", "sqs.amazonaws.com", "/queue")),
        (
            "sqs://access:secret@sqs.eu-west-1.amazonaws.com/queue",
            Host("sqs", "sqs.eu-west-1.amazonaws.com", "/queue"),
        ),
    ],
)
def test_a_bucket_is_told_and_a_secret_is_not(text: str, expected: Host) -> None:
    assert host_of(text) == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"https://{HOLE}.api.mailchimp.com/3.0", f"{HOLE}.api.mailchimp.com"),
        ("https://{dc}.api.mailchimp.com/3.0", f"{HOLE}.api.mailchimp.com"),
        (f"{HOLE}.example.com/x", f"{HOLE}.example.com"),
        (f"{HOLE}-api.example.com", f"{HOLE}-api.example.com"),
        (f"db{HOLE}.example.com:5432", f"db{HOLE}.example.com"),
        (f"proj:{HOLE}:main", f"proj:{HOLE}:main"),
    ],
)
def test_what_is_known_of_a_host_is_kept(text: str, name: str) -> None:
    host = host_of(text)
    assert host is not None
    assert host.name == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        HOLE,
        f"https://{HOLE}/x",
        f"{HOLE}/users",
        f"{HOLE}send.php",
        f"{HOLE}.json",
        f"{HOLE}users.example",
        "https://{host}:{port}/",
        "host=%(host)s dbname=shop",
        "host={host} dbname=shop",
        f"host={HOLE} dbname=shop",
        f"dbname=shop {HOLE}",
        "reports/may.csv",
        "./data/x.csv",
        "mailto:x@example.com",
        "a = b",
    ],
)
def test_a_text_that_tells_no_host_has_none(text: str) -> None:
    assert host_of(text) is None


def test_further_hosts_are_kept() -> None:
    assert host_of("kafka1.example.com:9092,kafka2.example.com:9092") == Host(
        name="kafka1.example.com", others=("kafka2.example.com",)
    )
    host = host_of("mongodb://one.example.com:27017,two.example.com:27017/shop?x=a@b")
    assert host is not None
    assert (host.name, host.others) == ("one.example.com", ("two.example.com",))


@pytest.mark.parametrize("text", ["sqlite:///shop.db", "file:///tmp/x", "duckdb:///shop.db"])
def test_a_file_is_no_host(text: str) -> None:
    host = host_of(text)
    assert host is not None
    assert host.is_file
    assert host_of_path(text) is None


def test_a_path_is_remote_only_with_a_scheme() -> None:
    assert host_of_path("s3://bucket/key") == Host("s3", "", "/key", bucket="bucket")
    assert host_of_path("data.example.com/x.csv") is None
    assert host_of_path("C:\\data\\x.csv") is None


@pytest.mark.parametrize(
    "name",
    [
        *(
            "localhost",
            "LOCALHOST.",
            "db",
            "redis-master",
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.5",
        ),
        *("::1", "[::1]", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "0.0.0.0"),
        *("host.docker.internal", "db.prod.svc", "db.prod.svc.cluster.local", "nas.lan", "/var/run/x.sock"),
        f"10.0.0.{HOLE}",
    ],
)
def test_a_host_is_at_home_by_its_form(name: str) -> None:
    assert is_local(name)


@pytest.mark.parametrize(
    "name",
    [
        *("example.com", "8.8.8.8", "2001:db8::1", "10.0.0.1.example.com", "local.example.com", ""),
        *("/cloudsql/proj:europe-west3:main", "proj:europe-west3:main", f"db{HOLE}", HOLE, "172.32.0.1"),
    ],
)
def test_a_host_is_not_at_home_without_a_sign_of_it(name: str) -> None:
    assert not is_local(name)


def test_addresses_are_told_from_names() -> None:
    assert is_address("192.0.2.1")
    assert is_address("[2001:db8::1]")
    assert not is_address("proj:europe-west3:main")
    assert not is_address("example.com")


def test_a_glob_fits_whole_hosts_and_their_holes() -> None:
    assert host_matches("*.example.com", "api.Example.com")
    assert host_matches("*.example.com", f"{HOLE}.example.com")
    assert not host_matches("*.example.com", "example.com")
    assert not host_matches("*.example.com", "api.example.com.test")
    assert not host_matches("a.example.com", "axexample.com")
