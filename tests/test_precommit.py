"""The hook for pre-commit, run by pre-commit itself on a repository made here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOOKS = Path(__file__).parent.parent / ".pre-commit-hooks.yaml"
PROJECT = HOOKS.parent
SCRIPTS = Path(sys.executable).parent
INSTALL = "QORGAU_TEST_INSTALL"
"""Set to 1 where pre-commit may install the project with its dependencies: it needs the network."""

RECORDER = """\
#!/bin/sh
printf '%s\\n' "$*" >> "$QORGAU_CALLS"
"""


class Repository:
    """A repository that uses the hook as it is published, but for its own environment.

    The one line that is changed is the language: ``system`` takes ``qorgau`` from the PATH, where
    ``python`` would install it and its dependencies from the network.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in [name for name in os.environ if name.startswith(("GIT_", "PRE_COMMIT"))]:
            monkeypatch.delenv(name)
        self.environment = {
            **os.environ,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "PRE_COMMIT_HOME": str(folder / "cache"),
            "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
            **{f"GIT_{who}_NAME": "Nobody" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "nobody@example.com" for who in ("AUTHOR", "COMMITTER")},
        }
        self.hooks, self.work = folder / "hooks", folder / "work"
        for place in (self.hooks, self.work):
            place.mkdir()
            self.run("git", "init", "--quiet", cwd=place)
        published = HOOKS.read_text(encoding="utf-8")
        assert published.count("language: python") == 1
        self.write(
            ".pre-commit-hooks.yaml", published.replace("language: python", "language: system"), self.hooks
        )
        self.commit(self.hooks)
        revision = self.run("git", "rev-parse", "HEAD", cwd=self.hooks).stdout.strip()
        self.write(
            ".pre-commit-config.yaml",
            f"repos:\n- repo: {self.hooks}\n  rev: {revision}\n  hooks:\n  - id: qorgau\n    verbose: true\n",
        )
        self.commit(self.work)

    def run(self, *command: str, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=cwd,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=check,
        )

    def write(self, name: str, text: str, place: Path | None = None) -> None:
        path = (place or self.work) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def commit(self, place: Path) -> None:
        self.run("git", "add", ".", cwd=place)
        self.run("git", "commit", "--quiet", "-m", "change", cwd=place)

    def hook(self) -> subprocess.CompletedProcess[str]:
        """What ``pre-commit run`` says of what is staged."""
        self.run("git", "add", ".", cwd=self.work)
        return self.run("pre-commit", "run", "--color=never", cwd=self.work, check=False)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository with the hook and nothing else in it."""
    return Repository(tmp_path, monkeypatch)


def _record_calls(repository: Repository, folder: Path) -> Path:
    """Put a program in the place of ``qorgau`` that writes down its arguments; returns where."""
    script = folder / "bin" / "qorgau"
    script.parent.mkdir()
    script.write_text(RECORDER, encoding="utf-8")
    script.chmod(0o755)
    calls = folder / "calls"
    repository.environment["PATH"] = f"{script.parent}{os.pathsep}{repository.environment['PATH']}"
    repository.environment["QORGAU_CALLS"] = str(calls)
    return calls


def test_pre_commit_accepts_the_hook_file() -> None:
    done = subprocess.run(
        [SCRIPTS / "pre-commit", "validate-manifest", HOOKS], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_project_is_scanned_whole_and_once_when_what_counts_is_committed(
    repository: Repository, tmp_path: Path
) -> None:
    calls = _record_calls(repository, tmp_path)
    repository.write("README.md", "no Python here\n")
    repository.write("other.toml", "x = 1\n")
    assert "Skipped" in repository.hook().stdout
    assert not calls.exists()
    names = ("src/a.py", "b.pyi", "c.ipynb", "sub/qorgau.toml", "pyproject.toml")
    for number, name in enumerate(names, start=1):
        repository.write(name, "" if name.endswith((".py", ".pyi", ".toml")) else "{}\n")
        assert repository.hook().returncode == 0
        assert calls.read_text(encoding="utf-8") == "check --no-progress\n" * number
        repository.run("git", "commit", "--quiet", "-m", name, cwd=repository.work)


def test_a_wrong_configuration_stops_the_commit_with_its_sentence(repository: Repository) -> None:
    repository.write("qorgau.toml", "selekt = []\n")
    done = repository.hook()
    assert done.returncode == 1
    assert 'qorgau: error: qorgau.toml: selekt: unknown key; did you mean "select"?' in done.stdout


def test_a_finding_stops_the_commit_and_its_repair_lets_it_pass(repository: Repository) -> None:
    repository.write("qorgau.toml", "select = ['PD5']\n[fields.phone]\n")
    repository.write("app.py", "def show(client):\n    print(client.phone)\n")
    done = repository.hook()
    assert done.returncode == 1
    assert "app.py:2:5: PD501" in done.stdout
    repository.write("app.py", "def show(client):\n    print(len(client.phone))\n")
    assert repository.hook().returncode == 0


@pytest.mark.skipif(os.environ.get(INSTALL) != "1", reason=f"installs from the network; {INSTALL}=1 runs it")
def test_the_published_hook_installs_itself_and_finds_what_it_should(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository(tmp_path, monkeypatch)
    copy = tmp_path / "project"
    left_out = shutil.ignore_patterns(".git", ".venv", "*cache*", "fixtures", "tests", "*.egg-info")
    shutil.copytree(PROJECT, copy, ignore=left_out)
    repository.run("git", "init", "--quiet", cwd=copy)
    repository.commit(copy)
    repository.write("qorgau.toml", "select = ['PD5']\n[fields.phone]\n")
    repository.write("app.py", "def show(client):\n    print(client.phone)\n")
    repository.run("git", "add", ".", cwd=repository.work)
    done = repository.run("pre-commit", "try-repo", str(copy), "qorgau", cwd=repository.work, check=False)
    assert "app.py:2:5: PD501" in done.stdout
