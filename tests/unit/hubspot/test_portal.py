import pytest
import respx

from hubspot_retention.core.facts.values import UNKNOWN
from hubspot_retention.core.portal import PortalDetails
from hubspot_retention.core.record import PortalId, RecordId
from hubspot_retention.errors import BlockedError, PortalContractError
from hubspot_retention.hubspot.portal import HubSpotPortal
from tests.unit.hubspot.surroundings import BASE, a_document, a_portal, a_record, a_transport, the_policy

DETAILS = f"{BASE}/account-info/2026-03/details"
DATE = {"Date": "Sun, 22 Nov 2026 11:59:58 GMT"}
ME = {"portalId": 25412345, "accountType": "SANDBOX", "timeZone": "Europe/Copenhagen"}


def test_the_identity_says_who_the_token_belongs_to_and_how_far_the_clocks_are_apart(
    respx_mock: respx.MockRouter,
) -> None:
    respx_mock.get(DETAILS).respond(200, json=ME, headers=DATE)
    assert HubSpotPortal(a_transport(), the_policy()).identity() == PortalDetails(
        portal_id=PortalId(25412345), account_type="SANDBOX", time_zone="Europe/Copenhagen", clock_skew_seconds=1.5
    )


def test_without_a_date_header_the_clocks_cannot_be_compared(respx_mock: respx.MockRouter) -> None:
    respx_mock.get(DETAILS).respond(200, json=ME)
    with pytest.raises(PortalContractError, match="Date header"):
        HubSpotPortal(a_transport(), the_policy()).identity()


def test_the_deals_of_a_company_are_known_none_or_unknown() -> None:
    document = a_document(
        companies=[a_record(11), a_record(12)],
        deals=[a_record(21), a_record(22)],
        associations=[{"from": "deals/21", "to": "companies/11"}, {"from": "deals/22", "to": "companies/11"}],
    )
    with a_portal(document) as surroundings:
        found = surroundings.portal.deals_of_companies([RecordId(11), RecordId(12)])
        fault = {"kind": "error_before", "path": "companies/deals/batch/read", "status": 500, "count": 99}
        surroundings.sandbox.gateway.faults.add(fault)
        unread = surroundings.portal.deals_of_companies([RecordId(11)])
    assert found == {RecordId(11): (RecordId(21), RecordId(22)), RecordId(12): ()}
    assert unread == {RecordId(11): UNKNOWN}


def test_a_portal_that_is_not_admitted_is_refused_each_time(respx_mock: respx.MockRouter) -> None:
    respx_mock.get(DETAILS).respond(200, json=ME, headers=DATE)

    def admit(portal: PortalId) -> None:
        raise BlockedError(f"not {portal}")

    portal = HubSpotPortal(a_transport(), the_policy(), admit=admit)
    for _ in range(2):
        with pytest.raises(BlockedError, match="not 25412345"):
            portal.identity()


def test_a_token_that_reads_another_portal_is_refused_until_it_reads_the_first_again(
    respx_mock: respx.MockRouter,
) -> None:
    admitted: list[PortalId] = []
    route = respx_mock.get(DETAILS).respond(200, json=ME, headers=DATE)
    portal = HubSpotPortal(a_transport(), the_policy(), admit=admitted.append)
    portal.identity()
    route.respond(200, json={**ME, "portalId": 1}, headers=DATE)
    for _ in range(2):
        with pytest.raises(PortalContractError, match="read portal 25412345 before and reads portal 1 now"):
            portal.identity()
    route.respond(200, json=ME, headers=DATE)
    assert portal.identity().portal_id == PortalId(25412345)
    assert admitted == [PortalId(25412345)]
