"""Whether a record that a person named is in view in the portal: a slip in its number would hold nobody."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, NoReturn

from hubspot_retention.cli.output import say
from hubspot_retention.errors import PortalPausedError, RetentionError

if TYPE_CHECKING:
    from hubspot_retention.bootstrap import Application
    from hubspot_retention.core.record import PortalId, RecordRef
    from hubspot_retention.workflow.reach import Surroundings


def tell_if_not_in_view(house: "Application", record: "RecordRef") -> bool:
    """Look once, if there is a token, and tell what was not found, or that nobody could look; answers whether it was
    seen. Whatever was written down about the record stands: HubSpot may be away, and what lies in its bin may come
    back."""
    from hubspot_retention.cli.moments import shown_day
    from hubspot_retention.core.deadline.timing import BIN
    from hubspot_retention.core.portal import Gone

    environment = house.environment
    if not (environment.get("HUBSPOT_ACCESS_TOKEN") or environment.get("HUBSPOT_ACCESS_TOKEN_FILE")):
        return False
    try:
        with asked_at_once(house) as (portal, portal_id):
            found = portal.presence(record.object_type, [record.record_id])[record.record_id]
            binned = portal.read_archived(record) if found is Gone.ABSENT else Gone.ABSENT
    except RetentionError as error:
        say(f"it could not be checked whether {record} is in view in the portal: {error}")
        return False
    if not isinstance(binned, Gone):
        since = binned[1]
        by = f" by {shown_day(since + BIN, house.policy()[0].civil)}" if isinstance(since, datetime) else ""
        say(
            f"{record} lies in the bin of portal {portal_id}. What was said of it stands, but reaches nothing that hung"
            f" on it until somebody restores it{by}"
        )
    elif found is not True:
        say(f"{record} is not in view in portal {portal_id}: check the number. What was said of it stands all the same")
    return found is True


@contextmanager
def asked_at_once(house: "Application") -> "Iterator[tuple[Surroundings, PortalId]]":
    """Our own portal, and its number; it raises where HubSpot has a person wait."""
    with house.store("brief") as store, house.transport(_no_waiting) as transport:
        portal_id = house.identify(transport, store).portal_id
        yield house.portal_by(transport), portal_id


def _no_waiting(_: float) -> NoReturn:
    raise PortalPausedError("HubSpot did not answer at once")
