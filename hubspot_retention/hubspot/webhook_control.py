"""The webhook subscriptions of an app, through HubSpot's own `hubspot-api-client` over our transport.

HubSpot lets only an app's developer change them by this API, with the developer account's key, which stands in the
query of each call and therefore in no log: only endpoints are shown. Project apps have a file of their own instead
(`core/webhook/wanted.py`). The portal's token is another identity and is never sent here.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from hubspot_retention.core.record import TYPE_IDS, ObjectType
from hubspot_retention.core.webhook.wanted import ExistingSubscription, Subscription
from hubspot_retention.errors import UsageError
from hubspot_retention.hubspot.calls import HUBSPOT_URL, Call
from hubspot_retention.hubspot.faults import RefusedError
from hubspot_retention.hubspot.official import official_client
from hubspot_retention.hubspot.transport import Timing, Transport, TransportOptions

_CLASSIC_WORDS: Final = {
    TYPE_IDS[ObjectType.CONTACT]: "contact",
    TYPE_IDS[ObjectType.COMPANY]: "company",
    TYPE_IDS[ObjectType.DEAL]: "deal",
}
"""A generic subscription of one of these objects tells the same as the classic one."""

_NOT_TAKEN: Final = frozenset({400, 409})


@dataclass(frozen=True, slots=True, kw_only=True)
class Developer:
    """An app, and the key of the developer account that it belongs to."""

    app_id: int
    key: str = field(repr=False)


def read_developer(environment: Mapping[str, str]) -> Developer:
    """From `HUBSPOT_APP_ID` and `HUBSPOT_DEVELOPER_KEY`. Raises UsageError; the message never holds the key."""
    number, key = environment.get("HUBSPOT_APP_ID", "").strip(), environment.get("HUBSPOT_DEVELOPER_KEY", "").strip()
    if not number or not key:
        raise UsageError(
            "only the developer of an app may change its subscriptions here: set HUBSPOT_APP_ID and "
            "HUBSPOT_DEVELOPER_KEY. For a project app, `webhook subscriptions --hsmeta` writes the file instead; "
            "for a private app, add what the table lists under Development in HubSpot"
        )
    if not (number.isascii() and number.isdigit()):
        raise UsageError("HUBSPOT_APP_ID is no number: the id of an app stands in its settings in HubSpot")
    return Developer(app_id=int(number), key=key)


class _KeyTransport(Transport):
    """The way to HubSpot without the token: two identities in one request are one too many."""

    def _request(self, call: Call) -> httpx.Request:
        request = super()._request(call)
        del request.headers["Authorization"]
        return request


class WebhookControl:
    """Reads and makes the subscriptions of one app. It never changes or removes one, and never makes one twice on
    doubt."""

    def __init__(self, transport: Transport, developer: Developer) -> None:
        self._app_id = developer.app_id
        client = official_client(transport.send, transport.create, developer.key)
        self._subscriptions: Any = client.webhooks.subscriptions_api

    def subscriptions(self) -> tuple[ExistingSubscription, ...]:
        """Every subscription of the app, of whatever use."""
        return tuple(
            ExistingSubscription(
                subscription_id=str(found.id),
                subscription=Subscription(_classic(found.event_type, found.object_type_id), found.property_name or ""),
                active=bool(found.active),
            )
            for found in self._subscriptions.get_all(self._app_id).results
        )

    def create(self, wanted: Subscription) -> bool:
        """Make an active subscription; `False` if HubSpot does not offer it, or has it already.

        Raises PortalTemporaryError when nobody can tell whether it was made: list them again.
        """
        from hubspot.webhooks import SubscriptionCreateRequest

        request = SubscriptionCreateRequest(
            event_type=wanted.event_type, property_name=wanted.property_name or None, active=True
        )
        try:
            self._subscriptions.create(self._app_id, request)
        except RefusedError as refused:
            if refused.status in _NOT_TAKEN:
                return False
            raise
        return True


def _classic(event_type: str, object_type_id: str | None) -> str:
    word, _, rest = event_type.partition(".")
    return f"{_CLASSIC_WORDS.get(object_type_id or '', word)}.{rest}" if word == "object" else event_type


@contextmanager
def open_webhook_control(
    developer: Developer, base_url: str = HUBSPOT_URL, timing: Timing | None = None
) -> Iterator[WebhookControl]:
    """The subscriptions of an app, for as long as the block runs."""
    with _KeyTransport(TransportOptions(token=developer.key, base_url=base_url), timing) as transport:
        yield WebhookControl(transport, developer)
