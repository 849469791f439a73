"""What a change in the portal tells those who subscribed to it."""

from collections.abc import Callable
from typing import Any

import pytest

from hubspot_retention.sandbox.events import Happening
from tests.unit.sandbox.portals import CONTACTS, DEALS, NOTES, STATUSES, Sandbox, a_contact, a_document

APP = {"changeSource": "INTEGRATION", "sourceId": "39522895"}
PERSON = {"changeSource": "CRM_UI", "sourceId": "userId:75514748"}
LINKS = "/crm/associations/2026-03"


class Listening(Sandbox):
    """A sandbox of which everything that is subscribed to is kept."""

    def __init__(self, *subscriptions: dict[str, Any]) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []
        app = self.portal.webhooks
        app.everything = not subscriptions
        for each in subscriptions:
            app.subscribe(each, "2026-01-01T00:00:00Z", active=True)

        def keep(happenings: list[Happening]) -> None:
            self.events += [app.wire(each, wanted) for each in happenings for wanted in app.wanted(each)]

        self.portal.events.listener = keep

    def told(self) -> list[str]:
        """The types of the events so far, with the property of each change."""
        return sorted(f"{one['subscriptionType']} {one.get('propertyName', '')}".strip() for one in self.events)


def has(event: dict[str, Any], **expected: Any) -> bool:
    return {name: event.get(name) for name in expected} == expected


def only(events: list[dict[str, Any]], event_type: str) -> dict[str, Any]:
    found = [event for event in events if event["subscriptionType"] == event_type]
    assert len(found) == 1, found
    return found[0]


def test_a_write_of_the_app_tells_each_property_that_changed_as_an_integration() -> None:
    sandbox = Listening()
    body = {"properties": {"firstname": "", "lastname": "", "jobtitle": "Chef"}}
    sandbox.patch(f"{CONTACTS}/103", json=body)
    assert sandbox.told() == ["contact.propertyChange firstname", "contact.propertyChange jobtitle"]
    event = sandbox.events[0]
    assert has(event, objectId=103, propertyValue="", portalId=25412345, appId=39522895, attemptNumber=0, **APP)
    assert has(sandbox.events[1], propertyName="jobtitle", propertyValue="Chef")
    assert event["eventId"] == sandbox.events[1]["eventId"]


def test_a_write_that_changes_nothing_tells_nothing() -> None:
    sandbox = Listening()
    sandbox.patch(f"{CONTACTS}/101", json={"properties": {"firstname": "Aksel"}})
    assert sandbox.events == []


def test_the_instant_of_an_event_is_the_portals() -> None:
    sandbox = Listening()
    before = sandbox.portal.now()
    sandbox.act(action="edit", record="contacts/101", properties={"firstname": "Bo"})
    occurred = sandbox.events[0]["occurredAt"]
    assert int(before.timestamp() * 1000) <= occurred <= int(sandbox.portal.now().timestamp() * 1000)


def test_a_person_in_the_portal_is_told_as_such_and_an_import_as_an_import() -> None:
    sandbox = Listening()
    sandbox.act(action="edit", record="deals/21", properties={"dealname": "Ny"})
    sandbox.act(action="edit", record="companies/11", properties={"name": "Ny"}, changeSource="IMPORT", sourceId="77")
    sandbox.act(action="archive", record="contacts/101", changeSource="INTEGRATION")
    sandbox.act(action="archive", record="contacts/102")
    sandbox.act(action="erase", record="contacts/103", changeSource="WORKFLOWS")
    assert has(sandbox.events[0], subscriptionType="deal.propertyChange", **PERSON)
    assert has(sandbox.events[1], subscriptionType="company.propertyChange", changeSource="IMPORT", sourceId="77")
    assert has(sandbox.events[2], subscriptionType="contact.deletion", **APP)
    assert has(sandbox.events[3], subscriptionType="contact.deletion", **PERSON)
    assert {one["changeSource"] for one in sandbox.events[4:]} == {"WORKFLOWS"}


@pytest.mark.parametrize("source", ["import", "", 7, "A B"])
def test_a_word_for_the_way_of_a_change_that_hubspot_would_not_write_is_refused(source: object) -> None:
    what = {"action": "archive", "record": "contacts/101", "changeSource": source}
    assert "changeSource" in Sandbox().do("/__sandbox/act", what, 400)["message"]


def test_an_unsubscribe_is_told_as_a_change_of_the_opt_out_properties() -> None:
    sandbox = Listening()
    sandbox.act(action="unsubscribe", record="contacts/101", subscriptionId=501)
    sandbox.act(action="unsubscribe", record="contacts/101")
    changes = [(one["propertyName"], one["propertyValue"]) for one in sandbox.events]
    assert changes == [("hs_email_optout_501", "true"), ("hs_email_optout", "true")]
    sandbox.events.clear()
    sandbox.do(f"{STATUSES}/p101@example.dk/unsubscribe-all?channel=EMAIL", {})
    assert sandbox.events == []
    sandbox.act(action="resubscribe", record="contacts/101", subscriptionId=501)
    changes = [(one["propertyName"], one["propertyValue"]) for one in sandbox.events]
    assert changes == [("hs_email_optout", "false"), ("hs_email_optout_501", "false")]


def test_an_unsubscribe_through_the_api_is_told_as_the_apps() -> None:
    sandbox = Listening()
    sandbox.do(f"{STATUSES}/p102@example.dk/unsubscribe-all?channel=EMAIL", {})
    assert has(sandbox.events[0], propertyName="hs_email_optout", objectId=102, **APP)


@pytest.mark.parametrize(
    ("make", "by"),
    [
        (lambda sandbox: sandbox.do(CONTACTS, {"properties": {"email": "ny@example.dk"}}, 201), APP),
        (lambda sandbox: sandbox.act(action="create", type="contacts", properties={"email": "ny@example.dk"}), PERSON),
    ],
    ids=["by the app", "by a person"],
)
def test_a_new_record_is_told_with_what_was_set(make: Callable[[Sandbox], Any], by: dict[str, str]) -> None:
    sandbox = Listening()
    make(sandbox)
    assert has(only(sandbox.events, "contact.creation"), objectId=104, changeFlag="CREATED", **by)
    assert "contact.propertyChange email" in sandbox.told()


def test_an_archive_is_a_deletion_each_in_a_batch_too() -> None:
    sandbox = Listening()
    sandbox.delete(f"{CONTACTS}/101")
    sandbox.post(f"{DEALS}/batch/archive", json={"inputs": [{"id": "21"}, {"id": "99"}]})
    sandbox.delete(f"{CONTACTS}/101")
    assert sandbox.told() == ["contact.deletion", "deal.deletion"]
    assert has(sandbox.events[0], objectId=101, changeFlag="DELETED", **APP)


def test_a_privacy_delete_is_told_twice() -> None:
    sandbox = Listening()
    sandbox.do(f"{CONTACTS}/gdpr-delete", {"objectId": "102"}, 204)
    assert sandbox.told() == ["contact.deletion", "contact.privacyDeletion"]
    assert {one["objectId"] for one in sandbox.events} == {102}
    sandbox.events.clear()
    sandbox.act(action="erase", record="contacts/101")
    assert sandbox.told() == ["contact.deletion", "contact.privacyDeletion"]
    assert has(sandbox.events[0], objectId=101, **PERSON)


def test_a_restore_is_told() -> None:
    sandbox = Listening()
    sandbox.act(action="archive", record="companies/11")
    sandbox.act(action="restore", record="companies/11")
    assert has(only(sandbox.events, "company.restore"), objectId=11, **PERSON)


def test_a_merge_names_winner_losers_and_what_became_of_them() -> None:
    sandbox = Listening()
    sandbox.do(f"{CONTACTS}/merge", {"primaryObjectId": "101", "objectIdToMerge": "103"})
    event = only(sandbox.events, "contact.merge")
    assert has(event, objectId=101, primaryObjectId=101, mergedObjectIds=[103], newObjectId=101, **APP)
    assert event["numberOfPropertiesMoved"] > 0
    assert "contact.propertyChange hs_merged_object_ids" in sandbox.told()
    assert "contact.deletion" not in sandbox.told()


def test_a_merge_may_leave_a_record_with_a_new_id_that_both_old_ones_answer_with() -> None:
    sandbox = Listening()
    sandbox.patch(f"{CONTACTS}/103", json={"properties": {"jobtitle": "Chef"}})
    sandbox.act(action="merge", record="contacts/103", into="contacts/102", newId=True)
    event = only(sandbox.events, "contact.merge")
    assert has(event, primaryObjectId=102, mergedObjectIds=[103], newObjectId=104, objectId=104, **PERSON)
    for old in ("102", "103"):
        found = sandbox.json(f"{CONTACTS}/{old}", associations="deals", properties="jobtitle,hs_merged_object_ids")
        assert (found["id"], found["properties"]["jobtitle"]) == ("104", "Chef")
        assert found["properties"]["hs_merged_object_ids"] == "103;102"
        assert [each["id"] for each in found["associations"]["deals"]["results"]] == ["21"]
    again = Sandbox(sandbox.json("/__sandbox/document"))
    assert again.json(f"{CONTACTS}/102")["id"] == "104"


def test_an_association_is_told_by_both_sides_when_it_comes_and_when_it_goes() -> None:
    sandbox = Listening()
    body = {"inputs": [{"from": {"id": "101"}, "to": {"id": "21"}}]}
    sandbox.do(f"{LINKS}/contacts/deals/batch/associate/default", body)
    near, far = sandbox.events
    ends = {"associationRemoved": False, "isPrimaryAssociation": False}
    assert has(near, subscriptionType="contact.associationChange", associationType="CONTACT_TO_DEAL", **ends)
    assert has(far, subscriptionType="deal.associationChange", associationType="DEAL_TO_CONTACT", **ends)
    assert (near["fromObjectId"], near["toObjectId"]) == (far["toObjectId"], far["fromObjectId"]) == (101, 21)
    assert "objectId" not in near
    sandbox.do(f"{LINKS}/contacts/deals/batch/associate/default", body)
    assert len(sandbox.events) == 2
    sandbox.do(
        f"{LINKS}/contacts/deals/batch/archive", {"inputs": [{"from": {"id": "101"}, "to": [{"id": "21"}]}]}, 204
    )
    assert [one["associationRemoved"] for one in sandbox.events] == [False, False, True, True]


def test_a_primary_company_that_loses_its_label_is_told_as_such() -> None:
    sandbox = Listening()
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    body = {"inputs": [{"from": {"id": "102"}, "to": {"id": "11"}, "types": types}]}
    sandbox.do(f"{LINKS}/contacts/companies/batch/labels/archive", body, 204)
    assert has(sandbox.events[0], isPrimaryAssociation=True, associationRemoved=True, fromObjectId=102, toObjectId=11)


def test_a_record_that_is_made_with_an_association_tells_that_too() -> None:
    sandbox = Listening()
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}]
    body = {"properties": {"dealname": "Ny"}, "associations": [{"to": {"id": "101"}, "types": types}]}
    sandbox.do(DEALS, body, 201)
    assert {"deal.associationChange", "contact.associationChange", "deal.creation"} <= set(sandbox.told())


def test_correspondence_has_only_events_of_any_object_and_only_if_asked() -> None:
    sandbox = Listening()
    sandbox.delete(f"{NOTES}/31")
    assert sandbox.events == []
    asked = Listening({"eventType": "object.deletion", "objectTypeId": "0-46"})
    asked.delete(f"{NOTES}/31")
    asked.delete(f"{CONTACTS}/101")
    assert [(one["subscriptionType"], one["objectId"], one["objectTypeId"]) for one in asked.events] == [
        ("object.deletion", 31, "0-46")
    ]


def test_only_what_is_subscribed_to_and_active_is_told() -> None:
    sandbox = Listening(
        {"eventType": "contact.propertyChange", "propertyName": "firstname"},
        {"eventType": "contact.propertyChange", "propertyName": "lastname", "active": False},
        {"eventType": "deal.deletion"},
    )
    sandbox.patch(f"{CONTACTS}/101", json={"properties": {"firstname": "A", "lastname": "B", "jobtitle": "C"}})
    sandbox.delete(f"{CONTACTS}/102")
    sandbox.delete(f"{DEALS}/21")
    assert sandbox.told() == ["contact.propertyChange firstname", "deal.deletion"]
    known = {each.event_type: each.id for each in sandbox.portal.webhooks.subscriptions.values() if each.active}
    assert {one["subscriptionType"]: one["subscriptionId"] for one in sandbox.events} == known


def test_one_change_is_told_under_both_names_where_both_are_subscribed_to() -> None:
    name = "firstname"
    sandbox = Listening(
        {"eventType": "contact.propertyChange", "propertyName": name},
        {"eventType": "object.propertyChange", "propertyName": name, "objectTypeId": "contacts"},
    )
    sandbox.patch(f"{CONTACTS}/101", json={"properties": {name: "A"}})
    assert [(one["subscriptionType"], one.get("isSensitive")) for one in sandbox.events] == [
        ("contact.propertyChange", None),
        ("object.propertyChange", False),
    ]


def test_when_a_record_was_changed_is_never_told() -> None:
    sandbox = Listening()
    sandbox.act(action="edit", record="companies/11", properties={"name": "Ny"})
    sandbox.act(action="edit", record="contacts/101", properties={"firstname": "Ny"})
    assert sandbox.told() == ["company.propertyChange name", "contact.propertyChange firstname"]


def test_a_portal_that_is_loaded_tells_nothing_of_what_was_there() -> None:
    sandbox = Sandbox(a_document(contacts=[a_contact("101")], associations=[]))
    assert sandbox.portal.events.listener is None
