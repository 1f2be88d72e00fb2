"""``functools.singledispatch``: which of the registered functions a call reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau import ir
from qorgau.flow import branches
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.state import State
from qorgau.flow.values import BOTTOM, Value

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

KIND = "dispatch"
METHOD = "singledispatchmethod"


def make(m: Machine, f: Frame, name: str, value: Value, at: int) -> Value:
    """``@singledispatch``: the function that is called where no class fits."""
    info = METHOD if name.endswith(METHOD) else ""
    return m.new(f, at, Obj(KIND, parts={"$default": value}, length=0, info=info), KIND)


def register(
    m: Machine, f: Frame, owner: Value, decorator: ir.Expr, value: Value, loc: Loc, function: ir.Function
) -> bool:
    """``@f.register`` or ``@f.register(cls)``; False where ``owner`` is no such function."""
    done = False
    for target in owner.locs():
        obj = f.state.obj(target)
        if obj is None or obj.kind != KIND:
            continue
        cls = _class(m, f, decorator, function, obj)
        if cls is not None:
            add(m, f, target, cls, value)
        done = True
    return done


def add(m: Machine, f: Frame, target: Loc, cls: Value, value: Value) -> None:
    """One more class with its function."""
    obj = m.obj(f, target)
    count = obj.length or 0
    parts = {**obj.parts, f"$class{count}": cls, f"$case{count}": value}
    m.write(f, target, replace(obj, parts=parts, length=count + 1), strong=True)


def _class(m: Machine, f: Frame, decorator: ir.Expr, function: ir.Function, obj: Obj) -> Value | None:
    if isinstance(decorator, ir.Call):
        arguments = m.evaluate_arguments(f, decorator)
        return arguments.get(0, "cls")
    index = 1 if obj.info == METHOD else 0
    if len(function.parameters) <= index:
        return None
    annotation = function.parameters[index].annotation
    return m.quiet(f, annotation, f.unit) if annotation is not None else None


def call(m: Machine, f: Frame, obj: Obj, args: Args, at: int) -> Value:
    """A call: the function of the class that fits; where that can't be told, each that may."""
    index = 1 if obj.info == METHOD else 0
    subject = args.get(index) or BOTTOM
    chosen: list[tuple[Value, Args]] = []
    for number in reversed(range(obj.length or 0)):
        cls = obj.parts[f"$class{number}"]
        answer = m.is_instance(f, subject, cls)
        # A text is no number; what an object is cannot be learned from a call that only may happen.
        narrowed = subject if answer or subject.refs else m.narrow_class(f, subject, cls)
        if answer is False or (narrowed.is_bottom and not subject.is_bottom):
            continue
        chosen.append((obj.parts[f"$case{number}"], _with(args, index, narrowed)))
        if answer:
            break
    else:
        chosen.append((obj.parts["$default"], args))
    before = f.state
    outcomes: list[tuple[State, Value]] = []
    for function, given in chosen:
        f.state = before.copy()
        value = m.call(f, function, given, at)
        outcomes.append((f.state, value))
    return branches.meet(m, f, outcomes)


def _with(args: Args, index: int, value: Value) -> Args:
    """The arguments with another value at a position."""
    if index >= len(args.positional):
        return args
    positional = [*args.positional[:index], value, *args.positional[index + 1 :]]
    return Args(positional, args.keywords, args.star, args.double, args.ats)
