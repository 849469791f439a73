"""What plans of all times say of a record, and which runs read the whole portal."""

from datetime import timedelta
from typing import Any

import pytest

from hubspot_retention.core.decision.model import Outcome
from hubspot_retention.core.plan.model import RESTORED, Action, ItemState, PlanKind, PlanStatus
from hubspot_retention.core.record import ObjectType, PortalId, RecordId
from hubspot_retention.store.database import SqlStore
from hubspot_retention.store.errors import StoreError
from tests.contract.store.service_values import HOUR, an_obligation
from tests.contract.store.values import CONTACT, NOW, PORTAL, a_plan, a_run, an_item, with_plan

DEAL = ObjectType.DEAL
OURS = [RecordId(n) for n in range(1, 9)]


def test_what_is_done_as_archived_or_erased_is_ours(store: SqlStore) -> None:
    with store.transaction() as tx:
        plan = with_plan(
            tx,
            an_item(1, state=ItemState.DONE),
            an_item(2, state=ItemState.DONE, action=Action.ARCHIVE),
            an_item(3, state=ItemState.DONE, action=Action.END_MARKETING),
            *(an_item(4 + n, state=state) for n, state in enumerate(ItemState) if state is not ItemState.DONE),
            an_item(1, DEAL, state=ItemState.DONE, action=Action.ARCHIVE),
        )
        assert tx.disposed(CONTACT, [RecordId(n) for n in range(20)]) == {
            1: (plan.plan_id, Action.ERASE, None),
            2: (plan.plan_id, Action.ARCHIVE, None),
        }
        assert tx.disposed(DEAL, OURS) == {1: (plan.plan_id, Action.ARCHIVE, None)}
        assert tx.disposed(CONTACT, []) == {}


def test_what_may_have_had_its_effect_is_named_when_asked_for(store: SqlStore) -> None:
    may_be = (ItemState.SENT, ItemState.UNKNOWN, ItemState.DONE)
    with store.transaction() as tx:
        with_plan(tx, an_item(1, state=ItemState.SENT), an_item(2, state=ItemState.UNKNOWN), an_item(3))
        assert set(tx.disposed(CONTACT, OURS, states=may_be)) == {1, 2}
        assert tx.disposed(CONTACT, OURS) == {}


def test_a_later_plan_that_came_too_late_does_not_make_it_somebody_elses(store: SqlStore) -> None:
    with store.transaction() as tx:
        with_plan(tx, an_item(1, state=ItemState.DONE, action=Action.ARCHIVE))
        second = with_plan(tx, an_item(1, state=ItemState.DONE))
        with_plan(tx, an_item(1, state=ItemState.SKIPPED, state_code="gone"))
        assert tx.disposed(CONTACT, OURS) == {1: (second.plan_id, Action.ERASE, None)}


def test_what_was_seen_in_view_since_it_was_disposed_of_is_not_ours_until_it_is_disposed_of_again(
    store: SqlStore,
) -> None:
    with store.transaction() as tx:
        with_plan(tx, an_item(1, state=ItemState.DONE, action=Action.ARCHIVE))
        with_plan(tx, an_item(1, state=ItemState.DONE, action=Action.ARCHIVE, state_code=RESTORED))
        assert tx.disposed(CONTACT, OURS) == {}
        third = with_plan(tx, an_item(1, state=ItemState.DONE))
        assert tx.disposed(CONTACT, OURS) == {1: (third.plan_id, Action.ERASE, None)}


def test_the_ledger_says_when_it_was_settled_by_that_plan(store: SqlStore) -> None:
    with store.transaction() as tx:
        plan = with_plan(tx, an_item(1, state=ItemState.DONE), an_item(2, state=ItemState.DONE))
        tx.save_obligations(
            [
                an_obligation(1, plan_id=plan.plan_id, settled_at=NOW + HOUR),
                an_obligation(2, plan_id="another", settled_at=NOW + HOUR),
                an_obligation(2, DEAL, plan_id=plan.plan_id, settled_at=NOW + HOUR),
            ]
        )
        found = tx.disposed(CONTACT, OURS)
        assert {record: at for record, (_, _, at) in found.items()} == {1: NOW + HOUR, 2: None}


def test_the_outcome_of_a_record_is_its_newest_one(store: SqlStore) -> None:
    with store.transaction() as tx:
        with_plan(tx, an_item(1), an_item(2, outcome=Outcome.HELD, action=Action.NONE))
        with_plan(tx, an_item(1, outcome=Outcome.HELD, action=Action.NONE), an_item(1, DEAL))
        assert tx.outcomes_of(CONTACT, OURS) == {1: "held", 2: "held"}
        assert tx.outcomes_of(DEAL, OURS) == {1: "dispose"}
        assert tx.outcomes_of(CONTACT, []) == {}


def test_what_a_run_held_is_answered_in_pages(store: SqlStore) -> None:
    held: dict[str, Any] = {"outcome": Outcome.HELD, "action": Action.NONE}
    with store.transaction() as tx:
        with_plan(tx, an_item(9, **held))
        plan = with_plan(tx, *(an_item(n, **held) for n in (2, 4, 6)), an_item(3), an_item(1, DEAL, **held))
        rights = a_plan(plan.run_id, plan_id="rights", kind=PlanKind.RIGHTS)
        tx.add_plan(rights)
        tx.add_items(rights.plan_id, [an_item(1, **held)])
        assert tx.held_by(plan.run_id, PlanKind.TIME, CONTACT, RecordId(0), 2) == [2, 4]
        assert tx.held_by(plan.run_id, PlanKind.TIME, CONTACT, RecordId(4), 2) == [6]
        assert tx.held_by(plan.run_id, PlanKind.TIME, DEAL, RecordId(0), 2) == [1]
        assert tx.held_by(plan.run_id, PlanKind.RIGHTS, CONTACT, RecordId(0), 2) == [1]


def test_a_run_came_upon_what_stands_in_a_plan_of_it(store: SqlStore) -> None:
    with store.transaction() as tx:
        with_plan(tx, an_item(9))
        plan = with_plan(tx, an_item(2), an_item(3, outcome=Outcome.HELD, action=Action.NONE), an_item(1, DEAL))
        assert tx.of_run(plan.run_id, CONTACT, [RecordId(n) for n in range(1201)]) == {2, 3}
        assert tx.of_run(plan.run_id, DEAL, OURS) == {1}
        assert tx.of_run(plan.run_id, CONTACT, []) == frozenset()


def test_many_records_are_asked_for_at_once(store: SqlStore) -> None:
    many = [RecordId(n) for n in range(1201)]
    with store.transaction() as tx:
        with_plan(tx, *(an_item(n, state=ItemState.DONE) for n in many))
        assert set(tx.disposed(CONTACT, many)) == set(tx.outcomes_of(CONTACT, many)) == set(many)


def test_a_full_run_is_the_newest_that_read_everything_and_ended_well(store: SqlStore) -> None:
    with store.transaction() as tx:
        assert tx.last_full_run(PORTAL) is None
        for hours, kind, outcome in (
            (1, "plan", "done"),
            (2, "reconcile", "done"),
            (3, "sweep", "done"),
            (4, "sweep", "PortalTemporaryError"),
            (5, "what-if", "done"),
            (6, "due", "done"),
            (7, "review", "done"),
        ):
            run_id = tx.start_run(a_run(kind=kind, started_at=NOW + hours * HOUR))
            tx.finish_run(run_id, NOW + 9 * HOUR, outcome)
            assert tx.run_kind(run_id) == kind
        tx.start_run(a_run(kind="sweep", started_at=NOW + 8 * HOUR))
        assert tx.last_full_run(PORTAL) == NOW + 3 * HOUR
        assert tx.last_full_run(PortalId(1)) is None
        assert tx.full_run_before(PORTAL, 99) == (3, NOW + 3 * HOUR)
        assert tx.full_run_before(PORTAL, 3) == (2, NOW + 2 * HOUR)
        assert tx.full_run_before(PORTAL, 1) is None
        assert tx.full_run_before(PortalId(1), 99) is None


@pytest.mark.parametrize("kind", ["due", "review"])
def test_what_a_small_run_read_is_no_measure_of_the_portal(store: SqlStore, kind: str) -> None:
    with store.transaction() as tx:
        for each, people in (("sweep", 500), (kind, 3)):
            run_id = tx.start_run(a_run(kind=each))
            tx.add_plan(a_plan(run_id, population=((CONTACT, people),), status=PlanStatus.READ_ONLY))
            tx.finish_run(run_id, NOW + timedelta(hours=1), "done")
        assert tx.last_population(PORTAL, run_id + 1) == {CONTACT: 500}


def test_a_run_that_is_not_there_has_no_kind(store: SqlStore) -> None:
    with store.transaction() as tx, pytest.raises(StoreError, match="there is no run 99"):
        tx.run_kind(99)
