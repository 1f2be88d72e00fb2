"""Several repositories in one command: each by itself with its own configuration, one report, whoever does the work."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import pytest
from click.testing import CliRunner, Result

from qorgau import projects
from qorgau.cache import NOWHERE
from qorgau.cli import main
from qorgau.cli.repositories import by_repository
from qorgau.config import load
from qorgau.findings import Report
from qorgau.gathering import Request
from qorgau.hands import ALONE, Hands
from qorgau.projects import check_all

T = TypeVar("T")

LEAK = "import logging\n\n\ndef note({field}):\n    logging.info({field})\n"
FIELDS = {"bank": "iin", "clinic": "diagnosis", "shop": "phone"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: three repositories, each of which logs two fields and calls one of them personal."""
    monkeypatch.chdir(tmp_path)
    for name, field in FIELDS.items():
        (tmp_path / name / ".git").mkdir(parents=True)
        (tmp_path / name / "qorgau.toml").write_text(f"[fields.{field}]\n", encoding="utf-8")
        for logged in FIELDS.values():
            (tmp_path / name / f"{logged}.py").write_text(LEAK.format(field=logged), encoding="utf-8")
    return tmp_path


def _check(*options: str) -> Result:
    return CliRunner().invoke(main, ["check", "--output-format", "json", "--quiet", *options])


def _found(told: str) -> list[str]:
    return [found["path"] for found in json.loads(told)["findings"]]


def _requests(folder: Path, hands: Hands = ALONE) -> list[Request]:
    return [
        Request(
            paths=(Path(name),),
            settings=load(Path(name), folder, None),
            cwd=folder,
            store=NOWHERE,
            hands=hands,
        )
        for name in FIELDS
    ]


def test_each_repository_has_its_own_configuration_and_the_report_is_one() -> None:
    result = _check("--no-cache", "shop", "bank", "clinic")
    assert _found(result.stdout) == ["bank/iin.py", "clinic/diagnosis.py", "shop/phone.py"]
    assert json.loads(result.stdout)["files_scanned"] == 9
    assert result.exit_code == 1


def test_what_is_found_in_one_is_what_it_says_alone() -> None:
    together = json.loads(_check("--no-cache", "bank", "clinic").stdout)["findings"]
    alone = [json.loads(_check("--no-cache", name).stdout)["findings"] for name in ("bank", "clinic")]
    assert together == [*alone[0], *alone[1]]


def test_a_repository_is_no_context_for_another(folder: Path) -> None:
    sender = "def send(x):\n    print(x)\n"
    (folder / "bank/sender.py").write_text(sender, encoding="utf-8")
    (folder / "shop/uses.py").write_text(
        "from sender import send\n\n\ndef f(x):\n    send(x.iin)\n", encoding="utf-8"
    )
    assert _found(_check("--no-cache", "bank", "shop").stdout) == ["bank/iin.py", "shop/phone.py"]


def test_paths_of_one_repository_stay_together() -> None:
    assert _found(_check("--no-cache", "bank/iin.py", "bank/phone.py").stdout) == ["bank/iin.py"]


def test_where_a_path_lies_in_no_repository_the_first_configuration_holds_for_all(folder: Path) -> None:
    (folder / "plain").mkdir()
    (folder / "plain/other.py").write_text(LEAK.format(field="iin"), encoding="utf-8")
    assert _found(_check("--no-cache", "bank", "plain").stdout) == ["bank/iin.py", "plain/other.py"]


def test_a_repository_inside_another_is_a_part_of_it(folder: Path) -> None:
    (folder / "bank/vendored/.git").mkdir(parents=True)
    paths = [Path("bank"), Path("bank/vendored")]
    assert by_repository(paths, folder) == (tuple(paths),)


def test_services_of_one_repository_may_have_modules_of_the_same_names(folder: Path) -> None:
    names = {"a": "return x", "b": "logging.info(x)"}
    for name, does in names.items():
        (folder / "bank" / name).mkdir()
        (folder / "bank" / name / "requirements.txt").touch()
        text = f"import logging\n\n\ndef tell(x):\n    {does}\n"
        (folder / "bank" / name / "sender.py").write_text(text, encoding="utf-8")
        text = "from sender import tell\n\n\ndef use(iin):\n    tell(iin)\n"
        (folder / "bank" / name / "main.py").write_text(text, encoding="utf-8")
    assert _found(_check("--no-cache", "bank").stdout) == ["bank/b/sender.py", "bank/iin.py"]


def test_a_named_configuration_holds_for_all() -> None:
    result = _check("--no-cache", "--config", "bank/qorgau.toml", "bank", "shop")
    assert _found(result.stdout) == ["bank/iin.py", "shop/iin.py"]


def test_each_repository_keeps_its_own_cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _check("bank", "shop").stdout
    assert (folder / "bank/.qorgau_cache").is_dir()
    assert (folder / "shop/.qorgau_cache").is_dir()
    monkeypatch.setattr("qorgau.analysis.analyse", lambda *given: pytest.fail("was kept"))
    assert _check("bank", "shop").stdout == first


def test_a_path_that_is_not_there_is_one_sentence() -> None:
    result = _check("--no-cache", "bank", "shop/none.py")
    assert result.exit_code == 2
    assert "shop/none.py" in result.stderr


def test_the_command_prints_the_same_for_every_number_of_jobs() -> None:
    told = [_check("--no-cache", "--jobs", jobs, *FIELDS).stdout for jobs in ("1", "2")]
    assert len(_found(told[0])) == 3
    assert told[0] == told[1]


@contextmanager
def _processes() -> Iterator[Executor]:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize(
    "executor", [lambda: ThreadPoolExecutor(2), _processes], ids=["threads", "processes"]
)
def test_any_executor_checks_whole_projects(folder: Path, executor: Callable[[], Any]) -> None:
    alone = check_all(_requests(folder))
    assert len(alone.findings) == 3
    with executor() as pool:
        assert check_all(_requests(folder, Hands(2, pool))) == alone


class Quitter(Executor):
    """Does one task, then its workers are dead."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def submit(self, task: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """The result at once, or BrokenExecutor."""
        self.asked.append(args)
        if len(self.asked) > 1:
            raise BrokenExecutor
        future: Future[T] = Future()
        future.set_result(task(*args, **kwargs))
        return future


def test_what_dead_workers_leave_is_done_here(folder: Path) -> None:
    quitter = Quitter()
    assert check_all(_requests(folder, Hands(1, quitter))) == check_all(_requests(folder))
    assert len(quitter.asked) > 1


def test_a_worker_needs_none_of_the_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on another machine: what is sent is all there is."""
    (folder / "bank/qorgau.toml").write_text('extend-rules = ["rules"]\n[fields.iin]\n', encoding="utf-8")
    (folder / "bank/rules").mkdir()
    rules = (
        'library = "ours"\npackages = ["ours"]\ndocumentation = "https://ours.example.com"\n'
        '[[sink]]\ncalls = ["ours.tell"]\nkind = "log"\ndata = ["0"]\n'
    )
    (folder / "bank/rules/ours.toml").write_text(rules, encoding="utf-8")
    (folder / "bank/told.py").write_text(
        "import ours\n\n\ndef f(iin):\n    ours.tell(iin)\n", encoding="utf-8"
    )
    alone = check_all(_requests(folder))
    assert "bank/told.py" in {found.path for found in alone.findings}

    class Elsewhere(Quitter):
        def submit(self, task: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
            future: Future[T] = Future()
            hidden = [(folder / name).rename(folder / f"hidden-{name}") for name in FIELDS]
            try:
                future.set_result(task(*args, **kwargs))
            finally:
                for place in hidden:
                    place.rename(place.with_name(place.name.removeprefix("hidden-")))
            return future

    requests = _requests(folder, Hands(1, Elsewhere()))
    monkeypatch.setattr(projects, "check", lambda request: pytest.fail("is for the workers"))
    assert check_all(requests) == alone


def test_a_worker_of_another_version_is_not_listened_to(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = check_all(_requests(folder))
    real = projects.analysed_elsewhere
    monkeypatch.setattr(projects, "analysed_elsewhere", lambda identity, packed: real("another", packed))
    with ThreadPoolExecutor(1) as pool:
        assert check_all(_requests(folder, Hands(1, pool))) == expected


def test_workers_of_a_cluster_find_the_same(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = _check("--no-cache", *FIELDS)
    assert len(_found(alone.stdout)) == 3
    monkeypatch.setattr(projects, "check", lambda request: pytest.fail("is for the workers"))
    assert _check("--no-cache", "--dask", cluster.scheduler_address, *FIELDS).stdout == alone.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="kills with a signal")
def test_a_worker_that_is_killed_midway_changes_nothing(
    cluster: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qorgau.clusters import hands_of

    expected = check_all(_requests(folder))
    workers = [worker.pid for worker in cluster.workers.values()]
    killed: list[int] = []

    def kill(step: str, done: int, total: int) -> None:
        if not killed:
            os.kill(workers[0], signal.SIGKILL)
            killed.append(done)

    with hands_of(cluster.scheduler_address) as hands:
        requests = [
            Request(paths=each.paths, settings=each.settings, cwd=each.cwd, hands=hands, progress=kill)
            for each in _requests(folder)
        ]
        assert check_all(requests) == expected
    assert killed == [1]


def test_what_was_given_up_is_added_up() -> None:
    parts = [Report("1", files, (), (), {"calls given up": files}) for files in (2, 3)]
    assert projects.merged(parts).statistics == {"calls given up": 5}
