"""Runs inside an environment with a library installed and says of dotted names whether they exist there.

It reads ``{"names": [...], "aliases": {...}, "bases": {...}, "given": [...]}`` from standard input and
writes ``{name: [outcome, remark]}``; outcomes are ``confirmed``, ``unchecked`` and ``wrong``. It needs nothing
but the standard library. ``given`` are types that only the catalogue knows by this name: rows say which calls
return them, so their own names need not be importable.
"""

from __future__ import annotations

import dis
import functools
import importlib
import inspect
import json
import os
import pkgutil
import re
import sys
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NamedTuple

MAX_MODULES = 600
"""Modules of a package that are searched for a class which its own path does not show."""


class Answer(NamedTuple):
    """What is known of a name, and why."""

    outcome: str
    remark: str


CONFIRMED = Answer("confirmed", "")


class Asked(NamedTuple):
    """The question: see the module's docstring."""

    aliases: dict[str, str]
    bases: dict[str, list[str]]
    given: frozenset[str]


def answer(name: str, asked: Asked) -> Answer:
    """Whether a name exists, asking for its aliases and for its bases where its own path does not lead to it."""
    plain = re.sub(r"(\.\*|\.?\{.*)$", "", name)
    own = _resolve(plain)
    if own.outcome == "confirmed":
        return own
    if plain.startswith("boto3.") and (served := _aws(plain)) is not None:
        return (_of_given(plain, asked) or served) if served.outcome == "wrong" else served
    for other in _otherwise(plain, asked):
        found = _resolve(other)
        if found.outcome == "confirmed":
            return Answer("confirmed", f"as {other}")
        if (
            found.outcome == "unchecked"
            and own.outcome == "wrong"
            and not found.remark.startswith("importing")
        ):
            own = found
    if own.outcome == "unchecked":
        return own
    return _of_given(plain, asked) or own


def _of_given(name: str, asked: Asked) -> Answer | None:
    """A name of a type that rows give: its class is searched for in the package by its last name."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        path = ".".join(parts[:end])
        if path not in asked.given or not _modules(parts[0]):
            continue
        classes = _classes(parts[0], parts[end - 1])
        if end == len(parts):
            return (
                Answer("confirmed", f"defined in {classes[0].__module__}")
                if classes
                else Answer("unchecked", "a type that only rows give: the package has no class of this name")
            )
        rest = parts[end:]
        for cls in classes:
            if _walk(cls, rest).outcome == "confirmed":
                return Answer("confirmed", f"a method of {cls.__module__}.{cls.__name__}")
        if classes:
            shown = ", ".join(sorted({f"{cls.__module__}.{cls.__name__}" for cls in classes})[:3])
            return Answer("wrong", f"no {'.'.join(rest)} in {shown}")
        return Answer("unchecked", "a method of a type that only rows give")
    return None


def _otherwise(name: str, asked: Asked) -> Iterator[str]:
    """Other spellings of a name: what aliases stand for, both ways, and the bases of its type."""
    seen = {name}
    waiting = [name]
    while waiting:
        current = waiting.pop()
        owner, _, method = current.rpartition(".")
        others = [f"{base}.{method}" for base in asked.bases.get(owner, ())] if method else []
        for old, new in asked.aliases.items():
            for one, other in ((old, new), (new, old)):
                if current == one or current.startswith(one + "."):
                    others.append(other + current[len(one) :])
        for other in others:
            if other not in seen and len(seen) < 60:
                seen.add(other)
                waiting.append(other)
                yield other


def _resolve(name: str) -> Answer:
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        module, trouble = _module(".".join(parts[:end]))
        if trouble:
            return Answer("unchecked", trouble)
        if module is not None:
            return _walk(module, parts[end:])
    return Answer("wrong", f"there is no module {parts[0]}")


@functools.cache
def _module(name: str) -> tuple[ModuleType | None, str]:
    try:
        return importlib.import_module(name), ""
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if name == missing or name.startswith(missing + ".") or "is not a package" in str(error):
            return None, ""
        return None, f"importing {name} needs {missing}"
    except (Exception, SystemExit) as error:  # a package can raise anything when it is imported
        return None, f"importing {name} failed: {type(error).__name__}: {str(error)[:80]}"


def _walk(start: object, parts: list[str]) -> Answer:
    thing = start
    for position, part in enumerate(parts):
        found = _member(thing, part)
        if found is None:
            shown = getattr(thing, "__name__", type(thing).__name__)
            if hasattr(type(thing), "__getattr__") or (
                inspect.isclass(thing) and hasattr(thing, "__getattr__")
            ):
                return Answer("unchecked", f"{shown} answers any name (__getattr__)")
            return Answer("wrong", f"no {part} in {shown}")
        thing = found[0]
        if thing is _ATTRIBUTE and position + 1 < len(parts):
            return Answer("unchecked", f"behind the attribute {part}, whose type only running code shows")
    return CONFIRMED


_ATTRIBUTE = object()
"""Stands for an attribute of objects: it exists, but not on the class."""


def _member(owner: Any, name: str) -> tuple[object] | None:
    if not inspect.isclass(owner):
        try:
            return (getattr(owner, name),)
        except AttributeError:
            return None
        except (Exception, SystemExit):  # lazy attributes can fail in any way
            return (_ATTRIBUTE,)
    try:
        found = inspect.getattr_static(owner, name)
    except AttributeError:
        return (_ATTRIBUTE,) if _is_set(owner, name) else None
    if isinstance(found, staticmethod | classmethod):
        return (found.__func__,)
    if isinstance(found, property) or type(found).__name__ in ("cached_property", "member_descriptor"):
        return (_ATTRIBUTE,)
    accessor = getattr(found, "_accessor", None)
    if inspect.isclass(accessor):
        return (accessor,)
    return (found,)


def _is_set(cls: type, name: str) -> bool:
    """Whether objects of a class have an attribute: declared, or set by one of its methods."""
    declared = (getattr(cls, "model_fields", None), getattr(cls, "__attrs_attrs__", None))
    if isinstance(declared[0], dict) and name in declared[0]:
        return True
    if any(getattr(one, "name", "") == name for one in declared[1] or ()):
        return True
    return any(
        name in inspect.get_annotations(base)
        or name in getattr(base, "_fields", ())
        or name in _assigned(base)
        for base in cls.__mro__
    )


@functools.cache
def _assigned(cls: type) -> frozenset[str]:
    """The attributes that the methods of a class set, on whatever object: read from their code."""
    functions = [inspect.unwrap(thing) for thing in vars(cls).values() if callable(thing)]
    return frozenset(
        instruction.argval
        for function in functions
        if hasattr(function, "__code__")
        for instruction in dis.get_instructions(function)
        if instruction.opname == "STORE_ATTR"
    )


@functools.cache
def _classes(package: str, name: str) -> tuple[type, ...]:
    """The classes of this name in the modules of a package, each once."""
    found: dict[type, None] = {}
    for module in _modules(package):
        thing = vars(module).get(name)
        if inspect.isclass(thing) and thing.__module__.partition(".")[0] == package.partition(".")[0]:
            found[thing] = None
    return tuple(found)


@functools.cache
def _modules(package: str) -> tuple[ModuleType, ...]:
    top, _ = _module(package)
    if top is None:
        return ()
    found = [top]
    for info in pkgutil.walk_packages(getattr(top, "__path__", ()), package + ".", onerror=lambda _: None):
        if len(found) >= MAX_MODULES:
            break
        if not re.search(r"\.(tests?|testing|conftest|__main__|_vendor)\b", info.name):
            module, _ = _module(info.name)
            if module is not None:
                found.append(module)
    return tuple(found)


# Clients whose methods are made from a description of the service


def _aws(name: str) -> Answer | None:
    """``boto3.client.<service>.<method>`` and ``boto3.resource.<service>.<Class>.<method>``."""
    parts = name.split(".")
    if parts[1] == "client" and len(parts) >= 3:
        client = _aws_client(parts[2])
        if client is None:
            return Answer("wrong", f"AWS has no service {parts[2]}")
        return _walk(client, parts[3:])
    if parts[1] == "resource" and len(parts) >= 3:
        cls = _aws_resource(parts[2], parts[3] if len(parts) > 3 and parts[3][:1].isupper() else "")
        if cls is None:
            return Answer("wrong", f"boto3 has no such resource of {parts[2]}")
        return _walk(cls, parts[4:] if len(parts) > 3 and parts[3][:1].isupper() else parts[3:])
    return None


@functools.cache
def _aws_client(service: str) -> Any:
    import boto3  # type: ignore[import-not-found, import-untyped, unused-ignore]
    from botocore.exceptions import (  # type: ignore[import-not-found, import-untyped, unused-ignore]
        UnknownServiceError,
    )

    try:
        # The keys are never used: no call is made.
        return boto3.client(service, "us-east-1", aws_access_key_id="none", aws_secret_access_key="none")
    except UnknownServiceError:
        return None


@functools.cache
def _aws_resource(service: str, cls: str) -> Any:
    import boto3  # type: ignore[import-not-found, import-untyped, unused-ignore]

    try:
        made = boto3.resource(service, "us-east-1", aws_access_key_id="none", aws_secret_access_key="none")
    except boto3.exceptions.ResourceNotExistsError:
        return None
    if not cls:
        return made
    make = getattr(made, cls, None)
    return None if make is None else make(*("name" for _ in _identifiers(service, cls)))


def _identifiers(service: str, cls: str) -> list[str]:
    import boto3  # type: ignore[import-not-found, import-untyped, unused-ignore]

    loader = boto3.Session()._session.get_component("data_loader")
    described = loader.load_service_model(service, "resources-1")["resources"][cls]
    return [each["name"] for each in described.get("identifiers", ())]


def _prepare() -> None:
    """Django's parts can only be imported once there are settings."""
    try:
        from django.conf import settings  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        return
    import django  # type: ignore[import-not-found, import-untyped, unused-ignore]

    applications = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
    settings.configure(INSTALLED_APPS=applications, SECRET_KEY="none", DATABASES={})
    django.setup()


def main() -> int:
    """Answer the question on standard input."""
    warnings.simplefilter("ignore")
    question = json.load(sys.stdin)
    asked = Asked(question["aliases"], question["bases"], frozenset(question["given"]))
    # What packages print when they are imported must not get between the answers.
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    _prepare()
    answers = {name: answer(name, asked) for name in question["names"]}
    json.dump(answers, output)
    output.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
