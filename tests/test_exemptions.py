"""Where the law itself lifts a requirement (spec sections 2 and 7)."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from findings_made import finding

from qorgau.cli import main
from qorgau.config import ExemptionSpec, Settings
from qorgau.findings import Finding, Suppression
from qorgau.judging.exemptions import apply

ROOT = Path("/srv/project")
LAW = "Law on Personal Data, Article 16, paragraph 3: Reporting to the agency"


def _exemption(
    codes: tuple[str, ...] = ("PD202",), paths: tuple[str, ...] = (), fields: tuple[str, ...] = ()
) -> ExemptionSpec:
    return ExemptionSpec(
        codes=codes,
        paths=paths,
        fields=fields,
        basis="Law on Personal Data, Article 16, paragraph 3",
        reason="Reporting to the agency",
    )


def _applied(
    *exemptions: ExemptionSpec, to: Finding, cwd: Path = ROOT
) -> list[tuple[tuple[str, ...], str | None]]:
    """Fields and justification of what becomes of one finding."""
    settings = Settings(exemptions=exemptions, root=ROOT)
    settled = apply([to], settings, cwd)
    assert all((each.suppressed is None) == (each.justification is None) for each in settled)
    assert all(each.suppressed in (None, Suppression.EXEMPTION) for each in settled)
    return [(each.fields, each.justification) for each in settled]


BOTH = finding(7, "PD202", path="src/bank/aml/report.py", fields=("iin", "phone"))


def test_an_exemption_marks_the_finding_with_basis_and_reason() -> None:
    assert _applied(_exemption(), to=BOTH) == [(("iin", "phone"), LAW)]


def test_one_that_covers_some_fields_leaves_the_others_and_adds_a_marked_entry() -> None:
    assert _applied(_exemption(fields=("iin",)), to=BOTH) == [(("phone",), None), (("iin",), LAW)]


def test_one_that_covers_none_of_the_fields_leaves_all() -> None:
    assert _applied(_exemption(fields=("email",)), to=BOTH) == [(BOTH.fields, None)]
    assert _applied(_exemption(fields=("email",)), to=finding(code="PD202", fields=())) == [((), None)]


def test_several_that_cover_all_fields_between_them_leave_nothing() -> None:
    several = (_exemption(fields=("iin",)), _exemption(fields=("phone", "email")))
    assert _applied(*several, to=BOTH) == [(("iin",), LAW), (("phone",), LAW)]


@pytest.mark.parametrize(
    ("codes", "covered"), [(("PD202",), True), (("PD2",), True), (("PD201", "PD3"), False), (("PD1",), False)]
)
def test_codes_are_given_whole_or_by_prefix(codes: tuple[str, ...], covered: bool) -> None:
    ((_, justification),) = _applied(_exemption(codes=codes), to=BOTH)
    assert (justification is not None) == covered


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        ("src/bank/aml/**", True),
        ("src/bank/aml/", True),
        ("aml", True),
        ("*.py", True),
        ("/src/*/aml/report.py", True),
        ("bank/aml/**", False),
        ("src/bank/kyc/**", False),
        ("/report.py", False),
    ],
)
def test_paths_are_gitignore_patterns_from_the_root(pattern: str, covered: bool) -> None:
    ((_, justification),) = _applied(_exemption(paths=(pattern,)), to=BOTH)
    assert (justification is not None) == covered


def test_one_path_can_be_taken_back() -> None:
    paths = ("src/bank/aml/**", "!src/bank/aml/report.py")
    assert _applied(_exemption(paths=paths), to=BOTH) == [(BOTH.fields, None)]


@pytest.mark.parametrize(
    ("cwd", "path"),
    [
        (ROOT / "src", "bank/aml/report.py"),
        (ROOT / "docs", "../src/bank/aml/report.py"),
        (Path("/"), "srv/project/src/bank/aml/report.py"),
        (Path("/home"), "/srv/project/src/bank/aml/report.py"),
    ],
)
def test_patterns_start_at_the_root_wherever_the_scan_was_started(cwd: Path, path: str) -> None:
    moved = msgspec.structs.replace(BOTH, path=path)
    exemption = _exemption(paths=("src/bank/aml/**",))
    assert _applied(exemption, to=moved, cwd=cwd) == [(BOTH.fields, LAW)]


def test_without_a_root_patterns_start_at_the_working_folder() -> None:
    settings = Settings(exemptions=(_exemption(paths=("/src/bank/aml",)),))
    (settled,) = apply([BOTH], settings, Path("/anywhere"))
    assert settled.suppressed is Suppression.EXEMPTION


def test_the_parts_of_a_finding_have_fingerprints_of_their_own() -> None:
    settings = Settings(exemptions=(_exemption(fields=("iin",)),), root=ROOT)
    rest, exempted = apply([BOTH], settings, ROOT)
    assert rest.fingerprint == BOTH.fingerprint
    assert len({rest.fingerprint, exempted.fingerprint, ""}) == 3
    assert apply([BOTH], settings, ROOT) == (rest, exempted)


def test_the_parts_are_told_anew() -> None:
    def narrow(whole: Finding, fields: tuple[str, ...]) -> Finding:
        return msgspec.structs.replace(whole, fields=fields, message=f"Personal data ({', '.join(fields)})")

    settings = Settings(exemptions=(_exemption(fields=("iin",)),), root=ROOT)
    messages = [each.message for each in apply([BOTH], settings, ROOT, narrow)]
    assert messages == ["Personal data (phone)", "Personal data (iin)"]


def test_what_is_suppressed_otherwise_stays_as_it_is() -> None:
    held = msgspec.structs.replace(BOTH, suppressed=Suppression.COMMENT, justification="why")
    settings = Settings(exemptions=(_exemption(),), root=ROOT)
    assert apply([held], settings, ROOT) == (held,)


def test_parts_of_a_finding_are_worded_for_their_own_fields(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "qorgau.toml").write_text(
        "[fields.iin]\n[fields.phone]\n"
        "[[exemptions]]\ncodes = ['PD501']\nfields = ['iin']\nbasis = 'Law'\nreason = 'Duty'\n",
        encoding="utf-8",
    )
    (tmp_path / "app.py").write_text("def f(c):\n    print(c.iin, c.phone)\n", encoding="utf-8")
    done = CliRunner().invoke(main, ["check", "--output-format", "json"])
    parts = json.loads(done.stdout)["findings"]
    assert [(part["fields"], part["suppressed"]) for part in parts] == [
        (["phone"], None),
        (["iin"], "exemption"),
    ]
    assert "(phone)" in parts[0]["message"]
    assert "(iin)" in parts[1]["message"]
