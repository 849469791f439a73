"""What contacts in the bin need: noted before they go, found by the letter, forgotten in time."""

from datetime import timedelta

from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.store.database import SqlStore
from tests.contract.store.values import NOW, a_record

EMAIL, NOTE = ObjectType.EMAIL, ObjectType.NOTE
LATER = NOW + timedelta(hours=1)
ONE, TWO = RecordId(101), RecordId(102)


def test_who_needs_a_letter_is_found_by_its_kind_and_number(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.note_needs(TWO, [a_record(41, EMAIL)], NOW)
        tx.note_needs(ONE, [a_record(41, EMAIL), a_record(42, EMAIL), a_record(41, NOTE)], NOW)
        tx.note_needs(RecordId(103), [], NOW)
    with store.transaction() as tx:
        assert tx.needed_in_bin(EMAIL, [RecordId(41), RecordId(42), RecordId(43)]) == {41: [ONE, TWO], 42: [ONE]}
        assert tx.needed_in_bin(NOTE, [RecordId(41), RecordId(42)]) == {41: [ONE]}
        assert tx.needed_in_bin(ObjectType.CALL, [RecordId(41)]) == {}


def test_what_is_noted_anew_adds_to_what_was_noted_before(store: SqlStore) -> None:
    """Whoever was in the bin already when it was read again hung on nothing that could be seen."""
    with store.transaction() as tx:
        tx.note_needs(ONE, [a_record(41, EMAIL), a_record(42, EMAIL)], NOW)
        tx.note_needs(ONE, [a_record(42, EMAIL), a_record(43, EMAIL)], LATER)
        wanted = [RecordId(41), RecordId(42), RecordId(43)]
        assert tx.needed_in_bin(EMAIL, wanted) == {key: [ONE] for key in wanted}
        assert tx.forget_old_needs(LATER) == 1
        assert tx.needed_in_bin(EMAIL, wanted) == {key: [ONE] for key in wanted[1:]}


def test_what_one_contact_needs_is_forgotten_alone(store: SqlStore) -> None:
    with store.transaction() as tx:
        for contact in (ONE, TWO):
            tx.note_needs(contact, [a_record(41, EMAIL), a_record(41, NOTE)], NOW)
        tx.forget_needs(ONE)
        assert [tx.needed_in_bin(kind, [RecordId(41)]) for kind in (EMAIL, NOTE)] == [{41: [TWO]}] * 2
