"""What goes into the store comes out of it the same, to the microsecond."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubspot_retention.core.alarm import AlarmRecord
from hubspot_retention.core.deadline.approval import StandingApproval
from hubspot_retention.core.deadline.obligation import Obligation
from hubspot_retention.core.decision.history import Remembered
from hubspot_retention.core.hold import Hold
from hubspot_retention.core.plan.model import Plan, PlanItem
from hubspot_retention.core.plan.query import ALL_ITEMS
from hubspot_retention.core.probe import ProbeQuestion, ProbeResult
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.core.request import RequestEnd, RequestKind, SubjectRequest
from hubspot_retention.core.webhook.event import Event
from hubspot_retention.store.database import SqlStore, SqlTransaction
from tests.contract.store import service_values, values

few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class _RolledBackError(Exception):
    """Ends an example without leaving anything behind."""


@contextmanager
def _an_example(store: SqlStore) -> Iterator[SqlTransaction]:
    """A transaction that is never committed."""
    with suppress(_RolledBackError), store.transaction() as tx:
        yield tx
        raise _RolledBackError


@given(values.plans)
@few
def test_a_plan(store: SqlStore, plan: Plan) -> None:
    with _an_example(store) as tx:
        stored = replace(plan, run_id=tx.start_run(values.a_run()))
        tx.add_plan(stored)
        assert tx.plan(stored.plan_id) == stored
        assert list(tx.plans()) == [stored]


@given(values.plans, values.plans)
@few
def test_a_plan_that_is_saved_again(store: SqlStore, before: Plan, after: Plan) -> None:
    with _an_example(store) as tx:
        run_id = tx.start_run(values.a_run())
        tx.add_plan(replace(before, run_id=run_id))
        changed = replace(after, run_id=run_id, plan_id=before.plan_id)
        tx.save_plan(changed)
        assert tx.plan(before.plan_id) == changed


@given(st.lists(values.items, max_size=5, unique_by=lambda item: item.record))
@few
def test_the_items_of_a_plan_in_the_order_of_their_records(store: SqlStore, items: list[PlanItem]) -> None:
    with _an_example(store) as tx:
        plan = values.with_plan(tx, *items)
        assert list(tx.items(plan.plan_id, ALL_ITEMS)) == sorted(items, key=lambda item: item.record)


@given(values.items, values.items)
@few
def test_an_item_that_is_replaced(store: SqlStore, before: PlanItem, after: PlanItem) -> None:
    changed = after._replace(decision=after.decision._replace(record=before.record))
    with _an_example(store) as tx:
        plan = values.with_plan(tx, before)
        tx.replace_items(plan.plan_id, [changed])
        assert list(tx.items(plan.plan_id, ALL_ITEMS)) == [changed]
        assert list(tx.items_of_record(before.record)) == [(plan, changed)]


@given(values.holds, values.words)
@few
def test_a_hold_and_its_reason(store: SqlStore, hold: Hold, reason: str) -> None:
    with _an_example(store) as tx:
        stored = tx.place_hold(hold, reason)
        assert replace(stored, hold_id=0) == hold
        assert (stored, reason) in tx.holds(released=True)


@given(
    st.builds(
        SubjectRequest,
        request_id=st.just(0),
        contact_id=values.record_ids,
        kind=st.sampled_from(RequestKind),
        received_at=values.instants,
        recorded_by=values.names,
        closed_at=st.none() | values.instants,
        end=st.none() | st.sampled_from(RequestEnd),
    )
)
@few
def test_a_request(store: SqlStore, request_: SubjectRequest) -> None:
    with _an_example(store) as tx:
        stored = tx.add_request(request_)
        assert replace(stored, request_id=0) == request_
        assert list(tx.requests()) == [stored]


@given(st.sampled_from(ObjectType), st.dictionaries(values.record_ids, values.remembered, max_size=5))
@few
def test_what_is_noted_of_records(store: SqlStore, kind: ObjectType, notes: dict[RecordId, Remembered]) -> None:
    with _an_example(store) as tx:
        tx.note(kind, list(notes.items()))
        assert tx.recall(kind, list(notes)) == notes


@given(st.dictionaries(st.sampled_from(ProbeQuestion), st.tuples(values.words, values.words)))
@few
def test_what_the_probe_found(store: SqlStore, found: dict[ProbeQuestion, tuple[str, str]]) -> None:
    results = [ProbeResult(question, *found[question]) for question in ProbeQuestion if question in found]
    with _an_example(store) as tx:
        tx.save_probe(values.PORTAL, results, values.NOW)
        assert list(tx.probe_results(values.PORTAL)) == results


@given(st.dictionaries(st.sampled_from(ObjectType), st.lists(values.record_ids).map(tuple)))
@few
def test_where_lists_are_split(store: SqlStore, found: dict[ObjectType, tuple[RecordId, ...]]) -> None:
    with _an_example(store) as tx:
        tx.save_boundaries(values.PORTAL, found)
        assert tx.boundaries(values.PORTAL) == found


@given(st.lists(service_values.obligations, max_size=5, unique_by=lambda each: each.record))
@few
def test_obligations(store: SqlStore, obligations: list[Obligation]) -> None:
    with _an_example(store) as tx:
        tx.save_obligations(obligations)
        for kind in ObjectType:
            here = {each.record.record_id: each for each in obligations if each.record.object_type is kind}
            assert tx.obligations_of(kind, list(here)) == here
            assert {each.record.record_id: tx.obligation(each.record) for each in here.values()} == here


@given(service_values.approvals)
@few
def test_a_standing_approval(store: SqlStore, approval: StandingApproval) -> None:
    with _an_example(store) as tx:
        stored = tx.grant_standing(approval)
        assert replace(stored, approval_id=0) == approval
        assert list(tx.standing_approvals(all=True)) == [stored]


@given(st.lists(service_values.events, max_size=5, unique_by=lambda each: each.event_id))
@few
def test_events(store: SqlStore, events: list[Event]) -> None:
    with _an_example(store) as tx:
        assert tx.add_events(events, values.NOW) == len(events)
        assert [each.event for each in tx.events_to_handle(9)] == events


@given(st.lists(service_values.alarms, max_size=5, unique_by=lambda each: (each.kind, each.about)))
@few
def test_alarms(store: SqlStore, alarms: list[AlarmRecord]) -> None:
    with _an_example(store) as tx:
        for alarm in alarms:
            tx.save_alarm(alarm)
        assert sorted(tx.alarms(), key=lambda each: (each.kind, each.about)) == sorted(
            alarms, key=lambda each: (each.kind, each.about)
        )


@pytest.fixture(autouse=True)
def nothing_is_left_behind(store: SqlStore) -> Iterator[None]:
    """Every example was rolled back."""
    yield
    with store.transaction() as tx:
        assert not tx.plans()
        assert not tx.holds(released=True)
