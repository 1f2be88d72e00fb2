"""Options of the test run, and what several tests need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from qorgau.flow import epochs, roots
from qorgau.flow.interpreter import Interpreter


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--update`` writes golden texts anew instead of comparing them."""
    parser.addoption("--update", action="store_true", help="write golden texts anew")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A scheduler and two workers, each in a process of its own."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as running:
        yield running


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the functions that were followed, in order."""
    names: list[str] = []
    run = roots.run

    def noted(m: Interpreter, root: roots.Root) -> object:
        names.append(root.closure.dotted)
        return run(m, root)

    monkeypatch.setattr(epochs, "run", noted)
    return names
