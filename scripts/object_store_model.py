"""A cloud whose object store rclone knows: how to read rclone's file, and the forms of its hosts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from regions_common import Host, Region


@dataclass(frozen=True)
class Store:
    """One cloud. ``ids`` finds the region in a key of rclone's file, ``place`` the place in its text."""

    provider: str
    name: str
    hosts: tuple[Host, ...]
    file: str = ""
    ids: str = "(.+)"
    place: str = "(.+)"
    # Regions that the file gives no country. They are left out: another cloud may have the same id.
    skipped: frozenset[str] = frozenset()
    catalogue: str = ""
    # The second source's ids, in small letters, that rclone's file writes otherwise.
    renamed: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    extra: tuple[Region, ...] = ()
    corrections: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    sources: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The provider's file in rclone's repository."""
        return f"backend/s3/provider/{self.file}.yaml"


def hosts(*patterns: str) -> tuple[Host, ...]:
    return tuple(Host(pattern) for pattern in patterns)


def buckets(*endpoints: str) -> tuple[Host, ...]:
    """Endpoints, and the same with the bucket before them."""
    return tuple(Host(pattern) for each in endpoints for pattern in (each, f"*.{each}"))


def silent(*patterns: str, why: str = "the host does not say where") -> tuple[Host, ...]:
    return tuple(Host(pattern, known=False, why=why) for pattern in patterns)
