"""Plans that are not applied, and why: each refusal comes before the first write and is exit code 4."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from hubspot_retention.core.plan.model import Plan, PlanStatus
from hubspot_retention.core.policy.model import Mode
from hubspot_retention.core.portal import PortalDetails
from hubspot_retention.core.record import PortalId
from hubspot_retention.errors import BlockedError, ExitCode, UsageError
from hubspot_retention.workflow.gate import Permission
from hubspot_retention.workflow.upkeep import Keeper
from tests.faults.conftest import MakeWorld
from tests.faults.people import a_portal, asks_to_go, inactive
from tests.faults.world import CLIENTI, Watched, World


@pytest.fixture
def world(world_of: MakeWorld) -> World:
    """A portal with an exercised right and a record whose time has come."""
    return world_of(a_portal(contacts=[asks_to_go(101), inactive(102)]))


def refused(world: World, plan: Plan, match: str, **parts: object) -> None:
    """The plan is refused with these words, nothing was called, and no disposal was begun."""
    with pytest.raises(BlockedError, match=match) as error:
        world.apply(plan, **parts)
    assert error.value.exit_code is ExitCode.BLOCKED
    assert world.calls() == []
    assert not [entry for entry in world.entries() if entry.kind.startswith("disposal.")]


class OtherDetails:
    """A portal that says something else of itself."""

    def __init__(self, world: World, **change: object) -> None:
        self._portal, self._change = world.portal, change

    def identity(self) -> PortalDetails:
        """The changed details."""
        return replace(self._portal.identity(), **self._change)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> object:
        return getattr(self._portal, name)


def test_a_token_of_another_portal(world: World) -> None:
    plan = world.rights()
    refused(world, plan, "belongs to portal 999", source=OtherDetails(world, portal_id=PortalId(999)))


@pytest.mark.parametrize("seconds", [301, -301])
def test_clocks_that_differ_by_more_than_five_minutes(world: World, seconds: float) -> None:
    refused(world, world.rights(), "clock", source=OtherDetails(world, clock_skew_seconds=seconds))


def test_clocks_that_differ_by_less_are_no_ground(world: World) -> None:
    assert world.apply(world.rights(), source=OtherDetails(world, clock_skew_seconds=299.0)).done == 1


def test_a_plan_that_has_expired(world: World) -> None:
    plan = world.rights()
    world.clock.present += timedelta(hours=24, seconds=1)
    refused(world, plan, "expired")
    assert world.plan(plan).status is PlanStatus.EXPIRED
    assert world.entries()[-1].kind == "plan.expired"


def test_a_plan_that_expires_while_it_is_applied_goes_no_further(world_of: MakeWorld) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]))
    world.workers = 1
    plan = world.rights()

    def a_day_passes() -> None:
        world.clock.present += timedelta(hours=25)
        world.monotonic.pass_by(25 * 3_600)

    world.apply(plan, disposer=Watched(world.portal, after={"erase_contact": a_day_passes}))
    assert len(world.calls("erase")) == 1


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_jumps_while_a_plan_is_applied_stops_it_within_one_record(world_of: MakeWorld, hours: int) -> None:
    world = world_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]))
    world.workers = 1
    plan = world.rights()

    def it_jumps() -> None:
        world.clock.present += timedelta(hours=hours)

    world.apply(plan, disposer=Watched(world.portal, after={"erase_contact": it_jumps}))
    assert len(world.calls("erase")) == 1
    world.clock.present -= timedelta(hours=hours)
    world.apply(plan)
    assert len(world.calls("erase")) == 2


def test_a_plan_of_another_policy(world: World) -> None:
    plan = world.rights()
    refused(world, plan, "another policy", policy=replace(world.policy, digest="0" * 64))


def test_a_plan_that_was_used_up(world: World) -> None:
    plan = world.rights()
    world.apply(plan)
    world.sandbox.journal.clear()
    with pytest.raises(BlockedError, match="applied already"):
        world.apply(plan)
    assert world.calls() == []


def test_a_plan_as_of_another_day(world: World) -> None:
    plan, _ = world.assess(as_of=world.clock.now() + timedelta(days=30))
    assert plan.status is PlanStatus.READ_ONLY
    refused(world, plan, "as of another day")
    with pytest.raises(BlockedError, match="as of another day: it can be read, not approved"):
        world.approve(plan)


def test_a_plan_that_a_guardrail_blocks(world: World) -> None:
    world.guardrails = replace(world.guardrails, max_disposals=0)
    plan, _ = world.assess()
    assert plan.status is PlanStatus.BLOCKED
    refused(world, plan, "1 disposal, at most 0 may go")
    with pytest.raises(BlockedError, match="guardrail"):
        world.approve(plan)


def test_a_plan_that_nobody_approved(world: World) -> None:
    plan, _ = world.assess()
    refused(world, plan, "nobody has approved")


def test_a_plan_in_whose_place_a_newer_one_stands(world: World) -> None:
    plan = world.rights()
    world.assess()
    refused(world, plan, "newer plan")
    assert world.plan(plan).status is PlanStatus.SUPERSEDED


def test_a_plan_that_was_rejected(world: World) -> None:
    plan = world.rights()
    world.reviewer().reject(plan.plan_id, "forkert", world.clock.now())
    refused(world, plan, "rejected")


def test_a_plan_that_somebody_rejects_at_the_last_moment(world: World) -> None:
    plan = world.rights()

    def reject() -> None:
        world.reviewer().reject(plan.plan_id, "forkert", world.clock.now())

    refused(world, plan, "just now", source=Watched(world.portal, after={"identity": reject}))
    assert world.plan(plan).status is PlanStatus.REJECTED


def test_a_plan_that_does_not_exist(world: World) -> None:
    plan = world.rights()
    with pytest.raises(UsageError, match=plan.plan_id):
        world.apply("99-rights")


def test_any_plan_in_the_mode_observe(world: World) -> None:
    plan = world.rights()
    world.permission = Permission(mode=Mode.OBSERVE, allow_erase=True)
    refused(world, plan, "observe")


def test_a_plan_that_erases_where_erasing_is_not_allowed(world: World) -> None:
    plan = world.rights()
    world.permission = Permission(mode=Mode.REVIEW, allow_erase=False)
    refused(world, plan, "allow_erase")


def test_a_plan_that_only_archives_needs_no_leave_to_erase(world: World) -> None:
    plan = world.time_rules()
    world.permission = Permission(mode=Mode.REVIEW, allow_erase=False)
    world.apply(plan)
    assert world.effects() == ["archived contacts/102"]


@pytest.mark.parametrize(
    "shorten", [lambda digest: digest[:11], lambda digest: "", lambda digest: digest[1:], lambda digest: digest + "0"]
)
def test_an_approval_by_a_wrong_or_short_digest(world: World, shorten: Callable[[str], str]) -> None:
    plan, _ = world.assess()
    with pytest.raises(BlockedError, match="digest"):
        world.reviewer().approve(plan.plan_id, shorten(plan.digest), world.policy_text, world.clock.now())
    assert world.plan(plan).status is PlanStatus.AWAITING_REVIEW


def test_twelve_characters_of_the_digest_approve_in_any_case(world: World) -> None:
    plan, _ = world.assess()
    world.reviewer().approve(plan.plan_id, plan.digest[:12].upper(), world.policy_text, world.clock.now())
    assert world.plan(plan).status is PlanStatus.APPROVED


def test_an_approval_by_who_requested_the_plan_where_four_eyes_are_required(world: World) -> None:
    world.four_eyes = True
    plan, _ = world.assess()
    with pytest.raises(BlockedError, match="four eyes"):
        world.reviewer("anna").approve(plan.plan_id, plan.digest, world.policy_text, world.clock.now())
    assert world.reviewer("bent").approve(plan.plan_id, plan.digest, world.policy_text, world.clock.now())


def test_an_approval_under_another_policy_text_than_the_plans(world: World) -> None:
    plan, _ = world.assess()
    other = world.policy_text.replace('after = "P24M"', 'after = "P1M"')
    with pytest.raises(BlockedError, match="another policy"):
        world.reviewer().approve(plan.plan_id, plan.digest, other, world.clock.now())
    with world.store.transaction() as tx:
        assert tx.approved_policy() is None


def test_an_approval_of_a_plan_that_has_expired(world: World) -> None:
    plan, _ = world.assess()
    world.clock.present += timedelta(hours=25)
    with pytest.raises(BlockedError, match="expired"):
        world.approve(plan)


def test_a_policy_that_was_widened_since_it_was_approved_blocks_its_plans_until_a_person_approves_it(
    world: World,
) -> None:
    world.rights()
    text = CLIENTI.read_text(encoding="utf-8")
    world.policy_text = text.replace(
        'after = "P12M"\nfrom = "last_activity_at"', 'after = "P6M"\nfrom = "last_activity_at"'
    )
    assert world.policy_text != text
    plan, _ = world.assess()
    assert plan.status is PlanStatus.BLOCKED
    refused(world, plan, "inactive-contact disposes after P6M, before it was P12M")
    Keeper(world.store, "bent").approve_policy(world.policy, world.policy_text, world.clock.now())
    assert world.apply(world.rights()).done == 1


def test_a_plan_of_the_wider_policy_cannot_be_slipped_in_under_an_older_approval(world: World) -> None:
    plan = world.rights()
    wider = world.policy_text.replace('after = "P24M"', 'after = "P1M"')
    world.policy_text = wider
    refused(world, plan, "another policy")


def test_somebody_elses_plan_can_be_rejected_only_while_it_is_open(world: World) -> None:
    plan = world.rights()
    world.apply(plan)
    with pytest.raises(BlockedError, match="applied"):
        world.reviewer().reject(plan.plan_id, "for sent", world.clock.now())
