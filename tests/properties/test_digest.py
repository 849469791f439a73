"""The plan digest: the same for the same facts, policy and `as of` in any order of arrival; else another."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubspot_retention.core.decision.history import NOTHING_REMEMBERED
from hubspot_retention.core.decision.model import Decision, Outcome, Reason, ReasonCode
from hubspot_retention.core.plan.build import Tally, item_of
from hubspot_retention.core.plan.digest import PlanDigest
from hubspot_retention.core.plan.model import Action, Block, Bundle, OutcomeCount, Plan, PlanItem, PlanKind
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from tests.documents import clienti
from tests.properties.portals import a_random_portal, seeds
from tests.unit.core.plan.plans import a_decision, a_disposal, a_plan, an_item


def digest_of(plan: Plan, *items: PlanItem) -> str:
    digest = PlanDigest(plan, clienti().civil)
    for item in items:
        digest.add(item)
    return digest.hexdigest()


def planned(decisions: list[Decision]) -> str:
    """The digest of the plan of time rules that these decisions make, in whatever order they come."""
    tally, items = Tally(), []
    for decision in decisions:
        placed = item_of(decision, NOTHING_REMEMBERED, clienti())
        tally.add(decision, Action.NONE if placed is None else placed[1].action)
        if placed is not None and placed[0] is PlanKind.TIME:
            items.append(placed[1])
    plan = a_plan(outcomes=tally.outcome_counts(), rules=tally.rule_counts())
    return digest_of(plan, *sorted(items, key=lambda item: item.record))


@settings(max_examples=30)
@given(seeds, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_change_the_digest(seed: int, rng: Random) -> None:
    decisions = list(a_random_portal(seed, 20).decide().values())
    assert planned(rng.sample(decisions, len(decisions))) == planned(decisions)


@settings(max_examples=30)
@given(seeds, st.randoms(use_true_random=False))
def test_another_disposal_is_another_digest(seed: int, rng: Random) -> None:
    decisions = list(a_random_portal(seed, 20).decide().values())
    place = rng.randrange(len(decisions))
    other = a_disposal(str(decisions[place].record), due_at=decisions[place].due_at)
    without = [*decisions[:place], *decisions[place + 1 :]]
    assert planned([*without, other]) != planned(decisions)
    assert planned(without) != planned(decisions)


SECOND = timedelta(seconds=1)
PLAN = a_plan()
PLANS: dict[str, Any] = {
    "kind": PlanKind.RIGHTS,
    "portal_id": PortalId(1),
    "policy_digest": "abd",
    "as_of": PLAN.as_of + SECOND,
    "population": ((ObjectType.CONTACT, 101), (ObjectType.DEAL, 40)),
    "outcomes": (OutcomeCount(ObjectType.CONTACT, "retain", "new-enquiry", 1),),
    "breaches": ("contacts: none were read, the last run read 3",),
}
DISPOSAL = a_disposal()
assert DISPOSAL.due_at is not None
assert DISPOSAL.erase_by is not None
DECISIONS: dict[str, Any] = {
    "record": RecordRef.parse("contacts/102"),
    "outcome": Outcome.HELD,
    "reasons": (Reason(ReasonCode.PERIOD_ENDED, "former-customer"),),
    "rule": "unsubscribed",
    "disposition": Disposition.ARCHIVE,
    "due_at": DISPOSAL.due_at + SECOND,
    "erase_by": DISPOSAL.erase_by + SECOND,
    "until": PLAN.as_of,
    "answer_by": PLAN.as_of,
    "marketing_ends": True,
}
ITEMS: dict[str, Any] = {
    "action": Action.ARCHIVE,
    "block": Block.UNVERIFIED,
    "bundle": Bundle(archived=1),
    "may_go": (RecordRef(ObjectType.EMAIL, RecordId(41)),),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_change_of_the_plan_is_another_digest(name: str) -> None:
    assert digest_of(replace(PLAN, **{name: PLANS[name]})) != digest_of(PLAN)


@pytest.mark.parametrize("name", DECISIONS)
def test_a_change_of_a_decision_is_another_digest(name: str) -> None:
    other = a_disposal(**{name: DECISIONS[name]})
    assert digest_of(PLAN, an_item(decision=other)) != digest_of(PLAN, an_item())


@pytest.mark.parametrize("name", ITEMS)
def test_a_change_of_what_is_to_be_done_is_another_digest(name: str) -> None:
    assert digest_of(PLAN, an_item(**{name: ITEMS[name]})) != digest_of(PLAN, an_item())


@pytest.mark.parametrize(
    "reason",
    [
        Reason(ReasonCode.KEEP_RUNS, "partner"),
        Reason(ReasonCode.KEEP_RUNS, "partner", PLAN.as_of),
        Reason(ReasonCode.KEEP_RUNS, "partner", record=RecordRef.parse("deals/1")),
        Reason(ReasonCode.KEEP_RUNS, "partner", matter="sag-1"),
    ],
)
def test_a_change_of_a_reason_is_another_digest(reason: Reason) -> None:
    before = an_item(decision=a_decision(Outcome.HELD, Reason(ReasonCode.KEEP_RUNS)))
    assert digest_of(PLAN, an_item(decision=a_decision(Outcome.HELD, reason))) != digest_of(PLAN, before)


def test_what_an_earlier_run_remembered_is_no_part_of_the_digest() -> None:
    assert digest_of(PLAN, an_item(start_is_new=True)) == digest_of(PLAN, an_item())


@pytest.mark.parametrize("name", ["built_at", "expires_at", "requested_by", "plan_id", "run_id", "digest"])
def test_who_asked_and_when_is_no_part_of_the_digest(name: str) -> None:
    other: Any = {"requested_by": "bo.l", "plan_id": "8-time", "run_id": 8, "digest": "x"}.get(
        name, PLAN.as_of + SECOND
    )
    assert digest_of(replace(PLAN, **{name: other})) == digest_of(PLAN)
