"""Bad input to ``qorgau check``: one clear sentence, the right exit status, and never a traceback (spec section 1)."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qorgau.cli import main
from qorgau.flow import epochs, roots
from qorgau.flow.heap import Obj
from qorgau.flow.interpreter import Interpreter
from qorgau.flow.locations import Loc
from qorgau.flow.roots import Root

LEAK = (
    'import requests\n\n\ndef send(iin):\n    requests.post("https://api.example.com/x", json={"iin": iin})\n'
)
LEAKED = "leak.py:5:5: PD201 "


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: a valid configuration and one file with one finding."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QORGAU_DEBUG", raising=False)
    (tmp_path / "qorgau.toml").write_text("", encoding="utf-8")
    (tmp_path / "leak.py").write_text(LEAK, encoding="utf-8")
    return tmp_path


def _check(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["check", "--output-format", "concise", "--quiet", *arguments])
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def _refused(*arguments: str) -> str:
    """The one sentence of a run that did nothing."""
    result = _check(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    return line.removeprefix("qorgau: error: ")


def _unread(*arguments: str) -> str:
    """The one sentence about a file that was not read, in a run that scanned the rest."""
    result = _check(*arguments)
    assert result.exit_code == 2
    (found,) = result.stdout.splitlines()
    assert found.startswith(LEAKED)
    (line,) = result.stderr.splitlines()
    return line.removeprefix("qorgau: error: ")


def _found(*arguments: str) -> list[str]:
    """The findings, with nothing on stderr."""
    result = _check(*arguments)
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert result.exit_code == (1 if lines else 0)
    return lines


def test_a_path_that_is_not_there_is_one_sentence() -> None:
    assert _refused("leak.py", "gone.py") == "gone.py: no such file or folder"


def test_a_folder_without_python_is_told_and_no_error(project: Path) -> None:
    (project / "texts").mkdir()
    result = CliRunner().invoke(main, ["check", "texts"])
    assert result.exit_code == 0
    assert "qorgau: warning: there are no Python files at texts, or they are ignored\n" in result.stderr
    assert _found("texts") == []


def test_a_path_that_is_neither_file_nor_folder_is_one_sentence() -> None:
    assert _refused(os.devnull) == f"{os.devnull}: is neither a file nor a folder"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_named_and_the_rest_is_scanned(project: Path) -> None:
    (project / "secret.py").write_text("x = 1\n", encoding="utf-8")
    (project / "secret.py").chmod(0)
    assert _unread() == "secret.py: cannot be read: permission denied"


def test_a_named_path_that_is_too_long_is_one_sentence() -> None:
    assert _refused("a" * 300).endswith(": cannot be read: file name too long")


def test_broken_toml_is_one_sentence_with_its_place(project: Path) -> None:
    (project / "qorgau.toml").write_text("select = [\n", encoding="utf-8")
    assert _refused() == "qorgau.toml: line 2, column 1: is not TOML: invalid value"


def test_an_unknown_key_is_one_sentence_with_the_nearest_key(project: Path) -> None:
    (project / "qorgau.toml").write_text('selekt = ["PD1"]\n', encoding="utf-8")
    assert _refused() == 'qorgau.toml: selekt: unknown key; did you mean "select"?'


def test_a_folder_of_rules_that_is_not_there_is_named_with_its_key(project: Path) -> None:
    (project / "qorgau.toml").write_text('extend-rules = ["gone"]\n', encoding="utf-8")
    assert _refused() == 'qorgau.toml: extend-rules[0]: there is no folder "gone"'


def test_a_file_of_rules_with_an_unknown_key_is_named_as_people_see_it(project: Path) -> None:
    (project / "qorgau.toml").write_text('extend-rules = ["own"]\n', encoding="utf-8")
    (project / "own").mkdir()
    (project / "own" / "x.toml").write_text('library = "x"\nsinks = 1\n', encoding="utf-8")
    assert _refused() == 'own/x.toml: there is no key "sinks"'
    (project / "own" / "x.toml").write_text("", encoding="utf-8")
    assert _refused() == 'own/x.toml: the key "library" is required'


def test_a_source_root_that_is_not_there_is_a_warning(project: Path) -> None:
    (project / "qorgau.toml").write_text('source-roots = [".", "scr"]\n', encoding="utf-8")
    result = CliRunner().invoke(main, ["check"])
    assert result.exit_code == 1
    assert 'qorgau: warning: qorgau.toml: source-roots[1]: there is no folder "scr"\n' in result.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text there")
def test_a_file_whose_name_is_no_text_is_scanned(project: Path) -> None:
    Path(os.fsdecode(b"\xff.py")).write_text(LEAK, encoding="utf-8")
    assert [line.partition(":")[0] for line in _found()] == ["leak.py", "\ufffd.py"]


def test_a_configuration_that_is_not_there_is_one_sentence() -> None:
    assert _refused("--config", "gone.toml") == "gone.toml: there is no such configuration file"


def test_a_file_with_a_syntax_error_is_a_finding_and_the_rest_is_scanned(project: Path) -> None:
    (project / "broken.py").write_text("def f(:\n", encoding="utf-8")
    broken, leak = _found()
    assert broken.startswith("broken.py:1:")
    assert " PD900 The file cannot be read as Python: " in broken
    assert leak.startswith(LEAKED)


def test_a_file_in_declared_latin_1_is_read(project: Path) -> None:
    text = "# -*- coding: latin-1 -*-\n" + LEAK.replace("api.", "café.")
    (project / "leak.py").write_text(text, encoding="latin-1")
    (line,) = _found()
    assert "café.example.com" in line


def test_a_file_in_undeclared_latin_1_is_named_and_the_rest_is_scanned(project: Path) -> None:
    (project / "old.py").write_text('x = "café"\n', encoding="latin-1")
    leak, old = _found()
    assert leak.startswith(LEAKED)
    assert old == (
        "old.py:1:9: PD900 The file cannot be read as Python: has the byte 0xe9 that is not UTF-8: "
        "declare the encoding in the first line, or save it as UTF-8"
    )


def test_a_file_in_utf_16_is_named_and_the_rest_is_scanned(project: Path) -> None:
    (project / "wide.py").write_text("x = 1\n", encoding="utf-16")
    leak, wide = _found()
    assert leak.startswith(LEAKED)
    assert wide.startswith("wide.py:1:1: PD900 ")
    assert wide.endswith(": is encoded in UTF-16, which Python cannot read: save it as UTF-8")


def test_a_file_with_a_null_byte_is_named_and_the_rest_is_scanned(project: Path) -> None:
    (project / "null.py").write_bytes(b'x = 1\ny = "\0"\n')
    leak, null = _found()
    assert leak.startswith(LEAKED)
    assert null == "null.py:2:6: PD900 The file cannot be read as Python: contains a null byte"


def test_a_file_in_no_encoding_is_left_alone_where_syntax_errors_are(project: Path) -> None:
    (project / "old.py").write_text("# coding: nope\n", encoding="utf-8")
    (leak,) = _found("--ignore", "PD900")
    assert leak.startswith(LEAKED)
    assert _found("leak.py") == [leak]


def test_a_file_in_no_encoding_is_told_again_by_the_next_run_and_not_once_it_is_mended(project: Path) -> None:
    (project / "old.py").write_text("# coding: nope\n", encoding="utf-8")
    first = _found()
    assert len(first) == 2
    assert _found() == first
    (project / "old.py").write_text("# coding: utf-8\n", encoding="utf-8")
    assert len(_found()) == 1


@pytest.mark.parametrize("text", ["{", '{"cells": 5}', "[]", ""])
def test_a_broken_notebook_is_named_and_the_rest_is_scanned(project: Path, text: str) -> None:
    (project / "n.ipynb").write_text(text, encoding="utf-8")
    leak, broken = _found()
    assert leak.startswith(LEAKED)
    assert broken.startswith("n.ipynb:1:1: PD900 The file cannot be read as Python: is not a notebook")


def test_a_generated_file_of_5_mb_is_scanned_in_seconds(project: Path) -> None:
    line = '    "' + "constant " * 100 + '",\n'
    (project / "big.py").write_text("DATA = [\n" + line * 5_600 + "]\n", encoding="utf-8")
    assert (project / "big.py").stat().st_size > 5_000_000
    begun = time.process_time()
    (leak,) = _found()
    assert leak.startswith(LEAKED)
    assert time.process_time() - begun < 20


@pytest.mark.parametrize(
    ("before", "after"), [("(", ")"), ("f(", ")"), ("[", "]"), ("{1: ", "}"), ("a[", "]")]
)
def test_3000_nested_brackets_are_a_finding_and_the_rest_is_scanned(
    project: Path, before: str, after: str
) -> None:
    (project / "deep.py").write_text(f"x = {before * 3_000}y{after * 3_000}\n", encoding="utf-8")
    deep, leak = _found()
    assert deep.startswith("deep.py:1:")
    assert deep.endswith("has more than 200 brackets within one another")
    assert leak.startswith(LEAKED)


def test_what_no_stack_could_hold_is_a_finding_too(project: Path) -> None:
    (project / "deep.py").write_text("x = " + "(" * 200_000 + "\n", encoding="utf-8")
    deep, leak = _found()
    assert " PD900 " in deep
    assert leak.startswith(LEAKED)


@pytest.mark.parametrize("text", ["not " * 2_000 + "y", "lambda: " * 2_000 + "y"])
def test_deep_nesting_without_brackets_is_a_finding_and_the_rest_is_scanned(project: Path, text: str) -> None:
    (project / "deep.py").write_text(f"x = {text}\n", encoding="utf-8")
    deep, leak = _found()
    assert deep.startswith("deep.py:1:1: PD900 ")
    assert deep.endswith("has more than 1000 expressions within one another")
    assert leak.startswith(LEAKED)


def test_less_deep_nesting_is_a_finding_too(project: Path) -> None:
    (project / "deep.py").write_text(f"x = {'not ' * 900}y\n", encoding="utf-8")
    deep, _ = _found()
    assert deep.endswith("is nested more than 400 levels deep")


@pytest.mark.parametrize("text", ["1 + " * 30_000 + "1", "a" + ".b" * 30_000, "(a" + "\n.b(1)" * 9_000 + ")"])
def test_a_chain_without_end_is_a_finding_in_seconds(project: Path, text: str) -> None:
    (project / "deep.py").write_text(f"\n\nx = {text}\n", encoding="utf-8")
    begun = time.process_time()
    deep, leak = _found()
    # From 3.12 on Python's own parser gives up first, and names no line.
    assert deep.endswith(
        ("has more than 3000 links in one chain", "is nested more deeply than Python can read")
    )
    assert leak.startswith(LEAKED)
    assert time.process_time() - begun < 20


@pytest.mark.parametrize(
    "text",
    ["-" * 100_000 + "1", "-\\\n" * 2_500 + "1", "1 if 1 else " * 2_500 + "1", "(" + "not\n" * 2_500 + "1)"],
)
def test_what_would_take_gigabytes_to_parse_is_a_finding(project: Path, text: str) -> None:
    (project / "deep.py").write_text(f"x = {text}\n", encoding="utf-8")
    deep, leak = _found()
    assert deep.startswith("deep.py:")
    assert " PD900 " in deep
    assert leak.startswith(LEAKED)


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 150 + "1" + ")" * 150,
        "x = [\n" + "    (),\n" * 300 + "]",
        f'x = "{"(" * 300}"',
        f"x = '''\n{'(' * 300}'''",
        f"# {'(' * 300}",
        f'x = "\\"{"(" * 300}"',
        "x = [\n" + "    {'name': ['a', -1, not b]},\n" * 3_000 + "]",
        "x = " + " and ".join(["a.b.c(1)"] * 3_000),
        "x = 0\nif x:\n    pass\n" + "elif x:\n    pass\n" * 1_500,
    ],
)
def test_brackets_that_python_reads_are_no_finding(project: Path, text: str) -> None:
    compile(text, "fine.py", "exec")
    (project / "fine.py").write_text(text + "\n", encoding="utf-8")
    (leak,) = _found()
    assert leak.startswith(LEAKED)


def test_modules_that_import_each_other_are_followed(project: Path) -> None:
    (project / "one.py").write_text(
        "import leak\nfrom two import relay\n\n\ndef pass_on(phone):\n    relay(phone)\n", encoding="utf-8"
    )
    (project / "two.py").write_text(
        "import requests\nimport one\nfrom one import *\n\n\n"
        'def relay(phone):\n    requests.post("https://two.example.com/x", json={"phone": phone})\n',
        encoding="utf-8",
    )
    leak, relay = _found()
    assert leak.startswith(LEAKED)
    assert relay.startswith("two.py:7:5: PD201 ")


def test_a_dump_of_a_row_among_tables_that_all_refer_to_each_other_ends(project: Path) -> None:
    names = [f"Table{index}" for index in range(9)]
    tables = "".join(
        f"\n\nclass {name}(db.Model):\n    iin = db.Column(db.String)\n"
        + "".join(f'    {other.lower()} = db.relationship("{other}")\n' for other in names if other != name)
        for name in names
    )
    program = f"from flask_sqlalchemy import SQLAlchemy\n\ndb = SQLAlchemy()\n{tables}"
    (project / "leak.py").write_text(
        f"{program}\n\nprint(Table0.query.first()._asdict())\n", encoding="utf-8"
    )
    started = time.process_time()
    assert any(" PD501 " in line for line in _found())
    assert time.process_time() - started < 20


def test_a_module_that_imports_itself_is_followed(project: Path) -> None:
    (project / "leak.py").write_text("import leak\nfrom leak import *\n" + LEAK, encoding="utf-8")
    (found,) = _found()
    assert found.startswith("leak.py:7:5: PD201 ")


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_folders_linked_in_a_loop_are_scanned_once(project: Path) -> None:
    (project / "again").symlink_to(".")
    (project / "inner").mkdir()
    (project / "inner" / "up").symlink_to("..")
    (leak,) = _found()
    assert leak.startswith(LEAKED)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_that_leads_to_nothing_is_named_and_the_rest_is_scanned(project: Path) -> None:
    (project / "dead.py").symlink_to("nowhere")
    assert _unread() == "dead.py: cannot be read: it is a link that leads to no file"


def test_an_empty_project_has_nothing_to_report(project: Path) -> None:
    (project / "leak.py").unlink()
    assert _found() == []


@pytest.mark.parametrize("data", [b"", b"\n", b"\xef\xbb\xbf", b"# nothing"])
def test_an_empty_file_has_nothing_to_report(project: Path, data: bytes) -> None:
    (project / "leak.py").write_bytes(data)
    assert _found() == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device here")
def test_a_full_disk_is_one_sentence() -> None:
    assert _refused("--output", "/dev/full") == "/dev/full: cannot be written: no space left on device"


def test_a_mistake_of_the_engine_in_one_function_is_told_and_the_rest_is_judged(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "other.py").write_text("def strange(iin):\n    return iin\n", encoding="utf-8")
    followed = roots.run

    def stumbling(m: Interpreter, root: Root) -> Iterator[tuple[Loc, Obj]]:
        if root.closure.dotted == "other.strange":
            raise RecursionError("too deep")
        return followed(m, root)

    monkeypatch.setattr(epochs, "run", stumbling)
    sentence = _unread("--no-cache")
    assert sentence == (
        "other.py: the function other.strange could not be followed because of a mistake in qorgau itself "
        "(RecursionError: too deep); the rest was, please report it"
    )
