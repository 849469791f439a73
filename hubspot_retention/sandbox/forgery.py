"""Requests that somebody else makes up: none of them may be believed."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Any

import msgspec

from hubspot_retention.sandbox.delivery import post
from hubspot_retention.sandbox.origins import APP_ID
from hubspot_retention.sandbox.outbox import DeliveryOptions
from hubspot_retention.sandbox.state import Portal
from hubspot_retention.sandbox.webhook_signing import SIGNATURE_V3, TIMESTAMP, signed_headers

_FIVE_MINUTES = 300_000
_AT_ONCE = 10


class Forgery(StrEnum):
    """The ways in which a request is not HubSpot's, or not any longer."""

    WRONG_SECRET = "wrong_secret"  # noqa: S105
    ALTERED_BODY = "altered_body"
    REPLAYED_OLD = "replayed_old"
    FROM_THE_FUTURE = "from_the_future"
    MISSING_HEADER = "missing_header"
    V1_ONLY = "v1_only"


def forged(portal: Portal, kind: Forgery, uri: str, chance: random.Random) -> tuple[bytes, dict[str, str]]:
    """A forged request that tells of an unsubscribe: its body and its headers."""
    now = int(portal.now().timestamp() * 1000)
    event = _event(portal, now, chance)
    body, secret, at = msgspec.json.encode([event]), portal.webhooks.secret, now
    match kind:
        case Forgery.WRONG_SECRET:
            secret = f"{secret}-of-somebody-else"
        case Forgery.REPLAYED_OLD:
            at -= _FIVE_MINUTES + chance.randint(1_000, 3_600_000)
        case Forgery.FROM_THE_FUTURE:
            at += _FIVE_MINUTES + chance.randint(60_000, 3_600_000)
        case _:
            pass
    headers = signed_headers(secret, uri, body, at)
    if kind is Forgery.ALTERED_BODY:
        body = msgspec.json.encode([{**event, "objectId": event["objectId"] + 1}])
    if kind is Forgery.V1_ONLY:
        del headers[SIGNATURE_V3], headers[TIMESTAMP]
    if kind is Forgery.MISSING_HEADER:
        del headers[chance.choice((SIGNATURE_V3, TIMESTAMP))]
    return body, headers


def _event(portal: Portal, now: int, chance: random.Random) -> dict[str, Any]:
    contacts = list(portal.tables["contacts"].live)
    return {
        "eventId": chance.randint(1, 2**32),
        "subscriptionId": 1,
        "portalId": portal.account.id,
        "appId": int(APP_ID),
        "occurredAt": now,
        "subscriptionType": "contact.propertyChange",
        "attemptNumber": 0,
        "objectId": int(chance.choice(contacts)) if contacts else 1,
        "propertyName": "hs_email_optout",
        "propertyValue": "true",
        "changeSource": "CRM_UI",
    }


def send_forgeries(
    portal: Portal, options: DeliveryOptions, kinds: list[Forgery], number: int
) -> dict[str, dict[str, int]]:
    """Post that many forgeries, of each kind in turn; the answers by kind. Blocks until all are answered."""
    target = portal.webhooks.target_url or ""
    chance = random.Random(f"{options.seed}:forgeries")
    made = [
        (kind, *forged(portal, kind, options.signed_as or target, chance))
        for kind in (kinds[place % len(kinds)] for place in range(number))
    ]
    answers: dict[str, Counter[str]] = {kind: Counter() for kind in kinds}
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for kind, answer in threads.map(
            lambda each: (each[0], post(target, each[1], each[2], options.timeout_seconds)), made
        ):
            answers[kind][answer] += 1
    return {kind: dict(sorted(found.items())) for kind, found in answers.items()}
