"""Which events the policy needs to hear of: exactly these subscriptions, and no more.

A change of a property that no fact, hold, restriction, request or opt-out is read from is nobody's business here.
Webhooks only make haste: what HubSpot does not offer a subscription for is found by the sweeps.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from hubspot_retention.core.policy.model import CompanySources, ContactSources, DealSources, RetentionPolicy
from hubspot_retention.core.webhook.event import EventKind

_NOT_OFFERED: Final = frozenset({"num_unique_conversion_events", "hs_lastmodifieddate"})
"""Properties whose changes HubSpot tells nobody of (its webhooks guide, 2025)."""

_TOLD_BY_MERGES: Final = "merged_ids"
_EVERY_CLASS: Final = (EventKind.CREATION, EventKind.DELETION, EventKind.MERGE, EventKind.RESTORE)
_PRIVACY: Final = f"contact.{EventKind.PRIVACY_DELETION.value}"
_MOST_AT_ONCE: Final = 10


@dataclass(frozen=True, slots=True, order=True)
class Subscription:
    """An event to hear of, as HubSpot's classic subscriptions spell it: `contact.propertyChange` of a property."""

    event_type: str
    property_name: str = ""

    def __str__(self) -> str:
        return f"{self.event_type} {self.property_name}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingSubscription:
    """A subscription that an app has. One that is not active is paused: HubSpot sends nothing for it."""

    subscription_id: str
    subscription: Subscription
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What an app has beside what is wanted. Only what is missing is ever made; the rest is left to a person."""

    there: tuple[Subscription, ...]
    missing: tuple[Subscription, ...]
    paused: tuple[ExistingSubscription, ...]
    foreign: tuple[ExistingSubscription, ...]


def wanted_subscriptions(policy: RetentionPolicy, newsletter_ids: Sequence[str]) -> tuple[Subscription, ...]:
    """Every subscription that the policy needs, in order. `newsletter_ids`: the portal's ids of its newsletters.

    An association is told from both its ends, and none between two companies matters: companies need not tell theirs.
    """
    sources = policy.sources
    prefix = sources.contact.opt_out_prefix
    found = {
        *_of_class("contact", [*_names(sources.contact), *(prefix + each for each in newsletter_ids)]),
        *_of_class("deal", _names(sources.deal)),
        *_of_class("company", _names(sources.company)),
        *(Subscription(f"{word}.{EventKind.ASSOCIATION_CHANGE.value}") for word in ("contact", "deal")),
        Subscription(_PRIVACY),
    }
    return tuple(sorted(found))


def _of_class(word: str, names: Iterable[str]) -> Iterator[Subscription]:
    for kind in _EVERY_CLASS:
        yield Subscription(f"{word}.{kind.value}")
    for name in names:
        if name not in _NOT_OFFERED:
            yield Subscription(f"{word}.{EventKind.PROPERTY_CHANGE.value}", name)


def _names(sources: ContactSources | DealSources | CompanySources) -> Iterator[str]:
    """The properties of a class. That of merged ids changes with a merge alone, which is an event of its own."""
    for field in fields(sources):
        if field.name not in ("opt_out_prefix", _TOLD_BY_MERGES):
            named = getattr(sources, field.name)
            yield from (named,) if isinstance(named, str) else named


def compare(wanted: Sequence[Subscription], existing: Sequence[ExistingSubscription]) -> Comparison:
    """What is there, what is missing, what is there but paused, and what is there for somebody else's sake."""
    active = {each.subscription for each in existing if each.active}
    known = {each.subscription for each in existing}
    needed = frozenset(wanted)
    return Comparison(
        there=tuple(each for each in wanted if each in active),
        missing=tuple(each for each in wanted if each not in known),
        paused=tuple(each for each in existing if each.subscription in needed - active),
        foreign=tuple(each for each in existing if each.subscription not in needed),
    )


def project_component(wanted: Sequence[Subscription], target_url: str) -> dict[str, Any]:
    """The same as the `webhooks-hsmeta.json` of a project app ("Configure webhooks", read 2026-11).

    A privacy deletion stands among the events of the account, everything else among the classic ones.
    """
    classic = [_entry(each) for each in wanted if each.event_type != _PRIVACY]
    account = [_entry(each) for each in wanted if each.event_type == _PRIVACY]
    return {
        "uid": "retention_webhooks",
        "type": "webhooks",
        "config": {
            "settings": {"targetUrl": target_url, "maxConcurrentRequests": _MOST_AT_ONCE},
            "subscriptions": {"crmObjects": [], "legacyCrmObjects": classic, "hubEvents": account},
        },
    }


def _entry(wanted: Subscription) -> dict[str, Any]:
    name = {"propertyName": wanted.property_name} if wanted.property_name else {}
    return {"subscriptionType": wanted.event_type, **name, "active": True}
