"""``qorgau.toml`` -> frozen ``Settings``; every wrong key at once.

The room knows the keys and how their texts are read. It refuses to know what they mean for a
finding, and which fields a regulation lists.
"""

from __future__ import annotations

from qorgau.config.loading import load, shown, whereabouts, wrong
from qorgau.config.settings import (
    BlockingSpec,
    ConfigError,
    ConfigProblem,
    ConsentSpec,
    DepersonalizationSpec,
    ErasureSpec,
    ExemptionSpec,
    ExportSpec,
    FieldSpec,
    InternalSpec,
    Keys,
    RecipientSpec,
    RecordSpec,
    Settings,
    StorageSpec,
)
from qorgau.config.writing import dump, json_schema

__all__ = [
    "BlockingSpec",
    "ConfigError",
    "ConfigProblem",
    "ConsentSpec",
    "DepersonalizationSpec",
    "ErasureSpec",
    "ExemptionSpec",
    "ExportSpec",
    "FieldSpec",
    "InternalSpec",
    "Keys",
    "RecipientSpec",
    "RecordSpec",
    "Settings",
    "StorageSpec",
    "dump",
    "json_schema",
    "load",
    "shown",
    "whereabouts",
    "wrong",
]
