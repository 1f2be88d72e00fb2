"""``--since``: which files git calls changed (spec section 1)."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from qorgau.cli import main
from qorgau.cli.changes import changed_since
from qorgau.cli.failure import Failure

Git = Callable[..., str]
WHO = {f"GIT_{who}_NAME": "Nobody" for who in ("AUTHOR", "COMMITTER")} | {
    f"GIT_{who}_EMAIL": "nobody@example.com" for who in ("AUTHOR", "COMMITTER")
}


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """Runs git in a repository that has one commit of four files."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=tmp_path,
            env={**os.environ, **WHO},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    run("init", "--quiet", "--initial-branch=main")
    (tmp_path / "src").mkdir()
    for name in ("kept.py", "changed.py", "gone.py", "src/staged ә.py"):
        (tmp_path / name).write_text("x = 1\n", encoding="utf-8")
    (tmp_path / ".gitignore").write_text("ignored.py\n", encoding="utf-8")
    run("add", ".")
    run("commit", "--quiet", "-m", "first")
    return run


def _refused(ref: str, first: Path) -> str:
    with pytest.raises(Failure) as caught:
        changed_since(ref, first)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_changed_staged_committed_and_unknown_files_are_named_and_no_others(tmp_path: Path, git: Git) -> None:
    first = git("rev-parse", "HEAD")
    (tmp_path / "committed.py").write_text("y = 1\n", encoding="utf-8")
    git("add", ".")
    git("commit", "--quiet", "-m", "second")
    (tmp_path / "changed.py").write_text("x = 2\n", encoding="utf-8")
    (tmp_path / "src/staged ә.py").write_text("x = 3\n", encoding="utf-8")
    git("add", "src")
    (tmp_path / "gone.py").unlink()
    (tmp_path / "new.py").write_text("", encoding="utf-8")
    (tmp_path / "ignored.py").write_text("", encoding="utf-8")
    named = {"changed.py", "committed.py", "new.py", "src/staged ә.py"}
    for place in (tmp_path, tmp_path / "src", tmp_path / "kept.py"):
        assert changed_since(first, place) == {tmp_path / name for name in named}


def test_a_moved_file_is_named_where_it_is(tmp_path: Path, git: Git) -> None:
    git("mv", "kept.py", "src/moved.py")
    assert changed_since("HEAD", tmp_path) == {tmp_path / "src/moved.py"}


def test_nothing_changed_is_no_file(tmp_path: Path, git: Git) -> None:
    assert changed_since("main", tmp_path) == frozenset()


def test_the_working_folder_does_not_matter(
    tmp_path: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "changed.py").write_text("x = 2\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path.parent)
    assert changed_since("HEAD", tmp_path) == {tmp_path / "changed.py"}


def test_through_a_link_files_are_named_both_ways(tmp_path: Path, git: Git) -> None:
    (tmp_path / "changed.py").write_text("x = 2\n", encoding="utf-8")
    link = tmp_path.with_name(tmp_path.name + "-link")
    link.symlink_to(tmp_path)
    assert changed_since("HEAD", link) == {tmp_path / "changed.py", link / "changed.py"}


@pytest.mark.parametrize(
    ("ref", "sentence"),
    [
        ("nowhere", '--since: "nowhere" is no commit here'),
        ("HEAD:kept.py", '--since: "HEAD:kept.py" is no commit here'),
        ("--output=x", '--since: "--output=x" is no commit'),
        (" ", '--since: " " is no commit'),
    ],
)
def test_a_ref_that_is_none_is_one_sentence(tmp_path: Path, git: Git, ref: str, sentence: str) -> None:
    assert _refused(ref, tmp_path).startswith(sentence)


def test_outside_a_repository_it_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert _refused("HEAD", tmp_path).startswith(f"--since: {tmp_path} is in no git repository")


def test_without_git_it_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert _refused("HEAD", tmp_path) == "--since needs git, which is not installed"


def test_a_program_that_the_repository_names_is_not_run(tmp_path: Path, git: Git) -> None:
    monitor = tmp_path / "monitor"
    monitor.write_text("#!/bin/sh\ntouch ran\n", encoding="utf-8")
    monitor.chmod(0o755)
    git("config", "core.fsmonitor", "./monitor")
    assert changed_since("HEAD", tmp_path) == {monitor}
    assert not (tmp_path / "ran").exists()


def _found(*options: str) -> list[dict[str, object]]:
    arguments = ["check", "--output-format", "json", "--quiet", "--exit-zero", *options]
    found: list[dict[str, object]] = json.loads(CliRunner().invoke(main, arguments).stdout)["findings"]
    return found


def test_a_changed_file_is_judged_as_in_the_whole_project(tmp_path: Path, git: Git) -> None:
    """What reaches it from others, and whether they ask for consent, counts; what only others do does not."""
    sender = 'import requests\n\n\ndef {0}(x):\n    requests.post("https://api.example.com", json=x)\n'
    for name, text in {
        "qorgau.toml": '[fields.iin]\n[consent]\nchecks = ["agreed"]\n',
        "consent.py": "def agreed(client):\n    return client.agreed\n",
        "src/sender.py": sender.format("send") + sender.format("offer"),
        "src/orders.py": "from consent import agreed\nfrom sender import offer, send\n\n\n"
        "def confirm(client):\n    send(client.iin)\n    if agreed(client):\n        offer(client.iin)\n",
        "kept.py": "def show(client):\n    print(client.iin)\n",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    git("add", ".")
    git("commit", "--quiet", "-m", "second")
    whole = _found()
    assert [(found["path"], found["code"]) for found in whole] == [
        ("kept.py", "PD501"),
        ("src/sender.py", "PD201"),
    ]
    with (tmp_path / "src/sender.py").open("a", encoding="utf-8") as stream:
        stream.write("\n\nMORE = 1\n")
    assert _found("src/sender.py") == _found("--since", "HEAD") == whole[1:]
    assert _found("src/orders.py") == []
