"""Attributes as a class has them: members of enumerations, columns of models, functions, plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import (
    built_statements,
    containers,
    members,
    orm,
)
from qorgau.flow.class_defaults import is_callable, is_declaration
from qorgau.flow.heap import Obj
from qorgau.flow.inheritance import bind, class_part, descriptor
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Closure, Frame
from qorgau.flow.values import (
    NO_REFS,
    OPAQUE,
    Bound,
    Value,
    join_all,
    of_const,
    of_ref,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


CHOICES = frozenset(
    ("django.db.models.TextChoices", "django.db.models.IntegerChoices", "django.db.models.Choices")
)
"""Enumerations whose members are declared with a label after the value."""

ENUMS = CHOICES | {
    "enum.Enum",
    "enum.IntEnum",
    "enum.StrEnum",
    "enum.Flag",
    "enum.IntFlag",
    "strenum.StrEnum",
}
TUPLES = frozenset(("typing.NamedTuple", "collections.namedtuple"))


ANNOTATED = "sqlmodel.SQLModel"
"""A library whose models declare columns by annotations, with plain defaults."""


def class_attribute(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, at: int) -> Value:
    info = obj.info
    assert isinstance(info, ClassInfo)
    if name in ("__name__", "__qualname__"):
        return of_const(info.node.name)
    if name == "__members__":
        return OPAQUE
    if name == "_fields" and TUPLES & set(info.libraries):
        return m.sequence(f, at, "tuple", [of_const(field) for field in m.declared_fields(f, loc)], None)
    found = class_part(m, f, loc, name)
    if found is None or (not found.refs and ANNOTATED in info.libraries):
        # What stands beside an annotation is the default of a row; read from the class it is the column.
        if orm.is_model(m, f, loc) and class_part(m, f, loc, f"$a:{name}") is not None:
            query = m.query_of(f, loc, name) if found is None else None
            return of_ref(query) if query is not None else built_statements.column_of(f, loc, name)
    if found is None:
        found = m.of_metaclass(f, loc, name, at)
        if found is not None:
            return found
        for library in info.libraries:
            return m.library_class_attribute(f, loc, library, name, at)
        return of_ref(loc.child(name), unknown=True)
    if ENUMS & set(info.libraries) and not is_callable(f, found):
        member = loc.child(("member", name))
        if f.state.obj(member) is None:
            name = _first_of(obj, name, found)
            member = loc.child(("member", name))
        if CHOICES & set(info.libraries):
            labelled = m.iterate(f, found, at).items if found.locs() else None
            found = labelled[0] if labelled else found
        found = members.numbered(f, obj, info, name, found)
        if f.state.obj(member) is None:
            f.state.heap[member] = Obj(
                "instance", cls=loc, parts={"value": found, "_value_": found, "name": of_const(name)}
            )
            _set_up_member(m, f, loc, member, found, at)
        return of_ref(member)
    if found.refs and all(is_declaration(f, ref) for ref in found.refs) and orm.is_model(m, f, loc):
        return built_statements.column_of(f, loc, name)
    bound: list[Value] = []
    for ref, facts in found.refs.items():
        own = m.manager_of(f, loc, name, ref) if isinstance(ref, Loc) else None
        if own is not None:
            bound.append(Value(refs={own: facts}))
            continue
        target = f.state.obj(ref) if isinstance(ref, Loc) else None
        closure = target.info if target is not None and target.kind == "function" else None
        if isinstance(ref, Loc) and isinstance(closure, Closure) and closure.binding == "class":
            bound.append(Value(refs={Bound(ref, of_ref(loc)): facts}))
        else:
            special = None
            if isinstance(ref, Loc) and target is not None and target.kind == "instance":
                special = descriptor(m, f, of_ref(ref), of_const(None), at, owner=of_ref(loc))
            bound.append(special if special is not None else Value(refs={ref: facts}))
    if not bound:
        return found
    return join_all([found.with_(refs=NO_REFS), *bound])


FLAGS = frozenset(("enum.Flag", "enum.IntFlag"))
"""Enumerations whose values are put together, so that one need not be a member's."""


def _first_of(cls: Obj, name: str, value: Value) -> str:
    """The name of a member: of two with one value the later is another name of the first."""
    if value.constant() is None:
        return name
    same = (key for key, part in cls.parts.items() if isinstance(key, str) and part == value)
    return next((key for key in same if not key.startswith(("_", "$"))), name)


def _set_up_member(m: Machine, f: Frame, cls: Loc, member: Loc, value: Value, at: int) -> None:
    """A member of an enumeration with ``__init__``: it gets the items of the member's value."""
    initializer = class_part(m, f, cls, "__init__")
    if initializer is None:
        return
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    items = containers.items_of(obj) if obj is not None and obj.kind == "tuple" else None
    m.call(f, bind(m, f, initializer, of_ref(member), at), Args(list(items) if items else [value]), at)
