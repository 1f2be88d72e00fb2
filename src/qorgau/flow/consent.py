"""What the configuration says of functions and attributes: consent, blocking, depersonalization, own sinks.

A check of consent is a fact about its subject that holds where the check came out true (spec
section 5). The module knows how a call becomes such facts; whether they suffice is judged elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import contexts, held_data, model_tables, sinks
from qorgau.flow.checks import BY_KEY, Check
from qorgau.flow.facts import Fact, Facts
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc, is_element
from qorgau.flow.machine import Args, ClassInfo, Closure, Frame
from qorgau.flow.policy import Policy, Role
from qorgau.flow.taints import NO_TAINTS, Reversal, Taint, merge_taints
from qorgau.flow.values import NO_REFS, OPAQUE, Value
from qorgau.names import fold

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


KEY = "@key"
"""The part of an object that holds what it was loaded by."""

KEYS = frozenset(("id", "pk", "uuid", "guid", "key", "number", "no", "iin", "code", "ref"))
"""Last words of names of keys."""

OUTSIDE = ("storage", "recipient", "export", "internal")
ANY_METHOD = "any_method"
TRANSFORMING = ("irreversible", "reversible")


def configured(
    m: Machine,
    f: Frame,
    names: list[str],
    receiver: Value | None,
    args: Args,
    at: int,
    function: Closure | None,
) -> Value | None:
    """The result of a call that the configuration speaks of; None for calls that it doesn't.

    Functions of the project that transform data or require consent run first: see ``concluded``.
    """
    role = m.policy.role(names)
    name = names[0] if names else ""
    if role is None:
        # An object of a class that the program does not have: its methods go by the name of the class.
        made = function is None and receiver is None and m.policy.is_asking_class(name)
        return m.new(f, at, Obj("library", type=name), "client") if made else None
    args = _without_self(receiver, args, function)
    match role.kind:
        case "check":
            facts = checked(m, f, role, name, receiver, args, function)
            told = Value(opaque=True, when_true=facts)
            # A coroutine is true before it has said anything: it is asked where it is awaited.
            waits = function is not None and function.is_coroutine
            return m.new(f, at, Obj("future", parts={"$result": told}), "coroutine") if waits else told
        case "require":
            if function is not None:
                return None
            facts = checked(m, f, role, name, receiver, args, function) - f.state.facts
            f.state.facts = f.state.facts | facts
            return m.new(f, at, Obj("library", type=contexts.GUARD, info=facts), "guard")
        case "blocked":
            asked = subjects_of(receiver, args, function)
            whom: list[Loc | None] = [*asked] if asked else [None]
            no = frozenset(Fact("blocked", subject, None, False) for subject in whom)
            keys = frozenset(Fact("blocked", key, BY_KEY, False) for key in keys_of(f, asked))
            return Value(opaque=True, when_false=no | keys)
        case "storage" | "recipient" | "export":
            sinks.configured(m, f, role, name, args, at)
            if name.rpartition(".")[2][:1].isupper() and in_methods(m.policy, [name], role):
                return m.new(f, at, Obj("library", type=name), "client")
            return m.unknown(f, at, NO_TAINTS, "answer")
        case "irreversible" | "reversible":
            if function is not None:
                return None
            return transform(m, f, role, name, receiver, args, at)
        case "internal":
            return m.unknown(f, at, NO_TAINTS, "answer")
    return None


def in_methods(policy: Policy, names: list[str], role: Role) -> bool:
    """Whether a pattern speaks of all in a class (``pkg.module.*``): its methods are the sinks, not its making."""
    return role.kind in OUTSIDE and policy.role([f"{name}.{ANY_METHOD}" for name in names]) == role


def concluded(
    m: Machine,
    f: Frame,
    names: list[str],
    receiver: Value | None,
    args: Args,
    value: Value,
    at: int,
    function: Closure,
) -> Value:
    """The result of a function of the project that has run, with what the configuration says of it."""
    role = m.policy.role(names)
    if role is None or not f.state.reachable:
        return value
    args = _without_self(receiver, args, function)
    if role.kind in TRANSFORMING:
        return transform(m, f, role, names[0], None, args, at)
    if role.kind == "require":
        facts = checked(m, f, role, names[0], receiver, args, function)
        if not function.function.is_generator:
            f.state.facts = f.state.facts | facts
            return value
        for loc in value.locs():
            obj = f.state.obj(loc)
            if obj is not None and obj.kind == "generator":
                m.write(f, loc, obj.put(contexts.HELD, Value(when_true=facts)), strong=True)
    return value


def held(m: Machine, f: Frame, names: list[str], args: Args, made: Value, initializer: Value | None) -> Value:
    """An object of a class of ``requires``: in its ``with`` block there is consent."""
    role = m.policy.role(names)
    if role is None or role.kind != "require" or not f.state.reachable:
        return made
    loc = initializer.single() if initializer is not None else None
    obj = f.state.obj(loc) if loc is not None else None
    function = obj.info if obj is not None and isinstance(obj.info, Closure) else None
    facts = checked(m, f, role, names[0], None, args, function)
    for loc in made.locs():
        m.write(f, loc, m.obj(f, loc).put(contexts.HELD, Value(when_true=facts)), strong=True)
    return made


def transform(
    m: Machine, f: Frame, role: Role, name: str, receiver: Value | None, args: Args, at: int
) -> Value:
    """What a configured depersonalizer makes of its arguments."""
    if role.kind == "irreversible":
        return OPAQUE
    given = [*args.all(), *([receiver] if receiver is not None else [])]
    taints = [taint for value in given for taint in held_data.contents(m, f, value, at)]
    reversal = Reversal(name.rpartition(".")[2], "the configuration lists it as reversible", "a keyed hash")
    return Value(merge_taints(reversed_by(f, at, taint, reversal) for taint in taints), opaque=True)


def reversed_by(f: Frame, at: int, taint: Taint, reversal: Reversal) -> Taint:
    """A datum after a transformation that can be undone."""
    changed = replace(taint, reversal=taint.reversal or reversal)
    return changed.stepped(f.unit, at, f"transformed by {reversal.call}()")


def checked(
    m: Machine, f: Frame, role: Role, name: str, receiver: Value | None, args: Args, function: Closure | None
) -> Facts:
    """The facts that a check of consent establishes where it is true."""
    check = Check(name, purpose(m, f, args, function, receiver) or (), role.state_service)
    subjects = subjects_of(receiver, args, function, m.policy.settings.consent.purpose_argument)
    if not subjects:
        return frozenset((Fact("consent", None, check, True),))
    by_key = replace(check, by_key=True)
    keys = frozenset(Fact("consent", key, by_key, True) for key in keys_of(f, subjects))
    return keys | frozenset(Fact("consent", subject, check, True) for subject in subjects)


def keys_of(f: Frame, subjects: list[Loc]) -> list[Loc]:
    """What the objects that a check speaks of were loaded by: what else it loads is of the same person."""
    found = dict.fromkeys(key for subject in subjects for key in _keys(f, subject))
    return [key for key in found if key not in subjects]


def _keys(f: Frame, subject: Loc) -> Iterator[Loc]:
    obj = f.state.obj(subject)
    if obj is None or subject.old:
        return
    own = held_data.subjects_of_parts(obj)
    for loc in (subject, *own):
        held = f.state.obj(loc)
        for key in held.parts[KEY].locs() if held is not None and KEY in held.parts else ():
            if fold(_name_of(key)).rpartition("_")[2] in KEYS:
                yield key


def _name_of(key: Loc) -> str:
    """The name of an attribute, a parameter or a text key."""
    label = key.label
    if isinstance(label, tuple) and label[:1] in (("param",), ("request",)):
        label = label[-1]
    elif isinstance(label, tuple) and label[:1] == ("item",):
        label = getattr(label[1], "value", None)
    return label if isinstance(label, str) else ""


def guarded(m: Machine, f: Frame, names: list[str], args: Args, decorator: Value) -> Fact:
    """The fact of a consent decorator: its subject is not told, its purpose is among its arguments."""
    function = None
    for loc in decorator.locs():
        obj = f.state.obj(loc)
        if obj is not None and isinstance(obj.info, Closure):
            function = obj.info
    name = names[0] if names else ""
    service = any(m.policy.is_state_service(each) for each in names)
    purposes = purpose(m, f, args, function)
    if purposes is None and isinstance(m.policy.settings.consent.purpose_argument, int):
        # A check's subject is none of a decorator's arguments: they begin with the purpose.
        where = m.policy.settings.consent.purpose_argument - 1
        value = args.get(where) if where >= 0 else None
        purposes = _texts(m, f, value) if value is not None else None
    return Fact("consent", None, Check(name, purposes or (), service), True)


def subjects_of(
    receiver: Value | None, args: Args, function: Closure | None = None, skipped: int | str | None = None
) -> list[Loc]:
    """The objects that a check speaks of: its first argument, or what it is called on.

    ``skipped`` is the argument that names the purpose.
    """
    for value in (_first(args, function, skipped), receiver):
        if value is not None:
            locs = value.locs()
            if locs:
                return locs
    return []


def _first(args: Args, function: Closure | None, skipped: int | str | None) -> Value | None:
    """The first argument by the signature, else the first that is given."""
    names = _names(function)
    skips = skipped == 0 or (bool(names) and names[0] == skipped)
    if len(args.positional) > skips:
        return args.positional[skips]
    given = [
        name for name in (*_names(function), *args.keywords) if name in args.keywords and name != skipped
    ]
    return args.keywords[given[0]] if given else None


def _names(function: Closure | None) -> list[str]:
    """The parameters of a function, as a call from outside sees them."""
    names = [parameter.name for parameter in function.function.parameters] if function is not None else []
    return (
        names[1:]
        if function is not None and function.owner is not None and function.binding != "static"
        else names
    )


def _without_self(receiver: Value | None, args: Args, function: Closure | None) -> Args:
    """The arguments as the call is written: a method's object is none of them."""
    bound = receiver is not None and function is not None and function.owner is not None
    return args.rest(1) if bound and args.positional[:1] == [receiver] else args


def purpose(
    m: Machine, f: Frame, args: Args, function: Closure | None, receiver: Value | None = None
) -> tuple[str, ...] | None:
    """The purposes that a check names, sorted; None where it names none or it can't be told.

    One position serves functions and methods: where a call of a method gives nothing there, its object is counted.
    """
    where = m.policy.settings.consent.purpose_argument
    if where is None:
        return None
    if isinstance(where, int) and receiver is not None and 0 < where == len(args.positional):
        where = where - 1 if not any(name in args.keywords for name in _names(function)[where:]) else where
    names = _names(function)
    name = where if isinstance(where, str) else names[where] if where < len(names) else ""
    position = where if isinstance(where, int) else names.index(where) if where in names else -1
    value = args.get(position, name)
    if value is None and function is not None:
        default = next((p.default for p in function.function.parameters if p.name == name), None)
        value = m.quiet(f, default, function.unit) if default is not None else None
    return _texts(m, f, value) if value is not None else None


def _texts(m: Machine, f: Frame, value: Value) -> tuple[str, ...] | None:
    if value.unknown or value.opaque:
        return None
    found = set(value.texts())
    for loc in value.locs():
        obj = f.state.obj(loc)
        member = obj.parts.get("_value_") if obj is not None else None
        if member is None:
            return None
        found.update(member.texts())
    return tuple(sorted(found)) or None


def attribute(m: Machine, f: Frame, value: Value, name: str, owner: Value) -> Value:
    """A part of an object that stands for its consent, by configuration: what holds when it is true."""
    if not owner.refs or value.constant() is not None:
        return value
    facts: set[Fact] = set()
    if name == "data" and owner.when_true:
        # The field of a form stands for what it holds: ``form.consent_given.data``.
        facts.update(fact for fact in owner.when_true if fact.kind == "consent")
    for loc in owner.locs():
        path = _path(loc, name)
        names = [step for step, _ in path]
        depth = max(m.policy.consent_attribute(way) for way in _ways(m, f, loc, names))
        if depth:
            # A flag of a row that is named by its class is one of whoever the row is about.
            subject = path[-min(depth, len(path))][1]
            check = Check(".".join(names[-min(depth, len(path)) :]), by_attribute=True)
            facts.add(Fact("consent", subject, check, True))
    if not facts or value.when_true is None:
        return value
    return value.with_(when_true=value.when_true | facts, refs=value.refs or NO_REFS)


def _path(loc: Loc, name: str) -> list[tuple[str, Loc]]:
    """The names by which an attribute is reached, each with what has it; items are named by what holds them."""
    path = [(name, loc)]
    for step in loc.ancestors():
        label = step.label
        if isinstance(label, tuple) and label[:1] == ("item",):
            label = getattr(label[1], "value", None)
        if isinstance(label, str) and step.parent is not None:
            path.insert(0, (label, step.parent))
        elif isinstance(label, tuple) and label[:1] in (("param",), ("request",)):
            path.insert(0, (str(label[-1]), step))
            break
        elif not is_element(step):
            break
    return path


def _ways(m: Machine, f: Frame, loc: Loc, path: list[str]) -> Iterator[tuple[str, ...]]:
    """How a path of attributes can be written: a column of a class by its tables and its name as well."""
    yield tuple(path)
    obj = f.state.obj(loc)
    cls = loc if obj is not None and isinstance(obj.info, ClassInfo) else obj.cls if obj is not None else None
    for owner in names_of_class(m, f, cls) if cls is not None else ():
        yield (owner, path[-1])


def names_of_class(m: Machine, f: Frame, cls: Loc) -> list[str]:
    """How a column's class can be written before it: by its own name, and by its tables'."""
    info = m.class_info(f, cls)
    return [info.node.name, *sorted(model_tables.table_names(m, cls))] if info is not None else []
