"""The subscriptions of webhooks: joins the policy, the portal, and the developer of the app."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubspot_retention.bootstrap.application import Application
    from hubspot_retention.core.webhook.wanted import Subscription
    from hubspot_retention.hubspot.webhook_control import WebhookControl as WebhookControl


def wanted_subscriptions(house: "Application") -> "tuple[Subscription, ...]":
    """Every subscription that the policy needs on the portal of the token, whose ids of newsletters are its own.

    Raises BlockedError for another portal than that of the settings, or than the one that the database belongs to.
    """
    from hubspot_retention.core.webhook.wanted import wanted_subscriptions as wanted
    from hubspot_retention.hubspot.subscriptions import Subscriptions

    policy, _ = house.policy()
    with house.transport() as transport:
        house.require_own(house.identify(transport).portal_id)
        return wanted(policy, Subscriptions(transport, policy).newsletter_ids())


@contextmanager
def webhook_control(house: "Application") -> "Iterator[WebhookControl]":
    """The subscriptions of the app that the environment names. Raises UsageError where it names none."""
    from hubspot_retention.hubspot.webhook_control import open_webhook_control, read_developer

    with open_webhook_control(read_developer(house.environment), house.settings().base_url) as control:
        yield control
