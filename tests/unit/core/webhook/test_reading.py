import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubspot_retention.core.record import ObjectType
from hubspot_retention.core.webhook.event import Event, EventKind
from hubspot_retention.core.webhook.reading import UnreadableEventsError, read_events
from tests.faults.forgeries import PORTAL, a_body, an_event


def read(**more: Any) -> Event:
    """The one event of a request."""
    (event,) = read_events(a_body(an_event(**more)))
    return event


def test_a_changed_property_is_read_with_its_ids_and_codes() -> None:
    assert read(occurredAt=1795348800123) == Event(
        portal_id=PORTAL,
        subscription_id=6547065,
        event_id=1641846346,
        event_type="contact.propertyChange",
        object_type=ObjectType.CONTACT,
        object_id=508369434347,
        occurred_at=datetime(2026, 11, 22, 12, 0, 0, 123_000, UTC),
        property_name="hs_email_optout",
        change_source="FORM",
        source_id="39522895",
    )


def test_a_deletion_as_hubspot_sends_it() -> None:
    found = read_events(
        b'[{"eventId":1641846346,"subscriptionId":6547065,"portalId":48975575,"appId":39522895,'
        b'"occurredAt":1782371970538,"subscriptionType":"contact.deletion","attemptNumber":0,'
        b'"objectId":508369434347,"changeFlag":"DELETED","changeSource":"INTEGRATION","sourceId":"39522895"}]'
    )
    assert [(event.kind, event.object_type, event.object_id) for event in found] == [
        (EventKind.DELETION, ObjectType.CONTACT, 508369434347)
    ]


def test_the_type_of_an_event_has_two_names() -> None:
    body = json.dumps([{"portalId": PORTAL, "eventType": "deal.creation", "objectId": 201}]).encode()
    assert read_events(body)[0].event_type == "deal.creation"
    assert read(subscriptionType="deal.creation", eventType="other").event_type == "deal.creation"


@pytest.mark.parametrize(
    ("type_id", "object_type"),
    [
        ("0-1", ObjectType.CONTACT),
        ("0-2", ObjectType.COMPANY),
        ("0-3", ObjectType.DEAL),
        ("0-5", ObjectType.TICKET),
        ("0-27", ObjectType.TASK),
        ("0-46", ObjectType.NOTE),
        ("0-47", ObjectType.MEETING),
        ("0-48", ObjectType.CALL),
        ("0-49", ObjectType.EMAIL),
        ("2-143967026", None),
        (None, None),
    ],
)
def test_a_generic_event_tells_the_object_by_its_type_id(type_id: str | None, object_type: ObjectType | None) -> None:
    event = read(subscriptionType="object.propertyChange", objectTypeId=type_id)
    assert (event.object_type, event.kind) == (object_type, EventKind.PROPERTY_CHANGE)


@pytest.mark.parametrize("word", ["contact", "company", "deal", "ticket"])
def test_a_classic_event_tells_the_object_by_its_word(word: str) -> None:
    event = read(subscriptionType=f"{word}.restore")
    assert event.object_type is not None
    assert event.object_type.name == word.upper()
    assert event.kind is EventKind.RESTORE


def test_a_merge_names_the_winner_the_losers_and_the_new_record() -> None:
    event = read(
        subscriptionType="contact.merge", objectId=101, primaryObjectId=101, mergedObjectIds=[102, 103], newObjectId=104
    )
    assert event.kind is EventKind.MERGE
    assert (event.named("primary"), event.named("merged"), event.named("new")) == ((101,), (102, 103), (104,))


def test_a_merge_without_an_object_id_is_about_what_it_left() -> None:
    merge = {"subscriptionType": "contact.merge", "objectId": None, "primaryObjectId": 101, "mergedObjectIds": [102]}
    assert read(**merge, newObjectId=104).object_id == 104
    assert read(**merge, newObjectId=None).object_id == 101


def test_a_changed_association_names_both_ends_and_is_about_the_first() -> None:
    event = read(subscriptionType="contact.associationChange", objectId=None, fromObjectId=101, toObjectId=201)
    assert (event.object_id, event.named("from"), event.named("to")) == (101, (101,), (201,))
    assert event.kind is EventKind.ASSOCIATION_CHANGE


def test_events_of_a_kind_that_nobody_knows_are_kept_beside_the_others() -> None:
    body = a_body(
        an_event(subscriptionType="conversation.newMessage", objectId=7),
        an_event(subscriptionType="contact.somethingNew"),
        an_event(),
        {"portalId": PORTAL},
    )
    found = read_events(body)
    assert [event.object_type for event in found] == [None, ObjectType.CONTACT, ObjectType.CONTACT, None]
    assert [event.kind for event in found] == [None, None, EventKind.PROPERTY_CHANGE, None]
    assert [found[0].object_id, found[3].object_id] == [7, 0]


def test_the_class_stands_before_the_first_dot_and_what_happened_after_the_last() -> None:
    event = read(subscriptionType="contact.list.merge")
    assert (event.object_type, event.kind) == (ObjectType.CONTACT, EventKind.MERGE)


@pytest.mark.parametrize(
    "odd", [None, True, -1, 0, 1.5, 2**63, "abc", "", [1], {"id": 1}, "9" * 30, "0" * 19 + "7", "１２"]
)
def test_an_id_that_is_none_is_zero_and_spoils_nothing(odd: Any) -> None:
    event = read(objectId=odd, eventId=odd, subscriptionId=odd, mergedObjectIds=[odd, 5], occurredAt=odd)
    assert (event.object_id, event.event_id, event.subscription_id) == (5, 0, 0)
    assert event.named("merged") == (5,)
    assert event.occurred_at == datetime(1970, 1, 1, tzinfo=UTC)


def test_an_id_may_be_written_as_text() -> None:
    assert read(objectId="508369434347").object_id == 508369434347


@pytest.mark.parametrize("number", [1, 2**63 - 1])
def test_the_smallest_and_the_largest_id_are_ids(number: int) -> None:
    assert read(objectId=number).object_id == number


def test_what_is_merged_may_be_no_list() -> None:
    assert read(mergedObjectIds="102").others == ()


def test_a_time_after_this_century_is_1970() -> None:
    century = datetime(2100, 1, 1, tzinfo=UTC)
    last = int(century.timestamp()) * 1000
    assert read(occurredAt=last).occurred_at == century
    assert read(occurredAt=last + 1).occurred_at == datetime(1970, 1, 1, tzinfo=UTC)
    assert read(occurredAt=2**62).occurred_at == datetime(1970, 1, 1, tzinfo=UTC)


def test_the_value_of_a_property_is_not_kept() -> None:
    event = read(propertyValue="Anna Testesen, anna@example.dk", messageValue="Anna", isSensitive=True)
    assert "nna" not in repr(asdict(event))


@pytest.mark.parametrize("words", ["anna@example.dk", "Anna Testesen", "Anna\x00", "x" * 101, "sø", ""])
def test_what_is_no_code_is_not_kept(words: str) -> None:
    event = read(changeSource=words, sourceId=words, propertyName=words, subscriptionType=words)
    assert (event.change_source, event.source_id, event.property_name, event.event_type) == ("", "", "", "")


def test_codes_of_users_and_workflows_are_kept() -> None:
    assert read(sourceId="userId:75514748").source_id == "userId:75514748"
    assert read(sourceId="enrollmentId:123;actionIndex:0").source_id == "enrollmentId:123;actionIndex:0"


def test_no_events_at_all_are_read_as_none() -> None:
    assert read_events(b" [] ") == ()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "no-json"),
        (b"[{", "no-json"),
        (b"[" * 100_000, "no-events"),
        (b'[{"portalId":1,"x":' + b"[" * 100_000, "no-json"),
        (b'[{"portalId":1,"propertyName":"\xff"}]', "no-json"),
        (b"{}", "no-events"),
        (b"null", "no-events"),
        (b"[1]", "no-events"),
        (b"[null]", "no-events"),
        (b"[{}]", "no-events"),
        (b'[{"portalId":"Anna"}]', "no-events"),
        (b'[{"portalId":1},{"portalId":true}]', "no-events"),
    ],
)
def test_a_body_without_events_is_refused_by_a_code_that_shows_nothing_of_it(body: bytes, code: str) -> None:
    with pytest.raises(UnreadableEventsError) as refused:
        read_events(body)
    assert str(refused.value) == code
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


@pytest.mark.parametrize("half", [r"x\ud83d", r"\udc00x", r"\ud83d\ud83d", r"\udc00\ud83d"])
@pytest.mark.parametrize("name", ["propertyValue", "sourceId", "somethingNew"])
def test_half_a_character_in_one_event_spoils_no_event(half: str, name: str) -> None:
    body = b'[{"portalId":7,"objectId":1},{"portalId":7,"objectId":2,"%s":"%s"},{"portalId":7,"objectId":3}]'
    found = read_events(body % (name.encode(), half.encode()))
    assert [(event.portal_id, event.object_id, event.source_id) for event in found] == [
        (7, 1, ""),
        (7, 2, ""),
        (7, 3, ""),
    ]


def test_a_name_may_hold_half_a_character_too_and_what_stands_beside_it_is_read() -> None:
    (event,) = read_events(
        rb'[{"portalId":7,"\ud83d":1,"objectId":101,"sourceId":"userId:7","propertyValue":"\u00f8"}]'
    )
    assert (event.object_id, event.source_id) == (101, "userId:7")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (rb'[{"portalId":1,"propertyValue":"\ud83d"},{}]', "no-events"),
        (rb'[{"portalId":1,"propertyValue":"\ud83d"}', "no-json"),
        (rb'[{"portalId":1,"propertyValue":"\ud83d","x":NaN}]', "no-json"),
        (b'[{"portalId":1,"propertyValue":"\\ud83d","x":"\xff"}]', "no-json"),
        (rb'[{"portalId":1,"propertyValue":"\ud83d","x":' + b"[" * 100_000, "no-json"),
        (rb'[{"portalId":1,"propertyValue":"\ud83d","x":' + b"9" * 5_000 + b"}]", "no-json"),
    ],
)
def test_half_a_character_makes_nothing_readable_that_is_not(body: bytes, code: str) -> None:
    with pytest.raises(UnreadableEventsError) as refused:
        read_events(body)
    assert (str(refused.value), refused.value.__cause__) == (code, None)
    assert refused.value.__suppress_context__


@given(st.binary())
def test_whatever_the_bytes_are_they_are_read_or_refused(body: bytes) -> None:
    try:
        found = read_events(body)
    except UnreadableEventsError:
        return
    assert isinstance(found, tuple)


_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
"""Halves of characters included."""
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=5,
)


@given(st.lists(st.dictionaries(st.sampled_from([*an_event(), "eventType", "objectTypeId", "mergedObjectIds"]), _JSON)))
def test_whatever_the_parts_of_events_are_each_event_is_kept(found: list[dict[str, Any]]) -> None:
    body = json.dumps([{**each, "portalId": PORTAL} for each in found]).encode()
    assert len(read_events(body)) == len(found)
