"""The walk itself: from folder to folder, each real one once, into nothing that is left out."""

# Paths are strings on the way down: pathlib costs more than the walk, and its resolve() follows links.
# ruff: noqa: PTH112, PTH116, PTH118, PTH119, PTH120, PTH206, PTH208

from __future__ import annotations

import os
from collections.abc import Iterable

import msgspec

from qorgau.source.ignoring import Layer, decision, read_ignore_file
from qorgau.source.naming import Namer, printable
from qorgau.source.reading import cannot_be_read
from qorgau.source.values import SourceProblem

_SUFFIXES = (".py", ".pyw", ".ipynb")
_LOCK = ".#"
"""How the names of links begin with which Emacs marks files that are being edited."""
_LEFT_OUT = frozenset({"node_modules", "site-packages", "dist-packages", "__pycache__", "__pypackages__"})
_OUTPUT = frozenset({"build", "dist"})
_TESTS = frozenset({"tests", "test"})
_LIBRARIES = frozenset({"lib", "lib64", "Lib"})


class Project(msgspec.Struct, frozen=True):
    """A project's root for ignoring (``anchor``) and for naming (``base``), its names and its exclusions."""

    anchor: str
    base: str
    namer: Namer
    exclude: Layer


class Found(msgspec.Struct, frozen=True):
    """A file met on the way. ``real`` is its path with all links resolved."""

    folder: str
    name: str
    real: str
    in_tests: bool
    wanted: bool
    project: Project

    @property
    def path(self) -> str:
        """Its absolute path under the name it was met by."""
        return os.path.join(self.folder, self.name)


class _Folder(msgspec.Struct, frozen=True):
    path: str
    real: str
    in_tests: bool
    wanted: bool
    named: bool  # by the user or by a "!" pattern: entered whatever it is
    project: Project
    layers: tuple[Layer, ...]
    exclude: Layer | None


class Walk:
    """Collects files. Links wait until ``finish``: a file goes by its own name wherever that is met."""

    def __init__(self, cwd: str) -> None:
        self.problems: list[SourceProblem] = []
        self._cwd = cwd
        self._real_cwd = os.path.realpath(cwd)
        self._found: dict[str, Found] = {}
        self._entered: set[tuple[int, int]] = set()
        self._wanted: set[str] = set()
        self._prefixes: dict[str, str] = {}
        self._linked_folders: list[_Folder] = []
        self._linked_files: list[Found] = []

    def want(self, path: str) -> None:
        """Whatever is at or below ``path`` is to be judged."""
        self._wanted.add(os.path.realpath(path))

    def is_wanted(self, found: Found) -> bool:
        """Whether the file is to be judged, under any of its names."""
        return found.wanted or found.real in self._wanted

    def found(self) -> Iterable[Found]:
        """All the files, each real one once."""
        return self._found.values()

    def file(self, path: str, project: Project) -> None:
        """Take one file, whatever its name."""
        folder, name = os.path.split(path)
        real = os.path.realpath(path)
        if real not in self._found:
            self._found[real] = Found(folder, name, real, _below_tests(folder, project.base), True, project)

    def folder(self, path: str, project: Project, layers: tuple[tuple[Layer, ...], Layer | None]) -> None:
        """Take what is below a folder that was named or is a project's root."""
        real = os.path.realpath(path)
        tests = _below_tests(path, project.base)
        self._descend(_Folder(path, real, tests, self._covers(real), True, project, *layers))

    def finish(self) -> None:
        """Follow the links put aside: to folders that were not entered, to files that were not met."""
        while self._linked_folders:
            links = sorted(self._linked_folders, key=lambda folder: folder.path)
            self._linked_folders = []
            for link in links:
                self._descend(link)
        for file in sorted(self._linked_files, key=lambda file: file.path):
            met = self._found.setdefault(file.real, file)
            if file.wanted and not met.wanted:
                self._wanted.add(file.real)
        self._linked_files = []

    def display(self, path: str) -> str:
        """A path as it is shown: relative to the working folder, with ``/``, printable."""
        folder, name = os.path.split(path)
        return printable(self.display_prefix(folder) + name)

    def display_prefix(self, folder: str) -> str:
        """What stands before the name of an entry of ``folder`` when it is shown."""
        if folder not in self._prefixes:
            relative = self._relative(folder).replace(os.sep, "/")
            self._prefixes[folder] = "" if relative == "." else relative.rstrip("/") + "/"
        return self._prefixes[folder]

    def _relative(self, folder: str) -> str:
        try:
            lexical = os.path.relpath(folder, self._cwd)
            real = (
                os.path.relpath(os.path.realpath(folder), self._real_cwd)
                if lexical.startswith("..")
                else ".."
            )
        except ValueError:  # another drive
            return folder
        return lexical if real.startswith("..") else real

    def _covers(self, real: str) -> bool:
        while real not in self._wanted:
            parent = os.path.dirname(real)
            if parent == real:
                return False
            real = parent
        return True

    def _descend(self, start: _Folder) -> None:
        pending = [start]
        while pending:
            folder = pending.pop()
            try:
                status = os.stat(folder.path)
                identity = (status.st_dev, status.st_ino)
                if identity in self._entered:
                    self._note_repeated(folder)
                    continue
                with os.scandir(folder.path) as listing:
                    entries = list(listing)
            except OSError as error:
                self._problem(folder.path, error)
                continue
            names = {entry.name for entry in entries}
            if not folder.named and _is_left_out(folder.path, names):
                continue
            self._entered.add(identity)
            folder.project.namer.note(folder.path, names)
            layers = self._layers(folder, names)
            for entry in entries:
                self._take(entry, folder, layers, pending)

    def _note_repeated(self, folder: _Folder) -> None:
        """A link below a wanted folder makes wanted what it leads to, unless it leads back up."""
        if folder.wanted and not _is_at_or_above(folder.real, os.path.realpath(os.path.dirname(folder.path))):
            below = folder.real.rstrip(os.sep) + os.sep
            self._wanted.update(real for real in self._found if real.startswith(below))

    def _layers(self, folder: _Folder, names: set[str]) -> tuple[Layer, ...]:
        if ".gitignore" not in names:
            return folder.layers
        path = os.path.join(folder.path, ".gitignore")
        try:
            return (*folder.layers, Layer(folder.path, read_ignore_file(path)))
        except OSError as error:
            self._problem(path, error)
            return folder.layers

    def _take(
        self, entry: os.DirEntry[str], folder: _Folder, layers: tuple[Layer, ...], pending: list[_Folder]
    ) -> None:
        try:
            if entry.is_dir():
                self._take_folder(entry, folder, layers, pending)
            elif entry.name.endswith(_SUFFIXES):
                self._take_file(entry, folder, layers)
        except OSError as error:
            self._problem(entry.path, error)

    def _take_folder(
        self, entry: os.DirEntry[str], folder: _Folder, layers: tuple[Layer, ...], pending: list[_Folder]
    ) -> None:
        name = entry.name
        said = folder.exclude.decide(entry.path, is_folder=True) if folder.exclude else None
        by_default = name.startswith(".") or name in _LEFT_OUT or name.endswith(".egg-info")
        if name == ".git" or (said is None and by_default) or said:
            return
        if said is None and decision(entry.path, True, layers):
            return
        is_link = entry.is_symlink()
        real = os.path.realpath(entry.path) if is_link else os.path.join(folder.real, name)
        child = _Folder(
            path=entry.path,
            real=real,
            in_tests=folder.in_tests or name in _TESTS,
            wanted=folder.wanted or (self._covers(real) if is_link else real in self._wanted),
            named=said is False,
            project=folder.project,
            layers=layers,
            exclude=folder.exclude,
        )
        if not is_link:
            pending.append(child)
        elif _is_at_or_above(os.path.realpath(folder.project.anchor), real):
            self._linked_folders.append(child)

    def _take_file(self, entry: os.DirEntry[str], folder: _Folder, layers: tuple[Layer, ...]) -> None:
        said = folder.exclude.decide(entry.path, is_folder=False) if folder.exclude else None
        if said or (said is None and decision(entry.path, False, layers)):
            return
        if entry.is_symlink():
            if not entry.is_file():
                if entry.name.startswith(_LOCK):
                    return
                raise FileNotFoundError(2, "it is a link that leads to no file")
            real = os.path.realpath(entry.path)
            wanted = folder.wanted or real in self._wanted
            self._linked_files.append(
                Found(folder.path, entry.name, real, folder.in_tests, wanted, folder.project)
            )
        elif entry.is_file():
            real = os.path.join(folder.real, entry.name)
            self._found[real] = Found(
                folder.path, entry.name, real, folder.in_tests, folder.wanted, folder.project
            )

    def _problem(self, path: str, error: OSError) -> None:
        self.problems.append(SourceProblem(self.display(path), cannot_be_read(error)))


def is_test_name(name: str) -> bool:
    """Whether a file of this name holds tests, by the custom of pytest, unittest and Django."""
    return (
        (name.startswith("test_") and name.endswith(".py"))
        or name.endswith("_test.py")
        or name
        in (
            "conftest.py",
            "tests.py",
        )
    )


def _is_left_out(path: str, names: set[str]) -> bool:
    """Whether a folder with these entries is somebody else's code or a build's output."""
    if "pyvenv.cfg" in names:
        return True
    if os.path.basename(path) in _OUTPUT and "__init__.py" not in names:
        return True
    return any(_holds_site_packages(os.path.join(path, name)) for name in _LIBRARIES.intersection(names))


def _holds_site_packages(library: str) -> bool:
    if os.path.isdir(os.path.join(library, "site-packages")):
        return True
    try:
        names = os.listdir(library)
    except OSError:
        return False
    return any(
        name.startswith("python") and os.path.isdir(os.path.join(library, name, "site-packages"))
        for name in names
    )


def _below_tests(folder: str, base: str) -> bool:
    if not _is_at_or_above(base, folder):
        return False
    return not _TESTS.isdisjoint(os.path.relpath(folder, base).split(os.sep))


def _is_at_or_above(upper: str, lower: str) -> bool:
    return lower == upper or lower.startswith(upper.rstrip(os.sep) + os.sep)
