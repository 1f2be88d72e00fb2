"""How web applications are put together: which router is part of what, and what each runs before its handlers.

Found by reading the program once: ``include_router``, ``add_subapp``, lists of routes, ``add_middleware`` and
the arguments of applications, routers and controllers. An application, a router or a handler goes by the module
and the name that it is bound to first. Variables of functions count like those of their module, unless several
functions make one of the same name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from qorgau import ir
from qorgau.flow.machine import Closure
from qorgau.linking import Program, Unit, walk

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

Key: TypeAlias = tuple[str, str]
"""Module and name of a router, an application, a handler or a list of routes."""

JOINING = frozenset(
    [
        *("include_router", "include_routers", "register_blueprint", "blueprint", "add_subapp", "mount"),
        *("add_routes", "add_route", "add_api_route", "add_view", "add_url_rule"),
        *("add_get", "add_post", "add_put", "add_patch", "add_delete"),
    ]
)
"""Methods that make what they are given part of what they are called on."""

PARTS = frozenset(("routes", "route_handlers"))
"""Keywords of an application or router whose values are parts of it."""

KINDS = ("middleware", "guards")
AROUND = frozenset(("middleware", "middlewares"))
LAYERS = frozenset((*AROUND, "guards", "dependencies"))
"""Keywords of an application, router, controller or handler that say what runs before a handler."""

MAX_IMPORTS = 4
"""Modules that a name is followed through."""

BEFORE = frozenset(("before_request", "before_app_request"))
"""Methods of Flask's applications and blueprints, and of Sanic's, that register what runs before requests."""

ADDING = frozenset(("middleware", "outer_middleware", "add_middleware", "register_middleware"))


class Layer(NamedTuple):
    """What runs before handlers: ``kind`` is ``middleware``, ``guards`` or ``dependencies``."""

    kind: str
    unit: Unit
    node: ir.Expr


def of_program(m: Machine) -> Applications:
    """How the applications of the program are put together; read once."""
    if m.applications is None:
        m.applications = Applications(m.program)
    return m.applications


class Applications:
    """The routers, applications and layers of a program."""

    def __init__(self, program: Program) -> None:
        """Read the whole program once."""
        self._program = program
        self._imports: dict[str, dict[str, Key]] = {}
        self._wholes: dict[Key, list[Key]] = {}
        self._layers: dict[Key, list[Layer]] = {}
        self._made: dict[Key, ir.Call] = {}
        self._local: dict[tuple[str, int], str] = {}
        self.inclusions: list[tuple[Unit, ir.Call]] = []
        """All calls that include one router in another."""
        self.registered: list[tuple[Unit, ir.Call]] = []
        """All calls that are given a function to run before requests: ``blueprint.before_request(check)``."""
        for unit in sorted(program.files, key=lambda each: each.name):
            self._read(unit)

    def layers(self, closure: Closure, kind: str) -> Iterator[Layer]:
        """What applies to a function that a framework calls, outermost last."""
        if not self._layers:
            return
        function = closure.function
        start = [(closure.unit.name, function.qualname.partition(".")[0])]
        for decorator in function.decorators:
            if isinstance(decorator, ir.Call):
                yield from self._of_call(closure.unit, decorator, kind)
            start += self._owner(closure.unit, decorator)
        seen: dict[Key, None] = {}
        waiting = start
        while waiting:
            key = waiting.pop(0)
            if key not in seen:
                seen[key] = None
                yield from (layer for layer in self._layers.get(key, ()) if layer.kind == kind)
                waiting += self._wholes.get(key, ())

    def parts(self) -> tuple[object, ...]:
        """All that tells it from another, for comparison."""
        owners = [
            (unit, call.function.value)
            for unit, call in self.registered
            if isinstance(call.function, ir.Attribute)
        ]
        made = [self.made(unit, owner) for unit, owner in owners]
        return self._layers, self._wholes if self._layers else {}, self.inclusions, self.registered, made

    def made(self, unit: Unit, node: ir.Expr) -> ir.Call | None:
        """The call that makes what a name in the same module stands for, in whichever of its functions."""
        key = self._key(unit, node)
        return self._made.get(key) if key is not None and key[0] == unit.name else None

    def is_handler(self, closure: Closure) -> bool:
        """Whether a function is listed in an application or router before whose handlers something runs."""
        key = (closure.unit.name, closure.function.qualname)
        return key in self._wholes and any(True for kind in KINDS for _ in self.layers(closure, kind))

    def _owner(self, unit: Unit, decorator: ir.Expr) -> list[Key]:
        head = decorator.function if isinstance(decorator, ir.Call) else decorator
        key = self._key(unit, head.value) if isinstance(head, ir.Attribute) else None
        return [key] if key is not None else []

    # Reading

    def _read(self, unit: Unit) -> None:
        self._tell_apart(unit)
        targets: dict[int, Key] = {}
        for node in walk(unit.module.body):
            if isinstance(node, ir.Assign):
                self._assigned(unit, node, targets)
            elif isinstance(node, ir.Call):
                self._called(unit, node, targets.get(node.at, (unit.name, f"@{node.at}")))
            elif isinstance(node, ir.Class):
                self._class(unit, node)
            elif isinstance(node, ir.Define):
                self._decorated(unit, node.function)

    def _tell_apart(self, unit: Unit) -> None:
        """Names of applications that several functions of a module make: each is the function's own."""
        makers: dict[str, list[ir.Function]] = {}
        for node in walk(unit.module.body):
            if isinstance(node, ir.Function):
                for name in dict.fromkeys(_made_in(node)):
                    makers.setdefault(name, []).append(node)
        for name, functions in makers.items():
            for function in functions if len(functions) > 1 else ():
                for inner in walk(function.body):
                    if isinstance(inner, ir.Name) and inner.id == name:
                        self._local[unit.name, inner.at] = f"{function.qualname}.{name}"

    def _assigned(self, unit: Unit, node: ir.Assign, targets: dict[int, Key]) -> None:
        key = self._key(unit, node.targets[0]) if len(node.targets) == 1 else None
        if key is None:
            return
        if isinstance(node.value, ir.Call):
            targets[node.value.at] = key
            self._made.setdefault(key, node.value)
        elif isinstance(node.value, ir.Sequence) and any(isinstance(e, ir.Call) for e in node.value.elements):
            self._join(unit, node.value.elements, key)

    def _called(self, unit: Unit, node: ir.Call, made: Key) -> None:
        self._keep(self._of_call(unit, node), made)
        for argument in node.arguments:
            if argument.keyword in PARTS:
                self._join(unit, (argument.value,), made)
        if not isinstance(node.function, ir.Attribute) or not node.arguments:
            return
        name, owner = node.function.attr, self._key(unit, node.function.value)
        if owner is None:
            return
        if name == "include_router":
            self.inclusions.append((unit, node))
        if name in BEFORE and isinstance(node.arguments[0].value, ir.Name | ir.Attribute):
            self.registered.append((unit, node))
        if name in JOINING:
            self._join(unit, [argument.value for argument in node.arguments], owner)
        elif name in ADDING or (name == "append" and _ends(node.function.value) in AROUND):
            first = node.arguments[0].value
            if not isinstance(first, ir.Const):
                self._keep((Layer("middleware", unit, first),), owner)

    def _class(self, unit: Unit, node: ir.Class) -> None:
        """``guards`` and ``dependencies`` of a controller."""
        for statement in node.body:
            if isinstance(statement, ir.Assign) and isinstance(statement.targets[0], ir.Name):
                name = statement.targets[0].id
                if name in LAYERS:
                    self._keep(_split(name, unit, statement.value), (unit.name, node.qualname))

    def _decorated(self, unit: Unit, function: ir.Function) -> None:
        """``@app.middleware("http")``, ``@dispatcher.message.middleware()`` over a function of a module."""
        for decorator in function.decorators:
            head = decorator.function if isinstance(decorator, ir.Call) else decorator
            if isinstance(head, ir.Attribute) and head.attr in ADDING and len(function.parameters) > 1:
                name = ir.Name(function.at, function.qualname)
                self._keep((Layer("middleware", unit, name),), *self._owner(unit, decorator))

    def _of_call(self, unit: Unit, node: ir.Call, kind: str = "") -> Iterator[Layer]:
        for argument in node.arguments:
            if argument.keyword in LAYERS:
                for layer in _split(argument.keyword, unit, argument.value):
                    if kind in ("", layer.kind):
                        yield layer

    def _keep(self, layers: Iterable[Layer], *owners: Key) -> None:
        for layer in layers:
            for owner in owners:
                self._layers.setdefault(owner, []).append(layer)

    def _join(self, unit: Unit, parts: Iterable[ir.Expr], whole: Key) -> None:
        for part in parts:
            for node in walk(part):
                key = self._key(unit, node) if isinstance(node, ir.Name | ir.Attribute) else None
                if key is not None and key != whole:
                    self._wholes.setdefault(key, []).append(whole)

    # Names

    def _key(self, unit: Unit, node: ir.Expr) -> Key | None:
        """What a name means: where it was imported from; of ``app.router`` the application."""
        if isinstance(node, ir.Name):
            own = self._local.get((unit.name, node.at))
            return (unit.name, own) if own is not None else self._defined((unit.name, node.id))
        if isinstance(node, ir.Attribute):
            key = self._key(unit, node.value)
            if key is None:
                return None
            module = ".".join(part for part in key if part)
            if self._program.has(module):
                return (self._program.proper(module), node.attr)
            return key
        return None

    def _defined(self, key: Key) -> Key:
        """Where a name comes from, through the modules that import it from one another."""
        for _ in range(MAX_IMPORTS):
            unit = self._program.units.get(key[0])
            found = self._imported(unit).get(key[1]) if unit is not None else None
            if found is None:
                break
            key = found
        return key

    def _imported(self, unit: Unit) -> dict[str, Key]:
        found = self._imports.get(unit.name)
        if found is None:
            found = self._imports[unit.name] = {}
            for statement in unit.module.body:
                if isinstance(statement, ir.ImportFrom):
                    module = self._program.proper(unit.absolute(statement.module, statement.level))
                    for item in statement.names:
                        found[item.asname or item.name] = (module, item.name)
                elif isinstance(statement, ir.Import):
                    for item in statement.names:
                        bound = item.asname or item.name.partition(".")[0]
                        found[bound] = ("", item.name if item.asname else bound)
        return found


def _made_in(function: ir.Function) -> Iterator[str]:
    """The variables of a function that it binds to new objects: ``app = Application()``."""
    for statement in function.body:
        if isinstance(statement, ir.Assign) and isinstance(statement.value, ir.Call):
            target, made = statement.targets[0], statement.value.function
            name = made.id if isinstance(made, ir.Name) else _ends(made)
            if isinstance(target, ir.Name) and name[:1].isupper():
                yield target.id


def _ends(node: ir.Expr) -> str:
    return node.attr if isinstance(node, ir.Attribute) else ""


def _split(name: str, unit: Unit, value: ir.Expr) -> Sequence[Layer]:
    """One layer for each element of a list, of dependencies one for the whole dict."""
    kind = "middleware" if name in AROUND else name
    if isinstance(value, ir.Dict) != (kind == "dependencies"):
        return ()
    elements = value.elements if isinstance(value, ir.Sequence) else (value,)
    return [Layer(kind, unit, element) for element in elements]
