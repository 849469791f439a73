"""Whose database it is: it belongs to the first portal it met, and is of no use with any other.

What can go wrong: holds, requests, starts, obligations and approvals name a record by its number alone, and portals
number alike. With the token of another portal, what was written down about one person is done to a stranger.
"""

from datetime import datetime
from typing import Final

from hubspot_retention.core.record import PortalId
from hubspot_retention.errors import BlockedError
from hubspot_retention.workflow.ports import Store

_FIRST_MET: Final = "first-met"


def require_own(store: Store, portal: PortalId, named: str = "the token to") -> None:
    """Raise BlockedError if the database belongs to another portal. `named`: where this one is known from."""
    with store.transaction() as tx:
        _refuse_another(tx.own_portal(), portal, named)


def keep_to(store: Store, portal: PortalId, at: datetime) -> None:
    """From now on the database belongs to this portal, also before its first run. Raises BlockedError if it belongs to
    another one."""
    with store.transaction() as tx:
        own = tx.own_portal()
        _refuse_another(own, portal, "the token to")
        if own is None:
            tx.save_watermark(portal, _FIRST_MET, at)


def _refuse_another(own: PortalId | None, portal: PortalId, named: str) -> None:
    if own not in (None, portal):
        raise BlockedError(
            f"this database belongs to portal {own}, {named} portal {portal}: nothing is read or done. "
            "Use the right token; another portal needs a database of its own (RETENTION_DATABASE_URL)."
        )
