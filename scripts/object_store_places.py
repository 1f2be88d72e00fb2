"""Which country the place names of rclone's provider files are in."""

from __future__ import annotations

import re
from pathlib import Path

from object_store_rows import Store
from regions_common import countries_by_name, country_of_city, git_text

# Places that are no city of GeoNames with 15,000 people, or share a name with a larger one elsewhere.
# Each names its country in the same file, or in the name.
_PLACES = {
    "Silicon Valley": "US",
    "Virginia": "US",
    "N. Virginia": "US",
    "Washington": "US",
    "Texas": "US",
    "Oregon": "US",
    "California": "US",
    "New Jersey": "US",
    "Vint Hill": "US",
    "Freemont": "US",
    "Gravelines": "FR",
    "Beauharnois": "CA",
    "Falkenstein": "DE",
    "Logrono": "ES",
    "Ha Noi": "VN",
    "St. Petersburg": "RU",
    "Great Britain": "GB",
    "Hongkong": "HK",
    "DE": "DE",
    "BR": "BR",
}
# Continents and networks: no country.
_WIDE = frozenset(
    {"Global", "Europe", "Asia", "North America", "Southeast Asia", "Northeast Asia", "AnyCast", "Anycast"}
)
# `key: place`, `key: |-` and its lines, `'key': place`.
_LINE = re.compile(r"  '?(?P<key>[^\s':]+(?::[^\s':]+)*)'?: (?P<place>.*)")
_WORD = r"[A-ZÀ-Ž][\wÀ-ž.'-]*(?: [A-ZÀ-Ž][\wÀ-ž.'-]*)*"


def places_of(store: Store, clone: Path) -> dict[str, tuple[str, str | None]]:
    """Region ids of a store with the place and country that rclone gives them."""
    if not store.file:
        return {}
    found: dict[str, tuple[str, str | None]] = {}
    for section, key, place in _rows(git_text(clone, store.path)):
        name = store.id_of(section, key)
        if name and (name not in found or found[name][1] is None):
            found[name] = (place, country_of_place(place, name))
    return found


def country_of_place(place: str, name: str) -> str | None:
    """The country a place's description names: itself, by a city, or by the letters of the region's id."""
    names = countries_by_name()
    words = re.findall(_WORD, place.replace(" Region", "").replace(" Endpoint", ""))
    parts = [part.strip() for word in words for part in (word, re.sub(r"[ -]?\d+$", "", word))]
    parts += [piece for part in parts for piece in part.split("-")]
    for part in parts:
        if part in names and len(part) > 2:
            return names[part]
    for part in parts:
        if part in _PLACES:
            return _PLACES[part]
    countries = {country for part in parts if (country := _country_of_city(part)) is not None}
    if len(countries) == 1:
        return countries.pop()
    return None


def _country_of_city(part: str) -> str | None:
    return None if part in _WIDE or len(part) < 4 else country_of_city(part)


def _rows(text: str) -> list[tuple[str, str, str]]:
    """Section, key and description of the rows under ``region:`` and ``endpoint:``."""
    rows: list[tuple[str, str, str]] = []
    section = ""
    for line in text.splitlines():
        if line and not line.startswith(" "):
            section = line.partition(":")[0]
        elif section in ("region", "endpoint", "location_constraint"):
            found = _LINE.fullmatch(line)
            if found:
                rows.append((section, found["key"], found["place"].removesuffix("|-").strip()))
            elif rows and line.startswith("    "):
                head, key, place = rows[-1]
                rows[-1] = (head, key, f"{place} {line.strip()}".strip())
    return rows
