"""What a function does to what reaches it, as text: its result, what it hands on, what it changes, what it checks.

A function is run by itself with unknown arguments, as the engine does with what nobody calls. The text names
parameters and their parts; it keeps every field, transformation, constant and fact that the engine knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from qorgau import config
from qorgau.flow import calls, modules, parameters
from qorgau.flow.arrivals import Arrival
from qorgau.flow.constants import HOLE, Const
from qorgau.flow.facts import Either, Fact, Facts
from qorgau.flow.heap import Obj
from qorgau.flow.injection import unknown_arguments
from qorgau.flow.interpreter import Interpreter
from qorgau.flow.locations import Loc
from qorgau.flow.machine import ClassInfo, Closure, Frame
from qorgau.flow.memo import Outcome
from qorgau.flow.policy import Policy
from qorgau.flow.state import State
from qorgau.flow.taints import Taint
from qorgau.flow.values import TOO_MANY, Bound, Builtin, External, Ref, SuperOf, Value
from qorgau.knowledge.libraries import Catalog
from qorgau.knowledge.regions import Regions
from qorgau.knowledge.regulation import enumerable_of, in_force, load_regulation
from qorgau.linking import Program, Unit
from qorgau.lowering import lower
from qorgau.source import SourceFile

MODULE = "program"
DEPTH = 4
"""Levels of objects in objects that are shown."""


def policy_of(folder: Path) -> Policy:
    """What the configuration of a folder and the packaged rules say."""
    loaded = config.load(folder, folder, None)
    regulation = load_regulation(loaded.regulation)
    settings = in_force(loaded, regulation)
    fields = {name: spec.names or () for name, spec in settings.fields.items()}
    return Policy(
        settings,
        fields,
        enumerable_of(settings, regulation),
        tuple(settings.home or ()),
        Catalog.load(),
        Regions.load(),
    )


def summary(text: str, policy: Policy) -> str:
    """The summaries of the functions of one module, in the order of the module."""
    file = SourceFile(
        Path(f"{MODULE}.py"),
        f"{MODULE}.py",
        MODULE,
        is_package=False,
        is_test=False,
        wanted=True,
        is_notebook=False,
    )
    unit = Unit(MODULE, file, lower(text))
    m = Interpreter(policy, Program({MODULE: unit}))
    modules.initialize(m, unit)
    shown: list[str] = []
    for place in sorted(m.functions):
        obj = m.base[m.functions[place]]
        if isinstance(obj.info, Closure) and obj.info.owner is None:
            shown.append("\n".join(_function(m, obj, obj.info)))
    return "\n\n".join(shown) + "\n"


def _function(m: Interpreter, obj: Obj, closure: Closure) -> Iterator[str]:
    function = closure.function
    m.found = m.finding()
    ctx = Loc(None, ("root", closure.unit.name, function.at, ""))
    f = Frame(closure.unit, State(m.base), ctx, kind="root")
    args = unknown_arguments(m, f, closure, None)
    bound = parameters.bind_parameters(m, f, obj, closure, args, function.at)
    outcome = calls.solve(m, f, closure, bound, Loc(ctx, ("call", closure.unit.name, function.at)), None)
    yield f"{function.qualname}({', '.join(parameter.name for parameter in function.parameters)})"
    shown = Shown(m, outcome, f.state)
    if outcome.returns:
        yield f"  gives {shown.value(outcome.value)}"
        yield from (f"  {line}" for line in shown.truth(outcome.value))
    yield from (f"  {line}" for line in shown.changes())
    yield from (f"  {line}" for line in sorted(shown.arrival(arrival) for arrival in m.found.arrivals))
    if outcome.gained:
        yield f"  leaves known: {shown.facts(outcome.gained)}"
    for changed, facts, value in outcome.raised:
        raised = Shown(m, Outcome(changed=changed), f.state)
        yield f"  raises {raised.value(value)}{raised.given(facts)}"


class Shown:
    """Writes values, objects and facts in terms of a function's parameters."""

    def __init__(self, m: Interpreter, outcome: Outcome, entry: State) -> None:
        self._m = m
        self._heap: Mapping[Loc, Obj] = outcome.changed
        self._entry = entry
        self._open: list[Loc] = []

    def value(self, value: Value) -> str:
        """All that a value can be, in a fixed order."""
        parts = sorted(self._taint(taint) for taint in value.taints)
        parts += sorted(self._const(const) + self.given(facts) for const, facts in value.consts.items())
        parts += sorted(self._ref(ref) + self.given(facts) for ref, facts in value.refs.items())
        if value.consts is TOO_MANY:
            parts.append("any of many constants")
        elif value.opaque:
            parts.append("something harmless")
        if value.unknown and not value.refs:
            parts.append("something unknown")
        return " | ".join(parts) or "nothing"

    def truth(self, value: Value) -> Iterator[str]:
        """What a result says by being true or false, where it says anything that is no constant's own truth."""
        for word, facts in (("true", value.when_true), ("false", value.when_false)):
            if facts:
                yield f"is {word} only if {self.facts(facts)}"

    def _taint(self, taint: Taint) -> str:
        text = taint.field
        if taint.subject is not None:
            text += f" of {self._loc(taint.subject)}"
        if taint.reversal is not None:
            text += f", reversible by {taint.reversal.call}"
        if taint.kept is not None:
            text += f", {taint.kept} characters"
        if taint.origin:
            text += f", from a {taint.origin}"
        if taint.calls:
            text += f", through {taint.calls} unknown call{'s' if taint.calls > 1 else ''}"
        if taint.salted:
            text += ", salted"
        return f"{text} ({taint.confidence.value}){self.given(taint.facts)}"

    def _const(self, const: Const) -> str:
        return repr(const.value).replace(repr(HOLE)[1:-1], "…")

    def _ref(self, ref: Ref) -> str:
        if isinstance(ref, Loc):
            return self._loc(ref)
        if isinstance(ref, External):
            return ref.dotted
        if isinstance(ref, Builtin):
            return f"method {ref.name} of {self.value(ref.receiver)}"
        if isinstance(ref, Bound):
            return f"{self._loc(ref.function)} of {self.value(ref.receiver)}"
        assert isinstance(ref, SuperOf)
        return f"super of {self._loc(ref.cls)}"

    def _loc(self, loc: Loc) -> str:
        text = self._named(loc)
        return f"{text} of earlier passes" if loc.old and (loc.parent is None or not loc.parent.old) else text

    def _named(self, loc: Loc) -> str:
        obj = self._heap.get(loc) or self._entry.obj(loc)
        if obj is not None and isinstance(obj.info, Closure):
            return f"function {obj.info.function.qualname}"
        if obj is not None and isinstance(obj.info, ClassInfo):
            return f"class {obj.info.node.qualname}"
        if isinstance(loc.label, tuple) and loc.label:
            if loc.label[0] in ("param", "request"):
                return str(loc.label[-1])
            if loc.label[0] == "member" and loc.parent is not None:
                return f"{self._loc(loc.parent).removeprefix('class ')}.{loc.label[1]}"
            if obj is not None and (obj.kind != "unknown" or obj.parts):
                return self._object(loc, obj)
            words = [str(word) for word in loc.label if isinstance(word, str) and word != MODULE]
            return f"<{' '.join(words)}>"
        if loc.parent is None:
            return str(loc.label)
        if loc.label == "$value":
            return self._loc(loc.parent)
        if isinstance(loc.label, Const):
            return f"{self._loc(loc.parent)}[{loc.label.value!r}]"
        return f"{self._loc(loc.parent)}.{loc.label}"

    def _object(self, loc: Loc, obj: Obj) -> str:
        if loc in self._open or len(self._open) >= DEPTH:
            return f"{self._kind(obj)}(...)"
        self._open.append(loc)
        parts = [f"{self._key(key)}: {self.value(part)}" for key, part in obj.parts.items()]
        if not obj.rest.is_bottom:
            parts.append(f"any: {self.value(obj.rest)}")
        self._open.pop()
        return f"{self._kind(obj)}({'; '.join(parts)})"

    def _kind(self, obj: Obj) -> str:
        if obj.cls is not None:
            return self._loc(obj.cls).removeprefix("class ")
        return obj.type or obj.kind

    def _key(self, key: str | Const) -> str:
        return key if isinstance(key, str) else repr(key.value)

    def changes(self) -> Iterator[str]:
        """What a function changes of what it was given or of what modules hold."""
        for loc, obj in sorted(self._heap.items(), key=lambda pair: repr(pair[0])):
            before = self._entry.obj(loc)
            if before is None and self._made(loc):
                continue
            held = before.parts if before is not None else {}
            for key, part in obj.parts.items():
                if held.get(key) != part:
                    yield f"sets {self._key(key)} of {self._place(loc)} to {self.value(part)}"
            if before is not None and obj.rest != before.rest:
                yield f"puts {self.value(obj.rest)} into {self._place(loc)}"

    def _place(self, loc: Loc) -> str:
        """An object by its name alone: what it holds is said after it."""
        self._open.append(loc)
        text = self._loc(loc)
        self._open.pop()
        return text

    def _made(self, loc: Loc) -> bool:
        """Whether the function made the object: no part of a parameter, and nothing of a module."""
        inmost = [one.label for one in loc.ancestors() if isinstance(one.label, tuple)]
        return not inmost or inmost[0][0] not in ("param", "request")

    def arrival(self, arrival: Arrival) -> str:
        """One call that data reached."""
        data = " | ".join(sorted(self._taint(taint) for taint in arrival.taints))
        where = arrival.destination.name or arrival.destination.shown
        target = f"{arrival.call} ({where})" if where else arrival.call
        return f"{arrival.kind} by {target}: {data}{self.given(arrival.facts)}"

    def _other(self, thing: object) -> str:
        return self._loc(thing) if isinstance(thing, Loc) else str(thing)

    def given(self, facts: Facts) -> str:
        """A condition, empty where there is none."""
        return f" if {self.facts(facts)}" if facts else ""

    def facts(self, facts: Iterable[Fact]) -> str:
        """Facts in a fixed order."""
        return " and ".join(sorted(self._fact(fact) for fact in facts))

    def _fact(self, fact: Fact) -> str:
        if isinstance(fact.detail, Either):
            return f"({' or '.join(sorted(self.facts(way) for way in fact.detail.ways))})"
        subject = self._loc(fact.subject) if fact.subject is not None else "someone"
        if fact.kind == "true":
            return subject if fact.holds else f"not {subject}"
        if fact.kind == "test" and isinstance(fact.detail, tuple):
            operator, other = fact.detail[0], fact.detail[1]
            shown = self._const(other) if isinstance(other, Const) else self._other(other)
            return f"{'' if fact.holds else 'not '}{subject} {operator} {shown}"
        return f"{fact.kind}{'' if fact.holds else ' denied'} of {subject}"
