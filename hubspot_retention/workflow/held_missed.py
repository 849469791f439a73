"""What is held and a full run did not come upon: it is looked at by its id.

What can go wrong: somebody deletes a record that is held and not due. The ledger does not know it, a sweep cannot see
what is not there, and without webhooks nobody hears of it while HubSpot's bin can still give it back. The register of
holds knows it, or the plans of the last full run do; and a record that is held stands in the plans of each full run. So
what is held there and stands in no plan of this run is looked at, and the due tick finds what became of it. Not looked
at: what this service disposed of, and whose loss a person was told of.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hubspot_retention.core.alarm import AlarmKind
from hubspot_retention.core.plan.model import ItemState, PlanKind
from hubspot_retention.core.record import ObjectType, PortalId, RecordId, RecordRef
from hubspot_retention.workflow.event_alarms import is_over_unseen
from hubspot_retention.workflow.obligations import NOT_SWEPT, Obligations
from hubspot_retention.workflow.ports import Store, Transaction
from hubspot_retention.workflow.reach import LEDGER_TYPES

_OURS: Final = (ItemState.DONE, ItemState.SENT, ItemState.UNKNOWN)
_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class HeldMissed:
    """Has what a full run did not come upon looked at."""

    store: Store
    ledger: Obligations
    portal_id: PortalId
    run_id: int

    def look(self, now: datetime) -> None:
        """Once the plans of the run are sealed, and before it is finished. A page at a time, so that nobody's hold
        waits for it."""
        with self.store.transaction() as tx:
            before = tx.full_run_before(self.portal_id, self.run_id)
            register = tx.hold_register()
        for kind in LEDGER_TYPES:
            named = sorted(each.record_id for each in register if each.object_type is kind)
            for start in range(0, len(named), _PAGE):
                with self.store.transaction() as tx:
                    self._look(tx, kind, named[start : start + _PAGE], None, now)
            if before is not None:
                for plan in PlanKind:
                    self._held_by(*before, plan, kind, now)

    def _held_by(self, run_id: int, began_at: datetime, plan: PlanKind, kind: ObjectType, now: datetime) -> None:
        page: Sequence[RecordId] = (RecordId(0),)
        while page:
            with self.store.transaction() as tx:
                page = tx.held_by(run_id, plan, kind, page[-1], _PAGE)
                self._look(tx, kind, page, began_at, now)

    def _look(
        self, tx: Transaction, kind: ObjectType, ids: Sequence[RecordId], seen_since: datetime | None, now: datetime
    ) -> None:
        """`seen_since`: no earlier than then they were in view, if that is known."""
        here = sorted({tx.heir_of(kind, record_id) for record_id in self._not_in(tx, kind, ids)})
        missed = self._not_in(tx, kind, here)
        ours = tx.disposed(kind, missed, states=_OURS)
        records = [RecordRef(kind, record_id) for record_id in missed if record_id not in ours]
        self.ledger.look_at(tx, [each for each in records if not _is_told(tx, each, seen_since)], now, NOT_SWEPT)

    def _not_in(self, tx: Transaction, kind: ObjectType, ids: Sequence[RecordId]) -> list[RecordId]:
        found = tx.of_run(self.run_id, kind, ids)
        return [record_id for record_id in ids if record_id not in found]


def _is_told(tx: Transaction, record: RecordRef, seen_since: datetime | None) -> bool:
    """Whether a person was told that the record is lost, and it was not seen in view since. Somebody who has said that
    it is lost is not to be told again each night."""
    alarm = tx.alarm(AlarmKind.FOREIGN_DELETION, str(record))
    if alarm is None or alarm.settled_at is None:
        return alarm is not None
    return is_over_unseen(alarm) and (seen_since is None or alarm.settled_at >= seen_since)
