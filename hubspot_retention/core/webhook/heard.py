"""What webhooks tell of records in hand: whether a read that was fresh a moment ago can still be believed.

HubSpot has no conditional delete. Between the last read of a record and the call that takes it away, its webhooks are
all that can tell of a hold. What they say is not believed, here as anywhere: the record is read again.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.record import ObjectType, PortalId, RecordRef
from hubspot_retention.core.webhook.event import Event, EventKind

MOVES: Final = (EventKind.ASSOCIATION_CHANGE, EventKind.MERGE, EventKind.RESTORE)
"""What brings records together, and with them their holds."""

HoldProperties = frozenset[tuple[ObjectType, str]]
"""The properties, each of its class, whose change may hold or restrict a record or one that hangs on it."""


def hold_properties(policy: RetentionPolicy) -> HoldProperties:
    """Those that the policy names: hold flags, the restriction, and the balance, which is a debt or none."""
    sources = policy.sources
    return frozenset(
        (
            (ObjectType.CONTACT, sources.contact.legal_hold),
            (ObjectType.CONTACT, sources.contact.restricted),
            (ObjectType.DEAL, sources.deal.legal_hold),
            (ObjectType.DEAL, sources.deal.balance),
            (ObjectType.COMPANY, sources.company.legal_hold),
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """What is listened for. `app_id`: our own app, whose writes come back as events; empty where it is not known."""

    portal_id: PortalId
    holds: HoldProperties
    app_id: str = ""

    @property
    def properties(self) -> frozenset[str]:
        """The names of the hold properties, of whatever class."""
        return frozenset(name for _, name in self.holds)

    def doubts(self, events: Iterable[Event], records: Collection[RecordRef], around: Collection[RecordRef]) -> bool:
        """Whether records must be read again before anything is done to them: something was told of one of them, or of
        a record `around` them that may hold them now. Where one comes back from the bin, nobody has read on whom it
        hangs."""
        return any(self._doubts(event, frozenset(records), frozenset(around)) for event in events)

    def _doubts(self, event: Event, records: frozenset[RecordRef], around: frozenset[RecordRef]) -> bool:
        if event.portal_id != self.portal_id or event.is_own_write(self.app_id):
            return False
        if event.kind is EventKind.RESTORE:
            return event.object_type in {kind for kind, _ in self.holds}
        about = event.records
        if about & records:
            return True
        may_hold = event.kind in MOVES or (event.object_type, event.property_name) in self.holds
        return may_hold and bool(about & around)
