"""The harness of the literate cases: what it reads, what it holds against a margin, what it counts."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import CaseError, Kind, Mark, compare, main, parse, read_folder, run, run_all, score

from qorgau.findings import Confidence, Finding, Problem, Report, Severity, Step

PAGE = '''# Sending

Some prose.

```toml
select = ["PD2"]
```

## To a partner: reported

It is sent.

```python app.py
value = client.phone  # source: phone
send(value)  # finding: PD201[phone, iin]; PD202[phone]
```

## To a partner: clean

```toml
# adds
[internal]
```

```python pkg/app.py
send("# finding")
```

```text .env
HOST=example.test
```

## On its own

```toml
select = ["PD5"]
```

````python app.py
"""
```
## no heading
"""
````
'''


def _finding(
    line: int = 2, code: str = "PD201", fields: tuple[str, ...] = ("phone",), step: int = 1
) -> Finding:
    return Finding(
        code=code,
        name="a-name",
        severity=Severity.ERROR,
        confidence=Confidence.MEDIUM,
        path="app.py",
        line=line,
        column=1,
        end_line=line,
        end_column=2,
        message="",
        fields=fields,
        regulation="kz-395",
        paragraphs=("8",),
        sink=None,
        trace=(Step("app.py", step, 1, "read"), Step("app.py", line, 1, "sent")),
        fingerprint="",
    )


def _report(*findings: Finding, errors: tuple[Problem, ...] = ()) -> Report:
    return Report("0", 1, findings, errors)


def _complaints(margin: str, *findings: Finding) -> str:
    page = f"# T\n\n## A case\n\n```python app.py\nfirst()  {margin}\nsecond()\n```\n"
    return "\n".join(compare(parse(page, "t.md")[0], _report(*findings)).complaints)


def test_a_page_is_read_as_cases_with_files_configuration_and_marks() -> None:
    reported, clean, alone = parse(PAGE, "flow/sending.md")
    assert (reported.name, reported.line, reported.twins) == (
        "sending::To a partner: reported",
        9,
        clean.twins,
    )
    assert (reported.must_report, clean.must_report) == (True, False)
    assert reported.config == 'select = ["PD2"]\n'
    assert clean.config == 'select = ["PD2"]\n# adds\n[internal]\n'
    assert alone.config == 'select = ["PD5"]\n'
    assert [path for path, _ in clean.files] == ["pkg/app.py", ".env"]
    assert "## no heading" in dict(alone.files)["app.py"]
    assert reported.marks == (
        Mark("source", "app.py", 1, "", frozenset({"phone"})),
        Mark("finding", "app.py", 2, "PD201", frozenset({"phone", "iin"})),
        Mark("finding", "app.py", 2, "PD202", frozenset({"phone"})),
    )


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("## A\n", "has no file"),
        ("## A\n```python app.py\n", "t.md:2: the block is not closed"),
        ("## A\n```python\n```\n", "names no file"),
        ("## A\n```python ../app.py\n```\n", "no path of a case"),
        ("## A\n```python app.py\n```\n```python app.py\n```\n", "there twice"),
        ("```python app.py\n```\n## A\n", "only its configuration"),
        ("## A\n```python app.py\n```\n## A\n```python app.py\n```\n", "a second case"),
        ("## A\n```python app.py\nx  # finding: phone\n```\n", "is not written CODE"),
        ("## A\n```python app.py\nx  # source: a phone\n```\n", "not the name of a field"),
        ("## A\n```python app.py\nx  # source: phone\n```\n", "no mark says where phone arrives"),
    ],
)
def test_a_page_that_says_nothing_sensible_is_refused_with_its_place(page: str, said: str) -> None:
    with pytest.raises(CaseError) as caught:
        parse(page, "t.md")
    assert said in str(caught.value)
    assert str(caught.value).startswith("t.md:")


@pytest.mark.parametrize(
    ("margin", "findings"),
    [
        ("", []),
        ("# finding: PD201[phone]", [_finding(1)]),
        ("# finding: PD201", [_finding(1)]),
        ("# finding: PD900[]", [_finding(1, "PD900", ())]),
        ("# source: phone  # finding: PD201[phone]", [_finding(1)]),
        ("# finding: PD201[phone]; PD501[iin]", [_finding(1), _finding(1, "PD501", ("iin",))]),
        ("# missing: PD201[phone]", []),
        ("# source: phone  # missing: PD201[phone]", []),
        ("# spurious: PD201[phone]", [_finding(1)]),
        ("# missing: PD201[phone, iin]  # spurious: PD201[phone]", [_finding(1)]),
    ],
)
def test_a_true_margin_passes(margin: str, findings: list[Finding]) -> None:
    assert _complaints(margin, *findings) == ""


@pytest.mark.parametrize(
    ("margin", "findings", "said"),
    [
        ("", [_finding(1)], "expected: nothing\n  actual:   PD201[phone] (medium)"),
        ("# finding: PD201[phone]", [], "expected: PD201[phone]\n  actual:   nothing"),
        ("# finding: PD201[phone]", [_finding(1, "PD202")], "actual:   PD202[phone]"),
        ("# finding: PD201[phone]", [_finding(1, fields=("phone", "iin"))], "actual:   PD201[iin, phone]"),
        ("# finding: PD201[phone]", [_finding(2)], "app.py:2: second()"),
        ("# missing: PD201[phone]", [_finding(1)], "the known miss PD201[phone] is reported now"),
        ("# missing: PD201", [_finding(1)], "the known miss PD201 is reported now"),
        ("# spurious: PD201[phone]", [], "the known false alarm PD201[phone] is no longer reported"),
        ("# source: phone  # finding: PD201[phone]", [_finding(1, step=2)], "the trace of phone passes here"),
    ],
)
def test_a_margin_that_is_no_longer_true_fails_and_says_how(
    margin: str, findings: list[Finding], said: str
) -> None:
    if "source" in margin:
        findings = [*findings, _finding(1, step=2)]
        page = "# T\n\n## A\n\n```python app.py\nfirst()  # source: phone\nsecond()  # finding: PD201[phone]\n```\n"
        outcome = compare(parse(page, "t.md")[0], _report(_finding(2, step=2)))
        assert said in str(outcome)
        assert "it goes by app.py:2" in str(outcome)
    else:
        assert said in _complaints(margin, *findings)


def test_suppressed_findings_do_not_count_and_unread_files_do() -> None:
    case = parse(PAGE, "t.md")[1]
    outcome = compare(case, _report(errors=(Problem("pkg/app.py", "cannot be read"),)))
    assert outcome.complaints == ("pkg/app.py: could not be scanned: cannot be read",)


@pytest.mark.parametrize(
    ("kind", "reported", "counts", "right"),
    [
        ("finding", True, (1, 0, 0), True),
        ("finding", False, (0, 1, 0), False),
        ("missing", False, (0, 1, 0), False),
        ("spurious", True, (0, 0, 1), False),
        ("spurious", False, (0, 0, 0), True),
    ],
)
def test_known_misses_and_false_alarms_count_against_the_score(
    kind: Kind, reported: bool, counts: tuple[int, int, int], right: bool
) -> None:
    page = f"## A\n```python app.py\nx()  # {kind}: PD201[phone]\n```\n"
    outcome = compare(parse(page, "t.md")[0], _report(*([_finding(1)] if reported else [])))
    assert (outcome.hits, outcome.missed, outcome.false_alarms) == counts
    assert outcome.right is right


def test_a_case_is_laid_out_and_checked_in_its_own_folder(tmp_path: Path) -> None:
    seen = []

    def check(folder: Path) -> Report:
        seen.extend(sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*")))
        return _report()

    assert run(parse(PAGE, "t.md")[1], tmp_path, check).right
    assert seen == [".env", "pkg/app.py", "qorgau.toml"]


def test_a_crash_fails_its_case_and_leaves_the_others_their_score() -> None:
    def check(folder: Path) -> Report:
        if (folder / "pkg").exists():
            raise ZeroDivisionError("in the engine")
        return _report()

    outcomes = list(run_all(parse(PAGE, "t.md"), check))
    assert [outcome.right for outcome in outcomes] == [False, False, True]
    assert "ZeroDivisionError: in the engine" in str(outcomes[1])
    assert outcomes[0].missed == 2


def test_the_table_has_recall_precision_and_twins_by_topic() -> None:
    first, second, third = parse(PAGE, "t.md")
    two = (_finding(2, "PD201", ("phone", "iin")), _finding(2, "PD202"))
    outcomes = [
        compare(first, _report(*two)),
        compare(second, _report(_finding(9))),
        compare(third, _report()),
    ]
    header, row = score(outcomes).splitlines()
    assert header.split() == ["topic", "recall", "precision", "must", "must", "not", "twins", "failing"]
    assert row.split() == ["t", "1.000", "0.667", "1/1", "1/2", "1/2", "1"]


def test_the_command_chooses_scores_and_lists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "sending.md"
    page.write_text(PAGE, encoding="utf-8")

    def silent(folder: Path) -> Report:
        return _report()

    assert main([str(tmp_path), "--failures", "--score"], silent) == 1
    out = capsys.readouterr().out
    assert f"{page.as_posix()}:9: To a partner: reported\n  app.py:2: send(value)\n" in out
    assert "0/1" in out
    assert main([str(tmp_path), "--only", "sending", "--case", "CLEAN"], silent) == 0
    assert main([str(tmp_path), "--only", "other"], silent) == 2
    assert main([str(page), "--case", "clean", "--write", str(tmp_path / "out")], silent) == 0
    assert (tmp_path / "out" / "sending-18" / "pkg" / "app.py").is_file()
    assert len(read_folder(tmp_path)) == 3
