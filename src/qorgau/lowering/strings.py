"""The values of string tokens and the texts of f-strings, as Python evaluates them."""

from __future__ import annotations

import re
import unicodedata

_ESCAPE = re.compile(
    r"\\(?:(\r\n|[\r\n\\'\"abfnrtv])|([0-7]{1,3})|x([0-9a-fA-F]{2})"
    r"|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|N\{([^}]+)\})"
)
_BYTES_ESCAPE = re.compile(rb"\\(?:(\n|[\\'\"abfnrtv])|([0-7]{1,3})|x([0-9a-fA-F]{2}))")
_SIMPLE = {
    "\n": "", "\r": "", "\r\n": "", "\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b",
    "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
}  # fmt: skip


def _unescape(match: re.Match[str]) -> str:
    simple, octal, byte, short, long, name = match.groups()
    if simple is not None:
        return _SIMPLE[simple]
    if octal is not None:
        return chr(int(octal, 8))
    if name is not None:
        try:
            return unicodedata.lookup(name)
        except KeyError:
            return match.group()
    code = int(byte or short or long, 16)
    return chr(code) if code <= 0x10FFFF else match.group()


def _unescape_bytes(match: re.Match[bytes]) -> bytes:
    simple, octal, byte = match.groups()
    if simple is not None:
        return _SIMPLE[simple.decode("ascii")].encode("ascii")
    return bytes([int(octal, 8) & 0xFF if octal is not None else int(byte, 16)])


def text_value(raw: str, is_raw: bool) -> str:
    """Return what the inside of a string or f-string evaluates to.

    Unknown escapes are kept as they stand, as Python does. Surrogates that
    don't form pairs become U+FFFD: they can't be written as UTF-8.
    """
    if "\r" in raw:
        raw = raw.replace("\r\n", "\n").replace("\r", "\n")
    if is_raw or "\\" not in raw:
        return raw
    value = _ESCAPE.sub(_unescape, raw)
    if any("\ud800" <= character <= "\udfff" for character in value):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return value


def string_value(token: str) -> str | bytes:
    """Return the value of a string or bytes token, quotes and prefix included."""
    first = token[0]
    if first in "'\"":
        prefix = ""
    else:
        start = min(position for position in (token.find("'"), token.find('"')) if position >= 0)
        prefix = token[:start].lower()
        token = token[start:]
        first = token[0]
    quotes = 3 if len(token) >= 6 and token.startswith(first * 3) else 1
    inner = token[quotes:-quotes]
    if "b" not in prefix:
        return text_value(inner, "r" in prefix)
    data = inner.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8")
    return data if "r" in prefix else _BYTES_ESCAPE.sub(_unescape_bytes, data)
