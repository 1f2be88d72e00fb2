"""Where extensions of Flask stand: caches, mail, MongoDB and Redis, by keys of the application's configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import places, registries
from qorgau.flow.machine import Frame
from qorgau.flow.places import Site
from qorgau.flow.values import BOTTOM, Value, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

LOCAL = frozenset(("localhost",))
KEYS = {
    "flask_caching": ("CACHE_REDIS_URL", "CACHE_REDIS_HOST", "CACHE_MEMCACHED_SERVERS"),
    "flask_mail": ("MAIL_SERVER",),
    "flask_redis": ("REDIS_URL",),
    "pymongo": ("MONGO_URI",),
}
"""The keys that name a host, by the package whose calls go there."""

BY_DEFAULT = frozenset(("flask_caching", "flask_mail", "flask_redis"))
"""Packages that look on this machine where nothing names a host."""

HERE = ("simple", "null", "filesystem", "simplecache", "nullcache", "filesystemcache", "uwsgicache")
"""Kinds of caches that stay in the process or on its disk."""


def complete(m: Machine, f: Frame, package: str, receiver: Value, site: Site, at: int) -> Site:
    """The place of an extension's call, with what the configuration says of it."""
    config = of_ref(registries.shared(m, "flask.Config"))
    own = _given(f, receiver, "@config")
    if package == "flask_caching" and _is_here(m, f, own, config, at):
        return replace(site, provider="local")
    if site.says("hosts"):
        return site
    found = [registries.setting(f, config, key) for key in KEYS[package]]
    values = [each for value in found for each in places.listed(m, f, value, at)]
    texts, untold = places.told(values)
    if not texts and not untold:
        return replace(site, hosts=LOCAL) if package in BY_DEFAULT else site
    scheme = "smtp://" if package == "flask_mail" and _is_plain(f, config) else ""
    hosts = frozenset(f"{scheme}{text}" for text in texts)
    return site.merged(Site(hosts=hosts, untold=frozenset(("hosts",)) if untold else frozenset()))


def _given(f: Frame, receiver: Value, name: str) -> Value:
    found = [obj.parts.get(name, BOTTOM) for loc in receiver.locs() if (obj := f.state.obj(loc)) is not None]
    return join_all(found)


def _is_here(m: Machine, f: Frame, own: Value, config: Value, at: int) -> bool:
    """Whether a cache is of a kind that needs no server."""
    dicts = [loc for loc in own.locs() if (obj := f.state.obj(loc)) is not None and obj.kind == "dict"]
    told = join_all(m.item(f, of_ref(loc), of_const("CACHE_TYPE"), at) for loc in dicts)
    kinds = (registries.setting(f, config, "CACHE_TYPE") if told.is_bottom else told).texts()
    return bool(kinds) and all(kind.rpartition(".")[2].lower() in HERE for kind in kinds)


def _is_plain(f: Frame, config: Value) -> bool:
    """Whether both kinds of encryption are written to be off."""
    told = [registries.setting(f, config, name).constant() for name in ("MAIL_USE_TLS", "MAIL_USE_SSL")]
    off = [constant is not None and constant.value is False for constant in told]
    return any(off) and all(constant is None or constant.value is False for constant in told)
