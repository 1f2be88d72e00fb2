"""The first step of a trace says of what the datum was read (spec section 8)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from qorgau import ir
from qorgau.cli import main
from qorgau.judging.readings import LONGEST, spelled
from qorgau.lowering import lower

CONFIGURATION = """
[fields.phone]
names = ["phone", "mobile_phone"]
"""


def _first_note(expression: str, folder: Path) -> str:
    (folder / "qorgau.toml").write_text(CONFIGURATION, encoding="utf-8")
    (folder / "app.py").write_text(
        f"def show(client, row, order):\n    print({expression})\n", encoding="utf-8"
    )
    done = CliRunner().invoke(main, ["check", "--no-cache", "--output-format", "json"])
    (finding,) = json.loads(done.stdout)["findings"]
    note = finding["trace"][0]["note"]
    assert isinstance(note, str)
    return note


@pytest.mark.parametrize(
    ("expression", "note"),
    [
        ("client.phone", "phone is read from client"),
        ("order.client.phone", "phone is read from order.client"),
        ('row["phone"]', "phone is read from row"),
        ('row.get("phone")', "phone is read from row"),
        ('getattr(client, "phone")', "phone is read from client"),
        ("client.mobilePhone", "phone is read from client.mobilePhone"),
        ('row["clients"][0]["mobile_phone"]', "phone is read from row['clients'][0]['mobile_phone']"),
        ("(client or order).phone", "phone is read from phone"),
    ],
)
def test_it_names_the_object_and_the_part_where_that_is_called_otherwise(
    expression: str, note: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _first_note(expression, tmp_path) == note


def test_an_expression_that_is_too_long_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert _first_note(f"{'a' * LONGEST}.b.phone", tmp_path) == "phone is read from phone"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a.b(1).c()", "a.b(...).c()"),
        ("await a.b", "a.b"),
        ("a[b]", ""),
        ("(a or b).c", ""),
        ("a[-1]", ""),
    ],
)
def test_expressions_are_spelled_where_they_have_names(text: str, shown: str) -> None:
    (statement,) = lower(text + "\n").body
    assert isinstance(statement, ir.Evaluate)
    assert spelled(statement.value) == shown
