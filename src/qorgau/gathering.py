"""Everything that a run reads, read once: the request, the files, and what lies around them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from qorgau import source
from qorgau.cache import NOWHERE, Store, of_program
from qorgau.config import Settings, shown, wrong
from qorgau.findings import Problem
from qorgau.hands import ALONE, Hands
from qorgau.judging.baseline import Baseline
from qorgau.knowledge.toml_files import folder_texts
from qorgau.parsing import Broken, Progress
from qorgau.source import NotPythonError, SourceError, SourceFile, SourceText


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to check. ``paths`` are files and folders, ``cwd`` what shown paths are relative to.

    ``since`` are the only files that are judged, if given. ``progress`` is told the step's name,
    how far it is and how far it goes. ``store`` keeps what was found, and ``hands`` do the parsing;
    the report is the same whatever they are.
    """

    paths: tuple[Path, ...]
    settings: Settings
    cwd: Path
    since: frozenset[Path] | None = None
    progress: Progress | None = None
    baseline: Baseline | None = None
    store: Store = NOWHERE
    hands: Hands = ALONE


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a run reads: with the request and the program itself, all that its report depends on.

    ``undecoded`` are the files that are no text in the encoding they have, ``problems`` what could not be read.
    ``environment`` are the variables of the project's ``.env`` files, ``settings_files`` the texts of files of
    settings that the program names, ``extra`` the names and texts of the team's own files of rules.
    """

    root: Path
    files: tuple[SourceFile, ...]
    texts: dict[SourceFile, SourceText]
    undecoded: tuple[tuple[SourceFile, Broken], ...]
    problems: tuple[Problem, ...]
    environment: dict[str, str]
    settings_files: dict[str, str]
    extra: tuple[tuple[str, str], ...]


def gather(request: Request) -> Gathered:
    """Find and read the files. Raises SourceError, ConfigError, RuleFileError."""
    settings = request.settings
    found = source.discover(
        request.paths,
        root=settings.root or source.find_root(request.paths[0]),
        cwd=request.cwd,
        exclude=settings.exclude,
        source_roots=settings.source_roots,
    )
    texts, undecoded, problems = _read(found.files)
    direct = {file.path.parent for file in found.files}
    inner = {folder for below in direct for folder in (below, *below.parents) if found.root in folder.parents}
    folders = (found.root, *sorted(inner))
    return Gathered(
        root=found.root,
        files=found.files,
        texts=texts,
        undecoded=tuple(undecoded),
        problems=(*(_problem(each) for each in found.problems), *problems),
        environment=source.read_environment(folders),
        settings_files=source.read_settings(folders, found.root, (text.text for text in texts.values())),
        extra=tuple(_extra(request)),
    )


def _extra(request: Request) -> Iterator[tuple[str, str]]:
    """The names and texts of the files of ``extend-rules``."""
    settings, cwd = request.settings, request.cwd
    for position, named in enumerate(settings.extend_rules):
        folder = (settings.root or cwd) / named
        if not folder.is_dir():
            raise wrong(settings, cwd, "extend-rules", position, f'there is no folder "{named}"')
        yield from folder_texts(folder, shown(folder, cwd))


def is_judged(request: Request, file: SourceFile) -> bool:
    """Whether findings in the file are reported; the other files are context."""
    return file.wanted and (request.since is None or file.path in request.since)


def _read(
    files: tuple[SourceFile, ...],
) -> tuple[dict[SourceFile, SourceText], list[tuple[SourceFile, Broken]], list[Problem]]:
    texts: dict[SourceFile, SourceText] = {}
    undecoded: list[tuple[SourceFile, Broken]] = []
    problems: list[Problem] = []
    for file in files:
        try:
            texts[file] = source.read(file)
        except NotPythonError as error:
            undecoded.append((file, _broken(error.problem)))
        except SourceError as error:
            if file.wanted:
                problems.append(_problem(error.problem))
    return texts, undecoded, problems


def _broken(said: source.SourceProblem) -> Broken:
    return Broken(said.message, said.line or 1, said.column or 1)


def _problem(said: source.SourceProblem) -> Problem:
    return Problem(said.path, said.message, said.line, said.column)


def all_but_code(request: Request, given: Gathered) -> Iterator[bytes]:
    """What is judged depends on this and on the code of the files; not on which of them are asked about."""
    encoder = msgspec.msgpack.Encoder(enc_hook=os.fsencode, order="deterministic")
    files = [msgspec.structs.replace(file, wanted=True) for file in given.files]
    yield of_program().encode()
    yield encoder.encode((request.settings, request.cwd, given.root, files))
    yield encoder.encode((given.environment, given.extra, given.settings_files))
