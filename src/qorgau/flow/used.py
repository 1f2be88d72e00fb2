"""Which fields a program uses, for whatever it may be: what is only collected and kept is more than is necessary.

A use is a read of a stored row or column, a look-up by the field, a comparison or calculation, an answer that
carries it, or a hand-over to code that is not known. Taking a datum over from a form or message into a row is
none, nor is checking what a user sent, nor what tests do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import schemas, stores
from qorgau.flow.built_statements import COLUMN
from qorgau.flow.constants import Const
from qorgau.flow.containers import STORED
from qorgau.flow.declarations import classes, info_of
from qorgau.flow.declared_types import ELEMENTS, annotated_object
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Closure, Frame
from qorgau.flow.models import row_pairs
from qorgau.flow.origins import REQUEST
from qorgau.flow.sql_statement import ColumnRef, Statement
from qorgau.flow.taints import Taint
from qorgau.flow.values import Value
from qorgau.names import fold

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

ROWS = "qorgau.Rows"

INCOMING = frozenset(
    (
        "request", "req", "POST", "GET", "form", "json", "body", "data", "cleaned_data", "validated_data", "payload",
        "query_params", "args", "FILES", "files", "update", "message", "dto", "event", "params", "values", "attrs",
        "command", "cmd", "input", "incoming", "submission", "loaded", "raw",
    )
)  # fmt: skip
"""Names of objects that hold what somebody sent: reading them is part of collecting."""

CHECKING = (
    "valid", "clean", "check", "normal", "pars", "strip", "is_", "verify", "format", "to_", "convert", "coerce",
    "sanitize", "ensure", "require", "assert", "trim", "lower", "escape", "encrypt", "decrypt", "hash",
)  # fmt: skip
"""How names of calls begin that look at what came in, or change its form."""

STORING = (
    "save", "add", "insert", "create", "put", "set", "store", "write", "upsert", "update", "append", "persist",
    "push", "register", "merge", "bulk", "replace", "index", "commit", "execute", "remember", "cache", "record",
)  # fmt: skip
"""How names of calls begin that keep what they are given."""

SELECTING = frozenset(
    (
        "filter", "exclude", "get", "order_by", "filter_by", "group_by", "distinct", "annotate", "aggregate", "values",
        "values_list", "only", "F", "Q", "Count", "Sum", "Avg", "Min", "Max", "earliest", "latest", "dates", "in_bulk",
        "get_object_or_404", "get_list_or_404", "get_or_none", "where", "having", "find", "find_one", "search", "query",
        "count_documents", "distinct_values", "sort", "aggregate_raw", "aget", "first", "exists",
    )
)  # fmt: skip
"""Last names of calls that choose or order rows by what they are given."""

LOOKED_UP = (stores.ORM - {"django.forms", "rest_framework"}) | {
    "django.shortcuts",
    "pymongo",
    "elasticsearch",
    "opensearchpy",
    "google.cloud.firestore",
    "dynamodb",
}
"""Families of stores whose rows such calls choose."""

QUIET = frozenset(
    ("save", "asave", "clean", "full_clean", "clean_fields", "__init__", "__post_init__", "pre_save")
)
"""Methods of a row or form that put its data in order before it is kept."""

SHOWING = (
    "list_display",
    "search_fields",
    "list_filter",
    "ordering",
    "list_display_links",
    "date_hierarchy",
    "fields",
)
PAGES = ("DetailView", "ListView", "UpdateView", "DeleteView")
"""Views that hand a row as a whole to a template."""

READING_VIEWS = (
    "ModelViewSet", "ReadOnlyModelViewSet", "ListAPIView", "RetrieveAPIView", "ListCreateAPIView",
    "RetrieveUpdateAPIView", "RetrieveDestroyAPIView", "RetrieveUpdateDestroyAPIView", "ListModelMixin",
    "RetrieveModelMixin",
)  # fmt: skip
"""Last names of views that answer with what a serializer shows of stored rows."""


def note(m: Machine, f: Frame, fields: Iterable[str]) -> None:
    """These fields are used, unless by a test."""
    if not f.unit.file.is_test:
        m.found.used.update(fields)


# Reads


def read(m: Machine, f: Frame, name: str, owner: Value) -> None:
    """An attribute, item or column is read: of a stored row it is a use, of what came in it is not."""
    fields = _fields_of(m, f, name, owner)
    if not fields or m.found.used.issuperset(fields) or _is_quiet(f):
        return
    if any(_is_stored(m, f, loc) for loc in owner.locs()):
        note(m, f, fields)


def _fields_of(m: Machine, f: Frame, name: str, owner: Value) -> tuple[str, ...]:
    fields = m.policy.fields_of(name)
    if m.policy.attributes:
        names = {
            dotted
            for loc in owner.locs()
            for dotted in stores.models_of(m, f, [Value(refs={loc: frozenset()})])
        }
        found = [m.policy.attribute_field(f"{dotted}.{name}") for dotted in sorted(names)]
        fields = (*fields, *(field for field in found if field is not None))
    return fields


def _is_stored(m: Machine, f: Frame, loc: Loc) -> bool:
    obj = f.state.obj(loc)
    if obj is None or obj.kind == "class" or m.origin_of(loc) == REQUEST:
        return False
    return obj.kind == "row" or obj.type == ROWS or STORED in obj.parts or m.is_model(f, loc)


def _is_quiet(f: Frame) -> bool:
    """Whether the code that is run puts data in order before it is kept."""
    closure = f.closure
    return closure is not None and is_quiet(closure)


def is_quiet(closure: Closure) -> bool:
    """Whether a function only checks or changes the form of data that came in."""
    name = closure.function.name
    if closure.owner is None:
        return False
    return (
        name in QUIET
        or name.startswith(("clean_", "validate"))
        or any("valid" in mark for mark in closure.marks)
    )


# Comparisons and calculations


def compared(m: Machine, f: Frame, value: Value) -> None:
    """A datum decides something: one that was read from an object that nobody sent is used."""
    if value.taints and not _is_quiet(f):
        note(m, f, (taint.field for taint in value.taints if not _came_in(taint) and not _is_bare(taint)))
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is not None and obj.type == COLUMN and "@name" in obj.parts:
            note(m, f, (field for name in obj.parts["@name"].texts() for field in m.policy.fields_of(name)))


def calculated(m: Machine, f: Frame, value: Value) -> None:
    """A datum is calculated with."""
    if value.taints and not _is_quiet(f):
        note(m, f, (taint.field for taint in value.taints if not _came_in(taint)))


def _is_bare(taint: Taint) -> bool:
    return taint.subject is None or taint.subject.label == "$value"


def _came_in(taint: Taint) -> bool:
    """Whether a datum was read from what a user or another program sent."""
    if taint.origin:
        return True
    for loc in taint.subject.ancestors() if taint.subject is not None else ():
        label = loc.label
        names = [str(part) for part in label] if isinstance(label, tuple) else [str(label)]
        if names and (names[0] == "request" or names[-1] in INCOMING):
            return True
    return False


# Hand-overs


def handed(m: Machine, f: Frame, name: str, given: Iterable[Value]) -> None:
    """An unknown call is given data."""
    folded = fold(name)
    if folded.startswith(STORING) or folded.startswith(CHECKING):
        return
    for value in given:
        if value.taints or value.refs:
            held = m.contents(f, value)
            note(m, f, (taint.field for taint in held if not _came_in(taint)))


def answered(m: Machine, f: Frame, closure: Closure, value: Value, is_entry: bool) -> None:
    """What a function that only a framework or other programs call gives back."""
    if is_quiet(closure) or _takes_over(m, closure):
        return
    shown = _answer_class(m, f, closure) if is_entry else None
    if shown is not None:
        names = m.declared_fields(f, shown)
        note(m, f, (field for name in names for field in m.policy.fields_of(name)))
        return
    refs = {ref: facts for ref, facts in value.refs.items() if is_entry or not _is_row(m, f, ref)}
    held = m.contents(f, value.with_(refs=refs))
    note(m, f, (taint.field for taint in held if not _came_in(taint)))


def _is_row(m: Machine, f: Frame, ref: object) -> bool:
    """Whether an object is a row or a queryset: a function that gives one back shows nothing of it yet."""
    if not isinstance(ref, Loc):
        return False
    obj = f.state.obj(ref)
    elements = obj.parts.get(ELEMENTS) if obj is not None else None
    return m.is_model(f, ref) or (elements is not None and any(m.is_model(f, cls) for cls in elements.locs()))


def _answer_class(m: Machine, f: Frame, closure: Closure) -> Loc | None:
    """The schema that chooses what a route shows of its answer (``response_model=ClientOut``); None for none."""
    found: ir.Expr | None = None
    for decorator in closure.function.decorators:
        if isinstance(decorator, ir.Call):
            given = [each.value for each in decorator.arguments if each.keyword == "response_model"]
            found = given[0] if given else found
    annotation = found or closure.function.returns
    described = annotated_object(m, f, annotation, closure.unit) if annotation is not None else None
    cls = described.cls if described is not None else None
    if described is not None and cls is None and ELEMENTS in described.parts:
        cls = next(iter(described.parts[ELEMENTS].locs()), None)
    return cls if cls is not None and not m.is_model(f, cls) else None


def _takes_over(m: Machine, closure: Closure) -> bool:
    """Whether a function is a form's or serializer's for what was sent (``create``), not for what is shown."""
    owner = info_of(m, closure.owner) if closure.owner is not None else None
    shows = closure.function.name.startswith(("get_", "to_representation"))
    return owner is not None and bool(schemas.kind_of(m, owner.libraries)) and not shows


# Look-ups


def looked_up(m: Machine, f: Frame, dotted: str, args: Args) -> None:
    """A call that chooses or orders rows by columns, keys or words."""
    name = dotted.rpartition(".")[2]
    if name not in SELECTING or stores.family(dotted) not in LOOKED_UP:
        return
    if name == "values" and dotted.startswith("sqlalchemy."):
        # ``insert(table).values(iin=...)`` writes rows.
        return
    names = [part for name in args.keywords for part in name.split("__")]
    for value in args.all():
        names += _names_in(f, value, 0)
    note(m, f, (field for name in names for field in m.policy.fields_of(name)))


def _names_in(f: Frame, value: Value, depth: int) -> list[str]:
    """Columns, texts and keys in an argument."""
    names = [part for text in value.texts() for part in text.lstrip("-").split("__")]
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is None or depth > 4:
            continue
        if "@name" in obj.parts and obj.kind == "library":
            names += obj.parts["@name"].texts()
        if obj.kind in ("dict", "list", "tuple"):
            names += [str(key.value) for key in obj.parts if isinstance(key, Const) and key.type == "str"]
            for part in (*obj.parts.values(), obj.rest):
                names += _names_in(f, part, depth + 1)
    return names


def selected(m: Machine, f: Frame, parsed: Statement) -> None:
    """A SQL text: the columns that it yields and those that it asks about."""
    names = {condition.column for condition in parsed.conditions}
    for column in parsed.columns:
        names |= {column.name, *column.sources}
    for write in parsed.writes:
        names |= (
            {write.value.name}
            if isinstance(write.value, ColumnRef) and write.value.name != write.column
            else set()
        )
    note(m, f, (field for name in names for field in m.policy.fields_of(name.rpartition(".")[2])))


# Classes that show rows by what they say


def by_classes(m: Machine) -> None:
    """What admin pages, views and viewsets show of rows without any code that reads them."""
    for _, obj, info in classes(m):
        above = {name for library in info.libraries for name in m.policy.catalog.ancestry(library)} | set(
            info.libraries
        )
        if any(name.rpartition(".")[2].endswith("Admin") for name in above):
            for part in SHOWING:
                m.found.used.update(_listed(m, obj.parts.get(part)))
        shown: list[Value] = []
        if any(_is_page(name) for name in above):
            shown += [obj.parts[part] for part in ("model", "queryset") if part in obj.parts]
        if (
            any(name.rpartition(".")[2] in READING_VIEWS for name in above)
            and "serializer_class" in obj.parts
        ):
            for loc in obj.parts["serializer_class"].locs():
                serializer = m.base.get(loc)
                if serializer is not None:
                    m.found.used.update(_serialized(m, serializer))
        for value in shown:
            for loc in value.locs():
                for cls in _classes_of(m, loc):
                    model = info_of(m, cls)
                    if model is not None:
                        m.found.used.update(field for _, field in row_pairs(m, model))


def _is_page(name: str) -> bool:
    return name.startswith("django.views.generic") and name.endswith(PAGES)


def _classes_of(m: Machine, loc: Loc) -> list[Loc]:
    obj = m.base.get(loc)
    if obj is None:
        return []
    return [loc] if obj.kind == "class" else obj.parts[ELEMENTS].locs() if ELEMENTS in obj.parts else []


def _listed(m: Machine, value: Value | None) -> set[str]:
    """The fields named in a tuple or list of a class."""
    found: set[str] = set()
    for loc in value.locs() if value is not None else ():
        obj = m.base.get(loc)
        for part in obj.parts.values() if obj is not None else ():
            for text in part.texts():
                found.update(
                    field for name in text.lstrip("-^=@").split("__") for field in m.policy.fields_of(name)
                )
    return found


def _serialized(m: Machine, serializer: Obj) -> set[str]:
    """What a serializer shows: its own fields that are not only written, and those its ``Meta`` names."""
    found = {
        field
        for name, value in serializer.parts.items()
        if isinstance(name, str) and not _is_write_only(m, value)
        for field in m.policy.fields_of(name)
    }
    hidden = {
        field
        for name, value in serializer.parts.items()
        if isinstance(name, str) and _is_write_only(m, value)
        for field in m.policy.fields_of(name)
    }
    for loc in serializer.parts["Meta"].locs() if "Meta" in serializer.parts else ():
        meta = m.base.get(loc)
        if meta is None:
            continue
        fields = meta.parts.get("fields")
        found |= _listed(m, fields)
        if fields is None or fields.texts():
            for cls in meta.parts["model"].locs() if "model" in meta.parts else ():
                model = info_of(m, cls)
                found |= {field for _, field in row_pairs(m, model)} if model is not None else set()
            found -= _listed(m, meta.parts.get("exclude"))
    return found - hidden


def _is_write_only(m: Machine, value: Value) -> bool:
    for loc in value.locs():
        obj = m.base.get(loc)
        given = obj.parts.get("@write_only") if obj is not None else None
        constant = given.constant() if given is not None else None
        if constant is not None and constant.value is True:
            return True
    return False
