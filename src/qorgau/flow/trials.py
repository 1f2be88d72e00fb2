"""Masks that go over the characters of a text one by one: what they leave is found out by trying them.

The function is called with made-up values of the datum's usual forms (``masks``). Where both values of a pair give a
constant, what differs between the two is what is left of the datum.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import masks, raising, targets, text_slices
from qorgau.flow.constants import HOLE
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Closure, Frame
from qorgau.flow.values import Value, of_const, of_ref
from qorgau.linking import walk

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

LONGEST = 12
"""Statements of a function that is tried."""

PLACES = frozenset(("enumerate", "range", "list", "zip", "reversed"))
"""What a loop over characters goes over: the text itself, or a call of one of these with it."""


def masked(m: Machine, f: Frame, loc: Loc, closure: Closure, args: Args, value: Value, at: int) -> Value:
    """The result of a call of a function, less what a trial shows to be masked."""
    given = _datum(args) if value.taints else None
    if given is None:
        return value
    place, datum = given
    if not _is_by_characters(m, closure, place):
        return value
    form = _form(m, datum, value)
    count = _left(form, lambda text: _tried(m, f, loc, args, place, text, at)) if form else None
    return _less(value, count, closure.function.qualname)


def joined(m: Machine, f: Frame, node: ir.Call, value: Value) -> Value:
    """``"".join("*" if i < 8 else c for i, c in enumerate(p.iin))``: the text, less what a trial shows to be masked."""
    given = node.arguments[0].value if len(node.arguments) == 1 else None
    if not value.taints or not isinstance(given, ir.Comprehension) or len(given.clauses) != 1:
        return value
    text = _gone_over(given.clauses[0].iterable)
    datum = m.evaluate(f, text) if text is not None else None
    form = _form(m, datum, value) if datum is not None else ""
    if text is None or not form:
        return value
    return _less(value, _left(form, lambda tried: _joined_of(m, f, node, text, tried)), f"join {node.at}")


def _form(m: Machine, datum: Value, made: Value) -> str:
    """The usual form of a datum of which something is made; empty where what is made has other data."""
    fields = {taint.field for taint in datum.taints}
    forms = {masks.form_of(m, taint.field) for taint in made.taints if taint.field in fields}
    if len(forms) != 1 or any(taint.field not in fields for taint in made.taints):
        return ""
    return forms.pop()


def _less(value: Value, count: int | None, label: str) -> Value:
    """A datum of which at most so many characters are left; None where no trial tells."""
    if count is None:
        return value
    if count == 0:
        return value.with_(taints=frozenset(), unknown=False, opaque=True)
    return text_slices.keep(value, count, ("trial", label))


def _left(form: str, tried: Callable[[str], str | None]) -> int | None:
    """The most that is left of values of one form; None where no trial tells."""
    most: int | None = None
    for pair in masks.FORMS[form]:
        one, other = (tried(text) for text in pair)
        if one is not None and other is not None and len(one) == len(other):
            count = sum(a != b for a, b in zip(one, other, strict=True))
            most = count if most is None else max(most, count)
    return most


def _tried(m: Machine, f: Frame, loc: Loc, args: Args, place: int | str, text: str, at: int) -> str | None:
    """What a function makes of a constant; None where that is not told."""
    positional, keywords = list(args.positional), dict(args.keywords)
    if isinstance(place, int):
        positional[place] = of_const(text)
    else:
        keywords[place] = of_const(text)
    return _text(f, lambda: m.call(f, of_ref(loc), Args(positional, keywords), at))


def _joined_of(m: Machine, f: Frame, node: ir.Call, text: ir.Expr, tried: str) -> str | None:
    """What a call makes where a constant stands in the place of the text that it goes over."""

    def result() -> Value:
        targets.bind(m, f, text, of_const(tried))
        return m.evaluate(f, node)

    return _text(f, result)


def _text(f: Frame, run: Callable[[], Value]) -> str | None:
    """The text that something gives in a trial, of which nothing is left behind; None where that is not told."""
    before = f.state
    f.state = before.copy()
    with raising.swallowed(f):
        result = run()
    f.state = before
    constant = result.constant()
    left = constant.value if constant is not None and not result.unknown else None
    return left if isinstance(left, str) and HOLE not in left else None


def _datum(args: Args) -> tuple[int | str, Value] | None:
    """The only argument that is personal, and its place; None where others are, or something is spread."""
    personal: list[tuple[int | str, Value]] = []
    personal += [(index, value) for index, value in enumerate(args.positional) if value.taints]
    personal += [(name, value) for name, value in args.keywords.items() if value.taints]
    return personal[0] if len(personal) == 1 and args.star.is_bottom and not args.double else None


def _is_by_characters(m: Machine, closure: Closure, place: int | str) -> bool:
    key = (closure.unit.name, closure.function.at, place)
    found = m.by_characters.get(key)
    if found is None:
        found = m.by_characters[key] = _goes_over(closure.function, place)
    return found


def _goes_over(function: ir.Function, place: int | str) -> bool:
    """Whether a short function has a loop over the characters of the argument at a place, or of what it makes of it."""
    given = [parameter.name for parameter in function.parameters]
    datum = place if isinstance(place, str) else given[place] if place < len(given) else ""
    nodes = list(walk(function.body))
    if sum(isinstance(node, ir.Assign | ir.If | ir.For | ir.Return) for node in nodes) > LONGEST:
        return False
    gone_over = [node.iterable for node in nodes if isinstance(node, ir.For | ir.Clause)]
    names = {*function.bound}.difference(given) | {datum}
    return any(_is_text(node, names) for node in gone_over)


def _gone_over(node: ir.Expr) -> ir.Expr | None:
    """The variable, attribute or item whose characters are gone through; None for other iterables."""
    while isinstance(node, ir.Call) and isinstance(node.function, ir.Name) and node.arguments:
        if node.function.id not in PLACES:
            return None
        node = node.arguments[0].value
    return node if isinstance(node, ir.Name | ir.Attribute | ir.Subscript) else None


def _is_text(node: ir.Expr, names: set[str]) -> bool:
    if isinstance(node, ir.Binary):
        return _is_text(node.left, names) or _is_text(node.right, names)
    if isinstance(node, ir.Call):
        called = node.function.id if isinstance(node.function, ir.Name) else ""
        inner = [argument.value for argument in node.arguments]
        return called in (*PLACES, "len") and any(_is_text(each, names) for each in inner)
    return isinstance(node, ir.Name) and node.id in names
