"""The configuration as text: TOML of what is in force, and the JSON Schema of what may be written."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

import msgspec

from qorgau.config.settings import Keys, Settings

_ALWAYS = ("regulation", "home", "operator", "select", "min-confidence")
"""Keys that are shown even where they have their default: they decide what the program does."""
_WIDTH = 100


def dump(settings: Settings) -> str:
    """The configuration as a ``qorgau.toml`` that says the same; what is not set is left out."""
    keys = Keys(**{name: getattr(settings, name) for name in Keys.__struct_fields__})
    tree = msgspec.to_builtins(keys)
    shown = {
        encoded: msgspec.to_builtins(getattr(keys, name))
        for name, encoded in zip(Keys.__struct_fields__, Keys.__struct_encode_fields__, strict=True)
        if encoded in tree or encoded in _ALWAYS
    }
    lines = _table("", {key: value for key, value in shown.items() if value is not None})
    return "\n".join(lines) + "\n"


def _table(path: str, table: dict[str, object]) -> Iterator[str]:
    """The lines of a table: its own keys, then the tables in it."""
    plain = {key: value for key, value in table.items() if not isinstance(value, dict) and not _tables(value)}
    if path and (plain or not table):
        yield f"\n[{path}]"
    for key, value in plain.items():
        yield _line(key, value)
    for key, value in table.items():
        below = f"{path}.{_key(key)}" if path else _key(key)
        if isinstance(value, dict):
            yield from _table(below, value)
        elif isinstance(value, (list, tuple)) and _tables(value):
            for entry in value:
                yield f"\n[[{below}]]"
                yield from (_line(name, one) for name, one in entry.items())


def _tables(value: object) -> bool:
    return isinstance(value, (list, tuple)) and any(isinstance(one, dict) for one in value)


def _line(key: str, value: object) -> str:
    line = f"{_key(key)} = {_value(value)}"
    if len(line) <= _WIDTH or not isinstance(value, (list, tuple)):
        return line
    return f"{_key(key)} = [\n" + "".join(f"    {_value(one)},\n" for one in value) + "]"


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else _text(name)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return _text(value) if isinstance(value, str) else str(value)


def _text(text: str) -> str:
    # JSON's escapes are TOML's, but for the delete character, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of ``qorgau.toml``, for editors."""
    ((_,), components) = msgspec.json.schema_components([Keys], ref_template="#/$defs/{name}")
    tables = {name: _for_toml(component) for name, component in components.items()}
    top = tables.pop("Keys")
    assert isinstance(top, dict)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **top,
        "title": "qorgau.toml",
        "$defs": tables,
    }


def _for_toml(schema: object) -> object:
    """The schema without null, which TOML has not, and with descriptions on one line."""
    if isinstance(schema, list):
        return [_for_toml(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    options = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    merged = {key: value for key, value in schema.items() if key != "anyOf"}
    if len(options) == 1:
        merged.update(options[0])
    elif options:
        merged["anyOf"] = options
    if merged.get("default", ...) is None:
        del merged["default"]
    if isinstance(merged.get("description"), str):
        merged["description"] = " ".join(inspect.cleandoc(merged["description"]).replace("``", "").split())
    return {key: _for_toml(value) for key, value in merged.items()}
