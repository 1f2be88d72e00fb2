"""Functions that ask an object of the project: ``abs(x)`` calls ``x.__abs__()``, ``sorted(xs)`` compares its items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from qorgau.flow import inheritance
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import Value, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

GIVING = {
    "builtins.abs": "__abs__",
    "builtins.bytes": "__bytes__",
    "builtins.complex": "__complex__",
    "builtins.dir": "__dir__",
    "builtins.divmod": "__divmod__",
    "builtins.reversed": "__reversed__",
    "builtins.round": "__round__",
    "math.ceil": "__ceil__",
    "math.floor": "__floor__",
    "math.trunc": "__trunc__",
    "operator.index": "__index__",
    "os.fspath": "__fspath__",
}
"""Functions that give what the method of their first argument gives."""

ASKING = {
    "builtins.bin": "__index__",
    "builtins.bool": "__bool__",
    "builtins.hash": "__hash__",
    "builtins.hex": "__index__",
    "builtins.oct": "__index__",
    "builtins.range": "__index__",
    "builtins.open": "__fspath__",
    "operator.length_hint": "__length_hint__",
    "sys.getsizeof": "__sizeof__",
}
"""Functions that call the method of their first argument and give something else."""

COPYING: Mapping[str, tuple[Value, ...]] = {
    "__reduce_ex__": (of_const(4),),
    "__reduce__": (),
    "__getstate__": (),
}
"""What the functions in ``COPIERS`` ask an object for, the first that its class has, and with what."""

COPIERS = frozenset(("copy.copy", "copy.deepcopy", "pickle.dump", "pickle.dumps"))

COMPARING = {
    "builtins.max": ("__gt__", "__lt__"),
    "builtins.min": ("__lt__", "__gt__"),
    "builtins.sorted": ("__lt__", "__gt__"),
}
"""Functions that compare their items with one another."""


def asked(m: Machine, f: Frame, u: Use) -> Value | None:
    """What an object of the project gives a function that asks it; None where the function gives its own answer."""
    if u.dotted in GIVING:
        return _called(m, f, u.arg(0), GIVING[u.dotted], u.args.rest(1), u.at) or _reflected(m, f, u)
    if u.dotted in ASKING:
        _called(m, f, u.arg(0), ASKING[u.dotted], Args(), u.at)
    elif u.dotted in COPIERS:
        for name, given in COPYING.items():
            if _called(m, f, u.arg(0), name, Args(list(given)), u.at) is not None:
                break
    elif u.dotted in COMPARING and "key" not in u.args.keywords:
        items = u.args.positional if len(u.args.positional) > 1 else [m.iterate(f, u.arg(0), u.at).each]
        for name in COMPARING[u.dotted]:
            each = join_all(items)
            if _called(m, f, each, name, Args([each]), u.at) is not None:
                break
    elif u.dotted == "builtins.sum":
        each = m.iterate(f, u.arg(0), u.at).each
        return _called(m, f, each, "__radd__", Args([each]), u.at) or _called(
            m, f, each, "__add__", Args([each]), u.at
        )
    elif u.dotted in ("builtins.isinstance", "builtins.issubclass"):
        return _checked(m, f, u)
    return None


def _reflected(m: Machine, f: Frame, u: Use) -> Value | None:
    """``divmod(2, x)`` asks its second argument."""
    if u.dotted != "builtins.divmod":
        return None
    return _called(m, f, u.arg(1), "__rdivmod__", Args([u.arg(0)]), u.at)


def _checked(m: Machine, f: Frame, u: Use) -> Value | None:
    """A metaclass may say itself what is an instance or a subclass."""
    name = "__instancecheck__" if u.dotted.endswith("isinstance") else "__subclasscheck__"
    for loc in u.arg(1).locs() if m.metaclasses else ():
        found = m.of_metaclass(f, loc, name, u.at) if m.class_info(f, loc) is not None else None
        if found is not None:
            return m.call(f, found, Args([u.arg(0)]), u.at)
    return None


def _called(m: Machine, f: Frame, value: Value, name: str, args: Args, at: int) -> Value | None:
    """The results of a method of all objects of the project in a value; None where none has it."""
    results: list[Value] = []
    for loc in value.locs():
        found = _special(m, f, loc, name, at)
        if found is not None:
            results.append(m.call(f, found, args, at))
    return join_all(results) if results else None


def _special(m: Machine, f: Frame, loc: Loc, name: str, at: int) -> Value | None:
    """A method of an object's class; what the object itself has under the name does not count."""
    obj = f.state.obj(loc)
    if obj is None or obj.cls is None or obj.kind not in ("instance", "unknown"):
        return None
    found = inheritance.class_part(m, f, obj.cls, name)
    return inheritance.bind(m, f, found, of_ref(loc), at) if found is not None else None


def position(m: Machine, f: Frame, key: Value, at: int) -> Value:
    """What an object means as a position in a list: what its ``__index__`` gives."""
    found = _called(m, f, key, "__index__", Args(), at)
    return key if found is None else found


def hashed(m: Machine, f: Frame, key: Value, at: int) -> None:
    """An object becomes a key of a dict or an item of a set, or is looked for there."""
    _called(m, f, key, "__hash__", Args(), at)


def as_key(m: Machine, f: Frame, container: Value, key: Value, at: int) -> Value:
    """A key as ``container[key]`` takes it: a dict asks for its hash, a list for its number."""
    for loc in container.locs():
        obj = f.state.obj(loc)
        if obj is not None and obj.kind == "dict":
            hashed(m, f, key, at)
        elif obj is not None and obj.kind in ("list", "tuple"):
            return position(m, f, key, at)
    return position(m, f, key, at) if container.is_text() else key


def looked_for(m: Machine, f: Frame, item: Value, container: Value, at: int) -> None:
    """``item in container``: the items are compared with it."""
    held = [obj for loc in container.locs() if (obj := f.state.obj(loc)) is not None]
    if any(obj.kind in ("dict", "set") for obj in held):
        hashed(m, f, item, at)
    if not item.refs and not any(obj.kind in ("list", "tuple", "set") for obj in held):
        return
    each = m.iterate(f, container, at).each
    if _called(m, f, item, "__eq__", Args([each]), at) is None:
        _called(m, f, each, "__eq__", Args([item]), at)


def deleted(m: Machine, f: Frame, value: Value, at: int) -> None:
    """``del name``: an object that only this name held ends."""
    loc = value.single()
    if loc is not None:
        _called(m, f, of_ref(loc), "__del__", Args(), at)
