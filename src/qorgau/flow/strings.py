"""The text of a value: ``str``, ``repr``, f-strings, and what a class's own ``__str__`` shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import (
    class_fields,
    class_records,
    containers,
    declared_types,
    handing,
    inheritance,
    keys,
    records,
    scalars,
    texts,
    validators,
)
from qorgau.flow.constants import HOLE, Const, const
from qorgau.flow.facts import NO_FACTS, Facts
from qorgau.flow.heap import DATA, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.values import BOTTOM, NO_REFS, Value, join_all, stamp

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

SHOWN = ("__str__", "__repr__")
MESSAGE = "$message"
"""The part of an exception that holds its text."""


LENGTH = 400

PRINTED = frozenset(("types.SimpleNamespace", "argparse.Namespace"))
"""Types of libraries whose objects show their attributes."""


def text(m: Machine, f: Frame, value: Value, at: int, *, representation: bool = False) -> Value:
    """The text of a value: constants are written out, objects show what their class shows."""
    if not value.refs:
        return _plain(value)
    if all(isinstance(ref, Loc) and validators.is_secret(f.state.obj(ref)) for ref in value.refs):
        return Value(opaque=True)
    return _of_refs(value, lambda loc: _of_ref(m, f, loc, at, representation))


def _of_refs(value: Value, shown: Callable[[Loc], Value]) -> Value:
    """The text of a value, given what each object that it can be shows."""
    results = [_plain(value.with_(refs=NO_REFS))] if _has_plain(value) else []
    for ref, facts in value.refs.items():
        results.append(stamp(shown(ref) if isinstance(ref, Loc) else Value(opaque=True), facts))
    return join_all(results)


def _has_plain(value: Value) -> bool:
    return bool(value.taints or value.consts or value.unknown or value.opaque)


def _plain(value: Value) -> Value:
    consts: dict[Const, Facts] = {}
    for constant, facts in value.consts.items():
        if isinstance(constant.value, str):
            consts[constant] = facts
        elif isinstance(constant.value, bytes):
            consts[const(constant.value.decode("utf-8", "replace"))] = facts
        else:
            consts[const(str(constant.value)[:LENGTH])] = facts
    truth: Facts | None = NO_FACTS
    if consts and not (value.unknown or value.opaque or value.taints):
        empty = [c for c in consts if not c.value]
        if len(empty) == len(consts):
            truth = None
        elif not empty and not any(HOLE in str(c.value) for c in consts):
            return Value(value.taints, consts, when_true=NO_FACTS, when_false=None)
    return Value(value.taints, consts, NO_REFS, value.unknown, value.opaque, truth, NO_FACTS)


def _of_ref(m: Machine, f: Frame, loc: Loc, at: int, representation: bool) -> Value:
    obj = f.state.obj(loc)
    if obj is None:
        return Value(unknown=True)
    if validators.is_secret(obj):
        return Value(opaque=True)
    if obj.kind == "unknown" and obj.cls is None and not obj.type:
        listed = _listed(m, f, loc, obj, at)
        if listed is not None:
            return listed
        given = handing.hardly(obj.parts.get(DATA, BOTTOM))
        held = [_nested(m, f, part, at) for part in (*_parts(obj), given)]
        return Value(texts.combine(part.taints for part in held), unknown=True)
    if obj.cls is not None and obj.kind in containers.SEQUENCES | {"dict"}:
        own = _own_text(m, f, loc, obj, at, representation)
        if own is not None:
            return own
    if obj.kind == "attributes" and isinstance(obj.info, Loc):
        return Value(m.contents(f, Value(refs={loc: NO_FACTS})), unknown=True)
    if obj.kind in ("dict", "row", "attributes", "frame-table") or obj.kind in containers.SEQUENCES:
        shown = [_nested(m, f, part, at) for part in _parts(obj)]
        taints = texts.combine(part.taints for part in shown)
        return Value(taints, unknown=any(part.unknown for part in shown), opaque=True)
    if obj.cls is not None:
        return _of_object(m, f, loc, obj, at, representation)
    if MESSAGE in obj.parts:
        return obj.parts[MESSAGE].with_(refs=NO_REFS)
    if obj.type in PRINTED:
        named = [part for key, part in obj.parts.items() if isinstance(key, str) and key[:1] not in "$@_"]
        return Value(texts.combine(_nested(m, f, part, at).taints for part in named), opaque=True)
    listed = _listed(m, f, loc, obj, at)
    if listed is not None:
        return listed
    if DATA in obj.parts:
        return Value(_nested(m, f, obj.parts[DATA], at).taints, unknown=True)
    return Value(opaque=True)


def _listed(m: Machine, f: Frame, loc: Loc, obj: Obj, at: int) -> Value | None:
    """The text of a queryset or of rows: that of its items; None for other objects."""
    if (
        obj.kind not in ("library", "unknown")
        or not ("$row" in obj.parts or declared_types.ELEMENTS in obj.parts)
        or f.depth > 40
    ):
        return None
    return Value(_nested(m, f, m.iterate(f, Value(refs={loc: NO_FACTS}), at).each, at).taints, opaque=True)


def shown(m: Machine, f: Frame, value: Value, at: int) -> Value:
    """What a log shows of a value: the text of objects, and the data that an unknown one carries."""
    return text(m, f, value, at) if value.refs else value


def _parts(obj: Obj) -> list[Value]:
    keys = [obj.parts[containers.KEYS]] if containers.KEYS in obj.parts else []
    return [*(part for _, part in obj.items()), obj.rest, *keys, *containers.spreads(obj)]


def _nested(m: Machine, f: Frame, part: Value, at: int) -> Value:
    deep = any(isinstance(ref, Loc) for ref in part.refs)
    if not deep:
        return part
    if f.depth > 40:
        m.count("texts cut off by depth")
        return Value(part.taints, opaque=True)
    outermost = f.showing is None
    showing = f.showing = {} if f.showing is None else f.showing

    def once(loc: Loc) -> Value:
        if loc not in showing:
            showing[loc] = Value(opaque=True)
            showing[loc] = _of_ref(m, f, loc, at, representation=True)
        return showing[loc]

    f.depth += 4
    shown = _of_refs(part, once)
    f.depth -= 4
    if outermost:
        f.showing = None
    return shown


def _of_object(m: Machine, f: Frame, loc: Loc, obj: Obj, at: int, representation: bool) -> Value:
    assert obj.cls is not None
    own = _own_text(m, f, loc, obj, at, representation)
    if own is not None:
        return own
    if MESSAGE in obj.parts:
        return replace_refs(text(m, f, obj.parts[MESSAGE], at))
    if scalars.is_one(m, f, obj):
        return text(m, f, obj.parts[DATA], at)
    if class_records.is_configured_record(m, f, obj.cls) or class_fields.TYPED_DICTS & set(
        inheritance.class_libraries(m, f, obj.cls)
    ):
        return Value(m.contents(f, Value(refs={loc: NO_FACTS})), opaque=True)
    if class_fields.prints_fields(m, f, obj.cls) or m.is_named_tuple(f, obj.cls):
        return records.shown(m, f, loc, obj)
    enumerated = obj.parts.get("_value_")
    if enumerated is not None:
        known = keys.plain(f, Value(refs={loc: NO_FACTS}))
        if not known.refs:
            return text(m, f, known, at)
        return Value(enumerated.taints, opaque=True)
    return Value(opaque=True)


def _own_text(m: Machine, f: Frame, loc: Loc, obj: Obj, at: int, representation: bool) -> Value | None:
    """What the class's own ``__str__`` or ``__repr__`` says."""
    for name in SHOWN[1:] if representation and not _repeats_text(m, f, obj) else SHOWN:
        found = inheritance.method(m, f, loc, obj, name, at)
        if found is not None and f.depth < 40:
            return replace_refs(m.call(f, found, Args(), at))
    return None


def _repeats_text(m: Machine, f: Frame, obj: Obj) -> bool:
    """Whether the ``__repr__`` of an object shows its ``__str__``, as Django's models do."""
    libraries = inheritance.class_libraries(m, f, obj.cls) if obj.cls is not None else ()
    return any("django.db.models.Model" in m.policy.catalog.ancestry(library) for library in libraries)


def formatted(m: Machine, f: Frame, value: Value, spec: Value, at: int, *, conversion: str = "") -> Value:
    """``format(value, spec)``: a class's own ``__format__``, else its text cut by the spec.

    With a ``conversion`` (``r``, ``s``, ``a``) the text is formatted, so ``__format__`` is not asked.
    """
    results: list[Value] = []
    left = value
    for ref, facts in value.refs.items():
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if conversion or obj is None or obj.cls is None or not isinstance(ref, Loc):
            continue
        found = inheritance.method(m, f, ref, obj, "__format__", at)
        if found is not None:
            results.append(stamp(replace_refs(m.call(f, found, Args([spec]), at)), facts))
            left = left.with_(refs={other: held for other, held in left.refs.items() if other != ref})
    if results and not left.refs and not _has_plain(left):
        return join_all(results)
    shown = text(m, f, left, at, representation=conversion in ("r", "a"))
    known = spec.constant()
    if known is not None and known.value == "":
        return join_all([shown, *results])
    if known is None or left.constant() is None:
        shown = texts.formatted(shown, spec)
    return join_all([shown, *results])


def replace_refs(value: Value) -> Value:
    """A text is no object: only what it says is kept."""
    if not value.refs:
        return value
    plain = value.with_(refs=NO_REFS)
    return plain if _has_plain(plain) else Value(opaque=True)


def message_of(m: Machine, f: Frame, args: Args, at: int) -> Value:
    """The text of an exception made with these arguments."""
    shown = [text(m, f, value, at) for value in args.all()]
    return shown[0] if len(shown) == 1 else texts.made_of(shown) if shown else BOTTOM
