"""Everything wrong with a configuration at once; each error beside its twin that is none (spec section 2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qorgau.config import ConfigError, ExemptionSpec, FieldSpec, Keys, Settings, json_schema, load
from qorgau.config.checking import complaints


@pytest.fixture
def configured(tmp_path: Path) -> Callable[[str], Settings]:
    """Load a configuration of this text."""

    def configure(text: str) -> Settings:
        (tmp_path / "qorgau.toml").write_text(text, encoding="utf-8")
        return load(tmp_path, tmp_path, None)

    return configure


@pytest.fixture
def problems_of(configured: Callable[[str], Settings]) -> Callable[[str], list[str]]:
    """The lines of the error that a configuration of this text raises."""

    def problems(text: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            configured(text)
        return str(caught.value).splitlines()

    return problems


EXEMPTION = "[[exemptions]]\ncodes = ['PD2']\n"


@pytest.mark.parametrize(
    ("wrong", "message", "right"),
    [
        # Keys.
        (
            "[fields.iin]\nnmaes = []",
            'fields.iin.nmaes: unknown key; did you mean "names"?',
            "[fields.iin]\nnames = []",
        ),
        ("[field.iin]", 'field: unknown key; did you mean "fields"?', "[fields.iin]"),
        (
            "min_confidence = 'low'",
            'min_confidence: unknown key; did you mean "min-confidence"?',
            "min-confidence = 'low'",
        ),
        (
            "[blocking]\nxyz = 1",
            "blocking.xyz: unknown key; the keys here are checks",
            "[blocking]\nchecks = ['is_blocked']",
        ),
        ("path = 'x'", None, "source-roots = ['x']"),
        ('[fields."a b"]\nx = 1', None, '[fields."a b"]'),
        ('[fields.""]', 'fields."": the key is empty', "[fields.a]"),
        # Types.
        (
            "select = 'PD1'",
            'select: expected a list of strings, got a string; write ["PD1"]',
            "select = ['PD1']",
        ),
        (
            "source-roots = [1]",
            "source-roots[0]: expected a string, got a whole number",
            "source-roots = ['1']",
        ),
        (
            "home = 7.5",
            "home: expected a list of strings, got a decimal number",
            "home = ['KZ', 'UZ']",
        ),
        (
            "[fields.iin]\nenumerable = 'yes'",
            "fields.iin.enumerable: expected true or false, got a string",
            "[fields.iin]\nenumerable = false",
        ),
        (
            "[exports.e]\npublic = 1",
            "exports.e.public: expected true or false, got a whole number",
            "[exports.e]\npublic = true",
        ),
        ("fields = []", "fields: expected a table, got a list", "fields = {}"),
        ("fields = {iin = 'x'}", "fields.iin: expected a table, got a string", "fields = {iin = {}}"),
        (
            "[exemptions]\ncodes = []",
            "exemptions: expected a list of tables, got a table",
            EXEMPTION + "basis = 'b'\nreason = 'r'",
        ),
        (
            "regulation = 2026-01-01",
            "regulation: expected a string, got a date or time",
            "regulation = 'kz-395'",
        ),
        (
            "[consent]\npurpose-argument = true",
            "consent.purpose-argument: expected a string or a whole number, got true",
            "[consent]\npurpose-argument = 1",
        ),
        (
            "[consent]\npurpose-argument = -1",
            "consent.purpose-argument: -1 is no position; positions start at 0",
            "[consent]\npurpose-argument = 0",
        ),
        (
            "[consent]\npurpose-argument = '1'",
            'consent.purpose-argument: "1" is no keyword; write a position as a number: 1',
            "[consent]\npurpose-argument = 'purpose'",
        ),
        (
            "[consent]\npurpose-argument = 'a b'",
            'consent.purpose-argument: "a b" is no keyword',
            "[consent]\npurpose-argument = 'a_b'",
        ),
        # Choices.
        (
            "operator = 'stat'",
            'operator: "stat" is not one of "private", "state"; did you mean "state"?',
            "operator = 'state'",
        ),
        (
            "min-confidence = 'certain'",
            'min-confidence: "certain" is not one of "high", "low", "medium"',
            "min-confidence = 'high'",
        ),
        (
            "regulation = 'kz-359'",
            'regulation: there is no regulation "kz-359"; did you mean "kz-395"?',
            "regulation = 'kz-395'",
        ),
        ("regulation = 'gdpr'", None, "regulation = 'kz-395'"),
        # Codes.
        (
            "select = ['pd201']",
            'select[0]: "pd201" is no code and no prefix of one; did you mean "PD201"?',
            "select = ['PD201']",
        ),
        ("ignore = ['PD7']", None, "ignore = ['PD6']"),
        ("ignore = ['PD2011']", None, "ignore = ['PD20']"),
        ("ignore = ['P']", None, "ignore = ['PD']"),
        ("ignore = ['']", "ignore[0]: is empty", "ignore = []"),
        # Countries, regions, durations.
        ("home = ['kz']", 'home[0]: "kz" is no ISO 3166 country code; did you mean "KZ"?', "home = ['KZ']"),
        ("home = ['UK']", 'home[0]: "UK" is no ISO 3166 country code; did you mean "GB"?', "home = ['GB']"),
        (
            "[storages.s]\ncountry = 'Germany'",
            'storages.s.country: "Germany" is no ISO 3166 country code; two letters, as "KZ"',
            "[storages.s]\ncountry = 'DE'",
        ),
        ("[recipients.r]\ncountry = 'XX'", None, "[recipients.r]\ncountry = 'US'"),
        (
            "[storages.s]\nregion = 'eu-central-1'",
            'storages.s.region: "eu-central-1" is no region; write provider:region, as "aws:eu-central-1"',
            "[storages.s]\nregion = 'aws:eu-central-1'",
        ),
        ("[storages.s]\nregion = 'aws:'", None, "[storages.s]\nregion = 'yandex:kz1'"),
        (
            "[fields.f]\nretention = '5Y'",
            'fields.f.retention: "5Y" is no ISO 8601 duration; did you mean "P5Y"?',
            "[fields.f]\nretention = 'P5Y'",
        ),
        (
            "[fields.f]\nretention = 'five years'",
            'fields.f.retention: "five years" is no ISO 8601 duration; five years are "P5Y"',
            "[fields.f]\nretention = 'P1Y6M'",
        ),
        ("[fields.f]\nretention = 'P'", None, "[fields.f]\nretention = 'P90D'"),
        ("[fields.f]\nretention = 'P1DT'", None, "[fields.f]\nretention = 'P1DT12H'"),
        ("[fields.f]\nretention = 'P1M1Y'", None, "[fields.f]\nretention = 'PT0.5S'"),
        # Patterns of names, calls, attributes.
        (
            "[fields.f]\nnames = ['*']",
            'fields.f.names[0]: "*" would match every name',
            "[fields.f]\nnames = ['*_iin']",
        ),
        (
            "[fields.f]\nnames = ['--']",
            'fields.f.names[0]: "--" holds no word',
            "[fields.f]\nnames = ['e-mail']",
        ),
        (
            "[fields.f]\nnames = ['Client.iin']",
            'fields.f.names[0]: "Client.iin" is a dotted path; names are single identifiers (see attributes)',
            "[fields.f]\nattributes = ['Client.iin']",
        ),
        (
            "[fields.f]\nattributes = ['iin']",
            'fields.f.attributes[0]: "iin" names no class; write Class.attribute',
            "[fields.f]\nattributes = ['bank.models.Client.iin']",
        ),
        (
            "[fields.f]\nattributes = ['Client.*']",
            'fields.f.attributes[0]: "Client.*" is no dotted name (* is not allowed here)',
            "[fields.f]\nattributes = ['Client.клиент']",
        ),
        (
            "[erasure]\nfunctions = ['bank/privacy.erase']",
            'erasure.functions[0]: "bank/privacy.erase" is no dotted name',
            "[erasure]\nfunctions = ['bank.privacy.erase']",
        ),
        ("[internal]\ncalls = ['a..b']", None, "[internal]\ncalls = ['a.b']"),
        (
            "[internal]\ncalls = ['*']",
            'internal.calls[0]: "*" would match everything',
            "[internal]\ncalls = ['a.*']",
        ),
        ("[internal]\ncalls = ['a.**']", None, "[internal]\ncalls = ['a.send_*']"),
        ("[consent]\nattributes = ['consent given']", None, "[consent]\nattributes = ['consents.transfer']"),
        # Hosts.
        (
            "[internal]\nhosts = ['https://api.example.kz/v1']",
            'internal.hosts[0]: "https://api.example.kz/v1" is no host; leave out scheme, user and path',
            "[internal]\nhosts = ['api.example.kz']",
        ),
        (
            "[storages.s]\nhosts = ['db:5432']",
            'storages.s.hosts[0]: "db:5432" is no host; leave out the port',
            "[storages.s]\nhosts = ['db']",
        ),
        (
            "[storages.s]\nhosts = ['a b.kz']",
            None,
            "[storages.s]\nhosts = ['*.example.kz', '10.0.0.*', 'fe80::1']",
        ),
        ("[storages.s]\nhosts = ['a..kz']", None, "[storages.s]\nhosts = ['пример.қаз', '*']"),
        # Gitignore patterns.
        ("exclude = ['!']", 'exclude[0]: "!" is no gitignore pattern', "exclude = ['!keep.py']"),
        (
            r"exclude = ['src\app\*.py']",
            r'exclude[0]: "src\\app\\*.py" has a backslash; paths are written with /, as "src/app/*.py"',
            "exclude = ['src/app/*.py']",
        ),
        ("exclude = ['[z-a]']", 'exclude[0]: "[z-a]" is no gitignore pattern', "exclude = ['[a-z]']"),
        ("exclude = ['']", "exclude[0]: is empty", "exclude = ['**/migrations/**']"),
        (
            "exclude = ['/']",
            'exclude[0]: "/" is a gitignore pattern that matches nothing',
            "exclude = ['/build']",
        ),
        (
            "exclude = ['#x']",
            'exclude[0]: "#x" is a comment in gitignore patterns; write "\\\\#x"',
            "exclude = ['\\#x']",
        ),
        (
            "[purposes]\n'!' = 'x'",
            'purposes."!": the key "!" is no gitignore pattern',
            "[purposes]\n'src/**' = 'x'",
        ),
        ("[purposes]\n'src/**' = ' '", 'purposes."src/**": is empty', "[purposes]\n'src/**' = 'kyc'"),
        # What an exemption must say.
        (
            EXEMPTION + "reason = 'r'",
            "exemptions[0].basis: is required",
            EXEMPTION + "reason = 'r'\nbasis = 'b'",
        ),
        (
            EXEMPTION + "basis = 'b'\nreason = ''",
            "exemptions[0].reason: is empty",
            EXEMPTION + "basis = 'b'\nreason = 'r'",
        ),
        (
            "[[exemptions]]\nbasis = 'b'\nreason = 'r'",
            "exemptions[0].codes: is required",
            EXEMPTION + "basis = 'b'\nreason = 'r'\npaths = ['src/**']",
        ),
    ],
)
def test_what_cannot_be_read_is_an_error_and_its_twin_is_not(
    configured: Callable[[str], Settings],
    problems_of: Callable[[str], list[str]],
    wrong: str,
    message: str | None,
    right: str,
) -> None:
    problems = problems_of(wrong)
    assert len(problems) == 1
    if message is not None:
        assert problems == [f"qorgau.toml: {message}"]
    assert configured(right).path is not None


def test_every_error_is_told_at_once_in_the_order_of_the_file(
    problems_of: Callable[[str], list[str]],
) -> None:
    text = """
operator = "goverment"
colour = true
[fields.iin]
nmaes = ["iin"]
retention = "5Y"
[storages.s]
country = "de"
[[exemptions]]
codes = ["PD2", "X1"]
"""
    assert [problem.split(": ")[1] for problem in problems_of(text)] == [
        "operator",
        "colour",
        "fields.iin.nmaes",
        "fields.iin.retention",
        "storages.s.country",
        "exemptions[0].codes[1]",
        "exemptions[0].basis",
        "exemptions[0].reason",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = \n", "line 1, column 5: is not TOML: invalid value"),
        ("home = ['KZ']\nhome = [", "line 2, column 9: is not TOML: "),
        ("home = ['KZ']\n\n[fields.iin\n", "line 3, column 12: is not TOML: expected ']'"),
        ("a = 1\na = 2", "line 2, column 6: is not TOML: cannot overwrite a value"),
        ("a = " + "[" * 100_000, "is nested too deeply to be read"),
    ],
)
def test_broken_toml_is_one_line_with_its_place(
    problems_of: Callable[[str], list[str]], text: str, message: str
) -> None:
    (problem,) = problems_of(text)
    assert problem.startswith(f"qorgau.toml: {message}")


TEXTS = st.sampled_from(
    ["", "KZ", "iin", "PD2", "PD", "*", "a.b", "P5Y", "aws:x", "state", "low", "kz-395", " "]
)
VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(-2, 2), st.floats(allow_nan=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)
TABLES = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(Keys.__struct_encode_fields__, VALUES),
        "fields": st.dictionaries(
            TEXTS,
            st.dictionaries(st.sampled_from(FieldSpec.__struct_encode_fields__), VALUES, max_size=2),
            max_size=2,
        ),
        "exemptions": st.lists(
            st.dictionaries(st.sampled_from(ExemptionSpec.__struct_encode_fields__), VALUES), max_size=2
        ),
    },
)


@given(TABLES)
def test_what_is_found_right_can_be_decoded(tables: dict[str, object]) -> None:
    if not list(complaints(tables)):
        msgspec.convert(tables, Keys)


@given(TABLES)
def test_what_cannot_be_decoded_is_found_wrong(tables: dict[str, object]) -> None:
    try:
        msgspec.convert(tables, Keys)
    except msgspec.ValidationError:
        assert list(complaints(tables))


def test_the_errors_and_doubts_shown_in_the_documentation_are_the_real_ones(
    configured: Callable[[str], Settings], problems_of: Callable[[str], list[str]]
) -> None:
    page = (Path(__file__).parent.parent / "docs" / "configuration.md").read_text(encoding="utf-8")
    shown = re.findall(r"```toml\n(.*?)```\n\ncomes?\n\n```text\n(.*?)```", page, re.DOTALL)
    (wrong, errors), (odd, doubts) = shown
    assert problems_of(wrong) == errors.splitlines()
    assert [str(doubt) for doubt in configured(odd).doubts] == doubts.splitlines()


def test_every_key_is_documented() -> None:
    page = (Path(__file__).parent.parent / "docs" / "configuration.md").read_text(encoding="utf-8")
    schema = json_schema()
    tables = [schema, *schema["$defs"].values()]
    keys = {key for table in tables for key in table["properties"]}
    assert [key for key in sorted(keys) if not re.search(rf"[`\[.]{key}[`\].]", page)] == []
