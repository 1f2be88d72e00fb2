"""The baseline and the fingerprints it holds (spec section 7)."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from findings_made import PAGES, finding

from qorgau.config import ExemptionSpec, Settings
from qorgau.findings import Finding, Suppression
from qorgau.judging.baseline import Baseline, BaselineError, Entry, dump, mark, of, read, stale
from qorgau.judging.fingerprints import Identity, fingerprint, fingerprints
from qorgau.judging.making import Made
from qorgau.judging.settling import Surroundings, settle

CALL = Identity("PD201", "src/app.py", "Sender.send", "    requests.post(url, json=data)", ("iin", "phone"))
OLD = finding(1, fingerprint="old")
NEW = finding(2, fingerprint="new")


def _changed(**changes: object) -> Identity:
    return msgspec.structs.replace(CALL, **changes)


@pytest.mark.parametrize(
    "same",
    [
        _changed(code_line="requests.post(url,json = data)"),
        _changed(code_line="\trequests.post( url, json=data )  # noqa"),
        _changed(fields=("phone", "iin")),
    ],
)
def test_a_fingerprint_does_not_see_spaces_comments_and_the_order_of_fields(same: Identity) -> None:
    assert fingerprint(same) == fingerprint(CALL)


@pytest.mark.parametrize(
    "other",
    [
        _changed(code="PD202"),
        _changed(path="src/other.py"),
        _changed(function="Sender.resend"),
        _changed(code_line="    requests.put(url, json=data)"),
        _changed(code_line="    requests.post(url, json='#data')"),
        _changed(fields=("iin",)),
        _changed(function="Sender", code_line="send" + CALL.code_line),
    ],
)
def test_a_fingerprint_sees_everything_else(other: Identity) -> None:
    assert fingerprint(other) != fingerprint(CALL)


def test_like_findings_are_numbered_in_their_order() -> None:
    marks = fingerprints([CALL, _changed(function="f"), CALL, CALL])
    assert len(set(marks)) == 4
    assert marks[0] == fingerprint(CALL)
    assert marks[2:] == (fingerprint(CALL, 1), fingerprint(CALL, 2))


def test_a_fingerprint_is_the_same_on_every_machine() -> None:
    assert fingerprint(CALL) == "84d956d5d4928076a9e8412d9197c36d"


def test_what_is_in_the_baseline_is_marked_and_what_is_new_counts() -> None:
    old, new = mark([OLD, NEW], of([OLD]))
    assert (old.suppressed, old.justification) == (Suppression.BASELINE, "in the baseline")
    assert new == NEW


def test_what_is_suppressed_otherwise_keeps_its_mark_and_is_not_taken_in() -> None:
    held = msgspec.structs.replace(OLD, suppressed=Suppression.COMMENT, justification="why")
    assert mark([held], of([OLD])) == (held,)
    assert of([held]).findings == ()


def test_a_baseline_written_anew_keeps_what_only_the_old_one_holds_back() -> None:
    (held,) = mark([OLD], of([OLD]))
    assert of([held]) == of([OLD])


def test_a_baseline_is_written_sorted_an_entry_a_line(tmp_path: Path) -> None:
    findings = [
        finding(path="b.py", fingerprint="2"),
        finding(path="қ.py", fingerprint="3"),
        finding(path="a.py", code="PD501", fingerprint="0"),
        finding(path="a.py", fingerprint="1"),
        finding(9, path="a.py", fingerprint="1"),
    ]
    text = dump(of(findings))
    assert text == (
        "{\n"
        '  "version": 1,\n'
        '  "findings": [\n'
        '    {"path": "a.py", "code": "PD201", "fingerprint": "1"},\n'
        '    {"path": "a.py", "code": "PD501", "fingerprint": "0"},\n'
        '    {"path": "b.py", "code": "PD201", "fingerprint": "2"},\n'
        '    {"path": "қ.py", "code": "PD201", "fingerprint": "3"}\n'
        "  ]\n"
        "}\n"
    )
    assert dump(of(reversed(findings))) == text
    file = tmp_path / "baseline.json"
    file.write_text(text, encoding="utf-8")
    assert read(file, "baseline.json") == of(findings)


def test_an_empty_baseline_is_written_and_read(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    file.write_text(dump(of([])), encoding="utf-8")
    assert json.loads(file.read_text(encoding="utf-8")) == {"version": 1, "findings": []}
    assert read(file, "baseline.json") == Baseline(1, ())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is not a baseline of qorgau: "),
        (b"[]", "is not a baseline of qorgau: "),
        (b'{"version": 1}', "is not a baseline of qorgau: "),
        (b'{"version": 1, "findings": [{"path": "a"}]}', "is not a baseline of qorgau: "),
        (b'{"version": 1, "findings": ["\xff"]}', "is not a baseline of qorgau: "),
        (b"[" * 100_000, "is not a baseline of qorgau: "),
        (b'{"version": 2, "findings": []}', "is a baseline of version 2, this program reads version 1; "),
    ],
)
def test_what_is_no_baseline_is_one_sentence_that_names_the_file(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    file = tmp_path / "odd.json"
    file.write_bytes(content)
    with pytest.raises(BaselineError) as caught:
        read(file, "odd.json")
    assert str(caught.value).startswith(f"odd.json: {sentence}")
    assert "\n" not in str(caught.value)


def test_a_baseline_that_is_missing_or_a_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match=r"^none\.json: there is no such baseline; --write-baseline"):
        read(tmp_path / "none.json", "none.json")
    with pytest.raises(BaselineError, match=r"^here: cannot be read: is a directory$"):
        read(tmp_path, "here")


def test_entries_that_no_finding_answers_to_are_stale_where_the_run_looked() -> None:
    known = of([OLD, NEW, finding(path="elsewhere.py", fingerprint="away")])
    gone = stale(known, [NEW], lambda entry: entry.path == "app.py")
    assert gone == (Entry("app.py", "PD201", "old"),)


def _settled(
    text: str, *made: tuple[int, str, str], settings: Settings | None = None, known: Baseline | None = None
) -> tuple[Finding, ...]:
    """What becomes of findings given as line, code and function in ``app.py``."""
    around = Surroundings(
        settings=settings or Settings(),
        cwd=Path("/srv"),
        texts={"app.py": text, "idle.py": "# qorgau: ignore[PD202] why\n"},
        pages=PAGES,
        selected=frozenset(PAGES),
        baseline=known,
    )
    return settle([Made(finding(line, code), function) for line, code, function in made], around)


def test_a_baseline_holds_when_lines_move_and_not_when_the_call_does() -> None:
    known = of(_settled("a(x)\nb(x)\n", (1, "PD202", "f"), (2, "PD202", "f")))
    moved = _settled("\n\nb(x)  # note\n\na( x )\n", (3, "PD202", "f"), (5, "PD202", "f"), known=known)
    assert [each.suppressed for each in moved if each.code == "PD202"] == [Suppression.BASELINE] * 2
    changed = _settled("a(x)\nb(y)\n", (1, "PD202", "f"), (2, "PD202", "g"), known=known)
    assert [each.suppressed for each in changed if each.code == "PD202"] == [Suppression.BASELINE, None]


def test_a_third_like_call_is_new() -> None:
    known = of(_settled("a(x)\na(x)\n", (1, "PD202", "f"), (2, "PD202", "f")))
    more = _settled("a(x)\na(x)\na(x)\n", *((line, "PD202", "f") for line in (1, 2, 3)), known=known)
    assert [each.suppressed for each in more if each.code == "PD202"] == [Suppression.BASELINE] * 2 + [None]


def test_the_law_comes_first_then_the_comment_then_the_baseline() -> None:
    exemption = ExemptionSpec(codes=("PD202",), basis="Article 16", reason="why", fields=())
    text = "a(x)  # qorgau: ignore[PD202] paper\n"
    first = _settled(text, (1, "PD202", "f"))
    known = of([msgspec.structs.replace(each, suppressed=None) for each in first])
    by_law = _settled(text, (1, "PD202", "f"), settings=Settings(exemptions=(exemption,)), known=known)
    by_comment = _settled(text, (1, "PD202", "f"), known=known)
    by_baseline = _settled("a(x)\n", (1, "PD202", "f"), known=known)
    assert [each[0].suppressed for each in (by_law, by_comment, by_baseline)] == [
        Suppression.EXEMPTION,
        Suppression.COMMENT,
        Suppression.BASELINE,
    ]


def test_idle_comments_in_files_without_findings_are_found_and_can_be_in_the_baseline() -> None:
    (idle,) = _settled("")
    assert (idle.code, idle.path, idle.suppressed) == ("PD901", "idle.py", None)
    (held,) = _settled("", known=of([idle]))
    assert held.suppressed is Suppression.BASELINE


def test_fingerprints_do_not_depend_on_the_working_folder() -> None:
    def mark_from(cwd: str, path: str) -> str:
        around = Surroundings(
            settings=Settings(root=Path("/srv/project")),
            cwd=Path(cwd),
            texts={path: "a(x)\n"},
            pages=PAGES,
            selected=frozenset(PAGES),
        )
        (settled,) = settle([Made(finding(1, path=path), "f")], around)
        return settled.fingerprint

    assert mark_from("/srv/project", "src/app.py") == mark_from("/srv/project/src", "app.py")
