"""What functions of ``[erasure]`` do, themselves or through what they call (paragraph 25 of the Rules).

Inside such a function the fact ``erasing`` holds, with the function's name: so a callee is analysed
anew where it is reached from one, and what it deletes, marks or empties is recorded with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau import ir
from qorgau.flow import deletions, deployment, scopes, soft_deletes, stores
from qorgau.flow.arrivals import NO_STORE, Erased, Store
from qorgau.flow.built_statements import COLUMN
from qorgau.flow.call_sites import site_of_value
from qorgau.flow.containers import KEYS
from qorgau.flow.facts import Fact
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Closure, Frame
from qorgau.flow.sites import Site
from qorgau.flow.sql_text import Expression, Parameter, Statement
from qorgau.flow.sql_text import Literal as SqlLiteral
from qorgau.flow.stores import SQL
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, Value, of_const
from qorgau.linking import walk

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

FACT = "erasing"
DELETING = frozenset(
    (
        "delete", "adelete", "_raw_delete", "hard_delete", "delete_instance", "delete_by_id", "delete_all", "del_",
        "delete_one", "delete_many", "find_one_and_delete", "delete_object", "delete_objects", "delete_item",
        "delete_by_query", "delete_blob", "delete_blobs", "delete_file", "delete_files", "delete_document",
        "delete_documents", "delete_key", "delete_keys", "delete_pattern", "delete_many", "hdel", "unlink", "lrem",
        "srem", "zrem", "flushdb", "flushall", "getdel", "json_del", "hard_delete_by_id", "delete_bucket",
        "delete_table", "delete_entity", "delete_container", "delete_directory", "delete_tree", "drop_collection",
        "drop_table", "drop", "remove_object", "remove_objects", "remove_file", "remove_all", "delete_record",
        "delete_user", "delete_contact", "delete_from", "delete_row", "delete_rows", "bulk_delete", "rmtree",
        "destroy", "destroy_all", "purge", "purge_all", "erase", "wipe", "truncate", "delete_vectors",
        "batch_delete", "recursive_delete", "rm", "delete_points", "delete_message", "force_delete", "invalidate",
    )
)  # fmt: skip
"""Last names of calls that take data out of a store for good."""

REMOVING = frozenset(("remove", "delete_many", "pop", "clear", "expire"))
"""Last names that delete in some stores only."""
REMOVERS = frozenset(
    ("pymongo", "django.core.cache", "redis", "minio", "os", "files", "google.cloud.firestore")
)

UPDATING = frozenset(
    ("update", "aupdate", "values", "update_one", "update_many", "find_one_and_update", "set")
)


def entered(m: Machine, f: Frame, loc: Loc, closure: Closure, receiver: Value | None) -> Closure:
    """A function as it is run: one of erasure knows that it is."""
    if not m.policy.erases:
        return closure
    names = [closure.dotted, *scopes.call_names(m, f, loc, closure, receiver)]
    if not any(m.policy.is_erasure(name) for name in names):
        return closure
    return replace(closure, facts=closure.facts | {Fact(FACT, None, closure.dotted, True)})


def by(f: Frame) -> frozenset[str]:
    """The functions of erasure that the code being run was reached from; none in a test."""
    if f.unit.file.is_test:
        return frozenset()
    return frozenset(str(fact.detail) for fact in f.state.facts if fact.kind == FACT)


def _record(
    m: Machine,
    f: Frame,
    at: int,
    kind: str,
    store: Store,
    *,
    words: Iterable[str] = (),
    names: Iterable[str] = (),
) -> None:
    found = by(f)
    if found:
        function = f.closure.function.qualname if f.closure is not None else ""
        if kind == "marked":
            # A mark stands at its statement (spec section 4), a call of it may begin lines below.
            at = f.unit.statements.get(at, at)
        event = Erased(kind, found, f.unit.name, at, function, store, frozenset(words), frozenset(names))
        m.found.erased.setdefault(event)


# Calls


def library_call(m: Machine, f: Frame, dotted: str, receiver: Value, args: Args, at: int) -> None:
    """A library's call inside erasure: what it deletes, marks or empties."""
    if not m.policy.erases or not by(f):
        return
    name = dotted.rpartition(".")[2]
    site = deployment.complete(m, f, dotted, receiver, _site(f, receiver, args), at, args.all())
    store = stores.of_call(m, f, dotted, site, receiver, args)
    if name in DELETING or (name in REMOVING and store.family in REMOVERS):
        if soft_deletes.is_soft(m, f, receiver, args):
            _record(m, f, at, "marked", store, names=("delete",))
        elif store.models or store.names or not _is_cursor(dotted):
            _record(m, f, at, "deleted", store)
            if store.models:
                deletions.deleted(m, f, store.models, at)
    elif name in UPDATING:
        _updated(m, f, at, store, _assigned(m, f, args))


def _is_cursor(dotted: str) -> bool:
    return dotted.startswith(("builtins.", "collections."))


def _site(f: Frame, receiver: Value, args: Args) -> Site:
    site = site_of_value(f, receiver)
    for value in args.positional:
        site = site.merged(site_of_value(f, value))
    return site


def unknown_method(m: Machine, f: Frame, node: ir.Call, receiver: Value, args: Args) -> None:
    """A method inside erasure whose object is not known: the words of the code say what it may be."""
    function = node.function
    if not m.policy.erases or not isinstance(function, ir.Attribute) or not by(f):
        return
    if any(event.at == node.at and event.unit == f.unit.name for event in m.found.erased):
        return
    if function.attr in DELETING and not _is_own(f, receiver, function.attr):
        store = _behind(m, f, function.value)
        _record(m, f, node.at, "deleted", store, words=_words(function.value, node))
    elif function.attr in UPDATING:
        store = Store("", frozenset(), stores.models_of(m, f, [receiver]))
        _updated(m, f, node.at, store, _assigned(m, f, args), _words(function.value, node))


def _behind(m: Machine, f: Frame, node: ir.Expr) -> Store:
    """The store of the client that an expression begins with (``bucket.objects.filter(...)``)."""
    for inner in walk(node):
        if isinstance(inner, ir.Name):
            value = m.evaluate(f, inner)
            for loc in value.locs():
                obj = f.state.obj(loc)
                if obj is not None and obj.kind == "library" and isinstance(obj.info, Site):
                    return stores.of_call(m, f, f"{obj.type}.delete", obj.info, value, Args())
    return NO_STORE


def _is_own(f: Frame, receiver: Value, name: str) -> bool:
    """Whether a method is of the project's own code, which is followed, or of a list or dict in memory."""
    objs = [f.state.obj(loc) for loc in receiver.locs()]
    return bool(objs) and all(
        obj is not None
        and (obj.kind in ("dict", "list", "set", "tuple", "module", "function") or _has(f, obj.cls, name))
        for obj in objs
    )


def _has(f: Frame, cls: Loc | None, name: str) -> bool:
    obj = f.state.obj(cls) if cls is not None else None
    order = getattr(obj.info, "order", ()) if obj is not None else ()
    return any((base := f.state.obj(loc)) is not None and name in base.parts for loc in order)


def _words(*nodes: ir.Expr) -> set[str]:
    """The names and texts in expressions."""
    found: set[str] = set()
    for node in walk(nodes):
        match node:
            case ir.Name(id=name) | ir.Attribute(attr=name):
                found.add(name)
            case ir.Const(value=str(text)):
                found.add(text)
    return found


# Marks and emptied fields


def attribute_set(m: Machine, f: Frame, owner: Value, name: str, new: Value, at: int) -> None:
    """``client.is_deleted = True``, ``client.phone = ""`` inside erasure."""
    if not m.policy.erases or not by(f):
        return
    store = Store("", frozenset(), stores.models_of(m, f, [owner]))
    words = {str(loc.label[-1]) if isinstance(loc.label, tuple) else str(loc.label) for loc in owner.locs()}
    _updated(m, f, at, store, {name: new}, words)


def _updated(
    m: Machine, f: Frame, at: int, store: Store, assigned: dict[str, Value], words: Iterable[str] = ()
) -> None:
    marks = [name for name, value in assigned.items() if soft_deletes.is_mark(m, f, name, value)]
    emptied = [name for name, value in assigned.items() if _is_emptied(m, f, store, name, value)]
    if emptied:
        _record(m, f, at, "emptied", store, words=words, names=emptied)
    if marks:
        _record(m, f, at, "marked", store, words=words, names=marks)


def _is_emptied(m: Machine, f: Frame, store: Store, name: str, value: Value) -> bool:
    """Whether a personal attribute gets a value that is not the datum any more."""
    fields = set(m.policy.fields_of(name))
    fields |= {
        field for model in store.models if (field := m.policy.attribute_field(f"{model}.{name}")) is not None
    }
    return (
        bool(fields)
        and not value.unknown
        and not any(taint.field in fields for taint in m.contents(f, value))
    )


def _assigned(m: Machine, f: Frame, args: Args) -> dict[str, Value]:
    """What an update sets: keywords, a dict of names or columns, ``{"$set": {...}}`` of a document."""
    found = dict(args.keywords)
    for value in (*args.positional, *args.double, found.pop("values", BOTTOM), found.pop("update", BOTTOM)):
        found.update(_entries(m, f, value))
    return found


def _entries(m: Machine, f: Frame, value: Value) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is None or obj.kind != "dict":
            continue
        columns = [f.state.obj(ref) for ref in obj.parts.get(KEYS, BOTTOM).locs()]
        names = [column.parts["@name"] for column in columns if column is not None and column.type == COLUMN]
        found.update({text: obj.rest for each in names for text in each.texts()})
        for key, part in obj.parts.items():
            name = key if isinstance(key, str) else str(key.value)
            if name in ("$set", "$unset"):
                inner = _entries(m, f, part)
                found.update(inner if name == "$set" else {each: of_const(None) for each in inner})
            else:
                found[name.rpartition(".")[2]] = part
    return found


# SQL


def statement(
    m: Machine, f: Frame, use: Use, parsed: Statement, given: tuple[Value, ...], site: Site
) -> None:
    """A SQL text inside erasure."""
    if not m.policy.erases or not by(f):
        return
    for table in parsed.tables:
        store = Store(SQL, frozenset((table.rpartition(".")[2],)), hosts=site.hosts)
        if parsed.kind in ("delete", "truncate", "drop"):
            _record(m, f, use.at, "deleted", store)
        elif parsed.kind == "update":
            _updated(m, f, use.at, store, dict(_columns(parsed, given)))


def _columns(parsed: Statement, given: tuple[Value, ...]) -> Iterator[tuple[str, Value]]:
    for write in parsed.writes:
        match write.value:
            case SqlLiteral(text=text, kind=kind):
                yield write.column, of_const(_literal(text, kind))
            case Parameter(index) if index < len(given):
                yield write.column, given[index]
            case Expression(parts=()):
                yield write.column, of_const("now")
            case _:
                yield write.column, Value(unknown=True)


def _literal(text: str, kind: str) -> object:
    if kind == "null":
        return None
    if kind == "boolean":
        return text.lower() in ("true", "t", "1")
    if kind == "number" and text.isdigit():
        return int(text)
    return text
