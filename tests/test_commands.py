"""The commands beside ``check``, help and version (spec section 1)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qorgau.cli import main

SLOW_TO_IMPORT = {"libcst", "rich", "msgspec", "sqlglot", "pathspec"}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_help_lists_the_commands() -> None:
    result = _run("--help")
    assert result.exit_code == 0
    listed = result.stdout.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == ["check", "config", "rule"]


@pytest.mark.parametrize("command", ["check", "config", "rule"])
def test_every_command_explains_itself(command: str) -> None:
    result = _run(command, "-h")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: main {command}")


def test_an_unknown_command_is_bad_usage() -> None:
    result = _run("scan")
    assert result.exit_code == 2
    assert "No such command 'scan'" in result.stderr


@pytest.mark.parametrize("command", ["init", "inventory", "server"])
def test_a_command_that_is_not_there_yet_says_so(command: str) -> None:
    result = _run(command, "--help")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"qorgau: error: {command} is not available in this version\n"


def test_the_version_is_told_without_loading_the_program() -> None:
    script = (
        "import sys\n"
        "from qorgau.cli import main\n"
        "main(['--version'], standalone_mode=False)\n"
        f"print(sorted({SLOW_TO_IMPORT!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    version, loaded = done.stdout.splitlines()
    assert version.split()[0] == "qorgau"
    assert loaded == "[]"


def test_config_shows_what_is_in_force_and_where_it_is_from() -> None:
    Path("qorgau.toml").write_text("min-confidence = 'high'\n[fields.iin]\n", encoding="utf-8")
    result = _run("config")
    assert result.exit_code == 0
    assert 'min-confidence = "high"' in result.stdout
    assert 'home = ["KZ"]' in result.stdout
    assert result.stderr == f"qorgau: note: from {Path('qorgau.toml').absolute()}\n"


def test_config_without_a_configuration_shows_the_defaults() -> None:
    result = _run("config")
    assert 'regulation = "kz-395"' in result.stdout
    assert result.stderr == "qorgau: note: no configuration found: these are the defaults\n"


def test_config_takes_a_path_or_a_file() -> None:
    Path("sub").mkdir()
    Path("sub/qorgau.toml").write_text("home = ['DE']\n", encoding="utf-8")
    assert 'home = ["DE"]' in _run("config", "sub").stdout
    assert 'home = ["DE"]' in _run("config", "--config", "sub/qorgau.toml").stdout


def test_config_of_a_wrong_file_is_2() -> None:
    Path("qorgau.toml").write_text("hom = 1\n", encoding="utf-8")
    result = _run("config")
    assert (result.exit_code, result.stdout) == (2, "")
    assert 'did you mean "home"' in result.stderr


def test_config_prints_its_schema() -> None:
    result = _run("config", "--schema")
    assert json.loads(result.stdout)["title"] == "qorgau.toml"
    assert result.stderr == ""


def test_rule_explains_a_code() -> None:
    result = _run("rule", "pd201")
    assert result.exit_code == 0
    assert result.stdout.startswith("PD201 transfer-without-consent [error, paragraphs 4, 4-4, 8")
    assert "\x1b" not in result.stdout


def test_rule_lists_all_codes_or_those_of_a_prefix() -> None:
    lines = _run("rule").stdout.splitlines()
    assert any(line.startswith("PD902  unexplained-suppression") for line in lines)
    assert all(line == line.rstrip() for line in lines)
    some = _run("rule", "PD3").stdout
    assert "PD301" in some
    assert "PD201" not in some


def test_rule_of_a_code_that_is_none_is_2() -> None:
    result = _run("rule", "PD999")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == 'qorgau: error: "PD999" is no code and no prefix of one; did you mean "PD902"?\n'


def test_rule_is_colored_where_colors_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in _run("rule", "PD201").stdout
