"""The ticks of the service, by the names under which the store, the metrics and the alarms know them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from hubspot_retention.settings import ServiceSettings

INBOX: Final = "inbox"
DUE: Final = "due"
HOT: Final = "hot"
FULL: Final = "full"
SELF_CHECK: Final = "self-check"
WATCH: Final = "watch"
HEARTBEAT: Final = "heartbeat"

LOOK_EVERY: Final = timedelta(seconds=60)
"""How often it is asked whether a full sweep is due, and at least what is to be told of."""
_LEAST: Final = timedelta(minutes=15)


def watch_every(settings: ServiceSettings) -> timedelta:
    """How often it is looked for what is to be told of."""
    return min(LOOK_EVERY, settings.due_every)


def limits_of(settings: ServiceSettings) -> Mapping[str, timedelta]:
    """How old the last success of each tick may become before the service counts as not ready."""
    return {
        INBOX: max(20 * settings.due_every, _LEAST),
        DUE: max(20 * settings.due_every, _LEAST),
        HOT: max(3 * settings.hot_every, _LEAST),
        FULL: max(1.5 * settings.full_every, _LEAST),
        SELF_CHECK: max(2 * settings.self_check_every, _LEAST),
        WATCH: max(20 * watch_every(settings), _LEAST),
    }
