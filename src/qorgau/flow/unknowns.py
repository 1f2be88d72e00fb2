"""Methods by what the receiver is, and calls of what is not known.

An unknown call hands what it was given to its result and to the object it is called on, with
lower confidence (spec section 3); functions of the project among its arguments may be called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import (
    built_statements,
    chosen_columns,
    colleagues,
    column_calls,
    consent,
    copying,
    cursors,
    data_sources,
    documents,
    ducks,
    injection,
    origins,
    promises,
    raising,
    strings,
    text_methods,
    unknown_files,
    unknown_loggers,
    unknown_queries,
    unknown_sessions,
    versions,
)
from qorgau.flow.constants import Const
from qorgau.flow.facts import NO_FACTS
from qorgau.flow.heap import DATA, Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.unknown_calls import unknown_call
from qorgau.flow.uses import Use
from qorgau.flow.values import (
    BOTTOM,
    NO_REFS,
    OPAQUE,
    External,
    Value,
    join,
    join_all,
    of_ref,
)

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


PARTS = ("partition", "rpartition")
ALWAYS_TEXT = text_methods.PASS_METHODS - {"translate", "hex", "join", "partition", "count"}
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

ENDING = frozenset(("exit", "fail", "abort"))
CONTEXTS = frozenset(("ctx", "context"))
"""Methods of Click's and gRPC's contexts that never return, and what such parameters are called."""


def equipped(m: Machine, f: Frame, loc: Loc, obj: Obj, cls: Loc) -> dict[Key, Value]:
    """Take an object for one of a subclass: it has the clients that the subclass's constructor makes.

    Gives what it has from there: it goes when the object may be of another class again.
    """
    own: dict[Key, Value] = {}
    if cls != obj.cls and (cls, m.epoch) not in m.clientless:
        before, f.state = f.state, f.state.copy()
        injection.equip(m, f, cls, loc)
        own = {key: part for key, part in m.obj(f, loc).parts.items() if key not in obj.parts}
        if not own:
            # What the constructor was given and made is no part of the object, and would only burden the state.
            f.state = before
            m.clientless.add((cls, m.epoch))
    f.state.heap[loc] = replace(obj, cls=cls, parts={**own, **obj.parts})
    return own


def unknown_method(
    m: Machine, f: Frame, loc: Loc | None, obj: Obj | None, receiver: Value, name: str, args: Args, at: int
) -> Value:
    """A method of something unknown: texts and mappings are recognized by their methods."""
    m.risk()
    owner = data_sources.label_of(loc) if loc is not None else ""
    names = [name, *m.policy.checks_of_unknown(name, owner)]
    if obj is None or obj.cls is None:
        names += ducks.asked_of_person(m, name)
    answered = consent.configured(m, f, names, receiver, args, at, None)
    if answered is not None:
        return answered
    if obj is None or obj.cls is None:
        meant = ducks.method(m, f, receiver, name, args, at)
        if meant is None and not receiver.taints:
            meant = colleagues.method(m, f, loc, receiver, name, args, at)
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
    if loc is not None:
        answered = unknown_loggers.method(m, f, loc, own, name, args, at)
        answered = answered or unknown_sessions.method(m, f, loc, own, name, args, at)
        if answered is not None:
            return answered
    if name in SESSION and not receiver.taints and _reads_rows(m, f, args):
        return m.library_call(f, f"sqlalchemy.orm.Session.{name}", own, args, at)
    if name in ("values", "values_list") and (args.positional or args.star.texts()) and not receiver.taints:
        chosen = chosen_columns.named_values(m, f, Use(name, own, args, at))
        if chosen is not None:
            return chosen
    rows = cursors.method(m, f, own, name, args, at) if name in CURSORS and not receiver.taints else None
    if rows is not None:
        return rows
    if (name in ALWAYS_TEXT and not _works_on(m, f, receiver, args)) or (
        name in text_methods.CLEAN_METHODS and (receiver.taints or name.startswith(("is", "start", "end")))
    ):
        found = text_methods.method(m, f, own if not own.unknown else own.with_(refs=NO_REFS), name, args, at)
        if found is not None:
            return origins.kept(m, f, found, [own, *args.positional], at)
    if name == "join" and receiver.taints and len(args.positional) == 1 and not args.keywords:
        # The separator shows only between items.
        return text_methods.method(m, f, own.with_(refs=NO_REFS), name, args, at) or OPAQUE
    if name in text_methods.UNDONE and receiver.taints and len(args.all()) == (name == "translate"):
        return text_methods.method(m, f, own.with_(refs=NO_REFS), name, args, at) or OPAQUE
    if name in PARTS and len(args.positional) == 1 and args.positional[0].is_text():
        found = text_methods.method(m, f, own.with_(refs=NO_REFS), name, args, at)
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
    many = unknown_queries.of_many(m, f, name, receiver if receiver.single() == loc else own, args, at)
    if many is not None:
        return many
    waited = promises.answered(m, f, own, name, args, at)
    if waited is not None:
        return waited
    result = unknown_call(m, f, name, own, args, at, checked=True)
    if name in documents.FINDING and args.positional:
        return documents.found_by_unknown(m, f, Use(name, own, args, at), result)
    return m.named(f, result, name, own, at) if not args.all() else result


def _works_on(m: Machine, f: Frame, receiver: Value, args: Args) -> bool:
    """Whether a method is given data: ``Encoder().encode(data)`` is none of a text, which is given its encoding."""
    return not receiver.taints and any(m.contents(f, value) for value in args.positional)


def _is_context(loc: Loc | None) -> bool:
    """Whether an object is a parameter named as the context of a command or of a remote call is."""
    label = loc.label if loc is not None else None
    return isinstance(label, tuple) and label[:1] == ("param",) and label[-1] in CONTEXTS


def _reads_rows(m: Machine, f: Frame, args: Args) -> bool:
    """Whether a call is given a model's class, one of its columns, or a statement that selects rows."""
    for loc in (args.get(0) or BOTTOM).locs():
        obj = f.state.obj(loc)
        if built_statements.subquery_of(f, loc) is not None:
            return True
        if obj is None:
            continue
        if (obj.kind == "class" and m.is_model(f, loc)) or obj.type == built_statements.COLUMN:
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
        return copying.copied_by_method(f, own, at)
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
        held = join_all([obj.parts.get(DATA, BOTTOM), *args.all()])
        items = join(obj.rest, added) if added.taints and obj.kind == "unknown" else obj.rest
        m.write(f, loc, replace(obj.put(DATA, held), rest=items), strong=True)
