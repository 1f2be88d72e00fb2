"""Look-ups by a constant key on library objects: forms, query strings, rows, caches (spec section 3).

``request.POST.get("iin")`` reads the key ``iin`` as ``request.POST["iin"]`` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow.machine import Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import Value, join

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine
    from qorgau.knowledge.libraries import CallRows

MAPPED = frozenset(
    [
        "get",
        "pop",
        "setdefault",
        "getlist",
        "getall",
        "getone",
        "get_list",
        "getlast",
        "getfirst",
        "getunicode",
        "popall",
        "popone",
        "poplist",
        "multi_items",
    ]
)
"""Methods of mappings that give what stands under a key."""

ASKED = frozenset(
    [
        "get_argument",
        "get_arguments",
        "get_body_argument",
        "get_body_arguments",
        "get_query_argument",
        "get_query_arguments",
        "getvalue",
        "get_param",
        "get_param_as_list",
        "get_media_param",
    ]
)
"""Methods of requests and handlers that give what a user sent under a name."""


def look_up(m: Machine, f: Frame, use: Use, rows: CallRows) -> Value | None:
    """What stands under the constant key of a look-up; None for other calls."""
    name = use.dotted.rpartition(".")[2]
    if name not in MAPPED and name not in ASKED:
        return None
    plain = not (
        rows.sinks or rows.query or rows.clean or rows.depersonalizer or rows.behaviour or rows.returns
    )
    key = use.arg(0, "key" if name in MAPPED else "name")
    constant = key.constant()
    if not plain or constant is None or constant.type != "str" or "/" in str(constant.value):
        return None
    if not use.receiver.locs() or (
        not rows.passes and not rows.source and name not in ("get", "pop", "setdefault")
    ):
        return None
    if rows.source is not None or name in ASKED:
        return None
    found = m.item(f, use.receiver, key, use.at)
    default = use.args.get(1, "default")
    if name in ("pop", "popone", "popall", "poplist"):
        m.delete_item(f, use.receiver, key, use.at)
    return found if default is None else join(found, default)


def named(m: Machine, f: Frame, use: Use, result: Value) -> Value:
    """What the key of a look-up says of an unknown result (``handler.get_argument("iin")``)."""
    name = use.dotted.rpartition(".")[2]
    if not result.unknown or result.taints or (name not in MAPPED and name not in ASKED):
        return result
    constant = use.arg(0, "name").constant()
    if constant is None or constant.type != "str":
        return result
    return m.named(f, result, str(constant.value), use.receiver, use.at, key=True)
