"""What the rules that travel with the program offer for a configuration to name: codes and regulations."""

from __future__ import annotations

from importlib import resources

# The codes of spec section 4. A configuration may name one before its page is written;
# a page that is there adds its own.
_SPECIFIED = """
    PD101 PD102 PD201 PD202 PD203 PD204 PD205 PD206 PD207 PD301 PD302 PD401 PD402 PD403
    PD501 PD502 PD503 PD504 PD601 PD602 PD603 PD604 PD605 PD900 PD901 PD902
"""


def known_codes() -> frozenset[str]:
    """Every finding code: those of the specification and of the pages in ``rules/pages``."""
    return frozenset(_SPECIFIED.split()) | {name.partition("-")[0] for name in _names("pages", ".md")}


def known_regulations() -> frozenset[str]:
    """The ids of the packs in ``rules/regulations``."""
    return frozenset(_names("regulations", ".toml"))


def _names(folder: str, ending: str) -> list[str]:
    place = resources.files("qorgau.rules") / folder
    if not place.is_dir():
        return []
    return [entry.name.removesuffix(ending) for entry in place.iterdir() if entry.name.endswith(ending)]
