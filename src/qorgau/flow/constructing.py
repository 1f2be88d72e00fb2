"""New objects of the project's classes, as ``__new__``, ``__init__`` or the declared fields make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import (
    class_fields,
    conversions,
    inheritance,
    metaclasses,
    placing,
    raising,
    records,
    scalars,
    validators,
)
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Frame
from qorgau.flow.values import (
    BOTTOM,
    Bound,
    Value,
    of_const,
    of_ref,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


# Classes


def construct(m: Machine, f: Frame, cls: Loc, args: Args, at: int) -> Value:
    """``Class(arguments)``"""
    creator = metaclasses.creator(m, f, cls)
    return make(m, f, cls, args, at) if creator is None else m.call(f, creator, args, at)


def make(m: Machine, f: Frame, cls: Loc, args: Args, at: int) -> Value:
    """A new object of a class, whatever its metaclass does when it is called."""
    info = m.class_info(f, cls)
    assert info is not None
    special = m.special_construct(f, cls, info, args, at)
    if special is not None:
        return special
    answered = m.configured_class(f, cls, args, at)
    if answered is not None:
        return answered
    return m.concluded_class(f, cls, args, _made(m, f, cls, info, args, at), at)


def _made(m: Machine, f: Frame, cls: Loc, info: ClassInfo, args: Args, at: int) -> Value:
    """A new object, as ``__new__``, ``__init__`` or the declared fields make it."""
    creator = inheritance.class_part(m, f, cls, "__new__")
    kind = records.extended(m, info.libraries)
    made = m.new(f, at, records.empty(kind, cls) if kind else Obj("instance", cls=cls), "new")
    loc = made.locs()[0]
    if not kind and info.libraries:
        m.write(f, loc, scalars.made(m, f, m.obj(f, loc), args, at), strong=True)
    if any(raising.is_exception(m, name) for name in info.libraries):
        m.write(
            f,
            loc,
            raising.described(m, f, m.obj(f, loc), Args(list(args.positional), {}, args.star), at),
            strong=True,
        )
    if creator is not None:
        with_cls = Args([of_ref(cls), *args.positional], args.keywords, args.star, args.double)
        created = m.call(f, creator, with_cls, at)
        if _is_other(m, f, cls, created):
            return created
        locs = [ref for ref in created.locs() if (o := f.state.obj(ref)) is not None and o.cls is not None]
        if locs:
            made, loc = created, locs[0]
    initializer = inheritance.class_part(m, f, cls, "__init__")
    if initializer is not None:
        for ref in initializer.refs:
            if isinstance(ref, Loc):
                m.call(f, of_ref(Bound(ref, made)), args, at)
        if not f.state.reachable:
            return BOTTOM
        placing.remember(m, f, cls, loc)
        return made
    if kind:
        if creator is None or kind not in records.FROZEN:
            records.fill(m, f, made, args, at)
        return made
    _fill(m, f, cls, info, loc, made, args, at)
    m.constructed(f, cls, info, made, args, at)
    placing.remember(m, f, cls, loc)
    return made


def _is_other(m: Machine, f: Frame, cls: Loc, created: Value) -> bool:
    """Whether ``__new__`` surely gave no object of its class, which nothing more is done to."""
    if created.unknown or created.opaque or not created.refs:
        return False
    objs = [f.state.obj(ref) if isinstance(ref, Loc) else None for ref in created.refs]
    infos = [m.class_info(f, obj.cls) if obj is not None and obj.cls is not None else None for obj in objs]
    return all(info is not None and cls not in info.order for info in infos)


def _fill(
    m: Machine, f: Frame, cls: Loc, info: ClassInfo, loc: Loc, made: Value, args: Args, at: int
) -> None:
    """Fields from the arguments of a class without ``__init__``: dataclasses, models, schemas."""
    names = m.declared_fields(f, cls)
    places = m.constructor_fields(f, cls) if not info.libraries or m.takes_fields(f, cls) else []
    args = conversions.before(m, f, cls, args, at)
    for index, value in enumerate(args.positional):
        if index < len(places):
            conversions.set_field(m, f, cls, made, places[index], value, args.ats.get(index, at))
    chooses = bool(names) and class_fields.is_pydantic(m, f, cls) and not validators.takes_others(m, f, cls)
    for name, value in args.keywords.items():
        field = m.field_of_alias(f, cls, name)
        if not chooses or field in names:
            conversions.set_field(m, f, cls, made, field, value, args.ats.get(name, at))
    for double in args.double:
        for name in names:
            if name not in args.keywords:
                conversions.set_field(m, f, cls, made, name, m.item(f, double, of_const(name), at), at)
        obj = f.state.obj(loc)
        if obj is not None and not names:
            m.write(f, loc, obj.put(f"$spread{at}", double), strong=True)
    if not args.star.is_bottom:
        for name in places[len(args.positional) :]:
            conversions.set_field(m, f, cls, made, name, args.star, at)
    obj = f.state.obj(loc)
    # Attributes of a plain class stay the class's: its objects read them there.
    for name in names if info.libraries or m.takes_fields(f, cls) else ():
        if obj is not None and name not in obj.parts:
            default = inheritance.class_part(m, f, cls, name)
            held = m.default_of(f, default, at) if default is not None else None
            held = m.settings_field(f, info, name, held, default, at)
            if held is not None:
                m.write(f, loc, m.obj(f, loc).put(name, held), strong=True)
    _after_fields(m, f, cls, made, at)


def _after_fields(m: Machine, f: Frame, cls: Loc, made: Value, at: int) -> None:
    """``__post_init__`` and its like, with the arguments that are no fields (``InitVar``)."""
    for hook in ("__post_init__", "__attrs_post_init__", "model_post_init"):
        found = inheritance.class_part(m, f, cls, hook)
        for ref in found.refs if found is not None else ():
            if not isinstance(ref, Loc):
                continue
            given: dict[str, Value] = {}
            for name in m.passing_fields(f, cls):
                given[name] = m.attribute(f, made, name, at)
            m.call(f, of_ref(Bound(ref, made)), Args(keywords=given), at)
    conversions.after(m, f, cls, made, at)
