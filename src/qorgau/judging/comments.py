"""Where the comments of a text are, whether or not the text is Python that can be parsed.

Knows strings, because a ``#`` in one begins no comment, and nothing else of the language.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

import msgspec

_ESCAPE = r"\\(?:\r\n|.)"
# A string in one line ends with it at the latest, one in three quotes with the text.
_TOKEN = re.compile(
    rf'''(?P<comment>\#[^\r\n]*)
    | """(?:[^"\\]|{_ESCAPE}|"(?!""))*(?:"""|\Z)
    | \'\'\'(?:[^'\\]|{_ESCAPE}|'(?!\'\'))*(?:\'\'\'|\Z)
    | "(?:[^"\\\r\n]|{_ESCAPE})*"?
    | '(?:[^'\\\r\n]|{_ESCAPE})*'?
    ''',
    re.VERBOSE | re.DOTALL,
)


class Comment(msgspec.Struct, frozen=True):
    """A comment from its ``#`` to the end of the line; ``alone`` when nothing stands before it.

    Lines and columns start at 1.
    """

    line: int
    column: int
    text: str
    alone: bool


def comments_in(text: str) -> Iterator[Comment]:
    """The comments of ``text`` in its order. A text that is no Python gives those that can be told."""
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    for token in _TOKEN.finditer(text):
        comment = token["comment"]
        if comment is not None:
            line = bisect_right(starts, token.start())
            before = text[starts[line - 1] : token.start()]
            yield Comment(line, len(before) + 1, comment.rstrip(), not before.strip())


def without_comment(line: str) -> str:
    """One line of code without the comment at its end."""
    first = next(comments_in(line), None)
    return line if first is None else line[: first.column - 1]
