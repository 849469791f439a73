"""Marketing ends, once, for those who exercised a right and stay on another ground (semantics 7)."""

from typing import Any

import pytest

from hubspot_retention.core.plan.model import Action, ItemState, PlanStatus
from hubspot_retention.errors import PortalDeniedError
from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.scopes import ALL_SCOPES
from hubspot_retention.sandbox.state import StaticList
from tests.faults.conftest import MakeWorld
from tests.faults.people import Document, a_customer, a_deal, a_portal, unsubscribed
from tests.faults.world import World, patience


def a_customer_who_unsubscribed(record_id: int) -> Document:
    """A customer who took themselves off the newsletter: they stay, their marketing ends."""
    return unsubscribed(record_id, lifecyclestage="customer")


def a_customer_who_asked(record_id: int, **properties: Any) -> Document:
    """A customer who asked for erasure and is still on the newsletter: outweighed, but their marketing ends."""
    return a_customer(record_id, erasure_requested_at="2025-01-01T09:00:00Z", **properties)


def with_lists(text: str) -> str:
    """Clienti's policy with a static list to leave."""
    return text.replace("static_lists = []", 'static_lists = ["7"]')


def listed(world: World, *members: str) -> StaticList:
    """A static list of the portal with these members."""
    made = StaticList(id="7", name="Kampagne", object_type="contacts", processing="MANUAL", created_at="2024-01-01")
    made.members.update(dict.fromkeys(members, "2024-01-01"))
    world.sandbox.portal.lists["7"] = made
    return made


def test_who_stays_is_opted_out_of_the_newsletter_if_they_are_not_yet(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer_who_asked(101)]))
    plan = world.rights()
    assert world.item(plan, "contacts/101").action is Action.END_MARKETING
    world.apply(plan)
    assert world.value("contacts/101", "hs_email_optout_501") == "true"
    assert world.value("contacts/101", "hs_email_optout_502") != "true"
    assert world.state(plan, "contacts/101")[0] is ItemState.DONE
    assert world.words("contacts/101")[-1] == "marketing.ended"


def test_who_is_opted_out_already_is_not_opted_out_again(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer_who_unsubscribed(101)]))
    plan = world.rights()
    world.apply(plan)
    assert world.calls() == []
    assert world.state(plan, "contacts/101")[0] is ItemState.DONE


def test_who_left_one_newsletter_of_two_is_taken_off_the_other(world_of: MakeWorld) -> None:
    document = a_portal(contacts=[a_customer_who_unsubscribed(101)])
    both = 'subscription_types = ["Nyhedsbrev", "Driftsinformation"]'
    world = world_of(document, policy=lambda text: text.replace('subscription_types = ["Nyhedsbrev"]', both))
    world.apply(world.rights())
    assert [call.kind for call in world.calls()] == ["subscribe"]
    assert world.value("contacts/101", "hs_email_optout_502") == "true"


def test_the_static_lists_of_the_policy_are_left(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer_who_unsubscribed(101), a_customer(102)]), policy=with_lists)
    made = listed(world, "101", "102")
    world.apply(world.rights())
    assert set(made.members) == {"102"}


def with_a_named_list(text: str) -> str:
    """Clienti's policy with a static list to leave, by its name."""
    return text.replace("static_lists = []", 'static_lists = ["Kampagne"]')


def test_a_static_list_that_the_policy_names_by_its_name_is_left(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer_who_asked(101)]), policy=with_a_named_list)
    made = listed(world, "101")
    world.apply(world.rights())
    assert set(made.members) == set()


def test_a_token_that_may_not_look_for_a_list_still_erases_who_goes(world_of: MakeWorld) -> None:
    contacts = [a_customer_who_asked(101), unsubscribed(102), unsubscribed(103)]
    options = SandboxOptions(scopes=ALL_SCOPES - {"crm.lists.read"})
    world = world_of(a_portal(contacts=contacts), policy=with_a_named_list, options=options)
    made = listed(world, "101")
    plan = world.rights()
    with pytest.raises(PortalDeniedError, match=r"crm\.lists\.read"):
        world.apply(plan)
    assert [world.is_in_view(f"contacts/{number}") for number in (101, 102, 103)] == [True, False, False]
    assert [world.state(plan, f"contacts/{number}")[0] for number in (102, 103)] == [ItemState.DONE] * 2
    assert set(made.members) == {"101"}


def test_marketing_ends_once_not_every_run(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer_who_asked(101)]), policy=with_lists)
    listed(world, "101")
    world.apply(world.rights())
    world.sandbox.journal.clear()
    again, _ = world.assess()
    assert [item for item in world.items(again) if item.action is Action.END_MARKETING] == []


def test_marketing_ends_for_who_is_held(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer_who_asked(101, legal_hold="true")]))
    plan = world.rights()
    world.apply(plan)
    assert world.value("contacts/101", "hs_email_optout_501") == "true"
    assert world.is_in_view("contacts/101")


def test_who_subscribed_again_since_the_plan_is_left_alone(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer_who_unsubscribed(101)]), policy=with_lists)
    made = listed(world, "101")
    plan = world.rights()
    world.act("resubscribe", record="contacts/101", subscriptionId=501)
    world.apply(plan)
    assert world.calls() == []
    assert set(made.members) == {"101"}
    assert world.state(plan, "contacts/101") == (ItemState.SKIPPED, "marketing-no-longer-ends")


def test_who_subscribed_again_and_left_again_has_their_marketing_ended_again(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer_who_unsubscribed(101)]))
    world.apply(world.rights())
    world.act("resubscribe", record="contacts/101", subscriptionId=501)
    world.assess()
    world.act("unsubscribe", record="contacts/101", subscriptionId=501)
    plan, _ = world.assess()
    assert world.item(plan, "contacts/101").action is Action.END_MARKETING


@pytest.mark.parametrize("kind", ["timeout_after_effect", "error_after_effect", "error_before", "423"])
def test_an_opt_out_whose_answer_is_lost_is_looked_at_again_and_set_once(world_of: MakeWorld, kind: str) -> None:
    world = world_of(a_portal(contacts=[a_customer_who_asked(101)]), timeout_seconds=patience(kind))
    plan = world.rights()
    world.fault(kind, method="POST", path="statuses/")
    world.apply(plan)
    assert world.value("contacts/101", "hs_email_optout_501") == "true"
    assert world.plan(plan).status is PlanStatus.APPLIED
    effects = [effect for call in world.calls("subscribe") for effect in call.effects]
    assert len(effects) == 1


def test_a_status_that_cannot_be_read_delays_no_other_contact(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer_who_asked(101), a_customer_who_asked(102)]))
    plan = world.rights()
    world.fault("error_before", method="GET", path="statuses/p101", status=503, count=None)
    report = world.apply(plan)
    assert world.value("contacts/102", "hs_email_optout_501") == "true"
    assert (report.done, report.unsettled + report.waiting) == (1, 1)


def test_an_open_deal_keeps_who_unsubscribed_but_not_their_marketing(world_of: MakeWorld) -> None:
    links = (("contacts/101", "deals/21"),)
    world = world_of(a_portal(contacts=[unsubscribed(101)], deals=[a_deal(21)], links=links))
    plan = world.rights()
    assert world.item(plan, "contacts/101").action is Action.END_MARKETING
