"""The place that a call of a library speaks of: by its arguments, by what it inherits, by its receiver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from qorgau.flow import (
    places,
)
from qorgau.flow.machine import Args, Frame
from qorgau.flow.places import EMPTY, Site
from qorgau.flow.references import arguments
from qorgau.flow.uses import Use
from qorgau.flow.values import Value, join_all
from qorgau.knowledge import rows as rows_of

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine


BUFFERS = frozenset(("io.StringIO", "io.BytesIO"))
"""Files in memory: what is written there is exported when they are handed out."""

PLACED = ("hosts", "buckets")
"""Parts of a place for which an object that has a place of its own can be given: an address, a table."""

MAKERS = ("creator", "async_creator")


def site_of(m: Machine, f: Frame, use: Use, place: rows_of.Place) -> Site:
    """The place that a row's call speaks of: its own arguments, then what it inherits, then the receiver's."""
    untold: set[str] = set()
    parts: dict[str, frozenset[str]] = {}
    built: list[Value] = []
    for part, references in (
        ("hosts", place.host),
        ("regions", place.region),
        ("buckets", place.bucket),
        ("databases", place.database),
        ("files", place.path),
    ):
        given = [value for text in references for value in arguments(m, f, use, text)]
        if part == "hosts":
            given = [listed for value in given for listed in places.listed(m, f, value, use.at)]
        placed = [value for value in given if part in PLACED and not site_of_value(f, value).is_empty]
        built += placed
        texts, unknown = places.told(value for value in given if value not in placed)
        parts[part] = frozenset(map(place.full_host, texts)) if part == "hosts" else texts
        if unknown:
            untold.add(part)
    site = Site(
        place.provider,
        hosts=parts["hosts"],
        regions=parts["regions"],
        buckets=parts["buckets"],
        databases=parts["databases"],
        files=parts["files"],
        untold=frozenset(untold),
        remote=place.remote,
    )
    for value in built:
        site = site.merged(site_of_value(f, value))
    for text in place.inherit:
        for value in arguments(m, f, use, text):
            site = site.merged(site_of_value(f, value)).merged(places.of_urls(value))
    site = site.merged(site_of_value(f, use.receiver))
    named, _ = places.told(value for text in place.address for value in arguments(m, f, use, text))
    site = site.named_by(named) if named else site
    return (
        site if site.says("hosts") or not place.default else replace(site, hosts=frozenset((place.default,)))
    )


def site_of_maker(m: Machine, f: Frame, use: Use) -> Site:
    """The place of the connections that an engine is told to have made: ``create_engine(url, creator=connect)``."""
    makers = [use.args.keywords[name] for name in MAKERS if name in use.args.keywords]
    site = site_of_value(f, join_all(m.call(f, maker, Args(), use.at) for maker in makers))
    return replace(site, untold=site.untold | {"hosts"}) if makers and not site.says("hosts") else site


def site_of_value(f: Frame, value: Value) -> Site:
    """The place of the library object that a value is."""
    site = places.EMPTY
    for loc in value.locs():
        obj = f.state.obj(loc)
        if obj is not None and isinstance(obj.info, Site):
            site = site.merged(obj.info)
        elif obj is not None and obj.type in BUFFERS:
            site = site.merged(Site(memory=True))
    return site


def site_of_row(m: Machine, f: Frame, use: Use) -> Site:
    """The place that a call speaks of by its row; none where it has no row."""
    return site_of(m, f, use, use.row.place) if use.row is not None else EMPTY
