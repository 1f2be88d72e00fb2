"""What only hides a row: marks of deletion, and libraries whose ``delete`` sets one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow.declared_types import ELEMENTS
from qorgau.flow.inheritance import class_part
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.values import Value
from qorgau.names import fold

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

SET = frozenset(
    (
        "deleted", "is_deleted", "was_deleted", "soft_deleted", "is_soft_deleted", "removed", "is_removed",
        "archived", "is_archived", "in_archive", "erased", "is_erased", "hidden", "is_hidden", "disabled",
        "is_disabled", "deactivated", "is_deactivated", "inactive", "is_inactive", "marked_deleted", "trashed",
        "marked_for_deletion", "is_trashed", "udalen", "is_udalen", "v_arhive", "closed", "is_closed", "destroyed",
        "is_destroyed", "delete_flag", "deleted_flag", "deletion_mark", "tombstone", "is_tombstone", "del_flag",
    )
)  # fmt: skip
"""Names whose true value hides a row."""

UNSET = frozenset(
    ("active", "is_active", "enabled", "is_enabled", "visible", "is_visible", "is_alive", "alive")
)
"""Names whose false value hides a row."""

TIMES = frozenset(
    (
        "deleted_at", "deleted_on", "delete_date", "deleted_date", "date_deleted", "deletion_date", "deleted_time",
        "removed_at", "removed_on", "archived_at", "archived_on", "erased_at", "erased_on", "deactivated_at",
        "deactivated_on", "disabled_at", "closed_at", "destroyed_at", "trashed_at", "data_udaleniya", "deleted_ts",
        "soft_deleted_at", "inactive_since", "deleted_by", "deleted_by_id", "delete_time", "deletion_time",
    )
)  # fmt: skip
"""Names that say when, or by whom, a row was hidden."""

STATES = frozenset(("status", "state", "client_status", "user_status", "account_status", "record_status"))
GONE = frozenset(
    (
        "deleted", "removed", "archived", "erased", "inactive", "deactivated", "disabled", "closed", "terminated",
        "hidden", "trashed", "destroyed", "udalen", "blocked", "d",
    )
)  # fmt: skip
"""Values of a status that hide a row."""

SOFT = frozenset(
    (
        "model_utils.models.SoftDeletableModel",
        "safedelete.models.SafeDeleteModel",
        "django_softdelete.models.SoftDeleteModel",
        "softdelete.models.SoftDeleteObject",
    )
)
"""Bases whose objects and querysets are only marked by ``delete()``."""

HARD = ("HARD_DELETE", "HARD_DELETE_NOCASCADE")


def is_mark(m: Machine, f: Frame, name: str, value: Value) -> bool:
    """Whether a name that gets this value is a mark of deletion."""
    folded = fold(name)
    constant = value.constant()
    if folded in SET:
        return constant is None or bool(constant.value)
    if folded in UNSET:
        return constant is not None and not constant.value
    if folded in TIMES:
        return constant is None or constant.value is not None
    if folded in STATES:
        return any(fold(text) in GONE for text in _told(f, value))
    return False


def _told(f: Frame, value: Value) -> list[str]:
    """The texts of a value, or the name and value of the member of an enumeration that it is."""
    found = value.texts()
    for ref in value.refs:
        if isinstance(ref, Loc):
            found.append(str(ref.label[-1] if isinstance(ref.label, tuple) else ref.label))
            obj = f.state.obj(ref)
            for part in ("value", "_value_", "name"):
                if obj is not None and part in obj.parts:
                    found += obj.parts[part].texts()
    return found


def is_soft(m: Machine, f: Frame, receiver: Value, args: Args) -> bool:
    """Whether ``delete()`` of an object or queryset is one that only marks, by the base of its class."""
    if _asks_for_hard(args):
        return False
    for loc in receiver.locs():
        obj = f.state.obj(loc)
        part = obj.parts.get(ELEMENTS) if obj is not None else None
        classes = (
            part.locs() if part is not None else [obj.cls] if obj is not None and obj.cls is not None else []
        )
        for cls in classes:
            info = m.class_info(f, cls)
            above = (
                {
                    name
                    for library in info.libraries
                    for name in (library, *m.policy.catalog.ancestry(library))
                }
                if info
                else set()
            )
            if above & SOFT and not _is_hard(m, f, cls):
                return True
    return False


def _asks_for_hard(args: Args) -> bool:
    soft = args.keywords.get("soft")
    constant = soft.constant() if soft is not None else None
    policy = args.keywords.get("force_policy")
    return (constant is not None and constant.value is False) or (
        policy is not None and any(repr(ref).rstrip("')").endswith(HARD) for ref in policy.refs)
    )


def _is_hard(m: Machine, f: Frame, cls: Loc) -> bool:
    policy = class_part(m, f, cls, "_safedelete_policy")
    return policy is not None and any(repr(ref).rstrip("')").endswith(HARD) for ref in policy.refs)
