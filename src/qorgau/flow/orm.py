"""Querysets, statements and rows of ORMs: of which class their items are, what was chosen, which facts hold.

A queryset or a statement is a library object whose parts say so: the class of its items, ``$row``
where columns were chosen, ``$only`` what a record is narrowed to, ``$holds`` the facts that its
conditions imply of each item (told of the placeholder ``ITEM``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import containers, origins, places, row_expressions
from qorgau.flow.checks import MOMENTS, Check, affirms
from qorgau.flow.constants import Const
from qorgau.flow.declared_types import ELEMENTS
from qorgau.flow.facts import NO_FACTS, Fact, Facts, common_facts, join_facts
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.places import Site
from qorgau.flow.state import Renaming
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, Ref, Value, join, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

ROW = "$row"
ONLY = "$only"
HOLDS = "$holds"
VALUES = "$values"
KEY = "@key"
TEXT = "$text"
COLUMN = "qorgau.Column"
COMPUTED = "qorgau.Computed"
COMPUTED_VALUE = "@value"
"""The part of a renamed or computed column that holds what it is in a row."""

TABLE = "sqlalchemy.Table"
ITEM = Loc(None, ("item-of",))
"""Stands for an item of a queryset in facts that hold of all its items."""

MODELS = frozenset(
    (
        "django.db.models.Model",
        "sqlalchemy.orm.DeclarativeBase",
        "sqlalchemy.orm.MappedAsDataclass",
        "sqlmodel.SQLModel",
        "flask_sqlalchemy.SQLAlchemy.Model",
        "flask_sqlalchemy.model.Model",
        "peewee.Model",
        "tortoise.models.Model",
        "tortoise.Model",
    )
)
"""Classes whose objects are rows: what such an object refers to is stored as a key, not as a whole."""

DJANGO_ROWS = "django.db.models.QuerySet"
OF_CLASSES = {"mongoengine": "mongoengine.QuerySet"}
"""What a class gives that a library's function takes for all its rows, where that is not Django's."""

LIBRARY_MODELS = frozenset(("django.contrib.auth.models.User",))
"""Models that a library brings: their objects are rows too."""

CHOOSING = frozenset(("only", "load_only"))
ARRANGING = frozenset(
    [
        "order_by",
        "group_by",
        "distinct",
        "options",
        "values",
        "values_list",
        "annotate",
        "only",
        "defer",
        "load_only",
        "join",
        "outerjoin",
        "add_columns",
        "with_entities",
        "select_from",
        "returning",
        "correlate",
        "execution_options",
        "union",
        "union_all",
    ]
)
"""Methods whose arguments are no conditions."""

MAX_COLUMNS = 60
QUERYSET = "django.db.models.QuerySet"
AS_TUPLES = ("with_entities", "Query.values", ".tuples", ".namedtuples")
"""Ends of the names of calls that give a row as a tuple."""


def is_model(m: Machine, f: Frame, loc: Loc) -> bool:
    """Whether an object is a row of a table, or a class of such."""
    obj = f.state.obj(loc)
    cls = loc if obj is not None and obj.kind == "class" else obj.cls if obj is not None else None
    info = m.class_info(f, cls) if cls is not None else None
    if info is None:
        return obj is not None and obj.type in LIBRARY_MODELS
    return any(base in MODELS for library in info.libraries for base in m.policy.catalog.ancestry(library))


# Conditions


def conditions(m: Machine, f: Frame, use: Use) -> Facts:
    """What the conditions of a look-up imply of each item: keywords, ``Q`` objects and column expressions."""
    facts: set[Fact] = set()
    for name, value in use.args.keywords.items():
        facts |= _looked_up(m, name, value)
    if use.dotted.rpartition(".")[2] in ARRANGING:
        return frozenset(facts)
    for value in use.args.positional:
        found = m.truth(f, value, True)
        facts |= {_of_item(m, f, fact) for fact in found or () if fact.kind in ("consent", "blocked")}
    return frozenset(facts)


def _looked_up(m: Machine, name: str, value: Value) -> set[Fact]:
    """``consent_given=True``, ``client__consent_given=True``, ``consent_given__exact=True``."""
    constant = value.constant()
    if constant is None:
        return set()
    path = [part for part in name.split("__") if part not in ("exact", "iexact")]
    wanted = constant.value is True or affirms(constant.value)
    if path[-1] == "isnull":
        path.pop()
        wanted = constant.value is False and path[-1].endswith(MOMENTS)
    depth = m.policy.consent_attribute(tuple(path))
    if not depth or not wanted:
        return set()
    subject = ITEM
    for part in path[: len(path) - depth]:
        subject = subject.child(part)
    return {Fact("consent", subject, Check(".".join(path[-depth:])), True)}


def _of_item(m: Machine, f: Frame, fact: Fact) -> Fact:
    """A fact told of the class (``Client.consent_given``) is one of each of its items."""
    subject = fact.subject
    if subject is None:
        return fact

    def change(loc: Loc) -> Loc:
        obj = f.state.obj(loc)
        return ITEM if obj is not None and obj.kind == "class" else loc

    return fact._replace(subject=Renaming(change).loc(subject))


def condition(m: Machine, f: Frame, use: Use) -> Value:
    """``Q(consent_given=True)``: a condition as a value, whose truth implies facts."""
    made = m.new(f, use.at, Obj("library", type=use.dotted), "condition")
    return made.with_(
        when_true=conditions(m, f, use), when_false=_excluded(m, f, use), unknown=False, opaque=True
    )


def both(m: Machine, f: Frame, use: Use) -> Value:
    """``and_(a, b)``"""
    facts = [m.truth(f, value, False) for value in use.args.positional]
    return OPAQUE.with_(
        when_true=conditions(m, f, use), when_false=reduce(join_facts, facts, None) or NO_FACTS
    )


def either(m: Machine, f: Frame, use: Use) -> Value:
    """``or_(a, b)``"""
    facts: Facts | None = None
    for value in use.args.positional:
        facts = join_facts(facts, m.truth(f, value, True))
    no = [m.truth(f, value, False) or NO_FACTS for value in use.args.positional]
    return OPAQUE.with_(when_true=facts or NO_FACTS, when_false=NO_FACTS.union(*no))


def negation(m: Machine, f: Frame, use: Use) -> Value:
    """``not_(a)``"""
    value = use.arg(0)
    return OPAQUE.with_(when_true=value.when_false or NO_FACTS, when_false=value.when_true or NO_FACTS)


def column_test(m: Machine, f: Frame, use: Use) -> Value:
    """``Client.consent_given.is_(True)``: the truth of the column."""
    wanted = use.arg(0).constant()
    column = use.receiver
    if wanted is None or not isinstance(wanted.value, bool):
        return OPAQUE
    negated = use.dotted.endswith(("isnot", "is_not", "__ne__"))
    yes, no = column.when_true or NO_FACTS, column.when_false or NO_FACTS
    if wanted.value is negated:
        yes, no = no, yes
    return OPAQUE.with_(when_true=yes, when_false=no)


# Querysets


def queryset(m: Machine, f: Frame, use: Use) -> Value:
    """A method that gives the same kind of queryset: filtered, ordered, narrowed."""
    name = use.dotted.rpartition(".")[2]
    results: list[Value] = []
    for loc, obj in _sources(m, f, use):
        changed = obj
        facts = _holds(obj)
        if name in ("exclude",):
            facts = facts | _excluded(m, f, use)
        elif name in ("union", "union_all"):
            for other in use.args.positional:
                for inner in other.locs():
                    facts = common_facts(facts, _holds(m.obj(f, inner)))
        else:
            facts = facts | conditions(m, f, use)
        if facts:
            changed = changed.put(HOLDS, Value(opaque=True, when_true=facts))
        if name in CHOOSING:
            changed = changed.put(ONLY, _names(use.args.positional))
        elif name == "defer":
            cls = _class(obj)
            left = [n for n in (m.declared_fields(f, cls) if cls is not None else []) if n not in _texts(use)]
            changed = changed.put(ONLY, _names([of_const(n) for n in left]))
        elif name in ("annotate", "alias") and ROW in obj.parts:
            row = (
                m.new(f, use.at, m.obj(f, obj.parts[ROW].locs()[0]), "row")
                if obj.parts[ROW].locs()
                else BOTTOM
            )
            for key, value in use.args.keywords.items():
                m.set_item(f, row, of_const(key), value, use.at)
            changed = changed.put(ROW, row)
        elif name in ("annotate", "alias"):
            for key, value in use.args.keywords.items():
                changed = row_expressions.told(changed, key, value)
        elif name == "select" and use.args.positional:
            changed = _selecting(m, f, use, changed)
        changed = _found_by(m, f, use, loc, changed)
        if obj.type == QUERYSET and use.dotted.startswith("peewee."):
            changed = replace(changed, type="peewee.ModelSelect")
        info = _site(m, f, use).merged(obj.info if isinstance(obj.info, Site) else places.EMPTY)
        kind = "django.db.models.QuerySet" if changed.type == "django.db.models.Manager" else changed.type
        changed = replace(changed, kind="library", type=kind, info=None if info.is_empty else info)
        results.append(m.new(f, use.at, changed, f"queryset{len(results)}"))
    return join_all(results) if results else m.unknown(f, use.at, frozenset(), "queryset")


def _sources(m: Machine, f: Frame, use: Use) -> list[tuple[Loc, Obj]]:
    """The querysets that a method is called on, or that a function is given (a class stands for all its rows)."""
    values = [use.receiver, *use.args.positional[:1]] if not use.receiver.locs() else [use.receiver]
    found: list[tuple[Loc, Obj]] = []
    for value in values:
        for loc in value.locs():
            obj = m.obj(f, loc)
            if obj.kind == "class":
                kind = OF_CLASSES.get(use.dotted.partition(".")[0], DJANGO_ROWS)
                found.append((loc, Obj("library", type=kind, parts={ELEMENTS: of_ref(loc)})))
            elif obj.kind == "library" or (obj.cls is not None and m.is_queryset(f, obj)):
                found += m.queryset_start(f, use, loc, obj) or [(loc, obj)]
    return found


def _site(m: Machine, f: Frame, use: Use) -> Site:
    from qorgau.flow.call_sites import site_of

    return site_of(m, f, use, use.row.place) if use.row is not None else places.EMPTY


def _found_by(m: Machine, f: Frame, use: Use, source: Loc | None, obj: Obj) -> Obj:
    """A queryset or row with what it was looked up by: a check of the key is a check of what it finds."""
    found: dict[Ref, Facts] = {}
    for value in (*use.args.positional, *use.args.keywords.values()):
        found.update({loc: NO_FACTS for loc in value.locs() if _is_key(m.obj(f, loc))})
        for fact in m.truth(f, value, True) or ():
            if (
                fact.kind == "test"
                and fact.holds
                and isinstance(fact.detail, tuple)
                and isinstance(fact.detail[1], Loc)
            ):
                found[fact.detail[1]] = NO_FACTS
    if source is not None and isinstance(source.label, str) and source.parent is not None:
        owner = f.state.obj(source.parent)
        if owner is None or owner.kind != "class":
            found[source] = NO_FACTS
    if not found:
        return obj
    return obj.put(KEY, join(obj.parts.get(KEY, BOTTOM), Value(refs=found)))


def _is_key(obj: Obj) -> bool:
    """Whether an object can stand for a row: a parameter, a person, no column and no condition."""
    return obj.kind in ("unknown", "instance")


def _excluded(m: Machine, f: Frame, use: Use) -> Facts:
    """What is left by leaving out: with one condition, what its being false implies."""
    facts: set[Fact] = set()
    if len(use.args.positional) == 1 and not use.args.keywords:
        told = m.truth(f, use.args.positional[0], False) or ()
        return frozenset(_of_item(m, f, fact) for fact in told if fact.kind in ("consent", "blocked"))
    for name, value in use.args.keywords.items():
        constant = value.constant()
        if constant is not None and constant.value is False and len(use.args.keywords) == 1:
            facts |= _looked_up(m, name, of_const(True))
    return frozenset(facts)


def _holds(obj: Obj) -> Facts:
    part = obj.parts.get(HOLDS)
    return (part.when_true or NO_FACTS) if part is not None else NO_FACTS


def _class(obj: Obj) -> Loc | None:
    part = obj.parts.get(ELEMENTS)
    return next(iter(part.locs()), None) if part is not None else None


def _texts(use: Use) -> list[str]:
    return [text for value in use.args.positional for text in value.texts()]


def _names(values: Iterable[Value]) -> Value:
    return join_all(values) if (values := list(values)) else of_const("")


def chosen_documents(m: Machine, f: Frame, use: Use, made: Value, many: bool) -> Value:
    """What a database of documents finds by a filter such as ``{"consent_given": True}``."""
    facts: set[Fact] = set()
    for value in (*use.args.positional[:1], use.args.keywords.get("filter", BOTTOM)):
        for name, wanted in (m.exact_dict(f, value) or {}).items() if value.refs else ():
            facts |= _looked_up(m, name.replace(".", "__"), wanted)
    loc = made.single()
    if loc is not None and not many:
        keys: dict[Ref, Facts] = {
            key: NO_FACTS for value in use.args.positional[:1] for key in _keys_in(m, f, value)
        }
        if keys:
            m.write(f, loc, m.obj(f, loc).put(KEY, Value(refs=keys)), strong=True)
    if not facts or loc is None:
        return made
    if many:
        m.write(f, loc, m.obj(f, loc).put(HOLDS, Value(opaque=True, when_true=frozenset(facts))), strong=True)
        return made
    return made.with_(refs={loc: _told_of(frozenset(facts), loc)})


def _keys_in(m: Machine, f: Frame, wanted: Value) -> Iterator[Loc]:
    """What a document is looked up by: the unknown values of a filter."""
    for value in (m.exact_dict(f, wanted) or {}).values() if wanted.refs else ():
        yield from (loc for loc in value.locs() if _is_key(m.obj(f, loc)))


def told_of_items(f: Frame, obj: Obj | None, element: Loc) -> Facts:
    """The facts that hold of an item because of how its collection was chosen."""
    return _told_of(_holds(obj), element) if obj is not None else NO_FACTS


def item_of(
    m: Machine, f: Frame, obj: Obj, at: int, label: str = "element", origin: str = ""
) -> Value | None:
    """One item of a queryset, of rows or of a list that was collected in a way (``origin``); None for others."""
    row = obj.parts.get(ROW)
    facts = _holds(obj)
    if row is not None:
        # A row of columns is nobody's own object: whose the condition is cannot be told of it.
        renamed = frozenset(fact._replace(subject=None) for fact in facts)
        return Value(
            row.taints,
            row.consts,
            {ref: held | renamed for ref, held in row.refs.items()},
            row.unknown,
            row.opaque,
        )
    cls = _class(obj)
    if cls is None:
        return None
    info = m.class_info(f, cls)
    named = f"{label} {info.node.name}" if info is not None else label
    element = m.fresh(f, at, origins.marked(named, origin))
    parts: dict[Key, Value] = {name: obj.parts[name] for name in (ONLY, KEY) if name in obj.parts}
    f.state.heap[element] = Obj("unknown", cls=cls, parts=parts)
    row_expressions.compute(m, f, obj, of_ref(element, unknown=True), at)
    return Value(refs={element: _told_of(facts, element)}, unknown=True)


def _told_of(facts: Facts, item: Loc | None) -> Facts:
    if not facts:
        return NO_FACTS
    renaming = Renaming(lambda loc: item if loc == ITEM and item is not None else loc)
    return renaming.facts(facts)


def one(m: Machine, f: Frame, use: Use) -> Value:
    """``get``, ``first``, ``session.get(Client, key)``: one item, which its key stands for."""
    results: list[Value] = []
    sources = _sources(m, f, use)
    if use.args.positional and any(m.obj(f, loc).kind == "class" for loc in use.args.positional[0].locs()):
        sources = [
            (loc, Obj("library", parts={ELEMENTS: of_ref(loc)}))
            for loc in use.args.positional[0].locs()
            if m.obj(f, loc).kind == "class"
        ]
    for _, obj in sources:
        facts = conditions(m, f, use)
        chosen = obj.put(HOLDS, Value(opaque=True, when_true=_holds(obj) | facts)) if facts else obj
        item = item_of(m, f, chosen, use.at, f"one{len(results)}")
        if item is None:
            continue
        for loc in item.locs():
            found = _found_by(m, f, use, None, m.obj(f, loc))
            if found is not m.obj(f, loc):
                m.write(f, loc, found, strong=True)
        results.append(item)
    return join_all(results) if results else m.unknown(f, use.at, frozenset(), "one")


def values(m: Machine, f: Frame, use: Use) -> Value:
    """``values("iin")``, ``values_list("iin", flat=True)``: dicts or tuples of the named columns."""
    results: list[Value] = []
    for loc, obj in _sources(m, f, use):
        if ROW in obj.parts and use.dotted.endswith((".dicts", ".tuples", ".namedtuples")):
            results.append(of_ref(loc))
            continue
        item = item_of(m, f, obj, use.at, "of-row")
        if item is None:
            continue
        names = _texts(use)
        if not names and not any(row_expressions.is_expression(m, f, value) for value in use.args.positional):
            names = _all_columns(m, f, use, obj, item)
        row = _row(m, f, use, item, names)
        for key, value in use.args.keywords.items():
            if key not in ("flat", "named"):
                computed = row_expressions.value_of(m, f, value, item, use.at)
                m.set_item(f, row, of_const(key), computed, use.at)
        parts: dict[Key, Value] = {key: part for key, part in obj.parts.items() if key == ELEMENTS}
        parts[ROW] = row
        changed = Obj("library", type="django.db.models.QuerySet", parts=parts, info=obj.info)
        results.append(m.new(f, use.at, changed, f"values{len(results)}"))
        del loc
    return join_all(results) if results else m.unknown(f, use.at, frozenset(), "values")


def named_values(m: Machine, f: Frame, use: Use) -> Value | None:
    """The same of something that nothing is known of, by the names that it is given."""
    names = _texts(use)
    if not names or len(names) != len(use.args.positional):
        return None
    item = of_ref(m.fresh(f, use.at, "of-row"), unknown=True)
    row = _row(m, f, use, item, names)
    return m.new(f, use.at, Obj("library", type="django.db.models.QuerySet", parts={ROW: row}), "values")


def _all_columns(m: Machine, f: Frame, use: Use, obj: Obj, item: Value) -> list[str]:
    cls = _class(obj)
    if use.args.keywords.keys() - {"flat", "named"} or cls is None:
        return []
    return m.declared_fields(f, cls)[:MAX_COLUMNS]


def _row(m: Machine, f: Frame, use: Use, item: Value, names: list[str]) -> Value:
    """What one row of chosen columns is: a dict, a tuple, or the only column."""
    chosen: dict[str, Value] = {}
    if any(row_expressions.is_expression(m, f, value) for value in use.args.positional):
        for index, value in enumerate(use.args.positional):
            if row_expressions.is_expression(m, f, value):
                chosen[f"expression{index}"] = row_expressions.value_of(m, f, value, item, use.at)
            chosen.update({name: _column(m, f, item, name, use.at) for name in value.texts()})
    else:
        chosen = {name: _column(m, f, item, name, use.at) for name in names}
    if use.dotted.endswith("values_list") or use.dotted.endswith(AS_TUPLES):
        if _is_flat(use) and len(chosen) == 1:
            return next(iter(chosen.values()))
        return m.sequence(f, use.at, "tuple", list(chosen.values()), None, "row")
    row = m.new(f, use.at, Obj("dict", info="exact"), "row")
    for name, value in chosen.items():
        m.set_item(f, row, of_const(name), value, use.at)
    return row


def _is_flat(use: Use) -> bool:
    flat = use.args.keywords.get("flat")
    return flat is not None and flat.constant() != Const("bool", False)


def _column(m: Machine, f: Frame, item: Value, path: str, at: int) -> Value:
    value = item
    for name in path.split("__"):
        value = m.attribute(f, value, name, at)
    return OPAQUE if _is_row(m, f, value) else value


def _is_row(m: Machine, f: Frame, value: Value) -> bool:
    """Whether a value is another row, of which a column holds the key only."""
    return bool(value.refs) and all(isinstance(ref, Loc) and is_model(m, f, ref) for ref in value.refs)


def spread(m: Machine, f: Frame, use: Use) -> list[Value]:
    """The model's fields in what a call of its manager is given as ``**data``."""
    found: list[Value] = []
    for loc in use.receiver.locs():
        cls = _class(m.obj(f, loc))
        for name in m.declared_fields(f, cls) if cls is not None else ():
            if name in use.args.keywords:
                continue
            for double in use.args.double:
                value = m.item(f, double, of_const(name), use.at)
                found.append(m.named(f, value, name, BOTTOM, use.at, key=True, put=True))
    return found


def create(m: Machine, f: Frame, use: Use) -> Value:
    """``create(...)``: an object of the model with these fields; ``get_or_create`` gives a pair."""
    results: list[Value] = []
    for _, obj in _sources(m, f, use):
        cls = _class(obj)
        if cls is None:
            continue
        made = m.new(f, use.at, Obj("instance", cls=cls), f"created{len(results)}")
        for name, value in use.args.keywords.items():
            if name not in ("defaults", "create_defaults"):
                m.set_attribute(f, made, name.partition("__")[0], value, use.args.ats.get(name, use.at))
        for name, value in (m.exact_dict(f, use.args.keywords.get("defaults", BOTTOM)) or {}).items():
            m.set_attribute(f, made, name, value, use.at)
        results.append(made)
    created = join_all(results) if results else m.unknown(f, use.at, frozenset(), "created")
    if use.dotted.rpartition(".")[2].removeprefix("a") in ("get_or_create", "update_or_create"):
        return m.sequence(f, use.at, "tuple", [created, OPAQUE], None, "pair")
    return created


def model_to_dict(m: Machine, f: Frame, use: Use) -> Value:
    """``model_to_dict(client, fields=[...], exclude=[...])``"""
    instance = use.arg(0, "instance")
    made = m.as_dict(f, instance, use.at)
    if use.dotted.startswith("django."):
        for loc in instance.locs():
            cls = m.obj(f, loc).cls
            for name in m.declared_fields(f, cls) if cls is not None else ():
                if _is_row(m, f, m.attribute(f, of_ref(loc), name, use.at)):
                    m.set_item(f, made, of_const(name), OPAQUE, use.at)
    return chosen_keys(m, f, made, use.arg(1, "fields"), use.arg(2, "exclude"), use.at)


def chosen_keys(m: Machine, f: Frame, made: Value, kept: Value, dropped: Value, at: int) -> Value:
    """A dict of which only some keys are kept, or some dropped, where their names are known."""
    wanted, unwanted = _listed(m, f, kept, at), _listed(m, f, dropped, at)
    for loc in made.locs():
        obj = m.obj(f, loc)
        parts = {
            key: part
            for key, part in obj.parts.items()
            if not isinstance(key, Const)
            or ((wanted is None or key.value in wanted) and (unwanted is None or key.value not in unwanted))
        }
        m.write(f, loc, replace(obj, parts=parts), strong=True)
    return made


def _listed(m: Machine, f: Frame, value: Value, at: int) -> frozenset[str] | None:
    if value.is_bottom or not value.refs:
        return None
    each = m.iterate(f, value, at).each
    if each.unknown or each.opaque:
        return None
    return frozenset(each.texts())


# Statements of SQLAlchemy


def statement(m: Machine, f: Frame, use: Use) -> Value:
    """A statement that is built step by step: its class, columns, values and conditions."""
    name = use.dotted.rpartition(".")[2]
    base = Obj("library")
    for loc in use.receiver.locs():
        found = m.obj(f, loc)
        if found.kind == "library":
            base = found
    row = m.policy.catalog.returns(use.dotted)
    kind = row.type if row is not None else base.type
    made = replace(base, type=kind, info=base.info if isinstance(base.info, Site) else None)
    if name == "text":
        made = made.put(TEXT, use.arg(0, "text"))
    elif name in ("select", "with_only_columns", "add_columns", "returning", "with_entities", "query"):
        made = _selecting(m, f, use, made)
    elif name in ("insert", "update", "delete"):
        made = made.put(ELEMENTS, use.receiver if not use.args.positional else use.args.positional[0])
    elif name in (
        "values",
        "on_conflict_do_update",
        "on_duplicate_key_update",
        "ordered_values",
        "bindparams",
        "params",
    ):
        made = made.put(VALUES, join(made.parts.get(VALUES, BOTTOM), _given_values(m, f, use)))
    else:
        facts = conditions(m, f, use)
        if facts:
            made = made.put(HOLDS, Value(opaque=True, when_true=_holds(made) | facts))
    return m.new(f, use.at, made, "statement")


def _given_values(m: Machine, f: Frame, use: Use) -> Value:
    row = m.new(f, use.at, Obj("dict", info="exact"), "values")
    for name, value in use.args.keywords.items():
        if name == "set_":
            containers.update(m, f, row.locs()[0], value, use.at)
        elif name not in ("index_elements", "constraint", "where", "index_where"):
            m.set_item(f, row, of_const(name), value, use.args.ats.get(name, use.at))
    positional = [value for value in use.args.positional if value.refs or value.taints]
    return join_all([row, *positional])


def _selecting(m: Machine, f: Frame, use: Use, made: Obj) -> Obj:
    """``select(Client)``: objects; ``select(Client.iin, Client.phone)``: rows of these columns."""
    columns: list[Value] = []
    names: list[str] = []
    owners: dict[Loc, int] = {}
    tables = [value for value in use.args.positional or [use.receiver] if _table_columns(m, f, value)]
    if tables and len(tables) == len(use.args.positional or [use.receiver]):
        element = of_ref(m.fresh(f, use.at, "row of table"), unknown=True)
        for name in dict.fromkeys(name for value in tables for name in _table_columns(m, f, value)):
            columns.append(m.attribute(f, element, name, use.at))
            names.append(name)
        return made.put(ROW, _named_row(m, f, use, columns, names))
    for index, value in enumerate(use.args.positional):
        classes = [loc for loc in value.locs() if m.obj(f, loc).kind == "class"]
        if classes:
            if len(use.args.positional) == 1:
                return made.put(ELEMENTS, value)
            element_of = Obj("library", parts={ELEMENTS: of_ref(classes[0])})
            columns.append(item_of(m, f, element_of, use.at, f"entity{index}") or BOTTOM)
            names.append("")
            continue
        owner = _owner(m, f, value)
        columns.append(selected(m, f, use, value, owners.setdefault(owner, index) if owner else index))
        names.append(_column_name(m, f, value))
    if not columns:
        return made
    return made.put(ROW, _named_row(m, f, use, columns, names))


def _owner(m: Machine, f: Frame, value: Value) -> Loc | None:
    """The model that a column is of: columns of one model in a row are of one object."""
    loc = value.single()
    return loc.parent if loc is not None and m.obj(f, loc).type == COLUMN else None


def _named_row(m: Machine, f: Frame, use: Use, columns: list[Value], names: list[str]) -> Value:
    """A row whose columns are read by their places, their names, or as attributes."""
    parts: dict[Key, Value] = {Const("int", index): column for index, column in enumerate(columns)}
    for name, column in zip(names, columns, strict=True):
        if name:
            parts[Const("str", name)] = column
            parts[name] = column
    return m.new(f, use.at, Obj("row", parts=parts), "row")


def _column_name(m: Machine, f: Frame, value: Value) -> str:
    """The name of a column: of a model's, of a table's (``people.c.iin``), or the one it is given."""
    for loc in value.locs():
        told = m.obj(f, loc).parts.get("@name")
        if told is not None:
            return next(iter(told.texts()), "")
        if isinstance(loc.label, str):
            return loc.label
    return ""


def _table_columns(m: Machine, f: Frame, value: Value) -> list[str]:
    """The names of the columns that a table of SQLAlchemy Core was made with."""
    found: list[str] = []
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is None or obj.type != TABLE:
            continue
        for name, part in obj.parts.items():
            for column in part.locs() if isinstance(name, str) and name.startswith("@") else ():
                held = f.state.obj(column)
                if held is not None and held.type.endswith("Column"):
                    found += held.parts.get("@0", BOTTOM).texts()
    return found


def selected(m: Machine, f: Frame, use: Use, value: Value, index: int) -> Value:
    """What a column of a model is in a row of the statement that selects it."""
    for loc in value.locs():
        obj = m.obj(f, loc)
        name = obj.parts.get("@name")
        if obj.type == COMPUTED:
            return obj.parts[COMPUTED_VALUE]
        if obj.type == COLUMN and name is not None:
            element = Loc(m.fresh(f, use.at, f"column{index}"), "row")
            f.state.heap[element] = Obj("unknown", cls=loc.parent)
            return join_all(
                [m.attribute(f, of_ref(element, unknown=True), text, use.at) for text in name.texts()]
            )
    return Value(value.taints, opaque=True)


def column_of(f: Frame, cls: Loc, name: str) -> Value:
    """``Client.iin``: a column of a model, for statements and conditions."""
    loc = cls.child(("column", name))
    if f.state.obj(loc) is None:
        f.state.heap[loc] = Obj("library", type=COLUMN, parts={"@name": of_const(name)})
    return of_ref(loc)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "column-test": column_test,
    "condition": condition,
    "condition-and": both,
    "condition-not": negation,
    "condition-or": either,
    "constant-false": lambda m, f, use: of_const(False),
    "constant-true": lambda m, f, use: of_const(True),
    "model-to-dict": model_to_dict,
    "queryset": queryset,
    "queryset-create": create,
    "queryset-one": one,
    "queryset-values": values,
    "statement": statement,
}
