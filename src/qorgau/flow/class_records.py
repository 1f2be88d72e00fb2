"""Which fields objects of a class carry as a whole: those of its record, or of its declared attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import flags
from qorgau.flow.locations import Loc
from qorgau.flow.machine import ClassInfo, Frame

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


MAX_HELD = 3
"""How deep records within objects within objects are looked for."""


def class_names(m: Machine, f: Frame, loc: Loc) -> list[str]:
    """The dotted names of an object's class and its bases."""
    obj = f.state.obj(loc)
    if obj is None:
        return []
    cls = loc if obj.kind == "class" else obj.cls
    if cls is None:
        return [obj.type] if obj.type else []
    names: list[str] = []
    info = m.class_info(f, cls)
    for base in info.order if info is not None else ():
        base_info = m.class_info(f, base)
        if base_info is not None:
            names.append(base_info.dotted)
    return names


def record(m: Machine, f: Frame, loc: Loc) -> list[tuple[str, str]]:
    """Attributes and fields of an object as a whole: configured records and declared names."""
    obj = f.state.obj(loc)
    if obj is None:
        return []
    if obj.cls is None:
        return _outside_record(m, obj.type)
    info = m.class_info(f, obj.cls)
    if info is None:
        return []
    return class_record(m, f, obj.cls, info)


def _outside_record(m: Machine, dotted: str) -> list[tuple[str, str]]:
    """The pairs of a configured record whose class is not in the program."""
    fields = m.policy.record_fields(dotted) if dotted else None
    if fields is None:
        return []
    return [(field, field) for field in fields or m.policy.settings.fields]


def is_configured_record(m: Machine, f: Frame, cls: Loc) -> bool:
    """Whether the configuration calls a class, or one it inherits from, a record."""
    info = m.class_info(f, cls)
    bases = [m.class_info(f, base) for base in info.order] if info is not None else []
    return any(base is not None and m.policy.record_fields(base.dotted) is not None for base in bases)


def class_record(m: Machine, f: Frame, cls: Loc, info: ClassInfo) -> list[tuple[str, str]]:
    """The pairs of attribute and field that objects of a class carry as a whole."""
    cached = m.records.get(cls)
    if cached is not None:
        return cached
    declared = m.declared_fields(f, cls)
    said = flags.of_class(m, f, cls)
    pairs: list[tuple[str, str]] = []
    for name in declared:
        fields = m.policy.fields_of(name) if name not in said else ()
        for base in info.order:
            base_info = m.class_info(f, base)
            field = m.policy.attribute_field(f"{base_info.dotted}.{name}") if base_info is not None else None
            if field is not None:
                fields = (field,)
        pairs += [(name, field) for field in fields]
    for base in info.order:
        base_info = m.class_info(f, base)
        configured = m.policy.record_fields(base_info.dotted) if base_info is not None else None
        if configured is not None:
            if not configured:
                configured = tuple(m.policy.settings.fields)
            covered = {field for _, field in pairs}
            pairs = [pair for pair in pairs if pair[1] in configured]
            pairs += [(field, field) for field in configured if field not in covered]
    m.records[cls] = pairs
    return pairs


def held_records(m: Machine, f: Frame, cls: Loc, above: tuple[Loc, ...] = ()) -> list[tuple[str, str]]:
    """Attributes of a class that hold records, with the fields of these; a row holds only their keys."""
    cached = m.held_records.get(cls)
    if cached is not None:
        return cached
    info = m.class_info(f, cls)
    pairs: dict[tuple[str, str], None] = {}
    holds = info is not None and m.holds_data(f, cls) and not m.is_model(f, cls)
    if holds and cls not in above and len(above) < MAX_HELD:
        for name in m.declared_fields(f, cls):
            for inner in m.classes_held(f, cls, name):
                inner_info = m.class_info(f, inner)
                if inner_info is None or inner == cls:
                    continue
                fields = [field for _, field in class_record(m, f, inner, inner_info)]
                fields += [field for _, field in held_records(m, f, inner, (*above, cls))]
                pairs.update({(name, field): None for field in fields})
    if not above:
        m.held_records[cls] = list(pairs)
    return list(pairs)
