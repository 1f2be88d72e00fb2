"""The configuration: where it is found, what it says, how it is written (spec section 2)."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import tomli

from qorgau.config import (
    ConfigError,
    ExemptionSpec,
    FieldSpec,
    Keys,
    RecordSpec,
    Settings,
    StorageSpec,
    dump,
    json_schema,
    load,
)
from qorgau.config.shipped import known_codes
from qorgau.knowledge.regulation import in_force, load_regulation

EXEMPTION = "[[exemptions]]\ncodes = ['PD2']\n"

SPECIFICATION = """
regulation = "kz-395"
home = ["KZ"]
operator = "private"
exclude = ["**/migrations/**"]
select = ["PD1", "PD2", "PD3"]
ignore = []
min-confidence = "medium"
source-roots = ["src", "."]
extend-rules = ["tools/qorgau-rules"]

[fields.iin]
names = ["iin", "*_iin"]
attributes = ["bank.models.Client.tax_number"]
category = "identifier"
purposes = ["kyc", "scoring"]
retention = "P5Y"
enumerable = true

[records.client]
classes = ["bank.models.Client"]
fields = ["iin", "phone", "full_name"]

[storages.archive]
hosts = ["archive-db.example.com"]
buckets = ["client-archive*"]
databases = ["replica"]
calls = ["bank.archive.save"]
country = "DE"
mirror-of = "main"

[recipients.mailchimp]
hosts = ["*.api.mailchimp.com"]
calls = ["bank.integrations.mailchimp.*"]
country = "US"
purpose = "marketing"

[exports.partner-report]
calls = ["bank.reports.publish"]
public = true

[internal]
hosts = ["*.bank.kz", "*.svc.cluster.local"]

[consent]
checks = ["bank.consent.has_consent", "Client.agreed_to"]
requires = ["bank.consent.require_consent"]
decorators = ["bank.consent.consent_required"]
attributes = ["consent_given", "consents.transfer"]
purpose-argument = "purpose"
state-service = ["egov.kdp.*"]

[depersonalization]
functions = ["bank.privacy.mask", "bank.privacy.pseudonymize"]
reversible = ["bank.crypto.encrypt"]

[erasure]
functions = ["bank.privacy.erase_client"]
[blocking]
checks = ["bank.privacy.is_blocked"]

[purposes]
"src/bank/marketing/**" = "marketing"

[[exemptions]]
codes = ["PD202"]
paths = ["src/bank/aml/**"]
fields = ["iin"]
basis = "Law on Personal Data, Article 16, paragraph 3"
reason = "Reporting to the financial monitoring agency"
"""


@pytest.fixture
def configured(tmp_path: Path) -> Callable[[str], Settings]:
    """Load a configuration of this text."""

    def configure(text: str) -> Settings:
        (tmp_path / "qorgau.toml").write_text(text, encoding="utf-8")
        return load(tmp_path, tmp_path, None)

    return configure


def test_the_example_of_the_specification_is_accepted_whole(configured: Callable[[str], Settings]) -> None:
    settings = configured(SPECIFICATION)
    assert settings.source_roots == ("src", ".")
    assert settings.fields["iin"].retention == "P5Y"
    assert settings.records["client"] == RecordSpec(
        classes=("bank.models.Client",), fields=("iin", "phone", "full_name")
    )
    assert settings.storages["archive"].mirror_of == "main"
    assert settings.recipients["mailchimp"].hosts == ("*.api.mailchimp.com",)
    assert settings.exports["partner-report"].public is True
    assert settings.consent.purpose_argument == "purpose"
    assert settings.purposes == {"src/bank/marketing/**": "marketing"}
    assert settings.exemptions[0].codes == ("PD202",)


def test_names_that_refer_to_nothing_are_doubts_and_no_errors(configured: Callable[[str], Settings]) -> None:
    assert [str(doubt).removeprefix("qorgau.toml: ") for doubt in configured(SPECIFICATION).doubts] == [
        'records.client.fields[1]: "phone" is not in [fields]; taken as an empty table there',
        'records.client.fields[2]: "full_name" is not in [fields]; taken as an empty table there',
        "storages.archive.mirror-of: there is no [storages.main]; taken as one at home",
        'source-roots[0]: there is no folder "src"',
    ]


def test_a_doubt_names_what_was_probably_meant(configured: Callable[[str], Settings]) -> None:
    settings = configured(
        "[fields.phone]\n[records.client]\nfields = ['phnoe']\n"
        "[storages.main]\n[storages.copy]\nmirror-of = 'mian'\n[storages.loop]\nmirror-of = 'loop'\n"
        "[[exemptions]]\ncodes = ['PD2']\nfields = ['phones']\nbasis = 'Law'\nreason = 'Duty'\n"
    )
    assert [(doubt.key, doubt.message) for doubt in settings.doubts] == [
        (
            "records.client.fields[0]",
            '"phnoe" is not in [fields]; taken as an empty table there; did you mean "phone"?',
        ),
        (
            "storages.copy.mirror-of",
            'there is no [storages.mian]; taken as one at home; did you mean "main"?',
        ),
        ("storages.loop.mirror-of", "a storage is no copy of itself"),
        (
            "exemptions[0].fields[0]",
            '"phones" is not in [fields]; nothing is exempted; did you mean "phone"?',
        ),
    ]


def test_a_configuration_without_slips_raises_no_doubts(configured: Callable[[str], Settings]) -> None:
    settings = configured(
        "[fields.phone]\n[records.client]\nfields = ['phone']\n"
        "[storages.main]\n[storages.copy]\nmirror-of = 'main'\n"
        "[[exemptions]]\ncodes = ['PD2']\nfields = ['phone']\nbasis = 'Law'\nreason = 'Duty'\n"
    )
    assert settings.doubts == ()


def test_an_empty_configuration_has_the_defaults(
    configured: Callable[[str], Settings], tmp_path: Path
) -> None:
    settings = configured("")
    defaults = Settings(path=tmp_path / "qorgau.toml", root=tmp_path)
    assert settings == defaults
    assert (settings.regulation, settings.operator, settings.min_confidence) == (
        "kz-395",
        "private",
        "medium",
    )
    assert (settings.home, settings.select, settings.ignore) == (None, ("PD",), ())


@pytest.mark.parametrize("encoding", ["utf-16", "cp1251"])
def test_a_file_that_is_not_utf_8_is_one_sentence(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "qorgau.toml").write_bytes("regulation = 'Қазақстан'".encode(encoding, "replace") + b"\xff")
    with pytest.raises(ConfigError, match=r"^qorgau.toml: is not UTF-8 text, which TOML has to be$"):
        load(tmp_path, tmp_path, None)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "qorgau.toml").write_bytes(b"\xef\xbb\xbfoperator = 'state'\n")
    assert load(tmp_path, tmp_path, None).operator == "state"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_nearest_file_above_the_first_path_holds(tmp_path: Path) -> None:
    write(tmp_path / "qorgau.toml", "operator = 'state'")
    near = write(tmp_path / "app/qorgau.toml", "")
    source = write(tmp_path / "app/src/main.py", "")
    for first in (source, source.parent, Path("app/src"), Path("app/src/../src")):
        assert load(first, tmp_path, None).path == near


def test_the_working_folder_is_looked_at_after_the_first_path(tmp_path: Path) -> None:
    here = write(tmp_path / "here/qorgau.toml", "")
    there = write(tmp_path / "there/qorgau.toml", "")
    cwd = tmp_path / "here"
    assert load(Path("../there"), cwd, None).path == there
    assert load(Path("../elsewhere"), cwd, None).path == here


def test_a_pyproject_counts_only_with_its_table(tmp_path: Path) -> None:
    above = write(tmp_path / "pyproject.toml", "[tool.qorgau]\noperator = 'state'")
    write(tmp_path / "app/pyproject.toml", "[project]\nname = 'qorgau'")
    settings = load(tmp_path / "app", tmp_path, None)
    assert (settings.path, settings.root, settings.operator) == (above, tmp_path, "state")


def test_qorgau_toml_wins_over_pyproject_in_one_folder(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.qorgau]\noperator = 'state'")
    own = write(tmp_path / "qorgau.toml", "")
    assert load(tmp_path, tmp_path, None).path == own


def test_a_pyproject_that_is_broken_for_others_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.other\n")
    settings = load(tmp_path, tmp_path, None)
    assert settings.path is None or not settings.path.is_relative_to(tmp_path)


def test_errors_in_a_pyproject_name_the_whole_key(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.qorgau.fields.iin]\nnmaes = []")
    with pytest.raises(ConfigError, match=r"^pyproject.toml: tool\.qorgau\.fields\.iin\.nmaes: unknown key"):
        load(tmp_path, tmp_path, None)
    write(tmp_path / "pyproject.toml", "[tool]\nqorgau = 1")
    with pytest.raises(ConfigError, match=r"^pyproject.toml: tool\.qorgau: expected a table$"):
        load(tmp_path, tmp_path, None)


def test_without_a_configuration_the_defaults_hold(tmp_path: Path) -> None:
    assert load(Path(), tmp_path, None) == Settings(root=tmp_path)


def test_a_named_file_is_used_and_no_other(tmp_path: Path) -> None:
    write(tmp_path / "qorgau.toml", "")
    named = write(tmp_path / "ci/bank.toml", "operator = 'state'")
    settings = load(tmp_path, tmp_path, Path("ci/bank.toml"))
    assert (settings.path, settings.operator) == (named, "state")


def test_paths_in_a_named_file_start_where_it_lies_if_it_lies_above_the_scan_else_in_the_working_folder(
    tmp_path: Path,
) -> None:
    named = write(tmp_path / "ci/bank.toml", "")
    assert load(tmp_path / "ci/src", tmp_path, named).root == tmp_path / "ci"
    assert load(tmp_path / "src", tmp_path, named).root == tmp_path


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.toml", "missing.toml: there is no such configuration file"),
        ("folder", "folder: is a folder, not a configuration file"),
        ("pyproject.toml", "pyproject.toml: has no table [tool.qorgau]"),
    ],
)
def test_a_named_file_that_is_none_is_one_sentence(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "folder").mkdir()
    write(tmp_path / "pyproject.toml", "[project]\nname = 'x'")
    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
        load(tmp_path, tmp_path, Path(name))


def test_the_written_configuration_reads_back_the_same(configured: Callable[[str], Settings]) -> None:
    settings = configured(SPECIFICATION)
    assert configured(dump(settings)) == settings


def test_the_written_defaults_show_what_decides_and_read_back(configured: Callable[[str], Settings]) -> None:
    assert dump(Settings()).splitlines() == [
        'regulation = "kz-395"',
        'operator = "private"',
        'select = ["PD"]',
        'min-confidence = "medium"',
    ]
    assert keys_of(configured(dump(Settings()))) == Keys()


def test_what_the_regulation_adds_can_be_written_and_read(configured: Callable[[str], Settings]) -> None:
    filled = in_force(Settings(), load_regulation("kz-395"))
    assert keys_of(configured(dump(filled))) == keys_of(filled)


def test_a_field_without_names_and_odd_texts_are_written_so_that_they_read_back(
    configured: Callable[[str], Settings],
) -> None:
    settings = Settings(
        fields={"дата рождения": FieldSpec(names=(), category='a "b" \\ c\n\x7f')},
        storages={"a.b": StorageSpec()},
        exemptions=(ExemptionSpec(codes=("PD",), basis="Заң", reason="x"),) * 2,
    )
    assert keys_of(configured(dump(settings))) == keys_of(settings)


def keys_of(settings: Settings) -> Keys:
    return Keys(**{name: getattr(settings, name) for name in Keys.__struct_fields__})


def test_the_schema_accepts_the_example_and_refuses_what_the_program_refuses() -> None:
    # It has no type stubs.
    jsonschema = importlib.import_module("jsonschema")
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(tomli.loads(SPECIFICATION))
    for wrong in (
        "min_confidence = 'low'",
        "[fields.iin]\nnmaes = []",
        "home = ['kz']",
        "operator = 'x'",
        EXEMPTION + "basis = 'b'",
        EXEMPTION + "basis = ''\nreason = 'r'",
        "path = 'x'",
    ):
        assert not validator.is_valid(tomli.loads(wrong)), wrong


def test_every_key_is_described_in_the_schema() -> None:
    schema = json_schema()
    tables = {"qorgau.toml": schema, **schema["$defs"]}
    bare = [
        f"{table}: {key}"
        for table, content in tables.items()
        for key, value in content["properties"].items()
        if not value.get("description")
    ]
    assert bare == []


def test_the_codes_of_the_specification_are_known_before_their_pages_are_written() -> None:
    assert {"PD101", "PD605", "PD902"} <= known_codes()
