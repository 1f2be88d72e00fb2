"""The rows of ``rules/libraries/*.toml``: one row says one thing about real, importable names.

The format is told in ``docs/library-models.md``. Names in ``calls`` are dotted public
import paths: functions (``requests.post``), constructors (``requests.Session``) and
methods on the type that a row, a constructor or a base class gives a value
(``requests.Session.post``).

An *argument reference* is a string: ``"url"`` the keyword, ``"0"`` the position
(receiver not counted), ``"0:url"`` either, ``"1.."`` every position from 1 on, ``"*"``
every position, ``"**"`` every keyword not named in the row, ``"self"`` the receiver.
A dotted tail reads into it: ``"1:config.region_name"`` is the attribute or key
``region_name`` of that argument.
"""

from __future__ import annotations

import msgspec


class Row(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False
):
    """What all rows share: the names they speak of."""

    calls: tuple[str, ...]


class Place(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False
):
    """Where a client, a session or a sink gets its place from: argument references, first that is known wins.

    ``provider`` (``aws``, ``gcp``, ``azure``, ``yandex`` ...) names the region table for ``region``.
    ``host`` may be a host name, a URL or a DSN. ``bucket`` is a bucket, container, topic, queue,
    index, table, collection or key prefix. ``database`` is a Django alias or SQLAlchemy bind key.
    ``address`` is what a call names its queue, topic or stream by: a URL counts where the client has no host
    of its own, the region of an ARN (``arn:aws:sns:eu-west-1:...``) in any case, other texts not at all.
    ``ending`` is what a host lacks that is given as the name of an account (``.snowflakecomputing.com``).
    ``remote``: it is a file or file system elsewhere, even where no more is known of it.
    ``default`` is the host of a client that is told none (``localhost``).
    ``inherit`` are argument references whose own place is taken over (``self`` always is).
    """

    provider: str = ""
    host: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    bucket: tuple[str, ...] = ()
    database: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    address: tuple[str, ...] = ()
    inherit: tuple[str, ...] = ()
    default: str = ""
    ending: str = ""
    remote: bool = False

    def full_host(self, text: str) -> str:
        """A host that is given, with its ending."""
        return text if not self.ending or "://" in text or text.endswith(self.ending) else text + self.ending


class When(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False
):
    """A row counts only if the argument is a constant that matches (``fullmatch`` of a regular expression).

    ``missing`` says what counts when the argument is not given; an argument that is given
    but not constant counts.
    """

    argument: str
    matches: str
    missing: bool = False


class Sink(Row, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """The call hands data on. ``kind``: ``storage``, ``transfer``, ``export`` or ``log``.

    ``data`` are the arguments that are handed on (keys and names included, selectors not).
    ``vendor`` and ``country`` (ISO 3166 alpha-2) are the vendor's own, for SDKs; ``local`` is
    the argument that holds a path (an export when it is local, a storage when it is a URL).
    ``returned`` is the type of the result, which never carries what was sent.
    ``url`` are the arguments that become part of a URL (PD503), ``verify`` the argument that
    turns certificate checks off when false (PD502).
    """

    kind: str
    data: tuple[str, ...]
    place: Place = Place()
    vendor: str = ""
    country: str = ""
    local: str = ""
    url: tuple[str, ...] = ()
    verify: str = ""
    returned: str = ""
    when: When | None = None
    confidence: str = "high"


class Returns(Row, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """The result is of a library type, and where it stands.

    ``type`` may hold ``{0:service_name}``, replaced by the constant of that argument.
    ``elements`` is the type of what iterating, indexing or awaiting the result gives.
    ``carries`` says that the result also carries what these arguments carry. ``registers``: from now on
    the library uses this object where the code names none (under the alias that ``place.database`` gives).
    """

    type: str
    elements: str = ""
    place: Place = Place()
    carries: tuple[str, ...] = ()
    registers: bool = False


class Attribute(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False
):
    """Attributes of library types: their type, and whether a user's request fills them (``source``).

    ``bucket``: the attribute's own name is that of a bucket, table or collection (``client.crm.clients``).
    ``shared``: there is one such object in a program (a configuration), whatever it is read from.
    ``plain``: the attribute is a number or text made of what the object holds, and nothing else.
    """

    names: tuple[str, ...]
    type: str = ""
    source: str = ""
    clean: bool = False
    bucket: bool = False
    shared: bool = False
    plain: bool = False


class Source(Row, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """The result comes from outside. ``kind``: ``request`` (what a user sends), ``public``, ``file`` or ``query``."""

    kind: str
    type: str = ""


class Pass(Row, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A known call that hands data from arguments to ``to``: ``result``, ``self`` or an argument reference."""

    data: tuple[str, ...] = ("self", "*", "**")
    to: tuple[str, ...] = ("result",)


class Clean(Row, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """The result carries nothing of what was given (lengths, comparisons, status codes)."""

    type: str = ""


class Depersonalizer(
    Row, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False
):
    """The result is the data transformed. ``effect``: ``irreversible``, ``reversible`` or ``hash``.

    A ``hash`` is irreversible when keyed (``key`` given and not written in the source) or when
    the field is not enumerable, reversible otherwise (paragraph 21). ``why`` completes the
    sentence "... because ..." and ``instead`` says what to use. ``to`` as in ``Pass``.
    """

    effect: str
    data: tuple[str, ...]
    key: str = ""
    why: str = ""
    instead: str = ""
    to: tuple[str, ...] = ("result",)
    type: str = ""


class Behaviour(Row, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """The engine itself knows what the call does, under the name ``does``."""

    does: str
    place: Place = Place()


class Query(Row, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """The call runs SQL: what its text writes goes to a storage, what it selects comes back.

    ``statement`` is the argument with the text (or a statement object), ``parameters`` are the
    arguments with its values (one value each, or a sequence or mapping of them). ``to`` says where
    the rows are found: in the ``result`` and, for cursors, in ``self``.
    """

    statement: str
    parameters: tuple[str, ...] = ()
    place: Place = Place()
    to: tuple[str, ...] = ("result",)


class Entry(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False
):
    """What makes a function of the project one that a framework calls.

    ``decorators`` are dotted names (functions or methods); ``bases`` are library classes, of
    whose subclasses the framework calls ``methods`` (fnmatch patterns). ``request`` are the parameters
    that hold what a user sends: names, ``"*"`` for all, or ``"<position>"``; ``public`` those that hold
    what was taken from a public source (a page that was scraped).
    """

    decorators: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    request: tuple[str, ...] = ()
    public: tuple[str, ...] = ()


class Type(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False
):
    """A library class and its bases (library classes), whose rows it inherits."""

    name: str
    bases: tuple[str, ...]


class Library(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False
):
    """One file of ``rules/libraries``.

    ``packages`` are the top-level import names it speaks of, ``aliases`` other dotted
    paths of the same things (``"psycopg2.extensions.connection" = "psycopg2.connection"``;
    a prefix stands for all below it).
    """

    library: str
    packages: tuple[str, ...]
    documentation: str
    aliases: dict[str, str] = {}
    type: tuple[Type, ...] = ()
    sink: tuple[Sink, ...] = ()
    returns: tuple[Returns, ...] = ()
    attribute: tuple[Attribute, ...] = ()
    source: tuple[Source, ...] = ()
    passes: tuple[Pass, ...] = ()
    clean: tuple[Clean, ...] = ()
    depersonalizer: tuple[Depersonalizer, ...] = ()
    behaviour: tuple[Behaviour, ...] = ()
    query: tuple[Query, ...] = ()
    entry: tuple[Entry, ...] = ()
