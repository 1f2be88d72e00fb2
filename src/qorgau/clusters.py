"""Workers of a Dask cluster that somebody else runs (extra ``qorgau[dask]``), as an executor.

This file alone knows Dask, whose client talks to the scheduler over the network: nothing else in the
program does, and this only at an address that the user gives.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from qorgau.hands import Hands

PATIENCE = 10
"""Seconds in which the scheduler has to answer."""


class ClusterError(Exception):
    """The cluster cannot be used; the text is one sentence."""


@contextmanager
def hands_of(address: str) -> Iterator[Hands]:
    """The workers of the scheduler at ``address`` (``tcp://host:8786``), while the block runs.

    They need this version of the program, of LibCST and of Python; what others answer is set aside.
    Raises ClusterError.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError("Dask is not installed: install qorgau[dask]") from error
    # Its own account of a lost connection, with a traceback, says no more than our sentence.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(f"no Dask scheduler answers at {address}") from error
    with client, warnings.catch_warnings():
        # That whole projects are sent is meant.
        warnings.filterwarnings("ignore", "Sending large graph")
        threads = sum(client.nthreads().values())
        if not threads:
            raise ClusterError(f"the Dask scheduler at {address} has no workers")
        yield Hands(threads, client.get_executor(pure=False))
