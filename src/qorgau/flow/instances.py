"""What class a value is of: ``isinstance``, and what its answer leaves of a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import masks
from qorgau.flow.constants import Const
from qorgau.flow.facts import NO_FACTS, Facts
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.values import BOTTOM, External, Ref, Value

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

BUILTIN = "builtins."
ABOVE = {
    "bool": ("bool", "int", "object"),
    "NoneType": ("NoneType", "object"),
    "tuple": ("tuple", "object"),
    "list": ("list", "object"),
    "dict": ("dict", "object"),
}
ABSTRACT = {
    "Mapping": ("dict",),
    "MutableMapping": ("dict",),
    "Sequence": ("list", "tuple", "str", "bytes"),
    "MutableSequence": ("list",),
    "Iterable": ("list", "tuple", "dict", "set", "str", "bytes", "generator"),
    "Collection": ("list", "tuple", "dict", "set", "str", "bytes"),
    "Sized": ("list", "tuple", "dict", "set", "str", "bytes"),
    "Container": ("list", "tuple", "dict", "set", "str", "bytes"),
    "Iterator": ("generator",),
    "Generator": ("generator",),
    "Hashable": ("str", "bytes", "int", "float", "bool", "NoneType"),
    "Number": ("int", "float", "bool"),
    "Integral": ("int", "bool"),
    "Real": ("int", "float", "bool"),
}
OPEN = frozenset(("typing.Protocol", "typing_extensions.Protocol", "abc.ABC"))
"""Classes of which objects can be that do not inherit from them."""

CONTAINERS = ("list", "tuple", "dict", "set", "generator")


def classes_of(m: Machine, f: Frame, cls: Value) -> tuple[list[Ref], bool]:
    """The classes that the second argument of ``isinstance`` names, and whether these are all."""
    found: list[Ref] = []
    sure = bool(cls.refs) and not cls.unknown and not cls.opaque
    for ref in cls.refs:
        obj = f.state.obj(ref) if isinstance(ref, Loc) else None
        if obj is not None and obj.kind in ("tuple", "union"):
            inner, complete = classes_of(m, f, m.iterate(f, Value(refs={ref: NO_FACTS}), 0).each)
            found += inner
            sure = sure and complete
        else:
            found.append(ref)
    return found, sure


def is_instance(m: Machine, f: Frame, value: Value, cls: Value) -> bool | None:
    """Whether a value is certainly (not) of a class."""
    kinds, sure = classes_of(m, f, cls)
    if value.taints and sure and _is_other_datum(m, f, value, kinds):
        return False
    if value.unknown or value.taints or value.opaque or value.is_bottom or not kinds:
        return None
    answers = {_constant_is(constant, kinds) for constant in value.consts}
    answers |= {_ref_is(m, f, ref, kinds) for ref in value.refs}
    if not sure and answers != {True}:
        return None
    return answers.pop() if len(answers) == 1 else None


def _is_other_datum(m: Machine, f: Frame, value: Value, kinds: list[Ref]) -> bool:
    """Whether a value is a datum that its field says to be of none of the builtin collections that are asked for."""
    plain = all(isinstance(ref, Loc) and f.state.obj(ref) is None for ref in value.refs)
    if not plain or value.consts or len(value.refs) > 1:
        return False
    asked = {kind.dotted.removeprefix(BUILTIN) for kind in kinds if isinstance(kind, External)}
    if len(asked) != len(kinds) or not asked <= set(CONTAINERS):
        return False
    return not masks.of_class(m, f, value, kinds, True).taints


def _constant_is(constant: Const, kinds: list[Ref]) -> bool | None:
    return _any([_named_is(constant.type, kind) for kind in kinds])


def _any(answers: list[bool | None]) -> bool | None:
    if True in answers:
        return True
    return None if None in answers else False


def _named_is(name: str, kind: Ref) -> bool | None:
    """Whether an object of a builtin type is of a class."""
    if not isinstance(kind, External):
        return False
    wanted = kind.dotted.removeprefix(BUILTIN)
    if wanted in ABOVE.get(name, (name, "object")):
        return True
    last = wanted.rpartition(".")[2]
    if last in ABSTRACT and kind.dotted.startswith(("typing.", "collections.", "numbers.")):
        return name in ABSTRACT[last]
    if kind.dotted == "types.NoneType":
        return name == "NoneType"
    return False if kind.dotted.startswith((BUILTIN, "datetime.", "decimal.", "pathlib.")) else None


def _ref_is(m: Machine, f: Frame, ref: Ref, kinds: list[Ref]) -> bool | None:
    obj = f.state.obj(ref) if isinstance(ref, Loc) else None
    if obj is None:
        return None
    return _any([_object_is(m, f, obj, kind) for kind in kinds])


def _object_is(m: Machine, f: Frame, obj: Obj, kind: Ref) -> bool | None:
    if isinstance(kind, Loc) and m.class_info(f, kind) is None:
        return None
    info = m.class_info(f, obj.cls) if obj.cls is not None else None
    if info is not None:
        if kind in info.order:
            return True
        if isinstance(kind, Loc):
            either = obj.kind == "unknown" and (obj.cls is None or _combined(m, f, obj.cls, kind))
            return None if info.opaque_base or either else False
        if isinstance(kind, External):
            above = {base for name in info.libraries for base in m.policy.catalog.ancestry(name)}
            wanted = m.policy.catalog.canonical(kind.dotted)
            if wanted in above | set(info.libraries) | {"builtins.object"}:
                return True
            if obj.kind not in CONTAINERS:
                return (
                    False
                    if wanted.startswith(BUILTIN) and not info.libraries and not info.opaque_base
                    else None
                )
    if obj.kind in CONTAINERS:
        return _named_is(obj.kind, kind)
    if obj.kind in ("function", "class", "module"):
        return (
            False
            if isinstance(kind, External)
            and kind.dotted in ("builtins.str", "builtins.dict", "builtins.list")
            else None
        )
    if obj.type and isinstance(kind, External) and obj.kind == "library":
        wanted = m.policy.catalog.canonical(kind.dotted)
        return True if wanted in {obj.type, *m.policy.catalog.ancestry(obj.type)} else None
    return None


def _combined(m: Machine, f: Frame, one: Loc, other: Loc) -> bool:
    """Whether a class of the program is of both classes: else an object of the one is none of the other."""
    info = m.class_info(f, other)
    if info is None or OPEN & set(info.libraries):
        return True
    key = (one, other, len(m.classes))
    found = m.combined.get(key)
    if found is None:
        orders = (info.order for cls in m.classes if (info := m.class_info(f, cls)) is not None)
        found = m.combined[key] = any(one in order and other in order for order in orders)
    return found


def narrow_class(m: Machine, f: Frame, value: Value, cls: Value, truth: bool = True) -> Value:
    """A value known to be (or not to be) of a class: the others drop out, unknown objects get the class."""
    kinds, sure = classes_of(m, f, cls)
    if not kinds or (not sure and truth):
        return value
    value = masks.of_class(m, f, value, kinds, truth) if sure else value
    refs: dict[Ref, Facts] = {}
    for ref, facts in value.refs.items():
        answer = _ref_is(m, f, ref, kinds)
        if answer is (not truth):
            continue
        if truth:
            _learn(f, ref, kinds, m)
        refs[ref] = facts
    consts = value.constants_where(lambda constant: _constant_is(constant, kinds) is not (not truth))
    if len(refs) == len(value.refs) and len(consts) == len(value.consts):
        return value
    return value.with_(refs=refs, consts=consts)


def _learn(f: Frame, ref: Ref, kinds: list[Ref], m: Machine) -> None:
    """An unknown object is of the one class of the project that it was found to be of."""
    classes = [kind for kind in kinds if isinstance(kind, Loc) and m.class_info(f, kind) is not None]
    if not classes or not isinstance(ref, Loc):
        return
    obj = f.state.obj(ref)
    if obj is None or (obj.kind == "unknown" and obj.cls is None):
        held = obj.parts if obj is not None else {}
        f.state.heap[ref] = Obj("unknown", cls=classes[0], parts=held, rest=obj.rest if obj else BOTTOM)
