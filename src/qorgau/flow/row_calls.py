"""Calls that write rows of tables: what columns they are given, and which of them they write."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qorgau.flow import registries
from qorgau.flow.machine import Frame
from qorgau.flow.row_keys import Written, is_key, without_rows
from qorgau.flow.uses import Use
from qorgau.flow.values import Value

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

SCHEMAS = ("rest_framework.serializers.", "django.forms.")
"""Libraries whose ``save`` writes the columns that a schema has read."""
GIVEN = ("django.", "rest_framework.serializers.", "tortoise.", "peewee.")
"""Libraries whose calls take the columns of a row by keyword or as a dict."""

TAKING = frozenset(
    ("create", "update", "get_or_create", "update_or_create", "insert", "create_user", "create_superuser")
)
"""Calls that are given a row by its columns."""

NAMING = {"save": (3, "update_fields"), "bulk_update": (1, "fields")}
"""Calls of Django that write the columns they name, and the argument that names them."""


def written(m: Machine, f: Frame, use: Use) -> Written:
    """How a call to a storage takes what it is given."""
    by_columns = _takes_columns(use.dotted) and use.dotted.startswith(GIVEN)
    return Written(by_columns, _named_columns(m, f, use))


def _takes_columns(dotted: str) -> bool:
    """Whether a call is given a row by its columns."""
    name = dotted.rpartition(".")[2].removeprefix("a")
    return name in TAKING or (name == "save" and dotted.startswith(SCHEMAS))


def given(m: Machine, f: Frame, use: Use, values: Iterable[Value]) -> list[Value]:
    """The columns that a call is given, without the keys of other rows."""
    if not _takes_columns(use.dotted):
        return list(values)
    classes = registries.element_classes(f, use.receiver).locs()
    keys = [
        value for name, value in use.args.keywords.items() if any(is_key(m, f, cls, name) for cls in classes)
    ]
    own = [value for value in values if not any(value is key for key in keys)]
    return [without_rows(m, f, value) for value in own]


def _named_columns(m: Machine, f: Frame, use: Use) -> frozenset[str] | None:
    """The columns that ``save(update_fields=[...])`` names; None if it writes them all or they are unknown."""
    argument = NAMING.get(use.dotted.rpartition(".")[2].removeprefix("a"))
    if argument is None or not use.dotted.startswith("django.db.models."):
        return None
    value = use.arg(*argument)
    if not value.locs():
        return None
    items = m.iterate(f, value, use.at).items
    names = [item.constant() for item in items or ()]
    if items is None or not all(name is not None and isinstance(name.value, str) for name in names):
        return None
    return frozenset(str(name.value) for name in names if name is not None)
