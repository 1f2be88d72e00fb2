"""Files, encodings, notebooks and module names: what there is to read, and its text.

Knows folders, ignore files, byte encodings and the JSON of notebooks. Refuses to know
what the text means: nothing here parses Python.
"""

from qorgau.source.discovery import Discovery, discover, find_root
from qorgau.source.dotenv import read_environment
from qorgau.source.naming import by_module, nearer_names, own_names
from qorgau.source.reading import SourceText, cell_at, decode, read, split_lines
from qorgau.source.setting_files import parse_settings, read_settings
from qorgau.source.values import NotPythonError, Setting, SourceError, SourceFile, SourceProblem

__all__ = [
    "Discovery",
    "NotPythonError",
    "Setting",
    "SourceError",
    "SourceFile",
    "SourceProblem",
    "SourceText",
    "by_module",
    "cell_at",
    "decode",
    "discover",
    "find_root",
    "nearer_names",
    "own_names",
    "parse_settings",
    "read",
    "read_environment",
    "read_settings",
    "split_lines",
]
