"""What the portal says of itself: account, usage, token, owners."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hubspot_retention.sandbox.calls import Call, Reply, answer, not_found
from hubspot_retention.sandbox.clock import instant_text
from hubspot_retention.sandbox.origins import APP_ID, USER_ID
from hubspot_retention.sandbox.scopes import ALL_SCOPES
from hubspot_retention.sandbox.state import Portal


def zone(portal: Portal) -> ZoneInfo:
    """The time zone of the account; UTC for a name that nobody knows."""
    try:
        return ZoneInfo(portal.account.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def details(call: Call) -> Reply:
    """GET /account-info/details."""
    account = call.portal.account
    offset = call.portal.now().astimezone(zone(call.portal)).utcoffset() or timedelta(0)
    minutes = int(offset.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return answer(
        {
            "portalId": account.id,
            "accountType": account.type,
            "timeZone": account.time_zone,
            "companyCurrency": "DKK",
            "additionalCurrencies": [],
            "utcOffset": f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}",
            "utcOffsetMilliseconds": minutes * 60_000,
            "uiDomain": "app-eu1.hubspot.com",
            "dataHostingLocation": "eu1",
        }
    )


def usage(call: Call) -> Reply:
    """GET /account-info/api-usage/daily/private-apps."""
    present = call.portal.now().astimezone(zone(call.portal))
    midnight = datetime(present.year, present.month, present.day, tzinfo=present.tzinfo) + timedelta(days=1)
    row = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": call.daily_limit,
        "currentUsage": call.used_today,
        "collectedAt": call.portal.now_text(),
        "fetchStatus": "SUCCESS",
        "resetsAt": instant_text(midnight),
    }
    return answer({"results": [row]})


def token_info(call: Call) -> Reply:
    """POST /oauth/v2/private-apps/get/access-token-info."""
    scopes = ALL_SCOPES if call.options.scopes is None else call.options.scopes
    return answer(
        {
            "userId": USER_ID,
            "hubId": call.portal.account.id,
            "appId": int(APP_ID),
            "scopes": sorted(scopes),
        }
    )


def _owner(owner_id: str, raw: dict[str, Any]) -> dict[str, Any]:
    properties = raw.get("properties", raw)
    user_id = properties.get("userId", int(owner_id) + 1 if owner_id.isdigit() else None)
    archived = bool(raw.get("archived", False))
    return {
        "id": owner_id,
        "email": properties.get("email", ""),
        "type": "PERSON",
        "firstName": properties.get("firstName", properties.get("firstname", "")),
        "lastName": properties.get("lastName", properties.get("lastname", "")),
        "userId": None if archived else user_id,
        "userIdIncludingInactive": user_id,
        "createdAt": "2020-01-01T00:00:00Z",
        "updatedAt": "2020-01-01T00:00:00Z",
        "archived": archived,
        "teams": [],
    }


def list_owners(call: Call) -> Reply:
    """GET /crm/owners."""
    limit, after = call.number("limit", 100, most=500), call.number("after", 0, least=0, most=2**62)
    rows = [_owner(owner_id, raw) for owner_id, raw in call.portal.owners.items()]
    rows = [row for row in rows if row["archived"] is call.flag("archived")]
    if call.param("email"):
        rows = [row for row in rows if row["email"].lower() == call.param("email").lower()]
    found: dict[str, Any] = {"results": rows[after : after + limit]}
    if after + limit < len(rows):
        found["paging"] = {"next": {"after": str(after + limit)}}
    return answer(found)


def read_owner(call: Call) -> Reply:
    """GET /crm/owners/{id}, by owner id or, if asked so, by user id: they are not the same."""
    by_user = call.param("idProperty") == "userId"
    for owner_id, raw in call.portal.owners.items():
        row = _owner(owner_id, raw)
        if str(row["userId"] if by_user else row["id"]) == call.args[0]:
            return answer(row)
    raise not_found(f"Owner {call.args[0][:40]} does not exist")
