"""Functions made of functions: ``functools`` and ``operator``, and what only gives its argument back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow.constants import Const
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Closure, Frame
from qorgau.flow.taints import Taint, Trace
from qorgau.flow.uses import Use
from qorgau.flow.values import (
    BOTTOM,
    UNKNOWN,
    Bound,
    External,
    Value,
    join,
    join_all,
    of_const,
    of_ref,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def partial_of(m: Machine, f: Frame, u: Use) -> Value:
    if not u.args.positional:
        return UNKNOWN
    function, *given = u.args.positional
    keywords = u.args.keywords
    below = _inner_partial(f, function)
    if below is not None and u.args.star.is_bottom and not u.args.double:
        # As ``functools`` does it: a partial of a partial is one partial of the function.
        count, names = below.info if isinstance(below.info, tuple) else (0, ())
        function = below.parts["$function"]
        given = [*(below.parts[f"$p{index}"] for index in range(count)), *given]
        keywords = {**{name: below.parts[f"$k{name}"] for name in names}, **keywords}
    parts: dict[Key, Value] = {"$function": function}
    parts.update({f"$p{index}": value for index, value in enumerate(given)})
    parts.update({f"$k{name}": value for name, value in keywords.items()})
    if not u.args.star.is_bottom:
        parts["$star"] = u.args.star
    if u.args.double:
        parts["$double"] = join_all(u.args.double)
    info = (len(given), tuple(keywords))
    kind = "partialmethod" if u.dotted.endswith("partialmethod") else "partial"
    return m.new(f, u.at, Obj(kind, parts=parts, info=info), "partial")


def _inner_partial(f: Frame, function: Value) -> Obj | None:
    """The partial that a partial is made of; None where that is something else, or takes arguments not told."""
    loc = function.single()
    obj = f.state.obj(loc) if loc is not None else None
    if obj is None or obj.kind != "partial" or "$star" in obj.parts or "$double" in obj.parts:
        return None
    return obj


def _property(m: Machine, f: Frame, u: Use) -> Value:
    """``property(fget, fset)`` without a decorator."""
    parts: dict[Key, Value] = {
        name: given
        for index, name in enumerate(("fget", "fset", "fdel"))
        if not (given := u.arg(index, name)).is_bottom and given.refs
    }
    return m.new(f, u.at, Obj("property", parts=parts), "property")


def _identity(m: Machine, f: Frame, u: Use) -> Value:
    return u.arg(0)


def _cast(m: Machine, f: Frame, u: Use) -> Value:
    """``cast(Client, value)``: the same value; of a class of the project, if nothing else is known of it."""
    value = u.arg(1)
    cls, loc = u.arg(0).single(), value.single()
    held = f.state.obj(cls) if cls is not None else None
    if loc is not None and held is not None and held.kind == "class":
        obj = m.obj(f, loc)
        if obj.kind == "unknown" and obj.cls is None and not obj.type:
            m.write(f, loc, replace(obj, cls=cls), strong=True)
    return value


def _returns_identity(m: Machine, f: Frame, u: Use) -> Value:
    """Decorator factories that give the function back: ``wraps(f)``, ``lru_cache()``."""
    return of_ref(External("qorgau.identity"))


def _itemgetter(m: Machine, f: Frame, u: Use) -> Value:
    parts: dict[Key, Value] = {Const("int", i): value for i, value in enumerate(u.args.positional)}
    made = Obj("made", type="itemgetter", parts=parts, length=len(parts), info=(f.unit, u.at))
    return m.new(f, u.at, made, "getter")


def _attrgetter(m: Machine, f: Frame, u: Use) -> Value:
    parts: dict[Key, Value] = {Const("int", i): value for i, value in enumerate(u.args.positional)}
    made = Obj("made", type="attrgetter", parts=parts, length=len(parts), info=(f.unit, u.at))
    return m.new(f, u.at, made, "getter")


def _methodcaller(m: Machine, f: Frame, u: Use) -> Value:
    parts: dict[Key, Value] = {Const("int", i): value for i, value in enumerate(u.args.positional)}
    parts.update({f"$k{name}": value for name, value in u.args.keywords.items()})
    made = Obj("made", type="methodcaller", parts=parts, length=len(u.args.positional))
    return m.new(f, u.at, made, "getter")


def call_made(m: Machine, f: Frame, obj: Obj, args: Args, at: int) -> Value:
    """Call an ``itemgetter``, ``attrgetter`` or ``methodcaller``."""
    target = args.get(0) or BOTTOM
    keys = [value for _, value in obj.items()]
    if obj.type == "constantly":
        return join_all(keys)
    if obj.type == "methodcaller":
        names = keys[0].texts() if keys else []
        keywords = {str(k)[2:]: v for k, v in obj.parts.items() if isinstance(k, str) and k.startswith("$k")}
        return join_all([m.call_method(f, target, name, Args(keys[1:], keywords), at) for name in names])
    found: list[Value] = []
    for key in keys:
        if obj.type == "itemgetter":
            found.append(_named_at(f, m.item(f, target, key, at), obj, at))
            continue
        value = BOTTOM
        for text in key.texts():
            step = target
            for name in text.split("."):
                step = m.attribute(f, step, name, at)
            value = join(value, step)
        found.append(_named_at(f, value, obj, at))
    return found[0] if len(found) == 1 else m.sequence(f, at, "tuple", found, None, "got")


def _named_at(f: Frame, value: Value, getter: Obj, at: int) -> Value:
    """What a getter reads has its source where the getter names it."""
    if not isinstance(getter.info, tuple):
        return value
    unit, place = getter.info

    def source(taint: Taint) -> Taint:
        last = taint.trace
        if last is None or last.parent is not None or last.unit is not f.unit or last.at != at:
            return taint
        return replace(
            taint, trace=Trace(Trace(None, unit, place, last.note), f.unit, at, "read by the getter")
        )

    return value.map_taints(source)


def _item_function(m: Machine, f: Frame, u: Use) -> Value:
    """``operator.getitem(a, b)``, ``setitem`` and ``delitem``."""
    name = u.dotted.rpartition(".")[2]
    if name == "setitem":
        m.set_item(f, u.arg(0), u.arg(1), u.arg(2), u.at)
    elif name == "delitem":
        m.delete_item(f, u.arg(0), u.arg(1), u.at)
    else:
        return m.item(f, u.arg(0), u.arg(1), u.at)
    return of_const(None)


def callable_ref(f: Frame, ref: object) -> bool:
    if isinstance(ref, Bound):
        return True
    obj = f.state.obj(ref) if isinstance(ref, Loc) else None
    return obj is not None and obj.kind in ("function", "partial", "class")


def _unbound(m: Machine, f: Frame, u: Use) -> Value:
    """``render = staticmethod(function)``, ``classmethod(function)``: the same function, bound to no object."""
    value = u.arg(0, "function")
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    if obj is None or not isinstance(obj.info, Closure) or obj.info.binding != "plain":
        return value
    binding = "class" if u.dotted.endswith("classmethod") else "static"
    return m.new(f, u.at, replace(obj, info=replace(obj.info, binding=binding)), binding)


def _suppress(m: Machine, f: Frame, u: Use) -> Value:
    return of_ref(External("contextlib.suppress()"))


def _closing(m: Machine, f: Frame, u: Use) -> Value:
    return u.arg(0)


def _called(m: Machine, f: Frame, u: Use) -> Value:
    """``LocalProxy(function)``, ``SimpleLazyObject(function)``: what the function gives, once it is asked for."""
    made = u.arg(0)
    return m.call(f, made, Args(), u.at) if any(callable_ref(f, ref) for ref in made.refs) else made


def _constantly(m: Machine, f: Frame, u: Use) -> Value:
    """``weakref.ref(x)``: something that gives the object when it is called."""
    parts: dict[Key, Value] = {Const("int", 0): u.arg(0)}
    return m.new(f, u.at, Obj("made", type="constantly", parts=parts, length=1), "reference")


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "attrgetter": _attrgetter,
    "called": _called,
    "cast": _cast,
    "classmethod": _unbound,
    "closing": _closing,
    "constantly": _constantly,
    "identity": _identity,
    "item-function": _item_function,
    "itemgetter": _itemgetter,
    "methodcaller": _methodcaller,
    "partial": partial_of,
    "staticmethod": _unbound,
    "suppress": _suppress,
    "wraps": _returns_identity,
}

BUILTINS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "abs": _identity,
    "classmethod": _unbound,
    "property": _property,
    "round": _identity,
    "staticmethod": _unbound,
}
