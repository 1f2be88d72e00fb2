"""How data travels: over a connection that is not protected (PD502), in the path or query of a URL (PD503).

Both are judged by the code alone: by the scheme of a known address, by the protocol that a class
speaks, by certificate checks that a call, a client or a context has turned off.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import connections, inheritance
from qorgau.flow.constants import Const
from qorgau.flow.heap import Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Frame
from qorgau.flow.sites import Site, told
from qorgau.flow.taints import Taint, Taints, merge_taints
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, External, Value, of_const, of_ref
from qorgau.knowledge.hosts import host_of

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

PLAIN_SCHEMES = frozenset(("http", "ws", "ftp", "ldap", "smtp", "telnet", "tftp"))
MAX_DEPTH = 4

ENCRYPTED = "$encrypted"
"""The part of a connection that was turned into an encrypted one."""

CONTEXT = "ssl.SSLContext"
CONTEXTS = frozenset((CONTEXT, "urllib.request.HTTPSHandler"))
"""What holds how certificates are checked, wherever among the arguments it stands."""

CHECKS = frozenset(
    """
    verify verify_ssl ssl_verify verify_certs verify_cert validate_cert validate_certs check_hostname ssl verify_mode
    ssl_verify_cert ssl_verify_identity disable_ssl_certificate_validation cert_reqs ssl_cert_reqs assert_hostname
    tlsInsecure tlsAllowInvalidCertificates tlsAllowInvalidHostnames
    """.split()  # noqa: SIM905
)
"""Arguments, and attributes of clients, that say whether certificates are checked."""

OFF_WHEN_TRUE = frozenset(
    (
        "disable_ssl_certificate_validation",
        "tlsInsecure",
        "tlsAllowInvalidCertificates",
        "tlsAllowInvalidHostnames",
    )
)
MODES = frozenset(("verify_mode", "cert_reqs", "ssl_cert_reqs"))
ENCRYPTION = frozenset(("use_ssl", "secure"))
"""Arguments that turn encryption itself off: of clients that are given a host without a scheme."""

HOLDERS = frozenset(
    """
    context ssl_context sslcontext ssl verify connector transport http_client session client opener handler handlers
    http_session pool_manager poolmanager https_handler adapter
    """.split()  # noqa: SIM905
)
"""Arguments and attributes that hold a context, a connector or another client."""


PLAIN = {
    "smtplib.SMTP": "over plain SMTP, without starttls()",
    "smtplib.LMTP": "over plain LMTP",
    "ftplib.FTP": "over plain FTP",
    "telnetlib.Telnet": "over Telnet",
    "http.client.HTTPConnection": "over http://",
    "ldap3.Connection": "over plain LDAP",
    "urllib3.HTTPConnectionPool": "over http://",
}
"""Classes that speak a plain protocol, unless the connection is upgraded or told to encrypt."""

SAFE = frozenset(
    ("smtplib.SMTP_SSL", "ftplib.FTP_TLS", "http.client.HTTPSConnection", "urllib3.HTTPSConnectionPool")
)
UNTOLD = "without a check of the other side's certificate"


def weakness(m: Machine, f: Frame, use: Use, site: Site) -> str:
    """Why what this call sends is not protected on the way; empty where nothing says so, or it stays here."""
    hosts = sorted(site.hosts)
    if hosts and all(_is_loopback(text) for text in hosts):
        return ""
    upgraded = bool(use.receiver.locs()) and all(_is_upgraded(f, loc) for loc in use.receiver.locs())
    upgraded = upgraded or any(_is_told_encrypted(f, obj) for obj in _connections(f, use))
    for text in hosts if not upgraded else ():
        scheme = text.partition("://")[0].lower() if "://" in text else ""
        if scheme in PLAIN_SCHEMES and not _is_loopback(text):
            return f"over {scheme}://"
    plain = _plain_protocol(m, f, use.receiver)
    if plain:
        return plain
    given = [*use.args.keywords.items()]
    if any(_says_off(m, f, name, value) for name, value in given):
        return UNTOLD
    if any(name in HOLDERS and _is_unchecked(m, f, value) for name, value in given):
        return UNTOLD
    overruled = {name for name, value in given if name in CHECKS and not value.is_bottom}
    if _is_unchecked(m, f, use.receiver, frozenset(overruled)) or any(
        _is_unchecked(m, f, value) for value in use.args.positional if _is_context(f, value)
    ):
        return UNTOLD
    told = any(name in HOLDERS for name, _ in given)
    if not told and _is_unchecked(m, f, connections.by_default(f, use.dotted)):
        return UNTOLD
    return _unencrypted(f, use.receiver, hosts)


def _is_loopback(text: str) -> bool:
    host = host_of(text)
    if host is None:
        return False
    if host.is_file or host.name.startswith("/"):
        return True
    names = (host.name, *host.others)
    return all(_is_this_machine(name) for name in names)


def _is_this_machine(name: str) -> bool:
    if name in ("localhost", "ip6-localhost", "localhost.localdomain") or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _plain_protocol(m: Machine, f: Frame, receiver: Value) -> str:
    """What the receiver's class speaks, where it was not upgraded on every path."""
    for loc in receiver.locs():
        obj = f.state.obj(loc)
        names = _types(m, f, obj) if obj is not None else []
        if obj is None or any(name in SAFE for name in names):
            continue
        spoken = next((PLAIN[name] for name in names if name in PLAIN), None)
        if spoken is None:
            continue
        if not _is_upgraded(f, loc) and not _is_told_encrypted(f, obj):
            return spoken
    return ""


def _is_upgraded(f: Frame, loc: Loc) -> bool:
    """Whether a connection was encrypted on every path to here: what one branch did holds under its test only."""
    obj = f.state.obj(loc)
    part = obj.parts.get(ENCRYPTED, BOTTOM) if obj is not None else BOTTOM
    return any(facts <= f.state.facts for facts in part.consts.values())


def _is_told_encrypted(f: Frame, obj: Obj) -> bool:
    """``ldap3.Server(host, use_ssl=True)``, ``ldaps://``, a bind that starts TLS by itself."""
    for key, part in obj.parts.items():
        if not isinstance(key, str) or not key.startswith("@"):
            continue
        if key in ("@use_ssl", "@ssl", "@use_tls") and (
            part.unknown or any(c.value is True for c in part.consts)
        ):
            return True
        if key == "@auto_bind" and _names_tls(part):
            return True
        if any(text.startswith("ldaps:") for text in part.texts()):
            return True
        for loc in part.locs():
            inner = f.state.obj(loc)
            if inner is not None and inner.kind == "library" and inner.type.startswith("ldap3."):
                if _is_told_encrypted(f, inner):
                    return True
    return False


def _connections(f: Frame, use: Use) -> Iterator[Obj]:
    """The connections that a call is given, or that the message was made with that it is called on."""
    given = [use.args.keywords.get("connection", BOTTOM)]
    for loc in use.receiver.locs():
        obj = f.state.obj(loc)
        given.append(obj.parts.get("@connection", BOTTOM) if obj is not None else BOTTOM)
    for value in given:
        yield from (obj for loc in value.locs() if (obj := f.state.obj(loc)) is not None)


def _names_tls(value: Value) -> bool:
    names = [ref.dotted for ref in value.refs if isinstance(ref, External)]
    return any("TLS" in text and "NO_TLS" not in text for text in (*names, *value.texts()))


def _types(m: Machine, f: Frame, obj: Obj) -> list[str]:
    """The library types of an object, the nearest first."""
    info = m.class_info(f, obj.cls) if obj.cls is not None else None
    found = [obj.type] if obj.type else []
    found += info.libraries if info is not None else ()
    return [name for each in found for name in m.policy.catalog.ancestry(m.policy.catalog.canonical(each))]


# Certificates


def _says_off(m: Machine, f: Frame, name: str, value: Value) -> bool:
    """Whether a setting can be one that turns the check of certificates off."""
    if name not in CHECKS:
        return False
    if name in MODES:
        return any(
            isinstance(ref, External) and ref.dotted.endswith("CERT_NONE") for ref in value.refs
        ) or any(c.value in ("CERT_NONE", "none") for c in value.consts)
    return any(c.value is (name in OFF_WHEN_TRUE) and c.type == "bool" for c in value.consts)


def _is_unchecked(
    m: Machine, f: Frame, value: Value, overruled: frozenset[str] = frozenset(), depth: int = 0
) -> bool:
    """Whether a client, a connector or a context checks no certificates."""
    if depth > MAX_DEPTH:
        return False
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is None or obj.kind not in ("library", "instance", "unknown", "list", "tuple"):
            continue
        for name, part in _settings(m, f, obj):
            if name not in overruled and _says_off(m, f, name, part):
                return True
            if name in HOLDERS or (name.isdigit() and _is_context(f, part)) or obj.kind in ("list", "tuple"):
                if _is_unchecked(m, f, part, overruled, depth + 1):
                    return True
    return False


def _settings(m: Machine, f: Frame, obj: Obj) -> Iterator[tuple[str, Value]]:
    """The attributes that were set on an object, what it was constructed with, and what its class says."""
    told: set[str] = set()
    for key, part in obj.parts.items():
        if isinstance(key, str) and not key.startswith("$") and not key.startswith("@"):
            told.add(key)
            yield key, part
        elif isinstance(key, Const) and obj.kind in ("list", "tuple"):
            yield str(key.value), part
    for key, part in obj.parts.items():
        if isinstance(key, str) and key.startswith("@") and key.removeprefix("@") not in told:
            yield key.removeprefix("@"), part
    if obj.cls is not None:
        for name in sorted(CHECKS - told):
            found = inheritance.class_part(m, f, obj.cls, name)
            if found is not None:
                yield name, found
    whole = obj.parts.get("$part-of")
    if whole is not None:
        yield "client", whole
    yield "adapter", connections.of_adapters(obj)


def _is_context(f: Frame, value: Value) -> bool:
    return any((obj := f.state.obj(loc)) is not None and obj.type in CONTEXTS for loc in value.locs())


def _unencrypted(f: Frame, receiver: Value, hosts: Iterable[str]) -> str:
    """``Minio(host, secure=False)``: a client that is told to do without encryption."""
    if not any(hosts):
        return ""
    for loc in receiver.locs():
        obj = f.state.obj(loc)
        for name in sorted(ENCRYPTION):
            part = obj.parts.get(f"@{name}", BOTTOM) if obj is not None else BOTTOM
            if any(c.value is False for c in part.consts):
                return f"without encryption ({name}=False)"
    return ""


# URLs

PREPARED = {
    "urllib.request.Request": ("@0", "@url", "full_url"),
    "requests.Request": ("@1", "@url", "@5", "@params", "url", "params"),
    "requests.PreparedRequest": ("url", "$part-of"),
    "httpx.Request": ("@1", "@url", "@params"),
    "tornado.httpclient.HTTPRequest": ("@0", "@url"),
}
"""Requests that are made first and sent later: the parts of them that become the URL."""


def in_url(m: Machine, f: Frame, values: Iterable[Value], at: int) -> Taints:
    """The data in the texts, and in the mappings of parameters, that a URL is made of."""
    found: list[Taint] = []
    seen: set[Loc] = set()
    for value in values:
        _collect(m, f, value, found, seen, at)
    return merge_taints(found) if found else frozenset()


def _collect(m: Machine, f: Frame, value: Value, found: list[Taint], seen: set[Loc], at: int) -> None:
    found.extend(value.taints)
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is None or loc in seen:
            continue
        seen.add(loc)
        if obj.kind in ("dict", "list", "tuple", "set", "generator"):
            for part in (*obj.parts.values(), obj.rest):
                _collect(m, f, part, found, seen, at)
        elif obj.type in PREPARED:
            for name in PREPARED[obj.type]:
                _collect(m, f, obj.parts.get(name, BOTTOM), found, seen, at)
        elif obj.kind == "library":
            held = obj.parts.get("$data")
            if held is not None:
                _collect(m, f, held, found, seen, at)


# What libraries do


def _unverified(m: Machine, f: Frame, use: Use) -> Value:
    """``ssl._create_unverified_context()``: a context that checks nothing."""
    parts: dict[str | Const, Value] = {"verify_mode": of_ref(External("ssl.CERT_NONE"))}
    return m.new(f, use.at, Obj("library", type=CONTEXT, parts=parts), "context")


def _upgraded(m: Machine, f: Frame, use: Use) -> Value:
    """``smtp.starttls()``: from here on the connection is encrypted."""
    for loc in use.receiver.locs():
        obj = f.state.obj(loc) or Obj("unknown")
        m.write(f, loc, obj.put(ENCRYPTED, of_const(True)), strong=True)
    return OPAQUE


def _connected(m: Machine, f: Frame, use: Use) -> Value:
    """``smtp.connect(host)``: from here on the connection is to another server."""
    hosts, untold = told([use.arg(0, "host")])
    for loc in use.receiver.locs():
        obj = f.state.obj(loc) or Obj("unknown")
        if hosts or untold:
            site = Site(hosts=hosts, untold=frozenset(("hosts",)) if untold else frozenset())
            m.write(f, loc, replace(obj, info=site), strong=True)
    return OPAQUE


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "unverified-context": _unverified,
    "starts-encryption": _upgraded,
    "connects": _connected,
}
