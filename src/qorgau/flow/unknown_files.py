"""Files of which no class is known: methods that only paths have, or that are told apart by what they are given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.values import BOTTOM, Value
from qorgau.names import fold

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

PATH = "pathlib.Path"
STREAM = "io.TextIOWrapper"
STORED_FILE = "django.db.models.fields.files.FieldFile"
CONTENT = "django.core.files."
_WRITES = re.compile(r"[wax][bt+]*")

FILES = frozenset(("f", "fp", "fh", "file", "fobj", "fileobj", "outfile", "csvfile", "jsonfile", "textfile"))
"""Names of parameters that are open files."""

WRITING = frozenset(("write_text", "write_bytes"))
STREAMING = frozenset(("write", "writelines"))
NAMES = WRITING | STREAMING | {"open", "save"}
"""The methods that are looked at."""


def method(m: Machine, f: Frame, own: Value, name: str, args: Args, at: int) -> Value | None:
    """A method of something unknown that must be a path or a stored file; None where it need not be one."""
    if name in WRITING or (name == "open" and _is_mode(args)):
        return m.library_call(f, f"{PATH}.{name}", own, args, at)
    if name in STREAMING and any(map(_is_file, own.locs())):
        return m.library_call(f, f"{STREAM}.{name}", own, args, at)
    if name == "save" and _is_content(f, args.get(1, "content")):
        return m.library_call(f, f"{STORED_FILE}.{name}", own, args, at)
    return None


def _is_file(loc: Loc) -> bool:
    """Whether something is a parameter that is named for an open file."""
    label = loc.label
    if not isinstance(label, tuple) or label[:1] != ("param",):
        return False
    name = fold(str(label[-1]))
    return name in FILES or name.endswith("_file")


def _is_mode(args: Args) -> bool:
    """``path.open("w")``: of a storage or a file system the first argument is a name."""
    mode = args.get(0, "mode") or BOTTOM
    return any(_WRITES.fullmatch(text) for text in mode.texts())


def _is_content(f: Frame, value: Value | None) -> bool:
    """``person.scan.save(name, ContentFile(...))``"""
    found = [f.state.obj(loc) for loc in value.locs()] if value is not None else []
    return any(obj is not None and obj.type.startswith(CONTENT) for obj in found)
