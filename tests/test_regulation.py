"""The regulation's pack and its dictionary, and how a configuration overrules them (spec sections 2, 6)."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest
import tomli

from qorgau.config import FieldSpec, RecordSpec, Settings
from qorgau.knowledge.regulation import (
    Regulation,
    RegulationError,
    effective_fields,
    enumerable_of,
    field_specs,
    in_force,
    load_regulation,
    parse_regulation,
)
from qorgau.names import NameMatcher, fold


@pytest.fixture(scope="module")
def regulation() -> Regulation:
    return load_regulation("kz-395")


@pytest.fixture(scope="module")
def dictionary(regulation: Regulation) -> NameMatcher:
    return NameMatcher({name: spec.names or () for name, spec in field_specs(regulation).items()})


def test_the_pack_stores_at_home_in_kazakhstan(regulation: Regulation) -> None:
    assert regulation.id == "kz-395"
    assert regulation.home == ("KZ",)


def test_every_paragraph_in_force_is_told(regulation: Regulation) -> None:
    in_force_now = "2 4 4-1 4-2 4-3 4-4 5 6 7 8 9 10 11 13 15 16 18 20 21 24 25".split()  # noqa: SIM905
    assert list(regulation.paragraphs) == in_force_now
    assert all(len(text) > 30 and text.endswith(".") for text in regulation.paragraphs.values())


def test_a_regulation_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(RegulationError, match=r"there is no regulation 'kz-1': rules/regulations/kz-1.toml"):
        load_regulation("kz-1")


@pytest.mark.parametrize("broken", ["id = ", 'id = "x"', 'id = "x"\ncolour = 1'])
def test_a_broken_pack_is_refused(broken: str) -> None:
    with pytest.raises((tomli.TOMLDecodeError, msgspec.ValidationError)):
        parse_regulation(broken)


def test_the_dictionary_is_large_enough(regulation: Regulation) -> None:
    assert len(regulation.dictionary) >= 60
    assert sum(len(field.names) for field in regulation.dictionary) >= 400


def test_every_name_is_written_folded_and_belongs_to_one_field(regulation: Regulation) -> None:
    names = [name for field in regulation.dictionary for name in regulation.names_of(field)]
    assert [name for name in names if fold(name) != name] == []
    assert [name for name, count in Counter(names).items() if count > 1] == []
    assert [field.name for field in regulation.dictionary if len(set(field.names)) < len(field.names)] == []


@pytest.mark.parametrize(
    ("identifier", "field"),
    [
        ("iin", "iin"),
        ("client_iin", "iin"),
        ("guest_iin", "iin"),
        ("ownerIIN", "iin"),
        ("spouse_iin", "iin"),
        ("borrower_iin", "iin"),
        ("person__iin", "iin"),
        ("iin_bin", "iin"),
        ("bin_or_iin", "iin"),
        ("ЖСН", "iin"),
        ("fio", "full_name"),
        ("head_fio", "full_name"),
        ("ФИО", "full_name"),
        ("familiya", "last_name"),
        ("tegi", "last_name"),
        ("otchestvo", "patronymic"),
        ("udostoverenie", "identity_card_number"),
        ("passport_number", "passport_number"),
        ("birthDate", "birth_date"),
        ("Дата рождения", "birth_date"),
        ("mobile_phone", "phone"),
        ("email", "email"),
        ("address", "address"),
        ("card_number", "card_number"),
        ("biometric", "biometric"),
        ("selfie", "face_image"),
        ("diagnosis", "diagnosis"),
        ("rnn", "taxpayer_number"),
        ("document_issue_org", "document_issuer"),
        ("iban", "bank_account"),
    ],
)
def test_a_name_from_real_code_is_known(dictionary: NameMatcher, identifier: str, field: str) -> None:
    assert dictionary.fields_of(identifier) == (field,)


@pytest.mark.parametrize(
    "identifier",
    """
    name id number code title status photo card age fname position
    iin_hash iin_encrypted iin_last4 masked_iin hashed_phone phone_masked email_sent_at is_email_verified
    email_backend address_family phone_verified_at shipping filename hostname username_field memory_address
    """.split(),  # noqa: SIM905
)
def test_a_false_friend_is_not_in_the_dictionary(dictionary: NameMatcher, identifier: str) -> None:
    assert dictionary.fields_of(identifier) == ()


@pytest.mark.parametrize(
    "field",
    ["iin", "phone", "birth_date", "card_number", "passport_number", "postal_code", "sex", "blood_type"],
)
def test_a_field_closed_by_its_format_is_enumerable(regulation: Regulation, field: str) -> None:
    assert field_specs(regulation)[field].enumerable is True


@pytest.mark.parametrize("field", ["address", "email", "full_name", "diagnosis", "biometric", "face_image"])
def test_an_open_text_or_file_is_not_enumerable(regulation: Regulation, field: str) -> None:
    assert field_specs(regulation)[field].enumerable is False


def test_without_fields_the_dictionary_is_in_force(regulation: Regulation) -> None:
    assert effective_fields(Settings(), regulation) == field_specs(regulation)


def test_with_fields_only_these_are_in_force(regulation: Regulation) -> None:
    assert list(effective_fields(Settings(fields={"iin": FieldSpec()}), regulation)) == ["iin"]


def test_a_field_without_names_goes_by_its_own(regulation: Regulation) -> None:
    fields = {"iin": FieldSpec(attributes=("Client.number",)), "phone": FieldSpec(names=())}
    effective = effective_fields(Settings(fields=fields), regulation)
    assert effective["iin"].names == ("iin",)
    assert effective["phone"].names == ()


def test_the_field_of_a_record_is_declared_by_it(regulation: Regulation) -> None:
    settings = Settings(
        fields={"iin": FieldSpec()},
        records={"client": RecordSpec(classes=("Client",), fields=("iin", "phone"))},
    )
    effective = effective_fields(settings, regulation)
    assert list(effective) == ["iin", "phone"]
    assert effective["phone"].names == ("phone",)
    assert effective["phone"].category == "contact"


def test_the_dictionary_says_whether_a_field_is_enumerable_unless_the_configuration_does(
    regulation: Regulation,
) -> None:
    fields = {
        "tax": FieldSpec(names=("clientIIN",)),
        "mobile": FieldSpec(names=("*_phone",)),
        "phone": FieldSpec(enumerable=False),
        "email": FieldSpec(),
        "hidden": FieldSpec(names=("hidden", "iin")),
        "passport": FieldSpec(names=(), attributes=("Client.doc",)),
        "shoe_size": FieldSpec(),
        "loyalty_number": FieldSpec(enumerable=True),
    }
    assert enumerable_of(Settings(fields=fields), regulation) == {
        "tax": True,
        "mobile": True,
        "phone": False,
        "email": False,
        "hidden": True,
        "passport": True,
        "shoe_size": False,
        "loyalty_number": True,
    }


def test_the_regulation_says_what_is_home_unless_the_configuration_does(regulation: Regulation) -> None:
    assert in_force(Settings(), regulation).home == ("KZ",)
    assert in_force(Settings(home=("UZ",)), regulation).home == ("UZ",)
