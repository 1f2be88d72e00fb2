"""Names and the patterns that match them: identifiers, dotted names of calls, hosts (spec section 2).

It knows spelling and nothing else: not what a field is, nor where a name was found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

# A word ends before an upper-case letter that follows a lower-case letter or a digit (birthDate),
# and before the last letter of a run of upper-case letters that begins a word (IINNumber), but
# not before the plural of an abbreviation (IINs). Written over the shape of a name (_shape).
_WORD_ENDS = re.compile(r"(?<=[ls0])(?=U)|(?<=U)(?=U[ls])(?!Us(?![ls]))")
_PRIVATE = re.compile(r"^_[A-Z]\w*?__(?=[^\W_])")
_SEPARATORS = re.compile(r"_+")


@lru_cache(maxsize=1 << 16)
def fold(identifier: str) -> str:
    """The words of an identifier in lower case, joined by ``_``.

    ``birthDate``, ``BIRTH_DATE``, ``birth-date`` and ``_birth__date`` are all ``birth_date``;
    ``IINNumber`` is ``iin_number``. Digits belong to the word before them: ``iin2`` is itself.
    A text of separators alone folds to the empty string. ``_Client__phone``, which is what ``__phone``
    is called outside of its class, is ``phone``.
    """
    return _fold(_PRIVATE.sub("", identifier), "").strip("_")


def fold_pattern(pattern: str) -> str:
    """As ``fold``, with every ``*`` kept, and the separators beside it: ``*_IIN`` is ``*_iin``."""
    folded = _fold(_PRIVATE.sub("", pattern), "*")
    start = 0 if folded.startswith("_*") else len(folded) - len(folded.lstrip("_"))
    end = len(folded) if folded.endswith("*_") else len(folded.rstrip("_"))
    return folded[start:end]


def _fold(text: str, kept: str) -> str:
    if not text.isascii():
        # Python reads identifiers in this form, and databases keep headings in others.
        text = unicodedata.normalize("NFKC", text)
    elif text.islower() and text.isidentifier():
        return _SEPARATORS.sub("_", text)
    shape = "".join([_shape(character, kept) for character in text])
    words = []
    start = 0
    for end in _WORD_ENDS.finditer(shape):
        words.append(text[start : end.start()])
        start = end.start()
    words.append(text[start:])
    # Lower-casing may split a letter in two (the dotted I of Kazakh written in Latin): the mark is dropped.
    lower = [character for character in "_".join(words).lower() if not unicodedata.combining(character)]
    return _SEPARATORS.sub(
        "_", "".join([character if character.isalnum() or character in kept else "_" for character in lower])
    )


def _shape(character: str, kept: str) -> str:
    if character.isupper():
        return "U"
    if character == "s":
        return "s"
    if character.isdigit():
        return "0"
    if character.isalpha():
        return "l"
    return "*" if character in kept else "_"


class NameMatcher:
    """Which fields an identifier is named for: ``names`` of the configuration or a dictionary.

    Built from a field's patterns; answers are remembered, because the same few thousand
    identifiers are asked for again and again.
    """

    __slots__ = ("_answers", "_exact", "_order", "_wild")

    def __init__(self, fields: Mapping[str, Iterable[str]]) -> None:
        """Take ``{field: patterns}``; the order of the fields is the order of the answers."""
        self._order = {field: position for position, field in enumerate(fields)}
        exact: dict[str, list[str]] = {}
        wild: list[tuple[str, re.Pattern[str]]] = []
        for field, patterns in fields.items():
            stars: list[str] = []
            for pattern in patterns:
                folded = fold_pattern(pattern)
                if "*" in folded:
                    stars.append(_glob_regex(folded))
                elif folded and field not in exact.setdefault(folded, []):
                    exact[folded].append(field)
            if stars:
                wild.append((field, re.compile("|".join(stars))))
        self._exact = {name: tuple(owners) for name, owners in exact.items()}
        self._wild = tuple(wild)
        self._answers: dict[str, tuple[str, ...]] = {}

    def fields_of(self, identifier: str) -> tuple[str, ...]:
        """The fields that carry this name, in the order they were given; empty for none."""
        answer = self._answers.get(identifier)
        if answer is None:
            answer = self._answers[identifier] = self._find(fold(identifier))
        return answer

    def _find(self, folded: str) -> tuple[str, ...]:
        if not folded:
            return ()
        found = set(self._exact.get(folded, ()))
        found.update(field for field, pattern in self._wild if pattern.fullmatch(folded))
        return tuple(sorted(found, key=self._order.__getitem__))


class CallPatterns:
    """Patterns of calls and classes against dotted names that were resolved through imports.

    A pattern speaks of the end of a dotted name, part by part: ``has_consent`` is any function or
    method of that name, ``Client.agreed_to`` that method of any class ``Client``, and
    ``bank.consent.has_consent`` that one function. ``*`` stands for a run of characters within one
    part; as the whole last part (``bank.mail.*``) it is everything below. Case counts.
    """

    __slots__ = ("_answers", "_exact", "_wild", "patterns")

    def __init__(self, patterns: Iterable[str]) -> None:
        """Take the patterns; none at all match nothing."""
        self.patterns = tuple(patterns)
        self._exact = tuple("." + pattern for pattern in self.patterns if "*" not in pattern)
        stars = [_dotted_regex(pattern) for pattern in self.patterns if "*" in pattern]
        self._wild = re.compile("|".join(stars)) if stars else None
        self._answers: dict[str, bool] = {}

    def __bool__(self) -> bool:
        return bool(self.patterns)

    def matches(self, dotted: str) -> bool:
        """Whether one of the patterns matches the dotted name."""
        answer = self._answers.get(dotted)
        if answer is None:
            name = "." + dotted
            answer = name.endswith(self._exact) or (
                self._wild is not None and self._wild.fullmatch(name) is not None
            )
            self._answers[dotted] = answer
        return answer


def match_dotted(pattern: str, dotted: str) -> bool:
    """Whether a single call pattern matches a dotted name; see ``CallPatterns``."""
    return CallPatterns((pattern,)).matches(dotted)


def _dotted_regex(pattern: str) -> str:
    parts = pattern.split(".")
    below = parts[-1] == "*"
    head = parts[:-1] if below else parts
    written = "".join(r"\." + re.escape(part).replace(r"\*", r"[^.]*") for part in head)
    return ".*" + written + (r"\..+" if below else "")


def _glob_regex(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")


def glob_text(pattern: str, text: str) -> bool:
    """Whether the whole text matches, ``*`` being any run of characters and ``?`` any one; case counts.

    For buckets, topics, indexes, tables and collections.
    """
    return re.fullmatch(_glob_regex(pattern), text, re.DOTALL) is not None


def glob_host(pattern: str, host: str) -> bool:
    """Whether a host matches a host pattern, whatever the case, the final dot or the script it is written in.

    ``*.bank.kz`` is every host below ``bank.kz`` at any depth and not ``bank.kz`` itself, which is
    often the public site of somebody else's making: who means both writes both. Parts of a host that
    are not known may be given as ``*``; they match only what a ``*`` of the pattern covers.
    """
    return re.fullmatch(_glob_regex(_plain_host(pattern)), _plain_host(host)) is not None


def _plain_host(host: str) -> str:
    host = host.lower().removesuffix(".")
    return host if host.isascii() else ".".join(_plain_label(label) for label in host.split("."))


def _plain_label(label: str) -> str:
    try:
        return label.encode("idna").decode("ascii")
    except UnicodeError:
        return label
