"""Jupyter notebooks as one Python text: the code cells, one after another.

The format is https://nbformat.readthedocs.io/en/latest/format_description.html (4, and 3 with
its worksheets). What IPython adds to Python (https://ipython.readthedocs.io, "magics", ``!``
and ``?``) is replaced in its line, so that every line keeps its place within its cell.
"""

from __future__ import annotations

import ast
import re

import msgspec


class NotebookError(Exception):
    """The notebook cannot be read; the message is the rest of a sentence that begins with its path."""


class _Cell(msgspec.Struct, frozen=True):
    cell_type: str = ""
    source: str | list[str] = ""
    input: str | list[str] = ""  # the name of "source" in format 3


class _Worksheet(msgspec.Struct, frozen=True):
    cells: list[_Cell] = []


class _Language(msgspec.Struct, frozen=True):
    name: str = ""
    language: str = ""


class _Metadata(msgspec.Struct, frozen=True):
    kernelspec: _Language = _Language()
    language_info: _Language = _Language()


class _Notebook(msgspec.Struct, frozen=True):
    metadata: _Metadata = _Metadata()
    cells: list[_Cell] = []
    worksheets: list[_Worksheet] = []


# Magics of a whole cell after which the cell is still Python, run in the notebook's own process.
_PYTHON_CELL = re.compile(r"%%(?:capture|time|timeit|prun|memit|mprun|lprun|snakeviz)\b")
_SUSPICIOUS = re.compile(r"^[ \t]*[%!?]|=[ \t]*[%!]|\?[ \t]*$", re.MULTILINE)
_TIMED = re.compile(
    r"(?P<indent>[ \t]*)%(?:time|timeit(?:[ \t]+-[nrpqo]\d*(?:[ \t]+\d+)?)*)[ \t]+(?P<code>[^-\s].*)"
)
_LINE_MAGIC = re.compile(r"(?P<indent>[ \t]*)(?P<rest>[%!?].*|[\w.%*\[\]'\"()]+\?{1,2}[ \t]*)\Z")
_ASSIGNED = re.compile(r"(?P<target>[ \t]*[\w., \t\[\]'\"*]+=[ \t]*)(?P<kind>[%!])(?P<rest>[^=\s].*)\Z")
_TOKEN = re.compile(r"\"\"\"|'''|\"(?:\\.|[^\"\\])*\"?|'(?:\\.|[^'\\])*'?|#.*|[(\[{]|[)\]}]|\\\Z")

# Escapes in JSON: a pair of surrogates, half a pair (in the group), anything else.
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|(u[dD][89a-fA-F]\w\w)|.)", re.DOTALL)


def join_cells(data: bytes) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The text of all code cells, and for each its first line in it and its number from 1.

    A notebook of another language gives an empty text. Raises NotebookError.
    """
    notebook = _parse(data)
    if not _is_python(notebook.metadata):
        return "", ()
    cells = notebook.cells or [cell for sheet in notebook.worksheets for cell in sheet.cells]
    texts: list[str] = []
    starts: list[tuple[int, int]] = []
    line = 1
    for number, cell in enumerate(cells, start=1):
        if cell.cell_type != "code":
            continue
        text = _as_python(_joined(cell.source or cell.input))
        starts.append((line, number))
        texts.append(text + "\n")
        line += text.count("\n") + 1
    return "".join(texts), tuple(starts)


def _parse(data: bytes) -> _Notebook:
    try:
        return msgspec.json.decode(_whole_characters(data.removeprefix(b"\xef\xbb\xbf")), type=_Notebook)
    except msgspec.ValidationError as error:
        raise NotebookError(f"is not a notebook: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotebookError(f"is not a notebook, its JSON is broken: {error}") from error
    except RecursionError as error:
        raise NotebookError("is not a notebook: its JSON is nested too deeply") from error


def _whole_characters(data: bytes) -> bytes:
    """The JSON with halves of surrogate pairs replaced: printed output that was cut short holds them."""
    if b"\\ud" not in data and b"\\uD" not in data:
        return data
    return _ESCAPE.sub(lambda escape: b"\\ufffd" if escape[1] else escape[0], data)


def _is_python(metadata: _Metadata) -> bool:
    language = metadata.language_info.name or metadata.kernelspec.language
    return language.lower() in ("", "python", "ipython", "sage")


def _joined(source: str | list[str]) -> str:
    text = source if isinstance(source, str) else "".join(source)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", " ").removesuffix("\n")


def _as_python(text: str) -> str:
    """``text`` with what only IPython understands replaced, line for line."""
    if not _SUSPICIOUS.search(text):
        return text
    lines = text.split("\n")
    first = next((index for index, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        if not _PYTHON_CELL.match(lines[first]):
            return "\n".join("# " + line for line in lines)
        lines[first] = "# " + lines[first]
        return _as_python("\n".join(lines))
    return text if _parses(text) else "\n".join(_without_magics(lines))


def _parses(text: str) -> bool:
    try:
        # Only whether it is Python already: a line may begin with % or ! inside brackets and strings.
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _without_magics(lines: list[str]) -> list[str]:
    result: list[str] = []
    state = _LineState()
    continued = False
    for line in lines:
        if continued:
            result.append("# " + line)
            continued = line.endswith("\\")
            continue
        replaced = _replaced(line) if state.at_statement else None
        if replaced is not None:
            continued = line.endswith("\\") and replaced.lstrip().startswith("pass  #")
        state.feed(line if replaced is None else replaced)
        result.append(line if replaced is None else replaced)
    return result


def _replaced(line: str) -> str | None:
    """The line as Python, or None when it is none of IPython's."""
    timed = _TIMED.match(line)
    if timed:
        return timed["indent"] + timed["code"]
    magic = _LINE_MAGIC.match(line)
    if magic:
        return f"{magic['indent']}pass  # {magic['rest']}"
    assigned = _ASSIGNED.match(line)
    if assigned:
        # What IPython itself makes of it: a call whose result nothing is known of.
        call = "getoutput" if assigned["kind"] == "!" else "run_line_magic"
        return f"{assigned['target']}get_ipython().{call}({assigned['rest']!r})"
    return None


class _LineState:
    """Whether the next line begins a statement: outside brackets, long strings and continuations."""

    __slots__ = ("_continued", "_depth", "_quote")

    def __init__(self) -> None:
        self._quote = ""
        self._depth = 0
        self._continued = False

    @property
    def at_statement(self) -> bool:
        return not (self._quote or self._depth or self._continued)

    def feed(self, line: str) -> None:
        """Take account of one line of Python."""
        self._continued = False
        position = 0
        while position < len(line):
            if self._quote:
                position = self._after_quote(line, position)
                continue
            token = _TOKEN.search(line, position)
            if token is None:
                return
            position = token.end()
            self._take(token[0])

    def _after_quote(self, line: str, position: int) -> int:
        while position < len(line):
            if line[position] == "\\":
                position += 2
            elif line.startswith(self._quote, position):
                self._quote = ""
                return position + 3
            else:
                position += 1
        return position

    def _take(self, token: str) -> None:
        if token in ('"""', "'''"):
            self._quote = token
        elif token in "([{":
            self._depth += 1
        elif token in ")]}":
            self._depth = max(0, self._depth - 1)
        elif token == "\\":
            self._continued = True
