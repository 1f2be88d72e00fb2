"""Everything that is wrong with the keys of a configuration, not only the first thing.

A decoder stops at its first error, and names it in its own words; so the raw tables are held
against the types of ``settings.py`` here, and decoded only when nothing was found.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator

from msgspec import inspect

from qorgau.config.reading import READERS, nearest, quoted, read_text
from qorgau.config.settings import Keys

Complaint = tuple[str, str]
"""A key path and what is wrong with it."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def complaints(raw: object, prefix: str = "") -> Iterator[Complaint]:
    """What is wrong with the tables of a configuration file, in the order of the file.

    ``prefix`` is where they lie in it (``tool.qorgau``); the key paths begin with it.
    """
    yield from _walk(inspect.type_info(Keys), raw, prefix, None)


def doubts(keys: Keys, prefix: str = "") -> Iterator[Complaint]:
    """Names in a valid configuration that refer to nothing in it.

    No errors: the specification's own example has them, and each has a meaning. But most of
    them are slips of the pen.
    """
    declared = set(keys.fields).union(*(record.fields for record in keys.records.values()))
    for name, record in keys.records.items():
        for position, field in enumerate(record.fields):
            if field not in keys.fields:
                yield (
                    key_path(prefix, "records", name, "fields", position),
                    f"{quoted(field)} is not in [fields]; taken as an empty table there"
                    + _meant(nearest(field, keys.fields)),
                )
    for name, storage in keys.storages.items():
        where = key_path(prefix, "storages", name, "mirror-of")
        if storage.mirror_of == name:
            yield where, "a storage is no copy of itself"
        elif storage.mirror_of is not None and storage.mirror_of not in keys.storages:
            hint = _meant(nearest(storage.mirror_of, keys.storages.keys() - {name}))
            yield (
                where,
                f"there is no [{key_path('', 'storages', storage.mirror_of)}]; taken as one at home{hint}",
            )
    for number, exemption in enumerate(keys.exemptions):
        for position, field in enumerate(exemption.fields):
            if keys.fields and field not in declared:
                yield (
                    key_path(prefix, "exemptions", number, "fields", position),
                    f"{quoted(field)} is not in [fields]; nothing is exempted"
                    + _meant(nearest(field, declared)),
                )


def _walk(kind: inspect.Type, value: object, key: str, reads: str | None) -> Iterator[Complaint]:
    match kind:
        case inspect.Metadata(type=inner, extra=extra):
            yield from _walk(inner, value, key, (extra or {}).get("reads", reads))
        case inspect.UnionType(types=types):
            member = next((one for one in types if _fits(one, value)), None)
            if member is None:
                yield key, _wrong(kind, value)
            else:
                yield from _walk(member, value, key, reads)
        case _ if not _fits(kind, value):
            yield key, _wrong(kind, value)
        case inspect.StructType():
            assert isinstance(value, dict)
            yield from _struct(kind, value, key)
        case inspect.DictType(key_type=names, value_type=values):
            assert isinstance(value, dict)
            for name, one in value.items():
                where = key_path(key, name)
                name_problem = read_text(name) or READERS[_reads(names) or "text"](name)
                if name_problem is not None:
                    yield where, f"the key {name_problem}"
                yield from _walk(values, one, where, None)
        case inspect.VarTupleType(item_type=items):
            assert isinstance(value, list)
            for position, one in enumerate(value):
                yield from _walk(items, one, key_path(key, position), None)
        case inspect.LiteralType(values=choices):
            if value not in choices:
                listed = ", ".join(quoted(str(choice)) for choice in choices)
                hint = _meant(nearest(str(value), [str(choice) for choice in choices]))
                yield key, f"{quoted(str(value))} is not one of {listed}{hint}"
        case inspect.StrType():
            assert isinstance(value, str)
            text_problem = read_text(value) or (READERS[reads](value) if reads else None)
            if text_problem is not None:
                yield key, text_problem
        case inspect.IntType():
            assert isinstance(value, int)
            if value < 0:
                yield key, f"{value} is no position; positions start at 0"


def _struct(kind: inspect.StructType, table: dict[str, object], key: str) -> Iterator[Complaint]:
    types = {field.encode_name: field for field in kind.fields}
    for name, value in table.items():
        field = types.get(name)
        if field is not None:
            yield from _walk(field.type, value, key_path(key, name), None)
            continue
        candidate = nearest(name, types, cutoff=0.5)
        if candidate is not None:
            yield key_path(key, name), f"unknown key; did you mean {quoted(candidate)}?"
        else:
            yield key_path(key, name), f"unknown key; the keys here are {', '.join(types)}"
    for name, field in types.items():
        if field.required and name not in table:
            yield key_path(key, name), "is required"


def _fits(kind: inspect.Type, value: object) -> bool:
    match kind:
        case inspect.Metadata(type=inner):
            return _fits(inner, value)
        case inspect.UnionType(types=types):
            return any(_fits(one, value) for one in types)
        case inspect.StructType() | inspect.DictType():
            return isinstance(value, dict)
        case inspect.VarTupleType():
            return isinstance(value, list)
        case inspect.StrType() | inspect.LiteralType():
            return isinstance(value, str)
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.IntType():
            return isinstance(value, int) and not isinstance(value, bool)
        case _:
            return False


def _reads(kind: inspect.Type) -> str | None:
    return (kind.extra or {}).get("reads") if isinstance(kind, inspect.Metadata) else None


def _wrong(kind: inspect.Type, value: object) -> str:
    expected = _expected(kind)
    written = (
        f"; write [{quoted(value)}]" if isinstance(value, str) and expected == "a list of strings" else ""
    )
    return f"expected {expected}, got {_given(value)}{written}"


def _expected(kind: inspect.Type) -> str:
    match kind:
        case inspect.Metadata(type=inner):
            return _expected(inner)
        case inspect.UnionType(types=types):
            return " or ".join(_expected(one) for one in types if not isinstance(one, inspect.NoneType))
        case inspect.VarTupleType(item_type=items):
            return "a list of " + ("strings" if _fits(items, "") else "tables")
        case inspect.StrType() | inspect.LiteralType():
            return "a string"
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return "a whole number"
        case _:
            return "a table"


def _given(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return "a string"
        case int():
            return "a whole number"
        case float():
            return "a decimal number"
        case list():
            return "a list"
        case dict():
            return "a table"
        case datetime.date() | datetime.time():
            return "a date or time"
        case _:
            return "something else"


def _meant(candidate: str | None) -> str:
    return f"; did you mean {quoted(candidate)}?" if candidate is not None else ""


def key_path(start: str, *parts: str | int) -> str:
    """A key path, written as TOML writes it: ``exemptions[0].paths``, ``purposes."src/**"``."""
    path = start
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            name = part if _BARE_KEY.fullmatch(part) else json.dumps(part, ensure_ascii=False)
            path += f".{name}" if path else name
    return path
