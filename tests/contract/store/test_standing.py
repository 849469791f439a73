"""Standing approvals: granted, used up to their cap a day, revoked."""

from dataclasses import replace
from datetime import timedelta

import pytest

from hubspot_retention.store.database import SqlStore
from tests.contract.store.service_values import HOUR, an_approval
from tests.contract.store.values import DAY, NOW

NEXT = DAY + timedelta(days=1)


def test_an_approval_is_numbered_and_listed(store: SqlStore) -> None:
    with store.transaction() as tx:
        one, other = tx.grant_standing(an_approval()), tx.grant_standing(an_approval(rule="objected"))
        assert (replace(one, approval_id=0), replace(other, approval_id=0)) == (
            an_approval(),
            an_approval(rule="objected"),
        )
        assert list(tx.standing_approvals()) == [one, other]


def test_an_approval_is_revoked_once_and_stays_in_the_list_of_all(store: SqlStore) -> None:
    with store.transaction() as tx:
        granted = tx.grant_standing(an_approval())
        revoked = tx.revoke_standing(granted.approval_id, NOW + HOUR, "bo.l")
        assert revoked == replace(granted, revoked_at=NOW + HOUR, revoked_by="bo.l")
        assert tx.revoke_standing(granted.approval_id, NOW, "bo.l") is None
        assert tx.revoke_standing(99, NOW, "bo.l") is None
        assert list(tx.standing_approvals()) == []
        assert list(tx.standing_approvals(all=True)) == [revoked]


def test_uses_of_one_day_add_up_and_a_new_day_begins_anew(store: SqlStore) -> None:
    with store.transaction() as tx:
        granted = tx.grant_standing(an_approval(max_per_day=10))
        assert tx.use_standing(granted.approval_id, DAY, 4) == replace(granted, used_on=DAY, used=4)
        assert tx.use_standing(granted.approval_id, DAY, 6) == replace(granted, used_on=DAY, used=10)
        assert tx.use_standing(granted.approval_id, NEXT, 3) == replace(granted, used_on=NEXT, used=3)


@pytest.mark.parametrize("first", [0, 4])
def test_the_cap_of_a_day_is_never_passed(store: SqlStore, first: int) -> None:
    with store.transaction() as tx:
        granted = tx.grant_standing(an_approval(max_per_day=10))
        used = tx.use_standing(granted.approval_id, DAY, first)
        assert tx.use_standing(granted.approval_id, DAY, 11 - first) is None
        assert list(tx.standing_approvals()) == [used]
        assert tx.use_standing(granted.approval_id, NEXT, 11) is None


def test_a_day_that_is_past_is_not_used_again(store: SqlStore) -> None:
    """A clock that goes back and forth between two days must not empty the count each time."""
    with store.transaction() as tx:
        granted = tx.grant_standing(an_approval(max_per_day=10))
        tx.use_standing(granted.approval_id, NEXT, 10)
        assert tx.use_standing(granted.approval_id, DAY, 1) is None
        assert tx.use_standing(granted.approval_id, NEXT, 1) is None


def test_what_is_revoked_or_not_there_is_not_used(store: SqlStore) -> None:
    with store.transaction() as tx:
        granted = tx.grant_standing(an_approval())
        tx.revoke_standing(granted.approval_id, NOW, "bo.l")
        assert tx.use_standing(granted.approval_id, DAY, 1) is None
        assert tx.use_standing(99, DAY, 1) is None


def test_a_use_is_not_given_back(store: SqlStore) -> None:
    with store.transaction() as tx:
        granted = tx.grant_standing(an_approval())
        with pytest.raises(ValueError, match="not given back"):
            tx.use_standing(granted.approval_id, DAY, -1)
