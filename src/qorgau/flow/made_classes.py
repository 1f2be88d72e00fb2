"""Classes that a call makes: ``namedtuple("Entry", "a b")``, ``make_dataclass``, ``Enum("Color", "RED")``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import ClassInfo, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, UNKNOWN, External, Value, join, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def _class(
    m: Machine,
    f: Frame,
    u: Use,
    libraries: Sequence[str],
    declared: Sequence[str],
    parts: dict[Key, Value],
    *,
    bases: tuple[Loc, ...] = (),
    marks: tuple[str, ...] = (),
) -> Value:
    """A class with these fields, as a ``class`` statement would have made it."""
    name = next(iter(u.arg(0).texts()), "made")
    loc = f.defining_place(u.at, "class")
    node = ir.Class(u.at, name, name, (), (), (), ())
    info = ClassInfo(f.unit, node, (loc, *bases), tuple(libraries), tuple(declared), False, marks)
    f.state.heap[loc] = Obj(
        "class", parts={**{f"$a:{text}": OPAQUE for text in declared}, **parts}, info=info
    )
    m.made.append(loc)
    return of_ref(loc)


def names_in(m: Machine, f: Frame, value: Value, at: int) -> list[str]:
    """Names in one text (``"a b"`` or ``"a, b"``), in a list of texts or pairs, or in the keys of a dict."""
    texts = value.texts()
    if texts:
        return texts[0].replace(",", " ").split()
    items = m.iterate(f, value, at).items or ()
    firsts = [item if item.texts() else m.item(f, item, of_const(0), at) for item in items]
    return [text for item in firsts for text in item.texts()[:1]]


def _namedtuple(m: Machine, f: Frame, u: Use) -> Value:
    names = names_in(m, f, u.arg(1, "field_names"), u.at)
    if not names:
        names = [
            name for name in u.args.keywords if name not in ("defaults", "rename", "module", "field_names")
        ]
    given = u.args.keywords.get("defaults")
    values = m.iterate(f, given, u.at).items if given is not None else None
    defaults: dict[Key, Value] = {}
    if values:
        defaults.update(zip(names[-len(values) :], values, strict=False))
    return _class(m, f, u, ("typing.NamedTuple",), names, defaults)


def _typed_dict(m: Machine, f: Frame, u: Use) -> Value:
    return _class(m, f, u, ("typing.TypedDict",), names_in(m, f, u.arg(1, "fields"), u.at), {})


def _make_dataclass(m: Machine, f: Frame, u: Use) -> Value:
    names = names_in(m, f, u.arg(1, "fields"), u.at)
    bases = m.iterate(f, u.args.keywords.get("bases", BOTTOM), u.at).each.locs()
    return _class(m, f, u, (), names, {}, bases=tuple(bases), marks=("dataclasses.dataclass",))


def _create_model(m: Machine, f: Frame, u: Use) -> Value:
    names = [name for name in u.args.keywords if not name.startswith("__")]
    return _class(m, f, u, ("pydantic.BaseModel",), names, {})


def enumeration(m: Machine, f: Frame, u: Use) -> Value:
    """``Enum("Color", "RED BLUE")`` or with a dict or pairs of values."""
    listed = u.arg(1, "names")
    exact = m.exact_dict(f, listed)
    members: dict[Key, Value] = {}
    members.update(exact or {})
    if not members:
        items = m.iterate(f, listed, u.at).items if not listed.texts() else None
        for index, name in enumerate(names_in(m, f, listed, u.at), 1):
            pair = (items or ())[index - 1] if items else BOTTOM
            members[name] = m.item(f, pair, of_const(1), u.at) if pair.refs else of_const(index)
    return _class(m, f, u, (u.dotted,), (), members)


def made_by_type(m: Machine, f: Frame, u: Use) -> Value:
    """``type("Name", (Base,), {...})``"""
    parts: dict[Key, Value] = {}
    parts.update(m.exact_dict(f, u.arg(2)) or {})
    orders: list[Loc] = []
    libraries: list[str] = []
    for base in m.iterate(f, u.arg(1), u.at).items or ():
        for ref in base.refs:
            if isinstance(ref, External):
                libraries.append(m.policy.catalog.canonical(ref.dotted))
            elif isinstance(ref, Loc) and (info := m.class_info(f, ref)) is not None:
                orders += [loc for loc in info.order if loc not in orders]
                libraries += info.libraries
    return _class(m, f, u, libraries, (), parts, bases=tuple(orders))


def _type(m: Machine, f: Frame, u: Use) -> Value:
    if len(u.args.positional) >= 3:
        return made_by_type(m, f, u)
    known = u.arg(0).constant()
    if known is not None:
        return of_ref(External(f"builtins.{known.type}"))
    found = m.class_of(f, u.arg(0))
    return found if found.refs else join(UNKNOWN, found)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "create-model": _create_model,
    "make-dataclass": _make_dataclass,
    "enumeration": enumeration,
    "namedtuple": _namedtuple,
    "typed-dict": _typed_dict,
}

BUILTINS: dict[str, Callable[[Machine, Frame, Use], Value]] = {"type": _type}
