"""Warnings of owners: one a record, what is due last first, counted beside a plan, forgotten in time."""

from dataclasses import replace
from datetime import datetime, timedelta

from hubspot_retention.core.owner_warning import OwnerWarning, WarningState
from hubspot_retention.core.plan.model import Action
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.store.database import SqlStore
from tests.contract.store.values import CONTACT, NOW, an_item, stored_plan

DAY = timedelta(days=1)


def a_warning(record_id: int, due_at: datetime = NOW, kind: ObjectType = CONTACT) -> OwnerWarning:
    """A warning that is wanted."""
    return OwnerWarning(record=RecordRef(kind, RecordId(record_id)), due_at=due_at)


def told(warning: OwnerWarning, at: datetime, rule: str = "inactive-contact") -> OwnerWarning:
    """The same, given."""
    return replace(warning, state=WarningState.TOLD, rule=rule, owner="77", settled_at=at)


def test_a_warning_comes_back_as_it_was_saved_and_the_last_one_of_a_record_counts(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.save_owner_warnings([a_warning(101), a_warning(102)])
        tx.save_owner_warnings([told(a_warning(101, NOW + DAY), NOW)])
        tx.save_owner_warnings([])
        found = tx.owner_warnings_of(CONTACT, [RecordId(101), RecordId(102), RecordId(103)])
    assert found == {101: told(a_warning(101, NOW + DAY), NOW), 102: a_warning(102)}


def test_those_that_are_wanted_come_by_class_and_what_is_due_last_first(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.save_owner_warnings([a_warning(101), a_warning(102, NOW + DAY), a_warning(103, NOW + DAY)])
        tx.save_owner_warnings([told(a_warning(104, NOW + 2 * DAY), NOW), a_warning(105, NOW, ObjectType.DEAL)])
        assert [each.record.record_id for each in tx.owner_warnings_wanted(CONTACT, 2)] == [102, 103]
        assert [each.record.record_id for each in tx.owner_warnings_wanted(ObjectType.DEAL, 2)] == [105]


def test_those_that_were_looked_at_before_come_behind_those_that_were_not_the_longest_ago_first(
    store: SqlStore,
) -> None:
    again = [(101, NOW + DAY, NOW), (102, NOW, NOW - DAY), (103, NOW + DAY, NOW - DAY)]
    with store.transaction() as tx:
        tx.save_owner_warnings([replace(a_warning(record_id, due), settled_at=at) for record_id, due, at in again])
        tx.save_owner_warnings([a_warning(104, NOW - DAY)])
        found = tx.owner_warnings_wanted(CONTACT, 4)
    assert [each.record.record_id for each in found] == [104, 103, 102, 101]


def test_beside_a_plan_those_of_its_records_are_counted_who_were_told_by_then(store: SqlStore) -> None:
    observed = an_item(106, action=Action.OBSERVE)
    made = stored_plan(store, *(an_item(number) for number in (101, 102, 103, 105)), observed)
    with store.transaction() as tx:
        tx.save_owner_warnings([told(a_warning(number), NOW) for number in (101, 106)])
        tx.save_owner_warnings([told(a_warning(102), NOW + DAY)])
        tx.save_owner_warnings([told(a_warning(103), NOW, "another-rule"), told(a_warning(104), NOW)])
        tx.save_owner_warnings([replace(told(a_warning(105), NOW), state=WarningState.NO_OWNER)])
        assert tx.count_owners_told(made.plan_id, "inactive-contact", NOW) == 1
        assert tx.count_owners_told(made.plan_id, "inactive-contact", NOW + DAY) == 2
        assert tx.count_owners_told("another-plan", "inactive-contact", NOW + DAY) == 0


def test_they_are_forgotten_when_they_were_settled_and_the_record_was_due_long_ago(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.save_owner_warnings([told(a_warning(101), NOW), told(a_warning(102, NOW + DAY), NOW)])
        tx.save_owner_warnings([told(a_warning(103), NOW + DAY), a_warning(104)])
        assert tx.forget_owner_warnings(NOW + DAY) == 1
        assert set(tx.owner_warnings_of(CONTACT, [RecordId(number) for number in range(101, 105)])) == {102, 103, 104}
