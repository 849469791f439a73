from datetime import UTC, datetime
from typing import Any

import pytest

from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.portal import Engagement
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.errors import PortalDeniedError
from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.scopes import ALL_SCOPES
from tests.unit.hubspot.surroundings import a_contact, a_document, a_portal, a_record

AT = "2024-05-01T10:00:00Z"
DOCUMENT = a_document(
    contacts=[a_contact(1), a_contact(2), a_contact(3)],
    deals=[a_record(20)],
    tickets=[a_record(30)],
    notes=[a_record(40, hs_timestamp=AT, hs_attachment_ids="7; 8;")],
    emails=[a_record(50, hs_timestamp="2024-06-01T10:00:00Z")],
    calls=[a_record(60)],
    meetings=[a_record(70, hs_timestamp=AT)],
    tasks=[a_record(80, hs_timestamp=AT)],
    associations=[
        {"from": "notes/40", "to": "contacts/1"},
        {"from": "notes/40", "to": "contacts/2"},
        {"from": "notes/40", "to": "deals/20"},
        {"from": "notes/40", "to": "tickets/30"},
        {"from": "emails/50", "to": "contacts/1"},
        {"from": "calls/60", "to": "contacts/1"},
        {"from": "meetings/70", "to": "contacts/2"},
        {"from": "tasks/80", "to": "deals/20"},
    ],
)


def ids(*numbers: int) -> list[RecordId]:
    return [RecordId(number) for number in numbers]


def test_every_kind_of_engagement_comes_with_all_it_hangs_on() -> None:
    with a_portal(DOCUMENT) as surroundings:
        found = surroundings.portal.correspondence(ObjectType.CONTACT, ids(1, 2, 3))
    first, second = found[RecordId(1)], found[RecordId(2)]
    assert isinstance(first, tuple)
    assert isinstance(second, tuple)
    assert first[0] == Engagement(
        ref=RecordRef(ObjectType.NOTE, RecordId(40)),
        occurred_at=datetime(2024, 5, 1, 10, tzinfo=UTC),
        contacts=(RecordId(1), RecordId(2)),
        deals=(RecordId(20),),
        tickets=(RecordId(30),),
        files=("7", "8"),
    )
    assert [str(each.ref) for each in first] == ["notes/40", "emails/50", "calls/60"]
    assert (first[2].occurred_at, first[2].files) == (None, ())
    assert [str(each.ref) for each in second] == ["notes/40", "meetings/70"]
    assert found[RecordId(3)] == ()


def test_the_correspondence_of_a_deal_is_listed_too() -> None:
    with a_portal(DOCUMENT) as surroundings:
        found = surroundings.portal.correspondence(ObjectType.DEAL, ids(20))[RecordId(20)]
    assert isinstance(found, tuple)
    assert [str(each.ref) for each in found] == ["notes/40", "tasks/80"]


def test_which_engagements_contacts_have_takes_one_request_for_each_kind_of_them() -> None:
    with a_portal(DOCUMENT) as surroundings:
        found = surroundings.portal.letters_of(ids(1, 2, 3))
        assert len(list(surroundings.sandbox.journal.entries())) == 5
    told = {key: [str(each) for each in refs] for key, refs in found.items() if isinstance(refs, tuple)}
    assert told == {1: ["notes/40", "emails/50", "calls/60"], 2: ["notes/40", "meetings/70"], 3: []}


@pytest.mark.parametrize(
    ("fault", "third"), [({"kind": "error_before", "status": 500}, UNKNOWN), ({"kind": "partial_207"}, ())]
)
def test_whose_engagements_of_one_kind_cannot_be_read_they_are_unknown(fault: dict[str, Any], third: Any) -> None:
    with a_portal(DOCUMENT) as surroundings:
        surroundings.sandbox.gateway.faults.add({**fault, "path": "/contacts/notes/batch/read", "count": 99})
        found = surroundings.portal.letters_of(ids(3, 1))
    assert found == {1: UNKNOWN, 3: third}


def test_an_engagement_that_was_archived_meanwhile_is_not_there() -> None:
    with a_portal(DOCUMENT) as surroundings:
        surroundings.portal.archive(ObjectType.EMAIL, ids(50))
        found = surroundings.portal.correspondence(ObjectType.CONTACT, ids(1))[RecordId(1)]
    assert isinstance(found, tuple)
    assert [str(each.ref) for each in found] == ["notes/40", "calls/60"]


def test_one_kind_that_cannot_be_listed_makes_the_whole_correspondence_unknown() -> None:
    with a_portal(DOCUMENT) as surroundings:
        path = "/contacts/calls/batch/read"
        surroundings.sandbox.gateway.faults.add({"kind": "error_before", "path": path, "status": 500, "count": 99})
        found = surroundings.portal.correspondence(ObjectType.CONTACT, ids(1, 3))
    assert found == {RecordId(1): UNKNOWN, RecordId(3): UNKNOWN}


def test_what_an_engagement_hangs_on_is_unknown_when_it_cannot_be_read() -> None:
    with a_portal(DOCUMENT) as surroundings:
        path = "/notes/tickets/batch/read"
        surroundings.sandbox.gateway.faults.add({"kind": "error_before", "path": path, "status": 500, "count": 99})
        found = surroundings.portal.correspondence(ObjectType.CONTACT, ids(2))[RecordId(2)]
    assert isinstance(found, tuple)
    assert (found[0].tickets, found[0].deals, found[1].tickets) == (UNKNOWN, (RecordId(20),), ())


def test_half_an_answer_is_no_answer() -> None:
    with a_portal(DOCUMENT) as surroundings:
        fault = {"kind": "partial_207", "path": "/contacts/notes/batch/read", "count": 99}
        surroundings.sandbox.gateway.faults.add(fault)
        found = surroundings.portal.correspondence(ObjectType.CONTACT, ids(3, 1))
    assert found[RecordId(1)] is UNKNOWN
    assert found[RecordId(3)] == ()


def test_a_token_that_may_not_read_tickets_cannot_tell_what_hangs_on_them() -> None:
    scopes = ALL_SCOPES - {"crm.objects.tickets.read"}
    with (
        a_portal(DOCUMENT, SandboxOptions(scopes=frozenset(scopes))) as surroundings,
        pytest.raises(PortalDeniedError, match="tickets"),
    ):
        surroundings.portal.correspondence(ObjectType.CONTACT, ids(1))


def test_nobody_costs_no_request() -> None:
    with a_portal(DOCUMENT) as surroundings:
        assert surroundings.portal.correspondence(ObjectType.CONTACT, []) == {}
        assert not surroundings.sandbox.journal.entries()
