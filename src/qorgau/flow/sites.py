"""What code says of a place: the hosts, regions, buckets and databases of a client or a call.

This room collects alternatives of different paths; which of them stands where is settled by ``places``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from qorgau.flow.constants import HOLE, const
from qorgau.flow.values import BOTTOM, Value, join_all, of_const, of_ref
from qorgau.knowledge.hosts import host_of, host_of_path

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine
    from qorgau.flow.machine import Frame


class Site(msgspec.Struct, frozen=True):
    """What code says of a place. Each set holds the alternatives of different paths.

    ``untold`` names the parts that are given, but on some path by a value that cannot be told.
    ``files`` are local paths; ``memory`` says that it is a buffer of this process, ``remote`` that it is a
    file elsewhere.
    """

    provider: str = ""
    hosts: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    buckets: frozenset[str] = frozenset()
    databases: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    untold: frozenset[str] = frozenset()
    memory: bool = False
    remote: bool = False

    def merged(self, other: Site) -> Site:
        """This place, with what it does not say taken from another (a client's from its session)."""
        return Site(
            self.provider or other.provider,
            self.hosts if self.says("hosts") else other.hosts,
            self.regions if self.says("regions") else other.regions,
            self.buckets if self.says("buckets") else other.buckets,
            self.databases if self.says("databases") else other.databases,
            self.files or other.files,
            self.untold | frozenset(part for part in other.untold if not self.says(part)),
            self.memory or other.memory,
            self.remote or other.remote,
        )

    def named_by(self, addresses: frozenset[str]) -> Site:
        """This place, with what a queue's URL or an ARN says of it."""
        urls = frozenset(text for text in addresses if "://" in text)
        regions = frozenset(region for text in addresses if (region := _arn_region(text)))
        site = replace(self, buckets=self.buckets | frozenset(_last_name(text) for text in addresses))
        if urls and not site.hosts:
            site = replace(site, hosts=urls, untold=site.untold - {"hosts"})
        return replace(site, regions=regions, untold=site.untold - {"regions"}) if regions else site

    def either(self, other: Site) -> Site:
        """This place or another: a part that only one of them gives is untold on the other's path."""
        one_sided = frozenset(
            part
            for part in ("hosts", "regions")
            if self.says(part) != other.says(part) and "local" not in self.provider
        )
        return Site(
            self.provider if self.provider == other.provider else "",
            self.hosts | other.hosts,
            self.regions | other.regions,
            self.buckets | other.buckets,
            self.databases | other.databases,
            self.files | other.files,
            self.untold | other.untold | one_sided,
            self.memory and other.memory,
            self.remote or other.remote,
        )

    def at_paths(self, paths: Iterable[str]) -> Site:
        """This place as that of remote files: at their hosts, or in their buckets."""
        hosts = [host for path in paths if (host := host_of_path(path)) is not None]
        buckets = frozenset(host.bucket for host in hosts if host.bucket)
        named = frozenset(path for path in paths if (host := host_of_path(path)) is not None and host.name)
        said = self.hosts or (frozenset() if self.says("hosts") else named)
        return replace(self, hosts=said, buckets=self.buckets | buckets, files=frozenset())

    def says(self, part: str) -> bool:
        """Whether a part is given, told or not."""
        return bool(getattr(self, part)) or part in self.untold

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is said."""
        return self == EMPTY


EMPTY = Site()


def _arn_region(text: str) -> str:
    """The region of ``arn:partition:service:region:account:resource``; empty for other texts."""
    parts = text.split(":")
    return parts[3] if len(parts) > 5 and parts[0] == "arn" and HOLE not in parts[3] else ""


def _last_name(text: str) -> str:
    """The queue's own name in its URL or ARN."""
    return text.rpartition("/")[2].rpartition(":")[2] or text


def told(values: Iterable[Value]) -> tuple[frozenset[str], bool]:
    """The texts of the first value that is given, and whether it can be something else as well.

    A default of the environment is known (``opaque``), something from outside is not (``unknown``).
    """
    for value in values:
        if value.is_bottom:
            continue
        texts = frozenset(text for text in value.texts() if text and text.strip(HOLE))
        texts = frozenset(text for text in texts if not _is_relative(text))
        if not texts and any(_is_relative(text) for text in value.texts()):
            continue
        none = all(c.value in (None, "") for c in value.consts)
        if not texts and none and not (value.unknown or value.opaque or value.refs or value.taints):
            continue
        if texts and all(map(_names_host, texts)):
            return texts, False
        # On one path a variable of the environment has no default.
        unset = value.opaque and any(constant.value is None for constant in value.consts)
        return texts, value.unknown or unset or bool(value.taints) or (not texts)
    return frozenset(), False


def _names_host(text: str) -> bool:
    """Whether an address of which something isn't known (a password, a path) still names its host, or its domain."""
    host = host_of(text) if HOLE in text and "://" in text else None
    if host is None or not host.name:
        return False
    known = host.name.rpartition(HOLE)[2]
    return HOLE not in host.name or (known.startswith(".") and known.count(".") > 1)


def of_urls(value: Value) -> Site:
    """The place of a client that is given as its URL (``frame.to_sql(name, "postgresql://...")``)."""
    found = [(text, host) for text in value.texts() if "://" in text and (host := host_of(text)) is not None]
    return Site(
        hosts=frozenset(text for text, host in found if host.name or (host.is_file and not host.bucket))
    )


def listed(m: Machine, f: Frame, value: Value, at: int) -> list[Value]:
    """One host or the hosts of a list; of an entry that is a pair or a dict, its host."""
    joined = BOTTOM
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is None or obj.kind not in ("list", "tuple", "set", "dict"):
            return [value]
        if obj.kind == "dict":
            found = [
                m.item(f, of_ref(loc), of_const(name), at)
                for name in ("host", "hosts", "url")
                if const(name) in obj.parts
            ]
        else:
            found = [each for part in (*obj.parts.values(), obj.rest) for each in listed(m, f, part, at)]
        texts = [each for each in found if each.texts() or each.unknown or each.refs or each.taints]
        joined = join_all([joined, *texts])
    return [value] if joined.is_bottom else [joined]


def paths(values: Iterable[Value]) -> tuple[frozenset[str], bool]:
    """The paths of files that the first given value names, and whether it can be another."""
    for value in values:
        texts = frozenset(text for text in value.texts() if text and text.strip(HOLE))
        none = bool(value.consts) and all(c.value in (None, "") for c in value.consts)
        plain = not (value.unknown or value.opaque or value.refs or value.taints)
        if value.is_bottom or (not texts and none and plain):
            continue
        return texts, not plain or not texts
    return frozenset(), False


def _is_relative(text: str) -> bool:
    """A path of a URL (``/contacts``): what it is relative to is said elsewhere."""
    return text.startswith("/") and not text.startswith("//") and host_of(text) is None
