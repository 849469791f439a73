import pytest
import respx

from hubspot_retention.core.record import ObjectType
from hubspot_retention.errors import PortalDeniedError
from hubspot_retention.hubspot import setup
from hubspot_retention.hubspot.control import ControlPlane, PropertyDefinition
from hubspot_retention.sandbox.options import SandboxOptions
from tests.unit.hubspot.surroundings import BASE, TOKEN, a_document, a_portal, a_transport, the_policy

PROPERTIES = f"{BASE}/crm/v3/properties/contacts"
WITHOUT_SETUP = SandboxOptions(with_setup=False)


def test_the_official_client_sends_through_our_transport(respx_mock: respx.MockRouter) -> None:
    found = {"name": "event_on", "label": "Event", "type": "date", "fieldType": "date", "groupName": "retention"}
    listed = respx_mock.get(PROPERTIES).respond(200, json={"results": [found]})
    definitions = ControlPlane(a_transport()).property_definitions(ObjectType.CONTACT)
    assert definitions["event_on"] == PropertyDefinition(
        name="event_on", label="Event", type="date", field_type="date", group="retention"
    )
    assert listed.calls.last.request.headers["authorization"] == f"Bearer {TOKEN}"


def test_its_failures_are_our_errors_and_its_calls_are_retried(respx_mock: respx.MockRouter) -> None:
    respx_mock.get(PROPERTIES).side_effect = [respx.MockResponse(503), respx.MockResponse(403)]
    with pytest.raises(PortalDeniedError):
        ControlPlane(a_transport()).property_definitions(ObjectType.CONTACT)


def test_definitions_are_read_once(respx_mock: respx.MockRouter) -> None:
    listed = respx_mock.get(PROPERTIES).respond(200, json={"results": []})
    control = ControlPlane(a_transport())
    control.property_definitions(ObjectType.CONTACT)
    control.property_definitions(ObjectType.CONTACT)
    assert listed.call_count == 1


def test_pipelines_come_with_their_stages() -> None:
    with a_portal(a_document()) as surroundings:
        pipelines = ControlPlane(surroundings.transport).deal_pipelines()
    stages = {stage.id: stage.is_closed for stage in pipelines[0].stages}
    assert stages["closedwon"] is True
    assert stages["contractsent"] is False


def test_owners_are_read_page_by_page() -> None:
    owners = [{"id": str(each), "email": f"o{each}@example.dk"} for each in range(1, 151)]
    with a_portal(a_document(owners=owners)) as surroundings:
        found = ControlPlane(surroundings.transport).owners()
    assert len({owner.id for owner in found}) == 150
    assert not any("example.dk" in repr(owner) for owner in found)


def test_setup_makes_the_group_and_every_custom_property_and_then_nothing() -> None:
    with a_portal(a_document(), WITHOUT_SETUP) as surroundings:
        control = ControlPlane(surroundings.transport)
        wanted = setup.missing(the_policy(), control)
        made = setup.create(control, wanted)
        assert made == wanted
        assert setup.missing(the_policy(), ControlPlane(surroundings.transport)) == ()
        groups = [each.text for each in wanted if each.definition is None]
        surroundings.portal.require_properties()
    assert len(wanted) == 21
    assert groups == [f"the property group Retention for {name}" for name in ("contacts", "companies", "deals")]


def test_what_somebody_made_in_the_meantime_is_left_as_it_is() -> None:
    with a_portal(a_document(), WITHOUT_SETUP) as surroundings:
        control = ControlPlane(surroundings.transport)
        wanted = setup.missing(the_policy(), control)
        setup.create(control, wanted[:3])
        assert setup.create(control, wanted) == wanted[3:]


def test_only_what_is_missing_is_made() -> None:
    with a_portal(a_document(), WITHOUT_SETUP) as surroundings:
        control = ControlPlane(surroundings.transport)
        wanted = setup.missing(the_policy(), control)
        setup.create(control, [each for each in wanted if each.object_type is not ObjectType.DEAL])
        left = setup.missing(the_policy(), control)
    assert {each.object_type for each in left} == {ObjectType.DEAL}
    assert len(left) == 6
