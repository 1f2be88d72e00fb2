"""Tasks that a clock starts: nobody has checked anything before them, whatever their other callers do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qorgau import ir
from qorgau.flow import environment, registries
from qorgau.flow.constants import Const
from qorgau.flow.machine import Closure, Frame
from qorgau.flow.values import BOTTOM, Value, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

SCHEDULES = ("beat_schedule", "CELERYBEAT_SCHEDULE")
DJANGO_SCHEDULES = ("CELERY_BEAT_SCHEDULE", "CELERYBEAT_SCHEDULE")
PERIODIC = ("periodic_task", "db_periodic_task", "schedule", "cron")
"""Last names of decorators that put a function on a schedule."""

TIMES = frozenset(("periodic", "schedule", "cron", "run_every"))
"""Keywords of a task's decorator that do."""


def scheduled(m: Machine) -> frozenset[str]:
    """The names of the tasks in the schedule of Celery's configuration or Django's settings."""
    if not m.program.units:
        return frozenset()
    f = m.frame_of_program()
    config = of_ref(registries.shared(m, "celery.app.utils.Settings"))
    found = [registries.setting(f, config, name) for name in SCHEDULES]
    for name in DJANGO_SCHEDULES:
        found.append(environment.setting(m, f, f"{environment.DJANGO_SETTINGS}.{name}", 0) or BOTTOM)
    return frozenset(_tasks(f, found))


def _tasks(f: Frame, schedules: list[Value]) -> Iterable[str]:
    for schedule in schedules:
        for loc in schedule.locs():
            obj = f.state.obj(loc)
            for part in (*obj.parts.values(), obj.rest) if obj is not None else ():
                for inner in part.locs():
                    entry = f.state.obj(inner)
                    yield from entry.parts.get(Const("str", "task"), BOTTOM).texts() if entry else ()


def on_schedule(names: frozenset[str], closure: Closure) -> bool:
    """Whether a clock starts a task: by its name in ``names``, or by its decorator."""
    if closure.dotted in names or any(mark.rpartition(".")[2] in PERIODIC for mark in closure.marks):
        return True
    given = [
        argument
        for decorator in closure.function.decorators
        if isinstance(decorator, ir.Call)
        for argument in decorator.arguments
    ]
    return any(
        argument.keyword in TIMES
        or (
            argument.keyword == "name"
            and isinstance(argument.value, ir.Const)
            and argument.value.value in names
        )
        for argument in given
    )
