"""Which texts and numbers are real-looking identifiers (spec section 4, PD504)."""

from __future__ import annotations

import pytest

from qorgau.judging.literals import find
from qorgau.knowledge.numbers import is_card, is_iin, is_passport, is_phone


@pytest.mark.parametrize("digits", ["880101100127", "910526200414", "771231100987"])
def test_an_iin_has_a_date_and_a_check_digit(digits: str) -> None:
    assert is_iin(digits)


@pytest.mark.parametrize("digit", "012345689")
def test_any_other_last_digit_is_refused(digit: str) -> None:
    assert not is_iin("88010110012" + digit)


@pytest.mark.parametrize(
    "digits", ["801301100122", "800230100124", "940140000385", "88010110012", "8801019001270"]
)
def test_what_has_no_date_of_birth_is_no_iin(digits: str) -> None:
    assert not is_iin(digits)


@pytest.mark.parametrize("text", ["+7 (701) 014-27-35", "87010142735", "+49 30 9018 2046"])
def test_a_phone_is_one_however_it_is_written(text: str) -> None:
    assert is_phone(text)


@pytest.mark.parametrize(
    "text",
    [
        "+1 202 555 0147",
        "+44 7700 900123",
        "+7 700 000 00 00",
        "+1234567890",
        "45010142735",
        "+999 123456789",
    ],
)
def test_reserved_and_made_up_phones_are_refused(text: str) -> None:
    assert not is_phone(text)


def test_cards_are_judged_by_prefix_check_digit_and_sandbox() -> None:
    assert is_card("4999991234567811")
    assert not is_card("4999991234567812")
    assert not is_card("4242424242424242")
    assert not is_card("9999991234567816")


def test_a_passport_of_one_digit_is_made_up() -> None:
    assert is_passport("N01234587")
    assert not is_passport("N00000000")


def test_a_text_of_several_lines_is_told_line_by_line() -> None:
    text = 'CLIENTS = """\niin,phone\n880101100127,+77010142735\nnobody\n910526200414\n"""\n'
    found = find(text)
    assert [(each.line, each.kinds) for each in found] == [(3, ("iin", "phone")), (5, ("iin",))]
    assert (found[0].column, found[0].end_column) == (1, 13)


def test_many_digits_are_read_in_no_time() -> None:
    assert find('X = "+' + "1" * 200_000 + '"\nY = "' + "8 " * 100_000 + '"\n') == []


@pytest.mark.parametrize(
    "line", ["phone = 77010142735", "numbers = [77010142735]", 'd = {"mobile": 77010142735}']
)
def test_eleven_digits_are_a_phone_where_nothing_speaks_against_it(line: str) -> None:
    assert find(line)


@pytest.mark.parametrize("line", ["amount = 77010142735", 'd = {"order": 77010142735}'])
def test_eleven_digits_of_another_name_are_no_phone(line: str) -> None:
    assert not find(line)
