"""What names a function binds and what it is called, by Python's own rules.

One ``Frame`` is open for every function, class, comprehension and module being
lowered; names are reported to the innermost one as they are met. What a
comprehension binds goes away with its frame, its walrus targets go past it
(PEP 572).
"""

from __future__ import annotations

from typing import Literal

FrameKind = Literal["module", "class", "function", "comprehension"]


class Frame:
    """The names of one scope while it is being lowered."""

    __slots__ = ("bound", "globals", "is_generator", "kind", "nonlocals", "parent", "prefix")

    def __init__(self, kind: FrameKind, prefix: str, parent: Frame | None = None) -> None:
        self.kind = kind
        self.prefix = prefix
        self.parent = parent
        self.bound: set[str] = set()
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.is_generator = False

    def qualname(self, name: str) -> str:
        """Return the ``__qualname__`` (PEP 3155) of a function or class ``name`` defined here.

        A name declared global is qualified as the module's.
        """
        return name if name in self.globals else self.prefix + name

    def private(self, name: str) -> str:
        """Return the name that ``__name`` stands for within a class (``_Class__name``); other names are themselves."""
        if not name.startswith("__") or name.endswith("__"):
            return name
        frame: Frame | None = self
        while frame is not None and frame.kind != "class":
            frame = frame.parent
        owner = frame.prefix[:-1].rpartition(".")[2].lstrip("_") if frame is not None else ""
        return f"_{owner}{name}" if owner else name

    def local_names(self) -> tuple[str, ...]:
        """Return the bound names, sorted, without those declared global or nonlocal."""
        return tuple(sorted(self.bound - self.globals - self.nonlocals))

    def beyond_comprehensions(self) -> Frame:
        """Return the scope in which a walrus of this scope binds its target."""
        frame = self
        while frame.kind == "comprehension" and frame.parent is not None:
            frame = frame.parent
        return frame
