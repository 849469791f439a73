"""Explain: past, present and next date of one record, read-only."""

import pytest

from hubspot_retention.bootstrap import new_spool
from hubspot_retention.core.audit.entry import read_entry
from hubspot_retention.core.decision.model import Outcome
from hubspot_retention.core.decision.provenance import FactTrace
from hubspot_retention.core.decision.trace import RuleTrace
from hubspot_retention.core.portal import Gone, MergedInto
from hubspot_retention.core.record import RecordId
from hubspot_retention.core.request import RequestKind
from hubspot_retention.errors import UsageError
from hubspot_retention.workflow.explain import Explainer, Explanation, Present
from hubspot_retention.workflow.fresh import FreshReader
from tests.faults.conftest import MakeWorld
from tests.faults.people import (
    a_company,
    a_customer,
    a_portal,
    asks_to_go,
    inactive,
    old_agreement,
    unsubscribed,
    won_deal,
)
from tests.faults.world import World, ref


def explain(world: World, record: str) -> Explanation:
    """A record explained as of now."""
    fresh = FreshReader(world.portal, new_spool, world.policy)
    explainer = Explainer(world.portal, world.store, fresh, world.policy, world.clock.now)
    return explainer.explain(ref(record))


def present(world: World, record: str) -> Present:
    """The present of a record that is in view."""
    found = explain(world, record).present
    assert isinstance(found, Present)
    return found


def fact(found: Present, name: str) -> FactTrace:
    """A fact by its name."""
    return next(one for one in found.facts if one.fact == name)


def rule(found: Present, name: str) -> RuleTrace:
    """A rule by its id."""
    return next(one for one in found.rules if one.rule == name)


def test_every_rule_of_the_class_was_looked_at(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(101)]))
    rules = [one.rule for one in present(world, "contacts/101").rules]
    assert rules == [one.rule_id for one in world.policy.rules if one.object_type.value == "contacts"]


def test_the_rule_that_decides_says_so(world_of: MakeWorld) -> None:
    found = present(world_of(a_portal(contacts=[inactive(101)])), "contacts/101")
    assert found.decision.outcome is Outcome.DISPOSE
    assert rule(found, "inactive-contact").verdict.startswith("Decides: archive, due since 2015-01-10")


def test_a_fact_names_the_property_it_came_from(world_of: MakeWorld) -> None:
    found = present(world_of(a_portal(contacts=[a_customer(101, customer_until="2030-01-31")])), "contacts/101")
    assert fact(found, "customer_until") == FactTrace("customer_until", "2030-01-31", "its property customer_until")


def test_a_fact_names_the_associated_records_it_came_from(world_of: MakeWorld) -> None:
    document = a_portal(
        contacts=[a_customer(101)],
        companies=[a_company(11, type="VENDOR", customer_until="2031-01-31")],
        deals=[won_deal(201)],
        links=(("contacts/101", "companies/11"), ("contacts/101", "deals/201")),
    )
    found = present(world_of(document), "contacts/101")
    assert fact(found, "is_partner").source == "companies/11 (type)"
    assert fact(found, "customer_until").source == "companies/11 (customer_until)"


def test_a_request_of_the_register_is_the_source_of_its_fact(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer(101)]))
    at = world.clock.now()
    world.registrar().record_request(ref("contacts/101"), RequestKind.ERASURE, at, at)
    found = present(world, "contacts/101")
    assert fact(found, "erasure_requested_at").source == "the request register"
    assert found.decision.answer_by is not None


def test_a_hold_of_the_register_holds_and_the_rules_are_still_told(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(101)]))
    world.registrar().place_hold(ref("contacts/101"), "J-1", "a dispute", None, world.clock.now())
    found = present(world, "contacts/101")
    assert found.decision.outcome is Outcome.HELD
    assert "a hold stands above every rule" in rule(found, "inactive-contact").verdict


def test_the_past_is_the_plans_that_held_it_and_what_the_log_says(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    plan = world.rights()
    world.apply(plan)
    found = explain(world, "contacts/101")
    assert found.present is Gone.ABSENT
    assert [(held.plan_id, item.state_code) for held, item in found.plans] == [(plan.plan_id, "read-back-absent")]
    assert [read_entry(stored.body).kind for stored in found.log][-1] == "disposal.done"


def test_the_log_of_another_record_is_not_told(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(10), asks_to_go(101)]))
    world.apply(world.rights())
    assert all(read_entry(stored.body).record == "contacts/10" for stored in explain(world, "contacts/10").log)


def test_a_merged_record_names_its_winner(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(101), inactive(102)]))
    world.act("merge", record="contacts/102", into="contacts/101")
    assert explain(world, "contacts/102").present == MergedInto(RecordId(101))


def test_a_winner_is_explained_by_what_is_remembered_of_the_loser(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(101), unsubscribed(102)]))
    world.assess()
    world.act("merge", record="contacts/102", into="contacts/101")
    assert fact(present(world, "contacts/101"), "unsubscribed_at").value == "2020-03-01 10:00"
    assert "merge.seen" not in world.words("contacts/102")


def test_a_deal_is_explained_by_the_rules_of_deals(world_of: MakeWorld) -> None:
    found = present(world_of(a_portal(deals=[old_agreement(201)])), "deals/201")
    assert found.decision.rule == "agreement"
    assert fact(found, "customer_until").value == "2015-05-31"
    assert rule(found, "bookkeeping").verdict.endswith("that is over.")


def test_explaining_writes_nothing(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    explain(world, "contacts/101")
    assert world.entries() == []
    assert world.calls() == []


def test_companies_are_not_decided(world_of: MakeWorld) -> None:
    with pytest.raises(UsageError, match="rules decide contacts and deals"):
        explain(world_of(a_portal(companies=[a_company(11)])), "companies/11")
