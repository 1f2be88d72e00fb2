"""From a place on the disk to ``Settings``: which file holds, reading it, deciding that it is right."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import tomli

from qorgau.config.checking import Complaint, complaints, doubts, key_path
from qorgau.config.reading import quoted
from qorgau.config.settings import ConfigError, ConfigProblem, Keys, Settings

OWN_FILE = "qorgau.toml"
SHARED_FILE = "pyproject.toml"
_SHARED_TABLE = "tool.qorgau"
_PLACE = re.compile(
    r"(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)", re.DOTALL
)


def load(first_path: Path, cwd: Path, explicit: Path | None) -> Settings:
    """The configuration for a scan of ``first_path``, run in ``cwd``.

    It is ``explicit`` (``--config``) if given, else the nearest ``qorgau.toml``, or ``pyproject.toml``
    with a table ``[tool.qorgau]``, at or above ``first_path``, then at or above ``cwd``; in one folder
    ``qorgau.toml`` wins. With none, the defaults, with ``path`` None.

    Raises ConfigError with everything that is wrong with the file that was found.
    """
    start = _absolute(first_path, cwd)
    if explicit is not None:
        path = _absolute(explicit, cwd)
        tables = _explicit_tables(path, cwd)
        root = path.parent if start.is_relative_to(path.parent) else _absolute(cwd, cwd)
        return _decoded(tables, path, root, cwd)
    for folder in _folders(start, _absolute(cwd, cwd)):
        for name in (OWN_FILE, SHARED_FILE):
            path = folder / name
            if os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises where a folder above can't be entered
                found = _tables(path, cwd)
                if found is not None:
                    return _decoded(found, path, folder, cwd)
    return Settings(root=_absolute(cwd, cwd))


def _absolute(path: Path, cwd: Path) -> Path:
    # Without following links: a linked folder is configured where it is scanned.
    return Path(os.path.abspath(cwd / path))  # noqa: PTH100 - Path.resolve follows them


def _folders(start: Path, cwd: Path) -> Iterator[Path]:
    seen = set()
    for place in (start, cwd):
        for folder in (place, *place.parents):
            if folder not in seen:
                seen.add(folder)
                yield folder


def _explicit_tables(path: Path, cwd: Path) -> dict[str, object]:
    tables = _tables(path, cwd)
    if tables is None:
        raise _error(_shown(path, cwd), f"has no table [{_SHARED_TABLE}]")
    return tables


def _tables(path: Path, cwd: Path) -> dict[str, object] | None:
    """The keys in the file, None for a ``pyproject.toml`` that says nothing of us."""
    shown = _shown(path, cwd)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise _error(shown, "there is no such configuration file") from error
    except IsADirectoryError as error:
        raise _error(shown, "is a folder, not a configuration file") from error
    except OSError as error:
        raise _error(shown, f"cannot be read: {error.strerror}") from error
    if path.name != SHARED_FILE:
        return _parsed(data, shown)
    # Other tools' mistakes in a file that doesn't name us are none of our business.
    if b"qorgau" not in data:
        return None
    tool = _parsed(data, shown).get("tool")
    if not isinstance(tool, dict) or "qorgau" not in tool:
        return None
    tables = tool["qorgau"]
    if not isinstance(tables, dict):
        raise _error(shown, "expected a table", _SHARED_TABLE)
    return tables


def _parsed(data: bytes, shown: str) -> dict[str, object]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _error(shown, "is not UTF-8 text, which TOML has to be") from error
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise _error(shown, _syntax_problem(str(error), text)) from error
    except RecursionError as error:
        raise _error(shown, "is nested too deeply to be read") from error


def _syntax_problem(said: str, text: str) -> str:
    # The attributes for line and column came with tomli 2.2; the text always had them.
    place = _PLACE.fullmatch(said)
    if place is None:
        return f"is not TOML: {said}"
    line, column = place["line"], place["column"]
    if line is None:
        last = text.rpartition("\n")[2]
        line, column = str(text.count("\n") + 1), str(len(last) + 1)
    what = place["what"]
    return f"line {line}, column {column}: is not TOML: {what[:1].lower()}{what[1:]}"


def _decoded(tables: dict[str, object], path: Path, root: Path, cwd: Path) -> Settings:
    shown = _shown(path, cwd)
    prefix = _SHARED_TABLE if path.name == SHARED_FILE else ""
    problems = tuple(ConfigProblem(shown, key, message) for key, message in complaints(tables, prefix))
    if problems:
        raise ConfigError(problems)
    keys = msgspec.convert(tables, Keys)
    odd = tuple(
        ConfigProblem(shown, key, message)
        for key, message in (*doubts(keys, prefix), *_absent_roots(keys, root, prefix))
    )
    written = {name: getattr(keys, name) for name in keys.__struct_fields__}
    return Settings(**written, path=path, root=root, doubts=odd)


def _absent_roots(keys: Keys, root: Path, prefix: str) -> Iterator[Complaint]:
    for position, folder in enumerate(keys.source_roots or ()):
        if not os.path.isdir(root / folder):  # noqa: PTH112 - Path.is_dir raises where a folder can't be entered
            yield key_path(prefix, "source-roots", position), f"there is no folder {quoted(folder)}"


def whereabouts(settings: Settings, cwd: Path) -> tuple[str, str]:
    """The file of a configuration as people see it, and the table in it that has the keys; empty where none is."""
    if settings.path is None:
        return "", ""
    table = _SHARED_TABLE if settings.path.name == SHARED_FILE else ""
    return _shown(settings.path, cwd), table


def wrong(settings: Settings, cwd: Path, key: str, position: int, message: str) -> ConfigError:
    """What is wrong with an item of a list at the top of the configuration that shows itself only when it is used."""
    file, table = whereabouts(settings, cwd)
    return _error(file, message, key_path(table, key, position))


def shown(path: Path, cwd: Path) -> str:
    """A path as people see it: relative to the working folder where it lies below."""
    return _shown(_absolute(path, cwd), cwd)


def _shown(path: Path, cwd: Path) -> str:
    base = _absolute(cwd, cwd)
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.as_posix()


def _error(shown: str, message: str, key: str = "") -> ConfigError:
    return ConfigError((ConfigProblem(shown, key, message),))
