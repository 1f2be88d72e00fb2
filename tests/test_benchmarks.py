"""The benchmarks measure what they say: rounds, ratios, and projects of the size and share that is asked for."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import tomli

from benchmarks import comparing, growing, projects
from benchmarks.timing import Command, FailedCommand, Run, in_turn, ratios, run
from qorgau.source import discover

BESIDE = Path(projects.__file__).parent
FILES = {
    "manage.py": "import shop.views\n",
    "shop/views.py": "from shop.models import Client\n\n\ndef show(client):\n    return client.email\n",
    "shop/models.py": "class Client:\n    email = None\n    phone = None\n    city = None\n",
    "shop/sums.py": "def add(one, other):\n    return one + other\n\n\nTWO = add(1, 1)\n",
    "shop/more.py": "def less(one, other):\n    return one - other\n\n\nNIL = less(1, 1)\n",
}


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """A project of five files, of which two name a field."""
    folder = tmp_path / "real"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _python(name: str, script: str, folder: Path) -> Command:
    return Command(name, (sys.executable, "-c", script), folder)


def test_commands_take_turns_and_the_first_round_does_not_count(tmp_path: Path) -> None:
    write = "open('log', 'a').write({!r})"
    taken = in_turn([_python(name, write.format(name), tmp_path) for name in "ab"], 2)
    assert (tmp_path / "log").read_text(encoding="utf-8") == "ababab"
    assert [len(runs) for runs in taken.values()] == [2, 2]


def test_the_time_of_processes_that_a_command_waits_for_is_its_own(tmp_path: Path) -> None:
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    parent = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {busy!r}])"
    assert run(_python("parent", parent, tmp_path)).cpu > 0.3


def test_a_command_that_fails_is_named(tmp_path: Path) -> None:
    with pytest.raises(FailedCommand, match=r"^broken: exit status 3"):
        run(_python("broken", "raise SystemExit(3)", tmp_path))


def test_ratios_are_those_of_the_same_rounds() -> None:
    slow_machine, fast_machine = (Run(cpu, cpu, 1) for cpu in (10.0, 1.0))
    twice = [Run(each.cpu * 2, each.wall * 2, 1) for each in (slow_machine, fast_machine)]
    assert ratios(twice, [slow_machine, fast_machine]) == Run(2, 2, 1)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.6])
def test_a_made_project_has_the_size_and_the_share_that_is_asked_for(
    real: Path, tmp_path: Path, share: float
) -> None:
    made = tmp_path / "made"
    size = projects.make(projects.read(real), made, 2000, share)
    assert size.lines == projects.lines_of(made)
    assert 2000 <= size.lines < 2005
    assert size.carrying == sum(source.lines for source in projects.read(made) if source.carries)
    assert abs(size.carrying / size.lines - share) < 0.25 * share


def test_copies_in_a_made_project_import_themselves(real: Path, tmp_path: Path) -> None:
    projects.make(projects.read(real), tmp_path / "made", 60, 0.5)
    assert (tmp_path / "made/manage_002.py").read_text(encoding="utf-8") == "import shop_002.views\n"
    views = (tmp_path / "made/shop_001/views.py").read_text(encoding="utf-8")
    assert views.startswith("from shop_001.models import Client\n")


def test_both_tools_look_for_the_fields_that_are_counted() -> None:
    fields = tomli.loads((BESIDE / "qorgau.toml").read_text(encoding="utf-8"))["fields"]
    assert {name for field in fields.values() for name in field["names"]} == set(projects.FIELDS)
    said = re.findall(r"regex: \^\((.*)\)\$", (BESIDE / "semgrep.yml").read_text(encoding="utf-8"))
    assert [set(names.split("|")) for names in said] == [set(projects.FIELDS)] * 2


def test_the_changed_file_is_another_in_each_run_and_the_rest_is_copied(real: Path, tmp_path: Path) -> None:
    place = comparing.prepare(real, tmp_path / "work", Path("shop/sums.py"))
    changed = next(
        each
        for each in comparing.commands(place, tmp_path, BESIDE / "qorgau.toml")
        if each.name == comparing.CHANGED
    )
    assert changed.before is not None
    texts = set()
    for _ in range(2):
        changed.before()
        texts.add((place.moving / place.file).read_text(encoding="utf-8"))
    assert len(texts) == 2
    assert (place.still / place.file).read_text(encoding="utf-8") == FILES["shop/sums.py"]


def test_one_file_is_checked_with_the_project_around_it(real: Path, tmp_path: Path) -> None:
    (real / "manage.py").unlink()
    place = comparing.prepare(real, tmp_path / "work", Path("shop/sums.py"))
    found = discover([place.file], root=place.moving, cwd=place.moving, exclude=(), source_roots=None)
    assert [file.display for file in found.files if not file.wanted]


def test_growth_says_what_a_plain_line_costs() -> None:
    points = [
        growing.Point(projects.Size(1000, carrying), Run(carrying * 0.01 + (1000 - carrying) * 0.001, 1, 1))
        for carrying in (50, 600)
    ]
    assert "1,000 lines: a plain line costs 10% of a carrying one" in growing.shown(points)
