"""What goes with data that is stored or exported: the link to its source (PD604), and what the row is called.

A link is recognized by its text (``https://...``) or, where it comes from outside, by the name that
it is kept under (``source_url``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from qorgau.flow import frames
from qorgau.flow.constants import Const
from qorgau.flow.declared_types import ELEMENTS
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.values import Value
from qorgau.names import fold

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

LINK = "url"
"""The label of what a call made that joins addresses."""

JOINS = ("urllib.parse.urljoin", "urllib.parse.urlunparse", "urllib.parse.urlunsplit")
WORDS = frozenset(
    """
    url uri link href source permalink webpage origin page_address istochnik istochniki ssylka silteme derekkoz
    """.split()  # noqa: SIM905
)
OTHER = frozenset(
    """
    photo image img avatar picture logo icon video callback webhook thumbnail file download redirect return
    """.split()  # noqa: SIM905
)
"""What an address is of that is no source: the picture of a person."""

MAX_DEPTH = 6


def is_link_name(name: str) -> bool:
    """Whether a key, a column or a variable is named for the address that data came from."""
    words = fold(name).split("_")
    return bool(WORDS & set(words)) and not OTHER & set(words)


def gives_link(name: str, given: Sequence[Value]) -> bool:
    """Whether an unknown call gives an address: ``urljoin(...)``, ``element.get_attribute("href")``."""
    if name == "urljoin":
        return True
    return name in ("get_attribute", "get", "attr", "attrib") and any(
        is_link_name(text) for value in given[:1] for text in value.texts()
    )


def is_linked(m: Machine, f: Frame, values: Iterable[Value]) -> bool:
    """Whether the address of a source is among what is written."""
    seen: set[Loc] = set()
    return any(_holds_link(m, f, value, "", seen, 0) for value in values)


def is_link(value: Value, name: str = "") -> bool:
    """Whether a value is, or is named as, the address of a source."""
    for text in value.texts():
        if "://" in text or text.startswith("www."):
            return not name or not OTHER & set(fold(name).split("_"))
    if value.consts and not (value.unknown or value.refs):
        return False
    if value.is_bottom:
        return False
    if name and is_link_name(name):
        return True
    if value.taints:
        # The address of a link can be the datum itself: `tel:` and `mailto:`.
        return False
    return any(is_link_name(_name(loc)) for loc in value.locs())


def _holds_link(m: Machine, f: Frame, value: Value, name: str, seen: set[Loc], depth: int) -> bool:
    if is_link(value, name):
        return True
    if depth > MAX_DEPTH:
        return False
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is None or loc in seen:
            continue
        seen.add(loc)
        if obj.kind in ("function", "class", "module"):
            continue
        parts: list[tuple[str, Value]] = []
        if frames.is_table(obj):
            parts += [(str(key.value), cell) for key, cell in frames.read(obj).columns.items()]
        for key, part in obj.parts.items():
            if isinstance(key, Const):
                parts.append((key.value if isinstance(key.value, str) else "", part))
            elif not key.startswith(("$", "@")) or key.startswith(("$data", "$spread", "$of")):
                parts.append(("" if key.startswith("$") else key, part))
        parts.append(("", obj.rest))
        if any(_holds_link(m, f, part, name, seen, depth + 1) for name, part in parts):
            return True
    return False


def _name(loc: Loc) -> str:
    """What an object from outside is called: its attribute, key, parameter, or the call that made it."""
    label = loc.label
    if isinstance(label, tuple) and label:
        if label[0] == "item":
            label = getattr(label[1], "value", "")
        elif label[0] in ("param", "request", "public"):
            label = label[-1]
        else:
            label = LINK if str(label[0]).partition(" ")[0] == LINK else ""
    return label if isinstance(label, str) else ""


# What a row is called


def names_of(m: Machine, f: Frame, values: Iterable[Value]) -> Iterator[str]:
    """The names of classes and texts that say what is written: a model, a table, a key."""
    for value in values:
        yield from value.texts()
        for loc in value.locs():
            obj = f.state.obj(loc)
            if obj is None:
                continue
            owners = [loc] if obj.kind == "class" else [obj.cls] if obj.cls is not None else []
            owners += obj.parts[ELEMENTS].locs() if ELEMENTS in obj.parts else []
            for owner in owners:
                info = m.class_info(f, owner)
                if info is not None:
                    yield info.node.name
            if obj.kind in ("list", "tuple"):
                yield from names_of(m, f, [*obj.parts.values(), obj.rest])


CONSENT = frozenset(
    ["consent", "consents", "soglasie", "soglasiya", "soglasii", "kelisim", "kelisimder", "kelisimi"]
)
RECORDING = frozenset(
    [
        "save",
        "record",
        "store",
        "grant",
        "give",
        "log",
        "write",
        "add",
        "register",
        "create",
        "set",
        "remember",
        "keep",
        "accept",
    ]
)


def is_consent_record(names: Iterable[str], function: str) -> bool:
    """Whether what is written is the record of consent itself, by the name of its table or of the code."""
    if any(CONSENT & set(fold(word).split("_")) for name in names for word in _words(name)):
        return True
    words = fold(function.rpartition(".")[2]).split("_")
    return words[0] in RECORDING and words[-1] in CONSENT


def _words(name: str) -> list[str]:
    return [word for word in "".join(c if c.isalnum() or c == "_" else " " for c in name).split() if word]
