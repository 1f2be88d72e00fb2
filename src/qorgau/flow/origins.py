"""How data was collected: sent by a user (``request``), taken from a public source (``public``), or neither.

It stands in the labels of locations: what a user's request or a scraped page is, and all that is
read from it, are parts of one object. What a call makes of such an object is given a label of its
own (``marked``), since the object that comes back is another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow.facts import NO_FACTS
from qorgau.flow.locations import Loc
from qorgau.flow.taints import ORIGINS
from qorgau.flow.values import Value
from qorgau.names import fold

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine
    from qorgau.flow.machine import Frame

MAX_DEPTH = 4

REQUEST = "request"
PUBLIC = "public"

OWN = "own"
"""What an own service answered: a page of it is no public source."""

ORDER = (REQUEST, PUBLIC, OWN)
MARKS = {f" of {origin}": origin for origin in ORDER}

SENT = frozenset(
    """
    POST GET FILES body data json form forms args values params query query_params path_params files view_args
    match_info validated_data cleaned_data get_json get_data stream read post multipart form_data rel_url match_dict
    get_argument get_body_argument get_query_argument body_arguments query_arguments text content get_media media
    json_body matchdict swagger_data raw_body message effective_message edited_message callback_query inline_query
    effective_user contact
    """.split()  # noqa: SIM905
)
"""Attributes and methods of a request that give what the user sent, in the frameworks that are in use."""

ONLY_REQUESTS = frozenset(("POST", "FILES", "cleaned_data", "validated_data"))
"""Attributes that nothing but a request has, and parameters that hold them."""

KEPT_APART = frozenset(
    """
    user session headers cookies META COOKIES auth state app client current_user scheme host remote_addr environ
    resolver_match site tenant current_app bot
    """.split()  # noqa: SIM905
)
"""Parts of a request that are not what its user sent (spec section 4)."""

REQUESTS = frozenset(("request", "req", "http_request", "websocket", "ws", "update", "upd"))
"""Names of parameters and attributes that are a request as a whole."""

SOUP = "soup"
"""What everybody calls a page that was parsed."""

MESSAGES = frozenset(("message", "msg"))
TOLD = frozenset(("text", "caption", "contact", "from_user", "html_text", "web_app_data"))
"""Parts of a bot's message, which messages of queues do not have."""

EVENT = "event"
OF_GATEWAY = frozenset(
    ["body", "queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "arguments"]
)
"""Keys of the event of a function behind a gateway; messages of queues stand under ``Records``."""

READING = frozenset(
    """
    parse parsed load loads decode decoded deserialize clean cleaned normalize normalise validate validated strip
    convert extract read unpack unquote transform prepare to from as make build dict dump json form payload model
    """.split()  # noqa: SIM905
)
"""First words of unknown functions whose answer is what they were given in another form."""


def of_loc(loc: Loc | None) -> str:
    """The origin of what is read from an object: that of the innermost part of it that tells."""
    if loc is None:
        return ""
    if loc.origin is None:
        loc.origin = _told_by(loc)
    return loc.origin


def _told_by(whole: Loc) -> str:
    loc: Loc | None = whole
    while loc is not None:
        label = loc.label
        head = label[0] if isinstance(label, tuple) and label else label
        if isinstance(head, str):
            if isinstance(label, tuple):
                if head in ORIGINS:
                    return "" if is_request(loc) else head
                if head == "param" and label[-1] == SOUP:
                    return PUBLIC
                if head == "item" and _is_of_gateway(loc):
                    return REQUEST
                for mark, origin in MARKS.items():
                    if head.endswith(mark):
                        return origin
            elif head in ONLY_REQUESTS or (
                head in TOLD and loc.parent is not None and _is_message(loc.parent)
            ):
                return REQUEST
            elif loc.parent is not None and is_request(loc.parent):
                return REQUEST if head in SENT else "" if head in KEPT_APART else _of_whole(loc.parent)
        loc = loc.parent
    return ""


def _of_whole(loc: Loc) -> str:
    """A name that no framework has: of what a framework fills from the request, it was sent."""
    return REQUEST if isinstance(loc.label, tuple) and loc.label[0] == REQUEST else ""


def is_request(loc: Loc) -> bool:
    """Whether an object is a request as a whole, with its headers and session."""
    label = loc.label
    if isinstance(label, tuple):
        return label[:1] in (("param",), (REQUEST,)) and label[-1] in REQUESTS
    return label in REQUESTS


def _is_of_gateway(loc: Loc) -> bool:
    """Whether a key of a function's event is one under which a gateway hands on what a user sent (AWS Lambda)."""
    key = getattr(loc.label[1], "value", None) if isinstance(loc.label, tuple) else None
    event = loc.parent.label if loc.parent is not None else None
    return key in OF_GATEWAY and isinstance(event, tuple) and event[0] == "param" and event[-1] == EVENT


def _is_message(loc: Loc) -> bool:
    return isinstance(loc.label, tuple) and loc.label[:1] == ("param",) and loc.label[-1] in MESSAGES


def of_value(value: Value) -> str:
    """The origin of an object with unknown parts: of several alternatives, any that tells."""
    found = {origin for loc in value.locs() if (origin := of_loc(loc))}
    return min(found, key=ORDER.index, default="")


def of_values(values: Iterable[Value]) -> str:
    """The origin of what is made of several values."""
    found = {origin for value in values if value.unknown and (origin := of_value(value))}
    return min(found, key=ORDER.index, default="")


def of_call(name: str, callee: Value, given: Iterable[Value]) -> str:
    """The origin of what an unknown call gives: of what it is called on, or of what it turns into another form."""
    own = of_value(callee)
    if own:
        return own
    if name in SENT and any(is_request(loc) for loc in callee.locs()):
        return REQUEST
    return of_values(given) if fold(name).partition("_")[0] in READING or name[:1].isupper() else ""


def marked(label: str, origin: str) -> str:
    """The label of what a call made of something with an origin."""
    return f"{label} of {origin}" if origin else label


HELD = ("$data", "@0", "@f", "@data", "@file", "@stream", "@initial_value", "@initial_bytes", "@buffer")
"""Parts of a library's object that hold what it was made of."""


def of_held(f: Frame, value: Value, depth: int = 0) -> str:
    """The origin of an object or of what it holds: a buffer of an uploaded file, a reader over that buffer."""
    found = of_value(value)
    if found or depth > MAX_DEPTH:
        return found
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is None or obj.kind != "library":
            continue
        for name in HELD:
            found = of_held(f, obj.parts[name], depth + 1) if name in obj.parts else ""
            if found:
                return found
    return ""


def kept(m: Machine, f: Frame, made: Value, sources: Sequence[Value], at: int) -> Value:
    """A text that was made of others, and that nothing has named yet: it goes on telling its origin."""
    origin = of_values(sources)
    if origin not in ORIGINS:
        return made
    if made.unknown and not made.refs and not made.taints:
        return made.with_(refs={m.fresh(f, at, marked("text", origin)): NO_FACTS})
    for loc in made.locs():
        obj = f.state.obj(loc)
        if obj is None or obj.kind not in ("list", "tuple"):
            continue
        pieces = {key: kept(m, f, part, sources, at) for key, part in obj.parts.items()}
        rest = obj.rest if obj.rest.is_bottom else kept(m, f, obj.rest, sources, at)
        m.write(f, loc, replace(obj, parts=pieces, rest=rest), strong=True)
    return made
