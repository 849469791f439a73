"""Standing approvals: who may give one, for what, until when; and that all of it is in the log."""

from datetime import timedelta

import pytest

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.errors import BlockedError, UsageError
from hubspot_retention.workflow.approvals import Approver
from hubspot_retention.workflow.standing import in_force
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_portal
from tests.faults.world import World

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
        ("unsubscribd", "the policy has no such rule.* It can be given for .*unsubscribed"),
        ("partner", "it disposes of none"),
        ("inactive-contact", "wants each of its disposals looked at"),
    ],
)
def test_it_is_refused_for_a_rule_that_cannot_act_by_itself(world: World, rule: str, why: str) -> None:
    with pytest.raises(BlockedError, match=why):
        grant(world, rule)
    assert entries(world) == []


@pytest.mark.parametrize("most", [0, -1])
def test_it_is_refused_without_a_cap(world: World, most: int) -> None:
    with pytest.raises(BlockedError, match="at least 1"):
        grant(world, most=most)


@pytest.mark.parametrize("days", [0, -1])
def test_it_is_refused_when_it_is_over_already(world: World, days: float) -> None:
    with pytest.raises(BlockedError, match="that is past"):
        grant(world, days=days)


def test_it_is_refused_for_more_than_four_hundred_days(world: World) -> None:
    with pytest.raises(BlockedError, match="at most 400 days"):
        grant(world, days=400.01)
    assert grant(world, days=400) == 1


def test_it_is_refused_until_a_person_has_approved_the_policy(world_of: MakeWorld) -> None:
    world = world_of(a_portal())
    with pytest.raises(BlockedError, match="nobody has approved the policy"):
        grant(world)
    assert not Approver(world.store, "bent").list()


def wider(world: World) -> None:
    """The policy approved last let less go."""
    narrower = world.policy_text.replace('after = "P24M"', 'after = "P36M"')
    with world.store.transaction() as tx:
        tx.approve_policy("0" * 64, narrower, world.clock.now(), "bent")


def test_it_is_refused_while_the_policy_is_wider_than_the_one_approved(world: World) -> None:
    wider(world)
    with pytest.raises(BlockedError, match=r"wider than the one approved last.*former-customer"):
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
