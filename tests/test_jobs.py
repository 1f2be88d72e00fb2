"""Who parses makes no difference: one process, several, threads, or workers that die or are of another version."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
from click.testing import CliRunner
from lowered import outcomes

from qorgau import parsing
from qorgau.cache import NOWHERE, Store
from qorgau.cli import main
from qorgau.hands import Hands

T = TypeVar("T")

# One that is no Python, one that is nested too deeply, one deep enough to need a large stack, and plain ones.
TEXTS = (
    "def (:\n",
    "x = " + "(" * 300 + "1" + ")" * 300 + "\n",
    "x = " + "f(" * 150 + "1" + ")" * 150 + "\n",
    "",
    *(f"def f{number}(x):\n    return x.a{number}\n" for number in range(40)),
)


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other processes are asked whatever the amount, and each several times."""
    monkeypatch.setattr(parsing, "WORTH", 0)
    monkeypatch.setattr(parsing, "_PORTION", 300)


class Quitter(Executor):
    """Does some portions, then its workers are dead."""

    def __init__(self, does: int, answer: Callable[[], BaseException | None] = lambda: None) -> None:
        self._left = does
        self._answer = answer

    def submit(self, task: Callable[..., T], /, *args: object, **kwargs: object) -> Future[T]:
        """The result at once, an error, or BrokenExecutor."""
        future: Future[T] = Future()
        self._left -= 1
        error = self._answer()
        if self._left >= 0:
            future.set_result(task(*args, **kwargs))
        elif error is None:
            raise BrokenExecutor
        else:
            future.set_exception(error)
        return future


@pytest.mark.parametrize("jobs", [2, 3])
def test_the_number_of_processes_makes_no_difference(jobs: int) -> None:
    assert outcomes(TEXTS, NOWHERE, Hands(jobs)) == outcomes(TEXTS)


def test_the_command_prints_the_same_for_every_number_of_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "qorgau.toml").write_text("[fields.iin]\n", encoding="utf-8")
    for number, text in enumerate((*TEXTS[:3], "import logging\n\n\ndef f(iin):\n    logging.info(iin)\n")):
        (tmp_path / f"m{number}.py").write_text(text, encoding="utf-8")
    arguments = ["check", "--output-format", "json", "--quiet", "--no-cache"]
    told = [CliRunner().invoke(main, [*arguments, "--jobs", jobs]).stdout for jobs in ("1", "2")]
    assert '"PD501"' in told[0]
    assert told[0] == told[1]


def test_any_executor_will_do() -> None:
    with ThreadPoolExecutor(3) as threads:
        assert outcomes(TEXTS, NOWHERE, Hands(3, threads)) == outcomes(TEXTS)


@pytest.mark.parametrize("answer", [lambda: None, lambda: MemoryError("killed")], ids=["broken", "failing"])
@pytest.mark.parametrize("does", [0, 2])
def test_what_a_dead_worker_leaves_is_done_here(
    does: int, answer: Callable[[], BaseException | None]
) -> None:
    assert outcomes(TEXTS, NOWHERE, Hands(2, Quitter(does, answer))) == outcomes(TEXTS)


@pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc")
def test_a_process_that_is_killed_midway_changes_nothing() -> None:
    victims: list[int] = []

    def kill(step: str, done: int, total: int) -> None:
        children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text(encoding="utf-8")
        if done == 5 and not victims:
            found = [child for child in children.split() if b"spawn_main" in _command(child)]
            os.kill(int(found[0]), signal.SIGKILL)
            victims.append(int(found[0]))

    assert outcomes(TEXTS, NOWHERE, Hands(2), kill) == outcomes(TEXTS)
    assert len(victims) == 1


def _command(process: str) -> bytes:
    return Path(f"/proc/{process}/cmdline").read_bytes()


def test_a_worker_of_another_version_is_not_listened_to(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []

    def elsewhere(identity: str, texts: tuple[str, ...]) -> tuple[bytes, ...]:
        asked.append(texts)
        return real("another", texts)

    real = parsing.lowered_elsewhere
    expected = outcomes(TEXTS)
    monkeypatch.setattr(parsing, "lowered_elsewhere", elsewhere)
    assert outcomes(TEXTS, NOWHERE, Hands(2, Quitter(1000))) == expected
    assert sum(len(texts) for texts in asked) == len(TEXTS)


def test_what_others_lowered_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    first = outcomes(TEXTS, store, Hands(2, Quitter(1000)))
    monkeypatch.setattr(parsing, "_lowered", lambda text: pytest.fail("was kept"))
    assert outcomes(TEXTS, store) == first


def test_a_system_without_processes_parses_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: object, **kwargs: object) -> Executor:
        raise OSError(38, "no semaphores here")

    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", refused)
    assert outcomes(TEXTS, NOWHERE, Hands(2)) == outcomes(TEXTS)


def test_progress_is_told_for_every_text_in_order() -> None:
    told: list[tuple[str, int, int]] = []
    for hands in (Hands(), Hands(2, Quitter(1000)), Hands(2, Quitter(2))):
        told.clear()
        outcomes(TEXTS, NOWHERE, hands, lambda *step: told.append(step))
        assert told == [("reading", number, len(TEXTS)) for number in range(len(TEXTS))]


def test_a_small_project_starts_no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "WORTH", 1_000_000)
    monkeypatch.setattr("qorgau.hands._pool", lambda jobs: pytest.fail("is not worth it"))
    assert len(outcomes(TEXTS, NOWHERE, Hands(8))) == len(TEXTS)
