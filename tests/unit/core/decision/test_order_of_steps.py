"""Semantics 5, steps 1 to 3: what binds or is unclear answers before any disposal is looked at."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hubspot_retention.core.criteria import NotPast
from hubspot_retention.core.decision.decide import History
from hubspot_retention.core.decision.history import NOTHING_REMEMBERED, Remembered, read_starts, write_starts
from hubspot_retention.core.decision.model import Decision, Outcome, ReasonCode
from hubspot_retention.core.facts.contact import Requests
from hubspot_retention.core.facts.observation import OptOut
from hubspot_retention.core.facts.values import ONGOING, UNKNOWN
from hubspot_retention.core.plan.build import remember
from tests.builders import a_company, a_contact, a_customer, a_deal, a_hold, at, changed, link, on
from tests.documents import clienti
from tests.observed import AS_OF, Record, around, decide_one

ENDED = on("2024-10-31")
DUE = a_customer(customer_until=ENDED)
ASKED = at("2026-11-20T09:00")
OPTED_OUT = OptOut(at("2026-11-20T13:30"))
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def codes(decision: Decision) -> list[ReasonCode]:
    return [reason.code for reason in decision.reasons]


def rules(decision: Decision) -> list[str | None]:
    return [reason.rule for reason in decision.reasons]


def outcome(contact: Record, *others: Record, **known: Any) -> Outcome:
    return decide_one(contact, *others, around=around(**known)).outcome


def test_without_a_hold_the_record_of_these_tests_is_due() -> None:
    assert outcome(DUE) is Outcome.DISPOSE


# 1. held


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"legal_hold": True}, ReasonCode.HOLD_FLAG),
        ({"legal_hold": UNKNOWN}, ReasonCode.HOLD_UNREADABLE),
        ({"restricted": True}, ReasonCode.PROCESSING_RESTRICTED),
        ({"restricted": UNKNOWN}, ReasonCode.RESTRICTION_UNREADABLE),
        ({"erasure_requested_at": UNKNOWN}, ReasonCode.REQUEST_UNREADABLE),
        ({"consent_withdrawn_at": UNKNOWN}, ReasonCode.REQUEST_UNREADABLE),
        ({"companies": UNKNOWN}, ReasonCode.HOLD_UNREADABLE),
        ({"deals": UNKNOWN}, ReasonCode.HOLD_UNREADABLE),
    ],
)
def test_a_hold_a_restriction_or_what_cannot_be_read_holds(values: dict[str, Any], code: ReasonCode) -> None:
    decision = decide_one(changed(DUE, **values))
    assert (decision.outcome, codes(decision)) == (Outcome.HELD, [code])
    assert (decision.rule, decision.disposition, decision.due_at, decision.erase_by) == (None, None, None, None)


def test_a_hold_is_recorded_with_each_matter() -> None:
    register = {**a_hold("contacts/101", "sag-1"), **a_hold("companies/301", "sag-2")}
    contact = changed(DUE, companies=(link(301),), restricted=True)
    decision = decide_one(contact, a_company(), around=around(register=register))
    found = [(str(reason.record), reason.matter) for reason in decision.reasons if reason.record]
    assert found == [("companies/301", "sag-2"), ("contacts/101", "sag-1")]
    assert codes(decision)[-1] is ReasonCode.PROCESSING_RESTRICTED


def test_a_hold_answers_before_a_person_who_restored_the_record_or_a_start_that_moved() -> None:
    history = History({"customer_until": ONGOING}, restored=True)
    known = {"histories": {101: history}, "register": a_hold()}
    assert outcome(DUE, **known) is Outcome.HELD


def test_a_held_record_remembers_no_starts() -> None:
    assert decide_one(changed(DUE, legal_hold=True)).starts == ()


# 2. undetermined


@pytest.mark.parametrize(
    ("contact", "others", "rule"),
    [
        (changed(DUE, companies=(link(301),)), (a_company(kind=UNKNOWN),), "partner"),
        (changed(DUE, deals=(201,)), (a_deal(closed=UNKNOWN, won=False),), "open-dialogue"),
        (changed(DUE, companies=(link(301),)), (a_company(stage=UNKNOWN),), "customer-contact"),
        (changed(DUE, event_on=UNKNOWN), (), "event-participant"),
        (changed(DUE, processed_on_behalf_of=UNKNOWN), (), "processor-data"),
    ],
)
def test_an_unknown_fact_that_decides_whether_a_keep_matches_leaves_it_undetermined(
    contact: Any, others: tuple[Record, ...], rule: str
) -> None:
    decision = decide_one(contact, *others)
    assert (decision.outcome, codes(decision)) == (Outcome.UNDETERMINED, [ReasonCode.KEEP_MATCH_UNKNOWN])
    assert rules(decision) == [rule]


def test_an_unknown_enquiry_beside_a_known_end_leaves_new_enquiry_and_so_all_undetermined() -> None:
    decision = decide_one(changed(DUE, enquiry=(UNKNOWN, None, None)))
    assert (decision.outcome, rules(decision)) == (Outcome.UNDETERMINED, ["new-enquiry"])


def test_an_unknown_end_leaves_every_keep_on_it_undetermined() -> None:
    decision = decide_one(changed(DUE, customer_until=UNKNOWN))
    assert decision.outcome is Outcome.UNDETERMINED
    assert set(rules(decision)) == {"active-customer", "former-customer"}


def test_an_unknown_date_on_which_a_keeps_end_depends_leaves_it_undetermined() -> None:
    decision = decide_one(a_deal(contract_end_on=UNKNOWN, customer_until=on("2020-06-30")))
    assert (decision.outcome, codes(decision)) == (Outcome.UNDETERMINED, [ReasonCode.KEEP_END_UNKNOWN])
    assert rules(decision) == ["bookkeeping"]


def test_a_keeps_start_more_than_a_day_in_the_future_leaves_it_undetermined() -> None:
    contact = changed(DUE, enquiry=(AS_OF + DAY + SECOND, None, None))
    decision = decide_one(contact)
    assert (decision.outcome, codes(decision)) == (Outcome.UNDETERMINED, [ReasonCode.KEEP_START_IN_FUTURE])
    assert outcome(changed(DUE, enquiry=(AS_OF + DAY, None, None))) is Outcome.RETAIN


def test_an_end_an_event_and_the_end_of_a_financial_year_may_lie_ahead() -> None:
    assert outcome(a_customer(customer_until=on("2030-01-01"))) is Outcome.RETAIN
    assert outcome(a_contact(event_on=on("2027-05-01"), opt_out=OPTED_OUT)) is Outcome.RETAIN
    assert outcome(a_deal(customer_until=on("2026-06-30"))) is Outcome.RETAIN


def test_processor_data_ahead_is_retained_until_that_days_end() -> None:
    decision = decide_one(a_contact(processed_on_behalf_of=True, processing_ended_on=on("2030-01-01")))
    assert (decision.outcome, decision.until) == (Outcome.RETAIN, at("2030-01-01T23:00"))


@pytest.mark.parametrize(
    ("seen", "now", "moved"),
    [
        (on("2025-11-01"), on("2024-10-31"), True),
        (on("2025-10-31"), on("2024-10-31"), False),
        (ONGOING, on("2024-10-31"), True),
        (ONGOING, on("2025-11-20"), True),
        (ONGOING, on("2025-11-21"), True),
        (ONGOING, on("2025-11-22"), False),
        (on("2020-01-01"), on("2024-10-31"), False),
    ],
)
def test_a_start_moved_back_by_more_than_a_year_waits_for_a_person(seen: Any, now: Any, moved: bool) -> None:
    history = History({"customer_until": seen})
    decision = decide_one(a_customer(customer_until=now), around=around(histories={101: history}))
    assert (decision.outcome is Outcome.UNDETERMINED) == moved
    assert (codes(decision) == [ReasonCode.START_MOVED_BACK]) == moved


def test_a_relationship_that_goes_on_again_is_no_move_back() -> None:
    decision = decide_one(
        a_customer(active_at=AS_OF), around=around(histories={101: History({"customer_until": ENDED})})
    )
    assert decision.outcome is Outcome.RETAIN


def test_an_earlier_start_that_no_rule_uses_any_more_says_nothing() -> None:
    assert outcome(DUE, histories={101: History({"event_on": ONGOING})}) is Outcome.DISPOSE


WROTE_AGAIN = a_contact(
    wrote_at=at("2026-09-01T10:00"), active_at=at("2026-09-02T10:00"), opt_out=OptOut(at("2026-08-01T10:00"))
)
FEW_WORDS_LEFT = changed(WROTE_AGAIN, enquiry=(at("2024-03-01T10:00"), None, None))


def test_a_start_that_moves_back_and_takes_its_keep_with_it_waits_for_a_person() -> None:
    before = decide_one(WROTE_AGAIN)
    assert (before.outcome, before.until) == (Outcome.RETAIN, at("2027-09-01T10:00"))
    history = History(dict(before.starts))
    decision = decide_one(FEW_WORDS_LEFT, around=around(histories={101: history}))
    assert (decision.outcome, codes(decision)) == (Outcome.UNDETERMINED, [ReasonCode.START_MOVED_BACK])
    assert decision.reasons[0].matter == "last_enquiry_at"


def test_a_start_that_took_its_keep_with_it_stays_in_mind_until_a_person_has_confirmed_what_it_is_now() -> None:
    seen = Remembered(starts=write_starts(decide_one(WROTE_AGAIN).starts))
    decision = decide_one(FEW_WORDS_LEFT, around=around(histories={101: History(read_starts(seen.starts))}))
    assert remember(decision, seen, NOTHING_REMEMBERED).starts == seen.starts
    assert dict(decision.starts)["last_enquiry_at"] == at("2024-03-01T10:00")
    confirmed = History(dict(decision.starts))
    assert outcome(FEW_WORDS_LEFT, histories={101: confirmed}) is Outcome.DISPOSE


@pytest.mark.parametrize("left", [at("2026-01-01T10:00"), None])
def test_a_start_that_lies_little_earlier_or_is_gone_has_not_moved_back(left: Any) -> None:
    history = History(dict(decide_one(WROTE_AGAIN).starts))
    contact = changed(WROTE_AGAIN, enquiry=(left, None, None))
    assert outcome(contact, histories={101: history}) is Outcome.DISPOSE


def test_a_start_of_which_nobody_can_tell_what_it_is_now_has_not_moved_back() -> None:
    contact = a_contact(enquiry=(UNKNOWN, None, None), active_at=AS_OF - 2 * DAY)
    decision = decide_one(contact, around=around(histories={101: History({"last_enquiry_at": AS_OF - DAY})}))
    assert decision.outcome is Outcome.RETAIN


def test_a_keep_that_does_not_apply_beside_one_that_stands_alone_has_no_start_to_move() -> None:
    ends = on("2026-10-31")
    contact = changed(a_contact(processed_on_behalf_of=True, processing_ended_on=ends), enquiry=FEW_WORDS_LEFT.enquiry)
    seen = History({"last_enquiry_at": at("2026-09-01T10:00"), "processing_ended_on": ends})
    assert outcome(contact, histories={101: seen}) is Outcome.DISPOSE


def test_the_start_of_a_keep_that_ended_for_another_reason_says_nothing() -> None:
    lost = a_deal(won=False, closed_at=at("2018-02-01T10:00"), customer_until=on("2018-06-30"))
    history = {201: History({"customer_until": on("2024-06-30")})}
    assert decide_one(lost, around=around(histories=history)).outcome is Outcome.DISPOSE
    won = changed(lost, is_won=True)
    assert codes(decide_one(won, around=around(histories=history))) == [ReasonCode.START_MOVED_BACK]


def test_the_end_of_the_financial_year_of_a_start_is_compared_with_the_end_of_one() -> None:
    day = "last_business_on"
    rule = clienti().rule("bookkeeping")
    assert rule is not None
    policy = replace(
        clienti(),
        rules=tuple(replace(each, when=NotPast(day)) if each is rule else each for each in clienti().rules),
    )
    deal = a_deal(closed_at=at("2018-02-01T10:00"), customer_until=on("2018-06-30"))
    seen = {"customer_until": on("2018-06-30"), day: on("2019-12-31")}
    history = {201: History(seen)}
    assert decide_one(deal, around=around(policy=policy, histories=history)).outcome is Outcome.DISPOSE
    history = {201: History(seen | {day: on("2020-01-01")})}
    decision = decide_one(deal, around=around(policy=policy, histories=history))
    assert codes(decision) == [ReasonCode.START_MOVED_BACK]


def test_a_move_back_is_named_beside_what_else_is_unclear() -> None:
    contact = changed(DUE, event_on=UNKNOWN)
    decision = decide_one(contact, around=around(histories={101: History({"customer_until": ONGOING})}))
    assert codes(decision) == [ReasonCode.KEEP_MATCH_UNKNOWN, ReasonCode.START_MOVED_BACK]
    assert decision.reasons[-1].matter == "customer_until"


# 3. refer


def test_a_contradicted_end_is_referred() -> None:
    decision = decide_one(changed(DUE, entered_customer_at=at("2025-03-01T10:00")))
    assert (decision.outcome, codes(decision)) == (Outcome.REFER, [ReasonCode.END_CONTRADICTED])


def test_an_end_that_may_be_contradicted_is_no_ground_to_dispose() -> None:
    decision = decide_one(changed(DUE, entered_customer_at=UNKNOWN))
    assert (decision.outcome, codes(decision)) == (Outcome.UNDETERMINED, [ReasonCode.REFERRAL_UNKNOWN])


def test_who_writes_after_asking_for_erasure_is_referred() -> None:
    contact = a_contact(erasure_requested_at=ASKED, wrote_at=ASKED + SECOND)
    decision = decide_one(contact)
    assert (decision.outcome, codes(decision)) == (Outcome.REFER, [ReasonCode.WROTE_AFTER_REQUEST])
    assert outcome(a_contact(erasure_requested_at=ASKED, wrote_at=ASKED)) is Outcome.DISPOSE


def test_an_enquiry_that_cannot_be_read_may_have_come_after_the_request() -> None:
    decision = decide_one(a_contact(erasure_requested_at=ASKED, enquiry=(UNKNOWN, None, None)))
    assert (decision.outcome, codes(decision)) == (Outcome.UNDETERMINED, [ReasonCode.REFERRAL_UNKNOWN])


@pytest.mark.parametrize(
    ("values", "others"),
    [
        ({"erasure_requested_at": ASKED}, ()),
        ({"consent_withdrawn_at": ASKED}, ()),
        ({"opt_out": OPTED_OUT}, ()),
        ({"stage": "customer"}, ()),
        ({"companies": (link(301),)}, (a_company(stage="customer"),)),
        ({"companies": (link(301),)}, (a_company(kind="VENDOR"),)),
        ({"deals": (201,)}, (a_deal(closed=False, won=False),)),
        ({"event_on": on("2026-12-01")}, ()),
    ],
)
def test_processor_data_of_somebody_we_know_ourselves_is_referred(values: Any, others: tuple[Record, ...]) -> None:
    contact = a_contact(processed_on_behalf_of=True, processing_ended_on=on("2026-10-31"))
    assert outcome(contact) is Outcome.DISPOSE
    decision = decide_one(changed(contact, **values), *others)
    assert (decision.outcome, codes(decision)) == (Outcome.REFER, [ReasonCode.ROLES_IN_CONFLICT])


def test_processor_data_of_somebody_we_may_know_ourselves_is_not_disposed_of() -> None:
    contact = a_contact(processed_on_behalf_of=True, processing_ended_on=on("2026-10-31"), opt_out=UNKNOWN)
    decision = decide_one(contact)
    assert (decision.outcome, codes(decision)) == (Outcome.UNDETERMINED, [ReasonCode.REFERRAL_UNKNOWN])
    assert rules(decision) == ["processor-data"]


def test_a_record_that_a_person_restored_is_referred() -> None:
    decision = decide_one(DUE, around=around(histories={101: History(restored=True)}))
    assert (decision.outcome, codes(decision)) == (Outcome.REFER, [ReasonCode.RESTORED_BY_A_PERSON])


def test_every_ground_to_refer_is_named() -> None:
    contact = changed(DUE, entered_customer_at=at("2025-03-01T10:00"), erasure_requested_at=ASKED)
    contact = changed(contact, enquiry=(ASKED + SECOND, None, None))
    decision = decide_one(contact, around=around(histories={101: History(restored=True)}))
    assert codes(decision) == [
        ReasonCode.RESTORED_BY_A_PERSON,
        ReasonCode.END_CONTRADICTED,
        ReasonCode.WROTE_AFTER_REQUEST,
    ]


# Whatever the outcome


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"legal_hold": True}, Outcome.HELD),
        ({"event_on": UNKNOWN}, Outcome.UNDETERMINED),
        ({"stage": "customer"}, Outcome.REFER),
        ({}, Outcome.DISPOSE),
    ],
)
def test_the_clock_of_a_request_runs_and_marketing_ends_whatever_the_outcome(values: Any, wanted: Outcome) -> None:
    contact = a_contact(erasure_requested_at=at("2027-01-31T09:00"), **values)
    decision = decide_one(contact, around=around("2027-02-01T10:00+01:00"))
    assert decision.outcome is wanted
    assert decision.answer_by == at("2027-02-28T09:00")
    assert decision.marketing_ends is True


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ({"opt_out": OPTED_OUT}, True),
        ({"consent_withdrawn_at": ASKED}, True),
        ({"erasure_requested_at": ASKED}, True),
        ({"restricted": True}, True),
        ({}, False),
        ({"opt_out": UNKNOWN}, False),
        ({"restricted": UNKNOWN}, False),
    ],
)
def test_marketing_ends_for_who_said_so_or_is_restricted(values: Any, ends: bool) -> None:
    decision = decide_one(a_contact(**values))
    assert decision.marketing_ends is ends
    assert (decision.answer_by is not None) == ("erasure_requested_at" in values)


def test_a_restriction_of_the_register_holds_and_ends_marketing() -> None:
    decision = decide_one(DUE, around=around(requests={101: Requests(restricts=True)}))
    assert (decision.outcome, decision.marketing_ends) == (Outcome.HELD, True)


def test_a_deal_has_no_request_and_no_marketing() -> None:
    decision = decide_one(a_deal(customer_until=ENDED))
    assert (decision.answer_by, decision.marketing_ends) == (None, False)
