"""Methods of querysets, managers and sessions: what they find, keep, order and create."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import memberships, places, row_expressions
from qorgau.flow.built_statements import selecting, statement
from qorgau.flow.call_sites import site_of_row
from qorgau.flow.chosen_columns import model_to_dict, values
from qorgau.flow.declared_types import ELEMENTS
from qorgau.flow.facts import NO_FACTS, Facts, common_facts
from qorgau.flow.heap import Obj
from qorgau.flow.machine import Frame
from qorgau.flow.orm import (
    HOLDS,
    ITEM,
    NAMED,
    ONLY,
    ROW,
    class_of_items,
    facts_held,
    found_by,
    item_of,
    names_among,
    querysets_of,
    texts_in,
)
from qorgau.flow.places import Site
from qorgau.flow.row_conditions import (
    OWNER,
    both,
    column_test,
    condition,
    conditions,
    either,
    excluded,
    negation,
    of_relation,
    subject_of,
)
from qorgau.flow.state import Renaming, said_of
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, Ref, Value, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


FILTERING = frozenset(("filter", "filter_by"))
EXISTS = "$exists"
"""The part of a queryset that tells what holds where it has a row."""

CHOOSING = frozenset(("only", "load_only"))
QUERYSET = "django.db.models.QuerySet"


# Querysets


def queryset(m: Machine, f: Frame, use: Use) -> Value:
    """A method that gives the same kind of queryset: filtered, ordered, narrowed."""
    name = use.dotted.rpartition(".")[2]
    results: list[Value] = []
    for loc, obj in querysets_of(m, f, use):
        changed = obj
        facts = facts_held(obj)
        if name in ("exclude",):
            facts = facts | excluded(m, f, use)
        elif name in ("union", "union_all"):
            for other in use.args.positional:
                for inner in other.locs():
                    facts = common_facts(facts, facts_held(m.obj(f, inner)))
        else:
            facts = facts | conditions(m, f, use)
        said = of_relation(m, use, loc) if name in FILTERING else NO_FACTS
        if said:
            changed = changed.put(EXISTS, Value(opaque=True, when_true=said))
        if facts:
            changed = changed.put(HOLDS, Value(opaque=True, when_true=facts))
        if name in CHOOSING:
            changed = changed.put(ONLY, names_among(use.args.positional))
        elif name == "defer":
            cls = class_of_items(obj)
            left = [
                n for n in (m.declared_fields(f, cls) if cls is not None else []) if n not in texts_in(use)
            ]
            changed = changed.put(ONLY, names_among([of_const(n) for n in left]))
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
            changed = selecting(m, f, use, changed)
        changed = found_by(m, f, use, loc, changed)
        if obj.type == QUERYSET and use.dotted.startswith("peewee."):
            changed = replace(changed, type="peewee.ModelSelect")
        info = site_of_row(m, f, use).merged(obj.info if isinstance(obj.info, Site) else places.EMPTY)
        kind = "django.db.models.QuerySet" if changed.type == "django.db.models.Manager" else changed.type
        changed = replace(changed, kind="library", type=kind, info=None if info.is_empty else info)
        results.append(m.new(f, use.at, changed, f"queryset{len(results)}"))
    return join_all(results) if results else m.unknown(f, use.at, frozenset(), "queryset")


def combined(m: Machine, f: Frame, use: Use) -> Value:
    """``first | second``: rows of one or the other; ``first & second``: what both let through."""
    both = use.dotted.endswith("__and__")
    results: list[Value] = []
    for _, obj in querysets_of(m, f, use):
        others = [facts_held(m.obj(f, loc)) for loc in use.arg(0).locs()] or [NO_FACTS]
        other = reduce(common_facts, others)
        facts = facts_held(obj) | other if both else common_facts(facts_held(obj), other)
        made = obj.put(HOLDS, Value(opaque=True, when_true=facts))
        results.append(m.new(f, use.at, made, f"combined{len(results)}"))
    return join_all(results) if results else m.unknown(f, use.at, frozenset(), "combined")


def exists(m: Machine, f: Frame, use: Use) -> Value:
    """``filter(pk=key, consent_given=True).exists()``: where it is true, whoever has that key has consented."""
    facts: Facts = NO_FACTS
    for _, obj in querysets_of(m, f, use):
        facts = facts | (obj.parts[EXISTS].when_true or NO_FACTS if EXISTS in obj.parts else NO_FACTS)
        for name, value in obj.parts.items():
            key = value.single()
            if isinstance(name, str) and name.startswith(NAMED) and key is not None:
                subject = subject_of(name.removeprefix(NAMED))
                facts = facts | said_of(facts_held(obj), subject, key)
                if subject != ITEM:
                    facts = facts | said_of(facts_held(obj), ITEM.child(OWNER), key)
    return OPAQUE.with_(when_true=facts)


def one(m: Machine, f: Frame, use: Use) -> Value:
    """``get``, ``first``, ``session.get(Client, key)``: one item, which its key stands for."""
    results: list[Value] = []
    sources = querysets_of(m, f, use)
    if use.args.positional and any(m.obj(f, loc).kind == "class" for loc in use.args.positional[0].locs()):
        sources = [
            (loc, Obj("library", parts={ELEMENTS: of_ref(loc)}))
            for loc in use.args.positional[0].locs()
            if m.obj(f, loc).kind == "class"
        ]
    for _, obj in sources:
        facts = conditions(m, f, use)
        for key in use.args.positional:
            facts = facts | memberships.told(key, ITEM)
        chosen = obj.put(HOLDS, Value(opaque=True, when_true=facts_held(obj) | facts)) if facts else obj
        item = item_of(m, f, chosen, use.at, f"one{len(results)}")
        if item is None:
            continue
        if ROW in chosen.parts and (use.args.positional or use.args.keywords):
            results.append(_row_found(m, f, use, item, f"row of one{len(results)}"))
            continue
        for loc in item.locs():
            found = found_by(m, f, use, None, m.obj(f, loc))
            if found is not m.obj(f, loc):
                m.write(f, loc, found, strong=True)
        results.append(item)
    return join_all(results) if results else m.unknown(f, use.at, frozenset(), "one")


def _row_found(m: Machine, f: Frame, use: Use, item: Value, label: str) -> Value:
    """``values("phone").get(pk=key)``: the columns are those of whoever the key stands for."""
    objs = {loc: m.obj(f, loc) for loc in item.locs()}
    taints = [
        *item.taints,
        *(taint for obj in objs.values() for part in obj.parts.values() for taint in part.taints),
    ]
    subjects = {taint.subject for taint in taints}
    whose = next(iter(subjects)) if len(subjects) == 1 else None
    if whose is None:
        return item
    person = m.fresh(f, use.at, f"one-{label}")
    f.state.heap[person] = found_by(m, f, use, None, m.obj(f, whose))
    renaming = Renaming(lambda loc: person if loc == whose else loc)
    rows: dict[Ref, Facts] = {}
    for number, (loc, obj) in enumerate(objs.items()):
        made = m.new(f, use.at, renaming.obj(obj), f"{label}{number}")
        rows[made.locs()[0]] = renaming.facts(item.refs[loc])
    return renaming.value(item).with_(refs=rows) if rows else renaming.value(item)


def spread(m: Machine, f: Frame, use: Use) -> list[Value]:
    """The model's fields in what a call of its manager is given as ``**data``."""
    found: list[Value] = []
    for loc in use.receiver.locs():
        cls = class_of_items(m.obj(f, loc))
        for name in m.declared_fields(f, cls) if cls is not None else ():
            if name in use.args.keywords:
                continue
            for double in use.args.double:
                value = m.item(f, double, of_const(name), use.at)
                found.append(m.named(f, value, name, BOTTOM, use.at, key=True, put=True))
    return found


BULK = ("bulk_create", "abulk_create")


def unknown_rows(m: Machine, f: Frame, use: Use) -> list[Value]:
    """Rows of the manager's model where ``bulk_create`` is given objects of which nothing is known."""
    given = use.arg(0, "objs")
    told = [f.state.obj(loc) for loc in given.locs()]
    if not use.dotted.endswith(BULK) or given.taints or any(obj is not None for obj in told):
        return []
    classes = [cls for _, obj in querysets_of(m, f, use) if (cls := class_of_items(obj)) is not None]
    return [m.new(f, use.at, Obj("unknown", cls=cls), f"row{index}") for index, cls in enumerate(classes)]


def create(m: Machine, f: Frame, use: Use) -> Value:
    """``create(...)``: an object of the model with these fields; ``get_or_create`` gives a pair."""
    results: list[Value] = []
    for _, obj in querysets_of(m, f, use):
        cls = class_of_items(obj)
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
    "queryset-combined": combined,
    "queryset-create": create,
    "queryset-exists": exists,
    "queryset-one": one,
    "queryset-values": values,
    "statement": statement,
}
