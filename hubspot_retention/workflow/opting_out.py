"""Since when a contact is opted out: remembered, told by its subscription statuses, or first seen now."""

from datetime import datetime

from hubspot_retention.core.decision.history import Remembered
from hubspot_retention.core.facts.observation import ContactObservation, OptOut, OptOutSource
from hubspot_retention.core.facts.values import UNKNOWN, Unknown
from hubspot_retention.core.portal import SeenContact

Status = OptOut | Unknown | None
"""What the subscription statuses of an address tell; `None`: there are none, or nobody asked."""


def must_ask(contact: SeenContact, before: Remembered) -> bool:
    """Whether it takes a request to know: a remembered instant costs none."""
    is_out = isinstance(contact.observation.opt_out, OptOut)
    return is_out and contact.address is not None and before.opted_out_at is None


def opt_out_of(observation: ContactObservation, before: Remembered, told: Status, as_of: datetime) -> OptOut | Unknown:
    """The earliest opt-out seen since the contact was last not opted out; without an instant: first seen now."""
    if not isinstance(observation.opt_out, OptOut):
        return UNKNOWN
    if before.opted_out_at is not None:
        return OptOut(before.opted_out_at, before.opt_out_source or OptOutSource.UNKNOWN)
    if told is UNKNOWN:
        return told
    if told is None or told.at is None:
        return OptOut(as_of, OptOutSource.UNKNOWN if told is None else told.source)
    return told


def noted(opt_out: OptOut | Unknown, before: Remembered) -> Remembered:
    """The opt-out for later runs. One that cannot be read this time is not forgotten: its five days go on."""
    if opt_out is UNKNOWN:
        return Remembered(opted_out_at=before.opted_out_at, opt_out_source=before.opt_out_source)
    return Remembered(opted_out_at=opt_out.at, opt_out_source=opt_out.source)
