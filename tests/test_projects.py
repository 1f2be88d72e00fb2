"""The sample projects say in their margins what is found in them (fixtures/projects/README.md)."""

from __future__ import annotations

import io
import re
import tokenize
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from qorgau import config, pipeline
from qorgau.source import SourceFile, read, split_lines

PROJECTS = Path(__file__).parent.parent / "fixtures" / "projects"
NAMES = ("bank", "clinic", "courier", "telecom")
CODES = frozenset({"PD101", "PD102", "PD201", "PD202", "PD301", "PD302", "PD501"})

_MARK = re.compile(r"(PD\d{3})\[([a-z_]+(?:, [a-z_]+)*)\]")


class Mark(NamedTuple):
    """One finding, as the margin promises it or as the program reports it."""

    path: str
    line: int
    code: str
    fields: tuple[str, ...]


def _source_files(project: Path) -> list[SourceFile]:
    # Found without the program's own discovery: a file that it overlooks must be missed here.
    paths = sorted({*project.rglob("*.py"), *project.rglob("*.ipynb")})
    return [
        SourceFile(
            path=path,
            display=path.relative_to(project).as_posix(),
            module="",
            is_package=False,
            is_test=False,
            wanted=True,
            is_notebook=path.suffix == ".ipynb",
        )
        for path in paths
    ]


def _marks(project: Path) -> list[Mark]:
    return [mark for file in _source_files(project) for mark in _marks_in(file.display, read(file).text)]


def _marks_in(display: str, text: str) -> list[Mark]:
    marks = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT or "finding:" not in token.string:
            continue
        promised = token.string.removeprefix("# finding: ").split("; ")
        for part in promised:
            match = _MARK.fullmatch(part)
            assert match, f"{display}:{token.start[0]}: not a mark: {token.string}"
            fields = match[2].split(", ")
            assert fields == sorted(set(fields)), f"{display}:{token.start[0]}: fields out of order"
            marks.append(Mark(display, token.start[0], match[1], tuple(fields)))
    return marks


def _reported(project: Path) -> list[Mark]:
    settings = config.load(project, project, None)
    report = pipeline.check(pipeline.Request(paths=(project,), settings=settings, cwd=project))
    assert report.errors == ()
    return [
        Mark(finding.path, finding.line, finding.code, tuple(sorted(finding.fields)))
        for finding in report.counting
    ]


def _shown(project: Path, marks: Counter[Mark], title: str) -> list[str]:
    """``marks`` with the lines they stand on, under a title; nothing when there are none."""
    if not marks:
        return []
    texts = {file.display: split_lines(read(file).text) for file in _source_files(project)}
    lines = [f"{title} ({marks.total()}):"]
    for mark in sorted(marks.elements()):
        source = texts.get(mark.path, [])
        code = source[mark.line - 1].split("  # finding:")[0].strip() if mark.line <= len(source) else ""
        lines.append(f"  {mark.path}:{mark.line}: {mark.code}[{', '.join(mark.fields)}]  {code}")
    return lines


@pytest.mark.parametrize("name", NAMES)
def test_every_marked_line_is_reported_and_nothing_else(name: str) -> None:
    project = PROJECTS / name
    marked, reported = Counter(_marks(project)), Counter(_reported(project))
    difference = [
        *_shown(project, marked - reported, "marked and not reported"),
        *_shown(project, reported - marked, "reported and not marked"),
    ]
    assert not difference, "\n".join([f"fixtures/projects/{name}", *difference])


@pytest.mark.parametrize("name", NAMES)
def test_a_project_shows_every_code_and_as_many_clean_twins(name: str) -> None:
    project = PROJECTS / name
    marks = _marks(project)
    assert {mark.code for mark in marks} == CODES
    marked_lines = {(mark.path, mark.line) for mark in marks}
    assert len(marked_lines) >= 14
    texts = [read(file).text for file in _source_files(project)]
    assert sum(text.count("# Clean: ") for text in texts) >= len(marked_lines)


@pytest.mark.parametrize("name", NAMES)
def test_a_project_is_of_the_size_of_a_sample_and_is_python(name: str) -> None:
    files = _source_files(PROJECTS / name)
    for file in files:
        compile(read(file).text, file.display, "exec")
    total = sum(len(split_lines(read(file).text)) - 1 for file in files)
    assert 300 <= total <= 900


def test_every_project_has_a_test() -> None:
    assert sorted(path.parent.name for path in PROJECTS.glob("*/qorgau.toml")) == list(NAMES)
