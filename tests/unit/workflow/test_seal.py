"""A plan is sealed: measured, digested, put in the place of older ones, and never wider than what was approved."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hubspot_retention.core.audit.kinds import Verb
from hubspot_retention.core.decision.model import Decision, Outcome, Reason, ReasonCode
from hubspot_retention.core.plan.build import Tally
from hubspot_retention.core.plan.digest import PlanDigest
from hubspot_retention.core.plan.guardrails import Going
from hubspot_retention.core.plan.model import Action, ItemState, Plan, PlanItem, PlanKind, PlanStatus
from hubspot_retention.core.policy.model import Guardrails
from hubspot_retention.core.record import ObjectType, PortalId, RecordRef
from hubspot_retention.workflow.seal import Measure, Sealer, measure, plan_entry, plan_is_open, wider_than
from tests.documents import CLIENTI, clienti
from tests.unit.core.plan.plans import a_disposal, a_plan, an_item
from tests.unit.workflow.desk import NOW, Desk, asked_to_go, former_customer

CONTACT, DEAL = ObjectType.CONTACT, ObjectType.DEAL
LIMITS = Guardrails(max_disposals=2, max_percent=100, percent_from=25, max_shrink_percent=20)
NARROWER = CLIENTI.read_text().replace('after = "P24M"', 'after = "P36M"')
READ: Mapping[ObjectType, int] = {DEAL: 40, CONTACT: 100}


def tally_of(*items: PlanItem) -> Tally:
    """What was counted of items."""
    tally = Tally()
    for item in items:
        tally.add(item.decision, item.action)
    return tally


def draft(desk: Desk, *items: PlanItem, run: str = "plan", **values: Any) -> Plan:
    """A plan that is being built."""
    given = {"status": PlanStatus.BUILDING, "digest": "", "decided_by": "", "decided_at": None, "population": ()}
    return desk.plan(*items, run=run, **given | values)


def seal(
    desk: Desk,
    *items: PlanItem,
    run: str = "plan",
    read: Mapping[ObjectType, int] = READ,
    beside: Measure | None = None,
    **values: Any,
) -> Plan:
    """A plan with these items, sealed; `read`: how many records there are."""
    made = draft(desk, *items, run=run, **values)
    measured = None if beside is None else (run, beside)
    return Sealer(desk.store, clienti(), LIMITS, read, measured).seal(made, tally_of(*items), NOW)


def three(rule: str = "former-customer") -> list[PlanItem]:
    """More than may go in one plan."""
    return [an_item(decision=a_disposal(f"contacts/{number}", rule=rule)) for number in (101, 102, 103)]


# What a sealed plan is


def test_a_sealed_plan_awaits_review_with_its_counts_and_the_digest_of_its_items(desk: Desk) -> None:
    items = [former_customer("contacts/101"), an_item(decision=a_disposal("deals/7"), action=Action.NONE)]
    plan = seal(desk, *items)
    tally = tally_of(*items)
    assert (plan.status, plan.population, plan.breaches) == (
        PlanStatus.AWAITING_REVIEW,
        ((CONTACT, 100), (DEAL, 40)),
        (),
    )
    assert (plan.outcomes, plan.rules) == (tally.outcome_counts(), tally.rule_counts())
    digest = PlanDigest(plan, clienti().civil)
    for item in items:
        digest.add(item)
    assert plan.digest == digest.hexdigest()
    assert desk.found(plan) == plan
    (entry,) = desk.entries()
    assert (entry.kind, entry.at, entry.plan_id, entry.plan_digest) == ("plan.built", NOW, plan.plan_id, plan.digest)


def test_a_plan_that_breaks_a_limit_is_blocked_and_says_which(desk: Desk) -> None:
    plan = seal(desk, *three())
    assert (plan.status, plan.breaches) == (PlanStatus.BLOCKED, ("contacts: 3 disposals, at most 2 may go",))
    assert [entry.kind for entry in desk.entries()] == ["plan.blocked"]
    assert desk.found(plan) == plan


def test_what_is_only_asked_what_if_is_read_only_and_retires_nothing(desk: Desk) -> None:
    older = desk.plan(former_customer())
    plan = seal(desk, *three(), status=PlanStatus.READ_ONLY)
    assert (plan.status, len(plan.breaches)) == (PlanStatus.READ_ONLY, 1)
    assert [entry.kind for entry in desk.entries()] == ["plan.built"]
    assert desk.found(older) == older


def test_a_policy_that_is_wider_than_the_approved_one_blocks_the_plan(desk: Desk) -> None:
    desk.approve_policy(NARROWER)
    assert seal(desk, former_customer()).breaches == (
        "policy: rule former-customer disposes after P24M, before it was P3Y; "
        "have a person approve the policy (policy approve)",
    )
    desk.approve_policy()
    assert seal(desk, former_customer()).breaches == ()


def test_a_policy_that_can_no_longer_be_read_may_be_narrower_for_all_that_anybody_knows() -> None:
    assert wider_than("no policy", clienti()) == (
        "the one approved last can no longer be read, so nobody can tell whether this one is wider",
    )
    assert wider_than(CLIENTI.read_text(), clienti()) == ()


# What was read since the last run


def gone(state: ItemState = ItemState.DONE, action: Action = Action.ERASE, count: int = 10) -> list[PlanItem]:
    """Contacts that were disposed of."""
    return [an_item(f"contacts/{number}", state=state, action=action) for number in range(1, count + 1)]


FULL: dict[str, Any] = {"population": ((CONTACT, 100),), "status": PlanStatus.APPLIED}
FEWER = (
    "were left after the last sound run: more than 20 % fewer; "
    "if that is right, a person accepts the figure (plan approve)"
)
SHRUNKEN = f"contacts: 79 were read, 100 {FEWER}"


def breaches(desk: Desk, contacts: int, **values: Any) -> tuple[str, ...]:
    """What a full run says that read so many contacts."""
    return seal(desk, read={CONTACT: contacts}, **values).breaches


@pytest.mark.parametrize(("read", "found"), [(80, ()), (79, (SHRUNKEN,))])
def test_far_fewer_records_than_the_last_full_run_left_block_the_plan(
    desk: Desk, read: int, found: tuple[str, ...]
) -> None:
    desk.plan(**FULL)
    assert breaches(desk, read) == found


@pytest.mark.parametrize("state", [ItemState.DONE, ItemState.SENT, ItemState.UNKNOWN])
def test_what_was_disposed_of_since_is_no_loss(desk: Desk, state: ItemState) -> None:
    desk.plan(*gone(state), **FULL)
    assert breaches(desk, 72) == ()


def test_what_is_missing_beside_what_was_disposed_of_is_a_loss(desk: Desk) -> None:
    desk.plan(*gone(), **FULL)
    assert breaches(desk, 71) == (f"contacts: 71 were read, 90 {FEWER}",)


@pytest.mark.parametrize(
    "items",
    [gone(ItemState.SKIPPED), gone(ItemState.FAILED), gone(ItemState.PENDING), gone(action=Action.END_MARKETING)],
)
def test_what_did_not_go_is_still_to_be_read(desk: Desk, items: list[PlanItem]) -> None:
    desk.plan(*items, **FULL)
    assert breaches(desk, 79) == (SHRUNKEN,)


def test_what_plans_of_single_records_disposed_of_since_is_no_loss_either(desk: Desk) -> None:
    desk.plan(*gone(count=50), **FULL | {"population": ((CONTACT, 150),)})
    desk.plan(**FULL)
    desk.plan(*gone(), run="due", status=PlanStatus.APPLIED)
    assert breaches(desk, 71) == (f"contacts: 71 were read, 90 {FEWER}",)


@pytest.mark.parametrize("status", [PlanStatus.READ_ONLY, PlanStatus.BUILDING])
def test_a_what_if_and_a_run_that_stopped_left_nothing_to_compare_with(desk: Desk, status: PlanStatus) -> None:
    desk.plan(*gone(), **FULL | {"status": status})
    assert breaches(desk, 10) == ()


@pytest.mark.parametrize("run", ["due", "review"])
def test_nor_did_one_of_single_records(desk: Desk, run: str) -> None:
    desk.plan(run=run, **FULL)
    assert breaches(desk, 10) == ()


def test_after_everything_went_nothing_need_be_read(desk: Desk) -> None:
    desk.plan(*gone(count=3), **FULL | {"population": ((CONTACT, 3),)})
    assert breaches(desk, 0) == ()


def test_the_second_plan_of_a_run_is_compared_with_the_run_before_and_not_with_the_first(desk: Desk) -> None:
    desk.plan(**FULL)
    first = draft(desk, kind=PlanKind.RIGHTS)
    second = replace(first, plan_id=f"{first.run_id}-second", kind=PlanKind.TIME)
    with desk.store.transaction() as tx:
        tx.add_plan(second)
    sealer = Sealer(desk.store, clienti(), LIMITS, {CONTACT: 79})
    assert [sealer.seal(each, tally_of(), NOW).breaches for each in (first, second)] == [(SHRUNKEN,), (SHRUNKEN,)]


BLOCKED: dict[str, Any] = {
    "population": ((CONTACT, 79),),
    "status": PlanStatus.BLOCKED,
    "breaches": (SHRUNKEN,),
    "decided_by": "",
    "decided_at": None,
}


@pytest.mark.parametrize("status", [PlanStatus.BLOCKED, PlanStatus.SUPERSEDED])
def test_a_run_that_was_blocked_for_that_is_nothing_to_measure_by(desk: Desk, status: PlanStatus) -> None:
    desk.plan(**FULL)
    desk.plan(**BLOCKED | {"status": status})
    assert breaches(desk, 79) == (SHRUNKEN,)


def test_what_went_before_it_is_still_no_loss(desk: Desk) -> None:
    desk.plan(*gone(), **FULL)
    desk.plan(**BLOCKED)
    assert breaches(desk, 71) == (f"contacts: 71 were read, 90 {FEWER}",)


@pytest.mark.parametrize("status", [PlanStatus.BLOCKED, PlanStatus.SUPERSEDED])
def test_it_is_once_a_person_has_accepted_either_of_its_plans(desk: Desk, status: PlanStatus) -> None:
    desk.plan(**FULL)
    accepted = desk.plan(**BLOCKED | {"status": status, "decided_by": "anna"})
    with desk.store.transaction() as tx:
        other = replace(accepted, plan_id=f"{accepted.run_id}-rights", kind=PlanKind.RIGHTS, decided_by="")
        tx.add_plan(other)
    assert breaches(desk, 64) == ()
    found = measured(desk)
    assert found is not None
    assert found.shrunken == ()


def test_to_reject_it_is_not_to_accept_it(desk: Desk) -> None:
    desk.plan(**FULL)
    desk.plan(**BLOCKED | {"status": PlanStatus.REJECTED, "decided_by": "anna"})
    assert breaches(desk, 79) == (SHRUNKEN,)


def test_one_that_was_blocked_for_something_else_is_something_to_measure_by(desk: Desk) -> None:
    desk.plan(**FULL)
    desk.plan(**BLOCKED | {"breaches": ("contacts: 3 disposals, at most 2 may go",)})
    assert breaches(desk, 79) == ()


@pytest.mark.parametrize("run", ["due", "review"])
def test_nothing_goes_one_by_one_either_until_it_is_accepted(desk: Desk, run: str) -> None:
    desk.plan(**FULL)
    full = desk.plan(**BLOCKED)
    found = measured(desk)
    assert found is not None
    plan = seal(desk, former_customer(), run=run, beside=found, read={CONTACT: 79})
    assert plan.breaches == (f"plan {full.plan_id}: {SHRUNKEN}",)


def test_another_portal_is_another_matter(desk: Desk) -> None:
    desk.plan(portal_id=PortalId(7), **FULL)
    assert breaches(desk, 10) == ()


# Who is opted out because of a restriction


def opted_out(number: int, code: ReasonCode = ReasonCode.PROCESSING_RESTRICTED, **more: Any) -> PlanItem:
    """A contact that stays and whose marketing ends."""
    decision = Decision(
        record=RecordRef.parse(f"contacts/{number}"),
        outcome=Outcome.HELD,
        reasons=(Reason(code),),
        marketing_ends=True,
    )
    return an_item(decision=decision, action=Action.END_MARKETING, **more)


TOO_MANY = "restricted contacts: 3 opt-outs, at most 2 may be made"


def test_many_who_would_be_opted_out_because_they_are_restricted_block_the_plan(desk: Desk) -> None:
    assert seal(desk, *map(opted_out, (1, 2, 3)), kind=PlanKind.RIGHTS).breaches == (TOO_MANY,)
    assert seal(desk, *map(opted_out, (1, 2)), kind=PlanKind.RIGHTS).breaches == ()


def test_who_is_opted_out_for_their_own_word_is_not_counted(desk: Desk) -> None:
    items = [opted_out(number, ReasonCode.HOLD_FLAG) for number in (1, 2, 3)]
    assert seal(desk, *items, kind=PlanKind.RIGHTS).breaches == ()


def test_those_whom_due_plans_opted_out_since_the_last_full_run_count_too(desk: Desk) -> None:
    desk.plan(opted_out(9), run="due", status=PlanStatus.APPLIED)
    desk.plan(**FULL)
    done, skipped = opted_out(1, state=ItemState.DONE), opted_out(3, state=ItemState.SKIPPED)
    desk.plan(done, opted_out(2), skipped, run="due", status=PlanStatus.APPLYING)
    found = measured(desk)
    assert found is not None
    assert found.opted_out == 2
    rights: dict[str, Any] = {"run": "due", "beside": found, "read": {CONTACT: 100}, "kind": PlanKind.RIGHTS}
    assert seal(desk, opted_out(4), **rights).breaches == (TOO_MANY,)
    assert seal(desk, asked_to_go(), **rights).breaches == ()
    assert seal(desk, opted_out(4), **rights | {"run": "review"}).breaches == ()


# What it retires


def retired(desk: Desk, **older: Any) -> bool:
    """Whether an older plan is retired by that of a full run of time rules."""
    before = desk.plan(former_customer(), **older)
    plan = seal(desk, former_customer("contacts/102"))
    after = desk.found(before)
    assert desk.found(plan) == plan
    if after == before:
        assert [entry.kind for entry in desk.entries()] == ["plan.built"]
        return False
    assert after == replace(before, status=PlanStatus.SUPERSEDED, decided_at=NOW)
    entry = desk.entries()[1]
    assert (entry.kind, entry.at, entry.plan_id) == ("plan.superseded", NOW, before.plan_id)
    return True


@pytest.mark.parametrize("status", list(PlanStatus))
def test_a_full_run_s_plan_retires_all_that_wait_and_nothing_that_was_begun(desk: Desk, status: PlanStatus) -> None:
    waiting = (PlanStatus.BUILDING, PlanStatus.AWAITING_REVIEW, PlanStatus.BLOCKED, PlanStatus.APPROVED)
    assert retired(desk, status=status) is (status in waiting)


@pytest.mark.parametrize("run", ["due", "review"])
def test_it_retires_those_of_single_records_too(desk: Desk, run: str) -> None:
    older = desk.plan(former_customer(), run=run)
    seal(desk, former_customer("contacts/102"))
    assert desk.found(older).status is PlanStatus.SUPERSEDED


@pytest.mark.parametrize("other", [{"kind": PlanKind.RIGHTS}, {"portal_id": PortalId(7)}])
def test_it_retires_none_of_another_kind_or_portal(desk: Desk, other: dict[str, Any]) -> None:
    assert not retired(desk, status=PlanStatus.AWAITING_REVIEW, **other)


def test_the_other_plan_of_the_same_run_stays(desk: Desk) -> None:
    other = draft(desk, former_customer())
    made = replace(other, plan_id="x-time", kind=PlanKind.TIME)
    with desk.store.transaction() as tx:
        tx.add_plan(made)
    Sealer(desk.store, clienti(), LIMITS, READ).seal(made, tally_of(), NOW)
    assert desk.found(other) == other


NOTHING_LET_GO: Mapping[PlanKind, Counter[Going]] = {kind: Counter() for kind in PlanKind}
TWO_LET_GO: Counter[Going] = Counter({(CONTACT, "former-customer"): 2})
NOTHING_GONE = Measure(population={CONTACT: 100}, let_go=NOTHING_LET_GO)


@pytest.mark.parametrize("status", list(PlanStatus))
def test_one_of_single_records_retires_undecided_ones_of_its_own_kind(desk: Desk, status: PlanStatus) -> None:
    undecided = (PlanStatus.BUILDING, PlanStatus.AWAITING_REVIEW, PlanStatus.BLOCKED)
    older = desk.plan(former_customer(), run="review", status=status)
    full = desk.plan(former_customer(), run="plan", status=status)
    seal(desk, former_customer("contacts/102"), run="review", beside=NOTHING_GONE, read={CONTACT: 100})
    assert (desk.found(older).status is PlanStatus.SUPERSEDED, status is PlanStatus.SUPERSEDED) in (
        (status in undecided, False),
        (True, True),
    )
    assert desk.found(full) == full


# What plans of single records are measured by


def measured(desk: Desk) -> Measure | None:
    """The measure of the portal."""
    with desk.store.transaction() as tx:
        return measure(tx, a_plan().portal_id)


def test_there_is_no_measure_before_a_run_has_read_the_whole_portal(desk: Desk) -> None:
    assert measured(desk) is None
    desk.plan(run="due", **FULL)
    assert measured(desk) is None
    desk.plan(**FULL | {"status": PlanStatus.READ_ONLY})
    assert measured(desk) is None
    desk.plan(portal_id=PortalId(7), **FULL)
    assert measured(desk) is None


def test_it_is_what_the_last_full_run_left_less_what_went_since(desk: Desk) -> None:
    desk.plan(*gone(count=20), **FULL | {"population": ((CONTACT, 500),)})
    desk.plan(*gone(), **FULL | {"population": ((CONTACT, 100), (DEAL, 3))})
    desk.plan(*gone(count=5), run="review", status=PlanStatus.APPLIED)
    desk.plan(*gone(count=7), status=PlanStatus.READ_ONLY)
    desk.plan(an_item(decision=a_disposal("deals/1"), state=ItemState.DONE), run="review", status=PlanStatus.APPLIED)
    found = measured(desk)
    assert found is not None
    assert found.population == {CONTACT: 85, DEAL: 2}
    assert found.let_go == {PlanKind.RIGHTS: {}, PlanKind.TIME: {}}


def test_it_is_never_less_than_nothing(desk: Desk) -> None:
    desk.plan(*gone(), **FULL | {"population": ((CONTACT, 5),)})
    found = measured(desk)
    assert found is not None
    assert found.population == {CONTACT: 0}


def test_what_due_plans_let_go_since_is_counted_by_kind_and_rule_and_not_as_gone(desk: Desk) -> None:
    desk.plan(*gone(count=9), run="due", status=PlanStatus.APPLIED)
    desk.plan(**FULL)
    states = (ItemState.PENDING, ItemState.PREPARED, ItemState.SENT, ItemState.UNKNOWN, ItemState.DONE)
    others = (ItemState.SKIPPED, ItemState.FAILED)
    items = [an_item(f"contacts/{number}", state=state) for number, state in enumerate((*states, *others), 1)]
    desk.plan(*items, an_item("contacts/90", action=Action.END_MARKETING), run="due", status=PlanStatus.APPLYING)
    for status in (PlanStatus.APPROVED, PlanStatus.PARTLY_APPLIED, PlanStatus.APPLIED):
        desk.plan(asked_to_go(), run="due", kind=PlanKind.RIGHTS, status=status)
    for status in (PlanStatus.AWAITING_REVIEW, PlanStatus.BLOCKED, PlanStatus.REJECTED, PlanStatus.EXPIRED):
        desk.plan(asked_to_go(), run="due", kind=PlanKind.RIGHTS, status=status)
    found = measured(desk)
    assert found is not None
    assert found.population == {CONTACT: 100}
    assert found.let_go == {
        PlanKind.RIGHTS: Counter({(CONTACT, "erasure-request"): 3}),
        PlanKind.TIME: Counter({(CONTACT, "former-customer"): 5}),
    }


def test_what_went_without_a_rule_is_counted_under_none(desk: Desk) -> None:
    desk.plan(**FULL)
    desk.plan(an_item(decision=a_disposal(rule=None)), run="due", status=PlanStatus.APPLIED)
    found = measured(desk)
    assert found is not None
    assert found.let_go[PlanKind.TIME] == {(CONTACT, ""): 1}


def test_many_small_due_plans_together_do_no_more_than_one_may(desk: Desk) -> None:
    so_far = Measure(population={CONTACT: 100}, let_go={**NOTHING_LET_GO, PlanKind.TIME: TWO_LET_GO})
    plan = seal(desk, former_customer(), run="due", beside=so_far, read={CONTACT: 100})
    assert plan.breaches == ("contacts: 3 disposals, at most 2 may go",)
    other = seal(desk, asked_to_go(), run="due", beside=so_far, read={CONTACT: 100}, kind=PlanKind.RIGHTS)
    assert other.breaches == ()


def test_what_due_plans_let_go_counts_for_every_rule_that_was_due(desk: Desk) -> None:
    desk.plan(**FULL)
    masked = a_disposal(due=(("former-customer", NOW), ("event-guest", NOW)))
    desk.plan(an_item(decision=masked), run="due", status=PlanStatus.APPLIED)
    found = measured(desk)
    assert found is not None
    assert found.let_go[PlanKind.TIME] == {(CONTACT, "former-customer", "event-guest"): 1}


def test_a_plan_that_a_person_looks_at_is_measured_by_itself(desk: Desk) -> None:
    so_far = Measure(population={CONTACT: 100}, let_go={PlanKind.TIME: TWO_LET_GO})
    assert seal(desk, former_customer(), run="review", beside=so_far, read={CONTACT: 100}).breaches == ()


def test_single_records_are_not_taken_for_a_portal_that_shrank(desk: Desk) -> None:
    desk.plan(**FULL)
    beside = Measure(population={CONTACT: 3}, let_go=NOTHING_LET_GO)
    assert seal(desk, former_customer(), run="due", beside=beside, read={CONTACT: 3}).breaches == ()


# Whether it may yet be approved or carried out


@pytest.mark.parametrize("status", list(PlanStatus))
def test_a_plan_is_open_until_it_is_over_or_has_expired(status: PlanStatus) -> None:
    over = (
        *(PlanStatus.READ_ONLY, PlanStatus.APPLIED, PlanStatus.REJECTED),
        *(PlanStatus.EXPIRED, PlanStatus.SUPERSEDED),
    )
    plan = a_plan(status=status, expires_at=NOW)
    assert plan_is_open(plan, NOW) is (status not in over)
    assert not plan_is_open(plan, NOW + timedelta(microseconds=1))


def test_what_the_log_says_of_a_plan_binds_it_and_its_policy() -> None:
    entry = plan_entry(a_plan(digest="d1"), Verb.APPROVED, NOW, "bent", "policy-enforce")
    assert (entry.kind, entry.at, entry.portal_id, entry.run_id) == ("plan.approved", NOW, 25412345, 7)
    assert (entry.plan_id, entry.plan_digest, entry.policy_digest) == ("7-time", "d1", "abc")
    assert (entry.actor, entry.code) == ("bent", "policy-enforce")
    nobody = plan_entry(a_plan(), Verb.BUILT, NOW)
    assert (nobody.plan_digest, nobody.actor, nobody.code) == (None, None, None)
