"""What PD102 says to write down is what settles it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qorgau import config, pipeline
from qorgau.findings import Finding

FIELDS = '[fields.phone]\nretention = "P1Y"\n'
DJANGO = {
    "settings.py": 'import os\nDATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", '
    '"HOST": os.environ["DB_HOST"]}}\n',
    "app.py": "from django.db import models\nclass Client(models.Model):\n"
    "    phone = models.CharField(max_length=20)\n"
    "def add(phone):\n    Client.objects.create(phone=phone)\n",
}
BUCKET = {
    "app.py": 'import boto3\ndef keep(client):\n    boto3.client("s3").put_object('
    'Bucket="clients", Key="a", Body=client.phone)\n'
}
HOST = {
    "app.py": 'import redis\ndef keep(client):\n    redis.Redis(host="cache.example.com").set("a", client.phone)\n'
}
ENGINE = {
    "people/__init__.py": "",
    "people/tables.py": "import os\nfrom sqlalchemy import create_engine\nfrom sqlalchemy.orm import Session\n"
    'engine = create_engine(os.environ["DATABASE_URL"])\n'
    "class People:\n    def __init__(self, session: Session):\n        self.session = session\n"
    "    def keep(self, rows):\n        self.session.add_all(rows)\n",
    "people/app.py": "from sqlalchemy.orm import Session\nfrom people.tables import People, engine\n"
    "def keep(client):\n    with Session(engine) as session:\n"
    '        People(session).keep([{"phone": client.phone}])\n',
}


@pytest.mark.parametrize(
    ("files", "line"),
    [
        (DJANGO, 'databases = ["default"]'),
        (BUCKET, 'buckets = ["clients"]'),
        (HOST, 'hosts = ["cache.example.com"]'),
        (ENGINE, 'calls = ["people.tables.People.keep"]'),
    ],
    ids=["an alias of Django", "a bucket", "a host", "an address that nobody tells"],
)
def test_the_line_that_is_advised_settles_the_finding(
    tmp_path: Path, files: dict[str, str], line: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (found,) = _unsettled(tmp_path, FIELDS)
    advised = re.search(r'\[storages\.NAME\] (.*), (country = "KZ")', found.help)
    assert advised is not None
    assert advised[1] == line
    assert _unsettled(tmp_path, f"{FIELDS}[storages.NAME]\n{advised[1]}\n{advised[2]}\n") == []


def _unsettled(project: Path, configuration: str) -> list[Finding]:
    (project / "qorgau.toml").write_text(configuration)
    settings = config.load(project, project, None)
    report = pipeline.check(pipeline.Request(paths=(project,), settings=settings, cwd=project))
    return [finding for finding in report.counting if finding.code == "PD102"]
