"""How the texts of a configuration are read: what is wrong with one, in half a sentence.

Every reader takes a text and returns None, or the message. The names in ``READERS`` are those
that the annotations in ``settings.py`` use.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable

import pathspec

from qorgau.config.countries import COUNTRIES
from qorgau.config.shipped import known_codes, known_regulations
from qorgau.names import fold_pattern

Reader = Callable[[str], "str | None"]

# ISO 8601-1, 5.5.2: at least one figure, designators in this order, weeks beside the others as
# the 2019 edition has them.
_DURATION = re.compile(
    r"P(?=\d|T\d)(\d+Y)?(\d+M)?(\d+W)?(\d+([.,]\d+)?D)?(T(?=\d)(\d+H)?(\d+M)?(\d+([.,]\d+)?S)?)?"
)
_REGION = re.compile(r"[a-z][a-z0-9_-]*:[A-Za-z0-9][A-Za-z0-9._-]*")
_HOST_LABEL = re.compile(r"[\w*?-]+")
_ADDRESS = re.compile(r"[0-9a-f:.*?]+", re.IGNORECASE)


def nearest(text: str, among: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The one of ``among`` that was probably meant by ``text``, whatever the case; None if none is near."""
    by_case = {candidate.casefold(): candidate for candidate in sorted(among)}
    found = difflib.get_close_matches(text.casefold(), by_case, n=1, cutoff=cutoff)
    return by_case[found[0]] if found else None


def quoted(text: str) -> str:
    """The text in double quotes, as TOML would have it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _meant(candidate: str | None) -> str:
    return f"; did you mean {quoted(candidate)}?" if candidate is not None else ""


def read_text(text: str) -> str | None:
    """Any text that says something."""
    return None if text.strip() else "is empty"


def read_argument(text: str) -> str | None:
    """A keyword of a function."""
    if text.isidentifier():
        return None
    if text.isdigit():
        return f"{quoted(text)} is no keyword; write a position as a number: {int(text)}"
    return f"{quoted(text)} is no keyword"


def read_name(text: str) -> str | None:
    """A pattern of identifiers: words, with ``*``."""
    folded = fold_pattern(text)
    if not folded:
        return f"{quoted(text)} holds no word"
    if not folded.replace("*", "").strip("_"):
        return f"{quoted(text)} would match every name"
    if re.fullmatch(r"\w+(\.\w+)+", text):
        return f"{quoted(text)} is a dotted path; names are single identifiers (see attributes)"
    return None


def read_call(text: str) -> str | None:
    """A dotted name, with ``*``."""
    parts = text.split(".")
    if not all(part.replace("*", "x").isidentifier() for part in parts):
        return f"{quoted(text)} is no dotted name"
    if all(set(part) == {"*"} for part in parts):
        return f"{quoted(text)} would match everything"
    if any("**" in part for part in parts):
        return f'{quoted(text)}: "**" means nothing here; a last part "*" is everything below'
    return None


def read_dotted(text: str) -> str | None:
    """A dotted name without ``*``."""
    if all(part.isidentifier() for part in text.split(".")):
        return None
    return f"{quoted(text)} is no dotted name" + (" (* is not allowed here)" if "*" in text else "")


def read_class_attribute(text: str) -> str | None:
    """``Class.attribute``, with the modules before it or not."""
    problem = read_dotted(text)
    if problem is None and "." not in text:
        return f"{quoted(text)} names no class; write Class.attribute"
    return problem


def read_host(text: str) -> str | None:
    """A host name or address, with ``*`` and ``?``."""
    if "://" in text or "/" in text or "@" in text:
        return f"{quoted(text)} is no host; leave out scheme, user and path"
    bare = text.removeprefix("[").removesuffix("]")
    if bare.count(":") > 1 and _ADDRESS.fullmatch(bare):
        return None
    if ":" in text:
        return f"{quoted(text)} is no host; leave out the port"
    labels = text.removesuffix(".").split(".")
    if not all(_HOST_LABEL.fullmatch(label) for label in labels):
        return f"{quoted(text)} is no host"
    return None


def read_path(text: str) -> str | None:
    """A gitignore pattern."""
    # A backslash before a letter stands for the letter: "src\app" would mean "srcapp".
    if re.search(r"\\\w", text):
        return f"{quoted(text)} has a backslash; paths are written with /, as {quoted(text.replace(chr(92), '/'))}"
    try:
        patterns = list(pathspec.GitIgnoreSpec.from_lines([text]).patterns)
    except (ValueError, re.error):
        return f"{quoted(text)} is no gitignore pattern"
    if any(pattern.include is not None for pattern in patterns):
        return None
    if text.startswith("#"):
        return f"{quoted(text)} is a comment in gitignore patterns; write {quoted(chr(92) + text)}"
    return f"{quoted(text)} is a gitignore pattern that matches nothing"


def read_code(text: str) -> str | None:
    """A finding code or the beginning of one."""
    codes = known_codes()
    if text.startswith("PD") and any(code.startswith(text) for code in codes):
        return None
    return f"{quoted(text)} is no code and no prefix of one" + _meant(nearest(text, codes))


def read_country(text: str) -> str | None:
    """An ISO 3166 alpha-2 code."""
    if text in COUNTRIES:
        return None
    # The one abbreviation in common use that is another country's domain, not its code.
    meant = "GB" if text.upper() == "UK" else text.upper()
    return f"{quoted(text)} is no ISO 3166 country code" + (
        _meant(meant) if meant in COUNTRIES else '; two letters, as "KZ"'
    )


def read_region(text: str) -> str | None:
    """``provider:region``; whether the catalogue knows it is for others to say."""
    if _REGION.fullmatch(text):
        return None
    return f'{quoted(text)} is no region; write provider:region, as "aws:eu-central-1"'


def read_duration(text: str) -> str | None:
    """An ISO 8601 duration."""
    if _DURATION.fullmatch(text):
        return None
    meant = next((guess for guess in (text.upper(), "P" + text.upper()) if _DURATION.fullmatch(guess)), None)
    return f"{quoted(text)} is no ISO 8601 duration" + (_meant(meant) or '; five years are "P5Y"')


def read_regulation(text: str) -> str | None:
    """The id of a rule pack."""
    packs = known_regulations()
    if text in packs:
        return None
    return f"there is no regulation {quoted(text)}" + (
        _meant(nearest(text, packs)) or "; there is " + ", ".join(sorted(packs))
    )


READERS: dict[str, Reader] = {
    "argument": read_argument,
    "call": read_call,
    "class-attribute": read_class_attribute,
    "code": read_code,
    "country": read_country,
    "dotted": read_dotted,
    "duration": read_duration,
    "host": read_host,
    "name": read_name,
    "path": read_path,
    "region": read_region,
    "regulation": read_regulation,
    "text": read_text,
}
