"""Values, facts and states made at random, for the laws that joins and transfer functions keep."""

from __future__ import annotations

from hypothesis import strategies as st

from qorgau.findings import Confidence
from qorgau.flow.constants import MAX_CONSTANTS, Const, const
from qorgau.flow.facts import Fact, Facts
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.state import State
from qorgau.flow.taints import Taint, merge_taints
from qorgau.flow.values import BOTTOM, External, Value, join

LOCS = tuple(Loc(None, name) for name in ("a", "b", "c"))

FEW_CONSTANTS: tuple[Const, ...] = tuple(const(value) for value in (0, 1, 1.0, True, "", "text", b"bytes"))
MANY_CONSTANTS: tuple[Const, ...] = tuple(const(number) for number in range(MAX_CONSTANTS + 8))

TRUTHS = st.builds(Fact, st.just("true"), st.sampled_from(LOCS), st.just("x"), st.booleans())
# Four checks have at most six ways of which none holds another: no more than are told apart.
CHECKED: tuple[Fact, ...] = tuple(Fact("consent", LOCS[0], purpose, True) for purpose in "pqrs")
# What holds at one point holds together: a state with a test and its opposite is no state at all.
KNOWN: st.SearchStrategy[Facts] = st.frozensets(TRUTHS, max_size=3).filter(
    lambda facts: not any(one.contradicts(other) for one in facts for other in facts)
)
FACTS: st.SearchStrategy[Facts] = st.frozensets(TRUTHS | st.sampled_from(CHECKED), max_size=4)

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
    max_size=3,
).map(merge_taints)


def values(constants: tuple[Const, ...] = FEW_CONSTANTS, most: int = 4) -> st.SearchStrategy[Value]:
    """Values with up to ``most`` of these constants."""
    return st.builds(
        Value,
        taints=TAINTS,
        consts=st.dictionaries(st.sampled_from(constants), FACTS, max_size=most),
        refs=st.dictionaries(st.sampled_from((*LOCS, External("os.path"))), FACTS, max_size=2),
        unknown=st.booleans(),
        opaque=st.booleans(),
        when_true=st.none() | FACTS,
        when_false=st.none() | FACTS,
    ).filter(lambda value: not value.is_bottom)


VALUES = values()
CROWDED = st.lists(values(MANY_CONSTANTS, MAX_CONSTANTS), min_size=1, max_size=2).map(
    lambda parts: join(parts[0], parts[-1])
)
"""Values of which two have too many constants more often than not."""

OBJECTS = st.builds(
    Obj,
    st.just("dict"),
    cls=st.sampled_from((None, *LOCS)),
    type=st.sampled_from(("", "lib.A", "lib.B")),
    parts=st.fixed_dictionaries({"p": VALUES, const("q"): VALUES}),
    rest=VALUES,
    length=st.sampled_from((None, 1, 2)),
)

# All know the same objects: of one that a path has not made, nothing is said there.
STATES = st.builds(
    State,
    st.just({}),
    st.dictionaries(st.sampled_from(("x", "y")), VALUES, max_size=2),
    st.fixed_dictionaries({LOCS[0]: OBJECTS}),
    KNOWN,
)


def absent(state: State, loc: Loc, obj: Obj, key: Key) -> Value:
    """What a part is that was never set: nothing."""
    return BOTTOM


def covers(more: Value, less: Value) -> bool:
    """Whether one value says no more than another: what it allows includes what the other allows."""
    return join(more, less) == more
