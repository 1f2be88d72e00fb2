"""The text of a file: its encoding as Python reads it, its newlines as editors count them.

Encodings follow PEP 263 and https://docs.python.org/3/reference/lexical_analysis.html#encoding-declarations.
"""

from __future__ import annotations

import codecs
import re

import msgspec

from qorgau.source.notebooks import NotebookError, join_cells
from qorgau.source.values import NotPythonError, SourceError, SourceFile, SourceProblem

LARGEST_FILE = 20_000_000

_COOKIE = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"[ \t\f]*(?:#.*)?\Z")
_NEWLINE = re.compile(r"\r\n|\r|\n")
_LONE_RETURN = re.compile(r"\r(?!\n)")
# The longer marks first: that of UTF-32 begins with that of UTF-16.
_WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


class SourceText(msgspec.Struct, frozen=True):
    """A file's text, without a byte order mark.

    Lines end with ``\\n`` or ``\\r\\n``; a lone carriage return has become ``\\n``. For notebooks,
    ``cells`` pairs the first line in ``text`` of each code cell with the cell's number, counted
    from 1 over all the cells of the notebook, as editors number them.
    """

    text: str
    cells: tuple[tuple[int, int], ...] = ()


def read(file: SourceFile) -> SourceText:
    """The text of ``file``.

    Raises SourceError, naming ``file.display``, when it cannot be had: NotPythonError for what can be read
    but is no source.
    """
    try:
        with file.path.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise SourceError(SourceProblem(file.display, cannot_be_read(error))) from error
    if len(data) > LARGEST_FILE:
        size = f"{LARGEST_FILE // 1_000_000} MB"
        raise SourceError(SourceProblem(file.display, f"is too large: files over {size} are not read"))
    try:
        return _read_notebook(data) if file.is_notebook else SourceText(decode(data))
    except NotPythonError as error:
        raise NotPythonError(msgspec.structs.replace(error.problem, path=file.display)) from error


def decode(data: bytes) -> str:
    """Python source as text, by its byte order mark, its declared encoding, or UTF-8.

    Raises NotPythonError, its problem without a path, for what Python would not read either.
    """
    for mark, name in _WIDE_MARKS:
        if data.startswith(mark):
            raise _error(f"is encoded in {name}, which Python cannot read: save it as UTF-8")
    marked = data.startswith(codecs.BOM_UTF8)
    body = data.removeprefix(codecs.BOM_UTF8)
    null = body.find(b"\0")
    if null >= 0:
        raise _error("contains a null byte", body, null)
    text = _decode_body(body, marked)
    return _LONE_RETURN.sub("\n", text) if "\r" in text else text


def split_lines(text: str) -> list[str]:
    """The lines of ``text`` without their ends, as Python and editors count them.

    ``str.splitlines`` also breaks at form feeds and other separators, which move all later lines.
    """
    return _NEWLINE.split(text) if "\r" in text else text.split("\n")


def cell_at(text: SourceText, line: int) -> tuple[int, int] | None:
    """The number of the notebook cell that ``line`` of the text is in, and the line within that cell."""
    for first, number in reversed(text.cells):
        if first <= line:
            return number, line - first + 1
    return None


def cannot_be_read(error: OSError) -> str:
    """The rest of a sentence that begins with a path."""
    return f"cannot be read: {(error.strerror or str(error)).lower()}"


def _decode_body(body: bytes, marked: bool) -> str:
    declared = _declared_encoding(body)
    encoding = declared or "utf-8"
    folded = encoding.lower().replace("_", "-")
    is_utf8 = folded in ("utf-8", "utf8", "u8", "utf-8-sig")
    if marked and not is_utf8:
        raise _error(f"begins with the mark of UTF-8 but declares the encoding {encoding}")
    if re.match(r"utf-?(16|32)", folded):
        raise _error(f"declares the encoding {encoding}, which Python cannot read: save it as UTF-8")
    try:
        text = body.decode("utf-8" if is_utf8 else encoding)
        if not is_utf8:
            text.encode("utf-8")  # some codecs make lone surrogates, which no text may hold
    except LookupError as error:
        raise _error(f"declares an unknown encoding, {encoding}") from error
    except UnicodeDecodeError as error:
        raise _undecodable(body, error, declared) from error
    except UnicodeError as error:
        raise _error(f"is not in the encoding {encoding} that it declares") from error
    return text


def _declared_encoding(body: bytes) -> str | None:
    # A cookie is looked for in the first two lines; a long first line is no reason to split 20 MB.
    for line in re.split(rb"\r\n|\r|\n", body[:4096], maxsplit=2)[:2]:
        cookie = _COOKIE.match(line)
        if cookie:
            return cookie[1].decode("ascii", "replace")
        if not _BLANK.match(line):
            return None
    return None


def _undecodable(body: bytes, error: UnicodeDecodeError, declared: str | None) -> NotPythonError:
    byte = f"the byte 0x{error.object[error.start]:02x}" if error.start < len(error.object) else "an end"
    if declared:
        message = f"has {byte} that is not {declared}, the encoding it declares"
    else:
        message = f"has {byte} that is not UTF-8: declare the encoding in the first line, or save it as UTF-8"
    return _error(message, body, error.start)


def _error(message: str, body: bytes = b"", offset: int | None = None) -> NotPythonError:
    if offset is None:
        return NotPythonError(SourceProblem("", message))
    lines = re.split(rb"\r\n|\r|\n", body[:offset])
    column = len(lines[-1].decode("utf-8", "replace")) + 1
    return NotPythonError(SourceProblem("", message, len(lines), column))


def _read_notebook(data: bytes) -> SourceText:
    try:
        text, cells = join_cells(data)
    except NotebookError as error:
        raise _error(str(error)) from error
    return SourceText(text, cells)
