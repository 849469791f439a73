"""What users would pick instead, reading the same portal in the same run: the official client, one httpx cursor."""

import os
import time
from typing import Any

from bench.child import main

PROPERTIES = [
    "createdate", "lifecyclestage", "email", "customer_until", "hs_v2_date_entered_customer",
    "hs_v2_date_exited_customer", "hs_last_sales_activity_timestamp", "notes_last_contacted", "recent_conversion_date",
    "hs_email_last_click_date", "hs_email_last_reply_date", "hs_sales_email_last_replied",
    "hs_analytics_last_visit_timestamp", "retention_confirmed_on", "legal_hold", "processing_restricted",
    "erasure_requested_at", "consent_withdrawn_at", "processed_on_behalf_of", "processing_ended_on", "event_on",
    "hs_email_optout", "hs_email_optout_501", "hs_merged_object_ids",
]  # fmt: skip


def official() -> dict[str, Any]:
    """`get_all` of hubspot-api-client: everything in one list."""
    import hubspot

    client = hubspot.HubSpot(access_token=os.environ["HUBSPOT_ACCESS_TOKEN"], host=os.environ["HUBSPOT_BASE_URL"])
    started = time.perf_counter()
    found = client.crm.contacts.get_all(properties=PROPERTIES, associations=["deals", "companies"])
    return {"read_seconds": time.perf_counter() - started, "contacts": len(found)}


def cursor() -> dict[str, Any]:
    """One httpx cursor with msgspec, which decides nothing and stores nothing."""
    import httpx
    import msgspec

    headers = {"Authorization": f"Bearer {os.environ['HUBSPOT_ACCESS_TOKEN']}"}
    query = {"limit": "100", "properties": ",".join(PROPERTIES), "associations": "deals,companies"}
    count = 0
    started = time.perf_counter()
    with httpx.Client(base_url=os.environ["HUBSPOT_BASE_URL"], headers=headers) as client:
        while True:
            page = msgspec.json.decode(client.get("/crm/objects/2026-03/contacts", params=query).content)
            count += len(page["results"])
            if "paging" not in page:
                return {"read_seconds": time.perf_counter() - started, "contacts": count}
            query["after"] = page["paging"]["next"]["after"]


if __name__ == "__main__":
    main({"official": official, "cursor": cursor})
