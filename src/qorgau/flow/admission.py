"""Validators that refuse data without consent: what holds once a form, a serializer or a model has let data in.

A validator of the project is run like any helper that raises (spec section 5). Whose data a form or a serializer
holds is not told; that of a pydantic model is the model's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import inheritance
from qorgau.flow.checks import Check
from qorgau.flow.facts import CHECKS, NO_FACTS, Fact, Facts
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Closure, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, Value, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

FORMS = ("django.forms.", "rest_framework.serializers.")
WTFORMS = ("wtforms.", "flask_wtf.")
WTFORMS_FIELD = "wtforms.Field"
FIELD_MARK, WHOLE_MARK = "marshmallow.validates", "marshmallow.validates_schema"
OF_FIELD = ("validate_", "clean_")
OF_WHOLE = ("validate", "clean")
MODELS = ("pydantic.", "pydantic_settings.", "sqlmodel.")
FIELD_VALIDATORS = ("pydantic.field_validator", "pydantic.validator")
MODEL_VALIDATORS = ("pydantic.model_validator", "pydantic.root_validator")


def received(m: Machine, f: Frame, value: Value) -> None:
    """An argument that a framework makes of what a user sent: its validators have let it through."""
    for loc in value.locs() if len(value.refs) == 1 else ():
        info = _info(m, f, loc)
        if info is None:
            continue
        if info.libraries and any(name.startswith(FORMS) for name in info.libraries):
            f.state.facts = f.state.facts | of_form(m, f, loc, info)
        elif any(name.startswith(MODELS) for name in info.libraries):
            f.state.facts = f.state.facts | _of_model(m, f, loc, info)


def _info(m: Machine, f: Frame, loc: Loc) -> ClassInfo | None:
    obj = f.state.obj(loc)
    return m.class_info(f, obj.cls) if obj is not None and obj.cls is not None else None


def of_form(m: Machine, f: Frame, loc: Loc, info: ClassInfo) -> Facts:
    """What the validators of a form or a serializer say once it is valid."""
    found: Facts = NO_FACTS
    for name, function, closure in _methods(m, f, info):
        args = _given(m, f, name, closure, info)
        if args is not None:
            found |= _gained(
                m, f, inheritance.bind(m, f, function, of_ref(loc), closure.function.at), args, closure
            )
    return frozenset(fact._replace(subject=None) for fact in found)


def _given(m: Machine, f: Frame, name: str, closure: Closure, info: ClassInfo) -> Args | None:
    """What a validator of a form is called with; None for methods that are none, or of no consent."""
    marks = closure.marks
    whole = name in OF_WHOLE or WHOLE_MARK in marks
    if not whole and not name.startswith(OF_FIELD) and FIELD_MARK not in marks:
        return None
    if whole:
        data = of_ref(Loc(f.ctx, ("param", closure.unit.name, closure.function.at, "attrs")), unknown=True)
    else:
        named = (_named(closure) if FIELD_MARK in marks else []) or [name.partition("_")[2]]
        flag = _flag(m, named[0])
        if flag is None:
            return None
        data = _held(m, f, flag, closure) if _is_wtforms(info) else flag
    return Args([data] if len(closure.function.parameters) > 1 else [])


def _is_wtforms(info: ClassInfo) -> bool:
    return any(name.startswith(WTFORMS) for name in info.libraries)


def _held(m: Machine, f: Frame, flag: Value, closure: Closure) -> Value:
    """A field of WTForms that holds a value as its ``data``."""
    return m.new(f, closure.function.at, Obj("library", type=WTFORMS_FIELD, parts={"data": flag}), "field")


def _of_model(m: Machine, f: Frame, loc: Loc, info: ClassInfo) -> Facts:
    found: Facts = NO_FACTS
    whole = of_ref(loc, unknown=True)
    for _, function, closure in _methods(m, f, info):
        at = closure.function.at
        if any(mark.startswith(FIELD_VALIDATORS) for mark in closure.marks):
            for name in _named(closure):
                if m.policy.consent_attribute((name,)):
                    value = m.attribute(f, whole, name, at)
                    found |= _gained(
                        m, f, inheritance.bind(m, f, function, whole, at), Args([value]), closure
                    )
        elif any(mark.startswith(MODEL_VALIDATORS) for mark in closure.marks):
            given = Args([whole] if closure.binding == "class" else [])
            found |= _gained(m, f, inheritance.bind(m, f, function, whole, at), given, closure)
    return found


def _flag(m: Machine, name: str) -> Value | None:
    """The value of a field that stands for consent."""
    if not m.policy.consent_attribute((name,)):
        return None
    fact = Fact("consent", None, Check(name, by_attribute=True), True)
    return Value(opaque=True, when_true=frozenset((fact,)))


def _methods(m: Machine, f: Frame, info: ClassInfo) -> Iterator[tuple[str, Value, Closure]]:
    seen: set[str] = set()
    for base in info.order:
        obj = f.state.obj(base)
        for name, part in obj.parts.items() if obj is not None else ():
            if not isinstance(name, str) or name in seen:
                continue
            for loc in part.locs():
                held = f.state.obj(loc)
                if held is not None and isinstance(held.info, Closure):
                    seen.add(name)
                    yield name, part, held.info


def _named(closure: Closure) -> list[str]:
    return [
        argument.value.value
        for decorator in closure.function.decorators
        if isinstance(decorator, ir.Call)
        for argument in decorator.arguments
        if isinstance(argument.value, ir.Const) and isinstance(argument.value.value, str)
    ]


def _gained(m: Machine, f: Frame, function: Value, args: Args, closure: Closure) -> Facts:
    """The checks that a validator has made where it did not raise."""
    before = f.state.copy()
    m.call(f, function, args, closure.function.at)
    gained = f.state.facts - before.facts if f.state.reachable else NO_FACTS
    f.state = before
    return frozenset(fact for fact in gained if fact.kind in CHECKS)


def let_in(m: Machine, f: Frame, value: Value) -> None:
    """A schema that raises where data is not valid has let it in."""
    for loc in value.locs() if len(value.refs) == 1 else ():
        info = _info(m, f, loc)
        if info is not None:
            f.state.facts = f.state.facts | of_form(m, f, loc, info)


def is_valid(m: Machine, f: Frame, u: Use) -> Value:
    """``serializer.is_valid(raise_exception=True)``, ``if form.is_valid():``"""
    found: Facts = NO_FACTS
    for loc in u.receiver.locs():
        info = _info(m, f, loc)
        found |= of_form(m, f, loc, info) if info is not None else NO_FACTS
    raises = u.args.get(0, "raise_exception") or BOTTOM
    if raises.constant() is not None and raises.constant() == of_const(True).constant():
        f.state.facts = f.state.facts | found
    return Value(opaque=True, when_true=found)
