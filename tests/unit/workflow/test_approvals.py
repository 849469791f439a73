"""Standing approvals: who may give one, for what, until when; and that all of it is in the log."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.plan.model import PlanStatus
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.errors import BlockedError, UsageError
from hubspot_retention.workflow.approvals import Approver, is_approved, policy_approved
from hubspot_retention.workflow.standing import SERVICE, in_force
from hubspot_retention.workflow.upkeep import Keeper
from tests.documents import CLIENTI, clienti
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_portal
from tests.faults.world import World
from tests.unit.core.plan.plans import observing
from tests.unit.workflow.desk import NOW, Desk, former_customer, unsubscribed

DAY = timedelta(days=1)


@pytest.fixture
def world(world_of: MakeWorld) -> World:
    """An empty portal under an approved policy."""
    made = world_of(a_portal())
    with made.store.transaction() as tx:
        tx.approve_policy(made.policy.digest, made.policy_text, made.clock.now(), "bent")
    return made


def grant(world: World, rule: str = "unsubscribed", most: int = 5, days: float = 30) -> int:
    """Give one; answers its number."""
    now = world.clock.now()
    return Approver(world.store, "bent").grant(world.policy, rule, most, now + days * DAY, now).approval_id


def standing(world: World) -> list[int]:
    """Those in force."""
    with world.store.transaction() as tx:
        return [found.approval_id for found in in_force(tx, world.policy, world.clock.now())]


def entries(world: World) -> list[Entry]:
    """What the log says of them."""
    return [entry for entry in world.entries() if entry.subject.value == "standing-approval"]


def test_it_says_who_what_how_many_and_until_when(world: World) -> None:
    number = grant(world)
    (found,) = Approver(world.store, "anna").list()
    assert (found.approval_id, found.rule, found.max_per_day, found.granted_by) == (number, "unsubscribed", 5, "bent")
    (entry,) = entries(world)
    assert (entry.kind, entry.actor, entry.rule) == ("standing-approval.granted", "bent", "unsubscribed")
    assert {"approval": number, "max_per_day": 5}.items() <= dict(entry.facts).items()
    assert entry.policy_digest == world.policy.digest
    assert standing(world) == [number]


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("partner", "it disposes of none"),
        ("inactive-contact", "wants each of its disposals looked at"),
    ],
)
def test_it_is_refused_for_a_rule_that_cannot_act_by_itself(world: World, rule: str, why: str) -> None:
    with pytest.raises(BlockedError, match=why):
        grant(world, rule)
    assert entries(world) == []


def test_it_is_refused_for_a_rule_in_observe_and_one_that_was_given_before_covers_nothing(world: World) -> None:
    number = grant(world)
    assert standing(world) == [number]
    policy, now = observing("unsubscribed", policy=world.policy), world.clock.now()
    with world.store.transaction() as tx:
        assert in_force(tx, policy, now) == ()
    with pytest.raises(
        BlockedError, match=r"rule unsubscribed: its mode is observe.* It can be given for processor-data"
    ):
        Approver(world.store, "bent").grant(policy, "unsubscribed", 5, now + DAY, now)


def test_the_refusal_names_the_rules_that_it_can_be_given_for(world: World) -> None:
    rules = ("processor-data", "erasure-request", "consent-withdrawn", "unsubscribed", "former-customer", "agreement")
    with pytest.raises(UsageError, match=rf"no such rule\. It can be given for {', '.join(rules)}, lost-deal\.$"):
        grant(world, "unsubscribd")
    assert entries(world) == []
    keeps = replace(world.policy, rules=tuple(rule for rule in world.policy.rules if rule.dispose is None))
    now = world.clock.now()
    with pytest.raises(BlockedError, match=r"disposes of none\. It can be given for none\.$"):
        Approver(world.store, "bent").grant(keeps, "partner", 5, now + DAY, now)


def test_whatever_waits_for_a_person_by_its_rule_is_looked_at_at_once(world: World) -> None:
    desk, now = Desk(world.store), world.clock.now()
    later = {"next_look_at": now + DAY}
    desk.oblige("contacts/101", "review", **later)
    desk.oblige("contacts/102", "review", rule="erasure-request", **later)
    desk.oblige("contacts/103", "open", **later)
    desk.oblige("contacts/104", "review", next_look_at=now - DAY)
    grant(world)
    looks = [desk.obligation(f"contacts/{number}").next_look_at for number in (101, 102, 103, 104)]
    assert looks == [now, now + DAY, now + DAY, now - DAY]


def test_one_a_day_is_a_cap(world: World) -> None:
    assert grant(world, most=1) == 1


@pytest.mark.parametrize("most", [0, -1])
def test_it_is_refused_without_a_cap(world: World, most: int) -> None:
    with pytest.raises(BlockedError, match="at least 1"):
        grant(world, most=most)


@pytest.mark.parametrize(("most", "days"), [(5, 30), (6, 30), (4, 30), (5, 31), (5, 1)])
def test_beside_one_that_stands_none_is_given_for_its_rule_and_it_is_said_which_one(
    world: World, most: int, days: float
) -> None:
    number, now = grant(world), world.clock.now()
    with pytest.raises(BlockedError) as told:
        Approver(world.store, "anna").grant(world.policy, "unsubscribed", most, now + days * DAY, now)
    assert str(told.value) == (
        f"no standing approval: number {number} stands for rule unsubscribed already, at most 5 a day, "
        f"until {world.policy.civil.show(now + 30 * DAY)}; a second one would let as many more go beside it. "
        f"For another cap or end revoke it first (`approval standing revoke {number}`)."
    )
    assert standing(world) == [number]
    assert len(entries(world)) == 1


def test_one_that_covers_nothing_now_but_is_not_over_is_revoked_first_too(world: World) -> None:
    """A clock that was set back makes it one of the future: it would cover again beside the second."""
    grant(world)
    world.clock.present -= DAY
    assert standing(world) == []
    with pytest.raises(BlockedError, match="number 1 stands for rule unsubscribed already"):
        grant(world)


def test_one_for_another_rule_stands_beside_it(world: World) -> None:
    numbers = [grant(world), grant(world, rule="erasure-request")]
    assert standing(world) == numbers


def test_after_one_that_is_over_the_next_is_given(world: World) -> None:
    grant(world, days=1)
    world.clock.present += DAY
    again = grant(world)
    assert standing(world) == [again]


def test_what_was_revoked_can_be_given_again(world: World) -> None:
    first = grant(world)
    Approver(world.store, "anna").revoke(first, world.clock.now())
    again = grant(world, most=6)
    assert standing(world) == [again]


@pytest.mark.parametrize("days", [0, -1])
def test_it_is_refused_when_it_is_over_already(world: World, days: float) -> None:
    with pytest.raises(BlockedError, match="that is past"):
        grant(world, days=days)


def test_all_that_stands_against_it_is_told_at_once(world: World) -> None:
    with pytest.raises(BlockedError) as told:
        grant(world, "partner", most=0, days=-1)
    assert [line.split(":")[0][:34] for line in str(told.value).splitlines()] == [
        "no standing approval for rule part",
        "no standing approval for 0 a day",
        f"no standing approval until {world.policy.civil.show(world.clock.now() - DAY)}"[:34],
    ]
    with pytest.raises(UsageError, match=r"no such rule.*\nno standing approval for 0 a day"):
        grant(world, "unsubscribd", most=0)


def test_it_is_refused_for_more_than_four_hundred_days(world: World) -> None:
    with pytest.raises(BlockedError, match="at most 400 days"):
        grant(world, days=400.01)
    assert grant(world, days=400) == 1


def test_it_is_refused_until_a_person_has_approved_the_policy(world_of: MakeWorld) -> None:
    world = world_of(a_portal())
    why = r"^no standing approval yet: nobody has approved the policy \(`policy approve`\)$"
    with pytest.raises(BlockedError, match=why):
        grant(world)
    assert not Approver(world.store, "bent").list()


def wider(world: World) -> None:
    """The policy approved last let less go."""
    narrower = world.policy_text.replace('after = "P24M"', 'after = "P36M"').replace('after = "P5Y"', 'after = "P7Y"')
    with world.store.transaction() as tx:
        tx.approve_policy("0" * 64, narrower, world.clock.now(), "bent")


def test_it_is_refused_while_the_policy_is_wider_than_the_one_approved(world: World) -> None:
    wider(world)
    why = re.escape(
        "no standing approval: the policy is wider than the one approved last (rule former-customer disposes after "
        "P24M, before it was P3Y; rule agreement disposes after P5Y, before it was P7Y); "
        "have a person approve it first (`policy approve`)"
    )
    with pytest.raises(BlockedError, match=why):
        grant(world)


def test_it_is_not_in_force_while_the_policy_is_wider(world: World) -> None:
    grant(world)
    wider(world)
    assert standing(world) == []


def test_it_is_not_in_force_when_the_approved_policy_cannot_be_read(world: World) -> None:
    grant(world)
    with world.store.transaction() as tx:
        tx.approve_policy("0" * 64, "no policy", world.clock.now(), "bent")
    assert standing(world) == []


def sooner(world: World, rule: str = "former-customer") -> str:
    """A policy in which one rule disposes sooner."""
    after = {"former-customer": "P24M", "agreement": "P5Y"}[rule]
    return world.policy_text.replace(f'after = "{after}"', 'after = "P6M"')


def approve(world: World, text: str, who: str = "carl") -> RetentionPolicy:
    """A person approves a policy; answers it."""
    policy = parse_policy(text)
    Keeper(world.store, who).approve_policy(policy, text, world.clock.now())
    return policy


def test_it_ends_when_a_policy_is_approved_under_which_its_rule_lets_more_go(world: World) -> None:
    number, other = grant(world, "former-customer"), grant(world)
    approve(world, sooner(world))
    (ended, left) = Approver(world.store, "bent").list(all=True)
    assert (ended.approval_id, ended.revoked_by, ended.revoked_at) == (number, "carl", world.clock.now())
    assert (left.approval_id, left.revoked_at) == (other, None)
    entry = entries(world)[-1]
    assert (entry.kind, entry.actor, entry.code) == ("standing-approval.revoked", "carl", "policy-changed")
    assert (entry.rule, dict(entry.facts)["approval"]) == ("former-customer", number)


def test_one_that_ended_does_not_come_back_with_the_older_policy(world: World) -> None:
    grant(world, "former-customer")
    approve(world, sooner(world))
    approve(world, world.policy_text)
    assert standing(world) == []


def test_one_whose_rule_is_gone_ends_and_does_not_come_back_with_the_rule(world: World) -> None:
    grant(world)
    rules = tuple(rule for rule in world.policy.rules if rule.rule_id != "unsubscribed")
    without = replace(world.policy, digest="f" * 64, rules=rules)
    Keeper(world.store, "carl").approve_policy(without, world.policy_text, world.clock.now())
    approve(world, world.policy_text)
    assert standing(world) == []


def test_what_is_under_way_by_one_that_ends_stops(world: World) -> None:
    grant(world, "former-customer")
    desk = Desk(world.store)
    plan = desk.plan(former_customer(), run="due", status=PlanStatus.APPLYING, decided_by=SERVICE)
    approve(world, sooner(world))
    assert (desk.found(plan).status, desk.found(plan).decided_by) == (PlanStatus.REJECTED, "carl")


def test_a_policy_that_widens_other_rules_alone_ends_none_and_stops_nothing(world: World) -> None:
    number, desk = grant(world, "former-customer"), Desk(world.store)
    plan = desk.plan(former_customer(), run="due", status=PlanStatus.APPLYING, decided_by=SERVICE)
    policy = approve(world, sooner(world, "agreement"))
    assert desk.found(plan) == plan
    with world.store.transaction() as tx:
        assert [found.approval_id for found in in_force(tx, policy, world.clock.now())] == [number]


def test_one_that_is_over_ends_no_more(world: World) -> None:
    grant(world, "former-customer", days=1)
    world.clock.present += DAY
    approve(world, sooner(world))
    (over,) = Approver(world.store, "bent").list()
    assert over.revoked_at is None


def test_it_is_refused_under_a_policy_that_nobody_approved_as_it_stands(world: World) -> None:
    text = world.policy_text.replace('after = "P24M"', 'after = "P36M"')
    now, approver = world.clock.now(), Approver(world.store, "bent")
    why = r"^no standing approval: nobody has approved the policy as it stands; have a person approve it first"
    with pytest.raises(BlockedError, match=why):
        approver.grant(parse_policy(text), "unsubscribed", 5, now + DAY, now)
    policy = approve(world, text)
    assert approver.grant(policy, "unsubscribed", 5, now + DAY, now).policy_digest == policy.digest


def test_it_is_in_force_until_its_end_and_not_at_it(world: World) -> None:
    number = grant(world, days=1)
    world.clock.present += DAY - timedelta(seconds=1)
    assert standing(world) == [number]
    world.clock.present += timedelta(seconds=1)
    assert standing(world) == []


def test_taken_back_it_is_in_force_no_more_and_both_are_in_the_log(world: World) -> None:
    number = grant(world)
    revoked = Approver(world.store, "carl").revoke(number, world.clock.now())
    assert (revoked.revoked_by, standing(world)) == ("carl", [])
    assert [(entry.kind, entry.actor) for entry in entries(world)] == [
        ("standing-approval.granted", "bent"),
        ("standing-approval.revoked", "carl"),
    ]
    assert not Approver(world.store, "bent").list()
    assert [found.approval_id for found in Approver(world.store, "bent").list(all=True)] == [number]


def test_what_is_not_there_cannot_be_taken_back(world: World) -> None:
    number = grant(world)
    approver = Approver(world.store, "bent")
    approver.revoke(number, world.clock.now())
    for wrong in (number, 99):
        with pytest.raises(UsageError, match=f"no standing approval {wrong}"):
            approver.revoke(wrong, world.clock.now())


@pytest.mark.parametrize("status", [PlanStatus.APPROVED, PlanStatus.APPLYING])
def test_taken_back_it_stops_what_is_under_way_by_itself(world: World, status: PlanStatus) -> None:
    number, now, desk = grant(world), world.clock.now(), Desk(world.store)
    plan = desk.plan(unsubscribed(), run="due", status=status, decided_by=SERVICE)
    Approver(world.store, "carl").revoke(number, now)
    assert desk.found(plan) == replace(plan, status=PlanStatus.REJECTED, decided_by="carl", decided_at=now)
    (entry,) = desk.entries()
    assert (entry.kind, entry.actor, entry.code, entry.at, entry.plan_id) == (
        "plan.rejected",
        "carl",
        "standing-approval-revoked",
        now,
        plan.plan_id,
    )


@pytest.mark.parametrize(
    ("run", "status", "by"),
    [
        ("due", PlanStatus.APPROVED, "bent"),
        ("plan", PlanStatus.APPROVED, SERVICE),
        ("due", PlanStatus.APPLIED, SERVICE),
        ("due", PlanStatus.PARTLY_APPLIED, SERVICE),
        ("due", PlanStatus.AWAITING_REVIEW, ""),
    ],
)
def test_what_did_not_go_by_it_or_is_over_stays_as_it_is(world: World, run: str, status: PlanStatus, by: str) -> None:
    number, desk = grant(world), Desk(world.store)
    plan = desk.plan(unsubscribed(), run=run, status=status, decided_by=by)
    Approver(world.store, "carl").revoke(number, world.clock.now())
    assert (desk.found(plan), desk.entries()) == (plan, [])


# The policy itself.


def test_that_a_person_approved_a_policy_is_in_the_log_with_who_it_was(desk: Desk) -> None:
    with desk.store.transaction() as tx:
        assert not is_approved(tx, clienti())
        policy_approved(tx, clienti(), CLIENTI.read_text(), NOW, "anna")
        assert is_approved(tx, clienti())
        assert not is_approved(tx, replace(clienti(), digest="f" * 64))
    [entry] = desk.entries("policy")
    assert (entry.kind, entry.at, entry.actor, entry.policy_digest) == (
        "policy.approved",
        NOW,
        "anna",
        clienti().digest,
    )
