"""Who the token belongs to, and what it may do."""

import msgspec

from hubspot_retention.core.portal import PortalDetails
from hubspot_retention.core.record import PortalId
from hubspot_retention.errors import PortalContractError, PortalDeniedError
from hubspot_retention.hubspot.calls import API_VERSION, get, post
from hubspot_retention.hubspot.faults import RefusedError
from hubspot_retention.hubspot.transport import Transport


class _Details(msgspec.Struct, rename="camel"):
    portal_id: int
    account_type: str = ""
    time_zone: str = ""


class _TokenInfo(msgspec.Struct, rename="camel"):
    hub_id: int
    scopes: list[str]


_DETAILS = msgspec.json.Decoder(_Details)
_TOKEN_INFO = msgspec.json.Decoder(_TokenInfo)


def read_identity(transport: Transport) -> PortalDetails:
    """The portal that the token reads, now. Raises PortalContractError if the answer had no `Date`."""
    found = transport.send(get(f"/account-info/{API_VERSION}/details")).read(_DETAILS)
    skew = transport.clock_skew_seconds
    if skew is None:
        raise PortalContractError("HubSpot's answers carry no Date header: the clocks cannot be compared")
    return PortalDetails(
        portal_id=PortalId(found.portal_id),
        account_type=found.account_type,
        time_zone=found.time_zone,
        clock_skew_seconds=skew,
    )


def granted_scopes(transport: Transport) -> frozenset[str] | None:
    """The scopes of the token, or `None` where HubSpot does not say (service keys: not confirmed)."""
    call = post("/oauth/v2/private-apps/get/access-token-info", {"tokenKey": transport.options.token})
    try:
        return frozenset(transport.send(call).read(_TOKEN_INFO).scopes)
    except (RefusedError, PortalDeniedError):
        return None
