"""Methods by what the receiver is, and calls of what is not known.

An unknown call hands what it was given to its result and to the object it is called on, with
lower confidence (spec section 3); functions of the project among its arguments may be called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import (
    attribute_changes,
    buffers,
    class_members,
    column_calls,
    consent,
    constructing,
    containers,
    cursors,
    dispatch,
    ducks,
    expressions,
    inheritance,
    injection,
    metaclasses,
    naming,
    origins,
    orm,
    promises,
    raising,
    records,
    scalars,
    strings,
    tasks,
    texts,
    unknown_files,
    versions,
)
from qorgau.flow.class_fields import TYPED_DICTS
from qorgau.flow.constants import Const
from qorgau.flow.delayed import function_method
from qorgau.flow.facts import NO_FACTS, checks_of
from qorgau.flow.frame_types import is_tabular
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.state import State
from qorgau.flow.unknown_calls import unknown_call
from qorgau.flow.uses import Use
from qorgau.flow.values import (
    BOTTOM,
    NO_CONSTS,
    NO_REFS,
    OPAQUE,
    UNKNOWN,
    Bound,
    Builtin,
    External,
    Ref,
    SuperOf,
    Value,
    join,
    join_all,
    of_const,
    of_ref,
    stamp,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


PARTS = ("partition", "rpartition")
ALWAYS_TEXT = texts.PASS_METHODS - {"format", "translate", "hex", "join", "replace", "partition", "count"} | {
    "format",
    "replace",
}
MAPPING = frozenset(
    [
        "get",
        "pop",
        "setdefault",
        "items",
        "keys",
        "values",
        "update",
        "copy",
        "append",
        "add",
        "extend",
        "insert",
        "__getitem__",
    ]
)

ELEMENTWISE = frozenset(("map", "apply"))
"""Methods of a column of which only its name is known: they call a function with each of its values."""

SESSION = frozenset(["query", "scalars", "scalar", "execute", "get", "exec", "stream_scalars"])
"""Methods that read rows, of whatever is given a model or a statement of SQLAlchemy: it is a session."""

CURSORS = cursors.RUN | cursors.FETCH

FINDING = frozenset(("find", "find_one"))
"""Methods of what may be a collection of documents."""

ENDING = frozenset(("exit", "fail", "abort"))
CONTEXTS = frozenset(("ctx", "context"))
"""Methods of Click's and gRPC's contexts that never return, and what such parameters are called."""

OF_TUPLES = {"_asdict": "asdict", "_replace": "replace"}
"""What the methods of named tuples do."""

VERBS = frozenset(("get", "post", "put", "patch", "delete", "head", "options"))
SESSIONS = frozenset(("requests.Session", "httpx.Client", "httpx.AsyncClient"))
"""Clients whose methods for a verb go through their ``request``, which a class of the program may have its own of."""


def call_method(m: Machine, f: Frame, receiver: Value, name: str, args: Args, at: int) -> Value:
    """``receiver.name(args)``: the join over everything that the receiver can be."""
    targets = list(receiver.refs.items())
    if receiver.unknown or receiver.taints:
        m.risk()
    if not targets:
        return _scalar_method(m, f, receiver, name, args, at)
    scalar = receiver.with_(refs=NO_REFS)
    plain = bool(scalar.consts) and not all(c.value is None for c in scalar.consts)
    if len(targets) == 1 and not plain:
        ref, facts = targets[0]
        return stamp(_method(m, f, ref, receiver, name, args, at), facts)
    before = f.state
    outcomes = []
    for ref, facts in targets:
        f.state = before.copy()
        # On the way to this receiver more is known: `(yes if agreed else no).append(client)`.
        f.state.facts = f.state.facts | checks_of(facts)
        value = _method(m, f, ref, receiver, name, args, at)
        outcomes.append((f.state, stamp(value, facts)))
    if plain:
        f.state = before.copy()
        value = _scalar_method(m, f, scalar.with_(taints=frozenset(), unknown=False), name, args, at)
        outcomes.append((f.state, value))
    return expressions.meet(m, f, outcomes)


def _scalar_method(m: Machine, f: Frame, receiver: Value, name: str, args: Args, at: int) -> Value:
    if receiver.is_bottom:
        return BOTTOM
    if not receiver.unknown:
        found = texts.method(m, f, receiver, name, args, at)
        if found is not None:
            return found
    return unknown_method(m, f, None, None, receiver, name, args, at)


def _method(m: Machine, f: Frame, ref: Ref, receiver: Value, name: str, args: Args, at: int) -> Value:
    if isinstance(ref, External):
        return m.library_call(f, f"{ref.dotted}.{name}", BOTTOM, args, at)
    if isinstance(ref, SuperOf):
        return _super_method(m, f, ref, name, args, at)
    if isinstance(ref, Bound):
        if name in ("__func__", "__call__"):
            return m.call(f, of_ref(ref.function if name == "__func__" else ref), args, at)
        return _method(m, f, ref.function, receiver, name, args, at)
    if isinstance(ref, Builtin):
        return unknown_call(m, f, name, receiver, args, at)
    obj = f.state.obj(ref)
    if obj is None:
        return unknown_method(m, f, ref, None, receiver, name, args, at)
    if is_tabular(obj):
        answered = m.frame_method(f, ref, obj, name, args, at)
        if answered is not None:
            return answered
    part = obj.parts.get(name)
    if part is not None and not part.is_bottom and obj.kind not in ("class", "module"):
        return m.call(f, part, args, at)
    if obj.kind in ("class", "module"):
        return _static_method(m, f, ref, obj, name, args, at)
    if obj.kind == "function":
        return function_method(m, f, ref, obj, name, args, at)
    if obj.cls is not None and (obj.kind == "dict" or obj.kind in containers.SEQUENCES):
        own = inheritance.method(m, f, ref, obj, name, at)
        if own is not None:
            return m.call(f, own, args, at)
    if obj.kind == "dict" or obj.kind in containers.SEQUENCES:
        chosen = m.names_method(f, obj, name, args, at)
        if chosen is not None:
            return chosen
        if name in raising.RISKY_METHODS:
            m.risk()
        found = containers.method(m, f, ref, obj, name, args, at)
        return found if found is not None else unknown_method(m, f, ref, obj, receiver, name, args, at)
    if obj.kind == "future" or obj.type == buffers.TYPE:
        ask = tasks.future_method if obj.kind == "future" else buffers.method
        found = ask(m, f, ref, obj, name, args, at)
        return found if found is not None else unknown_method(m, f, ref, obj, receiver, name, args, at)
    if obj.kind == dispatch.KIND:
        return _dispatch_method(m, f, ref, obj, name, args, at)
    if obj.kind == "attributes" and isinstance(obj.info, Loc):
        return _namespace_method(m, f, obj.info, name, args, at)
    if obj.cls is not None:
        return _object_method(m, f, ref, obj, receiver, name, args, at)
    if obj.type:
        own = receiver.with_(refs={ref: NO_FACTS}, consts=NO_CONSTS, unknown=False, opaque=False)
        return m.library_call(f, f"{obj.type}.{name}", own, args, at)
    return unknown_method(m, f, ref, obj, receiver, name, args, at)


def _dispatch_method(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, args: Args, at: int) -> Value:
    """``f.register(cls, function)`` and ``f.dispatch(cls)``."""
    if name == "register" and len(args.positional) > 1:
        dispatch.add(m, f, loc, args.positional[0], args.positional[1])
        return args.positional[1]
    if name == "dispatch":
        return join_all(
            [obj.parts["$default"], *(v for k, v in obj.parts.items() if str(k).startswith("$case"))]
        )
    return UNKNOWN


def _namespace_method(m: Machine, f: Frame, owner: Loc, name: str, args: Args, at: int) -> Value:
    """A method of ``owner.__dict__``: what it changes are the attributes."""
    if name == "update":
        return _set_attributes(m, f, owner, args, at)
    fields = m.namespace(f, owner, at)
    before = m.exact_dict(f, fields)
    result = call_method(m, f, fields, name, args, at)
    after = m.exact_dict(f, fields)
    if before is not None and after is not None:
        for gone in sorted(before.keys() - after.keys()):
            m.delete_attribute(f, of_ref(owner), gone, at)
        for new in sorted(after.keys() - before.keys()):
            m.set_attribute(f, of_ref(owner), new, after[new], at)
    return result


def _set_attributes(m: Machine, f: Frame, owner: Loc, args: Args, at: int) -> Value:
    given = [m.exact_dict(f, value) or {} for value in (*args.positional, *args.double)]
    for fields in (*given, args.keywords):
        for name, value in fields.items():
            m.set_attribute(f, of_ref(owner), name, value, at)
    return of_const(None)


def _super_method(m: Machine, f: Frame, ref: SuperOf, name: str, args: Args, at: int) -> Value:
    bound = inheritance.super_part(m, f, ref, name)
    if bound is not None:
        return m.call(f, inheritance.bind(m, f, bound, ref.receiver, at), args, at)
    libraries: list[str] = []
    for loc in ref.receiver.locs():
        obj = f.state.obj(loc)
        cls = loc if obj is not None and obj.kind == "class" else obj.cls if obj is not None else None
        info = m.class_info(f, cls) if cls is not None else None
        libraries += info.libraries if info is not None else ()
    if name == "__init__":
        m.library_init(f, ref.receiver, libraries, args, at)
        return of_const(None)
    if name in ("__setattr__", "__getattribute__", "__getattr__"):
        for text in (args.get(0) or BOTTOM).texts():
            if name == "__setattr__":
                attribute_changes.put_attribute(m, f, ref.receiver, text, args.get(1) or BOTTOM)
            else:
                return m.attribute(f, ref.receiver, text, at)
        return of_const(None)
    of_type = metaclasses.by_type(m, f, ref, name, args)
    if of_type is not None:
        return of_type
    if name == "__call__" and ref.cls in m.metaclasses:
        return join_all(constructing.make(m, f, cls, args, at) for cls in ref.receiver.locs())
    if name == "__new__":
        return records.bare(m, f, args, at)
    held = scalars.plain(m, f, ref.receiver)
    if held is not ref.receiver:
        return call_method(m, f, held, name, args, at)
    inherited = _container_method(m, f, ref.receiver, name, args, at)
    if inherited is not None:
        return inherited
    for library in libraries:
        return m.library_call(f, f"{library}.{name}", ref.receiver, args, at)
    if name in ("__init_subclass__", "__post_init__", "__enter__", "__exit__", "__set_name__", "__del__"):
        return OPAQUE
    return unknown_call(m, f, name, ref.receiver, args, at)


def _container_method(m: Machine, f: Frame, receiver: Value, name: str, args: Args, at: int) -> Value | None:
    """``super().append(x)`` in a class that extends a builtin container."""
    found: list[Value] = []
    for loc in receiver.locs():
        obj = f.state.obj(loc)
        if obj is None or (obj.kind != "dict" and obj.kind not in containers.SEQUENCES):
            return None
        result = containers.method(m, f, loc, obj, name, args, at)
        if result is None:
            return None
        found.append(result)
    return join_all(found) if found else None


def _static_method(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, args: Args, at: int) -> Value:
    """A function of a module or class."""
    info = m.class_info(f, loc)
    if info is not None and name == "_make" and class_members.TUPLES & set(info.libraries):
        row = m.iterate(f, args.get(0) or BOTTOM, at)
        given = row.as_args()
        return m.call(f, of_ref(loc), given, at)
    if info is not None and inheritance.class_part(m, f, loc, name) is None and info.libraries:
        for library in info.libraries:
            return m.library_call(f, f"{library}.{name}", of_ref(loc), args, at)
    found = m.attribute(f, of_ref(loc), name, at)
    return m.call(f, found, args, at)


def _object_method(
    m: Machine, f: Frame, loc: Loc, obj: Obj, receiver: Value, name: str, args: Args, at: int
) -> Value:
    assert obj.cls is not None
    if obj.kind == "unknown" and not _is_own(loc):
        others = m.overriding(f, obj.cls, name)
        if others:
            return _on_any(m, f, loc, obj, (obj.cls, *others), name, args, at)
    found = inheritance.method(m, f, loc, obj, name, at)
    if found is not None:
        return m.call(f, found, args, at)
    info = m.class_info(f, obj.cls)
    if info is not None and TYPED_DICTS & set(info.libraries):
        return unknown_method(m, f, loc, obj, receiver, name, args, at)
    if info is not None and name in OF_TUPLES and class_members.TUPLES & set(info.libraries):
        return records.BEHAVIOURS[OF_TUPLES[name]](m, f, Use(name, of_ref(loc), args, at))
    if info is not None and name in VERBS and SESSIONS & set(info.libraries):
        own = inheritance.method(m, f, loc, obj, "request", at)
        if own is not None:
            verb = of_const(name.upper())
            return m.call(f, own, Args([verb, *args.positional], args.keywords, args.star, args.double), at)
    if info is not None and info.libraries and scalars.is_one(m, f, obj):
        return call_method(m, f, scalars.plain(m, f, of_ref(loc)), name, args, at)
    if info is not None and info.libraries:
        known = [name_ for name_ in info.libraries if m.policy.catalog.rows(f"{name_}.{name}")]
        library = (known or list(info.libraries))[0]
        return m.library_call(f, f"{library}.{name}", Value(receiver.taints, refs={loc: NO_FACTS}), args, at)
    getter = inheritance.method(m, f, loc, obj, "__getattr__", at)
    if getter is not None:
        return m.call(f, m.call(f, getter, Args([of_const(name)]), at), args, at)
    return unknown_method(m, f, loc, obj, receiver, name, args, at)


def _is_own(loc: Loc) -> bool:
    """Whether an object is the ``self`` of a method that is analysed for each class by itself."""
    return isinstance(loc.label, tuple) and loc.label[:1] == ("self",)


def _on_any(
    m: Machine, f: Frame, loc: Loc, obj: Obj, classes: tuple[Loc, ...], name: str, args: Args, at: int
) -> Value:
    """A method of an object of which only a base class is known: any subclass may have come."""
    before = f.state
    outcomes: list[tuple[State, Value]] = []
    for cls in classes:
        f.state = before.copy()
        own = _equipped(m, f, loc, obj, cls)
        found = inheritance.method(m, f, loc, m.obj(f, loc), name, at)
        if found is None:
            continue
        value = m.call(f, found, args, at)
        after = f.state.obj(loc)
        if after is not None:
            kept = {key: part for key, part in after.parts.items() if own.get(key) != part}
            f.state.heap[loc] = replace(after, cls=obj.cls, parts=kept)
        outcomes.append((f.state, value))
    return expressions.meet(m, f, outcomes)


def _equipped(m: Machine, f: Frame, loc: Loc, obj: Obj, cls: Loc) -> dict[Key, Value]:
    """Take an object for one of a subclass: it has the clients that the subclass's constructor makes.

    Gives what it has from there: it goes when the object may be of another class again.
    """
    own: dict[Key, Value] = {}
    if cls != obj.cls:
        injection.equip(m, f, cls, loc)
        own = {key: part for key, part in m.obj(f, loc).parts.items() if key not in obj.parts}
    f.state.heap[loc] = replace(obj, cls=cls, parts={**own, **obj.parts})
    return own


def unknown_method(
    m: Machine, f: Frame, loc: Loc | None, obj: Obj | None, receiver: Value, name: str, args: Args, at: int
) -> Value:
    """A method of something unknown: texts and mappings are recognized by their methods."""
    m.risk()
    owner = naming.label_of(loc) if loc is not None else ""
    names = [name, *m.policy.checks_of_unknown(name, owner)]
    answered = consent.configured(m, f, names, receiver, args, at, None)
    if answered is not None:
        return answered
    if obj is None or obj.cls is None:
        meant = ducks.method(m, f, receiver, name, args, at)
        if meant is not None:
            return meant
    if name in ENDING and not args.keywords and _is_context(loc):
        raising.leave(f, of_ref(External(f"{name}.raised")))
        return BOTTOM
    if loc is not None:
        table = m.telling_method(f, loc, obj, name, args, at)
        if table is not None:
            return table
    if name in ELEMENTWISE and len(args.positional) == 1 and receiver.taints and args.positional[0].refs:
        return m.call(f, args.positional[0], Args([receiver.with_(refs=NO_REFS)]), at)
    own = receiver if loc is None else Value(receiver.taints, refs={loc: NO_FACTS}, unknown=True)
    if name in unknown_files.NAMES:
        written = unknown_files.method(m, f, own, name, args, at)
        if written is not None:
            return written
    if name in SESSION and not receiver.taints and _reads_rows(m, f, args):
        return m.library_call(f, f"sqlalchemy.orm.Session.{name}", own, args, at)
    if name in ("values", "values_list") and args.positional and not receiver.taints:
        chosen = orm.named_values(m, f, Use(name, own, args, at))
        if chosen is not None:
            return chosen
    rows = cursors.method(m, f, own, name, args, at) if name in CURSORS and not receiver.taints else None
    if rows is not None:
        return rows
    if name in ALWAYS_TEXT or (
        name in texts.CLEAN_METHODS and (receiver.taints or name.startswith(("is", "start", "end")))
    ):
        found = texts.method(m, f, own if not own.unknown else own.with_(refs=NO_REFS), name, args, at)
        if found is not None:
            return origins.kept(m, f, found, [own, *args.positional], at)
    if name == "join" and receiver.taints and len(args.positional) == 1 and not args.keywords:
        # The separator shows only between items.
        return texts.method(m, f, own.with_(refs=NO_REFS), name, args, at) or OPAQUE
    if name in texts.UNDONE and receiver.taints and len(args.all()) == (name == "translate"):
        return texts.method(m, f, own.with_(refs=NO_REFS), name, args, at) or OPAQUE
    if name in PARTS and len(args.positional) == 1 and args.positional[0].is_text():
        found = texts.method(m, f, own.with_(refs=NO_REFS), name, args, at)
        if found is not None:
            return origins.kept(m, f, found, [own], at)
    if name == "with_traceback" or (name == "add_note" and obj is not None and strings.MESSAGE in obj.parts):
        return own
    if name in MAPPING:
        versions.change(m, f, name, own, [], at)
        found = _mapping_method(m, f, own, name, args, at)
        if found is not None:
            return found
    if name == "label" and args.positional and column_calls.is_of_table(m, f, own):
        return column_calls.labelled(m, f, Use(name, own, args, at))
    waited = promises.answered(m, f, own, name, args, at)
    if waited is not None:
        return waited
    result = unknown_call(m, f, name, own, args, at, checked=True)
    if name in FINDING and args.positional:
        return orm.chosen_documents(m, f, Use(name, own, args, at), result, name == "find")
    return m.named(f, result, name, own, at) if not args.all() else result


def _is_context(loc: Loc | None) -> bool:
    """Whether an object is a parameter named as the context of a command or of a remote call is."""
    label = loc.label if loc is not None else None
    return isinstance(label, tuple) and label[:1] == ("param",) and label[-1] in CONTEXTS


def _reads_rows(m: Machine, f: Frame, args: Args) -> bool:
    """Whether a call is given a model's class, one of its columns, or a statement that selects rows."""
    for loc in (args.get(0) or BOTTOM).locs():
        obj = f.state.obj(loc)
        if obj is None:
            continue
        if (obj.kind == "class" and m.is_model(f, loc)) or obj.type == orm.COLUMN:
            return True
        if obj.kind == "library" and obj.type.startswith("sqlalchemy.") and obj.type.endswith("Select"):
            return True
    return False


def _mapping_method(m: Machine, f: Frame, own: Value, name: str, args: Args, at: int) -> Value | None:
    key = args.get(0) or BOTTOM
    if name in ("get", "pop", "setdefault", "__getitem__"):
        constant = key.constant()
        if constant is None or not isinstance(constant.value, str | int) or "/" in str(constant.value):
            return None
        found = m.item(f, own, key, at)
        default = args.get(1, "default")
        if name == "pop":
            m.delete_item(f, own, key, at)
        return found if default is None else join(found, default)
    if args.positional and name in ("items", "keys", "values", "copy"):
        return None
    if name == "items":
        each = m.iterate(f, own, at).each
        pair = m.sequence(f, at, "tuple", [OPAQUE, join(each, Value(own.taints, unknown=True))], None, "pair")
        return m.new(f, at, Obj("generator", rest=pair), "items")
    if name == "values":
        return m.new(f, at, Obj("generator", rest=m.iterate(f, own, at).each), "values")
    if name == "keys":
        return m.new(f, at, Obj("generator", rest=OPAQUE), "keys")
    if name == "copy":
        return own
    if name in ("update", "append", "add", "extend", "insert"):
        if not own.locs():
            return None
        _hold(m, f, own, args, _added(m, f, name, args, at))
        return OPAQUE
    return None


def _added(m: Machine, f: Frame, name: str, args: Args, at: int) -> Value:
    """What becomes an item of something that is a list or a set by its method."""
    if name == "extend" and args.positional:
        return m.iterate(f, args.positional[0], at).each
    return args.positional[-1] if name in ("append", "add", "insert") and args.positional else BOTTOM


def _hold(m: Machine, f: Frame, own: Value, args: Args, added: Value) -> None:
    """An unknown object keeps what it is given; entries of known keys and items can be read back."""
    for loc in own.locs():
        obj = f.state.obj(loc) or Obj("unknown")
        if loc in f.state.modules() and obj.kind != "unknown":
            continue
        for value in args.positional[:1]:
            for name, part in (m.exact_dict(f, value) or {}).items():
                obj = obj.put(Const("str", name), part)
        for name, part in args.keywords.items():
            obj = obj.put(Const("str", name), part)
        held = join_all([obj.parts.get(strings.DATA, BOTTOM), *args.all()])
        items = join(obj.rest, added) if added.taints and obj.kind == "unknown" else obj.rest
        m.write(f, loc, replace(obj.put(strings.DATA, held), rest=items), strong=True)
