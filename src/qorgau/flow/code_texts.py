"""Code in texts: what ``eval`` and ``exec`` are given is run where they stand, if the text is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

import msgspec

from qorgau import ir
from qorgau.flow.machine import Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import Value, join_all, of_const
from qorgau.linking import walk

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

LONGEST = 400
"""Characters of a text up to which it is run."""


def _evaluated(m: Machine, f: Frame, u: Use) -> Value:
    """``eval("client.phone")``; what is not known passes on what it is given."""
    body = _statements(u.arg(0, "source"), u.at)
    expression = body[0] if len(body) == 1 else None
    if not isinstance(expression, ir.Evaluate):
        return Value(join_all(u.args.positional).taints, unknown=True, opaque=True)
    held = f.state.env
    _admit(m, f, u)
    value = m.evaluate(f, expression.value)
    f.state.env = held if len(u.args.positional) > 1 else f.state.env
    return value


def _executed(m: Machine, f: Frame, u: Use) -> Value:
    """``exec("x = 1", namespace)``: with a namespace of its own the text binds nothing here."""
    namespace = u.args.positional[-1] if len(u.args.positional) > 1 else None
    if namespace is not None and f.loc is not None:
        return of_const(None)
    held = f.state.env
    _admit(m, f, u)
    m.execute(f, _statements(u.arg(0, "source"), u.at))
    if namespace is not None:
        bound, f.state.env = f.state.env, held
        for name, value in bound.items():
            if held.get(name) is not value and not name.startswith("$"):
                m.set_item(f, namespace, of_const(name), value, u.at)
    return of_const(None)


def _admit(m: Machine, f: Frame, u: Use) -> None:
    """The names of the namespaces that a text is run with."""
    for namespace in u.args.positional[1:3]:
        names = m.exact_dict(f, namespace) or {}
        f.state.env = {**f.state.env, **names}


def _statements(source: Value, at: int) -> tuple[ir.Stmt, ...]:
    """The statements of a text, all at the place of the call; none where it defines functions or is not known."""
    # Few programs need it, and a run from the cache parses nothing.
    from qorgau.lowering import LoweringError, lower

    text = source.constant()
    if text is None or not isinstance(text.value, str) or len(text.value) > LONGEST:
        return ()
    try:
        body = lower(text.value.strip() + "\n").body
    except LoweringError:
        return ()
    if any(isinstance(node, ir.Lambda | ir.Define | ir.Class) for node in walk(body)):
        return ()
    return tuple(_moved(statement, at) for statement in body)


Part = TypeVar("Part")


def _moved(part: Part, at: int) -> Part:
    """A node, or several, with this place for all that is in them."""
    if isinstance(part, tuple):
        return cast(Part, tuple(_moved(inner, at) for inner in part))
    if not isinstance(part, msgspec.Struct):
        return part
    changes = {name: _moved(getattr(part, name), at) for name in part.__struct_fields__}
    if isinstance(part, ir.Node):
        changes["at"] = at
    return msgspec.structs.replace(part, **changes)


BUILTINS: dict[str, Callable[[Machine, Frame, Use], Value]] = {"eval": _evaluated, "exec": _executed}
