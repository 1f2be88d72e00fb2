"""The abstract interpreter: one run that follows data, constants, callables and facts at once.

The class is the door between the parts of the engine: it has what a run shares (``run``: module state,
remembered calls, what arrived at sinks) and hands each construct to the module that knows it.
It knows no construct, no library and no rule itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from qorgau import ir
from qorgau.flow import (
    activations,
    attribute_changes,
    branches,
    calls,
    class_fields,
    class_members,
    classes,
    cleaning,
    closures,
    connections,
    consent,
    container_operators,
    containers,
    contexts,
    conversions,
    declared_types,
    decorators,
    environment,
    erasure,
    expressions,
    frame_access,
    frame_columns,
    frame_expression_calls,
    frame_hooks,
    frames,
    functional,
    held_data,
    inheritance,
    instances,
    iteration,
    library_calls,
    library_objects,
    loops,
    managers,
    metaclasses,
    method_calls,
    modules,
    naming,
    nested_handlers,
    objects,
    operators,
    orm,
    protocols,
    raising,
    records,
    relations,
    resuming,
    schemas,
    scopes,
    sinks,
    statements,
    stepping,
    strings,
    subscripts,
    unknown_calls,
    used,
)
from qorgau.flow.facts import Fact, Facts
from qorgau.flow.frame_types import TABLE
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Closure, Frame, Iteration, Resumable
from qorgau.flow.run import Run
from qorgau.flow.state import FEW, State, join_states
from qorgau.flow.taints import Taints
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, External, Ref, Value
from qorgau.linking import Unit


class Interpreter(Run):
    """The door to every part of the engine, which all of them get as their first argument."""

    # Joining

    def join_states(self, left: State, right: State) -> State:
        """The least state that covers both."""
        few = 0 if self.is_selective else FEW
        return join_states(left, right, lambda state, loc, obj, key: self._default(state, loc, obj, key), few)

    def _default(self, state: State, loc: Loc, obj: Obj, key: Key) -> Value:
        if obj.kind == TABLE:
            return frames.default(self, state, loc, obj, key)
        return objects.default_part(state, loc, obj, key)

    # Running

    def execute(self, f: Frame, body: Sequence[ir.Stmt]) -> None:
        """Run statements."""
        statements.execute(self, f, body)

    def evaluate(self, f: Frame, node: ir.Expr) -> Value:
        """The value of an expression."""
        return expressions.evaluate(self, f, node)

    def evaluate_in(self, f: Frame, unit: Unit, node: ir.Expr) -> Value:
        """The value of an expression of a module, evaluated in its scope."""
        frame = Frame(unit, f.state, f.ctx, kind="module", loc=modules.module_loc(unit.name))
        value = self.evaluate(frame, node)
        f.state = frame.state
        return value

    def evaluate_arguments(self, f: Frame, node: ir.Call) -> Args:
        """The arguments of a call."""
        return expressions.arguments(self, f, node)

    def arguments(self, values: list[Value]) -> Args:
        """Positional arguments."""
        return Args(values)

    def quiet(self, f: Frame, node: ir.Expr, unit: Unit) -> Value:
        """The value of a name in a module's own scope, for annotations."""
        frame = Frame(unit, f.state.copy(), f.ctx, kind="module", loc=modules.module_loc(unit.name))
        return expressions.evaluate(self, frame, node)

    def decide(self, f: Frame, node: ir.Expr) -> tuple[State, State]:
        """The states where a test is true and where it is false."""
        return branches.decide(self, f, node)

    def truth(self, f: Frame, value: Value, truth: bool) -> Facts | None:
        """What holds when a value is true (or false); None when it can't be."""
        return branches.truth_facts(self, f, value, truth)

    def repeated(self, f: Frame, run: Callable[[], Value]) -> Value:
        """The result of something that runs any number of times."""
        return loops.repeated(self, f, run)

    def perhaps(self, f: Frame, run: Callable[[], Value]) -> Value:
        """The result of something that may be done or not: what it changes may be as it was before."""
        before = f.state.copy()
        value = run()
        f.state = self.join_states(before, f.state) if f.state.reachable else before
        return value

    def may_raise(self, f: Frame, statement: ir.Stmt) -> bool:
        """Whether a statement can raise by itself."""
        key = (f.unit.name, statement.at)
        found = self.raising.get(key)
        if found is None:
            found = self.raising[key] = raising.may_raise(statement)
        return found

    def risk(self) -> None:
        """Something was done that may raise an exception of any kind."""
        self.risks += 1

    def skipped(self, f: Frame, statement: ir.Stmt) -> None:
        """A statement that no path reaches is not judged."""
        self.count("statements never reached")

    # Names and scopes

    def load(self, f: Frame, name: str, at: int) -> Value:
        """The value of a name."""
        return scopes.load(self, f, name, at)

    def store(self, f: Frame, name: str, value: Value, at: int) -> None:
        """Bind a name."""
        scopes.store(self, f, name, value, at)

    def bind_local(self, f: Frame, target: ir.Expr, value: Value) -> None:
        """Bind the target of a comprehension."""
        scopes.bind_local(self, f, target, value)

    def peek(self, f: Frame, name: str) -> Value | None:
        """The value of a local variable, None where it has none."""
        return scopes.peek(self, f, name)

    def poke(self, f: Frame, name: str, value: Value) -> None:
        """Replace the value of a local variable by a narrower one."""
        scopes.poke(self, f, name, value)

    def unbind(self, f: Frame, name: str) -> None:
        """``del name``"""
        scopes.unbind(self, f, name)

    def deleted(self, f: Frame, name: str, at: int) -> None:
        """What a name that is deleted held may end."""
        held = self.peek(f, name)
        if held is not None and held.refs:
            protocols.deleted(self, f, held, at)

    def local_variables(self, f: Frame) -> dict[str, Value]:
        """``locals()``"""
        return scopes.local_variables(self, f)

    def declare(self, f: Frame, name: str, annotation: ir.Expr, has_value: bool) -> None:
        """An annotated name of a class or module."""
        scopes.declare(self, f, name, annotation, has_value)

    def names_of(self, f: Frame, ref: Ref) -> list[str]:
        """The dotted names that a function, method or class goes by."""
        return scopes.names_of(self, f, ref)

    def owner_of(self, f: Frame) -> Loc | None:
        """The class whose method is running."""
        return scopes.owner_of(self, f)

    # Modules

    def locate(self, f: Frame, dotted: str) -> str | None:
        """The module of the program that an import means, None for a library's."""
        return modules.locate(self, f, dotted)

    def import_module(self, f: Frame, dotted: str) -> Value:
        """``import dotted``"""
        return modules.import_module(self, f, dotted)

    def import_name(self, f: Frame, dotted: str, name: str, at: int) -> Value:
        """``from dotted import name``"""
        return modules.import_name(self, f, dotted, name, at)

    def import_star(self, f: Frame, dotted: str, at: int) -> None:
        """``from dotted import *``"""
        modules.import_star(self, f, dotted, at)

    def module_part(self, f: Frame, loc: Loc, name: str, at: int) -> Value:
        """``module.name``"""
        return modules.module_part(self, f, loc, name, at)

    def set_module_part(self, f: Frame, loc: Loc, name: str, value: Value, strong: bool) -> None:
        """``module.name = value``"""
        modules.set_module_part(self, f, loc, name, value, strong)

    def adopt(self, f: Frame, value: Value, source: Frame) -> None:
        """Bring the objects behind a value of a half-run module into this state."""
        modules.adopt(f, value, source)

    # Calls

    def call(self, f: Frame, callee: Value, args: Args, at: int) -> Value:
        """``callee(args)``"""
        return calls.call(self, f, callee, args, at)

    def call_apart(self, f: Frame, callee: Value, at: int, label: object, args: Args | None = None) -> Value:
        """``callee()`` at a node that makes other objects too: what it makes is told apart by ``label``."""
        passes, f.passes = f.passes, (*f.passes, label)
        value = calls.call(self, f, callee, args or Args(), at)
        f.passes = passes
        return value

    def call_method(self, f: Frame, receiver: Value, name: str, args: Args, at: int) -> Value:
        """``receiver.name(args)``"""
        return method_calls.call_method(self, f, receiver, name, args, at)

    def unknown_call(
        self, f: Frame, name: str, callee: Value, args: Args, at: int, *, known: bool = False
    ) -> Value:
        """A call of something unknown: data passes, with lower confidence."""
        return unknown_calls.unknown_call(self, f, name, callee, args, at, known=known)

    def call_made(self, f: Frame, obj: Obj, args: Args, at: int) -> Value:
        """Call an ``itemgetter`` and its like."""
        if obj.type == frame_expression_calls.FUNCTION:
            return frame_expression_calls.call_function(self, f, obj, args, at)
        return functional.call_made(self, f, obj, args, at)

    def resume(self, f: Frame, loc: Loc, obj: Obj, sent: Value, at: int) -> Value:
        """``generator.send(sent)``"""
        return stepping.send(self, f, loc, obj, sent, at)

    def throw_into(self, f: Frame, loc: Loc, obj: Obj, thrown: Value, at: int) -> Value:
        """``generator.throw(thrown)``"""
        return resuming.throw(self, f, loc, obj, thrown, at)

    def advance_generator(self, f: Frame, loc: Loc, at: int) -> Value:
        """``next(iterator)`` of a builtin kind."""
        return stepping.advance(self, f, loc, at)

    def finish_generator(self, f: Frame, loc: Loc, at: int) -> None:
        """Run what is left of a generator that was asked for its values one by one."""
        stepping.finish(self, f, loc, at)

    def at_yield(self, f: Frame, value: Value) -> Value:
        """``yield value``"""
        return resuming.at_yield(self, f, value)

    def at_delegation(self, f: Frame, value: Value, at: int) -> Value | None:
        """``yield from value`` where it hears what is sent."""
        return resuming.at_delegation(self, f, value, at)

    def throw(self, f: Frame, info: Resumable, error: Value, at: int) -> None:
        """``generator.throw(error)``"""
        activations.throw(self, f, info, error, at)

    def called(self, f: Frame, node: ir.Call, receiver: Value, args: Args) -> None:
        """A method was called, whatever is known of its object."""
        erasure.unknown_method(self, f, node, receiver, args)

    def compared(self, f: Frame, value: Value) -> None:
        """A value decides something."""
        used.compared(self, f, value)

    def calculated(self, f: Frame, value: Value) -> None:
        """A value is calculated with."""
        used.calculated(self, f, value)

    def entered(self, f: Frame, loc: Loc, closure: Closure, receiver: Value | None) -> Closure:
        """A function as it is run: with the facts that hold inside because of what it is."""
        return erasure.entered(self, f, loc, closure, receiver)

    def configured_call(
        self, f: Frame, loc: Loc, closure: Closure, receiver: Value | None, args: Args, at: int
    ) -> Value | None:
        """The result of a function that the configuration speaks of; None for others."""
        names = scopes.call_names(self, f, loc, closure, receiver)
        return consent.configured(self, f, names, receiver, args, at, closure)

    def configured_class(self, f: Frame, cls: Loc, args: Args, at: int) -> Value | None:
        """The result of making an object of a class that the configuration speaks of; None for others."""
        names = scopes.names_of(self, f, cls)
        role = self.policy.role(names)
        if role is None or role.kind == "require" or consent.in_methods(self.policy, names, role):
            return None
        return consent.configured(self, f, names, None, args, at, None)

    def concluded_class(self, f: Frame, cls: Loc, args: Args, made: Value, at: int) -> Value:
        """A new object whose class asks for consent when its ``with`` block is entered."""
        names = scopes.names_of(self, f, cls) if self.policy.concludes else []
        return consent.held(self, f, names, args, made, inheritance.class_part(self, f, cls, "__init__"))

    def concluded(
        self, f: Frame, loc: Loc, closure: Closure, receiver: Value | None, args: Args, value: Value, at: int
    ) -> Value:
        """The result of a function of the project, with what the configuration says of the function."""
        if not self.policy.concludes:
            return value
        names = scopes.call_names(self, f, loc, closure, receiver)
        return consent.concluded(self, f, names, receiver, args, value, at, closure)

    def special_construct(self, f: Frame, cls: Loc, info: ClassInfo, args: Args, at: int) -> Value | None:
        """What calling a class gives where that is no new object."""
        return classes.special_construct(self, f, cls, info, args, at)

    def library_init(self, f: Frame, receiver: Value, libraries: list[str], args: Args, at: int) -> None:
        """``super().__init__(...)`` that reaches a library's class."""
        library_objects.initialize(self, f, receiver, libraries, args, at)

    def constructed(self, f: Frame, cls: Loc, info: ClassInfo, made: Value, args: Args, at: int) -> None:
        """A new object whose class inherits its constructor from a library."""
        library_objects.constructed(self, f, cls, info, made, args, at)

    def operator_method(self, f: Frame, name: str, left: Value, right: Value | None, at: int) -> Value | None:
        """The result of an operator that a class defines; None where none does."""
        return operators.overloaded(self, f, name, left, right, at)

    def augment(self, f: Frame, op: str, current: Value, value: Value, at: int) -> Value:
        """``current op= value``"""
        return operators.augment(self, f, op, current, value, at)

    def combine_containers(self, f: Frame, op: str, left: Value, right: Value, at: int) -> Value | None:
        """Operators on lists, dicts and sets."""
        return container_operators.combine(self, f, op, left, right, at)

    def contains(self, f: Frame, container: Value, key: Value) -> bool | None:
        """``key in container``, if certain."""
        return containers.contains(self, f, container, key)

    def looked_for(self, f: Frame, item: Value, container: Value, at: int) -> None:
        """``item in container`` asks the objects whether they are equal."""
        protocols.looked_for(self, f, item, container, at)

    def hashed(self, f: Frame, item: Value, at: int) -> None:
        """An object becomes an item of a set."""
        protocols.hashed(self, f, item, at)

    def as_key(self, f: Frame, container: Value, key: Value, at: int) -> Value:
        """A key as ``container[key]`` takes it."""
        return protocols.as_key(self, f, container, key, at)

    def is_object(self, f: Frame, ref: Ref) -> bool:
        """Whether a reference is certainly not None."""
        return not isinstance(ref, Loc) or ((obj := f.state.obj(ref)) is not None and obj.kind != "unknown")

    # Functions and classes

    def function(self, f: Frame, function: ir.Function, decorate: bool) -> Value:
        """A function as a value."""
        return closures.define_function(self, f, function, decorate)

    def defined(self, f: Frame, loc: Loc, closure: Closure) -> None:
        """A function came to be; those of modules and classes can be analysed on their own."""
        if f.kind != "function" and not self.active:
            self.functions.setdefault((f.unit.name, closure.function.at), loc)

    def is_entry_method(self, info: ClassInfo, name: str) -> bool:
        """Whether a framework calls a method of a class because of what the class inherits."""
        entries = [self.policy.catalog.entry_base(library) for library in info.libraries]
        return any(
            fnmatchcase(name, pattern) for entry in entries if entry is not None for pattern in entry.methods
        )

    def finished(self, f: Frame, function: ir.Function, value: Value, loc: Loc) -> None:
        """All decorators are applied; what a decorator of the project puts in the place of a function is called."""
        if f.kind == "function" or self.active or loc in value.refs:
            return
        kinds = [obj.kind if (obj := f.state.obj(one)) is not None else "" for one in value.locs()]
        if kinds and len(kinds) == len(value.refs) and set(kinds) <= {"function", "partial", "instance"}:
            self.wrapped.setdefault((f.unit.name, function.at), value)

    def decorated(self, f: Frame, decorator: ir.Expr, value: Value, loc: Loc, function: ir.Function) -> Value:
        """A function after one of its decorators."""
        return decorators.decorated(self, f, decorator, value, loc, function)

    def decorate(self, f: Frame, decorator: Value, function: Value, at: int) -> Value:
        """What a decorator of the program puts in the place of a function."""
        before, self.decorating = self.decorating, self.decorating or f.kind != "function"
        result = self.call(f, decorator, Args([function]), at)
        self.decorating = before
        return result

    def marked(self, f: Frame, loc: Loc, names: tuple[str, ...], value: Value) -> None:
        """A function, of which others have made ``value``, has decorators that were not applied."""
        scopes.mark(self, f, loc, names)
        nested_handlers.registered(self, f, loc, names, value)

    def decorator_arguments(self) -> None:
        """The arguments of a library's decorator are handed to the library."""
        self.count("library decorators with arguments")

    def define_class(self, f: Frame, node: ir.Class) -> Value:
        """A class as a value."""
        return classes.define_class(self, f, node)

    def class_defined(self, f: Frame, loc: Loc, info: ClassInfo) -> None:
        """A class came to be."""
        self.classes.add(loc, info)
        relations.note(self, f, loc, info)

    def related(self, f: Frame, part: Value, info: ClassInfo, owner: Loc) -> Obj | None:
        """What a declared relation or file is in a row; None for other declarations."""
        return relations.related(self, f, part, info, owner)

    def seen_from(self, f: Frame, info: ClassInfo, name: str) -> Obj | None:
        """What rows of a class see of another's by a relation that is declared there."""
        return relations.seen_from(self, f, info, name)

    def mark_class(self, f: Frame, loc: Loc, names: tuple[str, ...]) -> None:
        """A class has decorators that were not applied."""
        classes.mark(self, f, loc, names)

    def class_info(self, f: Frame, loc: Loc) -> ClassInfo | None:
        """What makes a class; None for what is no class of the project."""
        obj = f.state.obj(loc)
        return obj.info if obj is not None and isinstance(obj.info, ClassInfo) else None

    def of_metaclass(self, f: Frame, cls: Loc, name: str, at: int) -> Value | None:
        """An attribute that a class has from its metaclass."""
        return metaclasses.part(self, f, cls, name, at)

    def class_by_name(self, name: str) -> Obj | None:
        """An unknown object of the only class of this name (``app.Model`` or ``Model``)."""
        return classes.by_name(self, name)

    def holds_data(self, f: Frame, cls: Loc) -> bool:
        """Whether a class is made to hold data."""
        return class_fields.holds_data(self, f, cls)

    def classes_held(self, f: Frame, cls: Loc, name: str) -> list[Loc]:
        """The classes of what an attribute of a class holds."""
        return declared_types.classes_held(self, f, cls, name)

    def generic_part(self, f: Frame, obj: Obj, name: str) -> Obj | None:
        """What an attribute of an object of a generic class holds."""
        return declared_types.generic_part(self, f, obj, name)

    def annotated_class(self, f: Frame, cls: Loc, name: str) -> Value | None:
        """The class that an attribute is declared to be; None for other attributes."""
        return declared_types.annotated_class(self, f, cls, name)

    def declared_class(self, f: Frame, cls: Loc, name: str) -> Obj | None:
        """The described object of a declared attribute."""
        return declared_types.declared_class(self, f, cls, name)

    def declared_fields(self, f: Frame, cls: Loc) -> list[str]:
        """The fields of a class in the order of its constructor."""
        return class_fields.declared_fields(self, f, cls)

    def constructor_fields(self, f: Frame, cls: Loc) -> list[str]:
        """The fields that positional arguments of a class stand for."""
        return class_fields.constructor_fields(self, f, cls)

    def takes_fields(self, f: Frame, cls: Loc) -> bool:
        """Whether the constructor of a class takes its declared fields in order."""
        return class_fields.takes_fields(self, f, cls)

    def passing_fields(self, f: Frame, cls: Loc) -> list[str]:
        """The arguments of a dataclass that only ``__post_init__`` gets."""
        return class_fields.passing_fields(self, f, cls)

    def field_of_alias(self, f: Frame, cls: Loc, name: str) -> str:
        """The field that a keyword of a model means."""
        return class_fields.field_of_alias(self, f, cls, name)

    def default_of(self, f: Frame, default: Value, at: int) -> Value | None:
        """The value of a declared default."""
        return class_fields.default_of(self, f, default, at)

    def describe(self, f: Frame, value: Value, annotation: ir.Expr, unit: Unit) -> None:
        """Give an unknown object the class of an annotation."""
        declared_types.describe(self, f, value, annotation, unit)

    def annotated(self, f: Frame, value: Value, annotation: ir.Expr) -> Value:
        """A value assigned to an annotated name."""
        declared_types.describe(self, f, value, annotation, f.unit)
        return value

    def overriding(self, f: Frame, cls: Loc, name: str) -> tuple[Loc, ...]:
        """Subclasses in the program that have a method of their own in place of a class's."""
        return classes.overriding(self, f, cls, name)

    def narrow_class(self, f: Frame, value: Value, cls: Value, truth: bool = True) -> Value:
        """A value known to be of a class (or not to be of it)."""
        return instances.narrow_class(self, f, value, cls, truth)

    def is_instance(self, f: Frame, value: Value, cls: Value) -> bool | None:
        """``isinstance``, if certain."""
        return instances.is_instance(self, f, value, cls)

    def match_args(self, f: Frame, cls: Value) -> list[str]:
        """What positional patterns of a class stand for."""
        return class_fields.match_args(self, f, cls)

    def class_of(self, f: Frame, value: Value) -> Value:
        """``type(value)``"""
        return classes.class_of(self, f, value)

    def bind_partial(self, f: Frame, ref: Loc, receiver: Value, at: int) -> Value:
        """A ``partialmethod`` seen through an object."""
        return classes.bind_partial(self, f, ref, receiver, at)

    # Parts of objects

    def attribute(self, f: Frame, value: Value, name: str, at: int) -> Value:
        """``value.name``"""
        return objects.attribute(self, f, value, name, at)

    def set_attribute(self, f: Frame, value: Value, name: str, new: Value, at: int) -> None:
        """``value.name = new``"""
        erasure.attribute_set(self, f, value, name, new, at)
        attribute_changes.set_attribute(self, f, value, name, new, at)

    def delete_attribute(self, f: Frame, value: Value, name: str, at: int) -> None:
        """``del value.name``"""
        attribute_changes.delete_attribute(self, f, value, name, at)

    def column_kept(self, f: Frame, loc: Loc, cls: Loc, name: str, new: Value, at: int) -> Value:
        """What a row of a table keeps of what one of its attributes is set to."""
        return conversions.set_column(self, f, loc, cls, name, new, at)

    def changed(self, f: Frame, loc: Loc, obj: Obj, name: str, new: Value, at: int) -> None:
        """An attribute was written."""
        library_objects.attribute_set(self, f, loc, obj, name, new, at)

    def library_set(self, f: Frame, dotted: str, new: Value, at: int) -> None:
        """``library.name = new``"""
        connections.library_set(self, f, dotted, new, at)

    def item(self, f: Frame, value: Value, key: Value, at: int) -> Value:
        """``value[key]``"""
        return subscripts.item(self, f, value, key, at)

    def set_item(self, f: Frame, value: Value, key: Value, new: Value, at: int) -> None:
        """``value[key] = new``"""
        subscripts.set_item(self, f, value, key, new, at)

    def delete_item(self, f: Frame, value: Value, key: Value, at: int) -> None:
        """``del value[key]``"""
        subscripts.delete_item(self, f, value, key, at)

    def item_set(self, f: Frame, loc: Loc, obj: Obj, key: Value, new: Value, at: int) -> None:
        """An item of an object that is no builtin container was written."""
        library_objects.item_set(self, f, loc, obj, key, new, at)

    def slice(self, f: Frame, value: Value, bounds: Sequence[Value | None], at: int) -> Value:
        """``value[lower:upper:step]``"""
        return containers.slice_of(self, f, value, bounds, at)

    def sequence(
        self, f: Frame, at: int, kind: str, items: Sequence[Value], rest: Value | None, label: str = "new"
    ) -> Value:
        """A new sequence."""
        return containers.sequence(self, f, at, kind, items, rest, label)

    def append(self, f: Frame, container: Value, value: Value, *, exact: bool = True) -> None:
        """Add an item to the result of a comprehension."""
        for loc in container.locs():
            self.write(f, loc, containers.appended(self.obj(f, loc), value, True, exact), strong=True)

    def exact_dict(self, f: Frame, value: Value) -> dict[str, Value] | None:
        """The entries of a dict whose keys are all known."""
        return containers.exact_dict(self, f, value)

    def as_dict(self, f: Frame, value: Value, at: int) -> Value:
        """The fields of an object as a dict."""
        return records.as_dict(self, f, value, at)

    def is_model_of_fields(self, f: Frame, cls: Loc) -> bool:
        """Whether a class is a model of pydantic: its objects are iterated over as pairs."""
        return class_fields.is_pydantic(self, f, cls)

    def namespace(self, f: Frame, owner: Loc, at: int) -> Value:
        """The attributes of an object as a dict."""
        return records.namespace(self, f, owner, at)

    def iterate(self, f: Frame, value: Value, at: int) -> Iteration:
        """What iterating gives."""
        return iteration.iterate(self, f, value, at)

    def iterator(self, f: Frame, value: Value, at: int) -> Value:
        """``iter(value)`` where the project's own code iterates, else the value."""
        return iteration.iterator(self, f, value, at)

    def advance(self, f: Frame, value: Value, at: int) -> tuple[Value, State]:
        """The next item of an iteration, and the state in which there is none."""
        return iteration.advance(self, f, value, at)

    def element_class(self, f: Frame, obj: Obj) -> Loc | None:
        """The class of an unknown collection's items."""
        return library_objects.element_class(f, obj)

    def describe_element(self, f: Frame, loc: Loc, obj: Obj, element: Loc, at: int) -> None:
        """Record what is known of an item of an unknown collection."""
        library_objects.describe_element(self, f, loc, obj, element, at)

    # Texts, tasks and contexts

    def text(self, f: Frame, value: Value, at: int, *, representation: bool = False) -> Value:
        """``str(value)`` or ``repr(value)``"""
        return strings.text(self, f, value, at, representation=representation)

    def formatted(self, f: Frame, value: Value, spec: Value, at: int, *, conversion: str = "") -> Value:
        """``format(value, spec)``, after ``!r``, ``!s`` or ``!a``"""
        return strings.formatted(self, f, value, spec, at, conversion=conversion)

    def awaited(self, f: Frame, value: Value, at: int) -> Value:
        """``await value``"""
        return contexts.awaited(self, f, value, at)

    def yielded(self, f: Frame, value: Value, *, many: bool = False) -> None:
        """``yield value``"""
        contexts.yielded(self, f, value, many=many)

    def generator_result(self, f: Frame, value: Value) -> Value:
        """What a generator returns to ``yield from``."""
        return contexts.generator_result(f, value)

    def enter(self, f: Frame, context: Value, at: int) -> tuple[Value, contexts.Entered]:
        """Enter a ``with`` block."""
        return contexts.enter(self, f, context, at)

    def leave(self, f: Frame, context: Value, token: contexts.Entered, at: int, failed: bool) -> None:
        """Leave a ``with`` block."""
        contexts.leave(self, f, context, token, at, failed)

    def exception(self, f: Frame, raised: Value, kind: Value, at: int, elsewhere: bool = True) -> Value:
        """What ``except kind as name`` binds."""
        return contexts.exception(self, f, raised, kind, at, elsewhere)

    def raised(self, f: Frame, value: Value, at: int) -> None:
        """An exception is raised: its text is a log."""
        sinks.raised(self, f, value, at)

    # Personal data

    def is_queryset(self, f: Frame, obj: Obj) -> bool:
        """Whether an object is a manager or queryset, also of a class of the project."""
        return managers.is_manager(self, f, obj)

    def queryset_start(self, f: Frame, use: Use, loc: Loc, obj: Obj) -> list[tuple[Loc, Obj]] | None:
        """What a manager of the project starts from; None for others."""
        return managers.started(self, f, use, loc, obj)

    def manager_of(self, f: Frame, model: Loc, name: str, ref: Loc) -> Loc | None:
        """The manager that a model has under a name; None where the class attribute is no manager."""
        return managers.of_model(self, f, model, name, ref)

    def query_of(self, f: Frame, model: Loc, name: str) -> Loc | None:
        """A query of a model that its class declares under a name; None for other attributes."""
        return managers.query_of(self, f, model, name)

    def is_model(self, f: Frame, loc: Loc) -> bool:
        """Whether an object is a row of a table."""
        return orm.is_model(self, f, loc)

    def named(
        self,
        f: Frame,
        value: Value,
        name: str,
        owner: Value,
        at: int,
        *,
        key: bool = False,
        put: bool = False,
    ) -> Value:
        """What the name of a part says of its value."""
        if not put:
            used.read(self, f, name, owner)
        value = naming.named(self, f, value, name, owner, at, key=key, put=put)
        return value if put else consent.attribute(self, f, value, name, owner)

    def parameter_named(self, f: Frame, closure: Closure, parameter: ir.Parameter, value: Value) -> Value:
        """What a parameter's name says of its value."""
        return naming.parameter_named(self, f, closure, parameter, value)

    def contents(self, f: Frame, value: Value) -> Taints:
        """Everything personal that a value holds."""
        return held_data.contents(self, f, value, 0)

    def consent_fact(self, f: Frame, names: list[str], args: Args, target: Value) -> Fact:
        """What a configured decorator of consent establishes inside the function."""
        return consent.guarded(self, f, names, args, target)

    # Libraries

    def library_call(self, f: Frame, dotted: str, receiver: Value, args: Args, at: int) -> Value:
        """A call of a library's function or method."""
        return library_calls.call(self, f, dotted, receiver, args, at)

    def library_attribute(
        self, f: Frame, ref: External, name: str, at: int, found: External | None = None
    ) -> Value:
        """``library.name``"""
        return library_objects.attribute(self, f, ref, name, at, found)

    def library_class_attribute(self, f: Frame, loc: Loc, library: str, name: str, at: int) -> Value:
        """An attribute that a class of the project inherits from a library's."""
        return library_objects.class_attribute(self, f, loc, library, name, at)

    def schema(self, f: Frame, cls: Loc, info: ClassInfo, args: Args, at: int) -> Value | None:
        """A new serializer, schema or form; None for other classes."""
        return schemas.construct(self, f, cls, info, args, at)

    def inherited_attribute(
        self, f: Frame, loc: Loc, obj: Obj, libraries: tuple[str, ...], name: str, at: int
    ) -> Value | None:
        """An attribute that an object has from its library bases, as far as rows tell."""
        found = cleaning.attribute(self, f, loc, obj, libraries, name, at)
        return (
            found
            if found is not None
            else library_objects.inherited_attribute(self, f, loc, obj, libraries, name)
        )

    def library_item(self, f: Frame, ref: External, key: Value, at: int) -> Value:
        """``library.name[key]``"""
        return library_objects.item(self, f, ref, key, at)

    def set_library_item(self, f: Frame, ref: External, key: Value, new: Value, at: int) -> None:
        """``library.name[key] = new``"""
        library_calls.call(self, f, f"{ref.dotted}.__setitem__", BOTTOM, Args([key, new]), at)

    def typed_attribute(self, f: Frame, loc: Loc, obj: Obj, name: str, at: int) -> Value:
        """An attribute of an object of a library's type."""
        return library_objects.typed_attribute(self, f, loc, obj, name, at)

    def typed_item(self, f: Frame, loc: Loc, obj: Obj, key: Value, at: int) -> Value | None:
        """An item of an object of a library's type; None where its rows don't say."""
        return library_objects.typed_item(self, f, loc, obj, key, at)

    def behaviour_of(self, dotted: str) -> str:
        """The behaviour that a row gives a name; empty for none."""
        row = self.policy.catalog.behaviour(dotted)
        return row.does if row is not None else ""

    def settings_field(
        self, f: Frame, info: ClassInfo, name: str, default: Value | None, declared: Value | None, at: int
    ) -> Value | None:
        """A field of a class of settings that the environment fills."""
        return environment.settings_field(self, f, info, name, default, declared, at)

    # Tables

    def frame_item(self, f: Frame, loc: Loc, obj: Obj, key: Value, at: int) -> Value:
        """``table[key]``"""
        return frame_hooks.item(self, f, loc, obj, key, at)

    def set_frame_item(
        self, f: Frame, loc: Loc, obj: Obj, key: Value, new: Value, at: int, strong: bool
    ) -> None:
        """``table[key] = new``"""
        frame_hooks.set_item(self, f, loc, obj, key, new, at, strong)

    def drop_frame_columns(self, f: Frame, loc: Loc, obj: Obj, key: Value) -> None:
        """``del table[key]``"""
        frame_hooks.delete_item(self, f, loc, obj, key)

    def iterate_frame(self, f: Frame, loc: Loc, obj: Obj, at: int) -> Iteration:
        """What iterating over a table gives."""
        return frame_hooks.iterate(self, f, loc, obj, at)

    def frame_attribute(self, f: Frame, loc: Loc, obj: Obj, name: str, at: int) -> Value | None:
        """``table.name``; None where the library's rows say what it is."""
        return frame_hooks.attribute(self, f, loc, obj, name, at)

    def set_frame_attribute(
        self, f: Frame, loc: Loc, obj: Obj, name: str, new: Value, at: int, strong: bool
    ) -> bool:
        """``table.name = new``; False where that is no part of a table."""
        return frame_hooks.set_attribute(self, f, loc, obj, name, new, at, strong)

    def is_named_tuple(self, f: Frame, cls: Loc) -> bool:
        """Whether objects of a class are tuples whose items have names."""
        return bool(class_members.TUPLES & set(inheritance.class_libraries(self, f, cls)))

    def frame_slice(
        self, f: Frame, loc: Loc, obj: Obj, bounds: Sequence[int | None], known: bool, at: int
    ) -> Value:
        """``table[1:5]``"""
        return frame_hooks.sliced(self, f, loc, obj, bounds, known, at)

    def column_operator(self, f: Frame, op: str, left: Value, right: Value, at: int) -> Value | None:
        """An operator between columns; None where neither side is one."""
        return frame_columns.binary(self, f, op, left, right, at)

    def column_choice(self, f: Frame, op: str, left: Value, right: Value, at: int) -> Value | None:
        """``table.columns != "iin"``: what chooses columns; None for other comparisons."""
        return frame_columns.of_names(self, f, op, left, right, at)

    def unified_table(self, f: Frame, value: Value, at: int) -> Value | None:
        """Several tables that a variable can stand for as one; None where they are something else."""
        return frame_access.unified(self, f, value, at)

    def names_method(self, f: Frame, obj: Obj, name: str, args: Args, at: int) -> Value | None:
        """A method of the names of a table's columns; None where they are something else."""
        return frame_hooks.names_method(self, f, obj, name, args, at)

    def telling_method(
        self, f: Frame, loc: Loc, obj: Obj | None, name: str, args: Args, at: int
    ) -> Value | None:
        """A method of an unknown object that only tables have; None for other methods."""
        return frame_hooks.telling(self, f, loc, obj, name, args, at)

    def columns_of_unknown(self, f: Frame, loc: Loc, obj: Obj | None, key: Value, at: int) -> Value | None:
        """``thing[["iin", "phone"]]`` of an unknown object; None for other keys."""
        return frame_hooks.chosen(self, f, loc, obj, key, at)

    def frame_as_written(self, f: Frame, dotted: str, receiver: Value, args: Args, at: int) -> Value:
        """What a table writes of itself, by the arguments of the method that writes it."""
        return frame_hooks.as_written(self, f, dotted, receiver, args, at)

    def indexer_of_unknown(self, f: Frame, loc: Loc, obj: Obj | None, key: Value) -> Obj | None:
        """``thing.loc`` of an unknown object that is given rows and columns; None for everything else."""
        return frame_hooks.indexer_of_unknown(self, f, loc, obj, key)

    def frame_method(self, f: Frame, loc: Loc, obj: Obj, name: str, args: Args, at: int) -> Value | None:
        """A method of a row or an indexer; None where rows of the library know it."""
        return frame_hooks.method(self, f, loc, obj, name, args, at)
