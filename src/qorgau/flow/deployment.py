"""Where the settings of a deployment say that databases, caches, files, mail and queues stand.

Django reads them from its settings module, Celery from there or from its application. What a call
says itself comes first; this fills in what it leaves to the settings (spec section 4).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qorgau.flow import environment, places
from qorgau.flow.machine import Frame
from qorgau.flow.places import Site
from qorgau.flow.values import BOTTOM, Loc, Obj, Value, join_all, of_const

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

DEFAULT = "default"
LOCAL_BACKENDS = ("sqlite3", "LocMemCache", "DummyCache", "FileBasedCache", "DatabaseCache", "FileSystemStorage")
LOCAL_BACKENDS += ("InMemoryStorage", "StaticFilesStorage", "console.EmailBackend", "locmem.EmailBackend")
S3 = ("S3Storage", "S3Boto3Storage", "S3StaticStorage", "S3ManifestStaticStorage")


def complete(m: Machine, f: Frame, dotted: str, receiver: Value, site: Site, at: int) -> Site:
    """The place of a call, with what it leaves to the settings filled in."""
    if dotted.startswith("django.db."):
        return _database(m, f, site, at)
    if dotted.startswith("django.core.cache."):
        return _cache(m, f, _alias(f, receiver), site, at)
    if dotted.startswith(("django.core.files.storage.", "django.db.models.fields.files.")):
        return _files(m, f, _alias(f, receiver), site, at)
    if dotted.startswith("django.core.mail.") and not site.says("hosts"):
        return _mail(m, f, site, at)
    top = dotted.partition(".")[0]
    if not site.says("hosts"):
        site = site.merged(configured(f, top))
    if top == "celery" and not site.says("hosts"):
        broker = [_setting(m, f, name, at) for name in ("CELERY_BROKER_URL", "BROKER_URL", "broker_url")]
        return site.merged(_hosts(broker))
    return site


def library_place(top: str) -> Loc:
    """Where the place of a library that is configured as a whole is kept (``sentry_sdk.init``)."""
    return Loc(None, ("library", top))


def configure(m: Machine, f: Frame, dotted: str, site: Site) -> None:
    """A library is told where to send: all its later calls without a client of their own go there."""
    loc = library_place(dotted.partition(".")[0])
    m.base.setdefault(loc, Obj("library"))
    held = f.state.obj(loc)
    if held is None or held.info != site:
        f.state.heap[loc] = Obj("library", info=site)


def configured(f: Frame, top: str) -> Site:
    """The place that a library was told."""
    obj = f.state.obj(library_place(top))
    return obj.info if obj is not None and isinstance(obj.info, Site) else places.EMPTY


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
    return Site(hosts=texts, untold=frozenset(("hosts",)) if untold else frozenset())


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


def _database(m: Machine, f: Frame, site: Site, at: int) -> Site:
    if site.says("hosts"):
        return site
    aliases = site.databases or frozenset((DEFAULT,))
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


def _files(m: Machine, f: Frame, alias: str, site: Site, at: int) -> Site:
    if site.says("hosts") or site.says("regions"):
        return site
    entry = _key(m, f, _setting(m, f, "STORAGES", at), alias, at)
    backend = _key(m, f, entry, "BACKEND", at) if not entry.is_bottom else _setting(m, f, "DEFAULT_FILE_STORAGE", at)
    if backend.is_bottom or _is_local(backend):
        known = not _setting(m, f, "INSTALLED_APPS", at).is_bottom or not backend.is_bottom
        return replace(site, provider="local") if known else site
    options = _key(m, f, entry, "OPTIONS", at)

    def option(name: str, setting: str) -> list[Value]:
        return [_key(m, f, options, name, at), _setting(m, f, setting, at)]

    provider = "aws" if any(text.endswith(S3) for text in backend.texts()) else ""
    hosts, _ = places.told(option("endpoint_url", "AWS_S3_ENDPOINT_URL"))
    regions, _ = places.told(option("region_name", "AWS_S3_REGION_NAME"))
    buckets, _ = places.told(
        [*option("bucket_name", "AWS_STORAGE_BUCKET_NAME"), _setting(m, f, "GS_BUCKET_NAME", at)]
    )
    return site.merged(Site(provider, hosts, regions, buckets))


def _mail(m: Machine, f: Frame, site: Site, at: int) -> Site:
    if _is_local(_setting(m, f, "EMAIL_BACKEND", at)):
        return site.merged(Site(hosts=frozenset(("localhost",))))
    return site.merged(_hosts([_setting(m, f, "EMAIL_HOST", at)]))
