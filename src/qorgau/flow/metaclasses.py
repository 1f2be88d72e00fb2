"""Metaclasses of the project: what they do when a class is made, when it is called, and what classes find in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import inheritance
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.values import BOTTOM, Bound, SuperOf, Value, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

META = "$metaclass"
"""The part of a class that is its metaclass, where that is a class of the project."""

TYPES = frozenset(("builtins.type", "abc.ABCMeta", "enum.EnumMeta", "enum.EnumType"))
"""Library classes whose heirs are metaclasses."""


def of(m: Machine, f: Frame, cls: Loc) -> Loc | None:
    """The metaclass of a class, if the project defines it."""
    if not m.metaclasses:
        return None
    held = inheritance.class_part(m, f, cls, META)
    return held.single() if held is not None else None


def part(m: Machine, f: Frame, cls: Loc, name: str, at: int) -> Value | None:
    """An attribute that a class does not have and its metaclass has."""
    meta = of(m, f, cls)
    found = inheritance.class_part(m, f, meta, name) if meta is not None else None
    return inheritance.bind(m, f, found, of_ref(cls), at) if found is not None else None


def prepared(m: Machine, f: Frame, node: ir.Class, bases: Sequence[Value]) -> dict[str, Value]:
    """What the metaclass's ``__prepare__`` gives the body of a class to start from."""
    given = next((m.evaluate(f, k.value) for k in node.keywords if k.name == "metaclass"), BOTTOM)
    inherited = (of(m, f, loc) for base in bases for loc in base.locs()) if m.metaclasses else ()
    meta = given.single() or next(filter(None, inherited), None)
    found = inheritance.class_part(m, f, meta, "__prepare__") if meta is not None else None
    if meta is None or found is None:
        return {}
    arguments = [of_const(node.name), m.sequence(f, node.at, "tuple", list(bases), None, "bases")]
    callee = inheritance.bind(m, f, found, of_ref(meta), node.at)
    namespace = m.call(f, callee, Args(arguments, _keywords(m, f, node)), node.at)
    return m.exact_dict(f, namespace) or {}


def _keywords(m: Machine, f: Frame, node: ir.Class) -> dict[str, Value]:
    return {k.name: m.evaluate(f, k.value) for k in node.keywords if k.name and k.name != "metaclass"}


def apply(m: Machine, f: Frame, node: ir.Class, loc: Loc, bases: Sequence[Value], at: int) -> Value:
    """The class after its metaclass has made it: ``__new__`` and ``__init__`` run."""
    made = of_ref(loc)
    given = next((m.evaluate(f, k.value) for k in node.keywords if k.name == "metaclass"), BOTTOM)
    meta = given.single() or of(m, f, loc)
    if meta is None or m.class_info(f, meta) is None:
        return made
    m.metaclasses[meta] = None
    m.write(f, loc, m.obj(f, loc).put(META, of_ref(meta)), strong=True)
    arguments = [of_const(node.name), m.sequence(f, at, "tuple", list(bases), None, "bases")]
    arguments.append(_namespace(m, f, loc, at))
    keywords = _keywords(m, f, node)
    m.defining.append(loc)
    for name in ("__new__", "__init__"):
        found = inheritance.class_part(m, f, meta, name)
        for ref in found.refs if found is not None else ():
            if isinstance(ref, Loc):
                callee = of_ref(ref) if name == "__new__" else of_ref(Bound(ref, made))
                first = [of_ref(meta)] if name == "__new__" else []
                m.call(f, callee, Args([*first, *arguments], keywords), at)
    m.defining.pop()
    return made


def _namespace(m: Machine, f: Frame, loc: Loc, at: int) -> Value:
    made = m.new(f, at, Obj("dict", info="exact"), "namespace")
    for name, value in m.obj(f, loc).parts.items():
        if isinstance(name, str) and not name.startswith("$"):
            m.set_item(f, made, of_const(name), value, at)
    return made


def creator(m: Machine, f: Frame, cls: Loc) -> Value | None:
    """The metaclass's ``__call__`` for a class, which is what making an object calls."""
    meta = of(m, f, cls)
    found = inheritance.class_part(m, f, meta, "__call__") if meta is not None else None
    for ref in found.refs if found is not None else ():
        if isinstance(ref, Loc):
            return of_ref(Bound(ref, of_ref(cls)))
    return None


def by_type(m: Machine, f: Frame, ref: SuperOf, name: str, args: Args) -> Value | None:
    """``super().__new__(mcls, name, bases, namespace)`` in a metaclass: the class that is being made."""
    if name != "__new__" or not m.defining or ref.cls not in m.metaclasses:
        return None
    loc = m.defining[-1]
    namespace = args.get(3)
    for key, value in (m.exact_dict(f, namespace) or {}).items() if namespace is not None else ():
        m.write(f, loc, m.obj(f, loc).put(key, value), strong=True)
    return of_ref(loc)
