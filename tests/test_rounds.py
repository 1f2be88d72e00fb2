"""Rounds over a program: what functions leave in modules reaches all who look, and only those are redone."""

from __future__ import annotations

from pathlib import Path

import pytest

from qorgau import config, pipeline
from qorgau.flow import run as engine
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.watched import Watched

SETTINGS = 'select = ["PD501"]\n[fields.phone]\n'

PROGRAM = {
    "kept.py": "LAST = {}\nOTHER = {}\n",
    "a_reader.py": "import kept\n\n\ndef show():\n    print(kept.LAST['phone'])\n",
    "b_stranger.py": (
        "import kept\n\n\ndef show(client):\n    print(client.phone)\n\n\n"
        "def count():\n    return len(kept.OTHER)\n"
    ),
    "c_writer.py": "import kept\n\n\ndef keep(client):\n    kept.LAST['phone'] = client.phone\n",
}


def _lines(folder: Path, files: dict[str, str]) -> list[str]:
    (folder / "qorgau.toml").write_text(SETTINGS, encoding="utf-8")
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    settings = config.load(folder, folder, None)
    report = pipeline.check(pipeline.Request(paths=(folder,), settings=settings, cwd=folder))
    return [f"{finding.path}:{finding.line}" for finding in report.findings]


def test_only_functions_that_looked_at_what_changed_are_followed_again(
    tmp_path: Path, followed: list[str]
) -> None:
    assert _lines(tmp_path, PROGRAM) == ["a_reader.py:5", "b_stranger.py:5"]
    again = [name for name in set(followed) if followed.count(name) > 1]
    assert sorted(again) == ["a_reader.show", "c_writer.keep"]


def test_what_a_callee_looked_at_its_callers_looked_at(tmp_path: Path, followed: list[str]) -> None:
    files = {**PROGRAM, "page.py": "from a_reader import show\n\n\ndef page():\n    show()\n"}
    assert _lines(tmp_path, files) == ["a_reader.py:5", "b_stranger.py:5"]
    assert followed.count("page.page") == 2


def test_a_function_that_only_what_changed_leads_to_is_followed_in_the_next_round(tmp_path: Path) -> None:
    files = {
        "hooks.py": "HOOKS = []\n\n\ndef fire(client):\n    for hook in HOOKS:\n        hook(client.phone)\n",
        "z_plugin.py": (
            "import hooks\n\n\ndef set_up():\n    def tell(text):\n        print(text)\n\n"
            "    hooks.HOOKS.append(tell)\n"
        ),
    }
    assert _lines(tmp_path, files) == ["z_plugin.py:6"]


def test_what_two_callers_share_stays_found_where_one_of_them_is_followed_again(tmp_path: Path) -> None:
    files = {
        **PROGRAM,
        "shared.py": "def tell(text):\n    print(text)\n",
        "d_one.py": (
            "import kept\nfrom shared import tell\n\n\ndef one(client):\n"
            "    if kept.LAST:\n        tell(client.phone)\n"
        ),
        "e_two.py": "from shared import tell\n\n\ndef two(client):\n    tell(client.phone)\n",
    }
    assert "shared.py:2" in _lines(tmp_path, files)


def test_looking_is_noted_for_the_function_that_is_entered_last() -> None:
    base, loc, gone = Watched(), Loc(None, "a"), Loc(None, "b")
    base[loc] = Obj("dict")
    base.enter(("outer", 1))
    base.enter(("inner", 2))
    assert base.get(loc) == Obj("dict")
    base.leave()
    assert base.get(gone) is None
    base.leave()
    base.get(loc)
    assert base.readers([loc]) == {("inner", 2)}
    assert base.readers([gone]) == {("outer", 1)}
    assert base.readers([]) == frozenset()


LONG = "\n".join(["    value = value + 1"] * 30)
HELPERS = f"def prepare(value):\n{LONG}\n    return value\n\n\ndef tell(value):\n{LONG}\n    print(value)\n"
POOR = (
    "import helpers\n\n\ndef show(client):\n"
    "    helpers.prepare(client.a)\n    helpers.prepare(client.b)\n    helpers.tell(client.phone)\n"
    "    print(client.phone)\n"
)


@pytest.mark.parametrize("budget", [8, 24, 60, 400])
def test_what_was_followed_before_plays_no_part_however_small_the_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, budget: int
) -> None:
    monkeypatch.setattr(engine, "BUDGET", budget)
    alone = {"helpers.py": HELPERS, "z_poor.py": POOR}
    found = _lines(tmp_path, alone)
    before = (
        "import helpers\n\n\ndef first(thing):\n    helpers.prepare(thing.a)\n    helpers.prepare(thing.b)\n"
    )
    assert _lines(tmp_path, {**alone, "a_first.py": before}) == found
    assert "z_poor.py:8" in found
    assert (len(found) == 2) == (budget > 24)
