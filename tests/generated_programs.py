"""Small programs made at random: personal data goes through locals, branches, loops and calls to sinks.

A program's locals are written ``<0>``, ``<1>`` ... in its text, and each use of one ``[<0>]``, so that a law can
give them other names and wrap their uses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from hypothesis import strategies as st

from qorgau import config, pipeline
from qorgau.findings import Report

LOCALS = 4
NAMES = ("alpha", "beta", "gamma", "delta")
FIELDS = ("phone", "iin", "email")

HELPERS = """\
import requests


def same(thing):
    return thing


def first(left, right):
    return left


def pair(left, right):
    return {"left": left, "right": [right]}


def size(thing):
    return len(thing)


def send(thing):
    requests.post("https://api.example.com/x", json=thing)
"""

HEAD = """\
import json
import logging

import requests

from helpers import first, pair, same, send, size


def work(client, ready):
"""

CALLER = """\
from program import work


def start(clients):
    for one in clients:
        work(one, True)
"""

UNRELATED = """\
class Counter:
    def __init__(self):
        self.total = 0

    def add(self, step, thing=None):
        self.total = self.total + step
        return thing


def work(left, right):
    counter = Counter()
    counter.add(left)
    return counter.add(right, "none")
"""

_NAME = st.integers(0, LOCALS - 1).map("<{}>".format)
_USE = st.integers(0, LOCALS - 1).map("[<{}>]".format)
_VALUE = st.one_of(
    _USE,
    st.sampled_from(FIELDS).map("client.{}".format),
    st.sampled_from(('"text"', "5", "None")),
    st.builds("{{'k': {}, 'other': {}}}".format, _USE, _USE),
    st.builds("[{}, {}]".format, _USE, _USE),
    st.builds("({}, {})[0]".format, _USE, _USE),
    st.builds("{}({}, {})".format, st.sampled_from(("first", "pair")), _USE, _USE),
    st.builds("{}({})".format, st.sampled_from(("str", "size", "json.dumps")), _USE),
    st.builds("'%s and %s' % ({}, {})".format, _USE, _USE),
    st.builds("{} if ready else {}".format, _USE, _USE),
)
_SINK = st.builds(
    str.format,
    st.sampled_from(
        (
            "requests.post('https://api.example.com/x', json={})",
            "logging.info('%s', {})",
            "print({})",
            "send({})",
        )
    ),
    _USE,
)
_SIMPLE = st.lists(st.builds("{} = {}".format, _NAME, _VALUE) | _SINK, min_size=1, max_size=3)


def _indented(lines: list[str]) -> list[str]:
    return ["    " + line for line in lines]


def _chosen(test: str, yes: list[str], no: list[str]) -> list[str]:
    return [f"if {test}:", *_indented(yes), "else:", *_indented(no)]


def _repeated(head: str, body: list[str]) -> list[str]:
    return [head, *_indented(body)]


_BRANCH = st.builds(
    _chosen,
    st.sampled_from(("ready", "client.active", "client.consent")) | st.builds("{} == 5".format, _USE),
    _SIMPLE,
    _SIMPLE,
)
_LOOP = st.builds(
    _repeated, st.builds("for {} in ({}, {}):".format, _NAME, _USE, _USE) | st.just("while ready:"), _SIMPLE
)


class Program(NamedTuple):
    """The lines of one function's body, with places for its locals."""

    lines: tuple[str, ...]

    def files(
        self, names: tuple[str, ...] = NAMES, wrap: Callable[[str], str] = lambda use: use
    ) -> dict[str, str]:
        """The program's files, with its locals called ``names`` and each use of one wrapped."""
        text = "".join(f"    {line}\n" for line in self.lines)
        text = re.sub(r"\[(<\d>)\]", lambda found: wrap(found[1]), text)
        text = re.sub(r"<(\d)>", lambda found: names[int(found[1])], text)
        return {"caller.py": CALLER, "helpers.py": HELPERS, "program.py": HEAD + text}


def _program(given: list[str], parts: list[list[str]], sink: str) -> Program:
    start = [f"<{number}> = {value}" for number, value in enumerate(given)]
    return Program((*start, *(line for part in parts for line in part), sink))


PROGRAMS = st.builds(
    _program,
    st.lists(
        st.sampled_from(FIELDS).map("client.{}".format) | st.just("'none'"),
        min_size=LOCALS,
        max_size=LOCALS,
    ),
    st.lists(st.one_of(_SIMPLE, _BRANCH, _LOOP), min_size=1, max_size=4),
    _SINK,
)


def scan(files: dict[str, str], order: tuple[str, ...] = (".",)) -> Report:
    """The report on some files, given in an order, with no configuration."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in {**files, "qorgau.toml": ""}.items():
            (folder / path).write_text(text, encoding="utf-8")
        request = pipeline.Request(
            paths=tuple(folder / path for path in order),
            settings=config.load(folder, folder, None),
            cwd=folder,
        )
        return pipeline.check(request)


def found(files: dict[str, str]) -> list[tuple[object, ...]]:
    """What is reported, without what only tells how the data went."""
    return [(f.code, f.path, f.line, f.fields, f.confidence, f.message) for f in scan(files).findings]
