"""Calls that may take effect yet: the newest of a record, until it is gone or they are long over."""

from datetime import timedelta

from hubspot_retention.core.record import ObjectType
from hubspot_retention.store.database import SqlStore
from tests.contract.store.values import NOW, a_record


def test_a_late_call_is_told_until_its_record_is_gone_or_it_is_long_over(store: SqlStore) -> None:
    later = NOW + timedelta(hours=1)
    deal = a_record(7, ObjectType.DEAL)
    with store.transaction() as tx:
        tx.note_late_call("1-rights", a_record(102), NOW)
        tx.note_late_call("1-rights", a_record(101), NOW)
        tx.note_late_call("2-rights", a_record(101), later)
        tx.note_late_call("2-time", deal, later)
        assert list(tx.late_calls(NOW)) == [("2-rights", a_record(101)), ("1-rights", a_record(102)), ("2-time", deal)]
        tx.forget_late_call(deal)
        assert list(tx.late_calls(later)) == [("2-rights", a_record(101))]
        assert [tx.late_call(a_record(number), NOW) for number in (101, 102, 103)] == ["2-rights", "1-rights", None]
        assert tx.late_call(a_record(102), later) is None
        assert list(tx.forget_late_calls(later)) == [a_record(102)]
        assert list(tx.late_calls(NOW)) == [("2-rights", a_record(101))]
