"""Class statements, decorators and annotations: what a class is made of and what it declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau import ir
from qorgau.flow import calls, dispatch, injection, metaclasses, objects, records, signals
from qorgau.flow.constants import const
from qorgau.flow.frame_types import OPEN, TABLE, TABLES
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Closure, Frame
from qorgau.flow.values import BOTTOM, UNKNOWN, Bound, External, Value, join_all, of_const, of_ref
from qorgau.linking import Unit
from qorgau.names import fold

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

ELEMENTS = "$element"
"""The part of an unknown collection that says what class its items have."""

GENERIC = "$generic"
"""The part of an object of a generic class that says what its type variable stands for."""

WRAPPERS = frozenset(
    [
        "Optional",
        "Union",
        "Annotated",
        "ClassVar",
        "Final",
        "Required",
        "NotRequired",
        "Awaitable",
        "Coroutine",
        "Type",
        "Mapped",
    ]
)
COLLECTIONS = frozenset(
    [
        "list",
        "List",
        "set",
        "Set",
        "frozenset",
        "FrozenSet",
        "tuple",
        "Tuple",
        "Sequence",
        "Iterable",
        "Iterator",
        "Collection",
        "QuerySet",
        "Generator",
        "AsyncIterator",
        "AsyncIterable",
        "AsyncGenerator",
        "deque",
        "Deque",
        "Page",
        "RelatedManager",
        "BaseManager",
        "Manager",
    ]
)
MAPPINGS = frozenset(
    ["dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "DefaultDict", "OrderedDict"]
)
TYPES = frozenset(("type", "Type", "typing.Type"))
"""Annotations of what is a class itself."""

RECORD_LIBRARIES = frozenset(
    (
        "typing.NamedTuple",
        "pydantic.BaseModel",
        "pydantic_settings.BaseSettings",
        "pydantic.BaseSettings",
        "msgspec.Struct",
        "sqlmodel.SQLModel",
        "django.db.models.Model",
    )
)

DEFAULT_FIRST = frozenset(("pydantic.Field", "attr.ib", "sqlmodel.Field"))
"""Declarations whose first argument is the default."""

TYPED_DICTS = frozenset(("typing.TypedDict", "typing_extensions.TypedDict", "mypy_extensions.TypedDict"))

METHOD_DECORATOR = "django.utils.decorators.method_decorator"
VIEWS = frozenset(
    ("flask.views.View", "flask.views.MethodView", "quart.views.MethodView", "sanic.views.HTTPMethodView")
)
"""Classes of views whose ``decorators`` go around their handlers."""

HANDLERS = frozenset(
    ["get", "post", "put", "patch", "delete", "head", "options", "form_valid", "form_invalid"]
)
"""Methods of a view that its ``dispatch`` calls."""

UNPRINTED = "repr=False"
"""The mark of a dataclass whose objects have no generated text."""

PRINTED = RECORD_LIBRARIES - {"django.db.models.Model"}


def define_class(m: Machine, f: Frame, node: ir.Class) -> Value:
    """The value of a ``class`` statement."""
    bases = [_base(m, f, base.value if isinstance(base, ir.Starred) else base) for base in node.bases]
    for keyword in node.keywords:
        m.evaluate(f, keyword.value)
    prepared = metaclasses.prepared(m, f, node, bases)
    loc = f.defining_place(node.at, "class")
    inner = Frame(f.unit, f.state, f.ctx, kind="class", scopes=f.scopes, loc=loc, depth=f.depth)
    outer_env = f.state.env
    if f.kind == "function" and f.loc is None:
        # The body reads the function's variables; a function with a class inside keeps them in its frame.
        inner.scopes = f.scopes
    inner.state.env = prepared
    m.execute(inner, node.body)
    f.state = inner.state
    parts: dict[Key, Value] = {}
    parts.update(f.state.env)
    f.state.env = outer_env
    orders: list[tuple[Loc, ...]] = []
    libraries: list[str] = []
    opaque = False
    for base in bases:
        known = False
        for ref in base.refs:
            if isinstance(ref, Loc):
                info = m.class_info(f, ref)
                if info is not None:
                    orders.append(info.order)
                    libraries += [name for name in info.libraries if name not in libraries]
                    known = True
                    continue
                made = f.state.obj(ref)
                if made is not None and made.kind == "library":
                    libraries.append(made.type)
                    orders += [under.order for under in _made_on(m, f, ref, made)]
                    known = True
            elif isinstance(ref, External):
                libraries.append(m.policy.catalog.canonical(ref.dotted))
                known = True
        opaque = opaque or not known
    order = (loc, *_merge(orders))
    declared = tuple(
        dict.fromkeys(
            name.removeprefix("$a:")
            for name in parts
            if isinstance(name, str) and (name.startswith("$a:") or _is_field(f, name, parts[name]))
        )
    )
    info = ClassInfo(f.unit, node, order, tuple(libraries), declared, opaque)
    f.state.heap[loc] = Obj("class", parts=parts, info=info)
    value = metaclasses.apply(m, f, node, loc, bases, node.at)
    for decorator in reversed(node.decorators):
        value = _decorate_class(m, f, decorator, value, loc)
    _decorate_view(m, f, node, libraries, loc)
    _initialize_subclass(m, f, info, loc, node)
    m.class_defined(f, loc, info)
    return value


MADE_ON = ("@cls", "@model_class")
"""What a base class is made on: ``declarative_base(cls=Base)``, ``SQLAlchemy(model_class=Base).Model``."""


def _made_on(m: Machine, f: Frame, ref: Loc, made: Obj) -> list[ClassInfo]:
    """The classes of the project from which a base class was made that a library gave."""
    maker = f.state.obj(ref.parent) if ref.parent is not None else None
    given = [
        obj.parts[name] for obj in (made, maker) if obj is not None for name in MADE_ON if name in obj.parts
    ]
    found = [m.class_info(f, loc) for value in given for loc in value.locs()]
    return [info for info in found if info is not None]


def _base(m: Machine, f: Frame, node: ir.Expr) -> Value:
    """A base class; a library's with type arguments (``Manager["User"]``) is that class."""
    if isinstance(node, ir.Subscript):
        value = m.evaluate(f, node.value)
        if any(isinstance(ref, External) for ref in value.refs):
            return value
    return m.evaluate(f, node)


def _merge(orders: list[tuple[Loc, ...]]) -> tuple[Loc, ...]:
    """C3 linearization of the bases' orders; in order of appearance where it doesn't exist."""
    sequences = [list(order) for order in orders if order]
    sequences.append([order[0] for order in orders if order])
    merged: list[Loc] = []
    while any(sequences):
        sequences = [sequence for sequence in sequences if sequence]
        head = next(
            (s[0] for s in sequences if not any(s[0] in other[1:] for other in sequences)), sequences[0][0]
        )
        merged.append(head)
        sequences = [[loc for loc in sequence if loc != head] for sequence in sequences]
    return tuple(merged)


NO_FIELD = frozenset(("function", "class", "property", "partial", "partialmethod", "dispatch"))


def _is_field(f: Frame, name: str, value: Value) -> bool:
    """Whether a class attribute declares a field of its objects rather than a method."""
    if name.startswith(("_", "$")):
        return False
    for ref in value.refs:
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if isinstance(ref, Bound) or (obj is not None and obj.kind in NO_FIELD):
            return False
    return True


def _initialize_subclass(m: Machine, f: Frame, info: ClassInfo, loc: Loc, node: ir.Class) -> None:
    if len(info.order) > 1:
        hook = objects.class_part(m, f, info.order[1], "__init_subclass__")
        if hook is not None:
            keywords = {
                k.name: m.evaluate(f, k.value) for k in node.keywords if k.name and k.name != "metaclass"
            }
            for ref in hook.refs:
                if isinstance(ref, Loc):
                    m.call(f, of_ref(Bound(ref, of_ref(loc))), Args(keywords=keywords), node.at)
    for name, part in list(m.obj(f, loc).parts.items()):
        for ref in part.refs:
            obj = f.state.obj(ref) if isinstance(ref, Loc) else None
            if obj is not None and obj.kind == "instance" and obj.cls is not None and isinstance(name, str):
                setter = objects.class_part(m, f, obj.cls, "__set_name__")
                for function in setter.refs if setter is not None else ():
                    if isinstance(function, Loc):
                        m.call(
                            f,
                            of_ref(Bound(function, of_ref(ref))),
                            Args([of_ref(loc), of_const(name)]),
                            node.at,
                        )


# Decorators


def decorator_names(m: Machine, f: Frame, decorator: ir.Expr, value: Value) -> list[str]:
    """The dotted names that a decorator goes by."""
    names: list[str] = []
    for ref in value.refs:
        if isinstance(ref, External):
            names.append(m.policy.catalog.canonical(ref.dotted))
        else:
            names += m.names_of(f, ref)
    spelled = spelling(decorator)
    if not names and spelled:
        names.append(spelled)
    return names


def spelling(node: ir.Expr) -> str:
    """A dotted expression as text; empty for other expressions."""
    if isinstance(node, ir.Name):
        return node.id
    if isinstance(node, ir.Attribute):
        inner = spelling(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    if isinstance(node, ir.Call):
        return spelling(node.function)
    return ""


ACCESSORS = frozenset(("setter", "getter", "deleter"))
IN_QUERIES = frozenset(("expression", "comparator", "update_expression"))
"""Decorators with which a property says what it is in a query; read through an object it stays what it was."""


def decorated(
    m: Machine, f: Frame, decorator: ir.Expr, value: Value, loc: Loc, function: ir.Function
) -> Value:
    """A function after one of its decorators."""
    if isinstance(decorator, ir.Attribute) and decorator.attr in ACCESSORS | IN_QUERIES:
        owner = m.evaluate(f, decorator.value)
        for ref in owner.locs():
            obj = f.state.obj(ref)
            if obj is not None and obj.kind == "property":
                if decorator.attr in IN_QUERIES:
                    return of_ref(ref)
                part = {"setter": "fset", "getter": "fget", "deleter": "fdel"}[decorator.attr]
                return m.new(f, function.at, obj.put(part, value), "property")
    called = isinstance(decorator, ir.Call)
    head = decorator.function if isinstance(decorator, ir.Call) else decorator
    target = m.evaluate(f, head)
    names = decorator_names(m, f, head, target)
    if METHOD_DECORATOR in names and isinstance(decorator, ir.Call):
        for inner in _adapted(decorator):
            value = decorated(m, f, inner, value, loc, function)
        return value
    if any(m.policy.is_consent_decorator(name) for name in names):
        args = m.evaluate_arguments(f, decorator) if isinstance(decorator, ir.Call) else Args()
        _guard(m, f, loc, names, args, target)
        return value
    for name in names:
        does = m.behaviour_of(name)
        if does in signals.CONNECTING:
            given = m.evaluate_arguments(f, decorator) if isinstance(decorator, ir.Call) else None
            signals.decorate(m, f, does, target, given, value)
        if does == "wraps" and isinstance(decorator, ir.Call):
            wrapped = m.evaluate_arguments(f, decorator).get(0, "wrapped")
            if wrapped is not None and wrapped.refs:
                m.write(f, loc, m.obj(f, loc).put("__wrapped__", wrapped), strong=True)
        applied = _apply_builtin(m, f, name, does, value, loc, function)
        if applied is not None:
            return applied
    if isinstance(head, ir.Attribute) and head.attr == "register":
        if dispatch.register(m, f, m.evaluate(f, head.value), decorator, value, loc, function):
            return value
    if any(_is_own_decorator(f, ref) for ref in target.refs):
        factory = m.evaluate(f, decorator) if called else target
        if factory.refs:
            result = m.decorate(f, factory, value, decorator.at)
            if any(not isinstance(ref, Loc) or f.state.obj(ref) is not None for ref in result.refs):
                return result
        m.marked(f, loc, tuple(names))
        return value
    if called and isinstance(decorator, ir.Call):
        m.evaluate_arguments(f, decorator)
        m.decorator_arguments()
    m.marked(f, loc, tuple(names))
    return value


def _adapted(decorator: ir.Call) -> list[ir.Expr]:
    """The decorators that ``method_decorator`` is given, innermost first."""
    first = decorator.arguments[0].value if decorator.arguments else None
    if isinstance(first, ir.Sequence):
        return list(reversed(first.elements))
    return [first] if first is not None else []


def _decorate_methods(m: Machine, f: Frame, decorator: ir.Call, loc: Loc) -> None:
    """``method_decorator(decorator, name="post")`` on a class: the method it names; ``dispatch`` calls them all."""
    named = m.evaluate_arguments(f, decorator).get(1, "name")
    names = named.texts() if named is not None else []
    parts = m.obj(f, loc).parts
    if "dispatch" in names and "dispatch" not in parts:
        names = [name for name in parts if isinstance(name, str) and name in HANDLERS]
    _decorate_named(m, f, _adapted(decorator), loc, names)


def _decorate_view(m: Machine, f: Frame, node: ir.Class, libraries: Iterable[str], loc: Loc) -> None:
    """``decorators = [...]`` of a view class: all handlers run behind them, the last one outermost."""
    if not any(base in VIEWS for name in libraries for base in m.policy.catalog.ancestry(name)):
        return
    listed = [
        statement.value
        for statement in node.body
        if isinstance(statement, ir.Assign)
        and any(isinstance(target, ir.Name) and target.id == "decorators" for target in statement.targets)
    ]
    for value in listed:
        if isinstance(value, ir.Sequence):
            names = [name for name in m.obj(f, loc).parts if isinstance(name, str) and name in HANDLERS]
            _decorate_named(m, f, value.elements, loc, names)


def _decorate_named(
    m: Machine, f: Frame, decorators: Iterable[ir.Expr], loc: Loc, names: Iterable[str]
) -> None:
    """Put what decorators make of methods in the place of the methods."""
    parts = m.obj(f, loc).parts
    for name in names:
        for ref in parts[name].locs() if name in parts else ():
            closure = m.obj(f, ref).info
            if isinstance(closure, Closure):
                value = of_ref(ref)
                for inner in decorators:
                    value = decorated(m, f, inner, value, ref, closure.function)
                m.finished(f, closure.function, value, ref)
                m.write(f, loc, m.obj(f, loc).put(name, value), strong=True)


def _is_own_decorator(f: Frame, ref: object) -> bool:
    """Whether a decorator is the project's own code, whose effect is known by running it."""
    if isinstance(ref, Bound):
        return True
    obj = f.state.obj(ref) if isinstance(ref, Loc) else None
    return obj is not None and (obj.kind in ("function", "class", "partial") or obj.kind == "instance")


def _guard(m: Machine, f: Frame, loc: Loc, names: list[str], args: Args, target: Value) -> None:
    """A configured consent decorator: inside the function there is consent."""
    fact = m.consent_fact(f, names, args, target)
    obj = m.obj(f, loc)
    if isinstance(obj.info, Closure):
        calls.rebind(f, loc, facts=obj.info.facts | {fact})


def _apply_builtin(
    m: Machine, f: Frame, name: str, does: str, value: Value, loc: Loc, function: ir.Function
) -> Value | None:
    if name == "builtins.staticmethod" or does == "staticmethod":
        calls.rebind(f, loc, binding="static")
        return value
    if name == "builtins.classmethod" or does == "classmethod":
        calls.rebind(f, loc, binding="class")
        return value
    if name == "builtins.property" or does in ("property", "cached-property"):
        return m.new(f, function.at, Obj("property", parts={"fget": value}), "property")
    if does == "contextmanager" or name in ("contextlib.contextmanager", "contextlib.asynccontextmanager"):
        held = m.obj(f, loc).info
        if isinstance(held, Closure):
            calls.rebind(f, loc, marks=(*held.marks, calls.CONTEXT))
        return value
    if does == "declared-attribute":
        # What the function gives is the attribute of each class; of which one cannot matter here.
        return m.call(f, value, Args([of_ref(m.fresh(f, function.at, "cls"), unknown=True)]), function.at)
    if does == "singledispatch" or name in ("functools.singledispatch", "functools.singledispatchmethod"):
        return dispatch.make(m, f, name, value, function.at)
    if does == "column-function":
        return m.library_call(f, name, BOTTOM, Args([value]), function.at)
    if does in ("identity", "wraps") or name in (
        "abc.abstractmethod",
        "typing.overload",
        "typing.override",
        "functools.cache",
        "functools.lru_cache",
    ):
        return value
    return None


def _decorate_class(m: Machine, f: Frame, decorator: ir.Expr, value: Value, loc: Loc) -> Value:
    head = decorator.function if isinstance(decorator, ir.Call) else decorator
    target = m.evaluate(f, head)
    names = decorator_names(m, f, head, target)
    if METHOD_DECORATOR in names and isinstance(decorator, ir.Call):
        _decorate_methods(m, f, decorator, loc)
        return value
    if any(m.policy.is_consent_decorator(name) for name in names):
        args = m.evaluate_arguments(f, decorator) if isinstance(decorator, ir.Call) else Args()
        for part in m.obj(f, loc).parts.values():
            for ref in part.locs():
                obj = f.state.obj(ref)
                if obj is not None and obj.kind == "function":
                    _guard(m, f, ref, names, args, target)
        return value
    if any(_is_own_decorator(f, ref) for ref in target.refs):
        factory = m.evaluate(f, decorator) if isinstance(decorator, ir.Call) else target
        result = m.call(f, factory, Args([value]), decorator.at)
        return result if result.refs and not result.unknown else value
    if isinstance(decorator, ir.Call):
        arguments = m.evaluate_arguments(f, decorator)
        m.decorator_arguments()
        shown = arguments.keywords.get("repr")
        if shown is not None and (known := shown.constant()) is not None and known.value is False:
            names = [*names, UNPRINTED]
    m.mark_class(f, loc, tuple(names))
    return value


# Annotations


def describe(m: Machine, f: Frame, value: Value, annotation: ir.Expr, unit: Unit) -> None:
    """Record the class that an annotation gives an unknown object."""
    loc = value.single()
    if loc is None or not value.unknown:
        return
    obj = f.state.obj(loc)
    if obj is not None and (
        obj.kind != "unknown" or obj.cls is not None or obj.type or ELEMENTS in obj.parts
    ):
        return
    described = _of_tuple(m, f, loc, annotation, unit) or annotated_object(m, f, annotation, unit)
    if described is not None:
        held = obj.parts if obj is not None else {}
        f.state.heap[loc] = Obj(
            described.kind,
            described.cls,
            described.type,
            {**described.parts, **held},
            obj.rest if obj is not None else BOTTOM,
            info=obj.info if obj is not None and obj.info is not None else described.info,
        )


def _of_tuple(m: Machine, f: Frame, loc: Loc, annotation: ir.Expr, unit: Unit) -> Obj | None:
    """``tuple[Client, Account]``: each place has its own class."""
    places = _places(annotation)
    parts: dict[Key, Value] = {}
    for index, place in enumerate(places):
        key = const(index)
        child = loc.child(("item", key))
        described = annotated_object(m, f, place, unit)
        if described is not None and f.state.obj(child) is None:
            f.state.heap[child] = described
        parts[key] = of_ref(child, unknown=True)
    return Obj("unknown", parts=parts) if parts else None


def _places(annotation: ir.Expr) -> tuple[ir.Expr, ...]:
    if not isinstance(annotation, ir.Subscript) or not isinstance(annotation.index, ir.Sequence):
        return ()
    if spelling(annotation.value).rpartition(".")[2] not in ("tuple", "Tuple"):
        return ()
    places = tuple(annotation.index.elements)
    endless = any(isinstance(place, ir.Name) and place.id == "Ellipsis" for place in places)
    return () if endless else places


def annotated_object(m: Machine, f: Frame, annotation: ir.Expr, unit: Unit) -> Obj | None:
    """An unknown object of an annotation's class; None where that says nothing."""
    if isinstance(annotation, ir.Const):
        if isinstance(annotation.value, str):
            return named_object(m, f, annotation.value.strip(), unit)
        return None
    if isinstance(annotation, ir.Binary) and annotation.op == "|":
        return annotated_object(m, f, annotation.left, unit) or annotated_object(m, f, annotation.right, unit)
    if isinstance(annotation, ir.Subscript):
        head = spelling(annotation.value).rpartition(".")[2]
        inner = annotation.index
        arguments = inner.elements if isinstance(inner, ir.Sequence) else (inner,)
        if head in WRAPPERS:
            for argument in arguments:
                found = annotated_object(m, f, argument, unit)
                if found is not None:
                    return found
            return None
        if head in COLLECTIONS or head in MAPPINGS:
            element = arguments[-1] if head in MAPPINGS else arguments[0]
            return collection(m, f, annotated_object(m, f, element, unit))
        return _generic(m, f, annotated_object(m, f, annotation.value, unit), arguments[0], unit)
    if isinstance(annotation, ir.Name):
        owner, aliased = injection.alias_of(m, annotation, unit)
        base = _new_type(aliased)
        if base is not None:
            return annotated_object(m, f, base, owner)
        if aliased is not annotation and not isinstance(aliased, ir.Name | ir.Call):
            return annotated_object(m, f, aliased, owner)
    if isinstance(annotation, ir.Name | ir.Attribute):
        return of_classes(m, f, m.quiet(f, annotation, unit))
    return None


def _new_type(node: ir.Expr) -> ir.Expr | None:
    """The type that ``NewType("Session", AsyncSession)`` gives another name."""
    if isinstance(node, ir.Call) and spelling(node.function).rpartition(".")[2] == "NewType":
        return node.arguments[1].value if len(node.arguments) == 2 else None
    return None


def _generic(m: Machine, f: Frame, made: Obj | None, argument: ir.Expr, unit: Unit) -> Obj | None:
    """An object of a generic class remembers what its type variable stands for (``Page[Client]``)."""
    if made is None or made.cls is None:
        return made
    told = annotated_object(m, f, argument, unit)
    return made.put(GENERIC, of_ref(told.cls)) if told is not None and told.cls is not None else made


def generic_part(m: Machine, f: Frame, obj: Obj, name: str) -> Obj | None:
    """An attribute that is declared to be of the type variable, or a collection of such."""
    meant = next(iter(obj.parts[GENERIC].locs()), None) if GENERIC in obj.parts else None
    info = m.class_info(f, obj.cls) if obj.cls is not None else None
    for base in info.order if info is not None and meant is not None else ():
        base_info = m.class_info(f, base)
        if base_info is None:
            continue
        annotation = m.annotations.get((base, name)) or _set_up(m, base, base_info).get(name)
        one = Obj("unknown", cls=meant)
        if isinstance(annotation, ir.Name) and _is_variable(m, f, annotation, base_info.unit):
            return one
        inner = annotation.index if isinstance(annotation, ir.Subscript) else None
        if isinstance(annotation, ir.Subscript) and isinstance(inner, ir.Name):
            head = spelling(annotation.value).rpartition(".")[2]
            if head in COLLECTIONS | WRAPPERS and _is_variable(m, f, inner, base_info.unit):
                return collection(m, f, one) if head in COLLECTIONS else one
    return None


def _is_variable(m: Machine, f: Frame, name: ir.Name, unit: Unit) -> bool:
    """Whether a name in an annotation is no class: a type variable."""
    refs = m.quiet(f, name, unit).refs
    return all(isinstance(ref, Loc) and m.class_info(f, ref) is None for ref in refs)


def collection(m: Machine, f: Frame, element: Obj | None) -> Obj | None:
    """An unknown collection of objects such as this one; None where nothing is known of them."""
    if element is None:
        return None
    part: Value
    if element.cls is not None:
        part = of_ref(element.cls)
    elif element.type:
        part = of_ref(External(element.type))
    else:
        return None
    return Obj("unknown", parts={ELEMENTS: part})


def named_object(m: Machine, f: Frame, text: str, unit: Unit) -> Obj | None:
    """An unknown object of the class that a text names, as an annotation or a relation does."""
    bracket = text.find("[")
    if bracket > 0 and text.endswith("]"):
        head, inner = text[:bracket].rpartition(".")[2], text[bracket + 1 : -1]
        if head in WRAPPERS:
            return named_object(m, f, inner, unit)
        if head in COLLECTIONS:
            return collection(m, f, named_object(m, f, inner, unit))
        return None
    for part in text.split("|"):
        names = part.strip().split(".")
        if all(name.isidentifier() for name in names):
            node: ir.Expr = ir.Name(0, names[0])
            for name in names[1:]:
                node = ir.Attribute(0, node, name)
            found = of_classes(m, f, m.quiet(f, node, unit))
            if found is not None:
                return found
    return None


def of_classes(m: Machine, f: Frame, value: Value) -> Obj | None:
    """An unknown object of the class that a value is; None where it is no class."""
    for ref in value.refs:
        if isinstance(ref, Loc):
            obj = f.state.obj(ref)
            if obj is not None and obj.kind == "class":
                return Obj("unknown", cls=ref)
        elif isinstance(ref, External):
            dotted = m.policy.catalog.canonical(ref.dotted)
            if dotted in TABLES:
                return Obj(TABLE, type=dotted, info=OPEN)
            if not dotted.startswith(("builtins.", "typing.")):
                return Obj("unknown", type=dotted)
    return None


def declared_class(m: Machine, f: Frame, cls: Loc, name: str) -> Obj | None:
    """The described object of a declared attribute: its annotation, or the model that a relation names."""
    info = m.class_info(f, cls)
    if info is None:
        return None
    for base in info.order:
        base_info = m.class_info(f, base)
        obj = f.state.obj(base)
        if obj is None or base_info is None:
            continue
        if f"$a:{name}" in obj.parts:
            annotation = m.annotations.get((base, name))
            if annotation is not None:
                return annotated_object(m, f, annotation, base_info.unit)
        part = obj.parts.get(name)
        if part is not None:
            return m.related(f, part, base_info, base)
        made = _set_up(m, base, base_info).get(name)
        if made is not None:
            return annotated_object(m, f, made, base_info.unit)
    return m.seen_from(f, info, name)


def annotated_class(m: Machine, f: Frame, cls: Loc, name: str) -> Value | None:
    """The class that an attribute is declared to be (``Model: type[Base]``); None for other attributes."""
    info = m.class_info(f, cls)
    for base in info.order if info is not None else ():
        annotation = m.annotations.get((base, name))
        base_info = m.class_info(f, base)
        if annotation is None or base_info is None:
            continue
        if not isinstance(annotation, ir.Subscript) or spelling(annotation.value) not in TYPES:
            return None
        value = m.quiet(f, annotation.index, base_info.unit)
        return value if any(m.class_info(f, loc) is not None for loc in value.locs()) else None
    return None


def holds_data(m: Machine, f: Frame, cls: Loc) -> bool:
    """Whether a class is made to hold data: a dataclass, a model, a schema, a typed dict; no service."""
    info = m.class_info(f, cls)
    return info is not None and (takes_fields(m, f, cls) or bool(TYPED_DICTS & set(info.libraries)))


def classes_held(m: Machine, f: Frame, cls: Loc, name: str) -> list[Loc]:
    """The classes of what an attribute is declared to hold, by itself or in a collection."""
    described = declared_class(m, f, cls, name)
    if described is None:
        return []
    element = described.parts.get(ELEMENTS)
    return [*([described.cls] if described.cls is not None else []), *(element.locs() if element else ())]


def _set_up(m: Machine, cls: Loc, info: ClassInfo) -> dict[str, ir.Expr]:
    """Attributes that ``__init__`` sets, with their annotation: their own, or that of the parameter they get."""
    found = m.set_up.get(cls)
    if found is None:
        found = m.set_up[cls] = {}
        for statement in info.node.body:
            if isinstance(statement, ir.Define) and statement.function.name == "__init__":
                found.update(_set_by(statement.function))
    return found


def _set_by(function: ir.Function) -> Iterator[tuple[str, ir.Expr]]:
    given = {parameter.name: parameter.annotation for parameter in function.parameters}
    for statement in function.body:
        targets: tuple[ir.Expr, ...] = ()
        annotation: ir.Expr | None = None
        if isinstance(statement, ir.Annotated):
            targets, annotation = (statement.target,), statement.annotation
        elif isinstance(statement, ir.Assign) and isinstance(statement.value, ir.Name):
            targets, annotation = statement.targets, given.get(statement.value.id)
        for target in targets:
            if (
                annotation is not None
                and isinstance(target, ir.Attribute)
                and isinstance(target.value, ir.Name)
            ):
                if target.value.id == "self":
                    yield target.attr, annotation


def declared_fields(m: Machine, f: Frame, cls: Loc) -> list[str]:
    """The names of a class's fields in the order of its constructor: inherited ones first."""
    info = m.class_info(f, cls)
    if info is None:
        return []
    names: dict[str, None] = {}
    model = records.is_model(m, f, cls)
    for base in reversed(info.order):
        base_info = m.class_info(f, base)
        if base_info is not None:
            names.update(
                dict.fromkeys(
                    name
                    for name in base_info.declared
                    if not _is_marked(m, base, name, NO_FIELDS) and not (model and name.startswith("_"))
                )
            )
            obj = f.state.obj(base)
            slots = obj.parts.get("__slots__") if obj is not None else None
            if slots is not None:
                for item in m.iterate(f, slots, base_info.node.at).items or ():
                    names.update(dict.fromkeys(item.texts()))
    return list(names)


NO_FIELDS = frozenset(("ClassVar", "InitVar", "KW_ONLY"))
"""Annotations of names in a class body that are no fields of its objects."""


def _is_marked(m: Machine, cls: Loc, name: str, marks: frozenset[str]) -> bool:
    """Whether an attribute's annotation is ``ClassVar[...]`` or one of its like."""
    annotation = m.annotations.get((cls, name))
    if isinstance(annotation, ir.Const) and isinstance(annotation.value, str):
        return annotation.value.partition("[")[0].rpartition(".")[2].strip() in marks
    head = annotation.value if isinstance(annotation, ir.Subscript) else annotation
    return head is not None and spelling(head).rpartition(".")[2] in marks


def takes_fields(m: Machine, f: Frame, cls: Loc) -> bool:
    """Whether the constructor of a class takes its declared fields in order: dataclasses, models, named tuples."""
    info = m.class_info(f, cls)
    if info is None:
        return False
    if any(
        set(base.marks) & calls.DATA_CLASSES
        for loc in info.order
        if (base := m.class_info(f, loc)) is not None
    ):
        return True
    return any(
        name in RECORD_LIBRARIES for library in info.libraries for name in m.policy.catalog.ancestry(library)
    )


def passing_fields(m: Machine, f: Frame, cls: Loc) -> list[str]:
    """The arguments of a dataclass that only ``__post_init__`` gets (``InitVar``)."""
    info = m.class_info(f, cls)
    names: dict[str, None] = {}
    for base in reversed(info.order) if info is not None else ():
        base_info = m.class_info(f, base)
        for name in base_info.declared if base_info is not None else ():
            if _is_marked(m, base, name, frozenset(("InitVar",))):
                names[name] = None
    return list(names)


def constructor_fields(m: Machine, f: Frame, cls: Loc) -> list[str]:
    """The fields that positional arguments stand for: not those of ``init=False`` or ``kw_only=True``."""
    info = m.class_info(f, cls)
    if info is None:
        return []
    if records.ROOT_MODEL in info.libraries:
        return ["root"]
    placed: dict[str, bool] = {}
    for base in reversed(info.order):
        base_info = m.class_info(f, base)
        keyword_only = False
        for name in base_info.declared if base_info is not None else ():
            keyword_only = keyword_only or _is_marked(m, base, name, frozenset(("KW_ONLY",)))
            if _is_marked(m, base, name, frozenset(("ClassVar", "KW_ONLY"))):
                continue
            declared = records.declaration(m, f, base, name)
            given = declared.get("@kw_only")
            kept = given is None or (known := given.constant()) is None or known.value is not True
            placed[name] = kept and not keyword_only and not records.is_off(declared, "init")
    return [name for name, positional in placed.items() if positional]


def field_of_alias(m: Machine, f: Frame, cls: Loc, name: str) -> str:
    """The field that a keyword of a model means: its own name, or the field declared with this alias."""
    fields = declared_fields(m, f, cls)
    if name in fields:
        return name
    for field in fields:
        declared = records.declaration(m, f, cls, field)
        for option in ("@alias", "@validation_alias"):
            alias = declared.get(option)
            if alias is not None and name in alias.texts():
                return field
    # A generator of aliases spells the same words another way (``phoneNumber``).
    return next((field for field in fields if fold(field) == fold(name)), name)


def match_args(m: Machine, f: Frame, cls: Value) -> list[str]:
    """The attributes that positional patterns of a class stand for."""
    for loc in cls.locs():
        part = objects.class_part(m, f, loc, "__match_args__")
        if part is not None:
            items = m.iterate(f, part, 0).items or ()
            return [text for item in items for text in item.texts()]
        return declared_fields(m, f, loc)
    return []


def class_of(m: Machine, f: Frame, value: Value) -> Value:
    """``type(value)`` for objects of the project's classes."""
    found: list[Value] = []
    for ref, facts in value.refs.items():
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if isinstance(ref, Loc) and obj is not None and obj.kind == "class":
            found.append(Value(refs={ref: facts}))
        elif obj is not None and obj.cls is not None:
            found.append(Value(refs={obj.cls: facts}))
    return join_all(found) if found else UNKNOWN


MAX_OVERRIDING = 4
"""Subclasses whose own method is tried on an object of which only the base class is known."""


def overriding(m: Machine, f: Frame, cls: Loc, name: str) -> tuple[Loc, ...]:
    """The subclasses of a class that define a method themselves, in the order of the program."""
    key = (cls, name, len(m.classes))
    found = m.overriders.get(key)
    if found is None:
        listed: list[Loc] = []
        for other in m.classes.below(cls):
            obj = f.state.obj(other)
            if obj is not None and name in obj.parts:
                listed.append(other)
        if len(listed) > MAX_OVERRIDING:
            m.count("overriding methods left out")
        found = m.overriders[key] = tuple(listed[:MAX_OVERRIDING])
    return found


def special_construct(m: Machine, f: Frame, cls: Loc, info: ClassInfo, args: Args, at: int) -> Value | None:
    """``Color("red")`` of an enumeration gives a member, a ``TypedDict`` a dict; others make an object (None)."""
    if TYPED_DICTS & set(info.libraries):
        return records.typed_dict(m, f, args, at)
    schema = m.schema(f, cls, info, args, at)
    if schema is not None:
        return schema
    if not objects.ENUMS & set(info.libraries) or not args.positional:
        return None
    wanted = args.positional[0].constant()
    members = objects.iterate(m, f, of_ref(cls), at)
    for member in members.items or ():
        value = m.attribute(f, member, "value", at).constant()
        if wanted is not None and value == wanted:
            return member
    return members.each


def mark(m: Machine, f: Frame, loc: Loc, names: tuple[str, ...]) -> None:
    """A class keeps the decorators that were not applied."""
    obj = f.state.obj(loc)
    if obj is not None and isinstance(obj.info, ClassInfo):
        info = replace(obj.info, marks=(*obj.info.marks, *names))
        f.state.heap[loc] = replace(obj, info=info)


def by_name(m: Machine, name: str) -> Obj | None:
    """An unknown object of the only class of the program that is called so."""
    found = [loc for loc in m.classes.named(name.rpartition(".")[2]) if loc in m.base]
    return Obj("unknown", cls=found[0]) if len(found) == 1 else None


def bind_partial(m: Machine, f: Frame, ref: Loc, receiver: Value, at: int) -> Value:
    """``partialmethod(f, ...)`` of an object: a partial whose first argument is the object."""
    obj = m.obj(f, ref)
    count, names = obj.info if isinstance(obj.info, tuple) else (0, ())
    parts = {key: value for key, value in obj.parts.items() if not str(key).startswith("$p")}
    parts["$p0"] = receiver
    for index in range(count):
        parts[f"$p{index + 1}"] = obj.parts[f"$p{index}"]
    return m.new(f, at, Obj("partial", parts=parts, info=(count + 1, names)), "bound-partial")


def prints_fields(m: Machine, f: Frame, cls: Loc) -> bool:
    """Whether the default text of a class's objects shows their fields: dataclasses, pydantic and the like."""
    info = m.class_info(f, cls)
    if info is None:
        return False
    for base in info.order:
        base_info = m.class_info(f, base)
        if base_info is not None and set(base_info.marks) & calls.DATA_CLASSES:
            return UNPRINTED not in base_info.marks
    return any(name in PRINTED for library in info.libraries for name in m.policy.catalog.ancestry(library))


def default_of(m: Machine, f: Frame, default: Value, at: int) -> Value | None:
    """The value of a declared default: ``field(default=..., default_factory=...)`` is looked into."""
    if not _plain_default(f, default):
        for ref in default.locs():
            obj = f.state.obj(ref)
            if obj is not None and obj.kind == "library":
                factory = obj.parts.get("@default_factory") or obj.parts.get("@factory")
                if factory is not None:
                    return m.call_apart(f, factory, at, ref)
                given = obj.parts.get("@default")
                if given is None and obj.type in DEFAULT_FIRST:
                    given = obj.parts.get("@0")
                return None if given is None or External("builtins.Ellipsis") in given.refs else given
        return None
    return default


def _plain_default(f: Frame, value: Value) -> bool:
    kinds = [o.kind for ref in value.refs if isinstance(ref, Loc) and (o := f.state.obj(ref)) is not None]
    return not any(kind in ("library", "function", "property") for kind in kinds)
