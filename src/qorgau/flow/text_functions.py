"""Functions that make texts of texts: regular expressions, tables of characters, templates."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import masks, raising, texts
from qorgau.flow.constants import HOLE, const
from qorgau.flow.functional import callable_ref
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import (
    BOTTOM,
    NO_REFS,
    OPAQUE,
    UNKNOWN,
    Value,
    join,
    of_const,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def _re_sub(m: Machine, f: Frame, u: Use) -> Value:
    shift = 1 if u.receiver.refs else 0
    replacement, subject = u.arg(1 - shift, "repl"), u.arg(2 - shift, "string")
    if any(callable_ref(f, ref) for ref in replacement.refs):
        found = m.unknown(f, u.at, subject.taints, "match")
        replacement = m.call(f, replacement, Args([found]), u.at)
        whole = any(taint.kept is None for taint in replacement.taints)
        told = ["*"] if not whole and (replacement.taints or not replacement.unknown) else []
    else:
        told = replacement.texts() if not replacement.unknown and not replacement.opaque else []
    patterns = [u.arg(0, "pattern")] if not shift else [_part_of(f, loc, "@0") for loc in u.receiver.locs()]
    known = [text for pattern in patterns for text in pattern.texts()]
    subject = masks.masked(m, subject, [] if any(p.unknown or p.opaque for p in patterns) else known, told)
    return texts.made_of([subject.with_(refs=NO_REFS), replacement.with_(refs=NO_REFS)])


def _re_subn(m: Machine, f: Frame, u: Use) -> Value:
    """``re.subn``: the text, and how many places were changed."""
    return m.sequence(f, u.at, "tuple", [_re_sub(m, f, u), OPAQUE], None, "subn")


def _part_of(f: Frame, loc: Loc, name: str) -> Value:
    obj = f.state.obj(loc)
    return obj.parts.get(name, UNKNOWN) if obj is not None else UNKNOWN


def _maketrans(m: Machine, f: Frame, u: Use) -> Value:
    """``str.maketrans("abc", "***")``: a dict of characters, where the texts are known."""
    given = [value.constant() for value in u.args.positional]
    texts_given = [one.value for one in given if one is not None and isinstance(one.value, str)]
    if len(texts_given) != len(u.args.positional) or HOLE in "".join(texts_given) or not texts_given:
        return _renumbered_table(m, f, u)
    try:
        table = str.maketrans(*texts_given)
    except (ValueError, TypeError):
        return raising.fail(f, "ValueError")
    parts: dict[Key, Value] = {
        const(sign): of_const(chr(other) if isinstance(other, int) else other)
        for sign, other in table.items()
    }
    return m.new(f, u.at, Obj("dict", parts=parts, info="exact"), "table")


def _renumbered_table(m: Machine, f: Frame, u: Use) -> Value:
    """``str.maketrans({"a": "*"})``: characters as keys become their numbers."""
    loc = u.arg(0).single()
    obj = f.state.obj(loc) if loc is not None and len(u.args.positional) == 1 else None
    if obj is None or obj.kind != "dict" or obj.info != "exact":
        return OPAQUE
    parts: dict[Key, Value] = {}
    for key, value in obj.items():
        sign = key.value
        parts[const(ord(sign)) if isinstance(sign, str) and len(sign) == 1 else key] = value
    return m.new(f, u.at, Obj("dict", parts=parts, info="exact"), "table")


def _pieces(m: Machine, f: Frame, u: Use) -> Value:
    """``re.findall``, ``re.split``, ``match.groups()``: a list whose items are parts of the text."""
    given = u.args.get(0 if u.receiver.refs else 1, "string")
    whole = u.receiver if given is None else given
    taints = m.contents(f, whole)
    note = f"through {u.dotted.rpartition('.')[2]}()"
    taints = frozenset(taint.stepped(f.unit, u.at, note) for taint in taints)
    return m.new(f, u.at, Obj("list", rest=Value(taints, unknown=whole.unknown, opaque=True)), "pieces")


def _words(m: Machine, f: Frame, u: Use) -> Value:
    """``shlex.split``: the words of a command."""
    known = u.arg(0, "s").constant()
    if known is None or not isinstance(known.value, str) or HOLE in known.value or len(u.args.all()) > 1:
        return m.new(f, u.at, Obj("list", rest=Value(m.contents(f, u.arg(0, "s")), opaque=True)), "words")
    try:
        words = shlex.split(known.value)
    except ValueError:
        return raising.fail(f, "ValueError")
    return m.sequence(f, u.at, "list", [of_const(word) for word in words], None, "words")


_PLACES = re.compile(r"\$(?:\$|([a-z_]\w*)|\{([a-z_]\w*)\})", re.IGNORECASE)
"""The names in a ``string.Template``; ``$$`` stands for the sign itself."""


def _template(m: Machine, f: Frame, u: Use) -> Value:
    template = BOTTOM
    for loc in u.receiver.locs():
        parts = m.obj(f, loc).parts
        template = join(template, parts.get("@template") or parts.get("@0") or parts.get("template", BOTTOM))
    values = list(u.args.all())
    wanted = template.constant()
    own = any(m.obj(f, loc).cls is not None for loc in u.receiver.locs())
    if wanted is not None and isinstance(wanted.value, str) and not own:
        names = [name for groups in _PLACES.findall(wanted.value) for name in groups if name]
        mappings = [*u.args.positional[:1], *u.args.double]
        values = [u.args.keywords[name] for name in names if name in u.args.keywords]
        asked = [of_const(name) for name in names if name not in u.args.keywords]
        values += [m.item(f, mapping, name, u.at) for mapping in mappings for name in asked]
    return texts.made_of([template, *(m.text(f, value, u.at) for value in values)])


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "maketrans": _maketrans,
    "pieces": _pieces,
    "re-sub": _re_sub,
    "re-subn": _re_subn,
    "shell-words": _words,
    "template-substitute": _template,
}
