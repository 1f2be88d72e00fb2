"""Fields of forms and serializers by which a user chooses among rows that are there already.

What such a field gives is a row of the program's own: the user sent its key, not what is in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import inheritance, orm, relations
from qorgau.flow.declared_types import ELEMENTS
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.values import BOTTOM, Value, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

ONE_OF = "django.forms.ModelChoiceField"
SOME_OF = "django.forms.ModelMultipleChoiceField"
RELATED = "rest_framework.serializers.RelatedField"


def chosen(m: Machine, f: Frame, schema: Loc, name: str, declared: Value, at: int) -> Value | None:
    """What a field of a schema's class gives where it chooses rows; None for other fields."""
    if declared.is_bottom:
        return _by_model(m, f, schema, name, at)
    for ref in declared.locs():
        field = f.state.obj(ref)
        if field is None:
            continue
        kinds = _kinds(m, f, field)
        if kinds & {ONE_OF, RELATED}:
            many = SOME_OF in kinds or "@many" in field.parts
            return _rows(m, f, _model_of(f, field), many, name, at)
    return None


def _kinds(m: Machine, f: Frame, field: Obj) -> set[str]:
    info = m.class_info(f, field.cls) if field.cls is not None else None
    types = info.libraries if info is not None else (field.type,) if field.type else ()
    return {each for kind in types for each in m.policy.catalog.ancestry(kind)}


def _model_of(f: Frame, field: Obj) -> Loc | None:
    """The class of the rows that a field chooses from, as its query says."""
    for part in ("@queryset", "@0"):
        for loc in field.parts.get(part, BOTTOM).locs():
            obj = f.state.obj(loc)
            cls = orm.class_of_items(obj) if obj is not None else None
            if cls is not None:
                return cls
    return None


def _rows(m: Machine, f: Frame, model: Loc | None, many: bool, name: str, at: int) -> Value:
    if many and model is not None:
        rows = Obj("library", type=orm.DJANGO_ROWS, parts={ELEMENTS: of_ref(model)})
        return m.new(f, at, rows, f"rows chosen by {name}")
    one = m.new(f, at, Obj("unknown", cls=model), f"row chosen by {name}").with_(unknown=True)
    return m.new(f, at, Obj("list", rest=one), f"rows chosen by {name}") if many else one


def _by_model(m: Machine, f: Frame, schema: Loc, name: str, at: int) -> Value | None:
    """A field that the framework makes of a model's relation."""
    meta = inheritance.class_part(m, f, schema, "Meta") or BOTTOM
    for one in meta.locs():
        for model in (inheritance.class_part(m, f, one, "model") or BOTTOM).locs():
            info = m.class_info(f, model)
            part = inheritance.class_part(m, f, model, name)
            if info is None or part is None or not _is_relation(f, part):
                continue
            found = relations.related(m, f, part, info, model)
            made = m.new(f, at, found or Obj("unknown"), f"row chosen by {name}")
            return made if found is not None and found.kind == "library" else made.with_(unknown=True)
    return None


def _is_relation(f: Frame, part: Value) -> bool:
    declared = (f.state.obj(loc) for loc in part.locs())
    return any(obj is not None and obj.type in relations.KEYS for obj in declared)
