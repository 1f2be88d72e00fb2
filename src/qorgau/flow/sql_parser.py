"""Parsing SQL of an unknown dialect with sqlglot, quietly and without its exceptions."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

DIALECTS = ("postgres", "mysql", "tsql", "sqlite", "clickhouse", "oracle", "bigquery")
BROKEN = (SqlglotError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What sqlglot was seen to raise on texts that are no SQL, besides its own errors."""


def parse_tree(text: str) -> Expr | None:
    """The tree of one statement in the first dialect that reads all of it; None if none does."""
    order = sorted(DIALECTS, key=lambda dialect: _unlikely(dialect, text))
    with _silenced():
        for dialect in order:
            try:
                trees = [tree for tree in sqlglot.parse(text, read=dialect) if tree is not None]
            except BROKEN:
                continue
            if len(trees) == 1 and not isinstance(trees[0], exp.Command):
                return trees[0]
    return None


def _unlikely(dialect: str, text: str) -> bool:
    if "`" in text:
        return dialect not in ("mysql", "clickhouse", "bigquery", "sqlite")
    if " [" in text or ".[" in text:
        return dialect != "tsql"
    return False


@contextmanager
def _silenced() -> Iterator[None]:
    """Keeps sqlglot from warning of what it doesn't know, and leaves its logger as it was."""
    logger = logging.getLogger("sqlglot")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before
