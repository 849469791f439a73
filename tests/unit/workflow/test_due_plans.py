"""Plans of single records: made and measured like any other, approved by what stands by itself, retired by a stop."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from hubspot_retention.core.deadline.obligation import Obligation
from hubspot_retention.core.plan.model import Action, Block, Plan, PlanItem, PlanKind, PlanStatus
from hubspot_retention.core.plan.query import ALL_ITEMS
from hubspot_retention.core.policy.model import Guardrails
from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.errors import PortalPausedError
from hubspot_retention.store import schema
from hubspot_retention.workflow.allowance import BEYOND_CAP
from hubspot_retention.workflow.due_letters import Letters
from hubspot_retention.workflow.due_plans import Chosen, Making, PlanMaker
from hubspot_retention.workflow.due_reading import Candidate
from hubspot_retention.workflow.obligations import Obligations
from hubspot_retention.workflow.seal import Measure
from hubspot_retention.workflow.standing import SERVICE, Basis
from tests.builders import a_deal, at, on
from tests.documents import CLIENTI, clienti
from tests.unit.core.plan.plans import a_disposal, an_item
from tests.unit.workflow.carrying import a_letter
from tests.unit.workflow.desk import DAY, HOUR, NOW, Desk, asked_to_go, former_customer, unsubscribed
from tests.unit.workflow.test_bundles import with_people

PORTAL = PortalId(25412345)
MANY = Guardrails(max_disposals=9, max_percent=100, percent_from=25, max_shrink_percent=20)
MINUTE = HOUR / 60
MOMENT = timedelta(microseconds=1)
END_OF_DAY = at("2026-11-22T23:00")


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A person approved the policy."""
    desk.approve_policy()
    return desk


def maker(desk: Desk) -> PlanMaker:
    """Who makes them."""
    return PlanMaker(desk.store, Obligations(clienti(), DAY), clienti())


def a_candidate(desk: Desk, item: PlanItem, deals: Any = (), **obligation: Any) -> Candidate:
    """Somebody who is due, with what the ledger knows of them."""
    known = desk.oblige(str(item.record), **{"rule": item.decision.rule} | obligation)
    kind = PlanKind.RIGHTS if item.decision.right else PlanKind.TIME
    return Candidate(kind=kind, item=item, obligation=known, deals=deals)


def making(*candidates: Candidate, **values: Any) -> Making:
    """How plans are made of them: nobody has any letters."""
    letters = Letters()
    for each in candidates:
        letters.found.setdefault(each.item.record.object_type, {})[each.item.record.record_id] = ()
    let_go: Any = {kind: {} for kind in PlanKind}
    given: dict[str, Any] = {
        "portal_id": PORTAL,
        "actor": SERVICE,
        "guardrails": MANY,
        "run_kind": "due",
        "measure": Measure(population={ObjectType.CONTACT: 100, ObjectType.DEAL: 10}, let_go=let_go),
        "now": NOW,
        "expires_at": NOW + HOUR,
        "letters": letters.source,
    }
    return Making(**given | values)


def made(desk: Desk, *candidates: Candidate, **values: Any) -> list[Plan]:
    """The plans that are made of candidates."""
    return maker(desk).make(candidates, making(*candidates, **values))


def items(desk: Desk, plan: Plan) -> dict[str, PlanItem]:
    """The items of a plan."""
    with desk.store.transaction() as tx:
        return {str(item.record): item for item in tx.items(plan.plan_id, ALL_ITEMS)}


def letters_of(number: int, *letters: Any) -> Any:
    """Somebody's correspondence."""
    return Letters(found={ObjectType.CONTACT: {RecordId(number): letters}}).source


# Made


def test_there_is_a_plan_for_each_kind_and_rights_come_first(desk: Desk) -> None:
    deal = an_item(decision=a_disposal("deals/7", rule="lost-deal"), action=Action.ARCHIVE)
    candidates = [a_candidate(desk, item) for item in (former_customer("contacts/102"), unsubscribed(), deal)]
    rights, time_rules = made(desk, *candidates)
    run = rights.run_id
    assert [(plan.plan_id, plan.kind) for plan in (rights, time_rules)] == [
        (f"{run}-rights", PlanKind.RIGHTS),
        (f"{run}-time", PlanKind.TIME),
    ]
    for plan in (rights, time_rules):
        assert (plan.portal_id, plan.requested_by, plan.policy_name) == (PORTAL, SERVICE, clienti().name)
        assert (plan.policy_digest, plan.as_of, plan.built_at) == (clienti().digest, NOW, NOW)
        assert (plan.expires_at, plan.status) == (NOW + HOUR, PlanStatus.AWAITING_REVIEW)
        assert plan.population == ((ObjectType.CONTACT, 100), (ObjectType.DEAL, 10))
        assert len(plan.digest) == 64
    assert [count.rule for count in rights.rules] == ["unsubscribed"]
    assert [count.rule for count in time_rules.rules] == ["former-customer", "lost-deal"]
    assert (list(items(desk, rights)), list(items(desk, time_rules))) == (
        ["contacts/101"],
        ["contacts/102", "deals/7"],
    )
    with desk.store.transaction() as tx:
        assert tx.run_kind(run) == "due"


def test_where_nothing_of_a_kind_is_due_there_is_no_plan_of_it(desk: Desk) -> None:
    (plan,) = made(desk, a_candidate(desk, former_customer()), run_kind="review")
    assert plan.kind is PlanKind.TIME
    with desk.store.transaction() as tx:
        assert tx.run_kind(plan.run_id) == "review"


def test_the_run_begins_and_ends_in_the_log_and_is_no_full_one(desk: Desk) -> None:
    (plan,) = made(desk, a_candidate(desk, former_customer()))
    entries = desk.entries("run")
    assert [(entry.kind, entry.code) for entry in entries] == [("run.started", "due"), ("run.finished", None)]
    for entry in entries:
        assert (entry.at, entry.actor, entry.portal_id) == (NOW, SERVICE, PORTAL)
        assert (entry.run_id, entry.policy_digest) == (plan.run_id, clienti().digest)
    with desk.store.transaction() as tx:
        assert tx.last_full_run(PORTAL) is None
        (run,) = tx._connection.execute(select(schema.run)).all()
    assert (run.run_id, run.kind, run.actor, run.outcome) == (plan.run_id, "due", SERVICE, "done")


def test_a_guardrail_blocks_it_like_any_other(desk: Desk) -> None:
    few = replace(MANY, max_disposals=0)
    (plan,) = made(desk, a_candidate(desk, former_customer()), guardrails=few)
    assert (plan.status, plan.breaches) == (PlanStatus.BLOCKED, ("contacts: 1 disposal, at most 0 may go",))


def test_a_due_plan_is_measured_with_what_went_before_it(desk: Desk) -> None:
    gone: Any = {PlanKind.TIME: {(ObjectType.CONTACT, "former-customer"): 9}, PlanKind.RIGHTS: {}}
    measure = Measure(population={ObjectType.CONTACT: 100}, let_go=gone)
    (plan,) = made(desk, a_candidate(desk, former_customer()), measure=measure)
    assert plan.breaches == ("contacts: 10 disposals, at most 9 may go",)


def test_what_hangs_on_a_record_is_listed_with_the_deals_that_the_read_saw_around_it(desk: Desk) -> None:
    deals = (with_people(a_deal(201), customer_until=on("2020-10-31")),)
    given = a_candidate(desk, former_customer(), deals)
    (plan,) = made(desk, given, letters=letters_of(101, a_letter("emails/41", 101)))
    bundle = items(desk, plan)["contacts/101"].bundle
    assert bundle is not None
    assert (bundle.deals_stamped, bundle.rehomed) == (1, 1)
    assert items(desk, plan)["contacts/101"].block is Block.UNVERIFIED


def test_what_is_stopped_while_it_is_built_leaves_plans_that_nobody_can_approve(desk: Desk) -> None:
    def pause(*_: Any) -> Any:
        raise PortalPausedError("paused")

    with pytest.raises(PortalPausedError):
        made(desk, a_candidate(desk, former_customer()), letters=SimpleNamespace(correspondence=pause))
    with desk.store.transaction() as tx:
        (plan,) = tx.plans()
    assert (plan.status, plan.digest) == (PlanStatus.BUILDING, "")
    assert [entry.kind for entry in desk.entries("run")] == ["run.started"]


# Told to the ledger


def noted(desk: Desk, *candidates: Candidate, beyond: Any = None, **values: Any) -> tuple[Plan, dict[int, Obligation]]:
    """A grouped plan that the ledger learns of, and what it says of the records afterwards."""
    (plan,) = made(desk, *candidates, run_kind="review", **values)
    maker(desk).note_waiting(plan, candidates, {RecordRef.parse(key): value for key, value in (beyond or {}).items()})
    known: dict[int, Obligation] = {
        each.item.record.record_id: desk.obligation(str(each.item.record)) for each in candidates
    }
    return plan, known


def test_the_ledger_learns_which_plan_waits_and_until_when(desk: Desk) -> None:
    plan, known = noted(desk, a_candidate(desk, former_customer()), expires_at=NOW + DAY)
    assert (known[101].state.value, known[101].plan_id, known[101].reason) == ("review", plan.plan_id, "period-ended")
    assert known[101].next_look_at == NOW + DAY


def test_what_is_beyond_a_cap_is_looked_at_when_the_cap_begins_anew_or_the_plan_ends(desk: Desk) -> None:
    candidates = [a_candidate(desk, former_customer(f"contacts/{number}")) for number in (101, 102, 103)]
    beyond = {"contacts/101": NOW + MINUTE, "contacts/102": NOW + DAY}
    _, known = noted(desk, *candidates, beyond=beyond)
    assert [(each.reason, each.next_look_at) for each in known.values()] == [
        (BEYOND_CAP, NOW + MINUTE),
        (BEYOND_CAP, NOW + HOUR),
        ("period-ended", NOW + HOUR),
    ]


def test_what_a_guardrail_blocks_is_tried_again_in_an_hour_also_beyond_a_cap(desk: Desk) -> None:
    candidates = [a_candidate(desk, former_customer(f"contacts/{number}")) for number in (101, 102)]
    few = replace(MANY, max_disposals=1)
    plan, known = noted(desk, *candidates, guardrails=few, expires_at=NOW + DAY, beyond={"contacts/102": NOW + MINUTE})
    for each in known.values():
        assert (each.state.value, each.plan_id, each.reason) == ("review", plan.plan_id, "guardrail")
        assert each.next_look_at == NOW + HOUR


def test_what_hangs_on_hope_is_raised_at_once(desk: Desk) -> None:
    given = a_candidate(desk, former_customer())
    plan, known = noted(desk, given, letters=letters_of(101, a_letter("notes/31", 101, 102)))
    assert (known[101].state.value, known[101].reason, known[101].plan_id) == ("raised", "unverified", plan.plan_id)
    assert known[101].next_look_at == NOW + DAY


def test_what_ended_meanwhile_or_is_in_no_plan_stays_as_it_is_and_stands_in_nobodys_way(desk: Desk) -> None:
    ended, stranger, last = (
        a_candidate(desk, former_customer(f"contacts/{number}"), state=state)
        for number, state in ((101, "ended"), (102, "open"), (103, "open"))
    )
    (plan,) = made(desk, ended, last, run_kind="review")
    unknown = Candidate(kind=PlanKind.TIME, item=former_customer("contacts/100"), obligation=last.obligation)
    maker(desk).note_waiting(plan, [unknown, ended, stranger, last], {})
    assert [desk.obligation(f"contacts/{number}").state.value for number in (101, 102, 103)] == [
        "ended",
        "open",
        "review",
    ]


# Approved by what stands by itself


def test_a_plan_of_which_everything_is_blocked_is_retired_and_another_goes(desk: Desk) -> None:
    free, blocked = a_candidate(desk, former_customer()), a_candidate(desk, former_customer("contacts/102"))
    (plan,) = made(desk, free, blocked, letters=letters_of(101))
    assert items(desk, plan)["contacts/102"].block is not None
    assert maker(desk).goes(plan)
    assert desk.found(plan) == plan
    (plan,) = made(desk, blocked, letters=letters_of(101))
    assert not maker(desk).goes(plan)
    assert desk.found(plan) == replace(plan, status=PlanStatus.SUPERSEDED, decided_at=NOW)
    entry = desk.entries()[-1]
    assert (entry.kind, entry.actor, entry.code, entry.at) == ("plan.superseded", SERVICE, "all-blocked", NOW)


def test_a_plan_is_valid_no_longer_than_what_it_rests_on(desk: Desk) -> None:
    given = a_candidate(desk, unsubscribed())
    by_policy: Chosen = (given, Basis.POLICY, ())
    long = (given, Basis.APPROVAL, (desk.grant(),))
    short = (given, Basis.APPROVAL, (desk.grant(until_at=NOW + HOUR),))
    until = maker(desk).valid_until
    assert until([by_policy], NOW, 2 * DAY) == NOW + 2 * DAY
    assert until([by_policy, long], NOW, 2 * DAY) == END_OF_DAY - MOMENT
    assert until([by_policy, long, short], NOW, 2 * DAY) == NOW + HOUR - MOMENT
    assert until([long, short], NOW, MINUTE) == NOW + MINUTE


def approved(desk: Desk, plan: Plan, *chosen: Chosen) -> Plan | None:
    """What the service approves a little later."""
    return maker(desk).approve(plan, chosen, NOW + MINUTE)


def test_the_service_approves_it_by_its_digest_and_the_ledger_learns_on_what_ground(desk: Desk) -> None:
    given = a_candidate(desk, asked_to_go())
    (plan,) = made(desk, given)
    found = approved(desk, plan, (given, Basis.POLICY, ()))
    assert found == replace(plan, status=PlanStatus.APPROVED, decided_by=SERVICE, decided_at=NOW + MINUTE)
    assert desk.found(plan) == found
    entry = desk.entries()[-1]
    assert (entry.kind, entry.actor, entry.code, entry.at) == ("plan.approved", SERVICE, "policy-enforce", NOW + MINUTE)
    assert (entry.plan_digest, entry.facts) == (plan.digest, ())
    known = desk.obligation("contacts/101")
    assert (known.state.value, known.plan_id, known.reason) == ("open", plan.plan_id, "policy-enforce")
    assert known.next_look_at == NOW + 6 * MINUTE


def test_what_goes_under_approvals_is_counted_and_stands_in_the_log_with_them(desk: Desk) -> None:
    first, second, unused = desk.grant(), desk.grant(max_per_day=3), desk.grant()
    numbers = (101, 102, 103, 104)
    given = [a_candidate(desk, unsubscribed(f"contacts/{number}")) for number in numbers]
    (plan,) = made(desk, *given)
    approvals = ((first,), (second,), (second,), ())
    chosen: list[Chosen] = [
        (each, Basis.APPROVAL if under else Basis.POLICY, under) for each, under in zip(given, approvals, strict=True)
    ]
    assert approved(desk, plan, *chosen) is not None
    with desk.store.transaction() as tx:
        used = {each.approval_id: (each.used, each.used_on) for each in tx.standing_approvals()}
    day = on("2026-11-22")
    assert used == {first.approval_id: (1, day), second.approval_id: (2, day), unused.approval_id: (0, None)}
    entry = desk.entries()[-1]
    assert (entry.code, dict(entry.facts)) == ("standing-approval", {"approval_1": 1, "approval_2": 2})
    uses = desk.entries("standing-approval")
    assert [(each.kind, each.actor, each.at, each.rule) for each in uses] == [
        ("standing-approval.used", SERVICE, NOW + MINUTE, "unsubscribed")
    ] * 2
    told = {"max_per_day": 3, "day": "2026-11-22", "records": 2, "used": 2, "approval": second.approval_id}
    assert told.items() <= dict(uses[1].facts).items()
    assert [desk.obligation(f"contacts/{number}").reason for number in numbers] == [
        *["standing-approval"] * 3,
        "policy-enforce",
    ]


def test_what_is_blocked_is_not_counted(desk: Desk) -> None:
    approval = desk.grant()
    given = [a_candidate(desk, unsubscribed(f"contacts/{number}")) for number in (101, 102)]
    (plan,) = made(desk, *given, letters=letters_of(101))
    assert approved(desk, plan, *((each, Basis.APPROVAL, (approval,)) for each in given)) is not None
    with desk.store.transaction() as tx:
        assert [each.used for each in tx.standing_approvals()] == [1]


def test_of_two_plans_of_a_run_each_counts_its_own(desk: Desk) -> None:
    right, time_rule = desk.grant(), desk.grant("former-customer")
    one, other = a_candidate(desk, unsubscribed()), a_candidate(desk, former_customer("contacts/102"))
    rights, _ = made(desk, one, other)
    assert approved(desk, rights, (one, Basis.APPROVAL, (right,)), (other, Basis.APPROVAL, (time_rule,))) is not None
    with desk.store.transaction() as tx:
        assert [each.used for each in tx.standing_approvals()] == [1, 0]
    assert desk.obligation("contacts/102").plan_id == ""


def test_what_ended_meanwhile_is_not_taken_up_again(desk: Desk) -> None:
    ended, open_one = a_candidate(desk, asked_to_go(), state="ended"), a_candidate(desk, asked_to_go("contacts/102"))
    stranger = Candidate(kind=PlanKind.RIGHTS, item=asked_to_go("contacts/100"), obligation=ended.obligation)
    (plan,) = made(desk, stranger, ended, open_one)
    assert approved(desk, plan, *((each, Basis.POLICY, ()) for each in (stranger, ended, open_one))) is not None
    assert desk.obligation("contacts/101").state.value == "ended"
    assert desk.obligation("contacts/102").plan_id == plan.plan_id


def is_withdrawn(desk: Desk, plan: Plan, *chosen: Chosen, status: PlanStatus = PlanStatus.SUPERSEDED) -> bool:
    """Whether nothing was approved or counted, and the plan is retired."""
    found = approved(desk, plan, *chosen)
    with desk.store.transaction() as tx:
        used = [each.used for each in tx.standing_approvals(all=True)]
    entry = desk.entries()[-1]
    told = (entry.kind, entry.actor, entry.code, entry.at)
    return (
        found is None
        and not any(used)
        and desk.found(plan) == replace(plan, status=status, decided_at=NOW + MINUTE)
        and told == ("plan.superseded", SERVICE, "approval-withdrawn", NOW + MINUTE)
        and all(desk.obligation(str(each.item.record)).plan_id == "" for each, _, _ in chosen)
    )


def under_approval(desk: Desk, **approval: Any) -> tuple[Plan, Chosen]:
    """A plan that rests on a standing approval."""
    granted = desk.grant(**approval)
    given = a_candidate(desk, unsubscribed())
    (plan,) = made(desk, given)
    return plan, (given, Basis.APPROVAL, (granted,))


def test_a_stop_that_came_meanwhile_wins(desk: Desk) -> None:
    given = a_candidate(desk, asked_to_go())
    (plan,) = made(desk, given)
    with desk.store.transaction() as tx:
        tx.set_kill_switch("bent: wait")
    assert is_withdrawn(desk, plan, (given, Basis.POLICY, ()))


@pytest.mark.parametrize("status", [PlanStatus.REJECTED, PlanStatus.BLOCKED, PlanStatus.APPROVED])
def test_a_plan_that_somebody_decided_about_meanwhile_is_not_approved(desk: Desk, status: PlanStatus) -> None:
    given = a_candidate(desk, asked_to_go())
    (plan,) = made(desk, given)
    with desk.store.transaction() as tx:
        tx.save_plan(replace(plan, status=status))
    assert is_withdrawn(desk, plan, (given, Basis.POLICY, ()))


@pytest.mark.parametrize(("expires_at", "withdrawn"), [(NOW + MINUTE, False), (NOW + MINUTE - MOMENT, True)])
def test_a_plan_that_has_expired_meanwhile_is_not_approved(desk: Desk, expires_at: Any, withdrawn: bool) -> None:
    given = a_candidate(desk, asked_to_go())
    (plan,) = made(desk, given, expires_at=expires_at)
    assert is_withdrawn(desk, plan, (given, Basis.POLICY, ())) is withdrawn


def test_an_approval_that_was_taken_back_or_ended_meanwhile_covers_nothing(desk: Desk) -> None:
    plan, chosen = under_approval(desk, until_at=NOW + MINUTE)
    assert is_withdrawn(desk, plan, chosen)


def test_nor_does_one_under_a_policy_that_grew_wider(desk: Desk) -> None:
    plan, chosen = under_approval(desk)
    desk.approve_policy(CLIENTI.read_text().replace('after = "P24M"', 'after = "P36M"'))
    assert is_withdrawn(desk, plan, chosen)


def test_a_cap_that_was_used_up_meanwhile_lets_nothing_of_the_plan_go(desk: Desk) -> None:
    other = desk.grant("erasure-request")
    first = a_candidate(desk, asked_to_go("contacts/102"))
    granted = desk.grant(max_per_day=1)
    pair = [a_candidate(desk, unsubscribed(f"contacts/{number}")) for number in (103, 104)]
    (plan,) = made(desk, first, *pair)
    chosen: list[Chosen] = [(first, Basis.APPROVAL, (other,)), *((each, Basis.APPROVAL, (granted,)) for each in pair)]
    assert is_withdrawn(desk, plan, *chosen)
