"""What HubSpot's faults do to an application: nothing is lost, nothing is done twice, nobody waits for another."""

from datetime import timedelta
from typing import Any

import pytest

from hubspot_retention.core.plan.model import ItemState, PlanStatus
from hubspot_retention.core.portal import PortalDetails
from hubspot_retention.core.record import RecordId
from hubspot_retention.errors import BlockedError, PortalError, PortalPausedError, PortalTemporaryError
from hubspot_retention.hubspot.reading import ReaderOptions
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_customer, a_letter, a_portal, asks_to_go, inactive
from tests.faults.world import World, connected, ids, patience

FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "timeout_after_effect"},
    {"kind": "timeout_before"},
    {"kind": "error_before", "status": 500},
    {"kind": "error_after_effect", "status": 503},
    {"kind": "connection_cut"},
    {"kind": "connection_cut_after_effect"},
    {"kind": "423", "count": 4},
    {"kind": "error_before", "status": 429},
)


class DiesAfterTheEffect:
    """The process dies when an erase had its effect, before anybody could write that down."""

    def __init__(self, world: World) -> None:
        self._world = world

    def erase_contact(self, contact_id: RecordId) -> Any:
        """Erase, and die."""
        self._world.portal.erase_contact(contact_id)
        raise RuntimeError("the process dies")


class KeepsItsIdentity:
    """A portal whose clock stays with ours when a test moves it."""

    def __init__(self, world: World) -> None:
        self._portal, self._details = world.portal, world.portal.identity()

    def identity(self) -> PortalDetails:
        """Who the token belongs to."""
        return self._details

    def __getattr__(self, name: str) -> Any:
        return getattr(self._portal, name)


def name_of(fault: dict[str, Any]) -> str:
    return "-".join(str(value) for value in fault.values())


@pytest.mark.parametrize("fault", FAULTS, ids=name_of)
def test_an_erase_that_meets_a_fault_is_done_once(world_of: MakeWorld, fault: dict[str, Any]) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]), timeout_seconds=patience(fault["kind"]))
    plan = world.rights()
    world.fault(**fault, path="gdpr-delete")
    world.apply(plan)
    assert sorted(world.effects()) == ["erased contacts/101", "erased contacts/102"]
    assert {world.state(plan, record)[0] for record in ("contacts/101", "contacts/102")} == {ItemState.DONE}
    assert world.plan(plan).status is PlanStatus.APPLIED


@pytest.mark.parametrize("fault", FAULTS, ids=name_of)
def test_an_archive_that_meets_a_fault_is_done_once(world_of: MakeWorld, fault: dict[str, Any]) -> None:
    world = world_of(a_portal(contacts=[inactive(101), inactive(102)]), timeout_seconds=patience(fault["kind"]))
    plan = world.time_rules()
    world.fault(**fault, path="batch/archive")
    world.apply(plan)
    assert world.effects() == ["archived contacts/101", "archived contacts/102"]
    assert world.plan(plan).status is PlanStatus.APPLIED


@pytest.mark.parametrize("fault", FAULTS[::2], ids=name_of)
def test_a_bundle_that_meets_a_fault_is_done_once(world_of: MakeWorld, fault: dict[str, Any]) -> None:
    links = (("contacts/101", "emails/41"),)
    people = a_portal(contacts=[asks_to_go(101)], emails=[a_letter(41)], links=links)
    world = world_of(people, timeout_seconds=patience(fault["kind"]))
    plan = world.rights()
    world.fault(**fault, path="emails/batch/archive")
    world.apply(plan)
    assert world.effects() == ["removed emails/41 for good", "erased contacts/101"]
    assert world.state(plan, "contacts/101")[0] is ItemState.DONE


def test_a_refusal_for_good_fails_the_record_and_nothing_else(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102), asks_to_go(103)]))
    world.workers = 1
    plan = world.rights()
    world.fault("error_before", path="gdpr-delete", status=400)
    report = world.apply(plan)
    assert (report.done, report.failed, report.plan.status) == (2, 1, PlanStatus.PARTLY_APPLIED)
    assert world.words("contacts/101") == ["disposal.intended", "disposal.sent", "disposal.failed"]


def test_records_whose_erasure_never_gets_an_answer_delay_no_other(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(number) for number in range(101, 107)]))
    world.workers = 1
    plan = world.rights()

    class Poisoned:
        def erase_contact(self, contact_id: RecordId) -> Any:
            if contact_id <= 104:
                raise PortalTemporaryError("no answer")
            return world.portal.erase_contact(contact_id)

    report = world.apply(plan, disposer=Poisoned())
    assert world.effects() == ["erased contacts/105", "erased contacts/106"]
    assert (report.done, report.waiting + report.unsettled) == (2, 4)


def test_a_record_that_cannot_be_read_delays_no_other_of_its_batch(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(number) for number in range(101, 121)]))
    plan = world.time_rules()

    class Poisoned:
        def read_contacts(self, asked: Any) -> Any:
            if 107 in asked:
                raise PortalTemporaryError("this batch cannot be read")
            return world.portal.read_contacts(asked)

        def __getattr__(self, name: str) -> Any:
            return getattr(world.portal, name)

    report = world.apply(plan, source=Poisoned())
    assert report.done == 19
    assert world.state(plan, "contacts/107") == (ItemState.PENDING, "unreadable")
    assert world.is_in_view("contacts/107")


def test_when_nothing_can_be_read_the_application_stops_and_says_so(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    plan = world.rights()
    world.fault("error_before", path="batch/read", status=503, count=None)
    with pytest.raises(PortalError):
        world.apply(plan)
    assert world.calls() == []
    assert world.entries()[-1].kind == "plan.stopped"


@pytest.mark.parametrize("kind", ["timeout_after_effect", "connection_cut_after_effect", "timeout_before"])
def test_what_is_left_unknown_is_settled_by_the_next_application(world_of: MakeWorld, kind: str) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]), timeout_seconds=patience(kind))
    plan = world.rights()
    world.fault(kind, path="gdpr-delete", count=2)

    class CannotBeReadBack:
        def presence(self, *_: Any) -> Any:
            raise PortalTemporaryError("no answer")

        def __getattr__(self, name: str) -> Any:
            return getattr(world.portal, name)

    report = world.apply(plan, source=CannotBeReadBack())
    assert (report.done, report.unsettled, report.plan.status) == (0, 2, PlanStatus.PARTLY_APPLIED)
    world.apply(plan)
    assert sorted(world.effects()) == ["erased contacts/101", "erased contacts/102"]
    assert world.plan(plan).status is PlanStatus.APPLIED


def test_what_an_older_plan_left_unknown_is_settled_before_a_newer_one_is_applied(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), inactive(102)]))
    older = world.rights()

    with pytest.raises(RuntimeError):
        world.apply(older, disposer=DiesAfterTheEffect(world))
    assert world.state(older, "contacts/101")[0] is ItemState.SENT
    world.apply(world.time_rules())
    assert world.state(older, "contacts/101") == (ItemState.DONE, "read-back-absent")


def test_a_plan_that_expired_with_a_call_unsettled_is_settled_but_not_applied(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]))
    world.workers = 1
    plan = world.rights()
    with pytest.raises(RuntimeError):
        world.apply(plan, disposer=DiesAfterTheEffect(world))
    source = KeepsItsIdentity(world)
    calls = world.calls()
    world.clock.present += timedelta(hours=25)
    with pytest.raises(BlockedError, match="expired"):
        world.apply(plan, source=source)
    assert world.state(plan, "contacts/101")[0] is ItemState.DONE
    assert world.calls() == calls


@pytest.mark.parametrize("path", ["contacts/batch/read", "associations", "emails/batch/read"])
def test_a_partial_answer_to_a_fresh_read_disposes_of_nobody_unseen(world_of: MakeWorld, path: str) -> None:
    links = (("contacts/101", "emails/41"),)
    world = world_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)], emails=[a_letter(41)], links=links))
    plan = world.rights()
    world.fault("partial_207", path=path)
    world.apply(plan)
    for record in ("contacts/101", "contacts/102"):
        state, _ = world.state(plan, record)
        assert (state is ItemState.DONE) is not world.is_in_view(record)
        assert state in (ItemState.DONE, ItemState.SKIPPED)


def test_a_record_that_a_batch_leaves_out_is_asked_for_alone_not_taken_for_gone(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]))
    plan = world.rights()
    world.fault("partial_207", path="contacts/batch/read")
    world.apply(plan)
    alone = [call for call in world.sandbox.journal.entries() if call.method == "GET" and "/contacts/10" in call.path]
    assert alone, "a missing item is unknown, and asked for by itself (S12)"
    assert sorted(world.effects()) == ["erased contacts/101", "erased contacts/102"]


def test_a_pause_of_the_whole_account_stops_the_application_and_it_goes_on_later(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]))
    world.workers = 1
    plan = world.rights()
    world.fault("477", path="gdpr-delete", skip=1)
    with pytest.raises(PortalPausedError):
        world.apply(plan)
    assert world.plan(plan).status is PlanStatus.APPLYING
    stopped = next(entry for entry in world.entries() if entry.kind == "plan.stopped")
    assert stopped.code == "PortalPausedError"
    world.apply(plan)
    assert world.effects() == ["erased contacts/101", "erased contacts/102"]
    assert world.plan(plan).status is PlanStatus.APPLIED


def test_a_sandbox_that_dies_in_the_middle_of_a_run_leaves_plans_that_nobody_can_approve_or_apply(
    world_of: MakeWorld,
) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), a_customer(102)]))
    world.fault("connection_cut", path="objects/2026-03/contacts$", count=None)
    with pytest.raises(PortalError):
        world.assess()
    with world.store.transaction() as tx:
        plans = list(tx.plans())
    assert {plan.status for plan in plans} == {PlanStatus.BUILDING}
    for plan in plans:
        with pytest.raises(BlockedError, match="not approved: its run stopped before it was whole"):
            world.reviewer().approve(plan.plan_id, "0" * 64, world.policy_text, world.clock.now())
        with pytest.raises(BlockedError, match="stopped before it was whole"):
            world.apply(plan)
    world.sandbox.gateway.faults.clear()
    world.apply(world.rights())
    assert world.effects() == ["erased contacts/101"]


def test_a_portal_that_is_gone_while_a_plan_is_applied_is_no_proof_of_anything(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    plan = world.rights()
    world.fault("connection_cut", path="", skip=1, count=None)
    with pytest.raises(PortalError):
        world.apply(plan)
    assert world.state(plan, "contacts/101")[0] is not ItemState.DONE
    world.sandbox.gateway.faults.clear()
    world.apply(plan)
    assert world.effects() == ["erased contacts/101"]


def test_the_daily_quota_lets_an_application_go_on_the_next_day(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    plan = world.rights()
    world.fault("477", path="contacts/batch/read")
    with pytest.raises(PortalPausedError):
        world.apply(plan)
    with connected(world.sandbox, world.policy_text) as made:
        world.portal, _ = made(ReaderOptions())
        world.apply(plan)
    assert ids(world.calls("erase")) == ["101"]
