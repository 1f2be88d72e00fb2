"""The configuration and the regulation as questions that the engine asks.

Which fields a name carries, what role a function plays (check, depersonalizer, storage ...),
which classes are records. Answers are cached; nothing here changes during a run.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from qorgau.config import Settings
from qorgau.knowledge.libraries import Catalog
from qorgau.knowledge.regions import Regions
from qorgau.names import CallPatterns, NameMatcher, fold


class Role(msgspec.Struct, frozen=True):
    """What the configuration says of a function of the project or a library.

    ``kind``: ``check``, ``require``, ``blocked`` (checks of blocking), ``irreversible``,
    ``reversible``, ``storage``, ``recipient``, ``export`` or ``internal``;
    ``name`` is the configuration's name of the storage, recipient or export.
    """

    kind: str
    name: str = ""
    state_service: bool = False


class Policy:
    """What the settings, the regulation and the catalogs say."""

    def __init__(
        self,
        settings: Settings,
        fields: dict[str, tuple[str, ...]],
        enumerable: dict[str, bool],
        home: tuple[str, ...],
        catalog: Catalog,
        regions: Regions,
    ) -> None:
        self.settings = settings
        self.catalog = catalog
        self.regions = regions
        self.home = home
        self.enumerable = enumerable
        self._names = NameMatcher(fields)
        self.attributes: dict[str, str] = {
            dotted: field for field, spec in settings.fields.items() for dotted in spec.attributes
        }
        consent = settings.consent
        self._roles: list[tuple[CallPatterns, Role]] = []
        state = CallPatterns(consent.state_service)
        self._state = state
        for kind, patterns in (
            ("check", consent.checks),
            ("require", consent.requires),
            ("blocked", settings.blocking.checks),
            ("irreversible", settings.depersonalization.functions),
            ("reversible", settings.depersonalization.reversible),
            ("internal", settings.internal.calls),
        ):
            self._roles.append((CallPatterns(tuple(patterns)), Role(kind)))
        for name, storage in settings.storages.items():
            self._roles.append((CallPatterns(storage.calls), Role("storage", name)))
        for name, recipient in settings.recipients.items():
            self._roles.append((CallPatterns(recipient.calls), Role("recipient", name)))
        for name, export in settings.exports.items():
            self._roles.append((CallPatterns(export.calls), Role("export", name)))
        self.asking_methods: dict[str, list[str]] = {}
        """Methods of classes that check, by their last names."""
        for pattern in (*consent.checks, *consent.requires, *settings.blocking.checks):
            cls, _, method = pattern.rpartition(".")
            if cls.rpartition(".")[2][:1].isupper() and "*" not in pattern:
                self.asking_methods.setdefault(method, []).append(pattern)
        self._asking_classes = {
            pattern.rpartition(".")[0] for patterns in self.asking_methods.values() for pattern in patterns
        }
        self.concludes = bool(
            settings.depersonalization.functions or settings.depersonalization.reversible or consent.requires
        )
        self._decorators = CallPatterns(consent.decorators)
        self._erasure = CallPatterns(settings.erasure.functions)
        self.erases = bool(settings.erasure.functions)
        self._consent_attributes = {
            tuple(fold(part) for part in attribute.split(".")) for attribute in consent.attributes
        }
        watched = [*consent.checks, *consent.requires, *consent.decorators, *settings.blocking.checks]
        watched += [*settings.depersonalization.functions, *settings.depersonalization.reversible]
        for owner in (settings.storages, settings.recipients, settings.exports):
            watched += [call for spec in owner.values() for call in spec.calls]
        watched += [name for record in settings.records.values() for name in record.classes]
        watched += [*settings.internal.calls, *settings.erasure.functions]
        watched += [name for spec in settings.fields.values() for name in spec.attributes]
        self.watched = frozenset(
            [pattern.rpartition(".")[2] for pattern in watched]
            + [part for attribute in consent.attributes for part in attribute.split(".")]
        )
        asking = [*consent.checks, *consent.requires, *settings.blocking.checks, *consent.attributes]
        self.asking = frozenset(pattern.rpartition(".")[2] for pattern in asking) - {"*"}
        """Last names of what asks for consent or for blocking."""
        self._last = {path[-1] for path in self._consent_attributes}
        self._record_classes = {
            cls: tuple(record.fields) for record in settings.records.values() for cls in record.classes
        }
        self.fields_of = lru_cache(maxsize=None)(self._names.fields_of)
        self.role_of = lru_cache(maxsize=None)(self._role_of)

    def _role_of(self, dotted: str) -> Role | None:
        for patterns, role in self._roles:
            if patterns.matches(dotted):
                if role.kind in ("check", "require"):
                    return Role(role.kind, role.name, self._state.matches(dotted))
                return role
        return None

    def role(self, names: Iterable[str]) -> Role | None:
        """The role of a function that goes by any of these dotted names."""
        for name in names:
            found = self.role_of(name)
            if found is not None:
                return found
        return None

    def checks_of_unknown(self, method: str, owner: str) -> list[str]:
        """Methods of classes that check, of this name, which that of an unknown object can be.

        It is told by the name of the object, which has a word of the class's (``consents.given`` is
        ``Consents.given``), or by a name of several words that the method itself has.
        """
        patterns = self.asking_methods.get(method, [])
        if not patterns or "_" in fold(method):
            return patterns
        words = _words(owner)
        return [pattern for pattern in patterns if words & _words(pattern.split(".")[-2])]

    def is_asking_class(self, dotted: str) -> bool:
        """Whether the configuration names a method of this class, with its module, that checks."""
        return "." in dotted and dotted in self._asking_classes

    def is_consent_decorator(self, dotted: str) -> bool:
        """Whether a decorator lets a function run only with consent."""
        return self._decorators.matches(dotted)

    def is_erasure(self, dotted: str) -> bool:
        """Whether destruction starts with a function (paragraph 25)."""
        return self._erasure.matches(dotted)

    def is_state_service(self, dotted: str) -> bool:
        """Whether a check goes through the state service (paragraph 6)."""
        return self._state.matches(dotted)

    def consent_attribute(self, path: tuple[str, ...]) -> int:
        """How many last names of an attribute path stand for consent; 0 for none."""
        if not path or fold(path[-1]) not in self._last:
            return 0
        folded = tuple(fold(part) for part in path)
        for known in self._consent_attributes:
            if folded[-len(known) :] == known:
                return len(known)
        return 0

    def record_fields(self, dotted: str) -> tuple[str, ...] | None:
        """The fields of a class configured as a record, None if it isn't one."""
        found = self._record_classes.get(dotted)
        if found is not None:
            return found
        for pattern, fields in self._record_classes.items():
            if dotted.endswith("." + pattern):
                return fields
        return None

    def attribute_field(self, dotted: str) -> str | None:
        """The field that an exact class attribute carries by configuration."""
        found = self.attributes.get(dotted)
        if found is not None:
            return found
        for pattern, field in self.attributes.items():
            if dotted.endswith("." + pattern):
                return field
        return None

    def may_be_attribute(self, name: str) -> bool:
        """Whether the configuration names an attribute of some class by this name."""
        return any(dotted.rpartition(".")[2] == name for dotted in self.attributes)

    def is_enumerable(self, field: str) -> bool:
        """Whether a plain hash of the field can be undone by trying all values."""
        return self.enumerable.get(field, False)


def _words(name: str) -> set[str]:
    """The words of a name, in the singular."""
    return {word.removesuffix("s") for word in fold(name).split("_")}
