"""The cache is never needed, never wrong, and never in the way (docs: cache.md)."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from lowered import outcomes

from qorgau import cache, compiled, ir, parsing
from qorgau.cache import store as store_module
from qorgau.cache.store import Store
from qorgau.cli import main
from qorgau.knowledge.library_files import library_files
from qorgau.lowering import lower

PARTNER = 'import requests\n\n\ndef send(data):\n    requests.post("https://api.example.com/x", json=data)\n'
ORDERS = "from partner import send\n\n\ndef confirm(client):\n    send({'iin': client.iin})\n"
FINDINGS = ("PD201", "PD900")
# What a run in which nothing changed has no use for: the parser, the engine, and their libraries.
NOT_WARM = (
    "concurrent",
    "libcst",
    "multiprocessing",
    "qorgau.analysis",
    "qorgau.flow",
    "qorgau.judgement",
    "qorgau.judging.rules",
    "qorgau.knowledge.libraries",
    "qorgau.knowledge.regions",
    "qorgau.linking",
    "qorgau.lowering",
    "rich",
    "socket",
    "sqlglot",
    "subprocess",
)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: two modules with a finding between them, and a file that is no Python."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv(cache.VARIABLE, raising=False)
    for name, text in {
        "qorgau.toml": "[fields.iin]\n",
        "partner.py": PARTNER,
        "orders.py": ORDERS,
        "broken.py": "def (:\n",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _check(*options: str) -> str:
    """The whole report as JSON."""
    result = CliRunner().invoke(main, ["check", "--output-format", "json", "--quiet", *options])
    assert result.exit_code in (0, 1), result.output
    return result.stdout


def _codes(report: str) -> list[str]:
    return sorted(found["code"] for found in json.loads(report)["findings"])


def _entries(folder: Path, kind: str = "*") -> list[Path]:
    return sorted(folder.glob(f"{kind}/*/*.z"))


class Spy:
    """Counts the texts that are lowered."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.texts: list[str] = []
        real = parsing._lowered

        def lowered(text: str) -> parsing.Outcome:
            self.texts.append(text)
            return real(text)

        monkeypatch.setattr(parsing, "_lowered", lowered)


def test_what_was_found_is_found_again() -> None:
    without = _check("--no-cache")
    assert _codes(without) == sorted(FINDINGS)
    assert _check() == without  # cold
    assert _check() == without  # warm


def test_no_cache_neither_reads_nor_writes(project: Path) -> None:
    _check("--no-cache")
    assert not (project / cache.FOLDER).exists()
    _check()
    for entry in _entries(project / cache.FOLDER, "reports"):
        entry.write_bytes(store_module.pack(b"nonsense"))
    assert _codes(_check("--no-cache")) == sorted(FINDINGS)


def test_a_run_in_which_nothing_changed_imports_neither_parser_nor_engine(project: Path) -> None:
    cold = _check()
    script = (
        "import sys\n"
        "from qorgau.cli import main\n"
        "main(['check', '--output-format', 'json', '--quiet'], standalone_mode=False)\n"
        "print(*sorted(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = done.stderr.split()
    assert "qorgau.pipeline" in loaded
    assert [name for name in loaded if any(f"{name}.".startswith(f"{one}.") for one in NOT_WARM)] == []
    assert done.stdout == cold


def test_the_version_is_told_without_importing_a_command_line() -> None:
    script = (
        "import sys\nsys.argv = ['qorgau', '--version']\n"
        "from qorgau.__main__ import main\nmain()\nprint(*sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    told, loaded = done.stdout.splitlines()
    assert told == "qorgau 0.1.0"
    assert {"click", "msgspec", "libcst", "rich"}.isdisjoint(loaded.split())


def test_one_changed_file_is_the_only_one_that_is_lowered(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _check()
    spy = Spy(monkeypatch)
    changed = ORDERS.replace("client", "customer")
    (project / "orders.py").write_text(changed, encoding="utf-8")
    assert _check() == _check("--no-cache")
    assert spy.texts[:1] == [changed]
    assert spy.texts.count(PARTNER) == 1  # by the run without a cache


@pytest.mark.parametrize(
    "text",
    [
        ORDERS + "# the end\n",
        "# first\n\n" + ORDERS,
        ORDERS.replace("send({", "send(  # all of it\n        {"),
        ORDERS.replace("send({", "# qorgau: ignore[PD201] agreed\n    send({"),
    ],
)
def test_other_comments_and_lines_need_no_engine(
    project: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    _check()
    (project / "orders.py").write_text(text, encoding="utf-8")
    fresh = _check("--no-cache")
    monkeypatch.setattr("qorgau.judgement.follow", lambda policy, program: pytest.fail("was judged"))
    assert _check() == fresh


def test_files_that_are_asked_about_need_no_engine_once_all_was_judged(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = _check("--no-cache", "partner.py")
    assert _codes(_check()) == sorted(FINDINGS)
    monkeypatch.setattr("qorgau.judgement.follow", lambda policy, program: pytest.fail("was judged"))
    assert _check("partner.py") == fresh
    assert _codes(_check("orders.py")) == []


def test_the_packaged_rules_are_read_and_checked_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _check()
    monkeypatch.setattr("qorgau.compiled.library_files", lambda extra: pytest.fail("was kept"))
    monkeypatch.setattr("qorgau.compiled.read_packaged", lambda: pytest.fail("was kept"))
    (project / "broken.py").write_text("x = 1\n", encoding="utf-8")
    assert _codes(_check()) == ["PD201"]


def test_kept_rules_are_those_of_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = compiled._knowledge(Store(tmp_path))
    monkeypatch.setattr("qorgau.compiled.library_files", lambda extra: pytest.fail("was kept"))
    assert compiled._knowledge(Store(tmp_path)) == read
    assert read.libraries == tuple(file.library() for file in library_files(()))


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("orders.py", "def confirm(client):\n    pass\n"),
        ("more.py", "import logging\n\n\ndef note(iin):\n    logging.info(iin)\n"),
        ("qorgau.toml", '[fields.iin]\n[recipients.x]\nhosts = ["api.example.com"]\ncountry = "DE"\n'),
        ("qorgau.toml", '[fields.iin]\n\n[[exemptions]]\ncodes = ["PD2"]\nbasis = "b"\nreason = "r"\n'),
        (".gitignore", "broken.py\n"),
        ("orders.py", "# qorgau: ignore-file[PD2] a reason\n" + ORDERS),
        ("partner.py", PARTNER.replace("    requests", "    # qorgau: ignore[PD2] a reason\n    requests")),
    ],
)
def test_whatever_changes_is_seen(project: Path, file: str, text: str) -> None:
    before = _check()
    (project / file).write_text(text, encoding="utf-8")
    after = _check()
    assert after == _check("--no-cache")
    if not text.startswith("# qorgau"):
        assert after != before


def test_a_variable_in_an_env_file_is_seen(project: Path) -> None:
    (project / "partner.py").write_text(
        'import os\n\nimport requests\n\n\ndef send(data):\n    requests.post(os.environ["PARTNER"], json=data)\n',
        encoding="utf-8",
    )
    before = _check()
    (project / ".env").write_text("PARTNER=https://api.example.de/x\n", encoding="utf-8")
    after = _check()
    assert after == _check("--no-cache")
    assert after != before


def test_a_change_in_the_rules_of_a_team_is_seen(project: Path) -> None:
    rules = project / "rules"
    rules.mkdir()
    (project / "qorgau.toml").write_text('extend-rules = ["rules"]\n[fields.iin]\n', encoding="utf-8")
    (project / "orders.py").write_text(
        "import courier\n\n\ndef go(client):\n    courier.send(client.iin)\n", encoding="utf-8"
    )
    head = 'library = "courier"\npackages = ["courier"]\ndocumentation = "https://courier.example"\n'
    (rules / "courier.toml").write_text(head, encoding="utf-8")
    before = _check()
    row = '[[sink]]\ncalls = ["courier.send"]\nkind = "transfer"\ndata = ["0"]\nvendor = "courier"\n'
    (rules / "courier.toml").write_text(head + row, encoding="utf-8")
    after = _check()
    assert after == _check("--no-cache")
    assert _codes(after) != _codes(before)


def test_options_and_baselines_have_reports_of_their_own(project: Path) -> None:
    everything = _check()
    assert _codes(_check("--select", "PD900")) == ["PD900"]
    assert _codes(_check("--ignore", "PD900")) == ["PD201"]
    _check("--write-baseline", "known.json")
    marked = _check("--baseline", "known.json")
    assert {found["suppressed"] for found in json.loads(marked)["findings"]} == {"baseline"}
    assert _codes(_check("orders.py")) == []
    assert _check() == everything


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: b"\0" * len(data),
        lambda data: data[:-6] + bytes([data[-6] ^ 1]) + data[-5:],
    ],
    ids=["empty", "cut off", "zeros", "one bit"],
)
def test_a_damaged_entry_counts_as_absent(project: Path, damage: Callable[[bytes], bytes]) -> None:
    whole = _check()
    kept = {entry: entry.read_bytes() for entry in _entries(project / cache.FOLDER)}
    assert {entry.parent.parent.name for entry in kept} == {
        "judgements",
        "knowledge",
        "lowered",
        "places",
        "reports",
        "rounds",
    }
    for entry, data in kept.items():
        entry.write_bytes(damage(data))
    assert _check() == whole
    again = {entry: entry.read_bytes() for entry in _entries(project / cache.FOLDER)}
    assert again.keys() == kept.keys()
    for entry, data in again.items():
        # Of rounds the same is written in any order.
        assert data == kept[entry] or (entry.parent.parent.name == "rounds" and store_module.unpack(data))


@pytest.mark.parametrize("data", [b"\x93\x01\x02\x03", b"\xc1"], ids=["another shape", "no MessagePack"])
def test_an_entry_that_says_something_else_is_not_believed(project: Path, data: bytes) -> None:
    whole = _check()
    for entry in _entries(project / cache.FOLDER):
        entry.write_bytes(store_module.pack(data))
    assert _check() == whole


def test_a_file_where_the_folder_should_be_costs_only_time(project: Path) -> None:
    (project / cache.FOLDER).write_text("mine", encoding="utf-8")
    assert _check() == _check("--no-cache")
    assert (project / cache.FOLDER).read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_takes_nothing_costs_only_time(
    project: Path, monkeypatch: pytest.MonkeyPatch, reason: int
) -> None:
    attempts: list[str] = []

    def full(path: str, data: bytes) -> None:
        attempts.append(path)
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(store_module, "_write", full)
    assert _codes(_check()) == sorted(FINDINGS)
    assert len(attempts) == 1


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(source: str, target: str) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "replace", refused)
    folder = tmp_path / "store"
    Store(folder).put("reports", "ab12", b"data")
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_two_runs_share_a_cache(project: Path) -> None:
    command = [sys.executable, "-m", "qorgau", "check", "--output-format", "json", "--quiet"]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [run.communicate()[0] for run in runs]
    assert told[0] == told[1] == _check("--no-cache")
    assert _check() == told[0]
    assert not list((project / cache.FOLDER).rglob("*.tmp"))


def test_another_version_of_the_program_believes_nothing_of_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _check()
    reports = _entries(project / cache.FOLDER, "reports")
    spy = Spy(monkeypatch)
    monkeypatch.setattr("qorgau.pipeline.of_program", lambda: "another program")
    monkeypatch.setattr("qorgau.parsing.of_lowering", lambda: "another parser")
    assert _codes(_check()) == sorted(FINDINGS)
    assert len(spy.texts) == 3
    assert len(_entries(project / cache.FOLDER, "reports")) == len(reports) + 1


def test_the_folder_is_hidden_from_git_and_from_backups(project: Path) -> None:
    subprocess.run(["git", "init", "-q", "."], check=True)
    _check()
    told = subprocess.run(["git", "status", "--short"], capture_output=True, text=True, check=True).stdout
    assert cache.FOLDER not in told
    tag = (project / cache.FOLDER / "CACHEDIR.TAG").read_text(encoding="utf-8")
    assert tag.startswith("Signature: 8a477f597d28d172789f06886806bc55\n")


def test_the_folder_is_not_scanned(project: Path) -> None:
    _check()
    (project / cache.FOLDER / "leak.py").write_text(
        "import logging\n\n\ndef note(iin):\n    logging.info(iin)\n", encoding="utf-8"
    )
    assert _check() == _check("--no-cache")
    assert _codes(_check()) == sorted(FINDINGS)


def test_the_environment_can_name_another_folder(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "elsewhere"))
    first = _check()
    assert _entries(tmp_path / "elsewhere", "reports")
    assert not (project / cache.FOLDER).exists()
    assert _check() == first


def test_what_nobody_uses_makes_way(tmp_path: Path) -> None:
    store = Store(tmp_path, limit=2000)
    noise = [os.urandom(900) for _ in range(3)]
    for age, (name, data) in enumerate(zip(("aa1", "bb2", "cc3"), noise, strict=True)):
        store.put("lowered", name, data)
        used = time.time() - 3600 * (3 - age)
        os.utime(tmp_path / "lowered" / name[:2] / f"{name[2:]}.z", (used, used))
    store.tidy()
    assert [store.get("lowered", name) for name in ("aa1", "bb2", "cc3")] == [None, *noise[1:]]


def test_an_entry_that_is_asked_for_counts_as_new(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for name in ("aa1", "bb2"):
        store.put("lowered", name, b"data")
        old = time.time() - store_module.UNUSED - 60
        os.utime(tmp_path / "lowered" / name[:2] / f"{name[2:]}.z", (old, old))
    assert store.get("lowered", "bb2") == b"data"
    store.tidy()
    assert store.get("lowered", "aa1") is None
    assert store.get("lowered", "bb2") == b"data"


def test_what_an_ended_run_left_half_written_goes_in_time(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put("lowered", "aa1", b"data")
    half = tmp_path / "lowered" / "aa" / "1.z.77.tmp"
    half.write_bytes(b"da")
    old = time.time() - store_module.UNUSED - 60
    os.utime(half, (old, old))
    store.tidy()
    assert not half.exists()


def test_parts_of_a_key_do_not_run_into_one_another() -> None:
    assert (
        len({cache.digest(parts) for parts in ((b"ab", b"c"), (b"a", b"bc"), (b"abc",), (b"abc", b""))}) == 4
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = [1, 2.5, True, None, b'\\xff', 'қ', -0.0, 1e400]\n",
        "x = '\\ud800'\n",
        "def f(a, /, b=1, *c, d: int, **e) -> None:\n    return [y for y in c if y]\n",
        "match x:\n    case {'a': 1, **rest} | [C(1, b=2), *_] as y if z:\n        pass\n",
        "x = " + "(" * 150 + "1" + ")" * 150 + "\n",
        "x = " + "a + " * 350 + "a\n",
        "".join(f"{' ' * depth}if x{depth}:\n" for depth in range(90)) + " " * 90 + "pass\n",
        "x = " + "a." * 3000 + "a\n",
    ],
)
def test_the_lowered_form_comes_back_as_it_went_in(tmp_path: Path, text: str) -> None:
    fresh = repr(outcomes([text]))
    store = Store(tmp_path)
    assert repr(outcomes([text], store)) == fresh
    assert repr(outcomes([text], store)) == fresh


def test_positions_are_kept_as_they_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    lowered = parsing.lower_all([ORDERS])[0]
    last = lower(ORDERS).nodes - 1
    first = parsing.places(lowered, frozenset({0}), store)
    both = parsing.places(lowered, frozenset({0, last}), store)
    monkeypatch.setattr("qorgau.lowering.spans", lambda text, numbers, starts: pytest.fail("was kept"))
    assert parsing.places(lowered, frozenset({0, last}), store) == both
    assert parsing.places(lowered, frozenset({0}), store) == first
    assert isinstance(both[last], ir.Span)
