"""Brings alarms to people through Apprise: mail, Slack, Teams and a hundred others, by URL.

What can go wrong: one address fails and the alarm counts as told, or counts as untold and is sent to the others each
minute. So each address is asked by itself, and an alarm is told once anybody was reached. An address holds a password:
it is never shown, only its place in the list.
"""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import structlog

from hubspot_retention.core.alarm import AlarmLevel, AlarmRecord
from hubspot_retention.core.civil import Civil
from hubspot_retention.errors import UsageError
from hubspot_retention.service.words import Message, message_of

if TYPE_CHECKING:
    from apprise import Apprise

_log = structlog.get_logger("hubspot_retention.alarms")
_TYPES: Final = {AlarmLevel.WARNING: "warning", AlarmLevel.URGENT: "failure"}


class LogOnly:
    """No address was given: what the watch writes to the log is all that is told."""

    def tell(self, records: Sequence[AlarmRecord], *, settled: bool = False) -> bool:
        """Nothing more than the log."""
        return bool(records) or settled


class AppriseNotifier:
    """Sends alarms to every address. Raises UsageError for one that Apprise does not understand."""

    def __init__(self, urls: Sequence[str], civil: Civil) -> None:
        self._civil = civil
        self._addresses = [_address(url, number) for number, url in enumerate(urls, start=1)]

    def tell(self, records: Sequence[AlarmRecord], *, settled: bool = False) -> bool:
        """Tell of alarms of one kind, in one message; answers whether anybody was reached. Never raises."""
        message = message_of(records, self._civil, settled=settled)
        reached = [_send(address, message, settled) for address in self._addresses]
        return any(reached)


def notifier(urls: Sequence[str], civil: Civil) -> LogOnly | AppriseNotifier:
    """What brings alarms to a person."""
    return AppriseNotifier(urls, civil) if urls else LogOnly()


def _address(url: str, number: int) -> "tuple[int, Apprise]":
    from apprise import Apprise, AppriseAsset

    # Its loggers show addresses, and what a server answered.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    made = Apprise(asset=AppriseAsset(app_id="hubspot-retention", app_desc="Retention in HubSpot", async_mode=False))
    if not made.add(url):
        raise UsageError(
            f"the address of alarms no. {number} is none that Apprise understands: [alarms] urls, "
            "RETENTION_ALARM_URLS_FILE (https://github.com/caronc/apprise lists what it sends to)"
        )
    return number, made


def _send(address: "tuple[int, Apprise]", message: Message, settled: bool) -> bool:
    number, apprise = address
    kind = "success" if settled else _TYPES[message.level]
    try:
        reached = bool(apprise.notify(title=message.title, body=message.body, notify_type=kind))
        why = "refused"
    except Exception as error:  # a plug-in may raise anything
        reached, why = False, type(error).__name__
    if not reached:
        _log.error("notice.failed", address=number, code=why)
    return reached
