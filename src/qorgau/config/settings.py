"""The keys of ``qorgau.toml`` as frozen values (spec section 2).

The annotations say all there is to say about a key: its type, what it is for (shown by
``qorgau config --schema``), and how its text is read (``Reads``, the names in ``reading.py``).
Nothing here knows where a file lies or what is wrong with it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

NamePattern = Annotated[str, Meta(min_length=1, extra={"reads": "name"})]
CallPattern = Annotated[str, Meta(min_length=1, extra={"reads": "call"})]
DottedName = Annotated[str, Meta(min_length=1, extra={"reads": "dotted"})]
ClassAttribute = Annotated[str, Meta(min_length=1, extra={"reads": "class-attribute"})]
HostPattern = Annotated[str, Meta(min_length=1, extra={"reads": "host"})]
PathPattern = Annotated[str, Meta(min_length=1, extra={"reads": "path"})]
Text = Annotated[str, Meta(min_length=1, extra={"reads": "text"})]
Code = Annotated[str, Meta(pattern="^PD[0-9]{0,3}$", extra={"reads": "code"})]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$", extra={"reads": "country"})]
Region = Annotated[str, Meta(pattern="^[^:]+:[^:]+$", extra={"reads": "region"})]
Duration = Annotated[str, Meta(pattern="^P", extra={"reads": "duration"})]
Regulation = Annotated[str, Meta(min_length=1, extra={"reads": "regulation"})]


class _Table(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, rename="kebab"
):
    """What all tables of the configuration share."""


class FieldSpec(_Table, frozen=True):
    """``[fields.<name>]``: a field of the List of personal data (paragraph 5).

    ``names`` None stands for the table's own name, ``enumerable`` None for what the
    regulation's dictionary says of the names.
    """

    names: Annotated[
        tuple[NamePattern, ...] | None, Meta(description="Identifiers that carry the field.")
    ] = None
    attributes: Annotated[
        tuple[ClassAttribute, ...],
        Meta(description="Exact class attributes that carry it, whatever their name."),
    ] = ()
    category: Annotated[Text | None, Meta(description="The kind of data, shown in the inventory.")] = None
    purposes: Annotated[tuple[Text, ...], Meta(description="What the field may be used for.")] = ()
    retention: Annotated[Duration | None, Meta(description="Term of storage, an ISO 8601 duration.")] = None
    enumerable: Annotated[
        bool | None,
        Meta(description="Whether so few values exist that a plain hash is undone by trying all."),
    ] = None


class RecordSpec(_Table, frozen=True):
    """``[records.<name>]``: an object that is personal data as a whole."""

    classes: Annotated[tuple[CallPattern, ...], Meta(description="The classes of the record.")] = ()
    fields: Annotated[tuple[Text, ...], Meta(description="The fields that it holds.")] = ()


class StorageSpec(_Table, frozen=True):
    """``[storages.<name>]``: a place where data is kept, and its country."""

    hosts: Annotated[
        tuple[HostPattern, ...], Meta(description="Hosts in URLs and connection strings, with * and ?.")
    ] = ()
    buckets: Annotated[
        tuple[Text, ...],
        Meta(description="Buckets, containers, topics, indexes, tables, collections, with * and ?."),
    ] = ()
    databases: Annotated[
        tuple[Text, ...], Meta(description="Django DATABASES aliases, SQLAlchemy bind keys.")
    ] = ()
    calls: Annotated[
        tuple[CallPattern, ...], Meta(description="Own functions whose arguments are written there.")
    ] = ()
    country: Annotated[Country | None, Meta(description="ISO 3166 alpha-2 code of its country.")] = None
    region: Annotated[Region | None, Meta(description="provider:region, as aws:eu-central-1.")] = None
    mirror_of: Annotated[
        Text | None,
        Meta(description="The home storage of which it is a copy: judged as a cross-border transfer."),
    ] = None


class RecipientSpec(_Table, frozen=True):
    """``[recipients.<name>]``: a third party."""

    hosts: Annotated[tuple[HostPattern, ...], Meta(description="Its hosts, with * and ?.")] = ()
    calls: Annotated[tuple[CallPattern, ...], Meta(description="Own functions that send to it.")] = ()
    country: Annotated[Country | None, Meta(description="ISO 3166 alpha-2 code of its country.")] = None
    region: Annotated[Region | None, Meta(description="provider:region, as aws:eu-central-1.")] = None
    purpose: Annotated[Text | None, Meta(description="What it receives the data for.")] = None
    public: Annotated[bool, Meta(description="A publicly available source (paragraph 4-1).")] = False


class ExportSpec(_Table, frozen=True):
    """``[exports.<name>]``: own functions that give files to others."""

    calls: Annotated[tuple[CallPattern, ...], Meta(description="The functions that export.")] = ()
    public: Annotated[bool, Meta(description="A publicly available source (paragraph 4-1).")] = False
    country: Annotated[
        Country | None, Meta(description="ISO 3166 alpha-2 code of the receiver's country.")
    ] = None
    purpose: Annotated[Text | None, Meta(description="What the export is for.")] = None


class InternalSpec(_Table, frozen=True):
    """``[internal]``: own services, no third party. Says nothing of their country."""

    hosts: Annotated[tuple[HostPattern, ...], Meta(description="Hosts of own services, with * and ?.")] = ()
    calls: Annotated[tuple[CallPattern, ...], Meta(description="Functions that call own services.")] = ()


class ConsentSpec(_Table, frozen=True):
    """``[consent]``: how the code asks for the subject's consent (paragraphs 4, 4-4, 6, 8)."""

    checks: Annotated[
        tuple[CallPattern, ...], Meta(description="Functions whose true result means consent.")
    ] = ()
    requires: Annotated[
        tuple[CallPattern, ...],
        Meta(description="Functions that return, or enter a with block, only with consent."),
    ] = ()
    decorators: Annotated[
        tuple[CallPattern, ...], Meta(description="Decorators that let in only with consent.")
    ] = ()
    attributes: Annotated[
        tuple[DottedName, ...],
        Meta(description="Attributes whose true value means consent of the object that owns them."),
    ] = ()
    purpose_argument: Annotated[
        str | int | None,
        Meta(
            description="The argument of a check that names the purpose: keyword or 0-based position.",
            extra={"reads": "argument"},
        ),
    ] = None
    state_service: Annotated[
        tuple[CallPattern, ...],
        Meta(description="Those of the above that go through the state service (paragraph 6)."),
    ] = ()


class DepersonalizationSpec(_Table, frozen=True):
    """``[depersonalization]``: own functions that transform data (paragraph 21)."""

    functions: Annotated[
        tuple[CallPattern, ...], Meta(description="Their result can't be traced back to the subject.")
    ] = ()
    reversible: Annotated[tuple[CallPattern, ...], Meta(description="Their result can be undone.")] = ()


class ErasureSpec(_Table, frozen=True):
    """``[erasure]``: where destruction starts (paragraph 25)."""

    functions: Annotated[
        tuple[CallPattern, ...], Meta(description="Functions that destroy a subject's data.")
    ] = ()


class BlockingSpec(_Table, frozen=True):
    """``[blocking]``: how the code asks whether processing is suspended (paragraph 25)."""

    checks: Annotated[
        tuple[CallPattern, ...], Meta(description="Functions whose true result means: suspended.")
    ] = ()


class ExemptionSpec(_Table, frozen=True):
    """``[[exemptions]]``: where the law lifts a requirement; without ``paths`` or ``fields``, for all."""

    codes: Annotated[tuple[Code, ...], Meta(description="Codes or prefixes that are lifted.")]
    basis: Annotated[Text, Meta(description="The provision of law that lifts them.")]
    reason: Annotated[Text, Meta(description="Why it applies here.")]
    paths: Annotated[tuple[PathPattern, ...], Meta(description="Files of the sink, gitignore patterns.")] = ()
    fields: Annotated[tuple[Text, ...], Meta(description="The fields that are lifted.")] = ()


class Keys(_Table, frozen=True):
    """Everything that a configuration file can say."""

    regulation: Annotated[Regulation, Meta(description="The rule pack.")] = "kz-395"
    home: Annotated[
        tuple[Country, ...] | None,
        Meta(description="Countries where personal data may be stored; default: the regulation's."),
    ] = None
    operator: Annotated[
        Literal["private", "state"],
        Meta(description="For a state operator consent must go through the state service (paragraph 6)."),
    ] = "private"
    exclude: Annotated[
        tuple[PathPattern, ...], Meta(description="Gitignore patterns, on top of .gitignore.")
    ] = ()
    select: Annotated[tuple[Code, ...], Meta(description="Codes or prefixes to report.")] = ("PD",)
    ignore: Annotated[tuple[Code, ...], Meta(description="Codes or prefixes not to report.")] = ()
    min_confidence: Annotated[
        Literal["low", "medium", "high"], Meta(description="The least confidence that is reported.")
    ] = "medium"
    source_roots: Annotated[
        tuple[Text, ...] | None, Meta(description="Folders that imports start from; default: found.")
    ] = None
    extend_rules: Annotated[
        tuple[Text, ...], Meta(description="Folders with more library models, as rules/libraries.")
    ] = ()
    fields: Annotated[dict[str, FieldSpec], Meta(description="The List of personal data (paragraph 5).")] = {}
    records: Annotated[
        dict[str, RecordSpec], Meta(description="Objects that are personal data as a whole.")
    ] = {}
    storages: Annotated[dict[str, StorageSpec], Meta(description="Where data is kept.")] = {}
    recipients: Annotated[dict[str, RecipientSpec], Meta(description="Third parties.")] = {}
    exports: Annotated[dict[str, ExportSpec], Meta(description="Own functions that export.")] = {}
    internal: Annotated[InternalSpec, Meta(description="Own services.")] = InternalSpec()
    consent: Annotated[ConsentSpec, Meta(description="How the code asks for consent.")] = ConsentSpec()
    depersonalization: Annotated[
        DepersonalizationSpec, Meta(description="Own functions that transform data.")
    ] = DepersonalizationSpec()
    erasure: Annotated[ErasureSpec, Meta(description="Where destruction starts.")] = ErasureSpec()
    blocking: Annotated[
        BlockingSpec, Meta(description="How the code asks whether processing is suspended.")
    ] = BlockingSpec()
    purposes: Annotated[
        dict[PathPattern, Text],
        Meta(description="The purpose that the code in files of these gitignore patterns serves."),
    ] = {}
    exemptions: Annotated[
        tuple[ExemptionSpec, ...], Meta(description="Where the law itself lifts a requirement.")
    ] = ()


class ConfigProblem(msgspec.Struct, frozen=True):
    """One thing wrong with a configuration; ``key`` is a dotted path, empty for the file as a whole."""

    file: str
    key: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.key, self.message) if part)


class Settings(Keys, frozen=True):
    """The configuration in force.

    ``path`` is the file it came from, None where none was found. The patterns of paths in it
    are relative to ``root``. ``doubts`` are oddities that are no errors, to be shown as warnings.
    """

    path: Path | None = None
    root: Path | None = None
    doubts: tuple[ConfigProblem, ...] = ()


class ConfigError(Exception):
    """The configuration cannot be used; ``problems`` holds everything that is wrong with it."""

    def __init__(self, problems: tuple[ConfigProblem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)
