"""Laws of the lattice: joins do not depend on order, and less that is known never gives more."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from lattices import CROWDED, FACTS, KNOWN, LOCS, OBJECTS, STATES, TAINTS, VALUES, absent, covers

from qorgau.flow.branches import restrict
from qorgau.flow.constants import MAX_CONSTANTS, const
from qorgau.flow.facts import Facts, common_facts
from qorgau.flow.heap import Obj, join_objects
from qorgau.flow.state import Renaming, State, join_states
from qorgau.flow.taints import Taints, merge_taints
from qorgau.flow.values import BOTTOM, TOO_MANY, Value, join, join_all, of_const, stamp

quick = settings(max_examples=60, deadline=None, derandomize=True)
few = settings(max_examples=30, deadline=None, derandomize=True)


@quick
@given(FACTS, FACTS, FACTS, FACTS)
def test_what_holds_on_all_of_several_paths_does_not_depend_on_their_order(
    first: Facts, second: Facts, third: Facts, fourth: Facts
) -> None:
    both = common_facts(first, second)
    assert both == common_facts(second, first)
    assert common_facts(both, first) == both
    paired = common_facts(both, common_facts(third, fourth))
    assert paired == common_facts(first, common_facts(fourth, common_facts(second, third)))


@quick
@given(TAINTS, TAINTS, TAINTS)
def test_taints_are_merged_in_any_order(first: Taints, second: Taints, third: Taints) -> None:
    both = merge_taints([*first, *second])
    assert both == merge_taints([*second, *first])
    assert merge_taints([*both, *first]) == both
    assert merge_taints([*both, *third]) == merge_taints([*first, *merge_taints([*third, *second])])


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


@quick
@given(CROWDED, CROWDED, CROWDED)
def test_values_with_too_many_constants_keep_the_same_laws(first: Value, second: Value, third: Value) -> None:
    both = join(first, second)
    assert both == join(second, first)
    assert join(both, first) == both
    assert join(both, third) == join(first, join(third, second))


def test_a_constant_that_comes_after_the_cut_is_not_kept() -> None:
    many = join_all(of_const(number) for number in range(MAX_CONSTANTS + 1))
    assert many.consts is TOO_MANY
    assert many.opaque
    assert not join(many, of_const("late")).consts
    assert not join(of_const("late"), many).consts


@pytest.mark.parametrize("number", [MAX_CONSTANTS, 1])
def test_up_to_the_limit_every_constant_is_kept(number: int) -> None:
    assert set(join_all(of_const(n) for n in range(number)).consts) == {const(n) for n in range(number)}


@quick
@given(CROWDED, FACTS)
def test_too_many_constants_stay_too_many_whatever_is_done_with_the_value(value: Value, facts: Facts) -> None:
    crowded = join(value, join_all(of_const(number) for number in range(MAX_CONSTANTS + 1)))
    aged = Renaming(lambda loc: loc.aged())
    for changed in (stamp(crowded, facts), aged.value(crowded), restrict(crowded, True), crowded.with_()):
        assert changed.consts is TOO_MANY


@few
@given(OBJECTS, OBJECTS, OBJECTS)
def test_objects_are_joined_in_any_order(first: Obj, second: Obj, third: Obj) -> None:
    both = join_objects(first, second)
    assert both == join_objects(second, first)
    assert join_objects(both, second) == both
    assert join_objects(both, third) == join_objects(first, join_objects(third, second))


@few
@given(STATES)
def test_a_state_joined_with_its_copy_is_unchanged(state: State) -> None:
    assert join_states(state, state.copy(), absent).same(state)


@few
@given(STATES, STATES, STATES)
def test_states_are_joined_in_any_order(first: State, second: State, third: State) -> None:
    both = join_states(first, second, absent)
    assert both.same(join_states(second, first, absent))
    assert join_states(both, both.copy(), absent).same(both)
    grouped = join_states(first, join_states(second, third, absent), absent)
    assert join_states(both, third, absent).same(grouped)


@quick
@given(VALUES, VALUES, KNOWN)
def test_more_alternatives_stay_more_under_facts_that_hold_for_all(
    left: Value, right: Value, facts: Facts
) -> None:
    assert covers(stamp(join(left, right), facts), stamp(left, facts))


@quick
@given(VALUES, VALUES)
def test_more_alternatives_stay_more_when_a_condition_chooses_among_them(left: Value, right: Value) -> None:
    for truth in (True, False):
        assert covers(restrict(join(left, right), truth), restrict(left, truth))


@quick
@given(VALUES, VALUES)
def test_more_alternatives_stay_more_under_other_names(left: Value, right: Value) -> None:
    for change in (Renaming(lambda loc: loc.aged()), Renaming(lambda loc: LOCS[0])):
        assert covers(change.value(join(left, right)), change.value(left))
