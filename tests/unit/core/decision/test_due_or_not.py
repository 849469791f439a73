"""Semantics 4 and 5, step 4: which rules are due, which one decides, what else may follow."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hubspot_retention.core.criteria import Holds, Known
from hubspot_retention.core.decision.model import Decision, Outcome, ReasonCode
from hubspot_retention.core.facts.observation import ContactObservation, OptOut
from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.policy.model import Disposition, Keep, Start
from tests.builders import a_company, a_contact, a_customer, a_deal, at, changed, link, on
from tests.documents import clienti
from tests.observed import AS_OF, Record, around, decide_one

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
ASKED = at("2026-11-20T09:00")
OPTED_OUT_AT = at("2026-11-20T13:30")
OPTED_OUT = OptOut(OPTED_OUT_AT)
ENDED = on("2024-10-31")
RECENT_END = on("2026-01-31")
SILENT = at("2025-08-01T08:00")


def codes(decision: Decision) -> list[ReasonCode]:
    return [reason.code for reason in decision.reasons]


def outcome(record: Record, *others: Record, **known: Any) -> Outcome:
    return decide_one(record, *others, around=around(**known)).outcome


def disposal(record: Record, *others: Record, **known: Any) -> tuple[Any, ...]:
    """Rule, disposition, `due_at` and `erase_by`."""
    found = decide_one(record, *others, around=around(**known))
    assert found.outcome is Outcome.DISPOSE
    return found.rule, found.disposition, found.due_at, found.erase_by


def a_lead(**values: Any) -> ContactObservation:
    """Somebody who was active yesterday."""
    return a_contact(**{"active_at": AS_OF - DAY} | values)


# Each of Clienti's disposing rules


def test_an_erasure_request_is_due_at_once_within_thirty_days_or_a_month() -> None:
    found = disposal(a_lead(erasure_requested_at=ASKED))
    assert found == ("erasure-request", Disposition.ERASE, ASKED, ASKED + 30 * DAY)
    february = at("2027-01-31T09:00")
    found = disposal(a_lead(erasure_requested_at=february), as_of="2027-02-01T10:00+01:00")
    assert found == ("erasure-request", Disposition.ERASE, february, at("2027-02-28T09:00"))


def test_a_withdrawn_consent_is_due_at_once_within_thirty_days() -> None:
    found = disposal(a_lead(consent_withdrawn_at=ASKED))
    assert found == ("consent-withdrawn", Disposition.ERASE, ASKED, ASKED + 30 * DAY)


def test_who_unsubscribed_is_due_at_once_within_five_days() -> None:
    found = disposal(a_lead(opt_out=OPTED_OUT))
    assert found == ("unsubscribed", Disposition.ERASE, OPTED_OUT_AT, OPTED_OUT_AT + 5 * DAY)


def test_a_former_customer_is_due_when_the_last_day_of_twenty_four_months_is_over() -> None:
    found = disposal(a_customer(customer_until=ENDED))
    assert found == ("former-customer", Disposition.ERASE, at("2026-10-31T23:00"), at("2026-11-30T23:00"))
    assert outcome(a_customer(customer_until=ENDED), as_of=at("2026-10-31T22:59:59")) is Outcome.RETAIN


def test_an_inactive_contact_is_due_twelve_months_after_the_last_activity_and_archived_within_four() -> None:
    found = disposal(a_contact(active_at=at("2025-08-01T08:00")))
    assert found == ("inactive-contact", Disposition.ARCHIVE, at("2026-08-01T08:00"), at("2026-12-01T09:00"))


def test_processor_data_is_due_when_the_day_of_the_agreements_end_is_over() -> None:
    contact = a_contact(processed_on_behalf_of=True, processing_ended_on=on("2026-10-31"))
    assert disposal(contact)[:3] == ("processor-data", Disposition.ERASE, at("2026-10-31T23:00"))


def test_a_lost_deal_is_due_twelve_months_after_it_closed() -> None:
    deal = a_deal(won=False, closed_at=at("2025-09-15T00:00"))
    assert disposal(deal)[:3] == ("lost-deal", Disposition.ARCHIVE, at("2026-09-15T00:00"))


def test_an_agreement_is_due_when_five_years_and_those_of_the_books_are_over() -> None:
    deal = a_deal(closed_at=at("2020-02-01T10:00"), customer_until=on("2020-06-30"))
    assert disposal(deal)[:3] == ("agreement", Disposition.ARCHIVE, at("2025-12-31T23:00"))
    later = changed(deal, customer_until=on("2021-01-01"))
    assert decide_one(later).until == at("2026-12-31T23:00")


def test_the_books_are_kept_by_the_financial_year_of_the_policy() -> None:
    policy = clienti()
    june = replace(policy.financial_year_end, month=6, day=30)
    terms = replace(policy.terms, financial_year_end=june)
    deal = a_deal(closed_at=at("2020-02-01T10:00"), customer_until=on("2020-07-01"))
    assert disposal(deal)[2] == at("2025-12-31T23:00")
    found = decide_one(deal, around=around(policy=replace(policy, terms=terms)))
    assert (found.outcome, found.due_at) == (Outcome.DISPOSE, at("2026-06-30T22:00"))


# Keeps push the effective instant


def test_a_keep_that_is_not_overridden_outlasts_the_disposal() -> None:
    found = decide_one(a_contact(opt_out=OPTED_OUT, event_on=on("2026-12-01")))
    assert (found.outcome, found.until) == (Outcome.RETAIN, at("2026-12-31T23:00"))
    assert ReasonCode.KEEP_RUNS in codes(found)


@pytest.mark.parametrize(
    ("values", "others", "stays"),
    [
        ({"deals": (201,)}, (a_deal(closed=False, won=False),), {"erasure_requested_at": False, "opt_out": True}),
        ({"event_on": on("2026-12-01")}, (), {"erasure_requested_at": False, "consent_withdrawn_at": True}),
        ({"customer_until": RECENT_END}, (), {"erasure_requested_at": False, "opt_out": True}),
        ({"companies": (link(301),)}, (a_company(kind="PARTNER"),), {"erasure_requested_at": True, "opt_out": True}),
        ({"companies": (link(301),)}, (a_company(stage="customer"),), {"erasure_requested_at": True}),
        ({"stage": "customer"}, (), {"erasure_requested_at": True, "opt_out": True, "consent_withdrawn_at": True}),
    ],
)
def test_an_exercised_right_overrides_the_bases_that_its_rule_names_and_no_others(
    values: Any, others: tuple[Record, ...], stays: dict[str, bool]
) -> None:
    rights: dict[str, Any] = {"erasure_requested_at": ASKED, "consent_withdrawn_at": ASKED, "opt_out": OPTED_OUT}
    for name, kept in stays.items():
        contact = a_contact(**{"active_at": AS_OF - DAY} | values | {name: rights[name]})
        assert (outcome(contact, *others) is not Outcome.DISPOSE) == kept, name


def test_a_disposal_tells_every_rule_that_is_due_and_since_when_and_nothing_else_does() -> None:
    silent = a_contact(active_at=SILENT, opt_out=OPTED_OUT)
    unsubscribed, inactive = ("unsubscribed", OPTED_OUT_AT), ("inactive-contact", at("2026-08-01T08:00"))
    assert decide_one(silent).due == (unsubscribed, inactive)
    assert decide_one(a_contact(active_at=SILENT)).due == (inactive,)
    dialogue = changed(silent, deals=(201,), erasure_requested_at=ASKED)
    assert decide_one(dialogue, a_deal(closed=False, won=False)).due == (("erasure-request", ASKED),)
    assert decide_one(a_lead()).due == ()


def test_an_overridden_keep_is_named() -> None:
    contact = a_contact(erasure_requested_at=ASKED, deals=(201,))
    found = decide_one(contact, a_deal(closed=False, won=False))
    assert codes(found) == [ReasonCode.PERIOD_ENDED, ReasonCode.KEEP_OVERRIDDEN]
    assert found.reasons[1].rule == "open-dialogue"


def test_an_overridden_keep_that_had_ended_anyway_is_not_named() -> None:
    found = decide_one(a_lead(erasure_requested_at=ASKED, event_on=on("2026-01-31")))
    assert codes(found) == [ReasonCode.PERIOD_ENDED]


def test_an_overridden_keep_that_ended_at_the_very_instant_is_not_named() -> None:
    found = decide_one(a_lead(erasure_requested_at=at("2026-11-20T23:00"), event_on=on("2026-10-21")))
    assert codes(found) == [ReasonCode.PERIOD_ENDED]


def test_an_inactive_contact_is_kept_by_anything() -> None:
    silent = a_contact(active_at=SILENT, event_on=on("2026-11-01"))
    assert decide_one(silent).until == at("2026-12-01T23:00")


def test_a_keep_that_has_ended_still_moves_the_effective_instant() -> None:
    found = disposal(a_contact(opt_out=OPTED_OUT, event_on=on("2026-10-22")))
    assert found[2] == at("2026-11-21T23:00")


def test_a_new_enquiry_keeps_who_left_for_twelve_months() -> None:
    wrote = at("2026-11-21T10:00")
    found = decide_one(a_contact(opt_out=OPTED_OUT, wrote_at=wrote))
    assert (found.outcome, found.until) == (Outcome.RETAIN, at("2027-11-21T10:00"))
    assert outcome(a_contact(opt_out=OPTED_OUT, wrote_at=OPTED_OUT_AT)) is Outcome.DISPOSE
    assert outcome(a_customer(customer_until=ENDED, wrote_at=at("2024-10-31T22:00"))) is Outcome.DISPOSE
    assert outcome(a_contact(opt_out=OPTED_OUT, consent_withdrawn_at=AS_OF - SECOND, wrote_at=wrote)) is Outcome.DISPOSE


def test_an_enquiry_of_somebody_who_never_left_is_no_ground_of_its_own() -> None:
    found = decide_one(a_contact(wrote_at=at("2026-11-01T10:00")))
    assert {reason.rule for reason in found.reasons} == {"inactive-contact"}


# Several rules are due


def test_an_exercised_right_decides_before_an_older_duty_whose_deadline_still_counts() -> None:
    contact = a_customer(customer_until=on("2024-09-30"), erasure_requested_at=ASKED)
    assert disposal(contact) == ("erasure-request", Disposition.ERASE, ASKED, at("2026-10-30T22:00"))


def test_among_rights_the_earliest_deadline_decides() -> None:
    found = decide_one(a_lead(opt_out=OPTED_OUT, erasure_requested_at=ASKED, consent_withdrawn_at=ASKED))
    assert (found.rule, found.due_at, found.right) == ("unsubscribed", OPTED_OUT_AT, True)
    assert found.erase_by == OPTED_OUT_AT + 5 * DAY
    assert [reason.code for reason in found.reasons].count(ReasonCode.PERIOD_ENDED) == 3


def test_of_equal_rules_the_first_of_the_policy_decides() -> None:
    assert decide_one(a_contact(erasure_requested_at=ASKED, consent_withdrawn_at=ASKED)).rule == "erasure-request"


def test_it_is_an_erasure_if_any_rule_that_is_due_erases() -> None:
    policy = clienti()
    rule = policy.rule("former-customer")
    assert rule is not None
    assert rule.dispose is not None
    archive = replace(rule, rule_id="first", dispose=replace(rule.dispose, disposition=Disposition.ARCHIVE))
    both = replace(policy, rules=(archive, *policy.rules))
    found = decide_one(a_customer(customer_until=ENDED), around=around(policy=both))
    assert (found.rule, found.disposition) == ("first", Disposition.ERASE)


def test_the_deadline_may_lie_before_it_was_due() -> None:
    contact = a_customer(customer_until=on("2020-01-31"), erasure_requested_at=ASKED)
    found = decide_one(contact)
    assert found.due_at is not None
    assert found.erase_by is not None
    assert found.erase_by < found.due_at


def test_every_rule_that_matches_leaves_its_start_for_later_runs() -> None:
    found = decide_one(a_customer(customer_until=ENDED, opt_out=OPTED_OUT))
    assert dict(found.starts) == {"customer_until": ENDED, "unsubscribed_at": OPTED_OUT_AT}


# None is due


def test_an_outweighed_request_is_referred_and_the_keeps_are_named() -> None:
    found = decide_one(a_customer(erasure_requested_at=ASKED))
    assert found.outcome is Outcome.REFER
    assert codes(found) == [ReasonCode.REQUEST_OUTWEIGHED, ReasonCode.KEEP_WITHOUT_END]
    assert found.reasons[1].rule == "active-customer"


def test_a_keep_that_has_ended_does_not_outweigh_a_request() -> None:
    contact = a_lead(erasure_requested_at=ASKED, event_on=on("2024-05-01"), companies=(link(301),))
    found = decide_one(contact, a_company(kind="PARTNER"))
    assert (found.outcome, codes(found)[0]) == (Outcome.REFER, ReasonCode.REQUEST_OUTWEIGHED)
    assert [reason.rule for reason in found.reasons[1:]] == ["partner"]


def test_a_keep_that_has_ended_does_not_carry_a_relationship_that_nobody_has_confirmed() -> None:
    ends, contact = at("2026-12-01T23:00"), a_customer(active_at=SILENT, event_on=on("2026-11-01"))
    before, after = (decide_one(contact, around=around(as_of)) for as_of in (ends - SECOND, ends))
    assert codes(before)[0] is codes(after)[0] is ReasonCode.RELATIONSHIP_UNCONFIRMED
    assert [reason.rule for reason in before.reasons[1:]] == ["active-customer", "event-participant", "former-customer"]
    assert [reason.rule for reason in after.reasons[1:]] == ["active-customer", "former-customer"]


def test_a_request_of_tomorrow_is_referred_and_not_forgotten() -> None:
    assert outcome(a_lead(erasure_requested_at=AS_OF + 3 * DAY)) is Outcome.REFER


@pytest.mark.parametrize(
    ("contact", "code"),
    [
        (a_contact(active_at=UNKNOWN), ReasonCode.START_UNKNOWN),
        (a_contact(created_at=None), ReasonCode.START_UNKNOWN),
        (a_contact(active_at=AS_OF + DAY + SECOND), ReasonCode.START_IN_FUTURE),
        (a_contact(active_at=AS_OF - DAY, opt_out=UNKNOWN), ReasonCode.RULE_MATCH_UNKNOWN),
        (a_contact(consent_withdrawn_at=AS_OF + DAY + SECOND, active_at=AS_OF), ReasonCode.START_IN_FUTURE),
        (a_customer(customer_until=RECENT_END, activity=(UNKNOWN,)), ReasonCode.LAST_ACTIVITY_UNKNOWN),
        (a_customer(active_at=AS_OF + DAY + SECOND), ReasonCode.LAST_ACTIVITY_IN_FUTURE),
        (a_deal(won=False, closed_at=None), ReasonCode.START_UNKNOWN),
        (a_deal(won=False, closed_at=AS_OF + DAY + SECOND), ReasonCode.START_IN_FUTURE),
        (a_deal(won=False, closed_at=AS_OF, contacted_at=AS_OF + DAY + SECOND), ReasonCode.LAST_ACTIVITY_IN_FUTURE),
    ],
)
def test_a_rule_in_doubt_or_a_senseless_activity_leaves_it_undetermined(contact: Any, code: ReasonCode) -> None:
    found = decide_one(contact)
    assert found.outcome is Outcome.UNDETERMINED
    assert code in codes(found)


def test_a_day_of_tolerance_is_given_to_clocks() -> None:
    assert outcome(a_contact(active_at=AS_OF + DAY)) is Outcome.RETAIN
    assert outcome(a_customer(active_at=AS_OF + DAY)) is Outcome.RETAIN


def test_doubt_about_one_rule_does_not_stand_against_another_that_is_due() -> None:
    assert outcome(a_contact(erasure_requested_at=ASKED, active_at=UNKNOWN)) is Outcome.DISPOSE


def test_an_ongoing_relationship_that_nobody_confirmed_for_twelve_months_is_referred() -> None:
    found = decide_one(a_customer(active_at=AS_OF - 366 * DAY))
    assert (found.outcome, codes(found)[0]) == (Outcome.REFER, ReasonCode.RELATIONSHIP_UNCONFIRMED)
    assert outcome(a_customer(active_at=at("2025-11-22T08:00:00"))) is Outcome.REFER
    assert outcome(a_customer(active_at=at("2025-11-22T08:00:01"))) is Outcome.RETAIN


def test_an_open_deal_that_nobody_touched_for_twelve_months_is_referred() -> None:
    deal = a_deal(closed=False, won=False, closed_at=None, contacted_at=at("2025-11-22T08:00:01"))
    assert outcome(deal) is Outcome.RETAIN
    assert outcome(changed(deal, contacted_at=None)) is Outcome.REFER


def test_a_customer_of_whom_no_activity_is_known_at_all_is_retained() -> None:
    found = decide_one(a_customer(created_at=None))
    assert (found.outcome, found.until) == (Outcome.RETAIN, None)


def test_processor_data_is_retained_without_end_however_long_nothing_happened() -> None:
    found = decide_one(a_contact(processed_on_behalf_of=True))
    assert (found.outcome, found.until) == (Outcome.RETAIN, None)


def test_processor_data_whose_end_cannot_be_read_is_retained_and_says_why() -> None:
    found = decide_one(a_contact(processed_on_behalf_of=True, processing_ended_on=UNKNOWN))
    assert (found.outcome, found.until) == (Outcome.RETAIN, None)
    assert codes(found) == [ReasonCode.START_UNKNOWN]


def test_a_keep_that_has_a_start_is_unknown_in_its_end_where_its_condition_is_unknown() -> None:
    policy = clienti()
    rule = policy.rule("partner")
    assert rule is not None
    keep = Keep(condition=Holds("is_partner"), start=Start(fact="event_on"))
    kept = replace(rule, rule_id="extra", when=Known("last_activity_at"), keep=keep)
    present = around(policy=replace(policy, rules=(kept,)))
    found = decide_one(a_lead(companies=(link(301),), event_on=ENDED), a_company(kind=UNKNOWN), around=present)
    assert (found.outcome, codes(found)) == (Outcome.UNDETERMINED, [ReasonCode.KEEP_END_UNKNOWN])


def test_processor_data_under_a_keep_that_cannot_be_read_is_not_disposed_of() -> None:
    policy = clienti()
    rule = policy.rule("processor-data")
    assert rule is not None
    kept = replace(rule, keep=Keep(condition=Holds("is_partner")), refer_when=None)
    others = (kept, *(other for other in policy.rules if other is not rule))
    contact = a_contact(processed_on_behalf_of=True, processing_ended_on=ENDED, companies=(link(301),))
    present = around(policy=replace(policy, rules=others))
    assert decide_one(contact, a_company(), around=present).outcome is Outcome.DISPOSE
    found = decide_one(contact, a_company(kind=UNKNOWN), around=present)
    assert (found.outcome, codes(found)) == (Outcome.RETAIN, [ReasonCode.KEEP_MATCH_UNKNOWN])


def test_no_other_rule_applies_to_processor_data() -> None:
    found = decide_one(a_contact(processed_on_behalf_of=True, active_at=SILENT))
    assert {reason.rule for reason in found.reasons} == {"processor-data"}


def test_what_is_retained_names_its_keeps_and_the_earliest_instant_at_which_it_may_end() -> None:
    found = decide_one(a_customer(customer_until=on("2027-01-31"), active_at=AS_OF - DAY))
    assert (found.outcome, found.until) == (Outcome.RETAIN, at("2029-01-31T23:00"))
    keeps = {reason.rule: reason.at for reason in found.reasons if reason.code is ReasonCode.KEEP_RUNS}
    assert keeps == {"active-customer": at("2027-01-31T23:00"), "former-customer": at("2029-01-31T23:00")}
    assert codes(found)[-1] is ReasonCode.NOT_YET_DUE


def test_a_keep_that_has_ended_does_not_carry_what_is_retained() -> None:
    found = decide_one(a_lead(event_on=on("2024-05-01")))
    assert (found.outcome, codes(found)) == (Outcome.RETAIN, [ReasonCode.NOT_YET_DUE])


def test_a_gap_in_the_policy_is_referred() -> None:
    policy = clienti()
    fewer = tuple(rule for rule in policy.rules if rule.rule_id != "inactive-contact")
    found = decide_one(a_contact(), around=around(policy=replace(policy, rules=fewer)))
    assert (found.outcome, codes(found)) == (Outcome.REFER, [ReasonCode.NO_RULE_MATCHES])


def test_a_while_keep_with_a_start_ends_with_the_start_once_its_condition_fails() -> None:
    contact = a_contact(processed_on_behalf_of=True, processing_ended_on=on("2026-11-21"))
    assert disposal(contact)[2] == at("2026-11-21T23:00")


def test_a_while_keep_whose_condition_fails_is_no_ground() -> None:
    policy = clienti()
    rule = policy.rule("partner")
    assert rule is not None
    assert rule.keep is not None
    other = replace(rule, rule_id="extra", when=Known("last_activity_at"))
    wider = replace(policy, rules=(*policy.rules, other))
    assert outcome(a_contact(active_at=SILENT), policy=wider) is Outcome.DISPOSE
    contact = a_contact(active_at=SILENT, companies=(link(301),))
    assert outcome(contact, a_company(kind="PARTNER"), policy=wider) is not Outcome.DISPOSE


def test_a_keep_whose_start_is_absent_leaves_it_undetermined() -> None:
    policy = clienti()
    rule = policy.rule("partner")
    assert rule is not None
    keep = Keep(start=Start(fact="event_on"), period=clienti().terms.review_after)
    wider = replace(
        policy, rules=(*policy.rules, replace(rule, rule_id="extra", when=Known("last_activity_at"), keep=keep))
    )
    found = decide_one(a_contact(active_at=SILENT), around=around(policy=wider))
    assert (found.outcome, codes(found)) == (Outcome.UNDETERMINED, [ReasonCode.KEEP_END_UNKNOWN])
