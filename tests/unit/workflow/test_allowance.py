"""What may go by itself in one tick: whom it is worth reading, on what ground, and how many more today."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hubspot_retention.core.plan.model import Action
from hubspot_retention.core.policy.model import Disposition, Mode
from hubspot_retention.store.database import open_store
from hubspot_retention.workflow.allowance import Allowance
from hubspot_retention.workflow.gate import Permission
from hubspot_retention.workflow.standing import Basis
from tests.builders import at
from tests.documents import clienti
from tests.stores import a_database
from tests.unit.core.deadline.lines import an_obligation
from tests.unit.core.plan.plans import an_item
from tests.unit.workflow.desk import NOW, Desk, asked_to_go, unsubscribed

TODAY = clienti().civil.local_date(NOW)
TOMORROW = TODAY + timedelta(days=1)
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A person approved the policy."""
    desk.approve_policy()
    return desk


def allowance(desk: Desk, mode: Mode = Mode.ENFORCE, *, erase: bool = True, now: Any = NOW) -> Allowance:
    """As the store has it now."""
    with desk.store.transaction() as tx:
        return Allowance.of(tx, clienti(), Permission(mode=mode, allow_erase=erase), now)


def stop(desk: Desk) -> None:
    """All disposals are stopped."""
    with desk.store.transaction() as tx:
        tx.set_kill_switch("bent: wait")


ASKED = an_obligation(rule="erasure-request", by_person=False)
FORMER = an_obligation(rule="former-customer", by_person=False)
MARKETING = an_obligation(disposition=None, by_person=False)


# Whom it is worth reading


def test_in_mode_enforce_it_is_worth_reading_whom_a_rule_lets_go_by_itself(desk: Desk) -> None:
    now = allowance(desk)
    assert now.may_cover(ASKED)
    assert not now.may_cover(FORMER)


def test_in_mode_review_whom_a_standing_approval_covers(desk: Desk) -> None:
    desk.grant("former-customer")
    now = allowance(desk, Mode.REVIEW)
    assert now.may_cover(FORMER)
    assert not now.may_cover(ASKED)


def test_nobody_in_mode_observe_or_before_a_policy_was_approved_or_while_all_is_stopped(tmp_path: Path) -> None:
    with open_store(a_database(tmp_path / "retention.db")) as store:
        desk = Desk(store)
        assert not allowance(desk).may_cover(ASKED)
        desk.approve_policy()
        desk.grant("erasure-request")
        assert not allowance(desk, Mode.OBSERVE).may_cover(ASKED)
        assert allowance(desk).may_cover(ASKED)
        stop(desk)
        assert not allowance(desk).may_cover(ASKED)


def test_nobody_who_is_to_be_erased_while_erasing_is_not_allowed(desk: Desk) -> None:
    now = allowance(desk, erase=False)
    assert not now.may_cover(ASKED)
    assert now.may_cover(an_obligation(rule="erasure-request", disposition=Disposition.ARCHIVE))
    assert now.may_cover(MARKETING)


def test_nobody_who_was_unsubscribed_by_somebody_else_but_for_the_end_of_marketing(desk: Desk) -> None:
    desk.grant()
    for mode in (Mode.ENFORCE, Mode.REVIEW):
        now = allowance(desk, mode)
        assert now.may_cover(an_obligation())
        assert not now.may_cover(an_obligation(by_person=False))
        assert now.may_cover(MARKETING)


def test_the_end_of_marketing_is_worth_it_in_mode_review_under_an_approval_alone(desk: Desk) -> None:
    assert not allowance(desk, Mode.REVIEW).may_cover(MARKETING)
    assert allowance(desk).may_cover(an_obligation(disposition=None, rule="former-customer"))


def test_nobody_whose_approvals_are_used_up(desk: Desk) -> None:
    desk.grant("former-customer", max_per_day=1)
    now = allowance(desk)
    assert now.may_cover(FORMER)
    assert now.take("former-customer") is not None
    assert not now.may_cover(FORMER)


# On what ground


def test_the_ground_of_an_item_is_asked_by_the_rule_of_its_obligation(desk: Desk) -> None:
    desk.grant()
    now = allowance(desk, Mode.REVIEW)
    assert now.basis(unsubscribed(), an_obligation()) is Basis.APPROVAL
    assert now.basis(unsubscribed(), an_obligation(by_person=False)) is None
    assert now.basis(asked_to_go(), ASKED) is None
    assert allowance(desk).basis(asked_to_go(), ASKED) is Basis.POLICY


def test_nothing_has_a_ground_while_all_is_stopped(desk: Desk) -> None:
    stop(desk)
    assert allowance(desk).basis(asked_to_go(), ASKED) is None


def test_erasing_has_no_ground_where_it_is_not_allowed_and_the_rest_has(desk: Desk) -> None:
    now = allowance(desk, erase=False)
    assert now.basis(asked_to_go(), ASKED) is None
    assert now.basis(asked_to_go(action=Action.ARCHIVE), ASKED) is Basis.POLICY
    assert now.basis(an_item(action=Action.END_MARKETING), MARKETING) is Basis.POLICY


# How many more


def test_the_first_approval_of_a_rule_is_used_up_before_the_second(desk: Desk) -> None:
    first, _ = desk.grant(max_per_day=2), desk.grant("erasure-request")
    second = desk.grant(max_per_day=1)
    now = allowance(desk)
    assert now.approvals_of("unsubscribed") == (first, second)
    assert [now.take("unsubscribed") for _ in range(4)] == [first, first, second, None]
    assert now.take("former-customer") is None


@pytest.mark.parametrize(("day", "left"), [(YESTERDAY, 10), (TODAY, 7), (TOMORROW, 0)])
def test_what_was_used_today_is_used_and_a_clock_that_was_set_back_lets_nothing_go(
    desk: Desk, day: Any, left: int
) -> None:
    approval = desk.grant()
    with desk.store.transaction() as tx:
        assert tx.use_standing(approval.approval_id, day, 3) is not None
    now = allowance(desk)
    assert now.left == {approval.approval_id: left}


def test_the_caps_begin_anew_with_the_local_day(desk: Desk) -> None:
    assert allowance(desk).next_day == at("2026-11-22T23:00")
    assert allowance(desk, now=at("2026-11-22T23:30")).next_day == at("2026-11-23T23:00")
