"""The fields that classes of data declare: dataclasses, models, named tuples, typed dicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import inheritance
from qorgau.flow.heap import Key
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.node_names import spelling
from qorgau.flow.values import (
    External,
    Value,
)
from qorgau.names import fold

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


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

UNPRINTED = "repr=False"
"""The mark of a dataclass whose objects have no generated text."""

PRINTED = RECORD_LIBRARIES - {"django.db.models.Model"}


def holds_data(m: Machine, f: Frame, cls: Loc) -> bool:
    """Whether a class is made to hold data: a dataclass, a model, a schema, a typed dict; no service."""
    info = m.class_info(f, cls)
    return info is not None and (takes_fields(m, f, cls) or bool(TYPED_DICTS & set(info.libraries)))


def declared_fields(m: Machine, f: Frame, cls: Loc) -> list[str]:
    """The names of a class's fields in the order of its constructor: inherited ones first."""
    info = m.class_info(f, cls)
    if info is None:
        return []
    names: dict[str, None] = {}
    model = is_pydantic(m, f, cls)
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
        set(base.marks) & DATA_CLASSES for loc in info.order if (base := m.class_info(f, loc)) is not None
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
    if ROOT_MODEL in info.libraries:
        return ["root"]
    placed: dict[str, bool] = {}
    for base in reversed(info.order):
        base_info = m.class_info(f, base)
        keyword_only = False
        for name in base_info.declared if base_info is not None else ():
            keyword_only = keyword_only or _is_marked(m, base, name, frozenset(("KW_ONLY",)))
            if _is_marked(m, base, name, frozenset(("ClassVar", "KW_ONLY"))):
                continue
            declared = declaration(m, f, base, name)
            given = declared.get("@kw_only")
            kept = given is None or (known := given.constant()) is None or known.value is not True
            placed[name] = kept and not keyword_only and not is_off(declared, "init")
    return [name for name, positional in placed.items() if positional]


def field_of_alias(m: Machine, f: Frame, cls: Loc, name: str) -> str:
    """The field that a keyword of a model means: its own name, or the field declared with this alias."""
    fields = declared_fields(m, f, cls)
    if name in fields:
        return name
    for field in fields:
        declared = declaration(m, f, cls, field)
        for option in ("@alias", "@validation_alias"):
            alias = declared.get(option)
            if alias is not None and name in alias.texts():
                return field
    # A generator of aliases spells the same words another way (``phoneNumber``).
    return next((field for field in fields if fold(field) == fold(name)), name)


def match_args(m: Machine, f: Frame, cls: Value) -> list[str]:
    """The attributes that positional patterns of a class stand for."""
    for loc in cls.locs():
        part = inheritance.class_part(m, f, loc, "__match_args__")
        if part is not None:
            items = m.iterate(f, part, 0).items or ()
            return [text for item in items for text in item.texts()]
        return declared_fields(m, f, loc)
    return []


def prints_fields(m: Machine, f: Frame, cls: Loc) -> bool:
    """Whether the default text of a class's objects shows their fields: dataclasses, pydantic and the like."""
    info = m.class_info(f, cls)
    if info is None:
        return False
    for base in info.order:
        base_info = m.class_info(f, base)
        if base_info is not None and set(base_info.marks) & DATA_CLASSES:
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


MODELS = ("pydantic.", "sqlmodel.")
ROOT_MODEL = "pydantic.RootModel"
"""A model that is one value, its ``root``."""


def declaration(m: Machine, f: Frame, cls: Loc, name: str) -> Mapping[Key, Value]:
    """The arguments of the ``field(...)`` or ``Field(...)`` that declares a field; empty for none."""

    part = inheritance.class_part(m, f, cls, name)
    for loc in part.locs() if part is not None else ():
        obj = f.state.obj(loc)
        if obj is not None and obj.kind in ("library", "unknown"):
            return obj.parts
    return {}


def is_off(parts: Mapping[Key, Value], option: str) -> bool:
    """Whether ``field(option=False)``."""
    value = parts.get(f"@{option}")
    constant = value.constant() if value is not None else None
    return constant is not None and constant.value is False


def is_pydantic(m: Machine, f: Frame, cls: Loc) -> bool:
    """Whether a class is a model of pydantic."""
    info = m.class_info(f, cls)
    return info is not None and any(library.startswith(MODELS) for library in info.libraries)


DATA_CLASSES = frozenset(
    (
        "dataclasses.dataclass",
        "attr.s",
        "attr.define",
        "attrs.define",
        "attrs.frozen",
        "attr.frozen",
        "attr.attrs",
        "attr.dataclass",
        "pydantic.dataclasses.dataclass",
    )
)
