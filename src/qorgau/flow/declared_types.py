"""Annotations: of which classes they say that something is, and what the places of a collection hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow.annotations import alias_of
from qorgau.flow.constants import const
from qorgau.flow.frame_types import OPEN, TABLE, TABLES
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import ClassInfo, Frame
from qorgau.flow.node_names import spelling
from qorgau.flow.values import BOTTOM, External, Value, of_ref
from qorgau.linking import Unit

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
        owner, aliased = alias_of(m, annotation, unit)
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
        found = m.set_up[cls] = set_up_by(info)
    return found


def set_up_by(info: ClassInfo) -> dict[str, ir.Expr]:
    """Those of a class's own ``__init__``."""
    return {
        name: annotation
        for statement in info.node.body
        if isinstance(statement, ir.Define) and statement.function.name == "__init__"
        for name, annotation in _set_by(statement.function)
    }


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
