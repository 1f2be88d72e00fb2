"""What the permission classes of a view ask before its handlers run, and what they say of one object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import (
    inheritance,
)
from qorgau.flow.facts import CHECKS, NO_FACTS, Facts, common_facts
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, ClassInfo, Frame
from qorgau.flow.taints import NO_TAINTS
from qorgau.flow.values import UNKNOWN, Value, of_const, of_ref
from qorgau.linking import Unit

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


PERMISSIONS = "permission_classes"


def ask(m: Machine, f: Frame, callee: Value, args: Args, at: int) -> Value:
    """Call a gate; one that never returns lets nobody through, which is left out of account."""
    before = f.state.copy()
    answer = m.awaited(f, m.call(f, callee, args, at), at)
    if not f.state.reachable:
        f.state = before
        return UNKNOWN
    return answer


def method_named(m: Machine, f: Frame, cls: Loc, view: Value, name: str, at: int) -> Value | None:
    found = inheritance.class_part(m, f, cls, name)
    return inheritance.bind(m, f, found, view, at) if found is not None else None


def keyword(decorator: ir.Expr, name: str) -> ir.Expr | None:
    given = decorator.arguments if isinstance(decorator, ir.Call) else ()
    return next((argument.value for argument in given if argument.keyword == name), None)


def assigned(body: Iterable[ir.Stmt], name: str) -> ir.Expr | None:
    for statement in body:
        if isinstance(statement, ir.Assign):
            if any(isinstance(target, ir.Name) and target.id == name for target in statement.targets):
                return statement.value
    return None


def of_view(m: Machine, f: Frame, cls: Loc, at: int) -> Facts:
    """What the permission classes of a view have asked once they let a request through."""
    info = m.class_info(f, cls)
    for base in info.order if info is not None else ():
        base_info = m.class_info(f, base)
        node = assigned(base_info.node.body, PERMISSIONS) if base_info is not None else None
        if node is not None and base_info is not None:
            before = f.state.copy()
            view, request = m.unknown(f, at, NO_TAINTS, "view"), m.unknown(f, at, NO_TAINTS, "request")
            permissions(m, f, base_info.unit, node, request, view)
            gained, f.state = f.state.facts - before.facts, before
            return frozenset(fact._replace(subject=None) for fact in _checks(gained))
    return NO_FACTS


# Permissions of Django REST framework


def permissions(m: Machine, f: Frame, unit: Unit, node: ir.Expr, request: Value, view: Value) -> None:
    for element in node.elements if isinstance(node, ir.Sequence) else (node,):
        yes, _ = _permission(m, f, unit, element, request, view)
        f.state.facts = f.state.facts | yes


def _permission(
    m: Machine, f: Frame, unit: Unit, node: ir.Expr, request: Value, view: Value
) -> tuple[Facts, Facts]:
    """What a permission says when it is given, and when refused; ``&``, ``|`` and ``~`` join them."""
    if isinstance(node, ir.Binary) and node.op in ("&", "|"):
        left = _permission(m, f, unit, node.left, request, view)
        right = _permission(m, f, unit, node.right, request, view)
        if node.op == "&":
            return left[0] | right[0], common_facts(left[1], right[1])
        return common_facts(left[0], right[0]), left[1] | right[1]
    if isinstance(node, ir.Unary) and node.op == "~":
        yes, no = _permission(m, f, unit, node.operand, request, view)
        return no, yes
    for cls in m.evaluate_in(f, unit, node).locs():
        if m.class_info(f, cls) is not None:
            return _given(m, f, m.call(f, of_ref(cls), Args(), node.at), request, view, node.at)
    return frozenset(), frozenset()


def told_permissions(m: Machine, f: Frame, cls: Loc, view: Value, name: str, request: Value, at: int) -> bool:
    """What ``get_permissions`` of the project gives for an action holds, whichever of its lists it is."""
    method = method_named(m, f, cls, view, "get_permissions", at)
    if method is None:
        return False
    for loc in view.locs():
        if "action" not in m.obj(f, loc).parts:
            m.write(f, loc, m.obj(f, loc).put("action", of_const(name)), strong=True)
    given = ask(m, f, method, Args(), at)
    ways: list[Facts] = [_of_list(m, f, of_ref(loc), request, view, at) for loc in given.locs()]
    if ways:
        f.state.facts = f.state.facts | common(ways)
    return bool(ways)


def _of_list(m: Machine, f: Frame, listed: Value, request: Value, view: Value, at: int) -> Facts:
    """What a list of permissions says where all are given; one of several that it may hold says nothing."""
    items = m.iterate(f, listed, at).items
    held: Facts = frozenset()
    for item in items or ():
        ways: list[Facts] = [_given(m, f, of_ref(loc), request, view, at)[0] for loc in item.locs()]
        held = held | (common(ways) if ways else frozenset())
    return held


def common(ways: Sequence[Facts]) -> Facts:
    return reduce(common_facts, ways)


def _given(
    m: Machine, f: Frame, permission: Value, request: Value, view: Value, at: int
) -> tuple[Facts, Facts]:
    """What an object of a permission class says when it gives permission, and when it refuses."""
    loc = permission.single()
    obj = f.state.obj(loc) if loc is not None else None
    found = (
        inheritance.class_part(m, f, obj.cls, "has_permission")
        if obj is not None and obj.cls is not None and m.class_info(f, obj.cls) is not None
        else None
    )
    if found is None:
        return frozenset(), frozenset()
    held = f.state.facts
    answer = ask(m, f, inheritance.bind(m, f, found, permission, at), Args([request, view]), at)
    raised = f.state.facts - held
    f.state.facts = held
    yes, no = m.truth(f, answer, True) or frozenset(), m.truth(f, answer, False) or frozenset()
    return _checks(yes | raised), _checks(no)


def permitted(m: Machine, f: Frame, view: Value, about: Value, at: int) -> None:
    """What the permission classes of a view say of one object, once they let it through."""
    loc = view.single()
    cls = m.obj(f, loc).cls if loc is not None else None
    info = m.class_info(f, cls) if cls is not None else None
    if info is None:
        return
    request = m.attribute(f, view, "request", at)
    for unit, node in _listed(m, f, info):
        for element in node.elements if isinstance(node, ir.Sequence) else (node,):
            for permission in m.evaluate_in(f, unit, element).locs():
                f.state.facts = f.state.facts | _of_object(m, f, permission, Args([request, view, about]), at)
        break


def _listed(m: Machine, f: Frame, info: ClassInfo) -> Iterator[tuple[Unit, ir.Expr]]:
    """The lists of permission classes for a method of a view: its own, then those of its class and bases."""
    for decorator in f.closure.function.decorators if f.closure is not None else ():
        node = keyword(decorator, PERMISSIONS)
        if node is not None and f.closure is not None:
            yield f.closure.unit, node
    for base in info.order:
        base_info = m.class_info(f, base)
        node = assigned(base_info.node.body, PERMISSIONS) if base_info is not None else None
        if node is not None and base_info is not None:
            yield base_info.unit, node


def _of_object(m: Machine, f: Frame, cls: Loc, args: Args, at: int) -> Facts:
    if m.class_info(f, cls) is None:
        return frozenset()
    found = inheritance.class_part(m, f, cls, "has_object_permission")
    if found is None:
        return frozenset()
    made = m.call(f, of_ref(cls), Args(), at)
    answer = ask(m, f, inheritance.bind(m, f, found, made, at), args, at)
    return _checks(m.truth(f, answer, True) or frozenset())


def _checks(facts: Facts) -> Facts:
    return frozenset(fact for fact in facts if fact.kind in CHECKS)
