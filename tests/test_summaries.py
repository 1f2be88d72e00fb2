"""What functions do to what reaches them: one small program for each feature of the language, as golden text."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from summaries import policy_of, summary

from qorgau.flow.policy import Policy

FOLDER = Path(__file__).parent.parent / "fixtures" / "summaries"
PROGRAMS = sorted(FOLDER.glob("*.py"))


@cache
def _policy() -> Policy:
    return policy_of(FOLDER)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_function_does_what_its_golden_text_says(program: Path, request: pytest.FixtureRequest) -> None:
    golden = program.with_suffix(".txt")
    text = summary(program.read_text("utf-8"), _policy())
    if request.config.getoption("--update"):
        golden.write_text(text, encoding="utf-8")
    assert golden.exists(), f"run pytest --update to write {golden.name}"
    assert text == golden.read_text("utf-8"), f"if this is meant, run pytest --update and read {golden.name}"


def test_there_is_a_program_for_every_golden_text_and_for_enough_features() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} <= {path.stem for path in PROGRAMS}
    assert len(PROGRAMS) >= 30
