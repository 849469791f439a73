"""Confirm: a person stands in for a start that moved back or a record that was restored."""

import pytest

from hubspot_retention.bootstrap import new_spool
from hubspot_retention.core.decision.model import Outcome
from hubspot_retention.core.record import RecordRef
from hubspot_retention.errors import BlockedError, UsageError
from hubspot_retention.workflow.confirm import Confirmation, Confirmer
from hubspot_retention.workflow.fresh import FreshReader
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_deal, a_portal, former_customer, inactive, lost_deal
from tests.faults.world import PORTAL, World, ref


def confirm(world: World, record: str) -> Confirmation:
    """Anna confirms a record."""
    fresh = FreshReader(world.portal, new_spool, world.policy)
    return Confirmer(world.portal, world.store, fresh, "anna", world.clock.now).confirm(ref(record))


def outcome(world: World, record: str) -> Outcome | None:
    """What the next run decides, as far as its plans hold the record."""
    plans = world.assess()
    for plan in plans:
        for item in world.items(plan):
            if item.record == RecordRef.parse(record):
                return item.decision.outcome
    return None


@pytest.fixture
def moved(world_of: MakeWorld) -> World:
    """A customer whose end moved from two years ahead to eight years back."""
    world = world_of(a_portal(contacts=[former_customer(101, "2030-04-30")]))
    world.assess()
    world.edit("contacts/101", customer_until="2018-04-30")
    return world


@pytest.fixture
def restored(world_of: MakeWorld) -> World:
    """A contact that the service archived and a person restored."""
    world = world_of(a_portal(contacts=[inactive(101)]))
    world.apply(world.time_rules())
    world.act("restore", record="contacts/101")
    return world


def test_a_start_that_moved_back_is_undetermined_until_it_is_confirmed(moved: World) -> None:
    assert outcome(moved, "contacts/101") is Outcome.UNDETERMINED
    done = confirm(moved, "contacts/101")
    assert done.moved == ("customer_until",)
    assert outcome(moved, "contacts/101") is Outcome.DISPOSE


def test_confirming_tells_what_follows(moved: World) -> None:
    assert confirm(moved, "contacts/101").then.rule == "former-customer"


def test_confirming_is_in_the_log_with_the_starts_and_who_did_it(moved: World) -> None:
    confirm(moved, "contacts/101")
    (entry,) = [entry for entry in moved.entries("contacts/101") if entry.kind == "start.confirmed"]
    assert (entry.actor, entry.code, entry.portal_id) == ("anna", "start-moved-back", PORTAL)
    assert dict(entry.facts) == {"customer_until": "2018-04-30"}


def test_a_restored_record_is_referred_until_it_is_confirmed(restored: World) -> None:
    assert outcome(restored, "contacts/101") is Outcome.REFER
    done = confirm(restored, "contacts/101")
    assert done.restored
    assert outcome(restored, "contacts/101") is Outcome.DISPOSE


def test_a_confirmed_restoration_is_in_the_log(restored: World) -> None:
    confirm(restored, "contacts/101")
    (entry,) = [entry for entry in restored.entries("contacts/101") if entry.kind == "start.confirmed"]
    assert entry.code == "restored-stays"


def test_a_deal_can_be_confirmed_too(world_of: MakeWorld) -> None:
    world = world_of(a_portal(deals=[lost_deal(201)]))
    world.apply(world.time_rules())
    world.act("restore", record="deals/201")
    assert confirm(world, "deals/201").restored


def test_where_nothing_waits_there_is_nothing_to_confirm(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(101)]))
    with pytest.raises(UsageError, match="nothing to confirm"):
        confirm(world, "contacts/101")
    assert world.entries("contacts/101") == []


def test_a_held_record_cannot_be_confirmed(moved: World) -> None:
    moved.edit("contacts/101", legal_hold="true")
    with pytest.raises(BlockedError, match="is held"):
        confirm(moved, "contacts/101")


def test_a_record_that_is_not_in_view_cannot_be_confirmed(world_of: MakeWorld) -> None:
    with pytest.raises(UsageError, match="not in view"):
        confirm(world_of(a_portal(contacts=[inactive(101)])), "contacts/999")


def test_a_merged_record_names_its_winner(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(101), inactive(102)]))
    world.act("merge", record="contacts/102", into="contacts/101")
    with pytest.raises(UsageError, match="confirm contacts/101 instead"):
        confirm(world, "contacts/102")


def test_only_contacts_and_deals_are_confirmed(world_of: MakeWorld) -> None:
    with pytest.raises(UsageError, match="only those can be confirmed"):
        confirm(world_of(a_portal(deals=[a_deal(201)])), "companies/1")
