"""Associations that somebody makes or takes away, which both sides tell of."""

from hubspot_retention.sandbox.events import Record
from hubspot_retention.sandbox.links import FIRST
from hubspot_retention.sandbox.origins import API, Origin
from hubspot_retention.sandbox.state import Portal


def join(portal: Portal, first: Record, second: Record, kind: str, by: Origin = API) -> None:
    """Associate two records."""
    known = portal.links.of(*first, second[0]).get(second[1], ())
    portal.links.join(first, second, kind)
    if kind not in known:
        portal.events.linked(first, second, primary=kind == FIRST, by=by)


def part(portal: Portal, first: Record, second: Record, by: Origin = API) -> bool:
    """Take every kind of link between two records away; whether there was one."""
    primary = FIRST in portal.links.of(*first, second[0]).get(second[1], ())
    parted = portal.links.part(first, second)
    if parted:
        portal.events.linked(first, second, primary=primary, removed=True, by=by)
    return parted


def part_kind(portal: Portal, first: Record, second: Record, kind: str, by: Origin = API) -> None:
    """Take one kind of link away."""
    if portal.links.part_kind(first, second, kind):
        portal.events.linked(first, second, primary=kind == FIRST, removed=True, by=by)
