"""What people say: yes or no to a plan, that a record is held, what they asked for, that everything stops."""

import re
from datetime import date, timedelta
from typing import Any

import pytest

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.deadline.obligation import ObligationState
from hubspot_retention.core.plan.model import ItemState, Plan, PlanStatus
from hubspot_retention.core.record import RecordId, RecordRef
from hubspot_retention.core.request import RequestEnd, RequestKind
from hubspot_retention.errors import BlockedError, UsageError
from hubspot_retention.workflow.remembered import MAY_COME_FOR
from hubspot_retention.workflow.review import InFlight, Registrar, Reviewer
from tests.documents import CLIENTI
from tests.unit.workflow.desk import DAY, HOUR, NOW, Desk, former_customer

TEXT = CLIENTI.read_text()
DIGEST = "0123456789ab" + "cd" * 26
TICK = timedelta(microseconds=1)
ANNA_S = RecordRef.parse("contacts/101")


def waiting(desk: Desk, **values: Any) -> Plan:
    """A plan that Carl requested, as it waits for a person."""
    undecided = {"status": PlanStatus.AWAITING_REVIEW, "decided_by": "", "decided_at": None}
    return desk.plan(former_customer(), **{"digest": DIGEST, "requested_by": "carl", **undecided, **values})


def approve(desk: Desk, plan: Plan, digest: str = DIGEST, text: str = TEXT, by: str = "anna") -> Plan:
    """Anna approves it; four eyes are required."""
    return Reviewer(desk.store, by, four_eyes=True).approve(plan.plan_id, digest, text, NOW)


def reject(desk: Desk, plan: Plan) -> Plan:
    """Anna rejects it."""
    return Reviewer(desk.store, "anna", four_eyes=True).reject(plan.plan_id, "too many", NOW)


def assert_refused(desk: Desk, plan: Plan, why: str, **said: str) -> None:
    """It is not approved, for this reason; neither is its policy, and the log has no word of it."""
    with pytest.raises(BlockedError, match=f"^{re.escape(f'plan {plan.plan_id} is not approved: {why}')}$"):
        approve(desk, plan, **said)
    assert desk.found(plan) == plan
    with desk.store.transaction() as tx:
        assert tx.approved_policy() is None
    assert desk.entries() == []


# A plan is approved


def test_who_approved_a_plan_and_when_is_answered_kept_and_in_the_log(desk: Desk) -> None:
    plan = waiting(desk)
    approved = approve(desk, plan)
    assert (approved.status, approved.decided_by, approved.decided_at) == (PlanStatus.APPROVED, "anna", NOW)
    assert desk.found(plan) == approved
    (entry,) = desk.entries()
    assert (entry.kind, entry.actor, entry.at) == ("plan.approved", "anna", NOW)
    assert (entry.plan_id, entry.plan_digest, entry.code) == (plan.plan_id, DIGEST, None)


def test_the_policy_of_a_plan_is_approved_with_it(desk: Desk) -> None:
    approve(desk, waiting(desk))
    with desk.store.transaction() as tx:
        assert tx.approved_policy() == TEXT


NARROWER = TEXT.replace('after = "P24M"', 'after = "P36M"')
WIDER = TEXT.replace('after = "P24M"', 'after = "P12M"')


def test_that_its_policy_was_approved_with_a_plan_is_in_the_log_unless_it_was_approved_already(desk: Desk) -> None:
    plan = waiting(desk)
    approve(desk, plan)
    (entry,) = desk.entries("policy")
    assert (entry.kind, entry.actor, entry.at) == ("policy.approved", "anna", NOW)
    assert entry.policy_digest == plan.policy_digest
    approve(desk, waiting(desk))
    assert len(desk.entries("policy")) == 1


def test_a_plan_under_a_wider_policy_than_the_one_approved_last_is_not_approved(desk: Desk) -> None:
    plan = waiting(desk)
    desk.approve_policy(NARROWER)
    with pytest.raises(BlockedError) as told:
        approve(desk, plan)
    assert str(told.value) == (
        f"plan {plan.plan_id} is not approved: its policy is wider than the one approved last "
        "(rule former-customer disposes after P24M, before it was P3Y). "
        "Make a new one with `plan new` under the policy approved last, or have a person approve this one first "
        "(`policy approve`)."
    )
    assert (desk.found(plan), desk.entries(), desk.entries("policy")) == (plan, [], [])
    with desk.store.transaction() as tx:
        assert tx.approved_policy() == NARROWER


def test_a_plan_under_a_narrower_policy_is_approved_and_what_it_narrows_must_be_approved_anew(desk: Desk) -> None:
    desk.approve_policy(WIDER)
    assert approve(desk, waiting(desk)).status is PlanStatus.APPROVED
    with desk.store.transaction() as tx:
        assert tx.approved_policy() == TEXT


def test_where_the_policy_approved_last_can_no_longer_be_read_no_plan_is_approved(desk: Desk) -> None:
    desk.approve_policy("no policy")
    with pytest.raises(BlockedError, match="the one approved last can no longer be read"):
        approve(desk, waiting(desk))


def test_twelve_characters_of_the_digest_are_enough_in_capitals_too(desk: Desk) -> None:
    assert approve(desk, waiting(desk), digest="0123456789AB").status is PlanStatus.APPROVED


@pytest.mark.parametrize("digest", ["", "0123456789a", "0123456789ac", f"{DIGEST}0", DIGEST[1:]])
def test_a_plan_is_not_approved_under_another_digest_or_a_shorter_one(desk: Desk, digest: str) -> None:
    plan = waiting(desk)
    why = (
        f"its digest is not {digest!r}. Read it with `plan show {plan.plan_id}` and give the digest printed at its end "
        "(at least 12 characters)."
    )
    assert_refused(desk, plan, why, digest=digest)


def test_a_plan_is_not_approved_under_another_policy_than_the_one_at_hand(desk: Desk) -> None:
    why = "it was made under another policy than the one at hand. Make a new one with `plan new`."
    assert_refused(desk, waiting(desk, policy_digest="0" * 64), why)


@pytest.mark.parametrize(("asked", "says"), [("carl", "carl"), ("carl", "Carl"), ("CARL", "carl")])
def test_who_requested_a_plan_does_not_approve_it_where_four_eyes_are_required(
    desk: Desk, asked: str, says: str
) -> None:
    why = f"{says} requested it, and four eyes are required. Somebody else must approve it."
    assert_refused(desk, waiting(desk, requested_by=asked), why, by=says)


def test_who_requested_a_plan_may_approve_it_where_two_eyes_are_enough(desk: Desk) -> None:
    plan = waiting(desk)
    approved = Reviewer(desk.store, "carl", four_eyes=False).approve(plan.plan_id, DIGEST, TEXT, NOW)
    assert (approved.status, approved.decided_by) == (PlanStatus.APPROVED, "carl")


def test_what_a_guardrail_blocks_is_not_approved_and_it_is_said_why(desk: Desk) -> None:
    plan = waiting(desk, status=PlanStatus.BLOCKED, breaches=("too many", "a wider rule"))
    assert_refused(desk, plan, "a guardrail blocks it: too many; a wider rule")


FEWER = "contacts: none were read, 3 were left after the last sound run"


def accept(desk: Desk, plan: Plan, digest: str = DIGEST, by: str = "anna") -> Plan | None:
    """Anna accepts that fewer records were read; four eyes are required."""
    return Reviewer(desk.store, by, four_eyes=True).accept_fewer(plan.plan_id, digest, TEXT, NOW)


def test_who_accepts_that_fewer_records_were_read_stands_in_the_log_and_the_plan_stays_blocked(desk: Desk) -> None:
    plan = waiting(desk, status=PlanStatus.BLOCKED, breaches=("too many", FEWER))
    accepted = accept(desk, plan)
    assert desk.found(plan) == accepted
    assert accepted is not None
    assert (accepted.status, accepted.decided_by, accepted.decided_at) == (PlanStatus.BLOCKED, "anna", NOW)
    (entry,) = desk.entries()
    assert (entry.kind, entry.actor, entry.code, entry.at) == ("plan.confirmed", "anna", "fewer-records", NOW)
    with desk.store.transaction() as tx:
        assert tx.approved_policy() is None


@pytest.mark.parametrize("said", [{"digest": "0" * 12}, {"by": "carl"}])
def test_it_is_accepted_by_the_digest_and_by_another_person_as_a_plan_is_approved(
    desk: Desk, said: dict[str, str]
) -> None:
    plan = waiting(desk, status=PlanStatus.BLOCKED, breaches=(FEWER,))
    with pytest.raises(BlockedError, match="is not approved"):
        accept(desk, plan, **said)
    assert (desk.found(plan), desk.entries()) == (plan, [])


@pytest.mark.parametrize(
    "values",
    [
        {"status": PlanStatus.BLOCKED, "breaches": ("too many",)},
        {"status": PlanStatus.AWAITING_REVIEW},
        {"status": PlanStatus.SUPERSEDED, "breaches": (FEWER,)},
        {"status": PlanStatus.BLOCKED, "breaches": (f"plan 1-time: {FEWER}",), "run": "due"},
    ],
)
def test_of_any_other_plan_there_is_nothing_to_accept(desk: Desk, values: dict[str, Any]) -> None:
    plan = waiting(desk, **values)
    assert accept(desk, plan) is None
    assert (desk.found(plan), desk.entries()) == (plan, [])


OVER = {
    PlanStatus.BUILDING: "its run stopped before it was whole; make a new one with `plan new`",
    PlanStatus.REJECTED: "it was rejected",
    PlanStatus.EXPIRED: "it has expired; make a new one with `plan new`",
    PlanStatus.SUPERSEDED: "a newer plan stands in its place",
}
ALREADY = {
    PlanStatus.APPROVED: "already; carry it out with `plan apply {}`",
    PlanStatus.APPLYING: "already and has begun to be carried out; if it was stopped, `plan apply {}` goes on with it",
    PlanStatus.PARTLY_APPLIED: "already and carried out in part; `plan apply {}` goes on with it",
    PlanStatus.APPLIED: "and carried out already",
}


@pytest.mark.parametrize("status", OVER)
def test_a_plan_that_does_not_wait_for_a_person_is_not_approved(desk: Desk, status: PlanStatus) -> None:
    assert_refused(desk, waiting(desk, status=status), OVER[status])


def test_a_plan_of_another_day_is_not_approved(desk: Desk) -> None:
    why = "it was made as of another day: it can be read, not approved"
    assert_refused(desk, waiting(desk, status=PlanStatus.READ_ONLY), why)


@pytest.mark.parametrize("status", ALREADY)
def test_a_plan_that_was_approved_already_is_said_to_be(desk: Desk, status: PlanStatus) -> None:
    plan = waiting(desk, status=status)
    why = f"nothing was changed: plan {plan.plan_id} was approved {ALREADY[status].format(plan.plan_id)}"
    with pytest.raises(BlockedError, match=f"^{re.escape(why)}$"):
        approve(desk, plan)
    assert desk.found(plan) == plan
    assert desk.entries() == []


def test_a_plan_can_be_approved_until_it_expires_and_no_longer(desk: Desk) -> None:
    assert approve(desk, waiting(desk, expires_at=NOW)).status is PlanStatus.APPROVED


def test_a_plan_that_has_expired_is_not_approved(desk: Desk) -> None:
    assert_refused(desk, waiting(desk, expires_at=NOW - TICK), "it has expired; make a new one with `plan new`")


def test_of_a_plan_that_is_not_there_nothing_is_approved_or_rejected(desk: Desk) -> None:
    reviewer = Reviewer(desk.store, "anna", four_eyes=True)
    with pytest.raises(UsageError, match=r"^there is no plan 9-time; "):
        reviewer.approve("9-time", DIGEST, TEXT, NOW)
    with pytest.raises(UsageError, match=r"^there is no plan 9-time; "):
        reviewer.reject("9-time", "too many", NOW)


# A plan is rejected


REJECTABLE = ("awaiting-review", "blocked", "approved", "applying", "partly-applied")


@pytest.mark.parametrize("status", REJECTABLE)
def test_who_rejected_a_plan_when_and_why_is_answered_and_kept(desk: Desk, status: str) -> None:
    plan = waiting(desk, status=PlanStatus(status))
    rejected = reject(desk, plan)
    assert (rejected.status, rejected.decided_by, rejected.decided_at) == (PlanStatus.REJECTED, "anna", NOW)
    assert rejected.why == "too many"
    assert desk.found(plan) == rejected


def test_who_rejected_a_plan_and_when_is_in_the_log(desk: Desk) -> None:
    plan = waiting(desk)
    reject(desk, plan)
    (entry,) = desk.entries()
    assert (entry.kind, entry.actor, entry.at, entry.code) == ("plan.rejected", "anna", NOW, None)
    assert (entry.plan_id, entry.plan_digest) == (plan.plan_id, DIGEST)


@pytest.mark.parametrize("status", sorted({*PlanStatus} - {PlanStatus(word) for word in REJECTABLE}))
def test_what_can_never_be_applied_again_is_not_rejected(desk: Desk, status: PlanStatus) -> None:
    plan = waiting(desk, status=status)
    more = {
        PlanStatus.READ_ONLY: "it was made as of another day: it can be read, not rejected",
        PlanStatus.APPLIED: "it was applied already",
    }
    why = f"plan {plan.plan_id} is not rejected: {(OVER | more)[status]}"
    if status is PlanStatus.REJECTED:
        why = f"nothing was changed: plan {plan.plan_id} was rejected already"
    with pytest.raises(BlockedError, match=f"^{re.escape(why)}$"):
        reject(desk, plan)
    assert desk.found(plan) == plan
    assert desk.entries() == []


# A record is held


def place(desk: Desk, record: str = "contacts/101", **more: Any) -> tuple[InFlight, ...]:
    """Anna places a hold; answers what is in flight."""
    said = {"matter": "J-2026-1", "reason": "strid", "review_on": None, "now": NOW, **more}
    _, found = Registrar(desk.store, "anna").place_hold(RecordRef.parse(record), **said)
    return found


def commitments(desk: Desk, hold_id: int) -> str | None:
    """What stands for the reason of a hold."""
    with desk.store.transaction() as tx:
        return tx.hold_commitment(hold_id)


def told_of_a_hold(entry: Entry) -> tuple[object, ...]:
    """What an entry says but for its facts."""
    return (entry.kind, entry.actor, entry.at, entry.record, entry.code)


def test_a_hold_is_kept_with_who_placed_it_why_and_until_when_it_is_looked_at_again(desk: Desk) -> None:
    registrar = Registrar(desk.store, "anna")
    hold, in_flight = registrar.place_hold(ANNA_S, "J-2026-1", "strid", date(2027, 1, 31), NOW)
    assert (hold.record, hold.matter, hold.placed_by) == (ANNA_S, "J-2026-1", "anna")
    assert (hold.placed_at, hold.review_on) == (NOW, date(2027, 1, 31))
    assert in_flight == ()
    with desk.store.transaction() as tx:
        assert list(tx.holds()) == [(hold, "strid")]


def test_the_log_tells_of_a_hold_with_what_stands_for_its_reason(desk: Desk) -> None:
    registrar = Registrar(desk.store, "anna")
    hold, _ = registrar.place_hold(ANNA_S, "J-2026-1", "strid", None, NOW)
    (entry,) = desk.entries("hold")
    assert told_of_a_hold(entry) == ("hold.placed", "anna", NOW, "contacts/101", None)
    commitment = commitments(desk, hold.hold_id)
    assert dict(entry.facts) == {"hold_id": hold.hold_id, "matter": "J-2026-1", "reason": commitment}
    assert commitment


def test_who_releases_a_hold_is_in_the_log_and_the_hold_is_over(desk: Desk) -> None:
    hold, _ = Registrar(desk.store, "anna").place_hold(ANNA_S, "J-2026-1", "strid", None, NOW)
    released = Registrar(desk.store, "bent").release_hold(hold.hold_id, NOW + HOUR)
    assert (released.hold_id, released.record) == (hold.hold_id, ANNA_S)
    entry = desk.entries("hold")[-1]
    assert told_of_a_hold(entry) == ("hold.released", "bent", NOW + HOUR, "contacts/101", None)
    facts = {"hold_id": hold.hold_id, "matter": "J-2026-1", "reason": commitments(desk, hold.hold_id)}
    assert dict(entry.facts) == facts
    with desk.store.transaction() as tx:
        assert list(tx.holds()) == []


def test_a_hold_that_is_not_in_force_cannot_be_released(desk: Desk) -> None:
    registrar = Registrar(desk.store, "anna")
    hold, _ = registrar.place_hold(ANNA_S, "J-2026-1", "strid", None, NOW)
    registrar.release_hold(hold.hold_id, NOW)
    for number in (hold.hold_id, hold.hold_id + 1):
        with pytest.raises(UsageError, match=f"^there is no hold {number} in force; see `hold list`$"):
            registrar.release_hold(number, NOW)
    assert len(desk.entries("hold")) == 2


BEGUN = ("applying", "partly-applied", "rejected", "expired")


@pytest.mark.parametrize("status", list(PlanStatus))
def test_a_hold_may_come_too_late_for_what_a_plan_sent_that_was_begun(desk: Desk, status: PlanStatus) -> None:
    plan = desk.plan(former_customer(state=ItemState.SENT), status=status)
    assert place(desk) == ((InFlight(plan.plan_id, ANNA_S),) if status.value in BEGUN else ())


@pytest.mark.parametrize("state", list(ItemState))
def test_a_hold_may_come_too_late_for_what_was_sent_and_is_not_settled(desk: Desk, state: ItemState) -> None:
    plan = desk.plan(former_customer(state=state), status=PlanStatus.APPLYING)
    is_late = state in (ItemState.SENT, ItemState.UNKNOWN)
    assert place(desk) == ((InFlight(plan.plan_id, ANNA_S),) if is_late else ())


def test_the_log_tells_that_a_hold_may_come_too_late(desk: Desk) -> None:
    desk.plan(former_customer(state=ItemState.SENT), status=PlanStatus.APPLYING)
    place(desk)
    (entry,) = desk.entries("hold")
    assert told_of_a_hold(entry) == ("hold.placed", "anna", NOW, "contacts/101", "in-flight")


@pytest.mark.parametrize(("ago", "is_late"), [(MAY_COME_FOR, True), (MAY_COME_FOR + TICK, False)])
def test_a_call_without_an_answer_may_take_effect_on_what_was_still_there_for_a_day(
    desk: Desk, ago: timedelta, is_late: bool
) -> None:
    plan = desk.plan(former_customer(), status=PlanStatus.APPLIED)
    with desk.store.transaction() as tx:
        tx.note_late_call(plan.plan_id, ANNA_S, NOW - ago)
    assert place(desk) == ((InFlight(plan.plan_id, ANNA_S),) if is_late else ())


def test_a_record_that_was_sent_and_was_still_there_is_named_once(desk: Desk) -> None:
    plan = desk.plan(former_customer(state=ItemState.UNKNOWN), status=PlanStatus.APPLYING)
    with desk.store.transaction() as tx:
        tx.note_late_call(plan.plan_id, ANNA_S, NOW)
    assert place(desk) == (InFlight(plan.plan_id, ANNA_S),)


def under_way(desk: Desk) -> dict[str, InFlight]:
    """Two contacts, a deal and a company are on their way."""
    records = ("contacts/101", "contacts/102", "deals/21", "companies/11")
    items = [former_customer(record, state=ItemState.SENT) for record in records]
    plan = desk.plan(*items, status=PlanStatus.APPLYING)
    return {record: InFlight(plan.plan_id, RecordRef.parse(record)) for record in records}


def test_a_hold_on_a_contact_reaches_the_contact_and_deals_and_nobody_else(desk: Desk) -> None:
    found = under_way(desk)
    assert set(place(desk, "contacts/101")) == {found["contacts/101"], found["deals/21"]}


@pytest.mark.parametrize("held", ["deals/90", "companies/90"])
def test_a_hold_on_a_deal_or_a_company_may_reach_whatever_is_under_way(desk: Desk, held: str) -> None:
    found = under_way(desk)
    assert set(place(desk, held)) == set(found.values())


def test_a_hold_on_a_contact_that_was_merged_away_reaches_whom_it_became(desk: Desk) -> None:
    found = under_way(desk)
    with desk.store.transaction() as tx:
        tx.rename_record(ANNA_S.object_type, RecordId(103), RecordId(102), NOW)
    assert set(place(desk, "contacts/103")) == {found["contacts/102"], found["deals/21"]}


# Somebody asks


def told_of_a_request(entry: Entry) -> tuple[object, ...]:
    """What an entry says."""
    return (entry.kind, entry.actor, entry.at, entry.record, entry.code, dict(entry.facts))


def test_a_request_is_kept_with_when_it_came_and_who_wrote_it_down(desk: Desk) -> None:
    registrar = Registrar(desk.store, "anna")
    found = registrar.record_request(ANNA_S, RequestKind.ACCESS, NOW - DAY, NOW)
    assert (found.contact_id, found.kind, found.received_at) == (101, RequestKind.ACCESS, NOW - DAY)
    assert (found.recorded_by, found.closed_at) == ("anna", None)
    with desk.store.transaction() as tx:
        assert list(tx.requests()) == [found]
    (entry,) = desk.entries("request")
    facts = {"request_id": found.request_id}
    assert told_of_a_request(entry) == ("request.received", "anna", NOW, "contacts/101", "access", facts)


def test_a_request_can_come_at_this_instant_and_not_later(desk: Desk) -> None:
    registrar = Registrar(desk.store, "anna")
    assert registrar.record_request(ANNA_S, RequestKind.ACCESS, NOW, NOW).received_at == NOW
    with pytest.raises(UsageError, match=r"^a request cannot be received in the future$"):
        registrar.record_request(ANNA_S, RequestKind.ACCESS, NOW + TICK, NOW)


@pytest.mark.parametrize("end", list(RequestEnd))
def test_how_a_request_ended_is_kept_and_in_the_log(desk: Desk, end: RequestEnd) -> None:
    asked = Registrar(desk.store, "anna").record_request(ANNA_S, RequestKind.ERASURE, NOW, NOW)
    closed = Registrar(desk.store, "bent").close_request(asked.request_id, end, NOW + HOUR)
    assert (closed.request_id, closed.end, closed.closed_at) == (asked.request_id, end, NOW + HOUR)
    with desk.store.transaction() as tx:
        assert list(tx.requests()) == [closed]
    facts = {"request_id": asked.request_id}
    told = (f"request.{end.value}", "bent", NOW + HOUR, "contacts/101", "erasure", facts)
    assert told_of_a_request(desk.entries("request")[-1]) == told


def test_a_request_that_is_not_open_cannot_be_closed(desk: Desk) -> None:
    registrar = Registrar(desk.store, "anna")
    asked = registrar.record_request(ANNA_S, RequestKind.ERASURE, NOW, NOW)
    registrar.close_request(asked.request_id, RequestEnd.ANSWERED, NOW)
    for number in (asked.request_id, asked.request_id + 1):
        with pytest.raises(UsageError, match=f"^there is no open request {number}; see `request list`$"):
            registrar.close_request(number, RequestEnd.REFUSED, NOW)
    assert len(desk.entries("request")) == 2


# Everything stops, and goes on


def test_who_stops_everything_and_lets_it_go_on_is_in_the_log(desk: Desk) -> None:
    Registrar(desk.store, "anna").set_kill_switch("anna: wait", NOW)
    with desk.store.transaction() as tx:
        assert tx.kill_switch() == "anna: wait"
    Registrar(desk.store, "bent").set_kill_switch(None, NOW + HOUR)
    with desk.store.transaction() as tx:
        assert tx.kill_switch() is None
    told = [(entry.kind, entry.actor, entry.at) for entry in desk.entries("kill-switch")]
    assert told == [("kill-switch.set", "anna", NOW), ("kill-switch.cleared", "bent", NOW + HOUR)]


LATER = NOW + 5 * HOUR


def looked_at_once_all_goes_on(desk: Desk, state: str = "open", **values: Any) -> bool:
    """Whether the next tick looks at what was put off for hours, when everything goes on."""
    before = desk.oblige(state=state, **{"next_look_at": LATER, "due_at": NOW - DAY, **values})
    Registrar(desk.store, "anna").set_kill_switch(None, NOW)
    after = desk.obligation("contacts/101")
    assert after.next_look_at in (NOW, before.next_look_at)
    return after.next_look_at == NOW


@pytest.mark.parametrize("state", list(ObligationState))
def test_when_all_goes_on_what_is_due_is_looked_at_by_the_next_tick(desk: Desk, state: ObligationState) -> None:
    is_waiting = state in (ObligationState.OPEN, ObligationState.REVIEW)
    assert looked_at_once_all_goes_on(desk, state.value) is is_waiting


def test_when_all_stops_nothing_is_looked_at(desk: Desk) -> None:
    desk.oblige(next_look_at=LATER)
    Registrar(desk.store, "anna").set_kill_switch("anna: wait", NOW)
    assert desk.obligation("contacts/101").next_look_at == LATER


def test_what_failed_keeps_its_pause_when_all_goes_on(desk: Desk) -> None:
    assert not looked_at_once_all_goes_on(desk, attempts=1)


def test_what_is_to_be_looked_at_already_stays_so_when_all_goes_on(desk: Desk) -> None:
    assert not looked_at_once_all_goes_on(desk, next_look_at=NOW - HOUR)


@pytest.mark.parametrize(
    ("due_at", "not_before", "is_due"),
    [
        (NOW, None, True),
        (NOW + TICK, None, False),
        (NOW - DAY, NOW, True),
        (NOW - DAY, NOW + TICK, False),
        (NOW + TICK, NOW, False),
        (None, NOW, False),
    ],
)
def test_what_is_not_due_yet_is_not_looked_at_sooner_when_all_goes_on(
    desk: Desk, due_at: Any, not_before: Any, is_due: bool
) -> None:
    assert looked_at_once_all_goes_on(desk, due_at=due_at, not_before=not_before) is is_due
