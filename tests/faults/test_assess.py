"""A run: two plans, guardrails, what earlier runs saw, and what is left when it dies."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hubspot_retention.core.decision.model import Outcome, ReasonCode
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.plan.model import Action, Plan, PlanKind, PlanStatus
from hubspot_retention.core.record import ObjectType, PortalId
from hubspot_retention.errors import BlockedError, PortalTemporaryError, RangesDisagreeError
from hubspot_retention.workflow.assess import Watcher
from tests.faults.conftest import MakeWorld
from tests.faults.people import (
    Document,
    a_contact,
    a_customer,
    a_portal,
    asks_to_go,
    days_ago,
    former_customer,
    inactive,
    lost_deal,
    unsubscribed,
)
from tests.faults.world import Checked, World, ref


def without_status(record_id: int, **properties: Any) -> Document:
    """Somebody opted out of whom no status tells since when."""
    return a_contact(record_id, hs_email_optout="true", **properties)


def outcome(world: World, plans: tuple[Plan, Plan], record: str) -> Outcome | None:
    """The outcome of a record in the plans of a run."""
    found = [item for plan in plans for item in world.items(plan) if item.record == ref(record)]
    return found[0].decision.outcome if found else None


def test_a_run_makes_a_plan_of_exercised_rights_and_a_plan_of_time_rules(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), inactive(102)], deals=[lost_deal(21)]))
    rights, time_rules = world.assess()
    assert (rights.kind, time_rules.kind) == (PlanKind.RIGHTS, PlanKind.TIME)
    assert [str(item.record) for item in world.items(rights)] == ["contacts/101"]
    assert [str(item.record) for item in world.items(time_rules)] == ["contacts/102", "deals/21"]
    assert dict(rights.population) == {ObjectType.CONTACT: 2, ObjectType.DEAL: 1}


def test_a_flood_of_inactive_contacts_blocks_the_plan_of_time_rules_only(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(1), *(inactive(number) for number in range(2, 40))]))
    rights, time_rules = world.assess()
    assert (rights.status, time_rules.status) == (PlanStatus.AWAITING_REVIEW, PlanStatus.BLOCKED)
    assert time_rules.breaches == ("contacts: 38 of 39 records (97.4 %), at most 25 % may go",)


def test_a_rule_with_a_limit_of_its_own_is_held_to_it(world_of: MakeWorld) -> None:
    limits = "\n[rules.guardrails]\nmax_disposals = 1\nmax_percent = 25\npercent_from = 0\nmax_shrink_percent = 20\n"
    world = world_of(
        a_portal(contacts=[inactive(1), inactive(2), *(a_customer(number) for number in range(3, 20))]),
        policy=lambda text: text.replace('warn_ahead = "P30D"\n', f'warn_ahead = "P30D"\n{limits}', 1),
    )
    _, plan = world.assess()
    assert plan.breaches == ("rule inactive-contact: 2 disposals, at most 1 may go",)


def test_same_facts_same_policy_same_instant_give_the_same_digest(world_of: MakeWorld) -> None:
    contacts = [unsubscribed(101), without_status(102), former_customer(103), inactive(104)]
    world = world_of(a_portal(contacts=contacts, deals=[lost_deal(21)]))
    first, second = world.assess(), world.assess()
    assert [plan.digest for plan in first] == [plan.digest for plan in second]
    assert [plan.plan_id for plan in first] != [plan.plan_id for plan in second]


def test_another_fact_gives_another_digest(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(104), inactive(105)]))
    _, first = world.assess()
    world.edit("contacts/105", legal_hold="true")
    _, second = world.assess()
    assert first.digest != second.digest


def test_an_opt_out_without_an_instant_counts_from_the_run_that_first_saw_it(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[without_status(101)]))
    first, _ = world.assess()
    seen_at = world.item(first, "contacts/101").decision.due_at
    world.clock.present += timedelta(minutes=3)
    second, _ = world.assess()
    assert world.item(second, "contacts/101").decision.due_at == seen_at == world.clock.now() - timedelta(minutes=3)


def test_an_opt_out_that_was_first_seen_by_a_run_that_died_still_counts_from_it(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[without_status(101)]))
    seen_at = world.clock.now()

    class Dies(Checked):
        def correspondence(self, *_: Any) -> Any:
            raise PortalTemporaryError("gone")

    with pytest.raises(PortalTemporaryError):
        world.assess(source=Dies(world.portal))
    world.clock.present += timedelta(minutes=3)
    plan, _ = world.assess()
    assert world.item(plan, "contacts/101").decision.due_at == seen_at


def test_an_opt_out_that_cannot_be_read_in_one_run_still_counts_from_when_it_was_first_seen(
    world_of: MakeWorld,
) -> None:
    world = world_of(a_portal(contacts=[without_status(101)]))
    seen_at = world.clock.now()
    world.assess()

    class Unreadable(Checked):
        def contacts(self, **how: Any) -> Any:
            for page in self._portal.contacts(**how):
                yield [seen._replace(observation=seen.observation._replace(opt_out=UNKNOWN)) for seen in page]

    world.assess(source=Unreadable(world.portal))
    world.clock.present += timedelta(minutes=3)
    plan, _ = world.assess()
    assert world.item(plan, "contacts/101").decision.due_at == seen_at


def test_only_newly_opted_out_contacts_cost_a_status_request(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[unsubscribed(101), a_customer(102), unsubscribed(103)]))

    def statuses() -> list[str]:
        return [call.path for call in world.sandbox.journal.entries() if "/statuses/" in call.path]

    world.assess()
    first = len(statuses())
    assert first > 0
    assert not [path for path in statuses() if "p102" in path]
    world.assess()
    assert len(statuses()) == first
    world.act("unsubscribe", record="contacts/102", subscriptionId=501)
    world.assess()
    assert [path for path in statuses()[first:] if "p102" not in path and "batch" not in path] == []


def test_a_status_that_hubspot_always_fails_to_tell_keeps_nobody_else_out_of_a_plan(world_of: MakeWorld) -> None:
    world = world_of(
        a_portal(
            contacts=[unsubscribed(number, retention_confirmed_on=days_ago(10)) for number in (101, 102, 103, 104)]
        )
    )
    world.fault("error_before", path="statuses/p102", status=500, count=None)
    plans = world.assess()
    assert {str(item.record) for item in world.items(plans[0]) if item.action is Action.ERASE} == {
        "contacts/101",
        "contacts/103",
        "contacts/104",
    }
    assert outcome(world, plans, "contacts/102") is Outcome.UNDETERMINED


def test_a_record_that_this_service_archived_and_a_person_restored_is_referred(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(101), inactive(102)]))
    world.apply(world.time_rules())
    world.act("restore", record="contacts/101")
    plans = world.assess()
    assert outcome(world, plans, "contacts/101") is Outcome.REFER
    assert world.item(plans[1], "contacts/101").decision.reasons[0].code is ReasonCode.RESTORED_BY_A_PERSON


def test_a_start_that_moved_back_by_more_than_a_year_is_undetermined_in_every_later_run(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer(101, customer_until=days_ago(-400))]))
    world.assess()
    world.edit("contacts/101", customer_until="2019-04-30")
    for _ in range(2):
        plans = world.assess()
        assert outcome(world, plans, "contacts/101") is Outcome.UNDETERMINED
        reasons = [reason.code for reason in world.item(plans[1], "contacts/101").decision.reasons]
        assert ReasonCode.START_MOVED_BACK in reasons


def test_a_start_is_remembered_through_a_run_that_could_not_see_it(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[a_customer(101, customer_until=days_ago(-400))]))
    world.assess()
    world.edit("contacts/101", customer_until="")
    world.assess()
    world.edit("contacts/101", customer_until="2019-04-30")
    assert outcome(world, world.assess(), "contacts/101") is Outcome.UNDETERMINED


def test_a_start_is_new_until_a_whole_run_has_seen_it(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[former_customer(101)]))

    class Dies(Checked):
        def correspondence(self, *_: Any) -> Any:
            raise PortalTemporaryError("gone")

    with pytest.raises(PortalTemporaryError):
        world.assess(source=Dies(world.portal))
    _, first = world.assess()
    assert world.item(first, "contacts/101").start_is_new
    _, second = world.assess()
    assert not world.item(second, "contacts/101").start_is_new


def test_a_population_that_shrank_blocks_both_plans(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(1), *(a_customer(number) for number in range(2, 12))]))
    world.assess()
    for number in (4, 5, 6):
        world.act("archive", record=f"contacts/{number}")
    plans = world.assess()
    assert {plan.status for plan in plans} == {PlanStatus.BLOCKED}
    assert "8 were read, 11 were left after the last sound run" in plans[0].breaches[0]


def test_it_blocks_every_later_run_too_until_a_person_accepts_it(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(1), *(a_customer(number) for number in range(2, 12))]))
    world.assess()
    for number in (4, 5, 6):
        world.act("archive", record=f"contacts/{number}")
    world.assess()
    rights, _ = world.assess()
    assert rights.status is PlanStatus.BLOCKED
    assert world.reviewer().accept_fewer(rights.plan_id, rights.digest, world.policy_text, world.clock.now())
    rights, time_rules = world.assess()
    assert (rights.breaches, time_rules.breaches) == ((), ())


def test_what_this_service_disposed_of_itself_is_no_shrinking(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(1), inactive(2), a_customer(3)]))
    world.apply(world.time_rules())
    rights, time_rules = world.assess()
    assert (rights.breaches, time_rules.breaches) == ((), ())


def test_an_empty_list_where_records_were_blocks_both_plans(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(1)], deals=[lost_deal(21)]))
    world.assess()

    class Empty(Checked):
        def deals(self) -> Any:
            return iter(())

    plans = world.assess(source=Empty(world.portal))
    assert all("deals: none were read" in plan.breaches[0] for plan in plans)


def test_a_what_if_can_be_read_and_leaves_no_memory(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[former_customer(101), without_status(102)]))
    _, plan = world.assess(as_of=datetime(2030, 1, 1, tzinfo=UTC))
    assert plan.status is PlanStatus.READ_ONLY
    with world.store.transaction() as tx:
        assert tx.recall(ObjectType.CONTACT, [ref("contacts/101").record_id, ref("contacts/102").record_id]) == {}
    rights, time_rules = world.assess()
    assert world.item(time_rules, "contacts/101").start_is_new
    assert world.item(rights, "contacts/102").decision.due_at == world.clock.now()


def test_a_what_if_puts_itself_in_nobodys_place(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[inactive(101)]))
    plan = world.time_rules()
    world.assess(as_of=world.clock.now() + timedelta(days=1))
    assert world.plan(plan).status is PlanStatus.APPROVED


class Disagreeing(Checked):
    """A portal whose id ranges do not cover the list, until it is read with one cursor."""

    one_cursor = False

    def contacts(self, **how: Any) -> Any:
        """Every contact; then the proof fails."""
        yield from self._portal.contacts(**how)
        if not self.one_cursor:
            raise RangesDisagreeError("ranges")

    def use_one_cursor(self) -> None:
        """From now on with one cursor."""
        self.one_cursor = True


def test_ranges_that_disagree_are_read_again_with_one_cursor(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[former_customer(101), asks_to_go(102)]))
    heard: list[str] = []
    watcher = Watcher(decision=lambda decision: heard.append(str(decision.record)), restart=lambda: heard.clear())
    rights, time_rules = world.assess(source=Disagreeing(world.portal), watcher=watcher)
    assert (rights.plan_id, rights.status) == ("2-rights", PlanStatus.AWAITING_REVIEW)
    assert dict(rights.population) == {ObjectType.CONTACT: 2}
    assert sorted(heard) == ["contacts/101", "contacts/102"]
    assert world.item(time_rules, "contacts/101").start_is_new, "what was read in vain is no earlier run"
    with world.store.transaction() as tx:
        void = [plan.status for plan in tx.plans() if plan.run_id == 1]
    assert set(void) == {PlanStatus.SUPERSEDED}


def test_a_newer_run_supersedes_what_waits_but_not_what_is_partly_applied(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102), inactive(103)]))
    rights, time_rules = (world.approve(plan) for plan in world.assess())
    world.fault("error_before", path="gdpr-delete", status=400)
    world.apply(rights)
    world.assess()
    assert world.plan(rights).status is PlanStatus.PARTLY_APPLIED
    assert world.plan(time_rules).status is PlanStatus.SUPERSEDED
    newest, _ = world.assess()
    assert {item.action for item in world.items(newest)} == {Action.ERASE}


def test_a_portal_other_than_the_settings_name_is_not_read(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))

    class Other(Checked):
        def identity(self) -> Any:
            return replace(self._portal.identity(), portal_id=PortalId(999))

    with pytest.raises(BlockedError, match="999"):
        world.assess(source=Other(world.portal))
    assert world.entries() == []


def test_a_run_tells_of_its_start_and_its_end_in_the_log(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101)]))
    world.assess()
    assert [entry.kind for entry in world.entries()] == ["run.started", "plan.built", "plan.built", "run.finished"]
    assert world.store.verify_log().intact
