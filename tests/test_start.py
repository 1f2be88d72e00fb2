"""What a run begins and ends with: no module that it has no use for, and no freeing of what ends with the process."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from qorgau.collector import YOUNG, seldom_collecting

# Parser and engine are needed where a file has changed; these are not, where it asks nothing of them.
NOT_FOR_ONE_FILE = (
    "asyncio",
    "concurrent",
    "distributed",
    "libcst.codemod",
    "libcst.matchers",
    "multiprocessing",
    "qorgau.clusters",
    "qorgau.projects",
    "rich",
    "socket",
    "sqlglot",
    "ssl",
)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: one file with a finding."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "qorgau.toml").write_text("[fields.iin]\n", encoding="utf-8")
    (tmp_path / "a.py").write_text("def show(client):\n    print(client.iin)\n", encoding="utf-8")
    return tmp_path


def _python(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)


def test_one_changed_file_imports_nothing_that_it_has_no_use_for(project: Path) -> None:
    script = (
        "import sys\nsys.argv = ['qorgau', 'check', '--quiet', '--output', 'found.txt', 'a.py']\n"
        "from qorgau.cli import main\n"
        "try:\n    main()\nfinally:\n    print(*sys.modules)\n"
    )
    _python(script)
    with (project / "a.py").open("a", encoding="utf-8") as stream:
        stream.write("\n\nMORE = 1\n")
    loaded = _python(script).stdout.split()
    assert "PD501" in (project / "found.txt").read_text(encoding="utf-8")
    assert {"libcst", "qorgau.flow.interpreter"} <= set(loaded)
    assert [
        name for name in loaded if any(f"{name}.".startswith(f"{one}.") for one in NOT_FOR_ONE_FILE)
    ] == []


def test_the_end_frees_nothing_and_loses_nothing(project: Path) -> None:
    script = (
        "import sys\n"
        "class Kept:\n    def __del__(self): print('freed', file=sys.stderr)\n"
        "sys.kept = Kept()\n"
        "sys.argv = ['qorgau', 'check', '--quiet', '--no-cache', '--output-format', 'concise']\n"
        "from qorgau.__main__ import main\nmain()\n"
    )
    done = _python(script)
    assert done.returncode == 1
    assert done.stdout.startswith("a.py:2:5: PD501 ")
    assert done.stderr == ""


def test_garbage_is_looked_for_seldom_and_afterwards_as_before() -> None:
    before = gc.get_threshold()
    with seldom_collecting():
        assert gc.get_threshold()[0] == YOUNG
        assert gc.get_freeze_count()
    assert gc.get_threshold() == before
    assert not gc.get_freeze_count()
