"""A run goes on from the one before: only what a change can reach is followed again, and the report is the same."""

from __future__ import annotations

import ast
import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qorgau import config, pipeline
from qorgau.cache import NOWHERE, Store
from qorgau.findings import Report
from qorgau.flow.constants import with_fields
from qorgau.flow.frozen import ChangedError, Code, dumps, loads
from qorgau.flow.locations import Loc
from qorgau.flow.values import TOO_MANY, Value
from qorgau.linking import Program

PROJECTS = Path(__file__).parent.parent / "fixtures" / "projects"
SETTINGS = 'select = ["PD501"]\n[fields.phone]\n'

PROGRAM = {
    "model.py": (
        "class Client:\n"
        "    def __init__(self, phone):\n        self.phone = phone\n\n"
        "    def shown(self):\n        return self.phone\n"
    ),
    "texts.py": "def line(value):\n    return f'<{value}>'\n\n\nEMPTY = line('')\n",
    "kept.py": "LAST = {}\n",
    "writer.py": "import kept\n\n\ndef keep(client):\n    kept.LAST['phone'] = client.phone\n",
    "reader.py": "import kept\n\n\ndef show():\n    print(kept.LAST['phone'])\n",
    "report.py": "import texts\n\n\ndef show(client):\n    print(texts.line(client.phone))\n",
    "user.py": "from model import Client\n\n\ndef use(phone):\n    return len(Client(phone).shown())\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "qorgau.toml").write_text(SETTINGS, encoding="utf-8")
    for name, text in PROGRAM.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def _check(folder: Path, *, keeps: bool) -> Report:
    store = Store(folder / ".qorgau_cache") if keeps else NOWHERE
    settings = config.load(folder, folder, None)
    report = pipeline.check(pipeline.Request(paths=(folder,), settings=settings, cwd=folder, store=store))
    assert report.errors == ()
    return report


def _change(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def _lines(report: Report) -> list[str]:
    return [f"{finding.path}:{finding.line}" for finding in report.findings]


def test_a_new_function_is_followed_and_no_other(folder: Path, followed: list[str]) -> None:
    _check(folder, keeps=True)
    followed.clear()
    with (folder / "report.py").open("a", encoding="utf-8") as stream:
        stream.write("\n\ndef call(client):\n    print(client.phone)\n")
    report = _check(folder, keeps=True)
    assert followed == ["report.call"]
    assert "report.py:9" in _lines(report)
    assert report.findings == _check(folder, keeps=False).findings


def test_callers_of_a_changed_function_are_followed_again(folder: Path, followed: list[str]) -> None:
    _check(folder, keeps=True)
    followed.clear()
    _change(folder, "texts.py", "return f'<{value}>'", "return len(value) > 3")
    report = _check(folder, keeps=True)
    assert followed == ["report.show"]
    assert _lines(report) == ["reader.py:5"]
    assert report.findings == _check(folder, keeps=False).findings


def test_readers_of_what_a_changed_function_leaves_are_followed_again(
    folder: Path, followed: list[str]
) -> None:
    assert _lines(_check(folder, keeps=True)) == ["reader.py:5", "report.py:5"]
    followed.clear()
    _change(folder, "writer.py", "client.phone", "'none'")
    report = _check(folder, keeps=True)
    assert _lines(report) == ["report.py:5"]
    assert {"writer.keep", "reader.show"} <= set(followed)
    assert "report.show" not in followed
    assert report.findings == _check(folder, keeps=False).findings


def test_what_uses_a_changed_class_is_followed_again(folder: Path, followed: list[str]) -> None:
    before = _check(folder, keeps=True)
    followed.clear()
    _change(folder, "model.py", "return self.phone\n", "print(self.phone)\n        return self.phone\n")
    after = _check(folder, keeps=True)
    assert "report.show" not in followed
    assert _lines(after) == sorted([*_lines(before), "model.py:6"])
    assert after.findings == _check(folder, keeps=False).findings


def test_a_new_method_leaves_what_uses_other_classes_alone(folder: Path, followed: list[str]) -> None:
    other = "\n\nclass Shop:\n    def name(self):\n        return self.title\n"
    with (folder / "model.py").open("a", encoding="utf-8") as stream:
        stream.write(other)
    (folder / "sign.py").write_text(
        "from model import Shop\n\n\ndef show(phone):\n    print(Shop().name(), phone)\n", encoding="utf-8"
    )
    _check(folder, keeps=True)
    followed.clear()
    _change(
        folder,
        "model.py",
        "return self.phone\n",
        "return self.phone\n\n    def size(self):\n        return 1\n",
    )
    report = _check(folder, keeps=True)
    assert {"user.use", "model.Client.size"} <= set(followed)
    assert {"sign.show", "report.show"}.isdisjoint(followed)
    assert report.findings == _check(folder, keeps=False).findings


def test_what_was_read_before_it_was_known_is_followed_once_more_then_too(folder: Path) -> None:
    settings = 'select = ["PD101", "PD102"]\nhome = ["KZ"]\n[fields.phone]\n'
    (folder / "qorgau.toml").write_text(settings, encoding="utf-8")
    (folder / "a_start.py").write_text(
        "import boto3\n\n\ndef start(app):\n    app.state.files = boto3.client('s3', region_name='eu-central-1')\n",
        encoding="utf-8",
    )
    (folder / "z_save.py").write_text(
        "def save(app, client):\n    app.state.files.put_object(Bucket='b', Key='k', Body=client.phone)\n",
        encoding="utf-8",
    )
    before = _check(folder, keeps=True)
    assert [(finding.code, finding.path) for finding in before.findings] == [("PD101", "z_save.py")]
    with (folder / "report.py").open("a", encoding="utf-8") as stream:
        stream.write("\n\ndef other(client):\n    return client.phone\n")
    assert _check(folder, keeps=True).findings == before.findings


def test_a_change_that_is_taken_back_leaves_the_report_as_it_was(folder: Path) -> None:
    first = _check(folder, keeps=True)
    _change(folder, "kept.py", "LAST = {}", "LAST = {'phone': None}\nOTHER = 1")
    assert _check(folder, keeps=True).findings == _check(folder, keeps=False).findings
    _change(folder, "kept.py", "LAST = {'phone': None}\nOTHER = 1", "LAST = {}")
    assert _check(folder, keeps=True) == first


def _begins(text: str) -> Iterator[ast.stmt]:
    """The first statements of the functions of a module."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.body[-1]


def _does_more(text: str) -> str | None:
    """Each function does something first."""
    lines = text.split("\n")
    for first in sorted(_begins(text), key=lambda each: -each.lineno):
        lines.insert(first.lineno - 1, " " * first.col_offset + "added = 1")
    return "\n".join(lines)


def _ends_early(text: str) -> str | None:
    """The last function ends before its last statement."""
    last = max(_begins(text), key=lambda each: each.lineno, default=None)
    if last is None:
        return None
    lines = text.split("\n")
    lines.insert(last.lineno - 1, " " * last.col_offset + "return None")
    return "\n".join(lines)


CHANGES: dict[str, Callable[[str], str | None]] = {
    "another function": lambda text: f"{text}\n\ndef added(client):\n    print(client.phone, client.iin)\n",
    "another import and variable": lambda text: f"import os.path as added\n{text}\nADDED = added.sep\n",
    "more in each function": _does_more,
    "less in one function": _ends_early,
    "nothing at all": lambda text: "",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("project", ["bank", "clinic", "courier", "telecom"])
def test_a_run_that_goes_on_finds_what_a_run_from_nothing_finds(
    project: str, change: Callable[[str], str | None], tmp_path: Path
) -> None:
    folder = tmp_path / project
    shutil.copytree(PROJECTS / project, folder)
    _check(folder, keeps=True)
    files = sorted(path for path in folder.rglob("*.py") if path.stat().st_size)
    for path in files[:: max(len(files) // 5, 1)]:
        text = path.read_text(encoding="utf-8")
        new = change(text)
        if new is None or "from __future__" in text:
            continue
        path.write_text(new, encoding="utf-8")
        assert _check(folder, keeps=True).findings == _check(folder, keeps=False).findings, path.name


# Writing


def _code() -> Code:
    return Code(Program({}), ())


def test_values_are_read_as_they_were_written() -> None:
    place = Loc(Loc(None, ("module", "m")), "name", True)
    value = Value(consts=TOO_MANY, refs={place: frozenset()}, unknown=True)
    holed = with_fields("<\0>", [frozenset(["phone"])])
    assert loads(dumps(holed, _code()), _code()) == holed
    again = loads(dumps({place: value}, _code()), _code())
    assert again == {place: value}
    assert again[place].consts is TOO_MANY
    assert next(iter(again)) is place


class _Harmful:
    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch harmed",)


class _Builtin:
    def __reduce__(self) -> tuple[object, ...]:
        return eval, ("1 + 1",)


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps(_Harmful()),
        pickle.dumps(_Builtin()),
        pickle.dumps(Path.cwd),
        b"cqorgau.cache.store\nStore\n(tR.",
        b"cqorgau.flow.frozen\nio.BytesIO\n(tR.",
        b"\x80\x05.",
        b"",
        b"garbage",
    ],
    ids=[
        "a command",
        "eval",
        "a method",
        "a store",
        "by way of a module",
        "nothing in it",
        "empty",
        "garbage",
    ],
)
def test_reading_makes_values_only(data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ChangedError):
        loads(data, _code())
    assert not list(tmp_path.iterdir())
