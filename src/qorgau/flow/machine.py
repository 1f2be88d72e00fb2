"""What the parts of the interpreter hand to one another.

``Frame`` is one activation of a function or module body, ``Args`` are evaluated arguments,
``Closure`` and ``ClassInfo`` are what functions and classes are made of.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from qorgau import ir
from qorgau.flow.facts import Facts
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.state import Renaming, State
from qorgau.flow.values import BOTTOM, OPAQUE, Value, of_const
from qorgau.linking import Unit

SENDS = "$sends"
"""The part of a generator that says how many values it was sent."""

NOT_BEGUN = of_const(-1)
"""What it says before the generator has begun."""


class LoopExits(msgspec.Struct):
    """The states that leave a loop's body early."""

    breaks: list[State] = msgspec.field(default_factory=list)
    continues: list[State] = msgspec.field(default_factory=list)


class Closure(msgspec.Struct, frozen=True):
    """What makes a function: its code, the frames it captures, and how it is called.

    ``binding``: ``plain``, ``static``, ``class`` or ``property`` (also cached and async ones).
    ``marks`` are the dotted names of its decorators that the engine didn't apply.
    """

    unit: Unit
    function: ir.Function
    scopes: tuple[Loc, ...] = ()
    owner: Loc | None = None
    binding: str = "plain"
    marks: tuple[str, ...] = ()
    facts: Facts = frozenset()

    @property
    def dotted(self) -> str:
        """Module and qualified name."""
        return f"{self.unit.name}.{self.function.qualname}"

    @property
    def is_coroutine(self) -> bool:
        """Whether a call only makes a coroutine, which runs when it is awaited; what decorators change isn't told."""
        return self.function.is_async and not self.function.is_generator and not self.function.decorators

    def renamed(self, renaming: Renaming) -> Closure:
        """The same function over renamed frames."""
        scopes = tuple(renaming.loc(scope) for scope in self.scopes)
        if all(new is old for new, old in zip(scopes, self.scopes, strict=True)):
            return self
        return replace(self, scopes=scopes)


class ClassInfo(msgspec.Struct, frozen=True, eq=False):
    """What makes a class: its code, its method resolution order and the library bases in it.

    ``order`` are the classes of the project, itself first; ``libraries`` dotted names of library
    classes; ``declared`` the attributes it declares, with their annotation's class where known.
    """

    unit: Unit
    node: ir.Class
    order: tuple[Loc, ...]
    libraries: tuple[str, ...]
    declared: tuple[str, ...]
    opaque_base: bool
    marks: tuple[str, ...] = ()

    @property
    def dotted(self) -> str:
        """Module and qualified name."""
        return f"{self.unit.name}.{self.node.qualname}"

    def renamed(self, renaming: Renaming) -> ClassInfo:
        """The same class as another call of the function that defines it makes it."""
        order = tuple(renaming.loc(cls) for cls in self.order)
        return self if order == self.order else replace(self, order=order)


class Resumable(msgspec.Struct, frozen=True):
    """How a generator came to be: its function, its arguments, and the facts at its yields.

    ``later``: the objects that it changes after its yield, as they are at the yield and at the end.
    """

    closure: Closure
    bound: tuple[tuple[str, Value], ...]
    facts: Facts
    later: tuple[tuple[Loc, Obj, Obj], ...] = ()

    def renamed(self, renaming: Renaming) -> Resumable:
        """The same over renamed objects."""
        return Resumable(
            self.closure.renamed(renaming),
            tuple((name, renaming.value(bound)) for name, bound in self.bound),
            renaming.facts(self.facts),
            tuple(
                (renaming.loc(loc), renaming.obj(then), renaming.obj(last)) for loc, then, last in self.later
            ),
        )


class Started(msgspec.Struct, eq=False):
    """A call that goes on after it was made: what awaiting it gives, and the objects it works with as they were.

    ``handle`` is the thread or task that stands for it, ``again`` what it gave when it was looked at once more.
    """

    callee: Value
    args: Args
    at: int
    result: Value
    held: dict[Loc, Obj | None]
    handle: Loc | None = None
    again: Value = BOTTOM


class Waiting(msgspec.Struct, eq=False):
    """What a variable holds for later: ``run`` makes its value, and is asked again where a view's dict has changed.

    ``shown`` is the dict that a view shows, ``held`` that dict as it was last looked at.
    ``begin`` makes a generator that is asked for its values one by one; ``stepped`` is that generator, ``first`` the
    state in which it was first asked.
    """

    name: str
    at: int
    run: Callable[[], Value]
    shown: Loc | None = None
    held: Obj | None = None
    begin: Callable[[], Value] | None = None
    stepped: Loc | None = None
    first: State | None = None


class Script(msgspec.Struct):
    """What the yields of a body give, in order, and the states at the yield at which it stops.

    ``thrown`` is the exception that the yield after the last of them raises. ``around`` is the state in which the
    body goes on after the last of them. ``whole``: it does not stop. ``lost``: where it was could not be told.
    """

    sent: tuple[Value, ...]
    thrown: Value | None = None
    around: State | None = None
    whole: bool = False
    lost: bool = False
    stops: list[tuple[State, Value]] = msgspec.field(default_factory=list)


class Frame:
    """One activation of a function or a module or class body.

    ``state`` is the current state. ``ctx`` identifies the activation. ``loc`` is the object that
    holds the variables when they are shared with inner functions (or of a module or class body);
    otherwise they are in ``state.env``. ``sent`` and ``thrown`` are what a generator's
    ``yield`` gives and raises. ``awaiting`` is the node of which the value is being awaited.
    ``waiting`` is what variables hold for later, ``assigning`` the names that get
    a value now, with its node.
    ``showing`` are the texts found so far of what one text is made of, while that is being found: what
    holds itself, or is held many times, is shown once.
    """

    __slots__ = (
        "assigning",
        "awaiting",
        "closure",
        "comprehending",
        "ctx",
        "depth",
        "entered",
        "entry_facts",
        "handlers",
        "kind",
        "loc",
        "locals",
        "loops",
        "passes",
        "raises",
        "receiver",
        "returns",
        "scopes",
        "script",
        "sent",
        "showing",
        "started",
        "state",
        "thrown",
        "unit",
        "waiting",
        "yield_facts",
        "yield_state",
        "yields",
        "yields_exact",
    )

    def __init__(
        self,
        unit: Unit,
        state: State,
        ctx: Loc,
        *,
        kind: str,
        closure: Closure | None = None,
        scopes: tuple[Loc, ...] = (),
        loc: Loc | None = None,
        depth: int = 0,
    ) -> None:
        self.unit = unit
        self.state = state
        self.ctx = ctx
        self.kind = kind
        self.closure = closure
        self.scopes = scopes
        self.loc = loc
        self.depth = depth
        self.locals: frozenset[str] = frozenset(closure.function.bound) if closure else frozenset()
        self.showing: dict[Loc, Value] | None = None
        self.loops: list[LoopExits] = []
        self.handlers: list[list[State]] = []
        self.returns: list[tuple[State, Value]] = []
        self.raises: list[State] = []
        self.yields: list[Value] = []
        self.yields_exact = True
        self.entered: dict[str, Value] = {}
        self.yield_facts: Facts | None = None
        self.yield_state: State | None = None
        self.started: list[Started] = []
        self.waiting: list[Waiting] = []
        self.assigning: tuple[tuple[ir.Name, ir.Expr], ...] = ()
        self.awaiting = -1
        self.sent: Value = OPAQUE
        self.thrown: Value = BOTTOM
        self.script: Script | None = None
        self.comprehending = 0
        self.entry_facts: Facts = state.facts
        self.receiver: Value = BOTTOM
        self.passes: tuple[object, ...] = ()

    def place(self, at: int, label: str = "new") -> Loc:
        """The identity of what comes to be at a node in this activation."""
        return Loc(self.ctx, (label, self.unit.name, at, *self.passes))

    def defining_place(self, at: int, label: str) -> Loc:
        """The identity of a function or class that is defined here: each time anew within functions, else once."""
        within = self.loc is not None and self.loc.parent is not None
        if self.kind == "function" or (self.kind == "class" and within):
            return self.place(at, label)
        return Loc(None, (label, self.unit.name, at))


class Args(msgspec.Struct):
    """Evaluated arguments. ``star`` joins further positions, ``double`` is what ``**`` unpacks."""

    positional: list[Value] = msgspec.field(default_factory=list)
    keywords: dict[str, Value] = msgspec.field(default_factory=dict)
    star: Value = BOTTOM
    double: list[Value] = msgspec.field(default_factory=list)
    ats: dict[int | str, int] = msgspec.field(default_factory=dict)

    def get(self, index: int, name: str = "") -> Value | None:
        """The argument at a position or under a keyword."""
        if 0 <= index < len(self.positional):
            return self.positional[index]
        if name and name in self.keywords:
            return self.keywords[name]
        return None

    def all(self) -> list[Value]:
        """Every value, in order."""
        extra = [] if self.star is BOTTOM else [self.star]
        return [*self.positional, *extra, *self.keywords.values(), *self.double]

    def rest(self, start: int) -> Args:
        """Without the first positions."""
        return Args(
            self.positional[start:], dict(self.keywords), self.star, list(self.double), dict(self.ats)
        )


class Iteration(msgspec.Struct, frozen=True):
    """What iterating gives: the items in order when all are known, and their join."""

    items: tuple[Value, ...] | None
    each: Value

    def as_args(self) -> Args:
        """The arguments that a call with ``*`` of it has."""
        return Args(list(self.items)) if self.items is not None else Args(star=self.each)
