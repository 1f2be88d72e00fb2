"""What a run has found as bytes, and back again in a later run over nearly the same program.

Code is not written, only which function or class it is, and a digest of it: what is read again speaks of the
code of the program that reads it, or is refused where that is another. Reading makes nothing but the engine's own
values, whoever wrote the bytes: a cache may come from anywhere.
"""

from __future__ import annotations

import copyreg
import enum
import io
import pickle
import sys
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import msgspec

from qorgau import ir
from qorgau.cache import digest
from qorgau.flow.constants import Holed, with_fields
from qorgau.flow.locations import Loc
from qorgau.flow.machine import ClassInfo, Closure
from qorgau.flow.taints import Taint, Taints, Trace
from qorgau.flow.values import TOO_MANY, Consts, Value
from qorgau.linking import Program, Unit, walk

VALUES = (msgspec.Struct, tuple, enum.Enum, Loc, Trace, Value)
"""Kinds of classes of which objects are made in reading: making one does nothing else."""

PLAIN = frozenset((("builtins", "set"), ("builtins", "frozenset")))


class ChangedError(Exception):
    """What is read speaks of code that the program no longer has, or is no writing of this module."""


def digest_of(what: object) -> str:
    """A digest of nodes of code, and of plain values that hold some."""
    return digest((msgspec.msgpack.encode(what, order="sorted"),))


class Code:
    """The functions and classes of a program by their places, with digests of what they say."""

    def __init__(self, program: Program, classes: Iterable[ClassInfo]) -> None:
        self._program = program
        self._classes = {(info.unit.name, info.node.at): info for info in classes}
        self._functions: dict[str, dict[int, ir.Function]] = {}
        self._digests: dict[tuple[str, int], str] = {}

    def unit(self, name: str) -> Unit:
        """The module of this name. Raises ChangedError where there is none."""
        unit = self._program.units.get(name)
        if unit is None:
            raise ChangedError(name)
        return unit

    def function(self, unit: str, at: int) -> ir.Function:
        """The function at a place. Raises ChangedError where there is none."""
        known = self._functions.get(unit)
        if known is None:
            body = self.unit(unit).module.body
            known = self._functions[unit] = {
                node.at: node for node in walk(body) if isinstance(node, ir.Function)
            }
        if at not in known:
            raise ChangedError(unit)
        return known[at]

    def info(self, unit: str, at: int) -> ClassInfo:
        """The class at a place. Raises ChangedError where there is none."""
        info = self._classes.get((unit, at))
        if info is None:
            raise ChangedError(unit)
        return info

    def said_by(self, unit: str, node: ir.Function | ir.Class) -> str:
        """What a function says, or a class but for the bodies of its functions."""
        key = (unit, node.at)
        found = self._digests.get(key)
        if found is None:
            found = self._digests[key] = digest_of(_bare(node))
        return found


def _bare(node: ir.Function | ir.Class) -> ir.Function | ir.Class:
    """A class without the bodies of the functions in it; a function as it is."""
    if isinstance(node, ir.Function):
        return node
    return msgspec.structs.replace(node, body=tuple(_without_bodies(node.body)))


def _without_bodies(statements: Iterable[ir.Stmt]) -> list[ir.Stmt]:
    return [_without_body(statement) for statement in statements]


def _without_body(statement: ir.Stmt) -> ir.Stmt:
    if isinstance(statement, ir.Define):
        bare = msgspec.structs.replace(statement.function, body=(), bound=(), globals=(), nonlocals=())
        return msgspec.structs.replace(statement, function=bare)
    if isinstance(statement, ir.Class):
        return msgspec.structs.replace(statement, body=tuple(_without_bodies(statement.body)))
    return statement


# Writing


def dumps(what: object, code: Code) -> bytes:
    """Write values of the engine. Raises ChangedError for what cannot be written."""
    stream = io.BytesIO()
    try:
        _Writer(stream, code).dump(what)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
        raise ChangedError(str(error)) from error
    return stream.getvalue()


class _Writer(pickle.Pickler):
    def __init__(self, stream: io.BytesIO, code: Code) -> None:
        super().__init__(stream, protocol=5)
        self._code = code
        self.dispatch_table = {
            **copyreg.dispatch_table,
            Holed: _holed,
            Loc: _loc,
            Taint: _taint,
            Unit: self._unit,
            Value: _value,
            Closure: self._closure,
            ClassInfo: self._class,
        }

    def _unit(self, unit: Unit) -> tuple[Any, ...]:
        return _unit_of, (unit.name,)

    def _closure(self, closure: Closure) -> tuple[Any, ...]:
        name, node = closure.unit.name, closure.function
        told = (closure.scopes, closure.owner, closure.binding, closure.marks, closure.facts)
        return _closure_of, (name, node.at, self._code.said_by(name, node), told)

    def _class(self, info: ClassInfo) -> tuple[Any, ...]:
        name, node = info.unit.name, info.node
        told = (info.order, info.libraries, info.declared, info.opaque_base, info.marks)
        return _class_of, (name, node.at, self._code.said_by(name, node), told)


def _loc(loc: Loc) -> tuple[Any, ...]:
    return Loc, (loc.parent, loc.label, loc.old)


def _holed(text: Holed) -> tuple[Any, ...]:
    return _holed_of, (str(text), text.fields)


def _holed_of(text: str, fields: tuple[frozenset[str], ...]) -> str:
    return with_fields(text, fields)


def _taint(taint: Taint) -> tuple[Any, ...]:
    return _taint_of, msgspec.structs.astuple(taint)


def _taint_of(*told: Any) -> Taint:
    return Taint(**dict(zip(Taint.__struct_fields__, told, strict=True)))


def _value(value: Value) -> tuple[Any, ...]:
    """Neither its hash, which is another in each process, nor its shape; of constants also that they are too many."""
    consts = None if value.consts is TOO_MANY else value.consts
    rest = (value.unknown, value.opaque, value.when_true, value.when_false)
    return _value_of, (value.taints, consts, value.refs, *rest)


def _value_of(taints: Taints, consts: Consts | None, *rest: Any) -> Value:
    return Value(taints, TOO_MANY if consts is None else consts, *rest)


def _unit_of(name: str) -> Unit:
    raise NotImplementedError(name)


def _closure_of(unit: str, at: int, said: str, told: tuple[Any, ...]) -> Closure:
    raise NotImplementedError(unit)


def _class_of(unit: str, at: int, said: str, told: tuple[Any, ...]) -> ClassInfo:
    raise NotImplementedError(unit)


# Reading


def loads(data: bytes, code: Code, *, changed: object = None) -> Any:
    """What ``dumps`` wrote. ``changed`` stands for functions and classes that are others now.

    Raises ChangedError for what is no such writing, and without ``changed`` where something is another now.
    """
    reader = _Reader(io.BytesIO(data), code, changed)
    try:
        return reader.load()
    except ChangedError:
        raise
    except Exception as error:
        # Bytes of anybody's make end in anything.
        raise ChangedError(str(error)) from error


class _Reader(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, code: Code, changed: object) -> None:
        super().__init__(stream)
        self._code = code
        self._changed = changed

    def find_class(self, module: str, name: str) -> Any:
        """The class or the maker of this name, if it is one that only makes a value. Raises ChangedError."""
        if module == __name__ and name in self._makers:
            return self._makers[name]
        if (module, name) in PLAIN:
            return super().find_class(module, name)
        if module.startswith("qorgau.") and module in sys.modules and "." not in name:
            found = getattr(sys.modules[module], name, None)
            if isinstance(found, type) and issubclass(found, VALUES):
                return found
        raise ChangedError(f"{module}.{name}")

    @cached_property
    def _makers(self) -> dict[str, Callable[..., Any]]:
        return {
            "_holed_of": _holed_of,
            "_taint_of": _taint_of,
            "_value_of": _value_of,
            "_unit_of": self._code.unit,
            "_closure_of": self._closure,
            "_class_of": self._class,
        }

    def _closure(self, unit: str, at: int, said: str, told: tuple[Any, ...]) -> object:
        try:
            function = self._code.function(unit, at)
            if self._code.said_by(unit, function) != said:
                raise ChangedError(unit)
        except ChangedError:
            return self._instead()
        return Closure(self._code.unit(unit), function, *told)

    def _class(self, unit: str, at: int, said: str, told: tuple[Any, ...]) -> object:
        try:
            info = self._code.info(unit, at)
        except ChangedError:
            return self._instead()
        now = (info.order, info.libraries, info.declared, info.opaque_base, info.marks)
        if now != told or self._code.said_by(unit, info.node) != said:
            return self._instead()
        return info

    def _instead(self) -> object:
        if self._changed is None:
            raise ChangedError("code")
        return self._changed
