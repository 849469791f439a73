"""A decision as JSON: every key always present, instants in the policy's civil time, reasons with what they have."""

from hubspot_retention.core.decision.model import Decision, Outcome, Reason, ReasonCode
from hubspot_retention.core.decision.wire import decision_json
from hubspot_retention.core.policy.model import Disposition
from hubspot_retention.core.record import RecordRef
from tests.builders import at
from tests.documents import clienti

RECORD = RecordRef.parse("contacts/101")
KEYS = (
    "record",
    "outcome",
    "rule",
    "disposition",
    "due_at",
    "erase_by",
    "until",
    "answer_by",
    "marketing_ends",
    "reasons",
)


def test_every_key_is_present_whatever_the_outcome() -> None:
    found = decision_json(Decision(RECORD, Outcome.RETAIN, ()), clienti().civil)
    assert tuple(found) == KEYS
    assert found == dict.fromkeys(KEYS) | {
        "record": "contacts/101",
        "outcome": "retain",
        "marketing_ends": False,
        "reasons": [],
    }


def test_instants_are_shown_in_civil_time_with_their_offset() -> None:
    decision = Decision(
        RECORD,
        Outcome.DISPOSE,
        (Reason(ReasonCode.PERIOD_ENDED, "unsubscribed", at("2026-10-23T10:00")),),
        rule="unsubscribed",
        disposition=Disposition.ERASE,
        due_at=at("2026-10-23T10:00"),
        erase_by=at("2026-10-28T10:00"),
        answer_by=at("2026-11-22T10:00"),
    )
    found = decision_json(decision, clienti().civil)
    assert found["answer_by"] == "2026-11-22T11:00:00+01:00"
    assert (found["due_at"], found["erase_by"]) == ("2026-10-23T12:00:00+02:00", "2026-10-28T11:00:00+01:00")
    assert found["disposition"] == "erase"
    assert found["reasons"] == [{"code": "period-ended", "rule": "unsubscribed", "at": "2026-10-23T12:00:00+02:00"}]


def test_a_reason_says_only_what_it_has() -> None:
    reason = Reason(ReasonCode.HOLD_REGISTER, record=RECORD, matter="sag-1")
    found = decision_json(Decision(RECORD, Outcome.HELD, (reason,)), clienti().civil)
    assert found["reasons"] == [{"code": "hold-register", "record": "contacts/101", "matter": "sag-1"}]
