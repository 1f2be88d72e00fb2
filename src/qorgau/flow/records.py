"""Objects with named fields as a whole: their dict, their tuple, a changed copy, what a dump leaves out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from qorgau.flow import (
    class_defaults,
    class_fields,
    class_records,
    container_methods,
    containers,
    copying,
    inheritance,
    json_texts,
    orm,
    scalars,
    validators,
)
from qorgau.flow.class_fields import MODELS, ROOT_MODEL, declaration, is_off, is_pydantic
from qorgau.flow.constants import const
from qorgau.flow.facts import NO_FACTS
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, Bound, Value, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


Choice: TypeAlias = "Mapping[str, Choice | None]"
"""Names that a dump includes or excludes; None for a whole field, a choice for a part of one."""

MAX_NESTED = 4
"""Unknown objects within unknown objects that a dump takes apart."""

FILTERS = ("attr.filters.include", "attr.filters.exclude")


def choice(m: Machine, f: Frame, value: Value, at: int) -> Choice | None:
    """The names in ``include={...}`` or ``exclude={...}``; None where they aren't all known."""
    exact = m.exact_dict(f, value)
    if exact is not None:
        return {name: choice(m, f, part, at) if part.refs else None for name, part in exact.items()}
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    if obj is None or obj.kind not in containers.SEQUENCES:
        return None
    names = [text for item in containers.each(obj).consts for text in (item.value,) if isinstance(text, str)]
    plain = containers.each(obj)
    if plain.unknown or plain.opaque or plain.refs:
        return None
    return dict.fromkeys(names)


def as_dict(
    m: Machine,
    f: Frame,
    value: Value,
    at: int,
    include: Choice | None = None,
    exclude: Choice | None = None,
    *,
    aliased: bool = False,
    label: str = "asdict",
    dumped: bool = False,
) -> Value:
    """The fields of an object as a dict; of an object without known fields, all that it holds.

    ``dumped``: as models of pydantic show themselves, with their own serializers and computed fields.
    """
    places = value.locs()
    if len(places) > 1:
        # What one of them has is not written over by what another has.
        return join_all(
            as_dict(
                m,
                f,
                of_ref(place),
                at,
                include,
                exclude,
                aliased=aliased,
                label=f"{label}{number}",
                dumped=dumped,
            )
            for number, place in enumerate(places)
        )
    made = m.new(f, at, Obj("dict", info="exact"), label)
    loc = made.locs()[0]
    for ref in value.locs():
        obj = f.state.obj(ref)
        if obj is not None and obj.kind == "dict":
            containers.update(m, f, loc, of_ref(ref), at)
            continue
        names = class_fields.declared_fields(m, f, obj.cls) if obj is not None and obj.cls is not None else []
        if dumped and obj is not None and obj.cls is not None:
            whole = validators.whole_serializer(m, f, obj.cls)
            if whole is not None:
                containers.update(m, f, loc, m.call(f, of_ref(Bound(whole, of_ref(ref))), Args(), at), at)
                continue
            names = [*names, *validators.computed(m, f, obj.cls)]
        for name in names:
            assert obj is not None
            assert obj.cls is not None
            _put_field(m, f, made, ref, obj.cls, name, at, include, exclude, aliased, label, dumped)
        if not names and not _put_configured(m, f, made, ref, at):
            containers.update(m, f, loc, of_ref(ref, unknown=True), at)
    if not value.refs and value.taints:
        m.write(
            f, loc, replace(m.obj(f, loc), rest=Value(value.taints, unknown=True), info=None), strong=True
        )
    return made


def _put_configured(m: Machine, f: Frame, made: Value, ref: Loc, at: int) -> bool:
    """Put the attributes of a configured record whose class declares none, if its methods set them all.

    Not where its data has other names than its attributes: then they are not told apart.
    """
    pairs = class_records.record(m, f, ref)
    obj = f.state.obj(ref)
    info = m.class_info(f, obj.cls) if obj is not None and obj.cls is not None else None
    if not pairs or obj is None or obj.cls is None or info is None or info.opaque_base:
        return False
    names = class_defaults.assigned(m, f, obj.cls)
    if not names.issuperset(name for name, _ in pairs):
        return False
    given = {name for name in obj.parts if isinstance(name, str) and not name.startswith(("$", "@"))}
    parts = {name: m.attribute(f, of_ref(ref), name, at) for name in sorted(names | given)}
    if not all(any(taint.field == field for taint in parts[name].taints) for name, field in pairs):
        return False
    for name, part in parts.items():
        m.set_item(f, made, of_const(name), part, at)
    return True


def namespace(m: Machine, f: Frame, owner: Loc, at: int) -> Value:
    """``vars(x)`` as a dict: of an object made here its attributes, of another its declared fields or what is set."""
    obj = f.state.obj(owner)
    if obj is not None and obj.kind == "unknown" and obj.cls is not None:
        names = class_defaults.assigned(m, f, obj.cls)
        if (
            names
            and not class_fields.declared_fields(m, f, obj.cls)
            and not class_records.record(m, f, owner)
        ):
            made = m.new(f, at, Obj("dict"), "namespace")
            for name in sorted(names):
                m.set_item(f, made, of_const(name), m.attribute(f, of_ref(owner), name, at), at)
            return made
    if obj is None or obj.kind != "instance" or obj.type or not obj.rest.is_bottom:
        return as_dict(m, f, of_ref(owner), at)
    parts: dict[Key, Value] = {
        const(name): part
        for name, part in obj.parts.items()
        if isinstance(name, str) and not name.startswith(("$", "@")) and not part.is_bottom
    }
    info = m.class_info(f, obj.cls) if obj.cls is not None else None
    closed = info is not None and not info.opaque_base
    return m.new(f, at, Obj("dict", parts=parts, info="exact" if closed else None), "namespace")


def _put_field(
    m: Machine,
    f: Frame,
    made: Value,
    ref: Loc,
    cls: Loc,
    name: str,
    at: int,
    include: Choice | None,
    exclude: Choice | None,
    aliased: bool,
    label: str,
    dumped: bool,
) -> None:
    if include is not None and name not in include:
        return
    if exclude is not None and name in exclude and exclude[name] is None:
        return
    declared = declaration(m, f, cls, name)
    hidden = declared.get("@exclude")
    if hidden is not None and (known := hidden.constant()) is not None and known.value is True:
        return
    part = m.attribute(f, of_ref(ref), name, at)
    shown = validators.serializer(m, f, cls, name) if dumped else None
    if shown is not None:
        part = m.call(f, of_ref(Bound(shown, of_ref(ref))), Args([part]), at)
    inner = include.get(name) if include is not None else None
    outer = exclude.get(name) if exclude is not None else None
    part = _plain(m, f, part, at, inner, outer, f"{label}.{name}")
    alias = declared.get("@serialization_alias") or declared.get("@alias")
    key = alias if aliased and alias is not None and alias.texts() else of_const(name)
    m.set_item(f, made, key, part, at)


def _plain(
    m: Machine, f: Frame, value: Value, at: int, include: Choice | None, exclude: Choice | None, label: str
) -> Value:
    """A field as a dump shows it: objects with fields become dicts, also inside lists."""
    loc = value.single()
    obj = f.state.obj(loc) if loc is not None else None
    if loc is None or obj is None or f.depth > 40 or (obj.kind == "unknown" and _stays_whole(m, f, loc, obj)):
        return value
    if (
        obj.cls is not None
        and obj.kind in ("instance", "unknown")
        and class_fields.declared_fields(m, f, obj.cls)
    ):
        f.depth += 4
        made = as_dict(m, f, value, at, include, exclude, label=label, dumped=is_pydantic(m, f, obj.cls))
        f.depth -= 4
        return made
    if obj.kind in ("list", "tuple") and loc is not None and not value.taints:
        f.depth += 4
        parts: dict[Key, Value] = {
            key: _plain(m, f, part, at, None, None, f"{label}.{key.value}") for key, part in obj.items()
        }
        rest = _plain(m, f, obj.rest, at, None, None, f"{label}.*") if not obj.rest.is_bottom else BOTTOM
        f.depth -= 4
        return m.new(f, at, replace(obj, parts=parts, rest=rest), label)
    return value


def _stays_whole(m: Machine, f: Frame, loc: Loc, obj: Obj) -> bool:
    """Whether a dump leaves an unknown object in one piece: it has the same data, but its parts aren't told apart.

    Rows lead to rows and models to models by so many ways that following each of them never ends.
    """
    if orm.is_model(m, f, loc):
        return True
    above = 0
    parent = loc.parent
    while parent is not None:
        holder = f.state.obj(parent)
        if holder is not None and holder.cls is not None:
            above += 1
            if holder.cls == obj.cls or above > MAX_NESTED:
                return True
        parent = parent.parent
    return False


def _asdict(m: Machine, f: Frame, u: Use) -> Value:
    """``asdict(x)``, ``x._asdict()``, ``x.model_dump(include=..., exclude=..., by_alias=...)``."""
    model = u.dotted.startswith(MODELS)
    source = u.receiver if model or not u.args.positional else u.arg(0)
    include = choice(m, f, u.args.keywords["include"], u.at) if "include" in u.args.keywords else None
    exclude = choice(m, f, u.args.keywords["exclude"], u.at) if "exclude" in u.args.keywords else None
    if "filter" in u.args.keywords:
        include, exclude = _filtered(m, f, source, u.args.keywords["filter"], u.at)
    by_alias = u.args.keywords.get("by_alias")
    constant = by_alias.constant() if by_alias is not None else None
    aliased = constant is not None and constant.value is True
    made = _root(m, f, source, u.at) if model else None
    if made is None:
        made = as_dict(m, f, source, u.at, include, exclude, aliased=aliased, dumped=model)
    if "dict_factory" in u.args.keywords:
        pairs = m.call_method(f, made, "items", Args(), u.at)
        return m.call(f, u.args.keywords["dict_factory"], Args([pairs]), u.at)
    if u.dotted.endswith(("json", "_json")):
        return json_texts.dumps(m, f, Use("json.dumps", BOTTOM, Args([made]), u.at))
    return made


def _root(m: Machine, f: Frame, source: Value, at: int) -> Value | None:
    """What a dump of a model with a root shows: the root; None for other models."""
    loc = source.single()
    obj = f.state.obj(loc) if loc is not None else None
    info = m.class_info(f, obj.cls) if obj is not None and obj.cls is not None else None
    if info is None or ROOT_MODEL not in info.libraries:
        return None
    return _plain(m, f, m.attribute(f, source, "root", at), at, None, None, "root")


def _filtered(
    m: Machine, f: Frame, source: Value, chooser: Value, at: int
) -> tuple[Choice | None, Choice | None]:
    """The fields that ``filter=`` of attrs lets through: names, or what a function says of each."""
    for loc in chooser.locs():
        obj = m.obj(f, loc)
        if obj.type in FILTERS:
            given = [part for key, part in obj.parts.items() if isinstance(key, str) and key[:1] == "@"]
            fields = [m.attribute(f, part, "name", at) if part.locs() else part for part in given]
            names = [text for field in fields for text in field.texts()]
            chosen: Choice = dict.fromkeys(names)
            return (chosen, None) if obj.type == FILTERS[0] else (None, chosen)
    left_out: dict[str, Choice | None] = {}
    for loc in source.locs():
        obj = m.obj(f, loc)
        for name in class_fields.declared_fields(m, f, obj.cls) if obj.cls is not None else ():
            field = Obj("library", type="dataclasses.Field", parts={"name": of_const(name)})
            described = m.new(f, at, field, f"field {name}")
            answer = m.call(f, chooser, Args([described, m.attribute(f, of_ref(loc), name, at)]), at)
            if m.truth(f, answer, True) is None:
                left_out[name] = None
    return None, left_out


def _astuple(m: Machine, f: Frame, u: Use) -> Value:
    results: list[Value] = []
    for loc in u.arg(0).locs():
        obj = f.state.obj(loc)
        names = class_fields.declared_fields(m, f, obj.cls) if obj is not None and obj.cls is not None else []
        items = [m.attribute(f, of_ref(loc), name, u.at) for name in names]
        if items:
            results.append(m.sequence(f, u.at, "tuple", items, None, "astuple"))
    if not results:
        return Value(m.contents(f, u.arg(0)), unknown=True)
    return join_all(results)


def _fields(m: Machine, f: Frame, u: Use) -> Value:
    """``dataclasses.fields(x)``: objects that know the names."""
    for loc in u.arg(0).locs():
        obj = f.state.obj(loc)
        cls = loc if obj is not None and obj.kind == "class" else obj.cls if obj is not None else None
        if cls is not None:
            made = [
                m.new(
                    f,
                    u.at,
                    Obj("library", type="dataclasses.Field", parts={"name": of_const(name)}),
                    f"field{name}",
                )
                for name in class_fields.declared_fields(m, f, cls)
            ]
            found = m.sequence(f, u.at, "tuple", made, None, "fields")
            listed = found.locs()[0]
            names: dict[Key, Value] = dict(zip(class_fields.declared_fields(m, f, cls), made, strict=True))
            obj = m.obj(f, listed)
            m.write(f, listed, replace(obj, parts={**obj.parts, **names}), strong=True)
            return found
    return OPAQUE


def _made_anew(m: Machine, f: Frame, source: Value, u: Use) -> Value | None:
    """``replace`` calls the class with the fields of its constructor; None where that does no more than a copy."""
    loc = source.single()
    obj = f.state.obj(loc) if loc is not None else None
    cls = obj.cls if obj is not None and obj.kind == "instance" else None
    if cls is None or m.is_named_tuple(f, cls) or inheritance.class_part(m, f, cls, "__post_init__") is None:
        return None
    given = {
        name: m.attribute(f, source, name, u.at)
        for name in class_fields.declared_fields(m, f, cls)
        if not is_off(declaration(m, f, cls, name), "init")
    }
    return m.call(f, of_ref(cls), Args([], {**given, **u.args.keywords}), u.at)


def _replace(m: Machine, f: Frame, u: Use) -> Value:
    """``replace(x, a=1)``, ``x._replace(a=1)``, ``x.model_copy(update={...})``."""
    model = u.dotted.startswith(MODELS)
    source = u.receiver if model or not u.args.positional else u.arg(0)
    deep = u.args.keywords.get("deep") is not None
    anew = None if model else _made_anew(m, f, source, u)
    if anew is not None:
        return anew
    made = copying.copied(m, f, source, u.at, deep=deep)
    if not model:
        for name, value in u.args.keywords.items():
            m.set_attribute(f, made, name, value, u.at)
        return made
    update = u.args.keywords.get("update")
    for name, value in (m.exact_dict(f, update) or {}).items() if update is not None else ():
        m.set_attribute(f, made, name, value, u.at)
    excluded = choice(m, f, u.args.keywords["exclude"], u.at) if "exclude" in u.args.keywords else None
    for name in excluded or ():
        m.delete_attribute(f, made, name, u.at)
    return made


def _validate(m: Machine, f: Frame, u: Use) -> Value:
    """``Model.model_validate(data)``, ``model_construct(**data)``: an object of the data's fields."""
    cls = u.receiver.single()
    if cls is None or m.class_info(f, cls) is None:
        return Value(m.contents(f, join_all(u.args.all())), unknown=True)
    given = u.arg(0)
    if u.dotted.endswith(("json", "raw")):
        given = json_texts.loads(m, f, Use("json.loads", BOTTOM, Args([given]), u.at))
    if u.dotted.endswith("construct"):
        return m.call(f, of_ref(cls), Args([], dict(u.args.keywords), BOTTOM, list(u.args.double)), u.at)
    held = f.state.obj(given.single() or cls)
    if held is not None and held.kind == "instance":
        given = as_dict(m, f, given, u.at, label="validated")
    exact = m.exact_dict(f, given)
    args = Args(keywords=dict(exact)) if exact is not None else Args(double=[given])
    return m.call(f, of_ref(cls), args, u.at)


# Texts


def shown(m: Machine, f: Frame, loc: Loc, obj: Obj) -> Value:
    """The generated text of a record: without the fields that ``repr=False`` leaves out."""
    assert obj.cls is not None
    hidden = [
        name
        for name in class_fields.declared_fields(m, f, obj.cls)
        if is_off(declaration(m, f, obj.cls, name), "repr") or validators.holds_secret(m, f, obj.cls, name)
    ]
    inner = [
        name for name, _ in class_records.held_records(m, f, obj.cls) if name not in (*hidden, *obj.parts)
    ]
    # An object shows what its own text shows, not all that it holds.
    inner += [
        name
        for name in class_fields.declared_fields(m, f, obj.cls)
        if name in obj.parts and obj.parts[name].locs() and name not in hidden
    ]
    texts = [
        m.text(f, m.attribute(f, of_ref(loc), name, 0), 0, representation=True)
        for name in dict.fromkeys(inner)
    ]
    hidden += [*inner, *class_fields.passing_fields(m, f, obj.cls)]
    if hidden:
        parts: dict[Key, Value] = dict(obj.parts)
        parts.update(dict.fromkeys(hidden, BOTTOM))
        f.state.heap[loc] = replace(obj, parts=parts)
    found = m.contents(f, Value(refs={loc: NO_FACTS}))
    f.state.heap[loc] = obj
    return join_all([Value(found, opaque=True), *(Value(text.taints, opaque=True) for text in texts)])


# Containers that classes of the project extend

EXTENDED = {
    "builtins.dict": "dict",
    "collections.OrderedDict": "dict",
    "collections.UserDict": "dict",
    "collections.defaultdict": "dict",
    "collections.Counter": "dict",
    "builtins.list": "list",
    "collections.deque": "list",
    "collections.UserList": "list",
    "builtins.tuple": "tuple",
    "builtins.set": "set",
    "builtins.frozenset": "set",
}

FROZEN = frozenset(("tuple",))
"""Kinds of containers that ``__new__`` fills, not ``__init__``."""


def extended(m: Machine, libraries: tuple[str, ...]) -> str:
    """The kind of container that a class with these library bases is; empty for none."""
    for library in libraries:
        for name in (library, *m.policy.catalog.ancestry(library)):
            if name in EXTENDED:
                return EXTENDED[name]
    return ""


def empty(kind: str, cls: Loc | None) -> Obj:
    """A new container of a class of the project, before its ``__init__``."""
    return Obj("dict", cls, info="exact") if kind == "dict" else Obj(kind, cls, length=0)


def fill(m: Machine, f: Frame, made: Value, args: Args, at: int) -> None:
    """``dict.__init__`` and ``list.__init__``."""
    for loc in made.locs():
        obj = m.obj(f, loc)
        if obj.kind == "dict":
            container_methods.method(m, f, loc, obj, "update", args, at)
        elif args.positional and obj.kind in containers.SEQUENCES:
            container_methods.method(m, f, loc, obj, "extend", Args(args.positional[:1]), at)


def bare(m: Machine, f: Frame, args: Args, at: int) -> Value:
    """``object.__new__(cls)``, ``str.__new__(cls, text)``: a new object of the class that is named."""
    cls, given = (args.get(0) or BOTTOM).single(), args.rest(1)
    info = m.class_info(f, cls) if cls is not None else None
    kind = extended(m, info.libraries) if info is not None else ""
    if not kind:
        return m.new(f, at, scalars.made(m, f, Obj("instance", cls=cls), given, at), "new")
    made = m.new(f, at, empty(kind, cls), "new")
    if kind in FROZEN:
        fill(m, f, made, given, at)
    return made


def typed_dict(m: Machine, f: Frame, args: Args, at: int) -> Value:
    """``Row(a=1)`` of a ``TypedDict``: a dict."""
    made = m.new(f, at, Obj("dict", info="exact"), "typed-dict")
    container_methods.method(m, f, made.locs()[0], m.obj(f, made.locs()[0]), "update", args, at)
    return made


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "asdict": _asdict,
    "astuple": _astuple,
    "fields": _fields,
    "replace": _replace,
    "validate": _validate,
}
