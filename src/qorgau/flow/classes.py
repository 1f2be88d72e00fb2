"""Class statements, decorators and annotations: what a class is made of and what it declares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau import ir
from qorgau.flow import (
    class_members,
    inheritance,
    iteration,
    metaclasses,
    records,
)
from qorgau.flow.class_fields import TYPED_DICTS
from qorgau.flow.decorators import decorate_class, decorate_view
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Frame
from qorgau.flow.values import UNKNOWN, Bound, External, Value, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


def _bound(body: tuple[ir.Stmt, ...]) -> Iterator[str]:
    """The names that a class body assigns: until then they are those of the module, not of the function around it."""
    for statement in body:
        if isinstance(statement, ir.Assign):
            yield from (target.id for target in statement.targets if isinstance(target, ir.Name))
        elif isinstance(statement, ir.Annotated) and statement.value is not None:
            if isinstance(statement.target, ir.Name):
                yield statement.target.id


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
    if f.kind == "function":
        inner.locals = frozenset(_bound(node.body))
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
        value = decorate_class(m, f, decorator, value, loc)
    decorate_view(m, f, node, libraries, loc)
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
        hook = inheritance.class_part(m, f, info.order[1], "__init_subclass__")
        if hook is not None:
            keywords = {
                k.name: m.evaluate(f, k.value) for k in node.keywords if k.name and k.name != "metaclass"
            }
            for ref in hook.refs:
                if isinstance(ref, Loc):
                    m.call(f, of_ref(Bound(ref, of_ref(loc))), Args(keywords=keywords), node.at)
    passes = f.passes
    for index, (name, part) in enumerate(list(m.obj(f, loc).parts.items())):
        f.passes = (*passes, index)
        for ref in part.locs() if isinstance(name, str) else ():
            obj = f.state.obj(ref)
            if obj is None or obj.kind != "instance" or obj.cls is None:
                continue
            setter = inheritance.class_part(m, f, obj.cls, "__set_name__")
            for function in setter.locs() if setter is not None else ():
                given = Args([of_ref(loc), of_const(name)])
                m.call(f, of_ref(Bound(function, of_ref(ref))), given, node.at)
    f.passes = passes


def class_of(m: Machine, f: Frame, value: Value) -> Value:
    """``type(value)`` for objects of the project's classes."""
    found: list[Value] = []
    for ref, facts in value.refs.items():
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if isinstance(ref, Loc) and obj is not None and obj.kind == "class":
            found.append(Value(refs={ref: facts}))
        elif obj is not None and obj.cls is not None:
            found.append(Value(refs={obj.cls: facts}))
        elif obj is not None and obj.kind == "library" and obj.type.startswith("builtins."):
            found.append(Value(refs={External(obj.type): facts}))
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
    if not class_members.ENUMS & set(info.libraries) or not args.positional:
        return None
    wanted = args.positional[0].constant()
    members = iteration.iterate(m, f, of_ref(cls), at)
    values = [m.attribute(f, member, "value", at).constant() for member in members.items or ()]
    for member, value in zip(members.items or (), values, strict=True):
        if wanted is not None and value == wanted:
            return member
    if wanted is not None and values and None not in values and not class_members.FLAGS & set(info.libraries):
        missing = inheritance.class_part(m, f, cls, "_missing_")
        if missing is not None:
            return m.call(f, inheritance.bind(m, f, missing, of_ref(cls), at), Args([args.positional[0]]), at)
    # Which member a value from outside stands for is not told.
    return members.each if wanted is not None else members.each.with_(opaque=True)


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
