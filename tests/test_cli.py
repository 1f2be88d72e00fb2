"""``qorgau check``: options, exit status, what goes where, and no tracebacks (spec section 1)."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from findings_made import NOTIFY, SENT, finding, report

import qorgau
from qorgau.cli import main, output
from qorgau.findings import Problem, Report, Suppression
from qorgau.judging import baseline
from qorgau.knowledge.toml_files import RuleFileError
from qorgau.source import SourceError, SourceProblem

PROGRAM = Path(sys.executable).with_name("qorgau")
HELD = msgspec.structs.replace(SENT, suppressed=Suppression.COMMENT, justification="why")


class Scan:
    """Stands for the pipeline: remembers what it was asked and answers with ``report`` or ``error``."""

    def __init__(self) -> None:
        self.report = report()
        self.error: BaseException | None = None
        self.requests: list[Any] = []

    def check(self, request: Any) -> Report:
        self.requests.append(request)
        if self.error is not None:
            raise self.error
        return self.report

    @property
    def request(self) -> Any:
        (only,) = self.requests
        return only


@pytest.fixture
def scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scan:
    """The stand-in for the pipeline, in an empty working folder."""
    fake = Scan()
    module = types.ModuleType("qorgau.pipeline")
    vars(module).update(Request=types.SimpleNamespace, check=fake.check)
    monkeypatch.setitem(sys.modules, "qorgau.pipeline", module)
    monkeypatch.setattr(qorgau, "pipeline", module, raising=False)
    monkeypatch.chdir(tmp_path)
    for name in ("QORGAU_DEBUG", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "qorgau.toml").write_text("", encoding="utf-8")
    return fake


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments])


def _refused(result: Result) -> str:
    """The one sentence of a run that could not do its job."""
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = [line for line in result.stderr.splitlines() if "error" in line.lower()]
    assert "Traceback" not in result.stderr
    return line.removeprefix("qorgau: error: ").removeprefix("Error: ")


def test_nothing_to_report_is_0_findings_are_1(scan: Scan) -> None:
    assert _run().exit_code == 0
    scan.report = report(SENT)
    assert _run().exit_code == 1
    assert _run("--exit-zero").exit_code == 0


def test_suppressed_findings_do_not_count(scan: Scan) -> None:
    scan.report = report(HELD)
    assert _run().exit_code == 0


def test_findings_go_to_stdout_and_the_summary_to_stderr(scan: Scan) -> None:
    scan.report = report(SENT, finding(), HELD)
    result = _run("--output-format", "concise")
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == ["src/notify.py", "app.py"]
    assert (
        result.stderr == "Found 2 findings (2 errors, 0 warnings) in 3 files; 1 suppressed (1 by comment).\n"
    )


def test_without_findings_stdout_is_empty(scan: Scan) -> None:
    scan.report = report(files=1)
    result = _run()
    assert (result.stdout, result.stderr) == ("", "Nothing to report in 1 file.\n")


def test_what_could_not_be_read_is_named_and_makes_the_status_2(scan: Scan) -> None:
    scan.report = report(
        SENT, errors=(Problem("a.ipynb", "is not a notebook", 3, 1), Problem("b", "is gone"))
    )
    result = _run("--quiet", "--exit-zero")
    assert result.exit_code == 2
    assert "PD202" in result.stdout
    assert result.stderr == "qorgau: error: a.ipynb:3:1: is not a notebook\nqorgau: error: b: is gone\n"


def test_quiet_leaves_only_findings(scan: Scan) -> None:
    Path("qorgau.toml").write_text("[records.client]\nfields = ['iin']\n", encoding="utf-8")
    scan.report = report(SENT)
    result = _run("--quiet")
    assert result.stderr == ""
    assert "PD202" in result.stdout


def test_the_text_shows_the_lines_of_the_scanned_files(scan: Scan) -> None:
    Path("src").mkdir()
    Path("src/notify.py").write_text(NOTIFY, encoding="utf-8")
    scan.report = report(SENT)
    assert "\n  6 |     requests.post(\n    |     ^^^^" in _run().stdout


def test_without_a_path_the_working_folder_is_scanned(scan: Scan, tmp_path: Path) -> None:
    _run()
    assert (scan.request.paths, scan.request.cwd) == ((Path(),), tmp_path)


def test_paths_are_handed_on_and_the_first_finds_the_configuration(scan: Scan) -> None:
    Path("one").mkdir()
    Path("one/qorgau.toml").write_text("select = ['PD5']\n", encoding="utf-8")
    _run("one", "two/b.py")
    assert scan.request.paths == (Path("one"), Path("two/b.py"))
    assert scan.request.settings.select == ("PD5",)


def test_with_no_configuration_it_says_so_and_runs(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("qorgau.toml").unlink()
    result = _run()
    assert result.exit_code == 0
    assert result.stderr.startswith(
        "qorgau: note: no configuration found; the fields are those of the dictionary"
    )
    assert "note" not in _run("--quiet").stderr


def test_odd_but_valid_configuration_is_a_warning(scan: Scan) -> None:
    Path("qorgau.toml").write_text("[records.client]\nfields = ['iin']\n", encoding="utf-8")
    assert _run().stderr.startswith("qorgau: warning: qorgau.toml: records.client.fields[0]: ")


def test_a_wrong_configuration_is_told_whole(scan: Scan) -> None:
    Path("qorgau.toml").write_text("selekt = ['PD1']\nhome = 'KZ'\n", encoding="utf-8")
    result = _run()
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        'qorgau: error: qorgau.toml: selekt: unknown key; did you mean "select"?',
        'qorgau: error: qorgau.toml: home: expected a list of strings, got a string; write ["KZ"]',
    ]
    assert scan.requests == []


def test_config_names_the_only_configuration(scan: Scan, tmp_path: Path) -> None:
    Path("other.toml").write_text("home = ['DE']\n", encoding="utf-8")
    _run("--config", "other.toml")
    assert scan.request.settings.home == ("DE",)
    assert _refused(_run("--config", "none.toml")) == "none.toml: there is no such configuration file"


@pytest.mark.parametrize(
    ("options", "select", "ignore"),
    [
        ([], ("PD2", "PD5"), ("PD201",)),
        (["--select", "PD1"], ("PD1",), ()),
        (["--select", "PD1,PD3", "--select", "PD501"], ("PD1", "PD3", "PD501"), ()),
        (["--select", "PD2", "--ignore", "PD202"], ("PD2",), ("PD202",)),
        (["--ignore", "PD5, PD201"], ("PD2", "PD5"), ("PD201", "PD5")),
    ],
)
def test_select_begins_anew_and_ignore_alone_is_added(
    scan: Scan, options: list[str], select: tuple[str, ...], ignore: tuple[str, ...]
) -> None:
    Path("qorgau.toml").write_text("select = ['PD2', 'PD5']\nignore = ['PD201']\n", encoding="utf-8")
    _run(*options)
    assert (scan.request.settings.select, scan.request.settings.ignore) == (select, ignore)


def test_codes_that_are_none_are_all_told(scan: Scan) -> None:
    said = _refused(_run("--select", "PD2,PD999,XX"))
    assert said.startswith('--select: "PD999" is no code and no prefix of one; did you mean')
    assert '"XX" is no code' in said


def test_min_confidence_overrules_the_configuration(scan: Scan) -> None:
    Path("qorgau.toml").write_text("min-confidence = 'high'\n", encoding="utf-8")
    _run()
    _run("--min-confidence", "low")
    assert [each.settings.min_confidence for each in scan.requests] == ["high", "low"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--fix"], "--fix is not available in this version; nothing was changed"),
        (["--unsafe-fixes"], "--unsafe-fixes is not available in this version; nothing was changed"),
        (["--lang", "ru"], "--lang ru is not available in this version; messages are in English (en)"),
        (["--lang", "kk"], "--lang kk is not available in this version; messages are in English (en)"),
        (["--since", "HEAD", "--write-baseline", "b"], "--write-baseline with --since would leave out"),
    ],
)
def test_what_is_not_built_is_refused_and_never_passed_over(
    scan: Scan, options: list[str], sentence: str
) -> None:
    assert _refused(_run(*options)).startswith(sentence)
    assert scan.requests == []


@pytest.mark.parametrize(
    "options",
    [["--lang", "en"], ["--jobs", "4"], ["--no-cache"], ["--no-progress"], ["--statistics"]],
)
def test_what_is_built_or_needs_nothing_is_accepted(scan: Scan, options: list[str]) -> None:
    assert _run(*options).exit_code == 0


@pytest.mark.parametrize(
    "options",
    [
        ["--jobs", "0"],
        ["--jobs", "x"],
        ["--lang", "de"],
        ["--output-format", "xml"],
        ["--min-confidence", "sure"],
        ["--bogus"],
    ],
)
def test_bad_usage_is_2(scan: Scan, options: list[str]) -> None:
    result = _run(*options)
    assert result.exit_code == 2
    assert "Error: " in result.stderr
    assert scan.requests == []


@pytest.mark.parametrize("name", ["concise", "github", "json", "sarif", "text"])
def test_every_format_can_be_asked_for(scan: Scan, name: str) -> None:
    scan.report = report(SENT)
    result = _run("--output-format", name)
    assert (result.exit_code, "PD202" in result.stdout) == (1, True)


def test_json_says_all_even_when_there_is_nothing(scan: Scan) -> None:
    assert json.loads(_run("--output-format", "json").stdout)["findings"] == []


def test_half_a_character_from_scanned_code_does_not_break_json(scan: Scan) -> None:
    scan.report = report(finding(message="\ud800 қ"))
    raw = _run("--output-format", "json").stdout_bytes
    assert json.loads(raw)["findings"][0]["message"] == "\ud800 қ"
    assert "қ".encode() in raw


def test_output_writes_the_findings_to_the_file(scan: Scan, tmp_path: Path) -> None:
    scan.report = report(SENT)
    target = tmp_path / "out.json"
    result = _run("--output-format", "json", "--output", "out.json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert json.loads(target.read_text(encoding="utf-8"))["findings"][0]["code"] == "PD202"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.json", "qorgau.toml"]


def test_output_is_written_also_when_there_is_nothing(scan: Scan) -> None:
    Path("out.txt").write_text("old", encoding="utf-8")
    _run("--output", "out.txt")
    assert Path("out.txt").read_text(encoding="utf-8") == ""


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("none/out.json", "none/out.json: cannot be written: there is no folder none"),
        (".", ".: is a folder, the report needs a file"),
    ],
)
def test_an_output_that_cannot_be_is_told_before_the_scan(scan: Scan, target: str, sentence: str) -> None:
    assert _refused(_run("--output", target)) == sentence
    assert scan.requests == []


def test_a_full_disk_is_a_sentence_and_leaves_the_old_report(
    scan: Scan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("qorgau.cli.output.os.fsync", full)
    (tmp_path / "out.txt").write_text("old", encoding="utf-8")
    scan.report = report(SENT)
    assert _refused(_run("--output", "out.txt")) == "out.txt: cannot be written: no space left on device"
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.txt", "qorgau.toml"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
def test_stdout_on_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [PROGRAM, "config", "--schema"], stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, check=False
        )
    assert done.returncode == 2
    assert done.stderr == b"qorgau: error: the report cannot be printed: no space left on device\n"


@pytest.mark.parametrize("arguments", [["config", "--schema"], ["check", "--help"], ["rule"]])
def test_a_closed_pipe_is_a_sentence(tmp_path: Path, arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [PROGRAM, *arguments], stdout=closed, stderr=subprocess.PIPE, cwd=tmp_path, check=False
        )
    assert done.returncode == 2
    assert done.stderr == b"qorgau: error: the reader of the report closed it before the end\n"


def test_a_replaced_file_keeps_its_mode_and_a_link_stays_one(tmp_path: Path) -> None:
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("old", encoding="utf-8")
    real.chmod(0o640)
    link.symlink_to(real)
    output.write_file("new", link)
    assert link.is_symlink()
    assert real.read_text(encoding="utf-8") == "new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_a_device_is_written_to_and_not_replaced() -> None:
    output.write_file("text", Path(os.devnull))
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)  # noqa: PTH116 - it is the device that is asked


def test_the_baseline_is_read_and_handed_on(scan: Scan) -> None:
    known = baseline.of([SENT])
    Path("b.json").write_text(baseline.dump(known), encoding="utf-8")
    _run("--baseline", "b.json")
    assert scan.request.baseline == known
    assert _refused(_run("--baseline", "none.json")).startswith("none.json: there is no such baseline")


def test_a_written_baseline_holds_the_findings_which_then_do_not_count(scan: Scan) -> None:
    scan.report = report(SENT, finding())
    result = _run("--write-baseline", "b.json", "--output-format", "json")
    assert result.exit_code == 0
    assert "2 findings written to the baseline b.json" in result.stderr
    assert {each["suppressed"] for each in json.loads(result.stdout)["findings"]} == {"baseline"}
    assert baseline.read(Path("b.json"), "b.json") == baseline.of([SENT, finding()])


def test_writing_over_the_baseline_that_is_read_brings_it_up_to_date(scan: Scan) -> None:
    (held,) = baseline.mark([SENT], baseline.of([SENT]))
    Path("b.json").write_text(
        baseline.dump(baseline.of([SENT, finding(fingerprint="gone")])), encoding="utf-8"
    )
    scan.report = report(held, finding(fingerprint="new"))
    _run("--baseline", "b.json", "--write-baseline", "b.json")
    prints = {entry.fingerprint for entry in baseline.read(Path("b.json"), "b.json").findings}
    assert prints == {SENT.fingerprint, "new"}


@pytest.mark.parametrize(
    ("options", "number"),
    [
        ([], 2),
        (["src"], 1),
        (["src/a.py"], 1),
        (["lib"], 0),
        (["--select", "PD5"], 1),
        (["--quiet"], 0),
    ],
)
def test_entries_that_are_found_no_more_are_counted_where_the_scan_looked(
    scan: Scan, options: list[str], number: int
) -> None:
    entries = [
        finding(path="src/a.py", fingerprint="1"),
        finding(path="b.py", code="PD501", fingerprint="2"),
        finding(path="b.py", fingerprint="still"),
    ]
    Path("b.json").write_text(baseline.dump(baseline.of(entries)), encoding="utf-8")
    scan.report = report(finding(path="b.py", fingerprint="still"))
    stderr = _run("--baseline", "b.json", *options).stderr
    assert ("found no more" in stderr) == (number > 0)
    assert not number or stderr.startswith(f"qorgau: warning: {number} ")


def test_statistics_count_codes_and_what_the_run_counted(scan: Scan) -> None:
    scan.report = msgspec.structs.replace(
        report(SENT, finding(), finding(2), HELD), statistics={"calls given up": 3, "calls": 10}
    )
    result = _run("--statistics", "--quiet")
    assert result.stderr == (
        "2  PD201  a-name\n1  PD202  cross-border-without-consent\ncalls: 10\ncalls given up: 3\n"
    )


def test_progress_is_silent_where_nobody_watches(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    def scanning(request: Any) -> Report:
        request.progress("reading", 1, 2)
        return report()

    monkeypatch.setattr(sys.modules["qorgau.pipeline"], "check", scanning)
    assert _run("--quiet").stderr == ""


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (SourceError(SourceProblem("none", "no such file or folder")), "none: no such file or folder"),
        (RuleFileError("rules/x.toml", "row[0]", "is odd"), "rules/x.toml: row[0]: is odd"),
    ],
)
def test_what_the_scan_cannot_do_is_one_sentence(scan: Scan, error: Exception, sentence: str) -> None:
    scan.error = error
    assert _refused(_run()) == sentence


def test_an_unexpected_error_is_one_sentence_that_names_the_file_and_asks_for_a_report(scan: Scan) -> None:
    scan.error = KeyError("x\ny")
    vars(scan.error)["__notes__"] = ["src/a.py"]
    said = _refused(_run())
    assert said == (
        "a mistake in qorgau itself, KeyError: 'x\\ny' (src/a.py); "
        "please report it with what QORGAU_DEBUG=1 adds to this message"
    )


def test_the_traceback_is_there_for_who_asks(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    scan.error = RecursionError()
    assert "Traceback" not in _run().stderr
    monkeypatch.setenv("QORGAU_DEBUG", "1")
    result = _run()
    assert "Traceback" in result.stderr
    assert result.stderr.splitlines()[-1].startswith(
        "qorgau: error: a mistake in qorgau itself, RecursionError;"
    )


def test_an_interrupted_scan_is_no_clean_one(scan: Scan) -> None:
    scan.error = KeyboardInterrupt()
    assert _refused(_run()) == "interrupted; nothing was decided about the code"


def test_a_working_folder_that_is_gone_is_one_sentence(scan: Scan, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    os.chdir(folder)
    folder.rmdir()
    assert _refused(_run()) == "the working folder does not exist any more"


@pytest.mark.parametrize(
    ("environment", "terminal", "expected"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colors_are_for_terminals_that_want_them(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], terminal: bool, expected: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: terminal, raising=False)
    monkeypatch.setattr(sys, "stdout", stream)
    assert output.colored() == expected


def test_colors_do_not_go_to_a_file(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    scan.report = report(SENT)
    assert "\x1b[" in _run().stdout
    _run("--output", "out.txt")
    assert "\x1b[" not in Path("out.txt").read_text(encoding="utf-8")


def test_since_narrows_what_is_judged_and_not_what_is_scanned(
    scan: Scan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    changed = frozenset({tmp_path / "a.py"})
    asked: list[tuple[str, Path]] = []

    def changed_since(ref: str, first: Path) -> frozenset[Path]:
        asked.append((ref, first))
        return changed

    monkeypatch.setattr("qorgau.cli.changes.changed_since", changed_since)
    _run("--since", "main", "src", "lib")
    assert asked == [("main", tmp_path / "src")]
    assert (scan.request.since, scan.request.paths) == (changed, (Path("src"), Path("lib")))


def test_without_since_every_file_is_judged(scan: Scan) -> None:
    _run()
    assert scan.request.since is None


@pytest.mark.skipif(os.name == "nt", reason="a shell of Unix closes them")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_streams_that_were_closed_before_the_start_change_no_exit_status(tmp_path: Path, closed: str) -> None:
    (tmp_path / "leak.py").write_text("def f(iin):\n    print(iin)\n", encoding="utf-8")
    done = subprocess.run(
        f"{PROGRAM} check --select PD501 {closed}", shell=True, cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 1
    assert b"mistake" not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text elsewhere")
def test_names_are_shown_where_the_locale_knows_ascii_only(tmp_path: Path) -> None:
    (tmp_path / "қ.py").write_text("def f(iin):\n    print(iin)\n", encoding="utf-8")
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [PROGRAM, "check", "--select", "PD501"],
        cwd=tmp_path,
        env={**os.environ, **ascii_only},
        capture_output=True,
        check=False,
    )
    shown = done.stdout.decode("utf-8").splitlines()
    assert shown[0].startswith("қ.py:2:5: PD501 ")
    assert "  2 |     print(iin)" in shown
