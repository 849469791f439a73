"""`hubspot-sdk`, the pre-release for the dated API, operates on the sandbox and sees what it expects."""

import hubspot_sdk
import pytest
from hubspot_sdk import HubSpot

from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.running import RunningSandbox, running_sandbox
from tests.unit.sandbox.portals import a_document

ADDRESS = "p101@example.dk"


def test_a_list_walks_through_every_page(dated: HubSpot) -> None:
    rows = list(dated.crm.objects.contacts.list(limit=2, properties=["email"], associations=["companies"]))
    assert [row.id for row in rows] == ["101", "102", "103"]
    linked = rows[1].associations
    assert linked is not None
    assert [each.type for each in linked["companies"].results][:1] == ["contact_to_company"]


def test_a_record_is_read_with_null_for_an_empty_property(dated: HubSpot) -> None:
    row = dated.crm.objects.contacts.get("101", properties=["legal_hold", "no_such"])
    assert row.properties["legal_hold"] is None
    assert "no_such" not in row.properties
    assert row.created_at.isoformat() == "2024-01-10T09:00:00+00:00"


def test_a_search_finds_by_filter(dated: HubSpot) -> None:
    found = dated.crm.objects.contacts.search(
        after="0",
        filter_groups=[{"filters": [{"property_name": "lifecyclestage", "operator": "EQ", "value": "customer"}]}],
        limit=100,
        properties=["email"],
        sorts=["hs_object_id"],
    )
    assert (found.total, [row.id for row in found.results]) == (1, ["102"])


def test_a_batch_read_with_an_unknown_id_is_a_207(dated: HubSpot) -> None:
    answer = dated.crm.objects.contacts.batch.with_raw_response.get(
        inputs=[{"id": "101"}, {"id": "999"}], properties=["email"], properties_with_history=[]
    )
    assert answer.status_code == 207
    assert [row.id for row in answer.parse().results] == ["101"]


def test_records_are_created_updated_archived_and_merged(dated: HubSpot, sandbox: RunningSandbox) -> None:
    api = dated.crm.objects.contacts
    made = api.create(properties={"email": "ny@example.dk"}, associations=[])
    assert api.update(made.id, properties={"customer_until": "2024-10-31"}).properties["customer_until"] == "2024-10-31"
    assert api.merge(primary_object_id="101", object_id_to_merge=made.id).id == "101"
    api.delete("103")
    assert [row.id for row in api.list(archived=True)] == ["103"]
    api.batch.delete(inputs=[{"id": "102"}, {"id": "999"}])
    assert sorted(sandbox.portal.tables["contacts"].live) == ["101"]


def test_a_privacy_delete_takes_the_contact_and_blocklists_its_address(dated: HubSpot, sandbox: RunningSandbox) -> None:
    dated.crm.objects.contacts.gdpr_delete(object_id="102")
    assert "102" not in sandbox.portal.tables["contacts"].live
    assert sandbox.portal.blocklist == {"p102@example.dk"}
    with pytest.raises(hubspot_sdk.NotFoundError):
        dated.crm.objects.contacts.gdpr_delete(object_id="102")


def test_engagements_are_listed_and_archived(dated: HubSpot) -> None:
    assert [row.id for row in dated.crm.objects.notes.list()] == ["31"]
    dated.crm.objects.emails.delete("41")
    assert list(dated.crm.objects.emails.list(archived=True)) == []


def test_deals_go_by_their_number(dated: HubSpot) -> None:
    assert [row.id for row in dated.crm.objects.deals.list()] == ["21"]


def test_associations_are_read_made_and_archived(dated: HubSpot, sandbox: RunningSandbox) -> None:
    found = dated.crm.associations.batch.get("companies", from_object_type="contacts", inputs=[{"id": "102"}])
    assert [kind.type_id for kind in found.results[0].to[0].association_types] == [1, 279]
    dated.crm.associations.batch.create_default(
        "deals", from_object_type="contacts", inputs=[{"from": {"id": "101"}, "to": {"id": "21"}}]
    )
    assert "101" in sandbox.portal.links.of("deals", "21", "contacts")
    dated.crm.associations.batch.delete(
        "deals", from_object_type="contacts", inputs=[{"from": {"id": "101"}, "to": [{"id": "21"}]}]
    )
    assert "101" not in sandbox.portal.links.of("deals", "21", "contacts")


def test_communication_preferences_are_read_and_written(dated: HubSpot) -> None:
    preferences = dated.communication_preferences
    assert [row.name for row in preferences.definitions.list().results] == ["Nyhedsbrev", "Driftsinformation"]
    row = preferences.get_statuses(ADDRESS, channel="EMAIL").results[0]
    assert (row.status, row.timestamp.isoformat()) == ("UNSUBSCRIBED", "2026-11-20T13:30:00+00:00")
    set_now = preferences.update_status(
        ADDRESS, channel="EMAIL", status_state="UNSUBSCRIBED", subscription_id=502
    ).results[0]
    assert (set_now.subscription_id, set_now.status) == (502, "UNSUBSCRIBED")
    assert preferences.get_unsubscribe_all_status(ADDRESS, channel="EMAIL").results == []


def test_an_enterprise_portal_answers_in_batches(dated: HubSpot) -> None:
    found = dated.communication_preferences.statuses.batch.read(channel="EMAIL", inputs=[ADDRESS])
    assert found.results[0].statuses[0].status == "UNSUBSCRIBED"
    wide = dated.communication_preferences.statuses.batch.get_unsubscribe_all_statuses(
        channel="EMAIL", inputs=[ADDRESS]
    )
    assert wide.results[0].wide_statuses == []


def test_properties_owners_pipelines_and_the_account_are_read(dated: HubSpot) -> None:
    made = dated.crm.properties.create(
        "contacts", name="colour", label="Colour", type="string", field_type="text", group_name="contactinformation"
    )
    assert made.hubspot_defined is False
    assert dated.crm.properties.get("legal_hold", object_type="contacts").type == "bool"
    with pytest.raises(hubspot_sdk.NotFoundError):
        dated.crm.properties.get("no_such", object_type="contacts")
    assert [owner.email for owner in dated.crm.owners.list()] == ["ejer@example.dk"]
    assert dated.crm.pipelines.list("deals").results[0].id == "default"
    account = dated.account.get()
    assert (account.portal_id, account.account_type, account.time_zone) == (25412345, "STANDARD", "Europe/Copenhagen")
    assert dated.account.get_daily_private_apps_usage().results[0].usage_limit == 1_000_000


def test_files_are_read_and_archived(dated: HubSpot) -> None:
    assert dated.files.file_assets.get("51").name == "aftale"
    dated.files.file_assets.delete("51")
    with pytest.raises(hubspot_sdk.NotFoundError):
        dated.files.file_assets.get("51")


def test_the_limit_is_a_429_that_the_client_raises() -> None:
    with (
        running_sandbox(a_document(), SandboxOptions(limits=True, daily_quota=0)) as limited,
        HubSpot(access_token=limited.token, base_url=limited.url, max_retries=0) as client,
        pytest.raises(hubspot_sdk.RateLimitError, match="daily limit"),
    ):
        client.crm.objects.contacts.get("101")


def test_a_missing_token_is_a_401(sandbox: RunningSandbox) -> None:
    with (
        HubSpot(access_token="nothing", base_url=sandbox.url, max_retries=0) as client,
        pytest.raises(hubspot_sdk.AuthenticationError),
    ):
        client.crm.objects.contacts.get("101")
