"""What makes a finding the same finding in the next run, whatever lines were put before it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from qorgau.judging.comments import without_comment


class Identity(msgspec.Struct, frozen=True):
    """What a fingerprint is made of: nothing in it moves when lines are put in elsewhere.

    ``path`` should be relative to the project's root, so that the working folder does not count;
    ``function`` is the qualified name of the function around the sink, empty at the module's top;
    ``code_line`` is the first line of the sink as it stands in the file.
    """

    code: str
    path: str
    function: str
    code_line: str
    fields: tuple[str, ...]


def fingerprint(identity: Identity, occurrence: int = 0) -> str:
    """32 hexadecimal digits. ``occurrence`` tells apart findings that are alike in all else, from 0.

    Spaces and the comment of the line do not count, nor does the order of the fields.
    """
    parts = [
        identity.code,
        identity.path,
        identity.function,
        "".join(without_comment(identity.code_line).split()),
        sorted(identity.fields),
        occurrence,
    ]
    return _digest(parts)


def fingerprints(identities: Iterable[Identity]) -> tuple[str, ...]:
    """One fingerprint for each, all different: those alike are numbered in the order in which they come."""
    seen: Counter[str] = Counter()
    result = []
    for identity in identities:
        base = fingerprint(identity)
        result.append(fingerprint(identity, seen[base]) if seen[base] else base)
        seen[base] += 1
    return tuple(result)


def part_fingerprint(whole: str, fields: Sequence[str]) -> str:
    """The fingerprint of the part of a finding that concerns ``fields`` alone."""
    return _digest([whole, sorted(fields)])


def _digest(parts: list[object]) -> str:
    written = json.dumps(parts, separators=(",", ":"))
    return hashlib.sha256(written.encode("ascii")).hexdigest()[:32]
