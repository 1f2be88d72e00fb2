"""Serializers, schemas and forms of frameworks: classes whose declared fields choose what is read or shown.

Django REST framework (``serializer.data``, ``validated_data``), marshmallow (``dump``, ``load``) and
Django's forms (``cleaned_data``): the fields are those the class declares and those its ``Meta`` names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import (
    admission,
    chosen_rows,
    class_fields,
    inheritance,
    json_texts,
    nested_schemas,
    relations,
    row_keys,
)
from qorgau.flow.constants import Const
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, Value, is_true, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

SERIALIZER = "rest_framework.serializers.BaseSerializer"
SCHEMA = "marshmallow.Schema"
FORM = "django.forms.BaseForm"
LOADED = {SERIALIZER: ("validated_data",), FORM: ("cleaned_data",)}
NESTED = "marshmallow.fields.Nested"
LIST = "marshmallow.fields.List"
FUNCTION_FIELD = "marshmallow.fields.Function"
MAX_NESTED = 3
"""Schemas within schemas that choose what is shown; deeper ones show all that they are given."""

METHOD_FIELDS = ("SerializerMethodField", "Method")


def kind_of(m: Machine, libraries: tuple[str, ...]) -> str:
    """Which of the frameworks' bases a class has; empty for none."""
    above = {name for library in libraries for name in m.policy.catalog.ancestry(library)}
    return next(
        (base for base in (SERIALIZER, SCHEMA, FORM) if m.policy.catalog.canonical(base) in above), ""
    )


def construct(m: Machine, f: Frame, cls: Loc, info: ClassInfo, args: Args, at: int) -> Value | None:
    """A new serializer, schema or form; None for others and for classes with their own ``__init__``."""
    if not kind_of(m, info.libraries) or inheritance.class_part(m, f, cls, "__init__") is not None:
        return None
    made = m.new(f, at, Obj("instance", cls=cls), "new")
    given(m, f, made.locs()[0], args, at)
    return made


def given(m: Machine, f: Frame, loc: Loc, args: Args, at: int) -> None:
    """A serializer remembers what it was made with, and holds the data and the object it was given."""
    obj = m.obj(f, loc)
    parts: dict[Key, Value] = dict(obj.parts)
    parts.update({f"@{index}": value for index, value in enumerate(args.positional)})
    parts.update({f"@{name}": value for name, value in args.keywords.items()})
    parts.update(
        {name: value for name, value in args.keywords.items() if name in ("instance", "context", "initial")}
    )
    for double in args.double:
        parts["@data"] = parts.get("@data", BOTTOM)
        parts["@instance"] = double
    m.write(f, loc, replace(obj, parts=parts), strong=True)
    info = m.class_info(f, obj.cls) if obj.cls is not None else None
    kind = kind_of(m, info.libraries) if info is not None else ""
    if "@data" in parts or (kind == FORM and "@0" in parts):
        taken = loaded(m, f, loc, m.obj(f, loc), at)
        m.write(f, loc, m.obj(f, loc).put("$data", taken), strong=True)


def attribute(
    m: Machine, f: Frame, loc: Loc, obj: Obj, libraries: tuple[str, ...], name: str, at: int
) -> Value | None:
    """``serializer.data``, ``validated_data``, ``form.cleaned_data``; None for other attributes."""
    kind = kind_of(m, libraries)
    if not kind or obj.cls is None:
        return None
    if name in LOADED.get(kind, ()):
        return loaded(m, f, loc, obj, at)
    if kind == SERIALIZER and name == "data":
        source = _first(obj, "@instance", "@0")
        if source.is_bottom:
            return _shown_again(m, f, loc, obj, at)
        return _shown(m, f, loc, obj, source, is_true(obj.parts.get("@many")), at)
    return None


def _shown_again(m: Machine, f: Frame, loc: Loc, obj: Obj, at: int) -> Value:
    """``serializer.data`` of what was read: without what is only written, and with the keys of other rows."""
    assert obj.cls is not None
    read = loaded(m, f, loc, obj, at)
    made = m.new(f, at, Obj("dict", info="exact"), "shown again")
    for name in fields(m, f, obj):
        declared = inheritance.class_part(m, f, obj.cls, name) or BOTTOM
        if not _is_off(f, declared, "write_only", "load_only"):
            value = row_keys.without_rows(m, f, m.item(f, read, of_const(name), at))
            m.set_item(f, made, of_const(name), value, at)
    return made


def _first(obj: Obj, *names: str) -> Value:
    for name in names:
        part = obj.parts.get(name)
        if part is not None and not part.is_bottom:
            return part
    return BOTTOM


# Which fields


def fields(m: Machine, f: Frame, obj: Obj) -> list[str]:
    """The names that a schema reads or shows, as its class, ``Meta``, ``only`` and ``exclude`` say."""
    assert obj.cls is not None
    names = [name for name in class_fields.declared_fields(m, f, obj.cls) if name != "Meta"]
    meta = inheritance.class_part(m, f, obj.cls, "Meta")
    own = names if _is_form(m, f, obj.cls) else []
    for loc in meta.locs() if meta is not None else ():
        # What a form declares itself is in it, whatever ``Meta`` lists of its model.
        names = list(dict.fromkeys([*_of_meta(m, f, loc, names), *own]))
    only = _names(m, f, obj.parts.get("@only", BOTTOM))
    left_out = _names(m, f, obj.parts.get("@exclude", BOTTOM)) or []
    return [name for name in names if (only is None or name in only) and name not in left_out]


def _is_form(m: Machine, f: Frame, cls: Loc) -> bool:
    info = m.class_info(f, cls)
    return info is not None and kind_of(m, info.libraries) == FORM


def _of_meta(m: Machine, f: Frame, meta: Loc, declared: list[str]) -> list[str]:
    chosen = inheritance.class_part(m, f, meta, "fields") or BOTTOM
    left_out = _names(m, f, inheritance.class_part(m, f, meta, "exclude") or BOTTOM)
    model = inheritance.class_part(m, f, meta, "model") or BOTTOM
    names = _names(m, f, chosen)
    if names is None or left_out is not None:
        of_model = [name for loc in model.locs() for name in class_fields.declared_fields(m, f, loc)]
        if not of_model and chosen.is_bottom and left_out is None:
            return declared
        names = list(dict.fromkeys([*declared, *of_model]))
    return [name for name in names if name not in (left_out or ())]


def _names(m: Machine, f: Frame, value: Value) -> list[str] | None:
    """The texts in a list or tuple; None where it isn't one (``"__all__"``, not given)."""
    if value.is_bottom or not value.locs():
        return None
    each = m.iterate(f, value, 0).each
    return each.texts() if each.consts and not each.unknown else None


# What is shown


def _shown(
    m: Machine, f: Frame, loc: Loc, obj: Obj, source: Value, many: bool, at: int, label: str = "dumped"
) -> Value:
    """``label`` tells apart what is shown within what is shown."""
    if many:
        each = _shown(m, f, loc, obj, m.iterate(f, source, at).each, False, at, label)
        return m.new(f, at, Obj("list", rest=each), f"many {label}")
    own = inheritance.method(m, f, loc, obj, "to_representation", at)
    if own is not None and not inheritance.is_inside(f, "to_representation") and f.depth < 40:
        return m.call(f, own, Args([source]), at)
    return dumped(m, f, loc, obj, source, at, label)


def dumped(m: Machine, f: Frame, loc: Loc, obj: Obj, source: Value, at: int, label: str = "dumped") -> Value:
    """The object as a dict of the schema's fields."""
    made = m.new(f, at, Obj("dict", info="exact"), label)
    for name in fields(m, f, obj):
        assert obj.cls is not None
        declared = inheritance.class_part(m, f, obj.cls, name) or BOTTOM
        if _is_off(f, declared, "write_only", "load_only"):
            continue
        shown = _field(m, f, loc, obj, source, name, declared, at, f"{label}.{name}")
        m.set_item(f, made, of_const(name), shown, at)
    return made


def _field(
    m: Machine, f: Frame, loc: Loc, obj: Obj, source: Value, name: str, declared: Value, at: int, label: str
) -> Value:
    computed = inheritance.method(m, f, loc, obj, f"get_{name}", at) if not declared.is_bottom else None
    if computed is not None:
        return m.call(f, computed, Args([source]), at)
    for ref in declared.locs():
        field = f.state.obj(ref)
        if field is None:
            continue
        if field.type.endswith(METHOD_FIELDS):
            named = _first(field, "@method_name", "@0", "@serialize").texts()
            getter = inheritance.method(m, f, loc, obj, named[0], at) if named else None
            return m.call(f, getter, Args([source]), at) if getter is not None else Value(opaque=True)
        if field.type == FUNCTION_FIELD:
            return m.call(f, _first(field, "@serialize", "@0"), Args([source]), at)
        if field.type in (NESTED, LIST):
            return _nested(m, f, obj, field, m.attribute(f, source, name, at), at, label)
        if field.cls is not None and field.kind == "instance":
            inner = m.attribute(f, source, name, at)
            return _shown(m, f, ref, field, inner, is_true(field.parts.get("@many")), at, label)
        path = _first(field, "@source", "@attribute").texts()
        if path and path[0] != "*":
            value = source
            for step in path[0].split("."):
                value = m.attribute(f, value, step, at)
            return value
    if any((o := f.state.obj(ref)) is not None and o.kind == "dict" for ref in source.locs()):
        return m.item(f, source, of_const(name), at)
    if declared.is_bottom and _is_key(m, f, source, name) and not _is_deep(m, f, obj):
        return OPAQUE
    return m.attribute(f, source, name, at)


def _is_key(m: Machine, f: Frame, source: Value, name: str) -> bool:
    """Whether an attribute is a relation: without a field of its own a serializer shows the key of the other row."""
    held = (m.obj(f, loc).cls for loc in source.locs())
    models = [cls for cls in held if cls is not None and m.class_info(f, cls) is not None]
    return bool(models) and all(row_keys.declares(m, f, cls, name, relations.KEYS) for cls in models)


def _is_deep(m: Machine, f: Frame, obj: Obj) -> bool:
    """Whether ``Meta.depth`` asks for the other rows themselves."""
    meta = inheritance.class_part(m, f, obj.cls, "Meta") if obj.cls is not None else None
    return any(
        inheritance.class_part(m, f, loc, "depth") is not None for loc in (meta.locs() if meta else ())
    )


def _nested(m: Machine, f: Frame, outer: Obj, field: Obj, source: Value, at: int, label: str) -> Value:
    """``Nested(ClientSchema)``, ``List(Nested(ClientSchema))``: what the inner schema shows of a part."""
    if field.type == LIST:
        inner = _first(field, "@cls_or_instance", "@0").single()
        held = f.state.obj(inner) if inner is not None else None
        if held is None or held.type != NESTED:
            return source
        each = _nested(m, f, outer, held, m.iterate(f, source, at).each, at, label)
        return m.new(f, at, Obj("list", rest=each), f"many {label}")
    if label.count(".") > MAX_NESTED:
        return source
    shown: list[Value] = []
    for loc, schema in nested_schemas.inner(m, f, outer, field, at, label):
        many = is_true(field.parts.get("@many")) or is_true(schema.parts.get("@many"))
        shown.append(_shown(m, f, loc, schema, source, many, at, label))
    return join_all(shown) if shown else source


def _is_off(f: Frame, declared: Value, *options: str) -> bool:
    """Whether a field is declared with one of these options."""
    for loc in declared.locs():
        field = f.state.obj(loc)
        if field is not None and any(is_true(field.parts.get(f"@{option}")) for option in options):
            return True
    return False


# What is read


def loaded(m: Machine, f: Frame, loc: Loc, obj: Obj, at: int) -> Value:
    """What a form or serializer took over of the data it was given: its fields by name."""
    child = Loc(loc, ("request", "loaded"))
    if f.state.obj(child) is not None:
        return of_ref(child)
    data = _first(obj, "@data", "@0")
    f.state.heap[child] = Obj("dict")
    _load(m, f, of_ref(child), obj, data, at)
    return of_ref(child)


def _load(m: Machine, f: Frame, made: Value, obj: Obj, data: Value, at: int) -> None:
    assert obj.cls is not None
    target = made.locs()[0]
    for name in fields(m, f, obj):
        declared = inheritance.class_part(m, f, obj.cls, name) or BOTTOM
        if _is_off(f, declared, "read_only", "dump_only"):
            continue
        key = _loaded_key(f, declared, name)
        value = chosen_rows.chosen(m, f, obj.cls, name, declared, at)
        if value is None:
            value = m.named(f, _sent(m, f, target, data, name, at), key, made, at, key=True)
        held = m.obj(f, target)
        f.state.heap[target] = held.put(Const("str", key), value)


def _sent(m: Machine, f: Frame, target: Loc, data: Value, name: str, at: int) -> Value:
    """What a user sent under the name of a field."""
    if data.locs() or data.unknown:
        return m.item(f, data, of_const(name), at)
    return of_ref(target.child(("item", Const("str", name))), unknown=True)


def _loaded_key(f: Frame, declared: Value, name: str) -> str:
    """The key under which a field's value is loaded: ``attribute="phone"``, ``source="phone"``."""
    for loc in declared.locs():
        field = f.state.obj(loc)
        path = _first(field, "@attribute", "@source").texts() if field is not None else []
        if len(path) == 1 and path[0].isidentifier():
            return path[0]
    return name


# Calls


def _receivers(m: Machine, f: Frame, u: Use) -> list[tuple[Loc, Obj]]:
    found = [(loc, f.state.obj(loc)) for loc in u.receiver.locs()]
    return [
        (loc, obj)
        for loc, obj in found
        if obj is not None and obj.cls is not None and obj.kind in ("instance", "unknown")
    ]


def _dump(m: Machine, f: Frame, u: Use) -> Value:
    """``Schema().dump(obj)``, ``Schema().dumps(obj)``, ``super().to_representation(obj)``."""
    results: list[Value] = []
    many = u.args.keywords.get("many", BOTTOM).constant()
    for loc, obj in _receivers(m, f, u):
        several = is_true(obj.parts.get("@many")) or (many is not None and many.value is True)
        results.append(
            dumped(m, f, loc, obj, u.arg(0), u.at)
            if u.dotted.endswith("to_representation")
            else _shown(m, f, loc, obj, u.arg(0, "obj"), several, u.at)
        )
    if not results:
        return Value(m.contents(f, join_all(u.args.all())), unknown=True)
    made = join_all(results)
    if u.dotted.endswith("dumps"):
        return json_texts.dumps(m, f, Use("json.dumps", BOTTOM, Args([made]), u.at))
    return made


def _loads(m: Machine, f: Frame, u: Use) -> Value:
    """``Schema().load(data)``"""
    results: list[Value] = []
    data = u.arg(0)
    if u.dotted.endswith("loads"):
        data = json_texts.loads(m, f, Use("json.loads", BOTTOM, Args([data]), u.at))
    for _, obj in _receivers(m, f, u):
        made = m.new(f, u.at, Obj("dict"), "loaded")
        _load(m, f, made, obj, data, u.at)
        results.append(made)
    admission.let_in(m, f, u.receiver)
    return join_all(results) if results else Value(m.contents(f, data), unknown=True)


def _saved(m: Machine, f: Frame, u: Use) -> Value:
    """``form.save()``: the form's object, or a new one of its model, with what the form read."""
    results: list[Value] = []
    for loc, obj in _receivers(m, f, u):
        assert obj.cls is not None
        made = _first(obj, "@instance")
        if not made.refs:
            meta = inheritance.class_part(m, f, obj.cls, "Meta")
            models = [
                inheritance.class_part(m, f, one, "model") or BOTTOM for one in (meta.locs() if meta else ())
            ]
            model = next((cls for value in models for cls in value.locs()), None)
            new = m.new(f, u.at, Obj("unknown", cls=model), "saved")
            made = new.with_(unknown=True)
        data = loaded(m, f, loc, obj, u.at)
        for name in fields(m, f, obj):
            m.set_attribute(f, made, name, m.item(f, data, of_const(name), u.at), u.at)
        results.append(made)
    return join_all(results) if results else Value(m.contents(f, u.receiver), unknown=True)


def _serialized(m: Machine, f: Frame, u: Use) -> Value:
    """``serializers.serialize("json", queryset, fields=[...])`` of Django."""
    rows = u.arg(1, "queryset")
    names = _names(m, f, u.args.keywords.get("fields", BOTTOM))
    if names is None:
        return Value(m.contents(f, rows), opaque=True)
    each = m.iterate(f, rows, u.at).each
    return Value(m.contents(f, join_all([m.attribute(f, each, name, u.at) for name in names])), opaque=True)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "django-serialize": _serialized,
    "form-save": _saved,
    "schema-dump": _dump,
    "schema-load": _loads,
}
