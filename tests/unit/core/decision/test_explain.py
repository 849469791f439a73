"""Every reason in words."""

import pytest

from hubspot_retention.core.decision.explain import sentence, words
from hubspot_retention.core.decision.model import Reason, ReasonCode
from hubspot_retention.core.record import RecordRef
from tests.builders import at
from tests.documents import clienti

CIVIL = clienti().civil


@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_is_a_sentence_about_one_record_and_a_few_words_about_several(code: ReasonCode) -> None:
    reason = Reason(code, "partner", at("2026-10-23T10:00"), RecordRef.parse("deals/7"), "sag-1")
    text = sentence(reason, CIVIL)
    assert text.endswith(".")
    assert "{" not in text
    assert "None" not in text
    assert words(code)


def test_a_sentence_names_the_rule_and_the_instant_in_civil_time() -> None:
    reason = Reason(ReasonCode.KEEP_RUNS, "event-participant", at("2026-12-31T23:00"))
    assert sentence(reason, CIVIL) == "Rule event-participant keeps it until 2027-01-01 00:00."


def test_a_sentence_about_a_hold_names_the_record_it_is_set_on() -> None:
    reason = Reason(ReasonCode.OUTSTANDING_DEBT, record=RecordRef.parse("deals/7"))
    assert sentence(reason, CIVIL) == "Money is owed on deals/7."


def test_what_a_reason_does_not_have_is_not_named() -> None:
    assert sentence(Reason(ReasonCode.HOLD_FLAG), CIVIL) == "A legal hold is set in HubSpot on the record."
    unknown = "It would be due, but whether a person must look at it first cannot be told"
    assert sentence(Reason(ReasonCode.REFERRAL_UNKNOWN), CIVIL) == f"{unknown}."
    assert sentence(Reason(ReasonCode.REFERRAL_UNKNOWN, "partner"), CIVIL) == f"{unknown} (rule partner)."
    assert sentence(Reason(ReasonCode.LAST_ACTIVITY_IN_FUTURE), CIVIL) == "Its last activity, , lies in the future."
