"""The models of the standard library speak of names that it really has."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Iterator

import pytest

from qorgau.flow.behaviours import BEHAVIOURS, BUILTINS
from qorgau.knowledge.library_files import LibraryFile, library_files
from qorgau.knowledge.rows import Library

# Packages of the oldest Python that is supported which newer ones no longer have (PEP 594).
REMOVED = frozenset(("cgi", "crypt", "uu"))

# What only objects have, and names that only type checkers see.
OF_OBJECTS = frozenset(
    (
        "csv.DictReader.line_num",
        "csv.DictWriter.fieldnames",
        "csv.writer.writerow",
        "csv.writer.writerows",
        "hashlib._Hash",
        "http.client.HTTPResponse.reason",
        "http.client.HTTPResponse.status",
        "http.client.HTTPResponse.version",
        "http.server.BaseHTTPRequestHandler.path",
        "http.server.BaseHTTPRequestHandler.rfile",
        "logging.LoggerAdapter.logger",
        "socket.create_connection.send",
        "socket.create_connection.sendall",
        "socket.create_connection.sendfile",
        "socketserver.BaseRequestHandler.request",
        "socketserver.StreamRequestHandler.rfile",
        "subprocess.CompletedProcess.returncode",
        "subprocess.Popen.pid",
        "subprocess.Popen.returncode",
    )
)

# Prefixes of names, and the Python that brought them.
NEW = {
    "asyncio.Runner": (3, 11),
    "asyncio.TaskGroup": (3, 11),
    "asyncio.taskgroups": (3, 11),
    "asyncio.timeout": (3, 11),
    "asyncio.timeout_at": (3, 11),
    "asyncio.timeouts": (3, 11),
    "builtins.BaseException.add_note": (3, 11),
    "builtins.BaseExceptionGroup": (3, 11),
    "builtins.ExceptionGroup": (3, 11),
    "contextlib.chdir": (3, 11),
    "copy.replace": (3, 13),
    "enum.member": (3, 11),
    "enum.nonmember": (3, 11),
    "enum.verify": (3, 11),
    "hashlib.file_digest": (3, 11),
    "itertools.batched": (3, 12),
    "sqlite3.Connection.serialize": (3, 11),
    "tomllib": (3, 11),
    "typing.TypeVarTuple": (3, 11),
    "typing.assert_type": (3, 11),
    "typing.get_overloads": (3, 11),
    "typing.reveal_type": (3, 11),
    "uuid.uuid6": (3, 14),
    "uuid.uuid7": (3, 14),
}

# Behaviours that decorators have and calls don't (``qorgau.flow.classes``).
OF_DECORATORS = frozenset(("cached-property", "singledispatch"))

STANDARD = frozenset(sys.stdlib_module_names) | REMOVED | {"tomllib"}
SHELF = [file for file in library_files(()) if file.packages <= STANDARD]


def named(library: Library) -> Iterator[str]:
    """Every dotted name that the rows of a file speak of."""
    yield from library.aliases
    yield from library.aliases.values()
    for table in ("sink", "returns", "source", "passes", "clean", "depersonalizer", "behaviour", "query"):
        for row in getattr(library, table):
            yield from row.calls
            yield from filter(None, (getattr(row, key, "") for key in ("type", "elements", "returned")))
    for attribute in library.attribute:
        yield from attribute.names
        yield from filter(None, (attribute.type,))
    for kind in library.type:
        yield from (kind.name, *kind.bases)
    for entry in library.entry:
        yield from (*entry.decorators, *entry.bases)


def is_there(dotted: str) -> bool:
    """Whether a dotted name is a module, or is found in one by ``getattr``."""
    parts = dotted.removesuffix(".*").split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:end]))
        except ImportError:
            continue
        for part in parts[end:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


def is_excused(dotted: str) -> bool:
    """Whether a name is of objects only, or this Python is too new or too old for it."""
    since = [version for prefix, version in NEW.items() if f"{dotted}.".startswith(f"{prefix}.")]
    gone = dotted.partition(".")[0] in REMOVED and sys.version_info >= (3, 13)
    return dotted in OF_OBJECTS or gone or any(sys.version_info < version for version in since)


@pytest.mark.parametrize("file", SHELF, ids=lambda file: file.name)
def test_every_name_of_the_file_is_really_there(file: LibraryFile) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        missing = {name for name in named(file.library()) if not is_excused(name) and not is_there(name)}
    assert missing == set()


def test_every_excused_name_is_needed() -> None:
    names = {name for file in SHELF for name in named(file.library())}
    assert names >= OF_OBJECTS
    assert not {name for name in OF_OBJECTS if is_there(name)}
    assert all(any(f"{name}.".startswith(f"{prefix}.") for name in names) for prefix in NEW)


@pytest.mark.parametrize("file", SHELF, ids=lambda file: file.name)
def test_every_row_speaks_of_the_packages_that_the_file_names(file: LibraryFile) -> None:
    library = file.library()
    tables = ("sink", "returns", "source", "passes", "clean", "depersonalizer", "behaviour", "query")
    calls = {name for table in tables for row in getattr(library, table) for name in row.calls}
    assert {name.partition(".")[0] for name in calls} <= file.packages


@pytest.mark.parametrize("file", SHELF, ids=lambda file: file.name)
def test_every_behaviour_is_one_that_the_engine_has(file: LibraryFile) -> None:
    does = {row.does for row in file.library().behaviour}
    assert does <= OF_DECORATORS | set(BEHAVIOURS)


def test_what_the_engine_knows_of_builtins_is_not_said_again() -> None:
    builtins = next(file.library() for file in SHELF if "builtins" in file.packages)
    tables = ("sink", "returns", "source", "passes", "clean", "depersonalizer", "behaviour")
    calls = {name for table in tables for row in getattr(builtins, table) for name in row.calls}
    assert {f"builtins.{name}" for name in BUILTINS} & calls == set()


def test_the_common_modules_are_all_spoken_of() -> None:
    packages = {package for file in SHELF for package in file.packages}
    common = """
        argparse asyncio base64 binascii builtins bz2 codecs collections concurrent configparser
        contextlib copy csv dataclasses datetime decimal email enum fractions ftplib functools
        getpass gzip hashlib hmac html http importlib inspect io itertools json logging lzma marshal
        math multiprocessing operator os pathlib pickle pprint queue quopri random re secrets shelve
        shutil smtplib socket sqlite3 statistics string subprocess sys tarfile tempfile textwrap
        threading time traceback types typing urllib uuid warnings xml zipfile zlib zoneinfo
    """
    assert set(common.split()) - packages == set()
