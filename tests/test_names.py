"""Names, call patterns and hosts: what matches, and what only looks as if it did (spec section 2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qorgau.names import CallPatterns, NameMatcher, fold, fold_pattern, glob_host, glob_text, match_dotted


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("birthDate", "birth_date"),
        ("BIRTH_DATE", "birth_date"),
        ("birth-date", "birth_date"),
        ("Birth Date", "birth_date"),
        ("_birth__date_", "birth_date"),
        ("birthdate", "birthdate"),
        ("IINNumber", "iin_number"),
        ("clientIIN", "client_iin"),
        ("IIN", "iin"),
        ("person__iin", "person_iin"),
        ("iin2", "iin2"),
        ("email2Sent", "email2_sent"),
        ("SHA256Hash", "sha256_hash"),
        ("userID", "user_id"),
        ("userIDs", "user_ids"),
        ("IDsOfClients", "ids_of_clients"),
        ("ИИН", "иин"),
        ("ФИОКлиента", "фио_клиента"),
        ("датаРождения", "дата_рождения"),
        ("Дата рождения", "дата_рождения"),
        ("İİN", "iin"),
        ("__", ""),
        ("", ""),
    ],
)
def test_an_identifier_folds_to_its_words(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_a_letter_in_two_code_points_folds_like_the_letter_in_one() -> None:
    assert fold("и\u0306од") == fold("йод")


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet="abcXYZ019_-"))
def test_a_pattern_without_a_star_folds_like_a_name(text: str) -> None:
    assert fold_pattern(text) == fold(text)


@pytest.mark.parametrize(
    ("pattern", "folded"),
    [("*_IIN", "*_iin"), ("phone*", "phone*"), ("_iin_", "iin"), ("Phone-*", "phone_*"), ("*", "*")],
)
def test_a_pattern_keeps_its_stars_and_the_separators_beside_them(pattern: str, folded: str) -> None:
    assert fold_pattern(pattern) == folded


def test_a_name_matches_whole_words_only() -> None:
    names = NameMatcher({"email": ["email"], "iin": ["iin", "*_iin"]})
    assert names.fields_of("email") == ("email",)
    assert names.fields_of("email_sent_at") == ()
    assert names.fields_of("clientIIN") == ("iin",)
    assert names.fields_of("shiin") == ()


def test_a_star_at_the_end_takes_what_follows() -> None:
    names = NameMatcher({"email": ["email*"]})
    assert names.fields_of("email_sent_at") == ("email",)
    assert names.fields_of("client_email") == ()


def test_several_fields_of_one_name_come_in_the_order_they_were_given() -> None:
    names = NameMatcher({"phone": ["contact*"], "address": ["contact"], "email": ["contact"]})
    assert names.fields_of("contact") == ("phone", "address", "email")


def test_a_name_without_words_is_no_field_even_under_a_star() -> None:
    assert NameMatcher({"any": ["*"]}).fields_of("_") == ()


@pytest.mark.parametrize(
    ("pattern", "dotted"),
    [
        ("bank.consent.has_consent", "bank.consent.has_consent"),
        ("Client.agreed_to", "bank.models.Client.agreed_to"),
        ("Client.agreed_to", "Client.agreed_to"),
        ("has_consent", "bank.consent.has_consent"),
        ("has_consent", "has_consent"),
        ("pkg.mod.*", "pkg.mod.send"),
        ("pkg.mod.*", "pkg.mod.sub.Client.send"),
        ("send_*", "bank.notify.send_sms"),
        ("bank.*.send", "bank.sms.send"),
    ],
)
def test_a_call_pattern_matches_the_end_of_a_dotted_name(pattern: str, dotted: str) -> None:
    assert match_dotted(pattern, dotted)


@pytest.mark.parametrize(
    ("pattern", "dotted"),
    [
        ("bank.consent.has_consent", "bank.consent.has_consents"),
        ("bank.consent.has_consent", "other.consent.has_consent"),
        ("Client.agreed_to", "bank.models.OldClient.agreed_to"),
        ("Client.agreed_to", "bank.models.Client.agreed_to.inner"),
        ("has_consent", "bank.has_consent.helper"),
        ("has_consent", "bank.Has_Consent"),
        ("pkg.mod.*", "pkg.mod"),
        ("pkg.mod.*", "pkg.model.send"),
        ("bank.*.send", "bank.sms.kz.send"),
        ("a.b", "axb"),
    ],
)
def test_a_call_pattern_does_not_match_what_only_resembles_it(pattern: str, dotted: str) -> None:
    assert not match_dotted(pattern, dotted)


def test_no_call_patterns_match_nothing_and_are_false() -> None:
    assert not CallPatterns(())
    assert not CallPatterns(()).matches("bank.send")


def test_any_of_several_call_patterns_is_enough() -> None:
    patterns = CallPatterns(("has_consent", "egov.kdp.*"))
    assert patterns
    assert patterns.matches("egov.kdp.Client.check")
    assert patterns.matches("bank.has_consent")
    assert not patterns.matches("egov.other")


@pytest.mark.parametrize(
    ("pattern", "host"),
    [
        ("archive-db.example.com", "Archive-DB.example.com."),
        ("*.bank.kz", "api.bank.kz"),
        ("*.bank.kz", "a.b.bank.kz"),
        ("*.api.mailchimp.com", "*.api.mailchimp.com"),
        ("us?.example.com", "us1.example.com"),
        ("*.пример.қаз", "a.xn--e1afmkfd.xn--80ao21a"),
        ("*", "anything.example.com"),
    ],
)
def test_a_host_pattern_matches_hosts_whatever_their_case(pattern: str, host: str) -> None:
    assert glob_host(pattern, host)


@pytest.mark.parametrize(
    ("pattern", "host"),
    [
        ("*.bank.kz", "bank.kz"),
        ("*.bank.kz", "notbank.kz"),
        ("*.bank.kz", "api.bank.kz.example.com"),
        ("us1.api.mailchimp.com", "*.api.mailchimp.com"),
        ("a.example.com", "aXexample.com"),
        ("[ab].example.com", "a.example.com"),
    ],
)
def test_a_host_pattern_leaves_other_hosts_alone(pattern: str, host: str) -> None:
    assert not glob_host(pattern, host)


def test_a_bucket_pattern_minds_the_case() -> None:
    assert glob_text("client-archive*", "client-archive-2024")
    assert not glob_text("client-archive*", "Client-archive-2024")
    assert not glob_text("client-archive", "client-archive-2024")
