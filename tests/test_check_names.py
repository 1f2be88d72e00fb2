"""The script that checks the catalogue's names against installed libraries, without installing any here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tomli

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "scripts" / "check_names.py"
PROBE = ROOT / "scripts" / "name_probe.py"
pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="the scripts are written for Python 3.11")

LIBRARIES = ROOT / "rules" / "libraries"

CLIENT = """
class Base:
    def close(self):
        pass


class Client(Base):
    limit: int

    def __init__(self):
        self.parts = []

    def send(self, text):
        pass

    @property
    def inner(self):
        return self


class Loose:
    def __getattr__(self, name):
        return name


def connect():
    return Client()
"""


def _answers(folder: Path, names: list[str], **question: Any) -> dict[str, list[str]]:
    package = folder / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("from shop.client import Client, Loose, connect\n", encoding="utf-8")
    (package / "client.py").write_text(CLIENT, encoding="utf-8")
    (package / "extra.py").write_text("import a_package_that_is_not_there\n", encoding="utf-8")
    asked = {"names": names, "aliases": {}, "bases": {}, "given": [], **question}
    done = subprocess.run(
        [sys.executable, str(PROBE)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(folder)},
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    "name",
    [
        "shop.connect",
        "shop.Client.send",
        "shop.Client.close",
        "shop.Client.limit",
        "shop.Client.parts",
        "shop.Client.inner",
        "shop.client.*",
        "shop.{0:kind}.send",
    ],
)
def test_a_name_that_exists_is_confirmed(tmp_path: Path, name: str) -> None:
    assert _answers(tmp_path, [name])[name][0] == "confirmed"


@pytest.mark.parametrize("name", ["shop.disconnect", "shop.Client.sned", "other.Client", "shop.nothing.send"])
def test_a_name_that_does_not_exist_is_wrong(tmp_path: Path, name: str) -> None:
    assert _answers(tmp_path, [name])[name][0] == "wrong"


@pytest.mark.parametrize("name", ["shop.Loose.any", "shop.Client.inner.send", "shop.extra.thing"])
def test_a_name_that_only_running_code_shows_is_not_checked(tmp_path: Path, name: str) -> None:
    outcome, remark = _answers(tmp_path, [name])[name]
    assert outcome == "unchecked"
    assert remark


def test_a_name_is_looked_up_under_its_aliases_and_on_its_bases(tmp_path: Path) -> None:
    names = ["shop.Old.send", "made.Thing.close"]
    found = _answers(
        tmp_path, names, aliases={"shop.Old": "shop.Client"}, bases={"made.Thing": ["shop.client.Base"]}
    )
    assert {outcome for outcome, _ in found.values()} == {"confirmed"}


def test_a_type_that_only_rows_give_is_searched_for_by_its_last_name(tmp_path: Path) -> None:
    names = ["shop.made.Client", "shop.made.Client.send", "shop.made.Client.sned", "shop.made.Ghost.send"]
    found = _answers(tmp_path, names, given=["shop.made.Client", "shop.made.Ghost"])
    assert [found[name][0] for name in names] == ["confirmed", "confirmed", "wrong", "unchecked"]


def test_names_of_the_standard_library_are_checked_without_installing_anything(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "json", "smtplib", "--results", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1].endswith("0 not checked, 0 wrong")
    assert {path.name for path in tmp_path.iterdir()} == {"json.json", "smtplib.json"}


def test_wrong_names_are_listed_and_give_the_status(tmp_path: Path) -> None:
    answers = {"json.dumps": ["confirmed", ""], "json.dmup": ["wrong", "no dmup in json"]}
    kept = {"library": "json", "answers": answers, "trouble": ""}
    (tmp_path / "json.json").write_text(json.dumps(kept), encoding="utf-8")
    command = [sys.executable, str(SCRIPT), "json", "--results", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "wrong: json: json.dmup: no dmup in json" in done.stdout
    assert "1 names confirmed, 0 not checked, 1 wrong" in done.stdout


def test_what_is_said_of_places_is_said_of_files_and_packages_that_exist() -> None:
    places = tomli.loads((ROOT / "scripts" / "name_places.toml").read_text("utf-8"))
    files = {path.stem: tomli.loads(path.read_text("utf-8")) for path in LIBRARIES.glob("*.toml")}
    packages = {package for file in files.values() for package in file["packages"]}
    assert set(places["files"]) | set(places["older"]) <= set(files)
    assert set(places["distributions"]) <= packages


def test_a_hundred_depersonalizers_say_why_they_can_be_undone_or_not() -> None:
    rows = [
        row
        for path in LIBRARIES.glob("*.toml")
        for row in tomli.loads(path.read_text("utf-8")).get("depersonalizer", ())
    ]
    assert [row["calls"] for row in rows if not row.get("why")] == []
    assert len(rows) >= 100
