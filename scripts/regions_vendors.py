"""Makes ``rules/regions/vendors.toml``: companies that programs send data to, and their seats.

A seat is the country that Ghostery's TrackerDB gives the company, or that the page named with the
company says; where neither says, there is none. Every host must be one of a domain that TrackerDB
lists for the company, or stand in the company's own package on PyPI, or the row names its page.

Usage: python scripts/regions_vendors.py CLONE-OF-trackerdb FOLDER-OF-PACKAGES DATE TARGET
"""

from __future__ import annotations

import re
import sys
import tarfile
import zipfile
from functools import cache
from pathlib import Path

from regions_common import Host, Vendor, git_source, git_text, write_vendors
from vendor_model import Recipient
from vendor_rows import KNOWN, OTHERS
from vendor_rows_regional import REGIONAL

_SCRIPT = "scripts/regions_vendors.py"
_REPOSITORY = "ghostery/trackerdb"
_DOMAINS = re.compile(r"^--- domains\n(.*?)\n--- domains", re.MULTILINE | re.DOTALL)


def main(clone: Path, packages: Path, date: str, target: Path) -> None:
    """Reads the sources and writes the table."""
    domains = _domains(clone)
    vendors = []
    for each in sorted((*REGIONAL, *OTHERS, *KNOWN), key=lambda each: each.provider):
        sdk = _package(packages, each.sdk) if each.sdk else None
        _compare(each, domains.get(each.organization, set()), _text(sdk) if sdk else "")
        vendors.append(
            Vendor(
                each.provider,
                each.name,
                _sources(each, clone, sdk),
                each.regions,
                (*each.placed, *(Host(pattern, known=bool(_seat(each, clone))) for pattern in each.hosts)),
                _seat(each, clone),
            )
        )
    notes = ("A seat is evidence for a recipient's country only. A host with `known = false` has none.",)
    write_vendors(vendors, date, _SCRIPT, target, notes)


def _seat(each: Recipient, clone: Path) -> str:
    """The country of the company; raises ``SystemExit`` when TrackerDB does not give the one expected."""
    if not each.organization:
        return each.seat
    text = git_text(clone, _path(each))
    found = re.search(r"^country: *([A-Z]{2})\s*$", text, re.MULTILINE)
    if not found:
        raise SystemExit(f"{each.provider}: TrackerDB gives {each.organization} no country")
    return found[1]


def _path(each: Recipient) -> str:
    return f"db/organizations/{each.organization}.eno"


def _sources(each: Recipient, clone: Path, sdk: Path | None) -> tuple[str, ...]:
    return (
        *((git_source(clone, _REPOSITORY, f"{_path(each)} (seat)"),) if each.organization else ()),
        *((f"PyPI {sdk.name} (hosts)",) if sdk else ()),
        *each.pages,
    )


def _compare(each: Recipient, domains: set[str], text: str) -> None:
    """Stops where no source shows a domain of a host."""
    if each.pages:
        return
    known = {_domain(name) for name in domains}
    for pattern in (*each.hosts, *(host.pattern for host in each.placed)):
        domain = _domain(pattern)
        if domain not in known and domain not in text:
            raise SystemExit(f"{each.provider}: no source shows {domain}")


def _domain(name: str) -> str:
    return ".".join(name.rsplit(".", 2)[-2:])


def _domains(clone: Path) -> dict[str, set[str]]:
    """The domains of each organization, from all patterns of TrackerDB."""
    found: dict[str, set[str]] = {}
    for name in git_text(clone, "db/patterns").splitlines():
        if not name.endswith(".eno"):
            continue
        text = git_text(clone, f"db/patterns/{name}")
        organization = re.search(r"^organization: *(.+)$", text, re.MULTILINE)
        listed = _DOMAINS.search(text)
        if organization and listed:
            found.setdefault(organization[1].strip(), set()).update(listed[1].split())
    return found


def _package(folder: Path, name: str) -> Path:
    """The downloaded file of a package; raises ``SystemExit`` when there is none."""
    wanted = re.sub(r"[-_.]+", "_", name).lower()
    for path in sorted(folder.iterdir()):
        if re.sub(r"[-_.]+", "_", re.split(r"-\d", path.name)[0]).lower() == wanted:
            return path
    raise SystemExit(f"{name}: not in the folder; pip download --no-deps {name}")


@cache
def _text(path: Path) -> str:
    """All Python files of a wheel or a source archive."""
    parts = []
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            parts = [archive.read(name) for name in archive.namelist() if name.endswith((".py", "METADATA"))]
    else:
        with tarfile.open(path) as archive_of_source:
            for member in archive_of_source:
                opened = archive_of_source.extractfile(member) if member.name.endswith(".py") else None
                parts += [opened.read()] if opened else []
    return b"\n".join(parts).decode("utf-8", "replace")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
