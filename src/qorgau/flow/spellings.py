"""The names of the configuration as the program spells them.

A module below a source root can have a longer name as well: ``src/bank/consent.py`` is ``bank.consent``
and ``src.bank.consent``. The engine knows it by the first, a configuration may use either.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from qorgau.config import Settings
from qorgau.source import SourceFile


def respelled(settings: Settings, files: Iterable[SourceFile]) -> Settings:
    """The settings in which each pattern that uses a longer name of a module also stands with its own."""
    longer = [(alias, file.module) for file in files for alias in file.aliases]
    if not longer:
        return settings

    def both(patterns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each for pattern in patterns for each in _spellings(pattern, longer)))

    consent, masks = settings.consent, settings.depersonalization
    return replace(
        settings,
        fields={
            name: replace(spec, attributes=both(spec.attributes)) for name, spec in settings.fields.items()
        },
        records={name: replace(spec, classes=both(spec.classes)) for name, spec in settings.records.items()},
        storages={name: replace(spec, calls=both(spec.calls)) for name, spec in settings.storages.items()},
        recipients={
            name: replace(spec, calls=both(spec.calls)) for name, spec in settings.recipients.items()
        },
        exports={name: replace(spec, calls=both(spec.calls)) for name, spec in settings.exports.items()},
        internal=replace(settings.internal, calls=both(settings.internal.calls)),
        consent=replace(
            consent,
            checks=both(consent.checks),
            requires=both(consent.requires),
            decorators=both(consent.decorators),
            state_service=both(consent.state_service),
        ),
        depersonalization=replace(masks, functions=both(masks.functions), reversible=both(masks.reversible)),
        erasure=replace(settings.erasure, functions=both(settings.erasure.functions)),
        blocking=replace(settings.blocking, checks=both(settings.blocking.checks)),
    )


def _spellings(pattern: str, longer: Sequence[tuple[str, str]]) -> Iterable[str]:
    yield pattern
    for alias, module in longer:
        if pattern.startswith(f"{alias}."):
            yield module + pattern.removeprefix(alias)
        elif pattern.endswith(".*") and f"{alias}.".startswith(pattern.removesuffix("*")):
            yield f"{module}.*"
