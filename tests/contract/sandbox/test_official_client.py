"""`hubspot-api-client` (v3 and v4) operates on the sandbox and sees what it expects."""

from typing import Any

import pytest
from hubspot.communication_preferences import PublicUpdateSubscriptionStatusRequest
from hubspot.crm.associations.v4 import models as associations
from hubspot.crm.contacts import models as contacts
from hubspot.crm.contacts.exceptions import ApiException
from hubspot.crm.lists import ListCreateRequest
from hubspot.crm.properties import models as properties
from hubspot.crm.properties.exceptions import ApiException as PropertiesException

from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.running import RunningSandbox, running_sandbox
from tests.unit.sandbox.portals import a_contact, a_document


def test_a_list_is_paged_with_associations(old: Any) -> None:
    api = old.crm.contacts.basic_api
    first = api.get_page(limit=2, properties=["email", "legal_hold"], associations=["companies"], _request_timeout=5)
    assert [row.id for row in first.results] == ["101", "102"]
    assert first.results[0].properties["legal_hold"] is None
    assert first.results[1].associations["companies"].results[0].type == "contact_to_company"
    rest = api.get_page(limit=2, after=first.paging.next.after, _request_timeout=5)
    assert [row.id for row in rest.results] == ["103"]
    assert rest.paging is None


def test_get_all_walks_through_every_page(old: Any) -> None:
    assert [row.id for row in old.crm.contacts.get_all()] == ["101", "102", "103"]


def test_a_record_is_read_with_its_history_and_its_dates(old: Any) -> None:
    row = old.crm.contacts.basic_api.get_by_id("101", properties_with_history=["firstname"], _request_timeout=5)
    assert row.properties_with_history["firstname"][0].value == "Aksel"
    assert row.created_at.isoformat() == "2024-01-10T09:00:00+00:00"
    assert row.archived is False


def test_a_search_finds_by_filter(old: Any) -> None:
    wanted = contacts.Filter(property_name="lifecyclestage", operator="EQ", value="customer")
    request = contacts.PublicObjectSearchRequest(filter_groups=[contacts.FilterGroup(filters=[wanted])], limit=200)
    found = old.crm.contacts.search_api.do_search(request, _request_timeout=5)
    assert (found.total, found.results[0].id) == (1, "102")


def test_a_batch_read_with_an_unknown_id_is_a_207(old: Any) -> None:
    asked = contacts.BatchReadInputSimplePublicObjectId(
        inputs=[contacts.SimplePublicObjectId(id="101"), contacts.SimplePublicObjectId(id="999")],
        properties=["email"],
        properties_with_history=[],
    )
    found, status, _ = old.crm.contacts.batch_api.read_with_http_info(asked, _request_timeout=5)
    assert status == 207
    assert [row.id for row in found.results] == ["101"]
    assert found.errors[0].category == "OBJECT_NOT_FOUND"
    assert found.errors[0].context == {"ids": ["999"]}


def test_an_archive_leads_to_the_bin_and_a_second_one_is_refused(old: Any) -> None:
    api = old.crm.contacts.basic_api
    assert api.archive("103", _request_timeout=5) is None
    assert [row.id for row in api.get_page(archived=True, _request_timeout=5).results] == ["103"]
    with pytest.raises(ApiException) as refusal:
        api.get_by_id("103", _request_timeout=5)
    assert refusal.value.status == 404


def test_a_batch_archive_answers_nothing(old: Any, sandbox: RunningSandbox) -> None:
    asked = contacts.BatchInputSimplePublicObjectId(
        inputs=[contacts.SimplePublicObjectId(id="101"), contacts.SimplePublicObjectId(id="999")]
    )
    assert old.crm.contacts.batch_api.archive(asked, _request_timeout=5) is None
    assert sorted(sandbox.portal.tables["contacts"].live) == ["102", "103"]


def test_a_purge_is_a_privacy_delete(old: Any, sandbox: RunningSandbox) -> None:
    old.crm.contacts.basic_api.purge(contacts.PublicGdprDeleteInput(object_id="102"), _request_timeout=5)
    assert "102" not in sandbox.portal.tables["contacts"].live
    assert "p102@example.dk" in sandbox.portal.blocklist


def test_a_merge_answers_with_the_survivor(old: Any) -> None:
    merge = contacts.PublicMergeInput(primary_object_id="101", object_id_to_merge="103")
    assert old.crm.contacts.basic_api.merge(merge, _request_timeout=5).id == "101"
    assert old.crm.contacts.basic_api.get_by_id("103", _request_timeout=5).id == "101"


def test_records_are_created_and_updated(old: Any) -> None:
    api = old.crm.deals.basic_api
    made = api.create({"properties": {"dealname": "Aftale", "dealstage": "closedwon"}}, _request_timeout=5)
    assert made.properties["hs_is_closed_won"] == "true"
    changed = api.update(made.id, {"properties": {"customer_until": "2024-10-31"}}, _request_timeout=5)
    assert changed.properties["customer_until"] == "2024-10-31"
    with pytest.raises(Exception, match="PROPERTY_DOESNT_EXIST"):
        api.update(made.id, {"properties": {"no_such": "x"}}, _request_timeout=5)


def test_engagements_are_made_with_their_associations(old: Any) -> None:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}]
    body = {
        "properties": {"hs_timestamp": "2026-01-01T00:00:00Z", "hs_task_subject": "Gennemgang"},
        "associations": [{"to": {"id": "101"}, "types": types}],
    }
    made = old.crm.objects.tasks.basic_api.create(body, _request_timeout=5)
    read = old.crm.objects.tasks.basic_api.get_by_id(made.id, associations=["contacts"], _request_timeout=5)
    assert read.associations["contacts"].results[0].type == "task_to_contact"


def test_a_property_and_its_group_are_made_and_archived(old: Any) -> None:
    groups, core = old.crm.properties.groups_api, old.crm.properties.core_api
    groups.create("contacts", properties.PropertyGroupCreate(name="colours", label="Colours"), _request_timeout=5)
    wanted = properties.PropertyCreate(
        name="colour", label="Colour", type="string", field_type="text", group_name="colours"
    )
    made = core.create("contacts", wanted, _request_timeout=5)
    assert (made.name, made.hubspot_defined, made.modification_metadata.archivable) == ("colour", False, True)
    with pytest.raises(PropertiesException) as refusal:
        core.create("contacts", wanted, _request_timeout=5)
    assert refusal.value.status == 409
    core.archive("contacts", "colour", _request_timeout=5)
    assert "colour" not in {row.name for row in core.get_all("contacts", _request_timeout=5).results}
    assert core.get_by_name("contacts", "legal_hold", _request_timeout=5).type == "bool"


def test_owners_and_pipelines_are_read(old: Any) -> None:
    assert old.crm.owners.owners_api.get_page(_request_timeout=5).results[0].email == "ejer@example.dk"
    pipeline = old.crm.pipelines.pipelines_api.get_all("deals", _request_timeout=5).results[0]
    assert [stage.id for stage in pipeline.stages if stage.metadata["isClosed"] == "true"] == [
        "closedwon",
        "closedlost",
    ]


def test_associations_are_read_in_batches_with_a_207_for_none(old: Any) -> None:
    asked = associations.BatchInputPublicFetchAssociationsBatchRequest(
        inputs=[associations.PublicFetchAssociationsBatchRequest(id=each) for each in ("101", "102")]
    )
    api = old.crm.associations.v4.batch_api
    found, status, _ = api.get_page_with_http_info("contacts", "companies", asked, _request_timeout=5)
    assert status == 207
    assert [kind.type_id for kind in found.results[0].to[0].association_types] == [1, 279]
    assert found.errors[0].sub_category == "crm.associations.NO_ASSOCIATIONS_FOUND"


def test_a_single_association_is_made_listed_and_archived(old: Any) -> None:
    api = old.crm.associations.v4.basic_api
    api.create_default("contacts", "101", "deals", "21", _request_timeout=5)
    assert [row.to_object_id for row in api.get_page("contacts", "101", "deals", _request_timeout=5).results] == ["21"]
    api.archive("contacts", "101", "deals", "21", _request_timeout=5)
    assert api.get_page("contacts", "101", "deals", _request_timeout=5).results == []


def test_subscriptions_are_read_and_ended(old: Any) -> None:
    definitions = old.communication_preferences.definition_api.get_page(_request_timeout=5)
    assert [row.name for row in definitions.subscription_definitions] == ["Nyhedsbrev", "Driftsinformation"]
    status = old.communication_preferences.status_api
    request = PublicUpdateSubscriptionStatusRequest(email_address="p103@example.dk", subscription_id="501")
    status.unsubscribe(request, _request_timeout=5)
    rows = status.get_email_status("p103@example.dk", _request_timeout=5).subscription_statuses
    assert {row.status for row in rows} == {"NOT_SUBSCRIBED"}


def test_a_static_list_is_made_and_filled(old: Any) -> None:
    request = ListCreateRequest(name="Liste", object_type_id="0-1", processing_type="MANUAL")
    made = old.crm.lists.lists_api.create(request, _request_timeout=5)
    assert old.crm.lists.lists_api.get_by_name("Liste", "0-1", _request_timeout=5).list.list_id == made.list.list_id
    api = old.crm.lists.memberships_api
    assert api.add(made.list.list_id, ["101"], _request_timeout=5).records_ids_added == ["101"]
    assert [row.record_id for row in api.get_page(made.list.list_id, _request_timeout=5).results] == ["101"]


@pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning")
def test_files_are_read_and_erased(old: Any) -> None:
    api = old.files.files_api
    assert api.get_by_id("51", _request_timeout=5).name == "aftale"
    assert api.delete("51", _request_timeout=5) is None


def test_the_limit_is_a_429_that_the_client_raises() -> None:
    crowd = a_document(contacts=[a_contact(str(n)) for n in range(1, 4)], associations=[])
    with running_sandbox(crowd, SandboxOptions(limits=True, daily_quota=1)) as limited:
        from hubspot import HubSpot

        api = HubSpot(access_token=limited.token, host=limited.url).crm.contacts.basic_api
        api.get_page(_request_timeout=5)
        with pytest.raises(ApiException) as refusal:
            api.get_page(_request_timeout=5)
    assert refusal.value.status == 429
    assert '"policyName":"DAILY"' in refusal.value.body
