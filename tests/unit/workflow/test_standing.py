"""What goes without a person looking at the plan: on which ground, under which approval, and what never does."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubspot_retention.core.decision.model import Outcome
from hubspot_retention.core.facts.observation import OptOutSource
from hubspot_retention.core.plan.model import Action, Plan, PlanItem
from hubspot_retention.core.policy.model import Disposition, Mode, RetentionPolicy, ReviewKind
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.store.database import open_store
from hubspot_retention.workflow import standing
from hubspot_retention.workflow.standing import (
    SERVICE,
    Ask,
    Basis,
    counts_from_opt_out,
    covered,
    covered_records,
    ends_of_grace,
    in_force,
    is_automatic,
    is_enforced,
    judged,
)
from tests.documents import CLIENTI, clienti
from tests.stores import a_database
from tests.unit.core.plan.plans import a_decision, a_disposal, an_item, masked, two_rules
from tests.unit.workflow.desk import DAY, HOUR, NOW, Desk, asked_to_go, former_customer, unsubscribed

TEXT = CLIENTI.read_text()


def marked(rule: str, mode: str) -> RetentionPolicy:
    """Clienti's policy, with another mode for one rule."""
    begin, rest = TEXT.split(f'id = "{rule}"', 1)
    before, _, after = rest.partition('mode = "')
    return parse_policy(f'{begin}id = "{rule}"{before}mode = "{mode}"{after.partition(chr(34))[2]}')


BY_ITSELF = marked("former-customer", "enforce")


def marketing(record: str = "contacts/101") -> PlanItem:
    """The marketing of somebody who stays is to end."""
    decision = a_decision(Outcome.RETAIN, record=record, marketing_ends=True)
    return an_item(decision=decision, action=Action.END_MARKETING)


def test_each_item_is_looked_up_once_however_many_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "_BATCH", 2)
    items = [an_item(f"contacts/{number}") for number in (103, 101, 102)]
    with open_store(a_database(tmp_path / "retention.db")) as store:
        found = [str(item.record) for item, _, _ in standing._with_memory(store, items)]
    assert found == ["contacts/101", "contacts/102", "contacts/103"]


# Whether a rule acts by itself


@pytest.mark.parametrize(
    ("rule", "policy", "enforced"),
    [
        ("erasure-request", clienti(), True),
        ("former-customer", clienti(), False),
        ("former-customer", BY_ITSELF, True),
        ("inactive-contact", marked("inactive-contact", "enforce"), False),
        ("partner", clienti(), False),
        ("partner-of-old", clienti(), False),
    ],
)
def test_a_rule_acts_by_itself_that_is_marked_and_asks_for_no_look(
    rule: str, policy: RetentionPolicy, enforced: bool
) -> None:
    assert is_enforced(rule, policy) is enforced


def test_one_rule_counts_from_an_unsubscription() -> None:
    assert [rule.rule_id for rule in clienti().rules if counts_from_opt_out(rule.rule_id, clienti())] == [
        "unsubscribed"
    ]
    assert not counts_from_opt_out("no-such-rule", clienti())


@pytest.mark.parametrize(
    ("item", "goes"),
    [
        (asked_to_go(), True),
        (asked_to_go()._replace(action=Action.NONE), False),
        (asked_to_go()._replace(start_is_new=True), False),
        (former_customer(), False),
        (an_item(decision=a_decision(Outcome.DISPOSE)), False),
    ],
)
def test_a_disposal_goes_by_itself_by_its_rule_once_its_start_was_seen_before(item: PlanItem, goes: bool) -> None:
    assert is_automatic(item, clienti()) is goes


MASKED = an_item(decision=masked())
"""Deciding is a right to be archived, but a time rule erases."""


@pytest.mark.parametrize(
    ("policy", "goes"),
    [
        (two_rules(), True),
        (two_rules(mode=Mode.REVIEW), False),
        (two_rules(review=ReviewKind.PERSON), False),
        (two_rules(review=ReviewKind.PERSON, disposition=Disposition.ARCHIVE), True),
    ],
)
def test_a_disposal_goes_by_itself_by_every_rule_that_makes_it_what_it_is(policy: RetentionPolicy, goes: bool) -> None:
    assert is_automatic(MASKED, policy) is goes
    assert basis(MASKED, policy=policy) is (Basis.POLICY if goes else None)


def test_a_disposal_without_a_rule_never_goes_by_itself() -> None:
    assert not is_automatic(an_item(decision=a_disposal(rule=None)), two_rules())
    assert basis(an_item(decision=a_disposal(rule=None))) is None


def test_a_time_rule_that_wants_a_look_holds_no_right_up_that_erases_without_it(desk: Desk) -> None:
    inactive = a_disposal(rule="unsubscribed", right=True, due=(("unsubscribed", NOW), ("inactive-contact", NOW)))
    desk.remember(101, OptOutSource.PERSON)
    assert goes(desk, desk.plan(an_item(decision=inactive))) == ["contacts/101"]


def test_marketing_ends_by_itself_where_every_right_is_marked_so() -> None:
    assert is_automatic(marketing(), clienti())
    assert not is_automatic(marketing(), marked("unsubscribed", "review"))
    rights = [rule for rule in clienti().rules if rule.dispose is not None and rule.dispose.right]
    assert len(rights) == 3
    without = replace(clienti(), rules=tuple(rule for rule in clienti().rules if rule not in rights))
    assert not is_automatic(marketing(), without)


# On what ground


def basis(item: PlanItem, rule: str = "", **asked: Any) -> Basis | None:
    """The ground in mode enforce, with no approval, of what the person set."""
    by_person = asked.pop("by_person", True)
    ask = replace(Ask(policy=clienti(), mode=Mode.ENFORCE), **asked)
    return ask.basis(item, rule or item.decision.rule or "", by_person=by_person)


def test_the_policy_is_the_ground_in_mode_enforce_and_in_no_other() -> None:
    assert [basis(asked_to_go(), mode=mode) for mode in (Mode.OBSERVE, Mode.REVIEW, Mode.ENFORCE)] == [
        None,
        None,
        Basis.POLICY,
    ]


def test_an_approval_is_the_ground_in_any_mode_that_writes() -> None:
    granted = frozenset(["erasure-request"])
    found = [basis(asked_to_go(), mode=mode, granted=granted) for mode in (Mode.OBSERVE, Mode.REVIEW, Mode.ENFORCE)]
    assert found == [None, Basis.APPROVAL, Basis.POLICY]


def test_an_unsubscription_that_somebody_else_set_goes_on_no_ground() -> None:
    granted = frozenset(["unsubscribed"])
    assert basis(unsubscribed(), granted=granted) is Basis.POLICY
    assert basis(unsubscribed(), granted=granted, mode=Mode.REVIEW) is Basis.APPROVAL
    assert basis(unsubscribed(), granted=granted, by_person=False) is None
    assert basis(asked_to_go(), by_person=False) is Basis.POLICY
    asked = frozenset(["erasure-request"])
    assert basis(asked_to_go(), granted=asked, by_person=False, mode=Mode.REVIEW) is Basis.APPROVAL


def test_an_approval_covers_its_own_rule_and_none_that_asks_for_a_look() -> None:
    assert basis(former_customer(), granted=frozenset(["unsubscribed"])) is None
    assert basis(former_customer(), granted=frozenset(["former-customer"])) is Basis.APPROVAL
    looked_at = an_item(decision=a_disposal(rule="inactive-contact"))
    assert basis(looked_at, granted=frozenset(["inactive-contact"])) is None
    gone = an_item(decision=a_disposal(rule="no-such-rule"))
    assert basis(gone, granted=frozenset(["no-such-rule"])) is None


def test_a_standing_approval_covers_what_every_rule_that_must_agree_has_one_for() -> None:
    def covered_by(*granted: str, mode: Mode = Mode.REVIEW, **guest: Any) -> Basis | None:
        return basis(MASKED, policy=two_rules(**guest), mode=mode, granted=frozenset(granted))

    assert covered_by("unsubscribed") is None
    assert covered_by("event-participant") is None
    assert covered_by("unsubscribed", "event-participant") is Basis.APPROVAL
    assert covered_by("unsubscribed", "event-participant", review=ReviewKind.PERSON) is None
    assert covered_by("event-participant", mode=Mode.ENFORCE) is Basis.POLICY


def test_an_approval_is_taken_for_those_rules_alone_that_the_policy_does_not_let_act_by_themselves() -> None:
    guest: dict[str, Any] = {"policy": two_rules(mode=Mode.REVIEW), "granted": frozenset(["event-participant"])}
    assert basis(MASKED, **guest) is Basis.APPROVAL
    assert Ask(mode=Mode.ENFORCE, **guest).to_be_granted(MASKED, "unsubscribed") == ("event-participant",)
    assert Ask(mode=Mode.REVIEW, **guest).to_be_granted(MASKED, "x") == ("unsubscribed", "event-participant")
    assert Ask(mode=Mode.ENFORCE, **guest).to_be_granted(marketing(), "unsubscribed") == ("unsubscribed",)


def test_an_opt_out_that_somebody_else_set_counts_though_another_right_decides() -> None:
    due = (("erasure-request", NOW), ("unsubscribed", NOW))
    item = an_item(decision=a_disposal(rule="erasure-request", right=True, due=due))
    assert basis(item) is Basis.POLICY
    assert basis(item, by_person=False) is None


def test_an_approval_covers_neither_a_new_start_nor_what_is_only_to_be_seen() -> None:
    granted = frozenset(["former-customer"])
    assert basis(former_customer(start_is_new=True), granted=granted) is None
    assert basis(former_customer(action=Action.NONE), granted=granted) is None


def test_the_end_of_marketing_is_covered_with_the_right_that_it_follows_from() -> None:
    granted = frozenset(["unsubscribed"])
    review: dict[str, Any] = {"mode": Mode.REVIEW, "granted": granted}
    assert basis(marketing(), "unsubscribed", **review) is Basis.APPROVAL
    assert basis(marketing(), "erasure-request", **review) is None
    assert basis(marketing(), "unsubscribed", by_person=False, **review) is None
    assert basis(marketing(), "unsubscribed", by_person=False) is Basis.POLICY


# Which approvals are in force


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A person approved the policy."""
    desk.approve_policy()
    return desk


def forces(desk: Desk, policy: RetentionPolicy | None = None) -> list[str]:
    """The rules of the approvals in force now."""
    with desk.store.transaction() as tx:
        return [found.rule for found in in_force(tx, policy or clienti(), NOW)]


def test_those_are_in_force_that_stand_now_and_can_be_given_under_this_policy(desk: Desk) -> None:
    desk.grant("erasure-request")
    desk.grant("unsubscribed", until_at=NOW)
    desk.revoke(desk.grant("former-customer"))
    desk.grant("inactive-contact")
    desk.grant("agreement")
    assert forces(desk) == ["erasure-request", "agreement"]


def test_none_is_in_force_until_a_person_has_approved_a_policy_that_is_as_wide(desk: Desk) -> None:
    desk.grant()
    desk.approve_policy(TEXT.replace('after = "P24M"', 'after = "P36M"'))
    assert forces(desk) == []
    desk.approve_policy(TEXT.replace('after = "P24M"', 'after = "P12M"'))
    assert forces(desk) == ["unsubscribed"]


def test_one_is_not_in_force_under_a_policy_that_is_wider_for_its_rule_than_the_one_it_was_given_under(
    desk: Desk,
) -> None:
    desk.grant("former-customer")
    desk.grant("agreement")
    text = TEXT.replace('after = "P24M"', 'after = "P6M"')
    shorter = parse_policy(text)
    with desk.store.transaction() as tx:
        tx.approve_policy(shorter.digest, text, NOW, "carl")
        found = {found.rule: why for found, why in judged(tx, shorter, NOW)}
    assert found == {
        "former-customer": "the policy is wider than the one that it was given under "
        "(rule former-customer disposes after P6M, before it was P24M)",
        "agreement": "",
    }
    assert forces(desk, shorter) == ["agreement"]
    assert forces(desk) == ["former-customer", "agreement"]


def test_all_that_makes_a_policy_wider_is_told(desk: Desk) -> None:
    is_now = 'after = "P24M", from = "customer_until", within = "P30D"'
    text = TEXT.replace(is_now, 'after = "P25M", from = "customer_until", within = "P31D"')
    desk.approve_policy()
    with desk.store.transaction() as tx:
        tx.approve_policy(parse_policy(text).digest, text, NOW, "carl")
    desk.grant("former-customer", policy_digest=parse_policy(text).digest)
    both = (
        "(rule former-customer disposes after P24M, before it was P25M; rule former-customer is to be met within P30D, "
        "before it was P31D: another rule may decide)"
    )
    with desk.store.transaction() as tx:
        ((_, last),) = judged(tx, clienti(), NOW)
        tx.approve_policy(clienti().digest, TEXT, NOW, "carl")
        ((_, given),) = judged(tx, clienti(), NOW)
    assert last == f"the policy is wider than the one approved last {both}; see `policy approve`"
    assert given == f"the policy is wider than the one that it was given under {both}"


@pytest.mark.parametrize("document", ["", "no policy"])
def test_one_is_not_in_force_whose_policy_is_not_kept_or_cannot_be_read(desk: Desk, document: str) -> None:
    desk.grant(policy_digest="0" * 64)
    with desk.store.transaction() as tx:
        if document:
            tx.approve_policy("0" * 64, document, NOW - 2 * DAY, "bent")
            tx.approve_policy(clienti().digest, TEXT, NOW - DAY, "bent")
        ((_, why),) = judged(tx, clienti(), NOW)
    assert why == "the policy that it was given under can no longer be read"
    assert forces(desk) == []


def test_of_each_that_is_not_revoked_it_is_told_why_it_covers_nothing(desk: Desk) -> None:
    desk.grant("unsubscribed", until_at=NOW)
    desk.grant("agreement", granted_at=NOW + DAY)
    desk.revoke(desk.grant("former-customer"))
    desk.grant("inactive-contact")
    with desk.store.transaction() as tx:
        told = [(found.rule, why) for found, why in judged(tx, clienti(), NOW)]
    assert told == [
        ("unsubscribed", "its time is over or has not come"),
        ("agreement", "its time is over or has not come"),
        ("inactive-contact", "the policy wants each of its disposals looked at (owner)"),
    ]


def test_where_nobody_has_approved_a_policy_none_is_in_force(tmp_path: Path) -> None:
    with open_store(a_database(tmp_path / "retention.db")) as store:
        desk = Desk(store)
        desk.grant()
        assert forces(desk) == []
        with store.transaction() as tx:
            ((_, why),) = judged(tx, clienti(), NOW)
        assert why == "nobody has approved the policy yet (`policy approve`)"


# What of a plan goes by itself


def goes(desk: Desk, plan: Plan, policy: RetentionPolicy | None = None, **asked: Any) -> list[str]:
    """The records of a plan that go by themselves."""
    return sorted(map(str, covered_records(desk.store, plan, policy or clienti(), **asked)))


def test_of_a_plan_goes_by_itself_what_the_policy_says_and_only_in_mode_enforce(desk: Desk) -> None:
    plan = desk.plan(asked_to_go(), former_customer("contacts/102"), an_item("contacts/103", action=Action.NONE))
    assert [goes(desk, plan, mode=mode) for mode in (Mode.OBSERVE, Mode.REVIEW, Mode.ENFORCE)] == [
        [],
        [],
        ["contacts/101"],
    ]


@pytest.mark.parametrize("source", [None, *OptOutSource])
def test_who_unsubscribed_goes_if_they_did_so_themselves(desk: Desk, source: OptOutSource | None) -> None:
    if source is not None:
        desk.remember(101, source)
    assert goes(desk, desk.plan(unsubscribed())) == (["contacts/101"] if source is OptOutSource.PERSON else [])


def test_everybody_is_asked_about_however_many_and_of_whatever_class(desk: Desk) -> None:
    policy = marked("lost-deal", "enforce")
    deals = [an_item(decision=a_disposal(f"deals/{number}", rule="lost-deal")) for number in range(1, 4)]
    people = [unsubscribed(f"contacts/{number}") for number in range(1, 1_202)]
    for number in (1, 500, 501, 1_000, 1_001, 1_201):
        desk.remember(number, OptOutSource.PERSON)
    desk.oblige("deals/2", not_before=NOW + DAY)
    found = goes(desk, desk.plan(*deals, *people), policy)
    assert found == [*sorted(f"contacts/{n}" for n in (1, 500, 501, 1000, 1001, 1201)), "deals/1", "deals/3"]


def test_nobody_goes_in_their_grace(desk: Desk) -> None:
    plan = desk.plan(*(asked_to_go(f"contacts/{number}") for number in (101, 102, 103, 104)))
    desk.oblige("contacts/101", not_before=NOW + HOUR)
    desk.oblige("contacts/102", not_before=NOW)
    desk.oblige("contacts/103", "ended", not_before=NOW + HOUR)
    desk.oblige("contacts/104", not_before=None)
    assert goes(desk, plan, now=NOW) == ["contacts/102", "contacts/103", "contacts/104"]


def test_whose_grace_runs_is_told_with_its_end_whether_policy_or_approval_lets_them_go(desk: Desk) -> None:
    numbers = (101, 102, 103, 104, 105)
    unsubscribes = [unsubscribed(f"contacts/{number}") for number in numbers]
    plan = desk.plan(*unsubscribes, former_customer("contacts/106"), decided_by="", decided_at=None)
    for number in numbers:
        desk.remember(number, OptOutSource.STAFF if number == 105 else OptOutSource.PERSON)
    desk.oblige("contacts/101", not_before=NOW + 2 * HOUR)
    desk.oblige("contacts/102", not_before=NOW + HOUR)
    desk.oblige("contacts/103", not_before=NOW)
    desk.oblige("contacts/104", "ended", not_before=NOW + HOUR)
    desk.oblige("contacts/105", not_before=NOW + HOUR)
    desk.oblige("contacts/106", rule="former-customer", not_before=NOW + HOUR)
    by_itself = [NOW + HOUR, NOW + 2 * HOUR]
    assert ends_of_grace(desk.store, plan, clienti(), Mode.ENFORCE, NOW) == by_itself
    assert ends_of_grace(desk.store, plan, clienti(), Mode.REVIEW, NOW) == []
    desk.grant()
    assert ends_of_grace(desk.store, plan, clienti(), Mode.REVIEW, NOW) == by_itself


def test_the_grace_is_asked_as_of_the_approval_if_no_other_instant_is_given(desk: Desk) -> None:
    desk.oblige("contacts/101", not_before=NOW - HOUR / 2)
    plan = desk.plan(asked_to_go(), built_at=NOW - 2 * HOUR, decided_at=NOW - HOUR)
    assert goes(desk, plan) == []
    assert goes(desk, replace(plan, decided_at=NOW)) == ["contacts/101"]
    assert goes(desk, replace(plan, decided_at=None)) == []
    assert goes(desk, replace(plan, decided_at=None, built_at=NOW)) == ["contacts/101"]
    assert goes(desk, plan, now=NOW) == ["contacts/101"]


def reserved(desk: Desk, record: str = "contacts/101", run: str = "due", **obligation: Any) -> Plan:
    """A plan of the due tick with somebody who unsubscribed, counted against the cap of a standing approval."""
    desk.grant()
    desk.remember(int(record.partition("/")[2]), OptOutSource.PERSON)
    plan = desk.plan(unsubscribed(record), run=run, decided_by=SERVICE)
    desk.oblige(record, **{"plan_id": plan.plan_id, "reason": Basis.APPROVAL.value} | obligation)
    return plan


def test_a_standing_approval_covers_what_was_counted_against_its_cap(desk: Desk) -> None:
    assert goes(desk, reserved(desk), mode=Mode.REVIEW) == ["contacts/101"]


@pytest.mark.parametrize("more", [{"plan_id": "99-rights"}, {"reason": "beyond-cap"}, {"reason": Basis.POLICY.value}])
def test_it_does_not_cover_what_was_not_counted_for_this_plan(desk: Desk, more: dict[str, Any]) -> None:
    assert goes(desk, reserved(desk, **more), mode=Mode.REVIEW) == []


def test_it_does_not_cover_who_the_ledger_does_not_know(desk: Desk) -> None:
    desk.grant("erasure-request")
    assert goes(desk, desk.plan(asked_to_go(), run="due"), mode=Mode.REVIEW) == []


def test_it_covers_plans_of_the_due_tick_alone(desk: Desk) -> None:
    assert goes(desk, reserved(desk, run="plan"), mode=Mode.REVIEW) == []


def test_it_covers_what_it_did_when_the_plan_was_approved(desk: Desk) -> None:
    plan = reserved(desk)
    assert goes(desk, replace(plan, decided_at=NOW + DAY), mode=Mode.REVIEW) == []
    assert goes(desk, replace(plan, decided_at=NOW - 2 * DAY), mode=Mode.REVIEW) == []


def test_it_covers_the_end_of_marketing_by_the_rule_that_the_ledger_knows(desk: Desk) -> None:
    desk.grant()
    desk.remember(101, OptOutSource.PERSON)
    plan = desk.plan(marketing(), run="due")
    assert goes(desk, plan, mode=Mode.REVIEW) == []
    for rule, found in (("erasure-request", []), ("unsubscribed", ["contacts/101"])):
        desk.oblige("contacts/101", plan_id=plan.plan_id, reason=Basis.APPROVAL.value, rule=rule)
        assert goes(desk, plan, mode=Mode.REVIEW) == found


def test_an_approval_of_the_service_covers_what_goes_by_itself_and_a_person_s_covers_all(desk: Desk) -> None:
    items = (asked_to_go(), former_customer("contacts/102"))
    by_person, by_service = desk.plan(*items), desk.plan(*items, decided_by=SERVICE)
    found = [
        [wanted(item) for item in items]
        for wanted in (covered(desk.store, by_person, clienti()), covered(desk.store, by_service, clienti()))
    ]
    assert found == [[True, True], [True, False]]
