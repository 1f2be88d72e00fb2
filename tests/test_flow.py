"""What is found in the programs of fixtures/flow and fixtures/cases: what their margins say, and nothing else."""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import pytest
from cases import Case, check_with_qorgau, read_folder, run

FIXTURES = Path(__file__).parent.parent / "fixtures"
CASES = read_folder(FIXTURES / "flow")
RULES = read_folder(FIXTURES / "cases")


@pytest.mark.parametrize("case", [*CASES, *RULES], ids=lambda case: case.name)
def test_the_margin_is_true(case: Case, tmp_path: Path) -> None:
    outcome = run(case, tmp_path, check_with_qorgau)
    assert not outcome.complaints, str(outcome)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the programs use except*")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_program_is_python_3_11(case: Case) -> None:
    for path, text in case.files:
        if path.endswith(".py"):
            compile(text, path, "exec")


def test_the_suite_is_large_enough() -> None:
    assert len(CASES) >= 400


def test_every_case_has_a_twin_with_the_other_answer() -> None:
    answers = defaultdict(set)
    for case in CASES:
        answers[case.topic, case.twins].add(case.must_report)
    assert [twins for twins, found in answers.items() if len(found) == 1] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_ends_of_a_flow_are_marked(case: Case) -> None:
    begun = {field for mark in case.marks if mark.kind == "source" for field in mark.fields or ()}
    arrived = {field for mark in case.marks if mark.kind != "source" for field in mark.fields or ()}
    assert begun == arrived
