"""Where the settings of a deployment say that databases, caches, files, mail and queues stand.

Django reads them from its settings module, Celery from there or from its application. What a call
says itself comes first; this fills in what it leaves to the settings (spec section 4).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import environment, flask_settings, inheritance, places, registries, routers
from qorgau.flow.machine import Args, Closure, Frame
from qorgau.flow.places import Site
from qorgau.flow.values import BOTTOM, Value, join, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

LOOPBACK = "localhost"
DEFAULT = "default"
_CONNECTION = re.compile(r"""^\s*\{.*["']host["']\s*:\s*["'](?P<host>[^"']+)""", re.DOTALL)
_REGION = re.compile(r"""region_name["']?\s*(?:=|:|%3D)\s*["']?([\w-]+)""")
LOCAL_BACKENDS = (
    "sqlite3",
    "LocMemCache",
    "DummyCache",
    "FileBasedCache",
    "DatabaseCache",
    "FileSystemStorage",
    "InMemoryStorage",
    "StaticFilesStorage",
    "console.EmailBackend",
    "locmem.EmailBackend",
    "filebased.EmailBackend",
    "dummy.EmailBackend",
)
SMTP = "smtp.EmailBackend"
S3 = ("S3Storage", "S3Boto3Storage", "S3StaticStorage", "S3ManifestStaticStorage")

TABLES = (
    "django.db.",
    "django.forms.",
    "django.contrib.auth.",
    "django.contrib.sessions.",
    "rest_framework.",
)
"""What writes rows of the project's models: of Django itself, forms, users and serializers."""

FILES = ("django.core.files.storage.", "django.db.models.fields.files.", "storages.backends.")
HOSTS = frozenset(("hosts",))
LOCAL = frozenset(("localhost",))
"""Where Celery and Dramatiq look for a broker that nothing in the program names."""

OPTIONS = ("endpoint_url", "region_name", "bucket_name", "host", "azure_container")
BROKERS = ("broker_url", "BROKER_URL", "CELERY_BROKER_URL", "broker_write_url")
AWS_ENDPOINTS = ("AWS_ENDPOINT_URL",)
AWS_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")


def complete(
    m: Machine, f: Frame, dotted: str, receiver: Value, site: Site, at: int, data: list[Value] | None = None
) -> Site:
    """The place of a call that hands on ``data``, with what it leaves to the settings filled in."""
    if dotted.startswith(FILES):
        return _files(m, f, receiver, site, at)
    if dotted.startswith(TABLES):
        other = _other_orm(m, f, receiver)
        if other:
            return MODELS[other](m, f, receiver, site, at)
        return _database(m, f, receiver, site, at)
    if dotted.startswith("django.core.cache."):
        return _cache(m, f, _alias(f, receiver), site, at)
    if dotted.startswith("django.core.mail.") and not site.says("hosts"):
        return _mail(m, f, site, at)
    top = dotted.partition(".")[0]
    if top == "celery" and not site.says("regions"):
        told = _broker(
            m, f, site if site.says("hosts") else site.merged(registries.registered(m, f, top)), at
        )
        if told.says("hosts") or told.says("regions"):
            return told
        return (
            replace(told, untold=HOSTS)
            if _is_decorated_elsewhere(f, receiver)
            else replace(told, hosts=LOCAL)
        )
    if top in flask_settings.KEYS:
        return flask_settings.complete(m, f, top, receiver, site, at)
    if site.says("hosts"):
        return site
    if top == "django_redis":
        return _cache(m, f, min(site.databases, default=DEFAULT), site, at)
    if top == "airflow":
        return _connection(m, f, site)
    if top in MODELS:
        return MODELS[top](m, f, receiver, site, at)
    if top in ("sqlalchemy", "flask_sqlalchemy", "sqlmodel"):
        return _sessions(m, f, receiver, data or [], site, at)
    site = site.merged(registries.registered(m, f, top))
    if top == "dramatiq" and site.is_empty:
        return replace(site, hosts=LOCAL)
    if top == "boto3" and not site.says("hosts"):
        return _aws(m, f, site)
    return site


def _is_decorated_elsewhere(f: Frame, receiver: Value) -> bool:
    """Whether a function is a task by an application that the program gets from code nobody knows."""
    for loc in receiver.locs():
        obj = f.state.obj(loc)
        info = obj.info if obj is not None else None
        if isinstance(info, Closure) and not any(mark.startswith("celery.") for mark in info.marks):
            return True
    return False


def _other_orm(m: Machine, f: Frame, receiver: Value) -> str:
    """The library of a queryset's model, where that isn't Django."""
    for cls in registries.element_classes(f, receiver).locs():
        info = m.class_info(f, cls)
        for library in info.libraries if info is not None else ():
            if library.partition(".")[0] in MODELS:
                return library.partition(".")[0]
    return ""


def _peewee(m: Machine, f: Frame, receiver: Value, site: Site, at: int) -> Site:
    """``class Meta: database = ...`` of the model or its bases."""
    model = registries.element_classes(f, receiver)
    return site.merged(registries.place_of(f, registries.class_setting(m, f, model, "Meta", "database", at)))


def _mongoengine(m: Machine, f: Frame, receiver: Value, site: Site, at: int) -> Site:
    """``meta = {"db_alias": ...}`` of the document, else the default connection."""
    model = registries.element_classes(f, receiver)
    aliases = registries.class_setting(m, f, model, "meta", "db_alias", at).texts() or [DEFAULT]
    site = replace(site, databases=site.databases | frozenset(aliases))
    return site.merged(registries.registered(m, f, "mongoengine", aliases[0]))


def _pynamodb(m: Machine, f: Frame, receiver: Value, site: Site, at: int) -> Site:
    """``class Meta: region = ..., host = ...`` of the model, or of the one that a batch is of."""
    whole = _held(f, receiver, "$part-of")
    model = registries.element_classes(f, receiver if whole.is_bottom else whole)
    told = {name: registries.class_setting(m, f, model, "Meta", name, at) for name in ("host", "region")}
    regions, unsure = places.told([told["region"]])
    untold = frozenset(("regions",)) if unsure else frozenset()
    return _aws(m, f, site.merged(_hosts([told["host"]])).merged(Site("aws", regions=regions, untold=untold)))


def _redis_om(m: Machine, f: Frame, receiver: Value, site: Site, at: int) -> Site:
    """``class Meta: database = ...`` of the model, else what the environment says."""
    site = _peewee(m, f, receiver, site, at)
    if site.says("hosts"):
        return site
    told = environment.variable(m, f, ["REDIS_OM_URL"], BOTTOM).texts()
    return replace(site, hosts=frozenset(told) or LOCAL)


def _registered(library: str) -> Callable[[Machine, Frame, Value, Site, int], Site]:
    def complete(m: Machine, f: Frame, receiver: Value, site: Site, at: int) -> Site:
        alias = next(iter(sorted(site.databases)), DEFAULT)
        return site.merged(registries.registered(m, f, library, alias))

    return complete


MODELS = {
    "beanie": _registered("beanie"),
    "elasticsearch": _registered("elasticsearch"),
    "mongoengine": _mongoengine,
    "peewee": _peewee,
    "pynamodb": _pynamodb,
    "redis_om": _redis_om,
    "tortoise": _registered("tortoise"),
}


def _sessions(m: Machine, f: Frame, receiver: Value, data: list[Value], site: Site, at: int) -> Site:
    """A session's binds by class, then Flask's configuration."""
    bound = registries.bound(m, f, receiver, data, at)
    if not bound.is_empty:
        return bound
    config = of_ref(registries.shared(m, "flask.Config"))
    keys = [
        registries.class_part_texts(m, f, cls, "__bind_key__") for cls in registries.classes_of(m, f, data)
    ]
    aliases = next((key for key in keys if key), [])
    if aliases:
        binds = registries.setting(f, config, "SQLALCHEMY_BINDS")
        url = join_all(_key(m, f, binds, alias, at) for alias in aliases)
        entry = _key(m, f, url, "url", at)
        return replace(site, databases=frozenset(aliases)).merged(_hosts([url if entry.is_bottom else entry]))
    url = registries.setting(f, config, "SQLALCHEMY_DATABASE_URI")
    return site.merged(registries.sole(m, f, "sqlalchemy") if url.is_bottom else _hosts([url]))


def of_made(m: Machine, f: Frame, dotted: str, site: Site) -> Site:
    """The place of what a call makes: what a hook of Airflow hands on is found where its connection stands."""
    return _connection(m, f, site) if dotted.startswith("airflow.") and site.databases else site


def _connection(m: Machine, f: Frame, site: Site) -> Site:
    """A connection of Airflow by its id: a URL or a JSON table in the environment."""
    for alias in sorted(site.databases):
        for text in environment.variable(m, f, [f"AIRFLOW_CONN_{alias.upper()}"], BOTTOM).texts():
            told = _CONNECTION.search(text)
            regions = frozenset(_REGION.findall(text))
            host = (
                frozenset((told["host"],)) if told else frozenset((text,)) if "://" in text else frozenset()
            )
            provider = "aws" if text.startswith("aws") else site.provider
            site = replace(site, provider=provider, regions=regions or site.regions).merged(
                Site(hosts=host if not regions else frozenset())
            )
    return site


def _broker(m: Machine, f: Frame, site: Site, at: int) -> Site:
    """What Celery's configuration or Django's settings say of the broker."""
    config = of_ref(registries.shared(m, "celery.app.utils.Settings"))
    told = [registries.setting(f, config, name) for name in BROKERS]
    broker = [*told, *(_setting(m, f, name, at) for name in BROKERS)]
    options = registries.setting(f, config, "broker_transport_options")
    if options.is_bottom:
        options = _setting(m, f, "CELERY_BROKER_TRANSPORT_OPTIONS", at)
    site = site.merged(_hosts(broker))
    regions, _ = places.told([_key(m, f, options, "region", at)])
    return replace(site, provider="aws", regions=regions) if regions else site


def _aws(m: Machine, f: Frame, site: Site) -> Site:
    """What Amazon's own variables of the environment say, where the code does not."""
    hosts = [environment.variable(m, f, [name], BOTTOM) for name in AWS_ENDPOINTS]
    regions = [environment.variable(m, f, [name], BOTTOM) for name in AWS_REGIONS]
    known = Site(hosts=_known(hosts), regions=_known(regions) if not site.says("regions") else frozenset())
    return site.merged(known)


def _known(values: list[Value]) -> frozenset[str]:
    return next((frozenset(texts) for value in values if (texts := value.texts())), frozenset())


def _setting(m: Machine, f: Frame, name: str, at: int) -> Value:
    return environment.setting(m, f, f"{environment.DJANGO_SETTINGS}.{name}", at) or BOTTOM


def _key(m: Machine, f: Frame, value: Value, name: str, at: int) -> Value:
    """An entry of a dict in the settings; nothing where it has none."""
    found: list[Value] = []
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is not None and obj.kind == "dict":
            found.append(m.item(f, Value(refs={loc: frozenset()}), of_const(name), at))
        elif obj is not None and obj.type:
            found.append(Value(unknown=True))
    return join_all(found)


def _hosts(values: list[Value]) -> Site:
    texts, untold = places.told(values)
    return Site(hosts=texts, untold=HOSTS if untold else frozenset())


def _is_local(value: Value) -> bool:
    texts = value.texts()
    return bool(texts) and all(text.endswith(LOCAL_BACKENDS) for text in texts)


def _alias(f: Frame, receiver: Value) -> str:
    """The alias that a cache or storage was looked up by."""
    for loc in receiver.locs():
        obj = f.state.obj(loc)
        given = obj.parts.get("@0") if obj is not None else None
        for text in given.texts() if given is not None else ():
            return text
    return DEFAULT


def _database(m: Machine, f: Frame, receiver: Value, site: Site, at: int) -> Site:
    if site.says("hosts"):
        return site
    aliases = site.databases
    if not aliases:
        aliases, all_told = routers.written_to(m, f, _setting(m, f, "DATABASE_ROUTERS", at), receiver, at)
        aliases = aliases if all_told else aliases | {DEFAULT}
    databases = _setting(m, f, "DATABASES", at)
    found = [_key(m, f, databases, alias, at) for alias in sorted(aliases)]
    made = replace(site, databases=aliases)
    entries = [entry for entry in found if not entry.is_bottom]
    if not entries:
        return made
    engines = join_all(_key(m, f, entry, "ENGINE", at) for entry in entries)
    host = join_all(_key(m, f, entry, "HOST", at) for entry in entries)
    if _is_local(engines) or (host.is_bottom and engines.texts()):
        return replace(made, provider="local")
    if "" in host.texts():
        # Django takes an empty host for the local socket, as it does one that is left out.
        named = host.with_(consts=host.constants_where(lambda constant: constant.value != ""))
        host = join(named, of_const(LOOPBACK))
    return made.merged(_hosts([host]))


def _cache(m: Machine, f: Frame, alias: str, site: Site, at: int) -> Site:
    if site.says("hosts"):
        return site
    entry = _key(m, f, _setting(m, f, "CACHES", at), alias, at)
    if entry.is_bottom or _is_local(_key(m, f, entry, "BACKEND", at)):
        known = not entry.is_bottom or not _setting(m, f, "DATABASES", at).is_bottom
        return replace(site, provider="local") if known else site
    location = _key(m, f, entry, "LOCATION", at)
    items = m.iterate(f, location, at) if location.locs() else None
    return site.merged(_hosts([items.each if items is not None else location]))


def _files(m: Machine, f: Frame, receiver: Value, site: Site, at: int) -> Site:
    """Where a file storage writes: by the object that it is, else by the settings of its alias."""
    if site.provider == "local" or site.says("hosts") or site.says("regions"):
        return site
    field = _held(f, receiver, "$storage")
    if not field.is_bottom:
        receiver = m.call(f, field, Args(), at) if _is_code(f, field) else field
        site = site.merged(_own_site(f, receiver))
    own = {name: _class_option(m, f, receiver, name, at) for name in OPTIONS}
    made = _own_class(m, f, receiver)
    if made:
        return _file_site(m, f, made, own, {}, site, at)
    entry = _key(m, f, _setting(m, f, "STORAGES", at), _alias(f, receiver), at)
    backend = (
        _key(m, f, entry, "BACKEND", at)
        if not entry.is_bottom
        else _setting(m, f, "DEFAULT_FILE_STORAGE", at)
    )
    if backend.is_bottom or _is_local(backend):
        known = not _setting(m, f, "INSTALLED_APPS", at).is_bottom or not backend.is_bottom
        return replace(site, provider="local") if known else site
    options = _key(m, f, entry, "OPTIONS", at)
    given = {name: _key(m, f, options, name, at) for name in OPTIONS}
    kinds: list[str] = []
    for text in backend.texts():
        cls = routers.named_class(m, f, text, at)
        kinds += _libraries(m, f, cls) if cls is not None else [text]
        if cls is not None:
            own = {name: _class_option(m, f, cls, name, at) for name in OPTIONS}
    if kinds and all(kind.endswith(LOCAL_BACKENDS) for kind in kinds):
        return replace(site, provider="local")
    return _file_site(m, f, kinds, given, own, site, at)


def _file_site(
    m: Machine,
    f: Frame,
    kinds: list[str],
    first: dict[str, Value],
    second: dict[str, Value],
    site: Site,
    at: int,
) -> Site:
    """The place that options, attributes of a class and the settings of its backend say, in this order."""

    def option(name: str, *settings: str) -> list[Value]:
        given = [first.get(name, BOTTOM), second.get(name, BOTTOM)]
        return [*given, *(_setting(m, f, setting, at) for setting in settings)]

    if any(kind.endswith(S3) for kind in kinds):
        hosts, untold = places.told(option("endpoint_url", "AWS_S3_ENDPOINT_URL", "AWS_S3_HOST"))
        regions, unsure = places.told(option("region_name", "AWS_S3_REGION_NAME"))
        buckets, _ = places.told(option("bucket_name", "AWS_STORAGE_BUCKET_NAME"))
        parts = frozenset(part for part, given in (("hosts", untold), ("regions", unsure)) if given)
        made = site.merged(Site("aws", hosts, regions, buckets, untold=parts))
        return _aws(m, f, made) if not made.says("hosts") else made
    if any(kind.endswith("SFTPStorage") for kind in kinds):
        return site.merged(_hosts(option("host", "SFTP_STORAGE_HOST")))
    buckets, _ = places.told(
        [*option("bucket_name", "GS_BUCKET_NAME"), *option("azure_container", "AZURE_CONTAINER")]
    )
    return site.merged(Site(buckets=buckets))


def _held(f: Frame, value: Value, part: str) -> Value:
    found = [
        obj.parts[part] for loc in value.locs() if (obj := f.state.obj(loc)) is not None and part in obj.parts
    ]
    return join_all(found)


def _is_code(f: Frame, value: Value) -> bool:
    kinds = [obj.kind for loc in value.locs() if (obj := f.state.obj(loc)) is not None]
    return bool(kinds) and all(kind in ("function", "class") for kind in kinds)


def _own_site(f: Frame, value: Value) -> Site:
    sites = [
        obj.info
        for loc in value.locs()
        if (obj := f.state.obj(loc)) is not None and isinstance(obj.info, Site)
    ]
    return sites[0] if sites else places.EMPTY


def _own_class(m: Machine, f: Frame, receiver: Value) -> list[str]:
    """The backends that a storage object made in the code is of; none for the default storage."""
    found: list[str] = []
    for loc in receiver.locs():
        obj = f.state.obj(loc)
        if obj is not None and obj.type.startswith("storages.backends."):
            found.append(obj.type)
        elif obj is not None and obj.cls is not None:
            found += _libraries(m, f, Value(refs={obj.cls: frozenset()}))
    return [kind for kind in found if kind.startswith("storages.backends.")]


def _libraries(m: Machine, f: Frame, cls: Value) -> list[str]:
    infos = [info for loc in cls.locs() if (info := m.class_info(f, loc)) is not None]
    return [library for info in infos for library in info.libraries]


def _class_option(m: Machine, f: Frame, value: Value, name: str, at: int) -> Value:
    """An option that stands as an attribute of a class of the program, or of its object."""
    found: list[Value] = []
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is None:
            continue
        if name in obj.parts and obj.kind != "class":
            found.append(obj.parts[name])
            continue
        cls = loc if obj.kind == "class" else obj.cls
        part = inheritance.class_part(m, f, cls, name) if cls is not None else None
        if part is not None:
            found.append(part)
    return join_all(found)


def _mail(m: Machine, f: Frame, site: Site, at: int) -> Site:
    """The server of the settings; its scheme tells whether they turn encryption off."""
    backend = _setting(m, f, "EMAIL_BACKEND", at)
    if _is_local(backend):
        return site.merged(Site(hosts=frozenset(("localhost",))))
    told = _hosts([_setting(m, f, "EMAIL_HOST", at)])
    speaks_smtp = backend.is_bottom or any(text.endswith(SMTP) for text in backend.texts())
    if speaks_smtp and _is_off(_setting(m, f, "EMAIL_USE_TLS", at)) and not _is_on(m, f, at):
        told = replace(told, hosts=frozenset(f"smtp://{host}" for host in told.hosts))
    return site.merged(told)


def _is_on(m: Machine, f: Frame, at: int) -> bool:
    ssl = _setting(m, f, "EMAIL_USE_SSL", at)
    return not ssl.is_bottom and not _is_off(ssl)


def _is_off(value: Value) -> bool:
    """Whether a setting is written as ``False``, and nothing else."""
    constant = value.constant()
    return constant is not None and constant.value is False
