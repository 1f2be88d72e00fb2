"""The formats of a report, as text that a reader can compare (spec section 8)."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from findings_made import NOTIFY, PAGES, SENT, finding, report, view

from qorgau.findings import Problem, Report, Severity, Sink, Step, Suppression
from qorgau.reports import formats, printable, renderer
from qorgau.source import SourceText

SUBSET = json.loads((Path(__file__).parent / "sarif_subset.json").read_text(encoding="utf-8"))
SUPPRESSED = msgspec.structs.replace(
    SENT, suppressed=Suppression.COMMENT, justification="consent is on paper", fingerprint="99"
)
BASELINED = msgspec.structs.replace(SENT, suppressed=Suppression.BASELINE, justification="in the baseline")
EXEMPTED = msgspec.structs.replace(SENT, suppressed=Suppression.EXEMPTION, justification="Article 16: why")
UNREADABLE = Problem("src/broken.ipynb", "is not a notebook", 3, 7)
CELLS = SourceText("import os\nx = 1\nsend(x)\n", ((1, 1), (3, 4)))
"""A notebook: two lines in its first cell, one in its fourth."""


def _text(made: Report, texts: dict[str, str | SourceText] | None = None, *, color: bool = False) -> str:
    return renderer("text")(made, view(texts, color=color))


def _sarif(made: Report, texts: dict[str, str | SourceText] | None = None) -> Any:
    document = json.loads(renderer("sarif")(made, view(texts)))
    importlib.import_module("jsonschema").Draft7Validator(SUBSET).validate(document)
    return document["runs"][0]


def test_the_formats_are_the_modules_that_are_there() -> None:
    assert formats() == ("concise", "github", "json", "sarif", "text")


@pytest.mark.parametrize("name", formats())
def test_every_format_renders_the_same_report_to_the_same_bytes(name: str) -> None:
    made = report(SENT, SUPPRESSED, finding(), errors=(UNREADABLE,))
    render = renderer(name)
    assert render(made, view()) == render(made, view()) != ""


@pytest.mark.parametrize("name", ["text", "concise", "github"])
def test_what_is_suppressed_is_not_shown_to_people(name: str) -> None:
    assert renderer(name)(report(SUPPRESSED, BASELINED, EXEMPTED), view()) == ""


def test_the_text_shows_code_trace_recipient_paragraph_and_help() -> None:
    assert _text(report(SENT)) == (
        """\
src/notify.py:6:5: PD202 cross-border-without-consent [error, confidence high]
  Personal data (phone) is sent to api.example.com in US with no consent
    |
  6 |     requests.post(
    |     ^^^^^^^^^^^^^^
  how it gets there:
    1. src/notify.py:5:13 phone is read from client
       | phone = client.phone
    2. src/notify.py:6:5 reaches requests.post
  fields: phone
  sent to: api.example.com, country US (requests.post)
  rule: kz-395, paragraph 4-4 (qorgau rule PD202)
  help: Check the consent of the subject before sending.
"""
    )


def test_findings_are_parted_by_an_empty_line() -> None:
    shown = _text(report(finding(1), finding(2)), {"app.py": "a()\nb()\n"})
    assert shown.count("\n\n") == 1
    assert shown.endswith("rule: kz-395, paragraph 4-4 (qorgau rule PD201)\n")


def test_findings_of_one_group_are_shown_once_with_what_would_settle_them() -> None:
    stored = [
        msgspec.structs.replace(
            finding(line, "PD102", message=f"Stored {line}"),
            severity=Severity.WARNING,
            group="db.example.com",
            help='Name its country: hosts = ["db.example.com"].',
        )
        for line in (1, 3)
    ]
    shown = _text(report(stored[0], finding(2), stored[1]), {"app.py": "a()\nb()\nc()\n"})
    assert shown.startswith(
        """\
PD102 a-name [warning, confidence high]: 2 places, db.example.com
  app.py:1:1: Stored 1
    |
  1 | a()
    | ^
  app.py:3:1: Stored 3
    |
  3 | c()
    | ^
  rule: kz-395, paragraph 4-4 (qorgau rule PD102)
  help: Name its country: hosts = ["db.example.com"].

app.py:2:1: PD201"""
    )


def test_two_groups_and_two_codes_of_one_group_stand_apart() -> None:
    grouped = [
        msgspec.structs.replace(finding(line, code), group=group)
        for line, code, group in ((1, "PD102", "a"), (2, "PD102", "b"), (3, "PD103", "b"))
    ]
    assert _text(report(*grouped)).count("how") == 0
    assert "places" not in _text(report(*grouped))


@pytest.mark.parametrize(
    ("sink", "said"),
    [
        (
            Sink("storage", "s3.put_object", None, None),
            "stored in: an unknown place, country unknown (s3.put_object)",
        ),
        (Sink("storage", "save", "archive", "DE"), "stored in: archive, country DE (save)"),
        (Sink("export", "open", "out.csv", None), "exported to: out.csv (open)"),
        (Sink("export", "open", None, None), "exported to: open"),
        (Sink("log", "logging.info", None, None), "logged in: logging.info"),
    ],
)
def test_the_place_is_told_as_the_kind_of_sink_asks(sink: Sink, said: str) -> None:
    assert f"  {said}\n" in _text(report(msgspec.structs.replace(finding(), sink=sink)))


def test_several_paragraphs_and_none_are_told_in_their_own_words() -> None:
    several = msgspec.structs.replace(finding(), paragraphs=("4", "8"))
    none = msgspec.structs.replace(finding(code="PD901"), paragraphs=())
    assert "rule: kz-395, paragraphs 4, 8 (qorgau rule PD201)" in _text(report(several))
    assert "  rule: qorgau rule PD901\n" in _text(report(none))


def test_the_caret_stands_under_the_span_past_tabs_and_wide_letters() -> None:
    spanned = msgspec.structs.replace(finding(), column=11, end_column=15)
    line, caret = _text(report(spanned), {"app.py": "\tx = '漢'; send()\n"}).splitlines()[3:5]
    assert line == "  1 |     x = '漢'; send()"
    # The wide letter takes two columns of a terminal.
    assert caret == "    |" + " " * (line.index("send") - len("    |") + 1) + "^^^^"


def test_a_long_line_is_shown_about_the_marked_place() -> None:
    code = "a" * 3000 + "send(x)" + "b" * 3000
    spanned = msgspec.structs.replace(finding(), column=3001, end_column=3008)
    shown = _text(report(spanned), {"app.py": code}).splitlines()
    assert "send(x)" in shown[3]
    assert len(shown[3]) < 180
    assert shown[4].index("^") == shown[3].index("send(x)")
    assert shown[4].strip(" |") == "^" * 7


def test_a_span_longer_than_the_screen_is_cut() -> None:
    spanned = msgspec.structs.replace(finding(), end_column=5001)
    shown = _text(report(spanned), {"app.py": "x" * 5000})
    assert max(len(line) for line in shown.splitlines()) < 180


@pytest.mark.parametrize("texts", [{}, {"app.py": ""}, {"app.py": "one line\n"}])
def test_a_file_that_is_gone_or_shorter_costs_the_lines_of_code_only(
    texts: dict[str, str | SourceText],
) -> None:
    moved = msgspec.structs.replace(finding(40), trace=(Step("gone.py", 7, 1, "read"),))
    shown = _text(report(moved), {"other.py": "", **texts})
    assert "app.py:40:1: PD201" in shown
    assert "1. gone.py:7:1 read\n" in shown
    assert "^" not in shown


def test_a_column_past_the_end_of_the_line_still_gets_a_caret() -> None:
    beyond = msgspec.structs.replace(finding(), column=50, end_column=60)
    assert "^" in _text(report(beyond), {"app.py": "send(x)\n"})


def test_the_lines_of_a_notebook_are_those_of_its_cells() -> None:
    made = report(msgspec.structs.replace(finding(3, path="a.ipynb"), trace=(Step("a.ipynb", 2, 1, "made"),)))
    texts: dict[str, str | SourceText] = {"a.ipynb": CELLS}
    shown = _text(made, texts)
    assert shown.startswith("a.ipynb:cell 4:1:1: PD201")
    assert "  1 | send(x)\n" in shown
    assert "1. a.ipynb:cell 1:2:1 made\n       | x = 1\n" in shown
    assert renderer("concise")(made, view(texts)) == "a.ipynb:cell 4:1:1: PD201 Personal data is sent\n"


def test_colors_are_added_and_nothing_else() -> None:
    plain, colored = _text(report(SENT)), _text(report(SENT), color=True)
    assert "\x1b[1;31m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


def test_scanned_code_cannot_write_to_the_terminal() -> None:
    evil = msgspec.structs.replace(
        finding(message="to \x1b[2J\nhost\u202e"),
        sink=Sink("transfer", "post\x07", "a\rb", None),
        trace=(Step("app.py", 1, 1, "\x9bread"),),
        help="do\x00this",
    )
    for name in ("text", "concise"):
        shown = renderer(name)(report(evil), view({"app.py": "send('\x1b]0;x\x07')\n"}))
        assert all(character.isprintable() for character in shown.replace("\n", ""))
    assert printable("a\tb\x1b\u202e\x9b") == "a b\ufffd\\u202e\\x9b"


def test_concise_is_a_line_a_finding() -> None:
    assert renderer("concise")(report(SENT, finding(2)), view()) == (
        "src/notify.py:6:5: PD202 Personal data (phone) is sent to api.example.com in US with no consent\n"
        "app.py:2:1: PD201 Personal data is sent\n"
    )


def test_json_is_the_object_of_the_specification() -> None:
    document = json.loads(renderer("json")(report(SENT, errors=(UNREADABLE,)), view()))
    assert document == {
        "version": 1,
        "tool": {"name": "qorgau", "version": "1.2.3"},
        "files_scanned": 3,
        "findings": [
            {
                "code": "PD202",
                "name": "cross-border-without-consent",
                "severity": "error",
                "confidence": "high",
                "path": "src/notify.py",
                "line": 6,
                "column": 5,
                "end_line": 9,
                "end_column": 6,
                "message": "Personal data (phone) is sent to api.example.com in US with no consent",
                "fields": ["phone"],
                "regulation": "kz-395",
                "paragraphs": ["4-4"],
                "sink": {
                    "kind": "transfer",
                    "call": "requests.post",
                    "destination": "api.example.com",
                    "country": "US",
                },
                "trace": [
                    {"path": "src/notify.py", "line": 5, "column": 13, "note": "phone is read from client"},
                    {"path": "src/notify.py", "line": 6, "column": 5, "note": "reaches requests.post"},
                ],
                "fingerprint": "0123456789abcdef",
                "suppressed": None,
            }
        ],
        "errors": [{"path": "src/broken.ipynb", "message": "is not a notebook", "line": 3, "column": 7}],
    }


def test_json_keeps_the_order_of_keys_and_of_findings() -> None:
    text = renderer("json")(report(SENT, finding()), view())
    keys = re.findall(r'^      "(\w+)"', text, re.MULTILINE)
    assert keys[:13] == list(type(SENT).__struct_fields__)[:13]
    assert re.findall(r'"path": "([^"]+)",\n      "line"', text) == ["src/notify.py", "app.py"]


@pytest.mark.parametrize(
    ("made", "why", "justification"),
    [
        (SUPPRESSED, "comment", "consent is on paper"),
        (BASELINED, "baseline", "in the baseline"),
        (EXEMPTED, "exemption", "Article 16: why"),
        (msgspec.structs.replace(SUPPRESSED, justification=None), "comment", None),
    ],
)
def test_json_keeps_what_is_suppressed_with_its_reason(
    made: object, why: str, justification: str | None
) -> None:
    assert isinstance(made, type(SENT))
    (entry,) = json.loads(renderer("json")(report(made), view()))["findings"]
    assert (entry["suppressed"], entry["justification"]) == (why, justification)


def test_json_of_an_empty_report_is_whole() -> None:
    assert json.loads(renderer("json")(report(files=0), view())) == {
        "version": 1,
        "tool": {"name": "qorgau", "version": "1.2.3"},
        "files_scanned": 0,
        "findings": [],
        "errors": [],
    }


def test_names_in_other_scripts_are_written_as_they_are() -> None:
    made = finding(path="src/қорғау.py", message="жібереді")
    for name in formats():
        if name != "sarif":
            assert "src/қорғау.py" in renderer(name)(report(made), view())
    assert "жібереді" in renderer("sarif")(report(made), view())


def test_sarif_is_valid_and_says_what_the_finding_says() -> None:
    run = _sarif(report(SENT, errors=(UNREADABLE,)))
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("PD202", "error")
    assert result["message"]["text"] == SENT.message
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "src/notify.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 6, "startColumn": 5, "endLine": 9, "endColumn": 6},
    }
    assert result["partialFingerprints"] == {"qorgau/v1": "0123456789abcdef"}
    assert result["properties"]["fields"] == ["phone"]
    assert "suppressions" not in result


def test_sarif_rules_come_from_the_pages_and_results_point_to_them() -> None:
    run = _sarif(report(SENT, finding(code="PD999")))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["PD202", "PD901", "PD902", "PD999"]
    assert rules[0] == {
        "id": "PD202",
        "name": "cross-border-without-consent",
        "shortDescription": {"text": PAGES["PD202"].summary},
        "fullDescription": {"text": PAGES["PD202"].summary},
        "help": {"text": "Ask the subject first."},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["privacy", "consent", "paragraph 4-4"]},
    }
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_the_trace_is_a_code_flow_that_ends_at_the_sink() -> None:
    def flow(made: Report) -> list[tuple[int, str]]:
        (result,) = _sarif(made)["results"]
        (thread,) = result["codeFlows"][0]["threadFlows"]
        return [
            (
                step["location"]["physicalLocation"]["region"]["startLine"],
                step["location"]["message"]["text"],
            )
            for step in thread["locations"]
        ]

    whole = [(5, "phone is read from client"), (6, "reaches requests.post")]
    assert flow(report(SENT)) == whole
    assert flow(report(msgspec.structs.replace(SENT, trace=SENT.trace[:1]))) == [whole[0], (6, SENT.message)]
    assert "codeFlows" not in _sarif(report(finding()))["results"][0]


@pytest.mark.parametrize(
    ("made", "kind", "by"),
    [
        (SUPPRESSED, "inSource", "comment"),
        (BASELINED, "external", "baseline"),
        (EXEMPTED, "external", "exemption"),
    ],
)
def test_sarif_keeps_what_is_suppressed_with_its_reason(made: object, kind: str, by: str) -> None:
    assert isinstance(made, type(SENT))
    (result,) = _sarif(report(made))["results"]
    (suppression,) = result["suppressions"]
    assert (suppression["kind"], suppression["properties"]["by"]) == (kind, by)
    assert suppression["justification"] == made.justification


def test_a_file_that_could_not_be_read_is_a_notification_in_sarif() -> None:
    (invocation,) = _sarif(report(errors=(UNREADABLE, Problem("a b", "cannot be read"))))["invocations"]
    assert invocation["executionSuccessful"] is False
    first, second = invocation["toolExecutionNotifications"]
    assert first["message"]["text"] == "src/broken.ipynb: is not a notebook"
    assert first["locations"][0]["physicalLocation"]["region"] == {"startLine": 3, "startColumn": 7}
    assert second["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "a%20b", "uriBaseId": "%SRCROOT%"}
    }
    assert _sarif(report())["invocations"][0]["executionSuccessful"] is True


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("src/a b%.py", {"uri": "src/a%20b%25.py", "uriBaseId": "%SRCROOT%"}),
        ("қ.py", {"uri": "%D2%9B.py", "uriBaseId": "%SRCROOT%"}),
        ("../other/x.py", {"uri": "../other/x.py", "uriBaseId": "%SRCROOT%"}),
        ("/srv/x.py", {"uri": "file:///srv/x.py"}),
        ("C:/x.py", {"uri": "file:///C%3A/x.py"}),
    ],
)
def test_a_path_becomes_a_uri(path: str, location: dict[str, str]) -> None:
    (result,) = _sarif(report(finding(path=path)))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == location


def test_sarif_names_the_cell_of_a_notebook() -> None:
    (result,) = _sarif(report(finding(3, path="a.ipynb")), {"a.ipynb": CELLS})["results"]
    (location,) = result["locations"]
    assert location["physicalLocation"]["region"] == {"startLine": 1}
    assert location["logicalLocations"] == [{"fullyQualifiedName": "cell 4, line 1"}]


def test_github_commands_are_escaped_and_columns_stand_on_one_line_only() -> None:
    odd = msgspec.structs.replace(
        finding(path="a,b:c.py", message="50% of\nthem"), severity=Severity.WARNING, help="Mend it."
    )
    assert renderer("github")(report(SENT, odd), view()) == (
        "::error title=Qorgau (PD202 cross-border-without-consent),file=src/notify.py,line=6,endLine=9::"
        "src/notify.py:6:5: PD202 Personal data (phone) is sent to api.example.com in US with no consent"
        "%0ACheck the consent of the subject before sending.\n"
        "::warning title=Qorgau (PD201 a-name),file=a%2Cb%3Ac.py,line=1,col=1,endLine=1,endColumn=2::"
        "a,b:c.py:1:1: PD201 50%25 of%0Athem%0AMend it.\n"
    )


def test_github_names_the_cell_of_a_notebook_and_no_line_of_it() -> None:
    shown = renderer("github")(report(finding(3, path="a.ipynb")), view({"a.ipynb": CELLS}))
    assert shown == (
        "::error title=Qorgau (PD201 a-name),file=a.ipynb,line=1::"
        "a.ipynb:cell 4:1:1: PD201 Personal data is sent\n"
    )


def test_the_example_file_of_these_tests_is_where_the_finding_says() -> None:
    assert NOTIFY.splitlines()[SENT.line - 1][SENT.column - 1 :] == "requests.post("
