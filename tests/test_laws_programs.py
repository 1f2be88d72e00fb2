"""Laws of the analysis: changes of a program that change nothing in what it does change no finding."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from generated_programs import NAMES, PROGRAMS, UNRELATED, Program, found, scan
from hypothesis import assume, given, settings
from hypothesis import strategies as st

few = settings(max_examples=10, deadline=None, derandomize=True)
SEEDS = ("1", "2")


def _leaking(program: Program) -> list[tuple[object, ...]]:
    """What is found in a program; one in which nothing is found proves no law."""
    findings = found(program.files())
    assume(findings)
    return findings


@few
@given(PROGRAMS)
def test_the_same_program_gives_the_same_report(program: Program) -> None:
    assert scan(program.files()) == scan(program.files())


@few
@given(PROGRAMS, st.permutations(["caller.py", "helpers.py", "program.py"]))
def test_the_order_of_files_does_not_matter(program: Program, order: list[str]) -> None:
    files = program.files()
    first = scan(files, tuple(sorted(files)))
    assert scan({path: files[path] for path in order}, tuple(order)).findings == first.findings


@few
@given(PROGRAMS, st.sampled_from(["aside.py", "zebra.py"]))
def test_an_unrelated_file_changes_no_finding(program: Program, path: str) -> None:
    before = _leaking(program)
    assert found({path: UNRELATED, **program.files()}) == before


@few
@given(
    PROGRAMS,
    st.lists(
        st.from_regex(r"[k-z]{2,6}_", fullmatch=True), min_size=len(NAMES), max_size=len(NAMES), unique=True
    ),
)
def test_the_names_of_locals_change_no_finding(program: Program, names: list[str]) -> None:
    before = _leaking(program)
    assert found(program.files(tuple(names))) == before


@few
@given(PROGRAMS, st.sampled_from(["same({})", "(lambda it: it)({})", "first({}, 0)", "same(same({}))"]))
def test_a_function_that_gives_back_what_it_is_given_changes_no_finding(program: Program, form: str) -> None:
    before = _leaking(program)
    assert found(program.files(wrap=form.format)) == before


def test_the_report_does_not_depend_on_the_seed_of_hashes(tmp_path: Path) -> None:
    program = Program(
        (
            "<0> = client.phone",
            "<1> = {'a': client.iin, 'b': client.email}",
            "for <2> in ([<0>], [<1>]):",
            "    <3> = pair([<2>], [<0>])",
            "if client.consent:",
            "    <3> = [<1>]",
            "send([<3>])",
            "print([<2>])",
        )
    )
    for path, text in program.files().items():
        (tmp_path / path).write_text(text, encoding="utf-8")
    command = [
        sys.executable,
        "-c",
        "from qorgau.cli import main; main()",
        "check",
        "--output-format",
        "json",
        ".",
    ]
    reports = [
        subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=False,
        ).stdout
        for seed in SEEDS
    ]
    assert b"PD" in reports[0]
    assert reports[0] == reports[1]
