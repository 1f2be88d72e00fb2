"""What was computed before, kept in a folder: never needed, and never believed where it is damaged.

The room knows keys, files and how to make way for newer entries. It refuses to know how anything
is computed: what is looked up and what is kept is decided above.
"""

from qorgau.cache.entries import decoded, recalled
from qorgau.cache.identity import of_knowledge, of_lowering, of_program
from qorgau.cache.store import FOLDER, NOWHERE, VARIABLE, Store, digest, folder_for, pack, unpack

__all__ = [
    "FOLDER",
    "NOWHERE",
    "VARIABLE",
    "Store",
    "decoded",
    "digest",
    "folder_for",
    "of_knowledge",
    "of_lowering",
    "of_program",
    "pack",
    "recalled",
    "unpack",
]
