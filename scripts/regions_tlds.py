"""Makes ``rules/regions/tlds.toml``: country-code domains and their countries.

A domain counts when the public suffix list has it and ISO 3166 has its letters; country_converter's
column ``ccTLD`` is compared. Domains in other scripts are those that the public suffix list gives a
country in its comments. Left out are the domains that everybody uses, by the lists below.

Usage: python scripts/regions_tlds.py COUNTRY_CONVERTER-WHEEL DATE TARGET
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import zipfile
from pathlib import Path

from regions_common import package_source, package_text

# Google treats these as generic (https://developers.google.com/search/docs/specialty/international/
# managing-multi-regional-sites, as repeated at https://tld-list.com/blog/gcctlds-by-google, May 2026).
_GOOGLE = ("ad", "ai", "as", "bz", "cc", "cd", "co", "dj", "fm", "io", "la", "me", "ms", "nu", "sc", "sr")
_GOOGLE_MORE = ("su", "tk", "tv", "ws")
# Google's list of 2013 had it (https://www.seroundtable.com/google-cctld-generics-16729.html).
_ONCE_GOOGLE = ("gg",)
# Given away to anybody by Freenom, with .tk (https://dn.org/freenom-fallout-free-domains-with-hidden-costs).
_FREENOM = ("cf", "ga", "gq", "ml")
# Sold to anybody for what the letters say (ly, to, st, am, gs, is, tm:
# https://www.liquisearch.com/domain_hack/international_names,
# http://forum.icann.org/newtldagmts/3BA3EA66000009FB.html). For the others no source was found; they are
# registered without any tie to the country, and a wrong country is worse than none.
_SOLD = ("am", "gs", "is", "ly", "st", "tm", "to")
_CAUTION = ("ac", "ag", "gl", "im", "li", "pw", "sh", "so", "vc", "vg")
# Countries' domains that do not have the letters of ISO 3166.
_OTHER_LETTERS = {"uk": "GB"}
_COMMENT = re.compile(r"// (xn--[a-z0-9]+) .*: ([A-Z]{2})$")
_LIST = "tldextract/.tld_set_snapshot"


def main(wheel: Path, date: str, target: Path) -> None:
    """Reads the sources and writes the table."""
    rows = json.loads(package_text("pycountry", "databases/iso3166-1.json"))["3166-1"]
    iso = {row["alpha_2"].lower(): row["alpha_2"] for row in rows}
    generic = {*_GOOGLE, *_GOOGLE_MORE, *_ONCE_GOOGLE, *_FREENOM, *_SOLD, *_CAUTION}
    text = package_text("tldextract", ".tld_set_snapshot").partition("===END ICANN DOMAINS")[0]
    # Some countries register only below a second part: the list has `*.ck` or `co.za`, and no `ck`, `za`.
    listed = {line.rpartition(".")[2] for line in text.splitlines() if re.fullmatch(r"[a-z0-9*.-]+", line)}
    countries = {code: iso[code] for code in sorted(listed & iso.keys())} | _OTHER_LETTERS
    _compare(countries, wheel)
    countries |= {name: code for name, code in _other_scripts(text).items() if code.lower() in iso}
    kept = {name: code for name, code in sorted(countries.items()) if name not in generic}
    lines = [
        "# Made by scripts/regions_tlds.py; change the script, not this file.",
        "# `generic` are country-code domains that everybody uses: Google's list of such, the domains that",
        "# Freenom gave away, and those open to all for what their letters say. They tell of no country.",
        "sources = [",
        f"    {_quoted(package_source('tldextract', _LIST + ' (public suffix list)'))},",
        f"    {_quoted(package_source('pycountry', 'databases/iso3166-1.json'))},",
        f"    {_quoted(f'PyPI {wheel.name}, country_converter/country_data.tsv, column ccTLD')},",
        '    "https://tld-list.com/blog/gcctlds-by-google (generic ones)",',
        '    "https://dn.org/freenom-fallout-free-domains-with-hidden-costs (generic ones)",',
        "]",
        f"date = {_quoted(date)}",
        'script = "scripts/regions_tlds.py"',
        "generic = [",
        *(f"    {_quoted(name)}," for name in sorted(generic)),
        "]",
        "",
        "[countries]",
        *(f"{name if name.isascii() else _quoted(name)} = {_quoted(code)}" for name, code in kept.items()),
    ]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{target.name}: {len(kept)} domains, {len(generic)} generic")


def _other_scripts(text: str) -> dict[str, str]:
    """Domains in other scripts, as people write them and as machines do."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        comment = _COMMENT.fullmatch(line)
        if comment:
            ascii_name, country = comment.groups()
            found[ascii_name] = country
            found[ascii_name.removeprefix("xn--").encode().decode("punycode")] = country
    return found


def _compare(countries: dict[str, str], wheel: Path) -> None:
    """Stops where the second source gives a domain to another country."""
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read("country_converter/country_data.tsv").decode("utf-8")
    for row in csv.DictReader(io.StringIO(text), delimiter="\t"):
        domain, country = (row["ccTLD"] or "").strip().lstrip("."), row["ISO2"]
        if domain in countries and len(country) == 2 and countries[domain] != country:
            raise SystemExit(f".{domain}: one source says {countries[domain]}, the other {country}")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
