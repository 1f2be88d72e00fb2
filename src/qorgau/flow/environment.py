"""Settings of the outside: the environment, ``.env`` files and Django's settings as constants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qorgau.flow import modules
from qorgau.flow.behaviours import Use
from qorgau.flow.machine import Frame
from qorgau.flow.values import BOTTOM, OPAQUE, UNKNOWN, Value, join, join_all, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

DJANGO_SETTINGS = "django.conf.settings"


def look_up(m: Machine, f: Frame, use: Use) -> Value:
    """A variable of the environment: its default in the code, or what a ``.env`` file of the project says.

    The default is known but not certain (``opaque``): it decides a country, never a condition.
    """
    name = use.arg(0, "key")
    default = use.arg(1, "default")
    found = [of_const(value) for text in name.texts() if (value := m.program.environment.get(text)) is not None]
    if not default.is_bottom and not default.unknown:
        found.insert(0, default)
    if found:
        return join(join_all(found[:1] if not default.is_bottom else found), OPAQUE)
    return join(UNKNOWN, default) if not default.is_bottom else UNKNOWN


def setting(m: Machine, f: Frame, dotted: str, at: int) -> Value | None:
    """``settings.NAME`` of Django from the settings modules of the project; None for other names."""
    if not dotted.startswith(DJANGO_SETTINGS + "."):
        return None
    name = dotted.removeprefix(DJANGO_SETTINGS + ".")
    if "." in name:
        return None
    found = BOTTOM
    for module in m.program.settings_modules:
        modules.ensure(m, module)
        if modules.has_part(m, f, module, name):
            found = join(found, modules.module_part(m, f, modules.module_loc(module), name, at))
    return None if found.is_bottom else found
