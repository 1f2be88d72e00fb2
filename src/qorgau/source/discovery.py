"""Which files there are: from the paths named and the project around them."""

# Paths are strings on the way down: pathlib costs more than the walk, and its resolve() follows links.
# ruff: noqa: PTH100, PTH110, PTH111, PTH112, PTH113, PTH116, PTH118

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from qorgau.source.ignoring import IgnoreRules, Layer, layers_above
from qorgau.source.naming import Namer, printable
from qorgau.source.reading import cannot_be_read
from qorgau.source.values import SourceError, SourceFile, SourceProblem
from qorgau.source.walking import Found, Project, Walk, is_test_name

_ROOT_MARKERS = (".git", "pyproject.toml", "setup.py", "manage.py")
_PROJECT_MARKERS = (*_ROOT_MARKERS, "qorgau.toml", "setup.cfg")


class Discovery(msgspec.Struct, frozen=True):
    """The files of a run, sorted by what is displayed, each real file once; and what could not be read."""

    root: Path
    files: tuple[SourceFile, ...]
    problems: tuple[SourceProblem, ...]


def find_root(first: Path) -> Path:
    """The project that ``first`` belongs to, when no configuration says so.

    The nearest folder at or above it with a sign of a project, else its own folder. The home
    folder and the file system's root are nobody's project, whatever lies in them.
    """
    start = Path(os.path.abspath(first))
    folder = start if start.is_dir() else start.parent
    for candidate in (folder, *folder.parents):
        if not _is_absurd(candidate) and _has_any(candidate, _ROOT_MARKERS):
            return candidate
    return folder


def discover(
    paths: Sequence[Path],
    *,
    root: Path,
    cwd: Path,
    exclude: Sequence[str],
    source_roots: Sequence[str] | None,
) -> Discovery:
    """Find the files at and below ``paths``, and those of their projects as context.

    ``exclude`` are gitignore patterns and ``source_roots`` folders, both relative to ``root``. A path
    that is named is scanned even where the project leaves it out; a path outside ``root`` is
    taken with the project it lies in. Raises SourceError for a path that cannot be read.
    """
    working = os.path.abspath(cwd)
    top = os.path.abspath(root)
    given = frozenset(os.path.normpath(os.path.join(top, source)) for source in source_roots or ())
    rules = IgnoreRules(exclude)
    projects: dict[str, Project] = {}
    walk = Walk(working)
    named = [(_checked(path, working, top), path) for path in paths]
    starts: list[tuple[str, Project]] = []
    for absolute, _ in named:
        anchor = top if _is_within(absolute, top) else str(find_root(Path(absolute)))
        project = projects.get(anchor) or _project(anchor, absolute, rules, given)
        if anchor not in projects and _gives_context(Path(anchor)):
            starts.append((anchor, project))
        projects[anchor] = project
        starts.append((absolute, project))
        walk.want(absolute)
    for start, project in starts:
        if os.path.isdir(start):
            walk.folder(start, project, _layers(start, project))
        else:
            walk.file(start, project)
    walk.finish()
    files = sorted(
        (_source_file(found, walk) for found in walk.found()), key=lambda file: (file.display, file.path)
    )
    problems = sorted(set(walk.problems), key=lambda problem: (problem.path, problem.message))
    return Discovery(Path(top), tuple(files), tuple(problems))


def _project(anchor: str, path: str, rules: IgnoreRules, given: frozenset[str]) -> Project:
    folder = Path(anchor)
    base = find_root(Path(path)) if _is_absurd(folder) else folder
    namer = Namer(str(base), given, marked=_has_any(base, _PROJECT_MARKERS))
    return Project(anchor, str(base), namer, Layer(anchor, rules))


def _layers(start: str, project: Project) -> tuple[tuple[Layer, ...], Layer | None]:
    """The ignore files that hold below ``start``. Those that leave out ``start`` itself are overruled."""
    above = tuple(layer for layer in layers_above(start) if not layer.rejects(start))
    return above, None if project.exclude.rejects(start) else project.exclude


def _source_file(found: Found, walk: Walk) -> SourceFile:
    module, aliases = found.project.namer.module(found.folder, found.name)
    prefix = walk.display_prefix(found.folder)
    return SourceFile(
        path=Path(found.path),
        display=printable(prefix + found.name),
        module=module,
        is_package=found.name == "__init__.py",
        is_test=found.in_tests or is_test_name(found.name),
        wanted=walk.is_wanted(found),
        is_notebook=found.name.endswith(".ipynb"),
        aliases=aliases,
    )


def _checked(path: Path, working: str, root: str) -> str:
    """The absolute path, below ``root`` if it is there under any name. Raises SourceError."""
    absolute = os.path.normpath(os.path.join(working, path))
    shown = printable(str(path))
    try:
        if os.path.isdir(absolute):
            os.scandir(absolute).close()
        elif not os.path.exists(absolute):
            os.stat(absolute)
        elif not os.path.isfile(absolute):
            raise SourceError(SourceProblem(shown, "is neither a file nor a folder"))
        else:
            Path(absolute).open("rb").close()
    except FileNotFoundError as error:
        raise SourceError(SourceProblem(shown, "no such file or folder")) from error
    except OSError as error:
        raise SourceError(SourceProblem(shown, cannot_be_read(error))) from error
    real, real_root = os.path.realpath(absolute), os.path.realpath(root)
    if not _is_within(absolute, root) and _is_within(real, real_root):
        return os.path.normpath(os.path.join(root, os.path.relpath(real, real_root)))
    return absolute


def _gives_context(folder: Path) -> bool:
    return not _is_absurd(folder) and _has_any(folder, _PROJECT_MARKERS)


def _is_absurd(folder: Path) -> bool:
    return folder.parent == folder or str(folder) == os.path.expanduser("~")


def _has_any(folder: Path, names: Sequence[str]) -> bool:
    return any((folder / name).exists() for name in names)


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
