"""Functions that the configuration lists and that nothing in the program is called by: mostly slips of the pen.

No errors: a check of a library that is not used yet does no harm. But a misspelled one makes every transfer a
finding, and nobody sees why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from qorgau import ir
from qorgau.config import Settings
from qorgau.config.reading import nearest, quoted
from qorgau.linking import Program, walk
from qorgau.names import CallPatterns


def doubts(settings: Settings, program: Program) -> tuple[str, ...]:
    """What to warn of, one sentence each, which begins with the key; nothing where all names are found."""
    listed = {key: pattern for key, pattern in _listed(settings) if _last(pattern)}
    unheard = _not_among(frozenset(map(_last, listed.values())), program)
    if not unheard and not any("." in pattern for pattern in listed.values()):
        return ()
    defined = dict(_defined(program))
    owners = frozenset(_owners(program))
    return tuple(
        f"{key}: {said}"
        for key, pattern in listed.items()
        if (said := _doubt(pattern, unheard, defined, owners))
    )


def _listed(settings: Settings) -> Iterator[tuple[str, str]]:
    """The keys of all patterns of the program's own functions, with the pattern."""
    lists: Mapping[str, Iterable[str]] = {
        "consent.checks": settings.consent.checks,
        "consent.requires": settings.consent.requires,
        "consent.decorators": settings.consent.decorators,
        "blocking.checks": settings.blocking.checks,
        "depersonalization.functions": settings.depersonalization.functions,
        "depersonalization.reversible": settings.depersonalization.reversible,
        "erasure.functions": settings.erasure.functions,
    }
    for key, patterns in lists.items():
        for position, pattern in enumerate(patterns):
            yield f"{key}[{position}]", pattern


def _last(pattern: str) -> str:
    """The last name of a pattern that has no ``*``; empty where there is none."""
    names = [name for name in pattern.split(".") if "*" not in name]
    return names[-1] if names else ""


def _not_among(names: frozenset[str], program: Program) -> frozenset[str]:
    """Those of some names that are written nowhere in a program."""
    missing = set(names)
    for unit in program.files:
        missing.difference_update(unit.name.split("."))
        for node in walk(unit.module.body) if missing else ():
            missing.difference_update(_written(node))
    return frozenset(missing)


def _written(node: object) -> Iterable[str]:
    match node:
        case ir.Name(id=name) | ir.Attribute(attr=name) | ir.Function(name=name) | ir.Class(name=name):
            return (name,)
        case ir.Import(names=names):
            return [part for one in names for part in one.name.split(".")]
        case ir.ImportFrom(module=module, names=names):
            return [*module.split("."), *(one.name for one in names)]
    return ()


def _defined(program: Program) -> Iterator[tuple[str, str]]:
    """Every function of a module or a class by its dotted name, with its last name."""
    for unit in program.files:
        yield from _within(unit.name, unit.module.body)


def _within(prefix: str, body: tuple[ir.Stmt, ...]) -> Iterator[tuple[str, str]]:
    for statement in body:
        match statement:
            case ir.Define(function=function):
                yield f"{prefix}.{function.name}", function.name
            case ir.Class(name=name, body=inner):
                yield f"{prefix}.{name}", name
                yield from _within(f"{prefix}.{name}", inner)
            case ir.If(body=first, orelse=second) | ir.Try(body=first, orelse=second):
                yield from _within(prefix, (*first, *second))


def _owners(program: Program) -> Iterator[str]:
    """The names of modules, and what modules import: what a pattern can begin with."""
    for unit in program.files:
        yield from unit.name.split(".")
        for statement in unit.module.body:
            if isinstance(statement, ir.Import | ir.ImportFrom):
                yield from _written(statement)


def _doubt(pattern: str, unheard: frozenset[str], defined: Mapping[str, str], owners: frozenset[str]) -> str:
    last = _last(pattern)
    if last in unheard:
        near = nearest(last, set(defined.values()))
        meant = next((dotted for dotted, name in defined.items() if name == near), None)
        return f"nothing in the project is called {quoted(last)}{_meant(meant)}"
    same = [dotted for dotted, name in defined.items() if name == last]
    *_, owner = ["", *pattern.split(".")[:-1]]
    known = not owner or "*" in pattern or owner in owners or owner in defined.values()
    if known or not same or any(CallPatterns((pattern,)).matches(dotted) for dotted in same):
        return ""
    return f"nothing in the project is called {quoted(owner)}{_meant(same[0])}"


def _meant(name: str | None) -> str:
    return f"; did you mean {quoted(name)}?" if name is not None else ""
