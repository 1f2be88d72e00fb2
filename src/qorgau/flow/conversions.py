"""What a class makes of its arguments before it keeps them: converters of attrs, validators of models.

A framework runs these as well (with what a user sent), so that being run here does not count as being called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau import ir
from qorgau.flow import attribute_changes, class_fields, container_methods, raising, validators
from qorgau.flow.declared_types import ELEMENTS
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Closure, Frame
from qorgau.flow.node_names import spelling
from qorgau.flow.values import BOTTOM, OPAQUE, Bound, External, Value, of_const, of_ref
from qorgau.linking import walk

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

FIELD_VALIDATORS = frozenset(("validator", "field_validator"))
COLUMN_VALIDATOR = "validates"
MODEL_VALIDATORS = frozenset(("model_validator", "root_validator"))
ANNOTATED = frozenset(("AfterValidator", "BeforeValidator", "PlainValidator"))
DECLARATIVE = ("sqlalchemy.", "flask_sqlalchemy.")


def set_field(m: Machine, f: Frame, cls: Loc, made: Value, name: str, value: Value, at: int) -> None:
    """An argument of the constructor becomes a field: as converters and validators of the class leave it."""
    attribute_changes.set_attribute(m, f, made, name, _kept(m, f, cls, made, name, value, at), at)


def _kept(m: Machine, f: Frame, cls: Loc, made: Value, name: str, value: Value, at: int) -> Value:
    named = m.named(f, value, name, made, at, put=True)
    if not (named.taints or named.refs):
        return value
    if validators.holds_secret(m, f, cls, name) and not _is_hidden(f, named):
        return m.library_call(f, validators.SECRET, BOTTOM, Args([named]), at)
    named = _nested(m, f, cls, name, named, at)
    convert = class_fields.declaration(m, f, cls, name).get("@converter")
    if convert is not None and convert.refs:
        return m.call(f, convert, Args([named]), at)
    for function in _of_annotation(m, f, cls, name):
        named = m.call(f, function, Args([named]), at)
    return named if _is_declarative(m.class_info(f, cls)) else _checked(m, f, cls, made, name, named, at)


def _nested(m: Machine, f: Frame, cls: Loc, name: str, value: Value, at: int) -> Value:
    """What a model makes of dicts given for a field that is declared to be a model, or a list of models."""
    obj = f.state.obj(loc) if (loc := value.single()) is not None else None
    if (
        obj is None
        or obj.kind not in ("dict", "list")
        or obj.cls is not None
        or not class_fields.is_pydantic(m, f, cls)
    ):
        return value
    declared = m.declared_class(f, cls, name)
    if declared is None:
        return value
    # ``dict[str, Line]``: the values are models, not the dict.
    of_values = obj.kind == "dict" and declared.cls is None
    one = obj.kind == "dict" and not of_values
    inner = declared.cls if one else declared.parts.get(ELEMENTS, BOTTOM).single()
    if inner is None or not class_fields.is_pydantic(m, f, inner):
        return value
    fields = m.declared_fields(f, cls)
    passes, f.passes = f.passes, (*f.passes, fields.index(name) if name in fields else 0)
    made = value
    if one:
        made = _models(m, f, inner, [value], at)[0]
    elif of_values:
        exact = m.exact_dict(f, value)
        made = value if exact is None else m.new(f, at, Obj("dict", info="exact"), "models")
        for key, model in zip(exact or (), _models(m, f, inner, (exact or {}).values(), at), strict=True):
            m.set_item(f, made, of_const(key), model, at)
    elif items := m.iterate(f, value, at).items:
        made = m.sequence(f, at, "list", _models(m, f, inner, items, at), None, "models")
    f.passes = passes
    return made


def _models(m: Machine, f: Frame, model: Loc, given: Iterable[Value], at: int) -> list[Value]:
    """The models that are made of dicts; what is none stays as it is."""
    passes, made = f.passes, []
    for index, one in enumerate(given):
        f.passes = (*passes, index)
        exact = m.exact_dict(f, one)
        made.append(one if exact is None else m.call(f, of_ref(model), Args(keywords=exact), at))
    f.passes = passes
    return made


def set_column(m: Machine, f: Frame, loc: Loc, cls: Loc, name: str, value: Value, at: int) -> Value:
    """What a row keeps of a value that an attribute of it is set to: what ``@validates`` makes of it."""
    if not (value.taints or value.refs) or not _is_declarative(m.class_info(f, cls)):
        return value
    if f.closure is not None and any(_is(one, COLUMN_VALIDATOR) for one in f.closure.function.decorators):
        return value
    return _checked(m, f, cls, of_ref(loc), name, value, at)


def _checked(m: Machine, f: Frame, cls: Loc, made: Value, name: str, value: Value, at: int) -> Value:
    for loc, closure in _of_field(m, f, cls, name):
        value = _run(m, f, _method(closure, loc, cls, made), _arguments(closure, name, value), closure, at)
    return value


def _is_declarative(info: ClassInfo | None) -> bool:
    return info is not None and any(library.startswith(DECLARATIVE) for library in info.libraries)


def _is_hidden(f: Frame, value: Value) -> bool:
    return any(validators.is_secret(f.state.obj(loc)) for loc in value.locs())


def _of_field(m: Machine, f: Frame, cls: Loc, name: str) -> Iterator[tuple[Loc, Closure]]:
    """The methods that change a field's value: of a model of pydantic, of a table of SQLAlchemy."""
    info = m.class_info(f, cls)
    if info is None or not info.libraries:
        return
    model = class_fields.is_pydantic(m, f, cls)
    wanted = FIELD_VALIDATORS if model else frozenset((COLUMN_VALIDATOR,))
    if not model and not _is_declarative(info):
        return
    for _, loc, closure in validators.methods(m, f, cls):
        for decorator in closure.function.decorators:
            if isinstance(decorator, ir.Call) and validators.last(decorator.function) in wanted:
                if {name, "*"} & set(validators.texts(decorator)):
                    yield loc, closure


def _of_annotation(m: Machine, f: Frame, cls: Loc, name: str) -> Iterator[Value]:
    """The functions in ``Annotated[str, AfterValidator(function)]``, where they are plain names."""
    info = m.class_info(f, cls)
    for base in info.order if info is not None else ():
        annotation, owner = m.annotations.get((base, name)), m.class_info(f, base)
        if not isinstance(annotation, ir.Subscript) or owner is None:
            continue
        for node in walk(annotation.index):
            if isinstance(node, ir.Call) and validators.last(node.function) in ANNOTATED and node.arguments:
                path = spelling(node.arguments[0].value).split(".")
                function = m.import_module(f, owner.unit.name)
                for step in path if path[0] else ():
                    function = m.attribute(f, function, step, node.at)
                yield function


def _arguments(closure: Closure, name: str, value: Value) -> Args:
    if any(_is(decorator, COLUMN_VALIDATOR) for decorator in closure.function.decorators):
        return Args([of_const(name), value])
    others = max(len(closure.function.parameters) - 2, 0)
    wraps = any(_mode(decorator) == "wrap" for decorator in closure.function.decorators)
    further = [of_ref(External("qorgau.identity")) if wraps else OPAQUE] * others
    return Args([value, *further])


def _is(decorator: ir.Expr, name: str) -> bool:
    return validators.last(decorator.function if isinstance(decorator, ir.Call) else decorator) == name


def _mode(decorator: ir.Expr) -> str:
    """The ``mode=`` of a validator; empty for none."""
    for argument in decorator.arguments if isinstance(decorator, ir.Call) else ():
        if argument.keyword == "mode" and isinstance(argument.value, ir.Const):
            return str(argument.value.value)
    return ""


def _method(closure: Closure, loc: Loc, cls: Loc, made: Value) -> Value:
    if closure.binding == "static":
        return of_ref(loc)
    of_object = any(_is(decorator, COLUMN_VALIDATOR) for decorator in closure.function.decorators)
    return of_ref(Bound(loc, made if of_object else of_ref(cls)))


def _run(m: Machine, f: Frame, function: Value, args: Args, closure: Closure, at: int) -> Value:
    place = (closure.unit.name, closure.function.at)
    known = place in m.found.reached
    result = m.call(f, function, args, at)
    if not known:
        m.found.reached.discard(place)
    return result


def before(m: Machine, f: Frame, cls: Loc, args: Args, at: int) -> Args:
    """The arguments of a model as its ``@model_validator(mode="before")`` leaves them."""
    for loc, closure in _of_model(m, f, cls, "before"):
        given = m.new(f, at, Obj("dict", info="exact"))
        container_methods.method(
            m, f, given.locs()[0], Obj("dict", info="exact"), "update", replace(args, positional=[]), at
        )
        function = of_ref(loc) if closure.binding == "static" else of_ref(Bound(loc, of_ref(cls)))
        further = [OPAQUE] * max(len(closure.function.parameters) - 2, 0)
        result = _run(m, f, function, Args([given, *further]), closure, at)
        exact = m.exact_dict(f, result)
        args = Args(keywords=exact) if exact is not None else Args(double=[result])
    return args


def after(m: Machine, f: Frame, cls: Loc, made: Value, at: int) -> None:
    """``@model_validator(mode="after")`` changes the new object itself."""
    for loc, closure in _of_model(m, f, cls, "after"):
        if len(closure.function.parameters) == 1:
            _run(m, f, of_ref(Bound(loc, made)), Args(), closure, at)


def received(m: Machine, f: Frame, value: Value, at: int) -> None:
    """A model that a framework made of what a user sent, as the validators of its class have left it."""
    for loc in value.locs() if len(value.refs) == 1 else ():
        obj = f.state.obj(loc)
        cls = obj.cls if obj is not None and obj.kind == "unknown" else None
        if cls is None or not class_fields.is_pydantic(m, f, cls):
            continue
        before = f.state.copy()
        with raising.swallowed(f):
            _validate(m, f, cls, of_ref(loc, unknown=True), at)
        if not f.state.reachable:
            f.state = before
        f.state.facts = before.facts


def _validate(m: Machine, f: Frame, cls: Loc, made: Value, at: int) -> None:
    for name in m.declared_fields(f, cls):
        functions = list(_of_annotation(m, f, cls, name))
        if not functions and not any(True for _ in _of_field(m, f, cls, name)):
            continue
        value = m.attribute(f, made, name, at)
        for function in functions:
            value = m.call(f, function, Args([value]), at)
        value = _checked(m, f, cls, made, name, value, at)
        if f.state.reachable and not value.is_bottom:
            attribute_changes.set_attribute(m, f, made, name, value, at)
    after(m, f, cls, made, at)


def _of_model(m: Machine, f: Frame, cls: Loc, mode: str) -> Iterator[tuple[Loc, Closure]]:
    if not class_fields.is_pydantic(m, f, cls):
        return
    for _, loc, closure in validators.methods(m, f, cls):
        for decorator in closure.function.decorators:
            head = decorator.function if isinstance(decorator, ir.Call) else decorator
            if validators.last(head) in MODEL_VALIDATORS and _mode(decorator) == mode:
                yield loc, closure
