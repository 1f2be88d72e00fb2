"""Names: where a variable lives, what reading and binding it does, and what code is called.

A function's variables are in its state's ``env``; when it defines functions of its own they are
in a frame object that the inner functions share. Variables of comprehensions are always in ``env``.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import calls, closures, environment, modules, naming, raising, targets
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Closure, Frame
from qorgau.flow.values import BOTTOM, OPAQUE, Bound, Builtin, External, Ref, Value, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

CONSTANTS = {"True": True, "False": False, "None": None, "__debug__": True}
BUILTIN_NAMES = frozenset(dir(builtins))


def load(m: Machine, f: Frame, name: str, at: int) -> Value:
    """The value of a name, looked up from the inside out."""
    found = f.state.env.get(name)
    if found is not None and len(found.refs) > 1:
        # Tables that different paths gave one variable are changed as one (``df["iin"] = ...``).
        unified = m.unified_table(f, found, at)
        if unified is not None:
            f.state.env[name] = found = unified
    if found is None and not (f.kind == "class" and name in f.locals):
        found = _shared(f, name)
    if found is None and f.kind == "function" and name in f.locals:
        return raising.fail(f, "UnboundLocalError") if f.handlers else BOTTOM
    if found is None:
        found = _global(m, f, name, at)
    if found.unknown and any(isinstance(ref, Loc) and ref.parent is not None for ref in found.refs):
        found = modules.resolve_cells(m, f, found)
    return found


def _shared(f: Frame, name: str) -> Value | None:
    """A variable of this function or of one around it, kept in a frame object."""
    if f.kind == "module":
        return None
    for scope in f.scopes:
        obj = f.state.obj(scope)
        if obj is not None:
            found = obj.parts.get(name)
            if found is not None:
                return found
    return None


def _global(m: Machine, f: Frame, name: str, at: int) -> Value:
    module = f.unit.name
    place = modules.cell(module, name)
    obj = f.state.obj(place)
    if obj is not None:
        return obj.rest
    running = m.initializing.get(module)
    if running is not None and running is not f:
        held = running.state.heap.get(place)
        if held is not None:
            modules.adopt(f, held.rest, running)
            return held.rest
    if name == "__package__":
        return of_const(f.unit.package)
    if name in CONSTANTS:
        return of_const(CONSTANTS[name])
    if name in BUILTIN_NAMES:
        return of_ref(External(f"builtins.{name}"))
    for star in m.star_imports.get(module, ()):
        return of_ref(External(m.policy.catalog.canonical(f"{star}.{name}")))
    if name == "__file__":
        return OPAQUE
    m.count("names that nothing binds")
    if f.handlers and f.kind == "module":
        return raising.fail(f, "NameError")
    return of_ref(place, unknown=True)


def store(m: Machine, f: Frame, name: str, value: Value, at: int) -> None:
    """Bind a name where its scope says."""
    value = naming.variable_named(m, f, name, value, at)
    if value.taints and f.kind == "function":
        value = value.map_taints(lambda taint: taint.stepped(f.unit, at, f"assigned to {name}"))
    if f.comprehending or f.kind == "class":
        f.state.env[name] = value
        if f.comprehending and f.loc is not None and f.kind == "function":
            _put(f, f.loc, name, value)
        return
    if f.kind == "module":
        _store_global(m, f, name, value)
        return
    function = f.closure.function if f.closure is not None else None
    if function is not None and name in function.globals:
        _store_global(m, f, name, value)
    elif function is not None and name in function.nonlocals:
        for scope in f.scopes if f.loc is None else f.scopes[1:]:
            obj = f.state.obj(scope)
            if obj is not None and name in obj.parts:
                _put(f, scope, name, value)
                return
    elif f.loc is not None:
        _put(f, f.loc, name, value)
    else:
        f.state.env[name] = value


def _put(f: Frame, scope: Loc, name: str, value: Value) -> None:
    f.state.heap[scope] = (f.state.obj(scope) or Obj("frame")).put(name, value)


def _store_global(m: Machine, f: Frame, name: str, value: Value) -> None:
    if name == environment.DEBUG and f.unit.name in m.program.settings_modules:
        value = environment.switched(value)
    modules.set_module_part(m, f, modules.module_loc(f.unit.name), name, value, True)
    if f.kind == "module":
        for ref in value.refs:
            obj = f.state.obj(ref) if isinstance(ref, Loc) else None
            if obj is not None and obj.kind in ("function", "class"):
                m.exports.setdefault(ref, {})[f"{f.unit.name}.{name}"] = None


def bind_local(m: Machine, f: Frame, target: ir.Expr, value: Value) -> None:
    """Bind the target of a comprehension; its names are seen in the comprehension only."""
    f.comprehending += 1
    targets.bind(m, f, target, value)
    f.comprehending -= 1


def peek(m: Machine, f: Frame, name: str) -> Value | None:
    """The value of a variable of this activation, None where it has none."""
    found = f.state.env.get(name)
    if found is None and f.loc is not None and f.kind == "function":
        obj = f.state.obj(f.loc)
        found = obj.parts.get(name) if obj is not None else None
    if found is None and f.kind == "module":
        obj = f.state.obj(modules.cell(f.unit.name, name))
        found = obj.rest if obj is not None else None
    return found


def poke(m: Machine, f: Frame, name: str, value: Value) -> None:
    """Replace the value that ``peek`` found."""
    if name in f.state.env:
        f.state.env[name] = value
    elif f.kind == "module":
        f.state.heap[modules.cell(f.unit.name, name)] = Obj("cell", rest=value)
    elif f.loc is not None:
        _put(f, f.loc, name, value)


def unbind(m: Machine, f: Frame, name: str) -> None:
    """``del name``"""
    if name in f.state.env:
        del f.state.env[name]
    elif f.kind == "module":
        f.state.heap[modules.cell(f.unit.name, name)] = Obj("cell", rest=BOTTOM)
    elif f.loc is not None:
        _put(f, f.loc, name, BOTTOM)


def local_variables(m: Machine, f: Frame) -> dict[str, Value]:
    """The variables of this activation by name."""
    found = {name: value for name, value in f.state.env.items() if not name.startswith("$")}
    obj = f.state.obj(f.loc) if f.loc is not None and f.kind == "function" else None
    if obj is not None:
        found.update({str(name): value for name, value in obj.parts.items()})
    return found


def declare(m: Machine, f: Frame, name: str, annotation: ir.Expr, has_value: bool) -> None:
    """Remember the annotation of a class attribute."""
    if f.kind == "class" and f.loc is not None:
        m.annotations[f.loc, name] = annotation
        f.state.env[f"$a:{name}"] = OPAQUE


def owner_of(m: Machine, f: Frame) -> Loc | None:
    """The class that the running method was defined in; inner functions ask the method around them."""
    return f.closure.owner if f.closure is not None else None


def names_of(m: Machine, f: Frame, ref: Ref) -> list[str]:
    """The dotted names of a function, method or class: where it is defined, and where it is re-exported."""
    if isinstance(ref, External):
        return [m.policy.catalog.canonical(ref.dotted)]
    if isinstance(ref, Bound):
        obj = f.state.obj(ref.function)
        if obj is not None and isinstance(obj.info, Closure):
            return call_names(m, f, ref.function, obj.info, ref.receiver)
        return []
    if isinstance(ref, Builtin):
        types = [
            obj.type for loc in ref.receiver.locs() if (obj := f.state.obj(loc)) is not None and obj.type
        ]
        return [m.policy.catalog.canonical(f"{kind}.{ref.name}") for kind in types] or [ref.name]
    if not isinstance(ref, Loc):
        return []
    obj = f.state.obj(ref)
    if obj is None:
        label = calls.label_name(ref)
        owner = f.state.obj(ref.parent) if label and ref.parent is not None else None
        typed = (
            [m.policy.catalog.canonical(f"{owner.type}.{label}")] if owner is not None and owner.type else []
        )
        return [*typed, label] if label else []
    if isinstance(obj.info, Closure):
        return call_names(m, f, ref, obj.info, None)
    info = m.class_info(f, ref)
    if info is not None:
        return [info.dotted, *m.exports.get(ref, ())]
    return [obj.type] if obj.type else []


def call_names(m: Machine, f: Frame, loc: Loc, closure: Closure, receiver: Value | None) -> list[str]:
    """The dotted names that a call of a function goes by: a method has those of the classes above it."""
    names = [closure.dotted, *m.exports.get(loc, ())]
    if closure.owner is None:
        return names
    classes = [closure.owner]
    for ref in receiver.locs() if receiver is not None else ():
        obj = f.state.obj(ref)
        cls = ref if obj is not None and obj.kind == "class" else obj.cls if obj is not None else None
        if cls is not None and cls not in classes:
            classes.append(cls)
    for cls in classes:
        info = m.class_info(f, cls)
        for base in info.order if info is not None else ():
            base_info = m.class_info(f, base)
            if base_info is not None:
                names += [
                    f"{name}.{closure.function.name}" for name in (base_info.dotted, *m.exports.get(base, ()))
                ]
        names += [
            f"{library}.{closure.function.name}" for library in (info.libraries if info is not None else ())
        ]
    return list(dict.fromkeys(names))


def mark(m: Machine, f: Frame, loc: Loc, names: tuple[str, ...]) -> None:
    """A function keeps the decorators that were not applied."""
    obj = f.state.obj(loc)
    if obj is None or not isinstance(obj.info, Closure):
        return
    closures.rebind(f, loc, marks=(*obj.info.marks, *names))
