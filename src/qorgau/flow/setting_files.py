"""Settings that a program reads from its own files: what ``yaml.safe_load(open("config.yml"))`` gives.

What such a file says is known but not certain (``OPAQUE``): it decides a country, never a condition. What it
holds under the name of a field stays unknown, for a file may be data as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from qorgau.flow import places
from qorgau.flow.constants import const
from qorgau.flow.heap import Key, Obj
from qorgau.flow.machine import Frame
from qorgau.flow.places import Site
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, UNKNOWN, Value, join, join_all, of_const
from qorgau.knowledge.hosts import HOLE

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine
    from qorgau.source import Setting

YAML = (".yaml", ".yml")
TOML = (".toml",)
JSON = (".json",)
INI = (".ini", ".cfg")
LOADERS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("yaml.load", "yaml.safe_load", "yaml.full_load", "yaml.unsafe_load"), YAML),
    **dict.fromkeys(("ruamel.yaml.YAML.load", "ruamel.yaml.safe_load", "oyaml.safe_load"), YAML),
    **dict.fromkeys(("omegaconf.OmegaConf.load",), YAML),
    **dict.fromkeys(
        ("tomllib.load", "tomllib.loads", "tomli.load", "tomli.loads", "toml.load", "toml.loads"), TOML
    ),
    **dict.fromkeys(("json.load", "json.loads", "orjson.loads", "ujson.load", "ujson.loads"), JSON),
}
READERS = (".read_text", ".read_bytes", ".read")
DYNACONF = frozenset(("dynaconf.Dynaconf", "dynaconf.LazySettings", "dynaconf.base.LazySettings"))
DYNACONF_FILES = ("settings.", ".secrets.")
PARSER = "configparser.RawConfigParser"
FILE = "$file"
TOLD = "$settings"
SHARED_SECTIONS = frozenset(("default", "global"))
STAGES = frozenset(("development", "production", "staging", "testing", "test", "dev", "prod"))
ATTRIBUTES = ("omegaconf.", "dynaconf.")
"""Libraries whose settings are read as attributes too."""


def loaded(m: Machine, f: Frame, use: Use) -> Value | None:
    """What a call that loads settings gives; None where it reads no settings file of the project."""
    known = m.program.settings_files
    if not known:
        return None
    if use.dotted in DYNACONF:
        return _dynaconf(m, f, use)
    if use.dotted.startswith(PARSER + "."):
        return _parser(m, f, use)
    suffixes = LOADERS.get(use.dotted)
    if suffixes is None:
        return None
    chosen = _chosen(m, f, use.arg(0), suffixes)
    tables = [known[path] for path in chosen if known[path]]
    if not tables:
        return None
    made = [_table(m, f, use, table, f"{use.dotted} {index}") for index, table in enumerate(tables)]
    return join_all(made)


def mark(m: Machine, f: Frame, use: Use, result: Value) -> None:
    """``path.read_text()``: the text remembers the file, for what parses it."""
    if m.program.settings_files and use.dotted.endswith(READERS):
        files = _site(f, use.receiver).files
        for loc in result.locs() if files else ():
            obj = f.state.obj(loc) or Obj("unknown")
            m.write(f, loc, obj.put(FILE, join_all(of_const(text) for text in sorted(files))), strong=True)


def _chosen(m: Machine, f: Frame, value: Value, suffixes: tuple[str, ...]) -> list[str]:
    """The settings files that a path, an open file or its text can be."""
    fitting = [path for path in m.program.settings_files if PurePosixPath(path).suffix in suffixes]
    texts = set(value.texts()) | _site(f, value).files
    for loc in value.locs():
        obj = f.state.obj(loc)
        texts |= set(obj.parts.get(FILE, BOTTOM).texts()) if obj is not None else set()
    texts = {text for text in texts if len(text) < 400}
    if not any(text.endswith(suffixes) for text in texts):
        return fitting if len(fitting) == 1 and not value.taints and _is_file(f, value) else []
    found: list[str] = []
    for text in sorted(texts):
        pattern = text.replace(HOLE, "*").rpartition("/")[2]
        same = [path for path in fitting if fnmatchcase(PurePosixPath(path).name, pattern)]
        exact = [path for path in same if text.removeprefix("./").endswith(path) or path.endswith(text)]
        found += exact or same
    return found


def _is_file(f: Frame, value: Value) -> bool:
    """Whether a value is an open file or was read from one, of which the name is not known."""
    return any((obj := f.state.obj(loc)) is not None and obj.type.startswith("io.") for loc in value.locs())


def _site(f: Frame, value: Value) -> Site:
    site = places.EMPTY
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is not None and isinstance(obj.info, Site):
            site = site.merged(obj.info)
    return site


def _table(m: Machine, f: Frame, use: Use, table: Mapping[str, Setting], label: str) -> Value:
    attributes = use.dotted.startswith(ATTRIBUTES)
    parts: dict[Key, Value] = {}
    for name, part in table.items():
        value = _value(m, f, use, part, f"{label}.{name}", name)
        if value is None:
            continue
        parts[const(name)] = value
        if attributes:
            parts[name] = value
            parts.update(dict.fromkeys((name.upper(), name.lower()), value))
            parts.update({const(spelled): value for spelled in (name.upper(), name.lower())})
    return m.new(f, use.at, Obj("unknown" if attributes else "dict", parts=parts, rest=UNKNOWN), label)


def _value(m: Machine, f: Frame, use: Use, part: Setting, label: str, name: str) -> Value | None:
    if isinstance(part, dict):
        return _table(m, f, use, part, label)
    if isinstance(part, list):
        items = [value for each in part if (value := _value(m, f, use, each, f"{label}[]", name)) is not None]
        return m.new(f, use.at, Obj("list", rest=join_all([*items, OPAQUE])), label) if items else None
    if isinstance(part, bool) or part is None or m.policy.fields_of(name):
        return None
    return join(of_const(part), OPAQUE)


def _dynaconf(m: Machine, f: Frame, use: Use) -> Value | None:
    """``Dynaconf(settings_files=[...])``: its sections are stages, each on top of the default one."""
    named: list[str] = []
    for keyword in ("settings_files", "settings_file", "SETTINGS_FILE_FOR_DYNACONF", "includes"):
        given = use.args.keywords.get(keyword, BOTTOM)
        named += given.texts()
        for loc in given.locs():
            named += m.iterate(f, Value(refs={loc: frozenset()}), use.at).each.texts()
    names = {text.rpartition("/")[2] for text in named}
    merged: dict[str, Setting] = {}
    for path, table in m.program.settings_files.items():
        name = PurePosixPath(path).name
        if name in names or (not names and name.startswith(DYNACONF_FILES)):
            merged.update(_staged(table))
    return _table(m, f, use, merged, "dynaconf") if merged else None


def _staged(table: Mapping[str, Setting]) -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    stages = {name.lower(): part for name, part in table.items() if isinstance(part, dict)}
    for name in (*SHARED_SECTIONS, *sorted(STAGES - {"production", "prod"}), "prod", "production"):
        if name not in SHARED_SECTIONS and name in ("test", "testing", "development", "dev") and found:
            continue
        part = stages.get(name)
        if isinstance(part, dict):
            found.update(part)
    rest = {name: part for name, part in table.items() if name.lower() not in STAGES | SHARED_SECTIONS}
    return {**rest, **found}


def _parser(m: Machine, f: Frame, use: Use) -> Value | None:
    """``config.read("app.ini")`` and what is asked of the parser afterwards."""
    method = use.dotted.rpartition(".")[2]
    if method in ("read", "read_file"):
        value = use.arg(0, "filenames")
        files = _chosen(m, f, value, INI)
        for loc in value.locs():
            files += _chosen(m, f, m.iterate(f, Value(refs={loc: frozenset()}), use.at).each, INI)
        tables = [m.program.settings_files[path] for path in files]
        for loc in use.receiver.locs() if tables else ():
            told = join_all(_table(m, f, use, table, f"ini {index}") for index, table in enumerate(tables))
            m.write(f, loc, m.obj(f, loc).put(TOLD, told), strong=True)
        return None
    if method not in ("get", "__getitem__"):
        return None
    found: list[Value] = []
    for loc in use.receiver.locs():
        told = m.obj(f, loc).parts.get(TOLD, BOTTOM)
        for inner in told.locs():
            table = f.state.obj(inner)
            section = use.arg(0, "section").constant()
            value = table.parts.get(section, BOTTOM) if table is not None and section is not None else BOTTOM
            if not value.is_bottom:
                found.append(m.item(f, value, use.arg(1, "option"), use.at) if method == "get" else value)
    return join_all(found) if found else None
