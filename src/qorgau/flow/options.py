"""Options of a command line: what they default to, where the operator gives nothing else.

A region or an address among them is known like the default of an environment look-up: not for certain.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow.heap import Key, Obj
from qorgau.flow.machine import Closure, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, UNKNOWN, External, Value, join, join_all, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

PREFIX = "@option "
"""Before the name of an option: the part of a parser that holds its default."""

PATH = "pathlib.Path"
NAMESPACE = "argparse.Namespace"
SUBPARSERS = "argparse._SubParsersAction"
PARSER = "$parser"

DECLARING = frozenset(("option", "argument"))
"""Decorators that declare a parameter of a command (Click)."""

WRAPPING = ("typer.", "fastapi.", "cyclopts.")
"""Packages whose calls stand for a parameter's default and hold it as their first argument."""


def _add(m: Machine, f: Frame, u: Use) -> Value:
    """``parser.add_argument("--region", default="eu-central-1")``"""
    given = u.args.keywords.get("default", BOTTOM)
    name = _destination([text for value in u.args.positional for text in value.texts()], u)
    kind = u.args.keywords.get("type", BOTTOM)
    value = BOTTOM
    if name and m.policy.fields_of(name):
        value = UNKNOWN
    elif name and any(given.texts()):
        value = join(given, OPAQUE)
    elif name and any(isinstance(ref, External) and ref.dotted == PATH for ref in kind.refs):
        value = of_ref(External(PATH))
    for loc in u.receiver.locs() if not value.is_bottom else ():
        m.write(f, loc, m.obj(f, loc).put(PREFIX + name, value), strong=True)
    return OPAQUE


def _destination(flags: list[str], u: Use) -> str:
    told = next(iter(u.args.keywords.get("dest", BOTTOM).texts()), "")
    longest = next((flag for flag in flags if flag.startswith("--")), flags[0] if flags else "")
    return told or longest.lstrip("-").replace("-", "_")


def _group(m: Machine, f: Frame, u: Use) -> Value:
    """A group or sub-parser: its options are read from the same result."""
    if u.dotted.endswith("add_subparsers"):
        return m.new(f, u.at, Obj("library", type=SUBPARSERS, parts={PARSER: u.receiver}), "subparsers")
    if u.dotted.startswith(SUBPARSERS):
        return join_all(m.obj(f, loc).parts.get(PARSER, BOTTOM) for loc in u.receiver.locs())
    return u.receiver.with_(unknown=False)


def _parse(m: Machine, f: Frame, u: Use) -> Value:
    """``parser.parse_args()``: what the operator gives, or the defaults."""
    made = m.unknown(f, u.at, frozenset(), "outside")
    parts: dict[Key, Value] = {}
    for loc in u.receiver.locs():
        for name, value in m.obj(f, loc).parts.items():
            if isinstance(name, str) and name.startswith(PREFIX):
                parts[name.removeprefix(PREFIX)] = value
    if parts:
        loc = made.locs()[0]
        told = {name: _given(m, f, made, name, value, u.at) for name, value in parts.items()}
        personal = any(value.taints for value in told.values())
        m.write(f, loc, Obj("unknown", type=NAMESPACE if personal else "", parts=told), strong=True)
    if u.dotted.endswith("parse_known_args"):
        return m.sequence(f, u.at, "tuple", [made, OPAQUE], None, "parsed")
    return made


def _given(m: Machine, f: Frame, made: Value, name: Key, value: Value, at: int) -> Value:
    """What an option is read as: a datum by its name, a path, or what it defaults to."""
    child = made.locs()[0].child(name)
    if value == UNKNOWN:
        return m.named(f, of_ref(child, unknown=True), str(name), made, at)
    if value.refs:
        f.state.heap[child] = Obj("library", type=PATH)
        return of_ref(child, unknown=True)
    return value


def default_of(m: Machine, f: Frame, closure: Closure, parameter: ir.Parameter) -> ir.Expr | None:
    """The default that a parameter has where a framework calls: its own, its wrapper's or its decorator's."""
    node = parameter.default
    if isinstance(node, ir.Call):
        target = m.quiet(f, node.function, closure.unit)
        wraps = any(isinstance(ref, External) and ref.dotted.startswith(WRAPPING) for ref in target.refs)
        return _argument(node, "default", first=True) if wraps else node
    if node is not None:
        return node
    for decorator in closure.function.decorators:
        if isinstance(decorator, ir.Call) and _is_declaring(decorator.function):
            flags = [a.value.value for a in decorator.arguments if isinstance(a.value, ir.Const)]
            texts = [text for text in flags if isinstance(text, str)]
            if parameter.name in (text.lstrip("-").replace("-", "_") for text in texts):
                return _argument(decorator, "default", first=False)
    return None


def _is_declaring(node: ir.Expr) -> bool:
    name = node.attr if isinstance(node, ir.Attribute) else getattr(node, "id", "")
    return name in DECLARING


def _argument(node: ir.Call, name: str, *, first: bool) -> ir.Expr | None:
    for argument in node.arguments:
        if argument.keyword == name:
            return argument.value
    plain = [argument.value for argument in node.arguments if argument.keyword is None and not argument.star]
    return plain[0] if first and plain else None


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "option-add": _add,
    "option-group": _group,
    "option-parse": _parse,
}
