"""Which store a call writes to or deletes from, so that the two can be held against each other.

A store is told by the models of the project whose rows it keeps, else by the family of its client
(``s3``, ``redis``, ``sql``) and the names of its parts: buckets, tables, collections, indexes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qorgau.flow.arrivals import Store
from qorgau.flow.constants import HOLE
from qorgau.flow.declared_types import ELEMENTS
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.sites import Site
from qorgau.flow.values import Value

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

ORM = frozenset(
    (
        "django.db", "sqlalchemy", "sqlmodel", "flask_sqlalchemy", "peewee", "tortoise", "mongoengine", "beanie",
        "odmantic", "django.forms", "rest_framework", "ormar", "pony",
    )
)  # fmt: skip
"""Families whose writes are of rows of models, or of tables that SQL names."""

SQL = "sql"
CALLS = "calls "
"""How the family of a storage begins that the configuration knows by its own functions."""
TABLE = "sqlalchemy.Table"
QUEUES = frozenset(
    (
        "kafka", "confluent_kafka", "aiokafka", "pika", "aio_pika", "kombu", "celery", "dramatiq", "rq", "huey",
        "taskiq", "arq", "nats", "stomp", "faust", "sqs", "sns", "kinesis", "firehose", "events", "zmq", "aiormq",
        "google.cloud.pubsub", "google.cloud.pubsub_v1", "google.cloud.tasks", "google.cloud.tasks_v2",
        "azure.servicebus", "azure.eventhub", "azure.storage.queue", "redis.pubsub",
    )
)  # fmt: skip
"""Families that hand messages on and keep no holdings: nothing is destroyed there on demand."""

SAME = {
    "motor": "pymongo",
    "gridfs": "pymongo",
    "aioredis": "redis",
    "rediscluster": "redis",
    "elasticsearch_dsl": "elasticsearch",
    "elasticsearch7": "elasticsearch",
    "elasticsearch8": "elasticsearch",
    "opensearch_dsl": "opensearchpy",
    "psycopg": SQL,
    "psycopg2": SQL,
    "asyncpg": SQL,
    "aiopg": SQL,
    "pymysql": SQL,
    "MySQLdb": SQL,
    "mysql": SQL,
    "aiomysql": SQL,
    "sqlite3": SQL,
    "aiosqlite": SQL,
    "pyodbc": SQL,
    "oracledb": SQL,
    "cx_Oracle": SQL,
    "databases": SQL,
    "pandas": SQL,
    "pymssql": SQL,
    "records": SQL,
    "django_redis": "django.core.cache",
}

NAMED = frozenset(
    (
        "Bucket", "bucket", "bucket_name", "index", "Index", "TableName", "Table", "container", "container_name",
        "collection", "collection_name", "table", "index_name", "Container", "FileSystem",
    )
)  # fmt: skip
"""Arguments that name the part of a store that a call is about."""


def of_call(m: Machine, f: Frame, dotted: str, site: Site, receiver: Value, args: Args) -> Store:
    """The store that a library's call is about."""
    values = [receiver, *args.all()]
    named = [text for name in sorted(NAMED & args.keywords.keys()) for text in args.keywords[name].texts()]
    names = [name for name in (*site.buckets, *named, *_tables(f, values)) if name.strip(HOLE)]
    return Store(family(dotted), frozenset(names), models_of(m, f, values), site.hosts)


def _tables(f: Frame, values: Iterable[Value]) -> Iterable[str]:
    """The names of tables that are defined as objects, of the tables themselves or of statements about them."""
    for value in values:
        for loc in value.locs():
            obj = f.state.obj(loc)
            part = obj.parts.get(ELEMENTS) if obj is not None else None
            inner = [f.state.obj(ref) for ref in part.locs()] if part is not None else []
            for table in (obj, *inner):
                if table is not None and table.type == TABLE and "@0" in table.parts:
                    yield from table.parts["@0"].texts()


def family(dotted: str) -> str:
    """What a client is a client of, from the name of its call: the service, the package, or ``sql``."""
    parts = dotted.split(".")
    if parts[0] in ("boto3", "aioboto3", "aiobotocore", "botocore") and len(parts) > 2:
        return parts[2]
    if parts[0] in ("google", "azure"):
        return ".".join(parts[:3])
    if dotted.startswith(("django.core.files", "django.db.models.fields.files")):
        return "django.core.files"
    if dotted.startswith("django.contrib.auth."):
        return "django.db"
    if parts[0] == "django":
        return ".".join(parts[:3] if parts[1:2] == ["core"] else parts[:2])
    return SAME.get(parts[0], parts[0])


def models_of(m: Machine, f: Frame, values: Iterable[Value]) -> frozenset[str]:
    """The classes of the project whose rows some values are, hold or select, by dotted name."""
    found: set[str] = set()
    for value in values:
        for loc in value.locs():
            _collect(m, f, loc, found, 0)
    return frozenset(found)


def _collect(m: Machine, f: Frame, loc: Loc, found: set[str], depth: int) -> None:
    obj = f.state.obj(loc)
    if obj is None or depth > 3:
        return
    cls = loc if obj.kind == "class" else _class(m, f, obj)
    if cls is not None:
        if m.is_model(f, cls) or depth == 0:
            info = m.class_info(f, cls)
            if info is not None:
                found.add(info.dotted)
        return
    if obj.kind in ("list", "tuple", "set", "generator"):
        for part in (*obj.parts.values(), obj.rest):
            for inner in part.locs():
                _collect(m, f, inner, found, depth + 1)


def _class(m: Machine, f: Frame, obj: Obj) -> Loc | None:
    """The class of a row, or of the rows that a queryset or statement is of."""
    part = obj.parts.get(ELEMENTS)
    for ref in part.locs() if part is not None else ():
        return ref
    if obj.cls is not None and not m.is_queryset(f, obj):
        return obj.cls
    return None
