"""YAML as far as settings go: mappings, lists and plain values by indentation, anchors, aliases and merge keys.

It refuses nothing: a line that it does not understand says nothing.
"""

from __future__ import annotations

import re

from qorgau.source.values import Setting

MAX_DEPTH = 12
MERGE = "<<"

_ENTRY = re.compile(r"""(?P<key>"[^"]*"|'[^']*'|[^\s#'"\[\]{},:][^#:]*?)\s*:(?:\s+(?P<value>.*))?""")
_PROPERTY = re.compile(r"^(?P<sign>[!&])(?P<name>[\w!/.-]+)(?:\s+|$)")
_NUMBER = re.compile(r"-?\d+")


def read_yaml(text: str) -> Setting:
    """What the first document of a text says."""
    lines = [line for raw in text.splitlines() if (line := _stripped(raw)).strip() and line.strip() != "---"]
    return _Reader(lines).read() if lines else None


def _stripped(line: str) -> str:
    """A line without its comment."""
    quote = ""
    for index, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"" and (index == 0 or line[index - 1] in " :[{,-"):
            quote = letter
        elif letter == "#" and (index == 0 or line[index - 1].isspace()):
            return line[:index].rstrip()
    return line.rstrip()


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _is_item(line: str) -> bool:
    return line.lstrip().startswith("- ") or line.strip() == "-"


class _Reader:
    """A walk over the lines of a document, with the values that anchors name so far."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0
        self.anchors: dict[str, Setting] = {}

    def read(self) -> Setting:
        return self._block(_indent(self.lines[0]), 0)

    def _block(self, indent: int, depth: int) -> Setting:
        """The value that begins at the present line."""
        if depth > MAX_DEPTH or self.at >= len(self.lines):
            self.at = len(self.lines)
            return None
        return self._items(indent, depth) if _is_item(self.lines[self.at]) else self._entries(indent, depth)

    def _entries(self, indent: int, depth: int) -> Setting:
        found: dict[str, Setting] = {}
        merged: dict[str, Setting] = {}
        while self.at < len(self.lines) and _indent(self.lines[self.at]) >= indent:
            line = self.lines[self.at]
            entry = _ENTRY.fullmatch(line.strip()) if _indent(line) == indent else None
            self.at += 1
            if entry is None:
                continue
            anchor, rest = _properties(entry["value"] or "")
            if rest[:1] in ("|", ">"):
                self._skip(indent)
                continue
            value = self._scalar(rest) if rest else self._below(indent, depth)
            if anchor:
                self.anchors[anchor] = value
            key = entry["key"].strip("'\"")
            if key == MERGE:
                merged = {**_merged(value), **merged}
            else:
                found[key] = value
        return {**merged, **found}

    def _below(self, indent: int, depth: int) -> Setting:
        """What stands under a key that has no value on its own line."""
        if self.at >= len(self.lines):
            return None
        line = self.lines[self.at]
        if _indent(line) > indent or (_indent(line) == indent and _is_item(line)):
            return self._block(_indent(line), depth + 1)
        return None

    def _skip(self, indent: int) -> None:
        while self.at < len(self.lines) and _indent(self.lines[self.at]) > indent:
            self.at += 1

    def _items(self, indent: int, depth: int) -> Setting:
        found: list[Setting] = []
        while self.at < len(self.lines) and _indent(self.lines[self.at]) == indent:
            line = self.lines[self.at].lstrip()
            if not line.startswith("-"):
                break
            anchor, rest = _properties(line[1:].strip())
            if _ENTRY.fullmatch(rest) and not rest.startswith(("'", '"', "{", "[")):
                self.lines[self.at] = " " * (indent + 2) + rest
                value = self._block(indent + 2, depth + 1)
            else:
                self.at += 1
                value = self._scalar(rest) if rest else self._below(indent, depth)
            if anchor:
                self.anchors[anchor] = value
            found.append(value)
        return found

    def _scalar(self, text: str) -> Setting:
        text = text.strip()
        if text.startswith("*"):
            return self.anchors.get(text[1:].strip())
        if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
            return text[1:-1]
        if text.startswith(("{", "[")) and text.endswith(("}", "]")):
            return self._flow(text)
        return int(text) if _NUMBER.fullmatch(text) and len(text) < 16 else text

    def _flow(self, text: str) -> Setting:
        """``{a: b}`` and ``[a, b]`` of plain values."""
        parts = [part.strip() for part in text[1:-1].split(",") if part.strip()]
        if text.startswith("["):
            return [self._scalar(part) for part in parts if part[:1] not in ("{", "[")]
        entries = [entry for part in parts if (entry := _ENTRY.fullmatch(part)) is not None]
        return {entry["key"].strip("'\""): self._scalar(entry["value"] or "") for entry in entries}


def _properties(text: str) -> tuple[str, str]:
    """The anchor before a value, if any, and the value without its anchor and tags."""
    anchor = ""
    while (found := _PROPERTY.match(text)) is not None:
        anchor = found["name"] if found["sign"] == "&" else anchor
        text = text[found.end() :]
    return anchor, text


def _merged(value: Setting) -> dict[str, Setting]:
    """What ``<<: *a`` and ``<<: [*a, *b]`` bring: of several mappings the first counts."""
    found: dict[str, Setting] = {}
    for each in reversed(value) if isinstance(value, list) else (value,):
        if isinstance(each, dict):
            found.update(each)
    return found
