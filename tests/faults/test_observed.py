"""A rule in mode observe: plans show what is due by it, and nothing is written for it, whoever approves them."""

from dataclasses import replace

from hubspot_retention.core.plan.model import Action, ItemState, Plan, PlanStatus
from hubspot_retention.core.plan.query import ALL_ITEMS
from hubspot_retention.core.plan.recheck import Skip
from tests.documents import in_observe
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_customer, a_portal, asks_to_go, former_customer, inactive, unsubscribed
from tests.faults.world import CLIENTI, World


def as_an_older_version_made_it(world: World, plan: Plan, action: Action) -> None:
    """The plan was stored when nobody asked for a rule's own mode."""
    with world.store.transaction() as tx:
        tx.replace_items(plan.plan_id, [item._replace(action=action) for item in tx.items(plan.plan_id, ALL_ITEMS)])


def test_who_is_due_by_it_stands_in_the_plan_and_stays_though_a_person_approves_it(world_of: MakeWorld) -> None:
    world = world_of(
        a_portal(contacts=[asks_to_go(101), former_customer(102), inactive(103)]),
        policy=in_observe("former-customer", "erasure-request"),
    )
    rights, times = world.assess()
    assert [(count.rule, count.action) for plan in (rights, times) for count in sorted(plan.rules)] == [
        ("erasure-request", Action.OBSERVE),
        ("former-customer", Action.OBSERVE),
        ("inactive-contact", Action.ARCHIVE),
    ]
    for plan, done in ((rights, 0), (times, 1)):
        world.approve(plan)
        report = world.apply(plan)
        assert (report.done, report.waiting, report.plan.status) == (done, 0, PlanStatus.APPLIED)
    assert world.is_in_view("contacts/101")
    assert world.is_in_view("contacts/102")
    assert [call.kind for call in world.calls()] == ["archive"]
    assert "disposal.intended" not in world.words("contacts/102")


def test_it_counts_against_no_guardrail(world_of: MakeWorld) -> None:
    document = a_portal(contacts=[former_customer(number) for number in (101, 102, 103)])
    world = world_of(document, policy=in_observe("former-customer"))
    world.guardrails = replace(world.guardrails, max_disposals=2)
    assert world.assess()[1].breaches == ()
    world.policy_text = CLIENTI.read_text(encoding="utf-8")
    assert world.assess()[1].breaches == ("contacts: 3 disposals, at most 2 may go",)


def test_a_plan_that_was_to_carry_it_out_all_the_same_skips_it_with_the_reason(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[former_customer(101)]), policy=in_observe("former-customer"))
    _, plan = world.assess()
    as_an_older_version_made_it(world, plan, Action.ERASE)
    world.approve(plan)
    assert world.apply(plan).skipped == 1
    assert world.state(plan, "contacts/101") == (ItemState.SKIPPED, Skip.OBSERVED)
    assert world.is_in_view("contacts/101")
    assert world.calls() == []


def test_what_becomes_due_by_it_as_well_after_the_plan_was_approved_stays(world_of: MakeWorld) -> None:
    kept = 'keep = { period = "P30D", from = "event_on" }'
    erased = 'mode = "observe"\ndispose = { after = "P18M", from = "event_on", within = "P30D", disposition = "erase" }'
    world = world_of(a_portal(contacts=[former_customer(101)]), policy=lambda text: text.replace(kept, erased))
    _, plan = world.assess()
    assert world.item(plan, "contacts/101").action is Action.ERASE
    world.approve(plan)
    world.edit("contacts/101", event_on="2020-01-01")
    assert world.apply(plan).skipped == 1
    assert world.state(plan, "contacts/101") == (ItemState.SKIPPED, Skip.OBSERVED)


def test_marketing_goes_on_where_nothing_but_a_right_in_observe_would_end_it(world_of: MakeWorld) -> None:
    asked = a_customer(101, erasure_requested_at="2025-01-01T09:00:00Z")
    world = world_of(a_portal(contacts=[asked]), policy=in_observe("erasure-request"))
    plan = world.rights()
    assert world.item(plan, "contacts/101").action is Action.OBSERVE
    world.apply(plan)
    assert world.calls() == []
    assert world.value("contacts/101", "hs_email_optout_501") != "true"


def test_a_plan_that_was_to_end_it_all_the_same_skips_it_with_the_reason(world_of: MakeWorld) -> None:
    asked = a_customer(101, erasure_requested_at="2025-01-01T09:00:00Z")
    world = world_of(a_portal(contacts=[asked]), policy=in_observe("erasure-request"))
    plan, _ = world.assess()
    as_an_older_version_made_it(world, plan, Action.END_MARKETING)
    world.approve(plan)
    world.apply(plan)
    assert world.state(plan, "contacts/101") == (ItemState.SKIPPED, Skip.OBSERVED)
    assert world.calls() == []


def test_marketing_ends_where_another_right_or_a_restriction_ends_it(world_of: MakeWorld) -> None:
    both = unsubscribed(101, lifecyclestage="customer", consent_withdrawn_at="2025-01-01T09:00:00Z")
    restricted = a_customer(102, erasure_requested_at="2025-01-01T09:00:00Z", processing_restricted="true")
    world = world_of(a_portal(contacts=[both, restricted]), policy=in_observe("consent-withdrawn", "erasure-request"))
    plan = world.rights()
    assert [item.action for item in world.items(plan)] == [Action.END_MARKETING, Action.END_MARKETING]
    world.apply(plan)
    assert world.value("contacts/102", "hs_email_optout_501") == "true"
