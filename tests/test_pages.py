"""The rule pages: the catalogue as a whole, their messages, and their examples (spec section 4)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cases import Case, check_with_qorgau, read_page, run
from rich.console import Console, RenderableType

from qorgau.cli.rule import render_page, render_rule, render_table
from qorgau.config.shipped import known_codes
from qorgau.knowledge.pages import (
    Facts,
    Page,
    UnknownCodeError,
    chosen,
    collect,
    load_pages,
    parse_page,
    prose,
    render,
    select,
)
from qorgau.knowledge.regulation import load_regulation
from qorgau.knowledge.toml_files import RuleFileError

FOLDER = Path(__file__).parent.parent / "rules" / "pages"
PAGES = load_pages()

# The table of the specification, section 4.
TABLE = """
PD101 foreign-storage error 11
PD102 unknown-storage-region warning 11
PD201 transfer-without-consent error 4 4-4 8
PD202 cross-border-without-consent error 4-4
PD203 publication-without-consent error 4-1
PD204 collection-without-consent warning 4 8
PD205 consent-for-another-purpose error 18
PD206 consent-of-another-subject error 4-4 8
PD207 consent-outside-state-service error 6
PD301 export-without-depersonalization error 20
PD302 reversible-depersonalization error 21
PD401 undeclared-field warning 5
PD402 use-beyond-purpose error 5 18
PD403 unused-field warning 5 10
PD501 personal-data-in-log error 7
PD502 insecure-transport error 7
PD503 personal-data-in-url warning 7
PD504 personal-data-literal warning 7
PD601 no-destruction-path warning 25
PD602 soft-delete warning 25
PD603 blocking-ignored warning 2 25
PD604 source-link-missing warning 4-3
PD605 retention-undeclared warning 15
PD900 syntax-error error
PD901 unused-suppression warning
PD902 unexplained-suppression warning
"""

HEADINGS = (
    "What is flagged",
    "Why",
    "What is not flagged",
    "How to mend it",
    "Configuration and suppression",
    "Examples",
)
EXAMPLES = ("Example: leaking", "Example: clean")
FAMILIES = {
    "1": "localization",
    "2": "consent",
    "3": "depersonalization",
    "4": "minimization",
    "5": "protection",
    "6": "life-cycle",
    "9": "scan",
}

HEAD = """+++
code = "PD201"
name = "sent"
severity = "error"
paragraphs = ["4"]
family = "consent"
summary = "It is sent."
message = "Data goes to {destination|somebody}"
help = "Ask first."
+++
# Sent
"""


def _examples(page: Page) -> dict[str, Case]:
    return {case.heading: case for case in read_page(FOLDER / page.file)}


def _shown(renderable: RenderableType, width: int = 200) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def _links() -> Iterator[tuple[str, str]]:
    for page in PAGES.values():
        for target in re.findall(r"\]\(([^)]+\.md)\)", prose(page)):
            yield page.file, target


def test_the_pages_are_the_table_of_the_specification() -> None:
    rows = (line.split() for line in TABLE.strip().splitlines())
    expected = {code: (name, severity, tuple(paragraphs)) for code, name, severity, *paragraphs in rows}
    assert {code: (page.name, page.severity, page.paragraphs) for code, page in PAGES.items()} == expected


def test_every_code_that_a_configuration_may_name_has_a_page() -> None:
    assert set(PAGES) == known_codes()


def test_every_page_lies_in_the_folder_and_nothing_else_does() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == [page.file for page in PAGES.values()]


def test_every_paragraph_is_one_of_the_regulation() -> None:
    known = load_regulation("kz-395").paragraphs
    assert {number for page in PAGES.values() for number in page.paragraphs} <= set(known)


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: page.code)
def test_the_family_is_that_of_the_code(page: Page) -> None:
    assert page.family == FAMILIES[page.code[2]]


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: page.code)
def test_a_page_has_its_title_and_says_all_there_is_to_say(page: Page) -> None:
    text = prose(page)
    assert text.startswith(f"\n# {page.code} {page.name}\n")
    assert tuple(re.findall(r"^### (.+)$", text, re.MULTILINE)) == HEADINGS
    assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == EXAMPLES
    sections = re.split(r"^##+ .+$", text, flags=re.MULTILINE)[1:]
    assert [heading for heading, body in zip(HEADINGS, sections, strict=False) if not body.strip()] == []


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: page.code)
def test_the_reason_names_each_paragraph_of_the_head(page: Page) -> None:
    why = prose(page).split("### Why")[1].split("###")[0]
    named = set(re.findall(r"\b\d+(?:-\d+)?\b", " ".join(re.findall(r"[Pp]aragraphs? [^.:;,]*", why))))
    assert set(page.paragraphs) <= named


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: page.code)
def test_the_leaking_example_marks_the_code_and_the_clean_one_marks_nothing(page: Page) -> None:
    cases = _examples(page)
    assert tuple(cases) == EXAMPLES
    leaking, clean = cases[EXAMPLES[0]], cases[EXAMPLES[1]]
    assert {mark.code for mark in leaking.marks if mark.kind == "finding"} == {page.code}
    assert {mark.kind for mark in leaking.marks} <= {"finding", "source"}
    assert clean.marks == ()


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: page.code)
def test_the_examples_are_python(page: Page) -> None:
    for heading, case in _examples(page).items():
        for path, text in case.files:
            if (page.code, heading) == ("PD900", EXAMPLES[0]):
                with pytest.raises(SyntaxError):
                    compile(text, path, "exec")
            else:
                compile(text, path, "exec")


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: page.code)
def test_the_leaking_example_leaks_and_the_clean_one_does_not(page: Page, tmp_path: Path) -> None:
    complaints = []
    for number, case in enumerate(_examples(page).values()):
        folder = tmp_path / str(number)
        folder.mkdir()
        outcome = run(case, folder, check_with_qorgau)
        if outcome.complaints:
            complaints.append(str(outcome))
    assert not complaints, "\n".join(complaints)


def test_a_link_between_pages_leads_somewhere() -> None:
    assert [(file, target) for file, target in _links() if not (FOLDER / target).is_file()] == []


def test_only_the_page_about_literals_holds_a_number_that_could_be_an_iin() -> None:
    holders = {
        page.code
        for page in PAGES.values()
        for number in re.findall(r"(?<!\d)\d{12}(?!\d)", prose(page))
        if _is_valid_iin(number)
    }
    assert holders == {"PD504"}


def _is_valid_iin(number: str) -> bool:
    # The check digit of an IIN: a weighted sum modulo 11, with other weights where that gives 10.
    digits = [int(digit) for digit in number]
    for weights in ((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)):
        rest = sum(digit * weight for digit, weight in zip(digits, weights, strict=False)) % 11
        if rest < 10:
            return rest == digits[11]
    return False


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: page.code)
@pytest.mark.parametrize("fields", [(), ("phone",), ("iin", "phone")], ids=["none", "one", "two"])
def test_a_message_reads_well_when_nothing_else_is_known(page: Page, fields: tuple[str, ...]) -> None:
    for text in (page.message_for(Facts(fields=fields)), page.help_for(Facts(fields=fields))):
        assert not re.search(r"[{}|<>]|  | [,.;)]|\(\)|None|^[a-z]", text.replace("<name>", ""))


def test_a_message_names_what_is_known() -> None:
    facts = Facts(fields=("phone", "email"), destination="api.mailer.test", country="US")
    assert PAGES["PD202"].message_for(facts) == (
        "Personal data (phone, email) is sent abroad, to api.mailer.test in US, "
        "with no consent check on some path to this call"
    )
    assert PAGES["PD202"].message_for(Facts(fields=("phone",), recipient="mailer")) == (
        "Personal data (phone) is sent abroad, to mailer, with no consent check on some path to this call"
    )


def test_the_first_fact_that_is_known_is_taken() -> None:
    template = "to {destination|recipient|somebody}<< in {country}>>"
    assert render(template, Facts(destination="x.test", recipient="x", country="KZ")) == "to x.test in KZ"
    assert render(template, Facts(destination="", recipient="x")) == "to x"
    assert render(template, Facts()) == "to somebody"


def test_what_a_fact_holds_is_no_template() -> None:
    facts = Facts(destination="{country}.example.com", reason="<< {sink}>>", country="DE")
    assert render("{destination|x}<< ({reason})>>", facts) == "{country}.example.com (<< {sink}>>)"


def test_an_optional_part_needs_all_its_facts() -> None:
    template = "gone<< from {source} to {destination}>>"
    assert render(template, Facts(source="a")) == "gone"
    assert render(template, Facts(source="a", destination="b")) == "gone from a to b"


def test_a_page_is_read_from_its_text() -> None:
    page = parse_page("PD201-sent.md", HEAD)
    assert (page.code, page.name, page.severity, page.paragraphs) == ("PD201", "sent", "error", ("4",))
    assert page.message_for(Facts(destination="x.test")) == "Data goes to x.test"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"PD201"', '"PD2"', r"PD201-sent.md: code: "),
        ('"sent"', '"Sent"', r"PD201-sent.md: name: "),
        ('"error"', '"fatal"', r"PD201-sent.md: severity: "),
        ('["4"]', '"4"', r"PD201-sent.md: paragraphs: "),
        ("family", "familly", r"PD201-sent.md: .*familly"),
        ('summary = "It is sent."\n', "", r"PD201-sent.md: .*summary"),
        ("It is sent.", "It is sent", r"PD201-sent.md: summary: "),
        ("|somebody}", "|somebody}.", r"PD201-sent.md: message: "),
        ("|somebody}", "}", r"message: \{destination\} needs a text .*\{destination\|\.\.\.\}"),
        ("{destination|somebody}", "{destinaton}", r"message: .*did you mean \{destination\}\?"),
        ("{destination|", "{destinaton|", r'message: .*"destinaton" is no placeholder'),
        ("{destination|somebody}", "<<somebody>>", r"message: <<somebody>> needs a placeholder"),
        ("{destination|somebody}", "{destination|somebody", r"message: has a bracket that opens or closes"),
        ("Ask first.", "Ask {whom} first.", r"help: \{whom\} is no placeholder"),
        ('code = "PD201"', "code = ", r"PD201-sent.md: is not TOML: .*line 2"),
        ('"PD201"', '"PD202"', r"PD201-sent.md: should be called PD202-sent.md"),
        ("+++\n#", "---\n#", r"PD201-sent.md: has no head between two lines \+\+\+"),
    ],
)
def test_a_wrong_head_is_an_error_that_names_file_and_key(old: str, new: str, message: str) -> None:
    assert old in HEAD
    with pytest.raises(RuleFileError, match=message):
        parse_page("PD201-sent.md", HEAD.replace(old, new, 1))


def test_two_pages_of_one_code_or_name_are_refused() -> None:
    first = parse_page("PD201-sent.md", HEAD)
    other_name = parse_page("PD201-given.md", HEAD.replace('"sent"', '"given"'))
    other_code = parse_page("PD202-sent.md", HEAD.replace("PD201", "PD202"))
    with pytest.raises(RuleFileError, match=r"code: PD201 is that of PD201-\w+\.md too"):
        collect([first, other_name])
    with pytest.raises(RuleFileError, match=r'PD202-sent\.md: name: "sent" is that of PD201-sent\.md too'):
        collect([other_code, first])


def test_codes_are_selected_whole_or_by_prefix() -> None:
    assert select(PAGES, ["PD301"]) == {"PD301"}
    assert select(PAGES, ["PD1", "PD302"]) == {"PD101", "PD102", "PD302"}
    assert select(PAGES, ["PD"]) == set(PAGES)
    assert select(PAGES, []) == set()


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        ("PD2O2", '"PD2O2" is no code and no prefix of one; did you mean "PD202"?'),
        ("pd201", '"pd201" is no code and no prefix of one; did you mean "PD201"?'),
        ("X", '"X" is no code and no prefix of one'),
        ("P", '"P" is no code and no prefix of one'),
        ("", '"" is no code and no prefix of one'),
    ],
)
def test_an_unknown_code_is_an_error_with_the_nearest(prefix: str, message: str) -> None:
    with pytest.raises(UnknownCodeError) as caught:
        select(PAGES, ["PD101", prefix])
    assert str(caught.value) == message
    with pytest.raises(UnknownCodeError):
        chosen(PAGES, ["PD"], [prefix])


def test_the_longer_prefix_decides_between_select_and_ignore() -> None:
    assert chosen(PAGES, ["PD1"], ["PD102"]) == {"PD101"}
    assert chosen(PAGES, ["PD102"], ["PD1"]) == {"PD102"}
    assert chosen(PAGES, ["PD1"], ["PD1"]) == set()
    assert chosen(PAGES, ["PD"], ["PD2", "PD6"]) == {code for code in PAGES if code[2] not in "26"}


def test_the_table_of_rules_has_a_line_for_each() -> None:
    lines = _shown(render_table(PAGES)).splitlines()
    assert [line.split()[0] for line in lines] == ["code", *PAGES]
    assert lines[3].split()[:6] == ["PD201", "transfer-without-consent", "error", "4,", "4-4,", "8"]


def test_a_page_is_shown_with_its_files_and_without_its_links() -> None:
    shown = _shown(render_page(PAGES["PD201"]))
    assert shown.startswith(
        "PD201 transfer-without-consent [error, paragraphs 4, 4-4, 8 of the Rules]\n" + PAGES["PD201"].summary
    )
    assert "\nleads.py" in shown
    assert "# finding: PD201[full_name, phone]" in shown
    assert ".md" not in shown
    assert "+++" not in shown


def test_a_rule_is_asked_for_by_code_by_prefix_or_not_at_all() -> None:
    assert _shown(render_rule("pd101")).startswith("PD101 foreign-storage [error, paragraph 11 of the Rules]")
    assert [line.split()[0] for line in _shown(render_rule("PD3")).splitlines()] == ["code", "PD301", "PD302"]
    assert _shown(render_rule(None)) == _shown(render_table(PAGES))
    assert _shown(render_rule("PD900")).startswith("PD900 syntax-error [error]")
    with pytest.raises(UnknownCodeError, match='did you mean "PD101"'):
        render_rule("PD1O1")
