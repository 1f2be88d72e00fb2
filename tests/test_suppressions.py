"""Comments that hold findings back, and those that hold back nothing (spec section 7)."""

from __future__ import annotations

import textwrap

import msgspec
import pytest
from findings_made import PAGES, finding
from hypothesis import given
from hypothesis import strategies as st

from qorgau.findings import Finding, Severity, Suppression
from qorgau.judging.comments import comments_in, without_comment
from qorgau.judging.suppressions import Judge, apply, parse
from qorgau.knowledge.pages import Page, load_pages

KNOWN = ("PD101", "PD201", "PD202", "PD301", "PD501", "PD900", "PD901", "PD902")
ALL: dict[str, Page] = {
    code: PAGES.get(code) or msgspec.structs.replace(PAGES["PD202"], code=code, file=f"{code}.md")
    for code in KNOWN
}


def _judge(*selected: str) -> Judge:
    chosen = frozenset(code for code in KNOWN if not selected or code.startswith(selected))
    return Judge(ALL, chosen, "kz-395")


def _applied(
    text: str, *findings: Finding, selected: tuple[str, ...] = ()
) -> list[tuple[str, int, str | None]]:
    """Code, line and why it is held back of all that comes out for ``text`` as ``app.py``."""
    settled = apply(findings, {"app.py": parse(text)}, _judge())
    return [(each.code, each.line, each.suppressed and each.suppressed.value) for each in settled]


def _messages(text: str, *findings: Finding, selected: tuple[str, ...] = ()) -> list[str]:
    return [
        f"{each.code} {each.message}"
        for each in apply(findings, {"app.py": parse(text)}, _judge(*selected))
        if each.code in ("PD901", "PD902")
    ]


def test_a_comment_on_the_line_holds_the_finding_back_with_its_reason() -> None:
    text = "send(phone)  # qorgau: ignore[PD201] contract 12-A, consent is on paper\n"
    (held,) = apply([finding(1)], {"app.py": parse(text)}, _judge())
    assert held.suppressed is Suppression.COMMENT
    assert held.justification == "contract 12-A, consent is on paper"


def test_a_comment_on_the_first_or_the_last_line_or_alone_above_counts_and_no_other() -> None:
    lines = ["# above", "send(", "    phone,", ")", "# below"]
    counting = []
    for number in range(len(lines)):
        text = "\n".join(
            f"{line}  # qorgau: ignore[PD201] why" if position == number else line
            for position, line in enumerate(lines)
        ).replace("# above  #", "#")
        if ("PD201", 2, "comment") in _applied(text, finding(2, end_line=4)):
            counting.append(number + 1)
    assert counting == [1, 2, 4]


def test_a_comment_after_code_on_the_line_above_is_that_lines_own() -> None:
    text = "first()  # qorgau: ignore[PD201] why\nsend(phone)\n"
    assert _applied(text, finding(2)) == [("PD901", 1, None), ("PD201", 2, None)]


def test_a_comment_alone_counts_only_directly_above() -> None:
    text = "# qorgau: ignore[PD201] why\n\nsend(phone)\n"
    assert _applied(text, finding(3)) == [("PD901", 1, None), ("PD201", 3, None)]


def test_an_indented_comment_alone_counts_too() -> None:
    text = "def f():\n    # qorgau: ignore[PD201] why\n    send(phone)\n"
    assert _applied(text, finding(3)) == [("PD201", 3, "comment")]


def test_prefixes_and_several_codes_hold_back_what_they_name() -> None:
    text = "send(phone)  # qorgau: ignore[PD2, PD501] why\n"
    held = _applied(text, finding(1, "PD201"), finding(1, "PD301"), finding(1, "PD501"))
    assert held == [("PD201", 1, "comment"), ("PD301", 1, None), ("PD501", 1, "comment")]


def test_every_finding_of_the_code_on_the_line_is_held_back() -> None:
    text = "a(phone); b(phone)  # qorgau: ignore[PD201] why\n"
    assert _applied(text, finding(1), finding(1)) == [("PD201", 1, "comment")] * 2


def test_of_several_codes_the_unused_ones_are_named() -> None:
    text = "send(phone)  # qorgau: ignore[PD201, PD301, PD5] why\n"
    assert _messages(text, finding(1)) == ["PD901 The suppression of PD301, PD5 suppresses nothing"]


def test_an_unused_suppression_stands_at_its_comment() -> None:
    text = "send()  # noqa: E501  # qorgau: ignore[PD201] why  # type: ignore\n"
    (idle,) = apply([], {"app.py": parse(text)}, _judge())
    assert (idle.path, idle.line, idle.column, idle.end_line) == ("app.py", 1, text.index("# qorgau") + 1, 1)
    assert text[idle.column - 1 : idle.end_column - 1] == "# qorgau: ignore[PD201] why"
    assert (idle.severity, idle.fields, idle.regulation, idle.help) == (
        Severity.WARNING,
        (),
        "kz-395",
        "Take it away.",
    )


def test_codes_that_are_not_selected_are_not_counted_as_unused() -> None:
    text = "send()  # qorgau: ignore[PD201, PD301] why\n"
    assert _messages(text, selected=("PD3", "PD9")) == ["PD901 The suppression of PD301 suppresses nothing"]


def test_a_prefix_is_unused_only_when_all_its_codes_are_judged() -> None:
    text = "send()  # qorgau: ignore[PD2] why\n"
    assert _messages(text, selected=("PD201", "PD9")) == []
    assert _messages(text, selected=("PD2", "PD9")) == ["PD901 The suppression of PD2 suppresses nothing"]


def test_reports_on_suppressions_come_only_when_selected() -> None:
    assert _messages("send()  # qorgau: ignore[PD201]\n", selected=("PD2",)) == []


def test_without_a_reason_it_holds_and_is_reported() -> None:
    text = "send(phone)  # qorgau: ignore[PD201]\n"
    assert _applied(text, finding(1)) == [("PD201", 1, "comment"), ("PD902", 1, None)]
    (held, _) = apply([finding(1)], {"app.py": parse(text)}, _judge())
    assert held.justification is None


@pytest.mark.parametrize(
    ("tail", "reason"),
    [
        ("why", "why"),
        (": why", "why"),
        ("- why, really -", "why, really"),
        ("— see contract #12", "see contract #12"),
        ("  # noqa: E501", ""),
        ("why  # type: ignore[arg-type]", "why"),
        ("...", ""),
        ("—", ""),
    ],
)
def test_the_reason_is_what_stands_after_the_codes(tail: str, reason: str) -> None:
    (directive,) = parse(f"x  # qorgau: ignore[PD201] {tail}\n")
    assert directive.reason == reason


@pytest.mark.parametrize(
    "comment",
    [
        "# qorgau: ignore[PD201, PD5] why",
        "#qorgau:ignore[PD201,PD5]why",
        "#  qorgau:  ignore [ pd201 , PD5, PD201, ] why",
        "## qorgau: ignore[PD201, PD5] why",
        "# pragma: no cover # qorgau: ignore[PD201, PD5] why",
    ],
)
def test_spaces_and_case_do_not_matter(comment: str) -> None:
    (directive,) = parse(comment)
    assert (directive.codes, directive.reason, directive.whole_file) == (("PD201", "PD5"), "why", False)


@pytest.mark.parametrize(
    "text",
    [
        "x = '# qorgau: ignore[PD201] why'",
        'x = "a \\" # qorgau: ignore[PD201] why"',
        'x = """\n# qorgau: ignore[PD201] why\n"""',
        "x = '''\n# qorgau: ignore[PD201] why\n'''",
        "x = r'\\' # qorgau: ignore[PD201] why'",
        "x = 'a\\\n# qorgau: ignore[PD201] why'",
        "x = 'a\\\r\n# qorgau: ignore[PD201] why'",
        '"""An unfinished text\n# qorgau: ignore[PD201] why',
        "# see the docs of qorgau: ignore[PD201]",
        "# qorgau: ignored[PD201] why",
        "# qorgau: ignore-line[PD201] why",
        "qorgau: ignore[PD201]",
    ],
)
def test_strings_and_other_words_are_no_suppressions(text: str) -> None:
    assert parse(text) == ()


@pytest.mark.parametrize(
    "before",
    [
        "x = 'it''s'",
        'x = ""',
        "x = ''''''",
        'x = """a"b""c\\"""d"""',
        "x = 'unfinished",
        "def broken(:",
        'x = f"{d["key"]}"',
        "y = rb'\\\\'",
        "\f",
    ],
)
def test_a_comment_after_any_line_is_found_where_it_stands(before: str) -> None:
    (directive,) = parse(f"{before}\n# qorgau: ignore[PD201] why\n")
    assert (directive.line, directive.column, directive.alone) == (2, 1, True)


def test_lines_are_counted_as_editors_do() -> None:
    (directive,) = parse("a\r\nb\x0c\u2028c\r\nd  # qorgau: ignore[PD201] why\r\n")
    assert (directive.line, directive.column, directive.reason) == (3, 4, "why")


def test_a_comment_for_the_file_in_its_first_ten_lines_covers_it() -> None:
    text = "\n" * 9 + "# qorgau: ignore-file[PD2] a test double\nsend(phone)\n"
    assert _applied(text, finding(90), finding(91, "PD301")) == [
        ("PD201", 90, "comment"),
        ("PD301", 91, None),
    ]


def test_below_the_tenth_line_it_covers_nothing_and_says_why() -> None:
    text = "\n" * 10 + "# qorgau: ignore-file[PD2]\nsend(phone)\n"
    assert _applied(text, finding(12)) == [("PD901", 11, None), ("PD201", 12, None)]
    assert _messages(text) == [
        "PD901 The suppression of PD2 suppresses nothing: ignore-file counts only in the first 10 lines"
    ]


def test_the_nearest_comment_gives_the_reason_and_none_counts_as_unused() -> None:
    text = "# qorgau: ignore-file[PD2] far\nsend(phone)  # qorgau: ignore[PD201] near\n"
    (held,) = apply([finding(2)], {"app.py": parse(text)}, _judge())
    assert held.justification == "near"


def test_a_comment_holds_for_its_own_file_only() -> None:
    directives = {"other.py": parse("# qorgau: ignore-file[PD2] why\n"), "app.py": ()}
    settled = apply([finding(1)], directives, _judge())
    assert [(each.code, each.path, each.suppressed) for each in settled] == [
        ("PD201", "app.py", None),
        ("PD901", "other.py", None),
    ]


@pytest.mark.parametrize(
    "comment", ["# qorgau: ignore", "# qorgau: ignore[] why", "# qorgau: ignore[PD201 why"]
)
def test_a_comment_that_names_no_code_holds_back_nothing(comment: str) -> None:
    assert "PD901 The suppression suppresses nothing: it names no code" in _messages(comment)
    assert ("PD201", 1, None) in _applied(comment, finding(1))


def test_a_code_that_does_not_exist_is_named() -> None:
    assert _messages("# qorgau: ignore[PD777] why\n") == [
        "PD901 The suppression of PD777 suppresses nothing: there is no code PD777"
    ]


@pytest.mark.parametrize("code", ["PD901", "PD902", "PD9", "PD"])
def test_no_suppression_excuses_itself(code: str) -> None:
    reported = {line.split()[0] for line in _messages(f"x()  # qorgau: ignore[{code}]\n")}
    assert reported == {"PD901", "PD902"}


def test_reports_on_suppressions_can_be_suppressed_for_the_file() -> None:
    text = "# qorgau: ignore-file[PD90] moved from another tool\nx()  # qorgau: ignore[PD201]\n"
    assert _applied(text) == [("PD901", 2, "comment"), ("PD902", 2, "comment")]


def test_a_comment_about_pd901_that_nothing_needs_is_reported() -> None:
    assert _applied("# qorgau: ignore-file[PD901] why\n") == [("PD901", 1, None)]


def test_what_an_exemption_holds_back_keeps_its_reason_and_counts_as_covered() -> None:
    exempted = msgspec.structs.replace(
        finding(1), suppressed=Suppression.EXEMPTION, justification="Article 16"
    )
    text = "send(phone)  # qorgau: ignore[PD201] why\n"
    (held,) = apply([exempted], {"app.py": parse(text)}, _judge())
    assert held == exempted


def test_two_like_comments_have_different_fingerprints_that_lines_do_not_change() -> None:
    line = "x()  # qorgau: ignore[PD201] why\n"

    def marks(text: str) -> list[str]:
        return [each.fingerprint for each in apply([], {"app.py": parse(text)}, _judge())]

    first = marks(line + line)
    assert len(set(first)) == 2
    assert marks("\n\n" + line + "\n" + line) == first


def test_findings_come_out_in_order() -> None:
    text = "\nx()  # qorgau: ignore[PD501] why\n"
    findings = [finding(3), finding(1, "PD301"), finding(1, "PD201"), finding(9, path="a.py")]
    assert [each[:2] for each in _applied(text, *findings)] == [
        ("PD201", 9),
        ("PD201", 1),
        ("PD301", 1),
        ("PD901", 2),
        ("PD201", 3),
    ]


def test_the_joined_text_of_a_notebook_is_read_as_any_other() -> None:
    text = "import os\n%%time?\n!ls\nsend(phone)  # qorgau: ignore[PD201] why\n"
    assert _applied(text, finding(4)) == [("PD201", 4, "comment")]


def test_the_pages_that_come_with_the_program_word_the_reports() -> None:
    pages = load_pages()
    judge = Judge(pages, frozenset(pages), "kz-395")
    text = "x()  # qorgau: ignore[PD201]\n# qorgau: ignore\n"
    for each in apply([], {"app.py": parse(text)}, judge):
        page = pages[each.code]
        assert (each.name, each.severity.value, each.paragraphs) == (
            page.name,
            page.severity,
            page.paragraphs,
        )
        assert "{" not in each.message + each.help
        assert ("PD201" in each.message) == (each.line == 1)


def test_the_comment_at_the_end_of_a_line_is_told_from_the_code() -> None:
    assert without_comment("x = '#'  # why") == "x = '#'  "
    assert without_comment("x = 1") == "x = 1"


@given(st.text(st.sampled_from("#'\"\\\n\r a:x[]{}f,qorgau: ignore[PD201]"), max_size=60))
def test_any_text_can_be_read_and_every_comment_is_where_it_is_said_to_be(text: str) -> None:
    lines = text.replace("\r\n", "\n").split("\n")
    for comment in comments_in(text):
        assert lines[comment.line - 1][comment.column - 1 :].startswith(comment.text)
        assert comment.text.startswith("#")
    for directive in parse(text):
        assert textwrap.shorten(directive.text, 8, placeholder="").startswith("#")
