"""Which country the places in rclone's provider files are in."""

from __future__ import annotations

import re
from pathlib import Path

from object_store_model import Store
from regions_common import countries_by_name, country_of_city, git_text

# Places that are no city of GeoNames with 15,000 people, or share their name with a larger one
# elsewhere. Each stands beside its country in the same file, or is a state or province of it.
_PLACES = {
    "Silicon Valley": "US",
    "Virginia": "US",
    "N. Virginia": "US",
    "Washington": "US",
    "Los Angeles": "US",
    "Texas": "US",
    "Oregon": "US",
    "California": "US",
    "New Jersey": "US",
    "Vint Hill": "US",
    "Gravelines": "FR",
    "Beauharnois": "CA",
    "Falkenstein": "DE",
    "Logrono": "ES",
    "Ha Noi": "VN",
    "Great Britain": "GB",
    "Hongkong": "HK",
}
_LINE = re.compile(r"  '?(?P<key>[^\s']+?)'?: (?P<place>.*)")


def places_of(store: Store, clone: Path) -> dict[str, tuple[str, str | None]]:
    """Region ids of a store with the place and country that rclone gives them.

    Raises ``SystemExit`` for a place whose country is not known and that the store does not skip.
    """
    found: dict[str, tuple[str, str | None]] = {}
    for key, text in rows_of(store, clone):
        name = _first(store.ids, key)
        if not name or name in store.skipped or (name in found and found[name][1]):
            continue
        country = country_of_place(_first(store.place, text) or "")
        if country is None:
            raise SystemExit(f"{store.provider} {name}: no country for {text!r}")
        found[name] = (text, country)
    return found


def rows_of(store: Store, clone: Path) -> list[tuple[str, str]]:
    """Keys and descriptions of a provider's regions and endpoints."""
    rows: list[tuple[str, str]] = []
    section = ""
    for line in git_text(clone, store.path).splitlines() if store.file else ():
        if line and not line.startswith(" "):
            section = line.partition(":")[0]
        elif section in ("region", "endpoint"):
            found = _LINE.fullmatch(line)
            if found:
                rows.append((found["key"], found["place"].removesuffix("|-").strip()))
            elif rows and line.startswith("    "):
                key, text = rows[-1]
                rows[-1] = (key, f"{text} {line.strip()}".strip())
    return rows


def country_of_place(place: str) -> str | None:
    """The one country that the parts of a place agree on: by their names, letters or cities."""
    parts = (re.sub(r"[ -]?\d+$", "", part.strip()) for part in re.split(r"[(),]", place))
    found = {country for part in parts if part and (country := _country(part)) is not None}
    return found.pop() if len(found) == 1 else None


def _country(part: str) -> str | None:
    names = countries_by_name()
    if part in _PLACES:
        return _PLACES[part]
    if part in names:
        return names[part]
    if re.fullmatch("[A-Z]{2}", part):
        return part if part in names.values() else None
    return country_of_city(part)


def _first(pattern: str, text: str) -> str | None:
    found = re.fullmatch(pattern, text)
    return next((group for group in found.groups() if group), None) if found else None
