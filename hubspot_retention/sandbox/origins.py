"""By whom something was done in the portal, as HubSpot says it in histories and in webhooks."""

from typing import NamedTuple

APP_ID = "39522895"
USER_ID = 75514748


class Origin(NamedTuple):
    """HubSpot's word for the way a change came, and who it was on that way."""

    source: str
    source_id: str | None = None


API = Origin("INTEGRATION", APP_ID)
"""A call with the token of the app."""

PERSON = Origin("CRM_UI", f"userId:{USER_ID}")
"""Somebody in HubSpot's own screens."""
