"""Who had consented and is erased leaves receipts: durable before the call, counted when the person is gone."""

import pytest

from hubspot_retention.core.consent import ALL_MAIL, ConsentReceipt, ConsentState
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.portal import CallResult, Fate
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_portal, asks_to_go, days_ago
from tests.faults.test_tombstones import KEY, Answers, pseudonym
from tests.faults.world import Watched, World


def receipts(world: World) -> list[ConsentReceipt]:
    """The receipts of the one person."""
    with world.store.transaction() as tx:
        return list(tx.receipts_of([KEY]))


def who_said_no(world_of: MakeWorld) -> World:
    """Somebody unsubscribed, and asks to go."""
    made = world_of(a_portal(contacts=[asks_to_go(101)]))
    at = f"{days_ago(9)}T09:00:00Z"
    made.act("unsubscribe", record="contacts/101", subscriptionId=501, source="Self Service", at=at)
    return made


@pytest.fixture
def world(world_of: MakeWorld) -> World:
    """The portal of one person."""
    return who_said_no(world_of)


def test_a_receipt_is_durable_before_the_call_and_counts_when_the_person_is_gone(world: World) -> None:
    plan, seen = world.rights(), list[ConsentReceipt]()
    disposer = Watched(world.portal, before={"erase_contact": lambda: seen.extend(receipts(world))})
    world.apply(plan, disposer=disposer, pseudonym=pseudonym)
    assert [each.erased_at for each in seen] == [None]
    (receipt,) = receipts(world)
    assert (receipt.consent.subscription, receipt.consent.state) == ("501", ConsentState.WITHDRAWN)
    assert (receipt.consent.source, receipt.erased_at) == ("Self Service", world.clock.now())
    assert receipt.last_used_at == receipt.consent.at
    stored = [entry for entry in world.entries("contacts/101") if entry.kind == "consent-receipt.stored"]
    assert [entry.facts for entry in stored] == [(("number", "1"),)]


def test_a_refused_erase_leaves_no_receipt(world: World) -> None:
    world.apply(world.rights(), disposer=Answers(world, CallResult(Fate.REFUSED, 400)), pseudonym=pseudonym)
    assert (receipts(world), world.is_in_view("contacts/101")) == ([], True)


def test_an_opt_out_from_all_mail_that_stands_is_a_receipt_too(world: World) -> None:
    world.act("unsubscribe", record="contacts/101")
    world.apply(world.rights(), pseudonym=pseudonym)
    assert ALL_MAIL in {each.consent.subscription for each in receipts(world)}


def test_without_keys_nobodys_consents_are_asked_for(world: World) -> None:
    asked: list[str] = []
    source = Watched(world.portal, before={"consents": lambda: asked.append("asked")})
    world.apply(world.rights(), source=source)
    assert (asked, receipts(world), world.is_in_view("contacts/101")) == ([], [], False)


def test_consents_that_hubspot_refuses_to_tell_of_delay_nobodys_right_to_go(world: World) -> None:
    class Silent(Watched):
        """Tells of no consent."""

        def consents(self, address: object) -> object:
            """HubSpot refuses."""
            return UNKNOWN

    assert world.apply(world.rights(), source=Silent(world.portal), pseudonym=pseudonym).done == 1
    assert receipts(world) == []
    (sent,) = [entry for entry in world.entries("contacts/101") if entry.kind == "disposal.sent"]
    assert dict(sent.facts)["consents"] == "unreadable"


def test_a_consent_withdrawn_longer_ago_than_its_receipt_is_kept_leaves_none(world_of: MakeWorld) -> None:
    at = "2019-01-01T09:00:00Z"
    row = {"subscriptionId": 501, "status": "UNSUBSCRIBED", "timestamp": at, "source": "Self Service"}
    world = world_of(a_portal(contacts=[{**asks_to_go(101), "subscriptions": [row]}]))
    world.apply(world.rights(), pseudonym=pseudonym)
    assert (receipts(world), world.is_in_view("contacts/101")) == ([], False)
