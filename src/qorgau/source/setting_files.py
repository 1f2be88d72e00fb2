"""Files of settings that a project reads itself: YAML, TOML, JSON and INI, as plain nested values.

Only files that the program's text names, or that settings libraries look for by themselves, are read:
where a storage stands is told there as often as in the code.
"""

from __future__ import annotations

import configparser
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from qorgau.source.small_files import text_of
from qorgau.source.values import Setting
from qorgau.source.yaml_text import read_yaml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAX_BYTES = 64 * 1024
"""A longer file is data rather than settings."""

MAX_FILES = 60

_SUFFIXES = (".yaml", ".yml", ".toml", ".json", ".ini", ".cfg")
_FOLDERS = ("config", "configs", "conf", "settings", "etc", "env", "environments", "resources")
_BY_THEMSELVES = frozenset(("settings", ".secrets", "config"))
# Of tools, of deployments (a hint at most), and what tests and developers use.
_LEFT_OUT = re.compile(
    r"(?i)(pyproject|qorgau|package(-lock)?|tsconfig|composer|setup|tox|pytest|mypy|docker-compose.*|compose"
    r"|\.pre-commit-config|mkdocs|poetry|uv|Cargo|.*(example|sample|template|test|testing|ci))\.\w+"
)
_REFERENCE = re.compile(r"\$\{(?P<name>\w+)(?::?[-=?](?P<default>[^}]*))?\}")
_FILE = r"""[\w.-]+\.(?:ya?ml|toml|json|ini|cfg)["']"""
_PLACE = re.compile(rf"""["']([\w./-]+)/{_FILE}""")
_JOINED = re.compile(rf"""((?:["'][\w.-]+["']\s*[/,]\s*){{1,4}})["']{_FILE}""")
_QUOTED = re.compile(r"""["']([\w.-]+)["']""")


def read_settings(folders: Iterable[Path], root: Path, texts: Iterable[str]) -> dict[str, str]:
    """The texts of the settings files in folders and their folders of settings, by path below ``root``.

    ``texts`` are those of the program: a file counts where one of them names it. Unreadable ones count as absent.
    """
    programs = list(texts)
    found: dict[str, str] = {}
    naming = (text for text in programs if any(suffix in text for suffix in _SUFFIXES))
    inner = {part for text in naming for part in _folders_named(text)}
    for path in _candidates((*folders, *(root / part for part in sorted(inner) if ".." not in part))):
        if len(found) >= MAX_FILES:
            break
        named = path.stem in _BY_THEMSELVES or path.parent.name in _FOLDERS
        if named or any(path.name in text for text in programs):
            text = text_of(path, MAX_BYTES)
            if text:
                found[path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name] = text
    return found


def _folders_named(text: str) -> Iterator[str]:
    """The folders of settings files that a text names: ``"deploy/app.yml"``, ``ROOT / "deploy" / "app.yml"``."""
    yield from _PLACE.findall(text)
    for joined in _JOINED.findall(text):
        yield "/".join(_QUOTED.findall(joined))


def _candidates(folders: Iterable[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    for folder in dict.fromkeys(folders):
        for below in (folder, *(folder / name for name in _FOLDERS)):
            if below in seen:
                continue
            seen.add(below)
            try:
                paths = sorted(path for path in below.iterdir() if path.suffix in _SUFFIXES)
            except OSError:
                continue
            yield from (path for path in paths if not _LEFT_OUT.fullmatch(path.name) and path.is_file())


def parse_settings(path: str, text: str, variables: Mapping[str, str]) -> dict[str, Setting]:
    """What a file says, by its suffix; nothing where it cannot be read or is no table of settings.

    References to the environment (``${NAME:-default}``) are filled in from ``variables``.
    """
    suffix = PurePosixPath(path).suffix
    try:
        if suffix == ".toml":
            found: Setting = tomllib.loads(text)
        elif suffix == ".json":
            found = json.loads(text)
        elif suffix in (".ini", ".cfg"):
            found = _sections(text)
        else:
            found = read_yaml(text)
    except (ValueError, RecursionError, configparser.Error):
        return {}
    filled = _filled(found, variables)
    return filled if isinstance(filled, dict) else {}


def _sections(text: str) -> Setting:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    return {name: dict(parser[name]) for name in parser.sections()}


def _filled(value: Setting, variables: Mapping[str, str]) -> Setting:
    if isinstance(value, dict):
        return {str(name): _filled(part, variables) for name, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, variables) for part in value]
    if isinstance(value, str):
        return _REFERENCE.sub(lambda m: variables.get(m["name"]) or m["default"] or m[0], value)
    return value
