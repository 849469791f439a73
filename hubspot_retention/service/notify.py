"""Brings alarms to people, by address.

What can go wrong: one address fails and the alarm counts as told, or counts as untold and is sent to the others each
minute. So each address is asked by itself, and an alarm is told once anybody was reached.
"""

from collections.abc import Sequence
from typing import Final

from hubspot_retention.addresses import read_addresses
from hubspot_retention.core.alarm import AlarmLevel, AlarmRecord
from hubspot_retention.core.civil import Civil
from hubspot_retention.service.words import message_of

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
        self._addresses = read_addresses(urls, "alarms ([alarms] urls, RETENTION_ALARM_URLS_FILE)")

    def tell(self, records: Sequence[AlarmRecord], *, settled: bool = False) -> bool:
        """Tell of alarms of one kind, in one message; answers whether anybody was reached. Never raises."""
        message = message_of(records, self._civil, settled=settled)
        kind = "success" if settled else _TYPES[message.level]
        reached = [address.send(message.title, message.body, kind) for address in self._addresses]
        return any(reached)


def notifier(urls: Sequence[str], civil: Civil) -> LogOnly | AppriseNotifier:
    """What brings alarms to a person."""
    return AppriseNotifier(urls, civil) if urls else LogOnly()
