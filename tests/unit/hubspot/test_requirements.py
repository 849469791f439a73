from dataclasses import replace

import pytest

from hubspot_retention.core.record import ObjectType
from hubspot_retention.errors import PortalContractError
from hubspot_retention.hubspot.portal import HubSpotPortal
from hubspot_retention.hubspot.requirements import needed_properties
from hubspot_retention.sandbox.options import SandboxOptions
from tests.unit.hubspot.surroundings import a_contact, a_document, a_portal, the_policy


def test_every_property_that_the_policy_names_is_needed_once_per_class() -> None:
    needed = needed_properties(the_policy(), ("501",))
    names = [(each.object_type, each.name) for each in needed]
    assert len(names) == len(set(names)) == 23 + 10 + 5
    confirmed = next(each for each in needed if each.name == "retention_confirmed_on")
    assert (confirmed.facts, confirmed.types) == (("activity", "confirmed_on"), frozenset({"date"}))


def test_a_portal_that_has_everything_is_taken_as_it_is() -> None:
    with a_portal(a_document()) as surroundings:
        surroundings.portal.require_properties()


def test_everything_that_is_missing_is_said_at_once() -> None:
    options = SandboxOptions(with_setup=False)
    with a_portal(a_document(), options) as surroundings, pytest.raises(PortalContractError) as raised:
        surroundings.portal.require_properties()
    lines = str(raised.value).splitlines()
    assert len(lines) == 1 + 15
    assert (
        "- contacts legal_hold (behind legal_hold): not there, expected a property of type bool or enumeration" in lines
    )


def test_a_property_of_another_type_is_said() -> None:
    policy = the_policy()
    sources = replace(policy.sources, deal=replace(policy.sources.deal, customer_until="dealname"))
    with a_portal(a_document()) as surroundings:
        portal = HubSpotPortal(surroundings.transport, replace(policy, sources=sources))
        with pytest.raises(PortalContractError, match=r"deals dealname .*: is of type string, expected date"):
            portal.require_properties()


def test_a_newsletter_that_the_portal_lacks_is_said() -> None:
    document = a_document(subscriptionTypes=[{"id": 1, "name": "Andet"}])
    with a_portal(document) as surroundings, pytest.raises(PortalContractError, match="'Nyhedsbrev'"):
        surroundings.portal.require_properties()


def test_an_activity_that_the_portal_defines_as_a_date_is_read_as_one() -> None:
    policy = the_policy()
    contact = replace(policy.sources.contact, activity=("createdate", "event_on"))
    sources = replace(policy.sources, contact=contact)
    with a_portal(a_document(contacts=[a_contact(1, event_on="2026-05-01")])) as surroundings:
        portal = HubSpotPortal(surroundings.transport, replace(policy, sources=sources))
        portal.require_properties()
        seen = next(iter(portal.contacts()))[0]
    assert str(seen.observation.activity[1]) == "2026-05-01"


def test_the_count_of_a_class_comes_from_the_search() -> None:
    with a_portal(a_document(contacts=[a_contact(1), a_contact(2)])) as surroundings:
        assert surroundings.portal.count(ObjectType.CONTACT) == 2
