"""Laws of the analysis: joins do not depend on order, and neither does a report."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from qorgau import config, pipeline
from qorgau.findings import Confidence, Report
from qorgau.flow.state import State, join_states
from qorgau.flow.values import (
    BOTTOM,
    Const,
    External,
    Fact,
    Key,
    Loc,
    Obj,
    Taint,
    Value,
    const,
    join,
    merge_taints,
)

LOCS = tuple(Loc(None, name) for name in ("a", "b", "c"))
# At most seven constants: a join beyond MAX_CONSTANTS gives the constants up.
CONSTANTS: tuple[Const, ...] = tuple(const(value) for value in (0, 1, 1.0, True, "", "text", b"bytes"))
FACTS = st.frozensets(
    st.builds(Fact, st.just("true"), st.sampled_from(LOCS), st.sampled_from(("x", "y")), st.booleans()),
    max_size=3,
)
TAINTS = st.frozensets(
    st.builds(
        Taint,
        field=st.sampled_from(("iin", "phone")),
        confidence=st.sampled_from(Confidence),
        subject=st.sampled_from((None, *LOCS)),
        kept=st.sampled_from((None, 4)),
        facts=FACTS,
        trace=st.none(),
    ),
    max_size=4,
).map(merge_taints)
VALUES = st.builds(
    Value,
    taints=TAINTS,
    consts=st.dictionaries(st.sampled_from(CONSTANTS), FACTS, max_size=4),
    refs=st.dictionaries(st.sampled_from((*LOCS, External("os.path"))), FACTS, max_size=3),
    unknown=st.booleans(),
    opaque=st.booleans(),
    when_true=st.none() | FACTS,
    when_false=st.none() | FACTS,
).filter(lambda value: not value.is_bottom)
quick = settings(max_examples=150, deadline=None, derandomize=True)

LEAK = (
    "import requests\n\n\n"
    "def send(client):\n"
    "    number = client.phone\n"
    '    requests.post("https://api.example.com/x", json={"p": number})\n'
)
CHAIN = (
    "from leak import send\n\n\n"
    "def notify(clients):\n"
    "    for one in clients:\n"
    "        print(one.iin)\n"
    "        send(one)\n"
)


@quick
@given(VALUES, VALUES)
def test_the_order_of_two_values_does_not_matter(left: Value, right: Value) -> None:
    assert join(left, right) == join(right, left)


@quick
@given(VALUES, VALUES, VALUES)
def test_the_grouping_of_three_values_does_not_matter(first: Value, second: Value, third: Value) -> None:
    assert join(join(first, second), third) == join(first, join(second, third))


@quick
@given(VALUES, VALUES)
def test_what_is_joined_already_adds_nothing(left: Value, right: Value) -> None:
    both = join(left, right)
    assert join(left, left) == left
    assert join(both, left) == both
    assert join(both, right) == both


@quick
@given(VALUES)
def test_no_value_at_all_is_neutral(value: Value) -> None:
    assert join(value, BOTTOM) == value
    assert join(BOTTOM, value) == value


STATES = st.builds(
    State,
    st.just({}),
    st.dictionaries(st.sampled_from(("x", "y")), VALUES, max_size=2),
    st.dictionaries(
        st.sampled_from(LOCS),
        st.builds(
            Obj,
            st.sampled_from(("dict", "list")),
            parts=st.dictionaries(st.sampled_from(("p", const("q"))), VALUES, max_size=2),
            rest=VALUES,
        ),
        max_size=2,
    ),
    FACTS,
)


def _absent(state: State, loc: Loc, obj: Obj, key: Key) -> Value:
    return BOTTOM


@settings(max_examples=60, deadline=None, derandomize=True)
@given(STATES)
def test_a_state_joined_with_its_copy_is_unchanged(state: State) -> None:
    assert join_states(state, state.copy(), _absent).same(state)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(STATES, STATES)
def test_a_state_that_is_joined_already_adds_nothing(left: State, right: State) -> None:
    both = join_states(left, right, _absent)
    assert join_states(both, both.copy(), _absent).same(both)


def _scan(files: dict[str, str], order: tuple[str, ...] = (".",)) -> Report:
    with TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in files.items():
            (folder / path).write_text(text, encoding="utf-8")
        (folder / "qorgau.toml").write_text("", encoding="utf-8")
        return pipeline.check(
            pipeline.Request(
                paths=tuple(folder / path for path in order),
                settings=config.load(folder, folder, None),
                cwd=folder,
            )
        )


def test_the_same_program_gives_the_same_report() -> None:
    files = {"leak.py": LEAK, "chain.py": CHAIN}
    first = _scan(files)
    assert first.findings
    assert _scan(files) == first


def test_the_order_of_files_does_not_matter() -> None:
    files = {"leak.py": LEAK, "chain.py": CHAIN}
    first = _scan(files, ("leak.py", "chain.py"))
    assert first.findings
    assert _scan(dict(reversed(files.items())), ("chain.py", "leak.py")).findings == first.findings


def test_an_unrelated_file_changes_no_finding() -> None:
    files = {"leak.py": LEAK, "chain.py": CHAIN}
    first = _scan(files)
    assert first.findings
    more = {"aside.py": "def add(left, right):\n    return left + right\n", **files}
    assert _scan(more).findings == first.findings


@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.from_regex(r"[k-z]{3,8}_", fullmatch=True))
def test_the_name_of_a_local_variable_changes_no_finding(name: str) -> None:
    plain = _found(LEAK, CHAIN)
    assert plain
    assert _found(LEAK.replace("number", name), CHAIN.replace("one", name)) == plain


def _found(leak: str, chain: str) -> list[tuple[str, str, int, tuple[str, ...], str]]:
    report = _scan({"leak.py": leak, "chain.py": chain})
    return [(found.code, found.path, found.line, found.fields, found.message) for found in report.findings]
