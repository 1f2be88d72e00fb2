"""What a log shows of the arguments of a call: all of them, less what the message cuts or does not ask for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qorgau.flow import strings, text_templates, texts
from qorgau.flow.heap import DATA
from qorgau.flow.machine import Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, Value, join_all, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

FIELDS = re.compile(r"\{[^{}!]*(!r)?[^{}]*\}")
"""The fields of a template of loguru, and whether each shows the ``repr``."""


def shown(m: Machine, f: Frame, use: Use, values: Sequence[Value]) -> list[Value]:
    """What the record says of each of the values."""
    represented = _represented(use)
    values = [_kept(f, value) if value is use.receiver else _asked(m, f, use, value) for value in values]
    return [
        strings.text(m, f, value, use.at, representation=True)
        if any(value is one for one in represented)
        else _cut(use, value, strings.shown(m, f, value, use.at))
        for value in values
    ]


def _kept(f: Frame, receiver: Value) -> Value:
    """What a logger adds to all that it logs: of one of the project's class what its library's class keeps."""
    objs = [f.state.obj(loc) for loc in receiver.locs()]
    if not objs or any(obj is None or obj.cls is None for obj in objs):
        return receiver
    return join_all(obj.parts.get(DATA, BOTTOM) for obj in objs if obj is not None)


def _asked(m: Machine, f: Frame, use: Use, value: Value) -> Value:
    """Of a dict that fills the names in a message (``"%(city)s", row``) what they ask for."""
    if not value.refs:
        return value
    for index, template in enumerate(use.args.positional[:2]):
        known = template.constant()
        names = text_templates.names_in(str(known.value)) if known is not None else []
        if names and use.args.positional[index + 1 :] == [value]:
            return join_all(m.item(f, value, of_const(name), use.at) for name in names)
    return value


def _represented(use: Use) -> list[Value]:
    """The values that a message shows by ``%r`` or ``{!r}``."""
    for index, template in enumerate(use.args.positional[:2]):
        for text in template.texts()[:1]:
            if "!r}" in text and use.dotted.startswith("loguru."):
                shown = FIELDS.findall(text)
                following = use.args.positional[index + 1 :]
                return [value for value, how in zip(following, shown, strict=False) if how]
            if "%" in text:
                return [value for value, code in _placed(use, index, text) if code.letter in "ra"]
    return []


def _placed(use: Use, index: int, template: str) -> list[tuple[Value, text_templates.Code]]:
    """The arguments after a message, each with the ``%s`` that it fills."""
    return list(zip(use.args.positional[index + 1 :], text_templates.codes(template), strict=False))


def _cut(use: Use, value: Value, shown: Value) -> Value:
    """What a message shows of an argument: ``%.3s`` shows three characters."""
    for index, template in enumerate(use.args.positional[:2]):
        for text in template.texts()[:1]:
            for filling, code in _placed(use, index, text) if "%" in text else ():
                if filling is value and code.spec:
                    return texts.formatted(shown, of_const(code.spec))
    return shown
