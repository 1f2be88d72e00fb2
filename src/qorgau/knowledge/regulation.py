"""Regulation packs: paragraphs, home countries and the dictionary of fields (spec sections 2 and 6).

It knows what a regulation lists and how a configuration overrules it. It refuses to know what
a paragraph asks of code: that is what the rule pages say.
"""

from __future__ import annotations

from importlib import resources

import msgspec
import tomli

from qorgau.config import FieldSpec, Settings
from qorgau.names import fold


class DictionaryField(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Names that usually carry one kind of personal data.

    ``names`` are identifiers in folded form; each of ``owned`` is a name as well when one of the
    regulation's ``owners`` stands before it (``client_iin``). ``enumerable`` says that so few
    values exist that a plain hash is undone by trying all.
    """

    name: str
    names: tuple[str, ...]
    category: str
    enumerable: bool
    owned: tuple[str, ...] = ()


class Regulation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One pack of ``rules/regulations``. ``home`` are the countries in which data may be stored.

    ``institutions`` are words in the names of classes whose contacts and address are those of a thing.
    """

    id: str
    title: str
    source: str
    home: tuple[str, ...]
    paragraphs: dict[str, str]
    owners: tuple[str, ...] = ()
    institutions: tuple[str, ...] = ()
    dictionary: tuple[DictionaryField, ...]

    def names_of(self, field: DictionaryField) -> tuple[str, ...]:
        """All names of a field of the dictionary, those with an owner before them included."""
        owned = (f"{owner}_{name}" for name in field.owned for owner in self.owners)
        return tuple(dict.fromkeys((*field.names, *owned)))


class RegulationError(Exception):
    """A regulation pack is missing or broken; the text is one sentence that names it."""


def load_regulation(name: str) -> Regulation:
    """The pack ``rules/regulations/<name>.toml``. Raises RegulationError: none, or a broken one."""
    place = resources.files("qorgau.rules") / "regulations" / f"{name}.toml"
    shown = f"rules/regulations/{name}.toml"
    try:
        text = place.read_text(encoding="utf-8")
    except OSError as error:
        raise RegulationError(f"there is no regulation {name!r}: {shown} cannot be read") from error
    try:
        return parse_regulation(text)
    except (tomli.TOMLDecodeError, msgspec.ValidationError) as error:
        raise RegulationError(f"{shown}: {error}") from error


def parse_regulation(text: str) -> Regulation:
    """A pack from its TOML text. Raises tomli.TOMLDecodeError or msgspec.ValidationError."""
    return msgspec.convert(tomli.loads(text), Regulation)


def field_specs(regulation: Regulation) -> dict[str, FieldSpec]:
    """The dictionary as a ``[fields]`` table, for a run whose configuration declares none."""
    return {
        field.name: FieldSpec(
            names=regulation.names_of(field), category=field.category, enumerable=field.enumerable
        )
        for field in regulation.dictionary
    }


def dictionary_of(regulation: Regulation) -> dict[str, DictionaryField]:
    """``{folded name: field}`` over all names of the dictionary; where two fields share one, the first."""
    found: dict[str, DictionaryField] = {}
    for field in regulation.dictionary:
        for name in regulation.names_of(field):
            found.setdefault(fold(name), field)
    return found


def effective_fields(settings: Settings, regulation: Regulation) -> dict[str, FieldSpec]:
    """The fields that a run looks for, with ``names`` and ``enumerable`` always said.

    They are those of ``[fields]``, else of the regulation's dictionary; and those that ``[records]``
    names besides. A field without ``names`` goes by its own; what it does not say of ``category``
    and ``enumerable`` the dictionary says of its names (spec section 2), else it is not enumerable.
    """
    declared = dict(settings.fields) if settings.fields else field_specs(regulation)
    for record in settings.records.values():
        for field in record.fields:
            declared.setdefault(field, FieldSpec())
    known = dictionary_of(regulation)
    return {name: _completed(name, field, known) for name, field in declared.items()}


def enumerable_of(settings: Settings, regulation: Regulation) -> dict[str, bool]:
    """Of each effective field, whether a plain hash of it can be undone by trying all values."""
    return {name: bool(field.enumerable) for name, field in effective_fields(settings, regulation).items()}


def names_of_fields(settings: Settings) -> dict[str, tuple[str, ...]]:
    """The patterns of names by which each field of settings that are in force goes."""
    return {name: spec.names or () for name, spec in settings.fields.items()}


def in_force(settings: Settings, regulation: Regulation) -> Settings:
    """The settings with everything that the regulation decides filled in: ``home`` and ``fields``."""
    return msgspec.structs.replace(
        settings,
        home=regulation.home if settings.home is None else settings.home,
        fields=effective_fields(settings, regulation),
    )


def _completed(name: str, field: FieldSpec, known: dict[str, DictionaryField]) -> FieldSpec:
    names = (name,) if field.names is None else field.names
    # A field known by attributes alone (names = []) is still called something, and "*_iin" is about iin.
    words = [fold(one.replace("*", "_")) for one in (*names, name)]
    entries = [known[word] for word in words if word in known]
    said = any(entry.enumerable for entry in entries)
    return msgspec.structs.replace(
        field,
        names=names,
        category=field.category or next((entry.category for entry in entries), None),
        enumerable=said if field.enumerable is None else field.enumerable,
    )
