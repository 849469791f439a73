"""What webhooks tell of records in hand, and when a fresh read can still be believed."""

import pytest

from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.core.webhook.event import Event
from hubspot_retention.core.webhook.heard import Listening, hold_properties
from tests.builders import at
from tests.documents import clienti

HOLDS = hold_properties(clienti())
LISTENING = Listening(portal_id=PortalId(25412345), holds=HOLDS, app_id="39522895")


def record(text: str) -> RecordRef:
    return RecordRef.parse(text)


IN_HAND = [record("contacts/101")]
AROUND = [*IN_HAND, record("deals/21"), record("companies/11"), record("contacts/102")]
CLASSES = {"contact": ObjectType.CONTACT, "deal": ObjectType.DEAL, "company": ObjectType.COMPANY}


def told(event_type: str, number: int, name: str = "", **more: object) -> Event:
    said: dict[str, object] = {
        "portal_id": 25412345,
        "subscription_id": 7,
        "event_id": 1,
        "event_type": event_type,
        "object_type": CLASSES.get(event_type.partition(".")[0]),
        "object_id": number,
        "occurred_at": at("2026-11-22T09:00"),
        "property_name": name,
    }
    return Event(**(said | more))  # type: ignore[arg-type]


def doubts(*events: Event) -> bool:
    return LISTENING.doubts(events, IN_HAND, AROUND)


def test_what_may_hold_or_restrict_is_derived_from_the_policy() -> None:
    assert {(kind.value, name) for kind, name in HOLDS} == {
        ("contacts", "legal_hold"),
        ("contacts", "processing_restricted"),
        ("deals", "legal_hold"),
        ("deals", "outstanding_balance"),
        ("companies", "legal_hold"),
    }
    assert LISTENING.properties == {"legal_hold", "processing_restricted", "outstanding_balance"}


def test_nothing_told_is_no_doubt() -> None:
    assert not doubts()


@pytest.mark.parametrize(
    ("kind", "name"),
    [("propertyChange", "lifecyclestage"), ("creation", ""), ("deletion", ""), ("somethingNew", ""), ("merge", "")],
)
def test_whatever_is_told_of_the_record_itself_makes_it_doubtful(kind: str, name: str) -> None:
    assert doubts(told(f"contact.{kind}", 101, name))


@pytest.mark.parametrize(
    "event",
    [
        told("deal.propertyChange", 21, "legal_hold"),
        told("deal.propertyChange", 21, "outstanding_balance"),
        told("company.propertyChange", 11, "legal_hold"),
        told("contact.propertyChange", 102, "legal_hold"),
        told("deal.associationChange", 21, others=(("from", 21), ("to", 900))),
        told("company.merge", 11, others=(("primary", 11), ("merged", 12))),
    ],
)
def test_what_may_bring_a_hold_to_a_record_around_it_makes_it_doubtful(event: Event) -> None:
    assert doubts(event)


@pytest.mark.parametrize(
    "event",
    [
        told("deal.propertyChange", 21, "closedate"),
        told("company.propertyChange", 11, "outstanding_balance"),
        told("contact.deletion", 102),
        told("contact.privacyDeletion", 102),
        told("deal.propertyChange", 99, "legal_hold"),
        told("company.associationChange", 99),
        told("contact.propertyChange", 103, "lifecyclestage"),
    ],
)
def test_what_holds_nobody_or_is_about_others_is_no_doubt(event: Event) -> None:
    assert not doubts(event)


@pytest.mark.parametrize("role", ["primary", "merged", "new"])
def test_a_merge_concerns_every_record_that_it_names(role: str) -> None:
    assert doubts(told("contact.merge", 900, others=((role, 101),)))


def test_an_association_names_ids_of_another_class() -> None:
    """Contact 900 and company 101: nobody here."""
    assert not doubts(told("contact.associationChange", 900, others=(("to", 101),)))


@pytest.mark.parametrize("word", CLASSES)
def test_what_comes_back_from_the_bin_makes_everything_in_hand_doubtful(word: str) -> None:
    assert doubts(told(f"{word}.restore", 900))


def test_a_class_that_holds_nobody_does_not_by_coming_back() -> None:
    assert not doubts(told("ticket.restore", 101))


def test_what_our_own_app_wrote_is_no_doubt() -> None:
    ours = {"change_source": "INTEGRATION", "source_id": "39522895"}
    assert not doubts(told("contact.propertyChange", 101, "legal_hold", **ours))
    assert not doubts(told("contact.associationChange", 101, **ours))
    assert doubts(told("contact.deletion", 101, **ours))
    assert doubts(told("contact.propertyChange", 101, "legal_hold", change_source="INTEGRATION", source_id="1"))
    assert doubts(told("contact.propertyChange", 101, "legal_hold", change_source="CRM_UI", source_id="39522895"))


def test_where_our_own_app_is_not_known_no_write_is_taken_for_ours() -> None:
    nobody = Listening(portal_id=LISTENING.portal_id, holds=HOLDS)
    event = told("contact.propertyChange", 101, "legal_hold", change_source="INTEGRATION")
    assert nobody.doubts([event], IN_HAND, AROUND)


def test_what_another_portal_tells_is_no_doubt() -> None:
    assert not doubts(told("contact.propertyChange", 101, "legal_hold", portal_id=7))


def test_one_event_of_many_is_enough() -> None:
    others = [told("contact.propertyChange", number, "lifecyclestage") for number in (900, 901)]
    assert doubts(*others, told("contact.propertyChange", 101, "legal_hold"))


def test_an_event_without_a_class_is_about_no_record() -> None:
    assert told("object.propertyChange", 101, object_type=None).records == frozenset()
    assert told("contact.deletion", 101, others=(("merged", 5),)).records == {
        RecordRef(ObjectType.CONTACT, RecordId(101))
    }
