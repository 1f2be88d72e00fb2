"""``--dask``: a real scheduler with two workers on this machine (skipped where Dask is not installed)."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from lowered import outcomes

from qorgau import parsing
from qorgau.cache import NOWHERE
from qorgau.cli import main
from qorgau.clusters import ClusterError, hands_of

TEXTS = ("def (:\n", *(f"def f{number}(x):\n    return x.a{number}\n" for number in range(60)))
LEAK = "import logging\n\n\ndef note(iin):\n    logging.info(iin)\n"


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers are asked several times each."""
    monkeypatch.setattr(parsing, "_PORTION", 100)


def _check(*options: str) -> Result:
    return CliRunner().invoke(main, ["check", "--output-format", "json", "--quiet", "--no-cache", *options])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with one finding."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "qorgau.toml").write_text("[fields.iin]\n", encoding="utf-8")
    (tmp_path / "leak.py").write_text(LEAK, encoding="utf-8")
    return tmp_path


def test_workers_of_a_cluster_find_the_same(cluster: Any, project: Path) -> None:
    alone = _check()
    assert '"PD501"' in alone.stdout
    assert _check("--dask", cluster.scheduler_address).stdout == alone.stdout


def test_it_is_the_workers_that_parse(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = outcomes(TEXTS)
    monkeypatch.setattr(parsing, "_lowered", lambda text: pytest.fail("is for the workers"))
    with hands_of(cluster.scheduler_address) as hands:
        assert outcomes(TEXTS, NOWHERE, hands) == expected


@pytest.mark.skipif(sys.platform == "win32", reason="kills with a signal")
def test_a_worker_that_is_killed_midway_changes_nothing(cluster: Any) -> None:
    workers = [worker.pid for worker in cluster.workers.values()]
    killed: list[int] = []

    def kill(step: str, done: int, total: int) -> None:
        if done == 10:
            os.kill(workers[0], signal.SIGKILL)
            killed.append(workers[0])

    with hands_of(cluster.scheduler_address) as hands:
        assert outcomes(TEXTS, NOWHERE, hands, kill) == outcomes(TEXTS)
    assert killed


def test_a_scheduler_that_does_not_answer_is_told_in_a_sentence(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("qorgau.clusters.PATIENCE", 0.5)
    result = _check("--dask", "tcp://127.0.0.1:9")
    assert result.exit_code == 2
    assert result.stderr == "qorgau: error: no Dask scheduler answers at tcp://127.0.0.1:9\n"


def test_without_dask_the_extra_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"^Dask is not installed: install qorgau\[dask\]$"), hands_of("x"):
        pass
    assert _check("--dask", "tcp://127.0.0.1:9").exit_code == 2
