"""Addresses of people, as Apprise URLs: mail, Slack, Teams and a hundred others.

What can go wrong: an address holds a password, and is shown. So it is only ever named by its place in the list.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from hubspot_retention.errors import UsageError

if TYPE_CHECKING:
    from apprise import Apprise

_log = structlog.get_logger("hubspot_retention.notices")


@dataclass(frozen=True, slots=True)
class Address:
    """One address. `number`: its place in the list, from 1."""

    number: int
    apprise: "Apprise" = field(repr=False)

    def send(self, title: str, body: str, kind: str) -> bool:
        """Send a plain text; answers whether it was taken. `kind`: info, success, warning or failure. Never raises."""
        try:
            reached = bool(self.apprise.notify(title=title, body=body, notify_type=kind, body_format="text"))
            why = "refused"
        except Exception as error:  # a plug-in may raise anything
            reached, why = False, type(error).__name__
        if not reached:
            _log.error("notice.failed", address=self.number, code=why)
        return reached


def read_addresses(urls: Sequence[str], where: str) -> list[Address]:
    """Addresses from their URLs. `where`: what they are and where they stand, for the message. Raises UsageError for
    one that Apprise does not understand."""
    from apprise import Apprise, AppriseAsset

    # Its loggers show addresses, and what a server answered.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    asset = AppriseAsset(app_id="hubspot-retention", app_desc="Retention in HubSpot", async_mode=False)
    made = []
    for number, url in enumerate(urls, start=1):
        apprise = Apprise(asset=asset)
        if not apprise.add(url):
            raise UsageError(
                f"the address no. {number} of {where} is none that Apprise understands "
                "(https://github.com/caronc/apprise lists what it sends to)"
            )
        made.append(Address(number, apprise))
    return made
