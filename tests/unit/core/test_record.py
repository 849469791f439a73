"""Identifiers: a bare string cannot reach a disposal."""

import pytest

from hubspot_retention.core.record import ObjectType, RecordId, RecordRef


def test_a_record_is_written_and_read_as_class_and_number() -> None:
    record = RecordRef(ObjectType.CONTACT, RecordId(101))
    assert str(record) == "contacts/101"
    assert RecordRef.parse("contacts/101") == record


def test_the_largest_number_that_can_be_stored_is_a_record() -> None:
    assert RecordRef.parse("contacts/9223372036854775807").record_id == 2**63 - 1


@pytest.mark.parametrize("text", ["contacts/0", "contacts/9223372036854775808", f"contacts/{'9' * 5_000}"])
def test_a_number_that_no_record_can_have_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r" is no record: expected for instance contacts/101"):
        RecordRef.parse(text)


@pytest.mark.parametrize("text", ["", "contacts", "contacts/", "contacts/x", "contacts/-1", "people/1", "contacts/²"])
def test_what_is_no_record_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r" is no record: expected for instance contacts/101 \(contacts, companies, "):
        RecordRef.parse(text)
