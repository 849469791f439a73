"""What the request register says of a contact (semantics 3)."""

from typing import Any

import pytest

from hubspot_retention.core.facts.contact import NO_REQUESTS, Requests
from hubspot_retention.core.policy.model import answer_by
from hubspot_retention.core.record import RecordId
from hubspot_retention.core.request import RequestEnd, RequestKind, RequestRegister, SubjectRequest, requests_of
from tests.builders import a_contact, at
from tests.documents import clienti
from tests.observed import around, contact_facts

EARLY, LATE = at("2026-11-01T10:00"), at("2026-11-10T10:00")


def a_request(kind: RequestKind = RequestKind.ERASURE, **values: Any) -> SubjectRequest:
    found: dict[str, Any] = {
        "request_id": 1,
        "contact_id": RecordId(101),
        "kind": kind,
        "received_at": EARLY,
        "recorded_by": "anna.k",
    }
    return SubjectRequest(**found | values)


def test_an_empty_register_says_nothing() -> None:
    assert requests_of(()) is NO_REQUESTS
    assert requests_of([a_request(RequestKind.RECTIFICATION)]) == NO_REQUESTS
    assert RequestRegister().of(a_contact(101)) is NO_REQUESTS


def test_the_earliest_open_erasure_request_counts() -> None:
    found = requests_of([a_request(received_at=LATE), a_request()])
    assert found == Requests(erasure_at=EARLY)


@pytest.mark.parametrize("end", RequestEnd)
def test_a_closed_request_however_it_ended_no_longer_counts(end: RequestEnd) -> None:
    closed = a_request(closed_at=LATE, end=end)
    assert requests_of([closed]) == Requests(closed_at=frozenset((EARLY,)))
    assert requests_of([closed, a_request(received_at=LATE)]).erasure_at == LATE


@pytest.mark.parametrize("kind", [RequestKind.OBJECTION, RequestKind.ACCESS, RequestKind.PORTABILITY])
def test_an_open_objection_access_or_portability_request_restricts(kind: RequestKind) -> None:
    assert requests_of([a_request(kind)]).restricts
    assert requests_of([a_request(kind, closed_at=LATE)]) == NO_REQUESTS


def test_a_withdrawal_of_consent_counts_until_it_is_closed() -> None:
    assert requests_of([a_request(RequestKind.WITHDRAWAL)]) == Requests(withdrawn_at=EARLY)
    closed = requests_of([a_request(RequestKind.WITHDRAWAL, closed_at=LATE)])
    assert closed == Requests(withdrawals_closed_at=frozenset((EARLY,)))


def test_the_register_stands_before_the_contacts_property_of_withdrawn_consent() -> None:
    seen = a_contact(101, consent_withdrawn_at=EARLY)
    open_since = contact_facts(seen, around=around(requests={101: Requests(withdrawn_at=LATE)}))
    assert open_since.consent_withdrawn_at == LATE
    closed = contact_facts(seen, around=around(requests={101: Requests(withdrawals_closed_at=frozenset((EARLY,)))}))
    assert closed.consent_withdrawn_at is None


def test_a_request_on_a_merged_away_id_binds_the_winner() -> None:
    register = RequestRegister.of_all([a_request(), a_request(RequestKind.OBJECTION, contact_id=RecordId(99))])
    found = register.of(a_contact(101, merged_ids=(RecordId(99),)))
    assert found == Requests(erasure_at=EARLY, restricts=True)
    assert register.of(a_contact(102)) == NO_REQUESTS


@pytest.mark.parametrize("kind", [RequestKind.ERASURE, RequestKind.RECTIFICATION])
def test_no_other_request_restricts(kind: RequestKind) -> None:
    assert not requests_of([a_request(kind)]).restricts


def test_a_request_is_answered_within_thirty_days_or_a_month_whichever_is_earlier() -> None:
    assert answer_by(clienti(), at("2027-01-31T09:00")) == at("2027-02-28T09:00")
    assert answer_by(clienti(), at("2026-10-31T09:00")) == at("2026-11-30T09:00")
