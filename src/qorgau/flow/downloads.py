"""Where exported data is written: printing to a file, CSV writers, and responses that become downloads.

What is printed or written goes through the target's own ``write``: an open file exports it, memory keeps
it, a terminal logs it, a class of the project does what its method says.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import (
    data_sources,
    held_data,
    inheritance,
    json_texts,
    redirects,
    sinks,
    strings,
    texts,
)
from qorgau.flow.arrivals import Destination
from qorgau.flow.heap import Key, Obj
from qorgau.flow.library_data import hold
from qorgau.flow.locations import Loc
from qorgau.flow.machine import Args, Frame
from qorgau.flow.taints import Taints
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, External, Value, join, join_all, of_const, of_ref

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

STREAMS = ("sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__")
RESPONSES = frozenset(
    (
        "django.http.HttpResponseBase",
        "werkzeug.wrappers.Response",
        "starlette.responses.Response",
        "aiohttp.web.StreamResponse",
        "quart.Response",
        "bottle.BaseResponse",
    )
)
"""Library classes of answers to a request."""

DOWNLOAD = "$download"
WRITTEN = "$written:"
"""Parts of a response: that it is a download, and what was written to it at which call."""

GIVEN = ("@0", "@content", "@streaming_content", "@response", "@body", "@data", "@rv")
"""Parts of a response that hold what its constructor was given to send."""

TYPES = re.compile(
    r"(?is)\s*(text/(csv|tab-separated-values|vcard)|application/(csv|pdf|zip|x-zip.*|gzip|x-gzip|x-tar|octet-stream"
    r"|rtf|msword|force-download|x-download|(x-|ms-|vnd\.ms-|x-ms)?excel.*"
    r"|vnd\.(ms-|openxmlformats|oasis|apache).*)).*"
)
"""Content types that are saved to a file rather than shown (spec section 4, export)."""

HEADERS = frozenset(("content_type", "mimetype", "media_type", redirects.LOCATION))
"""Attributes of responses that are headers."""

TYPE_ARGUMENTS = ("@content_type", "@mimetype", "@media_type")
TYPE_POSITIONS = {
    "django.http": ("@1",),
    "flask": ("@3", "@4"),
    "werkzeug": ("@3", "@4"),
    "starlette": ("@3",),
}


# Printing


def printed(m: Machine, f: Frame, u: Use) -> Value:
    """``print(..., file=target)``: to the terminal, or by the target's ``write``."""
    values = [strings.shown(m, f, value, u.at) for value in u.args.positional]
    if not u.args.star.is_bottom:
        values.append(strings.shown(m, f, u.args.star, u.at))
    target = u.args.keywords.get("file")
    if target is not None and (target.refs or target.unknown):
        text = texts.made_of([value.with_(refs={}) for value in values]) if values else of_const("")
        m.call_method(f, target, "write", Args([text]), u.at)
        return of_const(None)
    taints = sinks.gather(m, f, values, u.at)
    if taints:
        sinks.record(m, f, u.at, "log", "print", Destination(), taints)
    return of_const(None)


# CSV writers


def rows_written(m: Machine, f: Frame, u: Use) -> tuple[Use, Value | None]:
    """A writer's call with the columns it writes, and its result where a target's own ``write`` is called."""
    owner, _, method = u.dotted.rpartition(".")
    if u.dotted == "json.dump":
        convert = json_texts.converter(m, f, u)
        if convert is not None and u.args.positional:
            text = Value(json_texts.converted(m, f, u.arg(0), convert, u.at), opaque=True)
            u = replace(u, args=replace(u.args, positional=[text, *u.args.positional[1:]]))
        return u, None
    if owner not in ("csv.writer", "csv.DictWriter") or method not in ("writerow", "writerows"):
        return u, None
    if owner == "csv.DictWriter":
        u = _chosen(m, f, u, many=method == "writerows")
    target = _target(f, u.receiver)
    if not any(_writes_itself(m, f, ref, u.at) for ref in target.refs):
        return u, None
    row = Value(held_data.contents(m, f, join_all(u.args.all()), u.at), opaque=True)
    return u, m.call_method(f, target, "write", Args([row]), u.at)


def _target(f: Frame, writer: Value) -> Value:
    found = BOTTOM
    for loc in writer.locs():
        obj = f.state.obj(loc)
        for name in ("@0", "@csvfile", "@f") if obj is not None else ():
            found = join(found, obj.parts.get(name, BOTTOM) if obj is not None else BOTTOM)
    return found


def _writes_itself(m: Machine, f: Frame, ref: object, at: int) -> bool:
    """Whether a target is the terminal, or an object of the project (``Echo``), which is no file.

    The project's own class of a response is written to like the library's, unless it has a ``write``.
    """
    if isinstance(ref, External):
        return ref.dotted.startswith(STREAMS)
    obj = f.state.obj(ref) if isinstance(ref, Loc) else None
    if not isinstance(ref, Loc) or obj is None or obj.kind != "instance" or obj.cls is None:
        return False
    return not is_response(m, f, obj) or inheritance.method(m, f, ref, obj, "write", at) is not None


def _chosen(m: Machine, f: Frame, u: Use, *, many: bool) -> Use:
    """A ``DictWriter`` with ``extrasaction="ignore"`` writes the columns of its ``fieldnames`` only."""
    names, ignores = _columns(m, f, u)
    row = u.arg(0, "rowdicts" if many else "rowdict")
    if names is None or row.is_bottom:
        return u
    if many:
        iteration = m.iterate(f, row, u.at)
        items = iteration.items if iteration.items is not None else (iteration.each,)
        made = [_narrowed(m, f, item, names, u.at, index, ignores) for index, item in enumerate(items)]
        row = m.sequence(f, u.at, "list", made, None, "written")
    else:
        row = _narrowed(m, f, row, names, u.at, 0, ignores)
    return replace(u, args=Args([row]))


def _columns(m: Machine, f: Frame, u: Use) -> tuple[list[str] | None, bool]:
    for loc in u.receiver.locs():
        obj = f.state.obj(loc)
        if obj is None:
            continue
        action = obj.parts.get("@extrasaction") or obj.parts.get("@3")
        constant = action.constant() if action is not None else None
        given = obj.parts.get("@fieldnames") or obj.parts.get("@1") or BOTTOM
        items = m.iterate(f, given, u.at).items
        known = [item.constant() for item in items] if items is not None else [None]
        if all(name is not None and isinstance(name.value, str) for name in known):
            names = [str(name.value) for name in known if name is not None]
            return names, constant is not None and constant.value == "ignore"
    return None, False


def _narrowed(
    m: Machine, f: Frame, row: Value, names: list[str], at: int, index: int, ignores: bool
) -> Value:
    if (
        not ignores
        and row.locs()
        and all((o := f.state.obj(loc)) is not None and o.kind == "dict" for loc in row.locs())
    ):
        return row
    made = m.new(f, at, Obj("dict", info="exact"), f"row{index}")
    for name in names:
        m.set_item(f, made, of_const(name), m.item(f, row, of_const(name), at), at)
    return made if ignores else join(made, row)


# Responses


def is_response(m: Machine, f: Frame, obj: Obj | None) -> bool:
    """Whether an object is a library's answer to a request, or of a class of the project that extends one."""
    return obj is not None and bool(_response_type(m, f, obj))


def extends_response(m: Machine, library: str) -> bool:
    """Whether a library's class is one of answers to a request."""
    return not RESPONSES.isdisjoint(m.policy.catalog.ancestry(library))


def _response_type(m: Machine, f: Frame, obj: Obj) -> str:
    info = m.class_info(f, obj.cls) if obj.cls is not None else None
    names = (obj.type,) if obj.type else info.libraries if info is not None else ()
    return next((name for name in names if extends_response(m, name)), "")


def initialized(m: Machine, f: Frame, loc: Loc, library: str, args: Args, at: int) -> None:
    """``super().__init__(...)`` of a response: it is given what the library's own class would be given."""
    for made in m.library_call(f, library, BOTTOM, args, at).locs():
        obj = m.obj(f, loc)
        m.write(f, loc, replace(obj, parts={**obj.parts, **m.obj(f, made).parts}), strong=True)


def header_set(m: Machine, f: Frame, loc: Loc, obj: Obj, key: Value, new: Value, at: int) -> bool:
    """``response["Content-Disposition"] = ...``: a download, or a redirect. Gives whether it was a header."""
    if not is_response(m, f, obj):
        whole = obj.parts.get("$part-of", BOTTOM).single()
        held = f.state.obj(whole) if whole is not None else None
        if whole is None or held is None or not is_response(m, f, held):
            return False
        loc, obj = whole, held
    name = key.texts()[0].lower().replace("_", "-") if key.texts() else ""
    if name == redirects.LOCATION:
        redirects.addressed(m, f, loc, new, at)
    if any(_downloads(name, text) for text in new.texts()):
        _becomes_download(m, f, loc, obj, at)
    return True


def attribute_set(m: Machine, f: Frame, loc: Loc, obj: Obj, name: str, new: Value, at: int) -> None:
    """``response.content_type = ...``, ``response.location = ...``, ``response.status_code = ...``"""
    if name in HEADERS:
        header_set(m, f, loc, obj, of_const(name.replace("content_type", "content-type")), new, at)
    elif name in redirects.STATUS:
        redirects.status_set(m, f, obj, new)


def _downloads(name: str, text: str) -> bool:
    if name == "content-disposition":
        return text.strip().lower().startswith("attachment")
    return name in ("content-type", "mimetype", "media-type") and TYPES.fullmatch(text) is not None


def _becomes_download(m: Machine, f: Frame, loc: Loc, obj: Obj, at: int) -> None:
    """What the response was given and what was written to it before is exported where that was done."""
    if obj.parts.get(DOWNLOAD) is not None or is_download(m, f, obj):
        return
    m.write(f, loc, obj.put(DOWNLOAD, of_const(True)), strong=True)
    given = join_all(part for name in GIVEN if (part := obj.parts.get(name)) is not None)
    unit, born = data_sources.birth(m, loc, f.unit, at)
    taints, kind = held_data.contents(m, f, given, at), _response_type(m, f, obj)
    if taints:
        sinks.record(m, f, born, "export", kind, Destination(), taints, unit=unit.name, values=[given])
    for key, part in obj.parts.items():
        if isinstance(key, str) and key.startswith(WRITTEN) and part.taints:
            name, _, number = key.removeprefix(WRITTEN).rpartition(":")
            sinks.record(m, f, int(number), "export", f"{kind}.write", Destination(), part.taints, unit=name)


def is_download(m: Machine, f: Frame, obj: Obj) -> bool:
    """Whether a response was made, or later declared, to be saved to a file."""
    if DOWNLOAD in obj.parts:
        return True
    kind = _response_type(m, f, obj)
    positions = next((names for top, names in TYPE_POSITIONS.items() if kind.startswith(top)), ())
    for name in (*TYPE_ARGUMENTS, *positions):
        part = obj.parts.get(name)
        if part is not None and any(TYPES.fullmatch(text) for text in part.texts()):
            return True
    headers = obj.parts.get("@headers", BOTTOM)
    for loc in headers.locs():
        held = f.state.obj(loc)
        for key, part in held.items() if held is not None else ():
            if isinstance(key.value, str) and any(
                _downloads(key.value.lower(), text) for text in part.texts()
            ):
                return True
    return False


def written(m: Machine, f: Frame, u: Use) -> Value:
    """``response.write(text)``: kept, and exported where the response is a download."""
    data = join_all(u.args.positional)
    taints: Taints = held_data.contents(m, f, data, u.at)
    for loc in u.receiver.locs():
        hold(m, f, of_ref(loc), [data])
        obj = m.obj(f, loc)
        if not taints:
            continue
        if is_download(m, f, obj):
            sinks.record(m, f, u.at, "export", u.dotted, Destination(), taints, values=u.args.all())
        else:
            key: Key = f"{WRITTEN}{f.unit.name}:{u.at}"
            m.write(f, loc, obj.put(key, Value(taints)), strong=True)
    return of_const(None)


def header_given(m: Machine, f: Frame, u: Use) -> Value:
    """``response.headers.set(name, value)``, ``response.headers.add(name, value)``."""
    given = m.exact_dict(f, u.arg(0)) or {}
    for loc in u.receiver.locs():
        header_set(m, f, loc, m.obj(f, loc), u.arg(0), u.arg(1), u.at)
        for key, value in given.items():
            header_set(m, f, loc, m.obj(f, loc), of_const(key), value, u.at)
    for name, value in u.args.keywords.items():
        for loc in u.receiver.locs():
            header_set(m, f, loc, m.obj(f, loc), of_const(name), value, u.at)
    return of_const(None)


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "header-set": header_given,
    "print": printed,
    "response-write": written,
}
