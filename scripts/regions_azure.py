"""Makes ``rules/regions/azure.toml``.

Usage: python scripts/regions_azure.py CLONE-OF-azure-region-span CLONE-OF-mcp-server-cloud-regions \\
    DATE TARGET
"""

from __future__ import annotations

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
    git_source,
    git_text,
    package_source,
    write,
)

_REPOSITORY = "vmisson/azure-region-span"
_PATH = "dashboard/www/regions.js"
_ROW = re.compile(
    r'"(?P<id>\w+)": \{\s*displayName: "(?P<place>[^"]+)",[^}]*?country: "(?P<country>[^"]+)"', re.DOTALL
)

# https://learn.microsoft.com/azure/: the manuals of the services named
_HOSTS = (
    Host("*.{region}.cloudapp.azure.com", why="virtual machines, Kubernetes"),
    Host("*.{region}.azurecontainer.io"),
    Host("*.{region}.azurecontainerapps.io"),
    Host("*.{region}.azmk8s.io"),
    Host("*.{region}-*.azurewebsites.net", why="unique default host names of App Service"),
    Host("*.{region}.kusto.windows.net"),
    Host("*.{region}.batch.azure.com"),
    Host("*.{region}.redis.azure.net", why="Azure Managed Redis"),
    Host("*.{region}.redisenterprise.cache.azure.net"),
    Host("*.{region}-*.eventgrid.azure.net"),
    Host("{region}.api.cognitive.microsoft.com"),
    Host("{region}.stt.speech.microsoft.com"),
    Host("{region}.tts.speech.microsoft.com"),
    Host("*.{region}.inference.ml.azure.com"),
    Host("{region}-*.in.applicationinsights.azure.com", why="ingestion endpoints of Application Insights"),
    Host("*.chinacloudapi.cn", "china", why="Azure in China, operated by 21Vianet there"),
    Host("*.usgovcloudapi.net", "usgov", why="Azure Government, in the United States only"),
    *(
        Host(f"*.{service}", known=False)
        for service in (
            "blob.core.windows.net",
            "dfs.core.windows.net",
            "queue.core.windows.net",
            "table.core.windows.net",
            "file.core.windows.net",
            "web.core.windows.net",
            "database.windows.net",
            "postgres.database.azure.com",
            "mysql.database.azure.com",
            "mariadb.database.azure.com",
            "documents.azure.com",
            "mongo.cosmos.azure.com",
            "cassandra.cosmos.azure.com",
            "gremlin.cosmos.azure.com",
            "table.cosmos.azure.com",
            "mongocluster.cosmos.azure.com",
            "postgres.cosmos.azure.com",
            "redis.cache.windows.net",
            "servicebus.windows.net",
            "search.windows.net",
            "vault.azure.net",
            "azurewebsites.net",
            "azurecr.io",
            "azuresynapse.net",
            "azuredatabricks.net",
            "openai.azure.com",
            "services.ai.azure.com",
            "cognitiveservices.azure.com",
            "communication.azure.com",
            "azure-api.net",
            "azureedge.net",
            "azurefd.net",
        )
    ),
)


def main(first: Path, second: Path, date: str, target: Path) -> None:
    """Reads the sources and writes the table."""
    names = countries_by_name()
    rows = {row["id"]: row for row in _ROW.finditer(git_text(first, _PATH))}
    other = catalogue(second, "azure")
    regions = []
    for region in sorted({*rows, *other}):
        row = rows.get(region)
        country = names[row["country"]] if row else None
        countries = agreed(region, country, other.get(region))
        regions.append(Region(region, countries, row["place"] if row else ""))
    regions += [
        Region("china", ("CN",), "any region of Azure in China"),
        Region("usgov", ("US",), "any region of Azure Government"),
    ]
    write(
        Table(
            "azure",
            "Microsoft Azure",
            (
                git_source(first, _REPOSITORY, _PATH),
                catalogue_source(second),
                package_source("pycountry", "databases/iso3166-1.json"),
                "https://learn.microsoft.com/azure/ (hosts)",
            ),
            date,
            "scripts/regions_azure.py",
            tuple(regions),
            _HOSTS,
        ),
        target,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
