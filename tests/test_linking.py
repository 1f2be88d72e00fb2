"""Walking the small language."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from qorgau.linking import walk
from qorgau.lowering import lower

SOURCES = sorted(Path(__file__).parent.glob("test_[a-f]*.py"))


def _everything(node: object) -> Iterator[object]:
    if isinstance(node, tuple):
        for each in node:
            yield from _everything(each)
    elif isinstance(node, msgspec.Struct):
        yield node
        for name in node.__struct_fields__:
            yield from _everything(getattr(node, name))


@pytest.mark.parametrize("path", SOURCES, ids=[path.stem for path in SOURCES])
def test_a_walk_meets_every_node_once_and_in_order(path: Path) -> None:
    module = lower(path.read_text(encoding="utf-8"))
    assert list(map(id, walk(module))) == list(map(id, _everything(module)))


def test_a_walk_meets_all_kinds_of_patterns() -> None:
    text = (
        "match value:\n    case {'a': 1, **rest} | [First(x, y=2), *others, None] if rest:\n        type A = int\n"
        "    case str() as name:\n        del name\n"
    )
    module = lower(text)
    assert list(map(id, walk(module))) == list(map(id, _everything(module)))
