"""Entries as the values that were kept; whatever is damaged, or of another shape, counts as absent."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from qorgau.cache.store import Store

T = TypeVar("T")


def recalled(store: Store, kind: str, key: str, shape: type[T]) -> T | None:
    """The value of type ``shape`` that was kept under ``key``, if there is a key and it can be read."""
    return decoded(store.get(kind, key), shape) if key else None


def decoded(data: bytes | None, shape: type[T]) -> T | None:
    """The value of type ``shape`` in MessagePack; None for other data, and for what is nested too deeply."""
    try:
        return None if data is None else msgspec.msgpack.decode(data, type=shape)
    except (msgspec.MsgspecError, RecursionError):
        return None
