"""The deadline ledger: what is written stands there once, and comes out earliest deadline first."""

from datetime import datetime, timedelta

import pytest

from hubspot_retention.core.deadline.forecast import Turn
from hubspot_retention.core.deadline.obligation import LIVE, Obligation, ObligationCount, ObligationState
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.store.database import SqlStore, SqlTransaction
from tests.contract.store.service_values import HOUR, an_obligation
from tests.contract.store.values import CONTACT, NOW, a_record

DEAL = ObjectType.DEAL
SETTLED = (ObligationState.DONE, ObligationState.ENDED)
MICROSECOND = timedelta(microseconds=1)


def numbers(found: object) -> list[int]:
    """The ids of obligations."""
    assert isinstance(found, list)
    return [each.record.record_id for each in found]


def written(tx: SqlTransaction, *obligations: Obligation) -> None:
    """Write down obligations."""
    tx.save_obligations(obligations)


def test_what_is_written_again_stands_in_place_of_what_stood_there(store: SqlStore) -> None:
    before = an_obligation(attempts=3, plan_id="1-rights", not_before=NOW)
    after = an_obligation(state=ObligationState.ENDED, reason="kept", due_at=None, settled_at=NOW)
    with store.transaction() as tx:
        written(tx, before, an_obligation(102))
        written(tx, after)
        assert tx.obligation(a_record()) == after
        assert tx.obligation(a_record(102)) == an_obligation(102)


def test_the_last_one_counts_if_a_record_is_given_twice(store: SqlStore) -> None:
    with store.transaction() as tx:
        written(tx, an_obligation(attempts=1), an_obligation(attempts=2))
        assert tx.obligation(a_record()) == an_obligation(attempts=2)


def test_records_of_two_classes_with_one_number_are_two(store: SqlStore) -> None:
    with store.transaction() as tx:
        written(tx, an_obligation(7), an_obligation(7, DEAL, rule="deals"))
        assert tx.obligations_of(CONTACT, [RecordId(7), RecordId(8)]) == {7: an_obligation(7)}
        assert tx.obligations_of(DEAL, [RecordId(7)]) == {7: an_obligation(7, DEAL, rule="deals")}
        assert tx.obliged(CONTACT, [RecordId(7), RecordId(8)]) == {7}


def test_nothing_is_known_of_nothing(store: SqlStore) -> None:
    with store.transaction() as tx:
        written(tx)
        assert tx.obligation(a_record()) is None
        assert tx.obligations_of(CONTACT, []) == {}
        assert tx.obliged(CONTACT, []) == frozenset()
        assert list(tx.obligations(LIVE)) == []
        assert list(tx.count_obligations(NOW)) == []


def test_an_unknown_deadline_comes_first_then_the_earliest_then_the_record(store: SqlStore) -> None:
    with store.transaction() as tx:
        written(
            tx,
            an_obligation(5, call_by=NOW + 2 * HOUR),
            an_obligation(4, DEAL, call_by=NOW + HOUR),
            an_obligation(9, call_by=NOW + HOUR),
            an_obligation(8, state=ObligationState.RAISED, call_by=NOW + HOUR),
            an_obligation(6, state=ObligationState.LOOK, call_by=None),
        )
        assert numbers(tx.obligations(LIVE)) == [6, 8, 9, 4, 5]
        assert numbers(tx.obligations(LIVE, limit=2)) == [6, 8]
        assert numbers(tx.obligations([ObligationState.OPEN])) == [9, 4, 5]
        assert numbers(tx.obligations([])) == []


@pytest.mark.parametrize("state", list(ObligationState))
def test_what_is_live_is_looked_at_when_its_time_has_come(store: SqlStore, state: ObligationState) -> None:
    with store.transaction() as tx:
        written(tx, an_obligation(1, state=state, next_look_at=NOW), an_obligation(2, next_look_at=NOW + MICROSECOND))
        assert numbers(tx.obligations_to_look_at(NOW, 10)) == ([1] if state in LIVE else [])


def test_what_is_to_be_looked_at_comes_in_the_order_of_deadlines_and_in_portions(store: SqlStore) -> None:
    """Not in the order in which it was to be looked at: one that waits for long must not delay a nearer deadline."""
    with store.transaction() as tx:
        written(
            tx,
            an_obligation(1, call_by=NOW + 3 * HOUR, next_look_at=NOW - 5 * HOUR),
            an_obligation(2, call_by=NOW + HOUR, next_look_at=NOW),
            an_obligation(3, call_by=NOW + 2 * HOUR, next_look_at=NOW - HOUR),
        )
        assert numbers(tx.obligations_to_look_at(NOW, 2)) == [2, 3]


def test_rights_and_what_is_undecided_are_looked_at_before_time_rules(store: SqlStore) -> None:
    """A flood of time rules whose deadlines have passed must not hold up a five-day duty."""
    with store.transaction() as tx:
        written(
            tx,
            *(an_obligation(n, right=False, call_by=NOW - 99 * HOUR, next_look_at=NOW) for n in range(10, 20)),
            an_obligation(1, right=True, call_by=NOW + 3 * HOUR, next_look_at=NOW),
            an_obligation(2, right=True, call_by=NOW + 2 * HOUR, next_look_at=NOW),
            an_obligation(3, right=False, due_at=None, call_by=None, next_look_at=NOW),
        )
        assert numbers(tx.obligations_to_look_at(NOW, 4)) == [3, 2, 1, 10]


def test_the_obligations_of_one_rule_are_found_among_others(store: SqlStore) -> None:
    with store.transaction() as tx:
        written(tx, an_obligation(1), an_obligation(2, rule="inactive"), an_obligation(3, rule=""))
        assert numbers(tx.obligations(LIVE, rule="inactive")) == [2]
        assert numbers(tx.obligations(LIVE, rule="")) == [3]
        assert numbers(tx.obligations(SETTLED, rule="inactive")) == []


def test_the_backlog_is_counted_by_deadline_and_grace_and_what_is_held_or_over_is_none(store: SqlStore) -> None:
    soon, later = NOW + HOUR, NOW + 2 * HOUR
    with store.transaction() as tx:
        written(
            tx,
            an_obligation(1, call_by=later),
            an_obligation(2, call_by=later, state=ObligationState.REVIEW),
            an_obligation(3, call_by=later, not_before=soon, state=ObligationState.RAISED),
            an_obligation(4, call_by=soon),
            an_obligation(5, call_by=NOW),
            an_obligation(6, call_by=NOW - HOUR, not_before=NOW - HOUR),
            an_obligation(7, call_by=None, state=ObligationState.LOOK),
            *(an_obligation(8 + n, state=state) for n, state in enumerate((ObligationState.HELD, *SETTLED))),
        )
        backlog = list(tx.backlog(NOW))
    assert backlog[:2] == [Turn(None, None, 3), Turn(soon, None, 1)]
    assert sorted(backlog[2:], key=str) == sorted([Turn(later, None, 2), Turn(later, soon, 1)], key=str)


def test_what_a_sweep_did_not_hear_of_is_found_by_class(store: SqlStore) -> None:
    with store.transaction() as tx:
        written(
            tx,
            an_obligation(1, heard_at=NOW - MICROSECOND),
            an_obligation(2, heard_at=NOW),
            an_obligation(3, DEAL, heard_at=NOW - HOUR),
            an_obligation(4, state=ObligationState.HELD, heard_at=NOW - HOUR, call_by=NOW),
            *(an_obligation(5 + n, state=state, heard_at=NOW - HOUR) for n, state in enumerate(SETTLED)),
        )
        assert numbers(tx.obligations_not_heard_since(NOW, CONTACT, 10)) == [4, 1]
        assert numbers(tx.obligations_not_heard_since(NOW, CONTACT, 1)) == [4]


def test_obligations_are_counted_with_what_is_overdue_and_late(store: SqlStore) -> None:
    soon = NOW + HOUR
    with store.transaction() as tx:
        written(
            tx,
            an_obligation(1, due_at=NOW, erase_by=NOW, call_by=NOW),
            an_obligation(2, due_at=NOW - HOUR, erase_by=NOW - MICROSECOND, call_by=NOW - HOUR),
            an_obligation(3, due_at=soon, erase_by=soon, call_by=None),
            an_obligation(4, state=ObligationState.LOOK, rule="", disposition=None, due_at=None, erase_by=None),
        )
        look, open_ = sorted(tx.count_obligations(NOW), key=lambda count: count.state)
    assert look == ObligationCount(
        state=ObligationState.LOOK,
        rule="",
        disposition=None,
        total=1,
        overdue=0,
        late=0,
        oldest_due_at=None,
        next_call_by=NOW + 120 * HOUR,
    )
    assert open_ == ObligationCount(
        state=ObligationState.OPEN,
        rule="unsubscribed",
        disposition=Disposition.ERASE,
        total=3,
        overdue=2,
        late=1,
        oldest_due_at=NOW - HOUR,
        next_call_by=NOW - HOUR,
    )


def test_what_is_settled_is_late_by_when_it_was_settled_and_never_overdue(store: SqlStore) -> None:
    done = an_obligation(state=ObligationState.DONE, due_at=NOW, erase_by=NOW + HOUR, call_by=NOW + HOUR)
    in_time = done._replace(settled_at=NOW + HOUR)
    late = done._replace(record=a_record(102), settled_at=NOW + HOUR + MICROSECOND)
    with store.transaction() as tx:
        written(tx, in_time, late)
        [count] = tx.count_obligations(NOW + 99 * HOUR)
    assert (count.total, count.overdue, count.late) == (2, 0, 1)


def test_an_archive_made_after_the_last_instant_that_met_its_deadline_is_late(store: SqlStore) -> None:
    """HubSpot's bin keeps it for ninety days more: the call decides, not the end."""
    end = NOW + 24 * 90 * HOUR
    archived = an_obligation(
        state=ObligationState.DONE, disposition=Disposition.ARCHIVE, erase_by=end, call_by=NOW, settled_at=NOW
    )
    late = archived._replace(record=a_record(102), settled_at=NOW + MICROSECOND)
    with store.transaction() as tx:
        written(tx, archived, late)
        [count] = tx.count_obligations(NOW + HOUR)
    assert (count.total, count.late) == (2, 1)


def test_a_thousand_obligations_are_found_again_by_their_ids(store: SqlStore) -> None:
    many = [an_obligation(n, attempts=n) for n in range(1000)]
    with store.transaction() as tx:
        tx.save_obligations(many)
        assert tx.obligations_of(CONTACT, [RecordId(n) for n in range(1000)]) == {
            each.record.record_id: each for each in many
        }


def test_what_was_settled_long_ago_is_forgotten_and_nothing_that_lives(store: SqlStore) -> None:
    def settled(number: int, state: ObligationState, at: datetime) -> Obligation:
        return an_obligation(number, state=state, settled_at=at, first_seen_at=NOW - 99 * HOUR)

    live = [an_obligation(10 + n, state=state, first_seen_at=NOW - 99 * HOUR) for n, state in enumerate(LIVE)]
    with store.transaction() as tx:
        written(
            tx,
            *live,
            settled(1, ObligationState.DONE, NOW - MICROSECOND),
            settled(2, ObligationState.ENDED, NOW - HOUR),
            settled(3, ObligationState.DONE, NOW),
        )
        assert tx.forget_obligations(NOW) == 2
        assert tx.forget_obligations(NOW) == 0
        left = tx.obligations_of(CONTACT, [RecordId(n) for n in range(1, 20)])
    assert sorted(left) == [3, *(each.record.record_id for each in live)]
