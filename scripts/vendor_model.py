"""What ``regions_vendors.py`` knows of a company that programs send data to."""

from __future__ import annotations

from dataclasses import dataclass

from regions_common import Host, Region


@dataclass(frozen=True)
class Recipient:
    """One company.

    ``organization`` is its file in Ghostery's TrackerDB, which gives the country; ``sdk`` a package of
    PyPI that shows the hosts. Where TrackerDB has no country, ``seat`` is what the page in ``pages``
    says, or nothing. ``placed`` hosts say where they stand, ``hosts`` do not.
    """

    provider: str
    name: str
    organization: str = ""
    hosts: tuple[str, ...] = ()
    placed: tuple[Host, ...] = ()
    regions: tuple[Region, ...] = ()
    sdk: str = ""
    seat: str = ""
    pages: tuple[str, ...] = ()
