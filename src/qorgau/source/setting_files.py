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
from typing import TypeAlias

from qorgau.source.small_files import text_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAX_BYTES = 64 * 1024
"""A longer file is data rather than settings."""

MAX_FILES = 60
MAX_DEPTH = 12

Setting: TypeAlias = "str | int | float | bool | dict[str, Setting] | list[Setting] | None"

_SUFFIXES = (".yaml", ".yml", ".toml", ".json", ".ini", ".cfg")
_FOLDERS = ("config", "configs", "conf", "settings", "etc", "env", "environments", "resources")
_BY_THEMSELVES = frozenset(("settings", ".secrets", "config"))
# Of tools, of deployments (a hint at most), and what tests and developers use.
_LEFT_OUT = re.compile(
    r"(?i)(pyproject|qorgau|package(-lock)?|tsconfig|composer|setup|tox|pytest|mypy|docker-compose.*|compose"
    r"|\.pre-commit-config|mkdocs|poetry|uv|Cargo|.*(example|sample|template|test|testing|ci))\.\w+"
)
_ENTRY = re.compile(r"""(?P<key>"[^"]*"|'[^']*'|[^\s#'"\[\]{},:][^#:]*?)\s*:(?:\s+(?P<value>.*))?""")
_REFERENCE = re.compile(r"\$\{(?P<name>\w+)(?::?[-=?](?P<default>[^}]*))?\}")
_TAG = re.compile(r"^[!&][\w!/.-]+\s*")
_PLACE = re.compile(r"""["']([\w./-]+)/[\w.-]+\.(?:ya?ml|toml|json|ini|cfg)["']""")
_NUMBER = re.compile(r"-?\d+")


def read_settings(folders: Iterable[Path], root: Path, texts: Iterable[str]) -> dict[str, str]:
    """The texts of the settings files in folders and their folders of settings, by path below ``root``.

    ``texts`` are those of the program: a file counts where one of them names it. Unreadable ones count as absent.
    """
    programs = list(texts)
    found: dict[str, str] = {}
    naming = (text for text in programs if any(suffix in text for suffix in _SUFFIXES))
    inner = {part for text in naming for part in _PLACE.findall(text)}
    for path in _candidates((*folders, *(root / part for part in sorted(inner) if ".." not in part))):
        if len(found) >= MAX_FILES:
            break
        named = path.stem in _BY_THEMSELVES or path.parent.name in _FOLDERS
        if named or any(path.name in text for text in programs):
            text = text_of(path, MAX_BYTES)
            if text:
                found[path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name] = text
    return found


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
            found = _yaml(text)
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


# YAML, as far as settings go: mappings, lists and plain values by indentation


def _yaml(text: str) -> Setting:
    lines = [line for raw in text.splitlines() if (line := _stripped(raw)).strip() and line.strip() != "---"]
    value, _ = _block(lines, 0, _indent(lines[0]) if lines else 0, 0)
    return value


def _stripped(line: str) -> str:
    """A line without its comment."""
    quote = ""
    for index, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"" and (index == 0 or line[index - 1] in " :[{,-"):
            quote = letter
        elif letter == "#" and (index == 0 or line[index - 1].isspace()):
            return line[:index].rstrip()
    return line.rstrip()


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _block(lines: list[str], at: int, indent: int, depth: int) -> tuple[Setting, int]:
    """The value that begins at a line, and the line after it."""
    if depth > MAX_DEPTH or at >= len(lines):
        return None, len(lines)
    if lines[at].lstrip().startswith("- ") or lines[at].strip() == "-":
        return _items(lines, at, indent, depth)
    found: dict[str, Setting] = {}
    while at < len(lines) and _indent(lines[at]) >= indent:
        entry = _ENTRY.fullmatch(lines[at].strip()) if _indent(lines[at]) == indent else None
        at += 1
        if entry is None:
            continue
        key, value = entry["key"].strip("'\""), _TAG.sub("", entry["value"] or "")
        if value[:1] in ("|", ">"):
            while at < len(lines) and _indent(lines[at]) > indent:
                at += 1
        elif value:
            found[key] = _scalar(value)
        elif at < len(lines) and (
            _indent(lines[at]) > indent
            or (_indent(lines[at]) == indent and lines[at].lstrip().startswith("- "))
        ):
            found[key], at = _block(lines, at, _indent(lines[at]), depth + 1)
        else:
            found[key] = None
    return found, at


def _items(lines: list[str], at: int, indent: int, depth: int) -> tuple[Setting, int]:
    found: list[Setting] = []
    while at < len(lines) and _indent(lines[at]) == indent and lines[at].lstrip().startswith("-"):
        rest = lines[at].lstrip()[1:].strip()
        if _ENTRY.fullmatch(rest) and not rest.startswith(("'", '"', "{", "[")):
            lines[at] = " " * (indent + 2) + rest
            value, at = _block(lines, at, indent + 2, depth + 1)
            found.append(value)
        else:
            found.append(_scalar(rest) if rest else None)
            at += 1
    return found, at


def _scalar(text: str) -> Setting:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    if text.startswith(("{", "[")) and text.endswith(("}", "]")):
        return _flow(text)
    return int(text) if _NUMBER.fullmatch(text) and len(text) < 16 else text


def _flow(text: str) -> Setting:
    """``{a: b}`` and ``[a, b]`` of plain values."""
    parts = [part.strip() for part in text[1:-1].split(",") if part.strip()]
    if text.startswith("["):
        return [_scalar(part) for part in parts if part[:1] not in ("{", "[")]
    entries = [_ENTRY.fullmatch(part) for part in parts]
    return {
        entry["key"].strip("'\""): _scalar(entry["value"] or "") for entry in entries if entry is not None
    }
